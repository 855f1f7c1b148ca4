"""IPv6 addresses and how they follow from MAC addresses: link-local by EUI-64, groups by their own prefix.

Source: RFC 4291 (addresses, appendix A for EUI-64), RFC 2464 (IPv6 over Ethernet).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Self

from bench.ids import MacAddress, Octets

LINK_LOCAL_PREFIX = bytes.fromhex("fe80000000000000")
SOLICITED_NODE_PREFIX = bytes.fromhex("ff0200000000000000000001ff")
IPV6_MULTICAST = b"\x33\x33"
UNIVERSAL_LOCAL = 0x02
"""The bit of the first octet that EUI-64 inverts."""
EUI64_FILLER = b"\xff\xfe"


class Ipv6Address(Octets):
    """16 octets in network order; as text in the short form, `fe80::1`."""

    SIZE = 16
    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `fe80::e20e:e1ff:feff:d3e2`, without a zone (%eth0). Raises ValueError."""
        try:
            parsed = ipaddress.IPv6Address(text)
        except ValueError:
            parsed = None
        if parsed is None or parsed.scope_id is not None:
            raise ValueError(f"not an IPv6 address: {text!r}; write e.g. fe80::1")
        return cls(parsed.packed)

    def __str__(self) -> str:
        return _text(bytes(self))

    @property
    def is_multicast(self) -> bool:
        return self[0] == 0xFF

    @property
    def is_link_local(self) -> bool:
        """In fe80::/10, whatever the bits behind those ten."""
        return self[0] == 0xFE and self[1] & 0xC0 == 0x80


@lru_cache(maxsize=1024)
def _text(octets: bytes) -> str:
    """Kept, because a link has few hosts and a report names them often."""
    return str(ipaddress.IPv6Address(octets))


UNSPECIFIED = Ipv6Address(bytes(16))
ALL_NODES = Ipv6Address.parse("ff02::1")
"""Where a car sends its SDP request."""
ALL_ROUTERS = Ipv6Address.parse("ff02::2")
ALL_MLDV2_ROUTERS = Ipv6Address.parse("ff02::16")


def link_local(mac: MacAddress) -> Ipv6Address:
    """The link-local address that a host makes of *mac* (EUI-64).

    >>> str(link_local(MacAddress.parse("e0:0e:e1:ff:d3:e2")))
    'fe80::e20e:e1ff:feff:d3e2'
    """
    interface = bytes([mac[0] ^ UNIVERSAL_LOCAL]) + mac[1:3] + EUI64_FILLER + mac[3:]
    return Ipv6Address(LINK_LOCAL_PREFIX + interface)


def mac_of(address: Ipv6Address) -> MacAddress | None:
    """The MAC address that *address* was made of by EUI-64; None where its interface part has not that form.

    Many stations draw a random interface part, so None says nothing against a host.
    """
    if address.is_multicast or address[11:13] != EUI64_FILLER:
        return None
    return MacAddress(bytes([address[8] ^ UNIVERSAL_LOCAL]) + address[9:11] + address[13:])


def multicast_mac(group: Ipv6Address) -> MacAddress:
    """The Ethernet address for *group*: 33:33 and the last four octets. Raises ValueError for no group."""
    if not group.is_multicast:
        raise ValueError(f"{group} is no multicast address; groups begin with ff")
    return MacAddress(IPV6_MULTICAST + group[12:])


def solicited_node(address: Ipv6Address) -> Ipv6Address:
    """The group in which the owner of *address* is asked for."""
    return Ipv6Address(SOLICITED_NODE_PREFIX + address[13:])
