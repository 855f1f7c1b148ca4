"""A regression beside its test: one page with every interval, and a chart of each that has changed."""

from __future__ import annotations

from collections.abc import Iterator

from bench.regression.judging import Regression
from bench.report.attachments import Attachment, Kind
from bench.report.comparison import comparison_attachments
from bench.report.comparison_overview import overview_svg


def regression_attachments(found: Regression) -> list[Attachment]:
    return list(_attachments(found))


def _attachments(found: Regression) -> Iterator[Attachment]:
    drawn = overview_svg(found.title, found.headline, found.stations, bad=found.found)
    yield Attachment("regression.svg", Kind.SVG, drawn)
    yield from comparison_attachments(found.stations)
    if found.against_stored:
        for one in comparison_attachments(found.against_stored):
            yield Attachment(f"stored-baseline-{one.name}", one.kind, one.body)
