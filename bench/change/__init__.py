"""Changing an adapter's parameter block without making a brick of it.

    plan = plan_change(adapter, old, recipe.applied_to(old), "recipe tplink-tlpa4010p/evse")
    print(*plan.lines(), sep="\\n")
    apply_change(adapter, plan, store)          # backup, write, read back, restart, compare; each step in a journal
    recover(adapter, store)                     # whatever state an interrupted change has left

Theory of operation. Until the adapter is told to commit, nothing it keeps has changed. From the commit to the first
answer after the restart only reading back tells what became of it. So before the commit there is a backup on disk, the
journal says what was wanted, signals that would end this program wait, and the adapter's power switch is locked. A
change that was cut off is found in the journal by whoever comes next.
"""

from bench.change.applying import apply_change, restore
from bench.change.journal import Change, Stage
from bench.change.planning import Plan, PlanRefused, plan_change
from bench.change.recovery import Recovered, recover
from bench.change.store import Backup, Store

__all__ = [
    "Backup",
    "Change",
    "Plan",
    "PlanRefused",
    "Recovered",
    "Stage",
    "Store",
    "apply_change",
    "plan_change",
    "recover",
    "restore",
]
