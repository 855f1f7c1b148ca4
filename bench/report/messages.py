"""What a message says, in a few words for a chart. Keys are masked unless somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.ids import SecretKey
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmMnbcSoundInd,
    CmNwStatsCnf,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Mme,
    RawMme,
    VsAttenCharInd,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsSwVerCnf,
)
from bench.net import SDP_PORT, Ipv6Frame, SdpRequest, SdpResponse, Tcp, Udp
from bench.slac.timers import TIME_OUT_UNIT
from bench.units import to_ms

MATCHING = frozenset(
    {
        "CM_SLAC_PARM",
        "CM_START_ATTEN_CHAR",
        "CM_MNBC_SOUND",
        "CM_ATTEN_CHAR",
        "CM_VALIDATE",
        "CM_SLAC_MATCH",
    }
)
"""Messages between the stations, by their name without the mode."""


def is_matching(mme: Mme | RawMme) -> bool:
    """Whether stations say this to each other during matching."""
    return mme.name.split(".")[0] in MATCHING


def is_sdp(frame: Ipv6Frame) -> bool:
    """Whether *frame* is SDP, well formed or not: a datagram to the SDP port, or from it."""
    carried = frame.packet.payload
    return isinstance(carried, Udp) and SDP_PORT in (carried.src_port, carried.dst_port)


def opens_connection(frame: Ipv6Frame) -> bool:
    """Whether *frame* is the SYN with which a car knocks at the port that it was told, or somewhere else."""
    carried = frame.packet.payload
    return isinstance(carried, Tcp) and carried.opens


def average_text(aag: bytes) -> str:
    """Mean of a profile as a person reads it."""
    return f"{sum(aag) / len(aag):.1f} dB" if aag else "no groups"


def shown(key: SecretKey, show_keys: bool) -> str:
    return key.hex() if show_keys else str(key)


def _sounding(mme: Any, _: bool) -> str:
    return f"{mme.num_sounds} sounds, {to_ms(mme.time_out * TIME_OUT_UNIT):.0f} ms"


def _profile(mme: Any, _: bool) -> str:
    return average_text(mme.aag)


def _result(mme: Any, _: bool) -> str:
    return f"result {mme.result}"


def _partners(mme: Any, _: bool) -> str:
    count = sum(len(network.stations) for network in mme.networks)
    return f"{count} in the network" if mme.networks else "in no network"


_SAYS: dict[type, Callable[[Any, bool], str]] = {
    CmSlacParmReq: lambda m, _: f"run {m.run_id}",
    CmSlacParmCnf: _sounding,
    CmStartAttenCharInd: _sounding,
    CmMnbcSoundInd: lambda m, _: f"cnt {m.cnt}",
    CmAttenProfileInd: _profile,
    VsAttenCharInd: _profile,
    CmAttenCharInd: lambda m, _: f"{m.num_sounds} sounds, {average_text(m.aag)}",
    CmAttenCharRsp: lambda m, _: f"result {m.result}" if m.result else "",
    CmValidateReq: lambda m, _: f"timer {m.timer}, result {m.result}",
    CmValidateCnf: lambda m, _: f"toggles {m.toggle_num}, result {m.result}",
    CmSlacMatchCnf: lambda m, show: f"NID {m.nid}, NMK {shown(m.nmk, show)}",
    CmSetKeyReq: lambda m, show: f"NID {m.nid}, NMK {shown(m.nmk, show)}",
    CmSetKeyCnf: _result,
    CmGetKeyCnf: lambda m, show: f"result {m.result}, NMK {shown(m.key, show)}" if not m.result else _result(m, show),
    CmNwStatsCnf: lambda m, _: f"{len(m.stations)} in the network",
    VsNwInfoCnf: _partners,
    VsNwInfoCnfV0: _partners,
    VsSwVerCnf: lambda m, _: str(m.version),
}


def details(mme: Mme | RawMme, show_keys: bool = False) -> str:
    """The few values of *mme* worth a look; empty where the name says it all.

    >>> details(CmMnbcSoundInd(cnt=9)), details(CmSlacParmCnf())
    ('cnt 9', '10 sounds, 600 ms')
    """
    says = _SAYS.get(type(mme))
    return says(mme, show_keys) if says else ""


def packet_details(frame: Ipv6Frame) -> str:
    """The few values of an IPv6 packet worth a look: `no TLS`, `[fe80::1]:61118, no TLS`, `port 61118`."""
    match frame.message:
        case SdpRequest() as request:
            return request.security.text
        case SdpResponse() as response:
            return where(response)
        case Tcp() as segment:
            return f"port {segment.dst_port}"
        case _:
            return ""


def where(response: SdpResponse) -> str:
    """Where a station says it listens.

    >>> where(SdpResponse(secc_port=61118))
    '[::]:61118, no TLS'
    """
    return f"[{response.secc_address}]:{response.secc_port}, {response.security.text}"
