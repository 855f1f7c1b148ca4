"""A profile file with a mistake is refused, with every mistake named where it is."""

from pathlib import Path

import pytest

from bench.errors import ConfigError
from bench.profiles import ChargerProfile, VehicleProfile
from bench.profiles.loading import load, load_all

PROFILES = Path(__file__).resolve().parents[2] / "bench" / "profiles"
FIRST_FRAME = "first_frame_ms = { median = 2820.0, min = 2820.0, max = 2820.0, n = 1 }\n"
SOUND_INTERVAL = "interval_ms = { median = 30.3, min = 27.6, max = 32.6, n = 9 }"


@pytest.fixture
def edited(tmp_path):
    """Writes bmw-ix.toml with one piece of text replaced and returns the folder it is in."""

    def write(old: str, new: str, *, name: str = "bmw-ix") -> Path:
        original = (PROFILES / "vehicles" / "bmw-ix.toml").read_text(encoding="utf-8")
        assert original.count(old) == 1, f"the test edits a line that is not there once: {old}"
        folder = tmp_path / "vehicles"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(original.replace(old, new), encoding="utf-8")
        return folder

    return write


def mistakes_in(folder: Path, name: str = "bmw-ix") -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(VehicleProfile, folder, name)
    return caught.value.mistakes


def test_an_untouched_copy_is_read(edited):
    """The edits below are what is refused, not the copy."""
    folder = edited("BMW iX (2024-02)", "BMW iX (another)")

    assert load(VehicleProfile, folder, "bmw-ix").model == "BMW iX (another)"


def test_an_unknown_key_gets_a_suggestion(edited):
    folder = edited(SOUND_INTERVAL, SOUND_INTERVAL.replace("interval_ms", "intervall_ms"))

    assert mistakes_in(folder) == (
        "vehicles/bmw-ix.toml: [sounds] interval_ms: missing",
        "vehicles/bmw-ix.toml: [sounds] intervall_ms: unknown key; did you mean interval_ms?",
    )


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('model = "BMW iX (2024-02)"\n', "", "model: missing"),
        ('model = "BMW iX (2024-02)"', "model = 7", "model: expected a string, got an integer 7"),
        ("real_car = true", "real_car = 1", "real_car: expected true or false, got an integer 1"),
        ("n_matched = 1", "n_matched = true", "[evidence] n_matched: expected an integer, got true or false True"),
        ("n_matched = 1", "n_matched = 1.5", "[evidence] n_matched: expected an integer, got a number 1.5"),
        ("[evidence]", "[[evidence]]", "evidence: expected a table, got an array"),
        ('aliases = ["', 'aliases = [3, "', "aliases[0]: expected a string, got an integer 3"),
        ('style = "fixed"', 'style = "fixd"', "[mac] style: expected one of 'fixed', 'new per plug-in', "),
        ('address = "02:', 'address = "', "[mac] address: not a MAC address: "),
        ('example = "f3', 'example = "', "[run_id] example: RunId has 8 octets, got 7"),
        ('example = "f3', 'example = "xx', "[run_id] example: not octets: "),
        ('rule = "after first start"', 'rule = "later"', "[match_req] rule: expected one of 'after first start', "),
        ('rule = "after first start"\n', "", "[match_req] rule: expected one of "),
        ('rule = "after first start"', 'rule = "after rsp"', "[match_req] delay_ms: missing"),
        (SOUND_INTERVAL, "interval_ms = 30.3", "[sounds] interval_ms: expected a table, got a number 30.3"),
        (SOUND_INTERVAL, "interval_ms = { median = 3, n = 1, x = 1 }", "[sounds] interval_ms.x: unknown key"),
    ],
)
def test_a_wrong_value_is_named_where_it_is(edited, old, new, mistake):
    mistakes = mistakes_in(edited(old, new))

    assert mistakes[0].startswith(f"vehicles/bmw-ix.toml: {mistake}")


@pytest.mark.parametrize(
    ("figure", "mistake"),
    [
        ("median = 33, min = 27.6, max = 32.6, n = 9", "min 27.6 <= median 33.0 <= max 32.6 does not hold"),
        ("median = 20, min = 27.6, max = 32.6, n = 9", "min 27.6 <= median 20.0 <= max 32.6 does not hold"),
        ("median = 30, min = 27.6, max = 32.6", "give either n, the number of values seen, or assumed, the reason"),
        ('median = 30, n = 1, min = 30, max = 30, assumed = "why"', "give either n, the number of values seen, or "),
        ("median = 30, n = 9", "a measured figure has min and max"),
        ("median = 30, min = 29, n = 9", "min and max go together"),
        ("median = 30, min = 29, max = 31, n = 1", "one value (n = 1) cannot have a range"),
        ("median = 30, min = 30, max = 30, n = -1", "n counts values, got -1"),
        ("median = 30, min = 29, max = 31, n = 3, usual = [30]", "usual is a pair [from, to]"),
        ("median = 30, min = 29, max = 31, n = 3, usual = [30.5, 31]", "usual [30.5, 31.0] must contain the median"),
        ("median = 30, min = 29, max = 31, n = 3, usual = [28, 31]", "usual [28.0, 31.0] must contain the median"),
    ],
)
def test_a_figure_that_contradicts_itself_is_refused(edited, figure, mistake):
    mistakes = mistakes_in(edited(SOUND_INTERVAL, f"interval_ms = {{ {figure} }}"))

    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"vehicles/bmw-ix.toml: [sounds] interval_ms: {mistake}")


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('style = "fixed"', 'style = "new per attempt"', '[mac]: style "new per attempt" needs a prefix'),
        ('address = "', 'prefix = "', '[mac]: style "fixed" needs an address'),
        ('style = "random"', 'style = "text"', '[run_id]: text belongs to style "text" and to no other'),
        ('style = "random"', 'style = "shared sequence"', '[run_id]: seen belongs to style "shared sequence"'),
        ('securities = ["no TLS"]', "securities = []", "[sdp]: securities names each security once, and one at least"),
        ('["no TLS"]', '["TLS", "no TLS", "TLS"]', "[sdp]: securities names each security once, and one at least"),
        ("per_security = 50", "per_security = 0", "[sdp]: requests_per_security counts requests, got 0"),
        ("hop_limit = 64", "hop_limit = 256", "[sdp]: hop_limit is 1 to 255, got 256"),
        (FIRST_FRAME, "", "[after_match]: first_frame_to_sdp_ms needs first_frame_ms"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(edited, old, new, mistake):
    mistakes = mistakes_in(edited(old, new))

    assert mistakes[0].startswith(f"vehicles/bmw-ix.toml: {mistake}")


def test_all_mistakes_of_all_files_come_at_once(edited):
    edited("real_car = true", 'real_car = "yes"')
    folder = edited("n_captures = 1", "n_capture = 1", name="bmw-ix-two")

    with pytest.raises(ConfigError) as caught:
        load_all(VehicleProfile, folder)

    assert caught.value.mistakes == (
        "vehicles/bmw-ix.toml: real_car: expected true or false, got a string 'yes'",
        "vehicles/bmw-ix-two.toml: [evidence] n_captures: missing",
        "vehicles/bmw-ix-two.toml: [evidence] n_capture: unknown key; did you mean n_captures?",
    )


def test_an_id_that_is_not_the_file_name_is_refused(edited):
    folder = edited('software = "not', 'software = "not', name="bmw-i3")

    assert mistakes_in(folder, "bmw-i3") == (
        "vehicles/bmw-i3.toml: id: expected 'bmw-i3' as in the file name, got 'bmw-ix'",
    )


def test_a_file_that_is_no_toml_is_refused(edited):
    folder = edited("real_car = true", "real_car = yes")

    assert mistakes_in(folder)[0].startswith("vehicles/bmw-ix.toml: not TOML: Invalid value (at line 4")


@pytest.mark.parametrize(
    ("rule", "mistake"),
    [
        (
            'rule = "often"\nport = 1',
            r"\[sdp\] tcp_port.rule: expected one of 'fixed', 'new per start', ",
        ),
        ('rule = "one of several"\nports = [51110]', r'\[sdp\] tcp_port: "one of several" needs two ports at least'),
        ('rule = "new per start"\nlowest = 2\nhighest = 1', r"\[sdp\] tcp_port: lowest 2 < highest 1 must be ports"),
        ('rule = "fixed"\nport = 0', r"\[sdp\] tcp_port: port is 1 to 65535, got 0"),
    ],
)
def test_a_port_that_nobody_can_connect_to_is_refused(tmp_path, rule, mistake):
    text = (PROFILES / "chargers" / "alpitronic.toml").read_text(encoding="utf-8")
    (tmp_path / "alpitronic.toml").write_text(text.replace('rule = "fixed"\nport = 51110', rule), encoding="utf-8")

    with pytest.raises(ConfigError, match=mistake):
        load(ChargerProfile, tmp_path, "alpitronic")


def test_a_synthetic_profile_of_57_groups_is_refused(tmp_path):
    text = (PROFILES / "chargers" / "pyplc-tplink.toml").read_text(encoding="utf-8")
    (tmp_path / "pyplc-tplink.toml").write_text(text.replace("15, 19, 25", "15, 19"), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"\[attenuation\]: aag has 58 groups, got 57"):
        load(ChargerProfile, tmp_path, "pyplc-tplink")
