"""A simulated car: plug, pilot, host and modem under one name, driven by the profile of a real one.

    car = SimCar(world, vehicle("tesla-modely"), adapter, line.pev)
    car.plug_in()            # waits for 5 %, matches, joins, asks by SDP, and knocks at the station's TCP port
    car.matched              # with whom, by which key, how far away
    car.station              # what SDP found: address, port, security

It is the station under test of a simulated bench. It is written from the reference and from recordings of real cars,
without a line of `bench.slac` or `bench.sdp`, so that our own machines are judged by something else.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Generator
from dataclasses import replace

from bench.ids import MacAddress, Nmk, RunId, nid_from_nmk
from bench.mme import CmAttenCharInd, CmSetKeyCnf, CmSlacMatchCnf, CmSlacParmCnf, Frame
from bench.pilot.model import PilotReading
from bench.profiles import AdapterProfile, MacStyle, RunIdStyle, Spread, VehicleProfile, adapter
from bench.sim.adapter import VirtualAdapter
from bench.sim.car.attempt import Attempt, CarMatch, Outcome
from bench.sim.car.conduct import conduct_of
from bench.sim.car.discovery import Discovery, FoundStation
from bench.sim.effects import recorded_at_evse
from bench.sim.host import Entry, SimHost
from bench.sim.ipv6 import Ipv6Node
from bench.sim.pilot import PevEnd
from bench.sim.powerline import ONE_WAY
from bench.sim.quirks import CarQuirk
from bench.sim.script import Runner, Script, until
from bench.sim.world import World
from bench.units import Ns, ms

LINK_POLL = ms(10)
"""How often a car whose modem is late looks whether it has joined; assumed, it is hidden inside the car."""


class CarState(enum.Enum):
    """What the car is about."""

    UNPLUGGED = "unplugged"
    PLUGGED = "plugged in, no 5 %"
    WAKING = "sees 5 %, not yet sending"
    MATCHING = "in an attempt"
    PAUSING = "between two attempts"
    JOINING = "matched, its modem is on the way into the network"
    JOINED = "in the network"
    DISCOVERING = "asks by SDP for its station"
    FOUND = "knows the address of its station"
    UNSERVED = "in the network, asked by SDP in vain"
    GAVE_UP = "unmatched until the next plug-in or 5 %"

    @property
    def in_network(self) -> bool:
        """Whether SLAC is through and its network still there."""
        return self in (CarState.JOINED, CarState.DISCOVERING, CarState.FOUND, CarState.UNSERVED)


def modem_of(profile: VehicleProfile) -> AdapterProfile:
    """The modem of this car: the family the profile names, joining as fast as this car's was seen to."""
    family = adapter(profile.modem)
    after = profile.after_match
    head_start = after.set_key.median
    joined = Spread(
        max(0, after.joined.median - head_start),
        max(0, after.joined.min - head_start),
        max(0, after.joined.max - head_start),
        after.joined.n,
        after.joined.assumed,
    )
    return replace(family, set_key=replace(family.set_key, joined_as_station=joined))


class SimCar:
    """*mac* None: by the habit of the profile. *name* None: the profile's id; it also seeds the car's scatter.

    profile    what it does, its quirks included
    attempt    the SLAC attempt that runs or ran last; *attempts* counts them
    matched    with whom, from CM_SLAC_MATCH.CNF until it leaves the network
    discovery  what it does in that network; None outside
    """

    def __init__(
        self,
        world: World,
        profile: VehicleProfile,
        adapter: VirtualAdapter,
        pilot: PevEnd,
        *,
        mac: MacAddress | None = None,
        quirks: Collection[CarQuirk] = frozenset(),
        name: str | None = None,
    ) -> None:
        self.name = name or profile.id
        self._conduct = conduct = conduct_of(profile, quirks)
        self.profile = conduct.profile
        self.adapter = adapter
        self.quirks = frozenset(quirks)
        self.state = CarState.UNPLUGGED
        self.matched: CarMatch | None = None
        self.attempt: Attempt | None = None
        self.attempts = 0
        self.discovery: Discovery | None = None
        self._world = world
        self._pilot = pilot
        self._rng = world.rng(self.name)
        self._fixed_mac = mac
        self._last_run_id: RunId | None = None
        self._offered = False
        self._runner = Runner(world)
        self._host = host = SimHost(
            world,
            adapter,
            self._new_mac(),
            edits=conduct.edits,
            packet_edits=conduct.packet_edits,
            deaf_to=conduct.deaf_to,
            hears_others=conduct.answers_others,
            reads_others=conduct.takes_any_answer,
        )
        self._node = Ipv6Node(host, conduct.ipv6_address)
        host.on(CmSetKeyCnf, self._on_set_key_cnf)
        pilot.on_change(self._on_pilot)

    def __repr__(self) -> str:
        return f"<SimCar {self.name} {self.mac} {self.state.value}>"

    @property
    def mac(self) -> MacAddress:
        """Of its host, as Ethernet source and in the fields of SLAC. Some cars take another for each attempt."""
        return self._host.mac

    @property
    def run_id(self) -> RunId | None:
        """Of the attempt that runs or ran last."""
        return None if self.attempt is None else self.attempt.run_id

    @property
    def station(self) -> FoundStation | None:
        """The SDP answer it took, until it leaves the network."""
        return None if self.discovery is None else self.discovery.station

    @property
    def log(self) -> list[Entry]:
        """What the car did and noticed, beyond the frames it sent."""
        return self._host.log

    def plug_in(self) -> None:
        if self.profile.mac.style is MacStyle.NEW_PER_PLUG_IN:
            self._host.mac = self._new_mac()
        self._pilot.plug_in()

    def unplug(self) -> None:
        self._pilot.unplug()

    # Control pilot

    def _on_pilot(self, _: Ns, reading: PilotReading) -> None:
        offered = self._conduct.starts_on(reading)
        started, self._offered = offered and not self._offered, offered
        if self._conduct.stops_on(reading, matched=self.state.in_network):
            self._stop(reading)
        elif not self._runner.running and not self.state.in_network:
            self.state = CarState.PLUGGED if reading.state.plugged else CarState.UNPLUGGED
            if started and (self._conduct.starts_again or not self.attempts):
                self._host.note(f"pilot {reading}: matching")
                self._runner.start(self._matching())

    def _stop(self, reading: PilotReading) -> None:
        """Nothing more is sent for SLAC or SDP; a network that was joined is left (TP_match_leave)."""
        self._runner.stop()
        self._close_attempt()
        if self.discovery is not None:
            self.discovery.close()
            self.discovery = None
        self.state = CarState.PLUGGED if reading.state.plugged else CarState.UNPLUGGED
        self._host.note(f"pilot {reading}: {self.state.value}")
        if self.matched is not None:
            self.matched = None
            if self._conduct.leaves_network:
                nmk = Nmk(self._rng.randbytes(Nmk.SIZE))
                self._host.set_key(nmk, nid_from_nmk(nmk))

    # The script

    def _matching(self) -> Script:
        """Attempts until one leads into a network and to a station there, or the car's patience is over.

        TT_matching_repetition is counted from the first request, not from the 5 % as in the standard: a Taycan
        needs 11 s for its first request, and makes several.
        """
        world, profile, conduct, rng = self._world, self.profile, self._conduct, self._rng
        self.state = CarState.WAKING
        yield from until(world, world.now() + self._wake_up_time())
        began, renew = world.now(), True
        while True:
            outcome, attempt = yield from self._one_attempt(renew)
            renew = True
            if attempt.match is not None:
                if (yield from self._join(attempt.match)):
                    return
                failed_join = profile.restart.after_failed_join
                pause = (
                    conduct.match_join + conduct.matching_rate
                    if failed_join is None
                    else conduct.reaction(failed_join, rng)
                )
                # A restart after a match has a period of its own: no car was seen to give up here.
                next_at = began = attempt.match.t + pause
            elif outcome is Outcome.FAILED:
                habit = profile.restart.after_unfinished_attempt
                next_at = world.now() + (conduct.matching_rate if habit is None else habit.draw(rng))
            elif profile.parm_req.burst_interval is not None:
                next_at = max(world.now(), attempt.began + profile.parm_req.burst_interval.draw(rng))
                renew = profile.parm_req.new_run_id_per_burst
            else:
                break
            if conduct.matching_repetition is not None and next_at - began > conduct.matching_repetition:
                break
            self.state = CarState.PAUSING
            yield from until(world, next_at)
        self.state = CarState.GAVE_UP
        self._host.note("gives up")

    def _wake_up_time(self) -> Ns:
        """From the 5 % to the first request; a recorder at the station saw the request ONE_WAY later."""
        drawn = self.profile.pilot.pwm_on_to_parm_req.draw(self._rng)
        return max(0, drawn - ONE_WAY) if recorded_at_evse(self.profile) else drawn

    def _one_attempt(self, new_run_id: bool) -> Generator[Ns, None, tuple[Outcome, Attempt]]:
        if self.profile.mac.style is MacStyle.NEW_PER_ATTEMPT and self.attempts:
            self._host.mac = self._new_mac()
        if not new_run_id or self._conduct.keeps_run_id:
            next_run_id: Callable[[], RunId] = self._same_run_id
        else:
            next_run_id = self._new_run_id
        self._close_attempt()
        self.attempts += 1
        self.state = CarState.MATCHING
        attempt = self.attempt = Attempt(
            self._world, self._host, self._conduct, self._rng, next_run_id, self._runner.poke
        )
        self._host.on(CmSlacParmCnf, attempt.on_parm_cnf)
        self._host.on(CmAttenCharInd, attempt.on_atten_char_ind)
        self._host.on(CmSlacMatchCnf, attempt.on_match_cnf)
        outcome = yield from attempt.run()
        self._host.note(f"attempt {self.attempts}, RunID {attempt.run_id}: {outcome.value}")
        return outcome, attempt

    def _join(self, match: CarMatch) -> Generator[Ns, None, bool]:
        """Set the key, wait for the modem, and use the network. False if there is none within TT_match_join."""
        world, after, rng = self._world, self.profile.after_match, self._rng
        self.matched, self.state = match, CarState.JOINING
        yield from until(world, match.t + after.set_key.draw(rng))
        self._host.set_key(match.nmk, match.nid)
        first_frame, sdp = self._conduct.first_words(rng)
        speaks_at = match.t + (sdp if first_frame is None else first_frame)
        too_late = match.t + self._conduct.match_join
        yield from until(world, min(speaks_at, too_late))
        while not self.adapter.joined_to():
            if world.now() >= too_late:
                self._host.note("no network within TT_match_join")
                self.matched = None
                return False
            yield from until(world, min(world.now() + LINK_POLL, too_late))
        # A network that came late delays everything that this car does in it.
        late = max(0, world.now() - speaks_at)
        self.state = CarState.JOINED
        yield from until(world, speaks_at)
        yield from self._find_station(match, first_frame is not None, match.t + sdp + late)
        return True

    def _find_station(self, match: CarMatch, claims_address: bool, sdp_at: Ns) -> Script:
        """What comes after SLAC, from the first frame to TCP's SYN."""
        discovery = self.discovery = Discovery(
            self._world, self._node, self._conduct, self._rng, match.evse_mac, self._runner.poke
        )
        if claims_address:
            self._node.claim()
        if not self._conduct.asks_sdp:
            return
        yield from until(self._world, sdp_at)
        self.state = CarState.DISCOVERING
        yield from discovery.ask()
        self.state = CarState.UNSERVED if discovery.station is None else CarState.FOUND
        yield from discovery.connect()

    def _close_attempt(self) -> None:
        self._host.ignore(CmSlacParmCnf, CmAttenCharInd, CmSlacMatchCnf)
        if self.attempt is not None:
            self.attempt.close()

    def _on_set_key_cnf(self, frame: Frame, cnf: CmSetKeyCnf) -> None:
        self._host.note(f"own modem {frame.src} confirms the key, result {cnf.result}")

    # Identity

    def _new_mac(self) -> MacAddress:
        if self._fixed_mac is not None:
            return self._fixed_mac
        habit = self.profile.mac
        if habit.address is not None and habit.style is MacStyle.FIXED:
            return habit.address
        prefix = habit.prefix or b"\x02"
        return MacAddress(prefix + self._rng.randbytes(MacAddress.SIZE - len(prefix)))

    def _same_run_id(self) -> RunId:
        return self._new_run_id() if self._last_run_id is None else self._last_run_id

    def _new_run_id(self) -> RunId:
        self._last_run_id = self._chosen_run_id()
        return self._last_run_id

    def _chosen_run_id(self) -> RunId:
        habit, rng = self.profile.run_id, self._rng
        match habit.style:
            case RunIdStyle.MAC_PLUS_0000:
                return RunId(self.mac + b"\0\0")
            case RunIdStyle.MAC_PLUS_0001:
                return RunId(self.mac + b"\0\1")
            case RunIdStyle.TEXT | RunIdStyle.ZERO:
                return habit.example
            case RunIdStyle.COUNTING:
                first = 8 * rng.randrange(32)
                return RunId(bytes(range(first, first + 8)))
            case RunIdStyle.SHARED_SEQUENCE:
                return rng.choice(habit.seen)
            case RunIdStyle.RANDOM:
                return RunId(rng.randbytes(RunId.SIZE))
