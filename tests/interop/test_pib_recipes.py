"""Our recipes against the commands they replace: what Debian's `setpib` makes of an image, octet for octet."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.ids import Dak, MacAddress, Nmk
from bench.pib import Family, PibImage, find_recipe, parse, synthesise
from conftest import require

IMAGES_OF_EACH = 25
FAMILIES = {"tplink-tlpa4010p": Family.QCA7420, "qca7005": Family.QCA7005}

PATCHES = {
    "pev": ["74 hfid PEV", "F4 byte 1", "1653 byte 1", "1C98 long 10240 long 102400"],
    "evse": ["74 hfid EVSE", "F4 byte 2", "1653 byte 2", "1C98 long 10240 long 102400"],
}
"""Arguments of setpib. Source: uhi22/pyPLC readme; qca/open-plc-utils docbook ch05s15."""


@pytest.fixture(autouse=True)
def _tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("setpib", "chkpib", "chkpib2")
    monkeypatch.chdir(tmp_path)


def done(*command: str) -> None:
    """Run a foreign tool that is to succeed without a complaint."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert (ended.returncode, ended.stderr) == (0, ""), f"{command}: {ended.stderr}"


def patched(image: PibImage, patches: Sequence[str]) -> bytes:
    """What setpib makes of *image*."""
    file = Path("patched.pib")
    file.write_bytes(image.octets)
    for patch in patches:
        done("setpib", file.name, *patch.split())
    return file.read_bytes()


def any_image(family: Family, dice: random.Random) -> PibImage:
    """A PIB of any adapter and network, with any role, thresholds and text, as far as the recipes take it."""
    return synthesise(
        family,
        mac=MacAddress(dice.randbytes(6)),
        dak=Dak(dice.randbytes(16)),
        nmk=Nmk(dice.randbytes(16)),
        security_level=dice.randrange(2),
        values={
            "user_hfid": "x" * dice.randrange(64),
            "cco_mode": dice.randrange(3),
            "slac_enable": dice.randrange(3),
            "led_low_threshold_kbps": dice.randrange(2**32),
            "led_high_threshold_kbps": dice.randrange(2**32),
            "ports": dice.randbytes(0x3C8 - 0x280),
            "prescalers": dice.randbytes(1348),
        },
    )


@pytest.mark.parametrize("role", PATCHES)
@pytest.mark.parametrize("model", FAMILIES)
def test_a_recipe_is_what_setpib_makes_of_the_image(model: str, role: str) -> None:
    dice = random.Random(f"{model}/{role}")
    recipe = find_recipe(f"{model}/{role}")

    for _ in range(IMAGES_OF_EACH):
        image = any_image(FAMILIES[model], dice)
        assert recipe.applied_to(image).octets == patched(image, PATCHES[role])


@pytest.mark.parametrize("role", PATCHES)
@pytest.mark.parametrize("model", FAMILIES)
def test_the_tools_take_an_edited_image(model: str, role: str) -> None:
    image = any_image(FAMILIES[model], random.Random(role))
    Path("edited.pib").write_bytes(find_recipe(f"{model}/{role}").applied_to(image).octets)

    for tool in ("chkpib", "chkpib2"):
        done(tool, "edited.pib")


@pytest.mark.parametrize("model", FAMILIES)
def test_an_image_that_setpib_has_patched_is_nothing_to_do(model: str) -> None:
    for role, patches in PATCHES.items():
        image = parse(patched(any_image(FAMILIES[model], random.Random(role)), patches))

        assert isinstance(image, PibImage)
        assert find_recipe(f"{model}/{role}").plan(image).nothing_to_do
