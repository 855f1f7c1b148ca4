"""V2GTP: the header of eight octets in front of SDP and V2G messages.

Source: ISO 15118-2, 7.8.3, as implemented by others and as seen in real captures; the clause itself was not read.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from bench.net.malformed import MalformedPacket
from bench.net.sdp import SdpRequest, SdpResponse

HEADER = struct.Struct("!BBHI")
VERSION, INVERSE_VERSION = 0x01, 0xFE
EXI_MESSAGE = 0x8001
"""Payload type of an EXI coded V2G message (over TCP)."""
KNOWN_TYPES = frozenset({EXI_MESSAGE, SdpRequest.payload_type, SdpResponse.payload_type})

V2gtpPayload: TypeAlias = SdpRequest | SdpResponse | bytes
SDP_MESSAGES: dict[int, type[SdpRequest] | type[SdpResponse]] = {
    SdpRequest.payload_type: SdpRequest,
    SdpResponse.payload_type: SdpResponse,
}


@dataclass(frozen=True, slots=True)
class V2gtp:
    """A header and what it carries.

    payload       octets where it is no SDP message, or one of the wrong length
    payload_type  None: that of the SDP message
    length        None: the payload's; otherwise what the header says
    """

    payload: V2gtpPayload
    payload_type: int | None = None
    version: int = VERSION
    inverse_version: int = INVERSE_VERSION
    length: int | None = None

    @property
    def kind(self) -> int:
        """The payload type on the wire. Raises ValueError for octets without one."""
        if self.payload_type is not None:
            return self.payload_type
        if isinstance(self.payload, bytes):
            raise ValueError("V2gtp.payload_type: octets need one, e.g. 0x8001")
        return self.payload.payload_type

    @property
    def well_formed(self) -> bool:
        """Version 1, its inverse, and the length that is there."""
        return (self.version, self.inverse_version, self.length) == (VERSION, INVERSE_VERSION, None)


def read_v2gtp(octets: bytes) -> V2gtp:
    """All of *octets*, whatever they say of version and length. Raises MalformedPacket below eight octets."""
    if len(octets) < HEADER.size:
        raise MalformedPacket("V2GTP header", len(octets), f"8 octets are needed, {len(octets)} are there")
    version, inverse, kind, length = HEADER.unpack_from(octets)
    body = octets[HEADER.size :]
    said = None if length == len(body) else length
    message = SDP_MESSAGES.get(kind)
    if message is not None:
        with suppress(MalformedPacket):  # one of another length stays octets; `violations` says so
            return V2gtp(message.read(body), None, version, inverse, said)
    return V2gtp(body, kind, version, inverse, said)


def write_v2gtp(v2gtp: V2gtp) -> bytes:
    """Raises ValueError for a value that does not fit its field."""
    body = v2gtp.payload if isinstance(v2gtp.payload, bytes) else v2gtp.payload.write()
    length = len(body) if v2gtp.length is None else v2gtp.length
    try:
        return HEADER.pack(v2gtp.version, v2gtp.inverse_version, v2gtp.kind, length) + body
    except struct.error as error:
        raise ValueError(f"V2gtp: {error}") from None
