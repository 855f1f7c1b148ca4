"""A car's end of the pilot made of relays, on whatever relay board there is.

    load = RelayLoad(relays, {"plug": 1, "r_b": 2, "r_c": 3, "cp_short": 4})
    load.open()
    load.set_load(CarLoad.C)        # plug, then R2, then R3, each settled before the next

Theory of operation. One relay moves at a time. First everything that the wish has not is released, faults and R3 before
R2 before the plug; then what is missing is closed, the other way round. So every combination on the way is itself a
state a pilot may be in, and going from C to D leads through B. What a relay does when its command fails is not known:
it is taken for closed until it has been released.

The relay board is opened and closed by its owner, because it may serve other things too; only the relays named here are
touched.
"""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bench.devices import CarLoad, Relays
from bench.drivers.opening import Opening
from bench.errors import DeviceGone, PortError
from bench.units import Ns, ms, to_s

ORDER = ("plug", "r_b", "r_c", "r_d", "diode_short", "cp_short", "pe_open")
"""In which relays are closed; released the other way round."""

ROLES = MappingProxyType(
    {
        "plug": "connects the pilot",
        "r_b": "R2, 2.74 kOhm behind the diode",
        "r_c": "R3, 1.3 kOhm in parallel",
        "r_d": "R3', 270 Ohm in parallel",
        "diode_short": "bridges the diode",
        "cp_short": "pilot to protective earth",
        "pe_open": "closed, it opens protective earth",
    }
)

_EXTRA: Mapping[CarLoad, tuple[str, ...]] = MappingProxyType(
    {
        CarLoad.B: (),
        CarLoad.C: ("r_c",),
        CarLoad.D: ("r_d",),
        CarLoad.DIODE_SHORTED: ("diode_short",),
        CarLoad.SHORTED_TO_PE: ("cp_short",),
        CarLoad.PE_OPEN: ("pe_open",),
    }
)
"""What a load needs beyond plug and R2."""

SETTLES = ms(20)
"""Small relays operate and release in 5 to 10 ms and bounce a few more (common practice)."""


def wiring_mistakes(wiring: Mapping[str, int], channels: Iterable[int], *, d_keeps_c: bool = False) -> list[str]:
    """All that is wrong with a map of relays, for a board with *channels*; empty where nothing is."""
    there = set(channels)
    mistakes = []
    if not wiring:
        mistakes.append(f"no relay is named; there may be {', '.join(ORDER)}")
    used: dict[int, str] = {}
    for name, channel in wiring.items():
        if name not in ROLES:
            close = difflib.get_close_matches(name, ORDER, 1)
            mistakes.append(
                f"{name}: no such relay; " + (f"did you mean {close[0]}?" if close else f"there are {', '.join(ORDER)}")
            )
        if isinstance(channel, bool) or not isinstance(channel, int) or channel not in there:
            mistakes.append(
                f"{name}: the board has no channel {channel!r}; it has {', '.join(map(str, sorted(there)))}"
            )
        elif channel in used:
            mistakes.append(f"{name}: channel {channel} is taken by {used[channel]}")
        else:
            used[channel] = name
    if d_keeps_c and not {"r_c", "r_d"} <= wiring.keys():
        mistakes.append("d_keeps_c: D with R3 needs both r_c and r_d")
    return mistakes


class RelayLoad(Opening):
    """A `bench.devices.PilotLoad` on *relays*.

    wiring      channel by name; each of `ROLES` may be left out. Without plug, R2 is what plugs the car in; without
                r_b, R2 is always in the car; without both, the car is always plugged in
    d_keeps_c   whether R3 stays closed in state D; benches differ
    settles     between two relays

    ValueError for a map that cannot be, with every mistake.
    """

    def __init__(
        self, relays: Relays, wiring: Mapping[str, int], *, d_keeps_c: bool = False, settles: Ns = SETTLES
    ) -> None:
        if mistakes := wiring_mistakes(wiring, relays.channels, d_keeps_c=d_keeps_c):
            raise ValueError("\n".join(mistakes))
        self._relays = relays
        self._channel = {name: wiring[name] for name in ORDER if name in wiring}
        self._combinations = combinations(frozenset(self._channel), d_keeps_c)
        self._settles = settles
        self._surely: dict[str, bool] = {}
        self._lock = threading.RLock()
        """Making safe waits for a load being set, or its last relay would close after all were released."""
        self._open = False

    def __repr__(self) -> str:
        return f"<RelayLoad {self._channel} of {self._relays!r}>"

    @property
    def name(self) -> str:
        return f"car's resistors on {self._relays.name}"

    @property
    def loads(self) -> frozenset[CarLoad]:
        return frozenset(self._combinations)

    def open(self) -> None:
        """Make safe. The relay board must be open."""
        self._open = True
        try:
            self.make_safe()
        except BaseException:
            self._open = False
            raise

    def set_load(self, load: CarLoad) -> None:
        if load not in self._combinations:
            raise ValueError(
                f"{self.name}: {load.name} is not among {', '.join(sorted(one.name for one in self.loads))}"
            )
        wish = self._combinations[load]
        with self._lock:
            self._check_open()
            for name in reversed(self._channel):
                if name not in wish and self._surely.get(name) is not False:
                    self._move(name, closed=False)
            for name in self._channel:
                if name in wish and self._surely.get(name) is not True:
                    self._move(name, closed=True)

    def make_safe(self) -> None:
        """Release all of them, whatever they are; one that fails keeps none of the others from being released."""
        troubles: dict[str, PortError] = {}
        with self._lock:
            self._check_open()
            for name in reversed(self._channel):
                try:
                    self._move(name, closed=False)
                except PortError as error:
                    troubles[name] = error
        if troubles:
            gone = all(isinstance(error, DeviceGone) for error in troubles.values())
            lines = [f"{self.name} cannot be made safe", *(f"{name}: {error}" for name, error in troubles.items())]
            raise (DeviceGone if gone else PortError)("\n".join(lines))

    def close(self) -> None:
        """Make safe. Idempotent, and silent where the relay board is gone: then nobody holds the relays."""
        if self._open:
            try:
                self.make_safe()
            except DeviceGone:
                pass
            finally:
                self._open = False

    def _move(self, name: str, closed: bool) -> None:
        self._surely.pop(name, None)
        self._relays.set(self._channel[name], closed)
        self._surely[name] = closed
        time.sleep(to_s(self._settles))

    def _check_open(self) -> None:
        if not self._open:
            raise PortError(f"{self.name} is not open")


def combinations(names: frozenset[str], d_keeps_c: bool) -> dict[CarLoad, frozenset[str]]:
    """The relays closed for each load that these *names* can make."""
    plugged = names & {"plug", "r_b"}
    made = {CarLoad.UNPLUGGED: frozenset[str]()} if plugged else {}
    for load, extra in _EXTRA.items():
        needed = {*extra, "r_c"} if load is CarLoad.D and d_keeps_c else set(extra)
        if needed <= names:
            made[load] = plugged | needed
    return made
