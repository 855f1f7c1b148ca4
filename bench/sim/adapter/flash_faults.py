"""What can go wrong while an adapter's flash is written, for tests: each thing once, then it is forgotten.

    adapter.flash.faults.lose_block(3)          # the third block of the next session vanishes, unanswered
    adapter.flash.faults.refuse_commit(0x30)    # the next commit is answered with this and writes nothing

Blocks are counted from 1 in each write session of either family. Power fails by `adapter.power(False)`, at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlockFault:
    """One block of a session.

    lost      neither kept nor answered
    status    None: it is kept; a status code: it is refused with that
    flip_bit  None, or the bit of the block that is kept wrong while the answer says all is well
    """

    lost: bool = False
    status: int | None = None
    flip_bit: int | None = None


GOOD = BlockFault()


class FlashFaults:
    def __init__(self) -> None:
        self._blocks: dict[int, BlockFault] = {}
        self._commit: int | None = None
        self._flash_bit: int | None = None

    def lose_block(self, number: int) -> None:
        """The block or its answer gets lost on the way; neither is kept. Seen from the host both look alike."""
        self._blocks[number] = BlockFault(lost=True)

    def spoil_block(self, number: int, *, bit: int = 0) -> None:
        """It is kept with one bit wrong (octet *bit* // 8). The checksum of the module finds it at the commit."""
        self._blocks[number] = BlockFault(flip_bit=bit)

    def refuse_block(self, number: int, status: int) -> None:
        self._blocks[number] = BlockFault(status=status)

    def refuse_commit(self, status: int) -> None:
        """0x30: bad module checksum, 0x24: the flash cannot be written, and so on; of VS_MOD_NVM 0x44, 0x5a, ..."""
        self._commit = status

    def spoil_flash(self, *, bit: int) -> None:
        """The PIB of the next commit gets into the flash with one bit wrong, which reading back or a restart tells."""
        self._flash_bit = bit

    def clear(self) -> None:
        self._blocks.clear()
        self._commit = self._flash_bit = None

    # asked by the adapter

    def of_block(self, number: int) -> BlockFault:
        return self._blocks.pop(number, GOOD)

    def of_commit(self) -> int | None:
        status, self._commit = self._commit, None
        return status

    def as_stored(self, octets: bytes) -> bytes:
        """What the flash holds after *octets* were written to it."""
        bit, self._flash_bit = self._flash_bit, None
        return octets if bit is None else flipped(octets, bit)


def flipped(octets: bytes, bit: int) -> bytes:
    """*octets* with one bit turned over. IndexError if they are too few."""
    turned = bytearray(octets)
    turned[bit // 8] ^= 1 << bit % 8
    return bytes(turned)
