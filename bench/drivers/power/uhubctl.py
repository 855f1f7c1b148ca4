"""The power of a USB port, through the program uhubctl: for adapters fed from USB.

    with Uhubctl("1-1.4", 2) as supply:
        supply.set(False)

**Few hubs really switch the voltage**, and some say they do: check once with a load, a lamp. A hub keeps its location
as long as the cabling does. `-r 100` tells a port to be off a hundred times, because Linux 5 may switch it on again by
itself; other lab software does the same.

On a Raspberry Pi the sockets of the board share one switch: an adapter wants an external hub of its own.

Source: uhubctl's program and manual as read, and its version 2.5.0 as run without a hub; not verified on one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bench.drivers.opening import Opening
from bench.drivers.power.running import run_program
from bench.errors import PortError
from bench.units import Ns, s

PROGRAM = "uhubctl"
REPEATS = 100
WITHIN = s(30)
"""A hundred repeats take 2 s a hub, and a USB 3 hub is two."""
MODEL_FILE = Path("/proc/device-tree/model")

_STATUS_OF = re.compile(r"^(Current|New) status for hub (\S+) \[(.*)\]\s*$")
_PORT = re.compile(r"^\s*Port (\d+): ([0-9a-f]{4})\b(.*)$")


@dataclass(frozen=True, slots=True)
class GangedPorts:
    """Sockets of a Raspberry Pi's board that share one switch. As said in uhubctl's manual; not verified."""

    model: str
    hubs: tuple[str, ...]
    what: str


GANGED = (
    GangedPorts("Raspberry Pi 5", ("1", "2", "3", "4"), "all four sockets lose power, and only when all are off"),
    GangedPorts("Raspberry Pi 4", ("1-1", "2"), "all four sockets lose power together"),
    GangedPorts("Raspberry Pi 3", ("1-1", "1-1.1"), "all sockets lose power together, by port 2 of hub 1-1"),
    GangedPorts("Raspberry Pi 2", ("1-1",), "all sockets lose power together, by port 2 of hub 1-1"),
    GangedPorts("Raspberry Pi Model B Plus", ("1-1",), "all sockets lose power together, by port 2 of hub 1-1"),
)


@dataclass(frozen=True, slots=True)
class HubStatus:
    """One hub in uhubctl's answer.

    new          after the switching; False: before
    description  what stands in brackets: vendor, name, `ppps` (each port for itself) or `ganged`
    powered      by port: whether it says `power`
    """

    new: bool
    location: str
    description: str
    powered: dict[int, bool]


def parse_status(output: str) -> list[HubStatus]:
    """The hubs in what uhubctl writes, in its order. A USB 3 hub is two, of different locations."""
    hubs: list[HubStatus] = []
    for line in output.splitlines():
        if found := _STATUS_OF.match(line):
            hubs.append(HubStatus(found[1] == "New", found[2], found[3], {}))
        elif (found := _PORT.match(line)) and hubs:
            words = found[3].split("[", 1)[0].split()
            hubs[-1].powered[int(found[1])] = "power" in words
    return hubs


def ganged_with(location: str, model: str) -> str | None:
    """What else a hub of that Raspberry Pi switches; None where the ports are not known to hang together.

    >>> ganged_with("1-1", "Raspberry Pi 4 Model B Rev 1.4")
    'all four sockets lose power together'
    >>> ganged_with("1-1.4", "Raspberry Pi 4 Model B Rev 1.4") is None
    True
    """
    for ganged in GANGED:
        if model.startswith(ganged.model) and location in ganged.hubs:
            return ganged.what
    return None


def board_model(file: Path = MODEL_FILE) -> str:
    """What this computer says it is; empty where it does not say."""
    try:
        return file.read_text(errors="replace").rstrip("\0\n")
    except OSError:
        return ""


class Uhubctl(Opening):
    """One port of a USB hub; a `bench.devices.Supply`. Safe is on.

    location      of the hub as uhubctl lists it, e.g. `1-1.4`
    port          1 or more
    shared_is_ok  take a port whose switch is known to cut others too
    model         of this computer; None: asked
    """

    def __init__(
        self,
        location: str,
        port: int,
        *,
        program: str = PROGRAM,
        within: Ns = WITHIN,
        shared_is_ok: bool = False,
        model: str | None = None,
    ) -> None:
        if not re.fullmatch(r"\d+(-\d+(\.\d+)*)?", location):
            raise ValueError(f"{location!r} is no location of a hub: write it as uhubctl lists it, e.g. 1-1.4")
        if isinstance(port, bool) or not isinstance(port, int) or port < 1:
            raise ValueError(f"a port of a hub is 1 or more, got {port!r}")
        self._location = location
        self._port = port
        self._program = program
        self._within = within
        self._shared_is_ok = shared_is_ok
        self._model = model
        self._open = False

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._open else ', closed'}>"

    @property
    def name(self) -> str:
        return f"USB port {self._port} of hub {self._location}"

    def open(self) -> None:
        """See that the hub and its port are there and switch alone, and switch on."""
        if self._open:
            return
        hub = self._asked()
        shared = "all its ports" if "ganged" in _kinds(hub) else None
        shared = shared or ganged_with(self._location, board_model() if self._model is None else self._model)
        if shared and not self._shared_is_ok:
            raise PortError(
                f"{self.name}: its switch is shared: {shared}. Put the adapter behind an external hub that switches "
                "each port (ppps), or say that this is wanted"
            )
        self._switch(True)
        self._open = True

    def make_safe(self) -> None:
        self.set(True)

    def set(self, on: bool) -> None:
        """Switched, and confirmed by what the hub says afterwards. What it says may be a lie; see above."""
        if not isinstance(on, bool):
            raise ValueError(f"a supply is on or not, True or False, got {on!r}")
        if not self._open:
            raise PortError(f"{self.name}: it is not open: open it first")
        self._switch(on)

    def close(self) -> None:
        """Leave it on. PortError where that fails."""
        if self._open:
            try:
                self.make_safe()
            finally:
                self._open = False

    def _asked(self) -> HubStatus:
        output = self._run()
        for hub in parse_status(output):
            if hub.location == self._location and self._port in hub.powered:
                return hub
        raise PortError(
            f"{self.name}: uhubctl knows no such port (it said: {output.strip() or 'nothing'}): "
            "run uhubctl without arguments, it lists hubs and ports"
        )

    def _switch(self, on: bool) -> None:
        wish = "on" if on else "off"
        output = self._run("-a", wish, "-r", str(REPEATS))
        new = [hub for hub in parse_status(output) if hub.new]
        mine = [hub for hub in new if hub.location == self._location and self._port in hub.powered]
        if not mine:
            raise PortError(
                f"{self.name}: uhubctl was told {wish} and did not report the port afterwards (it said: "
                f"{output.strip() or 'nothing'}): is it a version this bench does not know?"
            )
        # The other half of a USB 3 hub feeds the same socket: off is off in both, on is on in its own.
        halves = mine if on else [hub for hub in new if self._port in hub.powered]
        for hub in halves:
            if hub.powered[self._port] != on:
                raise PortError(
                    f"{self.name}: was told {wish} and is still {'off' if on else 'on'} at hub {hub.location}: "
                    "the hub does not switch, or this user may not (see uhubctl's udev rule); unplug it by hand"
                )

    def _run(self, *words: str) -> str:
        return run_program(
            self.name, [self._program, "-l", self._location, "-p", str(self._port), *words], within=self._within
        )


def _kinds(hub: HubStatus) -> set[str]:
    return {word.strip() for word in hub.description.split(",")}
