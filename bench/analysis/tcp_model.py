"""What the analysis says of TCP: how the car tried to reach the port that its station had offered. What is said over
the connection is no matter of it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.net import Ipv6Address
from bench.units import Ns


@dataclass(slots=True)
class TcpTarget:
    """The car's tries at one port of its station, up to the first that succeeded.

    syn_frame, syn_t   its first SYN
    syns               all of them
    answered           whether the station said SYN-ACK
    refused_*          the station's first RST in answer to a SYN
    established_*      the car's ACK behind the first SYN-ACK
    """

    address: Ipv6Address
    port: int
    syn_frame: int
    syn_t: Ns
    syns: int = 0
    answered: bool = False
    refused_frame: int | None = None
    refused_t: Ns | None = None
    established_frame: int | None = None
    established_t: Ns | None = None

    @property
    def is_established(self) -> bool:
        return self.established_t is not None

    @property
    def was_refused(self) -> bool:
        """To the end: no later try succeeded."""
        return self.refused_t is not None and not self.answered and not self.is_established


@dataclass(slots=True)
class AttemptTcp:
    """What followed an SDP response, until the next attempt.

    offered     tries at a port that a response had offered
    elsewhere   tries at the first other port of the same station
    """

    offered: TcpTarget | None = None
    elsewhere: TcpTarget | None = None

    @property
    def target(self) -> TcpTarget | None:
        """Where the car went: to the offered port if it ever tried it."""
        return self.offered or self.elsewhere
