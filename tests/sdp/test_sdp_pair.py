"""EVCC and SECC face to face, and both at the mercy of whatever comes in."""

from __future__ import annotations

import random
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sdp_stage import CAR, STATION, EvccOnStage, OnStage, SeccOnStage, request, to

from bench.machine import Row
from bench.net import Ipv6Frame, MalformedPacket, decode, encode
from bench.sdp import evcc_table, secc_table
from bench.sdp.evcc import EvccSettings
from bench.sdp.events import Discovered
from bench.units import Ns, ms, s

DELAY: Ns = ms(3)


def exchange(evcc: EvccOnStage, secc: SeccOnStage, until: Ns, lost: int = 0) -> None:
    """What one sends the other hears DELAY later; the first *lost* requests get lost."""
    evcc.joins()
    secc.matches()
    carried = 0
    while evcc.now < until:
        for listener, speaker in ((secc, evcc), (evcc, secc)):
            for t, frame in speaker.sent[_heard(listener) :]:
                if t + DELAY <= listener.now:
                    listener.heard += 1
                    is_request = listener is secc and (t, frame) in evcc.requests
                    carried += is_request
                    if not (is_request and carried <= lost):
                        listener.hears(frame)
        for one in (evcc, secc):
            one.runs(ms(1))


def _heard(listener: OnStage) -> int:
    listener.heard = getattr(listener, "heard", 0)
    return listener.heard


@pytest.mark.parametrize("lost", [0, 1, 7])
def test_the_car_finds_the_station_however_many_requests_get_lost(lost):
    evcc, secc = EvccOnStage(), SeccOnStage()

    exchange(evcc, secc, s(4), lost)

    (found,) = evcc.told(Discovered)
    assert (found.secc.secc_address, found.secc_mac, found.requests) == (secc.machine.address, STATION, lost + 1)
    assert found.t - s(1) - lost * ms(250) < 2 * DELAY + ms(3)


@pytest.mark.parametrize("table", [evcc_table.TABLE, secc_table.TABLE], ids=["evcc", "secc"])
def test_every_row_says_why(table):
    assert all(isinstance(row, Row) and row.why for row in table.values())


@pytest.mark.parametrize(("table", "side"), [(evcc_table.TABLE, "evcc"), (secc_table.TABLE, "secc")])
def test_every_action_of_a_table_exists(table, side):
    machine = {"evcc": EvccOnStage, "secc": SeccOnStage}[side]().machine

    assert all(callable(getattr(machine, row.action)) for row in table.values() if row.action)


def test_the_documentation_shows_these_tables():
    """docs/sdp-states.md is made from them: python docs/make_state_tables.py"""
    docs = Path(__file__).resolve().parents[2] / "docs"
    made = runpy.run_path(str(docs / "make_state_tables.py"))["render_sdp"]()

    assert (docs / "sdp-states.md").read_text(encoding="utf-8") == made


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 200), value=st.integers(0, 255), length=st.integers(0, 120), seed=st.integers(0, 3))
def test_whatever_comes_in_nobody_falls_over(at: int, value: int, length: int, seed: int):
    """One octet of a lawful frame is changed, or its end cut off."""
    evcc, secc = EvccOnStage(EvccSettings()), SeccOnStage()
    evcc.joins()
    evcc.runs(s(1))
    secc.matches()
    frames = [request(), to(request(), src=secc.machine.address), evcc.requests[0][1], evcc.response()]
    octets = bytearray(encode(frames[seed]))
    octets[at % len(octets)] = value
    hurt = hurt_frame(bytes(octets) if length > 110 else bytes(octets[:length]))
    if hurt is None:
        return

    for stage in (evcc, secc):
        stage.machine.receive(hurt, stage.now)
        stage.collect()

    assert len(evcc.requests) == 1


def hurt_frame(octets: bytes) -> Ipv6Frame | None:
    try:
        return decode(octets)
    except MalformedPacket:
        return None


def test_two_runs_are_identical():
    """Nothing but what comes in and the time decides."""
    sent = []
    for _ in range(2):
        rng = random.Random(7)
        evcc, secc = EvccOnStage(), SeccOnStage()
        exchange(evcc, secc, s(3), rng.randrange(3))
        sent.append([encode(frame) for _, frame in evcc.sent + secc.sent])

    assert sent[0] == sent[1]


def test_the_two_do_not_answer_themselves():
    """A modem may give a host its own multicast back."""
    evcc, secc = EvccOnStage(), SeccOnStage()
    evcc.joins()
    evcc.runs(s(1))
    secc.matches()
    secc.hears(request())
    before = len(evcc.sent), len(secc.sent)

    evcc.hears(evcc.requests[0][1])
    secc.hears(secc.responses[0][1])

    assert (len(evcc.sent), len(secc.sent)) == before
    assert evcc.machine.mac == CAR
    assert replace(request(), src=CAR) == request()
