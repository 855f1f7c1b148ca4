"""SECC Discovery Protocol: the car asks its link who the station is and where it listens.

Source: ISO 15118-2, 7.10.1, and DIN SPEC 70121, as implemented by others and as seen in real captures; the clauses
themselves were not read.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, ClassVar, Self

from bench.net.address import UNSPECIFIED
from bench.net.record import U16, Fixed, Ip6, Record, record

SDP_PORT = 15118
"""UDP: the destination of a request, the source of a response."""


class Octet(IntEnum):
    """One octet with names for some values; any other one is kept and shown as a number."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or not 0 <= value <= 0xFF:
            return None
        unknown = int.__new__(cls, value)
        unknown._name_, unknown._value_ = f"UNKNOWN_{value:02X}", value
        # Kept, so that an unknown value is the same object each time, as a known one is.
        known: Self = cls._value2member_map_.setdefault(value, unknown)  # type: ignore[assignment]
        return known

    @property
    def text(self) -> str:
        """For a report: `no TLS`, `TCP`, `0x42`."""
        return TEXTS.get((type(self), int(self)), f"0x{self:02x}")


class Security(Octet):
    """Whether the V2G connection is to be encrypted."""

    TLS = 0x00
    NO_TLS = 0x10


class Transport(Octet):
    """UDP is reserved; every station and car seen says TCP."""

    TCP = 0x00
    UDP = 0x10


TEXTS: dict[tuple[type[Octet], int], str] = {
    (Security, 0x00): "TLS",
    (Security, 0x10): "no TLS",
    (Transport, 0x00): "TCP",
    (Transport, 0x10): "UDP",
}


@record
class SdpRequest(Record):
    """Car to ff02::1: which station is this, and with this security?"""

    payload_type: ClassVar[int] = 0x9000

    security: Annotated[Security, Fixed("B", Security)] = Security.NO_TLS
    transport: Annotated[Transport, Fixed("B", Transport)] = Transport.TCP


@record
class SdpResponse(Record):
    """Station to the asking car: where to connect, and with what security. That may be another one than asked for."""

    payload_type: ClassVar[int] = 0x9001

    secc_address: Ip6 = UNSPECIFIED
    secc_port: U16 = 0
    security: Annotated[Security, Fixed("B", Security)] = Security.NO_TLS
    transport: Annotated[Transport, Fixed("B", Transport)] = Transport.TCP
