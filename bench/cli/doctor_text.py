"""`bench doctor` for a person: the findings by subject, each with what to do, and how it stands altogether."""

from __future__ import annotations

import os
from collections import Counter
from itertools import groupby
from typing import TextIO

from bench.cli.output import fit_to_width
from bench.doctor.examination import Examination
from bench.doctor.findings import Finding, Level
from bench.doctor.words import ATTACH

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
COLOURS = {Level.OK: GREEN, Level.NOTE: CYAN, Level.WARNING: YELLOW, Level.ERROR: RED}
HANG = 11
"""Where the text of a finding begins, behind two blanks and its level."""


def print_examination(seen: Examination, out: TextIO) -> None:
    colours = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def paint(text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if colours else text

    for check, group in groupby(seen.findings, key=lambda finding: finding.check):
        out.write(paint(check, BOLD) + "\n")
        for finding in group:
            level = finding.level.value
            block = fit_to_width(f"  {level:<9}{finding.subject}: {finding.reason}", HANG - 2)
            out.write(block.replace(level, paint(level, COLOURS[finding.level]), 1) + "\n")
            if finding.fix and finding.fix != ATTACH:
                out.write(fit_to_width(" " * HANG + "→ " + finding.fix, 2) + "\n")
    out.write("\n" + paint(fit_to_width(summary(seen.findings)), BOLD) + "\n")
    if seen.nothing_attached:
        out.write(fit_to_width(ATTACH, 0) + "\n")
    elif not seen.asked:
        out.write(fit_to_width(f"Whether an adapter is attached could not be asked. {ATTACH}", 0) + "\n")


def summary(findings: list[Finding]) -> str:
    counts = Counter(finding.level for finding in findings)
    parts = [
        f"{counts[level]} {level.value}{'s' if counts[level] > 1 else ''}"
        for level in (Level.ERROR, Level.WARNING, Level.NOTE)
        if counts[level]
    ]
    verdict = (
        "This computer is not ready to be a bench" if counts[Level.ERROR] else "This computer is fit to be a bench"
    )
    return f"{verdict}: {', '.join(parts)}." if parts else f"{verdict}."
