"""tshark's dissectors of IPv6, ICMPv6, UDP and TCP, written by others, against `bench.net.decode`, on every capture.

tshark knows no V2GTP in this version, so the SDP message is compared as the octets of the datagram.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from real_captures import CAPTURES
from test_tshark_referee import complaints, run, tool

from bench.capture import PcapngWriter, open_capture
from bench.ids import MacAddress
from bench.net import (
    ACK,
    PSH,
    SYN,
    Icmpv6,
    Ipv6,
    Ipv6Frame,
    Mldv2Report,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RawIcmpv6,
    RawPayload,
    RouterSolicitation,
    Security,
    Tcp,
    Udp,
    address_claim,
    decode,
    encode,
    is_ipv6,
    link_local,
    neighbour_advertisement,
    neighbour_solicitation,
    sdp_request,
    sdp_response,
    tcp_refusal,
)
from bench.rig import SutChoice, open_rig
from bench.units import ms, s

CAR, STATION = MacAddress.parse("02:00:00:00:0e:01"), MacAddress.parse("02:00:00:00:05:01")
REQUEST = sdp_request(CAR, link_local(CAR), 49152)
RESPONSE = sdp_response(REQUEST, STATION, link_local(STATION), 61341)
SEGMENT = Ipv6Frame(
    STATION,
    CAR,
    Ipv6(
        link_local(CAR),
        link_local(STATION),
        Tcp(49153, 61341, 0x01020304, 0x05060708, PSH | ACK, 0x1000, options=bytes.fromhex("0101080a0000000100000002")),
    ),
)

BAD, GOOD = "0", "1"
"""What tshark shows as checksum.status."""
CHECKS = ("-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "tcp.relative_sequence_numbers:FALSE")


def hosts(frame: Ipv6Frame) -> dict[str, str]:
    packet = frame.packet
    return {
        "eth.src": str(frame.src),
        "eth.dst": str(frame.dst),
        "ipv6.src": str(packet.src),
        "ipv6.dst": str(packet.dst),
        "ipv6.hlim": str(packet.hop_limit),
        "ipv6.flow": f"0x{packet.flow_label:06x}",
    }


def upper(frame: Ipv6Frame) -> dict[str, str]:
    """The fields that tshark must show for what the packet carries, as it prints them."""
    payload = frame.packet.payload
    status = GOOD if not isinstance(payload, RawPayload) and payload.checksum is None else BAD
    if isinstance(payload, Udp):
        body = encode(frame)[62:] if not frame.packet.hop_by_hop else b""
        ports = {"udp.srcport": str(payload.src_port), "udp.dstport": str(payload.dst_port)}
        return {**ports, "udp.checksum.status": status, "udp.payload": body.hex()}
    if isinstance(payload, Tcp):
        return {
            "tcp.srcport": str(payload.src_port),
            "tcp.dstport": str(payload.dst_port),
            "tcp.seq": str(payload.seq),
            "tcp.ack": str(payload.ack),
            "tcp.flags": f"0x{payload.reserved << 8 | payload.flags:04x}",
            "tcp.window_size_value": str(payload.window),
            "tcp.urgent_pointer": str(payload.urgent),
            "tcp.options": payload.options.hex(),
            "tcp.len": str(len(payload.payload)),
            "tcp.checksum.status": status,
        }
    if isinstance(payload, Icmpv6):
        shown = {"icmpv6.type": str(payload.message.kind), "icmpv6.checksum.status": status}
        match payload.message:
            case NeighbourSolicitation(target=target):
                shown["icmpv6.nd.ns.target_address"] = str(target)
            case NeighbourAdvertisement(target=target):
                shown["icmpv6.nd.na.target_address"] = str(target)
            case Mldv2Report(groups=groups):
                shown["icmpv6.mldr.mar.multicast_address"] = ",".join(str(one.group) for one in groups)
            case _:
                pass
        options = () if isinstance(payload.message, Mldv2Report | RawIcmpv6) else payload.message.options
        shown["icmpv6.opt.linkaddr"] = ",".join(
            str(MacAddress(option.body)) for option in options if option.kind in (1, 2)
        )
        return shown
    return {}


COLUMNS = (
    "frame.number",
    "_ws.malformed",
    *("eth.src", "eth.dst", "ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.flow"),
    *("udp.srcport", "udp.dstport", "udp.checksum.status", "udp.payload"),
    *("icmpv6.type", "icmpv6.checksum.status", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address"),
    *("icmpv6.mldr.mar.multicast_address", "icmpv6.opt.linkaddr"),
    *("tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.ack", "tcp.flags", "tcp.window_size_value", "tcp.urgent_pointer"),
    *("tcp.options", "tcp.len", "tcp.checksum.status"),
)


def dissected(path: Path) -> dict[int, dict[str, str]]:
    """What tshark says of every IPv6 frame of *path*, by frame number; one run."""
    asked = [part for column in COLUMNS for part in ("-e", column)]
    done: subprocess.CompletedProcess[str] = run(
        *(tool("tshark"), "-n", *CHECKS, "-r", str(path), "-Y", "ipv6", "-T", "fields"),
        *("-E", "separator=|", "-E", "aggregator=,", "-E", "occurrence=a", *asked),
    )
    assert complaints(done) == []
    rows = (dict(zip(COLUMNS, line.split("|"), strict=True)) for line in done.stdout.splitlines())
    return {int(row["frame.number"]): row for row in rows}


def differences(number: int, frame: Ipv6Frame, row: dict[str, str]) -> list[str]:
    """Where tshark's reading of one frame is not ours, in words."""
    wanted = hosts(frame) | upper(frame)
    wrong = {name: ours for name, ours in wanted.items() if row[name] != ours}
    return [f"frame {number}: {name} is {row[name]}, we read {ours}" for name, ours in wrong.items()]


def compare(path: Path) -> int:
    """Compare every IPv6 frame of *path*; returns how many there were."""
    rows, wrong = dissected(path), []
    with open_capture(path) as capture:
        ours = {record.number: record.octets for record in capture.records() if is_ipv6(record.octets)}
    assert ours.keys() == rows.keys()
    for number, octets in ours.items():
        wrong += differences(number, decode(octets), rows[number])
    assert wrong == []
    return len(ours)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_tshark_reads_the_network_of_a_real_capture_as_we_do(path):
    compare(path)


def written(path: Path, *frames: Ipv6Frame) -> Path:
    with PcapngWriter.open(path) as writer:
        writer.add_interface("plc0")
        for number, frame in enumerate(frames, start=1):
            writer.write(ms(number), encode(frame))
    return path


def test_tshark_finds_nothing_wrong_with_the_sdp_we_write(tmp_path):
    """Fields, lengths and checksums of a request and its response."""
    path = written(tmp_path / "sdp.pcapng", REQUEST, RESPONSE)

    assert compare(path) == 2
    assert [row["_ws.malformed"] for row in dissected(path).values()] == ["", ""]
    assert [row["udp.checksum.status"] for row in dissected(path).values()] == [GOOD, GOOD]


def test_tshark_finds_nothing_wrong_with_neighbours_and_refusals_we_write(tmp_path):
    """Who has this address, I have it, nobody listens there."""
    claim = address_claim(CAR, link_local(CAR))
    question = neighbour_solicitation(CAR, link_local(CAR), link_local(STATION))
    knock = replace(SEGMENT, packet=replace(SEGMENT.packet, payload=replace(SEGMENT.packet.payload, flags=SYN)))
    frames = [
        claim,
        question,
        neighbour_advertisement(question, STATION, link_local(STATION)),
        neighbour_advertisement(claim, STATION, link_local(CAR)),
        tcp_refusal(knock, STATION),
    ]
    path = written(tmp_path / "neighbours.pcapng", *frames)

    assert compare(path) == len(frames)
    assert [row["_ws.malformed"] for row in dissected(path).values()] == [""] * len(frames)
    assert [row["icmpv6.checksum.status"] for row in dissected(path).values()] == [GOOD] * 4 + [""]


@pytest.mark.parametrize("vehicle_id", ["hyundai-ioniq28", "tesla-modely", "audi-q4-2026", "bmw-ix"])
def test_tshark_reads_every_packet_of_a_simulated_session_as_we_do(vehicle_id, tmp_path):
    """Car, station and what both say to their neighbours, from the first frame to the refused connection."""
    path = tmp_path / "session.pcapng"
    with open_rig("sim").setup(SutChoice("pev", vehicle_id, ()), case="tshark") as setup:
        setup.pev.plug_in()
        setup.own_evse.pilot.set_duty_cycle_pct(5.0)
        setup.own_evse.wait_connection()
        setup.run_for(s(1))
        packets = [seen.octets for seen in setup.trace.frames() if seen.packet is not None]
    with PcapngWriter.open(path) as writer:
        writer.add_interface("evse")
        for number, octets in enumerate(packets, start=1):
            writer.write(ms(number), octets)

    assert compare(path) == len(packets) >= 6
    assert not any(row["_ws.malformed"] for row in dissected(path).values())


def test_tshark_reads_the_segments_we_write(tmp_path):
    """A SYN with options, data behind it, and no option at all."""
    opening = replace(SEGMENT.packet.payload, flags=SYN, options=bytes.fromhex("020405a0"))
    bare = replace(SEGMENT.packet.payload, options=b"", payload=b"\x01\xfe\x80\x01")
    frames = [replace(SEGMENT, packet=replace(SEGMENT.packet, payload=one)) for one in (opening, bare)]

    assert compare(written(tmp_path / "tcp.pcapng", *frames, SEGMENT)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        replace(REQUEST.packet, payload=replace(REQUEST.packet.payload, checksum=0x1234)),
        replace(REQUEST.packet, payload=Icmpv6(NeighbourSolicitation(target=link_local(STATION)), checksum=0x1234)),
        replace(SEGMENT.packet, payload=replace(SEGMENT.packet.payload, checksum=0x1234)),
    ],
    ids=["UDP", "ICMPv6", "TCP"],
)
def test_tshark_and_we_see_the_same_wrong_checksum(wrong, tmp_path):
    path = written(tmp_path / "wrong.pcapng", replace(REQUEST, packet=wrong))

    assert compare(path) == 1


# the referee can say no ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mistaken", "column"),
    [
        (replace(REQUEST, src=STATION), "eth.src"),
        (replace(REQUEST, packet=replace(REQUEST.packet, src=link_local(STATION))), "ipv6.src"),
        (replace(REQUEST, packet=replace(REQUEST.packet, hop_limit=3)), "ipv6.hlim"),
        (replace(REQUEST, packet=replace(REQUEST.packet, flow_label=3)), "ipv6.flow"),
        (sdp_request(CAR, link_local(CAR), 49153), "udp.srcport"),
        (sdp_request(CAR, link_local(CAR), 49152, Security.TLS), "udp.payload"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Icmpv6(RouterSolicitation()))), "icmpv6.type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_referee_notices_every_field_that_differs(mistaken, column, tmp_path):
    """tshark reads one frame; compared with a frame that differs in one field, the referee names that field."""
    (row,) = dissected(written(tmp_path / "one.pcapng", REQUEST)).values()

    assert differences(1, REQUEST, row) == []
    assert any(f": {column} is " in said for said in differences(1, mistaken, row))


@pytest.mark.parametrize(
    ("field", "value", "column"),
    [
        ("src_port", 1, "tcp.srcport"),
        ("dst_port", 1, "tcp.dstport"),
        ("seq", 1, "tcp.seq"),
        ("ack", 1, "tcp.ack"),
        ("flags", SYN, "tcp.flags"),
        ("reserved", 1, "tcp.flags"),
        ("window", 1, "tcp.window_size_value"),
        ("urgent", 1, "tcp.urgent_pointer"),
        ("options", b"", "tcp.options"),
        ("payload", b"1", "tcp.len"),
    ],
)
def test_referee_notices_every_field_of_a_segment_that_differs(field, value, column, tmp_path):
    """The same for TCP."""
    mistaken = replace(
        SEGMENT, packet=replace(SEGMENT.packet, payload=replace(SEGMENT.packet.payload, **{field: value}))
    )
    (row,) = dissected(written(tmp_path / "one.pcapng", SEGMENT)).values()

    assert differences(1, SEGMENT, row) == []
    assert any(f": {column} is " in said for said in differences(1, mistaken, row))
