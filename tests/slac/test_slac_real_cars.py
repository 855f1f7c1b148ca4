"""Real cars against our EVSE machine: it is fed what car and modem say in captures made at charging stations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from real_captures import CAPTURES, needs_captures
from slac_stage import NETWORK, OnStage

from bench.capture import open_capture
from bench.errors import MalformedMme
from bench.ids import MacAddress, RunId
from bench.mme import CmAttenCharInd, CmSlacMatchCnf, CmSlacParmCnf, decode, is_homeplug
from bench.slac.events import Matched
from bench.slac.evse import EvseSettings, EvseSlac
from bench.slac.timers import TIMERS
from bench.units import ms

AT_ONCE = replace(TIMERS, tp_evse_avg_atten_calc=ms(2))
"""Some stations reported before our machine would, and the car's answer is in the capture 5 ms later."""


class Attempt(NamedTuple):
    path: Path
    evse_mac: MacAddress
    truth: Any

    def __str__(self) -> str:
        return f"{self.path.name} attempt {self.truth['index']}"


def matched_attempts() -> list[Attempt]:
    """Every attempt recorded at the station it was matched by."""
    found = []
    for path in CAPTURES:
        truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if truth["recorder"]["role"] == "evse":
            host = MacAddress.parse(truth["recorder"]["host_mac"])
            attempts = [a for a in truth["slac"]["attempts"] if a["outcome"].startswith("matched")]
            found += [Attempt(path, host, attempt) for attempt in attempts]
    return found


def replayed(attempt: Attempt) -> OnStage:
    """Our EVSE after the frames of *attempt* that a station hears, each at the instant it was recorded."""
    evse = OnStage(EvseSlac(attempt.evse_mac, NETWORK, EvseSettings(timers=AT_ONCE)), attempt.evse_mac)
    begun = None
    with open_capture(attempt.path) as capture:
        for record in capture.records():
            if not attempt.truth["first_frame"] <= record.number <= attempt.truth["last_frame"]:
                continue
            if begun is None:
                begun = record.t - evse.now
                evse.plug_in()
            if not is_homeplug(record.octets):
                continue
            try:
                frame = decode(record.octets)
            except MalformedMme:
                continue
            if frame.src == attempt.evse_mac:
                continue
            evse.run_until(record.t - begun)
            evse.machine.receive(frame, evse.now)
            evse.empty()
    return evse


@needs_captures
@pytest.mark.parametrize("attempt", matched_attempts(), ids=str)
def test_real_car_is_matched_as_it_was(attempt):
    """Same car, same RunID, as many confirmations, and as many sounds as the real station reported.

    That is nine for the Seres 3, whose tenth sound comes 612 ms after its first START.
    """
    evse = replayed(attempt)

    (match,) = evse.said(Matched)
    truth = attempt.truth
    assert match.pev_mac == MacAddress.parse(truth["pev_mac"])
    assert match.run_id == RunId(bytes.fromhex(truth["run_id"]))
    assert match.sounds_heard == truth["attenuation_reported"]["num_sounds"]
    assert len(evse.sent(CmSlacParmCnf)) == truth["counts"]["param_req"]
    assert len(evse.sent(CmSlacMatchCnf)) == truth["counts"]["match_req"]


@needs_captures
@pytest.mark.parametrize("attempt", matched_attempts(), ids=str)
def test_reported_groups_are_the_means_of_the_measured_ones(attempt):
    """To half a dB; a modem that measured no groups leaves only the invented level."""
    counted = attempt.truth["attenuation_reported"]["num_sounds"]
    evse = replayed(attempt)

    report = evse.sent(CmAttenCharInd)[0].mme
    measured = [profile for profile in attempt.truth["profiles"] if profile["kind"] == "CM_ATTEN_PROFILE.IND"]
    if measured and measured[0]["num_groups"]:
        of_each_sound = measured[0]["per_sound_average_db"][:counted]
        assert report.average_db == pytest.approx(sum(of_each_sound) / counted, abs=0.5)
        if counted == measured[0]["count"]:
            assert list(report.aag) == pytest.approx(measured[0]["mean_groups_db"], abs=0.551)
    else:
        assert report.aag == bytes([EvseSettings().synthetic_db]) * 58
