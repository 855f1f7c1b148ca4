"""`PlcAdapter` reads and writes parameter blocks of every family; what goes wrong is told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from test_adapter import FAMILIES, HOST, MODEM, Stand

from bench.adapter.flash import READ_TRIES, held_by
from bench.errors import AdapterAmbiguous, AdapterError, AdapterRefused, AdapterRestarted, AdapterSilent
from bench.ids import MacAddress
from bench.mme import (
    Frame,
    VsModuleOperationCnf,
    VsModuleOperationReq,
    VsRdModReq,
    VsSwVerCnf,
    VsWrModReq,
    decode,
    encode,
)
from bench.mme.module import ModuleAnnounced, ModuleRead, ModulesCommitted, ModuleWritten, ReadModule
from bench.pib import FlatPib, checksum32, synthesise
from bench.ports import Stamped
from bench.units import ms

NEWER = ["tplink-tlpa4010p", "qca7005-evse"]
OLDER = "devolo-dlan200avplus"
STRANGER = MacAddress.parse("98:48:27:00:00:77")


@pytest.fixture(params=FAMILIES)
def stand(request) -> Stand:
    made = Stand(request.param)
    made.adapter.identify()
    return made


def newer() -> Stand:
    made = Stand(NEWER[0])
    made.adapter.identify()
    return made


def test_what_is_read_is_what_the_flash_holds(stand: Stand) -> None:
    told: list[tuple[int, int]] = []

    pib = stand.adapter.read_pib(lambda done, total: told.append((done, total)))

    assert pib.octets == stand.modem.flash.stored
    assert pib.mac == MODEM
    assert told[-1][0] == len(pib.octets)


def test_what_is_written_is_in_use_after_the_restart(stand: Stand) -> None:
    changed = stand.adapter.read_pib().with_values({"user_hfid": "somebody else"})

    stand.adapter.write_pib(changed.octets)

    assert stand.modem.flash.stored == changed.octets
    assert stand.modem.ready
    assert stand.adapter.read_pib().read("user_hfid") == "somebody else"


def test_what_is_only_staged_is_not_in_the_flash(stand: Stand) -> None:
    before = stand.adapter.read_pib()

    stand.adapter.flash.stage(before.with_values({"user_hfid": "never"}).octets)

    assert stand.modem.flash.stored == before.octets
    stand.adapter.restart()
    assert stand.adapter.read_pib().octets == before.octets


def test_a_block_of_another_adapter_is_refused_and_nothing_is_written(stand: Stand) -> None:
    """By the adapter itself, because nothing is forced."""
    before = stand.adapter.read_pib()
    size = len(before.octets) if isinstance(before, FlatPib) else None
    other = synthesise(before.family, mac=STRANGER, size=size)

    with pytest.raises(AdapterRefused) as refused:
        stand.adapter.write_pib(other.octets)

    assert "refused" in str(refused.value)
    assert stand.modem.flash.stored == before.octets


def test_before_it_is_identified_nobody_knows_how_to_ask() -> None:
    with pytest.raises(AdapterError, match="not identified yet"):
        Stand().adapter.read_pib()


def test_an_adapter_without_power_is_silent(stand: Stand) -> None:
    stand.modem.power(False)

    with pytest.raises(AdapterSilent, match=r"no answer to reading its parameter block at 0x0 within"):
        stand.adapter.read_pib()


def test_power_lost_while_blocks_are_sent_says_that_the_flash_is_as_it_was(stand: Stand) -> None:
    pib = stand.adapter.read_pib()

    def cut(done: int, _total: int) -> None:
        if done > 4000:
            stand.modem.power(False)

    with pytest.raises(AdapterSilent, match=r"\(its flash is as it was\)"):
        stand.adapter.write_pib(pib.with_values({"user_hfid": "cut"}).octets, cut)

    assert stand.modem.flash.stored == pib.octets


def test_an_adapter_that_restarts_by_itself_in_a_write_is_told_from_one_without_power(stand: Stand) -> None:
    """A supply that breaks down for a moment under the load of writing."""
    pib = stand.adapter.read_pib()

    def dip(done: int, _total: int) -> None:
        if 4000 < done < 6000:
            stand.modem.power(False)
            stand.world.after(ms(50), lambda: stand.modem.power(True))

    with pytest.raises(AdapterRestarted, match=r"restarted by itself\. Check its supply"):
        stand.adapter.write_pib(pib.with_values({"user_hfid": "dip"}).octets, dip)

    assert stand.modem.flash.stored == pib.octets


@pytest.mark.parametrize("lost", [1, READ_TRIES - 1])
def test_a_question_that_got_lost_is_asked_again(stand: Stand, lost: int) -> None:
    """Reading is harmless."""
    left = [lost]

    def lose(frame: Frame) -> Frame | None:
        left[0] -= 1
        return None if left[0] >= 0 else frame

    kind = VsRdModReq if stand.modem.profile.id == OLDER else VsModuleOperationReq
    with stand.wire.altered(kind, lose):
        assert stand.adapter.read_pib().mac == MODEM


def test_a_block_that_got_lost_is_not_sent_again(stand: Stand) -> None:
    """Nobody knows what an adapter makes of it twice."""
    pib = stand.adapter.read_pib()
    kind = VsWrModReq if stand.modem.profile.id == OLDER else VsModuleOperationReq
    sent: list[Frame] = []

    def lose(frame: Frame) -> Frame | None:
        sent.append(frame)
        return None if len(sent) == 3 else frame

    with stand.wire.altered(kind, lose), pytest.raises(AdapterSilent, match="one message got lost"):
        stand.adapter.write_pib(pib.octets)

    assert len(sent) == 3
    assert stand.modem.flash.stored == pib.octets


def test_an_answer_of_another_adapter_is_not_taken() -> None:
    stand = newer()
    request = VsModuleOperationReq.of(ReadModule())
    answer_of_a_stranger = None

    def answer_first(frame: Frame) -> Frame:
        nonlocal answer_of_a_stranger
        if answer_of_a_stranger is None:
            answer_of_a_stranger = encode(Frame(HOST, STRANGER, VsModuleOperationCnf.of(ModuleRead(data=b"abc"))))
            stand.wire.port._arrived(answer_of_a_stranger)  # type: ignore[attr-defined]
        return frame

    with stand.wire.altered(type(request), answer_first), pytest.raises(AdapterAmbiguous, match=str(STRANGER)):
        stand.adapter.read_pib()


def test_a_second_adapter_on_the_ethernet_is_noticed() -> None:
    stand = newer()
    stand.adapter.check_alone()
    stand.world.after(1_000_000, lambda: stand.wire.port._arrived(encode(Frame(HOST, STRANGER, VsSwVerCnf()))))  # type: ignore[attr-defined]

    with pytest.raises(AdapterAmbiguous, match="leave one adapter on this Ethernet"):
        stand.adapter.check_alone()


def test_a_block_with_a_wrong_checksum_is_not_taken() -> None:
    """The older family says what the checksum of each block is."""
    stand = Stand(OLDER)
    stand.adapter.identify()
    usual = stand.wire.port.receive

    def spoilt():
        return [replace_octet(stamped) for stamped in usual()]

    def replace_octet(stamped):
        octets = bytearray(stamped.octets)
        if octets[15:17] == b"\x25\xa0":
            octets[100] ^= 1
        return stamped._replace(octets=bytes(octets))

    stand.wire.port.receive = spoilt  # type: ignore[method-assign]

    with pytest.raises(AdapterError, match="has not the checksum it came with"):
        stand.adapter.read_pib()


def test_an_adapter_without_parameters_of_its_own_is_left_alone() -> None:
    stand = newer()
    assert stand.adapter.identity is not None
    stand.adapter.identity = replace(stand.adapter.identity, mac=MacAddress.parse("00:b0:52:00:00:03"))

    with pytest.raises(AdapterError, match="is no adapter's own"):
        stand.adapter.read_pib()


def test_a_restart_is_waited_out_and_a_factory_reset_restores_the_factorys_block(stand: Stand) -> None:
    factory = stand.modem.flash.factory
    stand.adapter.write_pib(stand.adapter.read_pib().with_values({"user_hfid": "changed"}).octets)

    stand.adapter.restore_factory()

    assert stand.modem.ready
    assert stand.adapter.read_pib().octets == factory


def confirms(stand: Stand, kind: type, change: Callable[[Any], Any]) -> None:
    """From now on the confirmations of this *kind* come with *change* made to them."""
    usual = stand.wire.port.receive

    def altered(stamped: Stamped) -> Stamped:
        frame = decode(stamped.octets)
        if not isinstance(frame.mme, VsModuleOperationCnf) or not isinstance(held := held_by(frame.mme), kind):
            return stamped
        return stamped._replace(octets=encode(replace(frame, mme=VsModuleOperationCnf.of(change(held)))))

    stand.wire.port.receive = lambda: [altered(stamped) for stamped in usual()]  # type: ignore[method-assign]


def test_a_block_confirmed_at_another_offset_stops_the_write() -> None:
    """Else a hole would stay where it belongs."""
    stand = newer()
    before = stand.adapter.read_pib()
    confirms(stand, ModuleWritten, lambda written: replace(written, offset=written.offset + 4))

    with pytest.raises(AdapterError, match="it confirmed 0x578 octets at 0x4"):
        stand.adapter.flash.stage(before.with_values({"user_hfid": "never"}).octets)

    assert stand.modem.flash.stored == before.octets


def test_a_module_that_was_not_written_is_told_though_the_commit_was_confirmed() -> None:
    stand = newer()
    changed = stand.adapter.read_pib().with_values({"user_hfid": "perhaps"})
    confirms(stand, ModulesCommitted, lambda done: replace(done, modules=(replace(done.modules[0], status=0x20),)))

    with pytest.raises(AdapterRefused, match="to write its flash: 0x20, bad offset, or flash trouble"):
        stand.adapter.write_pib(changed.octets)


def test_announced_is_what_is_sent() -> None:
    """The checksum of the whole block, as the adapter will check it."""
    stand = newer()
    pib = stand.adapter.read_pib()
    announced: list[ModuleAnnounced] = []

    def note(frame: Frame) -> Frame:
        held = frame.mme.record()
        announced.extend(getattr(held, "modules", ()))
        return frame

    with stand.wire.altered(VsModuleOperationReq, note):
        stand.adapter.flash.stage(pib.octets)

    (module,) = announced
    assert (module.length, module.checksum) == (len(pib.octets), checksum32(pib.octets))
