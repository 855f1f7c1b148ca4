"""What differs between two images of one layout and length, in the words of the field table.

Named fields come with both values, octets nobody has named as ranges, checksums apart: they follow from the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from bench.errors import PibError
from bench.pib.chain import Part
from bench.pib.chained import ChainPib
from bench.pib.fields import Field
from bench.pib.flat import FlatPib
from bench.pib.image import PibImage
from bench.pib.values import Value

CHAIN_CHECKSUMS = {"image checksum": slice(20, 24), "header checksum": slice(92, 96)}
"""What follows from an image, in the header before it."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A named field with another value."""

    field: Field
    old_octets: bytes = dataclass_field(repr=False)
    new_octets: bytes = dataclass_field(repr=False)

    @property
    def offset(self) -> int:
        """In the image."""
        return self.field.offset

    @property
    def old(self) -> Value:
        return self.field.type.read(self.old_octets)

    @property
    def new(self) -> Value:
        return self.field.type.read(self.new_octets)

    def text(self, *, show_keys: bool = False) -> str:
        old, new = (self.field.text(value, show_keys=show_keys) for value in (self.old, self.new))
        if old != new:
            return f"{self.field.name}: {old} -> {new}"
        if self.field.secret:
            return f"{self.field.name}: {old} -> another that looks alike when masked"
        return f"{self.field.name}: {old} -> the same, with other octets behind its end"

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class RangeChange:
    """Neighbouring octets without a name of their own, all of them different.

    offset   in the image; in the file if *in_file*, for what is outside of the image
    within   the long field they are part of, or ""
    """

    offset: int
    old_octets: bytes
    new_octets: bytes
    within: str = ""
    in_file: bool = False

    @property
    def last(self) -> int:
        return self.offset + len(self.old_octets) - 1

    def __str__(self) -> str:
        where = f"0x{self.offset:04X}"
        if len(self.old_octets) > 1:
            where += f"..0x{self.last:04X}"
        where = f"{self.within} {where}" if self.within else where
        where = f"file {where}" if self.in_file else where
        return f"{where}: {self.old_octets.hex(' ')} -> {self.new_octets.hex(' ')}"


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes from one image to another.

    fields    named fields, in order of offset
    ranges    other octets of the image, in order of offset
    elsewhere octets of the file outside of the image: manifest and headers
    derived   checksums that changed with them
    """

    fields: tuple[FieldChange, ...] = ()
    ranges: tuple[RangeChange, ...] = ()
    elsewhere: tuple[RangeChange, ...] = ()
    derived: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.fields or self.ranges or self.elsewhere or self.derived)

    @property
    def names(self) -> frozenset[str]:
        """Names of the fields that changed, long ones included."""
        return frozenset(change.field.name for change in self.fields) | {
            change.within for change in self.ranges if change.within
        }

    def lines(self, *, show_keys: bool = False) -> list[str]:
        """For a person, one change a line; keys masked unless they are to be shown."""
        told = [change.text(show_keys=show_keys) for change in self.fields]
        told += [str(change) for change in (*self.ranges, *self.elsewhere)]
        return told + [f"{name}: follows from the above" for name in self.derived]


def compare(old: PibImage, new: PibImage) -> Diff:
    """The changes from *old* to *new*. Raises PibError if they differ in layout or length: then nothing corresponds."""
    if old.layout != new.layout:
        raise PibError("comparison", 0, f"a {old.layout} and a {new.layout} PIB have no offsets in common")
    if len(old.octets) != len(new.octets):
        raise PibError(
            "comparison", 0, f"PIBs of {len(old.octets)} and {len(new.octets)} octets are of different kinds"
        )
    if isinstance(old, ChainPib) and isinstance(new, ChainPib):
        return _diff_chains(old, new)
    assert isinstance(old, FlatPib)
    fields, ranges = _diff_images(old, new)
    sums = tuple(change.field.name for change in fields if change.field.name == "checksum")
    return Diff(tuple(change for change in fields if change.field.name != "checksum"), ranges, (), sums)


def _diff_chains(old: ChainPib, new: ChainPib) -> Diff:
    for place, counterpart in zip(_places(old.parts), _places(new.parts), strict=False):
        if place != counterpart:
            raise PibError("comparison", place[0], "the chains divide their octets differently from here on")
    fields, ranges = _diff_images(old, new)
    elsewhere: list[RangeChange] = []
    derived: list[str] = []
    for number, (before, after) in enumerate(zip(old.parts, new.parts, strict=True)):
        head, other = before.header.encode(), after.header.encode()
        for name, where in CHAIN_CHECKSUMS.items():
            if head[where] != other[where]:
                derived.append(f"{name} {number}")
                other = other[: where.start] + head[where] + other[where.stop :]
        elsewhere += _ranges(head, other, before.position, in_file=True)
        if before is not old.pib_part:
            elsewhere += _ranges(before.image, after.image, before.image_position, in_file=True)
    return Diff(fields, ranges, tuple(elsewhere), tuple(derived))


def _places(parts: Sequence[Part]) -> list[tuple[int, int, int]]:
    """Position, image type and end of each part. Files of one length differ in one of them before either runs out."""
    return [(part.position, part.header.image_type, part.end) for part in parts]


def _diff_images(old: PibImage, new: PibImage) -> tuple[tuple[FieldChange, ...], tuple[RangeChange, ...]]:
    before, after = old.image, new.image
    changes: list[FieldChange] = []
    ranges: list[RangeChange] = []
    at = 0
    for field in old.fields.values():
        ranges += _ranges(before[at : field.offset], after[at : field.offset], at)
        was, is_ = before[field.span], after[field.span]
        if field.opaque:
            ranges += _ranges(was, is_, field.offset, within=field.name)
        elif was != is_:
            changes.append(FieldChange(field, was, is_))
        at = field.end
    ranges += _ranges(before[at:], after[at:], at)
    return tuple(changes), tuple(ranges)


def _ranges(old: bytes, new: bytes, start: int, *, within: str = "", in_file: bool = False) -> Iterator[RangeChange]:
    """The stretches in which *old* and *new*, equally long, differ in every octet."""
    if old == new:
        return
    at, size = 0, len(old)
    while at < size:
        if old[at] == new[at]:
            at += 1
            continue
        end = at
        while end < size and old[end] != new[end]:
            end += 1
        yield RangeChange(start + at, old[at:end], new[at:end], within, in_file)
        at = end
