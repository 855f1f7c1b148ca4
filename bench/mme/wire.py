"""How one field of a management message lies on the wire.

A message class declares each field once, with one of these types; `bench.mme.record` derives decoding and
encoding from that declaration. All integers are little endian; addresses, ids and keys are plain octets.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from bench.ids import Dak, MacAddress, Nid, Nmk, RunId, StationId


@dataclass(frozen=True)
class Fixed:
    """A field of constant size: *code* for `struct`, *convert* to build the value from what struct returns."""

    code: str
    convert: type | None = None

    @property
    def size(self) -> int:
        return struct.calcsize("<" + self.code)


@dataclass(frozen=True)
class UpTo:
    """At most *size* octets, as many as the frame still has: a tail that some senders leave out."""

    size: int


@dataclass(frozen=True)
class Groups:
    """Octets whose number is given by an earlier `Count`."""


@dataclass(frozen=True)
class Many:
    """Records of one kind whose number is given by an earlier `Count`."""

    record: type


@dataclass(frozen=True)
class Packed4:
    """Values of 4 bits, two to an octet, low half first; the number is given by an earlier `Count`."""


@dataclass(frozen=True)
class CipherSuites:
    """Present only if the message's security_type is 1: with *counted* an octet count, then 16 bits each."""

    counted: bool


class Count:
    """The number of elements of another field, *of*, as it stands on the wire at this place.

    It is derived and no field of the dataclass: reading it gives `len(field)`.
    A message that lies about its length is built with `Frame.trailer` or `RawMme`.
    """

    def __init__(self, of: str, code: str = "B") -> None:
        self.of, self.code = of, code

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else len(getattr(instance, self.of))


U8: TypeAlias = Annotated[int, Fixed("B")]
U16: TypeAlias = Annotated[int, Fixed("H")]
U32: TypeAlias = Annotated[int, Fixed("I")]
Mac: TypeAlias = Annotated[MacAddress, Fixed("6s", MacAddress)]
Run: TypeAlias = Annotated[RunId, Fixed("8s", RunId)]
NetId: TypeAlias = Annotated[Nid, Fixed("7s", Nid)]
Station: TypeAlias = Annotated[StationId, Fixed("17s", StationId)]
Key: TypeAlias = Annotated[Nmk, Fixed("16s", Nmk)]
DeviceKey: TypeAlias = Annotated[Dak, Fixed("16s", Dak)]
Oct1: TypeAlias = Annotated[bytes, Fixed("1s")]
Oct2: TypeAlias = Annotated[bytes, Fixed("2s")]
Oct3: TypeAlias = Annotated[bytes, Fixed("3s")]
Oct4: TypeAlias = Annotated[bytes, Fixed("4s")]
Oct5: TypeAlias = Annotated[bytes, Fixed("5s")]
Oct7: TypeAlias = Annotated[bytes, Fixed("7s")]
Oct8: TypeAlias = Annotated[bytes, Fixed("8s")]
Oct16: TypeAlias = Annotated[bytes, Fixed("16s")]
