"""Attenuation per carrier group: every sound faintly, their mean, and what the EVSE reported.

    svg = attenuation_svg(heard_in(trace))

Group 0 is the lowest frequency. A lower curve is a nearer station.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.ids import MacAddress
from bench.mme import CmAttenCharInd, CmAttenProfileInd, CmSlacParmReq
from bench.report.reading import Reading, read
from bench.report.svg import FAINT, INK, MUTED, PAPER, SERIES, Drawing, n, shortened
from bench.slac.timers import C_EV_MATCH_SIGNALATTN_DIRECT_DB, C_EV_MATCH_SIGNALATTN_INDIRECT_DB
from bench.trace import Trace

NUM_GROUPS = 58
WIDTH, PLOT_LEFT, PLOT_RIGHT = 960.0, 44.0, 806.0
PLOT_HEIGHT = 250.0
LEGEND_LINE = 18.0
DASHES = ("", "9 3", "2 3", "9 3 2 3")
"""Told apart by dashes too, for black and white print."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one EVSE measured and reported of one PEV's sounds.

    profiles   per sound, dB per group; empty bytes for a modem that reports no groups
    reported   dB per group in CM_ATTEN_CHAR.IND; None if it sent none
    """

    name: str
    profiles: Sequence[bytes] = ()
    reported: bytes | None = None

    def mean(self) -> list[float]:
        """Mean over the sounds, per group that every sound has."""
        measured = [profile for profile in self.profiles if profile]
        return [sum(column) / len(measured) for column in zip(*measured, strict=False)] if measured else []


def heard_in(trace: Trace, stations: Mapping[str, str] | None = None) -> list[Heard]:
    """Every EVSE of *trace* with something to show, *stations* named as for the ladder.

    Of several attempts the last one that got as far as sounding; with several PEVs, one entry for each.
    """
    return heard_of(read(trace, stations))


def heard_of(reading: Reading) -> list[Heard]:
    profiles: dict[tuple[str, MacAddress], list[bytes]] = {}
    reported: dict[tuple[str, MacAddress], bytes] = {}
    asked_again: set[MacAddress] = set()
    for arrow in reading.arrows():
        mme, evse = arrow.mme, arrow.source.key
        if isinstance(mme, CmSlacParmReq):
            asked_again.add(arrow.seen.frame.src)  # type: ignore[union-attr]  # a message has a frame
        elif isinstance(mme, CmAttenProfileInd):
            if mme.pev_mac in asked_again:
                asked_again.remove(mme.pev_mac)
                profiles = {key: value for key, value in profiles.items() if key[1] != mme.pev_mac}
                reported = {key: value for key, value in reported.items() if key[1] != mme.pev_mac}
            profiles.setdefault((evse, mme.pev_mac), []).append(mme.aag)
        elif isinstance(mme, CmAttenCharInd):
            reported[evse, mme.source_address] = mme.aag
    keys = dict.fromkeys((*profiles, *reported))
    names = {lane.key: lane.name or lane.title for lane in reading.lanes.hosts}
    one_pev = len({pev for _, pev in keys}) == 1
    return [
        Heard(
            names[evse] if one_pev else f"{names[evse]} hears {pev}",
            profiles.get((evse, pev), ()),
            reported.get((evse, pev)),
        )
        for evse, pev in keys
    ]


def attenuation_svg(heard: Sequence[Heard], title: str = "Attenuation") -> str:
    """The chart as an SVG document, 960 pixels wide. With nothing to show it says so."""
    d = Drawing("ccs-attenuation", STYLE)
    y = 28.0
    d.text(16, y, shortened(title, WIDTH - 32, 15), "title")
    y += 10
    for series, station in enumerate(heard):
        y += LEGEND_LINE
        _legend(d, station, series, y)
    top, bottom = y + 26, y + 26 + PLOT_HEIGHT
    groups = max([NUM_GROUPS, *(len(aag) for station in heard for aag in (*station.profiles, station.reported or b""))])
    highest = max(
        (db for station in heard for aag in (*station.profiles, station.reported or b"") for db in aag), default=0
    )
    scale_to = max(30, -(-(highest + 3) // 10) * 10)

    def x_of(group: int) -> float:
        return PLOT_LEFT + (group + 0.5) * (PLOT_RIGHT - PLOT_LEFT) / groups

    def y_of(db: float) -> float:
        return bottom - db * PLOT_HEIGHT / scale_to

    _axes(d, x_of, y_of, groups, scale_to, top, bottom)
    for series, station in enumerate(heard):
        _curves(d, station, series, x_of, y_of)
    if not any(station.reported or station.mean() for station in heard):
        d.text((PLOT_LEFT + PLOT_RIGHT) / 2, (top + bottom) / 2, "no attenuation was measured or reported", "none m")
    return d.document(WIDTH, bottom + 40, title)


def _legend(d: Drawing, station: Heard, series: int, y: float) -> None:
    colour = SERIES[series % len(SERIES)]
    mean = station.mean()
    count = f"{len(station.profiles)} sound{'' if len(station.profiles) == 1 else 's'}"
    if not station.profiles:
        measured = "no sounds measured"
    elif not mean:
        measured = f"{count} measured without groups"
    else:
        measured = f"{count}, mean {_average(mean)}"
    if station.reported is None:
        reported = "nothing reported"
    elif not station.reported:
        reported = "reported no groups"
    else:
        reported = f"reported {_average(station.reported)}"
    d.path(f"M18 {n(y - 4)}h24", "mean", stroke=colour, dash=DASHES[series % len(DASHES)])
    d.circle(30, y - 4, 2.6, "dot", stroke=colour)
    d.spans(50, y, [(station.name, "strong"), (f"   {measured};  {reported}", "")])


def _average(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.1f} dB"


def _axes(
    d: Drawing,
    x_of: Callable[[int], float],
    y_of: Callable[[float], float],
    groups: int,
    scale_to: int,
    top: float,
    bottom: float,
) -> None:
    step = 10 if scale_to <= 80 else 20
    for db in range(0, scale_to + 1, step):
        d.path(f"M{n(PLOT_LEFT)} {n(y_of(db))}H{n(PLOT_RIGHT)}", "axis" if db == 0 else "grid")
        d.text(PLOT_LEFT - 6, y_of(db) + 3.5, str(db), "small r")
    for group in range(0, groups, 5):
        d.path(f"M{n(x_of(group))} {n(bottom)}v4", "axis")
        d.text(x_of(group), bottom + 15, str(group), "small m")
    for db, meaning in (
        (C_EV_MATCH_SIGNALATTN_DIRECT_DB, "EVSE found"),
        (C_EV_MATCH_SIGNALATTN_INDIRECT_DB, "potentially found"),
    ):
        d.path(f"M{n(PLOT_LEFT)} {n(y_of(db))}H{n(PLOT_RIGHT)}", "limit")
        d.text(PLOT_RIGHT + 7, y_of(db) + 3.5, f"≤ {db} dB: {meaning}", "small")
    d.text(PLOT_LEFT - 6, top - 10, "dB", "small r")
    d.text((PLOT_LEFT + PLOT_RIGHT) / 2, bottom + 30, "carrier group, low frequencies on the left", "small m")


def _curves(
    d: Drawing, station: Heard, series: int, x_of: Callable[[int], float], y_of: Callable[[float], float]
) -> None:
    colour = SERIES[series % len(SERIES)]

    def line(values: Sequence[float]) -> str:
        return "M" + "L".join(f"{n(x_of(i))} {n(y_of(value))}" for i, value in enumerate(values))

    for profile in dict.fromkeys(profile for profile in station.profiles if profile):
        d.path(line(profile), "sound", stroke=colour)
    mean = station.mean()
    if mean:
        d.path(line(mean), "mean", stroke=colour, dash=DASHES[series % len(DASHES)])
    if station.reported:
        d.open("reported", f"{station.name} reported {_average(station.reported)}")
        for group, db in enumerate(station.reported):
            d.circle(x_of(group), y_of(db), 2.6, "dot", stroke=colour)
        d.close()


STYLE = f"""
text {{fill:{INK};font-size:11px}}
.m {{text-anchor:middle}}
.r {{text-anchor:end}}
.title {{font-size:15px;font-weight:600}}
.strong {{font-weight:700}}
.small {{font-size:10px;fill:{MUTED}}}
.none {{font-size:13px;font-style:italic;fill:{MUTED}}}
.axis {{stroke:{INK};stroke-width:1;fill:none}}
.grid {{stroke:{FAINT};stroke-width:1;fill:none}}
path.limit {{stroke:{MUTED};stroke-width:1;stroke-dasharray:4 4;fill:none}}
.sound {{stroke-width:1;stroke-opacity:.28;fill:none}}
.mean {{stroke-width:2;fill:none;stroke-linejoin:round}}
.dot {{fill:{PAPER};stroke-width:1.3}}
"""
