"""Writing the flash of virtual adapters, both families: sessions, every refusal, faults. Source: mme.md 5.4 and 6.2."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flash_host import SESSION, FlashHost, commit, is_old, old_write, session, start, write, writes

from bench.ids import Dak, Nmk, nid_from_nmk
from bench.mme import CmSetKeyReq, VsFacDefaultsReq, VsModNvmReq, VsModuleOperationReq, VsRsDevReq, VsWrModReq
from bench.mme.module import (
    BLOCK,
    FIRMWARE,
    OLD_FIRMWARE,
    OLD_FORCE,
    OLD_PIB,
    PIB,
    READ_FLASH,
    SOFTLOADER,
    START,
    ModuleAnnounced,
    ModuleStatus,
    StartWriting,
    WriteModule,
)
from bench.pib import CcoMode, FlatPib, NvmForm, minimal_chain, parse, synthesise_nvm
from bench.pib.flat import sealed
from bench.profiles import adapter
from bench.sim.adapter import ModemRole
from bench.sim.adapter.flash_faults import flipped
from bench.sim.adapter.settings import with_field
from bench.units import ms, s

NEW = ["tplink-tlpa4010p", "qca7005-car", "qca7005-evse"]
OLD = "devolo-dlan200avplus"
every_profile = pytest.mark.parametrize("profile", [*NEW, OLD])
newer_profiles = pytest.mark.parametrize("profile", NEW)

NMK = Nmk(b"charging session")
DAK = Dak(b"on the label    ")
FIRMWARE_FILE = synthesise_nvm(NvmForm.CHAIN, [(4, bytes(range(256)) * 8)]).octets
OLD_FIRMWARE_FILE = synthesise_nvm(NvmForm.OLD, [(4, bytes(range(256)) * 8)]).octets


def firmware_for(profile):
    return OLD_FIRMWARE_FILE if profile == OLD else FIRMWARE_FILE


@pytest.fixture
def at(stand):
    """A host at an adapter of a family."""

    def at(profile: str = NEW[0]) -> FlashHost:
        modem = stand.adapter(ModemRole.PEV, profile=profile, dak=DAK)
        return FlashHost(stand, stand.host(modem), modem)

    return at


@pytest.fixture
def through_the_powerline(stand):
    """A host whose own adapter shares a network with the one it writes to."""

    def through_the_powerline(profile: str) -> FlashHost:
        near = stand.adapter(ModemRole.EVSE, nmk=NMK)
        far = stand.adapter(ModemRole.PEV, profile=profile, nmk=NMK, dak=DAK)
        stand.line.set_attenuation(near, far)
        return FlashHost(stand, stand.host(near), far, partner=far.mac)

    return through_the_powerline


def another(host: FlashHost, **values):
    """The adapter's PIB with CCo selection "always" and what else is asked."""
    return host.modem.flash.image().with_values({"cco_mode": CcoMode.ALWAYS, **values})


def altered(host: FlashHost, field: str, octets: bytes) -> bytes:
    """The adapter's PIB with another identity."""
    return with_field(another(host), field, octets).octets


# Whole sessions


@every_profile
def test_what_is_written_is_in_the_flash_and_after_the_restart_in_use(at, profile):
    host = at(profile)
    old, new = host.modem.flash.stored, another(host).octets

    statuses = host.send_all(session(host.modem.profile, new))

    assert set(statuses) == {0}
    host.boots()
    assert host.modem.flash.stored == host.read_pib() == new != old
    assert host.modem.cco_mode is CcoMode.ALWAYS


@newer_profiles
def test_without_a_reset_the_new_pib_waits_in_the_flash(at, profile):
    """Commit bit 1. Memory still holds the old one."""
    host = at(profile)
    old, new = host.modem.flash.stored, another(host).octets

    host.send_all(session(host.modem.profile, new)[:-1])

    assert (host.read_pib(), host.read_pib(READ_FLASH)) == (old, new)
    assert host.modem.cco_mode is CcoMode.NEVER


def test_without_commit_bit_1_it_restarts_by_itself(at):
    host = at()
    new = another(host).octets

    assert host.send_all(session(host.modem.profile, new, reset=True))[-1] == 0
    host.stand.run_for(ms(1))
    assert not host.modem.ready
    host.boots()
    assert host.modem.cco_mode is CcoMode.ALWAYS


def test_commit_bit_31_makes_it_the_factorys_pib(at):
    host = at()
    new = another(host, user_hfid="mine").octets
    host.send_all(session(host.modem.profile, new, as_factory=True))
    host.boots()

    host.ask(VsFacDefaultsReq())
    host.boots()

    assert host.read_pib() == host.modem.flash.factory == new


@every_profile
def test_otherwise_factory_defaults_bring_the_first_pib_back(at, profile):
    """With the key HomePlugAV."""
    host = at(profile)
    first = host.modem.flash.image()
    host.send_all(session(host.modem.profile, another(host).octets))
    host.boots()

    host.ask(VsFacDefaultsReq())
    host.boots()

    restored = parse(host.read_pib())
    assert restored.octets == host.modem.flash.factory
    assert (restored.mac, restored.dak, restored.read("cco_mode")) == (first.mac, first.dak, CcoMode.NEVER)
    assert restored.nmk.hex() == "50d3e4933f855b7040784df815aa8db7"


@every_profile
def test_pib_and_firmware_together(at, profile):
    """The PIB is module 0, the firmware module 1 of the session, as plctool -N -P has it."""
    host = at(profile)
    pib, firmware = another(host).octets, firmware_for(profile)

    statuses = host.send_all(session(host.modem.profile, pib, firmware=firmware))

    assert set(statuses) == {0}
    host.boots()
    assert (host.modem.flash.stored, host.modem.flash.firmware) == (pib, firmware)
    assert host.modem.running


def test_a_softloader_is_taken(at):
    host = at()
    contents = (SOFTLOADER, FIRMWARE_FILE)

    assert set(host.send_all([start(contents), *writes(contents), commit()])) == {0}


def test_confirmations_echo_session_index_length_offset_and_code(at):
    host = at()
    pib = another(host).octets
    requests = session(host.modem.profile, pib)

    answers = [host.ask(request).record() for request in requests[:3]]
    host.send_all(requests[3:-2])
    committed = host.ask(requests[-2])

    assert (answers[0].session, answers[0].modules) == (SESSION, (ModuleStatus(0, 0),))
    assert [(one.session, one.index, one.module, one.length, one.offset) for one in answers[1:]] == [
        (SESSION, 0, PIB, BLOCK, 0),
        (SESSION, 0, PIB, BLOCK, BLOCK),
    ]
    record = committed.record()
    assert (record.session, record.code, record.modules) == (SESSION, 3, (ModuleStatus(),))


@every_profile
def test_writing_takes_its_time(at, profile):
    """The answer to a commit comes when all is written; that to VS_MOD_NVM before."""
    host = at(profile)
    *blocks, last = session(host.modem.profile, another(host).octets, reset=True)
    host.send_all(blocks)
    before = host.stand.clock.now()

    host.ask(last)

    took = host.stand.clock.now() - before
    assert took < ms(20) if is_old(host.modem.profile) else s(3) < took < s(3) + ms(20)
    host.boots()
    assert host.modem.cco_mode is CcoMode.ALWAYS


@every_profile
def test_it_is_silent_while_it_restarts_and_answers_before_and_after(at, profile):
    """int6k looks for exactly this after VS_MOD_NVM."""
    host = at(profile)
    host.send_all(session(host.modem.profile, another(host).octets, reset=True))
    seen = [host.version() is not None]
    for _ in range(200):
        host.stand.run_for(ms(100))
        if (answers := host.version() is not None) is not seen[-1]:
            seen.append(answers)

    assert seen in ([True, False, True], [False, True])


# Refusals of VS_MODULE_OPERATION


def test_10_one_operation_a_message(at):
    host = at()
    request = start((PIB, another(host).octets))

    assert host.status(VsModuleOperationReq(operations=0, operation=START, body=request.body)) == 0x10


@pytest.mark.parametrize("number", [SESSION, 0])
def test_12_no_session_is_open(at, number):
    host = at()

    assert host.send_all([write(0, PIB, 0, b"abcd", number=number), commit(number=number)]) == [0x12, 0x12]


def test_12_another_session_is_open(at):
    host = at()
    contents = (PIB, another(host).octets)
    other = SESSION + 1
    host.send_all([start(contents), *writes(contents)])

    refused = [start(contents, number=other), write(0, PIB, 0, b"abcd", number=other), commit(number=other)]

    assert host.send_all(refused) == [0x12, 0x12, 0x12]
    assert host.status(commit()) == 0


def test_the_same_session_can_begin_anew(at):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), *writes(contents)[:3]])

    assert set(host.send_all(session(host.modem.profile, contents[1]))) == {0}


def test_a_session_ends_with_its_commit(at):
    host = at()
    host.send_all(session(host.modem.profile, another(host).octets)[:-1])

    assert host.status(commit()) == 0x12


def test_a_session_is_abandoned_after_half_an_hour(at):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), *writes(contents)[:-1]])
    host.stand.run_for(s(30 * 60))

    assert host.send_all([writes(contents)[-1], commit()]) == [0x12, 0x12]
    assert host.status(start(contents, number=7)) == 0


def test_a_session_lives_for_half_an_hour(at):
    host = at()
    contents = (PIB, another(host).octets)
    for request in [start(contents), *writes(contents), commit()]:
        host.stand.run_for(s(29 * 60))
        assert host.status(request) == 0


@pytest.mark.parametrize("ended_by", ["reset", "new key", "power"])
def test_a_restart_ends_a_session(at, ended_by):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), *writes(contents)])
    if ended_by == "reset":
        host.ask(VsRsDevReq())
    elif ended_by == "new key":
        host.ask(CmSetKeyReq(nmk=NMK, nid=nid_from_nmk(NMK)))
        host.stand.run_for(s(4))
    else:
        host.modem.power(False)
        host.modem.power(True)
    host.boots()

    assert host.status(commit()) == 0x12


def test_13_no_module_is_named(at):
    assert at().status(VsModuleOperationReq.of(StartWriting(SESSION, ()))) == 0x13


def test_13_more_modules_than_there_is_room_for(at):
    modules = tuple(ModuleAnnounced(PIB, 0, 4, 0) for _ in range(11))

    assert at().status(VsModuleOperationReq.of(StartWriting(SESSION, modules))) == 0x13


def test_13_fields_are_missing(at):
    assert at().status(VsModuleOperationReq(operation=START, body=b"\0\0\0\0\2")) == 0x13


@pytest.mark.parametrize("length", [0, 9795])
def test_15_a_module_has_a_length_in_words(at, length):
    answer = at().operate(StartWriting(SESSION, (ModuleAnnounced(PIB, 0, length, 0),)))

    assert (answer.status, answer.record().modules) == (0x15, (ModuleStatus(0x15),))


def test_16_a_module_that_was_not_announced(at):
    host = at()
    host.status(start((PIB, another(host).octets)))

    assert host.status(write(1, PIB, 0, b"abcd")) == 0x16


@pytest.mark.parametrize("length", [0, BLOCK + 1])
def test_17_a_block_has_1_to_1400_octets(at, length):
    host = at()
    host.status(start((PIB, another(host).octets)))

    assert host.operate(WriteModule(SESSION, 0, PIB, 0, length, 0)).status == 0x17


def test_17_a_block_beyond_the_end_of_the_module(at):
    host = at()
    host.send_all([start((PIB, bytes(1404))), write(0, PIB, 0, bytes(1400))])

    assert host.status(write(0, PIB, 1400, bytes(5))) == 0x17


@pytest.mark.parametrize("offset", [0, 1399, 2800, 0xFFFFFFFF])
def test_18_blocks_come_in_order_and_once(at, offset):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), writes(contents)[0]])

    assert host.status(write(0, PIB, offset, bytes(1400))) == 0x18


@pytest.mark.parametrize("code", [4, 0x40000003, 0xFFFFFFFF])
def test_19_a_commit_code_with_other_bits_leaves_the_session_open(at, code):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), *writes(contents)])

    assert host.send_all([commit(code), commit()]) == [0x19, 0]


def test_1a_everything_about_writing_is_blocked_while_a_commit_is_written(at):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), *writes(contents)])
    host.ask(commit(), ms(1))
    host.stand.run_for(s(1))

    assert host.send_all([start(contents), write(0, PIB, 0, b"abcd"), commit()]) == [0x1A] * 3
    assert host.read_pib(READ_FLASH) is None
    assert host.read_pib() is not None


def test_meanwhile_a_reset_is_refused_as_busy_and_factory_defaults_as_failed(at):
    host = at()
    new = another(host).octets
    host.send_all(session(host.modem.profile, new)[:-2])
    host.ask(commit(), ms(1))

    assert host.send_all([VsRsDevReq(), VsFacDefaultsReq()]) == [2, 1]
    assert host.wait(s(5)).status == 0
    assert host.modem.flash.stored == new


def test_1b_a_module_twice(at):
    twice = ModuleAnnounced(PIB, 0, 9796, 0)
    answer = at().operate(StartWriting(SESSION, (twice, twice)))

    assert answer.status == 0x1B
    assert [one.status for one in answer.record().modules] == [0x1B, 0x1B]


@pytest.mark.parametrize("announced", [ModuleAnnounced(0x7000, 0, 4, 0), ModuleAnnounced(PIB, 1, 4, 0)])
def test_1c_a_module_that_cannot_be_written(at, announced):
    assert at().operate(StartWriting(SESSION, (announced,))).status == 0x1C


def test_1c_another_module_than_announced(at):
    host = at()
    host.status(start((PIB, another(host).octets)))

    assert host.status(write(0, FIRMWARE, 0, b"abcd")) == 0x1C


def test_21_more_than_the_chip_has_room_for(at):
    assert at().operate(StartWriting(SESSION, (ModuleAnnounced(FIRMWARE, 0, 0x200004, 0),))).status == 0x21


def test_30_the_checksum_of_the_module_is_wrong(at):
    host = at()
    pib = another(host).octets
    announced = ModuleAnnounced(PIB, 0, len(pib), 0x12345678)
    host.operate(StartWriting(SESSION, (announced,)))

    assert set(host.send_all(writes((PIB, pib)))) == {0}
    answer = host.ask(commit())
    assert (answer.status, answer.record().modules) == (0x30, (ModuleStatus(0x30),))


def test_30_blocks_are_missing(at):
    host = at()
    contents = (PIB, another(host).octets)
    host.send_all([start(contents), *writes(contents)[:-1]])

    assert host.send_all([commit(), commit()]) == [0x30, 0x12]


def test_30_blocks_are_missing_that_would_not_change_the_checksum(at):
    """Zeros do not."""
    host = at()
    host.send_all([start((PIB, bytes(2800))), write(0, PIB, 0, bytes(1400))])

    assert host.status(commit()) == 0x30


def test_40_firmware_with_a_damaged_header(at):
    host = at()
    requests = session(host.modem.profile, another(host).octets, firmware=flipped(FIRMWARE_FILE, 50 * 8))

    assert host.send_all(requests[:-1])[-1] == 0x40


def test_40_a_pib_is_no_firmware(at):
    host = at()
    pib = another(host).octets

    assert host.send_all(session(host.modem.profile, pib, firmware=pib)[:-1])[-1] == 0x40


def test_41_firmware_with_a_damaged_image(at):
    host = at()
    damaged = flipped(FIRMWARE_FILE, 8 * (len(FIRMWARE_FILE) - 1))
    requests = session(host.modem.profile, another(host).octets, firmware=damaged)

    answer = host.ask(requests[-2]) if set(host.send_all(requests[:-2])) == {0} else None
    assert answer.status == 0x41
    assert [one.status for one in answer.record().modules] == [0, 0x41]


def test_46_firmware_alone(at):
    host = at()

    assert host.send_all(session(host.modem.profile, None, firmware=FIRMWARE_FILE)[:-1])[-1] == 0x46


def damaged(host):
    return flipped(another(host).octets, 8 * 0x500)


def of_another_length(host):
    return minimal_chain(mac=host.modem.mac).octets


def flat(host):
    return host.stand.adapter(ModemRole.PEV, profile=OLD).flash.stored


def firmware(_host):
    return FIRMWARE_FILE


def nothing_but_zeros(_host):
    return bytes(9796)


@newer_profiles
@pytest.mark.parametrize("made", [damaged, of_another_length, flat, firmware, nothing_but_zeros])
def test_50_what_is_no_pib_of_this_family_is_not_written_whatever_force_says(at, profile, made):
    host = at(profile)
    before = host.modem.flash.stored

    statuses = host.send_all(session(host.modem.profile, made(host))[:-1])

    assert (set(statuses[:-1]), statuses[-1]) == ({0}, 0x50)
    assert host.modem.flash.stored == before


IDENTITY = [("mac", bytes(6), 0x52, 0x48), ("manufacturer_hfid", b"ACME".ljust(64, b"\0"), 0x54, 0x50)]


@pytest.mark.parametrize(("field", "octets", "status"), [*(each[:3] for each in IDENTITY), ("dak", bytes(16), 0x53)])
def test_52_53_54_another_identity_is_refused_unless_forced(at, field, octets, status):
    host = at()
    other = altered(host, field, octets)

    assert host.send_all(session(host.modem.profile, other, force=False)[:-1])[-1] == status
    assert host.send_all(session(host.modem.profile, other)[:-1])[-1] == 0
    assert host.modem.flash.stored == other


# Refusals of the older family


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (old_write(3, 0, b"abcd"), 0x10),
        (VsWrModReq(length=0), 0x12),
        (VsWrModReq(length=1025), 0x12),
        (VsWrModReq(length=4, checksum=1), 0x14),
        (old_write(OLD_PIB, 4, b"abcd"), 0x20),
    ],
)
def test_old_blocks_are_refused(at, request_, status):
    answer = at(OLD).ask(request_)

    assert answer.status == status
    assert (answer.module, answer.length, answer.offset) == (request_.module, request_.length, request_.offset)


def test_an_old_block_may_come_twice(at):
    host = at(OLD)
    new = another(host).octets
    *blocks, last = session(host.modem.profile, new)

    assert set(host.send_all([each for block in blocks for each in (block, block)])) == {0}
    host.ask(last)
    host.boots()
    assert host.modem.flash.stored == new


def test_old_scratch_does_not_outlive_a_restart(at):
    host = at(OLD)
    *blocks, last = session(host.modem.profile, another(host).octets)
    host.send_all(blocks)
    host.ask(VsRsDevReq())
    host.boots()

    assert host.status(last) == 0x24


def test_old_blocks_are_blocked_and_a_second_commit_unheard_while_the_flash_is_written(at):
    host = at(OLD)
    new = another(host).octets
    requests = session(host.modem.profile, new)
    host.send_all(requests)
    host.stand.run_for(ms(10))

    assert host.status(requests[0]) == 0x40
    assert host.ask(requests[-1], ms(500)) is None
    host.boots()
    assert host.modem.flash.stored == new


@pytest.mark.parametrize("modules", [0, OLD_FORCE, 4, 0xFF])
def test_old_commit_of_modules_that_do_not_exist(at, modules):
    assert at(OLD).status(VsModNvmReq(modules)) == 0x10


def test_old_commit_of_firmware_alone(at):
    host = at(OLD)
    host.send_all(session(host.modem.profile, None, firmware=OLD_FIRMWARE_FILE)[:-1])

    assert host.status(VsModNvmReq(OLD_FIRMWARE)) == 0x42


def test_old_commit_of_nothing(at):
    assert at(OLD).status(VsModNvmReq(OLD_FIRMWARE | OLD_PIB)) == 0x24


def test_old_commit_of_both_after_the_pib_alone_leaves_the_firmware(at):
    """int6k -P FILE -F says both."""
    host = at(OLD)
    before, new = host.modem.flash.firmware, another(host).octets
    *blocks, _ = session(host.modem.profile, new)

    assert set(host.send_all([*blocks, VsModNvmReq(OLD_FIRMWARE | OLD_PIB)])) == {0}
    host.boots()
    assert (host.modem.flash.stored, host.modem.flash.firmware) == (new, before)


def with_a_wrong_checksum(host):
    return flipped(another(host).octets, 8 * 0x500)


def cut_short(host):
    return another(host).octets[:-4]


def too_long(host):
    other = host.stand.adapter(ModemRole.PEV, profile=OLD).flash.image()
    longer = other.octets[:4] + (8196).to_bytes(2, "little") + other.octets[6:] + bytes(4)
    return with_field(FlatPib(sealed(longer)), "mac", host.modem.mac).octets


@pytest.mark.parametrize(
    ("made", "status"),
    [(with_a_wrong_checksum, 0x44), (cut_short, 0x24), (too_long, 0x18), (lambda _host: OLD_FIRMWARE_FILE, 0x24)],
)
def test_old_commit_of_what_is_no_pib_of_this_family(at, made, status):
    host = at(OLD)
    before = host.modem.flash.stored

    statuses = host.send_all(session(host.modem.profile, made(host)))

    assert (set(statuses[:-1]), statuses[-1]) == ({0}, status)
    assert host.modem.flash.stored == before
    assert host.modem.ready


@pytest.mark.parametrize(("field", "octets", "_new", "status"), IDENTITY)
def test_old_commit_of_another_identity_is_refused_unless_forced(at, field, octets, _new, status):
    host = at(OLD)
    other = altered(host, field, octets)

    assert host.send_all(session(host.modem.profile, other, force=False))[-1] == status
    assert host.send_all(session(host.modem.profile, other))[-1] == 0
    host.boots()
    assert host.modem.flash.stored == other


@pytest.mark.parametrize(("octet", "status"), [(13, 0x1C), (-1, 0x20)])
def test_old_commit_of_damaged_firmware(at, octet, status):
    host = at(OLD)
    bit = 8 * (octet % len(OLD_FIRMWARE_FILE))
    requests = session(host.modem.profile, another(host).octets, firmware=flipped(OLD_FIRMWARE_FILE, bit))

    assert host.send_all(requests)[-1] == status


def test_old_commit_of_firmware_that_is_too_large(at):
    host = at(OLD)
    requests = session(host.modem.profile, another(host).octets)
    host.send_all(requests[:-1])
    host.modem.flash.scratch.put(OLD_FIRMWARE, 0, bytes(0x200004))

    assert host.status(VsModNvmReq(OLD_FIRMWARE | OLD_PIB)) == 0x2C


# From a partner


def test_old_firmware_lets_a_partner_write_a_pib_without_dak(through_the_powerline):
    """QCA7005 1.1.0.730 (adapters.md 3 and 5); the adapter keeps its own DAK."""
    host = through_the_powerline("qca7005-car")
    new = another(host, user_hfid="from afar")
    blank = with_field(with_field(new, "dak", bytes(16)), "cco_mode", b"\1")

    statuses = host.send_all(session(host.modem.profile, blank.octets))

    assert set(statuses) == {0}
    host.stand.run_for(s(10))
    stored = host.modem.flash.image()
    assert (stored.read("user_hfid"), stored.dak) == ("from afar", DAK)


def test_51_a_partner_must_not_send_a_dak(through_the_powerline):
    host = through_the_powerline("qca7005-car")

    assert host.send_all(session(host.modem.profile, another(host).octets)[:-1])[-1] == 0x51


@pytest.mark.parametrize("profile", ["tplink-tlpa4010p", "qca7005-evse", OLD])
def test_other_adapters_do_not_listen_to_partners(through_the_powerline, profile):
    host = through_the_powerline(profile)
    new = another(host).octets

    for request in session(host.modem.profile, new):
        assert host.ask(request, s(5)) is None
    assert not host.modem.flash.busy


def test_46_old_commit_of_a_partner_must_not_send_a_dak(stand):
    """Of an INT6000 whose firmware obeyed partners; no such one is known."""
    profile = adapter(OLD)
    obeys = replace(profile, vendor=replace(profile.vendor, obeys_partners=True))
    near = stand.adapter(ModemRole.EVSE, nmk=NMK)
    far = stand.adapter(ModemRole.PEV, profile=obeys, nmk=NMK, dak=DAK)
    stand.line.set_attenuation(near, far)
    host = FlashHost(stand, stand.host(near), far, partner=far.mac)

    assert host.send_all(session(profile, far.flash.stored))[-1] == 0x46
    blank = with_field(far.flash.image(), "dak", bytes(16)).octets
    assert host.send_all(session(profile, blank))[-1] == 0


# Faults on request


@every_profile
def test_a_lost_block_is_neither_answered_nor_kept(at, profile):
    host = at(profile)
    host.modem.flash.faults.lose_block(2)
    requests = session(host.modem.profile, another(host).octets)
    second = 1 if is_old(host.modem.profile) else 2
    host.send_all(requests[:second])

    assert host.ask(requests[second], s(5)) is None
    assert host.status(requests[second]) == 0
    assert set(host.send_all(requests[second + 1 :])) == {0}


@every_profile
def test_a_spoilt_block_is_found_by_the_commit(at, profile):
    host = at(profile)
    before = host.modem.flash.stored
    host.modem.flash.faults.spoil_block(3, bit=77)
    requests = session(host.modem.profile, another(host).octets, reset=True)

    statuses = host.send_all(requests)

    assert (set(statuses[:-1]), statuses[-1]) == ({0}, 0x44 if is_old(host.modem.profile) else 0x30)
    assert host.modem.flash.stored == before
    assert set(host.send_all(requests)) == {0}


@every_profile
@pytest.mark.parametrize("status", [0x24, 0x30, 0x5A])
def test_a_commit_is_refused_on_request_once(at, profile, status):
    host = at(profile)
    before = host.modem.flash.stored
    host.modem.flash.faults.refuse_commit(status)
    requests = session(host.modem.profile, another(host).octets, reset=True)

    assert host.send_all(requests)[-1] == status
    assert host.modem.flash.stored == before
    assert host.send_all(requests)[-1] == 0


@every_profile
def test_a_block_is_refused_on_request(at, profile):
    host = at(profile)
    host.modem.flash.faults.refuse_block(1, 0x50)
    requests = session(host.modem.profile, another(host).octets)
    first = 0 if is_old(host.modem.profile) else 1
    host.send_all(requests[:first])

    assert host.status(requests[first]) == 0x50
    assert set(host.send_all(requests[first:])) == {0}


@every_profile
def test_flash_that_keeps_a_bit_wrong_shows_it_at_the_next_start(at, profile):
    host = at(profile)
    new = another(host).octets
    host.modem.flash.faults.spoil_flash(bit=8 * 0x600)

    assert set(host.send_all(session(host.modem.profile, new))) == {0}
    host.boots()

    assert host.modem.flash.stored == flipped(new, 8 * 0x600)
    assert host.modem.loader


def test_faults_can_be_taken_back(at):
    host = at()
    faults = host.modem.flash.faults
    faults.lose_block(1)
    faults.refuse_commit(0x24)
    faults.spoil_flash(bit=0)
    faults.clear()

    assert set(host.send_all(session(host.modem.profile, another(host).octets))) == {0}
    host.boots()
    assert host.modem.running


# A key that is set while something is written


@every_profile
def test_a_key_set_during_a_commit_is_in_the_new_pib(at, profile):
    host = at(profile)
    *requests, last = session(host.modem.profile, another(host).octets)
    host.send_all(requests if is_old(host.modem.profile) else requests[:-1])
    host.ask(last if is_old(host.modem.profile) else requests[-1], ms(1))
    host.stand.run_for(ms(50))
    host.ask(CmSetKeyReq(nmk=NMK, nid=nid_from_nmk(NMK)), ms(50))
    host.stand.run_for(s(30))

    stored = host.modem.flash.image()
    assert (stored.nmk, stored.read("cco_mode")) == (NMK, CcoMode.ALWAYS)


def test_the_late_restart_of_a_new_key_waits_for_a_commit(at):
    """A TL-PA4010P restarts 3.5 s after CM_SET_KEY."""
    host = at()
    new = another(host)
    requests = session(host.modem.profile, new.octets)
    host.ask(CmSetKeyReq(nmk=NMK, nid=nid_from_nmk(NMK)))
    host.stand.run_for(s(2))
    host.send_all(requests[:-2])

    assert host.ask(commit()).status == 0
    host.boots()
    assert host.modem.running
    assert host.modem.flash.stored == new.octets
