"""The frames of a trace as a pcapng file, with what else happened as comments on the packets.

Without *show_keys* every network key in it is replaced; the file's comment says so.
"""

from __future__ import annotations

import io

from bench.capture.writer import PcapngWriter
from bench.report.masking import MARKER, Redactor, masked_octets, secrets_of
from bench.trace import Direction, FrameSeen, Note, PilotSeen, StateSeen, Trace
from bench.units import show

MASKED = f'Network keys are replaced by the text "{MARKER[:13].decode()}"; run with --show-keys to keep them.'
IN_CLEAR = "Network keys are in clear (--show-keys)."
LONGEST_COMMENT = 2000


def trace_pcapng(trace: Trace, *, show_keys: bool = False, comment: str = "") -> bytes:
    """*trace* as a capture: an interface per port, stamps in ns of the rig's clock.

    A packet's comment tells what happened since the packet before: pilot, states, notes.
    """
    redact = Redactor(trace, show_keys)
    secrets = frozenset() if show_keys else secrets_of(trace)
    about = " ".join(filter(None, (redact(comment), IN_CLEAR if show_keys else MASKED)))
    stream = io.BytesIO()
    writer = PcapngWriter(stream, comment=about)
    interfaces = {port: writer.add_interface(port) for port in dict.fromkeys(seen.port for seen in trace.frames())}
    happened: list[str] = []
    for entry in sorted(trace.entries, key=lambda entry: entry.t):
        match entry:
            case FrameSeen(t, port, direction):
                octets = entry.octets if show_keys else masked_octets(entry, secrets)
                said = redact("\n".join(happened))[:LONGEST_COMMENT]
                writer.write(t, octets, interfaces[port], outgoing=direction is Direction.OUT, comment=said)
                happened.clear()
            case PilotSeen(t, station, reading):
                happened.append(f"{show(t)} pilot at {station}: {reading}")
            case StateSeen(t, station, state, why):
                happened.append(f"{show(t)} {station}: {state} ({why})")
            case Note(t, who, text):
                happened.append(f"{show(t)} {who}: {text}")
    return stream.getvalue()
