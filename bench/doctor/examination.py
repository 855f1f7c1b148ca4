"""All checks, in the order a person would go: interfaces, capture, adapters, programs, timing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from bench.doctor.adapters import Asked, Survey
from bench.doctor.capture import Libpcap, check_capture, remedy_apart
from bench.doctor.chips import DEFAULT_MACS, waits_for_image
from bench.doctor.findings import Finding, Level
from bench.doctor.interfaces import Kind, Nic, check_interfaces
from bench.doctor.services import check_services
from bench.doctor.system import System
from bench.doctor.timing import check_timing
from bench.doctor.words import ATTACH, pair_line
from bench.errors import PortError


@dataclass(frozen=True, slots=True)
class Examination:
    """asked: whether adapters were asked for at all; not if frames cannot be captured."""

    findings: list[Finding]
    nics: list[Nic]
    survey: Survey
    asked: bool = True

    @property
    def nothing_attached(self) -> bool:
        """Whether everybody was asked and nobody answered."""
        return any(finding.fix == ATTACH for finding in self.findings)


def examine(
    system: System,
    nics: Sequence[Nic],
    ask: Callable[[Iterable[Nic]], Survey],
    *,
    named: bool = False,
    libpcap: Libpcap | None = None,
) -> Examination:
    """nics  the interfaces to look at
    ask      asks for adapters on those that are ready
    named    the user named them, all the others do not matter
    """
    found = check_interfaces(nics, named=named)
    ready = [nic.name for nic in nics if nic.ready]
    tried = [nic.name for nic in nics if nic.ready and (named or nic.kind is not Kind.VETH)]
    capture = check_capture(system, tried, libpcap)
    found += capture
    broken = {finding.subject for finding in capture if finding.level is Level.ERROR}
    able = not broken - set(tried)
    survey = ask(nics) if able else Survey()
    found += check_adapters(survey, asked=able, told=broken)
    concerned = ready if named else [asked.interface for asked in survey.asked if asked.local]
    ipv6 = [nic.name for nic in nics if nic.name in concerned and nic.ipv6]
    found += check_services(system, concerned, candidates=ready, ipv6=ipv6)
    found += check_timing(system)
    return Examination(found, list(nics), survey, able)


def check_adapters(survey: Survey, *, asked: bool, told: Collection[str] = ()) -> list[Finding]:
    """*asked*: whether frames can be captured at all; *told*: interfaces of which is said already that they cannot."""
    if not asked:
        return [
            Finding(
                Level.NOTE,
                "adapters",
                "HomePlug",
                "not asked for: frames cannot be captured",
                "put right what stands under capture, then again: bench doctor",
            )
        ]
    found = [unasked(trouble) for trouble in survey.troubles if trouble.interface not in told]
    local = [adapter for adapter in survey.adapters if adapter.local]
    if not local:
        found.append(Finding(Level.ERROR, "adapters", "HomePlug", "no adapter answers on any interface", ATTACH))
    for adapter in local:
        said = f"{adapter.mac} {adapter.chip} {adapter.firmware}"
        if waits_for_image(adapter.firmware):
            found.append(
                Finding(
                    Level.ERROR,
                    "adapters",
                    adapter.interface,
                    f"{said}: its loader waits for firmware",
                    "give the adapter its firmware and parameters back, or take another one",
                )
            )
        elif adapter.mac in DEFAULT_MACS:
            found.append(
                Finding(
                    Level.WARNING,
                    "adapters",
                    adapter.interface,
                    f"{said}: this address is no device's own, its parameters are missing or damaged",
                    "give it its own parameters back; two adapters with one address cannot be told apart",
                )
            )
        else:
            found.append(Finding(Level.OK, "adapters", adapter.interface, said))
    found += [Finding(Level.OK, "adapters", "pair", pair_line(pair)) for pair in survey.pairs()]
    return found


def unasked(asked: Asked) -> Finding:
    reason, fix = remedy_apart(PortError(asked.trouble.removeprefix(f"{asked.interface}: ")))
    return Finding(Level.ERROR, "adapters", asked.interface, reason, fix)
