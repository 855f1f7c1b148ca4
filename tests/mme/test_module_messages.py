"""Messages that read and write flash: octets as Debian's tools send them, records in both directions, no keys shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import MalformedMme
from bench.ids import MacAddress
from bench.mme import (
    Frame,
    VsModNvmReq,
    VsModuleOperationCnf,
    VsModuleOperationReq,
    VsRdModCnf,
    VsRdModReq,
    VsWrModReq,
    decode,
    encode,
)
from bench.mme.module import (
    BLOCK,
    COMMIT,
    OLD_BLOCK,
    PIB,
    CommitModules,
    ModuleAnnounced,
    ModuleRead,
    ModulesCommitted,
    ModuleStatus,
    ModuleWritten,
    ReadModule,
    StartWriting,
    WriteModule,
    WritingStarted,
)

HOST, MODEM = MacAddress.parse("dc:0e:a1:11:67:08"), MacAddress.parse("98:48:27:5a:3c:e6")
SESSION = 0x12345678

REQUESTS = {
    "read": (
        ReadModule(PIB, 0, 1400, 0),
        "00b0a0 00b052 00000000 01 0000 1200 00000000 0270 0000 7805 00000000",
        60,
    ),
    "start": (
        StartWriting(SESSION, (ModuleAnnounced(PIB, 0, 0x260, 0xD065E0A8),)),
        "00b0a0 00b052 00000000 01 1000 1900 00000000 78563412 01 0270 0000 60020000 a8e065d0",
        60,
    ),
    "write": (
        WriteModule(SESSION, 0, PIB, 0, 608, 1400, bytes(range(256)) * 2 + bytes(888)),
        "00b0a0 00b052 00000000 01 1100 8f05 00000000 78563412 00 0270 0000 6002 78050000 000102030405",
        1448,
    ),
    "commit": (
        CommitModules(SESSION, 0x80000003),
        "00b0a0 00b052 00000000 01 1200 2400 00000000 78563412 03000080",
        61,
    ),
}
"""As plctool sends them, mme.md 6.1 and 6.2: record, octets from MMV on, length of the frame."""

CONFIRMATIONS = {
    "read": (
        ModuleRead(PIB, 0, 1400, b"abc"),
        "00b1a0 00b052 0000 0000 00000000 01 0000 1500 00000000 0270 0000 0300 78050000 616263",
    ),
    "start": (
        WritingStarted(SESSION, (ModuleStatus(0, 0),)),
        "00b1a0 00b052 0000 0000 00000000 01 1000 1100 00000000 78563412 01 0000 0000",
    ),
    "write": (
        ModuleWritten(SESSION, 0, PIB, 0, 608, 1400),
        "00b1a0 00b052 0000 0000 00000000 01 1100 1700 00000000 78563412 00 0270 0000 6002 78050000",
    ),
    "commit": (
        ModulesCommitted(SESSION, 0x80000003, (ModuleStatus(0, 0),)),
        "00b1a0 00b052 0000 0000 00000000 01 1200 1500 00000000 78563412 03000080 01 0000 0000",
    ),
}


def octets_from_mmv(mme) -> bytes:
    return encode(Frame(MODEM, HOST, mme))[14:]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_has_the_octets_that_plctool_sends(name: str) -> None:
    made, dump, length = REQUESTS[name]
    expected = bytes.fromhex(dump)

    sent = octets_from_mmv(VsModuleOperationReq.of(made))

    assert sent[: len(expected)] == expected
    assert len(sent) + 14 == length
    assert decode(encode(Frame(MODEM, HOST, VsModuleOperationReq.of(made)))).mme.record() == made


PLCTOOL_COMMIT = bytes.fromhex("98 48 27 5a 3c e6 02 00 00 00 00 10 88 e1" + REQUESTS["commit"][1]).ljust(60, b"\0")
"""As captured from plctool -P: it says 36 octets of operation, and the frame ends after 35 of them."""


def test_the_commit_of_plctool_is_read_although_its_last_octet_is_missing() -> None:
    frame = decode(PLCTOOL_COMMIT)

    assert frame.mme.record() == CommitModules(SESSION, 0x80000003)
    assert encode(frame) == PLCTOOL_COMMIT + b"\0"


@pytest.mark.parametrize("cut", [59, 58, 41, 26])
def test_a_commit_of_which_more_is_missing_is_malformed(cut: int) -> None:
    with pytest.raises(MalformedMme):
        decode(PLCTOOL_COMMIT[:cut])


def test_no_other_operation_may_lack_an_octet() -> None:
    """A write announces 1423 octets and has them."""
    whole = encode(Frame(MODEM, HOST, VsModuleOperationReq.of(REQUESTS["write"][0])))

    with pytest.raises(MalformedMme):
        decode(whole[:-1])


@pytest.mark.parametrize("name", CONFIRMATIONS)
def test_a_confirmation_has_the_octets_that_plctool_takes(name: str) -> None:
    made, dump = CONFIRMATIONS[name]
    expected = bytes.fromhex(dump)

    sent = octets_from_mmv(VsModuleOperationCnf.of(made))

    assert sent[: len(expected)] == expected
    assert decode(encode(Frame(HOST, MODEM, VsModuleOperationCnf.of(made)))).mme.record() == made


def test_what_does_not_fill_a_frame_is_followed_by_zeros_that_are_no_part_of_it() -> None:
    """plctool starts a session in 158 octets; the record is the same."""
    made = REQUESTS["start"][0]
    long = encode(Frame(MODEM, HOST, VsModuleOperationReq.of(made))).ljust(158, b"\0")

    frame = decode(long)

    assert frame.mme.record() == made
    assert encode(frame) == long


def test_a_refusal_carries_its_status() -> None:
    refused = VsModuleOperationCnf.of(ModuleRead(), status=0x32)

    assert decode(encode(Frame(HOST, MODEM, refused))).mme.status == 0x32


def test_an_unknown_operation_and_a_short_body_are_told() -> None:
    with pytest.raises(MalformedMme, match="there is no operation 0x77"):
        VsModuleOperationReq(operation=0x77).record()
    with pytest.raises(MalformedMme, match="CommitModules"):
        VsModuleOperationReq(operation=COMMIT, body=b"\1\2").record()


def test_a_length_that_covers_nothing_is_malformed() -> None:
    octets = bytearray(encode(Frame(MODEM, HOST, VsModuleOperationReq.of(ReadModule()))))
    octets[27:29] = b"\7\0"

    with pytest.raises(MalformedMme, match="does not even cover what stands in front of it"):
        decode(bytes(octets))


@given(st.binary(max_size=BLOCK), st.integers(0, 2**32 - 1))
def test_any_block_comes_back(data: bytes, offset: int) -> None:
    made = ModuleRead(PIB, 0, offset, data)

    assert decode(encode(Frame(HOST, MODEM, VsModuleOperationCnf.of(made)))).mme.record() == made


def test_the_older_family_reads_and_writes_in_blocks_of_1024() -> None:
    """mme.md 5.4: RD_MOD.REQ 60, RD_MOD.CNF 1060, WR_MOD.REQ 1056 octets, always."""
    ask = octets_from_mmv(VsRdModReq())
    told = octets_from_mmv(VsRdModCnf(checksum=0x11223344, data=b"\5" + bytes(OLD_BLOCK - 1)))
    write = octets_from_mmv(VsWrModReq(length=100, offset=1024, checksum=7))

    assert ask.hex().startswith("0024a000b052" + "02000004" + "00000000")
    assert told.hex().startswith("0025a000b052" + "00000000" + "02000004" + "00000000" + "44332211" + "05")
    assert write.hex().startswith("0020a000b052" + "02006400" + "00040000" + "07000000")
    assert [len(octets) + 14 for octets in (ask, told, write)] == [60, 1060, 1056]
    assert octets_from_mmv(VsModNvmReq()).hex().startswith("0028a000b052" + "02")


def test_what_is_in_the_flash_does_not_show_in_the_text_of_a_message() -> None:
    """It holds the network's and the device's key."""
    secret = b"NOT FOR REPORTS!"
    shown = repr(
        [
            VsModuleOperationCnf.of(ModuleRead(data=secret)),
            VsModuleOperationReq.of(WriteModule(data=secret.ljust(BLOCK, b"\0"))),
            ModuleRead(data=secret),
            WriteModule(data=secret.ljust(BLOCK, b"\0")),
            VsRdModCnf(data=secret),
            VsWrModReq(data=secret.ljust(OLD_BLOCK, b"\0")),
        ]
    )

    assert "REPORTS" not in shown
    assert secret.hex() not in shown
