"""A parameter block is changed as a whole or not at all, and every step can be found again afterwards."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from test_adapter import FAMILIES, HOST, Stand

from bench.adapter import AdapterFlash
from bench.change import Plan, PlanRefused, Stage, Store, apply_change, plan_change, restore
from bench.change.holding import signals_held
from bench.change.journal import Journal
from bench.errors import AdapterAmbiguous, AdapterError, AdapterRefused, AdapterSilent, BenchError, PortError
from bench.ids import MacAddress
from bench.mme import Frame, VsSwVerCnf, encode
from bench.pib import FlatPib, synthesise
from bench.power import GuardedSwitch
from bench.sim.power import SimPowerSwitch

STRANGER = MacAddress.parse("98:48:27:00:00:77")


@pytest.fixture(params=FAMILIES)
def stand(request) -> Stand:
    made = Stand(request.param)
    made.adapter.identify()
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "adapters")


def renamed(stand: Stand, name: str = "another name") -> Plan:
    old = stand.adapter.read_pib()
    assert stand.adapter.identity is not None
    return plan_change(stand.adapter.identity, old, old.with_values({"user_hfid": name}), "a new name")


def test_a_change_is_made_kept_and_noted(stand: Stand, store: Store) -> None:
    plan = renamed(stand)

    found = apply_change(stand.adapter, plan, store)

    assert found.octets == plan.new.octets == stand.modem.flash.stored
    (backup,) = store.backups(stand.modem.mac)
    assert backup.octets() == plan.old.octets
    (change,) = Journal(store).changes(stand.modem.mac)
    assert change.stage is Stage.DONE
    assert Journal(store).unfinished() == []


def test_what_is_kept_is_for_its_owner_only_and_never_written_over(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    first = store.keep(plan.old)

    again = store.keep(plan.old)

    assert again == first
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700
    with pytest.raises(FileExistsError):
        os.close(os.open(first.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    store.keep(plan.new)
    assert len(store.backups(stand.modem.mac)) == 2


def test_a_damaged_backup_is_told_and_not_written(stand: Stand, store: Store) -> None:
    backup = store.keep(stand.adapter.read_pib())
    octets = bytearray(backup.path.read_bytes())
    octets[500] ^= 1
    backup.path.write_bytes(bytes(octets))

    with pytest.raises(BenchError, match="the backup is damaged"):
        restore(stand.adapter, backup, store)


def test_a_backup_is_restored_octet_by_octet(stand: Stand, store: Store) -> None:
    before = stand.adapter.read_pib().octets
    apply_change(stand.adapter, renamed(stand), store)
    (backup,) = [kept for kept in store.backups(stand.modem.mac) if kept.octets() == before]

    restore(stand.adapter, backup, store)

    assert stand.modem.flash.stored == before


def test_a_plan_says_what_would_change_and_what_could_go_wrong(stand: Stand) -> None:
    lines = "\n".join(renamed(stand, "SHOWN").lines())

    assert "user_hfid" in lines
    assert "SHOWN" in lines
    assert "do not cut its power" in lines
    assert stand.modem.nmk.hex() not in lines


def test_a_plan_for_the_block_it_has_does_nothing(stand: Stand, store: Store) -> None:
    old = stand.adapter.read_pib()
    assert stand.adapter.identity is not None
    plan = plan_change(stand.adapter.identity, old, old, "nothing")

    apply_change(stand.adapter, plan, store)

    assert "nothing to do" in "\n".join(plan.lines())
    assert store.backups(stand.modem.mac) == []


def test_another_adapters_block_is_refused(stand: Stand) -> None:
    old = stand.adapter.read_pib()
    size = len(old.octets) if isinstance(old, FlatPib) else None
    assert stand.adapter.identity is not None

    with pytest.raises(PlanRefused, match="mac belongs to this adapter"):
        plan_change(stand.adapter.identity, old, synthesise(old.family, mac=STRANGER, size=size), "a clone")


def test_a_block_of_another_kind_is_refused() -> None:
    chain, flat = Stand(FAMILIES[0]), Stand(FAMILIES[2])
    for stand in (chain, flat):
        stand.adapter.identify()
    assert chain.adapter.identity is not None

    with pytest.raises(PlanRefused, match="the adapter has a chain block of 9796 octets, this is a flat one"):
        plan_change(chain.adapter.identity, chain.adapter.read_pib(), flat.adapter.read_pib(), "a mix-up")


def test_a_block_that_changed_since_the_plan_was_made_is_not_written_over(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    stand.adapter.write_pib(plan.old.with_values({"user_hfid": "meanwhile"}).octets)

    with pytest.raises(PlanRefused, match="has changed since the plan was made"):
        apply_change(stand.adapter, plan, store)


def test_a_second_adapter_on_the_ethernet_stops_it(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    answer = encode(Frame(HOST, STRANGER, VsSwVerCnf()))
    usual = stand.adapter.check_alone

    def crowded() -> None:
        stand.world.after(1000, lambda: stand.wire.port._arrived(answer))  # type: ignore[attr-defined]
        usual()

    stand.adapter.check_alone = crowded  # type: ignore[method-assign]

    with pytest.raises(AdapterAmbiguous):
        apply_change(stand.adapter, plan, store)
    assert stand.modem.flash.stored == plan.old.octets


def test_reads_that_differ_stop_it(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    usual, count = stand.adapter.read_pib, [0]

    def unsteady(*_: object):
        count[0] += 1
        found = usual()
        return found if count[0] % 2 else found.with_values({"user_hfid": "noise"})

    stand.adapter.read_pib = unsteady  # type: ignore[method-assign]

    with pytest.raises(AdapterError, match="two reads of its parameter block differ"):
        apply_change(stand.adapter, plan, store)


def test_a_refused_commit_leaves_the_adapter_and_the_journal_as_unchanged(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    stand.modem.flash.faults.refuse_commit(0x44 if stand.modem.profile.id == FAMILIES[2] else 0x50)

    with pytest.raises(AdapterRefused):
        apply_change(stand.adapter, plan, store)

    assert stand.modem.flash.stored == plan.old.octets
    assert [change.stage for change in Journal(store).changes(stand.modem.mac)] == [Stage.UNCHANGED]


def test_a_new_change_waits_until_the_last_one_was_ended(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    Journal(store).begin("an old story", "any", plan.old, plan.new, store.keep(plan.old).path)

    with pytest.raises(PlanRefused, match=r"'an old story' was begun and not ended .* bench pib recover"):
        apply_change(stand.adapter, plan, store)


def test_the_power_switch_is_locked_while_the_flash_is_written(stand: Stand, store: Store) -> None:
    switch = GuardedSwitch(SimPowerSwitch(stand.modem))
    refused: list[str] = []

    def pull(_done: int, _total: int) -> None:
        try:
            switch.off()
        except PortError as error:
            refused.append(str(error))

    apply_change(stand.adapter, renamed(stand), store, power=switch, progress=pull)

    assert refused
    assert "the flash of 98:48:27:00:00:01 is written" in refused[0]
    switch.off()
    assert not stand.modem.ready


@pytest.fixture
def terminated() -> Iterator[list[int]]:
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    yield got
    signal.signal(signal.SIGTERM, before)


def test_a_signal_waits_until_the_adapter_is_itself_again(stand: Stand, store: Store, terminated: list[int]) -> None:
    plan = renamed(stand)
    told: list[int] = []

    def ask_to_end(done: int, _total: int) -> None:
        if not told:
            told.append(done)
            os.kill(os.getpid(), signal.SIGTERM)
        assert not terminated, "delivered in the middle of a write"

    apply_change(stand.adapter, plan, store, progress=ask_to_end)

    assert told
    assert terminated == [signal.SIGTERM]
    assert stand.modem.flash.stored == plan.new.octets


def test_held_signals_are_delivered_once_each(terminated: list[int]) -> None:
    with signals_held():
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert terminated == []

    assert terminated == [signal.SIGTERM]


def test_power_lost_before_the_commit_is_noted_as_unchanged(stand: Stand, store: Store) -> None:
    plan = renamed(stand)

    with pytest.raises(AdapterSilent, match="its flash is as it was"):
        apply_change(stand.adapter, plan, store, progress=lambda *_: stand.modem.power(False))

    (change,) = Journal(store).changes(stand.modem.mac)
    assert change.stage is Stage.UNCHANGED
    assert stand.modem.flash.stored == plan.old.octets


def test_a_line_cut_off_by_a_power_failure_is_as_if_it_had_not_been_written(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    journal = Journal(store)
    change = journal.begin("cut", "any", plan.old, plan.new, store.keep(plan.old).path)
    path = store.folder_of(change.mac) / "journal.jsonl"
    path.write_text(path.read_text() + '{"t": "2026-11-25T17:40:00.0", "change": "' + change.id)

    assert [found.stage for found in journal.changes(change.mac)] == [Stage.BEGUN]


def test_after_a_block_got_lost_the_change_can_simply_be_made_again(stand: Stand, store: Store) -> None:
    """The adapter waits for the rest of the first write; nobody should have to wait half an hour with it."""
    plan = renamed(stand)
    stand.modem.flash.faults.lose_block(3)
    with pytest.raises(AdapterSilent, match="its flash is as it was"):
        apply_change(stand.adapter, plan, store)
    assert stand.modem.flash.stored == plan.old.octets

    apply_change(stand.adapter, plan, store)

    assert stand.modem.flash.stored == plan.new.octets
    assert [change.stage for change in Journal(store).changes(stand.modem.mac)] == [Stage.UNCHANGED, Stage.DONE]


def test_a_refused_block_leaves_no_session_behind(store: Store) -> None:
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    plan = renamed(stand)
    stand.modem.flash.faults.refuse_block(2, 0x18)
    with pytest.raises(AdapterRefused, match="unexpected offset"):
        apply_change(stand.adapter, plan, store)

    apply_change(stand.adapter, plan, store)

    assert stand.modem.flash.stored == plan.new.octets


def test_the_session_of_another_program_is_not_disturbed(store: Store) -> None:
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    plan = renamed(stand)
    stand.adapter.flash.stage(plan.old.octets)
    theirs = stand.modem.flash.session

    with pytest.raises(AdapterRefused, match="bad session"):
        apply_change(stand.adapter, plan, store)

    assert theirs is not None
    assert stand.modem.flash.session is theirs


def test_a_plan_for_other_firmware_is_not_carried_out(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    other = replace(plan, identity=replace(plan.identity, version="MAC-QCA7420-9.9"))

    with pytest.raises(PlanRefused, match="it was planned for MAC-QCA7420-9"):
        apply_change(stand.adapter, other, store)
    assert stand.modem.flash.stored == plan.old.octets


def test_an_adapter_that_says_it_is_another_than_its_block_is_refused(stand: Stand) -> None:
    old = stand.adapter.read_pib()
    assert stand.adapter.identity is not None

    with pytest.raises(PlanRefused, match=f"the adapter says it is {STRANGER}, its block says {stand.modem.mac}"):
        plan_change(replace(stand.adapter.identity, mac=STRANGER), old, old, "a riddle")


def after_it_came_back(stand: Stand, then: Callable[[], None]) -> None:
    usual = stand.adapter.come_back

    def come_back(flash: AdapterFlash) -> None:
        usual(flash)
        then()

    stand.adapter.come_back = come_back  # type: ignore[method-assign]


def test_an_adapter_that_comes_back_as_somebody_else_is_told_and_the_change_stays_open(
    stand: Stand, store: Store
) -> None:
    plan = renamed(stand)
    somebody = replace(plan.identity, mac=STRANGER)
    after_it_came_back(stand, lambda: setattr(stand.adapter, "identify", lambda: somebody))

    with pytest.raises(AdapterError, match=f"{STRANGER} answers now|at {STRANGER} answers now"):
        apply_change(stand.adapter, plan, store)
    assert Journal(store).unfinished()


def test_a_block_that_reads_back_as_the_old_one_is_told_and_the_change_stays_open(stand: Stand, store: Store) -> None:
    plan = renamed(stand)
    after_it_came_back(stand, lambda: setattr(stand.adapter, "read_pib", lambda *_: plan.old))

    with pytest.raises(AdapterError, match="the block it reads back is the old one"):
        apply_change(stand.adapter, plan, store)
    assert Journal(store).unfinished()
