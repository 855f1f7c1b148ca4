"""Recipe files: what may stand in them, and every mistake at once with file, edit, key and what to write instead."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import ConfigError
from bench.pib import CcoMode, Certainty, Recipe, find_recipe, load_recipe, recipes
from bench.pib import recipe_file as recipe_file_module
from bench.pib.recipe_file import FOLDER
from bench.pib.recipe_tables import read
from bench.profiles import adapters

DOCUMENT = Path(__file__).parents[2] / "docs" / "pib-recipes.md"

HEAD = """
role = "evse"
why = "trial"
sources = ["test"]
"""

FITS = """
[fits]
adapters = ["tplink-tlpa4010p"]
chip = "QCA7420"
firmware = ["MAC-QCA7420-1.4.0.20-00-20171027-CS"]
layout = "chain"
image_octets = [8836]
"""

NAMED = """
[[edit]]
field = "cco_mode"
offset = 0x00F4
old = ["AUTO", 1]
new = "ALWAYS"
why = "trial"
source = "test"
certainty = "observed"
"""

OWN = """
[[edit]]
name = "mystery"
offset = 0x1F90
length = 2
old = ["00 00"]
new = "01 02"
why = "trial"
source = "test"
certainty = "guessed"
"""

FLAT_FITS = """
[fits]
adapters = ["devolo-dlan200avplus"]
chip = "INT6000"
firmware = ["INT6000-MAC-4-4-4405-00-4497-20101201-FINAL-B"]
layout = "flat"
image_octets = [8192]
"""

WriteRecipe = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteRecipe:
    def write(text: str) -> Path:
        path = tmp_path / "garage" / "mine.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def mistakes_of(path: Path | str) -> list[str]:
    """Without the file's name, which begins each."""
    with pytest.raises(ConfigError) as error:
        load_recipe(path)
    assert str(error.value) == "\n".join(error.value.mistakes)
    assert all(mistake.startswith("garage/mine.toml: ") for mistake in error.value.mistakes)
    return [mistake.removeprefix("garage/mine.toml: ") for mistake in error.value.mistakes]


def changed(text: str, **lines: str | None) -> str:
    """*text* with other values for these keys; None takes the line away, a new key is put at the end."""
    for key, value in lines.items():
        line = "" if value is None else f"{key} = {value}\n"
        text, count = re.subn(rf"^{key} = .*\n", line.replace("\\", r"\\"), text, flags=re.M)
        text += "" if count else line
    return text


# What is right


def test_a_recipe_is_read(write: WriteRecipe) -> None:
    recipe = load_recipe(write(HEAD + FITS + NAMED + OWN))

    assert (recipe.name, recipe.role, recipe.why, recipe.sources) == ("garage/mine", "evse", "trial", ("test",))
    assert (recipe.adapters, recipe.chip, recipe.layout) == (("tplink-tlpa4010p",), "QCA7420", "chain")
    assert (recipe.firmware, recipe.image_octets) == (("MAC-QCA7420-1.4.0.20-00-20171027-CS",), (8836,))
    named, own = recipe.edits
    assert (named.name, named.offset, named.old, named.new) == ("cco_mode", 0xF4, (0, 1), CcoMode.ALWAYS)
    assert (named.named, named.certainty, named.any_because) == (True, Certainty.OBSERVED, "")
    assert (own.name, own.offset, own.old, own.new) == ("mystery", 0x1F90, (bytes(2),), b"\1\2")
    assert (own.named, own.certainty, own.field.size) == (False, Certainty.GUESSED, 2)


def test_a_reason_of_several_lines(write: WriteRecipe) -> None:
    text = changed(HEAD, why='"""\nOne line,\nand another.\n"""')

    assert load_recipe(write(text + FITS + NAMED)).why == "One line,\nand another."


def test_any_old_value_with_a_reason(write: WriteRecipe) -> None:
    (edit,) = load_recipe(write(HEAD + FITS + changed(NAMED, old='"any"', any_because='"why not"'))).edits

    assert (edit.old, edit.any_because) == (None, "why not")


def test_a_text_that_reads_any_stands_in_a_list(write: WriteRecipe) -> None:
    text = changed(NAMED, field='"user_hfid"', offset="0x74", old='["any", ""]', new='"x"')

    assert load_recipe(write(HEAD + FITS + text)).edits[0].old == ("any", "")


def test_an_old_value_need_not_be_one_of_the_choices(write: WriteRecipe) -> None:
    """An adapter may hold what nobody has a name for."""
    assert load_recipe(write(HEAD + FITS + changed(NAMED, old="[255, 0]"))).edits[0].old == (255, CcoMode.AUTO)


def test_octets_in_hex_with_or_without_colons(write: WriteRecipe) -> None:
    text = changed(NAMED, field='"sniffer_return_mac"', offset="0x103", certainty='"documented"')
    text = changed(text, old='["00 00 00 00 00 00", "ffffffffffff"]', new='"02:00:00:00:00:09"')

    (edit,) = load_recipe(write(HEAD + FITS + text)).edits
    assert edit.new == bytes.fromhex("020000000009")
    assert edit.old == (bytes(6), b"\xff" * 6)


def test_a_model_without_a_profile(write: WriteRecipe) -> None:
    recipe = load_recipe(
        write(HEAD + changed(FITS, adapters="[]", chip='"QCA7411"', firmware='["MAC-QCA7411-1"]') + NAMED)
    )

    assert (recipe.adapters, recipe.chip) == ((), "QCA7411")


def test_a_flat_pib(write: WriteRecipe) -> None:
    text = changed(NAMED, certainty='"observed"')

    assert load_recipe(write(HEAD + FLAT_FITS + text)).layout == "flat"


def test_a_size_that_is_only_assumed_binds_nobody(write: WriteRecipe) -> None:
    """The real size of the Devolo's PIB is not known; who has read one may say so."""
    fits = changed(FLAT_FITS, image_octets="[12288]")

    assert load_recipe(write(HEAD + fits + NAMED)).image_octets == (12288,)


def test_part_of_a_long_field_without_known_order(write: WriteRecipe) -> None:
    """There is no other way to change it."""
    assert load_recipe(write(HEAD + FITS + changed(OWN, offset="0x1784"))).edits[0].offset == 0x1784


def test_the_digest_is_that_of_the_file(write: WriteRecipe) -> None:
    first = load_recipe(write(HEAD + FITS + NAMED)).digest

    assert load_recipe(write(HEAD + FITS + NAMED)).digest == first
    assert load_recipe(write("# said once more\n" + HEAD + FITS + NAMED)).digest != first


def test_the_example_of_the_documentation(write: WriteRecipe) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)

    recipe = load_recipe(write(example))

    assert recipe.fields == {"user_hfid", "cco_mode", "first octet of the first LED behaviour"}


# What is wrong


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (changed(HEAD, role=None) + FITS + NAMED, ["role: missing"]),
        (changed(HEAD, role='"car"') + FITS + NAMED, ["role: input should be 'evse', 'pev' or 'either'"]),
        (changed(HEAD, why='" "') + FITS + NAMED, ["why: is empty"]),
        (changed(HEAD, why="3") + FITS + NAMED, ["why: input should be a valid string"]),
        (
            changed(HEAD, sources="[]") + FITS + NAMED,
            ["sources: is empty; at least one is needed"],
        ),
        (HEAD + "wy = 1\n" + FITS + NAMED, ["wy: unknown key; did you mean why?"]),
        (HEAD + NAMED, ["fits: missing"]),
        (HEAD + FITS, ["edit: missing"]),
        ("edit = []\n" + HEAD + FITS, ["edit: is empty; at least one is needed"]),
        ("edit = 3\n" + HEAD + FITS, ["edit: input should be a valid list"]),
        ("edit = [3]\n" + HEAD + FITS, ["edit 1: a table is expected"]),
        (
            HEAD + changed(FITS, chips='"x"') + NAMED,
            ["fits.chips: unknown key; did you mean chip?"],
        ),
        (HEAD + changed(FITS, chip=None) + NAMED, ["fits.chip: missing"]),
        (HEAD + changed(FITS, layout='"round"') + NAMED, ["fits.layout: input should be 'chain' or 'flat'"]),
        (
            HEAD + changed(FITS, firmware="[3]") + NAMED,
            ["fits.firmware[0]: input should be a valid string"],
        ),
        (
            HEAD + changed(FITS, firmware="[]") + NAMED,
            ["fits.firmware: is empty; at least one is needed"],
        ),
        (
            HEAD + changed(FITS, firmware='["MAC-QCA7005-1"]') + NAMED,
            ["fits.firmware: 'MAC-QCA7005-1' is not of the chip 'QCA7420'"],
        ),
        (
            HEAD + changed(FITS, image_octets="[8836, 8837]") + NAMED,
            ["fits.image_octets: 8837: an image has at least 256 octets, in steps of 4"],
        ),
        (
            HEAD + changed(FITS, adapters='["tplink-tlpa4010"]') + NAMED,
            ["fits.adapters: there is no 'tplink-tlpa4010'; did you mean tplink-tlpa4010p?"],
        ),
        (
            HEAD + changed(FITS, adapters='["tplink-tlpa4010p", "qca7005-car"]') + NAMED,
            [
                "fits.chip: 'QCA7420', but the chip of qca7005-car is 'QCA7005'",
                "fits.image_octets: 8080, as qca7005-car has, is not among them",
            ],
        ),
        (
            HEAD + changed(FITS, adapters='["devolo-dlan200avplus"]') + NAMED,
            [
                "fits.chip: 'QCA7420', but the chip of devolo-dlan200avplus is 'INT6000'",
                "fits.layout: 'chain', but the PIB of devolo-dlan200avplus is 'flat'",
            ],
        ),
    ],
)
def test_a_mistake_outside_of_the_edits(write: WriteRecipe, text: str, mistakes: list[str]) -> None:
    assert mistakes_of(write(text)) == mistakes


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        (
            {"field": None},
            "field: missing; an edit of octets nobody has named has a name, a length and certainty guessed",
        ),
        ({"name": '"x"'}, "name: belongs to an edit without a named field; this one has a field"),
        ({"offset": None}, "offset: missing"),
        ({"offset": "-1"}, "offset: input should be greater than or equal to 0"),
        ({"offset": '"F4"'}, "offset: input should be a valid integer"),
        ({"offset": "0x00F5"}, "offset: cco_mode is at 0x00F4, not at 0x00F5; there is coexistence_mode"),
        ({"offset": "0x0200"}, "offset: cco_mode is at 0x00F4, not at 0x0200"),
        ({"old": None}, "old: missing"),
        ({"old": "0"}, 'old: a list of values is expected, or "any" with any_because'),
        ({"old": "[]"}, 'old: a list of values is expected, or "any" with any_because'),
        ({"old": "[true]"}, "old: a number or a text is expected"),
        ({"old": "[300]"}, "old: 300 is not between 0 and 255"),
        ({"old": '["NEVR"]'}, "old: there is no 'NEVR'; did you mean NEVER?"),
        ({"old": '"any"'}, 'any_because: belongs to old = "any", and that needs it'),
        ({"any_because": '"x"'}, 'any_because: belongs to old = "any", and that needs it'),
        ({"old": '"any"', "any_because": '""'}, "any_because: is empty"),
        ({"new": None}, "new: missing"),
        ({"new": "true"}, "new: a number or a text is expected"),
        ({"new": "1.5"}, "new: a number or a text is expected"),
        ({"new": "2026-01-01"}, "new: a number or a text is expected"),
        ({"new": "7"}, "new: 7 is none of 0 AUTO, 1 NEVER, 2 ALWAYS, 3 USER_ASSIGNED"),
        ({"new": '"always"'}, "new: there is no 'always'; known are ALWAYS, AUTO, NEVER, USER_ASSIGNED"),
        ({"why": None}, "why: missing"),
        ({"source": '""'}, "source: is empty"),
        ({"certainty": '"observd"'}, "certainty: there is no 'observd'; did you mean observed?"),
        ({"certainty": "1"}, "certainty: input should be a valid string"),
        ({"sorce": '"x"'}, "sorce: unknown key; did you mean source?"),
        (
            {"length": "1"},
            "length: unknown key; known are any_because, certainty, field, new, offset, old, source, why",
        ),
    ],
)
def test_a_mistake_in_an_edit(write: WriteRecipe, changes: dict[str, str | None], mistake: str) -> None:
    label = "edit 1" if "field" in changes else "edit 1 (cco_mode)"

    assert mistakes_of(write(HEAD + FITS + changed(NAMED, **changes))) == [f"{label}: {mistake}"]


@pytest.mark.parametrize(
    ("field", "offset", "mistake"),
    [
        ("mac", 0x0C, "mac: which one of its kind it is, so it stays as it is"),
        ("dak", 0x12, "dak: which one of its kind it is, so it stays as it is"),
        (
            "product",
            0x124,
            "product: which kind of adapter it is; an adapter refuses a PIB of another kind, so it stays as it is",
        ),
        ("nmk", 0x64, "nmk: which network it belongs to; keys are set for a run and stand in no recipe"),
        ("nid", 0xF8, "nid: which network it belongs to; keys are set for a run and stand in no recipe"),
    ],
)
def test_what_no_recipe_changes(write: WriteRecipe, field: str, offset: int, mistake: str) -> None:
    """Neither by name nor by offset."""
    named = changed(NAMED, field=f'"{field}"', offset=hex(offset), old='"any"', any_because='"x"', new='"00"')
    by_offset = changed(OWN, offset=hex(offset), length="1", old='["00"]', new='"01"')

    assert mistakes_of(write(HEAD + FITS + named)) == [f"edit 1 ({field}): field: {mistake}"]
    assert mistakes_of(write(HEAD + FITS + by_offset)) == [
        f"edit 1 (mystery): offset: 0x{offset:04X}..0x{offset:04X} is, or touches, {field}; {mistake}"
    ]


@pytest.mark.parametrize("field", ["firmware_major", "length", "checksum"])
def test_what_follows_from_the_rest_cannot_be_set(write: WriteRecipe, field: str) -> None:
    text = changed(NAMED, field=f'"{field}"', offset="0", old="[0]", new="1")

    assert mistakes_of(write(HEAD + FLAT_FITS + text)) == [
        f"edit 1 ({field}): field: {field}: derived from the rest of the file, so it cannot be set"
    ]


def test_an_unknown_field_is_told_with_a_suggestion(write: WriteRecipe) -> None:
    text = changed(NAMED, field='"slac_enabel"', offset="0x1653")

    assert mistakes_of(write(HEAD + FITS + text)) == [
        "edit 1 (slac_enabel): field: there is no 'slac_enabel' in a chain PIB with an image of 8836 octets; "
        "did you mean slac_enable?"
    ]


def test_what_no_recipe_changes_is_not_suggested(write: WriteRecipe) -> None:
    (mistake,) = mistakes_of(write(HEAD + FITS + changed(NAMED, field='"nmkk"')))

    known = mistake.partition("known are ")[2].split(", ")
    assert "cco_mode" in known
    assert not {"nmk", "nid", "mac", "dak", "product"} & set(known)


def test_a_field_that_only_some_of_the_images_have(write: WriteRecipe) -> None:
    fits = changed(FITS, image_octets="[8836, 8080]")
    text = changed(NAMED, field='"simple_qos"', offset="0x2030", old="[0]", new="1")

    (mistake,) = mistakes_of(write(HEAD + fits + text))
    assert mistake.startswith(
        "edit 1 (simple_qos): field: there is no 'simple_qos' in a chain PIB with an image of 8080"
    )


def test_nobody_is_surer_than_the_field_table(write: WriteRecipe) -> None:
    text = changed(NAMED, field='"coexistence_mode"', offset="0xF5", new="1")

    assert mistakes_of(write(HEAD + FITS + changed(text, old="[0]"))) == [
        "edit 1 (coexistence_mode): certainty: observed, but the field is no surer than documented"
    ]
    assert load_recipe(write(HEAD + FITS + changed(text, old="[0]", certainty='"guessed"')))


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"length": None}, "length: missing"),
        ({"length": "0"}, "length: input should be greater than or equal to 1"),
        ({"length": "3"}, "new: 3 octets are expected, got 2; old: 3 octets are expected, got 2"),
        ({"certainty": '"observed"'}, "certainty: input should be 'guessed'"),
        ({"new": "1"}, "new: octets are expected, got a value of type int"),
        ({"new": '"0102030"'}, "new: octets are expected, as pairs of hex digits in quotes"),
        ({"old": '["zz"]'}, "old: octets are expected, as pairs of hex digits in quotes"),
        ({"name": '"cco_mode"'}, "name: 'cco_mode' is a field of the table; say field = 'cco_mode'"),
        ({"name": '" "'}, "name: is empty"),
        ({"offset": "0x1653"}, "offset: 0x1653..0x1654 is, or touches, slac_enable; say field = 'slac_enable'"),
        ({"offset": "0x1652"}, "offset: 0x1652..0x1653 is, or touches, robo_management; say field = 'robo_management'"),
        ({"offset": "0x2283"}, "offset: 0x2283..0x2284 is outside of 0x0000..0x2283"),
    ],
)
def test_a_mistake_in_an_edit_of_unnamed_octets(
    write: WriteRecipe, changes: dict[str, str | None], mistake: str
) -> None:
    label = f"edit 1 ({changes.get('name', 'mystery')})".replace('"', "")

    assert "; ".join(mistakes_of(write(HEAD + FITS + changed(OWN, **changes)))) == "; ".join(
        f"{label}: {each}" for each in re.split(r"; (?=old)", mistake)
    )


def test_the_header_of_a_flat_pib_is_not_for_edits(write: WriteRecipe) -> None:
    assert mistakes_of(write(HEAD + FLAT_FITS + changed(OWN, offset="2"))) == [
        "edit 1 (mystery): offset: 0x0002..0x0003 is outside of 0x000C..0x1FFF"
    ]


@pytest.mark.parametrize(
    ("second", "mistake"),
    [
        (NAMED, "edit 3 (cco_mode): offset: edit 1 (cco_mode) changes the same octets"),
        (
            changed(OWN, name='"other"', offset="0x1F91"),
            "edit 3 (other): offset: edit 2 (mystery) changes the same octets",
        ),
        (changed(OWN, offset="0x1F92"), "edit 3 (mystery): name: edit 2 (mystery) has the same"),
    ],
)
def test_two_edits_of_one_thing(write: WriteRecipe, second: str, mistake: str) -> None:
    assert mistakes_of(write(HEAD + FITS + NAMED + OWN + second)) == [mistake]


@pytest.mark.parametrize(("role", "new"), [("evse", "PEV"), ("pev", "EVSE")])
def test_a_recipe_for_one_side_that_makes_the_other(write: WriteRecipe, role: str, new: str) -> None:
    text = changed(NAMED, field='"slac_enable"', offset="0x1653", old="[0]", new=f'"{new}"')
    number = {"PEV": 1, "EVSE": 2}[new]

    assert mistakes_of(write(changed(HEAD, role=f'"{role}"') + FITS + text)) == [
        f"edit 1 (slac_enable): new: {number} {new}, but the recipe's role is {role}"
    ]
    assert load_recipe(write(changed(HEAD, role='"either"') + FITS + text))
    off = changed(text, old="[1, 2]", new='"OFF"')
    assert load_recipe(write(changed(HEAD, role=f'"{role}"') + FITS + off))


def test_all_mistakes_come_at_once(write: WriteRecipe) -> None:
    """Outside of the edits, in each of them, and between them."""
    text = (
        changed(HEAD, why=None)
        + changed(FITS, adapters='["tp-link"]')
        + changed(NAMED, offset="0xF5", new="9", sorce="1")
        + changed(NAMED, offset="0xF5", new="9")
        + OWN
        + changed(OWN, name='"other"')
    )

    assert mistakes_of(write(text)) == [
        "why: missing",
        f"fits.adapters: there is no 'tp-link'; known are {', '.join(sorted(adapters()))}",
        "edit 1 (cco_mode): sorce: unknown key; did you mean source?",
        "edit 2 (cco_mode): offset: cco_mode is at 0x00F4, not at 0x00F5; there is coexistence_mode",
        "edit 2 (cco_mode): new: 9 is none of 0 AUTO, 1 NEVER, 2 ALWAYS, 3 USER_ASSIGNED",
        "edit 4 (other): offset: edit 3 (mystery) changes the same octets",
    ]


def test_a_mistake_repeats_no_value_that_may_be_a_key(write: WriteRecipe) -> None:
    key = "000102030405060708090a0b0c0d0e0f"
    for new in (f'"{key}"', f'["{key}"]', f'"{key}0"'):
        for text in (
            changed(NAMED, field='"nmk"', offset="0x64", new=new),
            changed(NAMED, field='"mains_frequency"', offset="0xF6", new=new, certainty='"documented"'),
            changed(OWN, new=new),
        ):
            assert key not in "\n".join(mistakes_of(write(HEAD + FITS + text)))


def test_files_that_are_no_recipe(write: WriteRecipe, tmp_path: Path) -> None:
    path = write("role =")
    assert mistakes_of(path)[0].startswith("not TOML: ")

    path.write_bytes(b"\xff\xfe")
    assert mistakes_of(path)[0].startswith("cannot be read: ")

    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such recipe file"):
        load_recipe(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(tmp_path)


TOML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["role", "why", "sources", "fits", "edit", "field", "name", "offset", "length", "old", "new", "certainty"]


@given(st.dictionaries(st.sampled_from(KEYS), TOML_VALUES), st.dictionaries(st.sampled_from(KEYS), TOML_VALUES))
def test_whatever_stands_in_a_file_is_a_mistake_and_no_crash(table: dict[str, Any], edit: dict[str, Any]) -> None:
    recipe, mistakes = read({**table, "edit": [edit, table.get("edit")]}, "any/thing", "")

    assert recipe is None
    assert mistakes


@given(st.sampled_from(KEYS[5:]), TOML_VALUES)
def test_one_value_exchanged_is_a_mistake_or_a_recipe(key: str, value: Any) -> None:
    table = tomllib.loads(HEAD + FITS + OWN)
    table["edit"][0][key] = value

    recipe, mistakes = read(table, "any/thing", "")

    assert (recipe is None) == bool(mistakes)


# Names and folders


def test_a_recipe_is_found_by_name_or_path(write: WriteRecipe) -> None:
    path = write(HEAD + FITS + NAMED)

    assert find_recipe("tplink-tlpa4010p/evse") == recipes()["tplink-tlpa4010p/evse"]
    assert find_recipe(str(path)) == load_recipe(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tplink-tlpa4010p/evs", "there is no recipe 'tplink-tlpa4010p/evs'; did you mean tplink-tlpa4010p/evse?"),
        (
            "x",
            "there is no recipe 'x'; known are qca7005/evse, qca7005/pev, tplink-tlpa4010p/evse, tplink-tlpa4010p/pev",
        ),
        ("../tests/pib/recipes/harmful", "there is no recipe '../tests/pib/recipes/harmful'; known are"),
    ],
)
def test_a_name_that_does_not_exist(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}"):
        find_recipe(name)


def test_all_files_of_a_folder_are_read_and_all_their_mistakes_told(tmp_path: Path) -> None:
    for model, text in (("a", HEAD + FITS + NAMED), ("b", HEAD + FITS), ("c", "x"), ("baselines", "not a recipe")):
        (tmp_path / model).mkdir()
        (tmp_path / model / "evse.toml").write_text(text, encoding="utf-8")
    (tmp_path / "README.md").touch()

    with pytest.raises(ConfigError) as error:
        recipes(tmp_path)
    assert error.value.mistakes[0] == "b/evse.toml: edit: missing"
    assert error.value.mistakes[1].startswith("c/evse.toml: not TOML")
    assert len(error.value.mistakes) == 2

    for model in "bc":
        (tmp_path / model / "evse.toml").unlink()
    assert list(recipes(tmp_path)) == ["a/evse"]


def test_the_folder_is_that_of_the_checkout() -> None:
    assert Path(__file__).parents[2] / "firmware_pib" == FOLDER


def test_without_a_checkout_the_message_says_what_to_do(tmp_path: Path) -> None:
    for call in (lambda: recipes(tmp_path / "firmware_pib"), lambda: find_recipe("a/evse", tmp_path / "firmware_pib")):
        with pytest.raises(ConfigError, match=r"brings its recipes in a checkout only.*name a recipe by its path"):
            call()


def test_reading_a_path_needs_no_folder(write: WriteRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_file_module, "FOLDER", tmp_path / "none")

    assert isinstance(find_recipe(str(write(HEAD + FITS + NAMED))), Recipe)


def test_pydantic_is_imported_when_a_recipe_is_read_and_not_before() -> None:
    """`bench --help` is to answer at once."""
    program = textwrap.dedent(
        """
        import sys
        import bench.pib
        assert "pydantic" not in sys.modules
        bench.pib.find_recipe("qca7005/pev")
        assert "pydantic" in sys.modules
        """
    )

    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
