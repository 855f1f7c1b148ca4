"""Sends HomePlug frames at a rate, a burst each millisecond: `python -m benchmarks.burst_sender IF RATE SECONDS`.

Prints how many it has sent and in how many seconds. Each frame carries its number.
"""

from __future__ import annotations

import socket
import sys
import time

from benchmarks.kernel import FAR_MAC

BURSTS_PER_S = 1000
HEADER = b"\xff" * 6 + FAR_MAC + b"\x88\xe1"
LENGTH = 60


def main(interface: str, rate: int, seconds: int) -> None:
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind((interface, 0))
    send, burst, number = sender.send, rate // BURSTS_PER_S, 0
    begin = time.monotonic()
    for tick in range(seconds * BURSTS_PER_S):
        remaining = begin + tick / BURSTS_PER_S - time.monotonic()
        if remaining > 0:
            time.sleep(remaining)
        for number in range(number, number + burst):  # noqa: B020  # goes on where the last burst ended
            send((HEADER + number.to_bytes(4, "big")).ljust(LENGTH, b"\0"))
        number += 1
    print(number, f"{time.monotonic() - begin:.3f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
