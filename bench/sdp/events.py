"""What an SDP machine reports: values, in the order things happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bench.ids import MacAddress
from bench.machine import Ignored, StateChanged
from bench.net import SdpRequest, SdpResponse
from bench.units import Ns


@dataclass(frozen=True, slots=True)
class Discovered:
    """EVCC: a station answered, and its answer is taken.

    secc      where it says it listens, and with which security
    secc_mac  who sent it
    requests  how many were sent until then
    after     since the last of them
    """

    t: Ns
    secc: SdpResponse
    secc_mac: MacAddress
    requests: int
    after: Ns


@dataclass(frozen=True, slots=True)
class NotDiscovered:
    """EVCC: nobody answered as it wants, and it asks no more."""

    t: Ns
    requests: int
    why: str


@dataclass(frozen=True, slots=True)
class Answered:
    """SECC: a car asked, and was told where this station listens. *times*: requests of this car so far."""

    t: Ns
    evcc_mac: MacAddress
    request: SdpRequest
    times: int


SdpEvent: TypeAlias = StateChanged | Ignored | Discovered | NotDiscovered | Answered
