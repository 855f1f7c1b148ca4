"""Reading PIB and firmware of virtual adapters, both families. Source: mme.md 5.4 and 6.1, adapters.md 3 and 4."""

from __future__ import annotations

import pytest
from flash_host import FlashHost

import bench.sim.adapter.settings as settings_module
from bench.ids import BROADCAST, LOCAL_DEVICE, Dak, Nmk, nid_from_nmk
from bench.mme import (
    CmSetKeyReq,
    Frame,
    VsMfgStringReq,
    VsModNvmReq,
    VsModuleOperationReq,
    VsRdModReq,
    VsWrModReq,
    encode,
)
from bench.mme.module import BLOCK, FIRMWARE, OLD_BLOCK, OLD_FIRMWARE, PIB, READ_FLASH, SOFTLOADER, ReadModule
from bench.pib import CcoMode, Family, NvmFile, SlacEnable, parse
from bench.sim.adapter import ModemRole
from bench.units import ms, s

NMK = Nmk(b"charging session")
DAK = Dak(b"on the label    ")

NEW = ["tplink-tlpa4010p", "qca7005-car", "qca7005-evse"]
OLD = "devolo-dlan200avplus"
every_profile = pytest.mark.parametrize("profile", [*NEW, OLD])
newer_profiles = pytest.mark.parametrize("profile", NEW)


@pytest.fixture
def at(stand):
    """A host at an adapter of a family."""

    def at(profile: str, role: ModemRole = ModemRole.PEV, **identity) -> FlashHost:
        modem = stand.adapter(role, profile=profile, **identity)
        return FlashHost(stand, stand.host(modem), modem)

    return at


@pytest.fixture
def near_and_far(stand):
    """Two adapters of a family in one network: a host at the near one, who speaks to the far one."""

    def near_and_far(profile: str) -> FlashHost:
        near = stand.adapter(ModemRole.PEV, profile="tplink-tlpa4010p", nmk=NMK)
        far = stand.adapter(ModemRole.EVSE, profile=profile, nmk=NMK, dak=DAK)
        stand.line.set_attenuation(near, far)
        return FlashHost(stand, stand.host(near), far, partner=far.mac)

    return near_and_far


# The block as a whole


@every_profile
def test_what_is_read_is_a_sound_pib_of_the_family_with_this_adapters_identity(at, profile):
    host = at(profile, nmk=NMK, dak=DAK)

    octets = host.read_pib()

    pib = parse(octets)
    assert octets == host.modem.flash.stored == host.modem.flash.in_use
    assert len(octets) == host.modem.profile.pib.file_octets
    assert (pib.mac, pib.dak, pib.nmk, pib.nid) == (host.modem.mac, DAK, NMK, nid_from_nmk(NMK))
    assert pib.family.value == {"INT6000": Family.INT6X00.value}.get(host.modem.profile.chip, host.modem.profile.chip)


@pytest.mark.parametrize(
    ("role", "cco", "slac"),
    [
        (ModemRole.EVSE, CcoMode.ALWAYS, SlacEnable.EVSE),
        (ModemRole.PEV, CcoMode.NEVER, SlacEnable.PEV),
        (ModemRole.NEITHER, CcoMode.AUTO, SlacEnable.OFF),
    ],
)
def test_the_role_an_adapter_is_made_with_is_in_its_pib(at, role, cco, slac):
    """pib.md 4.4."""
    pib = parse(at(NEW[0], role).read_pib())

    assert (pib.read("cco_mode"), pib.read("slac_enable")) == (cco, slac)


def test_a_7420_gives_seven_blocks_the_last_of_1396_octets(at):
    """adapters.md 4: 9796 octets in all."""
    host = at(NEW[0])

    lengths = [len(host.operate(ReadModule(offset=BLOCK * number)).record().data) for number in range(8)]

    assert lengths == [BLOCK] * 6 + [1396, 0]


@newer_profiles
def test_behind_the_end_there_is_nothing_and_no_error(at, profile):
    answer = at(profile).operate(ReadModule(offset=1_000_000))

    assert (answer.status, answer.record().data, answer.record().offset) == (0, b"", 1_000_000)


def test_a_confirmation_has_the_length_that_the_tools_expect(at):
    """47 octets and the data; length field 18 and the data (mme.md 6.1)."""
    answer = at(NEW[0]).operate(ReadModule())

    assert answer.length == 18 + BLOCK
    assert len(encode(Frame(BROADCAST, BROADCAST, answer))) == 47 + BLOCK


def test_nobody_makes_a_pib_that_nobody_asks_for(stand, monkeypatch):
    """A simulated match must not pay for it."""

    def fail(*_args, **_named):
        raise AssertionError("a PIB was made")

    monkeypatch.setattr(settings_module, "synthesise", fail)
    modem = stand.adapter(ModemRole.PEV, nmk=NMK)
    port = stand.host(modem)
    stand.say(port, LOCAL_DEVICE, CmSetKeyReq(nmk=Nmk(bytes(16)), nid=nid_from_nmk(bytes(16))))
    stand.run_for(s(10))
    modem.restart()
    stand.run_for(s(10))
    modem.restore_factory()
    stand.run_for(s(10))

    assert modem.running


# Refusals of VS_MODULE_OPERATION


@newer_profiles
@pytest.mark.parametrize("module", [FIRMWARE, SOFTLOADER, 0x7000, 0x7005])
def test_firmware_and_the_like_are_not_available(at, profile, module):
    answer = at(profile).operate(ReadModule(module))

    assert (answer.status, answer.record().data) == (0x32, b"")


@pytest.mark.parametrize("asked", [ReadModule(0x1234), ReadModule(PIB, sub_id=1)])
def test_there_is_no_other_module(at, asked):
    assert at(NEW[0]).operate(asked).status == 0x1C


@pytest.mark.parametrize("length", [0, BLOCK + 1, 0xFFFF])
def test_a_block_has_1_to_1400_octets(at, length):
    assert at(NEW[0]).operate(ReadModule(length=length)).status == 0x17


def test_one_operation_a_message(at):
    request = VsModuleOperationReq.of(ReadModule())

    answer = at(NEW[0]).ask(VsModuleOperationReq(operations=2, body=request.body))

    assert answer.status == 0x10


def test_an_operation_that_does_not_exist(at):
    assert at(NEW[0]).ask(VsModuleOperationReq(operation=0x42)).status == 0x11


def test_an_operation_without_its_fields(at):
    assert at(NEW[0]).ask(VsModuleOperationReq(body=b"\x02\x70")).status == 0x13


# The older family


def test_old_blocks_carry_their_checksum_and_the_frame_is_always_1060_octets(at, stand):
    host = at(OLD)
    stand.say(host.port, LOCAL_DEVICE, VsRdModReq(length=100, offset=200))
    stand.run_for(ms(10))

    ((_, octets),) = host.port.receive()

    assert len(octets) == 1060
    assert octets[36:136] == host.modem.flash.stored[200:300]
    assert not any(octets[136:])


def test_old_firmware_can_be_read(at):
    """What follows its end in the last block is erased flash."""
    host = at(OLD)

    octets = b""
    while (answer := host.ask(VsRdModReq(OLD_FIRMWARE, offset=len(octets)))).status == 0:
        assert len(answer.data) == OLD_BLOCK
        octets += answer.data

    firmware = host.modem.flash.firmware
    assert octets == firmware.ljust(len(octets), b"\xff")
    assert isinstance(parse(firmware), NvmFile)
    assert answer.status == 0x20


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (VsRdModReq(module=3), 0x10),
        (VsRdModReq(length=0), 0x12),
        (VsRdModReq(length=OLD_BLOCK + 1), 0x12),
        (VsRdModReq(offset=8192), 0x20),
    ],
)
def test_old_reads_are_refused(at, request_, status):
    answer = at(OLD).ask(request_)

    assert (answer.status, answer.data) == (status, b"")


# The other family's messages


@newer_profiles
@pytest.mark.parametrize("request_", [VsRdModReq(), VsWrModReq(), VsModNvmReq()])
def test_newer_chips_are_silent_to_int6k(at, profile, request_):
    assert at(profile).ask(request_, s(1)) is None


def test_an_int6000_is_silent_to_plctool(at):
    assert at(OLD).operate(ReadModule(), s(1)) is None


# From a partner


@every_profile
def test_a_partner_reads_a_sound_pib_without_the_dak(near_and_far, profile):
    """adapters.md 3: the DAK is zero; that the checksums fit is assumed."""
    host = near_and_far(profile)

    pib = parse(host.read_pib())

    assert pib.dak == bytes(16)
    assert (pib.mac, pib.nmk) == (host.modem.mac, NMK)
    assert parse(host.modem.flash.stored).dak == DAK


def test_a_partner_is_refused_the_firmware(near_and_far):
    assert near_and_far("qca7005-car").operate(ReadModule(FIRMWARE)).status == 0x32


# What changes it


@every_profile
def test_a_new_key_is_in_the_flash_at_once_and_in_use_after_the_restart(at, profile):
    """adapters.md 7: NMK and NID of the PIB change."""
    host = at(profile)
    old = parse(host.read_pib())
    host.ask(CmSetKeyReq(nmk=NMK, nid=nid_from_nmk(NMK)))

    assert (host.modem.flash.image().nmk, host.modem.flash.image().nid) == (NMK, nid_from_nmk(NMK))
    host.stand.run_for(s(10))
    new = parse(host.read_pib())
    assert (new.nmk, new.nid) == (NMK, nid_from_nmk(NMK))
    assert (new.mac, new.dak, new.read("cco_mode")) == (old.mac, old.dak, old.read("cco_mode"))


def test_the_key_in_use_and_the_stored_one_differ_until_the_restart(at):
    host = at(NEW[0])
    old = host.modem.nmk
    host.ask(CmSetKeyReq(nmk=NMK, nid=nid_from_nmk(NMK)))

    assert parse(host.read_pib()).nmk == old
    assert parse(host.read_pib(READ_FLASH)).nmk == NMK


@every_profile
def test_the_manufacturers_text_is_the_pibs(at, profile):
    host = at(profile)

    assert host.ask(VsMfgStringReq()).text == parse(host.read_pib()).read("manufacturer_hfid") == "synthetic"
