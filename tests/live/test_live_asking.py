"""A person who works the pilot by hand is asked on the console's screen, and frames go on being answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from paper_screen import PaperScreen

from bench.clock import SystemClock
from bench.live.asking import ScreenOperator
from bench.live.console import Console
from bench.live.opening import modes_of, rig_to_watch
from bench.live.session import Mode
from bench.live.view import Line, text_of
from bench.operator import OperatorGaveUp
from bench.pump import Pump
from bench.rig.manual import ManualPilot
from bench.trace import Note, Trace
from bench.units import Ns, ms, s


class Left(Exception):
    """The person pressed x."""


class Person(PaperScreen):
    """A `Screen`. Presses *keys* one after the other, each once *sight* is on the screen."""

    def __init__(self, sight: str, keys: str) -> None:
        self._sight, self._keys = sight, keys
        self.screen = ""
        super().__init__(80, 24)

    def typed(self) -> str:
        if not self._keys or self._sight not in self.screen:
            return ""
        key, self._keys = self._keys[0], self._keys[1:]
        return key

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None:
        del size
        self.screen = text_of(lines)


class Bench:
    """A console before a person, and an operator who asks there."""

    def __init__(self, keys: str, patience: Ns, leave: Callable[[], None] | None = None) -> None:
        def left() -> None:
            raise Left

        self.person = Person(">>> set the pilot generator to 5 % at 1 kHz, then press Enter", keys)
        self.console = Console(self.person, leave or left)
        clock = SystemClock(time.monotonic_ns())
        self.pump, self.trace = Pump(clock), Trace()
        self.console._attach(self.pump, self.trace)
        ask = partial(ScreenOperator, self.console._asking, self.console._say, patience=patience)
        self.operator = ask(self.pump, clock, self.trace.note)
        self.pilot = ManualPilot(self.operator)

    @property
    def said(self) -> list[str]:
        return [entry.text for entry in self.trace.entries if isinstance(entry, Note)]


Asks = Callable[..., Bench]


@pytest.fixture
def asks() -> Iterator[Asks]:
    made: list[Bench] = []

    def make(keys: str, *, patience: Ns = s(20), leave: Callable[[], None] | None = None) -> Bench:
        made.append(Bench(keys, patience, leave))
        return made[-1]

    yield make
    for bench in made:
        bench.person.close()


def test_enter_says_that_it_is_done_and_other_keys_say_nothing(asks: Asks) -> None:
    bench = asks("e5u\n")

    bench.pilot.set_duty_cycle_pct(5.0)

    assert bench.pilot.read().duty_cycle_pct == 5.0
    assert bench.said[0] == "asked to: set the pilot generator to 5 % at 1 kHz"
    assert bench.said[1].startswith("says it is done after ")
    assert "Enter it is done  q not now  x leave" in bench.person.screen


def test_afterwards_the_screen_offers_its_keys_again(asks: Asks) -> None:
    bench = asks("\n")
    bench.pilot.set_duty_cycle_pct(5.0)

    bench.pump.run_for(ms(300))

    assert ">>>" not in bench.person.screen
    assert "? help" in bench.person.screen


def test_q_declines_and_the_pilot_stays_as_it_was(asks: Asks) -> None:
    bench = asks("q")

    with pytest.raises(OperatorGaveUp, match="the operator gave up: set the pilot generator to 5 %"):
        bench.pilot.set_duty_cycle_pct(5.0)

    assert bench.pilot.read().duty_cycle_pct == 100


def test_somebody_who_says_nothing_has_declined_in_the_end(asks: Asks) -> None:
    bench = asks("", patience=ms(300))

    with pytest.raises(OperatorGaveUp, match="nobody answered within 300"):
        bench.pilot.set_duty_cycle_pct(5.0)


def test_x_leaves_in_the_middle_of_a_question(asks: Asks) -> None:
    bench = asks("x")

    with pytest.raises(Left):
        bench.pilot.set_duty_cycle_pct(5.0)


def test_whoever_leaves_without_the_last_answer_is_waited_for_no_longer(asks: Asks) -> None:
    """On the way out nothing is raised any more: the command tells the console that nobody answers."""

    def leave() -> None:
        bench.console.gone()

    bench = asks("x", leave=leave)

    with pytest.raises(OperatorGaveUp):
        bench.pilot.set_duty_cycle_pct(5.0)


def test_what_needs_no_answer_is_said(asks: Asks) -> None:
    bench = asks("")

    bench.operator.tell("leave its power on: a parameter block is written")

    assert bench.console.notice == "leave its power on: a parameter block is written"
    assert bench.said == ["told: leave its power on: a parameter block is written"]


def test_a_rig_that_a_person_works_can_be_watched_as_any_other() -> None:
    rig = rig_to_watch(str(Path(__file__).parents[2] / "rigs" / "person.toml"))

    assert modes_of(rig.config) == {Mode.EVSE, Mode.LISTEN}
