"""A car in a script, at the far end of the cable of a charging station under measurement.

It has no timers and no opinions: it asks, sounds and is matched. It is the station's own modem too, which answers its
host and reports an attenuation for each sound.
"""

from __future__ import annotations

import random
import time

from bench.ids import BROADCAST, MacAddress, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    Mme,
    decode,
    encode,
)
from bench.units import Ns, ms, s
from benchmarks.kernel import FAR_MAC, NEAR_MAC
from benchmarks.scripted_modem import MODEM_MAC, ScriptedModem
from benchmarks.stamped_socket import StampedSocket

MEASURED = bytes([25] * 58)
SOUNDS, STARTS = 10, 3
BETWEEN_SOUNDS: Ns = ms(2)
"""The standard wants 20 to 50 ms. No station here minds, and they are not what is measured."""
THINKS: tuple[float, float] = (20, 40)
"""ms before each measured request, so that the station has gone to sleep again. Never twice the same."""
ANSWER_WITHIN: Ns = s(1)
"""Longer than any car waits: an answer later than TT_match_response is late, not missing, and counts as it is."""


class NoAnswer(Exception):
    """A station has not sent what this message says."""


class ScriptedCar:
    """Matches again and again, and measures.

    parm, match  times from CM_SLAC_PARM.REQ and CM_SLAC_MATCH.REQ to the answer, in ns, one for each complete match
    """

    def __init__(self, socket: StampedSocket, seed: int) -> None:
        self._socket = socket
        self._rng = random.Random(seed)
        self._modem = ScriptedModem()
        self.parm: list[Ns] = []
        self.match: list[Ns] = []

    def one_match(self) -> None:
        """From CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF. NoAnswer when the station is silent."""
        run_id = RunId(self._rng.randbytes(8))
        starts = [self._frame(CmStartAttenCharInd(forwarding_sta=FAR_MAC, run_id=run_id))] * STARTS
        sounds = [
            self._frame(CmMnbcSoundInd(cnt=SOUNDS - 1 - i, run_id=run_id, rnd=self._rng.randbytes(16)))
            for i in range(SOUNDS)
        ]
        profile = encode(Frame(BROADCAST, MODEM_MAC, CmAttenProfileInd(pev_mac=FAR_MAC, aag=MEASURED)))
        self.idle(self._pause())

        parm = self._asked(self._frame(CmSlacParmReq(run_id=run_id)), CmSlacParmCnf)
        for start in starts:
            self.idle(BETWEEN_SOUNDS)
            self._socket.send(start)
        for sound in sounds:
            self.idle(BETWEEN_SOUNDS)
            self._socket.send(sound)
            self._socket.send(profile)
        self._await(CmAttenCharInd)
        self._socket.send(self._frame(CmAttenCharRsp(source_address=FAR_MAC, run_id=run_id), NEAR_MAC))
        self.idle(self._pause())
        asks = CmSlacMatchReq(pev_mac=FAR_MAC, evse_mac=NEAR_MAC, run_id=run_id)
        match = self._asked(self._frame(asks, NEAR_MAC), CmSlacMatchCnf)

        self.parm.append(parm)
        self.match.append(match)

    def idle(self, duration: Ns) -> None:
        """Be only the modem for so long."""
        deadline = time.monotonic_ns() + duration
        while passed := self._socket.next(deadline):
            if not passed.outgoing:
                self._as_modem(decode(passed.octets))

    def _pause(self) -> Ns:
        return ms(self._rng.uniform(*THINKS))

    def _frame(self, mme: Mme, dst: MacAddress = BROADCAST) -> bytes:
        return encode(Frame(dst, FAR_MAC, mme))

    def _asked(self, request: bytes, answer: type[Mme]) -> Ns:
        """Send *request*; the time until its *answer*, both by the kernel's stamps."""
        self._socket.send(request)
        deadline = time.monotonic_ns() + ANSWER_WITHIN
        sent: Ns | None = None
        while passed := self._socket.next(deadline):
            if passed.outgoing:
                sent = passed.t if passed.octets == request else sent
            elif isinstance((frame := decode(passed.octets)).mme, answer):
                assert sent is not None, "an answer before its request"
                return passed.t - sent
            else:
                self._as_modem(frame)
        raise NoAnswer(f"no {answer.name}")

    def _await(self, kind: type[Mme]) -> None:
        deadline = time.monotonic_ns() + ANSWER_WITHIN
        while passed := self._socket.next(deadline):
            if not passed.outgoing:
                frame = decode(passed.octets)
                if isinstance(frame.mme, kind):
                    return
                self._as_modem(frame)
        raise NoAnswer(f"no {kind.name}")

    def _as_modem(self, frame: Frame) -> None:
        if (answer := self._modem.answer(frame)) is not None:
            self._socket.send(answer)
