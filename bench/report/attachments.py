"""Everything that goes beside one test: drawn from its trace, ready to be written or attached."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile, judge_all
from bench.report.after_match import splits_of
from bench.report.after_match_chart import after_match_html
from bench.report.attenuation import attenuation_svg, heard_in
from bench.report.collection import Collection
from bench.report.ladder import ladder_svg
from bench.report.masking import Redactor
from bench.report.pcapng import trace_pcapng
from bench.report.tables import timing_table_html
from bench.trace import Trace
from bench.units import Ns


class Kind(enum.Enum):
    """Media type and file extension."""

    SVG = ("image/svg+xml", "svg")
    HTML = ("text/html", "html")
    TEXT = ("text/plain", "txt")
    PCAPNG = ("application/vnd.tcpdump.pcap", "pcapng")

    @property
    def media_type(self) -> str:
        return self.value[0]

    @property
    def extension(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Attachment:
    """*name* is a file name: messages of tests point to it ("look: ladder.svg")."""

    name: str
    kind: Kind
    body: str | bytes


def attachments_of(
    trace: Trace,
    *,
    stations: Mapping[str, str] | None = None,
    title: str = "",
    intervals: Iterable[Interval] = (),
    profile: Profile = Profile.FIELD,
    uncertainty: Ns = 0,
    diagnosis: str = "",
    show_keys: bool = False,
) -> list[Attachment]:
    """All files of one test, as far as there is something in them.

    ladder.svg, timings.html, after-match.html (where a slow plug-in waits), attenuation.svg, trace.pcapng, and
    diagnosis.txt of one that did not pass.

    stations    names by role or port, as for the ladder
    intervals   that were measured; those *profile* does not pass are marked in the ladder
    diagnosis   why the test did not pass, in a sentence; empty for one that passed
    """
    redact = Redactor(trace, show_keys)
    title, diagnosis = redact(title), redact(diagnosis)
    stations = {key: redact(name) for key, name in (stations or {}).items()}
    measured = list(intervals)
    found: list[Attachment] = []
    if diagnosis:
        found.append(Attachment("diagnosis.txt", Kind.TEXT, diagnosis + "\n"))
    if trace.entries:
        ladder = ladder_svg(
            trace,
            stations,
            title,
            show_keys=show_keys,
            judgements=judge_all(measured, profile, uncertainty),
            verdict=diagnosis,
            failed=bool(diagnosis),
        )
        found.append(Attachment("ladder.svg", Kind.SVG, ladder))
    if measured:
        table = timing_table_html(measured, uncertainty=uncertainty, title=title or "Timing")
        found.append(Attachment("timings.html", Kind.HTML, table))
    this_test = Collection()
    this_test.add(title, measured, pev=stations.get("pev", "pev"), evse=stations.get("evse", "evse"))
    if splits := splits_of(this_test):
        found.append(Attachment("after-match.html", Kind.HTML, after_match_html(splits, title)))
    if heard := heard_in(trace, stations):
        found.append(Attachment("attenuation.svg", Kind.SVG, attenuation_svg(heard, f"Attenuation, {title}")))
    if any(True for _ in trace.frames()):
        found.append(Attachment("trace.pcapng", Kind.PCAPNG, trace_pcapng(trace, show_keys=show_keys, comment=title)))
    return found
