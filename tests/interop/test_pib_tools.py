"""Debian's PIB and NVM tools, written by others, against `bench.pib`: the same octets after the same edit, the same
verdict on the same file.

Thousands of files are made from a fixed seed, sound ones and damaged ones. Where a tool is known to judge differently
stands in `DEVIATIONS`, each proved by a file of its own; nothing else may differ.
"""

from __future__ import annotations

import os
import random
import re
import signal
import string
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.errors import PibError
from bench.ids import Dak, MacAddress, Nmk, dak_from_password, nid_from_nmk, nmk_from_password
from bench.pib import (
    CcoMode,
    ChainPib,
    Family,
    Field,
    FlatPib,
    NvmForm,
    PibImage,
    compare,
    faults,
    minimal_chain,
    parse,
    synthesise,
    synthesise_nvm,
)
from bench.pib.chain import Plan, assemble
from bench.pib.checksum import checksum32
from bench.pib.fields import Role
from bench.pib.flat import sealed as sealed_flat
from bench.pib.header import CHAIN_MAGIC, OLD_MAGIC, ChainHeader, ImageType, OldHeader, sealed
from bench.pib.manifest import ChainType, Tag
from bench.pib.nvm import OldPlan, assemble_old
from bench.pib.synthesis import manifest_for
from bench.pib.values import Fixed, Number, Text
from conftest import require

PIB_CHECKERS = ("chkpib", "chkpib2")
NVM_CHECKERS = ("chknvm", "chknvm2")
PATIENCE_S = 60
PER_CALL = 200
"""Files that a checker gets at once."""

CHKPIB_NEEDS = 460
"""Octets of an image that chkpib reads before it judges: pib.h, struct simple_pib."""

CHKNVM_NEEDS = 512
"""Octets that chknvm wants of the last of several images behind older headers. Found by trying."""

FAMILIES = (Family.INT6X00, Family.QCA7000, Family.QCA7005, Family.QCA7420)
PLAIN = string.ascii_letters + string.digits


@pytest.fixture(autouse=True)
def _tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools are there; files lie in a folder of the test's own, so that their names are short."""
    require(*PIB_CHECKERS, *NVM_CHECKERS, "setpib", "getpib", "modpib", "pibcomp", "hpavkey")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """The same numbers in every run of a test."""
    return random.Random(request.node.name)


# Foreign tools


def call(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="backslashreplace", timeout=PATIENCE_S, stdin=subprocess.DEVNULL
    )


def done(*command: str) -> str:
    """What a tool prints that is to succeed in silence on its error output."""
    ended = call(*command)
    assert (ended.returncode, ended.stderr) == (0, ""), f"{command}: {ended.stderr}"
    return ended.stdout


def verdicts(tool: str, files: Mapping[str, bytes]) -> dict[str, bool]:
    """Whether *tool* takes each file, by name. Names hold no blanks.

    A tool that complains about a file refuses it, whatever else it says, and so does one that dies of it.
    """
    for name, octets in files.items():
        Path(name).write_bytes(octets)
    names = list(files)
    found: dict[str, bool] = {}
    for start in range(0, len(names), PER_CALL):
        found |= judged(tool, names[start : start + PER_CALL])
    return found


def judged(tool: str, names: Sequence[str]) -> dict[str, bool]:
    """The verdicts of one call; of several, if a file is the death of the tool."""
    said = call(tool, *names)
    if said.returncode == -signal.SIGSEGV:
        if len(names) == 1:
            return {names[0]: False}
        half = len(names) // 2
        return judged(tool, names[:half]) | judged(tool, names[half:])
    praised = {line.split()[-3] for line in said.stdout.splitlines() if line.endswith("looks good")}
    blamed = set(names) & {word.rstrip(":") for word in said.stderr.split()}
    assert praised | blamed == set(names), said.stderr
    assert said.returncode == (1 if blamed - praised else 0)
    return {name: name not in blamed for name in names}


def numbered(files: Sequence[bytes]) -> dict[str, bytes]:
    return {f"{number:05}.bin": octets for number, octets in enumerate(files)}


# Files from dice


def any_image(dice: random.Random) -> FlatPib | ChainPib:
    """A PIB of any family, address, key and level, as large as chkpib needs it."""
    mac, dak, nmk = MacAddress(dice.randbytes(6)), Dak(dice.randbytes(16)), Nmk(dice.randbytes(16))
    level = dice.randrange(2)
    family = dice.choice((*FAMILIES, Family.UNKNOWN))
    if family is Family.UNKNOWN:
        return minimal_chain(mac=mac, dak=dak, nmk=nmk, security_level=level)
    size = dice.choice([None, 512, 4096, 0xFFFC]) if family is Family.INT6X00 else None
    return synthesise(family, mac=mac, dak=dak, nmk=nmk, security_level=level, size=size)


def any_firmware(dice: random.Random) -> bytes:
    """Firmware of either form, one to four images, the last as long as chknvm needs it."""
    images = [(dice.randrange(16), dice.randbytes(4 * dice.randrange(200))) for _ in range(dice.randrange(4))]
    images.append((4, dice.randbytes(CHKNVM_NEEDS + 4 * dice.randrange(200))))
    if dice.randrange(2):
        return synthesise_nvm(NvmForm.OLD, images).octets
    kinds = [(0 if kind == ImageType.PIB else kind, image) for kind, image in images]
    if dice.randrange(2):
        return synthesise_nvm(NvmForm.CHAIN, kinds).octets
    return assemble([Plan(*image) for image in kinds])


def any_text(dice: random.Random, size: int) -> str:
    """A text that fits, mostly plain; never one that looks like an option."""
    letters = dice.choice([PLAIN, PLAIN + "äΩ€ \t~[]'\"\\"])
    text = "".join(dice.choices(letters, k=dice.randrange(size))).strip()
    while len(text.encode()) >= size:
        text = text[:-1]
    return text


def any_value(dice: random.Random, field: Field) -> Any:
    match field.type:
        case Number(choices=None):
            return dice.choice([0, 1, 256**field.size - 1, dice.randrange(256**field.size)])
        case Number(choices=choices):
            return dice.choice(list(choices))
        case Text():
            return any_text(dice, field.size)
        case Fixed(kind=kind):
            return kind(dice.randbytes(field.size))
    return dice.randbytes(field.size)


def some_values(dice: random.Random, image: PibImage) -> dict[str, Any]:
    """Values for up to six fields, in order of offset."""
    open_to_change = [field for field in image.fields.values() if not field.identity and field.role is not Role.FILE]
    chosen = dice.sample(open_to_change, min(len(open_to_change), dice.randrange(1, 7)))
    return {field.name: any_value(dice, field) for field in sorted(chosen, key=lambda field: field.offset)}


# The same octets after the same edit


def words_of(field: Field, value: Any) -> tuple[str, str]:
    """Type and datum for setpib."""
    match field.type:
        case Number(size=size):
            return {1: "byte", 2: "word", 4: "long"}[size], str(int(value))
        case Text(size=64):
            return "hfid", value
        case Fixed(size=16):
            return "key", value.hex()
        case Fixed(size=6):
            return "mac", value.hex(":")
    return "data", field.type.write(value).hex()


def setpib(image: PibImage, values: Mapping[str, Any]) -> bytes:
    """What setpib makes of *image*, several fields in one call."""
    Path("set.pib").write_bytes(image.octets)
    at = start = image.field(next(iter(values))).offset
    words: list[str] = []
    for name, value in values.items():
        field = image.field(name)
        if field.offset > at:
            words += ["skip", str(field.offset - at)]
        words += words_of(field, value)
        at = field.end
    assert done("setpib", "set.pib", f"{start:X}", *words) == ""
    return Path("set.pib").read_bytes()


def test_named_edits_are_those_of_setpib(dice: random.Random) -> None:
    """2000 images, up to six fields each: not one octet differs."""
    for _ in range(2000):
        image = any_image(dice)
        values = some_values(dice, image)

        assert image.with_values(values).octets == setpib(image, values), values


def test_every_field_of_the_table_is_edited_alike(dice: random.Random) -> None:
    """None is left to chance."""
    for family in FAMILIES:
        image = synthesise(family, mac=MacAddress(dice.randbytes(6)))
        for field in image.fields.values():
            if not field.identity and field.role is not Role.FILE:
                value = any_value(dice, field)
                assert image.with_values({field.name: value}).octets == setpib(image, {field.name: value}), field.name


def test_raw_edits_are_those_of_setpib(dice: random.Random) -> None:
    """1000 edits where nobody has named the octets."""
    for _ in range(1000):
        image = any_image(dice)
        octets = dice.randbytes(dice.randrange(1, 40))
        first = 0x136 if isinstance(image, ChainPib) else 0x64
        at = dice.randrange(first, len(image.image) - len(octets) + 1)
        Path("set.pib").write_bytes(image.octets)

        assert done("setpib", "set.pib", f"{at:X}", "data", octets.hex()) == ""
        assert image.with_octets(at, octets).octets == Path("set.pib").read_bytes()


def test_identity_and_network_are_those_of_modpib(dice: random.Random) -> None:
    """500 adapters: modpib turns one into the other, and `synthesise` and `with_network` make the same file."""
    for _ in range(500):
        family, level = dice.choice(FAMILIES), dice.randrange(2)
        mac, dak, nmk = MacAddress(dice.randbytes(6)), Dak(dice.randbytes(16)), Nmk(dice.randbytes(16))
        texts = {
            name: "".join(dice.choices(PLAIN + " -_.", k=dice.randrange(64))).lstrip("-")
            for name in ("manufacturer_hfid", "user_hfid", "network_hfid")
        }
        mode = dice.choice(list(CcoMode))
        Path("mod.pib").write_bytes(synthesise(family, mac=MacAddress(bytes(6))).octets)
        theirs = ("-M", mac.hex(":"), "-D", dak.hex(":"), "-N", nmk.hex(":"), "-L", str(level), "-C", str(int(mode)))
        names = ("-S", texts["manufacturer_hfid"], "-U", texts["user_hfid"], "-T", texts["network_hfid"])

        assert done("modpib", *theirs, *names, "mod.pib") == ""

        values = {**texts, "cco_mode": mode}
        ours = synthesise(family, mac=mac, dak=dak, values=values).with_network(nmk, level)
        assert ours.octets == Path("mod.pib").read_bytes()


# Reading and comparing


def as_getpib_prints(field: Field, value: Any) -> tuple[list[str], str]:
    """Arguments for getpib, and what it prints."""
    match field.type:
        case Number(size=size):
            return [{1: "byte", 2: "word", 4: "long"}[size]], str(int(value))
        case Text(size=64):
            return ["hfid"], value
        case Fixed(size=16):
            return ["key"], value.hex(":").upper()
        case Fixed(size=6):
            return ["mac"], value.hex(":").upper()
    return ["data", str(field.size)], field.type.write(value).hex().upper()


def test_fields_read_as_getpib_reads_them(dice: random.Random) -> None:
    """500 images, each with some fields changed, read in one call: numbers, texts, addresses, keys and the rest."""
    for _ in range(500):
        image = any_image(dice)
        values = {
            name: "".join(dice.choices(PLAIN, k=5)) if isinstance(value, str) else value
            for name, value in some_values(dice, image).items()
        }
        image = image.with_values(values)
        Path("get.pib").write_bytes(image.octets)
        at = start = image.field(next(iter(values))).offset
        words, expected = [], []
        for name in values:
            field = image.field(name)
            if field.offset > at:
                words += ["skip", str(field.offset - at)]
            arguments, printed = as_getpib_prints(field, image.read(name))
            words += arguments
            expected.append(printed)
            at = field.end

        assert done("getpib", "get.pib", f"{start:X}", *words) == " ".join(expected)


def stretches(image: PibImage) -> Iterator[tuple[int, int, str]]:
    """(offset, size, name) of all of the image, unnamed octets included."""
    at = 0
    for field in image.fields.values():
        if field.offset > at:
            yield at, field.offset - at, f"unnamed_{at:04X}"
        yield field.offset, field.size, field.name
        at = field.end
    if at < len(image.image):
        yield at, len(image.image) - at, f"unnamed_{at:04X}"


def test_differences_are_those_of_pibcomp(dice: random.Random) -> None:
    """500 pairs: the objects pibcomp prints, with a definition made from our table, are the fields we name."""
    for _ in range(500):
        old = any_image(dice)
        new = old.with_values(some_values(dice, old))
        octets = dice.randbytes(3)
        new = new.with_octets(dice.randrange(0x136, len(new.image) - 3), octets)
        Path("old.pib").write_bytes(old.octets)
        Path("new.pib").write_bytes(new.octets)
        Path("definition").write_text("".join(f"{size} {name}\n" for _, size, name in stretches(old)))

        printed = done("pibcomp", "-f", "definition", "old.pib", "new.pib")
        theirs = set(re.findall(r"^[0-9A-F]{8} \d+ (\w+)$", printed, re.MULTILINE))

        found = compare(old, new)
        ours = set(found.names) | ({"checksum"} if "checksum" in found.derived else set())
        for change in found.ranges:
            if not change.within:
                ours |= {name for at, size, name in stretches(old) if at <= change.offset < at + size}
        assert theirs == ours


def test_what_chkpib_tells_about_a_file(dice: random.Random) -> None:
    """500 files: every line of `chkpib -v`."""
    images = [any_image(dice) for _ in range(500)]
    images = [
        image.with_values(
            {
                "cco_mode": dice.choice(list(CcoMode)),
                "user_hfid": "".join(dice.choices(PLAIN, k=63)),
                "network_hfid": "".join(dice.choices(PLAIN, k=dice.randrange(20))),
            }
        )
        for image in images
    ]
    files = numbered([image.octets for image in images])
    assert set(verdicts("chkpib", files).values()) == {True}

    told: dict[str, str] = {}
    names = list(files)
    for start in range(0, len(names), PER_CALL):
        for block in done("chkpib", "-v", *names[start : start + PER_CALL]).split("------- ")[1:]:
            name, _, lines = block.partition(" -------\n")
            told[name] = lines

    modes = {CcoMode.AUTO: "Auto", CcoMode.NEVER: "Never", CcoMode.ALWAYS: "Always"}
    for name, image in zip(files, images, strict=True):
        version = f"{image.read('firmware_major')}-{image.read('pib_minor')}" if image.layout == "flat" else "0-0"
        mode = modes.get(image.read("cco_mode"), "User")  # type: ignore[call-overload]
        expected = [
            f"PIB {version} {len(image.image)} bytes",
            f"MAC {image.mac.hex(':').upper()}",
            f"DAK {image.dak.hex(':').upper()}",
            f"NMK {image.nmk.hex(':').upper()}",
            f"NID {image.nid.hex(':').upper()}",
            f"Security level {image.nid[6] >> 4 & 3}",
            f"NET {image.read('network_hfid')}",
            f"MFG {image.read('manufacturer_hfid')}",
            f"USR {image.read('user_hfid')}",
            f"CCo {mode}",
            "MDU N/A",
        ]
        lines = [line.strip() for line in told[name].splitlines()]
        assert len(lines) == len(expected)
        for line, start in zip(lines, expected, strict=True):
            assert line.startswith(start.strip())


PRINTED_OTHERWISE = {
    Tag.HARDWARE_COMPATIBILITY: "QCA7420",
    Tag.FREE_SPACE: "140/768 bytes",
}
"""Entries of which chkpib prints a name or a share: for those of our manifests, this."""

CHAIN_TYPES = {ChainType.PIB: "Parameter Block", ChainType.FIRMWARE: "Firmware"}


@pytest.mark.parametrize("family", FAMILIES[1:])
def test_manifests_read_as_chkpib_and_chknvm_read_them(family: Family) -> None:
    """Entry by entry, in the same order."""
    image = synthesise(family, mac=MacAddress(bytes(6)))
    assert isinstance(image, ChainPib)
    assert image.manifest is not None
    firmware = assemble([Plan(ImageType.MANIFEST, manifest_for(family, ChainType.FIRMWARE).encode())])
    Path("a.pib").write_bytes(image.octets)
    Path("a.nvm").write_bytes(firmware)

    for tool, file, manifest in (
        ("chkpib", "a.pib", image.manifest),
        ("chknvm", "a.nvm", manifest_for(family, ChainType.FIRMWARE)),
    ):
        printed = [line.split(": ", 1)[1] for line in done(tool, "-m", file).splitlines() if line.startswith("\t")]
        ours = [line.split(": ", 1)[1] for line in manifest.lines()]
        for entry, their, our in zip(manifest.entries, printed, ours, strict=True):
            if entry.tag == Tag.CHAIN_TYPE:
                assert isinstance(entry.value, int)
                assert their == CHAIN_TYPES[ChainType(entry.value)]
            else:
                assert their == PRINTED_OTHERWISE.get(Tag(entry.tag), our)


def test_keys_are_those_of_hpavkey(dice: random.Random) -> None:
    """300 passwords: NMK, DAK, and the NID of either level."""
    phrases = [any_text(dice, 40) or "x" for _ in range(300)]

    def keys(*options: str) -> list[bytes]:
        return [bytes.fromhex(line) for line in done("hpavkey", *options, *phrases).split()]

    nmks = [nmk_from_password(phrase) for phrase in phrases]
    assert keys("-M") == nmks
    assert keys("-D") == [dak_from_password(phrase) for phrase in phrases]
    for level in (0, 1):
        assert keys("-N", "-L", str(level)) == [nid_from_nmk(nmk, level) for nmk in nmks]


# The same verdict


def reads_as_pib(octets: bytes) -> bool:
    try:
        return isinstance(parse(octets), PibImage)
    except PibError:
        return False


def reads_as_nvm(octets: bytes) -> bool:
    """Firmware or any other chain: chknvm does not care what the images are."""
    try:
        return not isinstance(parse(octets), FlatPib)
    except PibError:
        return False


class Deviation(NamedTuple):
    """A tool that judges some files differently from us, on purpose.

    accepts    what the tool does with them; we do the opposite
    explains   whether this is the reason for a given file
    example    a file that proves it
    """

    tools: tuple[str, ...]
    accepts: bool
    what: str
    explains: Callable[[bytes], bool]
    example: Callable[[], bytes]


EXAMPLE = MacAddress.parse("02:00:00:00:00:01")


def flat_example(size: int = 512) -> bytes:
    return synthesise(Family.INT6X00, mac=EXAMPLE, size=size).octets


def chain_example() -> bytes:
    return synthesise(Family.QCA7420, mac=EXAMPLE).octets


def is_flat(octets: bytes) -> bool:
    return octets[:4] not in (CHAIN_MAGIC, OLD_MAGIC)


def up_to_pib(octets: bytes) -> bytes | None:
    """A chain up to the end of its first PIB image, with an end put there; None if there is none in reach."""
    at = 0
    while len(octets) - at >= ChainHeader.SIZE and octets[at : at + 4] == CHAIN_MAGIC:
        header = ChainHeader.decode(octets[at : at + 96])
        end = at + 96 + header.image_length
        if header.image_type == ImageType.PIB:
            image = octets[at + 96 : end]
            ended = replace(header, next=0xFFFFFFFF, checksum=0)
            if header.checksum != checksum32(replace(header, checksum=0).encode()):
                return None
            ended = replace(ended, checksum=checksum32(ended.encode()))
            return octets[:at] + ended.encode() + image if len(image) == header.image_length else None
        at = end
    return None


def hides_behind_pib(octets: bytes) -> bool:
    """Everything up to the end of the first PIB image is sound; what is wrong comes after it."""
    head = up_to_pib(octets)
    return head is not None and reads_as_pib(head)


def lost_nothing_but_xor(octets: bytes) -> bool:
    """The PIB image is cut short, and what is missing does not change its checksum, e.g. zeros."""
    at = 0
    while len(octets) - at >= ChainHeader.SIZE and octets[at : at + 4] == CHAIN_MAGIC:
        header = ChainHeader.decode(octets[at : at + 96])
        image = octets[at + 96 : at + 96 + header.image_length]
        if len(image) < header.image_length:
            return header.image_type == ImageType.PIB and checksum32(image) == header.image_checksum
        at += 96 + header.image_length
    return False


def goes_on_behind_its_length(octets: bytes) -> bool:
    """A flat PIB that would be sound, words aside, if it ended where its length field says."""
    head = octets[: int.from_bytes(octets[4:6], "little")]
    return is_flat(octets) and (reads_as_pib(head) or whole_but_for_words(head))


def whole_but_for_words(octets: bytes) -> bool:
    """Sound if lengths need not be whole words."""
    if is_flat(octets):
        said = int.from_bytes(octets[4:6], "little")
        odd = said % 4 != 0 or len(octets) % 4 != 0
        return odd and said // 4 == len(octets) // 4 and not checksum32(octets)
    found = faults(octets)
    return bool(found) and all("no multiple of 4" in fault.why for fault in found)


def sound_in_words(octets: bytes) -> bool:
    """Sound if every image of the file ends with the last whole word of its length."""
    kind = ChainHeader if octets[:4] == CHAIN_MAGIC else OldHeader
    rounded, at = bytearray(octets), 0
    while at + kind.SIZE <= len(octets):
        header = kind.decode(octets[at : at + kind.SIZE])
        image = octets[at + kind.SIZE :][: header.image_length // 4 * 4]
        if checksum32(header.encode()) or checksum32(image) != header.image_checksum:
            return False
        rounded[at : at + kind.SIZE] = sealed(header, image).encode()
        at += kind.SIZE + len(image)
    return not is_flat(octets) and rounded != octets and not faults(bytes(rounded))


def only_links_are_wrong(octets: bytes) -> bool:
    """A header says elsewhere where the next one is, which is in its place all the same."""
    found = faults(octets)
    return bool(found) and all(fault.why.startswith("links to ") for fault in found)


def nid_is_foreign(octets: bytes) -> bool:
    try:
        image = parse(octets)
    except PibError:
        return False
    return isinstance(image, PibImage) and not image.nid_follows_nmk


def small_for_chkpib(octets: bytes) -> bool:
    try:
        image = parse(octets)
    except PibError:
        return False
    return isinstance(image, PibImage) and len(image.image) < CHKPIB_NEEDS


def ends_small_for_chknvm(octets: bytes) -> bool:
    if octets[:4] != OLD_MAGIC:
        return False
    try:
        file = parse(octets)
    except PibError:
        return False
    return not isinstance(file, PibImage) and len(file.parts) > 1 and len(file.parts[-1].image) < CHKNVM_NEEDS


def odd_chain() -> bytes:
    image = minimal_chain(mac=EXAMPLE).image + b"abc"
    return sealed(ChainHeader(image_type=ImageType.PIB), image).encode() + image


def chain_with_a_length_too_long() -> bytes:
    octets = chain_example()
    header = replace(ChainHeader.decode(octets[:96]), image_length=770, checksum=0)
    return replace(header, checksum=checksum32(header.encode())).encode() + octets[96:]


def odd_flat() -> bytes:
    return sealed_flat(flat_example(512)[:4] + b"\x03\x02" + flat_example(512)[6:] + b"abc")


def with_foreign_nid() -> bytes:
    image = minimal_chain(mac=EXAMPLE)
    return image.with_values({"nid": nid_from_nmk(bytes(16))}).octets


def with_link_elsewhere() -> bytes:
    octets = chain_example()
    header = replace(ChainHeader.decode(octets[:96]), next=4)
    return sealed(header, octets[96:0x360]).encode() + octets[96:]


def two_pibs() -> bytes:
    image = minimal_chain(mac=EXAMPLE).image
    return assemble([Plan(ImageType.PIB, image), Plan(ImageType.PIB, image)])


DEVIATIONS = (
    Deviation(
        ("chkpib", "chkpib2"),
        accepts=True,
        what="do not look at a chain behind its first PIB image",
        explains=hides_behind_pib,
        example=lambda: chain_example() + b"tail",
    ),
    Deviation(
        ("chknvm", "chknvm2"),
        accepts=True,
        what="do not mind a second PIB image",
        explains=lambda octets: octets[:4] == CHAIN_MAGIC and hides_behind_pib(octets),
        example=two_pibs,
    ),
    Deviation(
        ("chkpib", "chkpib2", "chknvm", "chknvm2"),
        accepts=True,
        what="do not read where a header links forward to, only whether it does",
        explains=only_links_are_wrong,
        example=with_link_elsewhere,
    ),
    Deviation(
        ("chkpib",),
        accepts=True,
        what="reads as much of a flat PIB as its length field says",
        explains=goes_on_behind_its_length,
        example=lambda: flat_example() + bytes(4),
    ),
    Deviation(
        ("chkpib2",),
        accepts=True,
        what="does not see that a PIB image is cut short, if the checksum does not change",
        explains=lost_nothing_but_xor,
        example=lambda: chain_example()[:-4],
    ),
    Deviation(
        ("chkpib", "chkpib2", "chknvm2"),
        accepts=True,
        what="do not mind lengths that are no whole words",
        explains=whole_but_for_words,
        example=odd_chain,
    ),
    Deviation(
        ("chkpib", "chknvm"),
        accepts=True,
        what="go on behind the last whole word of an image",
        explains=sound_in_words,
        example=chain_with_a_length_too_long,
    ),
    Deviation(
        ("chkpib", "chkpib2"),
        accepts=True,
        what="the same for flat PIBs",
        explains=whole_but_for_words,
        example=odd_flat,
    ),
    Deviation(
        ("chkpib", "chkpib2"),
        accepts=False,
        what="want the NID that follows from the NMK, which adapters do not",
        explains=nid_is_foreign,
        example=with_foreign_nid,
    ),
    Deviation(
        ("chkpib",),
        accepts=False,
        what=f"wants {CHKPIB_NEEDS} octets of an image",
        explains=small_for_chkpib,
        example=lambda: flat_example(CHKPIB_NEEDS - 4),
    ),
    Deviation(
        ("chknvm",),
        accepts=False,
        what=f"wants {CHKNVM_NEEDS} octets of the last of several images behind older headers",
        explains=ends_small_for_chknvm,
        example=lambda: assemble_old([OldPlan(7, b"abcd" * 99), OldPlan(4, b"wxyz" * (CHKNVM_NEEDS // 4 - 1))]),
    ),
)


def unexplained(tool: str, files: Sequence[bytes]) -> list[str]:
    """What *tool* and we judge differently without a reason in `DEVIATIONS`."""
    ours = reads_as_pib if tool in PIB_CHECKERS else reads_as_nvm
    named = numbered(files)
    wrong = []
    for name, accepted in verdicts(tool, named).items():
        octets = named[name]
        if accepted != ours(octets) and not any(
            tool in known.tools and known.accepts is accepted and known.explains(octets) for known in DEVIATIONS
        ):
            wrong.append(f"{name}: {tool} says {accepted}")
    return wrong


@pytest.mark.parametrize("known", DEVIATIONS, ids=lambda known: f"{', '.join(known.tools)} {known.what}")
def test_known_deviation(known: Deviation) -> None:
    """It is as the table says, with every tool it names, and we do the opposite."""
    octets = known.example()

    for tool in known.tools:
        ours = reads_as_pib if tool in PIB_CHECKERS else reads_as_nvm
        assert verdicts(tool, {"it.bin": octets}) == {"it.bin": known.accepts}
        assert ours(octets) is not known.accepts
    assert known.explains(octets)


@pytest.mark.parametrize("tool", [*PIB_CHECKERS, *NVM_CHECKERS])
def test_sound_files(tool: str, dice: random.Random) -> None:
    """1000 files as we make them: all taken by the tools that are for them."""
    for_pibs = tool in PIB_CHECKERS
    files = [any_image(dice).octets if for_pibs else any_firmware(dice) for _ in range(1000)]

    assert set(verdicts(tool, numbered(files)).values()) == {True}


def damaged(dice: random.Random, octets: bytes) -> bytes:
    """A file with octets changed, lost or added, without regard for checksums."""
    hurt = bytearray(octets)
    for _ in range(dice.choice([1, 1, 1, 3])):
        at = dice.choice([dice.randrange(len(hurt)), dice.randrange(min(len(hurt), 200))])
        match dice.randrange(6):
            case 0:
                hurt[at] ^= 1 << dice.randrange(8)
            case 1:
                hurt[at] = dice.randrange(256)
            case 2:
                del hurt[at or 1 :]
            case 3:
                hurt += dice.choice([bytes(4), b"\xff" * 96, dice.randbytes(5)])
            case 4:
                del hurt[-4 * dice.randrange(1, 4) :]
            case _:
                hurt[at : at + 4], hurt[at + 4 : at + 8] = hurt[at + 4 : at + 8], hurt[at : at + 4]
        if not hurt:
            return b"\0"
    return bytes(hurt)


@pytest.mark.parametrize("tool", [*PIB_CHECKERS, *NVM_CHECKERS])
def test_damaged_files(tool: str, dice: random.Random) -> None:
    """3000 files hurt at random: the same verdict, or a known deviation."""
    sound = [any_image(dice).octets for _ in range(40)] + [any_firmware(dice) for _ in range(40)]

    assert unexplained(tool, [damaged(dice, dice.choice(sound)) for _ in range(3000)]) == []


WORTH_TRYING = (0, 1, 4, 0x60, 0x2C, 0x360, 0x3C0, 0xFFFFFFFF)


def forged(dice: random.Random, octets: bytes) -> bytes:
    """A file with one word of a header, or of a flat PIB, changed and the checksum put right again."""
    if is_flat(octets):
        at = dice.choice([0, 4, 4, 0xF8, 0x64, dice.randrange(len(octets) // 4) * 4])
        value = dice.choice([*WORTH_TRYING, len(octets), len(octets) - 4, dice.randrange(2**32)])
        return sealed_flat(octets[:at] + value.to_bytes(4, "little") + octets[at + 4 :])
    kind = ChainHeader if octets[:4] == CHAIN_MAGIC else OldHeader
    heads = [0]
    while heads[-1] + kind.SIZE < len(octets):
        header = kind.decode(octets[heads[-1] : heads[-1] + kind.SIZE])
        heads.append(heads[-1] + kind.SIZE + header.image_length)
    start = dice.choice(heads[:-1])
    raw = bytearray(octets[start : start + kind.SIZE])
    at = dice.randrange(kind.SIZE // 4 - 1) * 4
    now = int.from_bytes(raw[at : at + 4], "little")
    value = dice.choice([*WORTH_TRYING, *heads, now + 4, max(0, now - 4), now ^ 1 << dice.randrange(32)])
    raw[at : at + 4] = (value % 2**32).to_bytes(4, "little")
    raw[-4:] = bytes(4)
    raw[-4:] = checksum32(bytes(raw)).to_bytes(4, "little")
    return octets[:start] + bytes(raw) + octets[start + kind.SIZE :]


@pytest.mark.parametrize("tool", [*PIB_CHECKERS, *NVM_CHECKERS])
def test_forged_files(tool: str, dice: random.Random) -> None:
    """3000 files with a wrong header under a right checksum: links, lengths, versions, types."""
    sound = [any_image(dice).octets for _ in range(40)] + [any_firmware(dice) for _ in range(40)]

    assert unexplained(tool, [forged(dice, dice.choice(sound)) for _ in range(3000)]) == []


@pytest.mark.parametrize("tool", ["chkpib2", "chknvm2"])
def test_length_beyond_the_file_is_the_death_of_some_tools(tool: str) -> None:
    """They sum up memory behind the file until there is none; we name the length."""
    image = minimal_chain(mac=EXAMPLE).octets
    header = replace(ChainHeader.decode(image[:96]), image_length=0x7FFF_FFFC, checksum=0)
    octets = replace(header, checksum=checksum32(header.encode())).encode() + image[96:]
    Path("long.bin").write_bytes(octets)

    assert call(tool, "long.bin").returncode == -signal.SIGSEGV
    with pytest.raises(PibError, match="header of image 0 at 0x10: the image is 2147483644 octets long"):
        parse(octets)


def test_chknvm2_praises_what_it_refuses() -> None:
    """Of a file with something behind its end it says both, and exits with 0."""
    Path("both.nvm").write_bytes(synthesise_nvm(NvmForm.CHAIN).octets + bytes(4))

    said = call("chknvm2", "both.nvm")

    assert said.stdout == "both.nvm looks good\n"
    assert "found bad NVM header link in both.nvm module 3" in said.stderr
    assert said.returncode == 0


# What the editors do that we refuse


def test_setpib_repairs_what_it_does_not_look_at() -> None:
    """It makes a damaged file valid, damage included; we do not read such a file in the first place."""
    hurt = bytearray(chain_example())
    hurt[2000] ^= 0x55
    Path("hurt.pib").write_bytes(hurt)

    done("setpib", "hurt.pib", "F4", "byte", "2")

    assert verdicts("chkpib", {"ok.pib": Path("hurt.pib").read_bytes()}) == {"ok.pib": True}
    with pytest.raises(PibError, match="image 1"):
        parse(bytes(hurt))


def test_setpib_cuts_long_texts() -> None:
    """After 63 octets, without a word, and inside a character; we refuse them."""
    image = minimal_chain(mac=EXAMPLE)

    for text, kept in (("x" * 70, b"x" * 63), ("Ω" * 32, ("Ω" * 32).encode()[:63])):
        Path("long.pib").write_bytes(image.octets)
        assert done("setpib", "long.pib", "74", "hfid", text) == ""
        changed = parse(Path("long.pib").read_bytes())
        assert isinstance(changed, PibImage)
        assert changed.image[0x74:0xB4] == kept + b"\0"
        with pytest.raises(ValueError, match="user_hfid: at most 63 octets"):
            image.with_values({"user_hfid": text})


def test_setpib_writes_over_identity_and_length() -> None:
    """It knows no field that must stay; a wrong length even makes the file invalid."""
    image = synthesise(Family.INT6X00, mac=EXAMPLE)
    Path("id.pib").write_bytes(image.octets)
    done("setpib", "id.pib", "C", "mac", "02:00:00:00:00:99")
    changed = parse(Path("id.pib").read_bytes())
    assert isinstance(changed, FlatPib)
    assert changed.mac == MacAddress.parse("02:00:00:00:00:99")

    done("setpib", "id.pib", "4", "word", "4096")
    broken = Path("id.pib").read_bytes()
    assert verdicts("chkpib2", {"no.bin": broken}) == {"no.bin": False}
    assert not reads_as_pib(broken)


def test_editors_keep_what_they_do_not_edit() -> None:
    """The manifest of a chain and its header are as before, byte for byte, for setpib and for us."""
    octets = chain_example()
    Path("keep.pib").write_bytes(octets)
    done("setpib", "keep.pib", "F4", "byte", "2")

    assert Path("keep.pib").read_bytes()[:0x360] == octets[:0x360]
    assert os.path.getsize("keep.pib") == len(octets)
