"""What a person is told about adapters: lines without colours, to be wrapped by whoever prints them."""

from __future__ import annotations

from collections.abc import Iterator

from bench.doctor.adapters import Adapter, Membership, Pair, Survey
from bench.doctor.chips import DEFAULT_MACS, waits_for_image
from bench.ids import nid_from_nmk, nmk_from_password
from bench.mme.network import ROLE_CCO, ROLE_PROXY_CCO, ROLE_STATION

ROLES = {ROLE_STATION: "station", ROLE_PROXY_CCO: "proxy coordinator", ROLE_CCO: "coordinator"}

ATTACH = (
    "Connect the adapter's Ethernet socket to a USB-Ethernet adapter or the LAN socket of this computer, plug the "
    "adapter into its power, and switch the interface on with `sudo ip link set IF up`. Then ask again: "
    "`bench adapters -i IF`. No adapter at hand? `sudo bench sim up --evse plc0` puts a virtual one on the interface "
    "plc0, to try everything with."
)


def adapter_lines(adapter: Adapter) -> Iterator[str]:
    yield f"{adapter.mac}  {adapter.chip}  {adapter.firmware}"
    place = f"directly on {adapter.interface}" if adapter.local else "heard through the powerline"
    if waits_for_image(adapter.firmware):
        yield f"  {place}; its loader waits for firmware, it cannot be used"
        return
    yield f"  {place}"
    if adapter.mac in DEFAULT_MACS:
        yield "  this address is no device's own: its parameters are missing or damaged"
    if adapter.networks is None:
        yield "  does not tell its network"
    elif not adapter.networks:
        yield "  in no network"
    for network in adapter.networks or ():
        yield from network_lines(network, adapter)


def network_lines(network: Membership, adapter: Adapter) -> Iterator[str]:
    factory = " (the factory's key)" if network.nid == factory_nid() else ""
    role = ROLES.get(network.role, f"role {network.role}")
    count = len(network.peers)
    partners = "no partner" if not count else f"{count} partner{'s' if count > 1 else ''}"
    coordinator = "" if network.cco_mac == adapter.mac else f", coordinator {network.cco_mac}"
    yield f"  network {network.nid}{factory}: {role}, TEI {network.tei}{coordinator}, {partners}"
    for peer in network.peers:
        yield f"    partner {peer.mac}, TEI {peer.tei}, {peer.tx_mbps} / {peer.rx_mbps} Mbit/s out / in"


def factory_nid() -> bytes:
    return nid_from_nmk(nmk_from_password("HomePlugAV"))


def pair_line(pair: Pair) -> str:
    ends = f"{pair.a.interface} and {pair.b.interface}"
    if pair.a.interface == pair.b.interface:
        ends = f"{pair.a.mac} and {pair.b.mac} on {pair.a.interface}"
    verdict = {True: "in one network", False: "not in one network", None: "unknown whether in one network"}
    return f"{ends}: {verdict[pair.together]} ({pair.reason})"


def survey_lines(survey: Survey, *, troubles: bool = True) -> Iterator[str]:
    """One paragraph per interface that was asked, then the pairs, then what was not asked.

    troubles  whether to mention interfaces of which nothing is known but that they could not be asked
    """
    for asked in survey.asked:
        if asked.trouble and not asked.adapters and not troubles:
            continue
        yield asked.interface
        for adapter in asked.adapters:
            yield from (f"  {line}" for line in adapter_lines(adapter))
        if asked.trouble:
            yield f"  {asked.trouble.removeprefix(f'{asked.interface}: ')}"
        elif not asked.adapters:
            yield "  no adapter answers"
    for pair in survey.pairs():
        yield pair_line(pair)
    for name, reason in survey.skipped:
        yield f"{name}: not asked, {reason}"
