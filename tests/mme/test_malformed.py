"""Octets that are no message raise MalformedMme, saying what, where and why, and nothing else is ever raised."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from message_strategies import messages
from real_captures import CAPTURES

from bench.capture import open_capture
from bench.errors import MalformedMme
from bench.ids import BROADCAST, MacAddress, RunId
from bench.mme import (
    REGISTRY,
    CmAmpMapReq,
    CmAttenCharInd,
    CmNwStatsCnf,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    Frame,
    NwInfoNetwork,
    NwInfoStation,
    StationRate,
    VsNwInfoCnf,
    decode,
    encode,
    is_homeplug,
)
from bench.mme.record import layout_of
from bench.mme.wire import Fixed

PEV = MacAddress.parse("02:00:00:00:0e:01")
EVSE = MacAddress.parse("02:00:00:00:05:01")


def octets_of(mme: Any, **parts: Any) -> bytes:
    return encode(Frame(BROADCAST, PEV, mme, **parts))


def seeds() -> list[bytes]:
    """One frame of each length and kind that the captures hold; synthesised ones where there are none."""
    found = {(len(octets), octets[14:17]): octets for octets in map(octets_of, (cls() for cls in REGISTRY.values()))}
    for path in CAPTURES:
        with open_capture(path) as capture:
            found |= {(len(r.octets), r.octets[14:17]): r.octets for r in capture.records() if is_homeplug(r.octets)}
    return list(found.values())


SEEDS = seeds()


def decodes_or_is_malformed(octets: bytes) -> None:
    """The whole contract of `decode`: a frame that gives the same octets again, or MalformedMme."""
    frame, malformed = None, None
    try:
        frame = decode(octets)
    except MalformedMme as error:
        malformed = error
    if frame is not None:
        assert encode(frame) == octets
    else:
        assert malformed is not None
        assert malformed.what
        assert malformed.why
        assert 0 <= malformed.where <= len(octets)
        assert str(malformed) == f"{malformed.what}: octet {malformed.where}: {malformed.why}"


# One defect each


@pytest.mark.parametrize(
    ("octets", "what", "where", "why"),
    [
        (b"", "Ethernet header", 0, "0 octets are too short for a header"),
        (bytes(13), "Ethernet header", 13, "13 octets are too short for a header"),
        (PEV + EVSE + bytes.fromhex("8100 0000 88"), "Ethernet header", 17, "17 octets are too short for a header"),
        (PEV + EVSE + bytes.fromhex("86dd") + bytes(46), "EtherType", 12, "86dd is not HomePlug (88e1)"),
        (PEV + EVSE + bytes.fromhex("81000001 0800") + bytes(46), "EtherType", 16, "0800 is not HomePlug (88e1)"),
        (PEV + EVSE + bytes.fromhex("88e1"), "MME header", 14, "the frame ends before MMTYPE"),
        (PEV + EVSE + bytes.fromhex("88e1 01 64"), "MME header", 16, "the frame ends before MMTYPE"),
        (PEV + EVSE + bytes.fromhex("88e1 01 6460 00"), "MME header", 18, "the frame ends inside the header"),
        (PEV + EVSE + bytes.fromhex("88e1 00 00a0 00b0"), "MME header", 19, "the frame ends inside the header"),
        (octets_of(CmSlacParmReq()) + bytes(1459), "Ethernet frame", 1518, "1519 octets are more than an Ethernet"),
    ],
    ids=["empty", "13", "tag", "IPv6", "IPv4 in a tag", "no MMV", "half MMTYPE", "half FMI", "half OUI", "1519"],
)
def test_what_is_no_frame_is_malformed(octets: bytes, what: str, where: int, why: str) -> None:
    """Too short, too long or not HomePlug: the error tells where it stopped."""
    with pytest.raises(MalformedMme) as malformed:
        decode(octets)

    assert (malformed.value.what, malformed.value.where) == (what, where)
    assert malformed.value.why.startswith(why)


STATION = NwInfoStation(mac=PEV)


@pytest.mark.parametrize(
    ("octets", "what", "where", "needs", "missing"),
    [
        (octets_of(CmSlacParmReq())[:28], "CmSlacParmReq.application_type", 19, 10, 1),
        (octets_of(CmSlacParmCnf())[:19], "CmSlacParmCnf.m_sound_target", 19, 25, 25),
        (octets_of(CmSlacMatchCnf())[:-1], "CmSlacMatchCnf.application_type", 19, 90, 1),
        (octets_of(CmAttenCharInd(aag=bytes(58)))[:70], "CmAttenCharInd.application_type", 19, 52, 1),
        (octets_of(CmAttenCharInd(aag=bytes(58)))[:128], "CmAttenCharInd.aag", 71, 58, 1),
        (octets_of(CmAttenCharInd(aag=bytes(58)))[:71], "CmAttenCharInd.aag", 71, 58, 58),
        (octets_of(CmAmpMapReq(amdata=bytes(917)))[:479], "CmAmpMapReq.amdata", 21, 459, 1),
        (octets_of(CmNwStatsCnf(stations=(StationRate(),) * 9))[:91], "StationRate.mac", 84, 8, 1),
        (
            octets_of(VsNwInfoCnf(networks=(NwInfoNetwork(stations=(STATION, STATION)),)))[:90],
            "NwInfoStation.mac",
            84,
            24,
            18,
        ),
        (octets_of(CmSlacParmReq(security_type=1), trailer=b"")[:29], "CmSlacParmReq.cipher_suites", 29, 1, 1),
        (
            octets_of(CmSlacParmReq(security_type=1, cipher_suites=(1, 2, 3)), trailer=b"")[:35],
            "CmSlacParmReq.cipher_suites",
            30,
            6,
            1,
        ),
        (octets_of(CmSlacParmCnf(security_type=1), trailer=b""), "CmSlacParmCnf.cipher_suite", 44, 2, 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_frame_that_ends_too_early_is_malformed(octets: bytes, what: str, where: int, needs: int, missing: int) -> None:
    """The error names class and field, the octet where it begins, how many it needs and how many are missing."""
    with pytest.raises(MalformedMme) as malformed:
        decode(octets)

    found = malformed.value
    assert (found.what, found.where) == (what, where)
    assert found.why == f"{needs} octets expected, the frame ends {missing} octets too early"


@pytest.mark.parametrize("cls", [cls for cls in REGISTRY.values() if layout_of(cls)], ids=lambda cls: cls.__name__)
def test_a_message_cut_in_its_first_field_is_malformed(cls: Any) -> None:
    """No message has a first field that may be left out."""
    head = 14 + 3 + (0 if cls.mmv == 0 else 2) + len(cls.oui)
    assert isinstance(layout_of(cls)[0][1], Fixed) or layout_of(cls)[0][0].startswith(("num_", "amlen"))

    with pytest.raises(MalformedMme, match=cls.__name__) as malformed:
        decode(octets_of(cls())[:head])

    assert malformed.value.where == head


def test_malformed_is_a_value_error() -> None:
    """Who does not care for the difference catches ValueError."""
    with pytest.raises(ValueError, match="Ethernet header"):
        decode(b"")


def test_the_longest_frame_is_decoded() -> None:
    """1518 octets, as many as Ethernet has."""
    octets = octets_of(CmSlacParmReq(run_id=RunId(b"12345678"))) + bytes(1458)

    assert encode(decode(octets)) == octets


# Whatever the octets


@given(st.binary(max_size=200))
@example(PEV + EVSE + b"\x81\x00" * 40)
def test_random_octets(octets: bytes) -> None:
    decodes_or_is_malformed(octets)


@given(st.binary(max_size=1500), st.sampled_from(list(REGISTRY)), st.booleans())
def test_random_bodies(body: bytes, key: int, header: bool) -> None:
    """Noise behind the header of each message, so that every reader gets to see it."""
    cls = REGISTRY[key]
    known = octets_of(cls(), trailer=b"")[: 17 + (0 if cls.mmv == 0 else 2) + len(cls.oui)]
    decodes_or_is_malformed((known if header else known[:17]) + body)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real frame with bits flipped, cut, extended, or with a part of another one in it."""
    octets = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        match draw(st.sampled_from(["flip", "flip", "set", "cut", "extend", "splice"])):
            case "flip" if octets:
                octets[at] ^= 1 << draw(st.integers(0, 7))
            case "set" if octets:
                octets[at] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]))
            case "cut":
                del octets[at:]
            case "extend":
                octets += draw(st.binary(max_size=64))
            case "splice":
                other = draw(st.sampled_from(SEEDS))
                octets[at:] = other[draw(st.integers(0, len(other))) :]
    return bytes(octets)


@settings(max_examples=1000, deadline=None)
@given(damaged())
def test_damaged_frames(octets: bytes) -> None:
    """Of what a noisy line makes of real frames, each decodes to something that gives it back, or is malformed."""
    decodes_or_is_malformed(octets)


@settings(max_examples=300, deadline=None)
@given(messages(), st.data())
def test_every_beginning_of_a_message(frame: Frame, data: st.DataObject) -> None:
    """A frame cut anywhere."""
    octets = encode(frame)

    decodes_or_is_malformed(octets[: data.draw(st.integers(0, len(octets)))])


def test_damage_reaches_the_readers() -> None:
    """The seeds are of many kinds; a property over frames that all stay raw would prove nothing."""
    kinds = {type(decode(octets).mme) for octets in SEEDS}

    assert kinds >= set(REGISTRY.values())
