"""Who recorded this? Found from the frames, before the attempts are judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from bench.analysis.hygiene import VLAN, YEAR_2000, QuantumMeter, untagged
from bench.analysis.model import Recorder, Role
from bench.capture import UNKNOWN_ADDRESS, Record
from bench.ids import BROADCAST, MacAddress
from bench.units import Ns

HOMEPLUG = b"\x88\xe1"

SET_KEY_REQ = 0x6008
OF_A_MODEM = frozenset({0x6009, 0x600D, 0x6015, 0x6021, 0x6035, 0x6039, 0x6049, 0x6061})
"""Confirmations that modems give to their host, beside all vendor ones."""
OF_THE_PEV = frozenset({0x6064, 0x606A, 0x6076, 0x606F, 0x607C})
OF_THE_EVSE = frozenset({0x6065, 0x606E, 0x607D})
SOUND, PROFILE = 0x6076, 0x6086
CHIP_BLOCK = bytes.fromhex("00b052")
"""Address block of modem chips. The Ioniq's controller asks its modem from 00:b0:52:a0:b0:c0, not from its own."""
MAX_STATIONS = 100
"""Addresses remembered; a capture of forged ones must not fill the memory."""
LOOK_AHEAD, RECORD_COST = 16 * 1024 * 1024, 256
"""Octets of memory for frames held back while looking at a stream that cannot be read twice; of it per frame."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What must be known of a recording before its attempts can be judged."""

    recorder: Recorder
    quantum: Ns
    homeplug: bool


class Witness:
    """Collects what gives the recorder away.

    host    who sent management messages by the capture's own account (cooked, or flagged); else the sender of
            CM_SET_KEY.REQ, which never leaves its own Ethernet; else of vendor requests; else the SLAC station
            whose side this is
    modem   the first to confirm to that host; else the sender of CM_ATTEN_PROFILE.IND
    role    by what the host says in SLAC

    *told* values take the place of found ones.
    """

    def __init__(self, told: Recorder | None = None) -> None:
        self._told = told or Recorder()
        self._key_setter: bytes | None = None
        self._asker: bytes | None = None
        self._sender: bytes | None = None
        self._chip_askers: set[bytes] = set()
        self._first_confirmer: dict[bytes, bytes] = {}
        self._profiler: bytes | None = None
        self._sounds = False
        self._pev: bytes | None = None
        self._evse: bytes | None = None
        self._pevs: set[bytes] = set()
        self._evses: set[bytes] = set()
        self.heard = False

    def sent(self, octets: bytes) -> None:
        """A HomePlug frame that the capture file itself marks as sent by the recorder."""
        src = octets[6:12]
        if self._sender is None and src != UNKNOWN_ADDRESS:
            self._sender = src

    def homeplug(self, octets: bytes) -> None:
        """A HomePlug frame, without tags."""
        self.heard = True
        if len(octets) < 17:
            return
        mmtype = octets[15] | octets[16] << 8
        dst, src = octets[:6], octets[6:12]
        if mmtype in OF_THE_PEV:
            self._pev = self._pev or src
            self._sounds |= mmtype == SOUND
            if len(self._pevs) < MAX_STATIONS:
                self._pevs.add(src)
        elif mmtype in OF_THE_EVSE:
            if dst != BROADCAST and octets[21:27] != BROADCAST:  # that would be pyPLC's power supply control
                self._evse = self._evse or src
                if len(self._evses) < MAX_STATIONS:
                    self._evses.add(src)
        elif mmtype == PROFILE:
            self._profiler = self._profiler or src
        elif mmtype == SET_KEY_REQ:
            self._key_setter = self._key_setter or src
        elif mmtype & 3 == 0 and mmtype >= 0xA000:
            if src[:3] != CHIP_BLOCK:
                self._asker = self._asker or src
            elif len(self._chip_askers) < MAX_STATIONS:
                self._chip_askers.add(src)
        elif mmtype in OF_A_MODEM or (mmtype & 3 == 1 and mmtype >= 0xA000):
            self._confirmed(dst, src)

    def _confirmed(self, host: bytes, modem: bytes) -> None:
        if len(self._first_confirmer) < MAX_STATIONS:
            self._first_confirmer.setdefault(host, modem)

    @property
    def decided(self) -> bool:
        """Whether nothing later can change the verdict."""
        host = self._told.host or self._sender or self._key_setter
        if host is None:
            return False
        role_known = self._told.role is not None or host in self._pevs or host in self._evses
        return role_known and (self._told.modem is not None or host in self._first_confirmer)

    def verdict(self, *, relative_time: bool) -> Recorder:
        """relative_time   stamps do not count from 1970: a log converted to a capture"""
        told = self._told
        stations = self._pevs | self._evses
        host = told.host or self._sender or self._key_setter or self._asker
        host = host or min(self._chip_askers & stations, default=None)
        in_car = relative_time or bool(self._chip_askers - stations)
        role = told.role or self._role_of(host, in_car)
        if host is None:
            host = {Role.EVSE: self._evse, Role.LISTENER: None}.get(role, self._pev) if role else None
        modem = told.modem or (self._first_confirmer.get(host) if host else None) or self._profiler
        return Recorder(role, _mac(host), _mac(modem))

    def _role_of(self, host: bytes | None, in_car: bool) -> Role | None:
        car = Role.PEV_INTERNAL if in_car else Role.PEV
        if host in self._evses:
            return Role.EVSE
        if host in self._pevs:
            return car
        if self._profiler is not None:
            return Role.EVSE
        if host is not None and self._evses:
            return Role.LISTENER
        if host is not None and self._pevs:
            return Role.EVSE  # hears a car and says nothing to it
        if self._evses and not self._pevs:
            return Role.LISTENER  # a recorder sees what its own host sends, so it plays neither
        if self._pevs:
            return car if self._sounds or not self._evses else None
        return None


def _mac(octets: bytes | None) -> MacAddress | None:
    return None if octets is None else MacAddress(octets)


def survey(records: Iterable[Record], told: Recorder | None = None) -> Survey:
    """Look at *records* until it is clear who recorded them and how fine their stamps are.

    Reads on to the end if nothing gives the recorder away.
    """
    witness, meter = Witness(told), QuantumMeter()
    relative: bool | None = None
    measuring = True
    for _, t, octets, outgoing, _ in records:
        if measuring:
            if relative is None:
                relative = t < YEAR_2000
            meter.stamp(t)
            measuring = not meter.sated
        ethertype = octets[12:14]
        if ethertype == VLAN:
            octets = untagged(octets)
            ethertype = octets[12:14]
        if ethertype == HOMEPLUG:
            witness.homeplug(octets)
            if outgoing:
                witness.sent(octets)
            if not measuring and witness.decided:
                break
    return Survey(witness.verdict(relative_time=bool(relative)), meter.quantum(), witness.heard)


def survey_ahead(records: Iterator[Record], told: Recorder | None = None) -> tuple[Survey, Iterator[Record]]:
    """`survey` for a pipe: looks at its beginning, and returns the records with that beginning put back."""
    kept: list[Record] = []

    def beginning() -> Iterator[Record]:
        held = 0
        for record in records:
            kept.append(record)
            yield record
            held += len(record.octets) + RECORD_COST
            if held > LOOK_AHEAD:
                return

    found = survey(beginning(), told)
    return found, chain(kept, records)
