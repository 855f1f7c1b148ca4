"""Recipes on images: what they change, what they leave alone, and every reason to refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pib_images import ADDRESS, IMAGES, MINIMAL, edits

from bench.ids import Dak, MacAddress, Nmk
from bench.pib import (
    CcoMode,
    Certainty,
    ChainPib,
    Edit,
    Family,
    Field,
    PibImage,
    Recipe,
    RecipeRefused,
    SlacEnable,
    chain_fields,
    compare,
    find_recipe,
    load_recipe,
    parse,
    recipes,
    synthesise,
)
from bench.pib.recipe import RISKS
from bench.pib.recipe_file import FOLDER
from bench.pib.values import Raw
from bench.profiles import adapters

NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in FOLDER.glob("*/*.toml"))
SHIPPED = pytest.mark.parametrize("name", NAMES)
KIND = {"QCA7420": Family.QCA7420, "QCA7005": Family.QCA7005}
HARMFUL = Path(__file__).parent / "recipes" / "harmful.toml"
TP_LINK = "MAC-QCA7420-1.4.0.20-00-20171027-CS"


def family(recipe: Recipe) -> Family:
    return KIND[recipe.chip]


def fresh(recipe: Recipe, **values: Any) -> ChainPib:
    """A PIB of the recipe's family as from the factory, but for *values*."""
    image = synthesise(family(recipe), mac=ADDRESS, values=values)
    assert isinstance(image, ChainPib)
    return image


@st.composite
def used_images(draw: st.DrawFn, recipe: Recipe) -> ChainPib:
    """A PIB of the recipe's family, of any adapter and network, with any settings the recipe takes."""
    mac, dak, nmk = draw(st.tuples(*(st.binary(min_size=size, max_size=size) for size in (6, 16, 16))))
    values = draw(edits(IMAGES[recipe.chip.lower()])) if draw(st.booleans()) else {}
    values = {name: value for name, value in values.items() if name not in ("nmk", "nid")}
    for edit in recipe.edits:
        if edit.old is not None:
            values[edit.name] = draw(st.sampled_from([*edit.old, edit.new]))
    image = synthesise(family(recipe), mac=MacAddress(mac), dak=Dak(dak), nmk=Nmk(nmk), values=values)
    assert isinstance(image, ChainPib)
    return image


@pytest.fixture
def recipe() -> Recipe:
    return find_recipe("tplink-tlpa4010p/evse")


def edit_of(recipe: Recipe, name: str) -> Edit:
    return next(edit for edit in recipe.edits if edit.name == name)


def with_edit(recipe: Recipe, **changes: Any) -> Recipe:
    """*recipe* with nothing but its edit of cco_mode, changed."""
    return replace(recipe, edits=(replace(edit_of(recipe, "cco_mode"), **changes),))


def own_octets(name: str, offset: int, new: bytes, *old: bytes) -> Edit:
    """An edit of octets nobody has named."""
    field = Field(name, offset, Raw(len(new)), "trial", Certainty.GUESSED, "test")
    return Edit(field, False, old or None, new, "trial", "test", Certainty.GUESSED)


# Those of this repository


def test_the_recipes_of_this_repository() -> None:
    assert NAMES == ["qca7005/evse", "qca7005/pev", "tplink-tlpa4010p/evse", "tplink-tlpa4010p/pev"]
    assert list(recipes()) == NAMES
    assert all(name == found.name for name, found in recipes().items())


@SHIPPED
def test_a_recipe_agrees_with_the_field_table(name: str) -> None:
    recipe = find_recipe(name)

    for octets in recipe.image_octets:
        fields = chain_fields(octets)
        for edit in recipe.edits:
            assert edit.field is fields[edit.name]
            assert edit.named
            assert edit.field.type.misfit(edit.new) is None


@SHIPPED
def test_a_recipe_is_for_its_adapters_firmware_and_image(name: str) -> None:
    recipe = find_recipe(name)
    known = [adapters()[adapter_id] for adapter_id in recipe.adapters]

    assert known
    for profile in known:
        assert profile.sw_ver.version in recipe.firmware
        assert recipe.check(fresh(recipe), profile.sw_ver.version) == []


@SHIPPED
def test_a_recipe_gives_its_role(name: str) -> None:
    """What real charging stations and a real car have. Source: reference pib.md, 4.4."""
    recipe = find_recipe(name)
    edited = recipe.applied_to(fresh(recipe))

    expected = {
        "evse": (CcoMode.ALWAYS, SlacEnable.EVSE, "EVSE"),
        "pev": (CcoMode.NEVER, SlacEnable.PEV, "PEV"),
    }[recipe.role]
    assert tuple(edited.read(field) for field in ("cco_mode", "slac_enable", "user_hfid")) == expected
    assert recipe.name.endswith(recipe.role)


@SHIPPED
@given(data=st.data())
def test_a_recipe_changes_what_it_names_and_nothing_else(name: str, data: st.DataObject) -> None:
    recipe = find_recipe(name)
    image = data.draw(used_images(recipe))

    edited = recipe.applied_to(image)

    assert parse(edited.octets) == edited
    assert {edit.name: edited.read(edit.name) for edit in recipe.edits} == {
        edit.name: edit.new for edit in recipe.edits
    }
    diff = compare(image, edited)
    assert diff.names <= recipe.fields
    assert not diff.ranges
    assert not diff.elsewhere
    assert set(diff.derived) <= {"image checksum 1", "header checksum 1"}
    assert (edited.mac, edited.dak, edited.nmk, edited.nid) == (image.mac, image.dak, image.nmk, image.nid)


@SHIPPED
@given(data=st.data())
def test_a_recipe_applied_twice_is_applied_once(name: str, data: st.DataObject) -> None:
    recipe = find_recipe(name)
    once = recipe.applied_to(data.draw(used_images(recipe)))

    assert recipe.check(once, recipe.firmware[0]) == []
    assert recipe.applied_to(once) == once
    assert recipe.plan(once).nothing_to_do


@SHIPPED
def test_an_adapter_can_change_sides_and_back(name: str) -> None:
    """A bench that has one adapter makes an EVSE of it today and a PEV tomorrow."""
    recipe = find_recipe(name)
    other = find_recipe(f"{name.rpartition('/')[0]}/{'pev' if recipe.role == 'evse' else 'evse'}")
    image = recipe.applied_to(fresh(recipe))

    assert recipe.applied_to(other.applied_to(image)) == image


@SHIPPED
def test_fields_are_the_names_it_changes(name: str) -> None:
    assert find_recipe(name).fields == {
        "user_hfid",
        "cco_mode",
        "slac_enable",
        "led_low_threshold_kbps",
        "led_high_threshold_kbps",
    }


# Refusals


def test_an_image_of_its_family_is_not_refused(recipe: Recipe) -> None:
    assert recipe.check(fresh(recipe), TP_LINK) == []
    assert recipe.check(fresh(recipe), None) == []


def test_unknown_firmware_is_refused(recipe: Recipe) -> None:
    """TL-PA4010P of a firmware that drops connections. Source: reference bench-safety.md, 8.1."""
    (refusal,) = recipe.check(fresh(recipe), "MAC-QCA7420-1.1.0.844-01-20120919-FINAL")

    assert str(refusal) == (
        "firmware: expected MAC-QCA7420-1.4.0.20-00-20171027-CS or MAC-QCA7420-1.3.0.2134-00-20151212-CS, "
        "found MAC-QCA7420-1.1.0.844-01-20120919-FINAL; who has tried it with that firmware adds the text to a recipe "
        "of their own (docs/pib-recipes.md)"
    )


@pytest.mark.parametrize("version", ["", "BootLoader", TP_LINK.lower(), f"{TP_LINK} ", TP_LINK[:-1]])
def test_a_version_text_is_compared_as_it_is(recipe: Recipe, version: str) -> None:
    assert [refusal.what for refusal in recipe.check(fresh(recipe), version)] == ["firmware"]


@pytest.mark.parametrize(
    ("image", "refusals"),
    [
        ("flat", ["layout: expected a chain PIB, found a flat PIB"]),
        (
            "qca7005",
            ["image size: expected 8836 octets, found 8080 octets", "chip: expected QCA7420, found QCA7005"],
        ),
        (
            "minimal",
            [
                "image size: expected 8836 octets, found 512 octets",
                "chip: expected QCA7420, found none named in the image",
            ],
        ),
    ],
)
def test_a_pib_of_another_kind_is_refused(recipe: Recipe, image: str, refusals: list[str]) -> None:
    assert [str(refusal) for refusal in recipe.check(IMAGES[image], TP_LINK)] == refusals


def test_another_chip_with_images_as_long_is_refused() -> None:
    """A QCA7000 has the image length and the fields of a QCA7005."""
    refusals = find_recipe("qca7005/evse").check(IMAGES["qca7000"], None)

    assert [str(refusal) for refusal in refusals] == ["chip: expected QCA7005, found QCA7000"]


def test_an_unexpected_value_is_refused_with_the_difference(recipe: Recipe) -> None:
    image = fresh(recipe, cco_mode=CcoMode.USER_ASSIGNED)
    odd = image.with_octets(image.field("slac_enable").offset, b"\x07")

    assert [str(refusal) for refusal in recipe.check(odd, TP_LINK)] == [
        "cco_mode (0x00F4): expected 0 AUTO, 1 NEVER or 2 ALWAYS, found 3 USER_ASSIGNED; "
        "the adapter is not as this recipe knows it",
        "slac_enable (0x1653): expected 0 OFF, 1 PEV or 2 EVSE, found 7; the adapter is not as this recipe knows it",
    ]


def test_all_refusals_come_at_once(recipe: Recipe) -> None:
    image = fresh(find_recipe("qca7005/evse"), cco_mode=3)
    both = replace(recipe, image_octets=(8080, 8836))

    assert [refusal.what for refusal in both.check(image, "x")] == ["firmware", "chip", "cco_mode (0x00F4)"]


def test_fields_of_an_image_of_another_length_are_not_judged(recipe: Recipe) -> None:
    """They are where they are in images the recipe knows, and perhaps not in this one."""
    odd = fresh(recipe, cco_mode=CcoMode.USER_ASSIGNED)
    longer = replace(recipe, image_octets=(9000,))

    assert [refusal.what for refusal in longer.check(odd, TP_LINK)] == ["image size"]


def test_a_flat_pib_is_known_by_layout_length_and_firmware(recipe: Recipe) -> None:
    """It names no chip."""
    flat = IMAGES["flat"]
    text = Edit(
        flat.field("user_hfid"), True, None, "x", "trial", "test", Certainty.OBSERVED, any_because="text for people"
    )
    for_flat = replace(recipe, layout="flat", chip="INT6000", image_octets=(len(flat.octets),), edits=(text,))

    assert for_flat.check(flat, None) == []
    assert for_flat.applied_to(flat).read("user_hfid") == "x"
    assert compare(flat, for_flat.applied_to(flat)).names == {"user_hfid"}


@pytest.mark.parametrize("act", [Recipe.applied_to, Recipe.plan])
def test_what_is_refused_is_not_changed(recipe: Recipe, act: Callable[[Recipe, PibImage], object]) -> None:
    with pytest.raises(RecipeRefused) as error:
        act(recipe, MINIMAL)

    assert error.value.refusals == tuple(recipe.check(MINIMAL, None))
    assert str(error.value).splitlines() == [
        "tplink-tlpa4010p/evse is not for this PIB; nothing was changed",
        "  image size: expected 8836 octets, found 512 octets",
        "  chip: expected QCA7420, found none named in the image",
    ]


def test_long_octets_are_told_by_their_hash(recipe: Recipe) -> None:
    def told(octets: bytes) -> str:
        return f"1348 octets with SHA-256 {hashlib.sha256(octets).hexdigest()[:16]}"

    image = fresh(recipe)
    old, new = b"\1" * 1348, b"\2" * 1348
    edit = Edit(image.field("prescalers"), True, (old,), new, "trial", "test", Certainty.DOCUMENTED)
    quieter = replace(recipe, edits=(edit,))

    (refusal,) = quieter.check(image, None)
    assert (refusal.what, refusal.expected) == ("prescalers (0x0F28)", f"{told(old)} or {told(new)}")
    assert refusal.found == told(bytes(1348))
    done = image.with_values({"prescalers": new})
    assert quieter.plan(done).lines()[-1] == f"prescalers: nothing to do, {told(new)} already"


# Plans


def test_a_plan_tells_change_purpose_and_risk(recipe: Recipe) -> None:
    plan = recipe.plan(fresh(recipe, slac_enable=SlacEnable.EVSE, led_low_threshold_kbps=5))

    assert plan.lines() == [
        "tplink-tlpa4010p/evse on chain PIB of 02:00:00:00:00:01, QCA7420, 9796 octets",
        "user_hfid: '' -> 'EVSE'",
        "  for    a person who lists adapters sees which one plays which part",
        "  risk   little: the field was seen in real PIBs",
        "  old    any: a text for people; it decides nothing",
        "cco_mode: 0 AUTO -> 2 ALWAYS",
        "  for    a charging station's modem makes the network that a car joins",
        "  risk   little: the field was seen in real PIBs",
        "slac_enable: nothing to do, 2 EVSE already",
        "led_low_threshold_kbps: 5 -> 10240",
        "  for    a SLAC link is slow: with this the LED of the link tells slow from medium at 10 Mbit/s",
        "  risk   little: the field was seen in real PIBs",
        "  old    any: it sets an LED and nothing else; a factory's value is not known",
        "led_high_threshold_kbps: nothing to do, 102400 already",
        "image checksum 1: follows from the above",
        "header checksum 1: follows from the above",
    ]


def test_a_plan_is_a_record(recipe: Recipe) -> None:
    image = fresh(recipe, slac_enable=SlacEnable.EVSE)
    plan = recipe.plan(image)

    assert (plan.recipe, plan.before, plan.after) == (recipe, image, recipe.applied_to(image))
    assert plan.diff == compare(plan.before, plan.after)
    assert [step.edit for step in plan.steps] == list(recipe.edits)
    assert {step.edit.name for step in plan.steps if step.changes} == plan.diff.names == {"user_hfid", "cco_mode"}
    assert not plan.nothing_to_do


def test_a_plan_without_work_says_so(recipe: Recipe) -> None:
    lines = recipe.plan(recipe.applied_to(fresh(recipe))).lines()

    assert lines[1:3] == ["nothing to do: the recipe is applied already", "user_hfid: nothing to do, 'EVSE' already"]
    assert len(lines) == 2 + len(recipe.edits)


def test_every_certainty_has_its_risk(recipe: Recipe) -> None:
    image = fresh(recipe)
    assert set(RISKS) == set(Certainty)
    for certainty, risk in RISKS.items():
        assert f"  risk   {risk}" in with_edit(recipe, certainty=certainty).plan(image).lines()


def test_keys_are_masked(recipe: Recipe) -> None:
    """No file can name a key, but a plan would not show one either."""
    image = fresh(recipe)
    key = Nmk(bytes(range(16)))
    edit = replace(edit_of(recipe, "cco_mode"), field=image.field("nmk"), old=(key,), new=key)
    keyed = replace(recipe, edits=(edit,))
    told = "\n".join(
        [*map(str, keyed.check(image, None)), *replace(keyed, edits=(replace(edit, old=None),)).plan(image).lines()]
    )

    assert "nmk" in told
    for secret in (key, image.nmk, image.dak):
        assert bytes(secret).hex() not in told.replace(" ", "").replace(":", "")


# Octets nobody has named


def test_octets_without_a_field_are_changed_under_a_name_of_the_recipes_own(recipe: Recipe) -> None:
    image = fresh(recipe)
    own = replace(recipe, edits=(own_octets("first trial", 0x1F90, b"\1\2", bytes(2)),))

    assert own.fields == {"first trial"}
    assert own.check(image, TP_LINK) == []
    assert own.applied_to(image) == image.with_octets(0x1F90, b"\1\2")
    assert own.plan(image).lines()[1:4] == [
        "0x1F90..0x1F91: 00 00 -> 01 02",
        "  for    trial",
        f"  risk   {RISKS[Certainty.GUESSED]}",
    ]
    assert own.plan(own.applied_to(image)).nothing_to_do


def test_neighbouring_octets_are_told_apart(recipe: Recipe) -> None:
    """The diff sees one range; the plan has a step for each edit."""
    own = replace(recipe, edits=(own_octets("left", 0x1F90, b"\1"), own_octets("right", 0x1F91, b"\2")))
    plan = own.plan(fresh(recipe))

    assert [str(step.changes[0]) for step in plan.steps] == ["0x1F90: 00 -> 01", "0x1F91: 00 -> 02"]
    assert list(map(str, plan.diff.ranges)) == ["0x1F90..0x1F91: 00 00 -> 01 02"]


def test_unexpected_octets_are_refused(recipe: Recipe) -> None:
    image = fresh(recipe).with_octets(0x1F90, b"\7\7")
    own = replace(recipe, edits=(own_octets("first trial", 0x1F90, b"\1\2", bytes(2)),))

    (refusal,) = own.check(image, None)
    assert (refusal.what, refusal.expected, refusal.found) == ("first trial (0x1F90)", "00 00 or 01 02", "07 07")


def test_octets_behind_the_end_of_a_text_are_cleared(recipe: Recipe) -> None:
    """The text is right already, but setpib would clear what is behind it, and so do we."""
    image = recipe.applied_to(fresh(recipe))
    dirty = image.with_octets(image.field("user_hfid").offset + 5, b"old")

    assert recipe.applied_to(dirty) == image
    assert recipe.plan(dirty).lines()[1] == "user_hfid: 'EVSE' -> the same, with other octets behind its end"


# The harmful one


def test_the_harmful_recipe_differs_from_the_good_one_in_one_field(recipe: Recipe) -> None:
    """It is for tests of a regression, loads like any other, and is not among those for adapters."""
    harmful = load_recipe(HARMFUL)
    image = fresh(recipe)

    assert compare(recipe.applied_to(image), harmful.applied_to(image)).names == {"cco_mode"}
    assert harmful.applied_to(image).read("cco_mode") is CcoMode.NEVER
    assert harmful.name not in recipes()
    assert not HARMFUL.is_relative_to(FOLDER)
