"""A virtual HomePlug adapter: bridges frames, holds a key, answers management messages, restarts, joins."""

from bench.sim.adapter.modem import ModemRole, VirtualAdapter

__all__ = ["ModemRole", "VirtualAdapter"]
