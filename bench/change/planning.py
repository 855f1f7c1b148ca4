"""What a change would do, said before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.adapter import Identity
from bench.adapter.flash import Pib
from bench.errors import BenchError
from bench.pib import ChainPib, Diff, FlatPib, compare


class PlanRefused(BenchError):
    """A change that is not begun, with every reason."""

    def __init__(self, title: str, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join((f"{title}: refused, nothing was changed", *(f"  {reason}" for reason in reasons))))


@dataclass(frozen=True, slots=True)
class Plan:
    """From the block *old*, which the adapter *identity* has, to *new*."""

    title: str
    identity: Identity
    old: Pib
    new: Pib
    diff: Diff

    @property
    def nothing_to_do(self) -> bool:
        return self.old.octets == self.new.octets

    def lines(self, changes: Iterable[str] | None = None) -> Iterator[str]:
        """For a person; keys masked. *changes*: a better account of them than the plain difference."""
        yield f"{self.title}, on {self.identity}"
        if self.nothing_to_do:
            yield "nothing to do: the adapter has this block already"
            return
        yield from (f"  {line}" for line in (self.diff.lines() if changes is None else changes))
        yield (
            "what happens: two reads that must be the same, a backup, the new block into the adapter's memory, then "
            "its flash, a restart, and everything read back"
        )
        yield (
            "what could go wrong: until the flash is written nothing is lost; from then until the adapter answers "
            "again do not cut its power. `bench pib recover` goes on from wherever it stopped"
        )


def plan_change(identity: Identity, old: Pib, new: Pib, title: str) -> Plan:
    """PlanRefused if *new* is no block for the adapter that has *old*: another kind, another adapter's, or its keys."""
    reasons = []
    if isinstance(old, ChainPib) is not isinstance(new, ChainPib) or len(old.octets) != len(new.octets):
        reasons.append(
            f"the adapter has a {old.layout} block of {len(old.octets)} octets, this is a {new.layout} one of "
            f"{len(new.octets)}"
        )
    else:
        reasons += list(_of_another(old, new))
    if identity.mac != old.mac:
        reasons.append(f"the adapter says it is {identity.mac}, its block says {old.mac}")
    if reasons:
        raise PlanRefused(title, reasons)
    return Plan(title, identity, old, new, compare(old, new))


def _of_another(old: FlatPib | ChainPib, new: FlatPib | ChainPib) -> Iterator[str]:
    for name, field in old.fields.items():
        if field.identity and name in new.fields and old.read(name) != new.read(name):
            was, would_be = field.text(old.read(name)), field.text(new.read(name))
            yield f"{name} belongs to this adapter: {was}, the new block has {would_be}"
