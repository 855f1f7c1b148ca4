"""Adapters on the real interfaces of this computer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, TypeAlias

from bench.clock import SystemClock
from bench.doctor.adapters import Asked, Survey
from bench.doctor.asking import ask_all
from bench.doctor.interfaces import UNFIT, Nic, look_at
from bench.doctor.system import System
from bench.drivers.interfaces import interface_names
from bench.drivers.pcap_port import PcapPort, missing
from bench.errors import PortError
from bench.ports import FramePort
from bench.pump import Pump

if TYPE_CHECKING:
    from bench.rig.config import RigConfig

HOMEPLUG = "ether proto 0x88e1"


AT_ONCE = 4
"""Ports open at the same time. Each has a ring of 32 MB in the kernel; with containers there are many interfaces."""


class RealPort(FramePort, Protocol):
    def fileno(self) -> int: ...


OpenPort: TypeAlias = Callable[[str], RealPort]


def open_pcap(name: str) -> PcapPort:
    return PcapPort(name, listen_to=HOMEPLUG)


def need_linux() -> None:
    if sys.platform != "linux":
        raise PortError("this asks Linux about its interfaces; on other systems the simulated bench is there: make hil")


def all_nics(system: System) -> list[Nic]:
    return [nic for name in interface_names() if (nic := look_at(system, name)) is not None]


def nics_named(system: System, names: Iterable[str]) -> list[Nic]:
    """PortError, with what there is instead, for a name that does not exist."""
    found = []
    for name in dict.fromkeys(names):
        nic = look_at(system, name)
        if nic is None:
            raise missing(name)
        found.append(nic)
    return found


def nics_of_rig(system: System, config: RigConfig) -> list[Nic]:
    """Those of its real interfaces that exist."""
    if config.rig.driver != "pcap":
        return []
    return [nic for name in config.interfaces().values() if (nic := look_at(system, name)) is not None]


def survey_of(names: Iterable[str], open_port: OpenPort = open_pcap) -> Survey:
    """Ask for adapters on the interfaces *names*, whatever they are."""
    return Survey(tuple(ask_on(list(dict.fromkeys(names)), open_port)))


def survey_everywhere(nics: Iterable[Nic], open_port: OpenPort = open_pcap) -> Survey:
    """Ask on every interface where an adapter may be."""
    nics = list(nics)
    skipped = tuple((nic.name, why_not(nic)) for nic in nics if not nic.ready)
    return Survey(tuple(ask_on([nic.name for nic in nics if nic.ready], open_port)), skipped)


def why_not(nic: Nic) -> str:
    if not nic.fit:
        return f"{nic.kind.value}: {UNFIT[nic.kind]}"
    if not nic.up:
        return f"switched off: sudo ip link set {nic.name} up"
    return "nothing at the other end of its cable"


def ask_on(names: Sequence[str], open_port: OpenPort) -> Iterator[Asked]:
    """One result for each name, in their order. An interface that cannot be asked does not keep the others from it."""
    for batch in (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)):
        yield from ask_together(batch, open_port)


def ask_together(names: Sequence[str], open_port: OpenPort) -> list[Asked]:
    clock = SystemClock()
    results: dict[str, Asked] = {}
    ports: dict[str, RealPort] = {}
    with ExitStack() as opened:
        for name in names:
            try:
                port = open_port(name)
                opened.callback(port.close)
                clock.watch(port.fileno())
                ports[name] = port
            except PortError as error:
                results[name] = Asked(name, trouble=str(error))
        if ports:
            results |= zip(ports, ask_all(list(ports.values()), Pump(clock)), strict=True)
    return [results[name] for name in names]
