"""How fast `bench analyze` reads long captures, and how much memory it takes.

A real capture is repeated with its time shifted forward until there are 250,000 and 1,000,000 frames (a synthetic one
where no real capture lies beside the repository). Each run is a process of its own, start-up included. tshark, if
installed, filters the same file for HomePlug in the same run, so that the machine cancels out.

    .venv/bin/python benchmarks/bench_analyze.py [CAPTURE]

Targets: 250,000 frames/s at a million frames, peak memory under 150 MB and the same for both sizes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench.capture import PcapngWriter, Record, open_capture
from bench.ids import BROADCAST, MacAddress, Nmk, RunId, nid_from_nmk
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    Mme,
    encode,
)
from bench.units import Ns, ms, s, to_s

SIZES = (250_000, 1_000_000)
TARGET_RATE, TARGET_MB = 250_000, 150
REAL = Path(__file__).resolve().parents[1].parent / "shared" / "captures" / "2023-05-24_pyPlc_with_Ioniq93prcSoc.pcapng"
PAUSE: Ns = s(5)
"""Between two repetitions."""


@dataclass(frozen=True)
class Run:
    """last_line   of what was printed; the whole would count as memory of the next process as it is started"""

    seconds: float
    peak_mb: float
    last_line: bytes


def synthetic() -> list[Record]:
    """One match and 700 frames of a charging session behind it."""
    pev, evse = MacAddress.parse("02:00:00:00:0e:01"), MacAddress.parse("02:00:00:00:05:01")
    run, key = RunId(pev + b"\0\0"), Nmk(bytes(range(16)))
    said: list[tuple[float, MacAddress, MacAddress, Mme]] = [
        (0, evse, BROADCAST, CmSetKeyReq(nid=nid_from_nmk(key), nmk=key)),
        (100, pev, BROADCAST, CmSlacParmReq(run_id=run)),
        (105, evse, pev, CmSlacParmCnf(forwarding_sta=pev, run_id=run)),
        *((200 + 20 * i, pev, BROADCAST, CmStartAttenCharInd(run_id=run)) for i in range(3)),
        *((280 + 20 * i, pev, BROADCAST, CmMnbcSoundInd(cnt=9 - i, run_id=run)) for i in range(10)),
        (480, evse, pev, CmAttenCharInd(source_address=pev, run_id=run, aag=bytes([20] * 58))),
        (520, pev, evse, CmAttenCharRsp(source_address=pev, run_id=run)),
        (1400, pev, evse, CmSlacMatchReq(pev_mac=pev, evse_mac=evse, run_id=run)),
        (1410, evse, pev, CmSlacMatchCnf(pev_mac=pev, evse_mac=evse, run_id=run, nid=nid_from_nmk(key), nmk=key)),
    ]
    frames = [(ms(at), encode(Frame(dst, src, mme))) for at, src, dst, mme in said]
    session = bytes.fromhex("86dd600000000060063f") + bytes(32) + bytes(range(96))
    frames += [(ms(5000 + 50 * i), (evse + pev if i % 2 else pev + evse) + session) for i in range(700)]
    return [Record(number, s(1_700_000_000) + t, octets) for number, (t, octets) in enumerate(frames, 1)]


def repeated(records: Sequence[Record], frames: int, path: Path) -> None:
    """Write *records* again and again, later each time, until there are *frames*."""
    period = records[-1].t - records[0].t + PAUSE
    with PcapngWriter.open(path) as writer:
        writer.add_interface("plc0")
        for i in range(frames):
            turn, which = divmod(i, len(records))
            writer.write(records[which].t + turn * period, records[which].octets)


def timed(command: Sequence[str]) -> Run:
    """Run to the end; wall time and peak resident memory of that process alone."""
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        return Run(seconds, usage.ru_maxrss / 1024, last_line(output))


def last_line(output: IO[bytes]) -> bytes:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - 100_000))
    lines = output.read().splitlines()
    return lines[-1] if lines else b""


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL
    if source.exists():
        with open_capture(source) as capture:
            records = list(capture.records())
        print(f"repeating {source.name}: {len(records)} frames, {to_s(records[-1].t - records[0].t):.1f} s")
    else:
        records = synthetic()
        print(f"repeating a synthetic capture of {len(records)} frames ({source.name} is not there)")
    tshark = shutil.which("tshark")
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for frames in SIZES:
            path = Path(folder) / f"{frames}.pcapng"
            repeated(records, frames, path)
            ours = timed([sys.executable, "-m", "bench.cli", "analyze", "--json", str(path)])
            found = json.loads(b"{" + ours.last_line)
            assert found["capture"]["frames"] == frames
            peaks.append(ours.peak_mb)
            rate = frames / ours.seconds
            attempts = found["outcome"]["slac_attempts"]
            print(
                f"  {frames:>9,} frames, {path.stat().st_size / 1e6:5.0f} MB, {attempts:>5} attempts:"
                f" {ours.seconds:6.2f} s, {rate:>9,.0f} frames/s, peak {ours.peak_mb:.0f} MB"
            )
            if tshark:
                fields = ["-Y", "homeplug-av", "-T", "fields", "-e", "frame.number"]
                peer = timed([tshark, "-r", str(path), *fields])
                print(
                    f"  {'tshark':>9}: {peer.seconds:6.2f} s, {frames / peer.seconds:>9,.0f} frames/s, "
                    f"peak {peer.peak_mb:.0f} MB; we are {peer.seconds / ours.seconds:.1f} times as fast"
                )
            path.unlink()
    if not tshark:
        print("  tshark is not installed: no comparison")
    met = rate >= TARGET_RATE and max(peaks) < TARGET_MB and peaks[-1] - peaks[0] < 5
    print(f"  target {TARGET_RATE:,} frames/s, {TARGET_MB} MB, memory constant: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
