"""A frame of the partner shows the link as well as the adapter's own word, and for half a second better."""

from __future__ import annotations

from dataclasses import replace

from test_adapter import OTHER, OURS, Stand

from bench.adapter import PROBE_EVERY
from bench.adapter.plc_adapter import SILENT_PROBES, TRUSTED_FOR
from bench.mme import VsNwInfoReq
from bench.sim.adapter.network import NetworkKey
from bench.units import ms, s


def hears(stand: Stand) -> int:
    """Returns when."""
    stand.adapter.heard_partner(stand.clock.now())
    return stand.clock.now()


def test_the_frame_is_the_instant_of_the_link():
    stand = Stand()
    stand.watch()
    stand.pump.run_for(ms(100))

    at = hears(stand)

    assert stand.reports == [(True, at)]
    assert stand.adapter.link_up_at == at


def test_a_second_frame_reports_nothing():
    stand = Stand()
    stand.watch()
    hears(stand)
    hears(stand)

    assert len(stand.reports) == 1


def test_where_nothing_is_watched_a_frame_is_no_link():
    stand = Stand()
    hears(stand)
    stand.watch()
    stand.adapter.unwatch()
    hears(stand)

    assert stand.reports == []
    assert stand.adapter.link_up_at is None


def test_while_a_partner_is_watched_leaving_its_frames_show_no_link():
    """It says good-bye through the network it leaves."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    gone = []
    stand.adapter.watch_leaving(OURS, gone.append)
    stand.pump.run_for(ms(200))
    hears(stand)
    assert stand.adapter.link_up_at is None

    stand.partner.key = NetworkKey(OTHER.nmk, OTHER.nid)
    stand.pump.run_for(s(1))

    assert len(gone) == 1


def test_an_adapter_that_does_not_know_yet_is_not_believed_for_half_a_second():
    stand = Stand()
    stand.watch()
    heard_at = hears(stand)
    stand.pump.run_for(s(2))

    (_, up_at), (up, down_at) = stand.reports
    assert up_at == heard_at
    assert not up
    assert TRUSTED_FOR <= down_at - heard_at <= TRUSTED_FOR + PROBE_EVERY


def test_at_half_a_second_it_is_believed_again():
    stand = Stand()
    stand.watch()
    stand.pump.run_for(PROBE_EVERY + ms(20))
    no_partner = stand.wire.received[-1]
    stand.adapter.heard_partner(no_partner.t)

    stand.adapter.receive(replace(no_partner, t=no_partner.t + TRUSTED_FOR - 1))
    assert stand.reports == [(True, no_partner.t)]

    stand.adapter.receive(replace(no_partner, t=no_partner.t + TRUSTED_FOR))
    assert stand.reports[1:] == [(False, no_partner.t + TRUSTED_FOR)]


def test_what_was_heard_in_the_network_before_does_not_count_in_the_next():
    """There the adapter's own word is the only one, however short ago the other was."""
    stand = Stand()
    stand.watch()
    stand.pump.run_for(PROBE_EVERY + ms(20))
    no_partner = stand.wire.received[-1]
    hears(stand)
    stand.watch()
    stand.modem.key = stand.partner.key
    stand.pump.run_for(PROBE_EVERY + ms(20))
    assert stand.adapter.link_up_at is not None

    stand.adapter.receive(replace(no_partner, t=stand.clock.now()))

    assert stand.adapter.link_up_at is None


def test_an_adapter_that_carries_frames_has_its_power_though_it_left_questions_unanswered():
    """Probes may get lost, or the adapter may not know the question; its link is not gone for that."""
    stand = Stand()
    stand.modem.key = stand.partner.key
    stand.watch()
    with stand.wire.altered(VsNwInfoReq, lambda _: None):
        for _ in range(3):
            stand.pump.run_for((SILENT_PROBES - 1) * PROBE_EVERY)
            hears(stand)

        assert [up for up, _ in stand.reports] == [True]
        stand.pump.run_for((SILENT_PROBES + 1) * PROBE_EVERY)

    assert [up for up, _ in stand.reports] == [True, False]
