"""What every `Relays` promises, proved on every back end.

A new back end is one line in BACK_ENDS: a context manager that gives a `Stand`, whose board has not been opened and
whose first relay somebody has left closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

import pytest
from mock_pins import mock_pins

from bench.devices import Relays
from bench.drivers.relays.gpio import GpioRelays
from bench.drivers.relays.icse import Icse
from bench.drivers.relays.lcus import Lcus
from bench.drivers.relays.numato import Numato
from bench.errors import PortError
from bench.sim.boards.icse import IcseBoard
from bench.sim.boards.lcus import LcusBoard, Reply
from bench.sim.boards.numato import NumatoBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.relay_bank import RelayBank
from bench.units import ms, s


class Stand(NamedTuple):
    """A relay board and what can be seen of it from outside.

    relays     not opened yet
    come_to    waits until exactly these relays are closed; False where that does not happen
    rival      another driver for the same board
    vanish     takes the board away; None: cannot be done on this back end
    """

    relays: Relays
    come_to: Callable[[set[int]], bool]
    rival: Callable[[], Relays]
    vanish: Callable[[], None] | None = None


def on_pty(
    firmware: Callable[[], RelayBank], driver: Callable[[str], Relays]
) -> Callable[[], AbstractContextManager[Stand]]:
    @contextmanager
    def stand() -> Iterator[Stand]:
        with PtyBoard(firmware()) as board:
            yield Stand(
                driver(board.path),
                lambda closed: board.comes_to(frozenset(closed), s(2)),
                lambda: driver(board.path),
                board.vanish,
            )

    return stand


def lcus(channels: int, reply: Reply) -> Callable[[], AbstractContextManager[Stand]]:
    within = ms(20) if reply is Reply.NOTHING else s(2)
    return on_pty(
        lambda: LcusBoard(channels=channels, reply=reply, closed=frozenset({1})),
        lambda path: Lcus(path, channels=channels, settles=ms(1), between=0, quiet=ms(5), within=within),
    )


@contextmanager
def gpio() -> Iterator[Stand]:
    """On mock pins, with pull resistors that release the relays of floating pins."""
    numbers = [23, 24, 25]
    with mock_pins() as pins:
        pins[23].function, pins[23].state = "output", True

        def closed():
            return {n for n, gpio in enumerate(numbers, 1) if pins[gpio].function == "output" and pins[gpio].state}

        def driver():
            return GpioRelays(numbers, factory="mock")

        yield Stand(driver(), lambda wanted: closed() == wanted, driver)


BACK_ENDS: dict[str, Callable[[], AbstractContextManager[Stand]]] = {
    "LCUS-2, silent": lcus(2, Reply.NOTHING),
    "LCUS-4, lines": lcus(4, Reply.LINES),
    "LCUS-8, octets": lcus(8, Reply.OCTETS),
    "Numato": on_pty(
        lambda: NumatoBoard(channels=16, closed=frozenset({1})),
        lambda path: Numato(path, channels=16, between=0, within=s(2)),
    ),
    "ICSE013A": on_pty(
        lambda: IcseBoard(channels=2, closed=frozenset({1})),
        lambda path: Icse(path, channels=2, between=0, within=s(2)),
    ),
    "GPIO": gpio,
}


SOLDERED = {"GPIO"}
"""Cannot be pulled out."""
AWAKE_ONCE = {"ICSE013A"}
"""Must lose its power before it can be opened again."""


@pytest.fixture(params=BACK_ENDS.values(), ids=BACK_ENDS.keys())
def stand(request):
    with request.param() as made:
        yield made
        made.relays.close()


@pytest.fixture
def opened(stand):
    stand.relays.open()
    return stand


@pytest.fixture(params=sorted(BACK_ENDS.keys() - SOLDERED))
def gone(request):
    with BACK_ENDS[request.param]() as made:
        made.relays.open()
        made.vanish()
        yield made.relays
        made.relays.close()


def test_constructing_touches_nothing(stand):
    assert stand.come_to({1})


def test_opening_releases_what_somebody_has_left_closed(opened):
    assert opened.come_to(set())


def test_channels_count_from_1(stand):
    channels = list(stand.relays.channels)

    assert channels == list(range(1, len(channels) + 1))
    assert len(channels) >= 2


def test_a_relay_closes_and_releases_alone(opened):
    last = max(opened.relays.channels)
    opened.relays.set(1, True)
    opened.relays.set(last, True)
    assert opened.come_to({1, last})
    opened.relays.set(1, False)
    assert opened.come_to({last})


def test_every_relay_is_the_one_it_is_called(opened):
    for channel in opened.relays.channels:
        opened.relays.set(channel, True)
        assert opened.come_to({channel})
        opened.relays.set(channel, False)


def test_what_confirms_tells_the_truth_and_what_does_not_tells_nothing(opened):
    opened.relays.set(2, True)
    expected = (False, True) if opened.relays.confirms else (None, None)

    assert (opened.relays.closed(1), opened.relays.closed(2)) == expected


def test_repeating_what_is_set_changes_nothing(opened):
    for _ in range(2):
        opened.relays.set(2, True)

    assert opened.come_to({2})


def test_a_channel_it_does_not_have_is_refused_and_changes_nothing(opened):
    opened.relays.set(2, True)
    for wrong in (0, -1, 17, True, "1", None):
        with pytest.raises(ValueError, match="relay"):
            opened.relays.set(wrong, True)
        with pytest.raises(ValueError, match="relay"):
            opened.relays.closed(wrong)

    assert opened.come_to({2})


def test_making_safe_releases_all_and_may_be_repeated(opened):
    for channel in opened.relays.channels:
        opened.relays.set(channel, True)
    opened.relays.make_safe()
    opened.relays.make_safe()

    assert opened.come_to(set())


def test_closing_releases_all_and_may_be_repeated(opened):
    opened.relays.set(1, True)
    opened.relays.close()
    opened.relays.close()

    assert opened.come_to(set())


def test_one_that_is_not_open_says_so(stand):
    with pytest.raises(PortError, match="not open"):
        stand.relays.set(1, True)
    with pytest.raises(PortError, match="not open"):
        stand.relays.closed(1)


def test_a_second_driver_is_refused_and_disturbs_nothing(opened):
    opened.relays.set(2, True)
    with pytest.raises(PortError, match=r"taken|in use|busy"):
        opened.rival().open()

    assert opened.come_to({2})


@pytest.mark.parametrize("name", sorted(BACK_ENDS.keys() - AWAKE_ONCE))
def test_hardware_is_free_again_after_closing(name):
    with BACK_ENDS[name]() as made:
        made.relays.open()
        made.relays.close()
        rival = made.rival()
        rival.open()
        rival.close()


def test_hardware_that_vanishes_is_an_error_for_good(gone):
    for _ in range(2):
        with pytest.raises(PortError, match="gone"):
            gone.set(1, True)
    with pytest.raises(PortError):
        gone.make_safe()


def test_closing_what_has_vanished_is_no_error(gone):
    gone.close()
    gone.close()
