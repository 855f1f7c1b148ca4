"""The table of intervals: what is measured, as a person reads it, with the limit beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bench.analysis import Attempt
from bench.analysis.limits import (
    ATTEN_RESULTS,
    BATCH_TOLERANCE,
    START_TO_SOUND,
    TP_EV_BATCH_MSG_INTERVAL,
    TT_MATCH_JOIN,
    TT_MATCH_RESPONSE,
)
from bench.units import Ns, show, to_ms

Span: TypeAlias = Ns | tuple[Ns, ...] | None


@dataclass(frozen=True, slots=True)
class Row:
    """exceeded   whether the limit is passed, beyond what a recorder may add"""

    label: str
    measured: str
    limit: str = ""
    exceeded: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of the table: where the value comes from and what the rules allow."""

    label: str
    value: Callable[[Attempt], Span]
    maximum: Ns | None = None
    minimum: Ns | None = None
    tolerance: Ns = 0


SHORTEST, LONGEST = TP_EV_BATCH_MSG_INTERVAL


INTERVALS = (
    Interval("plugged in → first CM_SLAC_PARM.REQ", lambda a: a.plugged_to_request),
    Interval("first 5 % → first CM_SLAC_PARM.REQ", lambda a: a.digital_to_request),
    Interval("CM_SLAC_PARM.REQ repeated after", lambda a: a.timings.param_req_intervals),
    Interval("CM_SLAC_PARM.REQ → CNF", lambda a: a.timings.param_response, TT_MATCH_RESPONSE),
    Interval("CM_SLAC_PARM.CNF → first START_ATTEN_CHAR", lambda a: a.timings.param_cnf_to_start),
    Interval("START_ATTEN_CHAR → next", lambda a: a.timings.start_intervals, LONGEST, SHORTEST, BATCH_TOLERANCE),
    Interval("last START_ATTEN_CHAR → first sound", lambda a: a.timings.last_start_to_first_sound, START_TO_SOUND),
    Interval("sound → next", lambda a: a.timings.sound_intervals, LONGEST, SHORTEST, BATCH_TOLERANCE),
    Interval("last sound → CM_ATTEN_CHAR.IND", lambda a: a.timings.last_sound_to_atten_char_ind),
    Interval("first START → CM_ATTEN_CHAR.IND", lambda a: a.timings.start_to_atten_char_ind, ATTEN_RESULTS),
    Interval("CM_ATTEN_CHAR.IND → RSP", lambda a: a.timings.atten_char_rsp_latency_from_first_ind, TT_MATCH_RESPONSE),
    Interval("CM_ATTEN_CHAR.RSP → CM_SLAC_MATCH.REQ", lambda a: a.timings.match_req_delay),
    Interval("CM_SLAC_MATCH.REQ → CNF", lambda a: a.timings.match_cnf_latency, TT_MATCH_RESPONSE),
    Interval("answered request → CM_SLAC_MATCH.CNF", lambda a: a.timings.total_answered_req_to_match_cnf),
    Interval("CM_SLAC_PARM.CNF → CM_SLAC_MATCH.CNF", lambda a: a.timings.param_cnf_to_match_cnf),
    Interval(
        "CM_SLAC_MATCH.CNF → network",
        lambda a: a.network_proof.after_match_cnf if a.network_proof else None,
        TT_MATCH_JOIN,
    ),
)


def rows_of(attempt: Attempt) -> list[Row]:
    """The lines for what this attempt shows."""
    return [row for interval in INTERVALS if (row := _row(interval, interval.value(attempt))) is not None]


def _row(interval: Interval, value: Span) -> Row | None:
    if value is None or value == ():
        return None
    values = value if isinstance(value, tuple) else (value,)
    low, high = min(values), max(values)
    exceeded = (interval.maximum is not None and high > interval.maximum + interval.tolerance) or (
        interval.minimum is not None and low < interval.minimum - interval.tolerance
    )
    label = f"{interval.label} ({len(values)})" if len(values) > 1 else interval.label
    measured = show(high) if low == high else _range(low, high)
    return Row(label, measured, _limit(interval), exceeded)


def _limit(interval: Interval) -> str:
    if interval.maximum is None:
        return ""
    if interval.minimum is None:
        return show_limit(interval.maximum)
    return f"{to_ms(interval.minimum):.0f} … {to_ms(interval.maximum):.0f} ms"


def show_limit(limit: Ns) -> str:
    """`200 ms`, `12 s`"""
    value = to_ms(limit)
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.0f} s"


def _range(low: Ns, high: Ns) -> str:
    """`19.809 … 20.001 ms`; each end with its unit where they differ."""
    first, last = show(low), show(high)
    unit = last[-3:]
    return f"{first.removesuffix(unit)} … {last}" if first.endswith(unit) else f"{first} … {last}"
