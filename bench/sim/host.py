"""The computer behind a virtual adapter: reads and writes management messages and IPv6 frames, and keeps a diary.

Everything a faulty station says differently goes through one place, the *edits*: each takes what is about to be sent,
a message or an IPv6 frame, and returns what is sent instead, None for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, TypeAlias

from bench.errors import MalformedMme
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nid, Nmk
from bench.mme import CmSetKeyReq, Frame, Mme, decode, encode, is_homeplug
from bench.net import Ipv6Frame, MalformedPacket, is_ipv6
from bench.net import decode as decode_ipv6
from bench.net import encode as encode_ipv6
from bench.net.words import name_of
from bench.sim.adapter import VirtualAdapter
from bench.sim.effects import Edit, PacketEdit
from bench.sim.powerline import ONE_WAY
from bench.sim.world import World
from bench.units import Ns

ROUND_TRIP = 2 * ONE_WAY
"""What the powerline adds to a response time that was recorded at the other station."""

Handler: TypeAlias = Callable[[Frame, Any], None]
"""(frame, its message)"""
PacketHandler: TypeAlias = Callable[[Ipv6Frame], None]


class Entry(NamedTuple):
    """What a station did or noticed, for a reader."""

    t: Ns
    text: str


class SimHost:
    """Takes the only Ethernet jack of *adapter*.

    mac           address of this computer; it may change
    edits         of messages; *packet_edits* of IPv6 frames
    deaf_to       messages it does not hear
    hears_others  whether it looks at unicast messages for other computers
    reads_others  the same of IPv6 frames
    """

    def __init__(
        self,
        world: World,
        adapter: VirtualAdapter,
        mac: MacAddress,
        *,
        edits: Sequence[Edit] = (),
        packet_edits: Sequence[PacketEdit] = (),
        deaf_to: Collection[type[Mme]] = (),
        hears_others: bool = False,
        reads_others: bool = False,
    ) -> None:
        self.mac = mac
        self.adapter = adapter
        self.log: list[Entry] = []
        self._world = world
        self._edits = tuple(edits)
        self._packet_edits = tuple(packet_edits)
        self._deaf_to = {message.mmtype for message in deaf_to}
        self._hears_others = hears_others
        self._reads_others = reads_others
        self._handlers: dict[int, Handler] = {}
        self._on_packet: PacketHandler | None = None
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

    def on_packet(self, handler: PacketHandler) -> None:
        """Hand every IPv6 frame that comes in to *handler*."""
        self._on_packet = handler

    def send_packet(self, frame: Ipv6Frame, *, repeat: int = 0) -> bool:
        """Send *frame*, or what the edits make of it; *repeat* as in `send`. False if it was withheld."""
        for edit in self._packet_edits:
            edited = edit(frame, repeat)
            if edited is None:
                self.note(f"withholds {name_of(frame)}")
                return False
            frame = edited
        self.adapter.from_host(encode_ipv6(frame))
        return True

    def set_key(self, nmk: Nmk, nid: Nid) -> None:
        """Give the own modem a key. Nonces are zero, as ISO 15118-3 wants and the Ioniq sends them."""
        self.send(CmSetKeyReq(nmk=nmk, nid=nid), LOCAL_DEVICE)

    def note(self, text: str) -> None:
        self.log.append(Entry(self._world.now(), text))

    def _hear(self, octets: bytes) -> None:
        if is_ipv6(octets):
            self._hear_packet(octets)
            return
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

    def _hear_packet(self, octets: bytes) -> None:
        mine = octets[:6] == self.mac or octets[0] & 1
        if self._on_packet is None or not (mine or self._reads_others):
            return
        try:
            frame = decode_ipv6(octets)
        except MalformedPacket:
            return  # What is no IPv6 packet, a kernel drops without a word.
        self._on_packet(frame)
