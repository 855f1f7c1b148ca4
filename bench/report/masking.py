"""Keys do not appear in reports: which messages carry one, and how it is taken out of octets and texts.

What is a key is declared once, by the type of a message's field (`bench.ids.SecretKey`); nothing here names a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from functools import cache
from typing import Any, get_args, get_type_hints

from bench.ids import MacAddress, SecretKey
from bench.mme import REGISTRY, Frame, Mme, RawMme, encode, is_homeplug
from bench.trace import FrameSeen, Trace

MARKER = SecretKey(b"KEY NOT SHOWN " + b"\0\0")
"""What stands in a capture in place of a key; it reads as text in a hex view."""

HEADER = 19
"""Octets in front of the body of a message with MMV 1."""


@cache
def key_fields(kind: type[Mme]) -> tuple[str, ...]:
    """The fields of message *kind* that hold a key."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(field.name for field in fields(kind) if _is_key(hints[field.name]))  # type: ignore[arg-type]  # a dataclass


def _is_key(hint: Any) -> bool:
    annotated = get_args(hint)
    kind = annotated[0] if annotated else hint
    return isinstance(kind, type) and issubclass(kind, SecretKey)


@cache
def carriers() -> dict[int, int]:
    """MMTYPE of every message that carries a key -> octet of the frame (without tag) where the first key begins."""
    return {kind.mmtype: _first_key_octet(kind) for kind in REGISTRY.values() if key_fields(kind)}


def _first_key_octet(kind: type[Mme]) -> int:
    """Where two messages that differ in their keys only differ first."""
    nobody = MacAddress(bytes(6))
    low, high = (
        encode(Frame(nobody, nobody, replace(kind(), **{name: SecretKey(fill * 16) for name in key_fields(kind)})))  # type: ignore[type-var]
        for fill in (b"\0", b"\xff")
    )
    return next(i for i, (a, b) in enumerate(zip(low, high, strict=True)) if a != b)


def secrets_of(trace: Trace) -> frozenset[bytes]:
    """Every key that some message of *trace* shows."""
    found = set()
    for seen in trace.frames():
        mme = seen.mme
        if isinstance(mme, Mme):
            found.update(bytes(getattr(mme, name)) for name in key_fields(type(mme)))
    return frozenset(key for key in found if any(key) and key != bytes(MARKER))


def masked_octets(seen: FrameSeen, secrets: Iterable[bytes] = ()) -> bytes:
    """The frame's octets with every key replaced by `MARKER`, at the same length.

    A frame of a type that carries a key and cannot be decoded is blanked from the place of the key on. Whatever the
    frame is, keys known from elsewhere (*secrets*) are blanked in it too.
    """
    octets = seen.octets
    frame = seen.frame
    if frame is not None and isinstance(frame.mme, Mme):
        if names := key_fields(type(frame.mme)):
            octets = encode(replace(frame, mme=replace(frame.mme, **dict.fromkeys(names, MARKER))))  # type: ignore[type-var]
    elif is_homeplug(octets):
        octets = _blanked(octets)
    for key in secrets:
        octets = octets.replace(key, MARKER)
    return octets


def _blanked(octets: bytes) -> bytes:
    at = 12
    while octets[at : at + 2] == b"\x81\x00":
        at += 4
    start = carriers().get(int.from_bytes(octets[at + 3 : at + 5], "little"))
    if start is None:
        return octets
    start += at - 12
    return octets[:start] + bytes(len(octets) - start)


class Redactor:
    """Takes the keys of one trace out of texts that other people wrote. With *show_keys* it changes nothing."""

    def __init__(self, trace: Trace, show_keys: bool = False) -> None:
        secrets = () if show_keys else secrets_of(trace)
        self._pattern = re.compile("|".join(_spelt(key) for key in sorted(secrets)), re.IGNORECASE) if secrets else None

    def __call__(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: _short(found[0]), text)


def _spelt(key: bytes) -> str:
    """A pattern for the key in hexadecimal, with or without separators."""
    return "[ :.-]?".join(f"{octet:02x}" for octet in key)


def _short(digits: str) -> str:
    return f"{digits[:2]}…{digits[-2:]}"


__all__ = ["MARKER", "RawMme", "Redactor", "carriers", "key_fields", "masked_octets", "secrets_of"]
