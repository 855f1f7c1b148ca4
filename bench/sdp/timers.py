"""What SDP waits for, and how often it asks.

Source: ISO 15118-2, 8.4.3.4 and 7.10.1, as implemented by others and as cars were seen to do (Q4 e-tron: 50 requests,
250 ms apart); the clauses themselves were not read.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.units import Ns, ms, s


@dataclass(frozen=True, slots=True, kw_only=True)
class SdpTimers:
    """Every time an SDP machine waits for. A test may `dataclasses.replace` one; machines never hold a literal."""

    t_begin: Ns = s(1)
    """EVCC, from the network to its first request: as long as it claims its address (RFC 4862), as most cars do.

    The least is T_conn_init_HLC, 200 ms (ISO 15118-3)."""
    t_response: Ns = ms(250)
    """EVCC, from a request to its response; then it asks again."""


SDP_TIMERS = SdpTimers()

MOST_REQUESTS = 50
"""EVCC: requests without an answer that it takes, with one security."""
COMMUNICATION_SETUP: Ns = s(20)
"""V2G_EVCC_CommunicationSetup_Timeout: EVCC, from the network to SessionSetupRes. SDP is a part of that."""
