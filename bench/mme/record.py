"""Message classes from declarations: one dataclass per message, both directions of the codec derived from it.

    @message(0x6064)
    class CmSlacParmReq(Mme):
        application_type: U8 = 0
        security_type: U8 = 0
        run_id: Run = RunId(bytes(8))

becomes a frozen, slotted dataclass with a reader and a writer (`bench.mme.generate`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, dataclass_transform, get_args, get_type_hints

from bench.mme.generate import Layout, Reader, Writer, make_reader, make_writer
from bench.mme.wire import Count

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
    layout = layout_of(made)
    made._read = staticmethod(make_reader(made, layout))
    made._write = staticmethod(make_writer(made.__name__, layout))
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


def layout_of(cls: Any) -> Layout:
    """(name, wire type) of each field of a record in wire order, `Count`s included."""
    hints = get_type_hints(cls, include_extras=True)
    declared = {f.name: get_args(hints[f.name])[1] for f in fields(cls)}
    counts = {name: value for name, value in vars(cls).items() if isinstance(value, Count)}
    wire = declared | counts
    return [(name, wire[name]) for name in cls.__annotations__ if name in wire]


def _wire_name(class_name: str) -> str:
    """`CmSlacParmReq` -> `CM_SLAC_PARM.REQ`"""
    *words, mode = re.findall("[A-Z][a-z0-9]*", class_name)
    return f"{'_'.join(words)}.{mode}".upper()
