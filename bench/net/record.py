"""Records in network order: each field declared once, reading and writing derived from the declaration.

    @record
    class SdpRequest(Record):
        security: Annotated[Security, Fixed("B", Security)] = Security.NO_TLS
        transport: Annotated[Transport, Fixed("B", Transport)] = Transport.TCP

All fields are of constant size but the last, which may be a `Tail`: what is left, in a form of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Self, TypeAlias, dataclass_transform, get_args, get_type_hints

from bench.net.address import Ipv6Address
from bench.net.malformed import MalformedPacket


@dataclass(frozen=True)
class Fixed:
    """A field of constant size: *code* for `struct`, *convert* to build the value from what struct returns."""

    code: str
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Tail:
    """The rest of the record. *read* may raise MalformedPacket; *write* is its inverse."""

    read: Callable[[bytes], Any] = bytes
    write: Callable[[Any], bytes] = bytes


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    __slots__ = ()
    _fixed: ClassVar[tuple[tuple[str, Fixed], ...]]
    _struct: ClassVar[struct.Struct]
    _tail: ClassVar[tuple[str, Tail] | None]

    @classmethod
    def read(cls, octets: bytes) -> Self:
        """The record that *octets* are, all of them. Raises MalformedPacket."""
        size = cls._struct.size
        if len(octets) < size:
            raise MalformedPacket(cls.__name__, len(octets), f"{size} octets are needed, {len(octets)} are there")
        if cls._tail is None and len(octets) > size:
            raise MalformedPacket(cls.__name__, size, f"{len(octets) - size} octets too many")
        values = [
            wire.convert(value) if wire.convert else value
            for (_, wire), value in zip(cls._fixed, cls._struct.unpack_from(octets), strict=True)
        ]
        if cls._tail is not None:
            values.append(cls._tail[1].read(octets[size:]))
        return cls(*values)

    def write(self) -> bytes:
        """Its octets. A value that does not fit its field is a ValueError naming the field."""
        octets = self._struct.pack(*(self._fitting(name, wire) for name, wire in self._fixed))
        if self._tail is not None:
            name, tail = self._tail
            octets += tail.write(getattr(self, name))
        return octets

    def _fitting(self, name: str, wire: Fixed) -> Any:
        """The value of a field. Checked here because `struct` pads octets in silence and does not name the field."""
        value, size = getattr(self, name), struct.calcsize("!" + wire.code)
        if wire.code.endswith("s"):
            fits = isinstance(value, bytes) and len(value) == size
        else:
            fits = isinstance(value, int) and 0 <= value < 256**size
        if not fits:
            raise ValueError(f"{type(self).__name__}.{name}: {value!r} does not fit into {size} octets")
        return value


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type) -> Any:
    """Class decorator: make *cls* a frozen, slotted dataclass that can be read and written."""
    made: Any = dataclass(frozen=True, slots=True)(cls)
    hints = get_type_hints(made, include_extras=True)
    wire = {f.name: get_args(hints[f.name])[1] for f in fields(made)}
    made._fixed = tuple((name, kind) for name, kind in wire.items() if isinstance(kind, Fixed))
    made._struct = struct.Struct("!" + "".join(kind.code for _, kind in made._fixed))
    tails = [(name, kind) for name, kind in wire.items() if isinstance(kind, Tail)]
    made._tail = tails[0] if tails else None
    return made


U8: TypeAlias = Annotated[int, Fixed("B")]
U16: TypeAlias = Annotated[int, Fixed("H")]
U32: TypeAlias = Annotated[int, Fixed("I")]
Ip6: TypeAlias = Annotated[Ipv6Address, Fixed("16s", Ipv6Address)]
