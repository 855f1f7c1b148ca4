"""What is asked of adapters, and what is made of the answers: virtual adapters of all families on a virtual clock."""

from __future__ import annotations

import pytest

from bench.clock import VirtualClock
from bench.doctor.adapters import Peer, pairs_of
from bench.doctor.asking import EVERYBODY_WITHIN, LOCAL_WITHIN, NETWORK_WITHIN, ask_all
from bench.errors import PortError
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress
from bench.mme import (
    Frame,
    VsNwInfoCnf,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsSwVerCnf,
    VsSwVerReq,
    decode,
    encode,
)
from bench.profiles import adapter
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.adapter.network import FACTORY_KEY
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.units import ms, s

EVSE, TP_LINK, DEVOLO = "qca7005-evse", "tplink-tlpa4010p", "devolo-dlan200avplus"
NEAR, FAR = MacAddress.parse("02:00:00:00:01:01"), MacAddress.parse("02:00:00:00:01:02")
READING = (VsSwVerReq, VsNwInfoReq, VsNwInfoReqV0)


class Listening(SimPort):
    """Keeps what is sent, and hears what else the test has it hear."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sent: list[Frame] = []

    def send(self, octets):
        self.sent.append(decode(octets))
        return super().send(octets)

    def hears(self, src, mme, *, dst=None):
        self._arrived(encode(Frame(dst or self.mac, src, mme)))


class Desk:
    """Two adapters on one powerline, each on an interface of this computer."""

    def __init__(self, near=EVSE, far=TP_LINK, *, joined=True):
        self.clock = VirtualClock()
        self.world = World(self.clock)
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        line = Powerline(self.world)

        def virtual(profile, mac, role, name):
            key = {"nmk": FACTORY_KEY.nmk, "nid": FACTORY_KEY.nid} if joined else {}
            return VirtualAdapter(self.world, line, adapter(profile), mac=mac, role=role, name=name, **key)

        self.near = virtual(near, NEAR, ModemRole.EVSE, "near")
        self.far = virtual(far, FAR, ModemRole.PEV, "far")
        line.set_attenuation(self.near, self.far)
        self.ports = [
            Listening(self.world, self.near, name="plc0", mac=MacAddress.parse("02:00:00:00:00:10")),
            Listening(self.world, self.far, name="plc1", mac=MacAddress.parse("02:00:00:00:00:11")),
        ]
        self.clock.wait(s(100))
        self.world.wake(self.clock.now())

    def ask(self, *ports):
        return ask_all(ports or self.ports[:1], self.pump)


@pytest.mark.parametrize(
    ("profile", "chip"), [(EVSE, "QCA7005"), (TP_LINK, "QCA7420"), (DEVOLO, "INT6000"), ("qca7005-car", "QCA7005")]
)
@pytest.mark.parametrize("other", [EVSE, TP_LINK, DEVOLO])
def test_local_adapter_and_its_partner_are_told_apart(profile, chip, other):
    """Of every family, each with its network in the message version it knows."""
    (plc0,) = Desk(profile, other).ask()

    local, remote = plc0.adapters
    assert (local.mac, local.local, local.chip) == (NEAR, True, chip)
    assert local.firmware == adapter(profile).sw_ver.version
    assert (remote.mac, remote.local) == (FAR, False)
    for found, partner in ((local, FAR), (remote, NEAR)):
        (network,) = found.networks
        assert network.nid == FACTORY_KEY.nid
        assert network.cco_mac == NEAR
        assert [peer.mac for peer in network.peers] == [partner]
    assert local.networks[0].role == 2
    assert local.networks[0].peers == (Peer(FAR, 2, 9, 9),)


def test_adapters_with_keys_of_their_own_are_alone():
    plc0, plc1 = (desk := Desk(joined=False)).ask(*desk.ports)

    assert [found.mac for found in plc0.adapters] == [NEAR]
    assert [found.mac for found in plc1.adapters] == [FAR]
    assert plc1.local[0].networks == ()
    (pair,) = pairs_of(plc0.adapters + plc1.adapters)
    assert pair.together is False
    assert "is in no network" in pair.reason


def test_adapters_on_two_interfaces_in_one_network():
    plc0, plc1 = (desk := Desk()).ask(*desk.ports)

    (pair,) = pairs_of(plc0.adapters + plc1.adapters)

    assert (pair.a.mac, pair.b.mac, pair.together) == (NEAR, FAR, True)
    assert (pair.a.interface, pair.b.interface) == ("plc0", "plc1")


def test_only_reading_messages_are_sent():
    """Each as often as there is reason to."""
    desk = Desk(DEVOLO, TP_LINK)
    desk.ask()

    sent = desk.ports[0].sent
    assert all(isinstance(frame.mme, READING) for frame in sent)
    assert [frame.dst for frame in sent] == [LOCAL_DEVICE, BROADCAST, NEAR, FAR]
    assert [type(frame.mme) for frame in sent[2:]] == [VsNwInfoReqV0, VsNwInfoReq]


def test_nobody_answers():
    desk = Desk()
    desk.near.power(False)
    start = desk.clock.now()

    (plc0,) = desk.ask()

    assert (plc0.adapters, plc0.trouble) == ((), "")
    assert desk.clock.now() - start == LOCAL_WITHIN + EVERYBODY_WITHIN


def test_adapter_that_does_not_tell_its_network():
    """As a loader, or a family that is not known. Waiting ends."""
    desk = Desk()
    desk.near.power(False)
    port = desk.ports[0]
    text = b"QCA7420 BootLoader\0"
    answer = VsSwVerCnf(device_class=0x77, version_length=len(text), version_field=text.ljust(254, b"\0"))
    desk.world.after(ms(1), lambda: port.hears(LOCAL_DEVICE, answer, dst=BROADCAST))
    start = desk.clock.now()

    (plc0,) = desk.ask()

    (found,) = plc0.adapters
    assert (found.mac, found.local, found.chip) == (LOCAL_DEVICE, True, "unknown chip (class 0x77)")
    assert found.networks is None
    assert desk.clock.now() - start == LOCAL_WITHIN + EVERYBODY_WITHIN + NETWORK_WITHIN


def test_answers_to_other_computers_and_refusals_do_not_count():
    """A port hears everything that comes along."""
    desk = Desk()
    desk.near.power(False)
    port, stranger = desk.ports[0], MacAddress.parse("02:00:00:00:00:99")

    def others():
        port.hears(stranger, VsSwVerCnf(device_class=0x20), dst=stranger)
        port.hears(stranger, VsSwVerCnf(status=1))
        port.hears(stranger, VsNwInfoCnf())
        port._arrived(bytes(port.mac + stranger) + bytes.fromhex("88e1 00 01a0 00b052"))
        port._arrived(bytes(port.mac + stranger) + bytes.fromhex("0800") + bytes(46))

    desk.world.after(ms(1), others)

    assert desk.ask()[0].adapters == ()


def test_every_family_answers_long_before_the_time_for_local_answers_is_over():
    """That time is all that tells a local adapter from one behind the powerline."""
    assert max(adapter(name).latency.local.max for name in (EVSE, TP_LINK, DEVOLO, "qca7005-car")) < LOCAL_WITHIN / 10


class Broken(Listening):
    """An interface that is taken away: *when* it is asked for the first time after that."""

    def __init__(self, *args, when, **kwargs):
        super().__init__(*args, **kwargs)
        self.when = when

    def send(self, octets):
        if self.when == "sending":
            raise PortError("plc0: the interface plc0 has gone")
        return super().send(octets)

    def receive(self):
        if self.when == "receiving":
            raise PortError("plc0: the interface plc0 has gone")
        return super().receive()


@pytest.mark.parametrize("when", ["sending", "receiving"])
def test_broken_interface_does_not_keep_the_other_from_being_asked(when):
    desk = Desk()
    desk.ports[0].close()
    broken = Broken(desk.world, desk.near, name="plc0", mac=desk.ports[0].mac, when=when)

    plc0, plc1 = desk.ask(broken, desk.ports[1])

    assert (plc0.adapters, plc0.trouble) == ((), "plc0: the interface plc0 has gone")
    assert [found.mac for found in plc1.adapters] == [FAR, NEAR]


def test_waiting_ends_where_no_interface_is_left():
    desk = Desk()
    desk.ports[0].close()
    broken = Broken(desk.world, desk.near, name="plc0", mac=desk.ports[0].mac, when="sending")
    start = desk.clock.now()

    assert desk.ask(broken)[0].trouble
    assert desk.clock.now() == start


def test_interface_that_breaks_at_the_end_is_not_waited_for():
    """What was found on it until then is told, with the trouble."""
    desk = Desk()
    desk.ports[0].close()
    port = Broken(desk.world, desk.near, name="plc0", mac=desk.ports[0].mac, when="never")
    desk.world.after(LOCAL_WITHIN + EVERYBODY_WITHIN - ms(1), lambda: setattr(port, "when", "receiving"))
    start = desk.clock.now()

    (plc0,) = desk.ask(port)

    assert [(found.mac, found.networks) for found in plc0.adapters] == [(NEAR, None), (FAR, None)]
    assert plc0.trouble == "plc0: the interface plc0 has gone"
    assert desk.clock.now() - start == LOCAL_WITHIN + EVERYBODY_WITHIN - ms(1)
