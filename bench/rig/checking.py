"""`bench rig check`: every device of a rig opened, made safe, tried and, where something measures it, measured.

What nothing measures is said, too: a board that answers "5 %" is no proof that the wire has 5 %.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bench.adapter import PlcAdapter
from bench.errors import AdapterError, BenchError
from bench.guardian.client import Guardian
from bench.guardian.pilots import GuardedSupply
from bench.pilot.model import GENERATOR_V, CpState, cp_state_from_level
from bench.rig.config import RigConfig
from bench.rig.devices import RigDevices, locks_of
from bench.rig.hardware import ToldLevel
from bench.rig.one_adapter import adapter_at
from bench.units import to_s

WITHOUT_A_CAR = (100.0, 5.0, 10.0, 50.0, 96.0, 0.0, 100.0)
WITH_A_CAR = (100.0, 5.0, 100.0)
"""A car may take F for a fault that it remembers, and other values for an offer."""
DUTY_WITHIN_PCT = 0.5
STEADY_WITHIN_V = 0.6
"""Of a generator without a car: 11.4 to 12.6 V, as commonly quoted."""


class Verdict(Enum):
    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Checked:
    """*subject* by the name of its table in the rig file; *remedy* where it is wrong."""

    verdict: Verdict
    subject: str
    text: str
    remedy: str = ""


def check_rig(config: RigConfig, *, no_car: bool = False, power: bool = False) -> Iterator[Checked]:
    """One finding after the other, as they are made.

    no_car  nothing is plugged in: every duty cycle is tried, F too, and the levels must be +12 and -12 V
    power   switch adapters off and on again

    RigBusy and PortError where the rig cannot be opened at all.
    """
    with ExitStack() as opened:
        if not config.devices():
            yield Checked(Verdict.NOTE, "rig", "it has no devices: pilot and cable are simulated")
        else:
            devices = opened.enter_context(RigDevices(config, locks_of(config), "bench rig check"))
            yield from _devices(config, devices, no_car)
        if config.rig.driver == "pcap":
            yield from _adapters(config, None if not config.devices() else devices.guardian, power)


def _devices(config: RigConfig, devices: RigDevices, no_car: bool) -> Iterator[Checked]:
    guardian = devices.guardian
    for name in guardian.about["devices"]:
        yield Checked(Verdict.OK, name, "open, and safe")
    for caution in guardian.about["cautions"]:
        yield Checked(Verdict.NOTE, "wiring", caution)
    tables = config.devices()
    if "evse.pilot" in tables and guardian.spec.generator is not None:
        yield from _generator(config, guardian, WITHOUT_A_CAR if no_car else WITH_A_CAR, no_car)
    elif "evse.pilot" in tables:
        yield Checked(Verdict.NOTE, "evse.pilot", "worked by a person: nothing to try")
    if guardian.spec.load is not None:
        yield from _load(guardian)
    if guardian.spec.proximity is not None:
        yield from _proximity(guardian)


def _generator(config: RigConfig, guardian: Guardian, duties: tuple[float, ...], no_car: bool) -> Iterator[Checked]:
    where = "evse.pilot"
    for duty in duties:
        begun = time.monotonic_ns()
        try:
            guardian.ask("duty", pct=duty)
            told = guardian.ask("measure")
        except BenchError as error:
            yield Checked(Verdict.WRONG, where, f"{duty:g} %: {error}", "look at the board, its supply and its wires")
            return
        took = to_s(time.monotonic_ns() - begun)
        wrong = list(_disagrees(duty, told, no_car))
        if wrong:
            remedy = "check driver stage, divider and wiring; docs/build-a-bench.md has levels and drawings"
            yield Checked(Verdict.WRONG, where, f"{duty:g} % set: {'; '.join(wrong)}", remedy)
        else:
            yield Checked(Verdict.OK, where, f"{duty:g} % set, {_seen(told)}, {took:.2f} s")
    step, error_pct, source = guardian.about["accuracy"]
    if error_pct is None:
        yield Checked(Verdict.NOTE, where, f"no verdict may depend on its duty cycle: {source}")
    else:
        yield Checked(Verdict.NOTE, where, f"duty cycle good to {error_pct:g} points, in steps of {step:g}: {source}")
    if isinstance(config.evse.level, ToldLevel):
        yield Checked(Verdict.NOTE, "evse.level", "nothing measures the pilot: a person says when a car is plugged in")
    if config.pev.duty.driver == "assumed":
        yield Checked(Verdict.NOTE, "pilot", "nothing measures frequency and duty cycle on the wire: try a counter")


def _disagrees(duty: float, told: dict[str, Any], no_car: bool) -> Iterator[str]:
    says, measured = told.get("says_pct"), told.get("measured_pct")
    if says is not None and abs(says - duty) > DUTY_WITHIN_PCT:
        yield f"it says {says:g} %"
    if measured is not None and abs(measured - duty) > DUTY_WITHIN_PCT + told["uncertainty_pct"]:
        yield f"the wire has {measured:.1f} %"
    if "high_v" not in told:
        return
    high, low = told["high_v"], told["low_v"]
    state = cp_state_from_level(high)
    if state is CpState.FAULT:
        yield f"{high:+.1f} V is no level of a pilot"
    if no_car and duty > 0 and abs(high - GENERATOR_V) > STEADY_WITHIN_V:
        yield f"{high:+.1f} V where +12 V should be (is a car plugged in?)"
    if duty < 100 and abs(low + GENERATOR_V) > STEADY_WITHIN_V:
        yield f"{low:+.1f} V where -12 V should be"


def _seen(told: dict[str, Any]) -> str:
    parts = [f"it says {told['says_pct']:g} %" if told.get("says_pct") is not None else "it cannot be asked"]
    if "high_v" in told:
        parts.append(f"{told['high_v']:+.1f} / {told['low_v']:+.1f} V")
    if "measured_pct" in told:
        parts.append(f"measured {told['measured_pct']:.2f} % at {told['frequency_hz']:.1f} Hz")
    return ", ".join(parts)


def _proximity(guardian: Guardian) -> Iterator[Checked]:
    try:
        told = guardian.ask("measure")
    except BenchError as error:
        yield Checked(Verdict.WRONG, "proximity", str(error), "look at the wire to PP, its pull-up and the SPI")
        return
    ohm = "open" if told["plug_ohm"] is None else f"{told['plug_ohm']:.0f} ohm"
    yield Checked(Verdict.OK, "proximity", f"{ohm}: {told['plug']}")


def _load(guardian: Guardian) -> Iterator[Checked]:
    for load in ("B", "C", "B", "UNPLUGGED"):
        if load not in guardian.about["loads"]:
            yield Checked(Verdict.NOTE, "pev.load", f"it cannot be {load}")
            continue
        try:
            guardian.ask("load", load=load)
        except BenchError as error:
            yield Checked(Verdict.WRONG, "pev.load", f"{load}: {error}", "look at the relays, their supply and wiring")
            return
        yield Checked(Verdict.OK, "pev.load", f"{load} set")


def _adapters(config: RigConfig, guardian: Guardian | None, power: bool) -> Iterator[Checked]:
    for who, interface in config.interfaces().items():
        where = f"{who}.interface"
        try:
            # The guardian holds the lock on the interface for this program.
            with adapter_at(interface, "bench rig check", locked=guardian is None) as adapter:
                yield Checked(Verdict.OK, where, f"{adapter.identify()} on {interface}")
                switched = guardian is not None and who in guardian.spec.supplies
                if power and switched and guardian is not None:
                    yield from _power(who, guardian, adapter)
                elif switched:
                    yield Checked(Verdict.NOTE, f"{who}.power", "not tried: say --power")
                else:
                    yield Checked(Verdict.NOTE, f"{who}.power", "nothing switches this adapter's power")
        except BenchError as error:
            yield Checked(Verdict.WRONG, where, str(error), f"bench adapters -i {interface}")


def _power(who: str, guardian: Guardian, adapter: PlcAdapter) -> Iterator[Checked]:
    where = f"{who}.power"
    supply = GuardedSupply(guardian, who, lambda _t, _who, _what: None)
    try:
        back = adapter.power_cycle(supply)
    except AdapterError as error:
        yield Checked(Verdict.WRONG, where, str(error), "look at its supply; bench adapters, bench pib recover")
        return
    yield Checked(Verdict.OK, where, f"off and on: {adapter.identity} answers {to_s(back):.1f} s after that")
