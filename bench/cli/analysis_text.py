"""`bench analyze` for a person: a block per attempt, fit for 80 columns, coloured on a terminal only."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from bench.analysis import Attempt, CaptureNotes, Engine, Finding, Outcome, Recorder, Role, SetKey
from bench.analysis.as_json import run_id_ascii, run_id_is_mac, utc
from bench.analysis.hygiene import YEAR_2000
from bench.analysis.way_json import note_on_clock
from bench.capture import CaptureFacts, CaptureFile
from bench.cli.analysis_rows import Row, rows_of
from bench.cli.analysis_sdp import sdp_lines, sdp_notes
from bench.cli.analysis_way import WayLine, way_lines
from bench.units import show, to_s

WIDTH = 80
MAX_FRAMES_LISTED = 6

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"

WHERE = {
    Role.PEV: "on the car's side",
    Role.EVSE: "on the charger's side",
    Role.LISTENER: "by a listener beside car and charger",
    Role.PEV_INTERNAL: "inside the car",
}
VERDICTS = {
    Outcome.MATCHED_NETWORK_CONFIRMED: "MATCHED, NETWORK UP",
    Outcome.MATCHED_NETWORK_NOT_CONFIRMED: "MATCHED, BUT NO NETWORK SEEN",
    Outcome.NO_PARAM_CNF: "FAILED: nobody answered",
    Outcome.STOPPED_AFTER_PARAM_CNF: "FAILED: answered, but the car did not go on",
    Outcome.NO_SOUNDS: "FAILED: announced, but no sounds",
    Outcome.NO_ATTEN_CHAR_IND: "FAILED: sounds, but no attenuation report",
    Outcome.NO_MATCH_REQ: "FAILED: attenuation reported, but no match asked for",
    Outcome.NO_MATCH_CNF: "FAILED: match asked for, but not confirmed",
    Outcome.ANSWERED_BY_OTHER_EVSE: "NOT OURS: a car at another EVSE, overheard",
    Outcome.CAPTURE_ENDS_DURING_ATTEMPT: "UNKNOWN: the recording ends too early",
    Outcome.FRAGMENT: "UNKNOWN: only a fragment was recorded",
}
GROUPS = {
    Outcome.MATCHED_NETWORK_CONFIRMED: "matched",
    Outcome.MATCHED_NETWORK_NOT_CONFIRMED: "matched without network",
    Outcome.ANSWERED_BY_OTHER_EVSE: "at another EVSE",
    Outcome.CAPTURE_ENDS_DURING_ATTEMPT: "cut off",
    Outcome.FRAGMENT: "in fragments",
}
"""For the count at the end; everything else failed."""


class TextPresentation:
    def __init__(self, out: TextIO, *, show_keys: bool, told: Recorder) -> None:
        self._out = out
        self._show_keys = show_keys
        self._told = told
        self._colours = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._files = 0

    def begin(self, capture: CaptureFile, engine: Engine) -> None:
        self._engine = engine
        self._outcomes: Counter[Outcome] = Counter()
        if self._files:
            self._line()
        self._files += 1
        self._line(self._paint(Path(capture.name).name, BOLD, CYAN))
        for line in _recorded(engine.recorder, self._told):
            self._line(f"  {line}")
        if engine.pilot is not None:
            self._paragraph(f"pilot by {engine.pilot.name}; {note_on_clock(engine.pilot)}")

    def attempt(self, attempt: Attempt) -> None:
        self._outcomes[attempt.outcome] += 1
        after = f"at {to_s(attempt.t_start - self._engine.notes.first_t):.3f} s"
        title = f"── SLAC attempt {attempt.index} "
        where = f" {after}, {_frame_range(attempt)} ──"
        self._line()
        self._line(self._paint(title + "─" * (WIDTH - len(title) - len(where)) + where, DIM))
        self._line("  " + self._paint(VERDICTS[attempt.outcome], BOLD, _colour(attempt.outcome)))
        self._paragraph(attempt.diagnosis)
        self._line()
        self._stations(attempt)
        rows = rows_of(attempt)
        if rows:
            self._line()
            self._line(self._paint(f"    {'interval':<41}{'measured':>21}{'limit':>14}", DIM))
            for row in rows:
                self._row(row)
        zero, way = way_lines(attempt)
        if way:
            self._line()
            self._line(self._paint(_way_header(attempt, zero), DIM))
            for line in way:
                self._way(line)
        if attempt.deviations:
            self._line()
            self._line(self._paint("    deviations", DIM))
            for finding in attempt.deviations:
                self._finding(finding)

    def set_key(self, request: SetKey) -> None:
        """Keys are told with the match they belong to."""

    def end(self, capture: CaptureFile, engine: Engine) -> None:
        notes = engine.notes
        self._line()
        if not notes.frames:
            self._paragraph("No frame in this capture.")
        elif not notes.homeplug_frames:
            self._paragraph("No HomePlug frames in this capture. Was it recorded on the interface of the PLC modem?")
        elif not self._outcomes:
            self._paragraph("HomePlug frames, but none of SLAC: no car was matched while this was recorded.")
        for line in _about(capture.facts, notes, self._outcomes):
            self._paragraph(line)
        for line in sdp_notes(engine.sdp):
            self._paragraph(line)

    def close(self) -> None:
        self._out.flush()

    def _stations(self, attempt: Attempt) -> None:
        run_id = str(attempt.run_id or "not seen")
        if text := run_id_ascii(attempt.run_id):
            run_id += f'  "{text}"'
        elif run_id_is_mac(attempt):
            run_id += "  (PEV MAC + 0000)"
        self._fact("PEV", str(attempt.pev_mac or "not seen"))
        self._fact("EVSE", str(attempt.evse_mac or "not seen"))
        for other in attempt.evse_candidates:
            if other.evse_mac != attempt.evse_mac:
                heard = "" if other.reported_average_db is None else f", reports {other.reported_average_db:.1f} dB"
                self._fact("", f"{other.evse_mac} answered too{heard}")
        self._fact("RunID", run_id)
        for i, loss in enumerate(_losses(attempt)):
            self._fact("" if i else "loss", loss)
        if key := attempt.key:
            self._fact("key", f"NID {key.nid}, NMK {key.nmk.hex() if self._show_keys else key.nmk}")
        if proof := attempt.network_proof:
            self._fact("proof", f"frame {proof.frame}: {proof.kind} from {proof.mac}")
        for i, line in enumerate(sdp_lines(attempt.sdp)):
            self._fact("" if i else "SDP", line)

    def _fact(self, name: str, value: str) -> None:
        self._line(f"    {self._paint(f'{name:<7}', DIM)}{value}")

    def _row(self, row: Row) -> None:
        line = f"  {'!' if row.exceeded else ' '} {row.label:<41}{row.measured:>21}{row.limit:>14}".rstrip()
        self._line(self._paint(line, YELLOW) if row.exceeded else line)

    def _way(self, line: WayLine) -> None:
        since, took = line.texts
        text = f"  {'>' if line.longest else ' '} {line.label:<41}{since:>21}{took:>14}".rstrip()
        self._line(self._paint(text, BOLD) if line.longest else text)

    def _finding(self, finding: Finding) -> None:
        self._line(f"  {self._paint('!', YELLOW)} {self._paint(finding.code, BOLD)}")
        text = finding.text
        if finding.frames:
            listed = ", ".join(map(str, finding.frames[:MAX_FRAMES_LISTED]))
            more = len(finding.frames) - MAX_FRAMES_LISTED
            frames = "frames" if len(finding.frames) > 1 else "frame"
            text += f" ({frames} {listed}{f' and {more} more' if more > 0 else ''})"
        self._paragraph(text, indent=6)

    def _paragraph(self, text: str, indent: int = 2) -> None:
        margin = " " * indent
        # Addresses and message names stay whole, so that they can be copied and searched.
        self._line(
            textwrap.fill(
                text,
                WIDTH,
                initial_indent=margin,
                subsequent_indent=margin,
                break_on_hyphens=False,
                break_long_words=False,
            )
        )

    def _line(self, text: str = "") -> None:
        self._out.write(text + "\n")

    def _paint(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._colours else text


def _colour(outcome: Outcome) -> str:
    if outcome is Outcome.MATCHED_NETWORK_CONFIRMED:
        return GREEN
    return RED if outcome.failed else YELLOW


def _way_header(attempt: Attempt, zero: str) -> str:
    """*zero*: what the times count from."""
    if attempt.sdp is None:
        return f"    {'control pilot':<41}{f'since {zero}':>21}"
    title = "from the plug to the session" if attempt.pilot else "after the match"
    return f"    {title:<41}{f'since {zero}':>21}{'step':>14}"


def _losses(attempt: Attempt) -> Iterator[str]:
    """Attenuation as the EVSE reports it and as modems measured it, the best hearing first."""
    if reported := attempt.attenuation_reported:
        yield "no groups reported" if reported.average_db is None else f"{reported.average_db:.1f} dB reported"
    for hearer in attempt.modems_hearing_sounds:
        yield f"{hearer.average_db:.1f} dB measured by {hearer.mac}{' (the recorder)' if hearer.local else ''}"


def _frame_range(attempt: Attempt) -> str:
    if attempt.first_frame == attempt.last_frame:
        return f"frame {attempt.first_frame}"
    return f"frames {attempt.first_frame}–{attempt.last_frame}"


def _recorded(recorder: Recorder, told: Recorder) -> list[str]:
    if recorder.role is None and recorder.host is None:
        return ["recorder unknown; tell it with --role, --host and --modem"]
    where = WHERE[recorder.role] if recorder.role else "somewhere"
    who = [f"{name} {mac}" for name, mac in (("host", recorder.host), ("modem", recorder.modem)) if mac]
    lines = [f"recorded {where} ({'as told' if told.role else 'inferred'})"]
    return [*lines, ", ".join(who)] if who else lines


def _counted(outcomes: Counter[Outcome]) -> str:
    """`5 SLAC attempts: 1 matched, 4 failed.`"""
    groups: Counter[str] = Counter()
    for outcome, count in outcomes.items():
        groups[GROUPS.get(outcome, "failed")] += count
    counted = ", ".join(f"{groups[group]} {group}" for group in (*GROUPS.values(), "failed") if groups[group])
    return f"{_number(outcomes.total(), 'SLAC attempt')}: {counted}."


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _about(facts: CaptureFacts, notes: CaptureNotes, outcomes: Counter[Outcome]) -> list[str]:
    """The lines below the attempts: what was read, and what is wrong with the recording."""
    lines = []
    if outcomes:
        lines.append(_counted(outcomes))
    when = f", from {utc(notes.first_t)[:19].replace('T', ' ')} UTC" if notes.first_t >= YEAR_2000 else ""
    span = f"{_number(notes.frames, 'frame')} in {to_s(notes.duration):.3f} s{when}"
    lines.append(f"{facts.format}: {span}, {notes.homeplug_frames} of them HomePlug.")
    if facts.damage:
        lines.append(f"The file is damaged {facts.damage}. What precedes that was analysed.")
    if facts.truncated_tail_bytes:
        lines.append(f"The last record is cut off: {facts.truncated_tail_bytes} octets at the end were left out.")
    if notes.recorder_duplicates:
        lines.append(f"{_number(notes.recorder_duplicates, 'frame')} recorded twice (within 0.5 ms); each counts once.")
    if notes.clock_steps:
        frame, step = notes.clock_steps[0]
        lines.append(
            f"The recorder's clock was set back by {show(-step)} at frame {frame}; intervals across it are wrong."
        )
    elif notes.non_monotonic:
        lines.append(f"{_number(notes.non_monotonic, 'frame')} stamped earlier than the one before.")
    if notes.quantum:
        lines.append(f"The stamps are no finer than {show(notes.quantum)}, and so are the intervals.")
    if notes.artefacts:
        lines.append(f"{_number(notes.artefacts, 'record')} without an Ethernet frame in it.")
    if notes.malformed_count:
        frame, why = notes.malformed[0]
        lines.append(
            f"{_number(notes.malformed_count, 'HomePlug frame')} that cannot be decoded, first frame {frame}: {why}."
        )
    if facts.unstamped_frames:
        lines.append(f"{_number(facts.unstamped_frames, 'frame')} without a time: intervals between them mean nothing.")
    if facts.foreign_frames:
        lines.append(f"{_number(facts.foreign_frames, 'frame')} of interfaces that are no Ethernet left out.")
    return lines
