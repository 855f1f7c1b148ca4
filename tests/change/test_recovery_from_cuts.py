"""Power cut at every frame of every write, before and after it, in both families: every adapter comes back as itself.

The table of cut points is counted, so that a cut that does not happen any more is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_adapter import FAMILIES, MODEM, Stand

from bench.change import Recovered, Stage, Store, apply_change, plan_change, recover
from bench.change.journal import Journal
from bench.change.recovery import is_loader
from bench.errors import AdapterError, AdapterSilent, BenchError
from bench.ids import MacAddress
from bench.units import Ns, ms, s

CUTS = {"tplink-tlpa4010p": 60, "qca7005-evse": 60, "devolo-dlan200avplus": 50}
"""At least so many frames pass in one change, both directions."""


class Cutter:
    """Cuts the adapter's power at the frame with this number, before it or after it; on again when told."""

    def __init__(self, stand: Stand, number: int, *, before: bool) -> None:
        self.stand, self.number, self.before = stand, number, before
        self.passed = 0
        self.done = False
        port = stand.wire.port
        send, arrived = port.send, port._arrived  # type: ignore[attr-defined]

        def sent(octets: bytes) -> Ns:
            return self._at(lambda: send(octets))

        def came(octets: bytes) -> None:
            self._at(lambda: arrived(octets))

        port.send = sent  # type: ignore[method-assign]
        stand.modem.detach_host()
        stand.modem.attach_host(came)

    def _at(self, pass_on: Callable[[], Ns | None]) -> Ns:
        self.passed += 1
        here = self.passed == self.number
        if here and self.before:
            self._cut()
        t = pass_on()
        if here and not self.before:
            self._cut()
        return t or 0

    def _cut(self) -> None:
        self.stand.modem.power(False)
        self.done = True


def changed(stand: Stand, store: Store) -> bytes:
    """Try to change the block; returns what was wanted. Whatever error comes is part of the story."""
    old = stand.adapter.read_pib()
    new = old.with_values({"user_hfid": "the new block"})
    assert stand.adapter.identity is not None
    plan = plan_change(stand.adapter.identity, old, new, "the change that is cut")
    apply_change(stand.adapter, plan, store)
    return new.octets


def frames_of_a_change(family: str, store: Store) -> tuple[int, int]:
    """The numbers of the first and last frame of the change itself."""
    stand = Stand(family)
    stand.adapter.identify()
    counter = Cutter(stand, 0, before=True)
    changed(stand, store)
    return 1, counter.passed


def cut_and_recover(family: str, number: int, before: bool, folder: Path) -> str:
    """What became of it: which block the adapter runs on."""
    store = Store(folder)
    stand = Stand(family)
    stand.adapter.identify()
    old = stand.modem.flash.stored
    new = stand.modem.flash.image().with_values({"user_hfid": "the new block"}).octets
    cutter = Cutter(stand, number, before=before)
    failed = False
    try:
        changed(stand, store)
    except BenchError:
        failed = True
    stand.modem.power(True)

    recovered: Recovered = recover(stand.adapter, store)

    assert cutter.done or not failed
    assert recovered.pib is not None, recovered.said
    assert stand.modem.mac == MODEM, recovered.said
    assert not stand.modem.loader
    assert recovered.pib.octets in (old, new), "a mixture of both"
    assert Journal(store).unfinished() == [], recovered.said
    return "new" if recovered.pib.octets == new else "old"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_cut_is_recovered_from(family: str, before: bool, tmp_path: Path) -> None:
    first, last = frames_of_a_change(family, Store(tmp_path / "whole"))

    ends = [cut_and_recover(family, number, before, tmp_path / str(number)) for number in range(first, last + 1)]

    assert len(ends) >= CUTS[family]
    assert {"old", "new"} == set(ends)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_a_cut_while_the_flash_is_written_leaves_a_loader_that_is_brought_back(
    family: str, share: float, tmp_path: Path
) -> None:
    """The dangerous window: erased, half written, nearly done."""
    store = Store(tmp_path)
    stand = Stand(family)
    stand.adapter.identify()
    old = stand.modem.flash.stored
    writing = stand.modem.flash.write

    def write_and_cut(parts, *, lasting, **rest):
        stand.world.after(round(lasting * share), lambda: stand.modem.power(False))
        writing(parts, lasting=lasting, **rest)

    stand.modem.flash.write = write_and_cut  # type: ignore[method-assign]
    stand.world.after(s(200), lambda: stand.modem.power(True))
    with pytest.raises(AdapterError):
        changed(stand, store)
    stand.modem.flash.write = writing  # type: ignore[method-assign]
    stand.modem.power(True)
    stand.pump.run_for(s(30))
    assert is_loader(stand.adapter.identify())

    recovered = recover(stand.adapter, store)

    assert recovered.pib is not None
    assert recovered.pib.octets == old
    assert stand.modem.mac == MODEM
    assert any("loader" in said for said in recovered.said)
    assert [change.stage for change in Journal(store).changes(MODEM)] == [Stage.ROLLED_BACK]


def test_an_adapter_that_stays_dark_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    store.keep(stand.adapter.read_pib())
    stand.modem.power(False)

    with pytest.raises(AdapterError, match="nothing has helped") as failed:
        recover(stand.adapter, store)

    assert "is it powered" in str(failed.value)
    assert len(store.backups(MODEM)) == 1


def test_a_loader_of_one_of_several_adapters_needs_to_be_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    pib = stand.adapter.read_pib()
    store.keep(pib)
    store.folder_of(MacAddress.parse("98:48:27:00:00:77"))
    stand.modem.flash._stored = bytes(len(pib.octets))
    stand.modem.restart()
    stand.pump.run_for(s(10))

    with pytest.raises(AdapterError, match="say which by --mac"):
        recover(stand.adapter, store)
    recovered = recover(stand.adapter, store, mac=MODEM)

    assert recovered.pib is not None
    assert recovered.pib.octets == pib.octets


def test_a_bit_that_turned_over_in_the_flash_is_found_and_undone(tmp_path: Path) -> None:
    """It is written, and reads back wrong: the journal stays open until recovery has written the backup."""
    store = Store(tmp_path)
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    old = stand.modem.flash.stored
    stand.modem.flash.faults.spoil_flash(bit=8 * 0x500)

    with pytest.raises((AdapterError, AdapterSilent)):
        changed(stand, store)
    assert Journal(store).unfinished()
    stand.pump.run_for(s(10))
    recovered = recover(stand.adapter, store)

    assert recovered.pib is not None
    assert stand.modem.flash.stored == old


def test_an_adapter_that_is_all_right_is_left_alone(tmp_path: Path) -> None:
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    before = stand.modem.flash.stored
    began = stand.clock.now()

    recovered = recover(stand.adapter, Store(tmp_path))

    assert stand.modem.flash.stored == before
    assert stand.clock.now() - began < ms(500)
    assert recovered.said[-1].endswith("its block is sound")


def test_after_recovery_the_change_can_be_made_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    cutter = Cutter(stand, 30, before=True)
    with pytest.raises(BenchError):
        changed(stand, store)
    assert cutter.done
    stand.modem.power(True)
    recover(stand.adapter, store)

    changed(stand, store)

    assert stand.modem.flash.image().read("user_hfid") == "the new block"


def test_a_program_that_died_leaves_no_session_behind(tmp_path: Path) -> None:
    """The adapter had power all the time and still waits for the commit of a dead program; recovery ends that."""
    store = Store(tmp_path)
    stand = Stand(FAMILIES[0])
    stand.adapter.identify()
    old = stand.adapter.read_pib()
    new = old.with_values({"user_hfid": "half sent"})
    Journal(store).begin("died", "any", old, new, store.keep(old).path)
    stand.adapter.flash.stage(new.octets)
    assert stand.modem.flash.session is not None

    recover(stand.adapter, store)

    assert stand.modem.flash.session is None
    changed(stand, store)


class Killed(BaseException):
    """The program is gone, in the middle of a call; what it would have done afterwards is not done."""


@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_that_still_writes_for_a_program_that_is_gone_is_waited_for(family: str, tmp_path: Path) -> None:
    """It answers with its old block and refuses to restart; a moment later it runs on the new one."""
    store = Store(tmp_path)
    stand = Stand(family)
    stand.adapter.identify()
    new = stand.modem.flash.image().with_values({"user_hfid": "the new block"}).octets
    writing = stand.modem.flash.write

    def write_and_die(parts, *, lasting, **rest):
        writing(parts, lasting=lasting, **rest)
        stand.modem.flash.write = writing
        raise Killed

    stand.modem.flash.write = write_and_die
    with pytest.raises(Killed):
        changed(stand, store)
    assert stand.modem.flash.busy

    recovered = recover(stand.adapter, store)

    assert recovered.pib is not None
    assert recovered.pib.octets == new, recovered.said
    assert Journal(store).unfinished() == [], recovered.said
    assert any("is done: the adapter runs on the new block" in text for text in recovered.said)
