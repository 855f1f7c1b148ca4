"""What Allure reads: categories that part `failed` from `broken`, the environment, steps and attachments of a test."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from bench.errors import AdapterError, ConfigError, Deviation, Missed, PortError, RigBroken, TooClose
from bench.report.allure_files import CATEGORIES, step_title, write_categories, write_environment
from bench.report.steps import Step
from bench.units import ms, s


def categories_of(status: str, error: BaseException) -> list[str]:
    """Names of the categories that take a test with this end. Allure matches the whole message."""
    kind = type(error)
    message = f"{kind.__module__}.{kind.__qualname__}: {error}"
    return [
        str(category["name"])
        for category in CATEGORIES
        if status in category["matchedStatuses"]  # type: ignore[operator]
        and re.fullmatch(str(category.get("messageRegex", r"[\s\S]*")), message)
    ]


TIMING = Deviation("the car is late", rule="ISO 15118-3 table A.1, TP_EV_SLAC_init, field limits", saw="12 s")
UNMATCHED = Deviation("ioniq was not matched: nobody answered", rule="ISO 15118-3 annex A.9, matching")


@pytest.mark.parametrize(
    ("status", "error", "name"),
    [
        ("failed", TIMING, "The station under test breaks a time limit"),
        ("failed", UNMATCHED, "The station under test was not matched"),
        ("failed", Deviation("wrong RunID", rule="[V2G3-A09-16]"), "The station under test deviates"),
        ("failed", AssertionError("assert 9 == 10\n  where 9 = x"), "The station under test deviates"),
        ("broken", TooClose("too near"), "Too close to call: the margin is within the bench's uncertainty"),
        ("broken", Missed("evse: the interface was down"), "The bench missed frames, so it does not judge"),
        ("broken", AdapterError("evse.adapter: no answer\nis it powered?"), "An adapter does not do its part"),
        ("broken", RigBroken("no pilot"), "The rig is not in order"),
        ("broken", PortError("eth0 is down"), "The rig is not in order"),
        ("broken", ConfigError("rig.toml: a mistake", "and another"), "The rig is not in order"),
        ("broken", KeyError("a slip in the suite"), "The bench cannot judge"),
    ],
)
def test_a_bad_end_belongs_to_exactly_one_category(status, error, name):
    assert categories_of(status, error) == [name]


def test_a_deviation_is_never_in_a_category_of_the_bench():
    assert categories_of("broken", TIMING) == ["The bench cannot judge"]
    assert categories_of("failed", AdapterError("x")) == ["The station under test deviates"]


def test_categories_are_written_where_allure_looks(tmp_path):
    path = write_categories(tmp_path / "allure-results")

    assert path == tmp_path / "allure-results" / "categories.json"
    assert [category["name"] for category in json.loads(path.read_text())] == [c["name"] for c in CATEGORIES]


def test_the_environment_is_a_java_properties_file(tmp_path):
    about = {"rig": "sim", "pev adapter": "MAC-QCA7005-1.1", "path": "C:\\rig", "note": "5 % – ok\nsecond", "a=b": "#1"}

    text = write_environment(tmp_path, about).read_text(encoding="ascii")

    assert text.splitlines() == [
        "rig=sim",
        "pev\\ adapter=MAC-QCA7005-1.1",
        "path=C:\\\\rig",
        "note=5 % \\u2013 ok\\nsecond",
        "a\\=b=\\#1",
    ]


def test_characters_beyond_the_basic_plane_become_surrogates(tmp_path):
    assert write_environment(tmp_path, {"car": "\U0001f697"}).read_text() == "car=\\ud83d\\ude97\n"


@pytest.mark.parametrize(
    ("step", "title"),
    [
        (Step("PEV sounds 10 times", s(1), s(1) + ms(270)), "1.000…1.270 s  PEV sounds 10 times"),
        (Step("Plugged in", 0, 0), "0.000 s  Plugged in"),
        (Step("Key set", ms(-500), ms(-500)), "−0.500 s  Key set"),
    ],
)
def test_a_step_says_when_it_was(step, title):
    assert step_title(step) == title


TEST = """
from bench.report.allure_files import attach, emit_steps
from bench.report.attachments import Attachment, Kind
from bench.report.steps import Step
from bench.units import s

def test_one():
    emit_steps([Step("PEV sounds 10 times", 0, s(1)), Step("attempt failed", s(1), s(1), True)])
    attach([
        Attachment("ladder.svg", Kind.SVG, "<svg/>"),
        Attachment("trace.pcapng", Kind.PCAPNG, bytes([10, 13, 13, 10])),
    ])
"""


def test_allure_gets_steps_and_attachments_of_the_running_test(tmp_path):
    """A real run of pytest with allure-pytest, and its result file read back."""
    (tmp_path / "test_inner.py").write_text(TEST)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--alluredir", "results", "--rootdir", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    (result,) = (json.loads(path.read_text()) for path in (tmp_path / "results").glob("*-result.json"))
    assert [(step["name"], step["status"]) for step in result["steps"]] == [
        ("0.000…1.000 s  PEV sounds 10 times", "passed"),
        ("1.000 s  attempt failed", "failed"),
    ]
    attached = {
        a["name"]: (a["type"], (tmp_path / "results" / a["source"]).read_bytes()) for a in result["attachments"]
    }
    assert attached == {
        "ladder.svg": ("image/svg+xml", b"<svg/>"),
        "trace.pcapng": ("application/vnd.tcpdump.pcap", bytes([10, 13, 13, 10])),
    }
    assert all(a["source"].endswith((".svg", ".pcapng")) for a in result["attachments"])
