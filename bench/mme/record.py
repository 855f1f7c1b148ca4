"""Message classes from declarations: one dataclass per message, both directions of the codec derived from it.

    class CmSlacParmReq(Mme, mmtype=0x6064):
        application_type: U8 = 0
        security_type: U8 = 0
        run_id: Run = RunId(bytes(8))

becomes a frozen, slotted dataclass with a decoder and an encoder. The functions are generated as source, one
`struct` call per run of fixed fields, because a capture of a million frames is read through them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, dataclass_transform, get_args, get_type_hints

from bench.errors import MalformedMme
from bench.mme.wire import CipherSuites, Count, Fixed, Groups, Many, Packed4, UpTo

Reader = Callable[[bytes, int, int], tuple[Any, int]]
"""(frame, offset, end) -> (record, offset after its last field)"""
Writer = Callable[[Any], bytes]

QUALCOMM_OUI = bytes.fromhex("00b052")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    """Fields on the wire without a header of their own: a message body or an element of a list."""

    __slots__ = ()
    _read: ClassVar[Reader]
    _write: ClassVar[Writer]


class Mme(Record):
    """A management message. Subclasses carry their type, version and name as class attributes."""

    __slots__ = ()
    mmtype: ClassVar[int]
    mmv: ClassVar[int]
    oui: ClassVar[bytes]
    name: ClassVar[str]


REGISTRY: dict[int, type[Mme]] = {}
"""(MMV << 16 | MMTYPE) -> message class"""


def record(cls: type) -> Any:
    """Class decorator: make *cls* a frozen, slotted dataclass with a derived reader and writer."""
    made: Any = dataclass(frozen=True, slots=True)(cls)
    layout = _layout(made)
    made._read = staticmethod(_reader(made, layout))
    made._write = staticmethod(_writer(made, layout))
    return made


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def message(mmtype: int, *, mmv: int = 1, name: str | None = None) -> Callable[[type], Any]:
    """Class decorator: a `record` that is the body of message *mmtype* in version *mmv*."""

    def decorate(cls: type) -> Any:
        made = record(cls)
        made.mmtype, made.mmv = mmtype, mmv
        made.oui = QUALCOMM_OUI if 0xA000 <= mmtype < 0xC000 else b""
        made.name = name or _wire_name(cls.__name__)
        REGISTRY[mmv << 16 | mmtype] = made
        return made

    return decorate


def header_octets(mmtype: int, mmv: int) -> bytes:
    """What follows MMTYPE in the header of an unfragmented message: FMI if MMV is not 0, OUI if vendor specific."""
    fmi = b"" if mmv == 0 else b"\0\0"
    return fmi + (QUALCOMM_OUI if 0xA000 <= mmtype < 0xC000 else b"")


def _wire_name(class_name: str) -> str:
    """`CmSlacParmReq` -> `CM_SLAC_PARM.REQ`"""
    *words, mode = re.findall("[A-Z][a-z0-9]*", class_name)
    return f"{'_'.join(words)}.{mode}".upper()


def _layout(cls: Any) -> list[tuple[str, Any]]:
    """(name, wire type) in wire order, `Count`s included."""
    hints = get_type_hints(cls, include_extras=True)
    layout: list[tuple[str, Any]] = []
    for name in cls.__annotations__:
        declared = getattr(cls, name, None)
        if isinstance(declared, Count):
            layout.append((name, declared))
        elif name in cls.__dataclass_fields__ and cls.__dataclass_fields__[name]._field_type.name == "_FIELD":
            layout.append((name, get_args(hints[name])[1]))
    return layout


def too_short(what: str, at: int, needs: int, end: int) -> MalformedMme:
    missing = at + needs - end
    return MalformedMme(what, at, f"{needs} octets expected, the frame ends {missing} octets too early")


def _reader(cls: Any, layout: list[tuple[str, Any]]) -> Reader:
    """Generate `read(b, o, end) -> (record, offset)`; b is the whole frame, so offsets in errors are frame offsets."""
    space: dict[str, Any] = {"cls": cls, "too_short": too_short, "MalformedMme": MalformedMme}
    lines = ["def read(b, o, end):"]
    arguments: dict[str, str] = {}
    counts: dict[str, str] = {}
    title = getattr(cls, "__name__", "record")

    def flush(run: list[tuple[str, Any]]) -> None:
        if not run:
            return
        fixed = struct.Struct("<" + "".join(wire.code for _, wire in run))
        space[f"unpack{len(space)}"] = fixed.unpack_from
        name = f"unpack{len(space) - 1}"
        lines.append(
            f"    if end - o < {fixed.size}: raise too_short({title + '.' + run[0][0]!r}, o, {fixed.size}, end)"
        )
        lines.append(f"    ({', '.join(n for n, _ in run)},) = {name}(b, o); o += {fixed.size}")
        for n, wire in run:
            if isinstance(wire, Count):
                counts[wire.of] = n
            elif wire.convert is not None:
                space[wire.convert.__name__] = wire.convert
                arguments[n] = f"{wire.convert.__name__}({n})"
            else:
                arguments[n] = n
        run.clear()

    run: list[tuple[str, Any]] = []
    for name, wire in layout:
        if isinstance(wire, Fixed | Count):
            run.append((name, wire))
            continue
        flush(run)
        where = f"{title}.{name}"
        arguments[name] = name
        if isinstance(wire, UpTo):
            lines.append(f"    {name} = b[o:min(o + {wire.size}, end)]; o += len({name})")
        elif isinstance(wire, Groups):
            n = counts[name]
            lines.append(f"    if end - o < {n}: raise too_short({where!r}, o, {n}, end)")
            lines.append(f"    {name} = b[o:o + {n}]; o += {n}")
        elif isinstance(wire, Packed4):
            n = counts[name]
            lines.append(f"    if end - o < ({n} + 1) // 2: raise too_short({where!r}, o, ({n} + 1) // 2, end)")
            lines.append(
                f"    {name} = bytes((b[o + i // 2] >> 4 * (i % 2)) & 15 for i in range({n})); o += ({n} + 1) // 2"
            )
        elif isinstance(wire, Many):
            space[f"read_{name}"] = wire.record._read  # type: ignore[attr-defined]  # a Record, made by `record`
            lines.append("    items = []")
            lines.append(f"    for _ in range({counts[name]}):")
            lines.append(f"        item, o = read_{name}(b, o, end); items.append(item)")
            lines.append(f"    {name} = tuple(items)")
        elif isinstance(wire, CipherSuites):
            lines.append(f"    {name} = ()")
            lines.append("    if security_type == 1:")
            if wire.counted:
                lines.append(f"        if end - o < 1: raise too_short({where!r}, o, 1, end)")
                lines.append("        n = b[o]; o += 1")
            else:
                lines.append("        n = 1")
            lines.append(f"        if end - o < 2 * n: raise too_short({where!r}, o, 2 * n, end)")
            lines.append(
                f"        {name} = tuple(b[o + i] | b[o + i + 1] << 8 for i in range(0, 2 * n, 2)); o += 2 * n"
            )
    flush(run)
    names = [f.name for f in fields(cls)]
    lines.append(f"    return cls({', '.join(arguments[n] for n in names)}), o")
    exec("\n".join(lines), space)
    return space["read"]  # type: ignore[no-any-return]


def _writer(cls: Any, layout: list[tuple[str, Any]]) -> Writer:
    """Generate `write(m) -> octets`. Values out of a field's range raise ValueError, nothing else is judged."""
    space: dict[str, Any] = {"pack4": _pack4, "pack_suites": _pack_suites, "sized": _sized}
    parts: list[str] = []
    run: list[tuple[str, Any]] = []

    def flush() -> None:
        if not run:
            return
        fixed = struct.Struct("<" + "".join(wire.code for _, wire in run))
        space[f"pack{len(parts)}"] = fixed.pack
        values = []
        for name, wire in run:
            if isinstance(wire, Count):
                values.append(f"len(m.{wire.of})")
            elif wire.code.endswith("s"):
                values.append(f"sized({name!r}, m.{name}, {wire.size})")
            else:
                values.append(f"m.{name}")
        parts.append(f"pack{len(parts)}({', '.join(values)})")
        run.clear()

    for name, wire in layout:
        if isinstance(wire, Fixed | Count):
            run.append((name, wire))
            continue
        flush()
        if isinstance(wire, UpTo | Groups):
            parts.append(f"bytes(m.{name})")
        elif isinstance(wire, Packed4):
            parts.append(f"pack4(m.{name})")
        elif isinstance(wire, Many):
            space[f"write_{name}"] = wire.record._write  # type: ignore[attr-defined]
            parts.append(f"b''.join(map(write_{name}, m.{name}))")
        elif isinstance(wire, CipherSuites):
            parts.append(f"pack_suites(m.security_type, m.{name}, {wire.counted})")
    flush()
    exec(f"def write(m):\n    return {' + '.join(parts) or 'b' + repr('')}", space)
    generated = space["write"]

    def write(m: Any) -> bytes:
        try:
            return generated(m)  # type: ignore[no-any-return]
        except struct.error as error:
            raise ValueError(f"{type(m).__name__}: {error}") from None

    return write


def _sized(name: str, value: bytes, size: int) -> bytes:
    """struct would silently cut or zero-fill octets of another length."""
    if len(value) != size:
        raise ValueError(f"{name} has {size} octets on the wire, got {len(value)}")
    return value


def _pack4(values: bytes) -> bytes:
    return bytes(
        values[i] & 15 | ((values[i + 1] & 15) << 4 if i + 1 < len(values) else 0)
        for i in range(0, len(values), 2)
    )


def _pack_suites(security_type: int, suites: tuple[int, ...], counted: bool) -> bytes:
    if security_type != 1:
        return b""
    octets = b"".join(suite.to_bytes(2, "little") for suite in suites)
    return bytes([len(suites)]) + octets if counted else octets
