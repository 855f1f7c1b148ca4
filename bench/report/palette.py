"""Colours and marks of the ladder: muted, distinct for the colour-blind, and told by a letter or word as well."""

from __future__ import annotations

from bench.pilot.model import CpState
from bench.report.svg import BAD, EVSE, FAINT, GOOD, INK, MUTED, PAPER, PEV, UNSURE
from bench.sdp.evcc_table import EvccState
from bench.sdp.secc_table import SeccState
from bench.slac.evse_table import EvseState
from bench.slac.pev_table import PevState

STYLE = f"""
text {{fill:{INK};font-size:11px}}
.l {{text-anchor:start}}
.m {{text-anchor:middle}}
.r {{text-anchor:end}}
.title {{font-size:15px;font-weight:600}}
.verdict {{font-size:12px}}
.small {{font-size:10px}}
.tiny {{font-size:9px}}
.muted {{fill:{MUTED}}}
.detail {{fill:{MUTED}}}
.again {{fill:{MUTED}}}
.role {{font-size:13px;font-weight:700}}
.role.pev {{fill:{PEV}}}
.role.evse {{fill:{EVSE}}}
.mac {{font-size:9.5px;fill:{MUTED}}}
.time {{font-size:10px;fill:{MUTED};font-variant-numeric:tabular-nums}}
.tick {{stroke:{FAINT};stroke-width:1}}
.lane {{stroke:{INK};stroke-width:1.2;fill:none}}
.lane.modem {{stroke:{MUTED};stroke-width:.8;stroke-dasharray:2 3}}
.label {{paint-order:stroke;stroke:{PAPER};stroke-width:3px;stroke-linejoin:round}}
.arrow {{stroke-width:1.3;stroke:{MUTED};fill:{MUTED}}}
.arrow.pev {{stroke:{PEV};fill:{PEV}}}
.arrow.evse {{stroke:{EVSE};fill:{EVSE}}}
.arrow.local {{stroke-width:1}}
.arrow.thin {{stroke-width:.7}}
.arrow.dotted {{stroke-dasharray:2 2}}
.arrow.haze {{stroke:{FAINT};stroke-width:1}}
.arrow.lost {{stroke:{BAD};stroke-width:1.5;stroke-dasharray:5 3;fill:none}}
.cross {{stroke:{BAD};stroke-width:2;fill:none}}
.state {{stroke:{PAPER};stroke-width:.6}}
.state-name {{font-size:10px;paint-order:stroke;stroke:{PAPER};stroke-width:2.5px}}
.aside {{fill:{MUTED};font-style:italic}}
.cp {{stroke:{MUTED};stroke-width:.5}}
.pwm {{fill:url(#pwm)}}
.letter {{font-size:10px;font-weight:700;paint-order:stroke;stroke:{PAPER};stroke-width:2px;stroke-opacity:.75}}
.tear {{fill:{PAPER}}}
.edge {{stroke:{MUTED};stroke-width:1;fill:none}}
.gap {{font-size:10.5px;font-style:italic;fill:{MUTED};paint-order:stroke;stroke:{PAPER};stroke-width:5px}}
.remark {{font-size:10.5px;font-style:italic;fill:{MUTED};paint-order:stroke;stroke:{PAPER};stroke-width:3px}}
.bracket {{fill:none;stroke-width:2}}
.bracket.bad {{stroke:{BAD}}}
.bracket.unsure {{stroke:{UNSURE};stroke-dasharray:3 2}}
.badge.bad {{fill:{BAD}}}
.badge.unsure {{fill:{UNSURE}}}
.number {{font-size:9px;font-weight:700;fill:{PAPER}}}
text.bad,tspan.bad {{fill:{BAD};font-weight:600}}
text.good {{fill:{GOOD}}}
text.unsure {{fill:{UNSURE};font-weight:600}}
"""

PATTERNS = (
    '<pattern id="pwm" width="4" height="3" patternUnits="userSpaceOnUse">'
    f'<path d="M0 .5h4" stroke="{INK}" stroke-opacity=".28" stroke-width="1"/></pattern>'
)
"""The lines that tell PWM from a steady level."""

_PILOT = {
    CpState.A: ("cp-a", "#e6e9ed"),
    CpState.B: ("cp-b", "#bcd5ec"),
    CpState.C: ("cp-c", "#b9dfc4"),
    CpState.D: ("cp-d", "#e6dfa0"),
    CpState.E: ("cp-e", "#f0b98d"),
    CpState.F: ("cp-f", "#d9a3bb"),
    CpState.FAULT: ("cp-x", BAD),
}


def pilot_class(state: CpState) -> str:
    return _PILOT[state][0]


_WAITING = "waiting"
_GROUPS = {
    "rest": (
        "#dfe3e8",
        (EvseState.IDLE, EvseState.READY, EvseState.NO_SESSION, PevState.IDLE, EvccState.NO_NETWORK),
    ),
    "sounding": ("#6fa3cf", (EvseState.SOUNDING, PevState.SOUNDING, EvccState.ASKING)),
    "joining": ("#eccf86", (EvseState.JOINING, PevState.JOINING)),
    "linked": (
        "#8cc7a0",
        (EvseState.LINKED, EvseState.MATCHED, PevState.MATCHED, EvccState.DISCOVERED, SeccState.ANSWERED),
    ),
    "trouble": (
        "#dd8f88",
        (EvseState.GAVE_UP, EvseState.STEP_EF, PevState.PAUSE, PevState.UNMATCHED, EvccState.NOT_DISCOVERED),
    ),
    _WAITING: ("#b4cfe6", ()),
}
_CLASS = {state.value: group for group, (_, states) in _GROUPS.items() for state in states}


def state_class(state: str) -> str:
    """rest, waiting, sounding, joining, linked or trouble."""
    return _CLASS.get(state, _WAITING)


STATE_STYLE = "".join(
    [f".state.{group} {{fill:{colour}}}\n" for group, (colour, _) in _GROUPS.items()]
    + [f".cp.{name} {{fill:{colour}}}\n" for name, colour in _PILOT.values()]
)
