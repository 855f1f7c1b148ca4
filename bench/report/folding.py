"""What a chart leaves out so that it stays readable: polling of a modem, IPv6's housekeeping, endless repetitions, the
middle of a flood.

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
    """One line for *count* items between *t* and *t_end*. *source* and *target* are None for a mix of lanes.

    thin   drawn as a single faint mark: what it hides tells nothing
    """

    t: Ns
    t_end: Ns
    source: Lane | None
    target: Lane | None
    count: int
    text: str
    thin: bool = False


Line: TypeAlias = Item | Fold


def fold(items: Sequence[Item], show_keys: bool = False) -> list[Line]:
    """*items* in the same order, with folds in place of what was left out."""
    return _without_flood(_without_polling(_without_repetitions(_without_doubles(items)), show_keys))


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


def is_quiet(item: Line) -> bool:
    """What goes on all the time and tells nothing: polling of a modem, and IPv6's housekeeping."""
    return is_polling(item) or (isinstance(item, Arrow) and item.housekeeping)


def is_polling(item: Line) -> bool:
    return isinstance(item, Arrow) and item.local and not item.name.startswith(TELLING)


def _without_polling(items: Sequence[Line], show_keys: bool) -> list[Line]:
    lines: list[Line] = []
    quiet: list[Arrow] = []
    for item in items:
        if isinstance(item, Arrow) and is_quiet(item):
            quiet.append(item)
        else:
            lines += _folded_quiet(quiet, show_keys)
            quiet = []
            lines.append(item)
    return lines + _folded_quiet(quiet, show_keys)


def _folded_quiet(quiet: list[Arrow], show_keys: bool) -> list[Line]:
    polls = _folded_polls([arrow for arrow in quiet if not arrow.housekeeping], show_keys)
    housekeeping = _folded_housekeeping([arrow for arrow in quiet if arrow.housekeeping])
    return sorted(polls + housekeeping, key=lambda line: line.t)


def _folded_housekeeping(arrows: list[Arrow]) -> list[Line]:
    """What each host sends by itself as one line, where it is more than one."""
    by_host: dict[Lane, list[Arrow]] = {}
    for arrow in arrows:
        by_host.setdefault(arrow.source, []).append(arrow)
    lines: list[Line] = []
    for host, own in by_host.items():
        if len(own) == 1:
            lines += own
            continue
        counts = Counter(arrow.name for arrow in own)
        text = ", ".join(name + (f" ×{count}" if count > 1 else "") for name, count in counts.items())
        target = own[0].targets[0] if own[0].targets else None
        lines.append(Fold(own[0].t, own[-1].t, host, target, len(own), text, thin=True))
    return lines


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


def _without_repetitions(items: Sequence[Item]) -> list[Line]:
    """Quiet items between the repeated ones do not part them."""
    loud = [i for i, item in enumerate(items) if not is_quiet(item)]
    kinds: list[tuple[object, ...]] = [(type(items[i]), *items[i].kind) for i in loud]
    kept: list[Line] = []
    told = at = 0
    while at < len(loud):
        size, times = _pattern_at(kinds, at)
        if times > REPEATS_SHOWN:
            hidden = loud[at + 2 * size : at + (times - 1) * size]
            first, end = hidden[0], hidden[-1] + 1
            kept += items[told:first]
            between = end - first - len(hidden)
            kept.append(_fold_of([items[i] for i in hidden], size, times - 3, between))
            told = end
        at += size * times
    return [*kept, *items[told:]]


def _pattern_at(kinds: list[tuple[object, ...]], at: int) -> tuple[int, int]:
    """The shortest pattern that begins here and is repeated often enough to fold, and how often it is."""
    for size in range(1, LONGEST_PATTERN + 1):
        pattern = kinds[at : at + size]
        times = 1
        while kinds[at + size * times : at + size * (times + 1)] == pattern:
            times += 1
        if times > REPEATS_SHOWN:
            return size, times
    return 1, 1


def _fold_of(hidden: list[Item], size: int, times: int, between: int) -> Fold:
    """*between*: how many quiet items go with it."""
    first, last = hidden[0], hidden[-1]
    arrow = next((line for line in hidden if isinstance(line, Arrow)), None)
    what = "the same" if size == 1 else f"the last {size} lines"
    if arrow and (size == 1 or between):
        what = arrow.name if size == 1 else f"{arrow.name} and what follows"
    text = f"{what}, {times} times more"
    starts = [line.t for line in hidden[::size]]
    if len(starts) > 2:
        text += f", every {_interval_ms(starts)} ms"
    if between:
        text += f", {between} lines between"
    target = arrow.targets[0] if arrow and arrow.targets else None
    return Fold(first.t, last.t, arrow.source if arrow else None, target, len(hidden) + between, text)


def _without_flood(lines: list[Line]) -> list[Line]:
    if len(lines) <= LINES_SHOWN:
        return lines
    head, tail = LINES_SHOWN * 3 // 5, LINES_SHOWN * 2 // 5
    hidden = lines[head:-tail]
    note = Fold(hidden[0].t, hidden[-1].t, None, None, len(hidden), f"{len(hidden)} lines not drawn; see the capture")
    return [*lines[:head], note, *lines[-tail:]]
