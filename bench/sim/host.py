"""The computer behind a virtual adapter: reads and writes management messages, and keeps a diary.

Everything a faulty station says differently goes through one place, the *edits*: each takes a message that is about to
be sent and returns what is sent instead, None for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, TypeAlias

from bench.errors import MalformedMme
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nid, Nmk
from bench.mme import CmSetKeyReq, Frame, Mme, decode, encode, is_homeplug
from bench.sim.adapter import VirtualAdapter
from bench.sim.effects import Edit
from bench.sim.powerline import ONE_WAY
from bench.sim.world import World
from bench.units import Ns

ROUND_TRIP = 2 * ONE_WAY
"""What the powerline adds to a response time that was recorded at the other station."""

Handler: TypeAlias = Callable[[Frame, Any], None]
"""(frame, its message)"""


class Entry(NamedTuple):
    """What a station did or noticed, for a reader."""

    t: Ns
    text: str


class SimHost:
    """Takes the only Ethernet jack of *adapter*.

    mac          address of this computer; it may change
    deaf_to      messages it does not hear
    hears_others whether it looks at unicast messages for other computers
    """

    def __init__(
        self,
        world: World,
        adapter: VirtualAdapter,
        mac: MacAddress,
        *,
        edits: Sequence[Edit] = (),
        deaf_to: Collection[type[Mme]] = (),
        hears_others: bool = False,
    ) -> None:
        self.mac = mac
        self.adapter = adapter
        self.log: list[Entry] = []
        self._world = world
        self._edits = tuple(edits)
        self._deaf_to = {message.mmtype for message in deaf_to}
        self._hears_others = hears_others
        self._handlers: dict[int, Handler] = {}
        adapter.attach_host(self._hear)

    def on(self, message: type[Mme], handler: Handler) -> None:
        """Hand every well-formed *message* that comes in to *handler*."""
        if message.mmtype not in self._deaf_to:
            self._handlers[message.mmtype] = handler

    def ignore(self, *messages: type[Mme]) -> None:
        """Take no notice of *messages* from now on."""
        for message in messages:
            self._handlers.pop(message.mmtype, None)

    def send(self, mme: Mme, dst: MacAddress = BROADCAST, *, repeat: int = 0) -> None:
        """Send *mme*, or what the edits make of it; *repeat* counts how often it was sent before."""
        message = mme
        for edit in self._edits:
            edited = edit(message, repeat)
            if edited is None:
                self.note(f"withholds {mme.name}")
                return
            message = edited
        self.adapter.from_host(encode(Frame(dst, self.mac, message)))

    def set_key(self, nmk: Nmk, nid: Nid) -> None:
        """Give the own modem a key. Nonces are zero, as ISO 15118-3 wants and the Ioniq sends them."""
        self.send(CmSetKeyReq(nmk=nmk, nid=nid), LOCAL_DEVICE)

    def note(self, text: str) -> None:
        self.log.append(Entry(self._world.now(), text))

    def _hear(self, octets: bytes) -> None:
        handler = self._handlers.get(octets[15] | octets[16] << 8) if len(octets) > 16 else None
        if handler is None or not is_homeplug(octets):
            return
        if not self._hears_others and octets[:6] != self.mac and octets[:6] != BROADCAST:
            return
        try:
            frame = decode(octets)
        except MalformedMme as error:
            self.note(f"ignores a malformed message: {error}")
            return
        handler(frame, frame.mme)
