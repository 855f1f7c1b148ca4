"""The profiles that come with the library: complete, believable, and true to the tables they were taken from."""

import csv
import re
import time
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from bench.errors import ConfigError
from bench.profiles import (
    AfterFirstStart,
    AfterLastSound,
    AfterRsp,
    AtTimer,
    ChargerProfile,
    CountOrder,
    FixedPort,
    MacStyle,
    Measured,
    NewPortPerStart,
    NextGridStep,
    OneOfPorts,
    RndStyle,
    RunIdStyle,
    SdpSecurity,
    Synthetic,
    VehicleProfile,
    adapter,
    adapters,
    charger,
    chargers,
    vehicle,
    vehicles,
)
from bench.profiles.loading import load_all
from bench.units import ms, s

PROFILES = Path(__file__).resolve().parents[2] / "bench" / "profiles"
REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"{REFERENCE.name}/ is not beside this repository")

VEHICLE_IDS = sorted(path.stem for path in (PROFILES / "vehicles").glob("*.toml"))
CHARGER_IDS = sorted(path.stem for path in (PROFILES / "chargers").glob("*.toml"))


def rows(table: str, key: str) -> dict[str, dict[str, str]]:
    with (REFERENCE / table).open(encoding="utf-8") as lines:
        return {row[key]: row for row in csv.DictReader(lines)}


def raw(kind: str, profile_id: str) -> dict:
    return tomllib.loads((PROFILES / kind / f"{profile_id}.toml").read_text(encoding="utf-8"))


def figure_columns(row: dict[str, str]) -> list[str]:
    return [column.removesuffix("_median") for column in row if column.endswith("_median")]


def dig(table: dict, *path: str) -> dict | None:
    for key in path:
        table = table.get(key, {})
    return table or None


# ---------------------------------------------------------------- the files


def test_there_are_cars_chargers_and_adapters():
    """Every car, station and adapter that was recorded is there, in the order of their names."""
    assert list(vehicles()) == VEHICLE_IDS
    assert list(chargers()) == CHARGER_IDS
    assert list(adapters()) == ["devolo-dlan200avplus", "qca7005-car", "qca7005-evse", "tplink-tlpa4010p"]


@pytest.mark.parametrize("vehicle_id", VEHICLE_IDS)
def test_a_car_is_called_as_its_file(vehicle_id):
    assert vehicle(vehicle_id).id == vehicle_id


@pytest.mark.parametrize("charger_id", CHARGER_IDS)
def test_a_charger_is_called_as_its_file(charger_id):
    assert charger(charger_id).id == charger_id


@pytest.mark.parametrize("profile", [*vehicles().values(), *chargers().values()], ids=lambda profile: profile.id)
def test_the_modem_of_a_station_is_an_adapter_that_exists(profile):
    assert adapter(profile.modem).id == profile.modem


def test_a_misspelt_car_gets_a_suggestion():
    """`ionik` is no car, but its neighbours are named."""
    with pytest.raises(ConfigError, match=r"vehicles: no profile 'ionik'; did you mean .*hyundai-ioniq28"):
        vehicle("ionik")


def test_a_profile_is_read_once():
    assert vehicle("vw-id3") is vehicle("vw-id3")
    assert vehicles() is vehicles()


def test_profiles_can_be_members_of_a_set():
    assert len({*vehicles().values(), *chargers().values(), *adapters().values()}) == 38 + 15 + 4


def test_the_v2g_part_cannot_be_changed_for_the_next_reader():
    with pytest.raises(TypeError):
        vehicle("vw-id3").v2g["tcp_close"] = "never"


def test_reading_everything_is_quick():
    """All files in less than 100 ms of processor time, the best of three."""
    durations = []
    for _ in range(3):
        began = time.process_time()
        load_all(VehicleProfile, PROFILES / "vehicles")
        load_all(ChargerProfile, PROFILES / "chargers")
        durations.append(time.process_time() - began)

    assert min(durations) < 0.1


# ---------------------------------------------------------------- markers


def vehicles_by_marker() -> dict[str, set[str]]:
    selected = defaultdict(set)
    for profile in vehicles().values():
        for marker in profile.markers:
            selected[marker].add(profile.id)
    return selected


@pytest.mark.parametrize(
    ("marker", "selected"),
    [
        ("ioniq", {"hyundai-ioniq28", "hyundai-ioniq28-inside"}),
        ("ioniq5", {"hyundai-ioniq5"}),
        ("tesla_model_3", {"tesla-model3"}),
        ("tesla_model_y", {"tesla-modely", "tesla-modely-2024"}),
        ("taycan", {"porsche-taycan-4s", "porsche-taycan-2"}),
        ("id4", {"vw-id4", "vw-id4-fw35"}),
        ("program", {"sim-pyplc", "sim-ccs32", "sim-josev", "sim-foccci"}),
    ],
)
def test_a_marker_selects_the_cars_one_expects(marker, selected):
    assert vehicles_by_marker()[marker] == selected


@pytest.mark.parametrize("profile", [*vehicles().values(), *chargers().values()], ids=lambda profile: profile.id)
def test_the_marker_of_an_id_selects_that_profile_alone(profile):
    own = profile.id.replace("-", "_")

    owners = [other.id for other in (*vehicles().values(), *chargers().values()) if own in other.markers]

    assert profile.markers[0] == own
    assert owners == [profile.id]


@pytest.mark.parametrize("profile", [*vehicles().values(), *chargers().values()], ids=lambda profile: profile.id)
def test_markers_are_identifiers_and_no_words_of_pytest_or_of_this_suite(profile):
    taken = {"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings", "timeout", "and", "or", "not"}
    taken |= {"charger", "two_adapters", "pib", "slac", "timing", "writes_flash", "needs", "case"}

    assert all(marker.isidentifier() and marker == marker.lower() for marker in profile.markers)
    assert not taken & set(profile.markers)


def test_no_marker_means_a_car_and_a_charger():
    of_chargers = {marker for profile in chargers().values() for marker in profile.markers}

    assert not of_chargers & vehicles_by_marker().keys()


# ---------------------------------------------------------------- habits worth a sentence


def test_addresses_are_invented():
    """No profile carries the address of a real car: locally administered, and each car its own."""
    addresses = [profile.mac.address for profile in vehicles().values() if profile.mac.address is not None]

    assert all(address[0] & 0b11 == 0b10 for address in addresses)
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("profile", vehicles().values(), ids=lambda profile: profile.id)
def test_a_run_id_made_of_the_address_is_made_of_this_address(profile):
    suffix = {RunIdStyle.MAC_PLUS_0000: b"\0\0", RunIdStyle.MAC_PLUS_0001: b"\0\1"}.get(profile.run_id.style)
    if suffix is not None:
        assert profile.run_id.example == profile.mac.address + suffix


@pytest.mark.parametrize("profile", vehicles().values(), ids=lambda profile: profile.id)
def test_the_example_of_a_run_id_has_the_style(profile):
    example = profile.run_id.example
    match profile.run_id.style:
        case RunIdStyle.ZERO:
            assert example == bytes(8)
        case RunIdStyle.TEXT:
            assert example == b"TESLA EV"
        case RunIdStyle.COUNTING:
            assert example[0] % 8 == 0
            assert example == bytes(range(example[0], example[0] + 8))
        case RunIdStyle.SHARED_SEQUENCE:
            assert example in profile.run_id.seen


def test_the_id3_takes_a_new_address_for_every_attempt():
    mac = vehicle("vw-id3").mac

    assert (mac.style, mac.prefix) == (MacStyle.NEW_PER_ATTEMPT, bytes.fromhex("007dfa"))


def test_the_taycan_wakes_up_late():
    """Taycan 4S, 2023-04: never a request in the first ten seconds of the 5 % duty cycle."""
    assert vehicle("porsche-taycan-4s").pilot.pwm_on_to_parm_req.min > s(10)


def test_the_seres_is_outside_the_standard_in_four_ways():
    """Seres 3, 2024-01: sounds too slow, counted upwards, Rnd zero, RunID zero."""
    seres = vehicle("seres-3")

    assert seres.sounds.interval.min > ms(50)
    assert (seres.sounds.order, seres.sounds.rnd) == (CountOrder.UP, RndStyle.ALL_00)
    assert seres.run_id.style is RunIdStyle.ZERO


def test_a_car_joins_before_its_first_frame():
    """Whatever is drawn, the network is there before the car uses it."""
    for profile in vehicles().values():
        after = profile.after_match
        assert after.set_key.max < after.joined.min
        assert after.joined.max < min(each.min for each in (after.first_frame, after.sdp) if each is not None)


def test_the_synthetic_profile_has_the_mean_its_station_reports():
    """pyPLC reports one invented profile; its mean of 9.55 dB was recorded."""
    report = charger("pyplc-tplink").attenuation

    assert isinstance(report, Synthetic)
    assert round(sum(report.aag) / len(report.aag), 2) == charger("pyplc-tplink").seen.reported_average_db.median


def test_the_tplink_restarts_after_it_confirmed_the_key_and_before_it_joins():
    set_key = adapter("tplink-tlpa4010p").set_key

    assert set_key.confirm.max < set_key.silent_from.min
    assert set_key.silent_from.max < set_key.silent_until.min
    assert set_key.silent_until.max < set_key.joined_as_cco.min < set_key.joined_as_station.min


def test_the_q4_of_2026_insists_on_tls_and_gives_way():
    """Audi Q4 e-tron, 2026-02: 50 requests for TLS, then one without; all other cars take "no TLS" at once."""
    sdp = vehicle("audi-q4-2026").sdp

    assert (sdp.securities, sdp.requests_per_security) == ((SdpSecurity.TLS, SdpSecurity.NO_TLS), 50)
    assert [profile.id for profile in vehicles().values() if not profile.sdp.takes_no_tls] == ["audi-q4-2026"]


def test_cars_that_ask_for_tls_would_ask_without():
    asked_for_tls = {car.id for car in vehicles().values() if SdpSecurity.TLS in car.sdp.securities}

    assert asked_for_tls == {"audi-q4", "audi-q4-2026", "tesla-modelx-plaid", "vw-id4-fw35", "vw-idbuzz"}
    assert all(vehicle(car_id).sdp.securities[-1] is SdpSecurity.NO_TLS for car_id in asked_for_tls)


def test_only_the_abb_answered_a_request_with_a_wrong_checksum():
    """Terra 53, 2022-11-25: UDP checksum 0x929D instead of 0x8367, answered after 429 ms; three others did not."""
    assert [station.id for station in chargers().values() if station.sdp.answers_wrong_checksum] == ["abb-terra53"]


# ---------------------------------------------------------------- against the tables

DRIVEN = {
    "cp_connected_to_parm_req_ms": ("pilot", "connected_to_parm_req_ms"),
    "cp_pwm_on_to_parm_req_ms": ("pilot", "pwm_on_to_parm_req_ms"),
    "parm_req_interval_ms": ("parm_req", "interval_ms"),
    "param_cnf_to_start_ms": ("start", "cnf_to_start_ms"),
    "start_interval_ms": ("start", "interval_ms"),
    "last_start_to_first_sound_ms": ("sounds", "after_last_start_ms"),
    "sound_interval_ms": ("sounds", "interval_ms"),
    "atten_char_rsp_latency_ms": ("atten_char_rsp", "latency_ms"),
    "match_to_first_frame_ms": ("after_match", "first_frame_ms"),
    "match_to_sdp_ms": ("after_match", "sdp_ms"),
    "measured_attenuation_db": ("attenuation", "path_db"),
    "start_to_first_sound_ms": ("seen", "start_to_first_sound_ms"),
    "answered_req_to_match_cnf_ms": ("seen", "answered_req_to_match_cnf_ms"),
    "first_frame_to_sdp_ms": ("after_match", "first_frame_to_sdp_ms"),
    "sdp_response_to_tcp_syn_ms": ("sdp", "answer_to_syn_ms"),
    "reported_attenuation_db": ("seen", "reported_attenuation_db"),
}
"""Column of vehicles.csv -> where its figure is in the file of a car; all others are in [v2g], median and n only."""


def place_of(column: str, car: VehicleProfile) -> tuple[str, ...]:
    if column == "parm_req_interval_ms" and car.id == "hyundai-ioniq28":
        return ("parm_req", "duplicate", "after_ms")  # the only interval it showed was the duplicate
    if column == "match_req_delay_ms":
        return ("match_req", "delay_ms") if isinstance(car.match_req, AfterRsp) else ("seen", "rsp_to_match_req_ms")
    if column == "start_to_match_req_ms":
        fixed = isinstance(car.match_req, AfterFirstStart)
        return ("match_req", "at_ms") if fixed else ("seen", "start_to_match_req_ms")
    return DRIVEN.get(column, ("v2g", column))


def assert_figure_is(figure: dict | None, row: dict[str, str], column: str, *, median_only: bool) -> None:
    count = int(row[f"{column}_n"] or 0)
    if count == 0:
        assert figure is None or "assumed" in figure, f"{column}: nobody measured it, and it is not marked as assumed"
        return
    keys = ("median", "n") if median_only else ("median", "min", "max", "n")
    assert figure is not None, f"{column}: measured, and missing"
    assert {key: figure.get(key) for key in keys} == {key: float(row[f"{column}_{key}"]) for key in keys}, column


@needs_reference
@pytest.mark.parametrize("vehicle_id", VEHICLE_IDS)
def test_the_figures_of_a_car_are_those_of_the_table(vehicle_id):
    """Every number of vehicles.csv is in the profile, and what the table does not have is marked as assumed."""
    row = rows("vehicles.csv", "vehicle_id")[vehicle_id]
    table = raw("vehicles", vehicle_id)

    for column in figure_columns(row):
        place = place_of(column, vehicle(vehicle_id))
        assert_figure_is(dig(table, *place), row, column, median_only=place[0] == "v2g")


@needs_reference
@pytest.mark.parametrize("vehicle_id", VEHICLE_IDS)
def test_identity_and_habits_of_a_car_are_those_of_the_table(vehicle_id):
    row = rows("vehicles.csv", "vehicle_id")[vehicle_id]
    car = vehicle(vehicle_id)
    evidence = car.evidence
    styles = {
        "own MAC + 0000": RunIdStyle.MAC_PLUS_0000,
        "own MAC + 0001": RunIdStyle.MAC_PLUS_0001,
        "constant ASCII": RunIdStyle.TEXT,
        "all zero": RunIdStyle.ZERO,
        "random": RunIdStyle.RANDOM,
        "eight consecutive": RunIdStyle.COUNTING,
        "eight bytes cut": RunIdStyle.SHARED_SEQUENCE,
    }
    rules = {"fixed": AfterFirstStart, "none": NextGridStep}

    assert (car.model, car.software, car.real_car) == (row["model"], row["software"], row["real_car"] == "yes")
    assert (evidence.recorded, evidence.seen_from) == (row["recorded"] or "not stated", row["seen_from"])
    for count in ("n_captures", "n_attempts", "n_matched", "n_overheard"):
        assert getattr(evidence, count) == int(row[count])
    assert [car.run_id.style] == [style for text, style in styles.items() if row["run_id_style"].startswith(text)]
    if "own MAC" not in row["run_id_style"]:
        assert car.run_id.example.hex() == row["run_id_example"]
    if row["start_count"]:
        assert (car.start.count, car.sounds.count) == (int(row["start_count"]), int(row["sound_count"].split()[0]))
        assert (
            f"NUM_SOUNDS {car.start.num_sounds}, Time_Out {car.start.time_out}, RESP_TYPE {car.start.resp_type}"
            in (row["start_fields"])
        )
        assert (car.sounds.order.value, car.sounds.rnd.value) == (row["sound_cnt_order"], row["sound_rnd"])
    if row["match_wait_rule"] != "not visible":
        assert type(car.match_req) is rules.get(row["match_wait_rule"].split(":")[0], AfterRsp)


@needs_reference
@pytest.mark.parametrize("vehicle_id", VEHICLE_IDS)
def test_what_a_car_asks_for_by_sdp_is_what_the_table_says(vehicle_id):
    """Securities in their order, the interval where one is stated, and nothing that is not marked as assumed."""
    row = rows("vehicles.csv", "vehicle_id")[vehicle_id]
    sdp = vehicle(vehicle_id).sdp
    seen = [SdpSecurity(text) for text in row["sdp_security_requested"].split(" / ") if text]
    stated = [float(number) for number in re.findall(r"\d+", row["sdp_retry_interval_ms"].split("(")[0])]

    assert list(sdp.securities[: len(seen)]) == seen
    if stated:
        assert ms(min(stated) - 1) < sdp.interval.min <= sdp.interval.median <= sdp.interval.max < ms(max(stated) + 1)
    else:
        assert sdp.interval.assumed
    assert (sdp.assumed is None) == ("50 times" in row["sdp_retry_interval_ms"])


@needs_reference
def test_there_is_one_file_per_row():
    assert sorted(rows("vehicles.csv", "vehicle_id")) == VEHICLE_IDS
    assert sorted(rows("chargers.csv", "charger_id")) == CHARGER_IDS


CHARGER_PLACES = {
    "parm_cnf_latency_ms": ("parm_cnf", "latency_ms"),
    "match_cnf_latency_ms": ("match_cnf", "latency_ms"),
    "set_key_cnf_latency_ms": ("key", "set_key_cnf_latency_ms"),
    "sdp_latency_ms": ("sdp", "latency_ms"),
    "reported_average_db": ("seen", "reported_average_db"),
}
"""Column of chargers.csv -> where its figure is in the file of a station."""


def place_at(column: str, station: ChargerProfile) -> tuple[str, ...]:
    if column == "last_sound_to_atten_char_ind_ms" and isinstance(station.atten_char_ind, AfterLastSound):
        return ("atten_char_ind", "latency_ms")
    if column == "start_to_atten_char_ind_ms" and isinstance(station.atten_char_ind, AtTimer):
        return ("atten_char_ind", "after_first_start_ms")
    if column in ("last_sound_to_atten_char_ind_ms", "start_to_atten_char_ind_ms"):
        return ("seen", column)
    if column == "reported_minus_measured_db":
        report = station.attenuation
        driven = isinstance(report, Measured) and report.offset_db.assumed is None
        return ("attenuation", "offset_db") if driven else ("seen", column)
    return CHARGER_PLACES.get(column, ("v2g", column.removeprefix("v2g_")))


@needs_reference
@pytest.mark.parametrize("charger_id", CHARGER_IDS)
def test_the_figures_of_a_charger_are_those_of_the_table(charger_id):
    """Every number of chargers.csv is in the profile, and what the table does not have is marked as assumed."""
    row = rows("chargers.csv", "charger_id")[charger_id]
    table = raw("chargers", charger_id)

    for column in figure_columns(row):
        place = place_at(column, charger(charger_id))
        assert_figure_is(dig(table, *place), row, column, median_only=place[0] == "v2g")


def ports(station: ChargerProfile) -> list[int]:
    """As the table names them; that of the ABB names the one it was reached at, its SDP answer another."""
    match station.sdp.tcp_port:
        case FixedPort(port=53537):
            return [15118]
        case FixedPort(port=port):
            return [port]
        case OneOfPorts(ports=several):
            return list(several)
        case NewPortPerStart(lowest=lowest, highest=highest):
            return [lowest, highest]


@needs_reference
@pytest.mark.parametrize("charger_id", CHARGER_IDS)
def test_identity_and_habits_of_a_charger_are_those_of_the_table(charger_id):
    row = rows("chargers.csv", "charger_id")[charger_id]
    station = charger(charger_id)
    fields = station.parm_cnf

    assert station.implementation == row["implementation"]
    assert station.evidence.seen_from == row["seen_from"]
    assert station.evidence.n_captures == int(row["n_captures"])
    assert station.evidence.n_attempts_answered == int(row["n_attempts_answered"])
    assert station.key.nid_is_hash_of_nmk == (row["nid_is_hash_of_nmk"] == "yes")
    assert row["sdp_security_offered"].startswith(station.sdp.security.value)
    if "also if TLS is requested" not in row["sdp_security_offered"]:
        assert "answers_other_security" in station.sdp.assumed
    assert ports(station) == [int(number) for number in re.findall(r"\d{5}", row["tcp_port"])]
    assert isinstance(station.attenuation, Synthetic) == ("synthetic" in row["attenuation_style"])
    assert (
        f"NUM_SOUNDS {fields.num_sounds}, Time_Out {fields.time_out}, RESP_TYPE {fields.resp_type}"
        in (row["parm_cnf_fields"])
    )
