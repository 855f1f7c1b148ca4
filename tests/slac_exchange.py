"""A matching exchange as a list of steps, to be bent step by step until a rule says something."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from bench.analysis import Analysis, Attempt, Recorder, Role, analyze
from bench.capture import Record
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
    VsAttenCharInd,
    encode,
)
from bench.units import Ns, ms, s

PEV = MacAddress.parse("02:00:00:00:0e:01")
EVSE = MacAddress.parse("02:00:00:00:05:01")
EVSE_MODEM = MacAddress.parse("02:00:00:00:05:02")
PEV_MODEM = MacAddress.parse("02:00:00:00:0e:02")
OTHER_EVSE = MacAddress.parse("02:00:00:00:05:11")
OTHER_MODEM = MacAddress.parse("02:00:00:00:05:12")
OTHER_PEV = MacAddress.parse("02:00:00:00:0e:11")
LISTENER = MacAddress.parse("02:00:00:00:11:01")
LISTENER_MODEM = MacAddress.parse("02:00:00:00:11:02")

RUN = RunId(PEV + b"\0\0")
OTHER_RUN = RunId(b"\x99" * 8)
KEY = Nmk(bytes(range(16)))
OTHER_KEY = Nmk(bytes(range(16, 32)))
GROUPS = bytes(20 + i % 7 for i in range(58))

AT_EVSE = Recorder(Role.EVSE, EVSE, EVSE_MODEM)
AT_PEV = Recorder(Role.PEV, PEV, PEV_MODEM)
AT_LISTENER = Recorder(Role.LISTENER, LISTENER, LISTENER_MODEM)

BEGIN: Ns = s(1_700_000_000)


@dataclass(frozen=True)
class Step:
    """One frame: a name to find it by, milliseconds since the beginning, and a message or the octets of an IP frame."""

    name: str
    at: float
    src: MacAddress
    dst: MacAddress
    mme: Any = None
    payload: bytes = b""

    def octets(self) -> bytes:
        if self.mme is None:
            return self.dst + self.src + self.payload
        return encode(Frame(self.dst, self.src, self.mme))


Steps = list[Step]


def param_req(at: float = 0, src: MacAddress = PEV, run: RunId = RUN) -> Step:
    return Step("param_req", at, src, BROADCAST, CmSlacParmReq(run_id=run))


def param_cnf(at: float = 5, src: MacAddress = EVSE, dst: MacAddress = PEV, run: RunId = RUN) -> Step:
    return Step("param_cnf", at, src, dst, CmSlacParmCnf(forwarding_sta=dst, run_id=run))


def start(at: float, src: MacAddress = PEV, run: RunId = RUN) -> Step:
    return Step("start", at, src, BROADCAST, CmStartAttenCharInd(forwarding_sta=src, run_id=run))


def sound(at: float, cnt: int = 0, src: MacAddress = PEV, run: RunId = RUN) -> Step:
    return Step("sound", at, src, BROADCAST, CmMnbcSoundInd(cnt=cnt, run_id=run, rnd=bytes(16)))


def profile(at: float, src: MacAddress = EVSE_MODEM, aag: bytes = GROUPS) -> Step:
    return Step("profile", at, src, BROADCAST, CmAttenProfileInd(pev_mac=PEV, aag=aag))


def vendor_profile(at: float, src: MacAddress = EVSE_MODEM, aag: bytes = GROUPS) -> Step:
    return Step("vendor_profile", at, src, BROADCAST, VsAttenCharInd(pev_mac=PEV, aag=aag))


def atten_ind(at: float, src: MacAddress = EVSE, run: RunId = RUN, num_sounds: int = 10, aag: bytes = GROUPS) -> Step:
    mme = CmAttenCharInd(source_address=PEV, run_id=run, num_sounds=num_sounds, aag=aag)
    return Step("atten_ind", at, src, PEV, mme)


def atten_rsp(at: float, dst: MacAddress = EVSE, run: RunId = RUN) -> Step:
    return Step("atten_rsp", at, PEV, dst, CmAttenCharRsp(source_address=PEV, run_id=run))


def match_req(at: float, dst: MacAddress = EVSE, run: RunId = RUN) -> Step:
    return Step("match_req", at, PEV, dst, CmSlacMatchReq(pev_mac=PEV, evse_mac=dst, run_id=run))


def match_cnf(at: float, src: MacAddress = EVSE, run: RunId = RUN) -> Step:
    mme = CmSlacMatchCnf(pev_mac=PEV, evse_mac=src, run_id=run, nid=nid_from_nmk(KEY), nmk=KEY)
    return Step("match_cnf", at, src, PEV, mme)


def set_key(at: float, src: MacAddress = PEV, nmk: Nmk = KEY, nonce: bytes = b"\xaa" * 4) -> Step:
    mme = CmSetKeyReq(my_nonce=nonce, nid=nid_from_nmk(nmk), nmk=nmk)
    return Step("set_key", at, src, LOCAL_DEVICE, mme)


def set_key_cnf(at: float, src: MacAddress = PEV_MODEM, dst: MacAddress = PEV, nonce: bytes = b"\xaa" * 4) -> Step:
    return Step("set_key_cnf", at, src, dst, CmSetKeyCnf(your_nonce=nonce))


def ip(at: float, src: MacAddress = PEV, dst: MacAddress = EVSE) -> Step:
    """An SDP request: UDP over IPv6 to port 15118."""
    header = bytes.fromhex("86dd 60000000 0012 11 ff") + bytes(32)
    return Step("ip", at, src, dst, payload=header + bytes.fromhex("c000 3b0e 0012 0000") + bytes(10))


def match(*, proof: bool = True) -> Steps:
    """An exchange as ISO 15118-3 wants it, seen from the EVSE."""
    steps = [param_req(0), param_cnf(5), start(105), start(125), start(145)]
    for i in range(10):
        steps += [sound(185 + 20 * i, cnt=9 - i), profile(186 + 20 * i)]
    steps += [atten_ind(385), atten_rsp(425), match_req(1300), match_cnf(1310)]
    return [*steps, ip(4000)] if proof else steps


def only(steps: Steps, *names: str) -> Steps:
    return [step for step in steps if step.name in names]


def without(steps: Steps, *names: str) -> Steps:
    return [step for step in steps if step.name not in names]


def dropped(steps: Steps, name: str, nth: int = 0) -> Steps:
    """Without the nth step of that name."""
    gone = [step for step in steps if step.name == name][nth]
    return [step for step in steps if step is not gone]


def moved(steps: Steps, name: str, by: float) -> Steps:
    """The steps of that name, and all after the first of them, *by* ms later."""
    first = next(step.at for step in steps if step.name == name)
    return [replace(step, at=step.at + by) if step.at >= first else step for step in steps]


def altered(steps: Steps, name: str, **fields: object) -> Steps:
    """With other field values in the messages of that name."""
    return [replace(step, mme=replace(step.mme, **fields)) if step.name == name else step for step in steps]


def shifted(steps: Steps, by: float) -> Steps:
    return [replace(step, at=step.at + by) for step in steps]


def records(steps: Iterable[Step], *, in_order: bool = False) -> list[Record]:
    """Frames numbered from 1, by time unless *in_order* (of the list)."""
    ordered = list(steps) if in_order else sorted(steps, key=lambda step: step.at)
    return [Record(number, BEGIN + ms(step.at), step.octets()) for number, step in enumerate(ordered, 1)]


def analysis(steps: Iterable[Step], recorder: Recorder = AT_EVSE, quantum: Ns = 0) -> Analysis:
    return analyze(records(steps), recorder, quantum)


def the_attempt(steps: Iterable[Step], recorder: Recorder = AT_EVSE, quantum: Ns = 0) -> Attempt:
    """The one attempt these frames make."""
    (attempt,) = analysis(steps, recorder, quantum).attempts
    return attempt


Bend = Callable[[Steps], Steps]
