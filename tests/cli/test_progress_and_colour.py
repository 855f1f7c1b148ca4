"""What only a person at a terminal sees: colours, and how far a long file has been read."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from slac_exchange import AT_EVSE, match, param_req, the_attempt

from bench.analysis import Attempt, Engine, Recorder
from bench.capture import CaptureFile, PcapngWriter, open_capture
from bench.cli.analysis_text import TextPresentation
from bench.cli.progress import LARGE, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def capture(tmp_path: Path) -> Iterator[CaptureFile]:
    """A file to begin with; what is shown of it comes from the test."""
    path = tmp_path / "some.pcapng"
    PcapngWriter.open(path).close()
    with open_capture(path) as opened:
        yield opened


def shown(out: io.StringIO, capture: CaptureFile, attempt: Attempt) -> str:
    presentation = TextPresentation(out, show_keys=False, told=Recorder())
    presentation.begin(capture, Engine(AT_EVSE))
    presentation.attempt(attempt)
    return out.getvalue()


@pytest.fixture(autouse=True)
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_success_is_green_and_failure_red_on_a_terminal(capture: CaptureFile) -> None:
    """And what is nobody's failure is neither."""
    assert "\x1b[1;32mMATCHED, NETWORK UP\x1b[0m" in shown(Terminal(), capture, the_attempt(match()))
    assert "\x1b[1;31mFAILED: nobody answered\x1b[0m" in shown(Terminal(), capture, the_attempt([param_req(0)]))


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(capture: CaptureFile, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """no-color.org, and terminals that cannot."""
    monkeypatch.setenv(name, value)

    assert "\x1b" not in shown(Terminal(), capture, the_attempt(match()))


def test_progress_is_drawn_over_itself_and_wiped_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once per percent."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(LARGE)

    progress.looking(LARGE // 100)
    progress.reading(LARGE // 2)
    progress.reading(LARGE // 2 + 1)
    progress.clear()
    progress.clear()

    assert terminal.getvalue().count("\r") == 3
    assert "analysing" in terminal.getvalue()
    assert " 50 %" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(("stream", "size"), [(io.StringIO(), LARGE), (Terminal(), LARGE - 1), (Terminal(), None)])
def test_no_progress_without_a_reader_or_a_need(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, size: int | None
) -> None:
    """stderr is no terminal, the file is small, or it is a pipe of unknown length."""
    monkeypatch.setattr(sys, "stderr", stream)
    progress = Progress(size)

    progress.reading(1)
    progress.clear()

    assert stream.getvalue() == ""
