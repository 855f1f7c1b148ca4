"""The console on a rig with devices: boards are simulated, the guardian and all else as in life."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from paper_screen import PaperScreen

from bench.live.console import Console
from bench.live.opening import rig_to_watch, wishes_for
from bench.live.view import Line, text_of
from bench.units import ms

LAPTOP = (Path(__file__).parents[2] / "rigs" / "laptop-serial.toml").read_text(encoding="utf-8")


class Left(Exception):
    """The person has seen enough."""


class Onlooker(PaperScreen):
    """A `Screen` at which E is pressed, and which is left once *sight* is on it."""

    def __init__(self, sight: str) -> None:
        self._sight = sight
        self.screen = ""
        self._begun = False
        super().__init__(100, 30)

    def typed(self) -> str:
        if not self._begun:
            self._begun = True
            return "e"
        return "x" if self._sight in self.screen else ""

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None:
        del size
        self.screen = text_of(lines)


@pytest.mark.timeout(60)
def test_the_board_makes_the_5_percent_and_is_at_100_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("bench.live.session.PLUGS_IN_AFTER", ms(300))
    monkeypatch.setattr("bench.live.session.OFFERS_AFTER", ms(300))
    rig_file = tmp_path / "laptop.toml"
    name = f"live-{tmp_path.name}-{os.getpid()}"
    rig_file.write_text(LAPTOP.replace('"laptop-serial"', f'"{name}"'), encoding="utf-8")
    wishes = wishes_for(rig_to_watch(str(rig_file)), None, None)
    person = Onlooker("← CM_SLAC_PARM.REQ")

    def leave() -> None:
        raise Left

    with pytest.raises(Left), wishes.rig.in_use("a test of bench live"):
        Console(person, leave, folder=tmp_path).run(wishes)
    person.close()

    (log,) = tmp_path.glob("ccs-bench-*-boards/evse.pilot.jsonl")
    lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    duties = [line["output"]["duty_cycle_pct"] for line in lines if "output" in line]
    assert 5 in duties
    assert duties[-1] == 100
