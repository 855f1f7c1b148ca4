"""What a simulated car does: the habits of its profile, the rules it keeps, and what its quirks make of both.

The script (`bench.sim.car.attempt`) asks a `CarConduct` and knows no quirk by name. Each quirk is one entry of
`EFFECTS`: it changes the profile, a rule, or the messages on their way out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from bench.ids import MacAddress, Nmk, StationId
from bench.mme import (
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.net import Ipv6Address, SdpRequest, link_local
from bench.pilot.model import CpState, PilotReading
from bench.profiles import AfterRsp, CountOrder, SdpSecurity, Spread, VehicleProfile
from bench.sim.effects import (
    Conduct,
    always,
    both,
    breaks_checksum,
    changes,
    changes_header,
    gives_other_run_id,
    habit,
    recorded_at_evse,
    rule,
    sends,
    sends_packets,
    tables,
    with_quirks,
    withholds,
)
from bench.sim.host import ROUND_TRIP
from bench.sim.quirks import CarQuirk
from bench.units import Ns, ms, s

# ISO 15118-3, annex table A.1
TT_MATCH_RESPONSE: Final = ms(200)
TT_EV_ATTEN_RESULTS: Final = ms(1200)
TT_MATCH_JOIN: Final = s(12)
TT_MATCHING_RATE: Final = ms(400)
TT_MATCHING_REPETITION: Final = s(10)
C_EV_MATCH_RETRY: Final = 2

HIGHEST_ATTENUATION_DB: Final = 60.0
"""Real cars matched at up to 48 dB; a neighbour's car is heard at 61 to 81 dB. The 20 dB of the standard none keeps."""

OTHER_STATION: Final = MacAddress(bytes.fromhex("02ffee000001"))
OTHER_NMK: Final = Nmk(bytes.fromhex("4e6f742074686520726967687420304b"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CarConduct(Conduct):
    """How a car behaves.

    match_response        wait for an answer to CM_SLAC_MATCH.REQ
    match_retries         how often it repeats that; None: for ever
    matching_repetition   after its first request, the time in which a failed attempt is followed by another; None: no
                          end was seen
    new_run_id_on_repeat  a repeated CM_SLAC_PARM.REQ carries another RunID
    keeps_run_id          no new RunID for a new attempt
    checks_run_id         takes no notice of an answer with a RunID that is not its own
    answers_others        answers indications that are not for it
    highest_db            attenuation above which a station counts as not found
    zero_means_defect     an indication of 0 dB is not answered
    chooses               of (mean attenuation, address) pairs
    leaves_network        sets a key of its own when the session ends
    stays_in              pilot states in which matching does not run, and it goes on nevertheless
    starts_at_5_pct       begins to match when 5 % is offered; else as soon as it is plugged in
    starts_again          a new offer is a new beginning
    needs_report          asks only a station whose indication it has answered
    needs_5_pct           loss of the 5 % ends a matching that is not through
    asks_sdp              asks for its station by SDP when it is in the network
    asks_one_host         asks the station it matched and not everybody
    takes_any_answer      takes the first SDP answer it sees, whatever it says and whoever it is for
    ipv6_address          its own; None: the link-local one of its MAC address
    """

    profile: VehicleProfile
    match_response: Ns = TT_MATCH_RESPONSE
    match_retries: int | None = C_EV_MATCH_RETRY
    atten_results: Ns = TT_EV_ATTEN_RESULTS
    match_join: Ns = TT_MATCH_JOIN
    matching_rate: Ns = TT_MATCHING_RATE
    matching_repetition: Ns | None = TT_MATCHING_REPETITION
    new_run_id_on_repeat: bool = False
    keeps_run_id: bool = False
    checks_run_id: bool = True
    answers_others: bool = False
    highest_db: float = HIGHEST_ATTENUATION_DB
    zero_means_defect: bool = False
    chooses: Callable[[Collection[tuple[float, MacAddress]]], tuple[float, MacAddress]] = min
    leaves_network: bool = True
    stays_in: frozenset[CpState] = frozenset()
    starts_at_5_pct: bool = True
    starts_again: bool = True
    needs_report: bool = True
    needs_5_pct: bool = True
    asks_sdp: bool = True
    asks_one_host: bool = False
    takes_any_answer: bool = False
    ipv6_address: Ipv6Address | None = None

    def reaction(self, spread: Spread, rng: random.Random) -> Ns:
        """What the car itself needs to react to the station, without the way there and back that a recorder at the
        station saw with it."""
        return self._own_share(spread.draw(rng))

    def _own_share(self, recorded: Ns) -> Ns:
        return max(0, recorded - ROUND_TRIP) if recorded_at_evse(self.profile) else recorded

    def first_words(self, rng: random.Random) -> tuple[Ns | None, Ns]:
        """First frame and first SDP request, counted from CM_SLAC_MATCH.CNF. None: the request is the first frame.

        What was steady in the recorded cars is the request and what lies between the two, not the first frame. So that
        is what follows from the others, within the range in which it was seen.
        """
        after = self.profile.after_match
        sdp = after.sdp.draw(rng)
        if after.first_frame_to_sdp is None or after.first_frame is None:
            return None, self._own_share(sdp)
        earlier = sdp - after.first_frame_to_sdp.draw(rng)
        first = min(max(earlier, after.first_frame.min), after.first_frame.max)
        return self._own_share(first), self._own_share(sdp)

    def starts_on(self, reading: PilotReading) -> bool:
        """Whether *reading* of the pilot asks the car to match."""
        return reading.digital if self.starts_at_5_pct else reading.state.plugged

    def stops_on(self, reading: PilotReading, *, matched: bool) -> bool:
        """Whether *reading* of the pilot ends the matching (or, once *matched*, the session)."""
        if reading.state in self.stays_in:
            return False
        if not reading.state.plugged:
            return True
        return self.needs_5_pct and not matched and not reading.digital


Effect: TypeAlias = Callable[[CarConduct], CarConduct]


def conduct_of(profile: VehicleProfile, quirks: Collection[CarQuirk]) -> CarConduct:
    """How the car of *profile* behaves."""
    return with_quirks(CarConduct(profile=profile, matching_repetition=_matching_repetition(profile)), quirks, EFFECTS)


def _matching_repetition(profile: VehicleProfile) -> Ns | None:
    """The standard's limit, except for cars that were seen to go on or whose requests were seen to have no end."""
    requests = profile.parm_req
    if requests.burst_interval is not None:
        return None if requests.burst_interval.n else TT_MATCHING_REPETITION
    return None if requests.requests_per_burst is None else TT_MATCHING_REPETITION


def _match_req_after_rsp(delay: Ns) -> Effect:
    return tables(match_req=AfterRsp(delay=always(delay)))


def _pace(interval: Ns) -> Effect:
    spread = always(interval)
    return both(habit("start", interval=spread), habit("sounds", interval=spread, after_last_start=spread, late=None))


def _no_retry(conduct: CarConduct) -> CarConduct:
    once = habit("parm_req", requests_per_burst=1, burst_interval=None, duplicate=None)
    return replace(once(conduct), match_retries=0, matching_repetition=0)


def _stays_in(*states: CpState) -> Effect:
    return lambda conduct: replace(conduct, stays_in=conduct.stays_in | frozenset(states))


def _asks_once(conduct: CarConduct) -> CarConduct:
    first = conduct.profile.sdp.securities[:1]
    return habit("sdp", securities=first, requests_per_security=1, interval=always(ms(250)))(conduct)


LETTERS: Final = StationId(b"PEVPEVPEVPEVPEVPE")

EFFECTS: dict[CarQuirk, Effect] = {
    CarQuirk.NEVER_STARTS: sends(withholds(CmSlacParmReq)),
    CarQuirk.STARTS_WITHOUT_OFFER: rule(starts_at_5_pct=False, needs_5_pct=False),
    CarQuirk.LATE_PARM_REQ: habit("pilot", pwm_on_to_parm_req=always(s(60))),
    CarQuirk.SLOW_PARM_REQ: habit("pilot", pwm_on_to_parm_req=always(s(11.2))),
    CarQuirk.NO_RETRY: _no_retry,
    CarQuirk.ENDLESS_RETRY: both(
        habit("parm_req", interval=always(TT_MATCH_RESPONSE), requests_per_burst=None, interval_after_pair=None),
        rule(match_retries=None, matching_repetition=None),
    ),
    CarQuirk.EARLY_RETRY: both(habit("parm_req", interval=always(ms(80))), rule(match_response=ms(80))),
    CarQuirk.LATE_TIMEOUTS: both(
        habit("parm_req", interval=always(3 * TT_MATCH_RESPONSE)),
        rule(
            match_response=3 * TT_MATCH_RESPONSE,
            atten_results=3 * TT_EV_ATTEN_RESULTS,
            match_join=3 * TT_MATCH_JOIN,
            matching_rate=3 * TT_MATCHING_RATE,
            matching_repetition=3 * TT_MATCHING_REPETITION,
        ),
    ),
    CarQuirk.RUN_ID_CHANGES_ON_REPEAT: rule(new_run_id_on_repeat=True),
    CarQuirk.KEEPS_RUN_ID: rule(keeps_run_id=True),
    CarQuirk.RESTARTS_AT_ONCE: both(rule(matching_rate=0), habit("restart", after_unfinished_attempt=None)),
    CarQuirk.IGNORES_PARAM_CNF: rule(deaf_to=frozenset({CmSlacParmCnf})),
    CarQuirk.ACCEPTS_FOREIGN_RUN_ID: rule(checks_run_id=False),
    CarQuirk.APPLICATION_TYPE_1: sends(changes(CmSlacParmReq, application_type=1)),
    CarQuirk.LATE_START: habit("start", parm_req_to_start=None, cnf_to_start=always(ms(500))),
    CarQuirk.ONE_START: habit("start", count=1),
    CarQuirk.WRONG_RUN_ID_IN_START: sends(gives_other_run_id(CmStartAttenCharInd)),
    CarQuirk.TIME_OUT_10_IN_START: habit("start", time_out=10),
    CarQuirk.WRONG_FORWARDING_STA: sends(changes(CmStartAttenCharInd, forwarding_sta=OTHER_STATION)),
    CarQuirk.NO_SOUNDS: sends(withholds(CmMnbcSoundInd)),
    CarQuirk.NINE_SOUNDS: sends(withholds(CmMnbcSoundInd, lambda sound: sound.cnt == 5)),
    CarQuirk.EIGHT_SOUNDS: sends(withholds(CmMnbcSoundInd, lambda sound: sound.cnt in (4, 5))),
    CarQuirk.SLOW_SOUNDS: _pace(ms(55)),
    CarQuirk.TOO_SLOW_SOUNDS: habit("sounds", interval=always(ms(90)), late=None),
    CarQuirk.FAST_SOUNDS: _pace(ms(5)),
    CarQuirk.COUNTS_UP: habit("sounds", order=CountOrder.UP),
    CarQuirk.RANDOM_SENDER_ID: both(
        sends(changes(CmMnbcSoundInd, sender_id=LETTERS)),
        sends(changes(CmAttenCharRsp, source_id=LETTERS)),
        sends(changes(CmSlacMatchReq, pev_id=LETTERS)),
    ),
    CarQuirk.NO_ATTEN_RSP: sends(withholds(CmAttenCharRsp)),
    CarQuirk.LATE_ATTEN_RSP: habit("atten_char_rsp", latency=always(ms(250))),
    CarQuirk.SLOW_ATTEN_RSP: habit("atten_char_rsp", latency=always(ms(150))),
    CarQuirk.REFUSES_ATTEN_CHAR: sends(changes(CmAttenCharRsp, result=1)),
    CarQuirk.WRONG_RUN_ID_IN_RSP: sends(gives_other_run_id(CmAttenCharRsp)),
    CarQuirk.ZERO_ATTENUATION_MEANS_DEFECT: rule(zero_means_defect=True),
    CarQuirk.CHOOSES_FARTHEST: rule(chooses=max, highest_db=float("inf")),
    CarQuirk.ANSWERS_FOREIGN_IND: rule(answers_others=True),
    CarQuirk.MATCHES_WITHOUT_REPORT: rule(needs_report=False),
    CarQuirk.NO_MATCH_REQ: sends(withholds(CmSlacMatchReq)),
    CarQuirk.LATE_MATCH_REQ: _match_req_after_rsp(s(11)),
    CarQuirk.SLOW_MATCH_REQ: _match_req_after_rsp(ms(975)),
    CarQuirk.WRONG_EVSE_MAC_IN_MATCH_REQ: sends(changes(CmSlacMatchReq, evse_mac=OTHER_STATION)),
    CarQuirk.WRONG_RUN_ID_IN_MATCH_REQ: sends(gives_other_run_id(CmSlacMatchReq)),
    CarQuirk.WRONG_MVF_LENGTH: sends(changes(CmSlacMatchReq, mvf_length=0x003D)),
    CarQuirk.WRONG_KEY: sends(changes(CmSetKeyReq, nmk=OTHER_NMK)),
    CarQuirk.HASTY_JOIN: both(rule(match_join=s(3)), habit("restart", after_failed_join=None)),
    CarQuirk.NEVER_JOINS: sends(withholds(CmSetKeyReq)),
    CarQuirk.KEEPS_KEY_AFTER_UNPLUG: rule(leaves_network=False),
    CarQuirk.NEVER_ASKS_SDP: rule(asks_sdp=False),
    CarQuirk.SDP_ONCE: _asks_once,
    CarQuirk.SDP_HASTY: habit("sdp", interval=always(ms(100))),
    CarQuirk.SDP_ENDLESS: habit("sdp", requests_per_security=None),
    CarQuirk.SDP_LATE: habit("after_match", sdp=always(s(40))),
    CarQuirk.SDP_WRONG_VERSION: sends_packets(changes_header(SdpRequest, version=0x02, inverse_version=0xFD)),
    CarQuirk.SDP_WRONG_CHECKSUM: sends_packets(breaks_checksum(SdpRequest, first_only=True)),
    CarQuirk.SDP_BORROWED_ADDRESS: rule(ipv6_address=link_local(OTHER_STATION)),
    CarQuirk.SDP_TO_ONE_HOST: rule(asks_one_host=True),
    CarQuirk.INSISTS_ON_TLS: habit("sdp", securities=(SdpSecurity.TLS,), takes_no_tls=False),
    CarQuirk.TAKES_ANY_SDP_ANSWER: rule(takes_any_answer=True),
    CarQuirk.IGNORES_UNPLUG: _stays_in(CpState.A),
    CarQuirk.IGNORES_STATE_E: _stays_in(CpState.E, CpState.F),
    CarQuirk.STAYS_SILENT_AFTER_E: rule(starts_again=False),
    CarQuirk.IGNORES_LOSS_OF_5_PCT: rule(needs_5_pct=False),
}
