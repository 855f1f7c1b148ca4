"""The adapter as a device: Ethernet jack, powerline, power, and which frame goes where.

Theory of operation. A frame from the host is answered, bridged or both, by its destination: own address and local
device are consumed, broadcasts are answered and bridged, the rest is bridged. Bridged frames go to the members of the
AVLN; SLAC frames go to everybody in earshot. A frame from the powerline reaches the host if its sender is a member or
if the role's forwarding table lists it. EtherType and MMTYPE are read from their octets; only a request this adapter
can answer is decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from bench.errors import MalformedMme, PortError
from bench.ids import BROADCAST, LOCAL_DEVICE, Dak, MacAddress, Nid, Nmk, nid_from_nmk
from bench.mme import CmMnbcSoundInd, CmSetKeyReq, Frame, RawMme, decode, encode
from bench.profiles import AdapterProfile, Spread
from bench.sim.adapter.answers import ANSWERED_TYPES, ANSWERS
from bench.sim.adapter.forwarding import SLAC, ModemRole, handed_to_host
from bench.sim.adapter.network import FACTORY_KEY, NetworkKey, network
from bench.sim.adapter.reply import Reply
from bench.sim.adapter.sounding import A14E_ON_LINE_AFTER, measured_after, report
from bench.sim.adapter.traffic import Traffic
from bench.sim.adapter.vendor_answers import knows
from bench.sim.powerline import Modem, Powerline
from bench.sim.world import Timer, World
from bench.units import Ns, s

HOMEPLUG = b"\x88\xe1"
ETHERNET_HEADER = 14
MME_HEADER = 17
SOUND = CmMnbcSoundInd.mmtype
BUTTON_LASTS: Ns = s(120)
"""How long an adapter waits for a second one whose button is pushed; HomePlug's two minutes."""
decoded = lru_cache(maxsize=64)(decode)
"""A host asks the same thing many times."""


class VirtualAdapter:
    """One adapter. It starts powered, booted, with whatever key it had for a long time.

    nmk      None: a key that no other adapter has
    nid      None: derived from the NMK
    dak      None: one that no other adapter has
    scatter  draw durations from the spreads of the profile instead of taking their medians

    `nmk` and `nid` are the ones in use: a key that was set is taken into use by the restart that follows.
    """

    def __init__(
        self,
        world: World,
        line: Powerline,
        profile: AdapterProfile,
        *,
        mac: MacAddress,
        role: ModemRole,
        name: str,
        nmk: Nmk | None = None,
        nid: Nid | None = None,
        dak: Dak | None = None,
        scatter: bool = False,
    ) -> None:
        self.line = line
        self.profile = profile
        self.mac = mac
        self.role = role
        self.name = name
        self.scatter = scatter
        self.hosts: dict[bytes, None] = {}
        """Addresses seen on its Ethernet side, in the order they appeared."""
        self.dak = dak or Dak(world.rng(f"device key {name}").randbytes(Dak.SIZE))
        self.traffic = Traffic()
        self.loopback_until: Ns = 0
        self._world = world
        self._rng = world.rng(f"adapter {name}")
        nmk = nmk or Nmk(self._rng.randbytes(Nmk.SIZE))
        self.key = NetworkKey(nmk, nid or nid_from_nmk(nmk))
        self.associates_at: Ns = world.now()
        self.association_time: Ns = self._association_time()
        self._next_key: NetworkKey | None = None
        self._restart: Timer | None = None
        self._boot: Timer | None = None
        self._powered = True
        self._button_until: Ns = 0
        self._life = 0
        """Counts restarts: what was planned in an earlier life does not happen."""
        self._receive: Callable[[bytes], None] | None = None
        self._hands_over = handed_to_host(role, profile)
        self._measures = role is ModemRole.EVSE and profile.forwarding.sends_profiles
        line.attach(self)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.profile.id} {self.mac} as {self.role.value}>"

    @property
    def nmk(self) -> Nmk:
        return self.key.nmk

    @property
    def nid(self) -> Nid:
        return self.key.nid

    @property
    def ready(self) -> bool:
        """Whether it is powered, booted and not restarting."""
        return self._powered and self._boot is None

    def joined_to(self) -> set[VirtualAdapter]:
        """The other adapters in the same AVLN that hear this one."""
        return set(self._members())

    # The Ethernet jack

    def attach_host(self, receive: Callable[[bytes], None]) -> None:
        """Plug a computer in; *receive* gets every frame that comes out. PortError if the jack is taken."""
        if self._receive is not None:
            raise PortError(f"{self.name}: its only Ethernet jack is taken")
        self._receive = receive

    def detach_host(self) -> None:
        self._receive = None
        self.hosts.clear()

    def from_host(self, octets: bytes) -> None:
        """A frame goes into the Ethernet jack. Lost while the adapter is not ready, and if it is no Ethernet frame."""
        if not self.ready or len(octets) < ETHERNET_HEADER:
            return
        destination = octets[:6]
        if not octets[6] & 1:
            self.hosts[octets[6:12]] = None
        homeplug = octets[12:14] == HOMEPLUG and len(octets) >= MME_HEADER
        if destination in (self.mac, LOCAL_DEVICE):
            if homeplug:
                self._answer(octets, local=True)
            return
        self._bridge(octets, homeplug and (octets[15] | octets[16] << 8) in SLAC)
        if homeplug and destination == BROADCAST:
            self._answer(octets, local=True)

    # The powerline

    def hear(self, octets: bytes, sender: Modem, in_avln: bool) -> None:
        """A frame arrives through the powerline."""
        if not self.ready:
            return
        self.traffic.heard += 1
        mmtype = -1
        if octets[12:14] == HOMEPLUG and len(octets) >= MME_HEADER:
            mmtype = octets[15] | octets[16] << 8
        destination = octets[:6]
        if destination == self.mac:
            if mmtype >= 0:
                self._answer(octets, local=False)
            return
        if in_avln or mmtype in self._hands_over:
            self._to_host(octets)
        if mmtype >= 0 and destination == BROADCAST:
            self._answer(octets, local=False)
        if mmtype == SOUND and self._measures:
            self._report_sound(MacAddress(octets[6:12]), sender)

    def heard_adapters(self) -> list[VirtualAdapter]:
        return [modem for modem in self.line.hearers(self) if isinstance(modem, VirtualAdapter)]

    def _members(self) -> list[VirtualAdapter]:
        members = network(self, self.now())
        if not members:
            return []
        hearers = self.line.hearers(self)
        return [member.adapter for member in members if member.adapter in hearers]

    def _bridge(self, octets: bytes, to_everybody: bool) -> None:
        members = self._members()
        if to_everybody or members:
            self.traffic.sent += 1
        carry = self.line.carry
        destination = octets[:6]
        if not destination[0] & 1:
            if destination in self.hosts:
                return
            if owners := [member for member in members if destination == member.mac or destination in member.hosts]:
                for owner in owners:
                    carry(self, owner, octets, True)
                return
        if to_everybody:
            for modem in self.line.hearers(self):
                carry(self, modem, octets, modem in members)
        else:
            for member in members:
                carry(self, member, octets, True)

    def _to_host(self, octets: bytes) -> None:
        if self._receive is not None:
            self._receive(octets)

    # Answers

    def _answer(self, octets: bytes, *, local: bool) -> None:
        mmtype = octets[15] | octets[16] << 8
        if mmtype not in ANSWERED_TYPES:
            return
        try:
            request = decoded(octets)
        except MalformedMme:
            return  # A modem says nothing to what it cannot read.
        mme = request.mme
        if isinstance(mme, RawMme):
            return  # Of a version or vendor it does not speak.
        answer = ANSWERS.get(type(mme))
        reply = answer(self, mme, local) if answer is not None and knows(self.profile, type(mme)) else None
        if reply is None:
            return
        confirmation = reply.mme if isinstance(reply, Reply) else reply
        # A public message of version 2 is answered in version 2.
        frame = encode(Frame(request.src, self.mac, confirmation, request.header))
        if local:
            latency = self.profile.set_key.confirm if isinstance(mme, CmSetKeyReq) else self.profile.latency.local
            after = self._duration(latency)
            self._later(after, partial(self._to_host, frame))
        else:
            # The profile's figure is what the asking host measures, both ways included.
            remaining = self._duration(self.profile.latency.remote) - 2 * self.line.delay
            after = max(0, remaining)
            self._later(after, partial(self._bridge, frame, False))
        if isinstance(reply, Reply):
            self._later(after, reply.then)

    def nonce(self) -> bytes:
        """Four octets nobody can foresee; the same in every run."""
        return self._rng.randbytes(4)

    @property
    def bridged_mac(self) -> MacAddress:
        """The first host behind it; broadcast if there is none."""
        return MacAddress(next(iter(self.hosts), BROADCAST))

    # Sounds

    def _report_sound(self, pev_mac: MacAddress, sender: Modem) -> None:
        forwarding = self.profile.forwarding
        aag = self.line.measure(sender, self, forwarding.num_groups)
        both = report(self.mac, pev_mac, aag, forwarding.a14e_oui_zero)
        self._later(measured_after(forwarding), partial(self._to_host, both.vendor))
        self._later(measured_after(forwarding), partial(self._to_host, both.profile))
        if forwarding.a14e_on_powerline:
            self._later(A14E_ON_LINE_AFTER, partial(self._shout, both.vendor))

    def _shout(self, octets: bytes) -> None:
        """To everybody in earshot, network or not."""
        for modem in self.line.hearers(self):
            self.line.carry(self, modem, octets, False)

    # Key, restart, power

    def take_key(self, key: NetworkKey) -> None:
        """A key was set by the host. The one it has already changes nothing, not even the connection."""
        if key == (self._next_key or self.key):
            return
        times = self.profile.set_key
        as_coordinator = self.role is ModemRole.EVSE
        joined = self._duration(times.joined_as_cco if as_coordinator else times.joined_as_station)
        associates_at = self.now() + joined
        self._next_key = key
        if self._restart is not None:
            self._restart.cancel()
        if times.silent_from is None or times.silent_until is None:
            confirm = self._duration(times.confirm)
            self._restart = self._later(confirm, partial(self._use_next_key, associates_at))
            return
        silent_from, silent_until = self._duration(times.silent_from), self._duration(times.silent_until)
        silence = max(0, silent_until - silent_from)
        self._restart = self._later(silent_from, partial(self._restart_with_key, silence, associates_at))

    def power(self, on: bool) -> None:
        """Cut or restore the mains. Booting takes the profile's time. Keys survive, also one just set."""
        if on == self._powered:
            return
        self._powered = on
        if on:
            self.restart()
        else:
            self._end_life()

    def restart(self) -> None:
        """Silent from now on, for the profile's boot time. A key just set is in use afterwards."""
        boot = self._duration(self.profile.boot.after_reset)
        self._go_silent(boot)
        self._use_next_key(self.now() + boot + self.association_time)

    def restore_factory(self) -> None:
        """Restart with the key that every adapter has when it is new."""
        self._next_key = FACTORY_KEY
        self.restart()

    def press_button(self) -> None:
        """Simple connect: of two adapters in earshot whose buttons are pushed, the later one takes the other's key."""
        now = self.now()
        for other in self.heard_adapters():
            if other.ready and other._button_until > now:
                self._button_until = other._button_until = 0
                self.take_key(other._next_key or other.key)
                return
        self._button_until = now + BUTTON_LASTS

    def leave_network(self) -> None:
        """Take a key that nobody else has."""
        nmk = Nmk(self._rng.randbytes(Nmk.SIZE))
        self.take_key(NetworkKey(nmk, nid_from_nmk(nmk)))

    def now(self) -> Ns:
        return self._world.now()

    def _restart_with_key(self, silence: Ns, associates_at: Ns) -> None:
        self._go_silent(silence)
        self._use_next_key(associates_at)

    def _use_next_key(self, associates_at: Ns) -> None:
        if self._next_key is not None:
            self.key, self._next_key = self._next_key, None
        self._restart = None
        self.associates_at = associates_at

    def _go_silent(self, silence: Ns) -> None:
        self._end_life()
        self._boot = self._world.after(silence, self._booted)

    def _end_life(self) -> None:
        self._life += 1
        self._button_until = self.loopback_until = 0
        self.traffic.clear()
        self.hosts.clear()
        if self._boot is not None:
            self._boot.cancel()
            self._boot = None

    def _booted(self) -> None:
        self._boot = None

    def _later(self, delay: Ns, call: Callable[[], None]) -> Timer:
        life = self._life

        def if_still_alive() -> None:
            if self._life == life and self.ready:
                call()

        return self._world.after(delay, if_still_alive)

    def _association_time(self) -> Ns:
        """From booted to associated, as it follows from the times of a key change."""
        times = self.profile.set_key
        joined = times.joined_as_cco if self.role is ModemRole.EVSE else times.joined_as_station
        booted = 0 if times.silent_until is None else times.silent_until.median
        return max(0, joined.median - booted)

    def _duration(self, spread: Spread) -> Ns:
        return spread.draw(self._rng) if self.scatter else spread.median
