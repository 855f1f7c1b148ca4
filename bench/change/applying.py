"""The steps of a change, in the only order in which they are safe. Source: the bench's safety rules, S8."""

from __future__ import annotations

from contextlib import nullcontext, suppress

from bench.adapter import PlcAdapter, Progress
from bench.adapter.flash import Pib, no_progress
from bench.change.holding import signals_held
from bench.change.journal import Change, Journal, Stage
from bench.change.planning import Plan, PlanRefused, plan_change
from bench.change.store import Backup, Store, digest_of
from bench.errors import AdapterError, AdapterRefused, AdapterSilent
from bench.pib import NvmFile, parse
from bench.power import GuardedSwitch

SESSION_OF_ANOTHER = 0x12
"""VS_MODULE_OPERATION.CNF: another program is writing, and is not to be disturbed by a restart."""


def apply_change(
    adapter: PlcAdapter,
    plan: Plan,
    store: Store,
    *,
    power: GuardedSwitch | None = None,
    progress: Progress = no_progress,
) -> Pib:
    """Carry *plan* out; returns the block the adapter runs on afterwards.

    power  the adapter's switch: locked from the first octet sent until the adapter is itself again

    PlanRefused and AdapterError before the commit: the adapter is as it was. AdapterError after it: `recover`. Signals
    that would end the program are delivered at the end.
    """
    journal = Journal(store)
    _check_before(adapter, plan, journal)
    if plan.nothing_to_do:
        return plan.old
    backup = store.keep(plan.old)
    change = journal.begin(plan.title, plan.identity.version, plan.old, plan.new, backup.path)
    with signals_held(), power.locked(f"the flash of {plan.identity.mac} is written") if power else nullcontext():
        return carry_out(adapter, change, plan.new.octets, journal, progress)


def restore(
    adapter: PlcAdapter,
    backup: Backup,
    store: Store,
    *,
    power: GuardedSwitch | None = None,
    progress: Progress = no_progress,
) -> Pib:
    """Write *backup* back, octet by octet as it was, with the same care. As `apply_change`."""
    old = _read_twice(adapter)
    title = f"backup of {backup.kept:%Y-%m-%d %H:%M:%S} UTC"
    new = parse(backup.octets())
    if isinstance(new, NvmFile):
        raise PlanRefused(title, [f"{backup.path} is firmware, not a parameter block"])
    identity = adapter.identity
    assert identity is not None
    plan = plan_change(identity, old, new, title)
    return apply_change(adapter, plan, store, power=power, progress=progress)


def carry_out(adapter: PlcAdapter, change: Change, octets: bytes, journal: Journal, progress: Progress) -> Pib:
    """From the first octet sent to the last one compared. The caller holds signals and power."""
    flash = adapter.flash
    try:
        flash.stage(octets, progress)
        change = journal.note(change, Stage.STAGED)
        change = journal.note(change, Stage.COMMITTING)
        try:
            flash.commit()
        except AdapterSilent:
            # Perhaps the answer was lost, perhaps the adapter is still at it: it is asked until it tells.
            adapter.wait_ready()
        else:
            change = journal.note(change, Stage.COMMITTED)
    except AdapterRefused as refused:
        journal.note(change, Stage.UNCHANGED)
        if refused.status != SESSION_OF_ANOTHER:
            _forget(adapter)
        raise
    except AdapterError:
        if change.stage is Stage.BEGUN:
            journal.note(change, Stage.UNCHANGED)
            _forget(adapter)
        raise
    adapter.come_back(flash)
    return _verified(adapter, change, octets, journal)


def _forget(adapter: PlcAdapter) -> None:
    """What came in before a failure waits in its memory for the rest, and keeps others from writing for half an hour.

    If the adapter is dark, that has gone with its power.
    """
    with suppress(AdapterError):
        adapter.restart()


def _check_before(adapter: PlcAdapter, plan: Plan, journal: Journal) -> None:
    if begun := [change for change in journal.unfinished() if change.mac == plan.identity.mac]:
        reasons = [f"'{each.title}' was begun and not ended ({each.stage.value}): bench pib recover" for each in begun]
        raise PlanRefused(plan.title, reasons)
    identity = adapter.identify()
    if identity != plan.identity:
        raise PlanRefused(plan.title, [f"it was planned for {plan.identity}, and {identity} answers"])
    adapter.check_alone()
    if _read_twice(adapter).octets != plan.old.octets:
        raise PlanRefused(plan.title, ["the adapter's block has changed since the plan was made; plan again"])


def _read_twice(adapter: PlcAdapter) -> Pib:
    adapter.identify()
    first, second = adapter.read_pib(), adapter.read_pib()
    if first.octets != second.octets:
        raise AdapterError(f"{adapter.name}: two reads of its parameter block differ; check cable and supply")
    return first


def _verified(adapter: PlcAdapter, change: Change, octets: bytes, journal: Journal) -> Pib:
    identity = adapter.identify()
    if identity.mac != change.mac or identity.version != change.firmware:
        raise AdapterError(f"{adapter.name}: {change.mac} was written, and {identity} answers now; bench pib recover")
    found = adapter.read_pib()
    if found.octets != octets:
        which = "the old one" if digest_of(found.octets) == change.old else "neither the old nor the new one"
        raise AdapterError(
            f"{adapter.name}: the block it reads back is {which}; bench pib recover. Backup: {change.backup}"
        )
    journal.note(change, Stage.DONE)
    return found
