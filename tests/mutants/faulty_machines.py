"""Faults put into our own machines and into the simulated bench, each by one patch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import bench.change.applying
import bench.slac.evse
import bench.slac.pev
from bench.adapter import PlcAdapter
from bench.mme import CmAttenCharInd, CmAttenCharRsp, VsSwVerReq
from bench.net import SdpResponse
from bench.pib import Recipe, SlacEnable
from bench.sdp.evcc import EvccSdp, EvccSettings
from bench.sdp.secc import SeccSdp
from bench.sim.adapter import VirtualAdapter
from bench.sim.adapter.answers import ANSWERS
from bench.sim.pilot import EvseEnd, PevEnd, PilotLine
from bench.slac.averaging import Report
from bench.slac.events import Matched
from bench.slac.evse import EvseSlac
from bench.slac.evse_table import EvseOn, EvseState
from bench.slac.pev import PevSlac
from bench.slac.pev_table import PevOn
from bench.station import EvseStation, PevStation
from bench.units import Ns, ms

Patch = Callable[[pytest.MonkeyPatch], None]


def counts_every_second_sound(patch: pytest.MonkeyPatch) -> None:
    usual = EvseSlac.hear_sound

    def hear_sound(self: EvseSlac, session: Any, now: int, frame: Any) -> None:
        if frame.mme.cnt % 2:
            usual(self, session, now, frame)

    patch.setattr(EvseSlac, "hear_sound", hear_sound)


def delays(station: type, message: type, by: Ns = ms(150)) -> Patch:
    def patched(patch: pytest.MonkeyPatch) -> None:
        usual = station.__init__  # type: ignore[misc]

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            usual(self, *args, **kwargs)
            self.wire.delay(message, by)

        patch.setattr(station, "__init__", init)

    return patched


def one_retry(module: Any) -> Patch:
    return lambda patch: patch.setattr(module, "C_EV_MATCH_RETRY", 1)


def no_rules(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench.slac.pev, "violations", lambda *_: [])


def invents_reports(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench.slac.evse, "report_of", lambda *_, **__: Report(10, bytes([20]) * 58))


def blind_to_the_pilot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EvseSlac, "end_all", lambda *_: None)
    patch.setitem(bench.slac.evse.TIMERS_OF, EvseState.READY, {})


def plugged_in_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PevSlac, "_pilot_event", staticmethod(lambda _: PevOn.CP_OFFER))


def no_join_time_out(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(bench.slac.evse.TIMERS_OF, EvseState.JOINING, {})


def tries_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PevSlac, "triggered", PevSlac.begin_attempt)


def chooses_farthest(patch: pytest.MonkeyPatch) -> None:
    usual = PevSlac.answer_report

    def answer_report(self: PevSlac, pev: Any, now: int, frame: Any) -> None:
        upside_down = bytes(255 - db for db in frame.mme.aag)
        usual(self, pev, now, replace(frame, mme=replace(frame.mme, aag=upside_down)))

    def init(self: PevSlac, *args: Any, **kwargs: Any) -> None:
        usual_init(self, *args, **kwargs)
        self.settings = replace(self.settings, attenuation_limit_db=255.0)

    usual_init = PevSlac.__init__
    patch.setattr(PevSlac, "answer_report", answer_report)
    patch.setattr(PevSlac, "__init__", init)


def duty_means_unplugged(patch: pytest.MonkeyPatch) -> None:
    usual = EvseSlac._pilot_event

    def pilot_event(self: EvseSlac, reading: Any) -> EvseOn:
        on = usual(self, reading)
        return EvseOn.CP_A if on is EvseOn.CP_PLUGGED else on

    patch.setattr(EvseSlac, "_pilot_event", pilot_event)


def nameless_adapters(patch: pytest.MonkeyPatch) -> None:
    usual = ANSWERS[VsSwVerReq]

    def answer(*args: Any) -> Any:
        cnf = usual(*args)
        return cnf and replace(cnf, version_field=b"?".ljust(254, b"\0"))

    patch.setitem(ANSWERS, VsSwVerReq, answer)


def keeps_old_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(VirtualAdapter, "take_key", lambda *_: None)


def restarts_for_the_same_key(patch: pytest.MonkeyPatch) -> None:
    def set_key(self: PlcAdapter, _: Any) -> None:
        self._await_restart(self._now())

    patch.setattr(PlcAdapter, "set_key", set_key)


def stuck_pwm(patch: pytest.MonkeyPatch) -> None:
    usual = EvseEnd.set_duty_cycle_pct
    patch.setattr(EvseEnd, "set_duty_cycle_pct", lambda self, _: usual(self, 20.0))


def stuck_s2(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PevEnd, "set_charge_ready", lambda *_, **__: None)


def not_prepared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EvseStation, "prepare", lambda self: self.adapter.identify())


def plug_stuck_in(patch: pytest.MonkeyPatch) -> None:
    usual = PilotLine.__init__

    def init(self: PilotLine, *args: Any, **kwargs: Any) -> None:
        usual(self, *args, **kwargs)
        self.pev.plug_in()

    patch.setattr(PilotLine, "__init__", init)


def one_octet_more(patch: pytest.MonkeyPatch) -> None:
    usual = Recipe.applied_to
    patch.setattr(Recipe, "applied_to", lambda self, image: usual(self, image).with_values({"mains_frequency": 7}))


def recipes_do_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recipe, "applied_to", lambda _self, image: image)


def recipes_switch_slac_off(patch: pytest.MonkeyPatch) -> None:
    usual = Recipe.applied_to
    off = {"slac_enable": SlacEnable.OFF}
    patch.setattr(Recipe, "applied_to", lambda self, image: usual(self, image).with_values(off))


def recipes_fit_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recipe, "check", lambda *_: [])


def restores_something_else(patch: pytest.MonkeyPatch) -> None:
    usual = bench.change.applying.parse
    patch.setattr(bench.change.applying, "parse", lambda octets: usual(octets).with_values({"user_hfid": "spoilt"}))


def never_matched(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SeccSdp, "network", lambda *_: None)


def asks_49_times(patch: pytest.MonkeyPatch) -> None:
    usual = EvccSdp.__init__
    patch.setattr(EvccSdp, "__init__", lambda self, mac, _: usual(self, mac, EvccSettings(requests=49)))


def deaf_to_late_answers(patch: pytest.MonkeyPatch) -> None:
    usual = EvccSdp._refusal

    def refusal(self: EvccSdp, frame: Any, message: Any) -> str:
        return "late" if self.evcc.sends > 1 else usual(self, frame, message)

    patch.setattr(EvccSdp, "_refusal", refusal)


def takes_every_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EvccSdp, "_refusal", lambda *_: "")


def does_not_wait_for_the_network(patch: pytest.MonkeyPatch) -> None:
    usual = PevStation._follow

    def follow(self: PevStation, event: Any) -> None:
        if isinstance(event, Matched):
            self.sdp.network_up(event.t)
        usual(self, event)

    patch.setattr(PevStation, "_follow", follow)


def answers_without_a_match(patch: pytest.MonkeyPatch) -> None:
    usual = SeccSdp.receive

    def receive(self: SeccSdp, frame: Any, now: int) -> None:
        if self.evcc_mac is None:
            self.network(frame.src, now)
        usual(self, frame, now)

    patch.setattr(SeccSdp, "receive", receive)


def answers_every_car(patch: pytest.MonkeyPatch) -> None:
    usual = SeccSdp.receive

    def receive(self: SeccSdp, frame: Any, now: int) -> None:
        if self.evcc_mac is not None:
            self.evcc_mac = frame.src
        usual(self, frame, now)

    patch.setattr(SeccSdp, "receive", receive)


PATCHES: dict[str, Patch] = {
    "the EVSE counts every second sound": counts_every_second_sound,
    "the EVSE reports late": delays(EvseStation, CmAttenCharInd),
    "the PEV answers reports late": delays(PevStation, CmAttenCharRsp),
    "the PEV asks twice instead of three times": one_retry(bench.slac.pev),
    "the EVSE reports twice instead of three times": one_retry(bench.slac.evse),
    "nobody checks the RunID": no_rules,
    "the EVSE reports what it did not hear": invents_reports,
    "the EVSE does not look at the pilot": blind_to_the_pilot,
    "the PEV does not see that the pilot was left": plugged_in_for_ever,
    "the EVSE waits for ever for the link": no_join_time_out,
    "the PEV tries once": tries_once,
    "the PEV chooses the farthest": chooses_farthest,
    "the EVSE takes a change of duty cycle for an unplugged car": duty_means_unplugged,
    "the SECC does not hear of the match": never_matched,
    "the SECC answers late": delays(EvseStation, SdpResponse, ms(300)),
    "the EVCC asks 49 times": asks_49_times,
    "the EVCC is deaf to late answers": deaf_to_late_answers,
    "the EVCC takes every answer": takes_every_answer,
    "the EVCC does not wait for the network": does_not_wait_for_the_network,
    "the SECC answers without a match": answers_without_a_match,
    "the SECC answers every car": answers_every_car,
    "recipes change one octet more than they say": one_octet_more,
    "recipes do nothing": recipes_do_nothing,
    "recipes switch SLAC off": recipes_switch_slac_off,
    "recipes fit every adapter": recipes_fit_everything,
    "a backup comes back with another name in it": restores_something_else,
    "adapters do not say what they are": nameless_adapters,
    "adapters keep their old key": keeps_old_key,
    "adapters restart for the key they have": restarts_for_the_same_key,
    "the pilot output is stuck at 20 %": stuck_pwm,
    "S2 is stuck open": stuck_s2,
    "the bench's adapter was not prepared": not_prepared,
    "the plug is stuck in": plug_stuck_in,
}
