"""From a frame to its line, for a person and as JSON."""

from __future__ import annotations

import io
import json
import re

import pytest

from bench.ids import BROADCAST, MacAddress, Nid, Nmk, RunId
from bench.mme import (
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmReq,
    Frame,
    NwInfoNetwork,
    NwInfoStation,
    VsNwInfoCnf,
    VsSwVerReq,
    encode,
)
from bench.report.masking import MARKER
from bench.sniff.events import REMEMBERED, Event, Watcher
from bench.sniff.masking import REMEMBERED as REMEMBERED_KEYS
from bench.sniff.masking import KeyMask
from bench.sniff.telling import JsonLines, Lines
from bench.trace import Direction, FrameSeen, Trace
from bench.units import ms, s

CAR, STATION = MacAddress.parse("04:65:65:00:64:c3"), MacAddress.parse("02:00:00:00:00:e5")
MODEM, HOST = MacAddress.parse("98:48:27:00:00:01"), MacAddress.parse("02:00:00:00:00:01")
NMK, NID = Nmk(bytes(range(16))), Nid(bytes.fromhex("026bcba5354e08"))
CIVIL = 1_700_000_000 * 10**9


def seen(octets_or_frame, t=s(1), direction=Direction.IN) -> FrameSeen:
    octets = encode(octets_or_frame) if isinstance(octets_or_frame, Frame) else octets_or_frame
    return Trace().frame(t, "plc0", direction, octets)


def texts(watcher: Watcher, *frames: FrameSeen) -> list[str]:
    return [event.text for frame in frames for event in watcher.events(frame)]


def ipv6(src: MacAddress, next_header: int, body: bytes) -> bytes:
    header = b"\x60\0\0\0" + len(body).to_bytes(2) + bytes([next_header, 255])
    addresses = b"\xfe\x80" + bytes(13) + b"\x01" + b"\xff\x02" + bytes(13) + b"\x01"
    return b"\x33\x33\0\0\0\x01" + bytes(src) + b"\x86\xdd" + header + addresses + body


def sdp(src: MacAddress, kind: str, body: bytes, port: int = 15118) -> bytes:
    v2gtp = bytes.fromhex("01fe" + kind) + len(body).to_bytes(4) + body
    udp = (50000).to_bytes(2) + port.to_bytes(2) + (8 + len(v2gtp)).to_bytes(2) + bytes(2)
    return ipv6(src, 17, udp + v2gtp)


REQUEST = sdp(CAR, "9000", b"\x10\x00")
RESPONSE = sdp(STATION, "9001", b"\xfe\x80" + bytes(13) + b"\x05" + (15118).to_bytes(2) + b"\x00\x00")


def test_a_slac_message_says_who_to_whom_and_what():
    sound = Frame(BROADCAST, CAR, CmMnbcSoundInd(cnt=9))

    assert texts(Watcher(MODEM), seen(sound)) == ["CM_MNBC_SOUND.IND       04:65:65:00:64:c3 to everybody: cnt 9"]


def test_what_this_computer_sends_is_marked():
    request = Frame(BROADCAST, HOST, CmSlacParmReq(run_id=RunId(b"12345678")))

    (event,) = Watcher(MODEM).events(seen(request, direction=Direction.OUT))

    assert f"{HOST}, sent here, to everybody" in event.text
    assert (event.facts["direction"], event.facts["run_id"]) == ("out", b"12345678".hex())


def test_a_key_is_masked_unless_asked_for():
    match = seen(Frame(CAR, STATION, CmSlacMatchCnf(nid=NID, nmk=NMK)))

    (masked,) = texts(Watcher(MODEM), match)
    (clear,) = texts(Watcher(MODEM, show_keys=True), match)

    assert NMK.hex() not in masked
    assert masked.endswith("NMK 00…0f")
    assert NMK.hex() in clear


def test_a_key_on_its_way_to_an_adapter_is_told_by_whomever_it_is_sent():
    (text,) = texts(Watcher(MODEM), seen(Frame(BROADCAST, STATION, CmSetKeyReq(nid=NID, nmk=NMK))))

    assert text.startswith(f"CM_SET_KEY.REQ          {STATION} to everybody")


def test_questions_about_nothing_are_no_events():
    assert texts(Watcher(MODEM), seen(Frame(BROADCAST, HOST, VsSwVerReq()))) == []


# networks -------------------------------------------------------------------------------------------------------


def told(*stations: MacAddress, src: MacAddress = MODEM) -> FrameSeen:
    networks = (NwInfoNetwork(nid=NID, stations=tuple(NwInfoStation(mac=mac) for mac in stations)),)
    return seen(Frame(HOST, src, VsNwInfoCnf(networks=networks)))


def test_changes_of_the_network_are_told_and_nothing_else():
    watcher = Watcher(MODEM)

    found = texts(watcher, told(), told(), told(STATION), told(STATION), told(STATION, CAR), told())

    assert found == [
        "this adapter is in no network with others",
        f"this adapter is now in network NID {NID} with {STATION}",
        f"this adapter is now in network NID {NID} with {STATION}, {CAR}",
        "this adapter has left its network",
    ]


def test_what_another_adapter_tells_of_its_network_is_not_ours():
    assert texts(Watcher(MODEM), told(CAR, src=STATION)) == []


# IPv6 -----------------------------------------------------------------------------------------------------------


def test_the_first_ipv6_frame_of_everybody_is_told_once():
    solicitation = ipv6(CAR, 58, b"\x87" + bytes(23))
    watcher = Watcher(MODEM)
    syn = ipv6(STATION, 6, bytes(12) + b"\x50\x02" + bytes(6))

    found = texts(watcher, seen(solicitation), seen(solicitation), seen(syn))

    assert found == [
        f"first IPv6 frame of {CAR}: neighbour solicitation from fe80::1",
        f"first IPv6 frame of {STATION}: TCP SYN from fe80::1",
    ]


def test_the_first_sdp_frames_are_told_with_what_they_say():
    found = texts(Watcher(MODEM), seen(REQUEST), seen(REQUEST), seen(RESPONSE))

    assert [text for text in found if text.startswith("first SDP")] == [
        f"first SDP request of {CAR}: no TLS",
        f"first SDP response of {STATION}: [fe80::5]:15118, TLS",
    ]


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(sdp(CAR, "9000", b""), id="cut short"),
        pytest.param(sdp(CAR, "8001", b"\x10\x00"), id="other V2GTP"),
        pytest.param(sdp(CAR, "9000", b"\x10\x00", port=5353), id="another port"),
    ],
)
def test_what_is_no_sdp_is_told_as_a_first_frame_only(octets):
    (text,) = texts(Watcher(MODEM), seen(octets))

    assert text.startswith(f"first IPv6 frame of {CAR}: UDP to port ")


@pytest.mark.parametrize("length", [15, 30, 53])
def test_a_frame_that_ends_inside_its_ipv6_header_is_no_reason_to_stop(length):
    assert texts(Watcher(MODEM), seen(REQUEST[:length])) == []


def test_memory_does_not_grow_with_the_number_of_senders():
    watcher = Watcher(MODEM)
    many = [MacAddress(b"\x02\0\0\0" + number.to_bytes(2)) for number in range(REMEMBERED + 1)]

    texts(watcher, *(seen(ipv6(mac, 58, bytes(24))) for mac in many))

    assert len(texts(watcher, seen(ipv6(many[0], 58, bytes(24))))) == 1
    assert len(texts(watcher, seen(ipv6(many[-1], 58, bytes(24))))) == 0


# lines ----------------------------------------------------------------------------------------------------------


def test_a_line_has_time_of_day_and_seconds_since_the_start():
    out = io.StringIO()

    Lines(out, CIVIL).event(Event(ms(1250), "note", "something"))

    assert re.fullmatch(r"\d\d:\d\d:\d\d\.250000    \+1\.250000 s  something\n", out.getvalue())


def test_json_is_one_object_a_line_with_both_times():
    out = io.StringIO()

    JsonLines(out, CIVIL, show_keys=False).event(Event(ms(1250), "drops", "lost", {"ring": 3}))

    (line,) = out.getvalue().splitlines()
    assert json.loads(line) == {
        "event": "drops",
        "t_s": 1.25,
        "time": "2023-11-14T22:13:21.250000Z",
        "text": "lost",
        "ring": 3,
    }


def test_a_reader_that_has_gone_is_noticed_and_no_error():
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    lines = Lines(Closed(), CIVIL)

    lines.event(Event(0, "note", "something"))

    assert lines.gone


# what is kept ---------------------------------------------------------------------------------------------------


def test_a_key_is_taken_out_of_its_message_and_of_every_later_frame():
    mask = KeyMask()
    match = seen(Frame(CAR, STATION, CmSlacMatchCnf(nid=NID, nmk=NMK)))
    repeated = seen(ipv6(CAR, 6, b"key:" + bytes(NMK)))

    kept = [mask(match), mask(repeated)]

    assert all(bytes(NMK) not in octets for octets in kept)
    assert [len(octets) for octets in kept] == [len(match.octets), len(repeated.octets)]
    assert bytes(MARKER) in kept[1]


def test_show_keys_keeps_the_frame_as_it_was():
    match = seen(Frame(CAR, STATION, CmSlacMatchCnf(nid=NID, nmk=NMK)))

    assert KeyMask(show_keys=True)(match) == match.octets


def test_memory_does_not_grow_with_the_number_of_keys():
    """The newest are looked for; one that went by long ago is forgotten."""
    mask = KeyMask()
    keys = [Nmk(bytes([7]) * 14 + number.to_bytes(2)) for number in range(REMEMBERED_KEYS + 1)]
    for key in keys:
        mask(seen(Frame(CAR, STATION, CmSlacMatchCnf(nid=NID, nmk=key))))

    kept = [mask(seen(ipv6(CAR, 6, bytes(key)))) for key in (keys[0], keys[-1])]

    assert [bytes(key) in octets for key, octets in zip((keys[0], keys[-1]), kept, strict=True)] == [True, False]
