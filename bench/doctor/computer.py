"""What the bench needs of any computer: kernel, room and right to write, locks, time of day, real-time priority."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from bench.doctor.capture import capabilities
from bench.doctor.findings import Finding, Part
from bench.doctor.holders import locked_by
from bench.doctor.system import System

COMPUTER = Part("computer")
CAP_SYS_NICE = 23
OLDEST_KERNEL = (5, 10)
"""The interface for GPIO lines that libgpiod 2 speaks begins there."""
LITTLE_ROOM, NO_ROOM = 1 << 30, 50 << 20
"""A long run with captures of each test is some hundred MB."""
LOCKS = "run/lock"


def check_computer(system: System, told: Collection[str] = ()) -> list[Finding]:
    """*told*: lock files of which is said elsewhere whether somebody holds them."""
    found = [check_kernel(system), *check_room(system), check_lock_folder(system), *check_held(system, told)]
    return [*found, *check_time_of_day(system), check_real_time(system)]


def check_kernel(system: System) -> Finding:
    release = system.read("proc/sys/kernel/osrelease") or ""
    version = tuple(map(int, re.findall(r"\d+", release)[:2]))
    if not version:
        return COMPUTER.note("kernel", "unknown: /proc/sys/kernel/osrelease cannot be read", "uname -r")
    if version < OLDEST_KERNEL:
        return COMPUTER.warning(
            "kernel",
            f"Linux {release} is older than 5.10: edges on GPIO cannot be measured",
            "sudo apt full-upgrade, or install a newer system",
        )
    return COMPUTER.ok("kernel", f"Linux {release}")


def check_room(system: System) -> Iterator[Finding]:
    """Where results go: the working directory."""
    here = system.here()
    if not system.may_write(here):
        yield COMPUTER.warning(
            "results", f"/{here} is not yours to write to, and a run writes its results there", "cd to your checkout"
        )
    free = system.free(here)
    if free is None:
        return
    shown = f"{free / (1 << 30):.1f} GB free in /{here}"
    if free >= LITTLE_ROOM:
        yield COMPUTER.ok("room", f"{shown} for results")
    else:
        make = COMPUTER.error if free < NO_ROOM else COMPUTER.warning
        yield make("room", f"{shown}: little for results and captures", "rm -r allure-results results; df -h .")


def check_lock_folder(system: System) -> Finding:
    """Where `bench.lock` keeps the locks that let one program use a bench at a time."""
    if system.may_write(LOCKS):
        return COMPUTER.ok("locks", f"in /{LOCKS}")
    what = "may not be written to" if system.exists(LOCKS) else "is not there"
    return COMPUTER.warning(
        "locks",
        f"/{LOCKS} {what}, so they go to the folder for temporary files: that may be another one for each user, and "
        "may be cleared during a long run",
        f"sudo install -d -m 1777 /{LOCKS}",
    )


def check_held(system: System, told: Collection[str] = ()) -> Iterator[Finding]:
    for name in system.children(LOCKS):
        if name in told or not re.fullmatch(r"ccs-bench-.*\.lock", name):
            continue
        if holder := locked_by(system, f"{LOCKS}/{name}"):
            what = name.removeprefix("ccs-bench-").removesuffix(".lock").replace("-", " ", 1)
            reason = f"{what}: by {holder}; what is told here may be its doing"
            yield COMPUTER.note("in use", reason, "wait for its end, then again: bench doctor")


def check_time_of_day(system: System) -> Iterator[Finding]:
    """For dates in reports only: intervals are measured on a clock that nobody sets."""
    said = system.run("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    zone = (system.link("etc/localtime") or "").partition("zoneinfo/")[2] or "UTC"
    if said is None:
        return
    if said.strip() == "yes":
        yield COMPUTER.ok("time of day", f"synchronised, {zone}; no interval depends on it")
    else:
        yield COMPUTER.note(
            "time of day",
            f"not synchronised ({zone}): dates of reports and captures may be wrong, intervals are not",
            "sudo timedatectl set-ntp true",
        )


def check_real_time(system: System) -> Finding:
    """Whether the bench may go before ordinary programs."""
    held = capabilities(system)
    if held is not None and held >> CAP_SYS_NICE & 1:
        return COMPUTER.ok("priority", "may go before other programs (CAP_SYS_NICE)")
    limits = re.search(r"^Max realtime priority\s+(\S+)", system.read("proc/self/limits") or "", re.MULTILINE)
    if limits and limits[1] != "0":
        return COMPUTER.ok("priority", f"may go before other programs (real-time priority up to {limits[1]})")
    return COMPUTER.note(
        "priority",
        "an ordinary program: on a busy computer its timers are late by milliseconds now and then",
        f"echo '{system.user().name} - rtprio 1' | sudo tee /etc/security/limits.d/ccs-bench.conf, "
        "then log out and in again",
    )
