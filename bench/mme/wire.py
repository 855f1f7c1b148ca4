"""How one field of a management message lies on the wire.

A message class declares each field once, with one of these types; `bench.mme.generate` derives decoding and
encoding from that declaration. All integers are little endian; addresses, ids and keys are plain octets.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from bench.ids import Dak, MacAddress, Nid, Nmk, RunId, StationId

NUMERALS = {1: "one octet", 2: "two octets", 4: "four octets", 8: "eight octets"}


def integer_misfit(value: object, size: int) -> str | None:
    """Why *value* is no unsigned integer of *size* octets; None if it is one."""
    if not isinstance(value, int):
        return f"an integer is expected, got {_kind(value)}"
    if not 0 <= value < 256**size:
        return f"{value} does not fit into {NUMERALS[size]}"
    return None


def octets_misfit(value: object, size: int | None = None, *, at_most: int | None = None) -> str | None:
    """Why *value* is not octets of this number; None if it is. Lengths and kinds are told, never octets: keys."""
    if not isinstance(value, bytes):
        return f"octets are expected, got {_kind(value)}"
    if size is not None and len(value) != size:
        return f"{size} octets are expected, got {len(value)}"
    if at_most is not None and len(value) > at_most:
        return f"at most {at_most} octets are expected, got {len(value)}"
    return None


def _kind(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


@dataclass(frozen=True)
class Fixed:
    """A field of constant size: *code* for `struct`, *convert* to build the value from what struct returns."""

    code: str
    convert: type | None = None

    @property
    def size(self) -> int:
        return struct.calcsize("<" + self.code)

    def misfit(self, value: object) -> str | None:
        """Why *value* does not fit; None if it does. So in every class below."""
        return octets_misfit(value, self.size) if self.code.endswith("s") else integer_misfit(value, self.size)


@dataclass(frozen=True)
class UpTo:
    """At most *size* octets, as many as the frame still has: a tail that some senders leave out."""

    size: int

    def misfit(self, value: object) -> str | None:
        return octets_misfit(value, at_most=self.size)


@dataclass(frozen=True)
class Groups:
    """Octets whose number is given by an earlier `Count`."""

    def misfit(self, value: object) -> str | None:
        return octets_misfit(value)


@dataclass(frozen=True)
class Many:
    """Records of one kind whose number is given by an earlier `Count`."""

    record: type

    def misfit(self, value: object) -> str | None:
        if not isinstance(value, tuple | list):
            return f"a tuple is expected, got {_kind(value)}"
        wrong = next((item for item in value if not isinstance(item, self.record)), None)
        return None if wrong is None else f"{self.record.__name__} is expected, got {_kind(wrong)}"


@dataclass(frozen=True)
class Packed4:
    """Values of 4 bits, two to an octet, low half first; the number is given by an earlier `Count`.

    If the number is odd, half an octet is spare: the last value is that whole octet, so that none is lost.
    """

    def misfit(self, value: object) -> str | None:
        if not isinstance(value, bytes):
            return octets_misfit(value)
        wrong = next((half for half in value[: len(value) & ~1] if half > 15), None)
        return None if wrong is None else f"{wrong} does not fit into 4 bits"


@dataclass(frozen=True)
class CipherSuites:
    """Present only if the message's security_type is 1: with *counted* an octet count, then 16 bits each."""

    counted: bool

    def misfit(self, value: object) -> str | None:
        if not isinstance(value, tuple | list):
            return f"a tuple is expected, got {_kind(value)}"
        if len(value) > (255 if self.counted else 1):
            return f"{len(value)} suites are too many"
        return next((why for suite in value if (why := integer_misfit(suite, 2)) is not None), None)


class Count:
    """The number of elements of another field, *of*, as it stands on the wire at this place.

    It is derived and no field of the dataclass: reading it gives `len(field)`.
    A message that lies about its length is built with `Frame.trailer` or `RawMme`.

    more  what is counted besides: a length that begins at an earlier field
    """

    def __init__(self, of: str, code: str = "B", *, more: int = 0) -> None:
        self.of, self.code, self.more = of, code, more

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else len(getattr(instance, self.of)) + self.more

    def misfit(self, value: object) -> str | None:
        return integer_misfit(value, struct.calcsize("<" + self.code))


WireType: TypeAlias = Fixed | UpTo | Groups | Many | Packed4 | CipherSuites | Count


U8: TypeAlias = Annotated[int, Fixed("B")]
U16: TypeAlias = Annotated[int, Fixed("H")]
U32: TypeAlias = Annotated[int, Fixed("I")]
U64: TypeAlias = Annotated[int, Fixed("Q")]
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
Oct12: TypeAlias = Annotated[bytes, Fixed("12s")]
Oct16: TypeAlias = Annotated[bytes, Fixed("16s")]
