"""Who takes part in a trace: one lane of the ladder for each host, and one for the modem behind a host.

Hosts are known by what they say (only a PEV sounds or asks by SDP, only an EVSE reports) and by the bench's own ports.
Whoever else speaks at a port is the modem behind it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.ids import LOCAL_DEVICE, MacAddress
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Mme,
    RawMme,
)
from bench.net import SdpRequest, SdpResponse
from bench.trace import Direction, Trace

PEV_SAYS = (
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmMnbcSoundInd,
    CmAttenCharRsp,
    CmSlacMatchReq,
    CmValidateReq,
)
EVSE_SAYS = (CmSlacParmCnf, CmAttenCharInd, CmSlacMatchCnf, CmValidateCnf)


class Role(enum.Enum):
    PEV = "PEV"
    EVSE = "EVSE"


BY_SDP: dict[type, Role] = {SdpRequest: Role.PEV, SdpResponse: Role.EVSE}
"""Who says what in SDP."""


@dataclass(eq=False)
class Lane:
    """One vertical line: a host, or the *modem* behind the host of the same *key*.

    key    `pev`, `evse`, or the name of the bench's port
    name   what to call it beside its role; may be empty
    """

    role: Role
    key: str
    name: str = ""
    modem: bool = False
    mac: MacAddress | None = None

    @property
    def title(self) -> str:
        return f"{self.role.value} modem" if self.modem else self.role.value


@dataclass
class Lanes:
    """All lanes of one trace. `order` has them from left to right once reading is over.

    A modem gets its lane when it is first heard of.
    """

    hosts: list[Lane] = field(default_factory=list)
    modems: dict[Lane, Lane] = field(default_factory=dict)
    by_mac: dict[MacAddress, Lane] = field(default_factory=dict)
    by_modem_mac: dict[MacAddress, Lane] = field(default_factory=dict)
    by_port: dict[str, Lane] = field(default_factory=dict)

    def of(self, role: Role) -> list[Lane]:
        return [lane for lane in self.hosts if lane.role is role]

    def named(self, who: str) -> Lane | None:
        """The host lane of a station as the trace names it: `evse`, `evse/dc:0e:… run …`, `pev.adapter`."""
        key = re.split(r"[/.]", who, maxsplit=1)[0]
        return next((lane for lane in self.hosts if lane.key == key), None)

    def source(self, src: MacAddress, dst: MacAddress, port: str, direction: Direction) -> Lane:
        host = self.by_mac.get(src)
        if host is not None:
            return host
        if direction is Direction.OUT:
            return self.at_port(port)
        return self.by_modem_mac.get(src) or self.modem_of(self.by_mac.get(dst) or self.at_port(port), src)

    def targets(
        self, source: Lane, dst: MacAddress, mme: Mme | RawMme | None, port: str, direction: Direction
    ) -> list[Lane]:
        """Whom a frame of *source* is for. *mme* is None for what is no management message."""
        to = self.by_mac.get(dst)
        if to is not None and to is not source:
            return [to]
        receiver = self.by_port.get(port) if direction is Direction.IN else None
        if receiver is not None and receiver is not source:
            return [receiver]
        if source.modem:
            return [host for host, modem in self.modems.items() if modem is source]
        if isinstance(mme, PEV_SAYS):
            return self.of(Role.EVSE)
        if isinstance(mme, EVSE_SAYS):
            return self.of(Role.PEV)
        group = bool(dst[0] & 1)
        if mme is None and group:
            return self.of(Role.PEV if source.role is Role.EVSE else Role.EVSE)
        return [self.modem_of(source, None if group or dst == LOCAL_DEVICE else dst)]

    def hosts_at(self, source: Lane, dst: MacAddress) -> list[Lane]:
        """Whom an IPv6 frame of *source* is for. What is for nobody known stays on the way between the stations."""
        to = self.by_mac.get(dst)
        if to is not None and to is not source:
            return [to]
        return self.of(Role.PEV if source.role is Role.EVSE else Role.EVSE)

    def nobodys(self, dst: MacAddress) -> bool:
        """Whether *dst* is the address of one host, and of none of these."""
        return not dst[0] & 1 and dst not in self.by_mac

    def at_port(self, port: str) -> Lane:
        return self.by_port.get(port) or self.hosts[-1]

    def modem_of(self, host: Lane, mac: MacAddress | None) -> Lane:
        modem = self.modems.setdefault(host, Lane(host.role, host.key, modem=True))
        if mac is not None:
            self.by_modem_mac.setdefault(mac, modem)
            modem.mac = modem.mac or mac
        return modem

    def order(self) -> list[Lane]:
        """PEVs, their modems, the EVSEs' modems, EVSEs; the first EVSE stands nearest to the PEV."""
        pevs, evses = self.of(Role.PEV), self.of(Role.EVSE)
        modem = self.modems
        left = [lane for pev in reversed(pevs) for lane in (pev, modem.get(pev)) if lane is not None]
        right = [lane for evse in evses for lane in (modem.get(evse), evse) if lane is not None]
        return [*left, *right]


def find_lanes(trace: Trace, names: Mapping[str, str] | None = None) -> Lanes:
    """The lanes of *trace*, at least one PEV and one EVSE.

    names   what to call the stations, by key or role: {"pev": "Hyundai Ioniq 28", "evse": "the bench"}
    """
    names = names or {}
    said: dict[MacAddress, Role] = {}
    by_sdp: dict[MacAddress, Role] = {}
    port_host: dict[str, MacAddress | None] = {}
    answered: dict[MacAddress, str] = {}
    """Who told a port's host something that stations do not tell: the modem there."""
    for seen in trace.frames():
        frame = seen.frame
        if seen.packet is not None and (role := BY_SDP.get(type(seen.message))) is not None:
            by_sdp.setdefault(seen.packet.src, role)
            if seen.direction is Direction.OUT and port_host.get(seen.port) is None:
                port_host[seen.port] = seen.packet.src
        if frame is None or not isinstance(frame.mme, Mme | RawMme):
            continue
        if seen.direction is Direction.OUT:
            if port_host.get(seen.port) is None:
                port_host[seen.port] = frame.src
        else:
            port_host.setdefault(seen.port, None)
            if frame.dst == port_host[seen.port] and not isinstance(frame.mme, PEV_SAYS + EVSE_SAYS):
                answered.setdefault(frame.src, seen.port)
        if isinstance(frame.mme, PEV_SAYS):
            said.setdefault(frame.src, Role.PEV)
        elif isinstance(frame.mme, EVSE_SAYS):
            said.setdefault(frame.src, Role.EVSE)
    for mac, role in by_sdp.items():
        said.setdefault(mac, role)

    lanes = Lanes()
    port_of = {mac: port for port, mac in port_host.items() if mac is not None}
    taken = {port for mac, port in port_of.items() if mac in said}
    for mac, role in said.items():
        key = port_of.get(mac) or _free(role.value.lower(), taken)
        taken.add(key)
        _add(lanes, Lane(role, key, mac=mac))
    for port, host_mac in port_host.items():
        known = lanes.by_mac.get(host_mac) if host_mac is not None else None
        if known is None and host_mac is None:
            known = next((lane for lane in lanes.hosts if lane.key == port), None)
        if known is None and (host_mac is not None or port in ("pev", "evse")):
            role = Role.PEV if "pev" in port.lower() else Role.EVSE
            known = _add(lanes, Lane(role, port, mac=host_mac))
        if known is not None:
            lanes.by_port[port] = known
    for mac, port in answered.items():
        host = lanes.by_port.get(port)
        if host is not None and mac not in lanes.by_mac:
            lanes.by_modem_mac[mac] = lanes.modem_of(host, mac)
    for role in Role:
        if not lanes.of(role):
            _add(lanes, Lane(role, role.value.lower()))
        first = lanes.of(role)[0]
        first.name = names.get(role.value.lower(), "")
    for lane in lanes.hosts:
        lane.name = names.get(lane.key, lane.name or _own_name(lane))
    return lanes


def _add(lanes: Lanes, lane: Lane) -> Lane:
    lanes.hosts.append(lane)
    if lane.mac is not None:
        lanes.by_mac[lane.mac] = lane
    return lane


def _own_name(lane: Lane) -> str:
    """The key where it says more than the role."""
    return "" if lane.key.startswith(lane.role.value.lower()) else lane.key


def _free(key: str, taken: set[str]) -> str:
    """*key*, or *key* with a number where it is taken."""
    if key not in taken:
        return key
    return next(name for i in range(2, 1000) if (name := f"{key} {i}") not in taken)
