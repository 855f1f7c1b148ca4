"""Two virtual Ethernet interfaces with a cable between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from conftest import run, unique


class Veth(NamedTuple):
    """Names of the two ends."""

    near: str
    far: str

    def set(self, name: str, state: str) -> None:
        run("ip", "link", "set", name, state).check_returncode()


@contextmanager
def veth() -> Iterator[Veth]:
    """A pair, up, on which the kernel itself says nothing: it gets no IPv6 address."""
    pair = Veth(unique("va"), unique("vb"))
    run("ip", "link", "add", pair.near, "type", "veth", "peer", "name", pair.far).check_returncode()
    try:
        for name in pair:
            run("ip", "link", "set", name, "addrgenmode", "none", "up").check_returncode()
        yield pair
    finally:
        run("ip", "link", "delete", pair.near)
