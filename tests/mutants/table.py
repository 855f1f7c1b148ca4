"""Which fault makes which test of the suite fail.

CARS, CHARGERS   quirk -> (profile of the station, tests that must fail, options of the run)
PAIRS            fault in our own machines -> tests that must fail, as deviations
RIG_CHECKS       fault in the bench -> tests that must fail, as a broken bench
"""

from __future__ import annotations

from typing import NamedTuple

STRICT = ("--verdict", "strict")
CAR, CHARGER = "skoda-enyaq", "tesla-supercharger-v3"
"""A car and a charger without a flaw, by the strict limits too."""


class Fault(NamedTuple):
    tests: set[str]
    options: tuple[str, ...] = ()
    profile: str = ""


def pev(*names: str) -> set[str]:
    return {f"pev/test_{name}" for name in names}


def evse(*names: str) -> set[str]:
    return {f"evse/test_{name}" for name in names}


def pair(*names: str) -> set[str]:
    return {f"pair/test_two_adapters.py::test_{name}" for name in names}


def discovery(*names: str) -> set[str]:
    return {f"pair/test_discovery.py::test_{name}" for name in names}


def pib(*names: str) -> set[str]:
    return {f"pib/test_recipes.py::test_{name}" for name in names}


CARS: dict[str, Fault] = {
    "never_starts": Fault(
        pev(
            "matching.py::test_it_is_matched_and_joins_the_network",
            "matching.py::test_each_of_its_messages_keeps_the_rules",
        )
    ),
    "starts_without_offer": Fault(pev("pilot.py::test_it_is_silent_without_an_offer")),
    "slow_parm_req": Fault(pev("matching.py::test_its_intervals_keep_their_limits"), STRICT),
    "no_retry": Fault(
        pev("retries.py::test_it_repeats_an_unanswered_parm_req", "retries.py::test_it_repeats_an_unanswered_match_req")
    ),
    "endless_retry": Fault(pev("retries.py::test_it_repeats_an_unanswered_match_req")),
    "early_retry": Fault(pev("retries.py::test_it_repeats_an_unanswered_parm_req")),
    "late_timeouts": Fault(pev("retries.py::test_it_repeats_an_unanswered_match_req")),
    "run_id_changes_on_repeat": Fault(pev("retries.py::test_it_repeats_an_unanswered_parm_req"), STRICT),
    "restarts_at_once": Fault(pev("retries.py::test_it_waits_before_the_next_attempt")),
    "accepts_foreign_run_id": Fault(pev("retries.py::test_it_does_not_go_on_after_a_confirmation_for_another_run")),
    "application_type_1": Fault(pev("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "one_start": Fault(pev("matching.py::test_it_announces_its_sounds_three_times_and_sends_all_of_them")),
    "nine_sounds": Fault(pev("matching.py::test_it_announces_its_sounds_three_times_and_sends_all_of_them")),
    "eight_sounds": Fault(pev("matching.py::test_it_is_matched_and_joins_the_network")),
    "too_slow_sounds": Fault(pev("matching.py::test_it_is_matched_and_joins_the_network")),
    "fast_sounds": Fault(pev("matching.py::test_its_intervals_keep_their_limits"), STRICT),
    "counts_up": Fault(pev("matching.py::test_its_sounds_count_down"), STRICT),
    "late_atten_rsp": Fault(pev("matching.py::test_its_intervals_keep_their_limits")),
    "slow_atten_rsp": Fault(pev("matching.py::test_its_intervals_keep_their_limits"), STRICT),
    "refuses_atten_char": Fault(pev("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "wrong_run_id_in_rsp": Fault(pev("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "matches_without_report": Fault(pev("retries.py::test_it_asks_for_no_match_without_a_report")),
    "chooses_farthest": Fault(pev("pilot.py::test_it_chooses_the_station_it_is_plugged_into")),
    "answers_foreign_ind": Fault(pev("retries.py::test_it_does_not_answer_a_report_for_another_car")),
    "wrong_evse_mac_in_match_req": Fault(pev("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "wrong_mvf_length": Fault(pev("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "wrong_key": Fault(pev("matching.py::test_it_is_matched_and_joins_the_network")),
    "never_joins": Fault(pev("matching.py::test_it_is_matched_and_joins_the_network")),
    "hasty_join": Fault(pev("retries.py::test_it_gives_the_network_time_to_come_up")),
    "keeps_key_after_unplug": Fault(pev("matching.py::test_it_leaves_the_network_in_state_f")),
    "ignores_unplug": Fault(pev("pilot.py::test_it_stops_when_it_is_unplugged")),
    "ignores_state_e": Fault(pev("pilot.py::test_it_stops_in_state_e", "pilot.py::test_it_stops_in_state_f")),
    "stays_silent_after_e": Fault(pev("pilot.py::test_it_begins_again_after_state_e")),
    "never_asks_sdp": Fault(pev("sdp.py::test_it_finds_its_station_and_connects")),
    "sdp_wrong_version": Fault(
        pev(
            "sdp.py::test_it_finds_its_station_and_connects",
            "sdp.py::test_what_it_sends_in_the_network_keeps_the_rules",
        )
    ),
    "sdp_wrong_checksum": Fault(pev("sdp.py::test_what_it_sends_in_the_network_keeps_the_rules")),
    "sdp_borrowed_address": Fault(pev("sdp.py::test_what_it_sends_in_the_network_keeps_the_rules")),
    "sdp_to_one_host": Fault(pev("sdp.py::test_what_it_sends_in_the_network_keeps_the_rules")),
    "sdp_late": Fault(pev("sdp.py::test_from_the_match_to_sdp_it_keeps_its_limits"), STRICT),
    "sdp_once": Fault(
        pev("sdp.py::test_it_asks_a_silent_station_again", "sdp.py::test_it_takes_an_answer_that_comes_late")
    ),
    "sdp_hasty": Fault(pev("sdp.py::test_it_asks_a_silent_station_again")),
    "sdp_endless": Fault(pev("sdp.py::test_it_asks_a_silent_station_again"), STRICT),
    "insists_on_tls": Fault(pev("sdp.py::test_it_finds_its_station_and_connects")),
    "takes_any_sdp_answer": Fault(pev("sdp.py::test_it_does_not_connect_after_an_answer_that")),
}

CHARGERS: dict[str, Fault] = {
    "no_pwm": Fault(evse("matching.py::test_it_matches_a_car_and_lets_it_join")),
    "silent": Fault(evse("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "slow_cnf": Fault(evse("matching.py::test_its_intervals_keep_their_limits"), STRICT),
    "wrong_run_id_in_cnf": Fault(evse("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "resp_type_0": Fault(evse("matching.py::test_what_it_tells_the_car_about_sounding_is_usual"), STRICT),
    "answers_one_request_only": Fault(evse("retries.py::test_it_answers_every_request_of_a_car_that_asks_twice")),
    "ignores_run_id": Fault(
        evse(
            "retries.py::test_it_ignores_sounds_of_another_run",
            "retries.py::test_it_ignores_a_match_req_of_another_run",
        )
    ),
    "answers_when_matched": Fault(evse("matching.py::test_it_answers_no_other_car_once_it_is_matched"), STRICT),
    "answers_in_state_a": Fault(evse("retries.py::test_it_is_silent_while_no_car_is_plugged_in")),
    "slow_atten_char_ind": Fault(evse("matching.py::test_its_intervals_keep_their_limits"), STRICT),
    "early_atten_char_ind": Fault(
        evse(
            "matching.py::test_it_matches_a_car_and_lets_it_join",
            "retries.py::test_it_reports_how_many_sounds_it_heard",
        )
    ),
    "does_not_repeat_ind": Fault(evse("retries.py::test_it_repeats_its_report_until_it_is_answered"), STRICT),
    "endless_ind_repeat": Fault(evse("retries.py::test_it_repeats_its_report_until_it_is_answered"), STRICT),
    "no_atten_char_ind": Fault(evse("retries.py::test_it_repeats_its_report_until_it_is_answered")),
    "wrong_num_groups": Fault(evse("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "claims_ten_sounds": Fault(
        evse("retries.py::test_it_reports_how_many_sounds_it_heard"), STRICT, profile="alpitronic"
    ),
    "reports_unheard_sounds": Fault(evse("retries.py::test_it_makes_no_report_of_sounds_it_did_not_hear")),
    "invented_attenuation": Fault(evse("matching.py::test_it_claims_no_less_attenuation_than_it_measures")),
    "gives_key_unasked": Fault(evse("retries.py::test_it_gives_no_network_to_a_car_that_did_not_answer_its_report")),
    "late_match_cnf": Fault(evse("matching.py::test_its_intervals_keep_their_limits")),
    "ignores_repeated_match_req": Fault(
        evse("matching.py::test_it_answers_a_repeated_match_req_with_the_same_confirmation")
    ),
    "different_cnf_on_repeat": Fault(
        evse("matching.py::test_it_answers_a_repeated_match_req_with_the_same_confirmation")
    ),
    "accepts_foreign_match_req": Fault(evse("retries.py::test_it_ignores_a_match_req_for_another_station")),
    "wrong_mvf_length": Fault(evse("matching.py::test_each_of_its_messages_keeps_the_rules")),
    "wrong_key": Fault(evse("matching.py::test_it_matches_a_car_and_lets_it_join")),
    "nid_not_from_nmk": Fault(evse("matching.py::test_its_network_id_follows_from_its_key"), STRICT),
    "keeps_session_after_unplug": Fault(evse("retries.py::test_it_ends_the_session_when_the_car_is_unplugged")),
    "keeps_pwm_after_unplug": Fault(evse("retries.py::test_it_offers_nothing_before_it_has_seen_the_car")),
    "sdp_silent": Fault(evse("sdp.py::test_it_tells_the_car_where_it_listens")),
    "sdp_late": Fault(evse("sdp.py::test_its_answer_comes_in_time"), STRICT),
    "sdp_slow": Fault(evse("sdp.py::test_its_answer_comes_in_time"), STRICT),
    "sdp_wrong_address": Fault(evse("sdp.py::test_it_tells_the_car_where_it_listens")),
    "sdp_port_0": Fault(evse("sdp.py::test_it_tells_the_car_where_it_listens")),
    "sdp_wrong_version": Fault(evse("sdp.py::test_it_tells_the_car_where_it_listens")),
    "sdp_to_everybody": Fault(evse("sdp.py::test_it_tells_the_car_where_it_listens")),
    "sdp_foreign_security": Fault(evse("sdp.py::test_it_tells_the_car_where_it_listens")),
    "sdp_ignores_tls": Fault(evse("sdp.py::test_it_answers_a_car_that_asks_for_tls")),
    "sdp_takes_anything": Fault(evse("sdp.py::test_it_does_not_answer_a_request_of")),
    "factory_key": Fault(
        evse("sdp.py::test_it_is_not_found_before_the_match", "sdp.py::test_it_is_not_found_with_another_key")
    ),
}

PAIRS: dict[str, set[str]] = {
    "the EVSE counts every second sound": pair("they_match_and_join_one_network"),
    "the EVSE reports late": pair("their_intervals_keep_the_strict_limits"),
    "the PEV answers reports late": pair("their_intervals_keep_the_strict_limits"),
    "the PEV asks twice instead of three times": pair(
        "a_silent_station_is_asked_three_times_per_attempt_and_given_up",
        "an_unanswered_match_request_is_repeated_twice",
    ),
    "the EVSE reports twice instead of three times": pair("an_unanswered_report_is_repeated_twice"),
    "nobody checks the RunID": pair("a_confirmation_for_another_run_is_ignored_and_said"),
    "the EVSE reports what it did not hear": pair(
        "without_sounds_nothing_is_reported", "missing_sounds_are_reported_as_missing"
    ),
    "the EVSE does not look at the pilot": pair(
        "leaving_the_pilot_states_in_the_middle_ends_both_sides", "nobody_asks_and_the_station_gives_up"
    ),
    "the PEV does not see that the pilot was left": pair("leaving_the_pilot_states_in_the_middle_ends_both_sides"),
    "the EVSE waits for ever for the link": pair("a_wrong_key_ends_in_a_join_time_out_on_both_sides"),
    "the PEV tries once": pair(
        "an_adapter_without_power_costs_an_attempt_and_no_more",
        "a_silent_station_is_asked_three_times_per_attempt_and_given_up",
    ),
    "the PEV chooses the farthest": pair("the_near_station_wins"),
    "recipes change one octet more than they say": pib("a_recipe_changes_only_what_it_names_and_survives_a_restart"),
    "recipes do nothing": pib(
        "a_recipe_changes_only_what_it_names_and_survives_a_restart",
        "adapters_as_from_the_box_match_once_recipes_have_made_them_evse_and_pev",
    ),
    "recipes switch SLAC off": {"pib/test_regression.py::test_no_match_is_lost_and_no_interval_longer_with_the_recipe"},
    "recipes fit every adapter": pib("a_recipe_for_another_model_is_refused_and_nothing_is_written"),
    "a backup comes back with another name in it": pib("restore_gives_back_the_very_octets"),
    "the EVSE takes a change of duty cycle for an unplugged car": pair(
        "a_change_of_the_duty_cycle_does_not_disturb_matching"
    ),
    "the SECC does not hear of the match": discovery("the_car_finds_the_station_it_was_matched_with"),
    "the SECC answers late": discovery("from_the_match_to_sdp_they_keep_the_strict_limits"),
    "the EVCC asks 49 times": discovery("a_silent_station_is_asked_50_times_and_given_up"),
    "the EVCC is deaf to late answers": discovery("an_answer_that_comes_late_is_taken"),
    "the EVCC takes every answer": discovery("an_answer_from_a_wrong_address_is_refused_and_said"),
    "the EVCC does not wait for the network": discovery("with_a_wrong_key_nobody_asks"),
    "the SECC answers without a match": discovery("sdp_before_the_match_is_not_answered"),
    "the SECC answers every car": discovery("a_car_of_a_neighbours_network_is_not_answered"),
}

OWN = "rig/test_self_check.py::TestOwnBench::test_"
RIG_CHECKS: dict[str, Fault] = {
    "adapters do not say what they are": Fault({OWN + "both_adapters_say_who_they_are"}),
    "adapters keep their old key": Fault({OWN + "an_adapter_takes_a_new_key_and_comes_back"}),
    "adapters restart for the key they have": Fault({OWN + "the_same_key_again_costs_nothing"}),
    "the pilot output is stuck at 20 %": Fault({OWN + "the_pilot_shows_what_was_set"}),
    "S2 is stuck open": Fault({OWN + "the_plug_and_s2_show_at_the_station"}),
    "the bench's adapter was not prepared": Fault(
        {"rig/test_self_check.py::test_the_bench_is_a_station_at_rest"}, profile=CAR
    ),
    "the plug is stuck in": Fault({"rig/test_self_check.py::test_the_bench_is_a_car_at_rest"}, profile=CHARGER),
}
