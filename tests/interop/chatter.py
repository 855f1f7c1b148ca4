"""Everything else that talks on an Ethernet: `python chatter.py IF...`, as root, until it is killed.

Router solicitations and mDNS over IPv6, mDNS and ARP over IPv4, LLDP, another maker's powerline frames, and questions
of somebody else's powerline tool. Interfaces may come and go; it says once for each that it has been there.
"""

from __future__ import annotations

import select
import socket
import sys

STRANGER = bytes.fromhex("0200000000cc")
PAUSE_S = 0.004
MDNS = b"\0\0\0\0\0\x01\0\0\0\0\0\0\x05_http\x04_tcp\x05local\0\0\x0c\0\x01"


def ethernet(dst: str, ethertype: int, content: bytes) -> bytes:
    return (bytes.fromhex(dst) + STRANGER + ethertype.to_bytes(2, "big") + content).ljust(60, b"\0")


def ipv6(next_header: int, hops: int, group: str, body: bytes) -> bytes:
    source = bytes.fromhex("fe80000000000000000000fffe0000cc")
    head = b"\x60\0\0\0" + len(body).to_bytes(2, "big") + bytes([next_header, hops])
    return head + source + bytes.fromhex(group) + body


FRAMES = [
    ethernet("333300000002", 0x86DD, ipv6(58, 255, "ff02" + "0" * 27 + "2", b"\x85\0\0\0" + bytes(4))),
    ethernet("3333000000fb", 0x86DD, ipv6(17, 255, "ff02" + "0" * 26 + "fb", b"\x14\xe9\x14\xe9\0\x2c\0\0" + MDNS)),
    ethernet("01005e0000fb", 0x0800, b"\x45\0\0\x40\0\0\0\0\xff\x11\0\0\xa9\xfe\0\xcc\xe0\0\0\xfb" + MDNS),
    ethernet("ffffffffffff", 0x0806, b"\0\x01\x08\0\x06\x04\0\x01" + STRANGER + b"\xa9\xfe\0\xcc" + bytes(10)),
    ethernet("0180c200000e", 0x88CC, b"\x02\x07\x04" + STRANGER + bytes(20)),
    ethernet("ffffffffffff", 0x8912, b"\x01\x70\xa0" + bytes(40)),
    ethernet("ffffffffffff", 0x88E1, b"\0\0\xa0\0\xb0\x52"),
    ethernet("00b052000001", 0x88E1, b"\0\0\xa0\0\xb0\x52"),
    ethernet("ffffffffffff", 0x88E1, b"\x01\xff\xff" + bytes(30)),
]


def main() -> None:
    seen: set[str] = set()
    while True:
        for interface in sys.argv[1:]:
            try:
                with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as door:
                    door.bind((interface, 0))
                    for frame in FRAMES:
                        door.send(frame)
            except OSError:
                continue
            if interface not in seen:
                seen.add(interface)
                print("talking on", interface, flush=True)
        select.select([], [], [], PAUSE_S)


main()
