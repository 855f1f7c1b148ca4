"""What a log of the station tells of the control pilot, on the clock of the capture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bench.pilot.model import DutyMeaning, duty_meaning
from bench.units import Ns, ms

LATE: tuple[Ns, Ns] = (ms(26), ms(160))
"""How much later than the edge a station's log has it: medians of two programs at real stations."""


class PilotKind(StrEnum):
    """What happened. Those up to LEFT_BCD have the names of the ground truth beside the real captures."""

    CAR_CONNECTED = "car_connected"
    CAR_UNPLUGGED = "car_unplugged"
    PWM_ON = "pwm_on"
    PWM_OFF = "pwm_off"
    STATE_C = "state_c"
    STATE_B = "state_b"
    ENTERED_BCD = "entered_bcd"
    LEFT_BCD = "left_bcd"
    STATE_A = "state_a"
    STATE_D = "state_d"
    STATE_E = "state_e"
    STATE_F = "state_f"


PLUGS = {
    PilotKind.CAR_CONNECTED: True,
    PilotKind.STATE_B: True,
    PilotKind.STATE_C: True,
    PilotKind.STATE_D: True,
    PilotKind.ENTERED_BCD: True,
    PilotKind.CAR_UNPLUGGED: False,
    PilotKind.STATE_A: False,
}
"""Whether a car is plugged in afterwards; the others do not tell."""
STATES, EVENT_LOG = "states", "everest"
"""Forms of a log."""
REPEATED = "repeated by the station, the car was not in state C before"


@dataclass(frozen=True, slots=True)
class PilotEdge:
    """One change, at the time of its log.

    state      after it, where it is known: `B`, `B, C or D`
    duty_pct   of PWM_ON, None where the log does not tell it
    text       the words of the log
    note       why it is no change at all
    """

    t: Ns
    kind: PilotKind
    state: str | None
    duty_pct: float | None
    text: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PilotState:
    """What is known at one instant.

    plugged_in   None: not known
    duty_pct     0: no PWM, None: not known. The two sorts of no PWM, X1 and F, are one here
    """

    plugged_in: bool | None = None
    duty_pct: float | None = None

    @property
    def digital(self) -> bool | None:
        """Whether 5 % is on, which asks the car for SLAC; None if that is not known."""
        return None if self.duty_pct is None else duty_meaning(self.duty_pct) is DutyMeaning.DIGITAL

    def after(self, edge: PilotEdge) -> PilotState:
        plugged, duty = PLUGS.get(edge.kind, self.plugged_in), self.duty_pct
        if edge.kind is PilotKind.PWM_ON:
            duty = edge.duty_pct
        elif edge.kind in (PilotKind.PWM_OFF, PilotKind.STATE_E, PilotKind.STATE_F):
            duty = 0.0
        return PilotState(plugged, duty)


@dataclass(frozen=True, slots=True)
class AttemptPilot:
    """The pilot around one attempt.

    edges         from the plug-in (or unplugging) before the attempt to the one after it or to the next attempt
    before        what was known at the attempt's first frame
    after         what was known at its last one, as far as a late log may tell it
    connected_t   when the car was plugged in that is plugged in at the first frame
    digital_t     when 5 % was first on since then
    next_t        of the first plug-in after the first frame
    """

    edges: tuple[PilotEdge, ...]
    before: PilotState
    after: PilotState
    connected_t: Ns | None
    digital_t: Ns | None
    next_t: Ns | None


@dataclass(frozen=True, slots=True)
class PilotTrack:
    """All of a log, in order of time.

    form   STATES or EVENT_LOG, see `pilot_log`
    end    of the capture
    """

    name: str
    form: str
    edges: tuple[PilotEdge, ...]
    end: Ns

    @property
    def at_first(self) -> PilotState:
        """Before the first edge. An event log says what changes, and so what was before; a row of states does not."""
        if self.form != EVENT_LOG:
            return PilotState()
        plug = next((edge for edge in self.edges if edge.kind in PLUGS), None)
        pwm = next((edge for edge in self.edges if edge.kind in (PilotKind.PWM_ON, PilotKind.PWM_OFF)), None)
        return PilotState(
            plugged_in=False if plug is not None and plug.kind is PilotKind.CAR_CONNECTED else None,
            duty_pct=0.0 if pwm is not None and pwm.kind is PilotKind.PWM_ON else None,
        )

    def at(self, t: Ns) -> PilotState:
        state = self.at_first
        for edge in self.edges:
            if edge.t > t:
                break
            state = state.after(edge)
        return state

    def of_attempt(self, first: Ns, last: Ns, observed_until: Ns) -> AttemptPilot:
        """*first*, *last*: of its SLAC frames. An edge logged a little later than a frame may have come before it."""
        late = first + max(LATE)
        turns = [edge for edge in self.edges if edge.kind in (PilotKind.CAR_CONNECTED, PilotKind.CAR_UNPLUGGED)]
        turn = next((edge for edge in reversed(turns) if edge.t <= late), None)
        later = [edge for edge in turns if edge.t > late and edge.kind is PilotKind.CAR_CONNECTED]
        following = next((edge for edge in later if edge.t > last + max(LATE)), None)
        until = None if observed_until >= self.end else observed_until
        connected = turn.t if turn is not None and turn.kind is PilotKind.CAR_CONNECTED else None
        return AttemptPilot(
            edges=tuple(self._between(turn.t if turn else None, until, following)),
            before=self.at(first),
            after=self.at(last + max(LATE)),
            connected_t=connected,
            digital_t=None if connected is None else self._digital(connected, late),
            next_t=later[0].t if later else None,
        )

    def _between(self, begin: Ns | None, until: Ns | None, following: PilotEdge | None) -> Iterator[PilotEdge]:
        for edge in self.edges:
            if (begin is not None and edge.t < begin) or (until is not None and edge.t > until):
                continue
            if following is not None and edge.t >= following.t:
                return
            yield edge

    def _digital(self, since: Ns, until: Ns) -> Ns | None:
        """When 5 % was first on from *since*, the time of an edge, to *until*; *since* itself, if it was on already."""
        state = self.at(since)
        for edge in self.edges:
            if since <= edge.t <= until:
                state = state.after(edge)
                if state.digital:
                    return edge.t
        return None
