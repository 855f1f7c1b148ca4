"""A modem that answers its host and does nothing else, for stations that will not begin without one."""

from __future__ import annotations

from dataclasses import replace

from bench.ids import MacAddress, Nid, Nmk
from bench.mme import (
    CmGetKeyCnf,
    CmGetKeyReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    Frame,
    Mme,
    VsNwInfoCnf,
    VsNwInfoReq,
    VsSwVerCnf,
    VsSwVerReq,
    encode,
)

MODEM_MAC = MacAddress(b"\x02\0\0\0\xe5\xe2")
VERSION = b"script\0"


class ScriptedModem:
    """It takes every key at once, never restarts and is never joined by anybody."""

    def __init__(self) -> None:
        self._key: tuple[Nid, Nmk] = (Nid(bytes(7)), Nmk(bytes(16)))

    def answer(self, frame: Frame) -> bytes | None:
        """What it says to its host; None: nothing."""
        mme = frame.mme
        answer: Mme
        match mme:
            case CmSetKeyReq():
                self._key = mme.nid, mme.nmk
                answer = CmSetKeyCnf(your_nonce=mme.my_nonce)
            case CmGetKeyReq():
                nid, nmk = self._key
                answer = CmGetKeyCnf(nid=nid, key=nmk)
                if mme.nid != nid:
                    answer = replace(answer, result=1, key=Nmk(bytes(16)))
            case VsSwVerReq():
                answer = VsSwVerCnf(
                    device_class=0x20, version_length=len(VERSION), version_field=VERSION.ljust(254, b"\0")
                )
            case VsNwInfoReq():
                answer = VsNwInfoCnf()
            case _:
                return None
        return encode(Frame(frame.src, MODEM_MAC, answer))
