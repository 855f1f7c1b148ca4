"""The reader and the writer of a record, generated as source from its layout.

Source, because a capture of a million frames is read through it: one `struct` call per run of fixed fields, no loop
over field descriptions. For CM_ATTEN_PROFILE.IND the two functions come out as

    def read(octets, at, end):
        if end - at < 8: raise too_short('CmAttenProfileInd.pev_mac', at, 8, end)
        (pev_mac, num_groups, reserved,) = unpack_pev_mac(octets, at); at += 8
        if end - at < num_groups: raise too_short('CmAttenProfileInd.aag', at, num_groups, end)
        aag = octets[at:at + num_groups]; at += num_groups
        return cls(new(MacAddress, pev_mac), reserved, aag), at

    def write(m):
        return pack_pev_mac(sized(m.pev_mac, 6), len(m.aag), m.reserved) + any_octets(m.aag)

*octets* is the whole frame, so offsets in errors are frame offsets. Values are built with `bytes.__new__`: `struct` has
already given them their length. Each kind of field that is not of constant size has a `_read_…` and a `_write_…` here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, TypeAlias

from bench.errors import MalformedMme
from bench.mme.wire import CipherSuites, Count, Fixed, Groups, Many, Packed4, UpTo, WireType, octets_misfit

Reader: TypeAlias = Callable[[bytes, int, int], tuple[Any, int]]
"""(frame, offset, end) -> (record, offset after its last field)"""
Writer: TypeAlias = Callable[[Any], bytes]
Layout: TypeAlias = list[tuple[str, WireType]]
"""(name, wire type) in wire order"""
Names: TypeAlias = dict[str, Any]
"""What the generated source refers to."""


def make_reader(cls: type, layout: Layout) -> Reader:
    names: Names = {
        "cls": cls,
        "new": bytes.__new__,
        "too_short": too_short,
        "negative": negative,
        "unpacked4": unpacked4,
        "suites": suites,
    }
    counts = {
        wire.of: f"({name} - {wire.more})" if wire.more else name for name, wire in layout if isinstance(wire, Count)
    }
    lines: list[str] = []
    for run in _runs(layout):
        first, wire = run[0]
        where = f"{cls.__name__}.{first}"
        if isinstance(wire, Fixed | Count):
            lines += _read_fixed(run, where, names)
        elif isinstance(wire, UpTo):
            lines.append(f"{first} = octets[at:min(at + {wire.size}, end)]; at += len({first})")
        elif isinstance(wire, Groups):
            lines += _read_octets(first, counts[first], where)
        elif isinstance(wire, Packed4):
            lines += _read_octets(first, f"({counts[first]} + 1 >> 1)", where)
            lines.append(f"{first} = unpacked4({first}, {counts[first]})")
        elif isinstance(wire, Many):
            lines += _read_many(first, wire, counts[first], names)
        elif isinstance(wire, CipherSuites):
            lines += _read_suites(first, wire, where)
    values = [_value(name, wire, names) for name, wire in layout if not isinstance(wire, Count)]
    lines.append(f"return cls({', '.join(values)}), at")
    read: Reader = _compiled("read(octets, at, end)", lines, names)
    return read


def make_writer(title: str, layout: Layout) -> Writer:
    """A writer that raises ValueError, naming the field, for values that do not fit; nothing else is judged."""
    names: Names = {"sized": sized, "any_octets": any_octets, "packed4": packed4, "packed_suites": packed_suites}
    parts: list[str] = []
    for run in _runs(layout):
        first, wire = run[0]
        if isinstance(wire, Fixed | Count):
            parts.append(_write_fixed(run, names))
        elif isinstance(wire, UpTo):
            parts.append(f"any_octets(m.{first}, {wire.size})")
        elif isinstance(wire, Groups):
            parts.append(f"any_octets(m.{first})")
        elif isinstance(wire, Packed4):
            parts.append(f"packed4(m.{first})")
        elif isinstance(wire, Many):
            names[f"write_{first}"] = _of_record(wire, "_write")
            parts.append(f"b''.join(map(write_{first}, m.{first}))")
        elif isinstance(wire, CipherSuites):
            parts.append(f"packed_suites(m.security_type, m.{first}, {wire.counted})")
    generated: Writer = _compiled("write(m)", [f"return {' + '.join(parts) or repr(b'')}"], names)

    def write(m: Any) -> bytes:
        try:
            return generated(m)
        except (struct.error, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise _misfit(title, layout, m, error) from None

    return write


def too_short(what: str, at: int, needs: int, end: int) -> MalformedMme:
    return MalformedMme(what, at, f"{needs} octets expected, the frame ends {at + needs - end} octets too early")


def negative(what: str, at: int) -> MalformedMme:
    return MalformedMme(what, at, "its length does not even cover what stands in front of it")


def _misfit(title: str, layout: Layout, m: Any, error: Exception) -> ValueError:
    """Which field it was that could not be written; an element of a list has already named its own."""
    for name, wire in sorted(layout, key=lambda field: isinstance(field[1], Count)):
        why = wire.misfit(getattr(m, name))
        if why is None and isinstance(wire, CipherSuites) and m.security_type != 1 and getattr(m, name):
            why = "suites are only sent with security_type 1"
        if why is not None:
            return ValueError(f"{title}.{name}: {why}")
    return ValueError(str(error))


def _runs(layout: Layout) -> Iterator[Layout]:
    """Neighbouring fields of constant size together, every other field by itself."""
    for constant, run in groupby(layout, key=lambda field: isinstance(field[1], Fixed | Count)):
        fields = list(run)
        yield from [fields] if constant else ([field] for field in fields)


def _struct(run: Layout) -> struct.Struct:
    return struct.Struct("<" + "".join(wire.code for _, wire in run if isinstance(wire, Fixed | Count)))


def _compiled(signature: str, lines: list[str], names: Names) -> Any:
    exec(f"def {signature}:\n    " + "\n    ".join(lines), names)
    return names[signature.partition("(")[0]]


# Reading


def _value(name: str, wire: WireType, names: Names) -> str:
    """The argument for the record's field *name*, from the variable of that name."""
    if not isinstance(wire, Fixed) or wire.convert is None:
        return name
    names[wire.convert.__name__] = wire.convert
    return f"new({wire.convert.__name__}, {name})"


def _read_fixed(run: Layout, where: str, names: Names) -> list[str]:
    fixed, unpack = _struct(run), f"unpack_{run[0][0]}"
    names[unpack] = fixed.unpack_from
    return [
        f"if end - at < {fixed.size}: raise too_short({where!r}, at, {fixed.size}, end)",
        f"({', '.join(name for name, _ in run)},) = {unpack}(octets, at); at += {fixed.size}",
    ]


def _read_octets(name: str, number: str, where: str) -> list[str]:
    return [
        f"if end - at < {number}: raise too_short({where!r}, at, {number}, end)",
        *([f"if {number} < 0: raise negative({where!r}, at)"] if "-" in number else []),
        f"{name} = octets[at:at + {number}]; at += {number}",
    ]


def _read_many(name: str, wire: Many, number: str, names: Names) -> list[str]:
    names[f"read_{name}"] = _of_record(wire, "_read")
    return [
        "items = []",
        f"for _ in range({number}):",
        f"    item, at = read_{name}(octets, at, end); items.append(item)",
        f"{name} = tuple(items)",
    ]


def _read_suites(name: str, wire: CipherSuites, where: str) -> list[str]:
    number = [*_read_octets("number", "1", where), "number = number[0]"] if wire.counted else ["number = 1"]
    lines = [*number, *_read_octets(name, "2 * number", where), f"{name} = suites({name})"]
    return [f"{name} = ()", "if security_type == 1:", *("    " + line for line in lines)]


def unpacked4(octets: bytes, number: int) -> bytes:
    values = bytearray()
    for octet in octets:
        values += bytes((octet & 15, octet >> 4))
    if number % 2:
        values[-2:] = octets[-1:]
    return bytes(values)


def suites(octets: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(octets) // 2}H", octets)


# Writing


def _write_fixed(run: Layout, names: Names) -> str:
    pack = f"pack_{run[0][0]}"
    names[pack] = _struct(run).pack
    return f"{pack}({', '.join(_packable(name, wire) for name, wire in run)})"


def _packable(name: str, wire: WireType) -> str:
    if isinstance(wire, Count):
        return f"len(m.{wire.of}) + {wire.more}" if wire.more else f"len(m.{wire.of})"
    if isinstance(wire, Fixed) and wire.code.endswith("s"):
        return f"sized(m.{name}, {wire.size})"
    return f"m.{name}"


def sized(value: bytes, size: int) -> bytes:
    """struct would silently cut or zero-fill octets of another length."""
    if len(value) != size:
        raise ValueError
    return value


def any_octets(value: bytes, at_most: int | None = None) -> bytes:
    if octets_misfit(value, at_most=at_most):
        raise ValueError
    return value


def packed4(values: bytes) -> bytes:
    even = values[: len(values) & ~1]
    if any(value > 15 for value in even):
        raise ValueError
    return bytes(low | high << 4 for low, high in zip(even[::2], even[1::2], strict=True)) + values[len(even) :]


def packed_suites(security_type: int, suites: tuple[int, ...], counted: bool) -> bytes:
    number = len(suites)
    if number > (255 if counted else 1) or (number and security_type != 1):
        raise ValueError
    if security_type != 1:
        return b""
    octets = struct.pack(f"<{number}H", *suites)
    return bytes([number]) + octets if counted else octets


def _of_record(wire: Many, function: str) -> Any:
    return getattr(wire.record, function)
