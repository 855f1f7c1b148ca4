"""The rig file: every mistake at once, each with its table and key and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import ConfigError
from bench.rig.config import RigConfig, load_rig_config
from bench.units import ms, us

RIGS = sorted((Path(__file__).parents[1] / "rigs").glob("*.toml"))

WriteRig = Callable[[str], str]


@pytest.fixture
def rig_file(tmp_path: Path) -> WriteRig:
    def write(text: str) -> str:
        path = tmp_path / "lab-3.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def mistakes_of(source: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_rig_config(source)
    assert str(error.value) == "\n".join(error.value.mistakes)
    return list(error.value.mistakes)


# What is right


def test_the_simulated_rig_needs_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--rig sim` is the default: every car, every charger and the pair, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    config = load_rig_config("sim")

    assert config == RigConfig()
    assert (config.rig.name, config.rig.driver, config.rig.sut) == ("sim", "sim", "all")
    assert all(config.offers(kind) for kind in ("pev", "evse", "pair"))


def test_an_empty_file_is_the_simulated_rig(rig_file: WriteRig) -> None:
    assert load_rig_config(rig_file("")) == RigConfig()


def test_values_are_read_and_times_become_nanoseconds(rig_file: WriteRig) -> None:
    """Units in the keys of the file, `Ns` inside."""
    config = load_rig_config(
        rig_file(
            """
            [rig]
            name = "lab-3"
            sut = "pev"
            seed = 7
            transmission_delay_ms = 12.5
            uncertainty_us = 80.0

            [pev]
            vehicles = ["hyundai-ioniq28"]

            [line]
            attenuation_db = 20.0
            loss = 0.1
            """
        )
    )

    assert (config.rig.name, config.rig.seed, config.pev.vehicles) == ("lab-3", 7, ["hyundai-ioniq28"])
    assert (config.transmission_delay, config.uncertainty) == (ms(12.5), us(80))
    assert (config.line.attenuation_db, config.line.loss) == (20.0, 0.1)


def test_a_whole_number_of_milliseconds_is_right(rig_file: WriteRig) -> None:
    """50 and 50.0 are the same time; nobody should have to write the point."""
    assert load_rig_config(rig_file("[rig]\ntransmission_delay_ms = 50")).transmission_delay == ms(50)


@pytest.mark.parametrize(
    ("station", "offered"), [("pev", {"pev"}), ("evse", {"evse"}), ("pair", {"pair"}), ("all", {"pev", "evse", "pair"})]
)
def test_a_rig_offers_its_station_under_test(rig_file: WriteRig, station: str, offered: set[str]) -> None:
    config = load_rig_config(rig_file(f'[rig]\nsut = "{station}"'))

    assert {kind for kind in ("pev", "evse", "pair") if config.offers(kind)} == offered


def test_the_configuration_cannot_be_changed_by_a_test() -> None:
    config = RigConfig()

    with pytest.raises(ValueError, match="frozen"):
        config.rig.seed = 1


@pytest.mark.parametrize("path", RIGS, ids=lambda path: path.name)
def test_the_rigs_of_this_repository_load(path: Path) -> None:
    assert load_rig_config(str(path)).rig.name != "sim"


def test_there_are_rigs_in_this_repository() -> None:
    """So that the test above has something to load."""
    assert RIGS


# What is wrong


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[rig]\nsede = 1", "lab-3.toml: rig.sede: unknown key; did you mean seed?"),
        ("[rig]\ntransmission_delay_s = 1", "lab-3.toml: rig.transmission_delay_s: unknown key; did you mean transm"),
        ("[evse]\nqirks = []", "lab-3.toml: evse.qirks: unknown key; did you mean quirks?"),
        ("[pvv]\nvehicles = []", "lab-3.toml: pvv: unknown key; did you mean pev?"),
        ("[line]\nzzz = 1", "lab-3.toml: line.zzz: unknown key; known are attenuation_db, loss"),
        ("colour = 1", "lab-3.toml: colour: unknown key; known are contactors, dead_man, emergency_stop, evse"),
    ],
)
def test_an_unknown_key_comes_with_a_suggestion(rig_file: WriteRig, text: str, mistake: str) -> None:
    """Table and key, then the nearest key there is, or all of them."""
    (found,) = mistakes_of(rig_file(text))

    assert found.startswith(mistake)


@pytest.mark.parametrize(
    ("text", "where", "got"),
    [
        ('[rig]\nseed = "7"', "rig.seed: input should be a valid integer", "'7'"),
        ("[rig]\nseed = 7.0", "rig.seed: input should be a valid integer", "7.0"),
        ("[rig]\nseed = true", "rig.seed: input should be a valid integer", "True"),
        ('[rig]\ntransmission_delay_ms = "50"', "rig.transmission_delay_ms: input should be a valid number", "'50'"),
        ("[rig]\nname = 3", "rig.name: input should be a valid string", "3"),
        ('[rig]\nsut = "car"', "rig.sut: input should be 'pev', 'evse', 'pair' or 'all'", "'car'"),
        ('[rig]\ndriver = "lan"', "rig.driver: input should be 'sim', 'tap' or 'pcap'", "'lan'"),
        ("[rig]\nuncertainty_us = -1", "rig.uncertainty_us: input should be greater than or equal to 0", "-1"),
        ('[evse]\ninterface = ""', "evse.interface: string should have at least 1 character", "''"),
        ('[pev]\nvehicles = "hyundai-ioniq28"', "pev.vehicles: input should be a valid list", "'hyundai-ioniq28'"),
        ("[pev]\nvehicles = [1]", "pev.vehicles: input should be a valid string", "1"),
        ("[line]\nloss = 1.5", "line.loss: input should be less than or equal to 1", "1.5"),
        ("[line]\nloss = -0.1", "line.loss: input should be greater than or equal to 0", "-0.1"),
        ("rig = 3", "rig: input should be a valid dictionary", "3"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_with_what_was_found(
    rig_file: WriteRig, text: str, where: str, got: str
) -> None:
    """Strict types: nothing is converted in silence."""
    (found,) = mistakes_of(rig_file(text))

    assert found.startswith(f"lab-3.toml: {where}")
    assert found.endswith(f"got {got}")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            '[pev]\nvehicles = ["hyundai-ionik28"]',
            "pev.vehicles: there is no 'hyundai-ionik28'; did you mean hyundai-ioniq28?",
        ),
        ('[pev]\nadapter = "qca7005-carr"', "pev.adapter: there is no 'qca7005-carr'; did you mean qca7005-car?"),
        ('[evse]\nadapter = "qca7005evse"', "evse.adapter: there is no 'qca7005evse'; did you mean qca7005-evse?"),
        ('[evse]\nchargers = ["pyplc-tplnk"]', "evse.chargers: there is no 'pyplc-tplnk'; did you mean pyplc-tplink?"),
        ('[evse]\nquirks = ["resp_typ_0"]', "evse.quirks: there is no 'resp_typ_0'; did you mean resp_type_0?"),
        ('[pev]\nquirks = ["???"]', "pev.quirks: there is no '???'; known are "),
    ],
)
def test_an_unknown_name_comes_with_a_suggestion(rig_file: WriteRig, text: str, mistake: str) -> None:
    """Profiles and quirks go by the names they have in this bench."""
    (found,) = mistakes_of(rig_file(text))

    assert found.startswith(f"lab-3.toml: {mistake}")


def test_every_mistake_is_told_at_once(rig_file: WriteRig) -> None:
    """One run is enough to mend a file."""
    found = mistakes_of(
        rig_file(
            """
            [rig]
            sede = 1
            sut = "car"
            seed = "x"

            [line]
            loss = 2.0

            [charger]
            """
        )
    )

    assert sorted(mistake.split(": ")[1] for mistake in found) == [
        "charger",
        "line.loss",
        "rig.sede",
        "rig.seed",
        "rig.sut",
    ]


def test_every_unknown_name_is_told_at_once(rig_file: WriteRig) -> None:
    found = mistakes_of(
        rig_file(
            """
            [pev]
            vehicles = ["a", "hyundai-ioniq28", "b"]
            quirks = ["c"]

            [evse]
            chargers = ["d"]
            adapter = "e"
            """
        )
    )

    assert [mistake.partition(";")[0] for mistake in found] == [
        "lab-3.toml: pev.vehicles: there is no 'a'",
        "lab-3.toml: pev.vehicles: there is no 'b'",
        "lab-3.toml: pev.quirks: there is no 'c'",
        "lab-3.toml: evse.chargers: there is no 'd'",
        "lab-3.toml: evse.adapter: there is no 'e'",
    ]


# No rig file at all


def test_a_missing_file_says_that_none_is_needed(tmp_path: Path) -> None:
    source = str(tmp_path / "garage.toml")

    assert mistakes_of(source) == [f"{source}: no such rig file; --rig sim needs none"]


@pytest.mark.parametrize("text", ["[rig", "rig = ", "name = lab", "[rig]\nseed = 1\nseed = 2"])
def test_a_file_that_is_not_toml_is_told_with_its_line(rig_file: WriteRig, text: str) -> None:
    source = rig_file(text)

    (found,) = mistakes_of(source)

    assert found.startswith(f"{source}: not TOML: ")
    assert "line " in found or "end of document" in found


def test_a_folder_is_no_rig_file(tmp_path: Path) -> None:
    (found,) = mistakes_of(str(tmp_path))

    assert found.startswith(f"{tmp_path}: cannot be read: ")


def test_a_file_of_another_encoding_is_no_rig_file(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('[rig]\nname = "Prüfstand"'.encode("latin-1"))

    (found,) = mistakes_of(str(path))

    assert found.startswith(f"{path}: cannot be read: ")


TWO = '[evse]\ninterface = "plc0"\n[pev]\ninterface = "plc1"\n'


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (TWO, ["evse.interface: 'plc0' needs driver", "pev.interface: 'plc1' needs driver"]),
        ('[rig]\ndriver = "tap"', ["evse.interface: missing", "pev.interface: missing"]),
        ('[rig]\ndriver = "tap"\nsut = "pev"', ["evse.interface: missing"]),
        ('[rig]\ndriver = "tap"\nsut = "evse"\n' + TWO, ["evse.interface: the evse is under test"]),
        ('[rig]\ndriver = "tap"\n' + TWO.replace("plc1", "plc0"), ["two ends have one interface: evse plc0, pev plc0"]),
        (
            '[rig]\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "plc0"',
            ["evse.pilot: missing; a car needs a pilot (driver"],
        ),
        (
            '[rig]\ndriver = "pcap"\nsut = "evse"\n[pev]\ninterface = "plc0"',
            ["pev.load: missing; a charging station needs a car's resistors"],
        ),
        (
            '[rig]\ndriver = "pcap"\n' + TWO,
            ["rig.sut: say what is connected"],
        ),
        (
            '[rig]\nsut = "pev"\n[evse.pilot]\ndriver = "xy-lpwm"\nport = "/dev/serial/by-path/x"',
            ["evse.pilot: xy-lpwm works a real cable or adapter, those of driver = 'sim' are simulated"],
        ),
        (
            '[rig]\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "plc0"\n'
            '[evse.pilot]\ndriver = "xy-lpwm"\nport = "simulated"\n[pev]\n'
            'vehicles = ["hyundai-ioniq28", "skoda-enyaq"]',
            ["pev.vehicles: name the one that is connected, not 2", 'evse.pilot.port: "simulated" belongs to'],
        ),
        (
            '[evse.power]\ndriver = "relay-supply"\nboard = "a"\nchannel = 3\non_when = "closed"\n'
            '[relays.a]\ndriver = "lcus"\nport = "simulated"\nchannels = 2\n'
            '[pev.power]\ndriver = "relay-supply"\nboard = "b"\nchannel = 1\non_when = "closed"',
            [
                "evse.power.channel: relays.a has 2 channels, not 3",
                "pev.power.board: there is no [relays.b]; there are a",
                "pev.power: relay-supply works a real cable or adapter",
            ],
        ),
        (
            '[rig]\ndriver = "pcap"\nsut = "pair"\n[line]\nloss = 0.1\n' + TWO + 'quirks = ["no_retry"]',
            ["pev.quirks: belongs to a simulation", "line: belongs to a simulation"],
        ),
        (
            '[rig]\ndriver = "pcap"\nsut = "pair"\n' + TWO + 'adapter = "qca7005-car"',
            ["pev.adapter: belongs to a simulation"],
        ),
    ],
)
def test_what_does_not_go_together_is_told(rig_file: WriteRig, text: str, mistakes: list[str]) -> None:
    """All of it at once, each with its key."""
    found = mistakes_of(rig_file(text))

    assert len(found) == len(mistakes), found
    for said, expected in zip(found, mistakes, strict=True):
        assert said.startswith(f"lab-3.toml: {expected}")


@pytest.mark.parametrize("driver", ["tap", "pcap"])
def test_a_rig_on_real_interfaces_names_one_for_each_end_of_the_bench(rig_file: WriteRig, driver: str) -> None:
    config = load_rig_config(rig_file(f'[rig]\ndriver = "{driver}"\nsut = "pair"\n' + TWO))

    assert config.real
    assert config.interfaces() == {"evse": "plc0", "pev": "plc1"}
