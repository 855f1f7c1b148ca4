"""What became of a match, in one line: joining, in one network, found by SDP; or why not."""

from __future__ import annotations

from typing import TypeVar

from bench.live.state import Fact, Tone
from bench.machine import Ignored
from bench.report.messages import where
from bench.sdp.evcc_table import EvccState
from bench.sdp.events import Answered, Discovered, SdpEvent
from bench.sdp.secc_table import SeccState
from bench.sdp.timers import COMMUNICATION_SETUP
from bench.slac.events import AttemptFailed, Event, LinkLost
from bench.slac.pev_table import ATTEMPT, PevState
from bench.slac.timers import TIMERS
from bench.station import EvseStation, PevStation
from bench.units import Ns, to_s

E = TypeVar("E", bound=Event | SdpEvent)


def link_fact(station: EvseStation | PevStation, since: Ns) -> Fact:
    """As *station* sees it. *since*: what was before belongs to a match that nobody looks at any more."""
    text, tone = _of_car(station) if isinstance(station, PevStation) else _of_station(station)
    if not text:
        text, tone = _without(station, since)
    return Fact("link", text, tone, whole=True)


def _of_car(car: PevStation) -> tuple[str, Tone]:
    """Empty: there is no network."""
    match car.sdp.state:
        case EvccState.NO_NETWORK:
            return _joining(car) if car.machine.state is PevState.JOINING else ("", Tone.PLAIN)
        case EvccState.CLAIMING:
            return "up, claiming its IPv6 address", Tone.PLAIN
        case EvccState.ASKING:
            settings, evcc = car.sdp.settings, car.sdp.evcc
            security = settings.securities[evcc.place]
            asked = f"{evcc.sends} of {settings.requests} requests"
            answers = "answers refused" if _last_refused(car) else "no answer yet"
            return f"up, asking by SDP for {security.text}: {asked}, {answers}", Tone.PLAIN
        case EvccState.DISCOVERED:
            found = _last(car, Discovered)
            return f"up, station discovered at {where(found.secc)}" if found else "up", Tone.GOOD
        case EvccState.NOT_DISCOVERED:
            refused = _last_refused(car)
            why = f": {refused.why}" if refused else ""
            return f"up, no station discovered in {car.sdp.evcc.requests} requests{why}", Tone.BAD


def _of_station(station: EvseStation) -> tuple[str, Tone]:
    """Empty: there is no network that a match led into."""
    if station.sdp.state is SeccState.NO_NETWORK:
        return "", Tone.PLAIN
    up_at = station.adapter.link_up_at
    if up_at is None:
        return _joining(station)
    answered = _last(station, Answered) if station.sdp.state is SeccState.ANSWERED else None
    if answered is not None:
        asked, offers = answered.request.security, station.sdp.settings.security
        answer = " and answered" if asked == offers else f", answered: {offers.text}"
        return f"up with {answered.evcc_mac}, asked by SDP for {asked.text}{answer}", Tone.GOOD
    waited = station.now() - up_at
    if waited > COMMUNICATION_SETUP:
        return f"up, no SDP request of the car for {_seconds(waited)}", Tone.BAD
    return f"up, waiting for the car's SDP request ({_of(waited, COMMUNICATION_SETUP)})", Tone.PLAIN


def _joining(station: EvseStation | PevStation) -> tuple[str, Tone]:
    match = station.matched()
    assert match is not None
    return f"joining ({_of(station.now() - match.t, TIMERS.tt_match_join)})", Tone.PLAIN


def _without(station: EvseStation | PevStation, since: Ns) -> tuple[str, Tone]:
    """No network: not yet, not any more, or in vain."""
    match = station.matched()
    if match is None or match.t < since or _tries_again(station):
        return "none yet", Tone.FAINT
    for event in reversed(station.events):
        if isinstance(event, LinkLost):
            return f"over: {event.why}", Tone.PLAIN
        if isinstance(event, AttemptFailed) and event.t >= match.t:
            return f"not joined: {event.why}", Tone.BAD
    return "none yet", Tone.FAINT


def _tries_again(station: EvseStation | PevStation) -> bool:
    if isinstance(station, PevStation):
        return station.machine.state in ATTEMPT
    return bool(station.machine.sessions)


def _last(station: EvseStation | PevStation, kind: type[E]) -> E | None:
    return next((event for event in reversed(station.events) if isinstance(event, kind)), None)


def _last_refused(car: PevStation) -> Ignored | None:
    """An answer of this network that the car did not take."""
    since = car.adapter.link_up_at or 0
    for event in reversed(car.events):
        if event.t < since:
            return None
        if isinstance(event, Ignored) and event.what == "SDP response":
            return event
    return None


def _of(passed: Ns, allowed: Ns) -> str:
    """`2.1 s of 12 s`."""
    return f"{_seconds(passed)} of {to_s(allowed):g} s"


def _seconds(t: Ns) -> str:
    return f"{to_s(t):.1f} s"
