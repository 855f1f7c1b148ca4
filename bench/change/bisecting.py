"""Which of many changes spoils a block: halves are tried, as `git bisect` tries commits.

Theory of operation. Between a good block and a bad one lie changes, each of a named field or of octets without a name.
A trial applies some of them to the good block and asks whether the result is bad. Halving finds one guilty change of n
in log2 n trials, if it is guilty alone. Whether it is, the last trial tells; if not, several spoil the block only
together, and the smallest such set is found by taking the changes away in ever smaller parts (delta debugging, Zeller
and Hildebrandt 2002). No set is tried twice, also not after an interruption: what was found is in the log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from bench.errors import BenchError
from bench.pib import Diff, FieldChange, PibImage, RangeChange, compare

Piece: TypeAlias = FieldChange | RangeChange
IsBad: TypeAlias = Callable[[frozenset[str]], bool]
"""Whether the good block with the changes of these names is bad."""


def pieces_of(good: PibImage, bad: PibImage) -> dict[str, Piece]:
    """What differs, by name: fields, and ranges of octets by where they are. BenchError if nothing can be tried."""
    diff: Diff = compare(good, bad)
    found: dict[str, Piece] = {change.field.name: change for change in diff.fields}
    found |= {f"octets at 0x{change.offset:04X}": change for change in diff.ranges}
    if diff.elsewhere:
        raise BenchError("the two blocks differ outside of their images, too; that cannot be halved")
    if not found:
        raise BenchError("the two blocks are the same; there is nothing to search")
    return found


def mixed(good: PibImage, pieces: Iterable[Piece]) -> PibImage:
    """*good* with *pieces* of the bad one, checksums right. ValueError for what must not be changed."""
    made = good
    for piece in pieces:
        made = made.with_octets(piece.offset, piece.new_octets)
    return made


@dataclass
class Search:
    """Finds the smallest set of *names* that is bad.

    is_bad  asks the adapter; may raise, and is asked again then by whoever resumes
    log     one line per trial, read at the start; None: nothing is kept
    say     told of each trial
    """

    names: Sequence[str]
    is_bad: IsBad
    log: Path | None = None
    say: Callable[[str], None] = lambda _: None
    trials: int = 0
    _known: dict[frozenset[str], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.log is not None and self.log.exists():
            for text in self.log.read_text(encoding="utf-8").splitlines():
                try:
                    line = json.loads(text)
                except json.JSONDecodeError:
                    continue
                self._known[frozenset(line["changes"])] = line["bad"]
        self._known[frozenset()] = False
        self._known[frozenset(self.names)] = True

    def guilty(self) -> list[str]:
        """In the order of *names*. All of them together are taken to be bad, none of them good."""
        suspects = list(self.names)
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            suspects = half if self._bad(half) else suspects[len(half) :]
        if not self._bad(suspects):
            self.say("no change is guilty alone; some are together")
            suspects = self._together(list(self.names))
        return suspects

    def _together(self, suspects: list[str]) -> list[str]:
        parts = 2
        while len(suspects) > 1:
            size = -(-len(suspects) // parts)
            chunks = [suspects[at : at + size] for at in range(0, len(suspects), size)]
            if alone := next((chunk for chunk in chunks if self._bad(chunk)), None):
                suspects, parts = alone, 2
                continue
            for chunk in chunks:
                rest = [name for name in suspects if name not in chunk]
                if self._bad(rest):
                    suspects, parts = rest, max(parts - 1, 2)
                    break
            else:
                if parts >= len(suspects):
                    return suspects
                parts = min(len(suspects), 2 * parts)
        return suspects

    def _bad(self, names: Sequence[str]) -> bool:
        wanted = frozenset(names)
        if wanted not in self._known:
            bad = self.is_bad(wanted)
            self.trials += 1
            self._known[wanted] = bad
            self._note(wanted, bad)
            which = ", ".join(names) if len(names) <= 4 else f"{len(names)} of {len(self.names)} changes"
            self.say(f"trial {self.trials}: {which}: {'bad' if bad else 'good'}")
        return self._known[wanted]

    def _note(self, names: frozenset[str], bad: bool) -> None:
        if self.log is None:
            return
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"changes": sorted(names), "bad": bad}) + "\n")
            file.flush()
            os.fsync(file.fileno())
