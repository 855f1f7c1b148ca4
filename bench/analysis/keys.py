"""Keys: what CM_SLAC_MATCH.CNF hands over and what hosts tell their modems."""

from __future__ import annotations

from bench.analysis.conversation import Heard
from bench.analysis.limits import SET_KEY_CNF_WINDOW
from bench.analysis.model import Confirmation, Key, SetKey
from bench.ids import nid_from_nmk
from bench.mme import CmSetKeyCnf, CmSetKeyReq, CmSlacMatchCnf
from bench.units import Ns


def key_of(match: Heard[CmSlacMatchCnf]) -> Key:
    nid, nmk = match.mme.nid, match.mme.nmk
    return Key(match.number, nid, nmk, nid_is_hash_of_nmk=nid == nid_from_nmk(nmk))


class SetKeyLog:
    """The CM_SET_KEY.REQ seen last, and the confirmations that belong to it."""

    def __init__(self) -> None:
        self.last: SetKey | None = None

    def request(self, heard: Heard[CmSetKeyReq]) -> SetKey:
        mme = heard.mme
        self.last = SetKey(
            frame=heard.number,
            t=heard.t,
            src=heard.src,
            dst=heard.dst,
            key_type=mme.key_type,
            pid=mme.pid,
            new_eks=mme.new_eks,
            nonce=mme.my_nonce,
            nid=mme.nid,
            nmk=mme.nmk,
        )
        return self.last

    def confirmation(self, heard: Heard[CmSetKeyCnf]) -> None:
        """Note an answer that echoes the nonce and comes in time; any other belongs to a request not seen here."""
        request = self.last
        if request is None or heard.mme.your_nonce != request.nonce:
            return
        latency = heard.t - request.t
        if 0 <= latency <= SET_KEY_CNF_WINDOW:
            request.confirmations.append(Confirmation(heard.number, heard.t, heard.src, heard.mme.result, latency))

    def settled_at(self) -> Ns | None:
        """When the last request can gain no more confirmations."""
        return None if self.last is None else self.last.t + SET_KEY_CNF_WINDOW
