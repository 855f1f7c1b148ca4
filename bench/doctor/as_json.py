"""The JSON forms. Addresses in lower case with colons, NIDs as hex; there are no keys in them."""

from __future__ import annotations

from typing import Any, TypeAlias

from bench.doctor.adapters import Adapter, Membership, Pair, Survey
from bench.doctor.chips import waits_for_image
from bench.doctor.findings import Finding, fit
from bench.doctor.interfaces import Nic
from bench.doctor.words import ROLES

Json: TypeAlias = dict[str, Any]

ADAPTERS_FORMAT, ADAPTERS_VERSION = "ccs-bench-adapters", 1
DOCTOR_FORMAT, DOCTOR_VERSION = "ccs-bench-doctor", 1


def survey_json(survey: Survey) -> Json:
    return {
        "format": ADAPTERS_FORMAT,
        "version": ADAPTERS_VERSION,
        "interfaces": [
            {
                "name": asked.interface,
                "trouble": asked.trouble or None,
                "adapters": [adapter_json(adapter) for adapter in asked.adapters],
            }
            for asked in survey.asked
        ],
        "skipped": [{"name": name, "reason": reason} for name, reason in survey.skipped],
        "pairs": [pair_json(pair) for pair in survey.pairs()],
    }


def adapter_json(adapter: Adapter) -> Json:
    networks = adapter.networks
    return {
        "mac": str(adapter.mac),
        "local": adapter.local,
        "chip": adapter.chip,
        "device_class": adapter.device_class,
        "firmware": adapter.firmware,
        "loader": waits_for_image(adapter.firmware),
        "networks": None if networks is None else [network_json(each) for each in networks],
    }


def network_json(network: Membership) -> Json:
    return {
        "nid": str(network.nid),
        "snid": network.snid,
        "tei": network.tei,
        "role": ROLES.get(network.role, str(network.role)),
        "cco_mac": str(network.cco_mac),
        "partners": [
            {"mac": str(peer.mac), "tei": peer.tei, "tx_mbps": peer.tx_mbps, "rx_mbps": peer.rx_mbps}
            for peer in network.peers
        ],
    }


def pair_json(pair: Pair) -> Json:
    return {
        "a": {"interface": pair.a.interface, "mac": str(pair.a.mac)},
        "b": {"interface": pair.b.interface, "mac": str(pair.b.mac)},
        "one_network": pair.together,
        "reason": pair.reason,
    }


def doctor_json(findings: list[Finding], nics: list[Nic], survey: Survey) -> Json:
    return {
        "format": DOCTOR_FORMAT,
        "version": DOCTOR_VERSION,
        "fit": fit(findings),
        "findings": [finding_json(finding) for finding in findings],
        "interfaces": [nic_json(nic) for nic in nics],
        "adapters": survey_json(survey),
    }


def finding_json(finding: Finding) -> Json:
    return {
        "level": finding.level.value,
        "check": finding.check,
        "subject": finding.subject,
        "reason": finding.reason,
        "fix": finding.fix or None,
    }


def nic_json(nic: Nic) -> Json:
    return {
        "name": nic.name,
        "kind": nic.kind.value,
        "driver": nic.driver or None,
        "up": nic.up,
        "carrier": nic.carrier,
        "mac": None if nic.mac is None else str(nic.mac),
        "bridge": nic.bridge or None,
        "ipv6": nic.ipv6,
        "fit": nic.fit,
    }
