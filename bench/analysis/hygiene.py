"""What recorders do to captures: duplicate frames, set their clocks, round their stamps, misread a bus."""

from __future__ import annotations

from bench.analysis.limits import CLOCK_STEP, RECORDER_DUPLICATE
from bench.analysis.model import CaptureNotes
from bench.units import Ns, ms, us

VLAN = b"\x81\x00"
SPI_START_OF_FRAME = b"\xaa\xaa\xaa\xaa"
"""What a QCA7000 puts in front of each frame on its SPI bus."""

QUANTA = (ms(20), ms(10), ms(5), ms(1))
"""Stamp resolutions looked for, the coarsest first."""
YEAR_2000 = 946_684_800 * 1_000_000_000


class RecentFrames:
    """Frames of the last half millisecond, to recognise one recorded twice.

    Only asked about frames that follow their predecessor that closely.
    """

    def __init__(self) -> None:
        self._octets: list[bytes] = []
        self._times: list[Ns] = []

    def forget(self) -> None:
        """A gap longer than the window: nothing of before matters any more."""
        self._octets.clear()
        self._times.clear()

    def remember(self, t: Ns, octets: bytes) -> None:
        self._octets.append(octets)
        self._times.append(t)

    def holds(self, t: Ns, octets: bytes) -> bool:
        """Whether *octets* were recorded less than 0.5 ms before *t*."""
        times = self._times
        while times and t - times[0] >= RECORDER_DUPLICATE:
            del times[0], self._octets[0]
        if octets not in self._octets:
            return False
        return any(
            then == octets and abs(t - at) < RECORDER_DUPLICATE for then, at in zip(self._octets, times, strict=True)
        )


def note_set_back(notes: CaptureNotes, number: int, gap: Ns) -> None:
    """A frame stamped earlier than the one before it, by -*gap*."""
    notes.non_monotonic += 1
    if -gap > CLOCK_STEP and len(notes.clock_steps) < 100:
        notes.clock_steps.append((number, gap))


def untagged(octets: bytes) -> bytes:
    """The frame without its 802.1Q tags."""
    at = 12
    while octets[at : at + 2] == VLAN:
        at += 4
    return octets[:12] + octets[at:]


def is_artefact(octets: bytes) -> bool:
    """Whether this is no Ethernet frame at all, as a misaligned trace of an SPI bus yields.

    Too short for a header; sent by a group address or by nobody; the bus's own start of frame at its head; or an
    EtherType below 0x0600 that is no length either.
    """
    if len(octets) < 14:
        return True
    if octets[6] & 1 or octets[6:12] == bytes(6) or octets[:4] == SPI_START_OF_FRAME:
        return True
    type_or_length = octets[12] << 8 | octets[13]
    return type_or_length < 0x0600 and type_or_length > len(octets) - 14


class QuantumMeter:
    """Finds the real resolution of stamps that are coarser than the file says.

    A logic analyser on a car's SPI bus that is polled every 10 ms stamps frames at multiples of 10 ms, give or take
    half a millisecond. Intervals of such a recording are all near a multiple; those of any other spread evenly.
    """

    ENOUGH, FEW, PLENTY = 50, 8, 2000
    NEAR = us(600)
    SHARE = 0.97

    def __init__(self) -> None:
        self._gaps: list[Ns] = []
        self._last: Ns | None = None
        self._relative = False

    @property
    def sated(self) -> bool:
        return len(self._gaps) >= self.PLENTY

    def stamp(self, t: Ns) -> None:
        if self._last is None:
            self._relative = t < YEAR_2000
        elif t - self._last > min(QUANTA) // 2:
            self._gaps.append(t - self._last)
        self._last = t

    def quantum(self) -> Ns:
        """0 if the stamps are as fine as they look."""
        for quantum in QUANTA:
            gaps = [gap for gap in self._gaps if gap > quantum // 2]
            near = min(self.NEAR, quantum // 8)
            hits = sum(min(gap % quantum, quantum - gap % quantum) <= near for gap in gaps)
            if len(gaps) >= (self.FEW if self._relative else self.ENOUGH) and hits >= self.SHARE * len(gaps):
                return quantum
        return 0
