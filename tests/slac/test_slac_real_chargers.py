"""Real charging stations against our PEV machine: it is fed what they say in captures made at the car's end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from real_captures import CAPTURES, needs_captures
from slac_stage import OnStage

from bench.capture import open_capture
from bench.errors import MalformedMme
from bench.ids import MacAddress, Nid, Nmk, RunId
from bench.mme import CmAttenCharRsp, decode, is_homeplug
from bench.slac.events import Matched, Network
from bench.slac.pev import PevSettings, PevSlac
from bench.slac.timers import TIMERS
from bench.units import ms

BEFORE_THE_CONFIRMATION = ms(50)
"""When the machine asks for the match, counted back from the confirmation in the capture."""


class Attempt(NamedTuple):
    path: Path
    truth: Any

    def __str__(self) -> str:
        return f"{self.path.name} attempt {self.truth['index']}"


def matched_attempts() -> list[Attempt]:
    """Every attempt recorded at the car that was matched, or inside it."""
    found = []
    for path in CAPTURES:
        truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if truth["recorder"]["role"] in ("pev", "pev_internal"):
            attempts = [a for a in truth["slac"]["attempts"] if a["outcome"].startswith("matched")]
            found += [Attempt(path, attempt) for attempt in attempts]
    return found


def replayed(attempt: Attempt) -> OnStage:
    """Our PEV, plugged in when the car sent the request that was answered, and as patient as that car."""
    truth = attempt.truth
    car = MacAddress.parse(truth["pev_mac"])
    asks_after = ms(truth["timings_ms"]["total_answered_req_to_match_cnf"]) - BEFORE_THE_CONFIRMATION
    timers = replace(TIMERS, tt_ev_atten_results=asks_after - TIMERS.tt_match_response)
    run_id = RunId(bytes.fromhex(truth["run_id"]))
    machine = PevSlac(car, lambda: run_id, lambda: bytes(16), PevSettings(timers=timers, wait_for_all=False))
    pev = OnStage(machine, car)
    begun = None
    with open_capture(attempt.path) as capture:
        for record in capture.records():
            if record.number == truth["answered_req_frame"]:
                begun = record.t - pev.now
                pev.plug_in()
            if begun is None or record.number > truth["last_frame"] or not is_homeplug(record.octets):
                continue
            try:
                frame = decode(record.octets)
            except MalformedMme:
                continue
            if frame.src != car:
                pev.run_until(record.t - begun)
                machine.receive(frame, pev.now)
                pev.empty()
    return pev


@needs_captures
@pytest.mark.parametrize("attempt", matched_attempts(), ids=str)
def test_real_charger_matches_our_pev_as_it_did_the_car(attempt):
    """The same EVSE is chosen, its report is answered, and the same network comes out of it."""
    pev = replayed(attempt)

    (match,) = pev.said(Matched)
    truth = attempt.truth
    assert match.evse_mac == MacAddress.parse(truth["evse_mac"])
    assert match.network == Network(Nid(bytes.fromhex(truth["key"]["nid"])), Nmk(bytes.fromhex(truth["key"]["nmk"])))
    assert match.average_db == pytest.approx(truth["attenuation_reported"]["average_db"], abs=0.005)
    assert match.sounds_heard == truth["attenuation_reported"]["num_sounds"]
    assert {answer.dst for answer in pev.sent(CmAttenCharRsp)} == {
        MacAddress.parse(candidate["evse_mac"]) for candidate in truth["evse_candidates"] if candidate["atten_char_ind"]
    }
