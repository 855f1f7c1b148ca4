"""SDP through the kernel's own IPv6, ports and neighbour discovery: what a program with sockets sees of our stations.

python kernel_sdp.py evcc INTERFACE      # asks until somebody answers, then tries to connect; what it saw, as JSON
python kernel_sdp.py secc INTERFACE      # answers the first request; who asked, as JSON
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from pathlib import Path

PORT = 15118
REQUEST = bytes.fromhex("01fe9000000000021000")
TENTATIVE = 0x40
MOST = 100
"""Requests."""


def own_address(interface: str) -> str:
    """The link-local address of *interface*, once the kernel has made sure that nobody else has it."""
    Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6").write_text("0")
    while True:
        for line in Path("/proc/net/if_inet6").read_text().splitlines():
            octets, _, _, _, flags, name = line.split()
            if name == interface and octets.startswith("fe80") and not int(flags, 16) & TENTATIVE:
                return socket.inet_ntop(socket.AF_INET6, bytes.fromhex(octets))
        time.sleep(0.05)


def evcc(interface: str) -> None:
    index = socket.if_nametoindex(interface)
    own_address(interface)
    asking = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    asking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    asking.settimeout(0.25)
    requests, octets = 0, b""
    while not octets and requests < MOST:
        requests += 1
        asking.sendto(REQUEST, ("ff02::1", PORT, 0, index))
        try:
            octets, sender = asking.recvfrom(2048)
        except TimeoutError:
            continue
    if not octets:
        print(json.dumps({"requests": requests}), flush=True)
        return
    address, port, security, transport = struct.unpack("!16sHBB", octets[8:])
    told = socket.inet_ntop(socket.AF_INET6, address)
    connecting = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    connecting.settimeout(2)
    try:
        connecting.connect((told, port, 0, index))
        outcome = "connected"
    except ConnectionRefusedError:
        outcome = "refused"
    except OSError as error:
        outcome = str(error)
    found = {
        "requests": requests,
        "header": octets[:8].hex(),
        "from": sender[0].partition("%")[0],
        "from_port": sender[1],
        "address": told,
        "port": port,
        "security": security,
        "transport": transport,
        "connection": outcome,
    }
    print(json.dumps(found), flush=True)


def secc(interface: str) -> None:
    address = own_address(interface)
    listening = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    listening.bind(("::", PORT))
    octets, asker = listening.recvfrom(2048)
    body = struct.pack("!16sHBB", socket.inet_pton(socket.AF_INET6, address), 61851, 0x10, 0)
    listening.sendto(bytes.fromhex("01fe900100000014") + body, asker)
    print(json.dumps({"request": octets.hex(), "from": asker[0].partition("%")[0], "address": address}), flush=True)


if __name__ == "__main__":
    {"evcc": evcc, "secc": secc}[sys.argv[1]](sys.argv[2])
