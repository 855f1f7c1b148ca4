"""What this computer's libpcap says of itself and of the stamps it gives. Needs no right to capture."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from bench.drivers.pcap_port import load_libpcap, text


def libpcap_version() -> str:
    """`libpcap version 1.10.3 (with TPACKET_V3)`. PortError where pcap-ct or libpcap is missing."""
    return text(load_libpcap().lib_version())


@dataclass(frozen=True, slots=True)
class StampFacts:
    """How frames of one interface can be stamped.

    nanoseconds  libpcap gives them in ns; else in µs
    sources      libpcap's names: host, host_hiprec (the kernel), adapter, adapter_unsynced (the network card);
                 empty: the kernel without a choice
    """

    nanoseconds: bool
    sources: tuple[str, ...]


def stamp_facts(interface: str) -> StampFacts | None:
    """None: libpcap cannot say. PortError where pcap-ct or libpcap is missing."""
    lib = load_libpcap()
    reason = ctypes.create_string_buffer(lib.PCAP_ERRBUF_SIZE)
    handle = lib.create(interface.encode(), reason)
    if not handle:
        return None
    try:
        nano = lib.set_tstamp_precision(handle, lib.PCAP_TSTAMP_PRECISION_NANO) == 0
        types = ctypes.POINTER(ctypes.c_int)()
        count = lib.list_tstamp_types(handle, ctypes.byref(types))
        if count <= 0:
            return StampFacts(nano, ())
        try:
            return StampFacts(nano, tuple(text(lib.tstamp_type_val_to_name(types[i])) for i in range(count)))
        finally:
            lib.free_tstamp_types(types)
    finally:
        lib.close(handle)
