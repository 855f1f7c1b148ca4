"""Standard output as it may be: narrow, without arrows, or a pipe whose reader has gone."""

from __future__ import annotations

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

NARROWEST, WIDEST = 60, 100


@contextmanager
def patient_output() -> Iterator[None]:
    """What is printed in the block may not reach anybody, and that is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an arrow that cannot be shown is no reason to fail
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone. Python would complain once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fit_to_width(line: str, hang: int = 2) -> str:
    """*line* broken at blanks; what is continued stands *hang* columns right of where it began."""
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    margin = len(line) - len(line.lstrip())
    if len(line) <= width:
        return line
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=" " * margin,
        subsequent_indent=" " * (margin + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
