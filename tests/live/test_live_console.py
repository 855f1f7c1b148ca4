"""Keys and what comes of them, on the simulated rig in real time; the terminal is a list of keys and a screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from paper_screen import PaperScreen

from bench.errors import PortError
from bench.live import console as module
from bench.live.console import Console
from bench.live.opening import rig_to_watch, wishes_for
from bench.live.recording import Recording
from bench.live.session import ListeningSession, StationSession
from bench.live.view import Line, text_of
from bench.trace import Trace
from bench.units import ms

PATIENCE_S = 20.0
"""A match takes about five seconds."""


class Left(Exception):
    """The person pressed x, or the script of the test is over."""


class Person(PaperScreen):
    """Looks at the screen and presses keys: a `Screen`.

    script  (what must be on the screen, then what is pressed), one after the other; then the person leaves
    """

    def __init__(self, *script: tuple[str, str]) -> None:
        self._script = list(script)
        self.screens: list[str] = []
        self._end = time.monotonic() + PATIENCE_S
        super().__init__(140, 40)

    def typed(self) -> str:
        if time.monotonic() > self._end:
            raise AssertionError(f"waited for {self._script[0][0]!r} in vain; the screen:\n{self.screens[-1]}")
        if not self.screens or self._script[0][0] not in self.screens[-1]:
            return ""
        return self._script.pop(0)[1]

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None:
        del size
        self.screens.append(text_of(lines))


Plays = Callable[..., tuple[Console, Person]]


@pytest.fixture
def plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plays]:
    """The person of the test needs less time to read than others."""
    monkeypatch.setattr("bench.live.session.PLUGS_IN_AFTER", ms(600))
    monkeypatch.setattr("bench.live.session.OFFERS_AFTER", ms(600))
    monkeypatch.setattr("bench.live.opening.SIMULATED_KEY_SETTLES_S", 0.1)
    people: list[Person] = []

    def play(*script: tuple[str, str], rig: str = "sim") -> tuple[Console, Person]:
        person = Person(*script)
        people.append(person)

        def leave() -> None:
            raise Left

        console = Console(person, leave, folder=tmp_path)
        with pytest.raises(Left):
            console.run(wishes_for(rig_to_watch(rig), None, None))
        return console, person

    yield play
    for person in people:
        person.close()


def test_the_listener_hears_both_sides_and_says_nothing_of_the_matching(plays: Plays) -> None:
    _, person = plays(("Press P, E or L", "L"), ("CM_ATTEN_CHAR.IND", "x"))

    last = person.screens[-1]
    assert "← CM_SLAC_PARM.REQ" in last
    assert "← CM_SLAC_PARM.CNF" in last
    assert "→ CM_SLAC" not in last
    assert "TP_match_response (CM_SLAC_PARM)" in last


def test_whoever_leaves_in_the_middle_leaves_the_pilot_at_rest_and_the_capture_written(
    plays: Plays, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sessions = _watched(monkeypatch)

    console, _ = plays(("Press P, E or L", "E"), ("plugs in by itself in", "c"), ("← CM_SLAC_PARM.REQ", "x"))

    (session,) = sessions
    assert isinstance(session, StationSession)
    line = session.setup.own_evse.pilot._line  # type: ignore[attr-defined]
    assert line.duty_cycle_pct == 100
    assert console.session is None
    (capture,) = tmp_path.glob("live-*.pcapng")
    assert capture.stat().st_size > 100, "though nobody had ended it"


def test_the_duty_cycle_follows_the_keys_and_nothing_comes_by_itself_any_more(plays: Plays) -> None:
    _, person = plays(
        ("Press P, E or L", "E"),
        ("offers 5 % by itself", "f"),
        ("F, 0 %: state F, not available (-12.0 V)", "X"),
        ("B1, plugged in, 100 %", "5"),
        ("B2, plugged in, 5 %", "x"),
    )

    assert "by itself" not in person.screens[-1]


def test_a_test_frame_is_answered_by_every_adapter_that_hears_it(plays: Plays) -> None:
    _, person = plays(("Press P, E or L", "l"), ("plugged in by itself", "t"), ("VS_SW_VER.CNF", "x"))

    assert "→ VS_SW_VER.REQ" in person.screens[-1]


def test_the_screen_goes_on_while_an_adapter_restarts_and_x_is_heard(plays: Plays) -> None:
    _, person = plays(
        ("Press P, E or L", "p"), ("unplugged", "r"), ("waiting until it answers", ""), ("VS_RS_DEV", "x")
    )

    assert "ready again" not in person.screens[-1]


def test_what_is_refused_is_said_and_the_console_goes_on(plays: Plays, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: object) -> str:
        raise PortError("not while a car is there")

    monkeypatch.setattr(ListeningSession, "new_key", refuses)

    plays(
        ("Press P, E or L", "l"),
        ("plugged in by itself", "s"),
        ("not while a car is there", "t"),
        ("VS_SW_VER.CNF", "x"),
    )


def test_another_mode_ends_a_capture_and_says_where_it_is(plays: Plays) -> None:
    plays(
        ("Press P, E or L", "l"),
        ("plugged in by itself", "c"),
        ("recording to", "t"),
        ("VS_SW_VER.CNF", "p"),
        ("the bench is the CAR   station: alpitronic", ""),
        ("frames written to", "x"),
    )


def test_c_again_ends_a_capture(plays: Plays, tmp_path: Path) -> None:
    _, person = plays(
        ("Press P, E or L", "l"),
        ("plugged in by itself", "c"),
        ("recording to", "t"),
        ("VS_SW_VER.CNF", "c"),
        ("frames written to", "x"),
    )

    assert str(tmp_path) in person.screens[-1]
    assert "recorded to" not in person.screens[-1]


def test_a_capture_without_a_frame_leaves_no_file(tmp_path: Path) -> None:
    recording = Recording(Trace(), tmp_path)
    assert recording.path.exists()

    assert "nothing was written" in recording.finish()
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_said_and_the_console_goes_on(
    plays: Plays, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)

    plays(("Press P, E or L", "l"), ("plugged in by itself", "c"), ("the capture cannot be written", "x"))


def test_keys_that_do_nothing_here_say_so(plays: Plays) -> None:
    plays(("Press P, E or L", "l"), ("plugged in by itself", "5"), ("5 does nothing here; ? is help", "x"))


def test_a_rig_in_trouble_is_closed_as_far_as_it_can_be_and_can_be_opened_again(
    plays: Plays, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = _watched(monkeypatch, trouble=PortError("the board has gone"), when_closed=PortError("no way to close"))

    plays(
        ("Press P, E or L", "l"),
        ("the board has gone; no way to close; P, E or L begins again", "l"),
        ("plugged in by itself", "x"),
    )

    assert len(sessions) == 2


def _watched(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception | None = None, when_closed: Exception | None = None
) -> list[StationSession | ListeningSession]:
    """The sessions that are opened; in the first one *trouble* is raised once it would plug in."""
    sessions: list[StationSession | ListeningSession] = []
    really = module.opened

    def open_it(*arguments: object) -> StationSession | ListeningSession:
        session = really(*arguments)  # type: ignore[arg-type]
        sessions.append(session)
        if trouble is not None and len(sessions) == 1:

            def broken() -> None:
                raise trouble

            monkeypatch.setattr(session, "act", broken)
            if when_closed is not None:
                really_close = session.close

                def close() -> None:
                    really_close()
                    raise when_closed

                monkeypatch.setattr(session, "close", close)
        return session

    monkeypatch.setattr(module, "opened", open_it)
    return sessions
