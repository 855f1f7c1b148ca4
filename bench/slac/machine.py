"""What both SLAC sides add to the engine: management messages, and which of them they act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.ids import BROADCAST, MacAddress
from bench.machine import Machine, OnT, StateT
from bench.mme import Frame, Mme
from bench.slac.events import Event
from bench.slac.timers import Timers
from bench.units import Ns


class SlacMachine(Machine[StateT, OnT]):
    """Runs actors over one table. Subclasses classify what comes in and supply the actions."""

    MESSAGES: Mapping[type, OnT]
    """The messages this side acts on."""
    FOREIGN: Mapping[type, str]
    """The messages of SLAC it does not act on, and why. All others are the adapter's business."""

    outbox: list[Frame]
    events: list[Event]

    def __init__(self, mac: MacAddress, timers: Timers) -> None:
        super().__init__(mac, timers)

    def send(self, dst: MacAddress, mme: Mme) -> None:
        self.outbox.append(Frame(dst, self.mac, mme))

    @staticmethod
    def said(frame: Any) -> tuple[str, str]:
        return str(frame.src), frame.mme.name

    def happening(self, frame: Frame, now: Ns) -> OnT | None:
        """What a message means here. None: it is not for this station, which is said if it is one of SLAC.

        A modem hands its host also what is addressed to others, and a CM_ATTEN_CHAR.RSP does not name its EVSE.
        """
        kind = type(frame.mme)
        on = self.MESSAGES.get(kind)
        if on is not None and frame.dst in (self.mac, BROADCAST):
            return on
        why = f"addressed to {frame.dst}" if on is not None else self.FOREIGN.get(kind)
        if why is not None:
            self.ignored(now, str(frame.src), frame.mme.name, why)
        return None
