"""How one field of a PIB lies in its octets, and which values it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeAlias

from bench.ids import Dak, MacAddress, Nid, Nmk, Octets, SecretKey

Value: TypeAlias = int | str | bytes


class FieldType(Protocol):
    """What a field's type can do. `read` takes exactly *size* octets; `write` takes a value that has no misfit."""

    @property
    def size(self) -> int: ...

    def read(self, octets: bytes) -> Value: ...

    def misfit(self, value: object) -> str | None:
        """Why *value* cannot be written; None if it can. Says lengths and kinds, never octets: keys pass here."""

    def write(self, value: Any) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned integer, little endian. With *choices*, only those are written; others are read as plain numbers.

    hexadecimal   a person reads it in hex
    """

    size: int
    choices: type[IntEnum] | None = None
    hexadecimal: bool = False

    def read(self, octets: bytes) -> int:
        number = int.from_bytes(octets, "little")
        if self.choices is not None and number in (choice.value for choice in self.choices):
            return self.choices(number)
        return number

    def misfit(self, value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return f"a number is expected, got {_kind(value)}"
        if not 0 <= value < 256**self.size:
            return f"{int(value)} is not between 0 and {256**self.size - 1}"
        if self.choices is not None and value not in (choice.value for choice in self.choices):
            names = ", ".join(f"{choice.value} {choice.name}" for choice in self.choices)
            return f"{int(value)} is none of {names}"
        return None

    def write(self, value: int) -> bytes:
        return value.to_bytes(self.size, "little")


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 in a room of *size* octets, padded with NUL. The last octet stays NUL, as the tools leave it."""

    size: int

    def read(self, octets: bytes) -> str:
        """What stands before the first NUL; octets that are no UTF-8 show as \\xNN."""
        return octets.partition(b"\0")[0].decode(errors="backslashreplace")

    def misfit(self, value: object) -> str | None:
        if not isinstance(value, str):
            return f"a text is expected, got {_kind(value)}"
        try:
            octets = value.encode()
        except UnicodeEncodeError:
            return "the text holds half of a surrogate pair, which is no character"
        if b"\0" in octets:
            return "the text holds a NUL, which would end it"
        if len(octets) >= self.size:
            return f"at most {self.size - 1} octets of UTF-8 are expected, got {len(octets)}"
        return None

    def write(self, value: str) -> bytes:
        return value.encode().ljust(self.size, b"\0")


@dataclass(frozen=True, slots=True)
class Fixed:
    """Octets of one length that mean one thing: an address, a key, a network identifier."""

    kind: type[Octets]

    @property
    def size(self) -> int:
        return self.kind.SIZE

    def read(self, octets: bytes) -> Octets:
        return self.kind(octets)

    def misfit(self, value: object) -> str | None:
        return _octets_misfit(value, self.size)

    def write(self, value: bytes) -> bytes:
        return bytes(value)


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets whose inner order nobody has told."""

    size: int

    def read(self, octets: bytes) -> bytes:
        return bytes(octets)

    def misfit(self, value: object) -> str | None:
        return _octets_misfit(value, self.size)

    def write(self, value: bytes) -> bytes:
        return bytes(value)


U8, U16, U32 = Number(1), Number(2), Number(4)
H32 = Number(4, hexadecimal=True)
MAC, NID = Fixed(MacAddress), Fixed(Nid)
NMK, DAK, SECRET = Fixed(Nmk), Fixed(Dak), Fixed(SecretKey)
HFID = Text(64)
"""Human-friendly identifier."""


def _octets_misfit(value: object, size: int) -> str | None:
    if not isinstance(value, bytes):
        return f"octets are expected, got {_kind(value)}"
    if len(value) != size:
        return f"{size} octets are expected, got {len(value)}"
    return None


def _kind(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


class CcoMode(IntEnum):
    """Whether the adapter becomes coordinator of its network. An EVSE's modem always does, a PEV's never."""

    AUTO = 0
    NEVER = 1
    ALWAYS = 2
    USER_ASSIGNED = 3


class SlacEnable(IntEnum):
    """Which side of SLAC the modem's firmware takes."""

    OFF = 0
    PEV = 1
    EVSE = 2


class YesNo(IntEnum):
    NO = 0
    YES = 1
