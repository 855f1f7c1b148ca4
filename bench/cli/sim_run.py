"""What `bench sim up` shows while the world runs: what is attached where, then how it stands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from shutil import get_terminal_size

from bench.rig.on_taps import PLUG_IN_AFTER, TapBench, TapWishes
from bench.sim.adapter import VirtualAdapter
from bench.sim.adapter.network import FACTORY_NMK
from bench.sim.car import SimCar
from bench.units import Ns, ms, s, to_s

SHOW_EVERY = ms(200)


def run(wishes: TapWishes, seconds: float | None, check: Callable[[], None]) -> None:
    """Until *seconds* are over; None: until something raises, be it *check*, which is called several times a second."""
    with TapBench(wishes) as bench:
        began = bench.clock.now()
        end = None if seconds is None else began + s(seconds)
        for line in attached(bench):
            print(line)
        sys.stdout.flush()
        display = Display(began)
        try:
            while end is None or bench.clock.now() < end:
                check()
                display.show(bench)
                tick = bench.clock.now() + SHOW_EVERY
                bench.pump.run(lambda: False, tick if end is None else min(tick, end))
        finally:
            display.end()


def attached(bench: TapBench) -> list[str]:
    lines = []
    for modem, jack in bench.jacks.items():
        profile, tap = modem.profile, jack.tap
        inside = "" if tap.namespace is None else f"ip netns exec {tap.namespace.name} "
        lines += [
            f"{tap.name}: adapter of the {'charging station' if modem.role.value == 'evse' else 'car'}",
            f"  modem      {modem.mac}  {profile.names[0]}  {profile.chip}",
            f"  firmware   {profile.sw_ver.version}",
            f"  interface  {tap.name}, address {tap.mac}"
            + (f", in network namespace {tap.namespace.name}" if tap.namespace else ""),
            f"  try        {inside}int6klist -i {tap.name}",
            f"             {inside}plctool -i {tap.name} -r",
        ]
    if (station := bench.station) is not None:
        kind = "car" if isinstance(station, SimCar) else "charging station"
        modem, board = station.adapter, bench.wishes.pilot_board
        offered = "5 %" if board is None else f"as the board at {board} makes it"
        lines += [
            f"{station.name}: simulated {kind}, address {station.mac}",
            f"  modem      {modem.mac}  {modem.profile.names[0]}  {modem.profile.chip}",
            f"  pilot      plugged in after {to_s(PLUG_IN_AFTER):g} s, then {offered}",
        ]
        lines += [f"  quirk      {quirk.name.lower()}: {quirk.value}" for quirk in sorted(station.quirks, key=str)]
    if len(bench.line.modems) > 1:
        lines.append(f"powerline: {bench.path_db:g} dB, loss {bench.line.loss:.0%}")
    lines.append("Ctrl-C ends it.")
    return lines


class Display:
    """One line: on a terminal rewritten in place, elsewhere a new one for each change of state."""

    def __init__(self, began: Ns) -> None:
        self._began = began
        self._live = sys.stdout.isatty()
        self._shown = ""

    def show(self, bench: TapBench) -> None:
        state = "; ".join(state_of(modem) for modem in bench.jacks)
        if bench.station is not None:
            state += f"; {bench.station.name}: {bench.station.state.value}"
        counts = ", ".join(f"{jack.tap.name} {jack.sent} out {jack.received} in" for jack in bench.jacks.values())
        t = to_s(bench.clock.now() - self._began)
        if self._live:
            line = f"{t:7.1f} s  {state}  [frames: {counts}]"
            sys.stdout.write(f"\r\x1b[K{line[: get_terminal_size().columns - 1]}")
            sys.stdout.flush()
        elif state != self._shown:
            print(f"{t:7.1f} s  {state}  [frames: {counts}]", flush=True)
        self._shown = state

    def end(self) -> None:
        if self._live and self._shown:
            sys.stdout.write("\n")


def state_of(modem: VirtualAdapter) -> str:
    """`plc0: key 50…1c, joined`."""
    if not modem.ready:
        return f"{modem.name}: restarting"
    key = "factory key" if modem.nmk == FACTORY_NMK else f"key {modem.nmk}"
    return f"{modem.name}: {key}, {'joined' if modem.joined_to() else 'alone'}"
