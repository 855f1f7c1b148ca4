"""What was heard in the end: messages by name and direction, and what of the announced was not among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.conversation import SLAC_MESSAGES
from bench.ids import MacAddress
from bench.mme import CmAttenProfileInd, VsAttenCharInd
from bench.sniff.hearing import MESSAGES, Side, Statement
from bench.trace import Direction, FrameSeen

PROFILES = frozenset({CmAttenProfileInd.name, VsAttenCharInd.name})
POSITION = {name: number for number, name in enumerate([message.name for message in SLAC_MESSAGES])}


@dataclass(frozen=True, slots=True)
class Row:
    """Messages of one name and one direction: *heard* from the adapter, or else sent by this computer."""

    name: str
    heard: bool
    count: int

    def __str__(self) -> str:
        return f"{self.count:6} x {self.name}" + ("" if self.heard else ", sent by this computer")


class Tally:
    """Counts. *modem*: the adapter at this interface."""

    def __init__(self, modem: MacAddress | None) -> None:
        self.modem = modem
        self.frames = 0
        self.ipv6_heard = 0
        self._messages: Counter[tuple[str, bool]] = Counter()
        self._sides: Counter[Side] = Counter()

    def count(self, seen: FrameSeen) -> None:
        self.frames += 1
        heard = seen.direction is Direction.IN
        if seen.mme is None:
            self.ipv6_heard += heard and seen.octets[12:14] == b"\x86\xdd"
            return
        name = seen.mme.name
        self._messages[name, heard] += 1
        if heard and (side := self._side(name, seen)) is not None:
            self._sides[side] += 1

    def _side(self, name: str, seen: FrameSeen) -> Side | None:
        assert seen.frame is not None
        if name in PROFILES:
            return Side.OWN_MODEM if seen.frame.src == self.modem else Side.OTHER_MODEM
        return next((side for side in (Side.CAR, Side.STATION, Side.VALIDATION) if name in MESSAGES[side]), None)

    def heard(self, name: str) -> int:
        return self._messages[name, True]

    def rows(self) -> list[Row]:
        """Those of SLAC first, in the order of a match."""
        keys = sorted(self._messages, key=lambda key: (POSITION.get(key[0], len(POSITION)), key[0], not key[1]))
        return [Row(name, heard, self._messages[name, heard]) for name, heard in keys]

    def missing(self, announced: Iterable[Statement]) -> list[str]:
        """Names of messages that were announced as shown and did not come."""
        found = []
        for each in announced:
            if not each.shown:
                continue
            if each.side is Side.OTHER_MODEM:
                names = [] if self._sides[each.side] else sorted(MESSAGES[each.side])
                found += [f"{name} of other modems" for name in names]
            else:
                found += sorted(
                    (name for name in MESSAGES[each.side] if not self.heard(name)), key=lambda name: POSITION[name]
                )
        return found

    def surprises(self, announced: Iterable[Statement]) -> list[Statement]:
        """What came though it was announced as not shown."""
        return [each for each in announced if each.shown is False and self._sides[each.side]]
