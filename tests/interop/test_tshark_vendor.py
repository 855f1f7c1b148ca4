"""tshark reads our vendor messages as we mean them: every field it shows, against the value that was encoded."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bench.ids import Dak, MacAddress, Nmk
from bench.mme import (
    Frame,
    Mme,
    RxCounters,
    TxCounters,
    VsFrLbkCnf,
    VsGetNvmCnf,
    VsHostActionInd,
    VsLbkStatCnf,
    VsLnkStatsCnf,
    VsLnkStatsReq,
    VsMfgStringCnf,
    VsOpAttributesCnf,
    VsRsDevCnf,
    VsSetKeyCnf,
    VsSetKeyReq,
    VsToneMapCnfV0,
    VsToneMapReqV0,
    VsWdRptInd,
    VsWdRptReq,
    encode,
)
from bench.profiles import adapters
from bench.sim.adapter.vendor_answers import attributes
from conftest import require, run

HOST, MODEM = MacAddress.parse("dc:0e:a1:11:67:08"), MacAddress.parse("98:48:27:5a:3c:e6")
PEER = MacAddress.parse("98:48:27:5a:3c:e4")
ETHERNET = 1

SHOWN: list[tuple[Mme, dict[str, object]]] = [
    (VsRsDevCnf(status=1), {"rs_dev_cnf.status": 1}),
    (
        VsGetNvmCnf(status=0, nvm_type=0x14, page_size=0x1234, block_size=0x56789A, total_size=0x200000),
        {
            "get_nvm_cnf.status": 0,
            "get_nvm_cnf.nvm_type": 0x14,
            "get_nvm_cnf.nvm_page": 0x1234,
            "get_nvm_cnf.nvm_block": 0x56789A,
            "get_nvm_cnf.nvm_size": 0x200000,
        },
    ),
    (VsWdRptReq(session=0x1234, clear=1), {"wd_rpt_req.session_id": 0x1234, "wd_rpt_req.clr": 1}),
    (
        VsWdRptInd(session=0x1234, num_parts=3, current_part=2, data_offset=5, data=b"abc"),
        {
            "wd_rpt_ind.session_id": 0x1234,
            "wd_rpt_ind.num_parts": 3,
            "wd_rpt_ind.curr_part": 2,
            "wd_rpt_ind.rdata_len": 3,
            "wd_rpt_ind.rdata_offset": 5,
        },
    ),
    (
        VsLnkStatsReq(control=1, direction=2, link_id=0xF8, peer=PEER),
        {
            "lnk_stats_req.mcontrol": 1,
            "lnk_stats_req.dir": 2,
            "lnk_stats_req.lid": 0xF8,
            "lnk_stats_req.macaddr": str(PEER),
        },
    ),
    (
        VsLnkStatsCnf.of(TxCounters(1, 2, 3, 4, 5), RxCounters(6, 7, 8, 9, 10, 11, 3), link_id=0xF8, tei=12),
        {
            "lnk_stats_cnf.dir": 2,
            "lnk_stats_cnf.lid": 0xF8,
            "lnk_stats_cnf.tei": 12,
            "lnk_stats.tx.mpdu_ack": 1,
            "lnk_stats.tx.mpdu_col": 2,
            "lnk_stats.tx.mpdu_fail": 3,
            "lnk_stats.tx.pbs_pass": 4,
            "lnk_stats.tx.pbs_fail": 5,
            "lnk_stats.rx.mdpu_ack": 6,
            "lnk_stats.rx.mdpu_fail": 7,
            "lnk_stats.rx.pbs_pass": 8,
            "lnk_stats.rx.pbs_fail": 9,
            "lnk_stats.rx.tb_pass": 10,
            "lnk_stats.rx.tb_fail": 11,
            "lnk_stats.rx.num_int": 3,
        },
    ),
    (
        VsLnkStatsCnf.of(TxCounters(mpdu_acked=7, pb_failed=8), None, link_id=0xFC, tei=0),
        {"lnk_stats_cnf.dir": 0, "lnk_stats.tx.mpdu_ack": 7, "lnk_stats.tx.pbs_fail": 8},
    ),
    (
        VsLnkStatsCnf.of(None, RxCounters(mpdu_acked=7, num_intervals=6), link_id=0xFC, tei=0),
        {"lnk_stats_cnf.dir": 1, "lnk_stats.rx.mdpu_ack": 7, "lnk_stats.rx.num_int": 6},
    ),
    # Its length is big endian there by mistake: this one reads the same both ways.
    (VsFrLbkCnf(duration=3, length=0x0404), {"fr_lbk_cnf.status": 0, "lbk.duration": 3, "lbk.len": 0x0404}),
    (VsLbkStatCnf(state=1), {"lnk_stat_cnf.status": 0, "lnk_stat_cnf.lbk_stat": 1}),
    (
        VsSetKeyReq(eks=1, nmk=Nmk(bytes(range(16))), peks=0, remote_mac=PEER, dak=Dak(bytes(range(16, 32)))),
        {
            "set_key_req.eks": 1,
            "set_key_req.nmk": bytes(range(16)).hex(),
            "set_key_req.rda": str(PEER),
            "set_key_req.dak": bytes(range(16, 32)).hex(),
        },
    ),
    (VsSetKeyCnf(status=0x10), {"set_key_cnf.status": 0x10}),
    (
        VsMfgStringCnf(text_length=3, text_field=b"abc".ljust(66, b"\0")),
        {"mfg_string_cnf.len": 3, "mfg_string_cnf.string": "abc"},
    ),
    (VsHostActionInd(action=2), {"host_action_ind.action": 2}),
    (
        VsOpAttributesCnf(
            cookie=0x12345678,
            data_length=114,
            hardware_field=b"QCA7420".ljust(16, b"\0"),
            software_field=b"MAC".ljust(16, b"\0"),
            major=1,
            minor=2,
            sub=3,
            build_date=b"20171027",
            release_field=b"CS".ljust(12, b"\0"),
            sdram_type=0x58,
            mains=0b1001,
            dram_mb=5,
            rx_blocks=0x89,
        ),
        {
            "op_attr.cookie": 0x12345678,
            "op_attr_cnf.size": 114,
            "op_attr_cnf.data.hw": "QCA7420",
            "op_attr_cnf.data.sw": "MAC",
            "op_attr_cnf.data.sw_major": 1,
            "op_attr_cnf.data.sw_minor": 2,
            "op_attr_cnf.data.sw_sub": 3,
            "op_attr_cnf.data.sw_date": "20171027",
            "op_attr_cnf.data.sw_rel": "CS",
            "op_attr_cnf.data.sw_sdram_type": 0x58,
            "op_attr_cnf.data.sw_linefreq": 1,
            "op_attr_cnf.data.sw_zerocross": 2,
            "op_attr_cnf.data.sw_sdram_size": 5,
            # tshark, like int6k, looks for it where newer chips tell their receive blocks.
            "op_attr_cnf.data.sw_auth_mode": 0x89,
        },
    ),
    (VsToneMapReqV0(peer=PEER, slot=3), {"tone_map_tx_req.mac": str(PEER), "tone_map_tx_req.slot": 3}),
    (
        VsToneMapCnfV0(slot=1, num_tone_maps=2, carriers=b"\1\2\3\4"),
        {"tone_map_tx_cnf.slot": 1, "tone_map_tx_cnf.num_tms": 2, "tone_map_tx_cnf.num_act": 4},
    ),
]


def tshark(path: Path, mme: Mme, fields: list[str]) -> list[str]:
    """What tshark shows of *fields* for one message, `_ws.malformed` last."""
    octets = encode(Frame(HOST, MODEM, mme))
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, ETHERNET)
    path.write_bytes(header + struct.pack("<IIII", 0, 0, len(octets), len(octets)) + octets)
    names = [f"-ehomeplug_av.{field}" for field in fields] + ["-e_ws.malformed"]
    done = run("tshark", "-r", str(path), "-Tfields", "-Eseparator=|", "-Eoccurrence=f", *names)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n").split("|")


def value(text: str) -> object:
    """A number where tshark printed one."""
    try:
        return int(text, 0)
    except ValueError:
        return text.strip("\0")


@pytest.mark.parametrize(("mme", "shown"), SHOWN, ids=[mme.name for mme, _ in SHOWN])
def test_tshark_reads_every_field_as_meant(mme: Mme, shown: dict[str, object], tmp_path: Path) -> None:
    require("tshark")

    *texts, malformed = tshark(tmp_path / "one.pcap", mme, list(shown))

    found = dict(zip(shown, texts, strict=True))
    assert {field: value(text) if isinstance(shown[field], int) else text for field, text in found.items()} == shown
    assert malformed == ""


@pytest.mark.parametrize("profile", list(adapters().values()), ids=list(adapters()))
def test_tshark_reads_the_attributes_of_every_family(profile, tmp_path: Path) -> None:
    """What a virtual adapter answers, in full length."""
    require("tshark")
    fields = ["op_attr_cnf.data.hw", "op_attr_cnf.data.sw", "op_attr_cnf.data.sw_linefreq", "op_attr_cnf.size"]

    *texts, malformed = tshark(tmp_path / "one.pcap", attributes(profile), fields)

    assert texts[:2] == [profile.chip, "MAC"]
    assert [value(text) for text in texts[2:]] == [1, attributes(profile).data_length]
    assert malformed == ""
