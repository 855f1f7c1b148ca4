"""Key messages between a host and its modem, and what modems say while their keys differ (MMV 1)."""

from __future__ import annotations

from typing import Annotated

from bench.ids import Nid, Nmk
from bench.mme.record import Mme, message
from bench.mme.wire import U8, U16, Key, NetId, Oct4, Oct16, UpTo

HLE_PROTOCOL = 4
KEY_TYPE_NMK = 1


@message(0x6008)
class CmSetKeyReq(Mme):
    """Host to its modem: use this NMK. ISO 15118-3 wants nonces of 0; pyPLC and Debian's tools send AA."""

    key_type: U8 = KEY_TYPE_NMK
    my_nonce: Oct4 = bytes(4)
    your_nonce: Oct4 = bytes(4)
    pid: U8 = HLE_PROTOCOL
    prn: U16 = 0
    pmn: U8 = 0
    cco_capability: U8 = 0
    nid: NetId = Nid(bytes(7))
    new_eks: U8 = 1
    nmk: Key = Nmk(bytes(16))


@message(0x6009)
class CmSetKeyCnf(Mme):
    """Modem to host. **An accepted key is reported with result 1** by every modem captured.

    HomePlug and ISO 15118-3 call 0 success. Do not decide on this octet; ask for the network's state.
    """

    result: U8 = 1
    my_nonce: Oct4 = bytes(4)
    your_nonce: Oct4 = bytes(4)
    pid: U8 = HLE_PROTOCOL
    prn: U16 = 0
    pmn: U8 = 0xFF
    cco_capability: U8 = 0


@message(0x600C)
class CmGetKeyReq(Mme):
    request_type: U8 = 0
    key_type: U8 = KEY_TYPE_NMK
    nid: NetId = Nid(bytes(7))
    my_nonce: Oct4 = bytes(4)
    pid: U8 = HLE_PROTOCOL
    prn: U16 = 0
    pmn: U8 = 0


@message(0x600D)
class CmGetKeyCnf(Mme):
    """result 0 granted, 1 refused. A refusing modem still tells the NID of its network.

    pmn is FF from the local modem and 0 from a remote one; the key is followed by zeros up to octet 425.
    """

    result: U8 = 0
    key_type: U8 = KEY_TYPE_NMK
    my_nonce: Oct4 = bytes(4)
    your_nonce: Oct4 = bytes(4)
    nid: NetId = Nid(bytes(7))
    eks: U8 = 1
    pid: U8 = HLE_PROTOCOL
    prn: U16 = 0
    pmn: U8 = 0xFF
    key: Key = Nmk(bytes(16))
    reserved: Annotated[bytes, UpTo(368)] = bytes(368)


@message(0x6006)
class CmEncryptedPayloadInd(Mme):
    """Between modems. *payload* is what is left after the length field; it is cipher text."""

    peks: U8 = 0
    avln_status: U8 = 0
    pid: U8 = 0
    prn: U16 = 0
    pmn: U8 = 0
    iv: Oct16 = bytes(16)
    length: U16 = 0
    payload: Annotated[bytes, UpTo(1475)] = b""


@message(0x6007)
class CmEncryptedPayloadRsp(Mme):
    """Seen every 600 ms from the EVSE's modem to the car's while their keys do not match; harmless."""

    result: U8 = 1
    pid: U8 = 0
    prn: U16 = 0
