"""From a state to the lines of a screen. Pure: the same state and size give the same lines.

Every line is exactly as wide as the screen, and there are exactly as many as it is high.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TypeAlias

from bench.live.state import Fact, Key, State, Step, Timed, Tone

Span: TypeAlias = tuple[str, Tone]
Line: TypeAlias = tuple[Span, ...]

NARROWEST, LOWEST = 60, 16
"""Below that there is no room for what matters, and the screen says so."""
BESIDE_FROM = 136
"""Columns from which the timings stand beside the messages."""
TIMINGS_WIDTH = 70
MOST_NOTICE = 3
"""Lines. A remedy stands at the end of what is said, so it must not be cut off."""
LABEL_WIDTH = 9
TIME_WIDTH = 9
NAME_WIDTH = 27

WORD_TONES = {"ok": Tone.GOOD, "outside": Tone.BAD, "too close": Tone.DOUBTFUL}
URGENCY = {"outside": 0, "too close": 1, "ok": 2}

HELP = (
    "P   the bench is the car: it plugs in, is matched, asks for the station by SDP",
    "E   the bench is the charging station: it offers 5 %, matches and answers SDP",
    "L   the bench only listens: no SDP, which is said in the network of the two",
    "",
    "5   duty cycle 5 %: talk to me        X   100 % (X1): no offer",
    "F   0 %, steady -12 V: not available  U   plug in, or pull the plug out",
    "S   give the adapter a new key        R   restart the adapter",
    "T   test frame: a broadcast VS_SW_VER, which adapters answer",
    "C   record into a pcapng capture; C again ends it",
    "?   this help, on and off             x   leave: pilot at rest, all closed",
    "",
    "Messages: time since CM_SLAC_PARM.REQ; → the bench sent it, ← it came in.",
    "Timings: ok, outside their limit, or too close to it for this bench to say.",
    "Network keys are shown by their first and last octet only.",
)


def screen(state: State, width: int, height: int) -> list[Line]:
    """*height* lines of *width* columns."""
    if width < NARROWEST or height < LOWEST:
        text = f"bench live needs {NARROWEST} columns and {LOWEST} lines; this is {width} x {height}. x leaves."
        cut = [text[at : at + width] for at in range(0, len(text), max(1, width))]
        return _filled([((piece, Tone.PLAIN),) for piece in cut], width, height)
    head = [_title(state, width), *_facts(state.facts, width)[: height // 3], *_coming(state)]
    foot = [*_notice(state, width), *_keys(state.keys, width)]
    room = height - len(head) - len(foot)
    body = _help(width) if state.asks else _body(state, width, room)
    return _filled([*head, *_filled(body, width, room), *foot], width, height)


def _title(state: State, width: int) -> Line:
    text = f" bench live   rig {state.rig}   {state.mode}"
    return ((f"{_fit(text, width - 1):<{width}}", Tone.TITLE),)


def _notice(state: State, width: int) -> list[Line]:
    """At least one line, empty or not, so that the screen does not jump whenever there is something short to say."""
    lines = wrap(state.question or state.notice, width) or [""]
    if len(lines) > MOST_NOTICE:
        lines = [*lines[: MOST_NOTICE - 1], _fit(" ".join(lines[MOST_NOTICE - 1 :]), width)]
    tone = Tone.DOUBTFUL if state.question else Tone.BAD if state.alarm else Tone.PLAIN
    return [((line, tone),) for line in lines]


def _facts(facts: Sequence[Fact], width: int) -> list[Line]:
    room = width - LABEL_WIDTH - 1
    lines: list[Line] = []
    for fact in facts:
        first, *more = wrap(fact.text, room) if fact.whole else [_fit(fact.text, room)]
        lines.append(((f" {fact.label:<{LABEL_WIDTH}}", Tone.LABEL), (first, fact.tone)))
        lines += [((" " * (LABEL_WIDTH + 1), Tone.LABEL), (text, fact.tone)) for text in more]
    return lines


def _coming(state: State) -> list[Line]:
    return [((f" {'next':<{LABEL_WIDTH}}", Tone.LABEL), (state.coming, Tone.DOUBTFUL))] if state.coming else []


def _body(state: State, width: int, room: int) -> list[Line]:
    if width >= BESIDE_FROM:
        left = width - TIMINGS_WIDTH - 1
        messages = _filled(_messages(state, left, room), left, room)
        timings = _filled(_timings(state, TIMINGS_WIDTH, room), TIMINGS_WIDTH, room)
        return [(*one, (" ", Tone.PLAIN), *other) for one, other in zip(messages, timings, strict=True)]
    below = min(len(state.timings) + 1, room * 2 // 5) if state.timings else 0
    return [
        *_filled(_messages(state, width, room - below), width, room - below),
        *(_timings(state, width, below) if below else ()),
    ]


def _messages(state: State, width: int, room: int) -> list[Line]:
    lines = [_rule(f"messages, recorded to {state.capture}" if state.capture else "messages", width)]
    if not state.steps:
        return [*lines, ((" none yet", Tone.FAINT),)]
    return lines + [_step(step, width) for step in state.steps[-(room - 1) :]]


def _step(step: Step, width: int) -> Line:
    tone = Tone.FAINT if step.mark == "·" and step.tone is Tone.PLAIN else step.tone
    start = f"{step.time:>{TIME_WIDTH}} {step.mark} "
    rest = width - len(start)
    column = min(NAME_WIDTH, rest - len(step.details) - 1)  # where that is enough for all of them
    name = f"{step.name:<{column if column >= len(step.name) else NAME_WIDTH}}" if step.details else step.name
    name = _fit(name, rest)
    details = _fit(f" {step.details}", rest - len(name)) if step.details else ""
    return (start, Tone.FAINT), (name, tone), (details, Tone.FAINT)


def _timings(state: State, width: int, room: int) -> list[Line]:
    """What is not ok first; where not all fit, the newest before the others, and how many are left out and how they
    are. What people feel is never left out."""
    ordered = sorted(state.timings, key=lambda one: URGENCY[one.word])
    of = f"timings by {state.limits} limits" if state.limits else "timings"
    lines = [_rule(f"{of}, known to {state.uncertainty}" if state.uncertainty else of, width)]
    if not ordered:
        return [*lines, ((" none yet", Tone.FAINT),)]
    if len(ordered) > room - 1:
        ordered.sort(key=lambda one: (URGENCY[one.word], not one.felt, not one.after_match))
        shown, rest = ordered[: max(0, room - 2)], ordered[max(0, room - 2) :]
        if shown and (felt := next((one for one in rest if one.felt), None)) is not None:
            rest = [shown.pop(), *(one for one in rest if one is not felt)]
            shown.append(felt)
        counts = [f"{n} {word}" for word in URGENCY if (n := sum(one.word == word for one in rest))]
        worst = min(rest, key=lambda one: URGENCY[one.word])
        return [*lines, *(_timed(one, width) for one in shown), ((f" and {', '.join(counts)}", _tone(worst)),)]
    return [*lines, *(_timed(one, width) for one in ordered)]


def _timed(one: Timed, width: int) -> Line:
    end = f"{one.value:>10}  {one.limit:<13} "
    name = _fit(f" {one.name}", width - len(end) - len("too close"))
    return (
        (f"{name:<{width - len(end) - len('too close')}}", Tone.PLAIN),
        (end, Tone.FAINT),
        (f"{one.word:<9}", _tone(one)),
    )


def _tone(one: Timed) -> Tone:
    return WORD_TONES[one.word]


def _help(width: int) -> list[Line]:
    return [_rule("help", width), *(((_fit(f" {line}", width), Tone.PLAIN),) for line in HELP)]


def _rule(name: str, width: int) -> Line:
    return ((_fit(f"── {name} ".ljust(width, "─"), width), Tone.LABEL),)


def _keys(keys: Iterable[Key], width: int) -> list[Line]:
    """Those that work, broken into lines between two of them."""
    lines: list[list[Span]] = [[]]
    used = 0
    for key in keys:
        if not key.works:
            continue
        need = len(key.name) + len(key.does) + 3
        if used and used + need > width:
            lines.append([])
            used = 0
        lines[-1] += [(f" {key.name}", Tone.KEY), (f" {key.does} ", Tone.PLAIN)]
        used += need
    return [tuple(line) for line in lines]


def _fit(text: str, width: int) -> str:
    """*text* in at most *width* columns; what was cut off is told by an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"[:width]


def _filled(lines: Iterable[Line], width: int, height: int) -> list[Line]:
    """Exactly *height* lines of *width* columns."""
    filled = [_padded(line, width) for line in lines][:height]
    return filled + [((" " * width, Tone.PLAIN),)] * (height - len(filled))


def _padded(line: Line, width: int) -> Line:
    used = sum(len(text) for text, _ in line)
    return line if used == width else (*line, (" " * (width - used), Tone.PLAIN))


def text_of(lines: Iterable[Line]) -> str:
    """As a terminal without colours shows it."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
