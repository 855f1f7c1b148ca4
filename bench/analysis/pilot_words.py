"""What the log of the pilot adds to the sentence of an attempt that nobody answered."""

from __future__ import annotations

from bench.analysis.model import Attempt, Role
from bench.analysis.pilot_model import AttemptPilot, PilotKind, PilotState
from bench.units import Ns, show

STATION = "so this station was not waiting for a car"


def pilot_tells(attempt: Attempt) -> bool:
    """Whether the log knows if a car was plugged in at the station that recorded this."""
    return (
        attempt.recorder.role is Role.EVSE and attempt.pilot is not None and attempt.pilot.before.plugged_in is not None
    )


def why_unanswered(attempt: Attempt) -> str:
    """Why this station did not answer, as far as the pilot tells; to be asked only if it does."""
    pilot = attempt.pilot
    assert pilot is not None
    before, after = pilot.before, pilot.after
    if not before.plugged_in:
        if after.plugged_in:
            return f"by the pilot log the car was plugged in here only {_since(attempt, PLUGGING)} the first request"
        return f"by the pilot log no car was plugged in here{_next(attempt, pilot)}, {STATION}"
    if after.plugged_in is False:
        return f"by the pilot log the car was unplugged {_since(attempt, UNPLUGGING)} the first request"
    if before.digital is None:
        return "a car was plugged in here, and the pilot log does not tell whether 5 % was on"
    if not before.digital:
        if after.digital:
            return f"a car was plugged in here, but 5 % came on only {_since(attempt, SWITCHING)} the first request"
        return f"a car was plugged in here, but 5 % was not on (pilot log: {_duty(before)}), {STATION}"
    return (
        "a car was plugged in here with 5 % on (pilot log), so this station should have answered, unless another car "
        "asked"
    )


PLUGGING = (PilotKind.CAR_CONNECTED, PilotKind.ENTERED_BCD, PilotKind.STATE_B, PilotKind.STATE_C, PilotKind.STATE_D)
UNPLUGGING = (PilotKind.CAR_UNPLUGGED, PilotKind.STATE_A)
SWITCHING = (PilotKind.PWM_ON,)


def _since(attempt: Attempt, kinds: tuple[PilotKind, ...]) -> str:
    """`1.200 s after`: the first such edge behind the attempt's first frame."""
    assert attempt.pilot is not None
    found = next((e.t for e in attempt.pilot.edges if e.t > attempt.t_start and e.kind in kinds), attempt.t_start)
    return f"{show(found - attempt.t_start)} after"


def _next(attempt: Attempt, pilot: AttemptPilot) -> str:
    waited: Ns | None = None if pilot.next_t is None else pilot.next_t - attempt.t_start
    return "" if waited is None else f" (the next one {show(waited)} later)"


def _duty(state: PilotState) -> str:
    return f"PWM at {state.duty_pct:g} %" if state.duty_pct else "no PWM"
