"""`PlcAdapter` against virtual adapters of every family: identity, key and link, spoken in management messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.adapter import ANSWER_WITHIN, PROBE_EVERY, QUIET_AFTER_KEY, READY_WITHIN, SILENT_PROBES, PlcAdapter
from bench.adapter.plc_adapter import DARK_FOR
from bench.clock import VirtualClock
from bench.errors import AdapterError, AdapterSilent
from bench.ids import LOCAL_DEVICE, MacAddress, Nmk, nid_from_nmk
from bench.mme import (
    CmSetKeyCnf,
    CmSetKeyReq,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsSwVerCnf,
    VsSwVerReq,
)
from bench.profiles import AdapterProfile, adapter
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.adapter.network import NetworkKey
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.slac.events import Network
from bench.trace import Direction, Trace
from bench.units import Ns, ms, s
from bench.wire import Wire

HOST = MacAddress.parse("02:00:00:00:00:01")
MODEM = MacAddress.parse("98:48:27:00:00:01")
PARTNER = MacAddress.parse("98:48:27:00:00:02")
FAMILIES = ["tplink-tlpa4010p", "qca7005-evse", "devolo-dlan200avplus"]


def network_of(octet: int) -> Network:
    nmk = Nmk(bytes([octet] * 16))
    return Network(nid_from_nmk(nmk), nmk)


OURS, OTHER = network_of(1), network_of(2)


class Stand:
    """A host with an adapter, and a partner on the powerline that has the key already."""

    def __init__(self, profile: str | AdapterProfile = "tplink-tlpa4010p", *, role: ModemRole = ModemRole.EVSE) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock)
        self.pump = Pump(self.clock)
        line = Powerline(self.world)
        data = adapter(profile) if isinstance(profile, str) else profile
        self.modem = VirtualAdapter(self.world, line, data, mac=MODEM, role=role, name="modem", nmk=OTHER.nmk)
        other_role = ModemRole.PEV if role is ModemRole.EVSE else ModemRole.EVSE
        self.partner = VirtualAdapter(
            self.world, line, adapter("qca7005-car"), mac=PARTNER, role=other_role, name="partner", nmk=OURS.nmk
        )
        line.set_attenuation(self.modem, self.partner)
        port = SimPort(self.world, self.modem, name="plc0", mac=HOST)
        self.trace = Trace()
        self.wire = Wire(port, self.trace, self.pump)
        self.adapter = PlcAdapter(self.wire, "evse.adapter")
        self.reports: list[tuple[bool, Ns]] = []
        self.pump.participants += [self.world, self]

    def next_deadline(self) -> Ns | None:
        return min(
            (t for t in (self.adapter.next_deadline(), self.wire.next_deadline()) if t is not None), default=None
        )

    def busy(self) -> bool:
        return self.wire.arrived()

    def wake(self, now: Ns) -> None:
        for seen in self.wire.take():
            self.adapter.receive(seen)
        self.adapter.wake(now)
        self.wire.wake(now)

    def watch(self, network: Network = OURS) -> None:
        self.adapter.watch(network, lambda up, t: self.reports.append((up, t)))

    def asked(self, kind) -> list[Ns]:
        return [
            entry.t for entry in self.trace.frames() if entry.direction is Direction.OUT and isinstance(entry.mme, kind)
        ]


# identity


@pytest.mark.parametrize("family", FAMILIES)
def test_adapter_says_what_it_is(family):
    """VS_SW_VER: its address, its chip, its firmware."""
    stand = Stand(family)

    identity = stand.adapter.identify()

    profile = adapter(family)
    assert (identity.mac, identity.device_class, identity.version) == (
        MODEM,
        profile.sw_ver.device_class,
        profile.sw_ver.version,
    )
    assert str(identity) == f"{profile.sw_ver.version} at {MODEM}"
    assert stand.adapter.identity is identity


def test_questions_are_for_the_adapter_on_this_ethernet_only():
    """Sent to the local-device address, which no modem passes on to the powerline."""
    stand = Stand()

    stand.adapter.identify()

    (asked,) = [entry.frame for entry in stand.trace.frames() if entry.direction is Direction.OUT]
    assert (asked.dst, asked.src) == (LOCAL_DEVICE, HOST)


def test_adapter_that_does_not_answer_is_an_error_with_a_remedy():
    """Without power: who was asked, for how long, and what to look at."""
    stand = Stand()
    stand.modem.power(False)

    with pytest.raises(AdapterError) as raised:
        stand.adapter.identify()

    assert str(raised.value) == (
        "evse.adapter: no VS_SW_VER.CNF from an adapter at plc0 within 500.000 ms; "
        "is it powered and is its Ethernet cable plugged in?"
    )
    assert stand.clock.now() == ANSWER_WITHIN


def test_question_is_answered_by_its_own_answer():
    """Two questions at one instant: the second does not take the answer to the first."""
    stand = Stand()

    assert not stand.adapter.holds(OURS)
    assert stand.adapter.holds(OTHER)
    assert not stand.adapter.holds(OURS)


# key


@pytest.mark.parametrize("family", FAMILIES)
def test_key_that_is_set_is_held(family):
    """Each family by its own way: with a restart or without."""
    stand = Stand(family)

    stand.adapter.set_key(OURS)

    assert stand.modem.key == NetworkKey(OURS.nmk, OURS.nid)
    assert stand.adapter.holds(OURS)


def test_set_key_waits_through_the_late_restart():
    """TL-PA4010P: it answers for 3.5 s more, is silent for one, and only then has the new key."""
    stand = Stand("tplink-tlpa4010p")
    times = stand.modem.profile.set_key
    assert times.silent_from is not None
    assert times.silent_until is not None

    stand.adapter.set_key(OURS)

    assert times.silent_until.median <= stand.clock.now() <= times.silent_until.median + 3 * PROBE_EVERY


def test_set_key_gives_an_adapter_that_never_restarts_its_time():
    """QCA7005: no silence was ever seen. After QUIET_AFTER_KEY without one it counts as ready."""
    stand = Stand("qca7005-evse")

    stand.adapter.set_key(OURS)

    assert QUIET_AFTER_KEY <= stand.clock.now() <= QUIET_AFTER_KEY + 2 * PROBE_EVERY


def test_key_the_adapter_has_already_costs_no_time():
    """No CM_SET_KEY.REQ, no restart, no waiting."""
    stand = Stand()

    stand.adapter.set_key(OTHER)

    assert stand.asked(CmSetKeyReq) == []
    assert stand.clock.now() < ms(2)


def test_unconfirmed_key_is_an_error():
    """The request is lost on the way."""
    stand = Stand()
    stand.wire.withhold(CmSetKeyReq)

    with pytest.raises(AdapterError, match=r"evse\.adapter: CM_SET_KEY\.REQ was not confirmed within 500\.000 ms"):
        stand.adapter.set_key(OURS)


def test_adapter_that_confirms_and_keeps_its_key_is_an_error():
    """CM_SET_KEY.CNF proves nothing: the key is read back."""
    stand = Stand("qca7005-evse")
    stand.modem.take_key = lambda _: None

    with pytest.raises(AdapterError, match=r"it confirmed CM_SET_KEY\.REQ but still holds another key"):
        stand.adapter.set_key(OURS)


def test_adapter_that_does_not_come_back_is_an_error_with_a_remedy():
    """It dies in its restart; after READY_WITHIN the bench says so."""
    stand = Stand()
    stand.world.after(s(2), lambda: stand.modem.power(False))

    with pytest.raises(AdapterError) as raised:
        stand.adapter.set_key(OURS)

    assert "no answer to VS_SW_VER for 60.000 s after a new key" in str(raised.value)
    assert "is it powered" in str(raised.value)
    assert stand.clock.now() <= READY_WITHIN + s(1)


@pytest.mark.parametrize("result", [0, 1])
def test_result_octet_of_the_confirmation_does_not_decide(result):
    """The standard says 0 is success, modems answer 1: what counts is the key they hold."""
    profile = adapter("qca7005-evse")
    stand = Stand(replace(profile, set_key=replace(profile.set_key, result=result)))

    stand.adapter.set_key(OURS)

    (cnf,) = stand.wire.seen(CmSetKeyCnf)
    assert cnf.mme.result == result
    assert stand.adapter.holds(OURS)


def test_requesting_a_key_does_not_wait():
    """A PEV in the middle of matching must not stop for its modem."""
    stand = Stand()

    stand.adapter.request_key(OURS)

    assert stand.clock.now() == 0
    assert stand.asked(CmSetKeyReq) == [0]


# link


@pytest.mark.parametrize(
    ("family", "asks", "does_not_ask"),
    [
        ("tplink-tlpa4010p", VsNwInfoReq, VsNwInfoReqV0),
        ("qca7005-evse", VsNwInfoReq, VsNwInfoReqV0),
        ("devolo-dlan200avplus", VsNwInfoReqV0, VsNwInfoReq),
    ],
)
def test_link_is_seen_in_each_family(family, asks, does_not_ask):
    """VS_NW_INFO, in message version 0 for the INT6000."""
    stand = Stand(family, role=ModemRole.PEV)
    stand.adapter.identify()
    stand.adapter.request_key(OURS)
    stand.watch()

    stand.pump.run_for(s(12))

    joined = stand.modem.profile.set_key.joined_as_station.median
    ((up, since),) = stand.reports
    assert up
    assert joined <= since <= joined + PROBE_EVERY + ms(10)
    assert stand.adapter.link_up_at == since
    assert stand.asked(asks)
    assert not stand.asked(does_not_ask)


def test_adapter_is_asked_every_probe_interval_and_reported_once():
    """A link that stays is no news."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch()

    stand.pump.run_for(s(2))

    assert stand.asked(VsNwInfoReq) == [n * PROBE_EVERY for n in range(1, 9)]
    assert [up for up, _ in stand.reports] == [True]


def test_partner_in_another_network_is_no_link():
    """The NID must be the watched one."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch(OTHER)

    stand.pump.run_for(s(2))

    assert stand.reports == []
    assert stand.adapter.link_up_at is None


def test_partner_that_leaves_is_noticed_within_a_probe_interval():
    """It takes another key: TP_match_leave allows a second."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch()
    stand.pump.run_for(s(1))
    left_at = stand.clock.now()

    stand.partner.key = NetworkKey(OTHER.nmk, OTHER.nid)
    stand.pump.run_for(s(1))

    assert [up for up, _ in stand.reports] == [True, False]
    assert 0 <= stand.reports[-1][1] - left_at <= PROBE_EVERY + ms(10)
    assert stand.adapter.link_up_at is None


def test_adapter_that_falls_silent_has_lost_its_link():
    """Its power is cut: SILENT_PROBES questions without answer, not one, because a frame may get lost."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch()
    stand.pump.run_for(s(1))
    cut_at = stand.clock.now()

    stand.modem.power(False)
    stand.pump.run_for(s(3))

    assert [up for up, _ in stand.reports] == [True, False]
    assert stand.reports[-1][1] == cut_at + SILENT_PROBES * PROBE_EVERY


def test_single_lost_answer_does_not_end_a_link():
    """Nor do three."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch()
    stand.pump.run_for(s(1))

    with stand.wire.altered(VsNwInfoReq, lambda _: None):
        stand.pump.run_for((SILENT_PROBES - 1) * PROBE_EVERY)
    stand.pump.run_for(s(2))

    assert [up for up, _ in stand.reports] == [True]


def test_unwatched_adapter_is_left_alone():
    """No question, no report, no deadline."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch()
    stand.adapter.unwatch()

    stand.pump.run_for(s(2))

    assert stand.asked(VsNwInfoReq) == []
    assert stand.reports == []
    assert stand.adapter.next_deadline() is None


def test_probe_asks_for_the_version_while_it_waits_for_the_restart():
    """Whether it is ready is asked, not assumed after a pause."""
    stand = Stand("tplink-tlpa4010p")

    stand.adapter.set_key(OURS)

    asked, answered = len(stand.asked(VsSwVerReq)), len(stand.wire.seen(VsSwVerCnf))
    assert asked > answered > 10


# power


class Socket:
    """A switch; *wrong* is one that switches something else."""

    def __init__(self, stand: Stand, *, wrong: bool = False) -> None:
        self.stand, self.wrong, self.states = stand, wrong, []

    def on(self) -> None:
        self.states.append("on")
        self.stand.modem.power(True)

    def off(self) -> None:
        self.states.append("off")
        if not self.wrong:
            self.stand.modem.power(False)

    def hold(self, why: str) -> None:
        raise AssertionError(f"nothing is written here: {why}")

    def close(self) -> None:
        self.on()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_power_cycle_ends_when_the_adapter_answers_again(family):
    stand = Stand(family)
    start = stand.clock.now()

    back = stand.adapter.power_cycle(Socket(stand))

    assert stand.modem.ready
    assert abs(back - stand.modem.profile.boot.after_reset.median) <= PROBE_EVERY
    assert stand.clock.now() - start >= DARK_FOR + back


def test_a_switch_that_switches_something_else_is_found_out():
    stand = Stand()
    socket = Socket(stand, wrong=True)

    with pytest.raises(AdapterError, match="is it the supply of this adapter that is switched"):
        stand.adapter.power_cycle(socket)

    assert socket.states == ["off", "on"]


def test_an_adapter_that_does_not_come_back_is_silent_and_has_its_power():
    stand = Stand()
    socket = Socket(stand)
    socket.on = lambda: socket.states.append("on")

    with pytest.raises(AdapterSilent):
        stand.adapter.power_cycle(socket)

    assert socket.states == ["off", "on"]
