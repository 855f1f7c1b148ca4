"""tshark's HomePlug dissector, written by others, against `bench.mme.decode`: every field of every SLAC frame.

Frames come from the real captures and from files our own suite writes. What tshark is known to leave out or to show
differently is listed in `NOT_SHOWN` and `Shown`, each with its reason; nothing else may differ.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

import pytest
from real_captures import CAPTURES

from bench.capture import Record, open_capture
from bench.errors import MalformedMme
from bench.ids import MacAddress
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Frame,
    Mme,
    decode,
    encode,
    is_homeplug,
)
from bench.report.pcapng import trace_pcapng
from bench.rig import SutChoice, open_rig
from bench.station import EvseStation
from bench.trace import Direction, Trace
from bench.units import ms, s

PATIENCE_S = 60
ROOT_WARNING = "Running as user "
FIRST_OF_ALL = ("frame.number", "frame.time_epoch", "_ws.malformed", "eth.dst", "eth.src")
MMVER, MMTYPE = "homeplug_av.mmhdr.mmver", "homeplug_av.mmhdr.mmtype"


class Shown(NamedTuple):
    """Where tshark shows a field, and how its text becomes our value."""

    field: str
    read: Callable[[str], object]


def octets(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def number(text: str) -> int:
    return int(text, 0)


def nonce(text: str) -> bytes:
    """tshark prints a nonce as a number, its first octet as the lowest."""
    return number(text).to_bytes(4, "little")


def attenuations(text: str) -> bytes:
    return bytes(number(part) for part in text.split(",") if part)


def gp(message: str, **shown: Callable[[str], object]) -> dict[str, Shown]:
    """Fields of tshark's name space for Green PHY."""
    return {name: Shown(f"homeplug_av.gp.{message}.{name}", read) for name, read in shown.items()}


def our_name(shown: dict[str, Shown], **ours: str) -> dict[str, Shown]:
    """*shown*, each under our name for it: `ours` gives tshark's name where it is another."""
    return {name: shown[theirs] for name, theirs in ours.items()}


PARM = gp(
    "cm_slac_parm",
    apptype=number,
    sectype=number,
    runid=octets,
    sound_target=octets,
    sound_count=number,
    time_out=number,
    resptype=number,
    forwarding_sta=octets,
)
ATTEN = gp(
    "cm_atten_char",
    apptype=number,
    sectype=number,
    source_mac=octets,
    runid=octets,
    source_id=octets,
    resp_id=octets,
    sounds_count=number,
    aag=attenuations,
    result=number,
)
START = gp(
    "cm_start_atten_char",
    sounds_count=number,
    time_out=number,
    resptype=number,
    sound_forwarding_sta=octets,
    runid=octets,
)
SOUND = gp(
    "cm_mnbc_sound", apptype=number, sectype=number, sender_id=octets, countdown=number, runid=octets, rnd=octets
)
PROFILE = gp("cm_atten_profile_ind", pev_mac=octets, aag=attenuations)
VALIDATE = gp("cm_validate", signaltype=number, timer=number, result=number, togglenum=number)
MATCH = gp(
    "cm_slac_match",
    apptype=number,
    sectype=number,
    length=number,
    pev_id=octets,
    pev_mac=octets,
    evse_id=octets,
    evse_mac=octets,
    runid=octets,
    nid=octets,
    nmk=octets,
)
HEAD = {"application_type": "apptype", "security_type": "sectype"}
ENDS = {name: name for name in ("pev_id", "pev_mac", "evse_id", "evse_mac")}
MATCHED = {**HEAD, "mvf_length": "length", **ENDS, "run_id": "runid"}
CHARACTER = {**HEAD, "source_address": "source_mac", "run_id": "runid", "source_id": "source_id", "resp_id": "resp_id"}


def nw_info(**ours: tuple[str, Callable[[str], object]]) -> dict[str, Shown]:
    return {name: Shown(f"homeplug_av.nw_info.{theirs}", read) for name, (theirs, read) in ours.items()}


KEY_EXCHANGE = nw_info(
    my_nonce=("my_nonce", nonce),
    your_nonce=("your_nonce", nonce),
    pid=("pid", number),
    prn=("prn", number),
    pmn=("pmn", number),
    cco_capability=("cco_cap", number),
)

FIELDS: dict[type[Mme], dict[str, Shown]] = {
    CmSlacParmReq: our_name(PARM, **HEAD, run_id="runid"),
    CmSlacParmCnf: our_name(
        PARM,
        m_sound_target="sound_target",
        num_sounds="sound_count",
        time_out="time_out",
        resp_type="resptype",
        forwarding_sta="forwarding_sta",
        **HEAD,
        run_id="runid",
    ),
    CmStartAttenCharInd: {
        # tshark shows these two of CM_START_ATTEN_CHAR.IND among the fields of CM_ATTEN_CHAR.
        **our_name(ATTEN, **HEAD),
        **our_name(
            START,
            num_sounds="sounds_count",
            time_out="time_out",
            resp_type="resptype",
            forwarding_sta="sound_forwarding_sta",
            run_id="runid",
        ),
    },
    CmMnbcSoundInd: our_name(SOUND, **HEAD, sender_id="sender_id", cnt="countdown", run_id="runid", rnd="rnd"),
    CmAttenProfileInd: our_name(PROFILE, pev_mac="pev_mac", aag="aag"),
    CmAttenCharInd: our_name(ATTEN, **CHARACTER, num_sounds="sounds_count", aag="aag"),
    CmAttenCharRsp: our_name(ATTEN, **CHARACTER, result="result"),
    CmValidateReq: our_name(VALIDATE, signal_type="signaltype", timer="timer", result="result"),
    CmValidateCnf: our_name(VALIDATE, signal_type="signaltype", toggle_num="togglenum", result="result"),
    CmSlacMatchReq: our_name(MATCH, **MATCHED),
    CmSlacMatchCnf: our_name(MATCH, **MATCHED, nid="nid", nmk="nmk"),
    CmSetKeyReq: {
        **KEY_EXCHANGE,
        **nw_info(key_type=("key_type", number), nid=("nid", octets), new_eks=("peks", number)),
        "nmk": Shown("homeplug_av.cm_set_key_req.nw_key", octets),
    },
    CmSetKeyCnf: {**KEY_EXCHANGE, "result": Shown("homeplug_av.cm_set_key_cnf.result", number)},
}

NOT_SHOWN: dict[tuple[type[Mme], str], str] = {
    (CmSlacParmReq, "cipher_suites"): "tshark reads them only where security_type is not 0, and no station does that",
    (CmSlacParmCnf, "cipher_suite"): "the same",
    (CmMnbcSoundInd, "reserved"): "tshark marks the place of reserved octets and shows no value",
    (CmAttenProfileInd, "reserved"): "tshark skips this octet",
    (CmSlacMatchReq, "reserved"): "tshark marks the place of reserved octets and shows no value",
    (CmSlacMatchCnf, "reserved"): "the same",
    (CmSlacMatchCnf, "reserved2"): "the same",
}

COLUMNS = list(
    dict.fromkeys((*FIRST_OF_ALL, MMVER, MMTYPE, *(shown.field for by in FIELDS.values() for shown in by.values())))
)


def tool(name: str) -> str:
    """Path of a program of Debian's; its absence is a failure, because here nothing may be skipped."""
    found = shutil.which(name)
    if found is None:
        package = "tcpdump" if name == "tcpdump" else "tshark"
        pytest.fail(f"{name} is not installed; as root: apt-get install {package}")
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith(ROOT_WARNING)]
    return lines if done.returncode == 0 else [*lines, f"exit status {done.returncode}"]


def dissected(path: Path) -> dict[int, dict[str, str]]:
    """What tshark says of every HomePlug AV frame of *path*, by frame number; one run."""
    asked = [part for column in COLUMNS for part in ("-e", column)]
    done = run(
        *(tool("tshark"), "-n", "-r", str(path), "-Y", "homeplug-av", "-T", "fields"),
        *("-E", "separator=|", "-E", "aggregator=,", "-E", "occurrence=a", *asked),
    )
    assert complaints(done) == []
    rows = (dict(zip(COLUMNS, line.split("|"), strict=True)) for line in done.stdout.splitlines())
    return {int(row["frame.number"]): row for row in rows}


def differences(number: int, frame: Frame, row: dict[str, str]) -> Iterator[str]:
    """Where tshark's reading of one frame is not ours, in words."""
    if row["_ws.malformed"]:
        yield f"frame {number}: tshark calls it malformed: {row['_ws.malformed']}"
    for column, ours in (("eth.dst", frame.dst), ("eth.src", frame.src)):
        if octets(row[column]) != ours:
            yield f"frame {number}: {column} is {row[column]}, we read {ours}"
    if int(row[MMTYPE] or "0", 0) != frame.mme.mmtype:
        yield f"frame {number}: MMTYPE is {row[MMTYPE]}, we read {frame.mme.name}"
        return
    for name, shown in FIELDS[type(frame.mme)].items():
        ours, text = getattr(frame.mme, name), row[shown.field]
        if text == "" and ours not in (b"", ()):
            yield f"frame {number} {frame.mme.name}: tshark has no {name}, we read {ours!r}"
        elif shown.read(text) != ours:
            yield f"frame {number} {frame.mme.name}: {name} is {text}, we read {ours!r}"


def is_slac(record: Record) -> bool:
    return is_homeplug(record.octets) and type(decode(record.octets).mme) in FIELDS


def compare(path: Path) -> Counter[str]:
    """Compare every SLAC frame of *path*; returns how many there were of each message."""
    rows = dissected(path)
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    with open_capture(path) as capture:
        for record in capture.records():
            if is_homeplug(record.octets) != (record.number in rows):
                wrong.append(f"frame {record.number}: HomePlug AV for one of us only")
            elif is_slac(record):
                frame = decode(record.octets)
                seen[frame.mme.name] += 1
                wrong.extend(differences(record.number, frame, rows[record.number]))
    assert wrong == []
    return seen


# what is compared ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", FIELDS, ids=lambda message: message.name)
def test_every_field_is_compared_or_has_a_reason(message):
    """A field added to a message must find its counterpart here."""
    ours = {field.name for field in fields(message)}
    excused = {name for kind, name in NOT_SHOWN if kind is message}

    assert set(FIELDS[message]) | excused == ours
    assert not set(FIELDS[message]) & excused


def test_real_captures_are_there():
    """In this folder nothing is skipped."""
    assert CAPTURES, "the captures are not beside the repository, in shared/captures"


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_tshark_reads_a_real_capture_as_we_do(path):
    seen = compare(path)

    assert seen.total() > 0


# what our suite writes ----------------------------------------------------------------------------------------------


def matched(choice: SutChoice) -> Trace:
    """What the trace of a match with *choice* under test holds, from plugging in until both ends have their key."""
    setup = open_rig("sim").setup(choice, case="tshark")
    if isinstance(setup.evse, EvseStation):
        setup.pev.plug_in()
        setup.evse.pilot.set_duty_cycle_pct(5.0)
    else:
        setup.own_pev.plug_in()
    setup.run_for(s(20))
    return setup.trace


CHOICES = [
    SutChoice("pair", "pair", ()),
    SutChoice("pev", "hyundai-ioniq28", ()),
    SutChoice("pev", "tesla-modely", ()),
    SutChoice("pev", "seres-3", ()),
    SutChoice("evse", "abb-terra53", ()),
    SutChoice("evse", "alpitronic", ()),
    SutChoice("evse", "compleo-cito", ()),
]


@pytest.fixture(scope="module", params=CHOICES, ids=lambda choice: choice.name)
def trace(request) -> Trace:
    return matched(request.param)


@pytest.mark.parametrize("show_keys", [True, False], ids=["keys in clear", "keys masked"])
def test_tshark_reads_what_we_wrote_as_we_do_and_finds_nothing_malformed(trace, show_keys, tmp_path):
    path = tmp_path / "trace.pcapng"
    path.write_bytes(trace_pcapng(trace, show_keys=show_keys, comment="for the referee"))

    seen = compare(path)

    ports = len({frame.port for frame in trace.frames()})
    assert seen["CM_SLAC_MATCH.CNF"] == ports
    assert seen["CM_MNBC_SOUND.IND"] >= 10 * ports
    assert [number for number, row in dissected(path).items() if row["_ws.malformed"]] == []


def test_frames_keep_their_order_time_and_number(trace, tmp_path):
    """tshark counts as many frames as the trace has and gives them the trace's stamps, to the nanosecond."""
    path = tmp_path / "trace.pcapng"
    path.write_bytes(trace_pcapng(trace))
    ours = {n: seen.t for n, seen in enumerate(trace.frames(), start=1) if is_homeplug(seen.octets)}

    theirs = {n: row["frame.time_epoch"] for n, row in dissected(path).items()}

    assert theirs == {n: f"{t // s(1)}.{t % s(1):09d}" for n, t in ours.items()}


@pytest.mark.parametrize(
    "command",
    [("tshark", "-r"), ("tcpdump", "-n", "-e", "-r"), ("capinfos",)],
    ids=lambda command: command[0],
)
def test_tool_opens_what_we_wrote_without_complaint(trace, command, tmp_path):
    """Nothing on stderr but tshark's warning about root and the line with which tcpdump names the file."""
    path = tmp_path / "trace.pcapng"
    path.write_bytes(trace_pcapng(trace, comment="µ, Ω and “quotes”"))

    done = run(tool(command[0]), *command[1:], str(path))

    assert [line for line in complaints(done) if not line.startswith(f"reading from file {path}")] == []
    assert done.stdout


# the referee can say no ----------------------------------------------------------------------------------------------


def other(value: int | bytes) -> int | bytes:
    return value ^ 1 if isinstance(value, int) else type(value)(bytes([value[0] ^ 1]) + value[1:])


@pytest.mark.parametrize("message", FIELDS, ids=lambda message: message.name)
def test_referee_notices_every_field_that_differs(message, tmp_path):
    """tshark reads one frame; compared with a frame that differs in one field, the referee names that field."""
    groups = {"aag": bytes(range(58))} if "aag" in FIELDS[message] else {}
    frame = Frame(MacAddress(b"\x02\0\0\0\0\1"), MacAddress(b"\x02\0\0\0\0\2"), message(**groups))
    trace = Trace()
    trace.frame(ms(1), "plc0", Direction.IN, encode(frame))
    path = tmp_path / "one.pcapng"
    path.write_bytes(trace_pcapng(trace, show_keys=True))
    (row,) = dissected(path).values()

    assert list(differences(1, frame, row)) == []
    for name in FIELDS[message]:
        mistaken = replace(frame, mme=replace(frame.mme, **{name: other(getattr(frame.mme, name))}))
        (said,) = differences(1, mistaken, row)
        assert f": {name} is " in said


def test_referee_notices_a_malformed_frame(tmp_path):
    """CM_SLAC_PARM.CNF cut in the middle: tshark calls it malformed, and so do we."""
    whole = encode(Frame(MacAddress(bytes(6)), MacAddress(bytes(6)), CmSlacParmCnf()))
    trace = Trace()
    trace.frame(ms(1), "plc0", Direction.IN, whole[:30])
    path = tmp_path / "cut.pcapng"
    path.write_bytes(trace_pcapng(trace))
    (row,) = dissected(path).values()

    assert row["_ws.malformed"]
    with pytest.raises(MalformedMme):
        decode(whole[:30])
