"""The drawings and figures of docs/build-a-bench.md: drawn cleanly, and what they say is what the parts give.

A drawing is read back from its SVG, as a browser would: texts as boxes, wires as lines. Widths of texts are estimated
on the generous side, since nobody knows which font a reader has.
"""

from __future__ import annotations

import importlib.util
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from pathlib import Path

import pytest

from bench.devices import CarLoad
from bench.drivers.load.relays import ORDER, RelayLoad
from bench.pilot.divider import Divider
from bench.pilot.model import (
    DIODE_V,
    GENERATOR_V,
    R2_OHM,
    R3_OHM,
    SOURCE_OHM,
    cp_state_from_level,
    high_level_v,
    parallel,
)
from bench.sim.pilot import R3_VENTILATION_OHM
from bench.units import Ns

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "build-a-bench.md").read_text(encoding="utf-8")

WIDTH_OF_A_CHARACTER = 0.56
WIDTH_OF_A_BOLD_CHARACTER = 0.6
SVG = "{http://www.w3.org/2000/svg}"


def _script():
    spec = importlib.util.spec_from_file_location("make_drawings", DOCS / "make_drawings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_drawings = _script()
SHEETS = {sheet.name: sheet for sheet in (draw() for draw in make_drawings.DRAWINGS)}


# --- reading a drawing back


@dataclass(frozen=True)
class Box:
    what: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def crossed_by(self, line: Line) -> bool:
        """Whether any part of *line* lies inside; Liang and Barsky."""
        enter, leave = 0.0, 1.0
        for start, step, low, high in (
            (line.x1, line.x2 - line.x1, self.left, self.right),
            (line.y1, line.y2 - line.y1, self.top, self.bottom),
        ):
            if step == 0:
                if not low < start < high:
                    return False
                continue
            first, second = sorted(((low - start) / step, (high - start) / step))
            enter, leave = max(enter, first), min(leave, second)
        return enter < leave


@dataclass(frozen=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Picture:
    width: float
    height: float
    texts: list[Box]
    bodies: list[Box]
    """Parts and blocks."""
    lines: list[Line]
    """Wires, symbols and the edges of blocks."""


def picture(svg: str) -> Picture:
    root = ET.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    texts, bodies, lines = [], [], []
    for element in root.iter():
        tag, cls = element.tag.removeprefix(SVG), (element.get("class") or "").split()
        if tag == "text":
            texts.append(_text_box(element, cls))
        elif tag == "rect" and ("body" in cls or "border" in cls):
            x, y, w, h = (float(element.get(name)) for name in ("x", "y", "width", "height"))
            corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
            lines += [Line(*a, *b) for a, b in pairwise(corners)]
            if "body" in cls:
                bodies.append(Box(f"part at {x:g}, {y:g}", x, y, x + w, y + h))
        elif tag == "path":
            lines += _path_lines(element.get("d"))
        elif tag == "circle":
            x, y, r = (float(element.get(name)) for name in ("cx", "cy", "r"))
            lines += [Line(x - r, y, x + r, y), Line(x, y - r, x, y + r)]
    return Picture(width, height, texts, bodies, lines)


def _text_box(element: ET.Element, cls: list[str]) -> Box:
    size = next((make_drawings.SIZES[name] for name in cls if name in make_drawings.SIZES), make_drawings.SIZES[""])
    bold = "title" in cls or "name" in cls
    width = len(element.text) * size * (WIDTH_OF_A_BOLD_CHARACTER if bold else WIDTH_OF_A_CHARACTER)
    x, y = float(element.get("x")), float(element.get("y"))
    left = x - width / 2 if "m" in cls else x - width if "r" in cls else x
    return Box(element.text, left, y - 0.74 * size, left + width, y + 0.22 * size)


def _path_lines(d: str) -> list[Line]:
    """Of a path of M, L, A and Z in absolute coordinates; an arc as its chord."""
    points: list[tuple[float, float]] = []
    for command, arguments in re.findall(r"([A-Z])([^A-Z]*)", d):
        numbers = [float(number) for number in arguments.split()]
        if command == "M":
            points.append((numbers[0], numbers[1]))
            numbers = numbers[2:]
        if command == "A":
            points.append((numbers[5], numbers[6]))
        elif command == "Z":
            points.append(points[0])
        else:
            points += list(zip(numbers[0::2], numbers[1::2], strict=True))
    return [Line(*a, *b) for a, b in pairwise(points)]


def faults(svg: str) -> list[str]:
    """What a careful draughtsman would not have done."""
    seen = picture(svg)
    paper = Box("paper", 0, 0, seen.width, seen.height)
    found = [
        f"{text.what!r} is outside"
        for text in seen.texts
        if text.left < 0 or text.top < 0 or text.right > paper.right or text.bottom > paper.bottom
    ]
    found += [
        f"a line is outside: {line}"
        for line in seen.lines
        if not (min(line.x1, line.x2) >= 0 and max(line.x1, line.x2) <= paper.right)
        or not (min(line.y1, line.y2) >= 0 and max(line.y1, line.y2) <= paper.bottom)
    ]
    found += [
        f"{one.what!r} lies over {other.what!r}" for one, other in combinations(seen.texts, 2) if one.overlaps(other)
    ]
    found += [
        f"{one.what} lies over {other.what}" for one, other in combinations(seen.bodies, 2) if one.overlaps(other)
    ]
    found += [
        f"{text.what!r} is crossed by {line}" for text in seen.texts for line in seen.lines if text.crossed_by(line)
    ]
    blocks = [body for body in seen.bodies if body.bottom - body.top > 40 and body.right - body.left > 40]
    found += [f"{line} runs through {block.what}" for block in blocks for line in seen.lines if block.crossed_by(line)]
    return found


# --- the drawings


@pytest.mark.parametrize("name", SHEETS)
def test_the_drawing_in_the_repository_is_what_the_script_draws(name):
    assert (DOCS / "drawings" / f"{name}.svg").read_text(encoding="utf-8") == SHEETS[name].svg()


def test_no_drawing_is_left_over_and_the_page_shows_each():
    there = {path.stem for path in (DOCS / "drawings").glob("*.svg")}
    shown = set(re.findall(r"!\[[^\]]+\]\(drawings/([\w-]+)\.svg\)", PAGE))

    assert there == shown == set(SHEETS)


@pytest.mark.parametrize("name", SHEETS)
def test_a_drawing_tells_its_title_and_content_to_who_cannot_see_it(name):
    root = ET.fromstring((DOCS / "drawings" / f"{name}.svg").read_bytes())

    assert root[0].tag == f"{SVG}title"
    assert root[0].text.startswith("Drawing ")
    assert root[1].tag == f"{SVG}desc"
    assert len(root[1].text) > 100
    assert root.get("role") == "img"


@pytest.mark.parametrize("name", SHEETS)
def test_a_drawing_is_clean(name):
    """Nothing outside the paper, no text over another, no line through a text or a block."""
    assert faults(SHEETS[name].svg()) == []


def test_a_drawing_brings_its_own_paper_so_that_it_can_be_read_on_a_dark_page():
    for sheet in SHEETS.values():
        root = ET.fromstring(sheet.svg())
        first_painted = next(element for element in root if element.tag == f"{SVG}rect")
        assert (first_painted.get("width"), first_painted.get("fill")) == ("100%", make_drawings.PAPER)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda sheet: sheet.wire((0, 100), (200, 100)), "'12 V at rest' is crossed by"),
        (lambda sheet: sheet.text(60, 106, "too near"), "'12 V at rest' lies over 'too near'"),
        (lambda sheet: sheet.text(150, 50, "a text that is too long"), "'a text that is too long' is outside"),
        (lambda sheet: sheet.wire((50, 150), (50, 210)), "a line is outside"),
        (lambda sheet: sheet.wire((20, 170), (190, 170)), "runs through part at 100, 130"),
        (lambda sheet: sheet.resistor_v(105, 110, 200), "lies over part at"),
    ],
    ids=["wire through text", "text over text", "text outside", "wire outside", "wire through block", "part over part"],
)
def test_an_untidy_drawing_is_found_out(spoil, fault):
    sheet = make_drawings.Sheet("untidy", 200, 200, "Drawing", "")
    sheet.text(20, 104, "12 V at rest")
    sheet.block(100, 130, 80, 60, "box")
    assert faults(sheet.svg()) == []

    spoil(sheet)

    assert any(fault in found for found in faults(sheet.svg()))


# --- the figures of the page


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(title: str, *headings: str) -> dict[str, list[str]]:
    """A table of a section, first cell to the other cells: the one whose first columns have these *headings*."""
    for table in re.findall(r"(?:^\|.*\n?)+", section(title), re.MULTILINE):
        head, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        if tuple(head[: len(headings)]) == headings:
            return {first: others for first, *others in lines}
    raise AssertionError(f"{title} has no table {headings}")


def says(title: str, *figures: str) -> None:
    """The section prints these figures, whole."""
    text = " ".join(section(title).split())
    for figure in figures:
        assert re.search(rf"(?<![\d.,−-]){re.escape(figure)}(?![\d]|\.\d)", text), f"{title} does not say {figure}"


def minus(number: str) -> str:
    return number.replace("-", "−")


LOADS = {
    "B": (R2_OHM,),
    "C": (R2_OHM, R3_OHM),
    "D": (R2_OHM, R3_VENTILATION_OHM),
}


def extremes(part_share: float, generator_share: float) -> dict[str, tuple[float, float]]:
    """Lowest and highest level of each state, by trying all combinations of parts at their limits."""
    bands = {"A": (GENERATOR_V * (1 - generator_share), GENERATOR_V * (1 + generator_share))}
    limits = (1 - part_share, 1 + part_share)
    for state, resistors in LOADS.items():
        levels = []
        for generator, source, diode_v, *factors in product(
            (1 - generator_share, 1 + generator_share), limits, (0.55, 0.85), *[limits] * len(resistors)
        ):
            load = parallel(*(ohm * factor for ohm, factor in zip(resistors, factors, strict=True)))
            current = (GENERATOR_V * generator - diode_v) / (SOURCE_OHM * source + load)
            levels.append(GENERATOR_V * generator - SOURCE_OHM * source * current)
        bands[state] = min(levels), max(levels)
    return bands


@pytest.mark.parametrize("state", LOADS)
def test_load_and_level_of_each_state_are_what_its_resistors_give(state):
    load = parallel(*LOADS[state])
    cells = rows("The car's side", "state")[state]

    assert cells[0] == f"{load:.1f} Ω"
    assert cells[1] == f"{high_level_v(load):.2f} V"
    assert cells[5] == f"{high_level_v(load, diode_v=0.0):.2f} V"
    assert cp_state_from_level(float(cells[1].removesuffix(" V"))).value == state


def test_without_a_car_the_pilot_is_at_the_generators_level():
    cells = rows("The car's side", "state")["A"]

    assert cells[0] == "none"
    assert cells[1] == cells[5] == f"{high_level_v(None):.2f} V"


@pytest.mark.parametrize("state", ["A", *LOADS])
def test_bands_are_the_worst_combination_of_parts(state):
    cells = rows("The car's side", "state")[state]

    for cell, bands in ((cells[2], extremes(0.03, 0.05)), (cells[3], extremes(0.01, 0.02))):
        low, high = bands[state]
        assert cell == f"{low:.2f} to {high:.2f} V"


def test_the_page_computes_with_the_models_values():
    parts = rows("The car's side", "part")

    assert parts["R2, always there when plugged in"][0] == f"{R2_OHM:.0f} Ω"
    assert parts["R3, with S2: state C"][0] == f"{R3_OHM:.0f} Ω"
    assert parts["R3′, state D"][0] == f"{R3_VENTILATION_OHM:.0f} Ω"
    assert parts["D"][0].startswith(f"{DIODE_V} V")


def test_other_resistors_and_the_shorted_diode_give_what_the_page_says():
    mirrored = [minus(f"{-high_level_v(parallel(*load), diode_v=0.0):.2f}") for load in LOADS.values()]
    both = parallel(R2_OHM, R3_OHM, R3_VENTILATION_OHM)

    says("The car's side", ", ".join(mirrored) + " V")
    says("The car's side", f"B {high_level_v(2700):.2f} V, C {high_level_v(parallel(2700, 1300)):.2f} V")
    says("The car's side", f"C is {high_level_v(parallel(2700, 1200)):.2f} V")
    says("The car's side", f"{both:.1f} Ω and {high_level_v(both):.2f} V")


class PaperRelays:
    """Relays that remember which are pulled."""

    name, channels, confirms = "paper", range(1, len(ORDER) + 1), True

    def __init__(self):
        self.pulled = set()

    def set(self, channel, closed):
        (self.pulled.add if closed else self.pulled.discard)(ORDER[channel - 1])


@pytest.mark.parametrize(
    ("row", "load"),
    [
        ("nothing plugged in", CarLoad.UNPLUGGED),
        ("B", CarLoad.B),
        ("C", CarLoad.C),
        ("D", CarLoad.D),
        ("diode shorted", CarLoad.DIODE_SHORTED),
        ("CP touches PE", CarLoad.SHORTED_TO_PE),
        ("PE broken", CarLoad.PE_OPEN),
    ],
)
def test_the_table_of_loads_pulls_the_relays_that_the_driver_pulls(row, load):
    pulled, _ = rows("The car's side", "load", "pulled")[row]
    relays = PaperRelays()
    driver = RelayLoad(relays, {name: channel for channel, name in enumerate(ORDER, 1)}, settles=Ns(0))

    driver.open()
    driver.set_load(load)

    assert set(re.findall(r"`(\w+)`", pulled)) == relays.pulled


def test_relays_are_named_as_the_driver_names_them():
    named = [re.fullmatch(r"K(\d) `(\w+)`", cell).groups() for cell in rows("The car's side", "relay")]
    drawn = SHEETS["car-relays"].svg()

    assert [name for _, name in named] == list(ORDER)
    assert [int(number) for number, _ in named] == list(range(1, len(ORDER) + 1))
    for number, name in named:
        assert f">K{number}<" in drawn
        assert f">{name}<" in drawn


def test_contacts_carry_the_currents_the_page_says():
    table = rows("The car's side", "load", "pulled")
    for state, resistors in LOADS.items():
        load = parallel(*resistors)
        assert table[state][1] == f"{(high_level_v(load) - DIODE_V) / load * 1000:.1f} mA"
    diode_shorted_ma = GENERATOR_V / (SOURCE_OHM + R2_OHM) * 1000
    assert table["diode shorted"][1] == f"{diode_shorted_ma:.1f} mA, in both phases"
    assert table["CP touches PE"][1] == f"{GENERATOR_V / SOURCE_OHM * 1000:.1f} mA"


def test_a_short_heats_the_source_resistor_as_the_page_says():
    short = rows("The pilot's source", "quantity")["short to PE"][0]

    assert short == f"{GENERATOR_V / SOURCE_OHM * 1000:.0f} mA, {GENERATOR_V**2 / SOURCE_OHM:.3f} W in the 1 kΩ"


def test_one_point_of_duty_cycle_and_five_of_them():
    period_us = 1000.0

    says("The pilot's source", f"one point of duty cycle is {period_us / 100:.0f} µs")
    assert rows("The pilot's source", "quantity")["high time at 5 %"][0].startswith(f"{period_us * 0.05:.0f} µs")
    says("The pilot's source", f"3 to 7 %, {period_us * 0.03:.0f} to {period_us * 0.07:.0f} µs")
    says("The pilot's source", f"20 µs of lateness are {20 / (period_us / 100):.0f} points")


def test_coupling_has_the_reactance_and_the_time_constants_the_page_says():
    farad = 1e-9
    reactance = [1 / (2 * math.pi * hertz * farad) for hertz in (2e6, 30e6, 1e3)]
    in_a, in_b = SOURCE_OHM, parallel(SOURCE_OHM, R2_OHM)
    rise = math.log(0.9 / 0.1)
    most = 1.6e-9 + 1.5e-9 + 2.4e-9 + 2 * farad

    says("Adapters", f"it is {reactance[0]:.0f} to {reactance[1]:.0f} Ω, for 1 kHz it is {reactance[2] / 1000:.0f}")
    says("Adapters", f"{in_a * farad * 1e6:.2f} µs in A and {in_b * farad * 1e6:.2f} µs in B")
    says("Adapters", f"{rise * in_a * farad * 1e6:.1f} µs and {rise * in_b * farad * 1e6:.1f} µs from 10 to 90 %")
    says("Adapters", f"{most * 1e9:.1f} nF, {in_b * most * 1e6:.1f} µs in B")
    says("Adapters", f"95 % after {math.log(20) * in_b * most * 1e6:.0f} µs")


# --- the divider and the comparator, by the currents into their nodes

R1, R2, R3, REFERENCE_V = 100e3, 24.9e3, 20e3, 3.3


def node_v(pilot_v: float, r1: float = R1, r2: float = R2, r3: float = R3) -> float:
    """Where the currents from the pilot, ground and the reference cancel."""
    return (pilot_v / r1 + REFERENCE_V / r3) / (1 / r1 + 1 / r2 + 1 / r3)


NODE_OHM = parallel(R1, R2, R3)
SLOPE = node_v(1) - node_v(0)


def test_divider_is_what_its_resistors_give_and_what_the_bench_computes():
    says("Sensing", f"For {R1 / 1000:.0f} kΩ, {R2 / 1000:.1f} kΩ, {R3 / 1000:.0f} kΩ, all of it computed")
    table = rows("Sensing", "quantity")
    divider = Divider.of_resistors(pilot_ohm=R1, ground_ohm=R2, reference_ohm=R3, reference_v=REFERENCE_V)

    assert table["slope"] == [f"{SLOPE:.4f}"] == [f"{divider.slope:.4f}"]
    assert table["offset"] == [f"{node_v(0):.3f} V"] == [f"{divider.offset_v:.3f} V"]
    assert table["resistance of the node"] == [f"{NODE_OHM / 1000:.2f} kΩ"]
    for pilot_v in (-15, -12, 12, 15):
        assert table[f"node at {minus(f'{pilot_v:+d}')} V"] == [f"{node_v(pilot_v):.3f} V"]
    for bits in (10, 12):
        count_v = REFERENCE_V / 2**bits / SLOPE
        assert table[f"one count of {bits} bits, at CP"] == [f"{count_v * 1000:.1f} mV"]


def test_divider_errs_and_loads_as_the_page_says():
    table = rows("Sensing", "quantity")
    nominal = Divider.of_resistors(pilot_ohm=R1, ground_ohm=R2, reference_ohm=R3, reference_v=REFERENCE_V)
    worst = max(
        abs(nominal.pilot_v(node_v(pilot_v, R1 * a, R2 * b, R3 * c)) - pilot_v)
        for pilot_v in (-12, 12)
        for a, b, c in product((0.99, 1.01), repeat=3)
    )
    # An open pilot is SOURCE_OHM more in series with R1.
    loaded = GENERATOR_V - (GENERATOR_V - node_v(GENERATOR_V, R1 + SOURCE_OHM)) / (R1 + SOURCE_OHM) * SOURCE_OHM

    assert table["error at CP, resistors of 1 %, not calibrated"] == [f"{worst:.2f} V"]
    assert table["an open CP of 12.00 V is loaded to"] == [f"{loaded:.2f} V"]
    assert worst * SLOPE < 0.03
    says("In which order", f"{node_v(-12):.3f} V at −12 V, {node_v(12):.3f} V at +12 V, each within 0.03 V")


def test_clamp_and_sampling_figures():
    sampling_f, window_s = 20e-12, 1.5 / 500e3
    other_phase_v = node_v(9) - node_v(-12)
    constants = window_s / ((NODE_OHM + 1e3) * sampling_f)
    at_node_f = 100e-12
    kick_v = other_phase_v * sampling_f / (sampling_f + at_node_f)
    left_v = kick_v * math.exp(-window_s / (NODE_OHM * (sampling_f + at_node_f)))

    says("Sensing", f"{100 / R1 * 1000:.0f} mA at 100 V", f"is {1e-6 * NODE_OHM / SLOPE:.1f} V at CP")
    says("Sensing", f"{window_s * 1e6:.0f} µs for that: enough, {constants:.0f} time constants")
    says("Sensing", f"up to {left_v / SLOPE:.2f} V of error at CP")


def test_proximity_resistor_is_read_at_the_level_the_page_says():
    says("Proximity pilot", f"1.5 kΩ is {REFERENCE_V * 1500 / (1000 + 1500):.2f} V there")


def test_averages_tell_no_states_apart():
    share = 0.05
    means = [share * level - (1 - share) * GENERATOR_V for level in (12, 9, 6)]

    says("Sensing", minus(f"{means[0]:.2f}, {means[1]:.2f} and {means[2]:.2f} V"))
    says("Sensing", f"by {(1 - share) * 0.05 * GENERATOR_V:.2f} V")


def test_random_samples_miss_the_high_phase_as_rarely_as_the_page_says():
    one_in = {samples: 1 / 0.95**samples for samples in (300, 100)}

    says(
        "Sensing", f"once in {one_in[300] / 1e6:.0f} million readings", f"with 100 once in {round(one_in[100], -1):.0f}"
    )
    says("Sensing", f"5000 samples a second 300 take {300 / 5000 * 1000:.0f} ms")


def test_comparator_switches_where_the_page_says_and_shortens_the_pulse_as_it_says():
    reference_v = REFERENCE_V * 10e3 / (9.1e3 + 10e3)
    series, feedback = NODE_OHM + 10e3, 1e6

    def threshold_v(output_v: float) -> float:
        """Pilot at which the + input, between node and output, is at the reference."""
        at_node = reference_v + (reference_v - output_v) / feedback * series
        return (at_node - node_v(0)) / SLOPE

    rising, falling = threshold_v(0.0), threshold_v(REFERENCE_V)
    says("Sensing", f"A comparator at {(rising + falling) / 2:.1f} V of CP")
    says("Sensing", f"{falling:.2f} V falling, {rising:.2f} V rising, {rising - falling:.2f} V apart")
    assert f"{reference_v:.2f} V" in SHEETS["sensing"].svg()

    says("Sensing", "9.1 kΩ and 10 kΩ, 10 kΩ in series and 1 MΩ back", "10 kΩ and 47 pF keep the powerline out")

    constant = series * 47e-12
    points = []
    for load in LOADS.values():
        high = high_level_v(parallel(*load))
        late = constant * math.log((high + GENERATOR_V) / (high - rising))
        early = constant * math.log((high + GENERATOR_V) / (falling + GENERATOR_V))
        points.append((late - early) / 10e-6)
    says("Sensing", f"{points[0]:.2f} points in B, {points[1]:.2f} in C and {points[2]:.2f} in D")


def test_dead_man_lets_go_after_the_time_the_page_says():
    table = rows("Power, emergency stop, dead-man", "what")
    nominal_s = 0.7 * 470e3 * 1e-6
    shortest_s = nominal_s * 0.8 * 0.95

    assert table["470 kΩ and 1 µF at a 74HC4538"][0] == f"{nominal_s:.2f} s"
    assert table["the same, capacitor −20 %, resistor −5 %"][0] == f"{shortest_s:.2f} s"
    assert shortest_s > 2 * 0.1
    assert f"{nominal_s:.2f} s" in SHEETS["power"].svg()


def test_the_parts_in_the_drawings_are_those_the_page_computes_with():
    texts = {name: {box.what for box in picture(sheet.svg()).texts} for name, sheet in SHEETS.items()}

    assert {"100 kΩ", "24.9 kΩ", "20 kΩ", "9.1 kΩ", "1 MΩ", "47 pF"} <= texts["sensing"]
    assert {"2.74 kΩ", "1.3 kΩ", "270 Ω"} <= texts["car-relays"]
    assert {"1 kΩ, 0.5 W", "1 nF", "150 Ω", "2.74 kΩ", "1.3 kΩ", "1.5 kΩ"} <= texts["pilot"]
    assert any("470 kΩ, 1 µF" in text for text in texts["power"])


def test_no_pin_has_two_uses():
    used = [
        int(pin)
        for cell, (use, *_) in rows("Pins of the Pi", "pins").items()
        if not use.startswith(("not", "**"))
        for pin in re.findall(r"\d+", cell)
    ]

    assert used
    assert len(used) == len(set(used))
    assert not {0, 1} & set(used)


def test_each_pin_of_the_drawings_is_in_the_table_of_pins():
    drawn = {
        pin
        for sheet in SHEETS.values()
        for text in picture(sheet.svg()).texts
        if "GPIO" in text.what
        for pin in re.findall(r"\d+", text.what.split("GPIO", 1)[1])
    }
    listed = {pin for cell in rows("Pins of the Pi", "pins") for pin in re.findall(r"\d+", cell)}

    assert drawn
    assert drawn <= listed


def test_links_of_the_pages_lead_somewhere():
    for page in (DOCS / "build-a-bench.md", DOCS / "hardware-status.md"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)]+)\)", text):
            name, _, anchor = target.partition("#")
            goal = DOCS / name if name else page
            assert goal.exists(), target
            if anchor:
                headings = re.findall(r"^#+ (.+)$", goal.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
