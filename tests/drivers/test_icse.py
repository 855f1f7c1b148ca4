"""The ICSE driver: masks, and the order that is right once per power-up only.

What all relay boards promise is in tests/contract/test_relays.py.
"""

from __future__ import annotations

import pytest

from bench.drivers.relays.icse import Icse, mask
from bench.errors import DeviceGone, PortError
from bench.sim.boards.firmware import Mood
from bench.sim.boards.icse import IcseBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.units import ms, s

PATIENT = s(2)
HASTY = ms(40)


def driver(board, *, within=PATIENT, channels=8, **rest):
    return Icse(board.path, channels=channels, between=0, within=within, **rest)


@pytest.fixture
def board():
    with PtyBoard(IcseBoard(channels=8)) as board:
        yield board


@pytest.mark.parametrize(
    ("closed", "octet"), [((), 0xFF), ((1,), 0xFE), ((8,), 0x7F), ((1, 2, 3, 4), 0xF0), (range(1, 9), 0x00)]
)
def test_in_a_mask_0_is_closed(closed, octet):
    assert mask(frozenset(closed)) == bytes([octet])


@pytest.mark.parametrize(("channels", "model"), [(4, "ICSE012A"), (2, "ICSE013A"), (8, "ICSE014A")])
def test_models_tell_themselves_apart(channels, model):
    with PtyBoard(IcseBoard(channels=channels)) as board, driver(board, channels=channels) as relays:
        assert relays.name.startswith(model)
        relays.set(channels, True)
        assert board.comes_to({channels})


def test_another_model_than_expected_is_not_opened(board):
    with pytest.raises(PortError, match="says it is an ICSE014A with 8 relays"):
        driver(board, channels=4).open()


def test_fresh_board_is_asked_woken_and_released_in_this_order(board):
    with driver(board):
        assert board.wait_until(lambda: len(board.commands) == 3)
        assert board.heard() == [b"\x50", b"\x51", b"\xff"]


def test_board_that_was_awake_is_released_at_once_and_it_is_an_error(board):
    """`50` was a mask: it closed relays."""
    with driver(board):
        pass
    with pytest.raises(PortError, match="closed relays for a moment; they are released again"):
        driver(board, within=HASTY).open()

    assert board.comes_to(frozenset())
    assert frozenset({1, 2, 3, 4, 6, 8}) in [output.what for output in board.outputs]


def test_board_that_is_known_to_be_awake_hears_masks_only(board):
    with driver(board):
        pass
    with driver(board, awake=True) as relays:
        relays.set(3, True)
        assert board.comes_to({3})

    assert board.comes_to(frozenset())
    assert board.heard()[4:] == [b"\xff", b"\xfb", b"\xff"]


def test_note_tells_the_next_program_that_the_board_is_awake(board, tmp_path):
    for note in (tmp_path / "cache" / "relays.json", f"{tmp_path}/cache/relays.json"):
        with driver(board, note=note) as relays:
            relays.set(3, True)
            assert board.comes_to({3})

    assert board.heard().count(b"\x50") == 1


@pytest.mark.parametrize("content", ["", "{", '{"node": "0:0:0", "boot": ""}', "[]"])
def test_note_of_another_plugging_in_or_of_nothing_is_not_believed(board, tmp_path, content):
    (tmp_path / "relays.json").write_text(content)
    with driver(board, note=tmp_path / "relays.json"):
        assert board.heard()[0] == b"\x50"


def test_note_that_cannot_be_written_is_an_error_on_released_relays(board, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PortError, match="must lose its power"):
        driver(board, note=tmp_path / "file" / "relays.json").open()

    assert board.comes_to(frozenset())


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.GARBAGE, Mood.GARBAGE_FIRST, Mood.VERY_LATE])
def test_board_that_does_not_say_its_model_is_not_opened(mood):
    with PtyBoard(IcseBoard(channels=8, mood=mood)) as board, pytest.raises(PortError, match="was told 50"):
        driver(board, within=HASTY).open()


@pytest.mark.parametrize("commands", [0, 1])
def test_board_that_vanishes_is_gone(commands):
    with PtyBoard(IcseBoard(channels=8, mood=Mood.VANISHES, vanishes_after=commands)) as board:
        relays = driver(board)

        def use():
            relays.open()
            board.wait_until(lambda: len(board.commands) > commands)
            relays.set(1, True)

        with pytest.raises(DeviceGone):
            use()
        relays.close()


def test_size_that_is_not_made_is_refused():
    with pytest.raises(ValueError, match="2, 4, 8"):
        Icse("/dev/none", channels=3)
