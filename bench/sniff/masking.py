"""Frames as they may be kept: with the keys taken out, unless somebody asks for them.

What is read from an adapter's own flash is never kept, asked or not: it holds the device's access key.
"""

from __future__ import annotations

from bench.mme.module import CONTENT
from bench.report.masking import key_fields, masked_octets
from bench.trace import FrameSeen

REMEMBERED = 64
"""Keys that are looked for in other frames, too."""


class KeyMask:
    """One for each recording: it remembers the keys that went by."""

    def __init__(self, *, show_keys: bool = False) -> None:
        self._show_keys = show_keys
        self._secrets: dict[bytes, None] = {}

    def __call__(self, seen: FrameSeen) -> bytes:
        """The octets to be kept, at the same length."""
        if self._show_keys:
            return masked_octets(seen) if isinstance(seen.mme, CONTENT) else seen.octets
        for name in key_fields().get(type(seen.mme), ()):
            key = bytes(getattr(seen.mme, name))
            if any(key):
                self._secrets[key] = None
        while len(self._secrets) > REMEMBERED:
            del self._secrets[next(iter(self._secrets))]
        return masked_octets(seen, self._secrets)
