"""Debian's tools read and write the flash of our virtual adapters: plctool the newer chips', int6k the older one's.

chkpib and chknvm judge what the tools have read; whether what they wrote is there is asked of the adapter itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from test_debian_tools import DEVOLO, FAR, FAR_DAK, NEAR, QCA7005, TP_LINK, Desk, Family, lasting

from bench.mme import VsModNvmReq, VsModuleOperationReq, decode
from bench.mme.module import COMMIT, CommitModules
from bench.pib import CcoMode, NvmForm, parse, synthesise_nvm
from bench.profiles import PibMessages
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.adapter.settings import with_field
from bench.units import ms
from conftest import require, run

WRITING = ms(300)
"""Instead of the profiles' three seconds."""
REFUSED = "Device refused request"


def colons(octets: bytes) -> str:
    return octets.hex(":").upper()


class FlashDesk(Desk):
    """What the near adapter hears of its host is kept in `frames`."""

    def __init__(self, family: Family, folder: Path) -> None:
        super().__init__(family)
        self.folder = folder
        self.frames: list[bytes] = []
        for modem in (self.near, self.far):
            modem.profile = replace(modem.profile, flash=replace(modem.profile.flash, write=lasting(WRITING)))
        self.listeners: list[Callable[[bytes], object]] = [self.frames.append]
        """Get every frame after the adapter has it."""
        from_host = self.near.from_host

        def overhear(octets: bytes) -> None:
            from_host(octets)
            if octets[12:14] == b"\x88\xe1":
                for listen in self.listeners:
                    listen(octets)

        self.near.from_host = overhear  # type: ignore[method-assign]

    def file(self, name: str, octets: bytes = b"") -> Path:
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def as_evse(self) -> Path:
        """The near adapter's PIB, made an EVSE's by setpib."""
        path = self.file("evse.pib", self.near.flash.stored)
        for field in ("F4",) if self.near.settings.slac is None else ("F4", "1653"):
            run("setpib", str(path), field, "byte", "2").check_returncode()
        return path

    def settles(self) -> None:
        assert self.run_until(lambda: self.near.ready and not self.near.flash.busy), "it does not come back"

    def cut_power_in_the_next_commit(self) -> None:
        """Off when a third of it is written, on again soon after."""
        world = self.near._world

        def listen(octets: bytes) -> None:
            mme = decode(octets).mme
            if isinstance(mme, VsModNvmReq) or (isinstance(mme, VsModuleOperationReq) and mme.operation == COMMIT):
                world.after(WRITING // 2, lambda: self.near.power(False))
                world.after(WRITING, lambda: self.near.power(True))

        self.listeners.append(listen)


@pytest.fixture
def desk(family: Family, tmp_path: Path) -> Iterator[FlashDesk]:
    require("plctool", "int6k", "plcID", "chkpib", "chkpib2", "chknvm", "setpib", "modpib", "ip")
    desk = FlashDesk(family, tmp_path)
    yield desk
    desk.close()


newer_families = pytest.mark.parametrize("family", [TP_LINK, QCA7005], ids=lambda family: family.chip)
a_7420 = pytest.mark.parametrize("family", [TP_LINK], ids=lambda family: family.chip)
a_7005 = pytest.mark.parametrize("family", [QCA7005], ids=lambda family: family.chip)
an_int6000 = pytest.mark.parametrize("family", [DEVOLO], ids=lambda family: family.chip)
every_family = pytest.mark.parametrize("family", [TP_LINK, QCA7005, DEVOLO], ids=lambda family: family.chip)


def good(tool: str, path: Path) -> bool:
    return run(tool, str(path)).returncode == 0


def is_old(modem: VirtualAdapter) -> bool:
    return modem.profile.pib.messages is PibMessages.RD_MOD_WR_MOD


# Reading


@every_family
def test_minus_p_reads_exactly_what_is_in_the_flash(desk: FlashDesk) -> None:
    path = desk.file("read.pib")
    tool = "int6k" if is_old(desk.near) else "plctool"

    said = desk.run(tool, "-p", str(path), str(NEAR))

    assert ("Read Parameters from Device" if is_old(desk.near) else "Read Module from Memory") in said.err
    assert path.read_bytes() == desk.near.flash.stored
    assert good("chkpib", path)
    assert good("chkpib2", path)


@every_family
def test_minus_capital_i_prints_the_identity(desk: FlashDesk, family: Family) -> None:
    said = desk.run("int6k" if family is DEVOLO else "plctool", "-I")

    for line in (
        f"MAC {colons(NEAR)}",
        f"DAK {colons(desk.near.dak)}",
        f"NMK {colons(desk.near.nmk)}",
        f"NID {colons(desk.near.nid)}",
        "MFG synthetic",
        "USR PEV",
        "CCo Never",
    ):
        assert f"\t{line}\n" in said.out


@newer_families
def test_plcid_prints_each_of_them(desk: FlashDesk) -> None:
    settings = desk.near.settings
    expected = {
        "-A": colons(settings.mac),
        "-D": colons(settings.dak),
        "-M": colons(settings.nmk),
        "-N": settings.network,
        "-S": settings.manufacturer,
        "-U": settings.user,
    }

    assert {option: desk.run("plcID", option).out for option in expected} == expected


@an_int6000
def test_int6kid_prints_the_dak(desk: FlashDesk) -> None:
    assert desk.run("int6kid").out == colons(desk.near.dak)


@newer_families
def test_plctool_is_refused_the_firmware(desk: FlashDesk) -> None:
    said = desk.run("plctool", "-n", str(desk.file("read.nvm")), str(NEAR))

    assert f"Module not available in NVM or Memory (0x32): {REFUSED}" in said.err


@an_int6000
def test_int6k_reads_the_firmware(desk: FlashDesk) -> None:
    path = desk.file("read.nvm")
    desk.run("int6k", "-n", str(path), str(NEAR))

    assert path.read_bytes() == desk.near.flash.firmware
    assert good("chknvm", path)


@newer_families
def test_a_partner_gives_its_pib_without_the_dak(desk: FlashDesk) -> None:
    """Through the powerline; chkpib takes it, and all but the DAK is true."""
    path = desk.file("partner.pib")
    desk.run("plctool", "-p", str(path), str(FAR))

    read = parse(path.read_bytes())
    assert good("chkpib", path)
    assert (read.mac, read.dak) == (FAR, bytes(16))
    assert with_field(read, "dak", FAR_DAK).octets == desk.far.flash.stored


# Writing, newer chips


@newer_families
def test_plctool_makes_a_pev_an_evse(desk: FlashDesk) -> None:
    path = desk.as_evse()

    said = desk.run("plctool", "-P", str(path), str(NEAR))

    steps = ["Start Module Write Session", f"Flash {path}", "Close Session", "Reset Device", "Resetting ..."]
    assert [step for step in steps if step not in said.err] == []
    assert desk.near.flash.stored == desk.near.flash.in_use == path.read_bytes()
    assert (desk.near.role, desk.near.cco_mode) == (ModemRole.EVSE, CcoMode.ALWAYS)
    assert "\tCCo Always\n" in desk.run("plctool", "-I").out


@a_7420
def test_the_commit_of_plctool_lacks_its_last_octet(desk: FlashDesk) -> None:
    """60 octets, of which 36 from @25 on are announced: 61 would be due. Our codec reads it nevertheless."""
    desk.run("plctool", "-P", str(desk.as_evse()), str(NEAR))

    (frame,) = (octets for octets in desk.frames if octets[15:17] == b"\xb0\xa0" and octets[25] == COMMIT)
    assert len(frame) == 60
    assert int.from_bytes(frame[27:29], "little") == 36
    assert decode(frame).mme.record() == CommitModules(int.from_bytes(frame[33:37], "little"), 0x80000003)


@a_7420
def test_the_session_of_plctool(desk: FlashDesk) -> None:
    """Start, one message a block, commit, reset; lengths as in mme.md 6.2."""
    desk.run("plctool", "-P", str(desk.as_evse()), str(NEAR))

    sent = [(len(octets), octets[25]) for octets in desk.frames if octets[15:17] == b"\xb0\xa0"]
    assert sent == [(158, 0x10), *[(1448, 0x11)] * 7, (60, 0x12)]


@newer_families
def test_plctool_writes_firmware_and_pib_which_wait_for_a_reset(desk: FlashDesk) -> None:
    """After firmware it sends no reset."""
    firmware = desk.file("new.nvm", synthesise_nvm(NvmForm.CHAIN, [(4, bytes(range(64)) * 50)]).octets)
    pib = desk.as_evse()

    desk.run("plctool", "-N", str(firmware), "-P", str(pib), str(NEAR))

    assert (desk.near.flash.stored, desk.near.flash.firmware) == (pib.read_bytes(), firmware.read_bytes())
    assert desk.near.role is ModemRole.PEV
    desk.run("plctool", "-R")
    desk.settles()
    assert desk.near.role is ModemRole.EVSE


@a_7420
def test_plctool_writes_a_softloader(desk: FlashDesk) -> None:
    path = desk.file("soft.nvm", synthesise_nvm(NvmForm.CHAIN).octets)

    said = desk.run("plctool", "-S", str(path), str(NEAR))

    assert "Close Session" in said.err
    assert REFUSED not in said.err


@newer_families
def test_minus_t_brings_back_what_plctool_stored_as_the_factorys(desk: FlashDesk) -> None:
    """Its commits have bit 31 set: from then on the factory's PIB is the one it wrote."""
    path = desk.as_evse()
    desk.run("plctool", "-P", str(path), str(NEAR))
    desk.near.flash.take_key(desk.far.key)

    desk.run("plctool", "-T", str(NEAR))
    desk.settles()

    assert desk.near.flash.stored == path.read_bytes()


@every_family
def test_minus_t_brings_back_the_first_pib_with_everybodys_key(desk: FlashDesk, family: Family) -> None:
    desk.run("int6k" if family is DEVOLO else "plctool", "-T", str(NEAR))
    desk.settles()

    stored = desk.near.flash.image()
    assert stored.octets == desk.near.flash.factory
    assert colons(stored.nmk) == "50:D3:E4:93:3F:85:5B:70:40:78:4D:F8:15:AA:8D:B7"
    assert desk.near.role is ModemRole.PEV


@a_7420
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0x1A, "Operation Block by previous Commit"),
        (0x24, "Can't Write Flash Memory"),
        (0x30, "Bad Module Checksum"),
        (0x50, "Invalid PIB"),
        (0x52, "MAC Mismatch"),
        (0x53, "DAK Mismatch"),
        (0x54, "Manufacturer HFID Mismatch"),
    ],
)
def test_plctool_prints_why_a_commit_is_refused_and_stops(desk: FlashDesk, code: int, text: str) -> None:
    before = desk.near.flash.stored
    desk.near.flash.faults.refuse_commit(code)

    said = desk.run("plctool", "-P", str(desk.as_evse()), str(NEAR))

    assert f"{text} (0x{code:02X}): {REFUSED}" in said.err
    assert "Reset Device" not in said.err
    assert desk.near.flash.stored == before


@a_7420
def test_a_pib_of_another_chip_is_refused(desk: FlashDesk) -> None:
    other = FlashDesk(QCA7005, desk.folder)
    path = desk.file("other.pib", other.near.flash.stored)
    other.close()

    said = desk.run("plctool", "-P", str(path), str(NEAR))

    assert f"Invalid PIB (0x50): {REFUSED}" in said.err


@a_7420
def test_a_pib_with_another_mac_is_taken_and_the_adapter_answers_under_it(desk: FlashDesk) -> None:
    """plctool always forces. Given the old address it would ask that one for a minute."""
    path = desk.as_evse()
    run("modpib", "-M", "02:00:00:00:00:77", str(path)).check_returncode()

    desk.run("plctool", "-P", str(path), "local")

    assert desk.run("int6klist").out == "02:00:00:00:00:77 "


@a_7005
def test_a_partner_with_old_firmware_refuses_a_pib_that_holds_a_dak(desk: FlashDesk) -> None:
    path = desk.file("far.pib", desk.far.flash.stored)

    said = desk.run("plctool", "-P", str(path), str(FAR))

    assert f"DAK Not Zero (0x51): {REFUSED}" in said.err


@a_7005
def test_a_partner_with_old_firmware_takes_a_pib_without_one_and_keeps_its_own(desk: FlashDesk) -> None:
    path = desk.file("far.pib", with_field(desk.far.flash.image(), "dak", bytes(16)).octets)
    run("setpib", str(path), "74", "hfid", "from afar").check_returncode()

    desk.run("plctool", "-P", str(path), str(FAR))

    stored = desk.far.flash.image()
    assert (stored.read("user_hfid"), stored.dak) == ("from afar", FAR_DAK)


# Writing, the older chip


@an_int6000
def test_int6k_without_a_commit_writes_scratch_only(desk: FlashDesk) -> None:
    before = desk.near.flash.stored

    said = desk.run("int6k", "-P", str(desk.as_evse()), str(NEAR))

    assert "to scratch" in said.err
    assert desk.near.flash.stored == before
    assert desk.near.flash.scratch[2] is not None


@an_int6000
@pytest.mark.parametrize("commit", [("-C", "2"), ("-F",), ("-FF",)], ids=" ".join)
def test_int6k_makes_a_station_a_coordinator(desk: FlashDesk, commit: tuple[str, ...]) -> None:
    """It polls VS_SW_VER until that falls silent and answers again."""
    path = desk.as_evse()

    said = desk.run("int6k", "-P", str(path), *commit, str(NEAR))

    assert "Flash device" in said.err
    assert REFUSED not in said.err
    assert desk.near.flash.stored == desk.near.flash.in_use == path.read_bytes()
    assert desk.near.cco_mode is CcoMode.ALWAYS


@an_int6000
def test_int6k_writes_firmware_and_pib(desk: FlashDesk) -> None:
    firmware = desk.file("new.nvm", synthesise_nvm(NvmForm.OLD, [(4, bytes(range(64)) * 50)]).octets)
    pib = desk.as_evse()

    desk.run("int6k", "-N", str(firmware), "-P", str(pib), "-F", str(NEAR))

    assert (desk.near.flash.stored, desk.near.flash.firmware) == (pib.read_bytes(), firmware.read_bytes())


@an_int6000
def test_int6k_is_refused_another_mac_unless_it_forces(desk: FlashDesk) -> None:
    path = desk.as_evse()
    run("modpib", "-M", "02:00:00:00:00:77", str(path)).check_returncode()

    refused = desk.run("int6k", "-x", "-P", str(path), "-F", "local")
    assert f"MAC Mismatch (0x48): {REFUSED}" in refused.err
    assert desk.near.mac == NEAR

    desk.run("int6k", "-P", str(path), "-FF", "local")
    assert desk.run("int6klist").out == "02:00:00:00:00:77 "


@an_int6000
@pytest.mark.parametrize(
    ("code", "text"),
    [(0x14, "No Flash Memory"), (0x24, "Bad PIB"), (0x44, "Bad PIB Checksum"), (0x50, "MFG HFID Mismatch")],
)
def test_int6k_prints_why_a_commit_is_refused(desk: FlashDesk, code: int, text: str) -> None:
    """Without -x it would wait for a restart that does not come, and ask for it without pause."""
    desk.near.flash.faults.refuse_commit(code)

    said = desk.run("int6k", "-x", "-P", str(desk.as_evse()), "-F", str(NEAR))

    assert f"{text} (0x{code:02X}): {REFUSED}" in said.err


# Power that fails


@every_family
def test_after_a_power_cut_in_a_commit_a_loader_answers_and_takes_a_pib(desk: FlashDesk, family: Family) -> None:
    """What plctool -P FILE local, or int6k -P FILE -F local, does to a broken adapter."""
    tool, loader = ("int6k", "SoftLoader") if family is DEVOLO else ("plctool", "BootLoader")
    commit = ("-F",) if family is DEVOLO else ()
    path = desk.as_evse()
    desk.cut_power_in_the_next_commit()
    if family is DEVOLO:
        desk.run(tool, "-P", str(path), *commit, "local")
    else:  # It waits for the confirmation of its commit for more than a minute.
        with pytest.raises(AssertionError, match="Close Session"):
            desk.run(tool, "-P", str(path), str(NEAR), within_s=3)
    desk.settles()
    assert desk.near.loader

    assert desk.run("int6klist").out == "00:B0:52:00:00:03 "
    assert desk.run(tool, "-r").out.endswith(f"00:B0:52:00:00:03 {family.chip} {loader}\n")

    desk.listeners.clear()
    desk.run(tool, "-P", str(path), *commit, "local")
    desk.settles()
    assert desk.near.running
    assert desk.near.flash.stored == path.read_bytes()
    assert desk.run("int6klist").out == f"{colons(NEAR)} "
