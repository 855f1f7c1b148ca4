"""Draw the circuits of docs/build-a-bench.md into docs/drawings. `python docs/make_drawings.py`

Each drawing is a function that lays out one `Sheet`. Symbols follow IEC 60617 roughly: a resistor is a box, a relay's
contacts are drawn with the relay released, a dot joins wires, and wires of the same written name are joined as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.report.svg import BAD, FAINT, GOOD, INK, MUTED, PAPER, SERIES, Drawing, plain

FOLDER = Path(__file__).with_name("drawings")

PILOT, SUPPLY, RADIO = SERIES[0], SERIES[1], SERIES[2]
"""The pilot wire, what carries power, what carries powerline frames. Protective earth is GOOD, which is green."""

SIZES = {"title": 16, "name": 13, "": 12, "small": 11}
"""Heights of text by class, pixels."""

STYLE = f"""
text {{fill:{INK};font-size:{SIZES[""]}px}}
.title {{font-size:{SIZES["title"]}px;font-weight:600}}
.name {{font-size:{SIZES["name"]}px;font-weight:600}}
.small {{font-size:{SIZES["small"]}px;fill:{MUTED}}}
.m {{text-anchor:middle}}
.r {{text-anchor:end}}
.line {{fill:none;stroke:{INK};stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}}
.body {{fill:{PAPER};stroke:{INK};stroke-width:1.4;stroke-linejoin:round}}
.full {{fill:{INK};stroke:{INK};stroke-width:1}}
.line.cp {{stroke:{PILOT};stroke-width:2}}
.line.pe {{stroke:{GOOD};stroke-width:2}}
.line.supply {{stroke:{SUPPLY};stroke-width:2}}
.line.radio {{stroke:{RADIO};stroke-width:2}}
.full.cp {{fill:{PILOT};stroke:{PILOT}}}
.full.pe {{fill:{GOOD};stroke:{GOOD}}}
.full.supply {{fill:{SUPPLY};stroke:{SUPPLY}}}
.full.radio {{fill:{RADIO};stroke:{RADIO}}}
.border {{stroke:{MUTED};stroke-width:1;stroke-dasharray:6 4;fill:none}}
.link {{stroke:{MUTED};stroke-width:1;stroke-dasharray:2 3;fill:none}}
.paper {{fill:{PAPER};stroke:{FAINT};stroke-width:1}}
text.cp {{fill:{PILOT}}}
text.pe {{fill:{GOOD}}}
text.supply {{fill:{SUPPLY}}}
text.radio {{fill:{RADIO}}}
text.bad {{fill:{BAD}}}
"""

Point = tuple[float, float]


class Sheet:
    """One schematic. Coordinates are pixels, y downwards.

    Of two-pole parts `_h` lies and `_v` stands. They are given the ends of their wires, and sit in between or at *at*.
    """

    def __init__(self, name: str, width: float, height: float, title: str, description: str) -> None:
        self.name, self.width, self.height = name, width, height
        self.title, self.description = title, description
        self._drawing = Drawing(f"bench-{name}", STYLE)
        self._drawing.rect(0.5, 0.5, width - 1, height - 1, "paper")
        self.text(20, 30, title, "title")

    def svg(self) -> str:
        document = self._drawing.document(self.width, self.height, self.title)
        return document.replace("</title>", f"</title><desc>{plain(self.description)}</desc>", 1)

    def text(self, x: float, y: float, text: str, cls: str = "") -> None:
        self._drawing.text(x, y, text, cls)

    def texts(self, x: float, y: float, lines: list[str], cls: str = "", step: float = 16) -> None:
        for index, line in enumerate(lines):
            self.text(x, y + index * step, line, cls)

    def wire(self, *points: Point, cls: str = "") -> None:
        self._path(points, f"line {cls}".rstrip())

    def dot(self, x: float, y: float, cls: str = "") -> None:
        self._drawing.circle(x, y, 3, f"full {cls}".rstrip())

    def terminal(self, x: float, y: float) -> None:
        """Where a wire leaves the sheet or a cable is connected."""
        self._drawing.circle(x, y, 3.5, "body")

    def arrow(self, x: float, y: float, cls: str = "", *, to: str = "right") -> None:
        """A head whose tip is at (x, y)."""
        ahead, aside = {"right": (-9, 4), "left": (9, 4), "up": (4, 9), "down": (4, -9)}[to]
        if to in ("right", "left"):
            corners = [(x, y), (x + ahead, y - aside), (x + ahead, y + aside)]
        else:
            corners = [(x, y), (x - ahead, y + aside), (x + ahead, y + aside)]
        self._path(corners, f"full {cls}".rstrip(), closed=True)

    def resistor_h(self, x1: float, x2: float, y: float, *, at: float | None = None, cls: str = "") -> None:
        middle = (x1 + x2) / 2 if at is None else at
        self.wire((x1, y), (middle - 18, y), cls=cls)
        self.wire((middle + 18, y), (x2, y), cls=cls)
        self._drawing.rect(middle - 18, y - 6, 36, 12, "body")

    def resistor_v(self, x: float, y1: float, y2: float, *, at: float | None = None) -> None:
        middle = (y1 + y2) / 2 if at is None else at
        self.wire((x, y1), (x, middle - 18))
        self.wire((x, middle + 18), (x, y2))
        self._drawing.rect(x - 6, middle - 18, 12, 36, "body")

    def capacitor_v(self, x: float, y1: float, y2: float, *, at: float | None = None) -> None:
        middle = (y1 + y2) / 2 if at is None else at
        self.wire((x, y1), (x, middle - 4))
        self.wire((x, middle + 4), (x, y2))
        for y in (middle - 4, middle + 4):
            self.wire((x - 12, y), (x + 12, y))

    def diode_h(self, x1: float, x2: float, y: float) -> None:
        """Conducts to the right."""
        middle = (x1 + x2) / 2
        self.wire((x1, y), (x2, y))
        self._path([(middle - 8, y - 9), (middle - 8, y + 9), (middle + 8, y)], "body", closed=True)
        self.wire((middle + 8, y - 9), (middle + 8, y + 9))

    def diode_v(self, x: float, y1: float, y2: float) -> None:
        """Conducts upwards."""
        middle = (y1 + y2) / 2
        self.wire((x, y1), (x, y2))
        self._path([(x - 9, middle + 8), (x + 9, middle + 8), (x, middle - 8)], "body", closed=True)
        self.wire((x - 9, middle - 8), (x + 9, middle - 8))

    def fuse_h(self, x1: float, x2: float, y: float, cls: str = "") -> None:
        self.resistor_h(x1, x2, y, cls=cls)
        self.wire(((x1 + x2) / 2 - 18, y), ((x1 + x2) / 2 + 18, y), cls=cls)

    def contact_h(self, x1: float, x2: float, y: float, *, closed: bool = False, cls: str = "") -> None:
        """A contact at rest; the pivot is at the left."""
        middle = (x1 + x2) / 2
        self.wire((x1, y), (middle - 14, y), cls=cls)
        self.wire((middle + 14, y), (x2, y), cls=cls)
        if closed:
            self.wire((middle - 14, y), (middle + 17, y - 9), cls=cls)
            self.wire((middle + 14, y), (middle + 14, y - 12), cls=cls)
        else:
            self.wire((middle - 14, y), (middle + 12, y - 14), cls=cls)

    def contact_v(self, x: float, y1: float, y2: float, *, at: float | None = None, closed: bool = False) -> None:
        """A contact at rest; the pivot is below."""
        middle = (y1 + y2) / 2 if at is None else at
        self.wire((x, y1), (x, middle - 14))
        self.wire((x, middle + 14), (x, y2))
        if closed:
            self.wire((x, middle + 14), (x - 9, middle - 17))
            self.wire((x, middle - 14), (x - 12, middle - 14))
        else:
            self.wire((x, middle + 14), (x - 14, middle - 12))

    def coil_v(self, x: float, y1: float, y2: float) -> None:
        middle = (y1 + y2) / 2
        self.wire((x, y1), (x, middle - 11))
        self.wire((x, middle + 11), (x, y2))
        self._drawing.rect(x - 20, middle - 11, 40, 22, "body")

    def transistor(self, x: float, y: float) -> None:
        """An N-channel MOSFET. Gate (x - 26, y), drain (x, y - 24), source (x, y + 24)."""
        self.wire((x - 26, y), (x - 14, y))
        self.wire((x - 14, y - 11), (x - 14, y + 11))
        for end in (-12, 0, 12):
            self.wire((x - 9, y + end - 4), (x - 9, y + end + 4))
        self.wire((x - 9, y - 12), (x, y - 12), (x, y - 24))
        self.wire((x - 9, y + 12), (x, y + 12), (x, y + 24))
        self.wire((x - 9, y), (x, y), (x, y + 12))
        self._path([(x - 8, y), (x - 2, y - 3), (x - 2, y + 3)], "full", closed=True)

    def comparator(self, x: float, y: float, *, plus_above: bool) -> None:
        """Inputs (x, y - 20) and (x, y + 20), output (x + 70, y), supplies (x + 35, y - 20) and (x + 35, y + 20)."""
        self._path([(x, y - 40), (x, y + 40), (x + 70, y)], "body", closed=True)
        self.text(x + 7, y - 16, "+" if plus_above else "−", "name")
        self.text(x + 7, y + 24, "−" if plus_above else "+", "name")

    def winding_v(self, x: float, y1: float, y2: float) -> None:
        """The outer winding of a modem's transformer, with its core at the right."""
        middle, turn = (y1 + y2) / 2, 12
        top = middle - 2 * turn
        self.wire((x, y1), (x, top))
        arcs = "".join(f" A 6 6 0 0 1 {x:g} {top + turn * (index + 1):g}" for index in range(4))
        self._drawing.path(f"M {x:g} {top:g}{arcs}", "line")
        self.wire((x, middle + 2 * turn), (x, y2))
        for core in (12, 16):
            self.wire((x + core, top), (x + core, middle + 2 * turn))

    def earth(self, x: float, y: float) -> None:
        self.wire((x, y), (x, y + 10), cls="pe")
        for index, half in enumerate((11, 7, 3)):
            self.wire((x - half, y + 10 + 5 * index), (x + half, y + 10 + 5 * index), cls="pe")

    def zero(self, x: float, y: float) -> None:
        """Joined to the bench's 0 V."""
        self.wire((x, y), (x, y + 8))
        self.wire((x - 9, y + 8), (x + 9, y + 8))

    def block(self, x: float, y: float, width: float, height: float, name: str, lines: list[str] | None = None) -> None:
        lines = lines or []
        self._drawing.rect(x, y, width, height, "body")
        first = y + height / 2 + 5 - 8 * len(lines)
        self.text(x + width / 2, first, name, "name m")
        self.texts(x + width / 2, first + 17, lines, "small m", step=15)

    def border(self, x: float, y: float, width: float, height: float) -> None:
        self._drawing.rect(x, y, width, height, "border")

    def link(self, *points: Point) -> None:
        """What moves or belongs together without a wire."""
        self._path(points, "link")

    def _path(self, points: list[Point] | tuple[Point, ...], cls: str, *, closed: bool = False) -> None:
        self._drawing.path(
            "M " + " L ".join(f"{x:g} {y:g}" for x, y in points) + (" Z" if closed else ""),
            cls,
        )


def overview() -> Sheet:
    """What there is and what is joined to what."""
    sheet = Sheet(
        "overview",
        920,
        600,
        "Drawing 1: what is joined to what",
        "A Raspberry Pi has an Ethernet cable to each of two powerline adapters. Both adapters are coupled to the"
        " pilot wire between the station's side, a pilot source, and the car's side, a diode and resistors with "
        "relays. A supply of 12 volts feeds the adapters directly, and the pilot source and relays through the "
        "emergency stop and the dead-man relay.",
    )
    sheet.block(360, 60, 200, 84, "Raspberry Pi", ["runs the suite; Ethernet, SPI,", "GPIO, USB for serial boards"])
    sheet.block(60, 72, 150, 60, "laptop", ["a terminal and a browser"])
    sheet.wire((210, 102), (360, 102))
    sheet.text(285, 94, "network or WLAN", "small m")

    sheet.block(60, 200, 190, 64, "adapter, station's", ["modem, opened, fed 12 V"])
    sheet.block(670, 200, 190, 64, "adapter, car's", ["modem, opened, fed 12 V"])
    sheet.wire((360, 126), (300, 126), (300, 216), (250, 216), cls="radio")
    sheet.wire((560, 102), (620, 102), (620, 216), (670, 216), cls="radio")
    sheet.text(292, 194, "Ethernet, plc0", "small r")
    sheet.text(628, 194, "Ethernet, plc1", "small")

    sheet.block(60, 330, 190, 76, "pilot source", ["1 kHz PWM, ±12 V, 1 kΩ", "drawing 2"])
    sheet.block(670, 330, 190, 76, "car's side", ["diode, resistors, relays", "drawings 2 and 4"])
    sheet.wire((250, 352), (670, 352), cls="cp")
    sheet.text(560, 344, "CP, the pilot", "cp m")
    sheet.wire((250, 388), (670, 388), cls="pe")
    sheet.text(560, 404, "PE, its return", "pe m")
    sheet.wire((155, 264), (155, 330), cls="radio")
    sheet.text(165, 301, "1 nF + 150 Ω", "small")
    sheet.wire((765, 264), (765, 330), cls="radio")
    sheet.text(775, 301, "1 nF + 150 Ω", "small")

    sheet.block(375, 220, 170, 76, "sensing", ["divider, ADC, comparator", "drawing 3"])
    sheet.wire((430, 296), (430, 352), cls="cp")
    sheet.dot(430, 352, "cp")
    sheet.wire((490, 296), (490, 388), cls="pe")
    sheet.dot(490, 388, "pe")
    sheet.wire((460, 220), (460, 144))
    sheet.arrow(460, 144, to="up")
    sheet.text(468, 186, "SPI, edges", "small")

    sheet.wire((400, 144), (400, 172), (30, 172), (30, 368), (60, 368))
    sheet.arrow(60, 368)
    sheet.text(38, 188, "PWM", "small")
    sheet.wire((520, 144), (520, 172), (890, 172), (890, 368), (860, 368))
    sheet.arrow(860, 368, to="left")
    sheet.text(882, 188, "relays", "small r")

    sheet.block(60, 480, 150, 72, "12 V supply", ["isolated, fused"])
    sheet.block(290, 480, 150, 72, "emergency stop", ["latching button"])
    sheet.block(520, 480, 150, 72, "dead-man relay", ["drawing 5"])
    sheet.wire((210, 516), (290, 516), cls="supply")
    sheet.wire((440, 516), (520, 516), cls="supply")
    sheet.wire((670, 516), (790, 516), (790, 406), cls="supply")
    sheet.arrow(790, 406, "supply", to="up")
    sheet.wire((720, 516), (720, 440), (120, 440), (120, 406), cls="supply")
    sheet.dot(720, 516, "supply")
    sheet.arrow(120, 406, "supply", to="up")
    sheet.text(800, 470, "relay coils", "small")
    sheet.text(420, 456, "±12 V of the pilot source", "small m")
    sheet.text(60, 576, "The adapters' own supply branches off before the emergency stop (drawing 5).", "small")
    sheet.wire((595, 552), (595, 572), (902, 572), (902, 86), (560, 86))
    sheet.arrow(595, 552, to="up")
    sheet.text(894, 78, "“I am alive”, toggled by the program", "small r")
    return sheet


def pilot() -> Sheet:
    """The pilot from the logic signal to the car's resistors."""
    sheet = Sheet(
        "pilot",
        980,
        532,
        "Drawing 2: the pilot, its source, coupling, car's side",
        "A logic PWM with a pull-down drives a comparator stage between plus and minus 12 volts, followed by the "
        "source resistor of 1 kilohm and the pilot wire. At each side of the plug a modem's transformer winding "
        "is coupled to the pilot by 1 nanofarad and 150 ohms in series. In the car a diode leads to 2.74 kilohms,"
        " and through a switch S2 to 1.3 kilohms, both to protective earth. In the plug 1.5 kilohms join PP and "
        "PE.",
    )
    cp, pe = 160, 440
    sheet.wire((40, pe), (940, pe), cls="pe")
    sheet.earth(60, pe)
    sheet.text(84, 470, "PE, the pilot's return, and 0 V of the source", "pe")

    sheet.terminal(40, cp - 20)
    sheet.wire((44, cp - 20), (70, cp - 20))
    sheet.resistor_h(70, 200, cp - 20, at=140)
    sheet.text(140, 128, "1 kΩ", "m")
    sheet.texts(24, 98, ["PWM, 3.3 V", "logic"], "")
    sheet.dot(70, cp - 20)
    sheet.resistor_v(70, cp - 20, pe, at=290)
    sheet.dot(70, pe, "pe")
    sheet.text(82, 294, "10 kΩ")
    sheet.comparator(200, cp, plus_above=True)
    sheet.wire((235, cp - 20), (235, 90))
    sheet.arrow(235, 90, to="up")
    sheet.text(243, 100, "+12 V")
    sheet.wire((235, cp + 20), (235, 222))
    sheet.arrow(235, 222, to="down")
    sheet.text(243, 222, "−12 V")
    sheet.wire((200, cp + 20), (165, cp + 20), (165, 330))
    sheet.dot(165, 330)
    sheet.resistor_v(165, 330, pe, at=385)
    sheet.dot(165, pe, "pe")
    sheet.text(177, 389, "10 kΩ")
    sheet.resistor_h(165, 250, 330, at=207)
    sheet.arrow(250, 330)
    sheet.text(258, 334, "3.3 V")
    sheet.text(207, 318, "10 kΩ", "m")

    sheet.block(262, 352, 118, 62, "DC/DC", ["isolated", "12 V to ±12 V"])
    sheet.wire((321, 414), (321, pe))
    sheet.dot(321, pe, "pe")
    sheet.text(329, 430, "0 V", "small")
    sheet.wire((380, 383), (398, 383), cls="supply")
    sheet.arrow(380, 383, "supply", to="left")
    sheet.wire((398, 383), (398, 468), cls="supply")
    sheet.terminal(398, 472)
    sheet.text(408, 476, "12 V, switched (drawing 5)", "supply")

    sheet.text(262, 192, "push-pull output", "small")
    sheet.resistor_h(270, 366, cp, at=333)
    sheet.text(333, 130, "R1", "name m")
    sheet.text(333, 146, "1 kΩ, 0.5 W", "m")
    sheet.wire((366, cp), (750, cp), cls="cp")
    sheet.text(480, 146, "CP", "name cp")
    sheet.dot(400, cp, "cp")
    sheet.wire((400, cp), (400, 106), cls="cp")
    sheet.arrow(400, 106, "cp", to="up")
    sheet.text(410, 114, "sensing (drawing 3)")

    for x, name, interface in ((440, "station's", "to plc0"), (668, "car's", "to plc1")):
        sheet.dot(x, cp, "cp")
        sheet.capacitor_v(x, cp, 220, at=190)
        sheet.resistor_v(x, 220, 310, at=258)
        sheet.winding_v(x, 310, pe - 40)
        sheet.wire((x, pe - 40), (x, pe))
        sheet.dot(x, pe, "pe")
        sheet.text(x + 20, 194, "1 nF")
        sheet.text(x + 14, 262, "150 Ω")
        sheet.block(x + 26, 318, 78, 74, "modem", [name, interface])

    sheet.border(556, 92, 78, 364)
    sheet.text(595, 84, "plug", "name m")
    sheet.text(548, 84, "station", "small r")
    sheet.text(642, 84, "car", "small")
    sheet.wire((577, 300), (577, 280), (640, 280))
    sheet.resistor_v(577, 300, pe, at=350)
    sheet.dot(577, pe, "pe")
    sheet.text(590, 354, "1.5 kΩ")
    sheet.terminal(643, 280)
    sheet.text(610, 272, "PP")

    sheet.diode_h(750, 806, cp)
    sheet.text(778, 128, "D", "name m")
    sheet.text(778, 144, "fast, 0.7 V", "m")
    sheet.wire((806, cp), (898, cp))
    sheet.dot(822, cp)
    sheet.resistor_v(822, cp, pe, at=330)
    sheet.dot(822, pe, "pe")
    sheet.text(834, 326, "R2", "name")
    sheet.text(834, 342, "2.74 kΩ")
    sheet.contact_v(898, cp, 260, at=206)
    sheet.text(908, 202, "S2", "name")
    sheet.text(908, 218, "state C")
    sheet.resistor_v(898, 260, pe, at=330)
    sheet.dot(898, pe, "pe")
    sheet.text(910, 326, "R3", "name")
    sheet.text(910, 342, "1.3 kΩ")
    sheet.text(20, 512, "For state D a second switch joins 270 Ω in the same way (drawing 4).", "small")
    return sheet


def sensing() -> Sheet:
    """Divider for the ADC and comparator for the edges."""
    sheet = Sheet(
        "sensing",
        940,
        520,
        "Drawing 3: sensing, a divider for the level, a comparator for the edges",
        "100 kilohms lead from the pilot to a node that 24.9 kilohms join to 0 volts and 20 kilohms to 3.3 volts."
        " The node goes through 1 kilohm, between two clamping diodes, to an ADC on the Pi's SPI, and through 10 "
        "kilohms with 47 picofarads to a comparator with hysteresis, whose output goes to two inputs of the Pi, "
        "one for rising and one for falling edges.",
    )
    node, zero = 160, 440
    sheet.wire((40, zero), (860, zero), cls="pe")
    sheet.earth(60, zero)
    sheet.text(84, 470, "PE, and 0 V of ADC, comparator and Raspberry Pi", "pe")

    sheet.terminal(40, node)
    sheet.text(32, 146, "CP", "name cp")
    sheet.wire((44, node), (70, node), cls="cp")
    sheet.resistor_h(70, 180, node, at=100)
    sheet.text(100, 130, "R1", "name m")
    sheet.text(100, 146, "100 kΩ", "m")
    sheet.wire((180, node), (300, node))
    sheet.dot(180, node)
    sheet.resistor_v(180, 84, node)
    sheet.arrow(180, 84, to="up")
    sheet.text(190, 90, "3.3 V")
    sheet.text(194, 119, "R3", "name")
    sheet.text(194, 135, "20 kΩ")
    sheet.resistor_v(180, node, zero, at=300)
    sheet.dot(180, zero, "pe")
    sheet.text(168, 296, "R2", "name r")
    sheet.text(168, 312, "24.9 kΩ", "r")

    sheet.dot(250, node)
    sheet.resistor_h(280, 400, node, at=330)
    sheet.text(330, 146, "1 kΩ", "m")
    sheet.dot(400, node)
    sheet.diode_v(400, 84, node)
    sheet.arrow(400, 84, to="up")
    sheet.text(410, 90, "3.3 V")
    sheet.diode_v(400, node, 230)
    sheet.zero(400, 230)
    sheet.text(418, 206, "clamp, of low leakage")
    sheet.wire((400, node), (520, node))
    sheet.block(520, 118, 150, 70, "MCP3208", ["channel 0", "VREF = 3.3 V"])
    sheet.wire((670, 153), (730, 153))
    sheet.arrow(730, 153)
    sheet.text(738, 149, "Pi, SPI0:", "")
    sheet.text(738, 165, "GPIO 8, 9, 10, 11")

    sheet.wire((250, node), (250, 350), (270, 350))
    sheet.resistor_h(270, 370, 350, at=310)
    sheet.text(310, 336, "10 kΩ", "m")
    sheet.wire((370, 350), (500, 350))
    sheet.dot(370, 350)
    sheet.capacitor_v(370, 350, zero)
    sheet.dot(370, zero, "pe")
    sheet.text(390, 400, "47 pF")
    sheet.comparator(500, 330, plus_above=False)
    sheet.text(500, 276, "3.3 V, push-pull output", "small m")
    sheet.wire((500, 310), (470, 310))
    sheet.terminal(466, 310)
    sheet.text(456, 314, "1.73 V", "r")
    sheet.dot(440, 350)
    sheet.wire((440, 350), (440, 412), (460, 412))
    sheet.resistor_h(460, 600, 412, at=530)
    sheet.text(530, 400, "1 MΩ", "m")
    sheet.wire((600, 412), (600, 330))
    sheet.wire((570, 330), (630, 330))
    sheet.dot(600, 330)
    sheet.dot(630, 330)
    sheet.wire((630, 330), (630, 300))
    sheet.resistor_h(630, 700, 300)
    sheet.arrow(708, 300)
    sheet.wire((700, 300), (708, 300))
    sheet.wire((630, 330), (630, 370))
    sheet.resistor_h(630, 700, 370)
    sheet.wire((700, 370), (708, 370))
    sheet.arrow(708, 370)
    sheet.text(666, 286, "1 kΩ", "m")
    sheet.text(666, 356, "1 kΩ", "m")
    sheet.text(716, 298, "Pi, GPIO 23", "")
    sheet.text(716, 314, "rising edges only", "small")
    sheet.text(716, 368, "Pi, GPIO 24", "")
    sheet.text(716, 384, "falling edges only", "small")

    sheet.resistor_v(860, 270, 350, at=312)
    sheet.arrow(860, 268, to="up")
    sheet.text(870, 274, "3.3 V")
    sheet.text(872, 316, "9.1 kΩ")
    sheet.dot(860, 356)
    sheet.wire((860, 350), (860, 366))
    sheet.wire((860, 356), (886, 356))
    sheet.terminal(890, 356)
    sheet.text(876, 376, "1.73 V")
    sheet.resistor_v(860, 366, zero, at=404)
    sheet.dot(860, zero, "pe")
    sheet.text(872, 410, "10 kΩ")
    sheet.text(20, 504, "All supplies here are the Pi's 3.3 V. The pilot itself never reaches a pin.", "small")
    return sheet


def car_relays() -> Sheet:
    """Relays that make the bench a car, or a broken one."""
    sheet = Sheet(
        "car-relays",
        940,
        690,
        "Drawing 4: the car's side, one relay per thing that can happen",
        "The pilot passes relay K1, plug, to the coupling of the car's modem and to the diode, which relay K5 can"
        " bridge. Behind the diode relays K2, K3 and K4 switch 2.74 kilohms, 1.3 kilohms and 270 ohms to the "
        "return, which relay K7, closed at rest, joins to protective earth. Relay K6 shorts the pilot to "
        "protective earth. Below: a relay's coil with its flyback diode, transistor and pull-down.",
    )
    cp, back = 140, 400
    sheet.terminal(50, cp)
    sheet.text(44, 122, "CP", "name cp")
    sheet.wire((54, cp), (150, cp), cls="cp")
    sheet.dot(90, cp, "cp")
    sheet.wire((90, cp), (90, 82), cls="cp")
    sheet.arrow(90, 82, "cp", to="up")
    sheet.text(100, 90, "to sensing (drawing 3)")
    sheet.dot(130, cp, "cp")
    sheet.contact_v(130, cp, back, at=270)
    sheet.text(104, 266, "K6", "name r")
    sheet.text(104, 282, "cp_short", "r")
    sheet.dot(130, back, "pe")
    sheet.terminal(50, back)
    sheet.text(44, 424, "PE", "name pe")
    sheet.wire((54, back), (150, back), cls="pe")
    sheet.earth(78, back)

    sheet.contact_h(150, 270, cp, cls="cp")
    sheet.text(206, 160, "K1", "name")
    sheet.text(206, 176, "plug")
    sheet.wire((270, cp), (440, cp), cls="cp")
    sheet.contact_h(150, 270, back, closed=True, cls="pe")
    sheet.text(196, 424, "K7", "name")
    sheet.text(196, 440, "pe_open")
    sheet.wire((270, back), (850, back), cls="pe")

    sheet.dot(310, cp, "cp")
    sheet.capacitor_v(310, cp, 200, at=172)
    sheet.text(330, 176, "1 nF")
    sheet.resistor_v(310, 200, 280, at=232)
    sheet.text(324, 236, "150 Ω")
    sheet.winding_v(310, 280, 370)
    sheet.wire((310, 370), (310, back))
    sheet.dot(310, back, "pe")
    sheet.block(338, 288, 96, 72, "modem", ["car's, to plc1"])

    sheet.dot(440, cp, "cp")
    sheet.diode_h(440, 540, cp)
    sheet.text(490, 168, "1N4148", "m")
    sheet.wire((440, cp), (440, 86))
    sheet.contact_h(440, 540, 86)
    sheet.wire((540, 86), (540, cp))
    sheet.text(552, 82, "K5", "name")
    sheet.text(552, 98, "diode_short")
    sheet.dot(540, cp)
    sheet.wire((540, cp), (850, cp))
    for x, relay, name, resistor, value in (
        (610, "K2", "r_b", "R2", "2.74 kΩ"),
        (730, "K3", "r_c", "R3", "1.3 kΩ"),
        (850, "K4", "r_d", "R3′", "270 Ω"),
    ):
        if x < 850:
            sheet.dot(x, cp)
            sheet.dot(x, back, "pe")
        sheet.contact_v(x, cp, 240, at=196)
        sheet.text(x + 12, 192, relay, "name")
        sheet.text(x + 12, 208, name)
        sheet.resistor_v(x, 240, back, at=310)
        sheet.text(x + 14, 306, resistor, "name")
        sheet.text(x + 14, 322, value)

    sheet.text(40, 484, "Each coil", "name")
    sheet.terminal(170, 474)
    sheet.text(182, 478, "12 V, switched (drawing 5)", "supply")
    sheet.wire((170, 478), (170, 492), cls="supply")
    sheet.coil_v(170, 492, 556)
    sheet.text(142, 528, "K1", "name r")
    sheet.dot(170, 492, "supply")
    sheet.wire((170, 492), (222, 492), (222, 500))
    sheet.diode_v(222, 500, 548)
    sheet.wire((222, 548), (222, 556), (170, 556))
    sheet.dot(170, 556)
    sheet.text(238, 520, "1N4148: takes over the coil's")
    sheet.text(238, 536, "current when it is switched off")
    sheet.wire((170, 556), (170, 562))
    sheet.transistor(170, 586)
    sheet.zero(170, 610)
    sheet.wire((144, 586), (60, 586))
    sheet.terminal(56, 586)
    sheet.text(40, 572, "GPIO")
    sheet.dot(112, 586)
    sheet.resistor_v(112, 586, 650, at=618)
    sheet.zero(112, 650)
    sheet.text(98, 622, "10 kΩ", "r")
    sheet.text(192, 592, "logic level: specified at 2.5 V", "small")
    sheet.texts(
        470,
        484,
        [
            "Contacts are drawn with all relays released: nothing is",
            "plugged in, and protective earth is whole.",
            "Signal relays with gold contacts: they switch 3 to 12 mA.",
            "K7 breaks the return of these resistors only, never a",
            "protective conductor that somebody's safety hangs on.",
        ],
        "",
        step=19,
    )
    return sheet


def power() -> Sheet:
    """Adapters' power, emergency stop and dead-man."""
    sheet = Sheet(
        "power",
        940,
        640,
        "Drawing 5: power of the adapters, emergency stop, dead-man",
        "From an isolated 12 volt supply one fused branch leads through two contacts that are closed at rest, K8 "
        "and K9, to the adapters. A second fused branch leads through the emergency stop and the dead-man relay "
        "K0 to the pilot source and the relay coils. K0's coil is held by a retriggerable monostable only while "
        "the program toggles a GPIO. A second contact of the emergency stop is read by the Pi.",
    )
    sheet.block(40, 76, 130, 68, "12 V supply", ["isolated", "class II or battery"])
    sheet.wire((170, 110), (230, 110), cls="supply")
    sheet.dot(210, 110, "supply")
    sheet.fuse_h(230, 310, 110, "supply")
    sheet.text(270, 96, "F1", "name m")
    sheet.wire((310, 110), (350, 110), cls="supply")
    sheet.dot(350, 110, "supply")
    sheet.wire((350, 76), (350, 144), cls="supply")
    for y, relay, interface, side in ((76, "K8", "plc0", "station's"), (144, "K9", "plc1", "car's")):
        sheet.wire((350, y), (400, y), cls="supply")
        sheet.contact_h(400, 500, y, closed=True, cls="supply")
        sheet.text(440, y + 22, relay, "name")
        sheet.wire((500, y), (600, y), cls="supply")
        sheet.arrow(600, y, "supply")
        sheet.block(600, y - 25, 190, 50, "adapter, " + side, [f"100 to 250 mA, {interface}"])
    sheet.text(808, 106, "closed at rest:", "small")
    sheet.text(808, 122, "power stays on", "small")

    row = 240
    sheet.wire((210, 110), (210, row), (230, row), cls="supply")
    sheet.fuse_h(230, 310, row, "supply")
    sheet.text(270, 226, "F2", "name m")
    sheet.contact_h(310, 410, row, closed=True, cls="supply")
    sheet.text(360, 266, "S1, emergency", "m")
    sheet.text(360, 282, "stop, contact 1", "m")
    sheet.wire((410, row), (500, row), cls="supply")
    sheet.dot(450, row, "supply")
    sheet.contact_h(500, 600, row, cls="supply")
    sheet.text(540, 264, "K0", "name")
    sheet.text(540, 280, "dead-man")
    sheet.wire((600, row), (700, row), cls="supply")
    sheet.text(612, 230, "12 V, switched", "supply")
    sheet.dot(660, row, "supply")
    sheet.wire((660, row), (660, 306), (700, 306), cls="supply")
    sheet.arrow(710, row, "supply")
    sheet.arrow(710, 306, "supply")
    sheet.block(710, 212, 190, 56, "pilot source", ["isolated DC/DC, ±12 V"])
    sheet.block(710, 278, 190, 56, "relay coils", ["K1 to K9"])

    sheet.wire((450, row), (450, 330), cls="supply")
    sheet.coil_v(450, 330, 394)
    sheet.text(422, 366, "K0", "name r")
    sheet.dot(450, 330)
    sheet.wire((450, 330), (502, 330), (502, 338))
    sheet.diode_v(502, 338, 386)
    sheet.wire((502, 386), (502, 394), (450, 394))
    sheet.dot(450, 394)
    sheet.wire((450, 394), (450, 416))
    sheet.transistor(450, 440)
    sheet.zero(450, 464)
    sheet.wire((424, 440), (330, 440))
    sheet.dot(384, 440)
    sheet.resistor_v(384, 440, 500, at=472)
    sheet.zero(384, 500)
    sheet.text(396, 496, "10 kΩ", "")
    sheet.text(342, 432, "Q", "")
    sheet.block(160, 392, 170, 96, "monostable", ["retriggerable", "74HC4538", "0.33 s"])
    sheet.wire((120, 440), (160, 440))
    sheet.arrow(160, 440)
    sheet.wire((44, 440), (120, 440))
    sheet.terminal(40, 440)
    sheet.texts(32, 404, ["GPIO 25", "“I am alive”"], "")
    sheet.dot(110, 440)
    sheet.resistor_v(110, 440, 500, at=472)
    sheet.zero(110, 500)
    sheet.text(98, 478, "10 kΩ", "r")
    sheet.text(160, 378, "3.3 V; 470 kΩ, 1 µF film", "small")

    sheet.text(590, 400, "What the Pi sees of the emergency stop", "name")
    sheet.resistor_v(650, 424, 490, at=456)
    sheet.arrow(650, 422, to="up")
    sheet.text(660, 430, "3.3 V")
    sheet.text(664, 460, "10 kΩ")
    sheet.dot(650, 490)
    sheet.resistor_h(650, 760, 490)
    sheet.arrow(768, 490)
    sheet.wire((760, 490), (768, 490))
    sheet.text(705, 478, "1 kΩ", "m")
    sheet.text(776, 494, "GPIO 26")
    sheet.contact_v(650, 490, 560, at=526, closed=True)
    sheet.zero(650, 560)
    sheet.text(664, 524, "S1, contact 2")
    sheet.text(664, 540, "high: pressed, or a wire is broken", "small")
    sheet.texts(
        40,
        580,
        [
            "K0 drops out 0.33 s after the last edge, whatever ended the program:",
            "the pilot goes to 0 V, every relay of drawing 4 is released,",
            "the adapters keep their power.",
        ],
        "",
        step=18,
    )
    return sheet


DRAWINGS: tuple[Callable[[], Sheet], ...] = (overview, pilot, sensing, car_relays, power)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for draw in DRAWINGS:
        sheet = draw()
        (FOLDER / f"{sheet.name}.svg").write_text(sheet.svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
