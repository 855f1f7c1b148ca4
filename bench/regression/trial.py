"""An adapter with another parameter block for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.adapter import PlcAdapter
from bench.adapter.flash import Pib
from bench.change import Store, apply_change, plan_change, restore
from bench.power import GuardedSwitch


@contextmanager
def changed(
    adapter: PlcAdapter, new: Pib, title: str, store: Store, *, power: GuardedSwitch | None = None
) -> Iterator[Pib]:
    """Within the block the adapter runs on *new*; afterwards on what it had, octet by octet, its key too.

    Gives the block it had. PlanRefused and AdapterError as `bench.change`; should giving back fail, the backup is in
    *store*, and `bench pib recover` knows of it.
    """
    identity = adapter.identify()
    original = adapter.read_pib()
    backup = store.keep(original)
    plan = plan_change(identity, original, new, title)
    try:
        apply_change(adapter, plan, store, power=power)
        yield original
    finally:
        if adapter.read_pib().octets != original.octets:
            restore(adapter, backup, store, power=power)
