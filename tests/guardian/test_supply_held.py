"""While an adapter's flash is written the guardian is told, so that it keeps the power on should the program die."""

from __future__ import annotations

import pytest

from bench.errors import PortError
from bench.guardian.pilots import GuardedSupply
from bench.power import GuardedSwitch


class Told:
    """A guardian that remembers what it was asked."""

    is_open, trouble = True, ""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []

    def ask(self, do: str, **arguments: object) -> dict[str, object]:
        self.asked.append((do, arguments.get("why", arguments.get("on"))))
        return {"t": 0}

    def time(self, t: int) -> int:
        return t


@pytest.fixture
def guardian() -> Told:
    return Told()


@pytest.fixture
def switch(guardian: Told) -> GuardedSwitch:
    return GuardedSwitch(GuardedSupply(guardian, "evse", lambda *_: None))


def test_it_is_told_why_and_when_it_is_over(guardian: Told, switch: GuardedSwitch) -> None:
    with switch.locked("its flash is written"), pytest.raises(PortError, match="its flash is written"):
        switch.off()
    switch.off()

    assert guardian.asked == [("flashing", "its flash is written"), ("flashing", ""), ("supply", False)]


def test_a_guardian_that_has_made_the_bench_safe_needs_not_be_told_that_it_is_over(
    guardian: Told, switch: GuardedSwitch
) -> None:
    with switch.locked("its flash is written"):
        guardian.trouble = "the program hung"

    assert guardian.asked == [("flashing", "its flash is written")]
