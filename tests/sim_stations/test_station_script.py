"""Scripts: they pause until an instant, go on early when poked, and end where they are stopped."""

from __future__ import annotations

from bench.clock import VirtualClock
from bench.sim.script import Runner, Script, until
from bench.sim.world import World
from bench.units import ms


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock)
        self.runner = Runner(self.world)
        self.seen: list[tuple[int, str]] = []

    def say(self, text: str) -> None:
        self.seen.append((self.world.now(), text))

    def run(self) -> None:
        while (deadline := self.world.next_deadline()) is not None:
            self.clock.wait(deadline)
            self.world.wake(deadline)


def test_a_script_goes_on_at_the_instant_it_yielded():
    bench = Bench()

    def script() -> Script:
        bench.say("begins")
        yield ms(20)
        bench.say("goes on")

    bench.runner.start(script())
    bench.run()

    assert bench.seen == [(0, "begins"), (ms(20), "goes on")]
    assert not bench.runner.running


def test_a_poke_lets_it_look_and_an_unmet_condition_lets_it_wait_on():
    bench = Bench()
    heard: list[str] = []

    def script() -> Script:
        yield from until(bench.world, ms(200), lambda: bool(heard))
        bench.say(f"heard {heard}")

    bench.runner.start(script())
    bench.world.at(ms(50), bench.runner.poke)
    bench.world.at(ms(70), lambda: (heard.append("cnf"), bench.runner.poke()))
    bench.run()

    assert bench.seen == [(ms(70), "heard ['cnf']")]


def test_what_is_not_heard_ends_at_the_instant():
    bench = Bench()

    def script() -> Script:
        yield from until(bench.world, ms(200), lambda: False)
        bench.say("over")

    bench.runner.start(script())
    bench.world.at(ms(150), bench.runner.poke)
    bench.run()

    assert bench.seen == [(ms(200), "over")]


def test_an_instant_that_has_passed_is_no_pause():
    bench = Bench()

    def script() -> Script:
        yield ms(30)
        yield from until(bench.world, ms(10))
        bench.say("at once")

    bench.runner.start(script())
    bench.run()

    assert bench.seen == [(ms(30), "at once")]


def test_a_stopped_script_does_nothing_more():
    bench = Bench()

    def script() -> Script:
        yield ms(20)
        bench.say("never")

    bench.runner.start(script())
    bench.world.at(ms(10), bench.runner.stop)
    bench.run()
    bench.runner.poke()

    assert bench.seen == []
    assert not bench.runner.running


def test_a_new_script_takes_the_place_of_the_old_one():
    bench = Bench()

    def script(name: str) -> Script:
        yield bench.world.now() + ms(20)
        bench.say(name)

    bench.runner.start(script("old"))
    bench.world.at(ms(10), lambda: bench.runner.start(script("new")))
    bench.run()

    assert bench.seen == [(ms(30), "new")]


def test_a_script_may_stop_itself():
    bench = Bench()

    def script() -> Script:
        bench.runner.stop()
        bench.say("last words")
        yield ms(20)
        bench.say("never")

    bench.runner.start(script())
    bench.run()

    assert bench.seen == [(0, "last words")]
    assert not bench.runner.running
