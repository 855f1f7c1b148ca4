"""A simulated charging station in its network: it answers SDP, and refuses the TCP connection that follows.

Theory of operation. The station answers the car it has let in, once its modem and the car's share a network. A request
that a real one would not understand is noted and not answered. TCP is refused with RST at once: there is no V2G session
in the simulation, and a port that stays silent would look like a lost frame.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from bench.net import (
    ALL_NODES,
    SDP_PORT,
    Ipv6Frame,
    SdpRequest,
    Security,
    Tcp,
    Udp,
    V2gtp,
    sdp_response,
    tcp_refusal,
)
from bench.profiles import FixedPort, NewPortPerStart, OneOfPorts, SdpSecurity
from bench.sim.charger.conduct import ChargerConduct
from bench.sim.ipv6 import Ipv6Node
from bench.units import Ns

OCTETS = {SdpSecurity.TLS: Security.TLS, SdpSecurity.NO_TLS: Security.NO_TLS}


class SdpServer:
    """*serves* says whether the station has let somebody in; *plan* has something happen unless the car leaves before.

    port      TCP, of this start of the station
    answered  SDP requests that were answered
    knocks    TCP connections that were refused
    """

    def __init__(
        self,
        node: Ipv6Node,
        conduct: ChargerConduct,
        rng: random.Random,
        *,
        serves: Callable[[], bool],
        plan: Callable[[Ns, Callable[[], object]], None],
    ) -> None:
        self.answered = 0
        self.knocks = 0
        self._node = node
        self._conduct = conduct
        self._sdp = conduct.profile.sdp
        self._rng = rng
        self._serves = serves
        self._plan = plan
        self.port = self._port_of_this_start()
        node.on_datagram, node.on_segment = self._on_datagram, self._on_segment

    def _on_datagram(self, frame: Ipv6Frame, udp: Udp) -> None:
        packet = frame.packet
        if udp.dst_port != SDP_PORT or packet.dst not in (ALL_NODES, self._node.address):
            return
        refusal = self._refusal(udp)
        if refusal is not None:
            self._node.note(f"ignores the SDP request of {packet.src}: {refusal}")
            return
        port = self._chosen_port()
        answer = sdp_response(frame, self._node.mac, self._node.address, port, OCTETS[self._sdp.security])
        latency = self._conduct.reaction(self._sdp.latency, self._rng)
        self._plan(latency, partial(self._answer, answer))

    def _answer(self, answer: Ipv6Frame) -> None:
        if self._node.send(answer):
            self.answered += 1

    def _refusal(self, udp: Udp) -> str | None:
        """Why a request is not answered; None: it is."""
        if udp.length is not None or (udp.checksum is not None and not self._sdp.answers_wrong_checksum):
            return "UDP checksum or length is wrong"
        if not self._serves():
            return "no car is matched and in the network"
        v2gtp = udp.payload
        if self._conduct.answers_any_request:
            return None
        if not isinstance(v2gtp, V2gtp):
            return "no V2GTP"
        if v2gtp.kind != SdpRequest.payload_type:
            return f"payload type 0x{v2gtp.kind:04X}"
        if not v2gtp.well_formed or not isinstance(v2gtp.payload, SdpRequest):
            return "version or length of V2GTP is wrong"
        wanted = v2gtp.payload.security
        if wanted != OCTETS[self._sdp.security] and not self._sdp.answers_other_security:
            return f"it asks for {wanted.text}"
        return None

    def _on_segment(self, frame: Ipv6Frame, segment: Tcp) -> None:
        if not segment.opens:
            return
        packet = frame.packet
        self.knocks += 1
        self._node.note(f"refuses TCP of {packet.src} to port {segment.dst_port}: there is no V2G session here")
        self._node.send(tcp_refusal(frame, self._node.mac))

    def _port_of_this_start(self) -> int:
        match self._sdp.tcp_port:
            case FixedPort(port=port):
                return port
            case NewPortPerStart(lowest=lowest, highest=highest):
                return self._rng.randint(lowest, highest)
            case OneOfPorts(ports=ports):
                return ports[0]

    def _chosen_port(self) -> int:
        rule = self._sdp.tcp_port
        if isinstance(rule, OneOfPorts):
            self.port = self._rng.choice(rule.ports)
        return self.port
