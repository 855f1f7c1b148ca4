"""Messages of every kind with any values, derived from the fields they declare."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from bench.ids import MacAddress
from bench.mme import REGISTRY, Frame, Mme, encode
from bench.mme.frame import MIN_LENGTH
from bench.mme.record import Record, layout_of
from bench.mme.wire import CipherSuites, Count, Fixed, Groups, Many, Packed4, UpTo, WireType

MACS = st.binary(min_size=6, max_size=6).map(MacAddress)
GROUPS = st.binary(max_size=255)
FEW = 3
"""Elements of a list at most: with more, a frame of nested lists grows longer than an Ethernet frame."""


def values_of(name: str, wire: WireType) -> st.SearchStrategy[Any]:
    if isinstance(wire, Fixed):
        if not wire.code.endswith("s"):
            return st.integers(0, 256**wire.size - 1)
        octets = st.binary(min_size=wire.size, max_size=wire.size)
        return octets.map(wire.convert) if wire.convert else octets
    if isinstance(wire, UpTo):
        return st.binary(max_size=wire.size)
    if isinstance(wire, Groups):
        return GROUPS
    if isinstance(wire, Packed4):
        return st.lists(st.integers(0, 15), max_size=917).map(bytes)
    if isinstance(wire, Many):
        return st.lists(records(wire.record), max_size=FEW).map(tuple)
    assert isinstance(wire, CipherSuites), f"no values for {name}: {wire}"
    return st.lists(st.integers(0, 0xFFFF), min_size=0 if wire.counted else 1, max_size=FEW if wire.counted else 1).map(
        tuple
    )


@st.composite
def records(draw: st.DrawFn, cls: type[Record]) -> Any:
    """Any instance of *cls* that can be told from its octets.

    Left out, because the octets do not hold them:
    - cipher suites in a message whose security_type is not 1 (an error), and no suite where one is sent;
    - a tail left out (`UpTo`) in front of one that is there: the reader gives the octets to the first.
    """
    layout = {name: wire for name, wire in layout_of(cls) if not isinstance(wire, Count)}
    values: dict[str, Any] = {}
    cut = False
    for name, wire in layout.items():
        values[name] = draw(values_of(name, wire), label=name)
        if isinstance(wire, CipherSuites) and values["security_type"] != 1:
            values[name] = ()
        elif isinstance(wire, UpTo):
            values[name] = b"" if cut else values[name]
            cut = len(values[name]) < wire.size
    return cls(**values)


def has_tail(mme: Mme) -> bool:
    return any(isinstance(wire, UpTo) for _, wire in layout_of(type(mme)))


@st.composite
def frames(draw: st.DrawFn, cls: type[Mme]) -> Frame:
    """Any frame that carries a *cls*.

    A short message whose tail may be left out has no padding (trailer b""): a reader takes padding for the tail.
    """
    frame = Frame(draw(MACS), draw(MACS), draw(records(cls)))
    unpadded = replace(frame, trailer=b"")
    return unpadded if has_tail(unpadded.mme) and len(encode(unpadded)) < MIN_LENGTH else frame


def messages() -> st.SearchStrategy[Frame]:
    return st.sampled_from(list(REGISTRY.values())).flatmap(frames)
