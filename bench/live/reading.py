"""From a session to what the screen says of it."""

from __future__ import annotations

from collections.abc import Iterable

from bench.adapter import PlcAdapter
from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile, Verdict
from bench.limits import AFTER_MATCH, TO_SDP
from bench.live.ladder import Ladder
from bench.live.link import link_fact
from bench.live.session import Can, ListeningSession, Mode, Session, StationSession
from bench.live.state import Fact, Key, Timed, Tone
from bench.pilot.model import CpState, PilotReading, duty_meaning
from bench.report.timing import bounds, ms_text, timings_of
from bench.sniff.hearing import Statement, Sure
from bench.station import EvseStation, PevStation
from bench.units import Ns

WORDS = {Verdict.PASS: "ok", Verdict.FAIL: "outside", Verdict.INCONCLUSIVE: "too close"}
STATES = {
    CpState.A: "unplugged",
    CpState.B: "plugged in",
    CpState.C: "ready to charge",
    CpState.D: "ready to charge, with ventilation",
    CpState.E: "0 V",
    CpState.F: "not available",
    CpState.FAULT: "a level no pilot has",
}
GOOD_STATES = ("matched", "linked", "joined")
BAD_STATES = ("gave up", "failed")


def facts_of(session: Session, ladder: Ladder) -> tuple[Fact, ...]:
    """Pilot, machine, what became of the match, and adapter: a line each; machine and adapter of every station."""
    found = []
    reading = session.pilot()
    if reading is not None:
        found.append(Fact("pilot", pilot_text(reading), Tone.GOOD if reading.digital else Tone.PLAIN))
    if isinstance(session, StationSession):
        for station in session.setup.own_stations:
            text = machine_text(station, ladder)
            found.append(Fact("station" if station.name == "evse" else "car", text, state_tone(text)))
        found.append(link_fact(session.end(), session.since))
    several = len(session.adapters) > 1
    for adapter in session.adapters:
        found.append(_adapter(adapter, ladder, several=several))
        if isinstance(session, ListeningSession):
            found += shown_and_hidden(session.shows.get(adapter.name, []))
    found += [Fact("doubt", doubt, Tone.BAD, whole=True) for doubt in session.doubts[:1]]
    return tuple(found)


def shown_and_hidden(statements: Iterable[Statement]) -> list[Fact]:
    """What an adapter will show of others' SLAC and what it will not: `messages of cars (seen)`."""
    said: dict[bool | None, list[Statement]] = {True: [], False: [], None: []}
    for each in statements:
        said[each.shown].append(each)
    hidden = [_sides(said[False])] if said[False] else []
    if said[None]:
        hidden.append(f"not known: {', '.join(each.side.value for each in said[None])}")
    found = [Fact("shown", _sides(said[True]), whole=True)] if said[True] else []
    return [*found, Fact("hidden" if said[False] else "", "; ".join(hidden), whole=True)] if hidden else found


def _sides(statements: Iterable[Statement]) -> str:
    """By how sure it is, in the words of docs/sniffing.md."""
    by_sureness: dict[Sure, list[str]] = {}
    for each in statements:
        by_sureness.setdefault(each.sure, []).append(each.side.value)
    return ", ".join(f"{', '.join(sides)} ({SURENESS[sure]})" for sure, sides in by_sureness.items())


SURENESS = {
    Sure.SEEN: "seen",
    Sure.OTHER_FIRMWARE: "seen with other firmware",
    Sure.TOLD: "told",
    Sure.SUPPOSED: "supposed",
    Sure.UNKNOWN: "not known",
}


def pilot_text(reading: PilotReading) -> str:
    """`B2, plugged in, 5 %: high-level communication required (+9.0 V)`."""
    duty = reading.duty_cycle_pct
    words = [reading.label]
    if STATES[reading.state] != "not available":
        words.append(STATES[reading.state])
    if duty is not None:
        words.append(f"{duty:g} %: {duty_meaning(duty).value}")
    return f"{', '.join(words)} ({reading.high_v:+.1f} V)"


def machine_text(station: EvseStation | PevStation, ladder: Ladder) -> str:
    """State of the machine, of its last session where it has any, and why it is there."""
    text = str(station.machine.state.value)
    seen = ladder.states.get(station.name)
    if isinstance(station, EvseStation) and station.machine.sessions:
        # Discovery is no session: it begins when its session has already matched.
        others = (station.name, f"{station.name}/sdp")
        own = [
            state for name, state in ladder.states.items() if name not in others and name.startswith(f"{station.name}/")
        ]
        newest = max(own, key=lambda state: state.t, default=None)
        if newest is not None:
            return f"{text}, session {newest.state}: {newest.why}"
    return f"{text}: {seen.why}" if seen is not None and seen.state == text else text


def state_tone(text: str) -> Tone:
    if any(word in text for word in BAD_STATES):
        return Tone.BAD
    states = text.split(":")[0].replace(",", "").split()
    return Tone.GOOD if any(word in states for word in GOOD_STATES) else Tone.PLAIN


def _adapter(adapter: PlcAdapter, ladder: Ladder, *, several: bool) -> Fact:
    label = adapter.name.split(".")[0] if several else "adapter"
    if adapter.identity is None:
        return Fact(label, "not asked yet", Tone.FAINT)
    port = adapter.wire.port.name
    if port not in ladder.networks:
        network = "network not asked yet"
    elif (membership := ladder.networks[port]) is None:
        network = "in no network"
    else:
        others = "alone" if not membership.stations else f"with {membership.stations} other"
        network = f"{others} in {membership.nid}"
    version = adapter.identity.version
    if len(version) > LONGEST_VERSION:
        version = version[: LONGEST_VERSION - 1] + "…"
    linked = adapter.link_up_at is not None
    return Fact(label, f"{network}; {adapter.identity.mac} {version}", Tone.GOOD if linked else Tone.PLAIN)


LONGEST_VERSION = 30


def timings_shown(
    intervals: Iterable[Interval], uncertainty: Ns, profile: Profile = Profile.FIELD
) -> tuple[Timed, ...]:
    """Of each name the worst, by the limits of *profile*."""
    found = []
    for timing in timings_of(intervals, uncertainty):
        judged = timing.judged(profile)
        low = timing.limit.bounds(field=profile is Profile.FIELD)[0]
        worst = timing.maximum
        if low is not None and judged.margin is not None and timing.minimum - low == judged.margin:
            worst = timing.minimum
        name = timing.limit.name
        found.append(
            Timed(
                name,
                ms_text(worst) + " ms",
                bounds(timing.limit, profile),
                WORDS[judged.verdict],
                after_match=name in AFTER_MATCH,
                felt=name == TO_SDP,
            )
        )
    return tuple(found)


def keys_for(modes: Iterable[Mode], session: Session | None) -> tuple[Key, ...]:
    """What can be pressed now. *modes*: those of the rig."""
    offered = set(modes)

    def can(what: Can) -> bool:
        return session is not None and session.can(what)

    return (
        Key("P", "car", Mode.PEV in offered),
        Key("E", "station", Mode.EVSE in offered),
        Key("L", "listen", Mode.LISTEN in offered),
        Key("5", "5 %", can(Can.DUTY)),
        Key("X", "100 %", can(Can.DUTY)),
        Key("F", "0 %", can(Can.DUTY)),
        Key("U", "plug in/out", can(Can.PLUG)),
        Key("S", "new key", can(Can.ADAPTER)),
        Key("R", "restart adapter", can(Can.ADAPTER)),
        Key("T", "test frame", can(Can.ADAPTER)),
        Key("C", "record", session is not None),
        Key("?", "help"),
        Key("x", "leave"),
    )


ANSWERS = (Key("Enter", "it is done"), Key("q", "not now"), Key("x", "leave"))
"""Instead of all keys, while a person is asked."""


def header(session: Session | None) -> str:
    """What the bench is, and to whom."""
    if session is None:
        return "nothing is open"
    ends = {Mode.PEV: "station: ", Mode.EVSE: "car: ", Mode.LISTEN: "to "}
    return f"{session.mode.value}   {ends[session.mode]}{session.other}"
