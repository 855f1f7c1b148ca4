"""Device files that this user may not use, and the group that would give the right.

What a group would put right is told once for all devices, because one command does it; what no group helps with is told
with the device.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.doctor.findings import Finding, Part
from bench.doctor.system import System, User

USER = Part("user")


@dataclass(frozen=True, slots=True)
class Barred:
    """*path* has its first slash. *group*: whose members may use it; empty: nobody but root may."""

    path: str
    group: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def barred(system: System, paths: Iterable[str], *, write_only: bool = False) -> list[Barred]:
    """Those of *paths*, with their first slash, that may not be used. write_only: attributes that cannot be read."""
    may = system.may_write if write_only else system.may_use
    return [Barred(path, system.group_of(path[1:])) for path in paths if not may(path[1:])]


def way_in(one: Barred, user: User) -> str:
    """What to type for the right to use it."""
    if not one.group:
        return "sudo udevadm trigger, or run the bench with sudo"
    if one.group in user.listed:
        return f"log out and in again: this user is in group {one.group}, and this session does not know it yet"
    return f"sudo usermod -aG {one.group} {user.name}, then log out and in again"


def check_groups(user: User, kept_out: Iterable[Barred], *, devices: int) -> list[Finding]:
    """*devices*: how many were looked at; without any there is nothing to say."""
    by_group: dict[str, list[str]] = {}
    for one in kept_out:
        if one.group:
            by_group.setdefault(one.group, []).append(one.name)
    if not by_group:
        return [USER.ok("groups", _all_open(user))] if devices else []
    shown = "; ".join(f"{group} ({', '.join(names)})" for group, names in sorted(by_group.items()))
    later = by_group.keys() & user.listed
    if later == by_group.keys():
        return [
            USER.warning(
                "groups", f"{user.name} is in {shown}, but this session does not know it yet", "log out and in again"
            )
        ]
    missing = ",".join(sorted(by_group.keys() - user.listed))
    return [
        USER.warning(
            "groups",
            f"{user.name} may not use the devices of group {shown}",
            f"sudo usermod -aG {missing} {user.name}, then log out and in again",
        )
    ]


def _all_open(user: User) -> str:
    return "root, who needs none" if user.root else f"{user.name} may use all devices that a bench may need"


def check_modes(part: Part, kept_out: Iterable[Barred]) -> list[Finding]:
    """Where no group would help."""
    names = [one.path for one in kept_out if not one.group]
    if not names:
        return []
    return [
        part.warning(
            "rights",
            f"{', '.join(names)}: root's alone; udev has not given the device to a group",
            "sudo udevadm trigger, or run the bench with sudo",
        )
    ]
