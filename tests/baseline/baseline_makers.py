"""Measured stations for tests: what the suite would have measured, without running it."""

from __future__ import annotations

import random
from dataclasses import replace

from bench.baseline import AdapterState, Conditions, Measured, RunConditions
from bench.units import Ns, ms, us

CNF, SOUND = "TP_match_response (CM_SLAC_PARM)", "TP_EV_batch_msg_interval (sound)"
RUN = RunConditions("garage", "pcap", "real", "field", "44a8913")
EVSE_ADAPTER = AdapterState("evse", "QCA7420", "MAC-QCA7420-1.1.0.844", "5f3a" * 16)
PEV_ADAPTER = AdapterState("pev", "QCA7000/7005", "MAC-QCA7005-1.2.5")
CONDITIONS = Conditions(RUN, "evse", "bench", (EVSE_ADAPTER, PEV_ADAPTER))


def measured(
    shift: Ns = 0, *, seed: int = 1, cases: int = 10, runs: int = 3, conditions: Conditions = CONDITIONS
) -> Measured:
    """CM_SLAC_PARM.CNF after 20 ms, give or take 1, and *shift* later; *cases* times *runs* values."""
    rng = random.Random(seed)
    values = {
        f"hil_tests/test_a.py::test_{case}": tuple(ms(rng.gauss(20, 1)) + shift for _ in range(runs))
        for case in range(cases)
    }
    return Measured(conditions, us(200), {CNF: values}, runs=runs)


def other_run(what: str, value: str) -> Conditions:
    """CONDITIONS with another rig, driver, clock, verdict or commit."""
    return replace(CONDITIONS, run=replace(RUN, **{what: value}))


def other_adapter(what: str, value: str) -> Conditions:
    """CONDITIONS with another model, firmware or parameter block of the station's adapter."""
    return replace(CONDITIONS, adapters=(replace(EVSE_ADAPTER, **{what: value}), PEV_ADAPTER))
