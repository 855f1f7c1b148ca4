"""A network namespace for the length of a program, gone afterwards however the program ended.

A name made by `ip netns add` is a mount and outlives every process. So a small shell makes it, waits for the end of
its standard input and removes it: when the namespace is closed, and also when this process was killed, because then
the kernel closes the pipe.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

from bench.errors import PortError

KEEPER = """
trap '' INT TERM HUP PIPE
ip netns add "$1" || exit 1
echo made
read -r _
ip netns delete "$1"
"""
REMOVED_WITHIN_S = 5.0


class Namespace:
    """Made by the constructor; PortError if it exists already, without the right to, or without iproute2."""

    def __init__(self, name: str) -> None:
        self.name = name
        # In a session of its own, so that Ctrl-C at the terminal does not reach it.
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "sh", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != "made\n":
            _, said = self._keeper.communicate()
            raise refusal(("netns", "add", name), said)
        try:
            run_ip("-n", name, "link", "set", "lo", "up")
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<namespace {self.name}>"

    def close(self) -> None:
        """Remove it. Idempotent. Processes inside keep running, in a namespace without a name."""
        try:
            with suppress(BrokenPipeError, ValueError):  # It was killed, or has been told before.
                self._keeper.communicate(timeout=REMOVED_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise PortError(f"the network namespace {self.name} is still there after {REMOVED_WITHIN_S:g} s") from None


def run_ip(*arguments: str) -> str:
    """Output of iproute2's `ip`. PortError with what it says and, where known, the remedy."""
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=10)
    except FileNotFoundError:
        raise refusal(arguments, "ip: not found") from None
    if done.returncode != 0:
        raise refusal(arguments, done.stderr)
    return done.stdout


def refusal(arguments: tuple[str, ...], said: str) -> PortError:
    said = " ".join(said.split())
    if "not found" in said:
        return PortError("the program `ip` is missing: install it with `apt install iproute2`")
    if "File exists" in said and arguments[:2] == ("netns", "add"):
        name = arguments[2]
        return PortError(
            f"there is a network namespace {name} already: choose another interface name, "
            f"or remove it with `ip netns delete {name}`"
        )
    if "not permitted" in said or "Permission denied" in said:
        return PortError(f"no right to `ip {' '.join(arguments)}`: run as root, e.g. with sudo")
    return PortError(f"`ip {' '.join(arguments)}` failed: {said}")
