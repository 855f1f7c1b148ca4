"""Keys do not appear in reports unless somebody asks for them (--show-keys)."""

from __future__ import annotations

import io
import struct

import pytest
from trace_story import EVSE, EVSE_MODEM, KEY, PEV, RUN, Story, hex_forms, tell_discovery, tell_match

from bench.analysis.intervals import measure
from bench.capture.reader import open_capture
from bench.ids import SecretKey, nid_from_nmk
from bench.mme import (
    REGISTRY,
    CmGetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmReq,
    Frame,
    RawMme,
    VsModuleOperationCnf,
    VsModuleOperationReq,
    VsRdModCnf,
    VsWrModReq,
    encode,
)
from bench.mme.module import ModuleRead, WriteModule
from bench.net import is_ipv6
from bench.report.attachments import attachments_of
from bench.report.ladder import ladder_svg
from bench.report.masking import MARKER, Redactor, key_fields, masked_octets, secrets_of
from bench.report.steps import steps_from_trace
from bench.trace import Direction, FrameSeen, Trace


def seen(octets: bytes) -> FrameSeen:
    """As a port would record *octets*."""
    return Trace().frame(0, "evse", Direction.IN, octets)


def gossip() -> Story:
    """A match after which everybody talks about the key."""
    story = tell_match("evse", "pev")
    for form in hex_forms(KEY):
        story.note("evse", f"it failed with {form}").state("evse", f"holding {form}", form)
    return story


def everything(story: Story, *, show_keys: bool) -> dict[str, bytes]:
    """Every output there is, by name."""
    frames = [(f.t, f.frame) for f in story.trace.frames() if f.frame is not None and f.port == "evse"]
    outputs = {
        attachment.name: attachment.body if isinstance(attachment.body, bytes) else attachment.body.encode()
        for attachment in attachments_of(
            story.trace,
            stations={"pev": "car", "evse": "bench"},
            title=f"with {KEY.hex()}",
            intervals=measure(frames, pev_mac=PEV),
            diagnosis=f"it had {KEY.hex(':')}",
            show_keys=show_keys,
        )
    }
    outputs["steps"] = "\n".join(step.title for step in steps_from_trace(story.trace, show_keys=show_keys)).encode()
    return outputs


@pytest.mark.parametrize(
    "output", ["ladder.svg", "timings.html", "attenuation.svg", "trace.pcapng", "diagnosis.txt", "steps"]
)
def test_no_output_holds_a_key(output):
    body = everything(gossip(), show_keys=False)[output]

    assert KEY not in body
    assert not [form for form in hex_forms(KEY) if form.encode() in body]


@pytest.mark.parametrize("output", ["ladder.svg", "trace.pcapng", "diagnosis.txt", "steps"])
def test_every_output_holds_the_key_if_asked(output):
    """The same outputs with --show-keys, so that the test above cannot pass by saying nothing."""
    body = everything(gossip(), show_keys=True)[output]

    assert KEY in body or KEY.hex().encode() in body or KEY.hex(":").encode() in body


@pytest.mark.parametrize("form", hex_forms(KEY))
def test_a_ladder_drawn_alone_holds_no_key_either(form):
    told = ladder_svg(tell_match().trace, {"evse": "bench"}, f"title {form}", verdict=f"verdict {form}", failed=True)

    assert form not in told
    assert told.count("5e…5f") >= 3


def test_the_messages_that_carry_a_key_are_found_by_their_field_types():
    names = {kind.name: fields for kind, fields in key_fields().items()}

    assert names == {
        "CM_SET_KEY.REQ": ("nmk",),
        "CM_SLAC_MATCH.CNF": ("nmk",),
        "CM_GET_KEY.CNF": ("key",),
        "VS_SET_KEY.REQ": ("nmk", "dak"),
    }


@pytest.mark.parametrize("kind", [CmSetKeyReq, CmSlacMatchCnf, CmGetKeyCnf])
def test_a_masked_frame_differs_in_the_key_only(kind):
    (field,) = key_fields()[kind]
    octets = encode(Frame(PEV, EVSE, kind(nid=nid_from_nmk(KEY), **{field: KEY})))

    masked = masked_octets(seen(octets))

    assert masked == octets.replace(KEY, MARKER)
    assert masked != octets


def test_other_frames_are_left_as_they_are():
    octets = encode(Frame(PEV, EVSE, CmSlacParmReq(run_id=RUN)))

    assert masked_octets(seen(octets), [KEY]) == octets


@pytest.mark.parametrize("tag", [b"", bytes.fromhex("8100 0005")])
@pytest.mark.parametrize("cut", [2, 15])
def test_a_frame_that_cannot_be_decoded_is_blanked_from_the_key_on(cut, tag):
    """Truncated, but long enough to hold a part of the key."""
    whole = encode(Frame(PEV, EVSE, CmSlacMatchCnf(nmk=KEY), tag=tag, trailer=b""))
    torn = whole[:-cut]
    at = whole.index(KEY)

    masked = masked_octets(seen(torn))

    assert seen(torn).frame is None
    assert masked == torn[:at] + bytes(len(torn) - at)


def test_a_message_of_unusual_version_is_blanked_too():
    """MMV 0 makes it a RawMme: the codec does not know where its fields are."""
    octets = bytearray(encode(Frame(PEV, EVSE, CmSlacMatchCnf(nmk=KEY))))
    octets[14] = 0
    entry = seen(bytes(octets))
    assert isinstance(entry.mme, RawMme)

    assert KEY not in masked_octets(entry)


def test_a_known_key_is_masked_wherever_it_stands():
    """A vendor message that nobody has described yet, with the key of this match in the middle."""
    trace = tell_match().trace
    octets = encode(Frame(PEV, EVSE, RawMme(0xA068, b"abc" + KEY + b"def")))

    masked = masked_octets(trace.frame(0, "evse", Direction.IN, octets), secrets_of(trace))

    assert masked == octets.replace(KEY, MARKER)


def test_a_key_of_zeros_is_no_secret():
    """CM_SET_KEY.REQ with an all-zero key must not make every run of zeros in the trace a secret."""
    story = Story("evse").asks_modem("evse", CmSetKeyReq())

    assert secrets_of(story.trace) == frozenset()


def test_the_redactor_leaves_other_hexadecimal_alone():
    redact = Redactor(tell_match().trace)

    assert redact(f"{RUN} {KEY.hex()} {EVSE_MODEM}") == f"{RUN} 5e…5f {EVSE_MODEM}"


def test_the_marker_is_as_long_as_a_key():
    assert len(MARKER) == SecretKey.SIZE


# the capture ----------------------------------------------------------------------------------------------------


def pcapng_of(story: Story, tmp_path, *, show_keys: bool = False):
    body = next(
        a.body for a in attachments_of(story.trace, title="a test", show_keys=show_keys) if a.name == "trace.pcapng"
    )
    assert isinstance(body, bytes)
    path = tmp_path / "trace.pcapng"
    path.write_bytes(body)
    with open_capture(path) as capture:
        return list(capture.records()), capture.facts


def test_the_capture_has_every_frame_with_stamp_port_and_direction(tmp_path):
    story = tell_match("evse", "pev")

    records, facts = pcapng_of(story, tmp_path, show_keys=True)

    frames = sorted(story.trace.frames(), key=lambda frame: frame.t)
    assert [(r.t, r.octets, r.outgoing) for r in records] == [
        (f.t, f.octets, f.direction is Direction.OUT) for f in frames
    ]
    assert facts.interfaces == ["evse", "pev"]
    assert facts.resolution_ns == 1


def test_the_masked_capture_has_every_ipv6_frame_as_it_was(tmp_path):
    """SDP carries no keys."""
    story = tell_discovery("evse", "pev").state("evse/sdp", "has answered SDP", "asked").note("pev", "discovered it")

    records, _ = pcapng_of(story, tmp_path)

    sent = [f.octets for f in sorted(story.trace.frames(), key=lambda frame: frame.t) if f.packet is not None]
    assert len(sent) == 6
    assert [r.octets for r in records if is_ipv6(r.octets)] == sent
    assert "evse/sdp: has answered SDP (asked)" in records[-1].comment


def test_a_capture_without_keys_says_so_and_one_with_keys_too(tmp_path):
    _, masked = pcapng_of(tell_match(), tmp_path)
    _, clear = pcapng_of(tell_match(), tmp_path, show_keys=True)

    assert masked.comments == [
        'a test Network keys are replaced by the text "KEY NOT SHOWN"; run with --show-keys to keep them.'
    ]
    assert clear.comments == ["a test Network keys are in clear (--show-keys)."]


def test_a_masked_capture_still_decodes(tmp_path):
    records, _ = pcapng_of(tell_match(), tmp_path)

    confirmed = [seen(r.octets).mme for r in records if isinstance(seen(r.octets).mme, CmSlacMatchCnf)]

    assert [mme.nmk for mme in confirmed] == [bytes(MARKER)]
    assert [mme.nid for mme in confirmed] == [nid_from_nmk(KEY)]


def test_what_happened_between_frames_is_a_comment_on_the_next(tmp_path):
    records, _ = pcapng_of(tell_match(), tmp_path)

    request = next(r for r in records if isinstance(seen(r.octets).mme, CmSlacParmReq))

    assert "pilot at evse: B2 5.0 % (+9.0 V)" in request.comment
    assert "evse: waiting for CM_SLAC_PARM.REQ (car plugged in and asked to talk)" in request.comment
    following = records[records.index(request) + 1]
    assert "evse: serving ()" in following.comment
    assert "pilot" not in following.comment


def test_what_happened_after_the_last_frame_is_told_too(tmp_path):
    records, _ = pcapng_of(tell_match(), tmp_path)

    assert records[-1].comment.splitlines()[0] == "and then"
    assert records[-1].comment.endswith("evse: link up 4000 ms after CM_SLAC_MATCH.CNF")


def test_the_pcapng_of_a_trace_is_the_same_every_time():
    first, second = (everything(tell_match("evse", "pev"), show_keys=False)["trace.pcapng"] for _ in range(2))

    assert first == second
    assert struct.unpack_from("<I", io.BytesIO(first).read(4)) == (0x0A0D0D0A,)


def test_every_message_class_with_a_key_type_is_in_the_registry():
    """A new message that declares a key field is masked without anybody touching the report."""
    declared = {kind for kind in REGISTRY.values() if any("Key" in str(a) for a in kind.__annotations__.values())}

    assert set(key_fields()) == declared


FLASH = b"DAK AND NMK ARE SOMEWHERE IN HERE".ljust(1400, b"!")


@pytest.mark.parametrize(
    "mme",
    [
        VsModuleOperationCnf.of(ModuleRead(offset=1400, data=FLASH)),
        VsModuleOperationReq.of(WriteModule(offset=1400, length=1400, data=FLASH)),
        VsModuleOperationReq(operation=0x77, body=FLASH),
        VsRdModCnf(offset=1024, data=FLASH[:1024]),
        VsWrModReq(offset=1024, data=FLASH[:1024]),
    ],
    ids=["read", "written", "by an unknown operation", "read, old", "written, old"],
)
def test_what_is_in_an_adapters_flash_is_not_shown(mme) -> None:
    """At the same length, and the rest of the message as it was."""
    octets = encode(Frame(EVSE_MODEM, EVSE, mme))

    masked = masked_octets(seen(octets))

    assert b"SOMEWHERE" not in masked
    assert b"!!" not in masked
    assert len(masked) == len(octets)
    assert masked[:25] == octets[:25]
    if hasattr(mme, "offset"):
        assert seen(masked).mme.offset == mme.offset


def test_flash_in_a_frame_that_cannot_be_decoded_is_not_shown_either() -> None:
    octets = encode(Frame(EVSE_MODEM, EVSE, VsRdModCnf(data=FLASH[:1024])))[:500]
    assert seen(octets).mme is None

    assert b"SOMEWHERE" not in masked_octets(seen(octets))
