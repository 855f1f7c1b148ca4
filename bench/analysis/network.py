"""When does the network of a match first show? Management confirmations of other modems, IP of the other host."""

from __future__ import annotations

from bench.analysis.conversation import Conversation
from bench.analysis.model import NetworkProof, Recorder, Role
from bench.analysis.stations import evse_of, pev_of
from bench.capture import UNKNOWN_ADDRESS
from bench.ids import LOCAL_DEVICE, MacAddress
from bench.units import Ns

ARP, IPV4, IPV6 = b"\x08\x06", b"\x08\x00", b"\x86\xdd"
IP_ETHERTYPES = frozenset({ARP, IPV4, IPV6})

PROVING_CONFIRMATIONS = {
    b"\x01\xa0": "VS_SW_VER.CNF",
    b"\x0d\x60": "CM_GET_KEY.CNF",
    b"\x39\xa0": "VS_NW_INFO.CNF",
    b"\x69\xa0": "VS_OP_ATTRIBUTES.CNF",
    b"\x49\x60": "CM_NW_STATS.CNF",
}
"""MMTYPE as on the wire -> name. A modem that is not ours answers only through a common network."""


class NetworkWatch:
    """Waits for the first proof behind each CM_SLAC_MATCH.CNF.

    senders   whose ARP and IP frames are to be handed to `ip_frame`; empty most of the time, so that the reader of
              a long capture pays one test per frame

    A listener that spoofs a station's address sends frames with that address itself, before there is a network.
    What such an address sends proves nothing.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._talk: Conversation | None = None
        self._matched: Ns | None = None
        self._spoofed: set[bytes] = set()
        self._listens = recorder.role is Role.LISTENER
        self.senders: frozenset[bytes] = frozenset()

    def attempt_opened(self, talk: Conversation) -> None:
        self._talk, self._matched = talk, None
        self._spoofed.clear()
        self.senders = frozenset()

    def slac_frame(self, talk: Conversation) -> None:
        """The current attempt has gained a frame."""
        if talk.match_cnfs:
            if self._matched is None:
                self._matched = talk.match_cnfs[0].t
                self._look_for(talk)
        elif self._listens:
            self._look_for(talk)

    def key_set(self) -> None:
        """The recorder's host has told its modem the key of the match."""
        if self._talk is not None and self._talk.network_proof is None:
            self._look_for(self._talk)

    def _look_for(self, talk: Conversation) -> None:
        pev, evse = pev_of(talk), evse_of(talk)
        if self._listens:
            wanted = {pev, evse}
            if talk.set_key_after is not None:
                wanted -= self._spoofed
        else:
            wanted = {evse} if self._recorder.plays_car else {pev}
        self.senders = frozenset(mac for mac in wanted if mac is not None and mac != self._recorder.host)

    def ip_frame(self, number: int, t: Ns, octets: bytes) -> None:
        """An ARP or IP frame from one of `senders`."""
        talk = self._talk
        if talk is None:
            return
        if self._listens and talk.set_key_after is None:
            self._spoofed.add(octets[6:12])
        else:
            self._prove(talk, number, t, describe_ip(octets), octets[6:12])

    def confirmation(self, number: int, t: Ns, octets: bytes) -> None:
        """A frame whose type is one of PROVING_CONFIRMATIONS."""
        talk, src = self._talk, octets[6:12]
        if talk is None or self._matched is None or talk.network_proof is not None:
            return
        to_recorder = octets[:6] in (self._recorder.host, UNKNOWN_ADDRESS)
        if to_recorder and src not in (self._recorder.modem, LOCAL_DEVICE):
            self._prove(talk, number, t, PROVING_CONFIRMATIONS[octets[15:17]], src)

    def _prove(self, talk: Conversation, number: int, t: Ns, kind: str, src: bytes) -> None:
        if self._matched is None:
            return
        set_key = talk.set_key_after
        talk.network_proof = NetworkProof(
            frame=number,
            t=t,
            kind=kind,
            mac=MacAddress(src),
            after_match_cnf=t - self._matched,
            after_set_key=t - set_key.t if set_key else None,
        )
        self.senders = frozenset()


def describe_ip(octets: bytes) -> str:
    """`ARP`, `UDP port 15118` (destination), `TCP port 49152`, `ICMPv6 type 135`, `IPv4 protocol 2`."""
    ethertype = octets[12:14]
    if ethertype == ARP:
        return "ARP"
    if ethertype == IPV4:
        name, at = "IPv4", 14 + 4 * (octets[14] & 15) if len(octets) > 14 else 34
        protocol = octets[23] if len(octets) > 23 else 0
    else:
        name, at = "IPv6", 54
        protocol = octets[20] if len(octets) > 20 else 0
        if protocol == 0 and len(octets) > 55:  # hop-by-hop options, in front of multicast listener reports
            protocol, at = octets[54], at + 8 * (octets[55] + 1)
    if protocol in (6, 17) and len(octets) >= at + 4:
        return f"{'TCP' if protocol == 6 else 'UDP'} port {int.from_bytes(octets[at + 2 : at + 4], 'big')}"
    if protocol in (1, 58) and len(octets) > at:
        return f"{'ICMP' if protocol == 1 else 'ICMPv6'} type {octets[at]}"
    return f"{name} protocol {protocol}"
