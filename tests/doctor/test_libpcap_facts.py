"""What libpcap says of its stamps, read through ctypes."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest

from bench.drivers import libpcap_facts
from bench.drivers.libpcap_facts import StampFacts, libpcap_version, stamp_facts

NAMES = {0: b"host", 3: b"adapter", 4: b"adapter_unsynced"}


class FakeLibpcap(SimpleNamespace):
    """With stamp types of its own; counts what is given back."""

    PCAP_ERRBUF_SIZE = 256
    PCAP_TSTAMP_PRECISION_NANO = 1

    def __init__(self, types, *, nano=True, opens=True):
        super().__init__(types=(ctypes.c_int * len(types))(*types), nano=nano, opens=opens, freed=0, closed=0)

    def create(self, _interface, _reason):
        return 1 if self.opens else None

    def set_tstamp_precision(self, _handle, precision):
        return 0 if self.nano and precision == self.PCAP_TSTAMP_PRECISION_NANO else -12

    def list_tstamp_types(self, _handle, types):
        types._obj.contents = self.types
        return len(self.types)

    def tstamp_type_val_to_name(self, value):
        return NAMES.get(value)

    def free_tstamp_types(self, _types):
        self.freed += 1

    def close(self, _handle):
        self.closed += 1


@pytest.fixture
def libpcap(monkeypatch):
    def install(*types, **how):
        fake = FakeLibpcap(types, **how)
        monkeypatch.setattr(libpcap_facts, "load_libpcap", lambda: fake)
        return fake

    return install


def test_sources_are_named_in_libpcaps_order_and_given_back(libpcap):
    fake = libpcap(0, 4, 3)

    assert stamp_facts("eth0") == StampFacts(True, ("host", "adapter_unsynced", "adapter"))
    assert (fake.freed, fake.closed) == (1, 1)


def test_interface_without_a_choice(libpcap):
    fake = libpcap(nano=False)

    assert stamp_facts("eth0") == StampFacts(False, ())
    assert (fake.freed, fake.closed) == (0, 1)


def test_interface_that_libpcap_does_not_begin_with(libpcap):
    fake = libpcap(opens=False)

    assert stamp_facts("eth0") is None
    assert fake.closed == 0


def test_real_library_tells_its_version_and_stamps():
    """No right is needed for either."""
    assert libpcap_version().startswith("libpcap version ")
    assert isinstance(stamp_facts("lo"), StampFacts | None)
