"""When does the recorder's own modem restart with the new key? Only frames tell: questions of its host that it leaves
unanswered, and the first answer after them."""

from __future__ import annotations

from dataclasses import dataclass

from bench.analysis.conversation import Conversation
from bench.analysis.model import ModemRestart, Recorder
from bench.capture import UNKNOWN_ADDRESS
from bench.ids import BROADCAST, LOCAL_DEVICE
from bench.units import Ns, ms

ASKING = {
    b"\x00\xa0": b"\x01\xa0",
    b"\x0c\x60": b"\x0d\x60",
    b"\x38\xa0": b"\x39\xa0",
    b"\x68\xa0": b"\x69\xa0",
    b"\x48\x60": b"\x49\x60",
}
"""MMTYPE on the wire of VS_SW_VER.REQ, CM_GET_KEY.REQ, VS_NW_INFO.REQ, VS_OP_ATTRIBUTES.REQ, CM_NW_STATS.REQ -> that of
the confirmation."""
PATIENCE: Ns = ms(500)
"""A question older than this is unanswered. Modems answer within 10 ms, and are silent for about a second."""


@dataclass(slots=True)
class Question:
    frame: int
    t: Ns


class RestartWatch:
    """Wants questions and confirmations of the types of ASKING, without tags, as they were recorded.

    A modem that never answered a question of some type does not know it; that is no silence.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._host, self._modem = recorder.host, recorder.modem
        self._known: set[bytes] = set()
        self._talk: Conversation | None = None
        self._open: Question | None = None
        self._last_answer: Ns | None = None

    def attempt_opened(self, talk: Conversation) -> None:
        self._talk, self._open, self._last_answer = talk, None, None

    def attempt_closed(self, t: Ns) -> None:
        """The attempt gains no more frames; *t*: how far the recording is."""
        self._finish(t)
        self._talk = None

    def question(self, number: int, t: Ns, octets: bytes) -> None:
        talk = self._waiting()
        if talk is None or octets[6:12] != self._host or ASKING[octets[15:17]] not in self._known:
            return
        if octets[:6] not in (self._modem, BROADCAST, LOCAL_DEVICE, UNKNOWN_ADDRESS):
            return
        self._finish(t)
        if self._open is None:
            self._open = Question(number, t)

    def confirmation(self, number: int, t: Ns, octets: bytes) -> None:
        if octets[6:12] != self._modem:
            return
        self._known.add(octets[15:17])
        talk = self._waiting()
        if talk is None:
            return
        self._finish(t)
        restart = talk.restart
        if restart is not None and restart.back_t is None:
            restart.back_frame, restart.back_t = number, t
        self._open, self._last_answer = None, t

    def _waiting(self) -> Conversation | None:
        """The attempt whose key is set and whose network does not show yet: that is when a modem restarts."""
        talk = self._talk
        if talk is None or talk.set_key_after is None or talk.network_proof is not None:
            return None
        return None if talk.restart is not None and talk.restart.back_t is not None else talk

    def _finish(self, t: Ns) -> None:
        """The open question becomes a silence if it is too old at *t*."""
        talk = self._waiting()
        if talk is None or self._open is None or talk.restart is not None:
            return
        if t - self._open.t >= PATIENCE:
            talk.restart = ModemRestart(self._open.frame, self._open.t, self._last_answer)
