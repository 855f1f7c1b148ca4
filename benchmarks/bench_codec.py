"""How fast SLAC messages are decoded and encoded, with scapy's HomePlug layers as measure.

All SLAC messages of the real captures are used (one synthesised match where none lie beside the repository). Each
figure is the median of several runs; ours and scapy's alternate, so that the machine cancels out of the ratio. Both
read the whole frame: addresses, header and every field.

    python -m benchmarks.bench_codec [--json]

Target: decoding at least 15 times as fast as scapy.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.capture import open_capture
from bench.ids import BROADCAST, MacAddress, Nmk, RunId, nid_from_nmk
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Frame,
    Mme,
    decode,
    encode,
    is_homeplug,
)

RUNS, TURNS = 7, 20
"""Runs per figure, and how often one run of ours goes over the messages; scapy goes once."""
TARGET_RATIO = 15
CAPTURES = Path(__file__).resolve().parents[1].parent / "shared" / "captures"

SLAC = (
    CmSlacParmReq,
    CmSlacParmCnf,
    CmStartAttenCharInd,
    CmMnbcSoundInd,
    CmAttenProfileInd,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmValidateReq,
    CmValidateCnf,
    CmSlacMatchReq,
    CmSlacMatchCnf,
)


@dataclass(frozen=True)
class Result:
    """Rates in messages per second."""

    messages: int
    source: str
    decode_per_s: float
    encode_per_s: float
    scapy_decode_per_s: float

    @property
    def ratio(self) -> float:
        return self.decode_per_s / self.scapy_decode_per_s


def captured() -> list[bytes]:
    """Every SLAC message of every capture, as octets."""
    found = []
    for path in sorted(CAPTURES.rglob("*.pcap*")):
        with open_capture(path) as capture:
            homeplug = [record.octets for record in capture.records() if is_homeplug(record.octets)]
        found += [octets for octets in homeplug if isinstance(decode(octets).mme, SLAC)]
    return found


def synthesised() -> list[bytes]:
    """One match as the EVSE's computer hears it, with a profile for each sound."""
    pev, evse = MacAddress.parse("02:00:00:00:0e:01"), MacAddress.parse("02:00:00:00:05:01")
    run, key, groups = RunId(pev + b"\0\0"), Nmk(bytes(range(16))), bytes(range(10, 68))

    def said() -> Iterator[Mme]:
        yield CmSlacParmReq(run_id=run)
        yield CmSlacParmCnf(forwarding_sta=pev, run_id=run)
        yield from [CmStartAttenCharInd(forwarding_sta=pev, run_id=run)] * 3
        for count in range(9, -1, -1):
            yield CmMnbcSoundInd(cnt=count, run_id=run)
            yield CmAttenProfileInd(pev_mac=pev, aag=groups)
        yield CmAttenCharInd(source_address=pev, run_id=run, aag=groups)
        yield CmAttenCharRsp(source_address=pev, run_id=run)
        yield CmSlacMatchReq(pev_mac=pev, evse_mac=evse, run_id=run)
        yield CmSlacMatchCnf(pev_mac=pev, evse_mac=evse, run_id=run, nid=nid_from_nmk(key), nmk=key)

    return [encode(Frame(BROADCAST, pev, mme)) for mme in said()] * 20


def rate(work: Callable[[Any], object], items: Sequence[Any], turns: int = 1) -> float:
    """Items per second of processor time: the machine may have other work."""
    begin = time.process_time()
    for _ in range(turns):
        for item in items:
            work(item)
    return turns * len(items) / (time.process_time() - begin)


def measure() -> Result:
    logging.getLogger("scapy").setLevel(logging.ERROR)
    import scapy.contrib.homepluggp  # noqa: F401  # registers the layers of Green PHY
    from scapy.layers.l2 import Ether

    messages, source = captured(), "real captures"
    if not messages:
        messages, source = synthesised(), "a synthesised match"
    frames = [decode(octets) for octets in messages]
    assert [encode(frame) for frame in frames] == messages
    ours, theirs, encoding = [], [], []
    for _ in range(RUNS):
        ours.append(rate(decode, messages, TURNS))
        theirs.append(rate(Ether, messages))
        encoding.append(rate(encode, frames, TURNS))
    medians = (statistics.median(found) for found in (ours, encoding, theirs))
    return Result(len(messages), source, *medians)


def main() -> int:
    parser = argparse.ArgumentParser(description="decode and encode rate of SLAC messages, against scapy")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    arguments = parser.parse_args()
    result = measure()
    met = result.ratio >= TARGET_RATIO
    if arguments.json:
        print(json.dumps(asdict(result) | {"ratio": result.ratio, "target_ratio": TARGET_RATIO, "runs": RUNS}))
    else:
        print(f"{platform.node()}: {platform.machine()}, Python {platform.python_version()}")
        print(f"{result.messages} SLAC messages of {result.source}, medians of {RUNS} runs")
        print(f"decode       {result.decode_per_s:>9,.0f} /s")
        print(f"encode       {result.encode_per_s:>9,.0f} /s")
        print(f"scapy decode {result.scapy_decode_per_s:>9,.0f} /s")
        print(f"ratio        {result.ratio:>9.0f}     target {TARGET_RATIO}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
