"""`bench pib` on files: show, check, diff, synth; exit status, JSON, no keys, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.ids import MacAddress, Nmk
from bench.pib import Family, synthesise, synthesise_nvm
from bench.pib.nvm import NvmForm

MAC = MacAddress.parse("98:48:27:00:00:01")
SECRET = Nmk.fromhex("c0ffee00c0ffee00c0ffee00c0ffee00")
ROOT = Path(__file__).parents[2]


def bench(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.cli", "pib", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "one.pib"
    path.write_bytes(synthesise(Family.QCA7420, mac=MAC, nmk=SECRET).octets)
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "two.pib"
    path.write_bytes(synthesise(Family.QCA7420, mac=MAC, nmk=SECRET).with_values({"user_hfid": "OTHER"}).octets)
    return path


def test_show_names_the_fields_and_masks_the_keys(image: Path) -> None:
    done = bench("show", image)

    assert done.returncode == 0
    assert "slac_enable" in done.stdout
    assert str(MAC) in done.stdout
    assert SECRET.hex() not in done.stdout
    assert SECRET.hex() in bench("show", image, "--show-keys").stdout.replace(":", "")


def test_show_as_json_has_name_offset_value_meaning_certainty(image: Path) -> None:
    about = json.loads(bench("show", image, "--json").stdout)

    assert (about["format"], about["version"], about["layout"]) == ("ccs-bench-pib", 1, "chain")
    (slac,) = [field for field in about["fields"] if field["name"] == "slac_enable"]
    assert slac["offset"] == 0x1653
    assert set(slac) == {"name", "offset", "value", "meaning", "certainty", "source"}
    assert SECRET.hex() not in json.dumps(about)


def test_check_tells_every_fault_with_its_place(image: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pib"
    octets = bytearray(image.read_bytes())
    octets[0x1000] ^= 1
    damaged.write_bytes(bytes(octets))

    done = bench("check", image, damaged)

    assert done.returncode == 1
    assert f"{image}: sound" in done.stdout
    assert "checksum" in done.stdout
    assert bench("check", image).returncode == 0
    assert json.loads(bench("check", image, "--json").stdout)["files"] == {str(image): []}


def test_diff_tells_what_differs_and_says_so_by_its_status(image: Path, other: Path) -> None:
    done = bench("diff", image, other)

    assert done.returncode == 1
    assert "user_hfid" in done.stdout
    assert "'OTHER'" in done.stdout
    same = bench("diff", image, image)
    assert (same.returncode, same.stdout) == (0, "the same\n")


@pytest.mark.parametrize("family", ["int6x00", "qca7000", "qca7005", "qca7420"])
def test_synth_makes_a_sound_image_and_writes_nothing_over(family: str, tmp_path: Path) -> None:
    path = tmp_path / "made.pib"

    assert bench("synth", family, path, "--mac", MAC).returncode == 0
    assert bench("check", path).returncode == 0
    before = path.read_bytes()
    again = bench("synth", family, path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show",), "give a file, or an interface"),
        (("show", "no-such-file"), "No such file"),
        (("synth", "qca9999", "x.pib"), "there is no family 'qca9999'; known are int6x00"),
        (("plan", "-i", "no-such-if", "tplink-tlpa4010p/evse"), "no-such-if"),
        (("synth", "qca7420", "x.pib", "--mac", "nonsense"), "nonsense"),
    ],
)
def test_a_users_mistake_is_one_paragraph(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = bench(*arguments, XDG_DATA_HOME=str(tmp_path))

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_firmware_is_told_from_a_parameter_block(image: Path, tmp_path: Path) -> None:
    nvm = tmp_path / "firmware.nvm"
    nvm.write_bytes(synthesise_nvm(NvmForm.CHAIN).octets)

    assert bench("check", nvm).returncode == 0
    assert bench("show", nvm).returncode == 0
    mixed = bench("diff", image, nvm)
    assert mixed.returncode == 2
    assert "is firmware, not a parameter block" in mixed.stderr


def test_where_nothing_is_kept_it_says_so(tmp_path: Path) -> None:
    done = bench("backups", XDG_DATA_HOME=str(tmp_path))

    assert done.returncode == 0
    assert done.stdout.startswith("nothing is kept in")


def test_a_reader_that_has_gone_is_no_error(image: Path) -> None:
    """`bench pib show FILE | head -1`"""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.cli", "pib", "show", str(image)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
