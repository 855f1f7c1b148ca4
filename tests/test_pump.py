"""The one loop: everybody does what is due, then time goes on to the next deadline of anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bench.clock import VirtualClock
from bench.errors import BenchError
from bench.pump import Pump
from bench.units import Ns, ms, s


@dataclass
class Worker:
    """Has deadlines and a basket; writes down when it was woken and with what in the basket."""

    deadlines: list[Ns] = field(default_factory=list)
    basket: list[str] = field(default_factory=list)
    log: list[tuple[Ns, tuple[str, ...]]] = field(default_factory=list)
    then: Callable[[Ns], None] = lambda _: None

    def next_deadline(self) -> Ns | None:
        return min(self.deadlines, default=None)

    def busy(self) -> bool:
        return bool(self.basket)

    def wake(self, now: Ns) -> None:
        self.log.append((now, tuple(self.basket)))
        self.deadlines = [t for t in self.deadlines if t > now]
        self.basket.clear()
        self.then(now)

    @property
    def woken_at(self) -> list[Ns]:
        return [t for t, _ in self.log]


def pump_of(*workers: Worker) -> Pump:
    pump = Pump(VirtualClock())
    pump.participants += workers
    return pump


def never() -> bool:
    return False


def test_everybody_is_woken_at_exactly_their_deadlines():
    """In order of time, on a clock that is set and not advanced."""
    one, two = Worker([ms(30), ms(10)]), Worker([ms(20)])

    pump_of(one, two).run_for(s(1))

    assert one.woken_at == [ms(10), ms(30)]
    assert two.woken_at == [ms(20)]


def test_an_hour_costs_as_many_wakes_as_there_are_deadlines():
    """Nothing is polled in between."""
    worker = Worker([s(1800), s(3600)])

    pump_of(worker).run_for(s(7200))

    assert worker.woken_at == [s(1800), s(3600)]


def test_run_ends_as_soon_as_its_condition_is_met():
    """And says so; the clock stands where it happened."""
    worker = Worker([ms(10), ms(20), ms(30)])
    pump = pump_of(worker)

    assert pump.run(lambda: len(worker.log) == 2, s(1))
    assert pump.clock.now() == ms(20)


def test_run_ends_at_its_deadline_and_says_that_nothing_happened():
    """The clock is set to the deadline even if nobody wanted to be woken."""
    pump = pump_of(Worker())

    assert not pump.run(never, ms(200))
    assert pump.clock.now() == ms(200)


def test_what_happens_exactly_at_the_deadline_still_counts():
    """TT_match_response is over when it is over."""
    worker = Worker([ms(200)])

    assert pump_of(worker).run(lambda: bool(worker.log), ms(200))


def test_what_happens_after_the_deadline_does_not():
    """One nanosecond is enough."""
    worker = Worker([ms(200) + 1])

    assert not pump_of(worker).run(lambda: bool(worker.log), ms(200))
    assert not worker.log


def test_condition_that_is_met_already_costs_no_time():
    """Nor does a deadline in the past make it fail."""
    pump = pump_of(Worker([ms(1)]))
    pump.run_for(ms(5))

    assert pump.run(lambda: True, ms(2))
    assert pump.clock.now() == ms(5)


def test_what_is_due_before_the_condition_is_looked_at_is_done():
    """At the instant of the call, too: a frame that is here already is read first."""
    worker = Worker(basket=["a frame"])

    assert pump_of(worker).run(lambda: bool(worker.log), 0)


@pytest.mark.parametrize("order", [1, -1])
def test_what_one_causes_for_another_at_the_same_instant_is_done_at_that_instant(order):
    """Whichever of the two stands first in the list."""
    receiver = Worker()
    sender = Worker([ms(10)], then=lambda _: receiver.basket.append("a frame"))

    pump_of(*[sender, receiver][::order]).run_for(s(1))

    assert receiver.log == [(ms(10), ("a frame",))]


def test_chain_of_causes_is_followed_to_its_end():
    """Five times to and fro, and time has not moved."""
    left, right = Worker(), Worker([ms(10)])

    def hit(other: Worker) -> Callable[[Ns], None]:
        def give_back(_: Ns) -> None:
            if len(left.log) < 5:
                other.basket.append("the ball")

        return give_back

    left.then, right.then = hit(right), hit(left)
    pump_of(left, right).run_for(s(1))

    assert left.woken_at == [ms(10)] * 5
    assert right.woken_at == [ms(10)] * 5


def test_deadline_made_by_another_is_kept():
    """A deadline that appears while others are woken is seen before time goes on."""
    late = Worker()
    early = Worker([ms(10)], then=lambda now: late.deadlines.append(now + ms(5)) if now == ms(10) else None)

    pump_of(late, early).run_for(s(1))

    assert late.woken_at == [ms(15)]


def test_participant_that_is_never_satisfied_is_named_instead_of_hanging():
    """Time would stand still for ever: the bench cannot go on, and says whose fault it is."""
    stubborn = Worker([ms(10)], then=lambda _: stubborn.deadlines.append(ms(10)))

    with pytest.raises(BenchError, match=r"Worker.* wants to be woken at 10\.000 ms for ever"):
        pump_of(Worker(), stubborn).run_for(s(1))


def test_pump_without_participants_just_lets_time_pass():
    """run_for counts from now."""
    pump = pump_of()
    pump.run_for(s(1))

    pump.run_for(s(2))

    assert pump.clock.now() == s(3)


def test_participants_may_join_between_two_runs():
    """A neighbour's station is added in the middle of a test."""
    pump = pump_of(Worker())
    pump.run_for(ms(10))
    late = Worker([ms(20)])
    pump.participants.append(late)

    pump.run_for(ms(20))

    assert late.woken_at == [ms(20)]
