"""A simulated car in its new network: its first frame, the question by SDP, and the knock at the door of its station.

Theory of operation. `run` of an attempt ends with the key; this goes on from there, again as a script. What the car
hears only fills in this object and wakes the script. An answer is taken if it is for this car, well formed and not
refusing; any other is noted and the car goes on as if nobody had answered. After TCP's SYN the simulation ends: there
is no V2G session.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.ids import MacAddress
from bench.net import (
    ACK,
    RST,
    SYN,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    SdpResponse,
    Security,
    Tcp,
    Transport,
    Udp,
    V2gtp,
    link_local,
    sdp_request,
)
from bench.profiles import SdpSecurity
from bench.sim.car.conduct import CarConduct
from bench.sim.ipv6 import MAX_MULTICAST_SOLICIT, RETRANS_TIMER, Ipv6Node, with_hop_limit
from bench.sim.script import Script, until
from bench.sim.world import World
from bench.units import Ns, ms, s

OCTETS = {SdpSecurity.TLS: Security.TLS, SdpSecurity.NO_TLS: Security.NO_TLS}
LOWEST_PORT, HIGHEST_PORT = 0xC000, 0xFFFF
"""Ports a host takes for itself (RFC 6335, 6). Real cars use 49152 and the few above it, Hyundai any of them."""
ASKS_NEIGHBOUR_BEFORE = ms(10)
"""From the question for the station's MAC address to SYN. Seen: 9 ms (Polestar 2) to 40 ms (Ioniq)."""
SYN_PAUSES = (s(1), s(2), s(4))
"""After the first SYN, the second and the last; RFC 6298, 2: one second, then twice as long each time."""
MSS_1440 = bytes.fromhex("020405a0")
"""TCP option of most cars: segments up to 1440 octets."""
WINDOW = 4000
"""As VW's cars and Porsche's; it has no meaning here."""


@dataclass(frozen=True, slots=True)
class FoundStation:
    """The answer a car took. *t* is when it came, *mac* and *sender* who sent it.

    address, port  where the station says it waits
    security       what it offers
    """

    t: Ns
    mac: MacAddress
    sender: Ipv6Address
    address: Ipv6Address
    port: int
    security: Security


class Discovery:
    """*evse_mac* is the station that was matched, *wake* lets the script look again.

    requests  SDP requests sent
    station   the answer that was taken; None before
    refused   its TCP port was shut
    accepted  it was open
    """

    def __init__(
        self,
        world: World,
        node: Ipv6Node,
        conduct: CarConduct,
        rng: random.Random,
        evse_mac: MacAddress,
        wake: Callable[[], None],
    ) -> None:
        self.requests = 0
        self.station: FoundStation | None = None
        self.refused = self.accepted = False
        self._world = world
        self._node = node
        self._conduct = conduct
        self._sdp = conduct.profile.sdp
        self._rng = rng
        self._evse_mac = evse_mac
        self._wake = wake
        self._port = self._own_port()
        self._tcp_port = self._own_port()
        self._asks_for: SdpSecurity | None = None
        node.neighbours.clear()
        node.on_datagram, node.on_segment, node.on_neighbour = self._on_datagram, self._on_segment, wake

    def close(self) -> None:
        """Hear nothing any more."""
        self._node.on_datagram = self._node.on_segment = self._node.on_neighbour = None

    # What the car does by itself

    def ask(self) -> Script:
        """Ask until an answer is taken, or this car's patience is over."""
        limit = self._sdp.requests_per_security
        for security in self._sdp.securities:
            self._asks_for = security
            sent = 0
            while limit is None or sent < limit:
                self._send_request(security)
                sent += 1
                pause = self._sdp.interval.draw(self._rng)
                yield from self._until(self._world.now() + pause, lambda: self.station is not None)
                if self.station is not None:
                    return
            self._node.note(f"asked for {security.value} {sent} times by SDP, in vain")
        self._asks_for = None

    def connect(self) -> Script:
        """Find out where the station's address is, and knock: SYN, until something comes back or nobody opens."""
        station = self.station
        if station is None:
            return
        syn_at = station.t + self._conduct.reaction(self._sdp.answer_to_syn, self._rng)
        yield from self._until(syn_at - ASKS_NEIGHBOUR_BEFORE)
        yield from self._look_for(station)
        mac = self._node.neighbours.get(station.address)
        if mac is None:
            self._node.note(f"nobody has the address {station.address} that the SDP answer named")
            return
        yield from self._until(syn_at)
        seq = self._rng.getrandbits(32)
        syn = Tcp(self._tcp_port, station.port, seq, flags=SYN, window=WINDOW, options=MSS_1440)
        for pause in SYN_PAUSES:
            self._send_segment(station, mac, syn)
            yield from self._until(self._world.now() + pause, lambda: self.refused or self.accepted)
            if self.refused or self.accepted:
                return
        self._node.note(f"nobody answers TCP at {station.address}, port {station.port}")

    def _look_for(self, station: FoundStation) -> Script:
        known = self._node.neighbours
        if self._conduct.takes_any_answer:
            known.setdefault(station.address, station.mac)
        for _ in range(MAX_MULTICAST_SOLICIT):
            if station.address in known:
                return
            self._node.look_for(station.address)
            yield from self._until(self._world.now() + RETRANS_TIMER, lambda: station.address in known)

    def _send_request(self, security: SdpSecurity) -> None:
        request = sdp_request(self._node.mac, self._node.address, self._port, OCTETS[security])
        if self._conduct.asks_one_host:
            packet = replace(request.packet, dst=link_local(self._evse_mac))
            request = replace(request, dst=self._evse_mac, packet=packet)
        self._node.send(with_hop_limit(request, self._sdp.hop_limit), repeat=self.requests)
        self.requests += 1

    def _send_segment(self, station: FoundStation, mac: MacAddress, segment: Tcp) -> None:
        packet = Ipv6(self._node.address, station.address, segment)
        self._node.send(with_hop_limit(Ipv6Frame(mac, self._node.mac, packet), self._sdp.hop_limit))

    # What the car hears

    def _on_datagram(self, frame: Ipv6Frame, udp: Udp) -> None:
        packet = frame.packet
        mine = packet.dst == self._node.address and udp.dst_port == self._port
        if not mine and not self._conduct.takes_any_answer:
            return
        if not isinstance(udp.payload, V2gtp) or self.station is not None:
            return
        if self._asks_for is None:
            self._node.note(f"does not listen to the SDP answer of {packet.src}")
            return
        answer = udp.payload.payload
        refusal = None if self._conduct.takes_any_answer else self._refusal(udp, udp.payload)
        if not isinstance(answer, SdpResponse):
            refusal = "it is none"
        if refusal is not None or not isinstance(answer, SdpResponse):
            self._node.note(f"ignores the SDP answer of {packet.src}: {refusal}")
            return
        self.station = FoundStation(
            self._world.now(), frame.src, packet.src, answer.secc_address, answer.secc_port, answer.security
        )
        self._node.note(f"SDP: {packet.src} offers {answer.security.text} at {answer.secc_address}, {answer.secc_port}")
        self._wake()

    def _refusal(self, udp: Udp, v2gtp: V2gtp) -> str | None:
        """Why an answer for this car is not taken; None: it is."""
        answer = v2gtp.payload
        if udp.checksum is not None or udp.length is not None:
            return "UDP checksum or length is wrong"
        if not v2gtp.well_formed:
            return "version or length of V2GTP is wrong"
        if not isinstance(answer, SdpResponse):
            return "it is none"
        if answer.transport != Transport.TCP:
            return f"transport {answer.transport.text}"
        if not answer.secc_address.is_link_local or answer.secc_port == 0:
            return f"nobody can connect to {answer.secc_address}, port {answer.secc_port}"
        if not self._will_do(answer.security):
            return f"it offers {answer.security.text}"
        return None

    def _will_do(self, offered: Security) -> bool:
        """The security asked for; or none at all, if this car puts up with that."""
        asked = None if self._asks_for is None else OCTETS[self._asks_for]
        return offered == asked or (offered == Security.NO_TLS and self._sdp.takes_no_tls)

    def _on_segment(self, frame: Ipv6Frame, segment: Tcp) -> None:
        station = self.station
        if station is None or segment.dst_port != self._tcp_port or frame.packet.src != station.address:
            return
        if segment.flags & RST:
            self._node.note(f"TCP port {station.port} of {station.address} is shut")
            self.refused = True
        elif segment.flags & (SYN | ACK) == SYN | ACK and not self.accepted:
            self._node.note(f"TCP port {station.port} of {station.address} is open; here the simulation ends")
            self.accepted = True
            reset = Tcp(self._tcp_port, station.port, segment.ack, flags=RST)
            self._send_segment(station, frame.src, reset)
        self._wake()

    # Its own choices

    def _own_port(self) -> int:
        return self._rng.randint(LOWEST_PORT, HIGHEST_PORT)

    def _until(self, t: Ns, heard: Callable[[], bool] = lambda: False) -> Script:
        return until(self._world, t, heard)
