"""Capture files: pcap and pcapng in, pcapng out.

with open_capture("session.pcapng") as capture:
    for record in capture.records():
        ...                              # Record(number, t, octets, outgoing, comment)
    capture.facts                        # format, link type, resolution, what is damaged

with PcapngWriter.open("trace.pcapng") as writer:
    plc = writer.add_interface("evse")
    writer.write(t, octets, plc, outgoing=True, comment="CM_SLAC_PARM.CNF")
"""

from bench.capture.reader import CaptureFile, open_capture
from bench.capture.record import UNKNOWN_ADDRESS, CaptureFacts, LinkType, Record
from bench.capture.writer import PcapngWriter

__all__ = [
    "UNKNOWN_ADDRESS",
    "CaptureFacts",
    "CaptureFile",
    "LinkType",
    "PcapngWriter",
    "Record",
    "open_capture",
]
