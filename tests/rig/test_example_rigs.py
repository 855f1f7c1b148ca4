"""Every rig file in rigs/ is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import ConfigError
from bench.rig import Rig, load_rig_config
from bench.rig.devices import spec_of

RIGS = sorted((Path(__file__).resolve().parents[2] / "rigs").glob("*.toml"))


@pytest.mark.parametrize("path", RIGS, ids=lambda path: path.stem)
def test_it_is_a_rig_file_and_something_can_be_tested_with_it(path: Path) -> None:
    config = load_rig_config(str(path))

    assert list(Rig(config).suts())


@pytest.mark.parametrize("path", RIGS, ids=lambda path: path.stem)
def test_its_devices_exist_and_take_what_the_file_gives_them(path: Path) -> None:
    """Built, not opened: there is no hardware here."""
    config = load_rig_config(str(path))
    places = dict.fromkeys(config.devices(), "/dev/nowhere")

    spec = spec_of(config, places, (), "test", energise=False, log="")

    boards = {name: board.build({}) for name, board in spec.boards.items()}
    for device in (spec.generator, spec.level, spec.load, spec.duty, *spec.supplies.values()):
        if device is not None:
            assert device.build(boards).name


def test_there_is_one_for_each_kind_of_bench() -> None:
    assert {path.stem for path in RIGS} >= {"raspberry-pi", "laptop-serial", "ci-pi", "person", "charger-by-relays"}


def test_a_relay_on_a_pin_of_the_adc_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    text = (RIGS[0].parent / "raspberry-pi.toml").read_text(encoding="utf-8").replace("[23, 24]", "[10, 24]")
    path = tmp_path / "clash.toml"
    path.write_text(text, encoding="utf-8")
    spec = spec_of(load_rig_config(str(path)), {}, (), "test", energise=False, log="")

    with pytest.raises(ConfigError, match="10"):
        spec.boards["relays"].build({})
