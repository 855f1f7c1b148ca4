"""Boards that fail under the guardian's hands: bench safety S7. And adapters that are being written: S8."""

from __future__ import annotations

import json
import signal
import time

import pytest
from bench_of_boards import (
    AFTER_SILENCE,
    PATIENCE,
    SUPPLY,
    in_ms,
    row,
)

from bench.errors import PortError
from bench.guardian import DeviceSpec, Guardian
from bench.sim.boards.firmware import Mood
from bench.units import s


def test_a_board_that_stops_answering_keeps_no_relay_closed(bench):
    """It is told 100 % again and again and does not say whether it obeys. The shutdown ends all the same."""
    program = bench.program("live")
    bench.pilot.firmware.mood = Mood.SILENT
    told_before = len(bench.pilot.heard())

    t = program.send(signal.SIGTERM)
    times = row("SIGTERM, silent board", bench, t)

    assert max(times.values()) < s(2), in_ms(times)
    assert bench.pilot.heard()[told_before:].count(b"D100") >= 3
    assert time.monotonic_ns() - t < s(15)


@pytest.mark.parametrize("lost", ["pilot", "relays"])
def test_a_board_that_is_pulled_out_makes_the_other_one_safe_and_is_told_once(bench, lost):
    """S7: nobody tells it anything, it is missed all the same, and the other board is made safe."""
    program = bench.program("live")
    board, other = (bench.pilot, bench.relays) if lost == "pilot" else (bench.relays, bench.pilot)

    t = time.monotonic_ns()
    board.vanish()
    error = program.wait_for("error")

    assert bench.free_within(PATIENCE)
    said = json.loads(error.removeprefix("error "))
    assert "is gone" in said[-1]
    assert board.path in said[-1]
    assert other.output == frozenset() if lost == "pilot" else other.output.duty_cycle_pct == 100
    assert other.outputs[-1].t - t < AFTER_SILENCE
    assert program.wait() == 1


def test_a_board_that_comes_back_is_not_believed_before_the_next_start(bench):
    """Every further command of the program is refused, `begin` too."""
    guardian = Guardian(bench.spec())
    guardian.open()
    guardian.ask("duty", pct=5)
    bench.relays.vanish()
    with pytest.raises(PortError, match="is gone"):
        guardian.ask("contactor", name="main", closed=True)
    assert bench.pilot.wait_until(lambda: bench.pilot.firmware.output.duty_cycle_pct == 100)

    with pytest.raises(PortError, match="made safe"):
        guardian.ask("duty", pct=5)
    with pytest.raises(PortError, match="could not be made safe"):
        guardian.begin("the next")
    with pytest.raises(PortError, match="made safe"):
        guardian.ask("duty", pct=5)

    assert bench.pilot.output.duty_cycle_pct == 100
    with pytest.raises(PortError, match="not everything could be made safe"):
        guardian.close()


@pytest.mark.parametrize("mood", [Mood.ACCEPTS_WITHOUT_ACTING, Mood.ANSWERS_PREVIOUS, Mood.GARBAGE])
def test_a_board_that_does_not_confirm_what_it_was_told_makes_the_others_safe(bench, mood):
    """S7. It is told three times; then nobody knows what it makes."""
    with Guardian(bench.spec()) as guardian:
        guardian.ask("contactor", name="main", closed=True)
        bench.pilot.firmware.mood = mood
        with pytest.raises(PortError, match="told D005 3 times, and it is not set"):
            guardian.ask("duty", pct=5)
        assert bench.relays.comes_to(frozenset())
        bench.pilot.firmware.mood = Mood.WELL


def test_an_adapter_in_the_middle_of_a_write_keeps_its_power_when_the_program_is_killed(bench):
    """S8. Its supply is through a closed relay, which a relay board releases when it is let go of."""
    supply = DeviceSpec("relay-supply", {"channel": SUPPLY, "on_when": "closed"}, "relays")
    program = bench.program("flash", supplies={"evse": supply})
    assert program.wait_for("flashing")
    assert SUPPLY in bench.relays.output
    seen = len(bench.relays.outputs)

    program.send(signal.SIGKILL)
    assert bench.free_within(PATIENCE)

    assert all(SUPPLY in closed for _, closed in bench.relays.outputs[seen:])
    assert bench.relays.output == {SUPPLY}
    assert bench.pilot.output.duty_cycle_pct == 100
