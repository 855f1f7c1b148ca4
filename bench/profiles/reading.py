"""From a TOML table to a frozen dataclass, driven by the annotations of the dataclass.

A field is the key of the same name; a field of type `Spread` or `Ms` is the key `<name>_ms`. A nested dataclass is a
table, a union of dataclasses a table whose `rule` says which one. Nothing is guessed and nothing is skipped: every
unknown key, missing key and wrong value becomes one mistake, and the reader goes on to find the next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from bench.errors import did_you_mean
from bench.ids import MacAddress, RunId
from bench.profiles.spread import Figure, LevelSpread, Ms, Spread
from bench.units import ms

T = TypeVar("T")
Report = Callable[[str, str], None]
"""Takes where (`[sounds] interval_ms`) and what is wrong there."""
Convert = Callable[[Any, str, Report], Any]


class Wrong(Exception):
    """A value cannot be used; its mistakes have been reported."""


def read(cls: type[T], table: Mapping[str, Any], file: str) -> tuple[T | None, list[str]]:
    """The record that *table* describes, or None, and every mistake found.

    file      name that begins each mistake, e.g. `vehicles/bmw-ix.toml`
    returns   mistakes like `vehicles/bmw-ix.toml: [sounds] intervall_ms: unknown key; did you mean interval_ms?`
    """
    mistakes: list[str] = []

    def report(where: str, what: str) -> None:
        mistakes.append(": ".join(filter(None, (file, where, what))))

    try:
        record = _table(cast(type, cls))(table, "", report)
    except Wrong:
        return None, mistakes
    return cast(T, record), mistakes


@cache
def _table(cls: type) -> Convert:
    """The converter of one dataclass."""
    hints = get_type_hints(cls, include_extras=True)
    fields = {_key(f.name, hints[f.name]): f for f in dataclasses.fields(cls)}
    converters = {key: _converter(hints[f.name]) for key, f in fields.items()}
    required = [key for key, f in fields.items() if f.default is f.default_factory is dataclasses.MISSING]

    def convert(table: Any, where: str, report: Report) -> Any:
        if not isinstance(table, dict):
            raise _wrong(report, where, f"expected a table, got {_shown(table)}")
        complete = True
        for key in required:
            if key not in table:
                report(_inside(where, key), "missing")
                complete = False
        values = {}
        for key, value in table.items():
            if key not in fields:
                report(_inside(where, key), f"unknown key{did_you_mean(key, fields, else_all=False)}")
                complete = False
                continue
            try:
                values[fields[key].name] = converters[key](value, _inside(where, key), report)
            except Wrong:
                complete = False
        if not complete:
            raise Wrong
        try:
            return cls(**values)
        except ValueError as error:
            raise _wrong(report, _whole(where), str(error)) from None

    return convert


def _key(name: str, hint: Any) -> str:
    """`interval` of a `Spread` (or of a `Spread | None`) is written `interval_ms`."""
    return f"{name}_ms" if hint == Ms or Spread in (hint, *get_args(hint)) else name


@cache
def _converter(hint: Any) -> Convert:
    """The converter of one annotation."""
    if hint in LEAVES:
        return LEAVES[hint]
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin in (UnionType, Union):
        some = [argument for argument in arguments if argument is not NoneType]
        return _converter(some[0]) if len(some) == 1 else _tagged(tuple(some))
    if origin is tuple:
        return _array(arguments[0])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        # Not `_table(hint)`: a record is looked up when the first one is read, so that importing stays cheap.
        return lambda value, where, report: _table(hint)(value, where, report)
    raise TypeError(f"profiles cannot hold {hint}")


def _tagged(kinds: tuple[type, ...]) -> Convert:
    """One of several dataclasses, told apart by the key `rule`."""
    by_rule: dict[str, type] = {cast(Any, kind).RULE: kind for kind in kinds}

    def convert(value: Any, where: str, report: Report) -> Any:
        rule = value.get("rule") if isinstance(value, dict) else None
        if rule not in by_rule:
            known = ", ".join(map(repr, by_rule))
            raise _wrong(report, _inside(where, "rule"), f"expected one of {known}, got {_shown(rule)}")
        rest = {key: item for key, item in value.items() if key != "rule"}
        return _table(by_rule[rule])(rest, where, report)

    return convert


def _array(item: Any) -> Convert:
    convert_item = _converter(item)

    def convert(value: Any, where: str, report: Report) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong(report, where, f"expected an array, got {_shown(value)}")
        return tuple(convert_item(each, f"{where}[{index}]", report) for index, each in enumerate(value))

    return convert


def _choice(enum: type[Enum]) -> Convert:
    known = [member.value for member in enum]

    def convert(value: Any, where: str, report: Report) -> Enum:
        try:
            return enum(value)
        except ValueError:
            names = ", ".join(map(repr, known))
            raise _wrong(report, where, f"expected one of {names}, got {_shown(value)}") from None

    return convert


def _plain(kind: type, *, also: type | None = None) -> Convert:
    """A TOML value of one type; an integer does for a float, a bool for nothing else."""

    def convert(value: Any, where: str, report: Report) -> Any:
        if type(value) is kind:
            return value
        if also is not None and type(value) is also:
            return kind(value)
        raise _wrong(report, where, f"expected {NAMES[kind]}, got {_shown(value)}")

    return convert


def _parsed(parse: Callable[[str], Any]) -> Convert:
    """A string that *parse* turns into a value; its ValueError is the mistake."""

    def convert(value: Any, where: str, report: Report) -> Any:
        try:
            return parse(_text(value, where, report))
        except ValueError as error:
            raise _wrong(report, where, str(error)) from None

    return convert


def _spread(kind: type[Spread] | type[LevelSpread]) -> Convert:
    def convert(value: Any, where: str, report: Report) -> Any:
        return kind.of(_table(Figure)(value, where, report))

    return convert


def _mapping(value: Any, where: str, report: Report) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(report, where, f"expected a table, got {_shown(value)}")
    return MappingProxyType(value)


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raise ValueError(f"not octets: {text!r}; write pairs of hex digits") from None


def _whole(where: str) -> str:
    """A table as such: `[mac]`."""
    return f"[{where}]" if where and "]" not in where else where


def _inside(where: str, key: str) -> str:
    """A key of a table: `[sounds] interval_ms`, and below it `[sounds] interval_ms.min`."""
    if not where:
        return key
    if "]" in where:
        return f"{where}.{key}"
    return f"[{where}] {key}"


def _wrong(report: Report, where: str, what: str) -> Wrong:
    report(where, what)
    return Wrong()


def _shown(value: Any) -> str:
    return f"{NAMES.get(type(value), type(value).__name__)} {value!r}" if value is not None else "nothing"


NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "a table",
}
_text = _plain(str)
_number = _plain(float, also=int)
LEAVES: Mapping[Any, Convert] = {
    str: _text,
    int: _plain(int),
    bool: _plain(bool),
    float: _number,
    bytes: _parsed(_octets),
    MacAddress: _parsed(MacAddress.parse),
    RunId: _parsed(lambda text: RunId(_octets(text))),
    Ms: lambda value, where, report: ms(_number(value, where, report)),
    Spread: _spread(Spread),
    LevelSpread: _spread(LevelSpread),
    Mapping[str, Any]: _mapping,
}
"""Annotations that are no records of their own."""
