"""The one way in which octets fail to be read here."""

from __future__ import annotations


class MalformedPacket(ValueError):
    """Octets that are not what was to be read: *what* that was, *where* (octet) it failed, and *why*."""

    def __init__(self, what: str, where: int, why: str) -> None:
        self.what, self.where, self.why = what, where, why
        super().__init__(f"{what}: octet {where}: {why}")
