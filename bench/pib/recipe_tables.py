"""What may stand in a recipe file, and every mistake in one that does not keep to it.

Tables are validated one by one (pydantic, strict), so that a mistake in one edit hides none in the next; then each edit
is held against the field table. Imported by `bench.pib.recipe_file` when a recipe is read, not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic import Field as Key

from bench.errors import did_you_mean
from bench.pib.checksum import WORD
from bench.pib.fields import Certainty, Field, Role, chain_fields, flat_fields
from bench.pib.flat import HEADER_SIZE
from bench.pib.image import SMALLEST
from bench.pib.recipe import Edit, Layout, Recipe, StationRole
from bench.pib.values import Fixed, Number, Raw, SlacEnable, Value
from bench.profiles import AdapterProfile, adapters

ANY = "any"
CERTAINTIES = {certainty.name.lower(): certainty for certainty in Certainty}
"""By their names in a file, surest first."""

SIDES = {"evse": SlacEnable.EVSE, "pev": SlacEnable.PEV}


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _certain(name: str) -> str:
    if name not in CERTAINTIES:
        raise ValueError(f"there is no {name!r}{did_you_mean(name, CERTAINTIES)}")
    return name


def _plain(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a number or a text is expected")
    return value


def _olds(value: object) -> object:
    if value == ANY:
        return value
    if not isinstance(value, list) or not value:
        raise ValueError(f'a list of values is expected, or "{ANY}" with any_because')
    return [_plain(each) for each in value]


Text = Annotated[str, AfterValidator(_said)]
Plain = Annotated[Any, AfterValidator(_plain)]
Olds = Annotated[Any, AfterValidator(_olds)]
CertaintyName = Annotated[str, AfterValidator(_certain)]


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FitsTable(Table):
    """[fits]: the adapters and images it is for; keys as in `Recipe`."""

    adapters: list[str]
    chip: Text
    firmware: list[Text] = Key(min_length=1)
    layout: Layout
    image_octets: list[int] = Key(min_length=1)


class HeadTable(Table):
    """The keys outside of [[edit]]."""

    role: StationRole
    why: Text
    sources: list[Text] = Key(min_length=1)
    fits: FitsTable
    edit: list[Any] = Key(min_length=1)


class EditTable(Table):
    """What every [[edit]] has. `offset` counts in the image; `old` is a list of values, or "any" with a reason."""

    offset: int = Key(ge=0)
    old: Olds
    any_because: Text | None = None
    new: Plain
    why: Text
    source: Text
    certainty: CertaintyName


class FieldEditTable(EditTable):
    """[[edit]] of a named field."""

    field: Text


class OctetsEditTable(EditTable):
    """[[edit]] of octets nobody has named: a name of the recipe's own, a length, values in hex, and always a guess."""

    name: Text
    length: int = Key(ge=1)
    certainty: Literal["guessed"]


AnyTable = TypeVar("AnyTable", bound=Table)
AnyEditTable = FieldEditTable | OctetsEditTable


class Wrong(ValueError):
    """One mistake of an edit: at *key*, *what*."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key}: {what}")


def read(table: Mapping[str, Any], name: str, digest: str) -> tuple[Recipe | None, list[str]]:
    """The recipe that *table* describes, or None, and every mistake: `edit 2 (slac_enable): offset: ...`."""
    mistakes: list[str] = []
    head = _validated(HeadTable, table, mistakes)
    fits = head.fits if head else _validated(FitsTable, table.get("fits"), [])
    if fits:
        mistakes += _misfits(fits)
    edits: list[tuple[str, Edit]] = []
    given = table.get("edit")
    for number, each in enumerate(given if isinstance(given, list) else [], 1):
        label = f"edit {number}{_called(each)}"
        found: list[str] = []
        edit_table = _edit_table(each, found)
        if edit_table and fits:
            edit, wrong = _edit(edit_table, fits)
            found += wrong
            edits += [(label, edit)] if edit else []
        mistakes += [f"{label}: {mistake}" for mistake in found]
    mistakes += _overlaps(edits)
    if head:
        mistakes += _wrong_side(head.role, edits)
    if mistakes or head is None:
        return None, mistakes
    recipe = Recipe(
        name=name,
        role=head.role,
        why=head.why.strip(),
        sources=tuple(head.sources),
        adapters=tuple(head.fits.adapters),
        chip=head.fits.chip,
        firmware=tuple(head.fits.firmware),
        layout=head.fits.layout,
        image_octets=tuple(head.fits.image_octets),
        edits=tuple(edit for _, edit in edits),
        digest=digest,
    )
    return recipe, []


# One table at a time


def _validated(kind: type[AnyTable], table: object, mistakes: list[str]) -> AnyTable | None:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        mistakes += [_mistake(kind, detail) for detail in error.errors()]
        return None


def _mistake(kind: type[Table], detail: Any) -> str:
    """Without the value that was given: it may be a key."""
    where = ".".join(str(part) if isinstance(part, str) else f"[{part}]" for part in detail["loc"])
    where = where.replace(".[", "[")
    match detail["type"]:
        case "extra_forbidden":
            inside = FitsTable if detail["loc"][:-1] == ("fits",) else kind
            what = f"unknown key{did_you_mean(str(detail['loc'][-1]), inside.model_fields)}"
        case "missing":
            what = "missing"
        case "model_type":
            what = "a table is expected"
        case "too_short":
            what = "is empty; at least one is needed"
        case "value_error":
            what = str(detail["ctx"]["error"])
        case _:
            what = f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return f"{where}: {what}" if where else what


def _called(table: object) -> str:
    """` (slac_enable)`, if the edit says what it is about."""
    if not isinstance(table, dict):
        return ""
    called = table.get("field", table.get("name"))
    return f" ({called})" if isinstance(called, str) else ""


def _edit_table(table: object, mistakes: list[str]) -> AnyEditTable | None:
    if isinstance(table, dict) and "field" in table and "name" in table:
        mistakes.append("name: belongs to an edit without a named field; this one has a field")
        table = {key: value for key, value in table.items() if key != "name"}
    if not isinstance(table, dict) or "field" in table:
        return _validated(FieldEditTable, table, mistakes)
    if "name" in table:
        return _validated(OctetsEditTable, table, mistakes)
    mistakes.append("field: missing; an edit of octets nobody has named has a name, a length and certainty guessed")
    return None


# Held against profiles and fields


def _misfits(fits: FitsTable) -> Iterator[str]:
    for octets in fits.image_octets:
        if octets < SMALLEST or octets % WORD:
            yield f"fits.image_octets: {octets}: an image has at least {SMALLEST} octets, in steps of {WORD}"
    for version in fits.firmware:
        if fits.chip not in version.split("-"):
            yield f"fits.firmware: {version!r} is not of the chip {fits.chip!r}"
    profiles = adapters()
    for adapter_id in fits.adapters:
        if adapter_id not in profiles:
            yield f"fits.adapters: there is no {adapter_id!r}{did_you_mean(adapter_id, profiles)}"
        else:
            yield from _unlike(fits, profiles[adapter_id])


def _unlike(fits: FitsTable, profile: AdapterProfile) -> Iterator[str]:
    if fits.chip != profile.chip:
        yield f"fits.chip: {fits.chip!r}, but the chip of {profile.id} is {profile.chip!r}"
    if fits.layout != profile.pib.layout.value:
        yield f"fits.layout: {fits.layout!r}, but the PIB of {profile.id} is {profile.pib.layout.value!r}"
    elif profile.pib.assumed is None and profile.pib.image_octets not in fits.image_octets:
        yield f"fits.image_octets: {profile.pib.image_octets}, as {profile.id} has, is not among them"


def _edit(table: AnyEditTable, fits: FitsTable) -> tuple[Edit | None, list[str]]:
    """The edit, or None and everything that is wrong with it."""
    mistakes: list[str] = []
    try:
        field = _named_field(table, fits) if isinstance(table, FieldEditTable) else _own_field(table, fits)
    except Wrong as wrong:
        return None, [str(wrong)]
    certainty = CERTAINTIES[table.certainty]
    surest_first = list(Certainty)
    if isinstance(table, FieldEditTable):
        if table.offset != field.offset:
            mistakes.append(_elsewhere(table, field, fits))
        if surest_first.index(certainty) < surest_first.index(field.certainty):
            mistakes.append(
                f"certainty: {table.certainty}, but the field is no surer than {field.certainty.name.lower()}"
            )
    if (table.old == ANY) != (table.any_because is not None):
        mistakes.append('any_because: belongs to old = "any", and that needs it')

    def value(key: str, given: object, *, to_write: bool) -> Value | None:
        try:
            return _value(field, given, to_write=to_write)
        except ValueError as error:
            mistakes.append(f"{key}: {error}")
            return None

    new = value("new", table.new, to_write=True)
    olds = [] if table.old == ANY else [value("old", each, to_write=False) for each in table.old]
    if mistakes or new is None:
        return None, mistakes
    return (
        Edit(
            field=field,
            named=isinstance(table, FieldEditTable),
            old=None if table.old == ANY else tuple(old for old in olds if old is not None),
            new=new,
            why=table.why,
            source=table.source,
            certainty=certainty,
            any_because=table.any_because or "",
        ),
        [],
    )


def _fields(layout: Layout, octets: int) -> Mapping[str, Field]:
    return chain_fields(octets) if layout == "chain" else flat_fields(octets)


def _named_field(table: FieldEditTable, fits: FitsTable) -> Field:
    """The field that is meant. Raises Wrong if there is none in an image of each size, or it is not for recipes."""
    for octets in fits.image_octets:
        fields = _fields(fits.layout, octets)
        if table.field not in fields:
            kind = f"a {fits.layout} PIB with an image of {octets} octets"
            settable = [field.name for field in fields.values() if field.role is Role.SETTING]
            raise Wrong("field", f"there is no {table.field!r} in {kind}{did_you_mean(table.field, settable)}")
    field = fields[table.field]
    if why := _untouchable(field):
        raise Wrong("field", why)
    return field


def _untouchable(field: Field) -> str | None:
    """Why no recipe may change *field*; None if one may."""
    match field.role:
        case Role.DEVICE | Role.MODEL:
            return f"{field.name}: {field.role.value}, so it stays as it is"
        case Role.NETWORK:
            return f"{field.name}: {field.role.value}; keys are set for a run and stand in no recipe"
        case Role.FILE:
            return f"{field.name}: {field.role.value}, so it cannot be set"
        case Role.SETTING:
            return None


def _elsewhere(table: FieldEditTable, field: Field, fits: FitsTable) -> str:
    there = _at(table.offset, table.offset + 1, _fields(fits.layout, fits.image_octets[0]).values())
    what = f"; there is {there.name}" if there else ""
    return f"offset: {field.name} is at 0x{field.offset:04X}, not at 0x{table.offset:04X}{what}"


def _at(start: int, end: int, fields: Iterable[Field]) -> Field | None:
    return next((field for field in fields if field.offset < end and start < field.end), None)


def _own_field(table: OctetsEditTable, fits: FitsTable) -> Field:
    """A field for octets that have no name in the table, or are part of a long one without known inner order."""
    start, end = table.offset, table.offset + table.length
    for octets in fits.image_octets:
        fields = _fields(fits.layout, octets)
        if table.name in fields:
            raise Wrong("name", f"{table.name!r} is a field of the table; say field = {table.name!r}")
        first = HEADER_SIZE if fits.layout == "flat" else 0
        if start < first or end > octets:
            raise Wrong("offset", f"0x{start:04X}..0x{end - 1:04X} is outside of 0x{first:04X}..0x{octets - 1:04X}")
        if there := _at(start, end, (field for field in fields.values() if not field.opaque)):
            why = _untouchable(there) or f"say field = {there.name!r}"
            raise Wrong("offset", f"0x{start:04X}..0x{end - 1:04X} is, or touches, {there.name}; {why}")
    return Field(table.name, start, Raw(table.length), table.why, Certainty.GUESSED, table.source)


def _value(field: Field, given: object, *, to_write: bool) -> Value:
    """A value of *field* from what stands in the file. Raises ValueError, without octets.

    to_write   it has to be one of the choices, where the field has them; an old value need not
    """
    kind = field.type
    value: object = given
    if isinstance(kind, Number) and kind.choices and isinstance(given, str):
        if given not in kind.choices.__members__:
            raise ValueError(f"there is no {given!r}{did_you_mean(given, kind.choices.__members__)}")
        value = kind.choices[given]
    elif isinstance(kind, Fixed | Raw) and isinstance(given, str):
        value = _octets(given)
    unbound = Number(kind.size) if isinstance(kind, Number) and not to_write else kind
    if why := unbound.misfit(value):
        raise ValueError(why)
    return kind.read(kind.write(value))


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError:
        raise ValueError("octets are expected, as pairs of hex digits in quotes") from None


# Edits against each other


def _overlaps(edits: list[tuple[str, Edit]]) -> Iterator[str]:
    for number, (label, edit) in enumerate(edits):
        for other, earlier in edits[:number]:
            if edit.offset < earlier.field.end and earlier.offset < edit.field.end:
                yield f"{label}: offset: {other} changes the same octets"
            elif edit.name == earlier.name:
                yield f"{label}: name: {other} has the same"


def _wrong_side(role: StationRole, edits: list[tuple[str, Edit]]) -> Iterator[str]:
    """A recipe for one side that makes the modem take the other one."""
    for label, edit in edits:
        side = SIDES.get(role)
        if edit.named and edit.name == "slac_enable" and side and edit.new not in (side, SlacEnable.OFF):
            yield f"{label}: new: {edit.field.text(edit.new)}, but the recipe's role is {role}"
