"""The comparison with the baselines as one more result of the Allure report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.report.attachments import Attachment
from bench.report.run_result import write_run_result

NAME = "Timing against the baselines"


def write_comparison_result(results: str | Path, attachments: Sequence[Attachment], *, regressed: bool) -> Path:
    """Write a result and its *attachments* into the Allure results folder *results*, which exists or is made."""
    why = "Intervals have become slower or more scattered; comparison.txt says which." if regressed else ""
    return write_run_result(results, NAME, attachments, epic="Baselines", failed_because=why)
