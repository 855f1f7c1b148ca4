"""What a simulated charging station does: the habits of its profile, the rules it keeps, what its quirks make of both.

The station (`bench.sim.charger.charger`, `session`) asks a `ChargerConduct` and knows no quirk by name. Each quirk is
one entry of `EFFECTS`: it changes the profile, a rule, or the messages on their way out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from bench.ids import MacAddress, Nmk
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    Mme,
)
from bench.net import ALL_NODES, Ipv6Frame, SdpResponse, Security, Udp, V2gtp, link_local, multicast_mac
from bench.profiles import (
    AfterLastSound,
    AtTimer,
    ChargerProfile,
    MissingSounds,
    NmkStyle,
    Spread,
    Synthetic,
    UnansweredInd,
)
from bench.profiles.charger import GROUPS
from bench.sim.effects import (
    Conduct,
    always,
    both,
    changes,
    changes_header,
    changes_sdp,
    edits_sdp,
    gives_other_run_id,
    habit,
    recorded_at_evse,
    rule,
    sends,
    sends_packets,
    tables,
    with_quirks,
    withholds,
    withholds_sdp,
)
from bench.sim.host import ROUND_TRIP
from bench.sim.quirks import ChargerQuirk
from bench.units import Ns, ms, s

# ISO 15118-3, annex table A.1
TT_EVSE_SLAC_INIT: Final = s(50)
TT_MATCH_RESPONSE: Final = ms(200)
TT_MATCH_SEQUENCE: Final = ms(400)
TT_EVSE_MATCH_SESSION: Final = s(10)
TT_EVSE_MATCH_MNBC: Final = ms(600)
TT_MATCH_JOIN: Final = s(12)
C_EVSE_MATCH_PARALLEL: Final = 5

OTHER_CAR: Final = MacAddress(bytes.fromhex("02ffee000002"))
OTHER_NMK: Final = Nmk(bytes.fromhex("4e6f742074686520726967687420304b"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerConduct(Conduct):
    """How a station behaves.

    shows_5_pct             offers digital communication to a car that is plugged in
    slac_init               how long after that it waits for a first request; None: for ever
    answers_unplugged       takes requests while no car is plugged in
    answers_repeats         answers a further request of a car it serves
    checks_run_id           a message of another run belongs to no session
    reports_unheard         reports at the end of its window even if no sound came
    gives_key_unasked       hands its key out without CM_SLAC_MATCH.REQ
    parallel                cars it serves at once
    wants_time_out          of CM_START_ATTEN_CHAR.IND, units of 100 ms; None: any but 0
    sounds_awaited          None: as many as it asked for
    checks_evse_mac         of CM_SLAC_MATCH.REQ
    ends_session_unplugged  forgets the car, and changes its key if it keeps that per session
    ends_pwm_unplugged      back to steady +12 V in state A
    answers_unmatched       answers SDP whoever is in its network
    answers_any_request     answers whatever comes to its SDP port
    """

    profile: ChargerProfile
    shows_5_pct: bool = True
    slac_init: Ns | None = TT_EVSE_SLAC_INIT
    answers_unplugged: bool = False
    answers_repeats: bool = True
    checks_run_id: bool = True
    reports_unheard: bool = False
    gives_key_unasked: bool = False
    parallel: int = C_EVSE_MATCH_PARALLEL
    wants_time_out: int | None = None
    sounds_awaited: int | None = None
    checks_evse_mac: bool = True
    ends_session_unplugged: bool = True
    ends_pwm_unplugged: bool = True
    answers_unmatched: bool = False
    answers_any_request: bool = False

    def reaction(self, spread: Spread, rng: random.Random) -> Ns:
        """What the station itself needs to react to a car, without the way there and back that a recorder at the car
        saw with it."""
        drawn = spread.draw(rng)
        return drawn if recorded_at_evse(self.profile) else max(0, drawn - ROUND_TRIP)


Effect: TypeAlias = Callable[[ChargerConduct], ChargerConduct]


def conduct_of(profile: ChargerProfile, quirks: Collection[ChargerQuirk]) -> ChargerConduct:
    """How the station of *profile* behaves."""
    conduct = ChargerConduct(profile=profile, answers_unplugged=profile.parm_cnf.answers_other_cars)
    return with_quirks(conduct, quirks, EFFECTS)


def _only_first(mme: Mme, repeat: int) -> Mme | None:
    return None if isinstance(mme, CmSlacMatchCnf) and repeat else mme


def _other_key_on_repeat(mme: Mme, repeat: int) -> Mme:
    return replace(mme, nmk=OTHER_NMK) if isinstance(mme, CmSlacMatchCnf) and repeat else mme


def _to_everybody(frame: Ipv6Frame, _: Udp, __: V2gtp) -> Ipv6Frame:
    return replace(frame, dst=multicast_mac(ALL_NODES), packet=replace(frame.packet, dst=ALL_NODES))


RESERVED_SECURITY: Final = Security(0x42)

EFFECTS: dict[ChargerQuirk, Effect] = {
    ChargerQuirk.NO_PWM: rule(shows_5_pct=False),
    ChargerQuirk.SILENT: sends(withholds(Mme, lambda mme: not isinstance(mme, CmSetKeyReq))),
    ChargerQuirk.LATE_CNF: habit("parm_cnf", latency=always(ms(250))),
    ChargerQuirk.SLOW_CNF: habit("parm_cnf", latency=always(ms(137))),
    ChargerQuirk.WRONG_RUN_ID_IN_CNF: sends(gives_other_run_id(CmSlacParmCnf)),
    ChargerQuirk.RESP_TYPE_0: habit("parm_cnf", resp_type=0),
    ChargerQuirk.NO_TIME_OUT: habit("parm_cnf", time_out=0),
    ChargerQuirk.WRONG_FORWARDING_STA: sends(changes(CmSlacParmCnf, forwarding_sta=OTHER_CAR)),
    ChargerQuirk.ANSWERS_ONE_REQUEST_ONLY: rule(answers_repeats=False),
    ChargerQuirk.IGNORES_RUN_ID: rule(checks_run_id=False),
    ChargerQuirk.SERVES_ONE_CAR_ONLY: rule(parallel=1),
    ChargerQuirk.ANSWERS_WHEN_MATCHED: habit("parm_cnf", answers_when_matched=True),
    ChargerQuirk.ANSWERS_IN_STATE_A: rule(answers_unplugged=True),
    ChargerQuirk.ANSWERS_AFTER_SLAC_INIT: rule(slac_init=None),
    ChargerQuirk.INSISTS_ON_TIME_OUT_6: rule(wants_time_out=6),
    ChargerQuirk.NO_ATTEN_CHAR_IND: sends(withholds(CmAttenCharInd)),
    ChargerQuirk.LATE_ATTEN_CHAR_IND: tables(atten_char_ind=AtTimer(after_first_start=always(ms(1300)))),
    ChargerQuirk.SLOW_ATTEN_CHAR_IND: tables(atten_char_ind=AfterLastSound(latency=always(ms(250)))),
    ChargerQuirk.EARLY_ATTEN_CHAR_IND: rule(sounds_awaited=5),
    ChargerQuirk.DOES_NOT_REPEAT_IND: tables(unanswered_ind=UnansweredInd()),
    ChargerQuirk.ENDLESS_IND_REPEAT: tables(unanswered_ind=UnansweredInd(interval=always(ms(205)))),
    ChargerQuirk.IGNORES_ATTEN_RSP: rule(deaf_to=frozenset({CmAttenCharRsp})),
    ChargerQuirk.WRONG_NUM_GROUPS: sends(changes(CmAttenCharInd, aag=lambda ind: ind.aag[:-1])),
    ChargerQuirk.NO_GROUPS: sends(changes(CmAttenCharInd, aag=b"")),
    ChargerQuirk.ZERO_ATTENUATION: tables(attenuation=Synthetic(aag=(0,) * GROUPS)),
    ChargerQuirk.WRONG_RUN_ID_IN_IND: sends(gives_other_run_id(CmAttenCharInd)),
    ChargerQuirk.WRONG_SOURCE_ADDRESS_IN_IND: sends(changes(CmAttenCharInd, source_address=OTHER_CAR)),
    ChargerQuirk.CLAIMS_TEN_SOUNDS: sends(changes(CmAttenCharInd, num_sounds=10)),
    ChargerQuirk.REPORTS_UNHEARD_SOUNDS: both(
        rule(reports_unheard=True),
        tables(
            attenuation=Synthetic(aag=(20,) * GROUPS), missing_sounds=MissingSounds(window=always(TT_EVSE_MATCH_MNBC))
        ),
    ),
    ChargerQuirk.INVENTED_ATTENUATION: tables(attenuation=Synthetic(aag=(3,) * GROUPS)),
    ChargerQuirk.GIVES_KEY_UNASKED: rule(gives_key_unasked=True),
    ChargerQuirk.NO_MATCH_CNF: sends(withholds(CmSlacMatchCnf)),
    ChargerQuirk.LATE_MATCH_CNF: habit("match_cnf", latency=always(ms(250))),
    ChargerQuirk.SLOW_MATCH_CNF: habit("match_cnf", latency=always(ms(150))),
    ChargerQuirk.IGNORES_REPEATED_MATCH_REQ: sends(_only_first),
    ChargerQuirk.DIFFERENT_CNF_ON_REPEAT: sends(_other_key_on_repeat),
    ChargerQuirk.WRONG_RUN_ID_IN_MATCH_CNF: sends(gives_other_run_id(CmSlacMatchCnf)),
    ChargerQuirk.WRONG_MVF_LENGTH: sends(changes(CmSlacMatchCnf, mvf_length=0x0055)),
    ChargerQuirk.ACCEPTS_FOREIGN_MATCH_REQ: rule(checks_evse_mac=False),
    ChargerQuirk.WRONG_KEY: sends(changes(CmSlacMatchCnf, nmk=OTHER_NMK)),
    ChargerQuirk.NID_NOT_FROM_NMK: habit("key", nid_is_hash_of_nmk=False),
    ChargerQuirk.SAME_KEY_EVERY_SESSION: habit("key", nmk=NmkStyle.FIXED),
    ChargerQuirk.FACTORY_KEY: both(habit("key", nmk=NmkStyle.FACTORY), rule(answers_unmatched=True)),
    ChargerQuirk.SDP_SILENT: sends_packets(withholds_sdp(SdpResponse)),
    ChargerQuirk.SDP_LATE: habit("sdp", latency=always(ms(400))),
    ChargerQuirk.SDP_SLOW: habit("sdp", latency=always(ms(428.8))),
    ChargerQuirk.SDP_WRONG_ADDRESS: sends_packets(changes_sdp(SdpResponse, secc_address=link_local(OTHER_CAR))),
    ChargerQuirk.SDP_PORT_0: sends_packets(changes_sdp(SdpResponse, secc_port=0)),
    ChargerQuirk.SDP_WRONG_VERSION: sends_packets(changes_header(SdpResponse, version=0x02, inverse_version=0xFD)),
    ChargerQuirk.SDP_TO_EVERYBODY: sends_packets(edits_sdp(SdpResponse, _to_everybody)),
    ChargerQuirk.SDP_TAKES_ANYTHING: rule(answers_any_request=True),
    ChargerQuirk.SDP_IGNORES_TLS: habit("sdp", answers_other_security=False),
    ChargerQuirk.SDP_FOREIGN_SECURITY: sends_packets(changes_sdp(SdpResponse, security=RESERVED_SECURITY)),
    ChargerQuirk.KEEPS_SESSION_AFTER_UNPLUG: rule(ends_session_unplugged=False),
    ChargerQuirk.KEEPS_PWM_AFTER_UNPLUG: rule(ends_pwm_unplugged=False),
}
