"""What is read of SDP in made-up exchanges, and what is said of it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_LISTENER,
    AT_PEV,
    EVSE,
    OTHER_PEV,
    PEV,
    PEV_MODEM,
    Step,
    Steps,
    analysis,
    match,
    param_req,
    records,
    shifted,
    the_attempt,
)

from bench.analysis import Recorder, Role, analyze, sdp_watch
from bench.analysis.sdp_model import SdpLog
from bench.capture import UNKNOWN_ADDRESS, PcapngWriter
from bench.cli.analysis_run import run
from bench.cli.analysis_way import way_lines
from bench.ids import MacAddress
from bench.net import (
    ALL_NODES,
    Icmpv6,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    Mldv2Report,
    NeighbourSolicitation,
    RawPayload,
    SdpResponse,
    Security,
    Udp,
    V2gtp,
    encode,
    link_local,
    multicast_mac,
    sdp_request,
    sdp_response,
)
from bench.net.frame import ROUTER_ALERT
from bench.units import ms, s

MATCHED = match(proof=False)
MATCH_CNF_AT = 1310
CAR_IP, STATION_IP = link_local(PEV), link_local(EVSE)
REQUEST = sdp_request(PEV, CAR_IP, 49152)


def frame(at: float, sent: Ipv6Frame, tag: str = "") -> Step:
    octets = encode(replace(sent, tag=bytes.fromhex(tag)))
    return Step("net", at, MacAddress(octets[6:12]), MacAddress(octets[:6]), payload=octets[12:])


def ask(at: float, security: Security = Security.NO_TLS, src: MacAddress = PEV, ip: Ipv6Address | None = None) -> Step:
    return frame(at, sdp_request(src, ip or link_local(src), 49152, security))


def answer(at: float, security: Security = Security.NO_TLS, to: MacAddress = PEV) -> Step:
    return frame(at, sdp_response(sdp_request(to, link_local(to), 49152), EVSE, STATION_IP, 61341, security))


def quiet(at: float) -> Step:
    """TCP of the car, which is no SDP: the recording goes on."""
    return frame(at, Ipv6Frame(EVSE, PEV, Ipv6(CAR_IP, STATION_IP, RawPayload(6, bytes(20)))))


def ask_from(port: int, at: float) -> Step:
    return frame(at, sdp_request(PEV, CAR_IP, port))


def answer_to(port: int, at: float) -> Step:
    return frame(at, sdp_response(sdp_request(PEV, CAR_IP, port), EVSE, STATION_IP, 61341))


def log(steps: Steps, recorder: Recorder = AT_EVSE) -> SdpLog:
    return analysis(steps, recorder).sdp


# what is read ---------------------------------------------------------------------------------------------------------


def test_a_response_belongs_to_the_last_request_of_the_car_it_goes_to() -> None:
    """Another car's request in between is not the one that is answered; each counts for its own car."""
    steps = [*MATCHED, ask(4000), ask(4500), ask(4600, src=OTHER_PEV), answer(4700), answer(4800, to=OTHER_PEV)]

    first, second = log(steps).pairs

    assert (first.request.src, first.latency, first.asked, first.first_latency) == (CAR_IP, ms(200), 2, ms(700))
    assert (second.request.src_mac, second.latency, second.asked) == (OTHER_PEV, ms(200), 1)


def test_a_response_belongs_to_the_port_it_goes_to() -> None:
    """A car that asks again from another port gets the answer to its first request, then that to its second."""
    steps = [*MATCHED, ask_from(50000, 4000), ask_from(50001, 4250), answer_to(50000, 4300), answer_to(50001, 4560)]

    first, second = log(steps).pairs

    assert (first.request.src_port, first.latency, first.asked, first.first_latency) == (50000, ms(300), 1, ms(300))
    assert (second.request.src_port, second.latency, second.asked, second.first_latency) == (50001, ms(310), 1, ms(310))


@pytest.mark.parametrize("port", [50002, 15118], ids=["the last one", "one that nobody asked from"])
def test_requests_from_other_ports_before_it_are_counted_with_it(port: int) -> None:
    """The answer ends the waiting of all that were asked up to then; one to a strange port stands for the last."""
    steps = [*MATCHED, *(ask_from(50000 + n, 4000 + 250 * n) for n in range(3)), answer_to(port, 4510)]

    (pair,) = log([*steps, answer_to(50000, 4520)]).pairs

    assert (pair.request.src_port, pair.latency, pair.asked, pair.first_latency) == (50002, ms(10), 3, ms(510))


def test_requests_from_many_ports_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones are remembered, all are counted, and the time counts from the first."""
    monkeypatch.setattr(sdp_watch, "MAX_WAITING", 2)
    asked = [ask_from(50000 + n, 4000 + 250 * n) for n in range(5)]

    (pair,) = log([*MATCHED, *asked, answer_to(50000, 5010)]).pairs
    late, last = log([*MATCHED, *asked, answer_to(50003, 5010), answer_to(50004, 5020)]).pairs

    assert (pair.request.src_port, pair.asked, pair.first_latency) == (50004, 5, ms(1010))
    assert (late.asked, late.first_latency, last.asked, last.first_latency) == (4, ms(1010), 1, ms(20))


def test_a_request_behind_hop_by_hop_options_is_read() -> None:
    """Where the options end, the datagram begins; a frame that ends inside of them is passed over."""
    behind = replace(REQUEST, packet=replace(REQUEST.packet, hop_by_hop=ROUTER_ALERT))
    whole = frame(4000, behind)
    cut = [replace(whole, payload=whole.payload[: length - 12]) for length in (54, 55, 56, 62)]

    assert log([*MATCHED, whole, answer(4010)]).pairs == log([*MATCHED, ask(4000), answer(4010)]).pairs
    assert log([*MATCHED, *cut]) == SdpLog()


def test_a_second_response_to_one_request_makes_no_pair() -> None:
    """It counts as a response; requests are answered once."""
    found = log([*MATCHED, ask(4000), answer(4010), answer(4020), ask(5000), answer(5030)])

    assert (found.requests, found.responses) == (2, 3)
    assert [(pair.latency, pair.asked) for pair in found.pairs] == [(ms(10), 1), (ms(30), 1)]


def test_requests_that_say_the_same_are_one_series() -> None:
    """Another security, another car or a pause of more than 5 s begins a new one."""
    tls = Security.TLS
    steps = [ask(0, tls), ask(250, tls), ask(500, tls), ask(750), ask(5750), ask(10_751), ask(10_800, src=OTHER_PEV)]

    series = log(steps).series

    assert [one.count for one in series] == [3, 2, 1, 1]
    assert [one.mean_interval for one in series] == [ms(250), s(5), None, None]


def test_a_tagged_frame_is_read_too() -> None:
    """An 802.1Q tag in front of the EtherType is skipped."""
    request = frame(4000, REQUEST, tag="81000001")

    assert log([*MATCHED, request, answer(4010)]).pairs == log([*MATCHED, ask(4000), answer(4010)]).pairs


@pytest.mark.parametrize(
    "payload",
    [
        Udp(49152, 15118, V2gtp(b"", 0x8001)),
        Udp(49152, 15118, replace(V2gtp(SdpResponse()), version=2)),
        Udp(49152, 15118, V2gtp(b"\x10\x00\x00", 0x9000)),
        Udp(49152, 15118, b"knock"),
        Udp(15118, 49152, V2gtp(SdpResponse(), length=99)),
    ],
    ids=["another message", "another version", "too long", "no V2GTP", "lying length"],
)
def test_what_is_no_sdp_on_its_port_is_counted_apart(payload: Udp) -> None:
    """It is told with its frame, and makes neither a request nor a response."""
    found = log([*MATCHED, frame(4000, replace(REQUEST, packet=replace(REQUEST.packet, payload=payload)))])

    assert (found.requests, found.responses, found.unread) == (0, 0, 1)
    assert found.first_unread == len(MATCHED) + 1


def test_a_frame_that_is_cut_off_is_counted_apart() -> None:
    """Neither the port alone nor a broken IPv6 header is an error of the reader."""
    whole = ask(4000)
    cut = replace(whole, payload=whole.payload[:46])
    broken = replace(whole, payload=whole.payload[:2] + b"\x40" + whole.payload[3:])
    stub = replace(whole, payload=whole.payload[:20])

    found = log([*MATCHED, cut, broken, stub])

    assert (found.requests, found.unread, found.first_unread) == (0, 2, len(MATCHED) + 1)


@pytest.mark.parametrize("beginning", ["86dd", "86dd60000000", "8100000186dd", "8100000186dd60000000"])
def test_a_frame_that_ends_before_it_says_what_it_carries_is_no_sdp(beginning: str) -> None:
    """Tagged or not, it is passed over."""
    stub = Step("net", 4000, PEV, EVSE, payload=bytes.fromhex(beginning))

    assert log([*MATCHED, stub]) == SdpLog()


def test_other_datagrams_are_no_sdp() -> None:
    other = replace(
        REQUEST, packet=replace(REQUEST.packet, payload=Udp(5353, 5353, bytes.fromhex("01fe9000000000021000")))
    )

    assert log([*MATCHED, frame(4000, other)]) == SdpLog()


def test_a_long_capture_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are counted; what is listed has an end, and it is said."""
    monkeypatch.setattr(sdp_watch, "MAX_LISTED", 3)
    monkeypatch.setattr(sdp_watch, "MAX_ASKING", 2)
    cars = [MacAddress(PEV[:5] + bytes([n])) for n in range(5)]

    found = log([step for n, car in enumerate(cars) for step in (ask(n, src=car), answer(n + 0.6, to=car))])
    crowd = log([*(ask(n, src=car) for n, car in enumerate(cars)), *(answer(9, to=car) for car in cars)])

    assert (found.requests, found.responses, found.truncated) == (5, 5, True)
    assert (len(found.messages), len(found.pairs), len(found.series)) == (3, 3, 3)
    assert [pair.request.src_mac for pair in crowd.pairs] == cars[:2]


# what belongs to an attempt -------------------------------------------------------------------------------------------


def test_what_follows_a_match_belongs_to_it() -> None:
    """Until the next attempt begins; the next match counts for itself."""
    again = shifted([*MATCHED, ask(3000), ask(3250), answer(3300, Security.TLS)], 60_000)

    first, second = analysis([*MATCHED, ask(4000), answer(4010), *again]).attempts

    assert first.sdp is not None
    assert second.sdp is not None
    assert (first.sdp.requests, first.sdp.responses, first.sdp.offered) == (1, 1, (Security.NO_TLS,))
    assert (second.sdp.requests, second.sdp.responses, second.sdp.offered) == (2, 1, (Security.TLS,))
    assert second.sdp.to_first_request == ms(3000 - MATCH_CNF_AT)
    assert (second.sdp.shortest, second.sdp.longest) == (ms(50), ms(50))


def test_without_a_match_there_is_no_sdp_of_an_attempt() -> None:
    """The messages are counted as outside of any."""
    found = analysis([param_req(), ask(100), answer(110)])

    assert found.attempts[0].sdp is None
    assert (found.sdp.requests, found.sdp.responses, found.sdp.outside) == (1, 1, 2)


def test_the_extremes_of_the_latency_are_kept() -> None:
    steps = [*MATCHED, ask(4000), answer(4030), ask(5000), answer(5010), ask(6000), answer(6090)]

    found = the_attempt(steps).sdp

    assert found is not None
    assert (found.shortest, found.longest, found.offered) == (ms(10), ms(90), (Security.NO_TLS,))


def test_a_latency_across_a_clock_set_back_is_none() -> None:
    """The pair keeps what the stamps say; the extremes of the attempt do not."""
    steps = [*MATCHED, ask(4000), answer(1000), ask(1500), answer(1520)]

    found = analyze(records(steps, in_order=True), AT_EVSE)

    (attempt,) = found.attempts
    assert attempt.sdp is not None
    assert (attempt.sdp.shortest, attempt.sdp.longest) == (ms(20), ms(20))
    assert [pair.latency for pair in found.sdp.pairs] == [-ms(3000), ms(20)]
    assert [series.count for series in found.sdp.series] == [2]


def test_a_network_that_shows_after_the_clock_was_set_back_came_up_nobody_knows_when() -> None:
    steps = [*MATCHED, ask(-60_000), answer(-59_990)]

    (attempt,) = analyze(records(steps, in_order=True), AT_EVSE).attempts

    assert attempt.network_proof is not None
    assert "network up, after a time that is not known because the recorder's clock was set back" in attempt.diagnosis
    assert "-61" not in attempt.diagnosis


def test_a_network_that_never_shows_is_not_waited_for_a_negative_time() -> None:
    """What is recorded after a clock was set back has a length that nobody knows."""
    (attempt,) = analyze(records([*MATCHED, answer(-60_000)], in_order=True), AT_EVSE).attempts

    assert "never appeared in it in all that followed (the recorder's clock was set back)" in attempt.diagnosis
    assert "the 20.000 s that followed" in the_attempt([*MATCHED, answer(MATCH_CNF_AT + 20_000)]).diagnosis


def test_the_way_keeps_the_order_of_its_frames_where_the_clock_was_set_back() -> None:
    """The answer follows the request, whatever the stamps say."""
    (attempt,) = analyze(records([*MATCHED, ask(4000), answer(-60_000)], in_order=True), AT_EVSE).attempts

    assert [line.label for line in way_lines(attempt)[1]] == ["network up, first SDP request", "SDP response"]


def test_a_repeated_match_cnf_forgets_nothing() -> None:
    """Requests are counted, and intervals measured, from the first one."""
    again = replace(MATCHED[-1], at=4100)

    found = the_attempt([*MATCHED, ask(4000), again, ask(4250), answer(4260)]).sdp

    assert found is not None
    assert (found.requests, found.to_first_request) == (2, ms(4000 - MATCH_CNF_AT))


@pytest.mark.parametrize(("payload", "kind"), [("0806 0001", "ARP"), ("0800 4500", "IPv4 protocol 0")])
def test_other_ip_proves_a_network_but_is_no_first_frame_of_ipv6(payload: str, kind: str) -> None:
    """ARP and IPv4 of the car: `network_proof` sees them, SDP does not."""
    found = the_attempt([*MATCHED, Step("ip", 4000, PEV, EVSE, payload=bytes.fromhex(payload))])

    assert found.network_proof is not None
    assert found.sdp is not None
    assert (found.network_proof.kind, found.sdp.first_frame) == (kind, None)


REPORT = Ipv6(CAR_IP, Ipv6Address.parse("ff02::16"), Icmpv6(Mldv2Report()), 1, hop_by_hop=ROUTER_ALERT)
LOOKING = Ipv6(CAR_IP, ALL_NODES, Icmpv6(NeighbourSolicitation(target=CAR_IP)), 255)


@pytest.mark.parametrize("packet", [REPORT, LOOKING, REQUEST.packet], ids=["listener's report", "neighbour", "SDP"])
def test_the_car_s_first_frame_is_its_first_of_ipv6(packet: Ipv6) -> None:
    """After CM_SLAC_MATCH.CNF; other hosts do not count, and not what the car said before."""
    dst = multicast_mac(packet.dst)
    early, foreign = frame(1000, Ipv6Frame(dst, PEV, packet)), frame(3000, Ipv6Frame(dst, OTHER_PEV, packet))

    found = the_attempt([*MATCHED, early, foreign, frame(3500, Ipv6Frame(dst, PEV, packet)), ask(4000)]).sdp

    assert found is not None
    assert found.to_first_frame == ms(3500 - MATCH_CNF_AT)


def test_a_computer_that_plays_the_car_has_no_first_frame() -> None:
    """Its chatter needs no network; a real car's controller speaks only in one."""
    steps = [*MATCHED, ask(4000)]

    played = the_attempt(steps, AT_PEV).sdp
    inside = the_attempt(steps, Recorder(Role.PEV_INTERNAL, PEV, PEV_MODEM)).sdp

    assert played is not None
    assert inside is not None
    assert (played.first_frame, inside.first_frame) == (None, len(MATCHED) + 1)


# what is said ---------------------------------------------------------------------------------------------------------


def diagnosis(steps: Steps, recorder: Recorder = AT_EVSE) -> str:
    return the_attempt(steps, recorder).diagnosis


def test_an_answered_request_is_not_worth_a_word() -> None:
    assert "SDP" not in diagnosis([*MATCHED, ask(4000), answer(4010), quiet(9000)])


@pytest.mark.parametrize(
    ("asked", "answered", "said"),
    [
        ([Security.TLS], Security.TLS, "SDP asked for TLS once, and TLS was offered."),
        ([Security.TLS], Security.NO_TLS, "SDP asked for TLS once, and TLS was not offered."),
        ([Security.TLS] * 50 + [Security.NO_TLS], Security.NO_TLS, "SDP asked for TLS 50 times and once without, and"),
    ],
)
def test_tls_that_was_asked_for_is_told(asked: list[Security], answered: Security, said: str) -> None:
    """How often, how often without, and whether the station offered it."""
    requests = [ask(4000 + 250 * n, security) for n, security in enumerate(asked)]

    assert said in diagnosis([*MATCHED, *requests, answer(4010 + 250 * len(asked), answered)])


def test_a_request_that_nobody_answers_is_told() -> None:
    """How many, over what time; on both sides of the line."""
    steps = [*MATCHED, ask(4000), ask(4250), ask(4500), quiet(9000)]

    assert diagnosis(steps).endswith("; nobody answered SDP (3 requests in 500.000 ms).")
    assert diagnosis(steps, AT_PEV).endswith("; nobody answered SDP (3 requests in 500.000 ms).")
    assert diagnosis([*MATCHED, ask(4000), quiet(4250)]).endswith("; nobody answered SDP (1 request).")


def test_tls_without_an_answer_is_not_refused() -> None:
    """Nothing was offered, and nothing denied."""
    said = diagnosis([*MATCHED, ask(4000, Security.TLS), quiet(9000)])

    assert said.endswith("; SDP asked for TLS once; nobody answered SDP (1 request).")


@pytest.mark.parametrize(
    ("steps", "recorder"),
    [
        ([*MATCHED, ask(4000), quiet(9000)], AT_LISTENER),
        ([*MATCHED, ask(4000), quiet(4249)], AT_EVSE),
        ([step for step in MATCHED if step.src == EVSE] + [ask(4000), quiet(9000)], AT_EVSE),
        ([*MATCHED, quiet(9000)], AT_EVSE),
    ],
    ids=["a listener", "the recording ends", "one side is heard", "nobody asks"],
)
def test_nothing_is_said_of_an_answer_that_need_not_be_heard(steps: Steps, recorder: Recorder) -> None:
    """A listener does not hear a station's answer to a car; one after the end of a recording may have come."""
    assert "SDP" not in diagnosis(steps, recorder)


def test_a_request_with_another_host_s_address_is_told() -> None:
    """Its IPv6 address was made of a MAC that is not the sender's: whoever answers, answers somebody else."""
    said = diagnosis([*MATCHED, ask(4000, ip=link_local(OTHER_PEV)), quiet(4100)])

    assert "an SDP request carries another host's address" in said
    assert f"({link_local(OTHER_PEV)} is that of {OTHER_PEV}, the sender is {PEV})" in said
    assert ". " not in said


@pytest.mark.parametrize(
    ("src", "ip"),
    [(PEV, CAR_IP), (PEV, Ipv6Address.parse("fe80::c690:83f3:fbcb:980e")), (UNKNOWN_ADDRESS, CAR_IP)],
    ids=["its own", "a random one", "sender lost in a cooked capture"],
)
def test_an_address_that_tells_no_owner_is_nobody_s(src: bytes, ip: Ipv6Address) -> None:
    steps = [*MATCHED, ask(4000, src=MacAddress(src), ip=ip), quiet(4100)]

    assert the_attempt(steps).sdp is not None
    assert "another host" not in diagnosis(steps)


# what is printed ------------------------------------------------------------------------------------------------------


def printed(steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool = False) -> str:
    """What `bench analyze` prints of *steps*."""
    path, out = tmp_path / "made-up.pcapng", io.StringIO()
    with PcapngWriter.open(path) as writer:
        writer.add_interface("plc0")
        for record in records(steps):
            writer.write(record.t, record.octets)
    monkeypatch.setattr("sys.stdout", out)
    run([str(path)], AT_EVSE, as_json=as_json, show_keys=False)
    return out.getvalue()


def words(text: str) -> str:
    """*text* with one space for any run of spaces and line ends."""
    return " ".join(text.split())


def test_the_block_of_an_attempt_shows_sdp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests, answers, latency, security asked and offered, where the station is; the intervals on the way."""
    tls, no_tls = Security.TLS, Security.NO_TLS
    steps = [
        *MATCHED,
        frame(3000, Ipv6Frame(multicast_mac(ALL_NODES), PEV, LOOKING)),
        ask(4000, tls),
        ask(4250, no_tls),
    ]

    text = words(printed([*steps, answer(4262.5)], tmp_path, monkeypatch))

    assert f"SDP 2 requests, 1 of them for TLS, from {CAR_IP}" in text
    assert "1 answer after 12.500 ms: no TLS" in text
    assert f"station at {STATION_IP}, TCP port 61341" in text
    assert "first frame of the car 1.690 s" in text
    assert "first SDP request 2.690 s" in text


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([*MATCHED, quiet(9000)], "SDP no request seen"),
        ([*MATCHED, ask(4000), quiet(9000)], "no answer seen"),
        ([*MATCHED, ask(4000, Security.TLS), ask(4250, Security.TLS)], "SDP 2 requests for TLS, from"),
        ([*MATCHED, answer(4000)], "SDP 1 answer: no TLS"),
        ([*MATCHED, ask(4000, Security(0x42))], "SDP 1 request for 0x42, from"),
        (
            [*MATCHED, ask(4000), answer(4010), ask(5000), answer(5040)],
            "2 answers after 10.000 ms to 40.000 ms: no TLS",
        ),
        ([*MATCHED, ask(4000, ip=link_local(OTHER_PEV))], f"carries the address of {OTHER_PEV}"),
        ([param_req(), ask(100)], "1 SDP message that belongs to no match recorded here."),
        (
            [*MATCHED, frame(4000, replace(REQUEST, packet=replace(REQUEST.packet, payload=Udp(1, 15118, b"x"))))],
            "1 frame to or from the SDP port that cannot be read as SDP, first frame 30",
        ),
    ],
)
def test_what_is_printed_of_sdp(steps: Steps, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said in words(printed(steps, tmp_path, monkeypatch))


def test_json_has_sdp_of_the_capture_and_of_each_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and units of the ground truth; unknown values as numbers."""
    borrowed = ask(4000, Security(0x42), ip=link_local(OTHER_PEV))
    steps = [*MATCHED, borrowed, answer(4012.5, to=OTHER_PEV)]

    found: dict[str, Any] = json.loads(printed(steps, tmp_path, monkeypatch, as_json=True))

    (pair,), (series,) = found["sdp"]["pairs"], found["sdp"]["request_series"]
    assert (pair["latency_ms"], pair["security_requested"], pair["security_offered"]) == (12.5, 0x42, 0x10)
    assert (series["security_text"], series["interval_ms_mean"]) == ("0x42", None)
    assert [message["kind"] for message in found["sdp"]["messages"]] == ["SDP.REQ", "SDP.RES"]
    assert found["outcome"]["sdp_answered"] is True
    (attempt,) = found["slac"]["attempts"]
    assert attempt["sdp"]["first_request_ms_after_match_cnf"] == 2690
    assert attempt["sdp"]["address_of_other_host"]["owner_mac"] == str(OTHER_PEV)
    assert (attempt["sdp"]["security_offered"], attempt["sdp"]["secc_port"]) == ([0x10], 61341)


def test_an_attempt_without_a_match_has_no_sdp_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(printed([param_req()], tmp_path, monkeypatch, as_json=True))

    assert found["slac"]["attempts"][0]["sdp"] is None
    assert (found["sdp"]["requests"], found["outcome"]["sdp_answered"]) == (0, False)
