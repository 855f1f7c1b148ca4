"""Steps between a match and its session, to be added to those of `slac_exchange`."""

from __future__ import annotations

from slac_exchange import EVSE, PEV, PEV_MODEM, Step, match
from test_sdp_reading import CAR_IP, STATION_IP, frame

from bench.ids import BROADCAST, MacAddress
from bench.mme import CmGetKeyCnf, CmGetKeyReq
from bench.net import ACK, RST, SYN, Ipv6, Ipv6Address, Ipv6Frame, Tcp

MATCHED = match(proof=False)
MATCH_CNF_AT = 1310
PORT = 61341
"""What `answer` of the SDP steps offers."""
CAR_PORT = 49153


def segment(at: float, flags: int, port: int = PORT, car_port: int = CAR_PORT, tag: str = "") -> Step:
    """Of the car, to *port* of the station."""
    return frame(at, Ipv6Frame(EVSE, PEV, Ipv6(CAR_IP, STATION_IP, Tcp(car_port, port, flags=flags))), tag)


def syn(at: float, port: int = PORT, car_port: int = CAR_PORT, tag: str = "") -> Step:
    return segment(at, SYN, port, car_port, tag)


def ack(at: float, port: int = PORT, car_port: int = CAR_PORT) -> Step:
    return segment(at, ACK, port, car_port)


def from_station(at: float, flags: int, port: int = PORT, car_port: int = CAR_PORT) -> Step:
    return frame(at, Ipv6Frame(PEV, EVSE, Ipv6(STATION_IP, CAR_IP, Tcp(port, car_port, flags=flags))))


def syn_ack(at: float, port: int = PORT, car_port: int = CAR_PORT) -> Step:
    return from_station(at, SYN | ACK, port, car_port)


def rst(at: float, port: int = PORT, car_port: int = CAR_PORT) -> Step:
    return from_station(at, RST | ACK, port, car_port)


def handshake(at: float, port: int = PORT) -> list[Step]:
    return [syn(at, port), syn_ack(at + 1, port), ack(at + 10, port)]


def syn_to(at: float, address: Ipv6Address, port: int = PORT) -> Step:
    return frame(at, Ipv6Frame(EVSE, PEV, Ipv6(CAR_IP, address, Tcp(CAR_PORT, port, flags=SYN))))


def question(at: float, src: MacAddress = PEV, dst: MacAddress = BROADCAST) -> Step:
    """The host asks its modem for the key."""
    return Step("question", at, src, dst, CmGetKeyReq())


def reply(at: float, src: MacAddress = PEV_MODEM, dst: MacAddress = PEV) -> Step:
    return Step("reply", at, src, dst, CmGetKeyCnf())
