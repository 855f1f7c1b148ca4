"""What an adapter keeps while it has no power, and what writing it takes.

Theory of operation. There are four blocks: the PIB in use (in RAM, loaded when the adapter starts), the stored PIB, the
factory's PIB and the firmware. A PIB nobody has asked for exists only as the `Settings` it would be made from; its
octets are made when somebody reads or writes them. Writing takes time: first everything is erased, then it is written
from front to back. Power that fails meanwhile leaves what has been written and FF behind it; whether an adapter can
start from that, it finds out as real ones do, by the checksums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from bench.errors import PibError
from bench.pib import ChainPib, FlatPib, NvmFile, NvmForm, parse, synthesise_nvm
from bench.profiles import AdapterProfile, PibLayout
from bench.sim.adapter.flash_faults import FlashFaults
from bench.sim.adapter.network import FACTORY_KEY, NetworkKey
from bench.sim.adapter.sessions import Scratch, WriteSession
from bench.sim.adapter.settings import Settings, with_field
from bench.sim.world import Timer, World
from bench.units import Ns

ERASED = b"\xff"
ERASING = 4
"""One part in so many of the time a commit takes is spent erasing. Assumed."""
SIZE = 0x20_0000
"""Octets of the whole chip, as VS_GET_NVM tells."""

Pib: TypeAlias = FlatPib | ChainPib
Block: TypeAlias = Settings | bytes
"""A PIB that was not made yet, or its octets."""


class Slot(Enum):
    """What a commit writes."""

    PIB = "parameters"
    FIRMWARE = "firmware"
    SOFTLOADER = "softloader"


@dataclass(frozen=True, slots=True)
class Writing:
    """A commit on its way into the flash, from *begins* to *ends*."""

    parts: tuple[tuple[Slot, bytes], ...]
    as_factory: bool
    begins: Ns
    ends: Ns
    timer: Timer

    def at(self, now: Ns) -> list[tuple[Slot, bytes]]:
        """What the flash holds at *now*: written so far, and erased."""
        total = sum(len(octets) for _, octets in self.parts)
        erased_at = self.begins + (self.ends - self.begins) // ERASING
        written = total if now >= self.ends else total * max(0, now - erased_at) // (self.ends - erased_at)
        found = []
        for slot, octets in self.parts:
            found.append((slot, octets[:written].ljust(len(octets), ERASED)))
            written = max(0, written - len(octets))
        return found


class Flash:
    """The memory of one adapter.

    faults   what is to go wrong next
    session  the write session of VS_MODULE_OPERATION that is open; None: there is none
    scratch  what VS_WR_MOD has sent
    """

    def __init__(self, world: World, profile: AdapterProfile, settings: Settings) -> None:
        self.faults = FlashFaults()
        self.session: WriteSession | None = None
        self.scratch = Scratch()
        self._world = world
        self._profile = profile
        self._stored: Block = settings
        self._in_use: Block | None = settings
        self._factory: Block | None = None
        self._first = settings
        self._firmware: bytes | None = None
        self._writing: Writing | None = None
        self._late_key: NetworkKey | None = None

    # Reading

    @property
    def stored(self) -> bytes:
        """The PIB in the flash: what the next start takes. Not necessarily a sound one."""
        if isinstance(self._stored, Settings):
            self._stored = self._made(self._stored)
        return self._stored

    @property
    def in_use(self) -> bytes | None:
        """The PIB the firmware runs on; None: a loader has none."""
        if isinstance(self._in_use, Settings):
            self._in_use = self._made(self._in_use)
        return self._in_use

    @property
    def factory(self) -> bytes:
        """The PIB that VS_FAC_DEFAULTS restores. At first the PIB the adapter was made with, but for its key, which is
        everybody's (HomePlugAV): plctool stores what it writes as the factory's, too, so roles are taken to stay.
        """
        if self._factory is None or isinstance(self._factory, Settings):
            self._factory = self._made(self._factory_block())
        return self._factory

    @property
    def firmware(self) -> bytes:
        """A synthetic one. Newer chips hold it as well, but do not let it be read."""
        if self._firmware is None:
            form = NvmForm.OLD if self._profile.pib.layout is PibLayout.FLAT else NvmForm.CHAIN
            self._firmware = synthesise_nvm(form).octets
        return self._firmware

    @property
    def firmware_sound(self) -> bool:
        if self._firmware is None:
            return True
        try:
            return isinstance(parse(self._firmware), NvmFile)
        except PibError:
            return False

    def image(self) -> Pib:
        """The stored PIB as a value. Raises PibError if it is damaged."""
        return pib_of(self.stored, self._profile)

    # Starting

    def start(self) -> Settings | None:
        """Load the stored PIB. None: it or the firmware is damaged, and a loader runs instead of firmware."""
        self._in_use = None
        if not self.firmware_sound:
            return None
        if isinstance(self._stored, Settings):
            self._in_use = self._stored
            return self._stored
        try:
            settings = Settings.of(pib_of(self._stored, self._profile))
        except PibError:
            return None
        self._in_use = self._stored
        return settings

    def forget_sessions(self) -> None:
        """RAM is gone, or the firmware starts anew."""
        self.session = None
        self.scratch = Scratch()

    def power_lost(self) -> None:
        """What was being written stays as far as it has come."""
        self.forget_sessions()
        if (writing := self._writing) is None:
            return
        writing.timer.cancel()
        self._writing = self._late_key = None
        for slot, octets in writing.at(self._world.now()):
            self.put(slot, octets)

    # Writing

    @property
    def busy(self) -> bool:
        """Whether a commit is being written."""
        return self._writing is not None

    @property
    def busy_until(self) -> Ns:
        """When it will be done; now if there is none."""
        return self._world.now() if self._writing is None else self._writing.ends

    def write(
        self,
        parts: Sequence[tuple[Slot, bytes]],
        *,
        lasting: Ns,
        as_factory: bool,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Erase and write; *then* is done when all is in the flash."""
        now = self._world.now()

        def finish() -> None:
            self._finish()
            if then is not None:
                then()

        timer = self._world.after(lasting, finish)
        self._writing = Writing(tuple(parts), as_factory, now, now + lasting, timer)

    def take_key(self, key: NetworkKey) -> None:
        """Keep a new network key: the NMK and NID of the stored PIB change at once (adapters.md 7)."""
        if self._writing is not None:
            self._late_key = key
            return
        self._stored = self._with_key(self._stored, key)

    def use_key(self, key: NetworkKey) -> None:
        """The key in use changes without a restart."""
        if self._in_use is not None:
            self._in_use = self._with_key(self._in_use, key)

    def restore_factory(self) -> None:
        self._stored = self._factory_block()

    def _finish(self) -> None:
        writing, self._writing = self._writing, None
        assert writing is not None
        for slot, octets in writing.parts:
            if slot is Slot.PIB:
                if writing.as_factory:
                    self._factory = octets
                octets = self.faults.as_stored(octets)
            self.put(slot, octets)
        if self._late_key is not None:
            key, self._late_key = self._late_key, None
            self.take_key(key)

    def put(self, slot: Slot, octets: bytes) -> None:
        """Change the flash in no time and unchecked, as with the chip in a programmer. Seen by the next start."""
        if slot is Slot.PIB:
            self._stored = octets
        elif slot is Slot.FIRMWARE:
            self._firmware = octets

    def _with_key(self, block: Block, key: NetworkKey) -> Block:
        if isinstance(block, Settings):
            return replace(block, nmk=key.nmk, nid=key.nid)
        try:
            pib = pib_of(block, self._profile)
        except PibError:
            return block
        return with_field(with_field(pib, "nmk", key.nmk), "nid", key.nid).octets

    def _factory_block(self) -> Block:
        if self._factory is None:
            return replace(self._first, nmk=FACTORY_KEY.nmk, nid=FACTORY_KEY.nid)
        return self._factory

    def _made(self, block: Block) -> bytes:
        return block.as_pib(self._profile).octets if isinstance(block, Settings) else block


def pib_of(octets: bytes, profile: AdapterProfile) -> Pib:
    """A PIB that an adapter of *profile* starts from. Raises PibError for a damaged one and for one of another family.

    That a chain of another length is another family's is an assumption: no adapter was seen to be given one.
    """
    pib = parse(octets)
    flat = profile.pib.layout is PibLayout.FLAT
    if isinstance(pib, NvmFile) or isinstance(pib, FlatPib) is not flat:
        raise PibError("PIB", 0, f"{profile.id} keeps a {profile.pib.layout.value} PIB")
    if not flat and len(pib.image) != profile.pib.image_octets:
        raise PibError("PIB", 0, f"its image has {len(pib.image)} octets, {profile.pib.image_octets} expected")
    if flat and len(octets) > profile.pib.file_octets:
        raise PibError("PIB", 0, f"{len(octets)} octets, at most {profile.pib.file_octets} expected")
    return pib
