"""Traces told by hand: who says what when, and how the bench's ports record it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from xml.etree import ElementTree

from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nmk, RunId, nid_from_nmk
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    Mme,
    VsNwInfoCnf,
    VsNwInfoReq,
    encode,
)
from bench.net import Ipv6Frame, Security, address_claim, link_local, sdp_request, sdp_response
from bench.net import encode as encode_ipv6
from bench.pilot.model import CpState, PilotReading
from bench.trace import Direction, PilotSeen, StateSeen, Trace
from bench.units import Ns, ms, s

PEV = MacAddress.parse("04:65:65:00:64:c3")
EVSE = MacAddress.parse("dc:0e:a1:11:67:08")
EVSE_MODEM = MacAddress.parse("98:48:27:5a:3c:e4")
PEV_MODEM = MacAddress.parse("98:48:27:5a:3c:e6")
RUN = RunId(bytes.fromhex("0465650064c30000"))
KEY = Nmk(bytes.fromhex("5ec2e7b1a0d94f3388c6017d2b94aa5f"))
PROFILE = bytes(20 + i % 7 for i in range(58))
A = PilotReading(CpState.A, 100.0, 12.0, 12.0)
B1 = PilotReading(CpState.B, 100.0, 9.0, 9.0)
B2 = PilotReading(CpState.B, 5.0, 9.0, -12.0)
E = PilotReading(CpState.E, None, 0.0, 0.0)


class Story:
    """A trace in the making. *ports*: the stations that are the bench's own; latency: of the powerline."""

    def __init__(self, *ports: str, latency: Ns = ms(2)) -> None:
        self.trace = Trace()
        self.ports = ports or ("evse",)
        self.latency = latency
        self.t = s(1)
        self.told: list[str] = []
        """Names of the messages, once each, in order."""

    def wait(self, duration: Ns) -> Story:
        self.t += duration
        return self

    def says(self, who: str, mme: Mme, *, src: MacAddress | None = None, dst: MacAddress | None = None) -> Story:
        """`pev` or `evse` says *mme* to the other station; broadcasts where a PEV does."""
        return self._between_stations(who, mme, src, dst, arrives=True)

    def says_in_vain(self, who: str, mme: Mme) -> Story:
        """The message leaves and never arrives."""
        return self._between_stations(who, mme, None, None, arrives=False)

    def _between_stations(
        self, who: str, mme: Mme, src: MacAddress | None, dst: MacAddress | None, *, arrives: bool
    ) -> Story:
        other = "evse" if who == "pev" else "pev"
        src = src or (PEV if who == "pev" else EVSE)
        if dst is None:
            to_all = isinstance(mme, CmSlacParmReq | CmStartAttenCharInd | CmMnbcSoundInd)
            dst = BROADCAST if to_all else (EVSE if who == "pev" else PEV)
        octets = encode(Frame(dst, src, mme))
        if who in self.ports:
            self.trace.frame(self.t, who, Direction.OUT, octets)
        if other in self.ports and arrives:
            self.trace.frame(self.t + (self.latency if who in self.ports else 0), other, Direction.IN, octets)
        self.told.append(mme.name)
        return self

    def sends(self, who: str, packet: Ipv6Frame, *, arrives: bool = True) -> Story:
        """`pev` or `evse` sends *packet* through the network that the match has made."""
        other = "evse" if who == "pev" else "pev"
        octets = encode_ipv6(packet)
        if who in self.ports:
            self.trace.frame(self.t, who, Direction.OUT, octets)
        if other in self.ports and arrives:
            self.trace.frame(self.t + (self.latency if who in self.ports else 0), other, Direction.IN, octets)
        return self

    def asks_modem(self, who: str, request: Mme, answer: Mme | None = None) -> Story:
        """The bench's station *who* asks its modem, which answers 1 ms later."""
        host, modem = (PEV, PEV_MODEM) if who == "pev" else (EVSE, EVSE_MODEM)
        self.trace.frame(self.t, who, Direction.OUT, encode(Frame(LOCAL_DEVICE, host, request)))
        self.told.append(request.name)
        if answer is not None:
            self.modem_says(who, answer, after=ms(1))
            assert modem
        return self

    def modem_says(self, who: str, mme: Mme, *, after: Ns = 0) -> Story:
        host, modem = (PEV, PEV_MODEM) if who == "pev" else (EVSE, EVSE_MODEM)
        self.trace.frame(self.t + after, who, Direction.IN, encode(Frame(host, modem, mme)))
        self.told.append(mme.name)
        return self

    def pilot(self, reading: PilotReading, station: str = "evse") -> Story:
        self.trace.add(PilotSeen(self.t, station, reading))
        return self

    def state(self, station: str, state: str, why: str = "") -> Story:
        self.trace.add(StateSeen(self.t, station, state, why))
        return self

    def note(self, who: str, text: str) -> Story:
        self.trace.note(self.t, who, text)
        return self


def tell_match(
    *ports: str,
    sound_every: Ns = ms(30),
    sounds: int = 10,
    profile: bytes = PROFILE,
    key: Nmk = KEY,
    join: Ns = s(4),
) -> Story:
    """A PEV is plugged in, offered 5 %, matched, and its modem joins; told as the bench's *ports* record it."""
    story = Story(*ports)
    session = f"evse/{PEV} run {RUN}"
    nid = nid_from_nmk(key)
    if "evse" in story.ports:
        story.asks_modem("evse", CmSetKeyReq(nid=nid, nmk=key), CmSetKeyCnf())
        story.wait(ms(200)).pilot(A).wait(ms(100)).pilot(B1).wait(ms(100)).pilot(B2)
        story.state("evse", "waiting for CM_SLAC_PARM.REQ", "car plugged in and asked to talk")
    story.wait(ms(250)).says("pev", CmSlacParmReq(run_id=RUN))
    if "evse" in story.ports:
        story.state("evse", "serving").state(session, "parameters confirmed")
    story.wait(ms(5)).says("evse", CmSlacParmCnf(forwarding_sta=PEV, run_id=RUN))
    story.wait(ms(150))
    for _ in range(3):
        story.wait(ms(25)).says("pev", CmStartAttenCharInd(forwarding_sta=PEV, run_id=RUN))
    for cnt in reversed(range(sounds)):
        story.wait(sound_every).says("pev", CmMnbcSoundInd(cnt=cnt, run_id=RUN))
        if "evse" in story.ports:
            story.wait(ms(3)).modem_says("evse", CmAttenProfileInd(pev_mac=PEV, aag=profile)).wait(ms(-3))
    story.wait(ms(40)).says("evse", CmAttenCharInd(source_address=PEV, run_id=RUN, num_sounds=sounds, aag=profile))
    story.wait(ms(10)).says("pev", CmAttenCharRsp(source_address=PEV, run_id=RUN))
    story.wait(ms(60)).says("pev", CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=RUN))
    story.wait(ms(8)).says("evse", CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE, run_id=RUN, nid=nid, nmk=key))
    if "evse" in story.ports:
        story.state(session, "joining")
    if "pev" in story.ports:
        story.wait(ms(5)).asks_modem("pev", CmSetKeyReq(nid=nid, nmk=key), CmSetKeyCnf())
    story.wait(join)
    if "evse" in story.ports:
        story.state(session, "linked").note("evse", f"link up {join // 1_000_000} ms after CM_SLAC_MATCH.CNF")
    return story


PEV_ADDRESS, EVSE_ADDRESS = link_local(PEV), link_local(EVSE)


def asks(security: Security = Security.NO_TLS) -> Ipv6Frame:
    return sdp_request(PEV, PEV_ADDRESS, 50118, security)


def answers(request: Ipv6Frame | None = None) -> Ipv6Frame:
    return sdp_response(request or asks(), EVSE, EVSE_ADDRESS, 61118)


def tell_discovery(*ports: str, requests: int = 1, answered: bool = True) -> Story:
    """A match, then: the car claims its address, asks *requests* times by SDP, 250 ms apart, and is answered."""
    story = tell_match(*ports).sends("pev", address_claim(PEV, PEV_ADDRESS)).wait(ms(850))
    for _ in range(requests):
        story.sends("pev", asks()).wait(ms(250))
    if answered:
        story.wait(ms(-230)).sends("evse", answers())
    return story.wait(ms(500))


def poll(story: Story, who: str, times: int, every: Ns = ms(250)) -> Story:
    """Ask the modem of *who* for its network again and again."""
    for _ in range(times):
        story.asks_modem(who, VsNwInfoReq(), VsNwInfoCnf()).wait(every)
    return story


# looking at a chart ---------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


class Chart:
    """An SVG, read back."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)

    def of(self, tag: str, *classes: str) -> list[ElementTree.Element]:
        """Elements of this tag that have all these classes, in the order they are painted."""
        return [
            element
            for element in self.root.iter(f"{SVG}{tag}")
            if set(classes) <= set(element.get("class", "").split())
        ]

    def texts(self, *classes: str) -> list[str]:
        return ["".join(element.itertext()) for element in self.of("text", *classes)]

    def arrows(self) -> list[Arrow]:
        return [Arrow(group) for group in self.of("g", "message")]

    def lane_x(self, title: str) -> float:
        """Where the lane under the head *title* stands."""
        return next(float(t.get("x", "nan")) for t in self.of("text") if "".join(t.itertext()) == title)


class Arrow:
    """One message of a ladder as drawn."""

    def __init__(self, group: ElementTree.Element) -> None:
        paths = [path.get("d", "") for path in group.iter(f"{SVG}path")]
        texts = ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]
        self.label = " ".join(texts)
        self.hint = group.findtext(f"{SVG}title") or ""
        self.thin = any("thin" in path.get("class", "") for path in group.iter(f"{SVG}path"))
        self.lost = any("lost" in path.get("class", "") for path in group.iter(f"{SVG}path"))
        self.red = ["".join(span.itertext()) for span in group.iter(f"{SVG}tspan") if span.get("class") == "bad"]
        self.y, self.start, self.ends = 0.0, 0.0, []
        for d in paths:
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", d)]
            if d.endswith("Z"):
                self.start, self.y = numbers[0], numbers[1]
                self.ends.append(numbers[3])

    @property
    def name(self) -> str:
        return self.hint.split()[0]


def ascending(values: Iterable[float]) -> bool:
    return all(a <= b for a, b in pairwise(values))


def hex_forms(key: bytes) -> list[str]:
    """Ways a key could stand in a text."""
    digits = key.hex()
    return [digits, digits.upper(), key.hex(":"), key.hex(" "), key.hex("-").upper()]
