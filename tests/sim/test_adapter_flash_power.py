"""Power that fails in any moment of a write session: what the adapter is afterwards, and how it gets well again.

It is itself with its old or its new PIB, or a loader that can be written again; never anything between.
Source: adapters.md 1, 5 and 9, bench-safety.md 8.2.
"""

from __future__ import annotations

import pytest
from flash_host import FlashHost, session

from bench.errors import PibError
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nmk
from bench.mme import (
    CmGetKeyReq,
    CmSetKeyReq,
    CmSlacParmReq,
    VsFacDefaultsReq,
    VsNwInfoReq,
    VsOpAttributesReq,
    VsRdModReq,
    VsRsDevReq,
    VsSwVerReq,
)
from bench.mme.module import OLD_FIRMWARE, ReadModule
from bench.pib import CcoMode, NvmForm, parse, synthesise_nvm
from bench.sim.adapter import ModemRole
from bench.sim.adapter.flash import Slot, pib_of
from bench.sim.adapter.settings import Settings
from bench.units import ms, s

PROFILES = ["tplink-tlpa4010p", "qca7005-car", "devolo-dlan200avplus"]
OLD = PROFILES[-1]
NO_PIB = MacAddress.parse("00:b0:52:00:00:03")
NMK = Nmk(b"charging session")
WRITING = s(3)
"""The profiles' figure."""
LONGEST = 16
"""More frames than any session here has."""


def firmware_for(profile: str) -> bytes:
    form = NvmForm.OLD if profile == OLD else NvmForm.CHAIN
    return synthesise_nvm(form, [(4, bytes(range(256)) * 8)]).octets


@pytest.fixture
def at(stand):
    def at(profile: str) -> FlashHost:
        modem = stand.adapter(ModemRole.PEV, profile=profile)
        return FlashHost(stand, stand.host(modem), modem)

    return at


def new_pib(host: FlashHost):
    return host.modem.flash.image().with_values({"cco_mode": CcoMode.ALWAYS, "user_hfid": "new"})


def cut(host: FlashHost, off=s(2)) -> None:
    host.modem.power(False)
    host.stand.run_for(off)
    host.modem.power(True)
    host.boots()
    host.port.receive()


def check_whole(host: FlashHost, old: bytes, new: bytes) -> None:
    """Itself with one of two PIBs, or a loader; then it is made well."""
    modem, stored = host.modem, host.modem.flash.stored
    if modem.loader:
        assert host.version() in ("BootLoader", "SoftLoader")
        assert modem.mac in (NO_PIB, LOCAL_DEVICE)
        assert not sound(host, stored) or not modem.flash.firmware_sound
    else:
        assert stored in (old, new)
        assert modem.settings == Settings.of(parse(stored))
        assert host.read_pib() == stored
    make_well(host, new)


def make_well(host: FlashHost, pib: bytes) -> None:
    contents = session(host.modem.profile, pib, firmware=firmware_for(host.modem.profile.id))
    assert set(host.send_all(contents)) == {0}
    host.boots()
    assert host.modem.running
    assert host.read_pib() == host.modem.flash.stored == pib
    assert host.modem.mac == parse(pib).mac


def sound(host: FlashHost, octets: bytes) -> bool:
    try:
        pib_of(octets, host.modem.profile)
    except PibError:
        return False
    return True


# At every frame


@pytest.mark.parametrize("moment", ["before", "while it is answered", "after"])
@pytest.mark.parametrize("with_firmware", [False, True], ids=["pib", "pib and firmware"])
@pytest.mark.parametrize("reset", [False, True], ids=["own reset", "commit resets"])
@pytest.mark.parametrize("profile", PROFILES)
def test_power_cut_at_every_frame(make_stand, profile, reset, with_firmware, moment):
    firmware = firmware_for(profile) if with_firmware else None
    fates = []
    for number in range(LONGEST):
        stand = make_stand()
        modem = stand.adapter(ModemRole.PEV, profile=profile)
        host = FlashHost(stand, stand.host(modem), modem)
        old, new = modem.flash.stored, new_pib(host).octets
        requests = session(modem.profile, new, firmware=firmware, reset=reset)
        if number >= len(requests):
            break
        host.send_all(requests[:number])
        if moment == "while it is answered":
            stand.say(host.port, LOCAL_DEVICE, requests[number])
            stand.run_for(ms(0.1))
        elif moment == "after":
            host.ask(requests[number])
        cut(host)
        fates.append("loader" if modem.loader else "new" if modem.flash.stored == new else "old")
        check_whole(host, old, new)
    else:
        raise AssertionError("a session is longer than expected")

    assert fates[0] == "old"
    assert fates == sorted(fates, key=["old", "loader", "new"].index)


@pytest.mark.parametrize("with_firmware", [False, True], ids=["pib", "pib and firmware"])
@pytest.mark.parametrize("profile", PROFILES)
def test_power_cut_at_any_time_of_a_commit(make_stand, profile, with_firmware):
    """From the start of erasing to the end of writing it leaves a loader; before the old PIB, after it the new one."""
    firmware = firmware_for(profile) if with_firmware else None
    fates = {}
    for step in range(34):
        stand = make_stand()
        modem = stand.adapter(ModemRole.PEV, profile=profile)
        host = FlashHost(stand, stand.host(modem), modem)
        old, new = modem.flash.stored, new_pib(host).octets
        *requests, last = session(modem.profile, new, firmware=firmware, reset=True)
        host.send_all(requests)
        stand.say(host.port, LOCAL_DEVICE, last)
        while not modem.flash.busy:
            stand.run_for(ms(0.1))
        stand.run_for(step * WRITING // 32)
        cut(host)
        fates[step] = "loader" if modem.loader else "new" if modem.flash.stored == new else "old"
        check_whole(host, old, new)

    assert [fates[step] for step in range(32)] == ["loader"] * 32
    assert [fates[32], fates[33]] == ["new", "new"]


@pytest.mark.parametrize("profile", PROFILES)
def test_power_cut_while_it_boots_does_no_harm(at, profile):
    host = at(profile)
    old, new = host.modem.flash.stored, new_pib(host).octets
    host.send_all(session(host.modem.profile, new))
    while host.modem.ready:
        host.stand.run_for(ms(100))
    host.stand.run_for(s(2))

    cut(host)

    assert (host.modem.running, host.modem.flash.stored) == (True, new)
    check_whole(host, old, new)


# The loader


@pytest.fixture
def broken(at):
    """An adapter whose power failed halfway through a commit of its PIB."""

    def broken(profile: str) -> FlashHost:
        host = at(profile)
        host.send_all(session(host.modem.profile, new_pib(host).octets, reset=True)[:-1])
        host.stand.say(host.port, LOCAL_DEVICE, session(host.modem.profile, b"\0" * 4, reset=True)[-1])
        host.stand.run_for(s(1.8))
        cut(host)
        assert host.modem.loader
        return host

    return broken


@pytest.mark.parametrize("profile", PROFILES)
def test_half_of_the_new_pib_is_in_the_flash_and_the_rest_is_erased(at, profile):
    """Erasing first, then writing from front to back."""
    host = at(profile)
    new = new_pib(host).octets
    *requests, last = session(host.modem.profile, new, reset=True)
    host.send_all(requests)
    host.stand.say(host.port, LOCAL_DEVICE, last)
    host.stand.run_for(s(1.8))
    host.modem.power(False)

    stored = host.modem.flash.stored
    written = len(stored.rstrip(b"\xff"))
    assert len(stored) == len(new)
    assert stored[:written] == new[:written]
    assert len(new) // 3 < written < len(new) * 2 // 3


@pytest.mark.parametrize(("profile", "version"), list(zip(PROFILES, ["BootLoader"] * 2 + ["SoftLoader"], strict=True)))
def test_a_loader_says_so_under_an_address_of_its_own(broken, profile, version):
    host = broken(profile)
    host.stand.say(host.port, LOCAL_DEVICE, VsSwVerReq())
    host.stand.run_for(ms(50))

    ((_, frame),) = host.stand.heard(host.port)
    assert (frame.src, frame.dst, frame.mme.version) == (NO_PIB, host.port.mac, version)
    assert frame.mme.device_class == host.modem.profile.sw_ver.device_class


@pytest.mark.parametrize("to", [NO_PIB, BROADCAST])
def test_it_is_found_at_that_address_and_by_broadcast(broken, to):
    host = broken(PROFILES[0])
    host.to = to

    assert host.version() == "BootLoader"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "request_",
    [
        CmSetKeyReq(nmk=NMK),
        CmGetKeyReq(),
        VsOpAttributesReq(),
        VsNwInfoReq(),
        VsFacDefaultsReq(),
    ],
)
def test_a_loader_is_silent_to_everything_about_networks_and_to_factory_defaults(broken, profile, request_):
    host = broken(profile)

    assert host.ask(request_, s(1)) is None
    host.stand.run_for(s(30))
    assert host.modem.loader


@pytest.mark.parametrize("profile", PROFILES)
def test_a_loader_has_no_pib_to_read(broken, profile):
    assert broken(profile).read_pib() is None


def test_an_old_loader_has_no_firmware_to_read_either(broken):
    assert broken(OLD).status(VsRdModReq(OLD_FIRMWARE)) == 0x10


def test_a_loader_refuses_to_read_its_pib_as_not_available(broken):
    assert broken(PROFILES[0]).operate(ReadModule()).status == 0x32


@pytest.mark.parametrize("profile", PROFILES)
def test_a_loader_stays_one_after_resets_and_power_cuts(broken, profile):
    host = broken(profile)
    assert host.status(VsRsDevReq()) == 0
    host.boots()
    cut(host)

    assert host.modem.loader
    assert host.version() is not None


@pytest.mark.parametrize("profile", PROFILES)
def test_a_loader_has_no_powerline(stand, profile):
    """Nothing of its host goes out, nothing of others comes in, and no network has it as a member."""
    modem = stand.adapter(ModemRole.PEV, profile=profile, nmk=NMK)
    other = stand.adapter(ModemRole.EVSE, nmk=NMK)
    stand.line.set_attenuation(modem, other)
    host, port = FlashHost(stand, stand.host(modem), modem), stand.host(other)
    host.send_all(session(modem.profile, new_pib(host).octets, reset=True)[:-1])
    stand.say(host.port, LOCAL_DEVICE, session(modem.profile, b"\0" * 4, reset=True)[-1])
    stand.run_for(s(1))
    cut(host)
    stand.run_for(s(60))
    assert modem.loader

    port.receive()
    stand.say(host.port, BROADCAST, CmSlacParmReq())
    host.port.send(b"\xff" * 6 + host.port.mac + b"\x86\xdd" + bytes(46))
    stand.run_for(s(1))
    assert port.receive() == []
    host.port.receive()
    stand.say(port, BROADCAST, CmSlacParmReq())
    stand.run_for(s(1))
    assert host.port.receive() == []
    assert other.joined_to() == modem.joined_to() == set()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_pib_brings_it_back_as_what_that_pib_says(broken, profile):
    """Even with another MAC: a loader has nothing to compare with."""
    host = broken(profile)
    pib = host.stand.adapter(ModemRole.EVSE, profile=profile).flash.image()

    assert set(host.send_all(session(host.modem.profile, pib.octets, force=False))) == {0}
    host.boots()

    assert host.modem.running
    assert (host.modem.mac, host.modem.role, host.read_pib()) == (pib.mac, ModemRole.EVSE, pib.octets)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_damaged_pib_does_not(broken, profile):
    host = broken(profile)
    octets = bytearray(host.stand.adapter(ModemRole.EVSE, profile=profile).flash.stored)
    octets[0x700] ^= 1

    assert host.send_all(session(host.modem.profile, bytes(octets), reset=True))[-1] in (0x50, 0x44)
    assert host.modem.loader
    cut(host)
    assert host.modem.loader


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unfinished_session_does_not(broken, profile):
    host = broken(profile)
    pib = host.stand.adapter(ModemRole.EVSE, profile=profile).flash.stored
    host.send_all(session(host.modem.profile, pib, reset=True)[:-1])
    cut(host)

    assert host.modem.loader
    make_well(host, pib)


def test_a_second_power_cut_in_the_repair_leaves_a_loader_again(broken):
    host = broken(PROFILES[0])
    pib = host.stand.adapter(ModemRole.EVSE).flash.stored
    host.send_all(session(host.modem.profile, pib)[:-2])
    host.ask(session(host.modem.profile, pib)[-2], s(1))
    cut(host)

    assert host.modem.loader
    make_well(host, pib)


@pytest.mark.parametrize("profile", PROFILES)
def test_without_firmware_a_loader_has_the_local_devices_address_and_answers_to_everybody(make_stand, profile):
    """adapters.md 1. A PIB alone does not help it."""
    stand = make_stand()
    modem = stand.adapter(ModemRole.PEV, profile=profile)
    host = FlashHost(stand, stand.host(modem), modem)
    pib = new_pib(host).octets
    *requests, last = session(modem.profile, pib, firmware=firmware_for(profile), reset=True)
    host.send_all(requests)
    stand.say(host.port, LOCAL_DEVICE, last)
    stand.run_for(s(2.9))
    cut(host)
    assert not modem.flash.firmware_sound

    stand.say(host.port, LOCAL_DEVICE, VsSwVerReq())
    stand.run_for(ms(50))
    ((_, frame),) = stand.heard(host.port)
    assert (frame.src, frame.dst) == (LOCAL_DEVICE, BROADCAST)
    assert host.ask(VsSwVerReq()).device_class == modem.profile.sw_ver.device_class
    host.to = BROADCAST
    assert host.version() is None

    host.to = LOCAL_DEVICE
    assert set(host.send_all(session(modem.profile, pib))) == {0}
    host.boots()
    assert modem.loader
    make_well(host, pib)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_programmer_puts_into_the_chip_is_seen_by_the_next_start(at, profile):
    host = at(profile)
    new = new_pib(host).octets
    host.modem.flash.put(Slot.PIB, bytes(len(new)))
    assert host.modem.running

    cut(host)
    assert host.modem.loader
    assert repr(host.modem).endswith("as loader>")

    host.modem.flash.put(Slot.PIB, new)
    cut(host)
    assert host.modem.running


def test_a_restart_in_the_midst_of_a_commit_does_as_much_harm(at):
    """Nobody but a test does that; asked by VS_RS_DEV the adapter is busy."""
    host = at(PROFILES[0])
    host.send_all(session(host.modem.profile, new_pib(host).octets)[:-2])
    host.ask(session(host.modem.profile, b"\0" * 4)[-2], s(1))
    host.modem.restart()
    host.boots()

    assert host.modem.loader
