"""What a chart leaves out so that it stays readable: polling of a modem, endless repetitions, the middle of a flood.

Nothing disappears without a line that says how much, and the capture beside the chart has every frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from bench.mme import CmAttenProfileInd, VsAttenCharInd
from bench.report.lanes import Lane
from bench.report.messages import details
from bench.report.reading import Arrow, Item
from bench.units import Ns, ms, to_ms

POLLS_SHOWN = 4
"""Requests to a modem and its answers, one after the other, before they become one line."""
REPEATS_SHOWN = 12
"""Ten sounds are drawn one by one, a hundred requests are not."""
LONGEST_PATTERN = 4
LINES_SHOWN = 150
DOUBLE_WITHIN: Ns = ms(20)
TELLING = ("CM_SET_KEY", "CM_ATTEN_PROFILE", "VS_ATTEN_CHAR")
"""Messages between host and modem that belong to the story."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One line for *count* items between *t* and *t_end*. *source* and *target* are None for a mix of lanes."""

    t: Ns
    t_end: Ns
    source: Lane | None
    target: Lane | None
    count: int
    text: str


Line: TypeAlias = Item | Fold


def fold(items: Sequence[Item], show_keys: bool = False) -> list[Line]:
    """*items* in the same order, with folds in place of what was left out."""
    return _without_flood(_without_repetitions(_without_polling(_without_doubles(items), show_keys)))


def _without_doubles(items: Sequence[Item]) -> list[Item]:
    """A modem's vendor-specific report just before the standard one of the same profile is not drawn twice."""
    doubles: set[int] = set()
    vendor: Arrow | None = None
    for item in items:
        if not isinstance(item, Arrow):
            continue
        mme = item.mme
        if isinstance(mme, VsAttenCharInd):
            vendor = item
        elif isinstance(mme, CmAttenProfileInd) and vendor is not None:
            told = vendor.mme
            assert isinstance(told, VsAttenCharInd)
            if item.t - vendor.t <= DOUBLE_WITHIN and (told.pev_mac, told.aag) == (mme.pev_mac, mme.aag):
                doubles.add(id(vendor))
                item.also = vendor.name
            vendor = None
    return [item for item in items if id(item) not in doubles]


def is_polling(item: Line) -> bool:
    return isinstance(item, Arrow) and item.local and not item.name.startswith(TELLING)


def _without_polling(items: Sequence[Item], show_keys: bool) -> list[Line]:
    lines: list[Line] = []
    quiet: list[Arrow] = []
    for item in items:
        if isinstance(item, Arrow) and is_polling(item):
            quiet.append(item)
        else:
            lines += _folded_polls(quiet, show_keys)
            quiet = []
            lines.append(item)
    return lines + _folded_polls(quiet, show_keys)


def _folded_polls(quiet: list[Arrow], show_keys: bool) -> list[Line]:
    """The polls of each host as one line, where there are many."""
    if len(quiet) <= POLLS_SHOWN:
        return list(quiet)
    by_host: dict[Lane, list[Arrow]] = {}
    for arrow in quiet:
        host = arrow.targets[0] if arrow.source.modem and arrow.targets else arrow.source
        by_host.setdefault(host, []).append(arrow)
    lines: list[Line] = []
    for host, arrows in by_host.items():
        if len(arrows) <= POLLS_SHOWN:
            lines += arrows
            continue
        modem = next((lane for a in arrows for lane in (a.source, *a.targets) if lane.modem), None)
        lines.append(Fold(arrows[0].t, arrows[-1].t, host, modem, len(arrows), _polls_text(arrows, show_keys)))
    return sorted(lines, key=lambda line: line.t)


def _polls_text(arrows: list[Arrow], show_keys: bool) -> str:
    """`VS_NW_INFO ×24, every 250 ms; at last: 1 in the network`; where answers are missing, `.REQ ×24 .CNF ×22`"""
    counts: dict[str, Counter[str]] = {}
    for arrow in arrows:
        base, dot, mode = arrow.name.partition(".")
        counts.setdefault(base, Counter())[dot + mode] += 1
    text = ", ".join(base + _modes_text(modes) for base, modes in counts.items())
    requests = [a.t for a in arrows if a.name == arrows[0].name]
    if len(counts) == 1 and len(requests) > 2:
        text += f", every {_interval_ms(requests)} ms"
    last = next((said for a in reversed(arrows) if a.mme and (said := details(a.mme, show_keys))), "")
    return f"{text}; at last: {last}" if last else text


def _modes_text(modes: Counter[str]) -> str:
    if len(modes) == 2 and len(set(modes.values())) == 1:
        return f" ×{modes.total() // 2}"
    return " ".join(f"{mode} ×{count}" for mode, count in modes.items())


def _interval_ms(instants: Sequence[Ns]) -> str:
    return f"{to_ms(int(median(b - a for a, b in pairwise(instants)))):.0f}"


def _without_repetitions(lines: list[Line]) -> list[Line]:
    kinds = [None if isinstance(line, Fold) else (type(line), *line.kind) for line in lines]
    kept: list[Line] = []
    at = 0
    while at < len(lines):
        size, times = _pattern_at(kinds, at)
        if times <= REPEATS_SHOWN:
            kept.append(lines[at])
            at += 1
            continue
        cycles = [lines[at + size * i : at + size * (i + 1)] for i in range(times)]
        hidden = cycles[2:-1]
        kept += cycles[0] + cycles[1]
        kept.append(_fold_of([line for cycle in hidden for line in cycle], size, len(hidden)))
        kept += cycles[-1]
        at += size * times
    return kept


def _pattern_at(kinds: list[tuple[object, ...] | None], at: int) -> tuple[int, int]:
    """The shortest pattern that begins here and is repeated often enough to fold, and how often it is."""
    for size in range(1, LONGEST_PATTERN + 1):
        pattern = kinds[at : at + size]
        if None in pattern:
            break
        times = 1
        while kinds[at + size * times : at + size * (times + 1)] == pattern:
            times += 1
        if times > REPEATS_SHOWN:
            return size, times
    return 1, 1


def _fold_of(hidden: list[Line], size: int, times: int) -> Fold:
    first, last = hidden[0], hidden[-1]
    arrow = next((line for line in hidden if isinstance(line, Arrow)), None)
    what = arrow.name if size == 1 and arrow else "the same" if size == 1 else f"the last {size} lines"
    text = f"{what}, {times} times more"
    starts = [line.t for line in hidden[::size]]
    if len(starts) > 2:
        text += f", every {_interval_ms(starts)} ms"
    target = arrow.targets[0] if arrow and arrow.targets else None
    return Fold(first.t, last.t, arrow.source if arrow else None, target, len(hidden), text)


def _without_flood(lines: list[Line]) -> list[Line]:
    if len(lines) <= LINES_SHOWN:
        return lines
    head, tail = LINES_SHOWN * 3 // 5, LINES_SHOWN * 2 // 5
    hidden = lines[head:-tail]
    note = Fold(hidden[0].t, hidden[-1].t, None, None, len(hidden), f"{len(hidden)} lines not drawn; see the capture")
    return [*lines[:head], note, *lines[-tail:]]
