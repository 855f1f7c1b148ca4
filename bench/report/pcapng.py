"""The frames of a trace as a pcapng file, with what else happened as comments on the packets.

Without *show_keys* every network key in it is replaced; the file's comment says so.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from bench.capture.writer import PcapngWriter
from bench.report.masking import MARKER, Redactor, masked_octets, secrets_of
from bench.trace import Direction, Entry, FrameSeen, Note, PilotSeen, StateSeen, Trace
from bench.units import show

MASKED = f'Network keys are replaced by the text "{MARKER[:13].decode()}"; run with --show-keys to keep them.'
IN_CLEAR = "Network keys are in clear (--show-keys)."
LONGEST_COMMENT = 2000


def trace_pcapng(trace: Trace, *, show_keys: bool = False, comment: str = "") -> bytes:
    """*trace* as a capture: an interface per port, stamps in ns of the rig's clock.

    A packet's comment tells what happened since the packet before: pilot, states, notes; that of the last one also
    what happened after it.
    """
    redact = Redactor(trace, show_keys)
    secrets = frozenset() if show_keys else secrets_of(trace)
    about = " ".join(filter(None, (redact(comment), IN_CLEAR if show_keys else MASKED)))
    stream = io.BytesIO()
    writer = PcapngWriter(stream, comment=about)
    interfaces = {port: writer.add_interface(port) for port in dict.fromkeys(seen.port for seen in trace.frames())}
    for seen, said in _with_comments(trace.entries):
        octets = seen.octets if show_keys else masked_octets(seen, secrets)
        text = redact("\n".join(said))[:LONGEST_COMMENT]
        writer.write(seen.t, octets, interfaces[seen.port], outgoing=seen.direction is Direction.OUT, comment=text)
    return stream.getvalue()


def _with_comments(entries: Iterable[Entry]) -> list[tuple[FrameSeen, list[str]]]:
    frames: list[tuple[FrameSeen, list[str]]] = []
    happened: list[str] = []
    for entry in entries:
        match entry:
            case FrameSeen():
                frames.append((entry, happened))
                happened = []
            case PilotSeen(t, station, reading):
                happened.append(f"{show(t)} pilot at {station}: {reading}")
            case StateSeen(t, station, state, why):
                happened.append(f"{show(t)} {station}: {state} ({why})")
            case Note(t, who, text):
                happened.append(f"{show(t)} {who}: {text}")
    if frames and happened:
        frames[-1][1].append("and then")
        frames[-1][1].extend(happened)
    return frames
