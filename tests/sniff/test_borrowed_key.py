"""An overheard key on the own adapter, and its old one back: when that is believed, and when it is trouble."""

from __future__ import annotations

from pathlib import Path

import pytest
from listening_post import OWN_NMK, Post
from paper_port import PEER, PaperPort

from bench.change.store import Store
from bench.clock import VirtualClock
from bench.errors import AdapterError, PortError
from bench.ids import MacAddress, Nmk, nid_from_nmk
from bench.mme import CmSetKeyCnf, Frame, encode
from bench.pump import Pump
from bench.sim.adapter import ModemRole
from bench.slac.events import Network
from bench.sniff.joining import SETTLES, BorrowedKey
from bench.trace import Trace
from bench.units import Ns, ms, s
from bench.wire import Wire

STRANGER = MacAddress.parse("02:00:00:00:99:99")
OVERHEARD = Network(nid=nid_from_nmk(b"o" * 16), nmk=Nmk(b"o" * 16))
OWN = Network(nid=nid_from_nmk(OWN_NMK), nmk=OWN_NMK)


@pytest.fixture
def post():
    return Post("qca7005-evse", ModemRole.PEV, plug_in=s(1000))


@pytest.fixture
def borrowed(post, tmp_path):
    post.adapter.identify()
    return BorrowedKey.of(post.adapter, post.adapter.read_pib(), Store(tmp_path))


def took(post: Post, borrowed: BorrowedKey) -> Ns:
    """How long the way back lasted."""
    start = post.clock.now()
    borrowed.give_back()
    return post.clock.now() - start


def test_an_adapter_that_was_in_the_overheard_network_is_believed_at_once(post, borrowed):
    assert borrowed.take(OVERHEARD)
    post.pump.run_for(s(1))
    borrowed.in_networks([OVERHEARD.nid])

    assert took(post, borrowed) < s(1)
    assert post.modem.nmk == OWN_NMK


@pytest.mark.parametrize("networks", [[], [OWN.nid]])
def test_an_adapter_that_was_never_seen_there_is_believed_later(post, borrowed, networks):
    borrowed.take(OVERHEARD)
    borrowed.in_networks(networks)

    assert SETTLES <= took(post, borrowed) < 2 * SETTLES


def test_a_key_it_has_anyway_is_not_set(post, borrowed):
    assert borrowed.take(OWN)
    borrowed.give_back()

    assert post.keys_sent() == []


def test_an_adapter_that_confirms_and_keeps_the_foreign_key_is_trouble(post, borrowed, monkeypatch):
    borrowed.take(OVERHEARD)
    post.pump.run_for(s(1))
    monkeypatch.setattr(post.modem, "take_key", lambda _: None)

    with pytest.raises(AdapterError, match=r"confirms the key but does not use it.*bench pib restore -i post "):
        borrowed.give_back()

    assert borrowed.taken == OVERHEARD


def test_an_interface_that_fails_meanwhile_is_trouble_with_the_remedy(post, borrowed, monkeypatch):
    borrowed.take(OVERHEARD)

    def gone(_: bytes) -> Ns:
        raise PortError("post: the interface has gone")

    monkeypatch.setattr(post.port, "send", gone)

    with pytest.raises(AdapterError, match=r"post: the interface has gone; .*may still have the overheard key"):
        borrowed.give_back()


def test_an_adapter_that_restarts_just_then_is_asked_until_it_answers(post, borrowed):
    borrowed.take(OVERHEARD)
    post.pump.run_for(s(1))
    post.modem.restart()

    borrowed.give_back()

    assert post.modem.nmk == OWN_NMK


def test_the_parameters_of_another_adapter_are_refused(post, tmp_path):
    post.adapter.identify()
    foreign = post.car.adapter
    pib = foreign.settings.as_pib(foreign.profile)

    with pytest.raises(AdapterError, match="the parameters that were read are those of"):
        BorrowedKey.of(post.adapter, pib, Store(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_parameters_that_hide_the_key_are_refused(post, tmp_path):
    post.adapter.identify()
    pib = post.adapter.read_pib().with_network(Nmk(bytes(16)))

    with pytest.raises(AdapterError, match="do not show its key"):
        BorrowedKey.of(post.adapter, pib, Store(tmp_path))


class Reader:
    """Who reads the wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def next_deadline(self) -> Ns | None:
        port = self.wire.port
        assert isinstance(port, PaperPort)
        return port.planned[0][0] if port.planned else None

    def busy(self) -> bool:
        return self.wire.arrived()

    def wake(self, _: Ns) -> None:
        self.wire.take()


@pytest.mark.parametrize(("confirms", "believed"), [(PEER, True), (STRANGER, False)])
def test_only_the_adapter_itself_confirms(confirms, believed):
    clock = VirtualClock()
    port, pump = PaperPort(clock), Pump(clock)
    wire = Wire(port, Trace(), pump)
    pump.participants.append(Reader(wire))
    port.arrives(ms(1), encode(Frame(port.mac, confirms, CmSetKeyCnf())))

    assert BorrowedKey(wire, PEER, OWN, Path("backup")).take(OVERHEARD) is believed
