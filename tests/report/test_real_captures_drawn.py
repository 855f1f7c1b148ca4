"""Real recordings become charts too, whatever is in them: the report must not depend on who recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_captures import CAPTURES, capture, needs_captures
from trace_story import Chart, hex_forms

from bench.capture import open_capture
from bench.mme import is_homeplug
from bench.net import is_ipv6
from bench.report.attachments import attachments_of
from bench.report.folding import LINES_SHOWN
from bench.report.ladder import ladder_svg
from bench.report.masking import secrets_of
from bench.report.steps import steps_from_trace
from bench.trace import Direction, Trace

MOST_FRAMES = 1500


def trace_of(path: Path) -> Trace:
    """The first management messages and IPv6 packets of a capture, as if one port had recorded them."""
    trace = Trace()
    with open_capture(path) as opened:
        for record in opened.records():
            if is_homeplug(record.octets) or is_ipv6(record.octets):
                direction = Direction.OUT if record.outgoing else Direction.IN
                trace.frame(record.t, "eth0", direction, record.octets)
            if len(trace.entries) >= MOST_FRAMES:
                break
    return trace


@needs_captures
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name[:60])
def test_every_capture_can_be_drawn_without_its_keys(path):
    trace = trace_of(path)

    attachments = attachments_of(trace, title=path.name)

    text = "".join(a.body for a in attachments if isinstance(a.body, str))
    octets = b"".join(a.body for a in attachments if isinstance(a.body, bytes))
    for key in secrets_of(trace):
        assert key not in octets
        assert not [form for form in hex_forms(key) if form in text]
    for attachment in attachments:
        if attachment.name.endswith(".svg"):
            assert isinstance(attachment.body, str)
            assert len(Chart(attachment.body).arrows()) <= LINES_SHOWN


def test_an_ioniq_is_told_as_it_was():
    """Ioniq at a pyPLC, 2023-05-24: asks twice, is answered twice, sounds ten times, is matched."""
    trace = trace_of(capture("2023-05-24_pyPlc_with_Ioniq93prcSoc"))

    titles = [step.title for step in steps_from_trace(trace)]
    arrows = Chart(ladder_svg(trace)).arrows()
    names = [arrow.name for arrow in arrows]

    assert "PEV sounds 10 times" in titles
    assert "EVSE reports 9.6 dB over 10 sounds" in titles
    assert any(title.startswith("Matched, run 0465650064c30000") for title in titles)
    assert names.count("CM_SLAC_PARM.REQ") == names.count("CM_SLAC_PARM.CNF") == 2
    assert names.count("CM_MNBC_SOUND.IND") == names.count("CM_ATTEN_PROFILE.IND") == 10
    after = arrows[names.index("CM_SLAC_MATCH.CNF") + 1 :]
    assert [arrow.label for arrow in after if not arrow.thin] == [
        "router solicitation  the car's first frame",
        "SDP request  no TLS",
        "SDP response  [fe80::c690:83f3:fbcb:980e]:15118, no TLS",
        "TCP SYN  port 15118",
    ]
    assert "PEV asks by SDP for the station, no TLS, 4.116 s after the match" in titles
