"""Power through any two commands: for what no driver knows, and for a lab that has its own program."""

from __future__ import annotations

from collections.abc import Sequence

from bench.drivers.opening import Opening
from bench.drivers.power.running import run_program
from bench.errors import PortError
from bench.units import Ns, s

WITHIN = s(10)


class CommandSupply(Opening):
    """Two programs that switch one supply; a `bench.devices.Supply`. Safe is on.

        CommandSupply("adapter 1", on=["pdu", "on", "3"], off=["pdu", "off", "3"])

    label    what messages call it
    on, off  each a program and its arguments, run as they are; no shell looks at them
    check    exits with 0 while the supply can be switched; run by `open`. None: nothing is known before the first use
    within   what each may take

    A program's word is all there is: status 0 is taken for done.
    """

    def __init__(
        self,
        label: str,
        *,
        on: Sequence[str],
        off: Sequence[str],
        check: Sequence[str] | None = None,
        within: Ns = WITHIN,
    ) -> None:
        for name, words in (("on", on), ("off", off), ("check", check)):
            if words is not None and (isinstance(words, str) or not words or not all(words[:1])):
                raise ValueError(f"{name} is a list of a program and its arguments, got {words!r}")
        if within <= 0:
            raise ValueError(f"within is a time above 0, got {within}")
        self._label = label
        self._on = list(on)
        self._off = list(off)
        self._check = None if check is None else list(check)
        self._within = within
        self._open = False

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._open else ', closed'}>"

    @property
    def name(self) -> str:
        return f"{self._label} (by {self._on[0]})"

    def open(self) -> None:
        """Run *check*, then switch on."""
        if self._open:
            return
        if self._check is not None:
            run_program(self.name, self._check, within=self._within)
        run_program(self.name, self._on, within=self._within)
        self._open = True

    def make_safe(self) -> None:
        self.set(True)

    def set(self, on: bool) -> None:
        if not isinstance(on, bool):
            raise ValueError(f"a supply is on or not, True or False, got {on!r}")
        if not self._open:
            raise PortError(f"{self.name}: it is not open: open it first")
        run_program(self.name, self._on if on else self._off, within=self._within)

    def close(self) -> None:
        """Leave it on. PortError where the program fails."""
        if self._open:
            try:
                self.make_safe()
            finally:
                self._open = False
