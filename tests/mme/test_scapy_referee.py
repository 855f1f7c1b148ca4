"""scapy's HomePlug layers read the same fields from the same captured frames.

Where the two differ we follow the captures, and each difference is a test below:

- 0xA14E has one field less in scapy: its groups begin one octet early.
- Numbers of two octets in CM_SET_KEY are big endian in scapy.
- VS_NW_INFO.CNF (version 1): scapy skips the FMI but not the OUI, and reads everything three octets early.
- CM_ATTEN_PROFILE.IND: what scapy calls carriers per group is a reserved octet (a name, not a value).

0xA14E without an OUI, fragments and what has no layer in scapy are not compared.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest
from real_captures import CAPTURES, needs_captures

from bench.capture import open_capture
from bench.ids import BROADCAST, MacAddress
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
    VsNwInfoCnf,
    VsSwVerCnf,
    decode,
    encode,
    is_homeplug,
)

logging.getLogger("scapy").setLevel(logging.ERROR)
gp = pytest.importorskip("scapy.contrib.homepluggp", reason="scapy is not installed")
av = pytest.importorskip("scapy.contrib.homeplugav", reason="scapy is not installed")
Ether = pytest.importorskip("scapy.layers.l2", reason="scapy is not installed").Ether

PEV = MacAddress.parse("02:00:00:00:0e:01")

TYPES = {"application_type": "ApplicationType", "security_type": "SecurityType"}
RUN = {"run_id": "RunID"}
ATTEN = TYPES | RUN | {"source_address": "SourceAdress", "source_id": "SourceID", "resp_id": "ResponseID"}
START = {"num_sounds": "NumberOfSounds", "time_out": "TimeOut", "resp_type": "ResponseType"}
MATCH = RUN | {"pev_id": "EVID", "pev_mac": "EVMAC", "evse_id": "EVSEID", "evse_mac": "EVSEMAC", "reserved": "RSVD"}
KEY = {"my_nonce": "MyNonce", "your_nonce": "YourNonce", "pid": "PID", "prn": "ProtoRunNumber"}
KEY |= {"pmn": "ProtoMessNumber", "cco_capability": "CCoCapability"}

SAME: dict[type, tuple[str, dict[str, str]]] = {
    CmSlacParmReq: ("CM_SLAC_PARM_REQ", TYPES | RUN),
    CmSlacParmCnf: (
        "CM_SLAC_PARM_CNF",
        TYPES
        | RUN
        | {"m_sound_target": "MSoundTargetMAC", "num_sounds": "NumberMSounds", "time_out": "TimeOut"}
        | {"resp_type": "ResponseType", "forwarding_sta": "ForwardingSTA"},
    ),
    CmStartAttenCharInd: ("CM_START_ATTEN_CHAR_IND", TYPES | START | RUN | {"forwarding_sta": "ForwardingSTA"}),
    CmMnbcSoundInd: (
        "CM_MNBC_SOUND_IND",
        TYPES | RUN | {"sender_id": "SenderID", "cnt": "Countdown", "reserved": "RSVD", "rnd": "RandomValue"},
    ),
    CmAttenCharInd: (
        "CM_ATTEN_CHAR_IND",
        ATTEN | {"num_sounds": "NumberOfSounds", "num_groups": "NumberOfGroups", "aag": "Groups"},
    ),
    CmAttenCharRsp: ("CM_ATTEN_CHAR_RSP", ATTEN | {"result": "Result"}),
    CmSlacMatchReq: ("CM_SLAC_MATCH_REQ", TYPES | MATCH | {"mvf_length": "MatchVariableFieldLen"}),
    CmSlacMatchCnf: (
        "CM_SLAC_MATCH_CNF",
        TYPES
        | MATCH
        | {"mvf_length": "MatchVariableFieldLen", "nid": "NetworkID"}
        | {"reserved2": "Reserved", "nmk": "NMK"},
    ),
    CmSetKeyReq: (
        "CM_SET_KEY_REQ",
        KEY | {"key_type": "KeyType", "nid": "NetworkID", "new_eks": "NewEncKeySelect", "nmk": "NewKey"},
    ),
    CmSetKeyCnf: ("CM_SET_KEY_CNF", KEY | {"result": "Result"}),
    CmAttenProfileInd: (
        "CM_ATTENUATION_CHARACTERISTICS_MME",
        {
            "pev_mac": "EVMACAddress",
            "num_groups": "NumberOfGroups",
            "reserved": "NumberOfCarrierPerGroupe",
            "aag": "Groups",
        },
    ),
}
"""Message -> name of scapy's layer, and our field -> its field."""


def captured() -> list[tuple[Frame, bytes]]:
    found = []
    for path in CAPTURES:
        with open_capture(path) as capture:
            found += [(decode(r.octets), r.octets) for r in capture.records() if is_homeplug(r.octets)]
    return found


@pytest.fixture(scope="module")
def frames() -> list[tuple[Frame, bytes]]:
    return captured()


def layer(octets: bytes, name: str) -> Any:
    return Ether(octets)[getattr(gp, name, None) or getattr(av, name)]


def theirs(packet: Any, name: str) -> Any:
    """What scapy read, as octets or a number."""
    where = packet if name in packet.fields else packet.VariableField
    value = where.getfieldval(name)
    if isinstance(value, list):
        return bytes(group.group for group in value)
    if isinstance(value, str) and value.count(":") == 5:
        return bytes.fromhex(value.replace(":", ""))
    if name.endswith("Nonce") or name == "Reserved":
        return value.to_bytes(4 if name.endswith("Nonce") else 1, "big")
    return value


@needs_captures
@pytest.mark.parametrize("cls", SAME, ids=lambda cls: cls.name)
def test_scapy_reads_the_same_fields(cls: type, frames: list[tuple[Frame, bytes]]) -> None:
    """Every field of every captured message of this kind; none of ours is left out."""
    name, fields = SAME[cls]
    heard = [(frame, octets) for frame, octets in frames if type(frame.mme) is cls]

    assert heard
    for frame, octets in heard:
        packet = layer(octets, name)
        assert {ours: getattr(frame.mme, ours) for ours in fields} == {
            ours: theirs(packet, field) for ours, field in fields.items()
        }


@pytest.mark.parametrize("cls", SAME, ids=lambda cls: cls.name)
def test_no_field_is_left_out_of_the_comparison(cls: type) -> None:
    """Cipher suites alone have no field in scapy; all captured messages are without security."""
    fields = set(cls.__dataclass_fields__) - {"cipher_suites", "cipher_suite"}  # type: ignore[attr-defined]

    assert fields <= set(SAME[cls][1])


@needs_captures
def test_scapy_and_we_see_the_same_messages(frames: list[tuple[Frame, bytes]]) -> None:
    """Addresses and type of every HomePlug frame, whatever it is."""
    differing: Counter[str] = Counter()
    for frame, octets in frames:
        packet = Ether(octets)
        header = packet[av.MACManagementHeader] if av.MACManagementHeader in packet else packet[av.HomePlugAV]
        seen = (bytes.fromhex(packet.dst.replace(":", "")), bytes.fromhex(packet.src.replace(":", "")), header.HPtype)
        if seen != (frame.dst, frame.src, frame.mme.mmtype):
            differing[frame.mme.name] += 1

    assert not differing


@needs_captures
def test_scapy_finds_the_groups_of_0xa14e_one_octet_early(frames: list[tuple[Frame, bytes]]) -> None:
    """Ours equal those of the next CM_ATTEN_PROFILE.IND; scapy's begin with the last reserved octet."""
    heard = [
        (frame.mme, octets)
        for frame, octets in frames
        if isinstance(frame.mme, VsAttenCharInd) and frame.header is None and frame.mme.aag
    ]

    assert heard
    for mme, octets in heard:
        groups = theirs(layer(octets, "VS_ATTENUATION_CHARACTERISTICS_MME"), "Groups")
        assert groups == (mme.reserved2 + mme.aag)[-len(mme.aag) - 1 : -1]


@needs_captures
def test_attenuation_of_the_vendor_is_that_of_the_standard(frames: list[tuple[Frame, bytes]]) -> None:
    """Who is right about 0xA14E: a modem says the same twice, and only our reading makes the two equal."""
    vendor = {
        (frame.src, frame.mme.pev_mac, frame.mme.aag) for frame, _ in frames if isinstance(frame.mme, VsAttenCharInd)
    }
    standard = {
        (frame.src, frame.mme.pev_mac, frame.mme.aag) for frame, _ in frames if isinstance(frame.mme, CmAttenProfileInd)
    }

    own_side = {entry for entry in vendor if entry[0] in {source for source, _, _ in standard}}
    assert own_side
    assert own_side <= standard


@needs_captures
def test_scapy_reads_the_same_firmware(frames: list[tuple[Frame, bytes]]) -> None:
    """Status, class and text; the filler behind the text is where the two part."""
    heard = [(frame.mme, octets) for frame, octets in frames if isinstance(frame.mme, VsSwVerCnf)]

    assert heard
    for mme, octets in heard:
        packet = layer(octets, "GetDeviceVersion")
        assert (packet.Status, packet.DeviceID, packet.VersionLen) == (mme.status, mme.device_class, mme.version_length)
        assert packet.DeviceVersion.rstrip(b"\0").decode() == mme.version


def test_scapy_reads_a_protocol_run_number_backwards() -> None:
    """All numbers of a message are little endian; captured run numbers are 0, so no capture shows it."""
    octets = encode(Frame(BROADCAST, PEV, CmSetKeyReq(prn=1)))

    assert layer(octets, "CM_SET_KEY_REQ").ProtoRunNumber == 0x0100


def test_scapy_takes_the_oui_of_a_version_1_vendor_message_for_its_body() -> None:
    """VS_NW_INFO.CNF with FMI and OUI in front: scapy skips the FMI only, and reads all that follows out of place."""
    octets = encode(Frame(BROADCAST, PEV, VsNwInfoCnf(data_length=0)))

    packet = layer(octets, "NetworkInfoConfirmationV11")

    assert packet.reserved_n1 == VsNwInfoCnf.oui + bytes(2)


@needs_captures
def test_the_length_a_modem_tells_is_that_of_24_octets_per_station(frames: list[tuple[Frame, bytes]]) -> None:
    """Who is right about VS_NW_INFO.CNF: data_length counts what follows it."""
    heard = [frame.mme for frame, _ in frames if isinstance(frame.mme, VsNwInfoCnf)]

    assert max(len(network.stations) for mme in heard for network in mme.networks) >= 1
    for mme in heard:
        assert mme.data_length == 2 + sum(32 + 24 * len(network.stations) for network in mme.networks)
