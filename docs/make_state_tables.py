"""Writes docs/slac-states.md and docs/sdp-states.md from the tables the machines run on, so that text and code agree.

python docs/make_state_tables.py
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.machine import Row, Table, TimersOf
from bench.sdp import evcc_table, secc_table
from bench.sdp.timers import COMMUNICATION_SETUP, MOST_REQUESTS, SDP_TIMERS
from bench.slac.evse_table import (
    SESSION_ONS,
    SESSION_STATES,
    SESSION_TABLE,
    STATION_ONS,
    STATION_STATES,
    STATION_TABLE,
    EvseState,
)
from bench.slac.evse_table import TIMERS_OF as EVSE_TIMERS
from bench.slac.pev_table import TABLE as PEV_TABLE
from bench.slac.pev_table import TIMERS_OF as PEV_TIMERS
from bench.slac.pev_table import PevOn, PevState
from bench.slac.standard import ALLOWED
from bench.slac.timers import TIMERS, Timers
from bench.units import show

OUTPUT = Path(__file__).with_name("slac-states.md")
SDP_OUTPUT = Path(__file__).with_name("sdp-states.md")

HEAD = """\
# SLAC states

Made by `docs/make_state_tables.py` from the tables in `bench/slac/evse_table.py` and `bench/slac/pev_table.py`; a test
keeps it current. Rows are what can happen, columns the states.

- **state** `action`: go to that state (its timers start), then do the action; *anew* is the same state once more
- `action` alone: stay, timers go on
- a number: nothing happens, and the machine says so; the reason stands under the table
- an empty cell: cannot be, because a session begins with CM_SLAC_PARM.REQ
"""


def render() -> str:
    parts = [
        HEAD,
        timers(),
        "## EVSE: the station\n",
        *section(STATION_TABLE, STATION_STATES, STATION_ONS, EVSE_TIMERS),
        "## EVSE: a session, one per PEV and RunID\n",
        *section(SESSION_TABLE, (EvseState.NO_SESSION, *SESSION_STATES), SESSION_ONS, EVSE_TIMERS),
        "## PEV\n",
        *section(PEV_TABLE, tuple(PevState), tuple(PevOn), PEV_TIMERS),
    ]
    return "\n".join(parts)


SDP_HEAD = f"""\
# SDP states

Made by `docs/make_state_tables.py` from the tables in `bench/sdp/evcc_table.py` and `bench/sdp/secc_table.py`; a test
keeps it current. To be read as [slac-states.md](slac-states.md).

| time or count | ours | from where |
| --- | --- | --- |
| before the first request | {show(SDP_TIMERS.t_begin)} | as long as cars claim their address |
| to answer a request | {show(SDP_TIMERS.t_response)} | as implemented by others, and as cars repeat |
| requests with one security | {MOST_REQUESTS} | as implemented by others, and as a Q4 e-tron does |
| network to SessionSetupRes | {show(COMMUNICATION_SETUP)} | V2G_EVCC_CommunicationSetup_Timeout; judged only |
"""


def render_sdp() -> str:
    evcc, secc = evcc_table, secc_table
    parts = [
        SDP_HEAD,
        "## EVCC: the car\n",
        *section(evcc.TABLE, tuple(evcc.EvccState), tuple(evcc.EvccOn), evcc.TIMERS_OF),
        "## SECC: the station\n",
        *section(secc.TABLE, tuple(secc.SeccState), tuple(secc.SeccOn), secc.TIMERS_OF),
    ]
    return "\n".join(parts)


def timers() -> str:
    """Every time of the standard, and those of them that the machines wait for."""
    waited = {field.name for field in fields(Timers)}
    lines = ["## Timers\n", "| name | side | ISO 15118-3 | our machines wait |", "| --- | --- | --- | --- |"]
    for name, allowed in ALLOWED.items():
        ours = show(getattr(TIMERS, name.lower())) if name.lower() in waited else ""
        lines.append(f"| {name} | {allowed.side} | {allowed} | {ours} |")
    return "\n".join(lines) + "\n"


def section(
    table: Table,
    states: Sequence[enum.Enum],
    ons: Sequence[enum.Enum],
    timers_of: TimersOf,
) -> Iterable[str]:
    yield diagram(table, states, ons, timers_of)
    yield matrix(table, states, ons)


def diagram(table: dict, states: Sequence[enum.Enum], ons: Sequence[enum.Enum], timers_of: dict) -> str:
    """Changes of state; those that lead from nearly everywhere to one place are told in words."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for state in states:
        running = ", ".join(on.value for on in timers_of.get(state, {}))
        lines.append(f"    {state.name}: {state.value}" + (f" ({running})" if running else ""))
    arrows: dict[tuple[str, str], list[str]] = {}
    everywhere: list[str] = []
    for on in ons:
        changes = [
            row for state in states if (row := table.get((state, on))) and row.to is not None and row.to is not state
        ]
        if len(changes) >= max(3, len(states) - 3) and len({row.to for row in changes}) == 1:
            origins = ", ".join(row.state.value for row in changes)
            everywhere.append(f"- {on.value}: to **{changes[0].to.value}** from {origins}")
            continue
        for row in changes:
            arrows.setdefault((row.state.name, row.to.name), []).append(on.value)
    lines += [f"    {old} --> {new}: {' / '.join(ons)}" for (old, new), ons in arrows.items()]
    lines.append("```\n")
    if everywhere:
        lines += ["Not drawn, because they lead from nearly everywhere to one place:\n", *everywhere, ""]
    return "\n".join(lines)


def matrix(table: dict, states: Sequence[enum.Enum], ons: Sequence[enum.Enum]) -> str:
    reasons: dict[str, int] = {}

    def cell(row: Row | None) -> str:
        if row is None:
            return ""
        if row.ignores:
            return str(reasons.setdefault(row.why, len(reasons) + 1))
        where = "" if row.to is None else "*anew*" if row.to is row.state else f"**{row.to.value}**"
        return " ".join(part for part in (where, f"`{row.action}`" if row.action else "") if part)

    lines = [
        "| | " + " | ".join(state.value for state in states) + " |",
        "| --- |" + " --- |" * len(states),
        *(f"| {on.value} | " + " | ".join(cell(table.get((state, on))) for state in states) + " |" for on in ons),
        "",
        *(f"{number}. {why}" for why, number in reasons.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    OUTPUT.write_text(render(), encoding="utf-8")
    SDP_OUTPUT.write_text(render_sdp(), encoding="utf-8")
