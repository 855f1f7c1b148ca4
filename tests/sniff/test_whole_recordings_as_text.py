"""A whole recording as a person reads it, and as a program does."""

from __future__ import annotations

import io
import json

import pytest
from listening_post import CIVIL, Post

from bench.sim.adapter import ModemRole
from bench.sniff.telling import JsonLines, Lines
from bench.units import s


@pytest.fixture
def post():
    return Post("tplink-tlpa4010p", ModemRole.PEV)


def test_a_person_reads_what_comes_what_came_and_what_did_not(post, tmp_path):
    out = io.StringIO()
    post.told = Lines(out, CIVIL)

    post.record(path=tmp_path / "a.pcapng", within=s(9))

    text = out.getvalue()
    for part in (
        f"post: QCA7420, MAC-QCA7420-1.4.0.20-00-20171027-CS, address {post.modem.mac}\n",
        "  set up as car: slac_enable 1 (pev), cco_mode 1 (never)\n",
        "  not shown: messages of cars (CM_SLAC_PARM.REQ, CM_START_ATTEN_CHAR.IND, CM_MNBC_SOUND.IND, ",
        "      seen in captures: recordings of listeners, 2022-10-26 and 2025-01-21",
        "Recording to ",
        "; keys masked.\n",
        " s  CM_SLAC_MATCH.CNF       ",
        "attempt 1: matched_network_",
        "Ended after 9.0 s: time is over\n",
        "       1 x CM_SLAC_MATCH.CNF\n",
        "Attempts: 1, 1 matched\n",
        "Announced and not seen: nothing\n",
        "Lost: no frames\n",
        f"Recorded: {tmp_path / 'a.pcapng'}\n",
    ):
        assert part in text, part
        text = text[text.index(part) :]
    assert post.network.nmk.hex() not in out.getvalue()


def test_a_program_reads_one_object_a_line(post):
    out = io.StringIO()
    post.told = JsonLines(out, CIVIL, show_keys=False)

    post.record(within=s(9))

    told = [json.loads(line) for line in out.getvalue().splitlines()]
    begin, end = told[0], told[-1]
    assert (begin["event"], begin["role"], begin["keys"]) == ("announced", "pev", "masked")
    assert {each["side"]: each["shown"] for each in begin["statements"]} == {
        "car": False,
        "station": True,
        "own_modem": False,
        "other_modem": True,
        "validation": None,
    }
    assert {each["event"] for each in told[1:-1]} == {"slac", "network", "attempt"}
    (attempt,) = [each for each in told if each["event"] == "attempt"]
    assert attempt["outcome"].startswith("matched")
    assert 0 < attempt["t_s"] < 9
    assert {"message": "CM_SLAC_MATCH.CNF", "direction": "in", "count": 1} in end["messages"]
    assert (end["event"], end["attempts"], end["matched"], end["trouble"]) == ("summary", 1, 1, None)
    assert post.network.nmk.hex() not in out.getvalue()


def test_keys_are_in_clear_where_they_were_asked_for(post):
    out = io.StringIO()
    post.told = JsonLines(out, CIVIL, show_keys=True)

    post.record(within=s(9), show_keys=True)

    told = [json.loads(line) for line in out.getvalue().splitlines()]
    (attempt,) = [each for each in told if each["event"] == "attempt"]
    assert post.network.nmk.hex() in json.dumps(attempt)
    assert told[0]["keys"] == "clear"
