"""Ethernet frame <-> management message.

`encode(decode(octets)) == octets` for every frame that decodes, padding and reserved octets included, because
`Frame` keeps what is out of the ordinary: another header, another trailer, an 802.1Q tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bench.errors import MalformedMme
from bench.ids import MacAddress
from bench.mme.generate import Reader
from bench.mme.record import REGISTRY, Mme, header_octets
from bench.mme.wire import integer_misfit, octets_misfit

ETHERTYPE_HOMEPLUG = 0x88E1
HOMEPLUG = ETHERTYPE_HOMEPLUG.to_bytes(2, "big")
VLAN = b"\x81\x00"
MIN_LENGTH = 60
"""Shortest Ethernet frame without its check sequence; shorter messages are padded with zeros."""
MAX_LENGTH = 1518
"""Longest one: 1500 octets of payload, addresses, EtherType and one 802.1Q tag."""

A14E_WITHOUT_OUI = bytes(3)
"""FoccciCape's QCA7005 sends 0xA14E with this OUI."""


@dataclass(frozen=True, slots=True)
class Header:
    """MMV and what follows MMTYPE, where a frame has not the usual ones of its message."""

    mmv: int
    rest: bytes


@dataclass(frozen=True, slots=True)
class RawMme:
    """A message of unlisted type or vendor, or a fragment: *body* is everything after MMTYPE."""

    mmtype: int
    body: bytes
    mmv: int = 1
    oui: ClassVar[bytes] = b""

    @property
    def name(self) -> str:
        return f"0x{self.mmtype:04X}"


@dataclass(frozen=True, slots=True)
class Frame:
    """A management message on its way.

    header   None: the usual one of this message
    trailer  None: zeros up to 60 octets; otherwise the octets that follow the last field, b"" for none at all
    tag      802.1Q tag octets in front of the EtherType
    """

    dst: MacAddress
    src: MacAddress
    mme: Mme | RawMme
    header: Header | None = None
    trailer: bytes | None = None
    tag: bytes = b""


def is_homeplug(octets: bytes) -> bool:
    """Whether the EtherType, behind any 802.1Q tags, is HomePlug AV's."""
    at = 12
    while octets[at : at + 2] == VLAN:
        at += 4
    return octets[at : at + 2] == HOMEPLUG


_USUAL: dict[int, tuple[Reader, bytes]] = {}
"""(MMV << 16 | MMTYPE) -> body reader, octets after MMTYPE"""


def _usual(key: int) -> tuple[Reader, bytes] | None:
    found = _USUAL.get(key)
    if found is None:
        cls = REGISTRY.get(key)
        if cls is None:
            return None
        found = _USUAL[key] = (cls._read, header_octets(cls.mmtype, cls.mmv))
    return found


def decode(octets: bytes) -> Frame:
    """Read one Ethernet frame. Raises MalformedMme, and nothing else, for octets that are no management message."""
    end = len(octets)
    at = 12
    if octets[12:14] != HOMEPLUG:
        while octets[at : at + 2] == VLAN:
            at += 4
        if octets[at : at + 2] != HOMEPLUG:
            if end < at + 2:
                raise MalformedMme("Ethernet header", end, f"{end} octets are too short for a header")
            raise MalformedMme("EtherType", at, f"{octets[at : at + 2].hex()} is not HomePlug (88e1)")
    if end > MAX_LENGTH:
        raise MalformedMme("Ethernet frame", MAX_LENGTH, f"{end} octets are more than an Ethernet frame can have")
    if end < at + 5:
        raise MalformedMme("MME header", end, "the frame ends before MMTYPE")
    dst, src = bytes.__new__(MacAddress, octets[:6]), bytes.__new__(MacAddress, octets[6:12])
    tag = octets[12:at]
    mmv = octets[at + 2]
    mmtype = octets[at + 3] | octets[at + 4] << 8
    at += 5

    header: Header | None = None
    usual = _USUAL.get(mmv << 16 | mmtype) or _usual(mmv << 16 | mmtype)
    if usual is None and mmv == 2:
        # Same layout as version 1 for public messages; the sources disagree on who must send 2.
        usual = _usual(1 << 16 | mmtype) if mmtype < 0x8000 else None
        header = Header(2, b"\0\0")
    if usual is None:
        return _raw(octets, mmv, mmtype, at, dst, src, tag)
    read, rest = usual
    found = octets[at : at + len(rest)]
    if found != rest:
        if len(found) < len(rest):
            raise MalformedMme("MME header", end, "the frame ends inside the header")
        if mmtype != 0xA14E or found != A14E_WITHOUT_OUI:
            return _raw(octets, mmv, mmtype, at, dst, src, tag)
        header = Header(mmv, found)
    mme, at = read(octets, at + len(rest), end)
    trailer = octets[at:]
    shortest = MIN_LENGTH + len(tag)
    usual_end = not any(trailer) if end == shortest else end > shortest and not trailer
    return Frame(dst, src, mme, header, None if usual_end else trailer, tag)


def _raw(octets: bytes, mmv: int, mmtype: int, at: int, dst: MacAddress, src: MacAddress, tag: bytes) -> Frame:
    """A frame kept as it is; a short one must not gain padding when it is encoded again."""
    trailer = None if len(octets) >= MIN_LENGTH + len(tag) else b""
    return Frame(dst, src, RawMme(mmtype, octets[at:], mmv), trailer=trailer, tag=tag)


def encode(frame: Frame) -> bytes:
    """The octets of *frame*. Illegal values are encoded; one that does not fit its field is a ValueError naming it."""
    try:
        octets = _head(frame) + (frame.mme.body if isinstance(frame.mme, RawMme) else type(frame.mme)._write(frame.mme))
        octets = octets.ljust(MIN_LENGTH + len(frame.tag), b"\0") if frame.trailer is None else octets + frame.trailer
        if len(octets) > MAX_LENGTH:
            raise ValueError(f"Frame: {len(octets)} octets are more than an Ethernet frame can have, {MAX_LENGTH}")
        return octets
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ValueError(_misfit(frame) or str(error)) from None


def _head(frame: Frame) -> bytes:
    """Everything in front of the body."""
    mme = frame.mme
    if len(frame.dst) != 6 or len(frame.src) != 6 or (frame.tag and _tag_misfit(frame.tag)):
        raise ValueError
    if frame.header is not None:
        mmv, rest = frame.header.mmv, frame.header.rest
    else:
        mmv, rest = mme.mmv, b"" if isinstance(mme, RawMme) else header_octets(mme.mmtype, mme.mmv)
    return frame.dst + frame.src + frame.tag + HOMEPLUG + bytes((mmv,)) + mme.mmtype.to_bytes(2, "little") + rest


def _tag_misfit(tag: bytes) -> str | None:
    tags = [tag[at : at + 4] for at in range(0, len(tag), 4)]
    if all(len(one) == 4 and one.startswith(VLAN) for one in tags):
        return None
    return "802.1Q tags have four octets each and begin with 8100"


def _misfit(frame: Frame) -> str | None:
    """Which part of the frame around the message cannot be written, and why; None if it is the message."""
    mme, header = frame.mme, frame.header
    if not isinstance(mme, Mme | RawMme):
        return f"Frame.mme: a message is expected, got {type(mme).__name__}"
    found = {
        "Frame.dst": octets_misfit(frame.dst, MacAddress.SIZE),
        "Frame.src": octets_misfit(frame.src, MacAddress.SIZE),
        "Frame.tag": octets_misfit(frame.tag) or _tag_misfit(frame.tag),
        "Frame.trailer": None if frame.trailer is None else octets_misfit(frame.trailer),
    }
    if header is not None:
        found |= {"Header.mmv": integer_misfit(header.mmv, 1), "Header.rest": octets_misfit(header.rest)}
    if isinstance(mme, RawMme):
        found["RawMme.mmv"] = integer_misfit(mme.mmv, 1)
        found["RawMme.mmtype"] = integer_misfit(mme.mmtype, 2)
        found["RawMme.body"] = octets_misfit(mme.body)
    return next((f"{name}: {why}" for name, why in found.items() if why is not None), None)
