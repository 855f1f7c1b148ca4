"""Keys do not appear in reports: which messages carry one, and how it is taken out of octets and texts.

What is a key is declared once, by the type of a message's field (`bench.ids.SecretKey`); nothing here names a message.
What is read from an adapter's flash or written to it holds keys somewhere, so none of it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from functools import cache
from typing import get_type_hints

from bench.ids import MacAddress, SecretKey
from bench.mme import REGISTRY, Frame, Mme, encode, is_homeplug
from bench.mme.module import CONTENT, without_content
from bench.trace import FrameSeen, Trace

MARKER = SecretKey(b"KEY NOT SHOWN " + b"\0\0")
"""What stands in a capture in place of a key; it reads as text in a hex view."""


AFTER_OUI = 20
"""Octet of an untagged frame of MMV 0 where a vendor's message begins."""


@cache
def key_fields() -> dict[type, tuple[str, ...]]:
    """Message class -> its fields that hold a key, for those that have one."""
    found = {kind: _key_fields_of(kind) for kind in REGISTRY.values()}
    return {kind: names for kind, names in found.items() if names}


def _key_fields_of(kind: type[Mme]) -> tuple[str, ...]:
    hints = get_type_hints(kind)
    return tuple(
        field.name
        for field in fields(kind)
        if isinstance(hints[field.name], type) and issubclass(hints[field.name], SecretKey)
    )


@cache
def carriers() -> dict[int, int]:
    """MMTYPE of every message that carries keys -> octet of an untagged frame where the first may begin."""
    flash = {kind.mmtype: AFTER_OUI for kind in CONTENT}
    return flash | {kind.mmtype: _first_key_octet(kind) for kind in REGISTRY.values() if kind in key_fields()}


def _first_key_octet(kind: type[Mme]) -> int:
    """Where two messages that differ in nothing but their keys differ first."""
    nobody = MacAddress(bytes(6))
    zeros, ones = (
        encode(Frame(nobody, nobody, _with_keys(kind(), SecretKey(octet * SecretKey.SIZE))))
        for octet in (b"\0", b"\xff")
    )
    return next(i for i, (a, b) in enumerate(zip(zeros, ones, strict=True)) if a != b)


def _with_keys(mme: Mme, key: SecretKey) -> Mme:
    return replace(mme, **dict.fromkeys(key_fields()[type(mme)], key))


def secrets_of(trace: Trace) -> frozenset[bytes]:
    """Every key that some message of *trace* shows. A key of zeros is no secret."""
    found: set[bytes] = set()
    for seen in trace.frames():
        mme = seen.mme
        found.update(bytes(getattr(mme, name)) for name in key_fields().get(type(mme), ()))
    return frozenset(key for key in found if any(key))


def masked_octets(seen: FrameSeen, secrets: Iterable[bytes] = ()) -> bytes:
    """The frame's octets with every key replaced by `MARKER`, at the same length.

    A frame of a type that carries a key and cannot be decoded is blanked from the place of the key on. Whatever the
    frame is, keys known from elsewhere (*secrets*) are replaced in it too.
    """
    octets, frame = seen.octets, seen.frame
    if frame is not None and isinstance(frame.mme, Mme):
        if isinstance(frame.mme, CONTENT):
            octets = encode(replace(frame, mme=without_content(frame.mme)))
        elif type(frame.mme) in key_fields():
            octets = encode(replace(frame, mme=_with_keys(frame.mme, MARKER)))
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
    return octets[:start] + bytes(max(0, len(octets) - start))


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
