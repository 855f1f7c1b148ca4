"""What a host has sent so far of something to be written: kept in RAM until a commit, and lost without power."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.mme.module import ModuleAnnounced
from bench.pib import checksum32
from bench.units import Ns, s

ABANDONED_AFTER: Ns = s(30 * 60)
"""A session nobody goes on with is abandoned then (adapters.md 5); counted here from its last message."""


@dataclass(slots=True)
class WriteSession:
    """A write session of VS_MODULE_OPERATION.

    number   the host's choice
    local    whether the host is the adapter's own
    blocks   how many have come
    """

    number: int
    local: bool
    announced: tuple[ModuleAnnounced, ...]
    touched: Ns
    blocks: int = 0
    received: list[bytearray] = field(init=False)

    def __post_init__(self) -> None:
        self.received = [bytearray() for _ in self.announced]

    def abandoned(self, now: Ns) -> bool:
        return now >= self.touched + ABANDONED_AFTER

    @property
    def whole(self) -> bool:
        """Whether every module has its length and its checksum."""
        return all(
            len(octets) == module.length and checksum32(bytes(octets)) == module.checksum
            for module, octets in zip(self.announced, self.received, strict=True)
        )


class Scratch:
    """RAM that VS_WR_MOD fills, by module.

    A block may come again; it may not leave a gap. A module begins anew with its offset 0.

    blocks  how many have come since the last commit
    """

    def __init__(self) -> None:
        self.blocks = 0
        self._modules: dict[int, bytearray] = {}

    def __getitem__(self, module: int) -> bytes | None:
        """None: nothing has come of it."""
        found = self._modules.get(module)
        return None if found is None else bytes(found)

    def put(self, module: int, offset: int, octets: bytes) -> bool:
        """Whether it fits on to what is there."""
        held = bytearray() if offset == 0 else self._modules.get(module, bytearray())
        if offset > len(held):
            return False
        held[offset : offset + len(octets)] = octets
        self._modules[module] = held
        return True
