"""The SLAC messages of ISO 15118-3, as HomePlug Green PHY carries them (MMV 1).

Defaults are the values ISO 15118-3 asks for. Observed departures are noted where they were seen.
Offsets: the body begins at octet 19 of the frame.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from bench.ids import BROADCAST, MacAddress, Nid, Nmk, RunId, StationId
from bench.mme.record import Mme, message
from bench.mme.wire import (
    U8,
    U16,
    CipherSuites,
    Count,
    Groups,
    Key,
    Mac,
    NetId,
    Oct1,
    Oct7,
    Oct8,
    Run,
    Station,
    UpTo,
)

NO_MAC = MacAddress(bytes(6))
NO_RUN = RunId(bytes(8))
NO_ID = StationId(bytes(17))

MVF_LENGTH_REQ = 0x003E
MVF_LENGTH_CNF = 0x0056
NUM_GROUPS = 58
SOUND_TARGET = BROADCAST


@message(0x6064)
class CmSlacParmReq(Mme):
    """PEV to all: who can hear me? The RunID chosen here is echoed in every later message of the attempt."""

    application_type: U8 = 0
    security_type: U8 = 0
    run_id: Run = NO_RUN
    cipher_suites: Annotated[tuple[int, ...], CipherSuites(counted=True)] = ()


@message(0x6065)
class CmSlacParmCnf(Mme):
    """EVSE to PEV: I can; sound so many times, I listen so long.

    time_out   units of 100 ms; 6 in every charger captured
    resp_type  1 = results go to forwarding_sta. Debian's evse sends 0 unless configured
    """

    m_sound_target: Mac = SOUND_TARGET
    num_sounds: U8 = 10
    time_out: U8 = 6
    resp_type: U8 = 1
    forwarding_sta: Mac = NO_MAC
    application_type: U8 = 0
    security_type: U8 = 0
    run_id: Run = NO_RUN
    cipher_suite: Annotated[tuple[int, ...], CipherSuites(counted=False)] = ()


@message(0x606A)
class CmStartAttenCharInd(Mme):
    """PEV to all, three times: sounds follow. Debian's pev sends it once; pyPLC puts 10 into time_out."""

    application_type: U8 = 0
    security_type: U8 = 0
    num_sounds: U8 = 10
    time_out: U8 = 6
    resp_type: U8 = 1
    forwarding_sta: Mac = NO_MAC
    run_id: Run = NO_RUN


@message(0x6076)
class CmMnbcSoundInd(Mme):
    """PEV to all: one sound. *cnt* is the number still to come, 9 ... 0; Seres 3 counts upwards.

    reserved and rnd are optional in decoding: Debian's pev leaves the 8 reserved octets out.
    """

    application_type: U8 = 0
    security_type: U8 = 0
    sender_id: Station = NO_ID
    cnt: U8 = 0
    run_id: Run = NO_RUN
    reserved: Annotated[bytes, UpTo(8)] = bytes(8)
    rnd: Annotated[bytes, UpTo(16)] = bytes(16)


@message(0x6086)
class CmAttenProfileInd(Mme):
    """EVSE's modem to its host, once per sound heard: attenuation per carrier group, dB.

    A TP-Link AR7420/QCA7420 reports no groups at all. Carries no RunID; *pev_mac* is the sounder's host.
    """

    pev_mac: Mac = NO_MAC
    num_groups: ClassVar[Count] = Count("aag")
    reserved: U8 = 0
    aag: Annotated[bytes, Groups()] = b""


@message(0x606E)
class CmAttenCharInd(Mme):
    """EVSE to PEV: the mean attenuation per group over *num_sounds* sounds, dB."""

    application_type: U8 = 0
    security_type: U8 = 0
    source_address: Mac = NO_MAC
    run_id: Run = NO_RUN
    source_id: Station = NO_ID
    resp_id: Station = NO_ID
    num_sounds: U8 = 10
    num_groups: ClassVar[Count] = Count("aag")
    aag: Annotated[bytes, Groups()] = b""

    @property
    def average_db(self) -> float | None:
        """Mean over the groups, which is what the PEV decides on; None without groups."""
        return sum(self.aag) / len(self.aag) if self.aag else None


@message(0x606F)
class CmAttenCharRsp(Mme):
    """PEV to EVSE: received. result 0 = success."""

    application_type: U8 = 0
    security_type: U8 = 0
    source_address: Mac = NO_MAC
    run_id: Run = NO_RUN
    source_id: Station = NO_ID
    resp_id: Station = NO_ID
    result: U8 = 0


@message(0x6078)
class CmValidateReq(Mme):
    """PEV to EVSE: watch the control pilot for my B-C-B toggles. timer: (t + 1) x 100 ms, 0 in step 1."""

    signal_type: U8 = 0
    timer: U8 = 0
    result: U8 = 1


@message(0x6079)
class CmValidateCnf(Mme):
    """EVSE to PEV. result: 0 not ready, 1 ready, 2 success, 3 failure, 4 not required."""

    signal_type: U8 = 0
    toggle_num: U8 = 0
    result: U8 = 1


@message(0x607C)
class CmSlacMatchReq(Mme):
    """PEV to the EVSE it chose: let me into your network."""

    application_type: U8 = 0
    security_type: U8 = 0
    mvf_length: U16 = MVF_LENGTH_REQ
    pev_id: Station = NO_ID
    pev_mac: Mac = NO_MAC
    evse_id: Station = NO_ID
    evse_mac: Mac = NO_MAC
    run_id: Run = NO_RUN
    reserved: Oct8 = bytes(8)


@message(0x607D)
class CmSlacMatchCnf(Mme):
    """EVSE to PEV: the network's NID and NMK."""

    application_type: U8 = 0
    security_type: U8 = 0
    mvf_length: U16 = MVF_LENGTH_CNF
    pev_id: Station = NO_ID
    pev_mac: Mac = NO_MAC
    evse_id: Station = NO_ID
    evse_mac: Mac = NO_MAC
    run_id: Run = NO_RUN
    reserved: Oct8 = bytes(8)
    nid: NetId = Nid(bytes(7))
    reserved2: Oct1 = b"\0"
    nmk: Key = Nmk(bytes(16))


@message(0xA14E, mmv=0)
class VsAttenCharInd(Mme):
    """The vendor's form of CM_ATTEN_PROFILE.IND, sent just before it with the same groups.

    Crosses the powerline from QCA7000/7005 modems with newer firmware; FoccciCape sends OUI 00:00:00.
    Seen in captures only; the use of reserved2 is not known.
    """

    pev_mac: Mac = NO_MAC
    num_groups: ClassVar[Count] = Count("aag")
    reserved: U8 = 0
    carriers_per_group: U8 = 16
    reserved2: Oct7 = bytes(7)
    aag: Annotated[bytes, Groups()] = b""
