"""The steps of a shutdown: all are taken, whatever becomes of the others, and everything that went wrong is told."""

from __future__ import annotations

import threading
import time

import pytest

from bench.guardian import steps
from bench.guardian.steps import Step, take
from bench.units import ms, s

NAMES = ("contactor", "pilot", "load", "supply", "proof")
SOON = s(5)


class Shutdown:
    """Five steps that note when they are done; *troubles* says what some of them raise instead."""

    def __init__(self, **troubles):
        self.taken = []
        self.troubles = troubles

    def steps(self, limit=SOON):
        return [Step(name, lambda name=name: self._do(name), limit) for name in NAMES]

    def _do(self, name):
        self.taken.append(name)
        if name in self.troubles:
            raise self.troubles[name]


@pytest.fixture
def release():
    """Lets go of the steps that hang, at the end of a test."""
    event = threading.Event()
    yield event
    event.set()


def test_all_well_is_all_taken_in_order_and_nothing_to_tell():
    shutdown = Shutdown()

    assert take(shutdown.steps()) == []

    assert shutdown.taken == list(NAMES)


@pytest.mark.parametrize("broken", NAMES)
@pytest.mark.parametrize("error", [OSError("gone"), ValueError("odd"), SystemExit(3), KeyboardInterrupt("again")])
def test_a_step_that_fails_keeps_no_other_from_being_taken(broken, error):
    shutdown = Shutdown(**{broken: error})

    troubles = take(shutdown.steps())

    assert shutdown.taken == list(NAMES)
    assert troubles == [f"{broken}: {error}"]


def test_an_error_without_words_is_told_by_its_name():
    assert take(Shutdown(pilot=RuntimeError()).steps()) == ["pilot: RuntimeError"]


@pytest.mark.parametrize(("first", "second"), [("contactor", "pilot"), ("pilot", "proof"), ("load", "supply")])
def test_two_that_fail_are_both_told_in_their_order(first, second):
    shutdown = Shutdown(**{second: OSError("late trouble"), first: OSError("early trouble")})

    troubles = take(shutdown.steps())

    assert shutdown.taken == list(NAMES)
    assert troubles == [f"{first}: early trouble", f"{second}: late trouble"]


def test_a_step_that_hangs_is_left_behind_at_its_limit(release):
    shutdown = Shutdown()
    hanging = Step("hangs", release.wait, ms(50))

    began = time.monotonic_ns()
    troubles = take([hanging, *shutdown.steps()])

    assert time.monotonic_ns() - began < SOON
    assert shutdown.taken == list(NAMES)
    assert troubles == ["hangs: not done within 50.000 ms"]


def test_one_that_hangs_and_one_that_fails_are_both_told(release):
    shutdown = Shutdown(load=OSError("gone"))

    troubles = take([*shutdown.steps()[:2], Step("hangs", release.wait, ms(50)), *shutdown.steps()[2:]])

    assert troubles == ["hangs: not done within 50.000 ms", "load: gone"]


def test_what_a_step_says_after_its_limit_changes_nothing(release):
    """It was called failed, and the next one has been taken because of that."""

    def late():
        release.wait()
        raise OSError("too late to be told")

    def let_go():
        release.set()
        time.sleep(0.05)

    assert take([Step("late", late, ms(20)), Step("next", let_go, SOON)]) == ["late: not done within 20.000 ms"]


@pytest.mark.parametrize("broken", [None, "pilot"])
def test_a_log_that_fails_disturbs_nothing(broken):
    shutdown = Shutdown(**({broken: OSError("gone")} if broken else {}))

    def full_disk(_):
        raise OSError(28, "No space left on device")

    troubles = take(shutdown.steps(), full_disk)

    assert shutdown.taken == list(NAMES)
    assert troubles == ([f"{broken}: gone"] if broken else [])


def test_the_log_hears_of_each_step_once_after_it_was_taken():
    shutdown = Shutdown(pilot=OSError("gone"))
    heard = []

    take(shutdown.steps(), lambda line: heard.append((line, len(shutdown.taken))))

    assert heard == [
        ("contactor: done", 1),
        ("pilot: gone", 2),
        ("load: done", 3),
        ("supply: done", 4),
        ("proof: done", 5),
    ]


def test_steps_may_be_found_out_while_others_are_taken():
    """A later step may depend on what an earlier one has found."""
    taken = []

    def some():
        yield Step("first", lambda: taken.append("first"), SOON)
        yield Step(f"after {taken}", lambda: taken.append("second"), SOON)

    assert take(some()) == []
    assert taken == ["first", "second"]


# patience -------------------------------------------------------------------------------------------------------------


def test_with_patience_the_next_step_does_not_wait_for_a_confirmation(release):
    """A board that acts at once and answers late must not keep relays closed meanwhile."""
    pilot = Step("pilot", lambda: release.wait(30) or pytest.fail("nobody went on"), SOON, patience=ms(20))

    assert take([pilot, Step("relays", release.set, SOON)]) == []


def test_patience_ends_with_the_step():
    began = time.monotonic_ns()

    assert take([Step("quick", lambda: None, SOON, patience=SOON)]) == []

    assert time.monotonic_ns() - began < SOON


def test_a_step_that_fails_after_patience_has_ended_is_told_in_its_place(release):
    def fails_late():
        release.wait(30)
        raise OSError("no answer")

    def lets_it_go_and_fails():
        release.set()
        raise OSError("stuck")

    troubles = take([Step("pilot", fails_late, SOON, patience=ms(20)), Step("relays", lets_it_go_and_fails, SOON)])

    assert troubles == ["pilot: no answer", "relays: stuck"]


def test_a_step_that_hangs_beyond_patience_has_its_limit_all_the_same(release):
    taken = []
    began = time.monotonic_ns()

    troubles = take(
        [Step("pilot", release.wait, ms(300), patience=ms(10)), Step("relays", lambda: taken.append(1), SOON)]
    )

    assert taken == [1]
    assert troubles == ["pilot: not done within 300.000 ms"]
    assert ms(300) <= time.monotonic_ns() - began < SOON


# ----------------------------------------------------------------------------------------------------------------------


def test_without_a_thread_to_be_had_the_steps_are_taken_all_the_same(monkeypatch):
    """Out of memory, or of processes: the moment in which a program dies."""

    class NoThread(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(steps.threading, "Thread", NoThread)
    shutdown = Shutdown(load=OSError("gone"))

    assert take(shutdown.steps()) == ["load: gone"]
    assert shutdown.taken == list(NAMES)
