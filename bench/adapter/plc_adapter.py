"""`PlcAdapter`: the powerline adapter behind a frame port, spoken to in management messages.

What it says about itself is probed, never assumed after a pause: CM_SET_KEY.CNF does not mean "ready", and a restart
may come seconds later (TP-Link TL-PA4010P: silent from 3.6 s to 4.5 s after the key).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bench.adapter.flash import AdapterFlash, ModuleFlash, OldFlash, Pib, Progress, no_progress
from bench.errors import AdapterAmbiguous, AdapterError, AdapterRefused, AdapterSilent
from bench.ids import LOCAL_DEVICE, MacAddress
from bench.mme import (
    CmGetKeyCnf,
    CmGetKeyReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    Frame,
    Mme,
    VsFacDefaultsCnf,
    VsFacDefaultsReq,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsRsDevCnf,
    VsRsDevReq,
    VsSwVerCnf,
    VsSwVerReq,
)
from bench.ports import PowerSwitch
from bench.slac.events import Network
from bench.trace import FrameSeen
from bench.units import Ns, ms, s, show
from bench.wire import Wire

ANSWER_WITHIN: Ns = ms(500)
"""A local adapter answers within a millisecond, over SPI within 10; half a second without is no answer."""
PROBE_EVERY: Ns = ms(250)
"""While the link is watched; so late may a link be noticed."""
LEAVING_EVERY: Ns = ms(50)
LEAVES_WITHIN: Ns = s(20)
"""How often, and for how long, a network is looked at that its partner should leave."""
SILENT_PROBES = 4
"""So many probes without answer in a row, and a link counts as gone: the adapter has lost its power, or restarts."""
TRUSTED_FOR: Ns = ms(500)
"""After a frame through the network its partner is there, though VS_NW_INFO may be late to say so."""
QUIET_AFTER_KEY: Ns = s(6)
"""Longer than any adapter was seen to wait before it restarts for a new key (TL-PA4010P: 3.5 s)."""
READY_WITHIN: Ns = s(60)
DARK_FOR: Ns = s(2)
HOLDS_WITHIN: Ns = s(15)
"""A mains adapter holds its supply for seconds after it was cut, as commonly found."""
NW_INFO = (VsNwInfoCnf, VsNwInfoCnfV0)
INT6000_CLASSES = range(0x01, 0x06)
"""Device classes of the family that has VS_NW_INFO in message version 0 only (adapters.md 1)."""


FIRST_MODULE_CLASS = 0x20
"""From this device class on, flash is spoken to by VS_MODULE_OPERATION (adapters.md 1)."""
NOT_ITS_OWN = frozenset(MacAddress(bytes.fromhex(f"00b05200000{n}")) for n in (1, 2, 3))
"""Addresses of adapters without parameters of their own."""
ATTACHED = "is it powered and is its Ethernet cable plugged in?"


@dataclass(frozen=True, slots=True)
class Identity:
    """What an adapter says it is."""

    mac: MacAddress
    device_class: int
    version: str

    def __str__(self) -> str:
        return f"{self.version} at {self.mac}"


Report: TypeAlias = Callable[[bool, Ns], None]
"""(whether a partner is there, since when)"""


class PlcAdapter:
    """The adapter directly on this Ethernet. Methods that ask it run the pump until it has answered.

    key_settles  one that still answers this long after a new key does not restart for it
    """

    def __init__(self, wire: Wire, name: str, key_settles: Ns = QUIET_AFTER_KEY) -> None:
        self.wire, self.name, self.key_settles = wire, name, key_settles
        self.identity: Identity | None = None
        self.link_up_at: Ns | None = None
        """When a partner in the watched network was first seen; None while there is none."""
        self._watched: Network | None = None
        self._report: Report = lambda _up, _t: None
        self._next_probe: Ns | None = None
        self._unanswered = 0
        self._heard_at: Ns | None = None
        """When a frame of the partner last came through the watched network."""
        self._left: Callable[[Ns], None] | None = None
        self._leaving_until: Ns = 0

    @property
    def host_mac(self) -> MacAddress:
        return self.wire.port.mac

    # questions that wait for the answer ----------------------------------------------------------------------

    def identify(self) -> Identity:
        """Ask chip and firmware (VS_SW_VER). AdapterSilent if nobody answers."""
        seen = self._ask(VsSwVerReq(), VsSwVerCnf)
        answer = seen.mme
        assert isinstance(answer, VsSwVerCnf)
        assert seen.frame is not None
        self.identity = Identity(seen.frame.src, answer.device_class, answer.version)
        return self.identity

    def check_alone(self) -> None:
        """AdapterAmbiguous if another adapter answers on this Ethernet, too: what is written could go to both."""
        after = len(self.wire.received)
        self._send(VsSwVerReq(), self._now())
        self.wire.pump.run(lambda: False, self._now() + ANSWER_WITHIN)
        there = {str(seen.frame.src) for seen in self.wire.seen(VsSwVerCnf, after=after) if seen.frame is not None}
        if len(there) > 1:
            raise AdapterAmbiguous(
                f"{self.name}: {', '.join(sorted(there))} answer at {self.wire.port.name}; "
                "leave one adapter on this Ethernet"
            )

    def holds(self, network: Network) -> bool:
        """Whether the adapter has this key already (CM_GET_KEY with the network's NID)."""
        answer = self._ask(CmGetKeyReq(nid=network.nid), CmGetKeyCnf).mme
        assert isinstance(answer, CmGetKeyCnf)
        return answer.result == 0 and answer.key == network.nmk

    def set_key(self, network: Network) -> None:
        """Give the adapter this key and wait until it is ready again.

        Raises AdapterError if it does not confirm, does not come back or comes back with another key.
        """
        if self.holds(network):
            return
        start = self._now()
        after = len(self.wire.received)
        self.request_key(network)
        if self.wire.first(CmSetKeyCnf, within=ANSWER_WITHIN, after=after) is None:
            raise AdapterError(f"{self.name}: CM_SET_KEY.REQ was not confirmed within {show(ANSWER_WITHIN)}")
        self._await_restart(start)
        if not self.holds(network):
            raise AdapterError(
                f"{self.name}: it confirmed CM_SET_KEY.REQ but still holds another key {show(self._now() - start)} "
                "later; if it restarts late for a new key, raise key_settles_s in the rig file"
            )

    def _await_restart(self, start: Ns, why: str = "a new key") -> None:
        """Probe until the adapter has been silent and answers again, or has answered all along for long enough."""
        silent = False
        while self._now() < start + READY_WITHIN:
            asked = self._now()
            answered = self._answer(VsSwVerReq(), VsSwVerCnf, PROBE_EVERY) is not None
            if answered and (silent or asked >= start + self.key_settles):
                return
            silent = silent or not answered
            self.wire.pump.run(lambda: False, asked + PROBE_EVERY)
        raise AdapterSilent(f"{self.name}: no answer to VS_SW_VER for {show(READY_WITHIN)} after {why}; {ATTACHED}")

    def _ask(self, request: Mme, answer: type[Mme]) -> FrameSeen:
        seen = self._answer(request, answer, ANSWER_WITHIN)
        if seen is None:
            raise AdapterSilent(
                f"{self.name}: no {answer.name} from an adapter at {self.wire.port.name} within "
                f"{show(ANSWER_WITHIN)}; {ATTACHED}"
            )
        return seen

    def _answer(self, request: Mme, answer: type[Mme], within: Ns) -> FrameSeen | None:
        after = len(self.wire.received)
        self._send(request, self._now())
        return self.wire.first(answer, within=within, after=after)

    def _now(self) -> Ns:
        return self.wire.pump.clock.now()

    def _send(self, mme: Mme, now: Ns) -> None:
        self.wire.send(Frame(LOCAL_DEVICE, self.host_mac, mme), now)

    def request_key(self, network: Network) -> None:
        """Send CM_SET_KEY.REQ and return at once; a matching PEV must not stop for its modem."""
        self._send(CmSetKeyReq(nid=network.nid, nmk=network.nmk), self._now())

    # its flash ------------------------------------------------------------------------------------------------

    @property
    def flash(self) -> AdapterFlash:
        """Its flash, in the messages of its family. AdapterError before `identify`."""
        if self.identity is None:
            raise AdapterError(f"{self.name}: not identified yet, so nobody knows which messages its flash takes")
        if self.identity.mac in NOT_ITS_OWN:
            raise AdapterError(
                f"{self.name}: its address {self.identity.mac} is no adapter's own, its parameters are lost or "
                "foreign; see `bench pib recover`"
            )
        return self.flash_of(self.identity)

    def flash_of(self, identity: Identity) -> AdapterFlash:
        """The same of whoever answers as *identity*, be it a loader: for recovery."""
        family = ModuleFlash if identity.device_class >= FIRST_MODULE_CLASS else OldFlash
        return family(self.wire, identity.mac, self.name)

    def read_pib(self, progress: Progress = no_progress) -> Pib:
        """Its parameter block. AdapterError, which says who, what and what to do."""
        return self.flash.read_pib(progress)

    def write_pib(self, octets: bytes, progress: Progress = no_progress) -> None:
        """Write a parameter block into its flash and wait until it runs on it. Nothing is checked here.

        `bench.change` is what keeps an adapter from becoming a brick; this is what it is made of.
        """
        flash = self.flash
        flash.stage(octets, progress)
        flash.commit()
        self.come_back(flash)

    def come_back(self, flash: AdapterFlash) -> None:
        """After a commit: restart it, or let it restart, and wait until it is ready."""
        if flash.RESTARTS_ITSELF:
            self._await_restart(self._now(), "a new parameter block")
        else:
            self.restart()

    def restart(self) -> None:
        """VS_RS_DEV, then wait until it is ready, by asking it. AdapterRefused, AdapterError."""
        self._end_life(VsRsDevReq(), VsRsDevCnf, "to restart")

    def restore_factory(self) -> None:
        """VS_FAC_DEFAULTS: the factory's parameter block, then a restart. Waits until it is ready."""
        self._end_life(VsFacDefaultsReq(), VsFacDefaultsCnf, "to restore its factory settings")

    def _end_life(self, request: VsRsDevReq | VsFacDefaultsReq, kind: type[Mme], what: str) -> None:
        start = self._now()
        answer = self._ask(request, kind).mme
        assert isinstance(answer, VsRsDevCnf | VsFacDefaultsCnf)
        if answer.status:
            raise AdapterRefused(f"{self.name}: refused {what}, status {answer.status}", answer.status)
        self._await_restart(start, f"it was told {what}")

    def wait_ready(self) -> None:
        """Run until it answers VS_SW_VER. AdapterSilent after READY_WITHIN."""
        start = self._now()
        while self._answer(VsSwVerReq(), VsSwVerCnf, PROBE_EVERY) is None:
            if self._now() >= start + READY_WITHIN:
                raise AdapterSilent(f"{self.name}: no answer to VS_SW_VER for {show(READY_WITHIN)}; {ATTACHED}")

    def power_cycle(self, power: PowerSwitch, *, dark: Ns = DARK_FOR) -> Ns:
        """Off, and on again; returns how long after that it answered. Waits by asking, never for a fixed time.

        dark  how long it must be without power, at least: its supply holds for a while

        AdapterError if it answers without power (another supply is switched), comes back as somebody else, or not at
        all. Whatever happens, the power is on in the end.
        """
        before = self.identify()
        power.off()
        try:
            self._fall_silent(dark)
        finally:
            power.on()
        start = self._now()
        self.wait_ready()
        back = self._now() - start
        if (after := self.identify()) != before:
            raise AdapterError(f"{self.name}: {before} lost its power, and {after} came back")
        return back

    def _fall_silent(self, dark: Ns) -> None:
        start, silent = self._now(), False
        while not silent or self._now() < start + dark:
            asked = self._now()
            silent = self._answer(VsSwVerReq(), VsSwVerCnf, PROBE_EVERY) is None
            if not silent and asked >= start + HOLDS_WITHIN:
                raise AdapterError(
                    f"{self.name}: it still answers {show(asked - start)} after its power was cut; is it the supply of "
                    "this adapter that is switched?"
                )
            self.wire.pump.run(lambda: False, asked + PROBE_EVERY)

    # the link, watched while the machine runs -----------------------------------------------------------------

    def watch(self, network: Network, report: Report) -> None:
        """Look for a partner in *network* every PROBE_EVERY; `link_up_at` tells since when there is one.

        *report* is called when a partner came or went, with the instant of the answer, or of the partner's frame, that
        says so.
        """
        self._watched, self._report, self.link_up_at = network, report, None
        self._unanswered, self._left, self._heard_at = 0, None, None
        self._next_probe = self._now() + PROBE_EVERY

    def heard_partner(self, t: Ns) -> None:
        """A frame of the partner came through the watched network: it is there, whenever the adapter is asked next,
        and the adapter has its power, whatever it left unanswered before."""
        if self._watched is not None and self._left is None:
            self._heard_at, self._unanswered = t, 0
            self._set_link(True, t)

    def watch_leaving(self, network: Network, left: Callable[[Ns], None]) -> None:
        """Look every LEAVING_EVERY until nobody is left in *network*; *left* is told the instant of the answer that
        says so. After LEAVES_WITHIN nobody looks any more."""
        now = self._now()
        self._watched, self._left, self._leaving_until = network, left, now + LEAVES_WITHIN
        self._report, self.link_up_at, self._unanswered = (lambda _up, _t: None), None, 0
        self._next_probe = now + LEAVING_EVERY

    def unwatch(self) -> None:
        self._watched = self._next_probe = self.link_up_at = self._left = None

    def next_deadline(self) -> Ns | None:
        return self._next_probe

    def wake(self, now: Ns) -> None:
        if self._next_probe is not None and self._next_probe <= now:
            if self._left is not None and now >= self._leaving_until:
                self.unwatch()
                return
            if self._unanswered >= SILENT_PROBES:
                self._set_link(False, now)
            self._unanswered += 1
            self._next_probe = now + (PROBE_EVERY if self._left is None else LEAVING_EVERY)
            old_family = self.identity is not None and self.identity.device_class in INT6000_CLASSES
            self._send(VsNwInfoReqV0() if old_family else VsNwInfoReq(), now)

    def receive(self, seen: FrameSeen) -> None:
        """Look into an answer of the adapter."""
        mme = seen.mme
        if self._watched is None or not isinstance(mme, NW_INFO):
            return
        self._unanswered = 0
        partner = any(net.nid == self._watched.nid and net.stations for net in mme.networks)
        if self._left is None:
            if partner or self._heard_at is None or seen.t - self._heard_at >= TRUSTED_FOR:
                self._set_link(partner, seen.t)
        elif not partner:
            left = self._left
            self.unwatch()
            left(seen.t)

    def _set_link(self, up: bool, t: Ns) -> None:
        if up != (self.link_up_at is not None):
            self.link_up_at = t if up else None
            self._report(up, t)
