"""The promises of every `FramePort`, proved on real interfaces of the kernel: the cases are those of tests/contract.

A new back end is one line in BACK_ENDS.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest
from contract import test_frame_port
from contract.test_frame_port import *  # noqa: F403
from contract.test_frame_port import Segment
from veth import veth

from bench.drivers.pcap_port import EVERYTHING, PcapPort
from bench.units import Ns, ms, to_s


@contextmanager
def pcap_ports(*, threaded: bool) -> Iterator[Segment]:
    """Two ports at the ends of one cable. Their filter is open, because a case sends another EtherType."""
    with (
        veth() as pair,
        PcapPort(pair.near, listen_to=EVERYTHING, threaded=threaded) as near,
        PcapPort(pair.far, listen_to=EVERYTHING, threaded=threaded) as far,
    ):
        yield Segment(near, far, time.monotonic_ns, wait)


def wait(duration: Ns) -> None:
    select.select([], [], [], to_s(duration))


BACK_ENDS: dict[str, Callable[[], AbstractContextManager[Segment]]] = {
    "pcap": partial(pcap_ports, threaded=False),
    "pcap, reading thread": partial(pcap_ports, threaded=True),
}


@pytest.fixture(params=BACK_ENDS.values(), ids=BACK_ENDS.keys())
def segment(request, monkeypatch):
    """Kernel interfaces need microseconds; the patience of the contract would be waited in full each time."""
    monkeypatch.setattr(test_frame_port, "PATIENCE", ms(40))
    with request.param() as made:
        yield made
