"""What recorders do to captures: duplicates, clocks, tags, bus errors, cut frames; and when attempts become final."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_PEV,
    BEGIN,
    EVSE,
    PEV,
    PEV_MODEM,
    Step,
    analysis,
    ip,
    match,
    param_cnf,
    param_req,
    records,
    set_key,
    set_key_cnf,
    shifted,
    sound,
    start,
)

from bench.analysis import Attempt, Engine, Outcome, Recorder, Role, SetKey, analyze
from bench.capture import UNKNOWN_ADDRESS, Record
from bench.ids import MacAddress
from bench.mme import CmGetKeyReq, VsSwVerCnf
from bench.units import ms, s


def test_a_frame_recorded_twice_counts_once() -> None:
    """Identical and less than 0.5 ms later: ignored, the first is used. It still has its frame number."""
    found = analysis([param_req(0), param_req(0.499), param_cnf(5)])

    assert found.notes.recorder_duplicates == 1
    assert found.attempts[0].counts["param_req"] == 1
    assert found.attempts[0].param_pairs[0].latency == ms(5)
    assert found.attempts[0].last_frame == 3


def test_a_frame_sent_twice_counts_twice() -> None:
    """The near misses: 0.5 ms later, or not identical."""
    assert analysis([param_req(0), param_req(0.5)]).notes.recorder_duplicates == 0
    assert analysis([sound(0, 9), sound(0.1, 8)]).notes.recorder_duplicates == 0


def test_a_duplicate_is_recognised_behind_other_frames() -> None:
    """Another frame may stand between the two."""
    assert analysis([param_req(0), ip(0.1), param_req(0.2), ip(0.3)]).notes.recorder_duplicates == 2


def test_a_clock_that_is_set_back_is_told() -> None:
    """By more than 1 s: a step. Less: only a stamp out of order. Frames keep their order."""
    steps = [param_req(0), param_cnf(5), start(-5000), start(-4980), start(-4981)]

    found = analyze(records(steps, in_order=True), AT_EVSE)

    assert found.notes.clock_steps == [(3, -ms(5005))]
    assert found.notes.non_monotonic == 2
    assert found.attempts[0].counts["start_atten_char"] == 3
    assert found.attempts[0].answered_req_frame == 1


def test_a_clock_set_back_does_not_hold_attempts_back() -> None:
    """An attempt that waits for the capture's end is judged at once when the clock jumps."""
    steps = [param_req(0), start(100), param_req(200), ip(-3_600_000), ip(-3_599_900), ip(-3_599_800)]
    source = iter(records(steps, in_order=True))

    first = next(Engine(AT_EVSE).run(source))

    assert isinstance(first, Attempt)
    assert first.outcome is Outcome.ANSWERED_BY_OTHER_EVSE
    assert next(source).number == 5


def test_tagged_frames_are_read_behind_their_tag() -> None:
    """802.1Q, once or twice."""
    tagged = [
        record._replace(octets=record.octets[:12] + tag + record.octets[12:])
        for tag, record in zip(
            (b"\x81\x00\x00\x01", b"\x81\x00\x00\x01\x81\x00\x00\x02"),
            records([param_req(0), param_cnf(5)]),
            strict=True,
        )
    ]

    found = analyze(tagged, AT_EVSE)

    assert found.notes.vlan_tagged == 2
    assert found.attempts[0].outcome is Outcome.STOPPED_AFTER_PARAM_CNF


@pytest.mark.parametrize(
    ("octets", "artefact"),
    [
        (bytes(13), True),
        (bytes.fromhex("aaaaaaaa 3c00 0000") + bytes(60), True),
        (PEV + b"\x01" + EVSE[1:] + b"\x12\x34" + bytes(46), True),
        (PEV + EVSE + b"\x00\x40" + bytes(20), True),
        (PEV + EVSE + b"\x00\x14" + bytes(46), False),
        (PEV + EVSE + b"\x88\xcc" + bytes(46), False),
        (PEV + EVSE + b"\x89\x12" + bytes(46), False),
    ],
    ids=["short", "SPI start of frame", "group sender", "length too long", "802.3", "LLDP", "MediaXtreme"],
)
def test_records_that_are_no_ethernet_are_counted(octets: bytes, artefact: bool) -> None:
    """From a misaligned trace of an SPI bus; other protocols are Ethernet all the same."""
    assert analyze([Record(1, BEGIN, octets)], AT_EVSE).notes.artefacts == artefact


def test_a_slac_frame_that_cannot_be_decoded_is_told_and_left_out() -> None:
    """A recorder may cut frames short."""
    whole = records([param_req(0), param_cnf(5), sound(185)])
    cut = [*whole[:2], whole[2]._replace(octets=whole[2].octets[:40])]

    found = analyze(cut, AT_EVSE)

    assert found.notes.malformed_count == 1
    assert found.notes.malformed[0][0] == 3
    assert found.attempts[0].counts["mnbc_sound"] == 0


def test_other_management_messages_are_counted() -> None:
    """By type and addresses, with the first and last time; the firmware of modems is read."""
    version = VsSwVerCnf(device_class=0x22, version_length=4, version_field=b"MAC\0")
    steps = [
        Step("ask", 0, PEV, PEV_MODEM, CmGetKeyReq()),
        Step("ask", 700, PEV, PEV_MODEM, CmGetKeyReq()),
        Step("told", 800, PEV_MODEM, PEV, version),
    ]

    found = analysis(steps, AT_PEV)

    assert [(row.name, row.count, row.last_t - row.first_t) for row in found.other_homeplug] == [
        ("CM_GET_KEY.REQ", 2, ms(700)),
        ("VS_SW_VER.CNF", 1, 0),
    ]
    assert found.modem_versions[PEV_MODEM].version == "MAC"
    assert found.modem_versions[PEV_MODEM].device_class == 0x22


def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond the limit are not kept; the frames are counted."""
    monkeypatch.setattr("bench.analysis.census.MAX_ROWS", 10)
    flood = [Step("ask", i, MacAddress(bytes([2, 0, 0, 0, 0, i])), PEV, CmGetKeyReq()) for i in range(100)]

    found = analysis(flood)

    assert len(found.other_homeplug) == 10
    assert found.notes.homeplug_frames == 100


def cooked(found: list[Record], host: MacAddress) -> list[Record]:
    """What a cooked capture on *host* leaves of Ethernet frames: no destination but of broadcasts."""
    made = []
    for record in found:
        outgoing = record.octets[6:12] == host
        known = record.octets[:6] == b"\xff" * 6 and not outgoing
        dst = record.octets[:6] if known else host if not outgoing else UNKNOWN_ADDRESS
        made.append(record._replace(octets=dst + record.octets[6:], outgoing=outgoing))
    return made


@pytest.mark.parametrize(("recorder", "host"), [(AT_EVSE, EVSE), (AT_PEV, PEV)])
def test_a_cooked_capture_tells_the_same_story(recorder: Recorder, host: MacAddress) -> None:
    """Destinations that are lost are found in the messages."""
    plain = records([*match(proof=False), ip(4000, src=EVSE if host == PEV else PEV)])

    (expected,) = analyze(plain, recorder).attempts
    (attempt,) = analyze(cooked(plain, host), recorder).attempts

    assert replace(attempt, deviations=()) == replace(expected, deviations=())
    assert attempt.codes == expected.codes


def test_what_a_cooked_capture_loses_is_found_in_the_message() -> None:
    """PEV of a sent CM_SLAC_PARM.CNF, EVSE of a sent CM_SLAC_MATCH.REQ."""
    (cnf,) = cooked(records([param_cnf(5)]), EVSE)
    (request,) = cooked(records([step for step in match() if step.name == "match_req"]), PEV)

    assert analyze([cnf], AT_EVSE).attempts[0].pev_mac == PEV
    assert analyze([request], AT_PEV).attempts[0].evse_mac == EVSE


def test_an_attempt_comes_as_the_next_begins() -> None:
    """Not at the end of the capture: the frames after it have not been asked for."""
    both = iter(records([*match(), *shifted(match(), 30_000)]))

    first = next(Engine(AT_EVSE).run(both))

    assert isinstance(first, Attempt)
    assert next(both).number == len(match()) + 2


def test_an_attempt_waits_for_the_confirmations_of_its_key() -> None:
    """Up to 2 s, though the next attempt has begun."""
    steps = [*match(proof=False), set_key(1340), param_req(1500), set_key_cnf(3339), ip(3341)]

    items = list(Engine(AT_PEV).run(records(steps)))

    assert [type(item) for item in items] == [SetKey, Attempt, Attempt]
    assert isinstance(items[1], Attempt)
    assert items[1].set_key_after_match is not None
    assert len(items[1].set_key_after_match.confirmations) == 1


def test_memory_does_not_grow_with_the_capture() -> None:
    """The engine keeps the attempt under way; those it gave away are gone."""

    def repeated(times: int) -> Iterator[Record]:
        base = records([set_key(-9, src=EVSE), *match()])
        for i in range(times):
            for record in base:
                yield record._replace(number=i * len(base) + record.number, t=record.t + s(60) * i)

    engine = Engine(AT_EVSE)
    count = sum(isinstance(item, Attempt) for item in engine.run(repeated(200)))
    gc.collect()

    assert count == 200
    assert sum(isinstance(found, Attempt) for found in gc.get_objects()) <= 1


def test_no_records_make_an_empty_analysis() -> None:
    """And raise nothing."""
    found = analyze([])

    assert (found.attempts, found.notes.frames, found.recorder) == ([], 0, Recorder())


def test_a_recorder_told_in_part_is_completed() -> None:
    """`analyze` infers what it is not told."""
    steps = [set_key(-9, src=EVSE), *match()]

    assert analyze(records(steps), Recorder(role=Role.EVSE)).recorder.host == EVSE
