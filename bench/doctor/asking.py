"""The questions: who is there, and in which network. Reading messages only, and none about keys.

Every port is asked at the same time. First the address 00:B0:52:00:00:01, which an adapter never passes on: who answers
is directly on this Ethernet. Then everybody: who answers now only is behind the powerline. Then each by its own
address for its network, in the message version of its family.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.doctor.adapters import Adapter, Asked, Membership, Peer
from bench.doctor.chips import OLD_CLASSES, chip_name
from bench.errors import MalformedMme, PortError
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress
from bench.mme import (
    Frame,
    Mme,
    RawMme,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsSwVerCnf,
    VsSwVerReq,
    decode,
    encode,
    is_homeplug,
)
from bench.ports import FramePort
from bench.pump import Pump
from bench.units import Ns, ms

LOCAL_WITHIN: Ns = ms(300)
"""An adapter on this Ethernet answers within a millisecond, over SPI within 10."""
EVERYBODY_WITHIN: Ns = ms(600)
"""Through the powerline within 6, up to 42 and for other questions 180."""
NETWORK_WITHIN: Ns = ms(500)
"""At most; it is over as soon as everybody has told."""


class Asker:
    """Asks on one port; a participant of the pump."""

    def __init__(self, port: FramePort) -> None:
        self.port = port
        self.trouble = ""
        self.found: dict[MacAddress, VsSwVerCnf] = {}
        self.local: set[MacAddress] = set()
        self.networks: dict[MacAddress, tuple[Membership, ...]] = {}
        self._inbox: list[bytes] = []

    def __repr__(self) -> str:
        return f"<asks on {self.port.name}>"

    def ask(self, dst: MacAddress, question: Mme) -> None:
        if self.trouble:
            return
        try:
            self.port.send(encode(Frame(dst, self.port.mac, question)))
        except PortError as error:
            self.trouble = str(error)

    def ask_for_networks(self) -> None:
        for mac, answer in self.found.items():
            self.ask(mac, VsNwInfoReqV0() if answer.device_class in OLD_CLASSES else VsNwInfoReq())

    @property
    def told(self) -> bool:
        """Whether nothing more is to be waited for."""
        return bool(self.trouble) or self.networks.keys() >= self.found.keys()

    def result(self) -> Asked:
        """Local ones first, each group in the order of their addresses."""
        order = sorted(self.found, key=lambda mac: (mac not in self.local, mac))
        return Asked(self.port.name, tuple(map(self._adapter, order)), self.trouble)

    def _adapter(self, mac: MacAddress) -> Adapter:
        said = self.found[mac]
        chip = chip_name(said.device_class, said.chip_ident)
        local = mac in self.local
        return Adapter(self.port.name, mac, local, chip, said.device_class, said.version, self.networks.get(mac))

    # participant of the pump

    def next_deadline(self) -> Ns | None:
        return None

    def busy(self) -> bool:
        if not self.trouble:
            try:
                self._inbox += [octets for _, octets in self.port.receive()]
            except PortError as error:
                self.trouble = str(error)
        return bool(self._inbox)

    def wake(self, _: Ns) -> None:
        frames, self._inbox = self._inbox, []
        for octets in frames:
            if is_homeplug(octets):
                try:
                    self._hear(decode(octets))
                except MalformedMme:
                    continue

    def _hear(self, frame: Frame) -> None:
        """Answers to others, which a port hears too, do not count. A loader answers to everybody."""
        if frame.dst not in (self.port.mac, BROADCAST):
            return
        match frame.mme:
            case VsSwVerCnf(status=0) as answer:
                self.found.setdefault(frame.src, answer)
            case VsNwInfoCnf() | VsNwInfoCnfV0() as told:
                self.networks[frame.src] = memberships(told)
            case Mme() | RawMme():
                pass


def memberships(told: VsNwInfoCnf | VsNwInfoCnfV0) -> tuple[Membership, ...]:
    return tuple(
        Membership(
            net.nid,
            net.snid,
            net.tei,
            net.role,
            net.cco_mac,
            tuple(Peer(station.mac, station.tei, station.tx, station.rx) for station in net.stations),
        )
        for net in told.networks
    )


def ask_all(ports: Sequence[FramePort], pump: Pump) -> list[Asked]:
    """Ask on all *ports* for somewhat more than a second of the pump's time; one result each, in their order."""
    askers = [Asker(port) for port in ports]
    pump.participants += askers

    def everywhere(dst: MacAddress, within: Ns) -> None:
        for asker in askers:
            asker.ask(dst, VsSwVerReq())
        pump.run(lambda: all(asker.trouble for asker in askers), pump.clock.now() + within)

    everywhere(LOCAL_DEVICE, LOCAL_WITHIN)
    for asker in askers:
        asker.local = set(asker.found)
    everywhere(BROADCAST, EVERYBODY_WITHIN)
    for asker in askers:
        asker.ask_for_networks()
    pump.run(lambda: all(asker.told for asker in askers), pump.clock.now() + NETWORK_WITHIN)
    return [asker.result() for asker in askers]
