"""Which of the fields that a change touches makes matching worse: `bench.change.bisecting`, asked by measuring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.adapter.flash import Pib
from bench.change.bisecting import Search, mixed, pieces_of


@dataclass(frozen=True, slots=True)
class Blame:
    """*guilty*: names of fields, or ranges of octets. *trials*: how many blocks were tried."""

    guilty: tuple[str, ...]
    trials: int


def blame(
    good: Pib,
    bad: Pib,
    is_worse: Callable[[Pib, str], bool],
    *,
    log: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Blame:
    """Find the smallest set of changes between *good* and *bad* that is worse.

    is_worse  (block, title of the trial): puts it into the adapter, measures, takes it out again
    log       keeps the trials, so that an interrupted search goes on
    """
    pieces = pieces_of(good, bad)

    def is_bad(names: frozenset[str]) -> bool:
        chosen = [pieces[name] for name in pieces if name in names]
        made = mixed(good, chosen)
        assert isinstance(made, type(good))
        return is_worse(made, f"trial of {', '.join(name for name in pieces if name in names)}")

    search = Search(list(pieces), is_bad, log, say)
    return Blame(tuple(search.guilty()), search.trials)
