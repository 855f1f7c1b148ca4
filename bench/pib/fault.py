"""What is wrong with a file. The strict reader refuses at the first fault, `bench.pib.faults` lists all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bench.errors import PibError


class Fault(NamedTuple):
    """*what* was being read, *where* (file offset), *why* it is refused."""

    what: str
    where: int
    why: str

    def __str__(self) -> str:
        return str(PibError(*self))


def refuse_faulty(faults: Iterable[Fault]) -> None:
    """Raise PibError for the first of *faults*, if there is any."""
    for fault in faults:
        raise PibError(*fault)
