"""The adapter as a device: Ethernet jack, powerline, power, and which frame goes where.

Theory of operation. A frame from the host is answered, bridged or both, by its destination: own address and local
device are consumed, broadcasts are answered and bridged, the rest is bridged. Bridged frames go to the members of the
AVLN; SLAC frames go to everybody in earshot. A frame from the powerline reaches the host if its sender is a member or
if the role's forwarding table lists it. What it is (address, keys, role) the firmware takes from its PIB whenever it
starts; without a sound one a loader runs, which answers its host and knows no powerline.

EtherType and MMTYPE are read from their octets; only a request this adapter can answer is decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from bench.errors import MalformedMme, PortError
from bench.ids import BROADCAST, LOCAL_DEVICE, Dak, MacAddress, Nid, Nmk, nid_from_nmk
from bench.mme import CmMnbcSoundInd, CmSetKeyReq, Frame, RawMme, decode, encode
from bench.pib import CcoMode
from bench.profiles import AdapterProfile, Spread
from bench.sim.adapter.answers import ANSWERED_TYPES, ANSWERS, LOADER_ANSWERS
from bench.sim.adapter.flash import Flash
from bench.sim.adapter.forwarding import ModemRole, handed_to_host, sent_to_everybody
from bench.sim.adapter.network import NetworkKey, network
from bench.sim.adapter.reply import Reply
from bench.sim.adapter.settings import Settings
from bench.sim.adapter.sounding import A14E_ON_LINE_AFTER, measured_after, report
from bench.sim.adapter.traffic import Traffic
from bench.sim.adapter.vendor_answers import knows
from bench.sim.powerline import Modem, Powerline
from bench.sim.world import Timer, World
from bench.units import Ns, ms, s

HOMEPLUG = b"\x88\xe1"
ETHERNET_HEADER = 14
MME_HEADER = 17
SOUND = CmMnbcSoundInd.mmtype
BUTTON_LASTS: Ns = s(120)
"""How long an adapter waits for a second one whose button is pushed; HomePlug's two minutes."""
NO_PIB = MacAddress(bytes.fromhex("00b052000003"))
"""Address of an adapter whose firmware finds no valid PIB (mme.md 1.4)."""
COMMIT_CONFIRMED: Ns = ms(100)
"""So long after a commit is written a restart for a new key may come at the earliest. Assumed."""
decoded = lru_cache(maxsize=64)(decode)
"""A host asks the same thing many times."""


class VirtualAdapter:
    """One adapter. It starts powered, booted, with whatever key it had for a long time.

    mac, role, nmk, nid and dak are what its first PIB says; whenever it starts, they become what the stored PIB says.

    nmk      None: a key that no other adapter has
    nid      None: derived from the NMK
    dak      None: one that no other adapter has
    scatter  draw durations from the spreads of the profile instead of taking their medians

    `nmk` and `nid` are the ones in use: a key that was set is taken into use by the restart that follows.

    flash     what it keeps: PIBs and firmware, and what may go wrong in writing them
    settings  what the firmware took from its PIB when it started; the key in use may be another since
    loader    the PIB or the firmware is damaged, so it only answers its host and waits for another
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
        self.name = name
        self.scatter = scatter
        self.hosts: dict[bytes, None] = {}
        """Addresses seen on its Ethernet side, in the order they appeared."""
        dak = dak or Dak(world.rng(f"device key {name}").randbytes(Dak.SIZE))
        self.traffic = Traffic()
        self.loopback_until: Ns = 0
        self._world = world
        self._rng = world.rng(f"adapter {name}")
        nmk = nmk or Nmk(self._rng.randbytes(Nmk.SIZE))
        self.loader = False
        self._run_on(Settings.for_role(profile, role, mac=mac, dak=dak, nmk=nmk, nid=nid or nid_from_nmk(nmk)))
        self._first_settings = self.settings
        self._flash: Flash | None = None
        self.associates_at: Ns = world.now()
        self._next_key: NetworkKey | None = None
        self._restart: Timer | None = None
        self._boot: Timer | None = None
        self._powered = True
        self._button_until: Ns = 0
        self._life = 0
        """Counts restarts: what was planned in an earlier life does not happen."""
        self._receive: Callable[[bytes], None] | None = None
        line.attach(self)

    def __repr__(self) -> str:
        what = "loader" if self.loader else self.role.value
        return f"<{self.name}: {self.profile.id} {self.mac} as {what}>"

    @property
    def nmk(self) -> Nmk:
        return self.key.nmk

    @property
    def nid(self) -> Nid:
        return self.key.nid

    @property
    def ready(self) -> bool:
        """Whether it is powered, booted and not restarting; a loader is, too."""
        return self._powered and self._boot is None

    @property
    def running(self) -> bool:
        """Whether it is ready and its firmware runs."""
        return self._powered and self._boot is None and not self.loader

    @property
    def flash(self) -> Flash:
        """What it keeps. Made when it is first needed: a match does without."""
        if self._flash is None:
            self._flash = Flash(self._world, self.profile, self._first_settings)
        return self._flash

    @property
    def own_settings(self) -> Settings | None:
        """What a new PIB is compared with; a loader has nothing."""
        return None if self.loader else self.settings

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
        if self.loader:
            if homeplug and destination == BROADCAST and self.mac == NO_PIB:
                self._answer(octets, local=True)
            return
        self._bridge(octets, homeplug and (octets[15] | octets[16] << 8) in self._to_everybody)
        if homeplug and destination == BROADCAST:
            self._answer(octets, local=True)

    # The powerline

    def hear(self, octets: bytes, sender: Modem, in_avln: bool) -> None:
        """A frame arrives through the powerline."""
        if not self.running:
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
        answer = (LOADER_ANSWERS if self.loader else ANSWERS).get(type(mme))
        reply = answer(self, mme, local) if answer is not None and knows(self.profile, type(mme)) else None
        if reply is None:
            return
        confirmation = reply.mme if isinstance(reply, Reply) else reply
        # A public message of version 2 is answered in version 2.
        frame = encode(Frame(self._answers_to(request.src), self.mac, confirmation, request.header))
        wait = 0
        if isinstance(reply, Reply):
            frame, wait = frame.ljust(reply.frame_octets, b"\0"), reply.wait
        if local:
            latency = self.profile.set_key.confirm if isinstance(mme, CmSetKeyReq) else self.profile.latency.local
            after = wait + self._duration(latency)
            self._later(after, partial(self._to_host, frame))
        else:
            # The profile's figure is what the asking host measures, both ways included.
            remaining = self._duration(self.profile.latency.remote) - 2 * self.line.delay
            after = wait + max(0, remaining)
            self._later(after, partial(self._bridge, frame, False))
        if isinstance(reply, Reply) and reply.then is not None:
            self._later(after, reply.then)

    def _answers_to(self, asker: MacAddress) -> MacAddress:
        """Without firmware an adapter does not know whom it talks to (adapters.md 1)."""
        return BROADCAST if self.loader and self.mac == LOCAL_DEVICE else asker

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
        joined = self._duration(times.joined_as_cco if self._coordinates else times.joined_as_station)
        associates_at = self.now() + joined
        self.flash.take_key(key)
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
        """Cut or restore the mains. Booting takes the profile's time.

        Keys survive, also one just set. A PIB that is being written does not: half of it stays, and a loader boots.
        """
        if on == self._powered:
            return
        self._powered = on
        if on:
            self.restart()
        else:
            self._end_life()
            if self._flash is not None:
                self._flash.power_lost()

    def restart(self) -> None:
        """Silent from now on, for the profile's boot time; then it is what the PIB in its flash says.

        In the midst of a commit it does as much harm as a power cut. Asked by its host, the adapter does not do that.
        """
        boot = self._duration(self.profile.boot.after_reset)
        self._go_silent(boot)
        self.flash.power_lost()
        self._start_firmware()
        self.associates_at = self.now() + boot + self.association_time

    def restore_factory(self) -> None:
        """Restart with the factory's PIB, whose key is the one that every adapter has when it is new."""
        self.flash.restore_factory()
        self.restart()

    def writing_time(self) -> Ns:
        """How long the next commit takes."""
        return self._duration(self.profile.flash.write)

    def press_button(self) -> None:
        """Simple connect: of two adapters in earshot whose buttons are pushed, the later one takes the other's key."""
        now = self.now()
        for other in self.heard_adapters():
            if other.running and other._button_until > now:
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
        """A commit is finished first."""
        if self.flash.busy:
            late = self.flash.busy_until + COMMIT_CONFIRMED - self.now()
            self._restart = self._later(late, partial(self._restart_with_key, silence, associates_at + late))
            return
        self._go_silent(silence)
        self.flash.forget_sessions()
        self._start_firmware()
        self.associates_at = associates_at

    def _use_next_key(self, associates_at: Ns) -> None:
        """Without a restart."""
        if self._next_key is not None:
            self.key, self._next_key = self._next_key, None
            self.flash.use_key(self.key)
        self._restart = None
        self.associates_at = associates_at

    def _start_firmware(self) -> None:
        """Become what the stored PIB says; a loader, if it says nothing."""
        if self._restart is not None:
            self._restart.cancel()
        self._next_key = self._restart = None
        settings = self.flash.start()
        self.loader = settings is None
        if settings is not None:
            self._run_on(settings)
            return
        self.mac = NO_PIB if self.flash.firmware_sound else LOCAL_DEVICE
        self.role, self.cco_mode = ModemRole.NEITHER, CcoMode.NEVER
        self._measures = False

    def _run_on(self, settings: Settings) -> None:
        self.settings = settings
        self.mac = settings.mac
        self.dak = settings.dak
        self.key = NetworkKey(settings.nmk, settings.nid)
        self.role = settings.role
        self.cco_mode = settings.cco_mode
        self.association_time = self._association_time()
        self._hands_over = handed_to_host(self.role, self.profile)
        self._to_everybody = sent_to_everybody(self.role, self.profile)
        self._measures = self.role is ModemRole.EVSE and self.profile.forwarding.sends_profiles

    @property
    def _coordinates(self) -> bool:
        return self.cco_mode is CcoMode.ALWAYS

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
        joined = times.joined_as_cco if self._coordinates else times.joined_as_station
        booted = 0 if times.silent_until is None else times.silent_until.median
        return max(0, joined.median - booted)

    def _duration(self, spread: Spread) -> Ns:
        return spread.draw(self._rng) if self.scatter else spread.median
