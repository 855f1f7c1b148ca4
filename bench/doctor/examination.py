"""All checks, in the order a person would go: adapters, boards, what keeps them safe, this computer, a rig file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.doctor.adapters import Asked, Survey
from bench.doctor.board import pi_model
from bench.doctor.capture import Libpcap, check_capture, remedy_apart
from bench.doctor.chips import DEFAULT_MACS, waits_for_image
from bench.doctor.computer import check_computer
from bench.doctor.findings import Finding, Level
from bench.doctor.gpio import check_gpio, check_pwm, check_spi, gpio_chips, pwm_chips, spi_nodes
from bench.doctor.guarding import Start, check_boot_unit, check_guardian, check_watchdog, start_guardian
from bench.doctor.holders import lock_file
from bench.doctor.interfaces import Ask, Kind, Nic, check_interfaces
from bench.doctor.rights import barred, check_groups
from bench.doctor.serial_ports import SerialPort, check_serial, serial_ports
from bench.doctor.services import Process, check_services, processes
from bench.doctor.system import System
from bench.doctor.timing import check_timing
from bench.doctor.usb_power import check_usb_power
from bench.doctor.words import ATTACH, pair_line
from bench.drivers.interfaces import ask_interface
from bench.errors import PortError

if TYPE_CHECKING:
    from bench.rig.config import RigConfig


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
    start: Start = start_guardian,
    rig: RigConfig | None = None,
    ask_one: Ask = ask_interface,
) -> Examination:
    """nics  the interfaces to look at; none with a rig that uses none
    ask      asks for adapters on those that are ready
    named    the user named them, all the others do not matter
    start    tries out a guardian
    rig      what it names is looked at as well
    """
    running = list(processes(system))
    seen = Examination([], [], Survey())
    if rig is None or nics:
        seen = examine_adapters(system, nics, ask, running, named=named, libpcap=libpcap)
    found = seen.findings
    model, ports = pi_model(system), serial_ports(system)
    found += check_boards(system, model, ports, running, needed=rig is None)
    found.append(check_guardian(start))
    if model or (rig is not None and drives_something(rig)):
        found.append(check_boot_unit(system))
    if model:
        found.append(check_watchdog(system))
    found += check_timing(system)
    if rig is None:
        found += check_computer(system)
        return seen
    from bench.doctor.rig_file import Looked, check_rig_file
    from bench.rig.devices import locks_of

    found += check_computer(system, told=list(map(lock_file, locks_of(rig))))
    found += check_rig_file(Looked(system, model, ports), rig, ask_one)
    return seen


def examine_adapters(
    system: System,
    nics: Sequence[Nic],
    ask: Callable[[Iterable[Nic]], Survey],
    running: Sequence[Process],
    *,
    named: bool,
    libpcap: Libpcap | None,
) -> Examination:
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
    found += check_services(system, running, concerned, candidates=ready, ipv6=ipv6)
    return Examination(found, list(nics), survey, able)


def drives_something(rig: RigConfig) -> bool:
    """Whether a device of it goes on without its program, and is no mere supply."""
    return rig.rig.driver == "pcap" and any(
        table.driver not in ("manual", "uhubctl", "command") for table in rig.devices().values()
    )


def check_boards(
    system: System, model: str, ports: Sequence[SerialPort], running: Sequence[Process], *, needed: bool
) -> list[Finding]:
    """Serial ports, and on a Raspberry Pi what its header has; the groups that give the right to all of them.

    needed  whether it is worth a word that there is no serial port; a rig file says by itself what it needs
    """
    gpio = list(gpio_chips(system)) if model else []
    pwm = [chip.export for chip in pwm_chips(system)] if model else []
    spi = spi_nodes(system) if model else []
    no_gpio, no_spi, no_pwm = barred(system, gpio), barred(system, spi), barred(system, pwm, write_only=True)
    paths = [port.path for port in ports]
    return [
        *check_serial(system, ports, running, needed=needed),
        *check_gpio(system, model, no_gpio),
        *check_pwm(system, model, no_pwm),
        *check_spi(system, model, no_spi),
        *check_usb_power(system, model),
        *check_groups(
            system.user(),
            [*barred(system, paths), *no_gpio, *no_spi, *no_pwm],
            devices=len([*paths, *gpio, *spi, *pwm]),
        ),
    ]


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
