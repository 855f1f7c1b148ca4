"""The medium between modems: who hears whom, how weak, how late, and what gets lost on the way.

    line = Powerline(world)
    line.set_attenuation(evse_modem, pev_modem, 30.0)          # the cable
    line.set_attenuation(neighbour_modem, pev_modem, 70.0)     # cross-talk from the next cable
    line.drop(carries(CmMnbcSoundInd), which={4})              # the fourth sound is lost

Two modems hear each other only if a path is set between them and its attenuation is at most AUDIBLE_DB. What a modem
makes of a frame that reaches it (bridging, keys, SLAC forwarding) is the modem's business.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

from bench.ids import MacAddress
from bench.mme import Mme, is_homeplug
from bench.sim.pilot import PilotLine
from bench.sim.tones import groups_db, with_noise
from bench.sim.world import World
from bench.units import Ns, ms

CABLE_DB = 30.0
"""Between the modems at the two ends of one charging cable, both couplings included."""
AUDIBLE_DB = 90.0
"""A weaker signal is not heard at all. Cross-talk between the cables of neighbouring stations is 61..81 dB."""
ONE_WAY = ms(2.5)
"""From host to host; a request to a remote modem and its answer take 5 ms, as VS_SW_VER and CM_GET_KEY in captures."""


class Modem(Protocol):
    """What hangs on a powerline."""

    name: str
    mac: MacAddress

    def hear(self, octets: bytes, sender: Modem, in_avln: bool) -> None:
        """A frame arrives; *in_avln* if it was sent to members of the sender's logical network."""
        ...


@dataclass(frozen=True, slots=True)
class Path:
    """Between two modems, the same in both directions.

    heard_since   when they began to hear each other; None: always have
    loss          probability that a frame does not arrive; None: the line's
    """

    db: float
    profile_key: str
    heard_since: Ns | None = None
    loss: float | None = None

    @property
    def audible(self) -> bool:
        return self.db <= AUDIBLE_DB


@dataclass(frozen=True, slots=True)
class Transit:
    """One frame on its way to one modem. A broadcast is as many of them as there are modems that hear it."""

    t: Ns
    sender: Modem
    receiver: Modem
    octets: bytes

    @property
    def mmtype(self) -> int | None:
        """None for anything that is no management message."""
        if len(self.octets) < 17 or not is_homeplug(self.octets):
            return None
        return self.octets[15] | self.octets[16] << 8


Selects: TypeAlias = Callable[[Transit], bool]


def carries(*messages: type[Mme], sender: Modem | None = None, receiver: Modem | None = None) -> Selects:
    """Selects frames by message class (none named: any frame), and by modem where one is named."""
    types = {message.mmtype for message in messages}

    def selects(transit: Transit) -> bool:
        return (
            (sender is None or transit.sender is sender)
            and (receiver is None or transit.receiver is receiver)
            and (not types or transit.mmtype in types)
        )

    return selects


class LineFault:
    """A rule that interferes with frames until it is removed.

    seen   frames the rule selected so far
    hits   those of them it interfered with, because their number was wanted
    """

    def __init__(
        self,
        line: Powerline,
        selects: Selects,
        which: Collection[int] | None,
        arrivals: Callable[[list[Ns]], list[Ns]],
    ) -> None:
        self._line = line
        self._selects = selects
        self._which = which
        self._arrivals = arrivals
        self.seen = 0
        self.hits = 0

    def remove(self) -> None:
        """Idempotent."""
        self._line.remove_fault(self)

    def arrivals(self, transit: Transit, planned: list[Ns]) -> list[Ns]:
        """When *transit* arrives, once for each time it does."""
        if not self._selects(transit):
            return planned
        self.seen += 1
        if self._which is not None and self.seen not in self._which:
            return planned
        self.hits += 1
        return self._arrivals(planned)


class Powerline:
    """delay     from a frame at one modem to the same frame at another
    loss      probability that a frame does not arrive, drawn for each receiver
    noise_db  how far a group of one sound's profile may be off; 0 makes every sound measure the same. The ten values
              of a group lie 2 to 10 dB apart at real stations (EVerest/logfiles), so 1 to 5 is lifelike
    rng       for loss and noise; the world's generator "powerline" unless given
    """

    def __init__(
        self,
        world: World,
        *,
        delay: Ns = ONE_WAY,
        loss: float = 0.0,
        noise_db: float = 0.0,
        rng: random.Random | None = None,
    ) -> None:
        self.delay = delay
        self.loss = _probability(loss)
        self.noise_db = noise_db
        self.modems: list[Modem] = []
        self._world = world
        self._rng = rng or world.rng("powerline")
        self._paths: dict[Modem, dict[Modem, Path]] = {}
        self._hearers: dict[Modem, list[Modem]] = {}
        self._profiles: dict[tuple[Path, int], bytes] = {}
        self._faults: list[LineFault] = []

    def attach(self, modem: Modem) -> None:
        """Raises ValueError for a name or address that is already on this line."""
        for other in self.modems:
            if other.name == modem.name or other.mac == modem.mac:
                raise ValueError(f"{modem.name} {modem.mac}: {other.name} {other.mac} is already on this powerline")
        self.modems.append(modem)
        self._paths[modem] = {}

    def set_attenuation(self, a: Modem, b: Modem, db: float = CABLE_DB) -> None:
        """Lay a path between two modems, or make it *db* long. Symmetric.

        The first path of a pair counts as having been there always; one that was away has to be found again first.
        """
        if db < 0:
            raise ValueError(f"an attenuation is not negative, got {db} dB")
        before = self._path(a, b)
        heard_since = None if before is None else before.heard_since
        if before is not None and not before.audible and db <= AUDIBLE_DB:
            heard_since = self._world.now()
        key = "/".join(sorted((str(a.mac), str(b.mac))))
        self._lay(a, b, Path(db, key, heard_since, before.loss if before else None))

    def disconnect(self, a: Modem, b: Modem) -> None:
        self._lay(a, b, Path(float("inf"), ""))

    def follow(self, pilot: PilotLine, a: Modem, b: Modem, db: float = CABLE_DB) -> None:
        """Let the path between two modems be *pilot*'s wire: there only while the plug is in and the wire whole."""

        def lay_or_take_away(conducts: bool) -> None:
            if conducts:
                self.set_attenuation(a, b, db)
            else:
                self.disconnect(a, b)

        lay_or_take_away(pilot.conducts)
        pilot.on_conducts(lay_or_take_away)

    def set_loss(self, a: Modem, b: Modem, probability: float) -> None:
        """Of the path between two modems instead of the line's, in both directions."""
        path = self._path(a, b)
        if path is None:
            raise ValueError(f"no path between {a.name} and {b.name}; set its attenuation first")
        self._lay(a, b, Path(path.db, path.profile_key, path.heard_since, _probability(probability)))

    def attenuation_db(self, a: Modem, b: Modem) -> float | None:
        """None where they do not hear each other."""
        path = self._path(a, b)
        return path.db if path is not None and path.audible else None

    def heard_since(self, a: Modem, b: Modem) -> Ns | None:
        """When two modems that hear each other began to; None if they always have."""
        path = self._path(a, b)
        return None if path is None else path.heard_since

    def hearers(self, sender: Modem) -> list[Modem]:
        """Who hears *sender*, in the order they were attached."""
        found = self._hearers.get(sender)
        if found is None:
            paths = self._paths[sender]
            found = [modem for modem in self.modems if modem in paths and paths[modem].audible]
            self._hearers[sender] = found
        return found

    def measure(self, sender: Modem, receiver: Modem, groups: int) -> bytes:
        """The profile *receiver* takes of one sound of *sender*: dB per group."""
        path = self._paths[sender][receiver]
        profile = self._profiles.get((path, groups))
        if profile is None:
            profile = self._profiles[path, groups] = groups_db(path.profile_key, path.db, groups)
        return with_noise(profile, self.noise_db, self._rng) if self.noise_db else profile

    def carry(self, sender: Modem, receiver: Modem, octets: bytes, in_avln: bool) -> None:
        """Take a frame to one of the `hearers` of *sender*."""
        world = self._world
        t = world.now()
        arrivals = [t + self.delay]
        path_loss = self._paths[sender][receiver].loss
        loss = self.loss if path_loss is None else path_loss
        if loss and self._rng.random() < loss:
            arrivals = []
        if self._faults:
            transit = Transit(t, sender, receiver, octets)
            for fault in self._faults:
                arrivals = fault.arrivals(transit, arrivals)
        for arrival in arrivals:
            world.at(arrival, partial(receiver.hear, octets, sender, in_avln))

    def drop(self, selects: Selects, *, which: Collection[int] | None = None) -> LineFault:
        """Lose the selected frames; *which* of them, counted from 1, None for all."""
        return self._add_fault(selects, which, lambda _: [])

    def delay_by(self, by: Ns, selects: Selects, *, which: Collection[int] | None = None) -> LineFault:
        """Let the selected frames arrive *by* later than they would."""
        return self._add_fault(selects, which, lambda planned: [t + by for t in planned])

    def duplicate(self, selects: Selects, *, after: Ns = 0, which: Collection[int] | None = None) -> LineFault:
        """Let the selected frames arrive a second time, *after* the first."""
        return self._add_fault(selects, which, lambda planned: planned + [t + after for t in planned])

    def remove_fault(self, fault: LineFault) -> None:
        if fault in self._faults:
            self._faults.remove(fault)

    def _add_fault(
        self, selects: Selects, which: Collection[int] | None, arrivals: Callable[[list[Ns]], list[Ns]]
    ) -> LineFault:
        fault = LineFault(self, selects, which, arrivals)
        self._faults.append(fault)
        return fault

    def _path(self, a: Modem, b: Modem) -> Path | None:
        for modem in (a, b):
            if modem not in self._paths:
                raise ValueError(f"{modem.name} is not on this powerline")
        return self._paths[a].get(b)

    def _lay(self, a: Modem, b: Modem, path: Path) -> None:
        if self._path(a, b) == path:
            return
        if a is b:
            raise ValueError(f"{a.name} needs no path to itself")
        self._paths[a][b] = self._paths[b][a] = path
        self._hearers.clear()


def _probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"a probability is 0..1, got {value}")
    return value
