"""Recipes: a few named edits of an adapter's own PIB, each with the value it expects to find.

    recipe = find_recipe("tplink-tlpa4010p/evse")        # bench.pib.recipe_file
    recipe.check(image, "MAC-QCA7420-1.4.0.20-00-20171027-CS")     # [] or why not
    print(*recipe.plan(image).lines(), sep="\\n")         # what would change, what for, what could go wrong
    recipe.applied_to(image)                             # the image to write

A recipe never replaces an image: MAC, DAK and keys are the adapter's own. An image it does not recognise is refused.
The way back is the backup, not a recipe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from bench.errors import BenchError
from bench.pib.diff import Diff, FieldChange, RangeChange, compare
from bench.pib.fields import Certainty, Field
from bench.pib.image import PibImage
from bench.pib.values import Value

Layout = Literal["chain", "flat"]
StationRole = Literal["evse", "pev", "either"]
Image = TypeVar("Image", bound=PibImage)

RISKS = {
    Certainty.OBSERVED: "little: the field was seen in real PIBs",
    Certainty.DOCUMENTED: "the field is known from documentation, scripts or source only; the adapter may ignore it",
    Certainty.GUESSED: "what these octets mean is a guess; something else may change, up to an adapter that is silent",
}
"""What could go wrong, by how sure it is what is being changed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a recipe is not for this adapter or image.

    what       firmware, chip, layout, image size, or the field with its offset
    expected   and *found*: for a person, keys masked
    remedy     what a person can do about it, or ""
    """

    what: str
    expected: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        told = f"{self.what}: expected {self.expected}, found {self.found}"
        return f"{told}; {self.remedy}" if self.remedy else told


class RecipeRefused(BenchError):
    """A recipe does not fit an image. Carries every refusal."""

    def __init__(self, recipe: str, refusals: Iterable[Refusal]) -> None:
        self.recipe, self.refusals = recipe, tuple(refusals)
        lines = (f"  {refusal}" for refusal in self.refusals)
        super().__init__("\n".join((f"{recipe} is not for this PIB; nothing was changed", *lines)))


@dataclass(frozen=True, slots=True)
class Edit:
    """One change.

    field        what is changed: of the table in `bench.pib.fields`; else octets under a name of the recipe's own
    named        whether *field* is of that table
    old          the values it may replace; None: any, for the reason in *any_because*
    certainty    how sure it is that the field is there and means this; never surer than the table
    """

    field: Field
    named: bool
    old: tuple[Value, ...] | None
    new: Value
    why: str
    source: str
    certainty: Certainty
    any_because: str = ""

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def offset(self) -> int:
        """In the image."""
        return self.field.offset

    @property
    def where(self) -> str:
        return f"{self.name} (0x{self.offset:04X})"

    def refusal(self, image: PibImage) -> Refusal | None:
        """Why the value in *image* must not be replaced; None if it may be, or already is the new one."""
        found = self.field.read(image.image)
        if self.old is None or found == self.new or found in self.old:
            return None
        known = dict.fromkeys(map(self.text, (*self.old, self.new)))
        return Refusal(self.where, _any_of(known), self.text(found), "the adapter is not as this recipe knows it")

    def text(self, value: Value) -> str:
        """*value* for a person; keys masked, and long octets by their hash."""
        if isinstance(value, bytes) and self.field.opaque:
            return f"{len(value)} octets with SHA-256 {hashlib.sha256(value).hexdigest()[:16]}"
        return self.field.text(value)


@dataclass(frozen=True, slots=True)
class Step:
    """What one edit does to one image: a field or some ranges of octets. Without *changes* there is nothing to do."""

    edit: Edit
    changes: tuple[FieldChange | RangeChange, ...]

    def lines(self) -> Iterator[str]:
        """For a person; keys masked."""
        if not self.changes:
            yield f"{self.edit.name}: nothing to do, {self.edit.text(self.edit.new)} already"
            return
        yield from map(str, self.changes)
        yield f"  for    {_one_line(self.edit.why)}"
        yield f"  risk   {RISKS[self.edit.certainty]}"
        if self.edit.any_because:
            yield f"  old    any: {_one_line(self.edit.any_because)}"


@dataclass(frozen=True, slots=True)
class RecipePlan:
    """What a recipe does to one image: *before*, *after* and how they differ, edit by edit."""

    recipe: Recipe
    before: PibImage
    after: PibImage
    diff: Diff
    steps: tuple[Step, ...]

    @property
    def nothing_to_do(self) -> bool:
        return not self.diff

    def lines(self) -> list[str]:
        """For a person; keys masked."""
        lines = [f"{self.recipe.name} on {self.before}"]
        if self.nothing_to_do:
            lines.append("nothing to do: the recipe is applied already")
        for step in self.steps:
            lines += step.lines()
        return lines + [f"{name}: follows from the above" for name in self.diff.derived]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A sound recipe, as `load_recipe` reads it.

    name          folder and file without suffix, e.g. tplink-tlpa4010p/evse
    adapters      ids of the adapter profiles it is for; none for a model that has no profile yet
    chip          as the image (product) and the firmware name it, e.g. QCA7420
    firmware      version texts of VS_SW_VER it was seen with
    image_octets  lengths of the images it is for; of the PIB image, without headers and manifest
    digest        SHA-256 of the file, hex
    """

    name: str
    role: StationRole
    why: str
    sources: tuple[str, ...]
    adapters: tuple[str, ...]
    chip: str
    firmware: tuple[str, ...]
    layout: Layout
    image_octets: tuple[int, ...]
    edits: tuple[Edit, ...]
    digest: str

    @property
    def fields(self) -> frozenset[str]:
        """Names of what it changes: fields, and octets by the names the recipe gives them."""
        return frozenset(edit.name for edit in self.edits)

    def check(self, image: PibImage, identity_version: str | None) -> list[Refusal]:
        """Everything that keeps this recipe from *image*; nothing if it may be applied.

        identity_version   text of the adapter's VS_SW_VER. None: nobody was asked, as for an image from a file; who
                           writes to an adapter asks first

        Edits that are in the image already are no refusals.
        """
        refusals = [*self._wrong_firmware(identity_version), *self._wrong_kind(image)]
        if image.layout == self.layout and len(image.image) in self.image_octets:
            refusals += filter(None, (edit.refusal(image) for edit in self.edits))
        return refusals

    def applied_to(self, image: Image) -> Image:
        """*image* with all edits, checksums right; equal to *image* if there is nothing to do.

        Raises RecipeRefused with everything `check` finds in the image alone.
        """
        if refusals := self.check(image, None):
            raise RecipeRefused(self.name, refusals)
        return _edited(image, self.edits)

    def plan(self, image: PibImage) -> RecipePlan:
        """What `applied_to` would do to *image*, edit by edit. Raises RecipeRefused as it does."""
        after = self.applied_to(image)
        steps = tuple(Step(edit, _changes(image, edit)) for edit in self.edits)
        return RecipePlan(self, image, after, compare(image, after), steps)

    def _wrong_firmware(self, version: str | None) -> Iterator[Refusal]:
        if version is not None and version not in self.firmware:
            remedy = "who has tried it with that firmware adds the text to a recipe of their own (docs/pib-recipes.md)"
            yield Refusal("firmware", _any_of(self.firmware), version or "no version text", remedy)

    def _wrong_kind(self, image: PibImage) -> Iterator[Refusal]:
        if image.layout != self.layout:
            yield Refusal("layout", f"a {self.layout} PIB", f"a {image.layout} PIB")
            return
        if len(image.image) not in self.image_octets:
            sizes = _any_of(map(str, self.image_octets))
            yield Refusal("image size", f"{sizes} octets", f"{len(image.image)} octets")
        if "product" in image.fields and (product := image.read("product")) != self.chip:
            yield Refusal("chip", self.chip, str(product) or "none named in the image")


def _edited(image: Image, edits: Iterable[Edit]) -> Image:
    for edit in edits:
        if edit.named:
            image = image.with_values({edit.name: edit.new})
        else:
            image = image.with_octets(edit.offset, edit.field.type.write(edit.new))
    return image


def _changes(image: PibImage, edit: Edit) -> tuple[FieldChange | RangeChange, ...]:
    """What *edit* alone does to *image*."""
    diff = compare(image, _edited(image, [edit]))
    return (*diff.fields, *diff.ranges)


def _any_of(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} or {last}" if most else last


def _one_line(text: str) -> str:
    return " ".join(text.split())
