"""`PlcAdapter`: the powerline adapter behind a frame port, spoken to in management messages.

adapter.identify()                      # family and firmware; choose how its flash is spoken to
pib = adapter.read_pib()                # bench.pib value; AdapterError says who, what and what to do
adapter.write_pib(changed)              # committed, not yet in use
adapter.restart()                       # and wait until it is ready again, by asking it
"""

from bench.adapter.flash import AdapterFlash, Progress
from bench.adapter.plc_adapter import (
    ANSWER_WITHIN,
    PROBE_EVERY,
    QUIET_AFTER_KEY,
    READY_WITHIN,
    SILENT_PROBES,
    Identity,
    PlcAdapter,
)

__all__ = [
    "ANSWER_WITHIN",
    "PROBE_EVERY",
    "QUIET_AFTER_KEY",
    "READY_WITHIN",
    "SILENT_PROBES",
    "AdapterFlash",
    "Identity",
    "PlcAdapter",
    "Progress",
]
