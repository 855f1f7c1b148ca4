"""What the judges from outside need: rights, tools, names nobody else uses, and an end to everything that was started.

Nothing here is skipped. What is missing fails the run and says how to get it.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

PACKAGES = {
    "int6k": "plc-utils",
    "int6klist": "plc-utils",
    "plctool": "plc-utils",
    "plcstat": "plc-utils",
    "plcrate": "plc-utils",
    "plcID": "plc-utils",
    "plcget": "plc-utils",
    "plctone": "plc-utils",
    "pev": "plc-utils-extra",
    "evse": "plc-utils-extra",
    "chkpib": "plc-utils-extra",
    "chkpib2": "plc-utils-extra",
    "setpib": "plc-utils-extra",
    "getpib": "plc-utils-extra",
    "modpib": "plc-utils-extra",
    "pibcomp": "plc-utils-extra",
    "chknvm": "plc-utils-extra",
    "chknvm2": "plc-utils-extra",
    "hpavkey": "plc-utils-extra",
    "tshark": "tshark",
    "tcpdump": "tcpdump",
    "ip": "iproute2",
    "ping": "iputils-ping",
    "script": "bsdutils",
    "setpriv": "util-linux",
}
"""Debian's package of each tool."""

LONGEST_S = 20.0
"""For anything that is waited for; a healthy machine needs a fraction of it."""


def require(*tools: str) -> None:
    """Fail with the remedy unless this is root and every one of *tools* is installed."""
    if os.geteuid() != 0:
        pytest.fail("make interop makes network interfaces: run it as root, e.g. `sudo make interop`", pytrace=False)
    if not Path("/dev/net/tun").exists():
        pytest.fail(
            "there is no /dev/net/tun: `modprobe tun`, or start the container with --device /dev/net/tun", pytrace=False
        )
    missing = sorted({PACKAGES[tool] for tool in tools if shutil.which(tool) is None})
    if missing:
        pytest.fail(f"missing Debian packages: `apt install {' '.join(missing)}`", pytrace=False)


_numbers = count()


def unique(stem: str) -> str:
    """A name for an interface or namespace that no other run and no other test uses; at most 15 characters."""
    name = f"{stem}{os.getpid()}x{next(_numbers)}"
    assert len(name) <= 15, f"{stem!r} is too long a stem"
    return name


def run(*command: str, netns: str | None = None, timeout_s: float = LONGEST_S) -> subprocess.CompletedProcess[str]:
    """Run a foreign tool to its end, inside *netns* where given. Its exit status is for the test to judge."""
    inside = ("ip", "netns", "exec", netns) if netns else ()
    return subprocess.run(
        [*inside, *command], capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )


def wait_until(holds: Callable[[], object], what: str, *, timeout_s: float = LONGEST_S) -> None:
    """Look again and again, every 20 ms, until *holds()*. Fails naming *what* was waited for."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s:.0f} s in vain: {what}")
        select.select([], [], [], 0.02)


def interfaces(netns: str | None = None) -> set[str]:
    """Names of the interfaces that exist."""
    where = ("-n", netns) if netns else ()
    listed = run("ip", *where, "-o", "link").stdout.splitlines()
    return {line.split(": ")[1].split("@")[0] for line in listed}


def namespaces() -> set[str]:
    return {line.split()[0] for line in run("ip", "netns").stdout.splitlines()}


def as_at_a_terminal() -> None:
    """A run that was itself started in the background hands on that Ctrl-C and hang-ups are ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Running:
    """A program in the background whose output can be waited for."""

    def __init__(self, *command: str, netns: str | None = None, cwd: Path | None = None) -> None:
        inside = ("ip", "netns", "exec", netns) if netns else ()
        self.text = ""
        """Everything it has printed so far, both streams."""
        self.process = subprocess.Popen(
            [*inside, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=as_at_a_terminal,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self) -> str:
        """What it has printed so far; never waits."""
        assert self.process.stdout is not None
        while chunk := self.process.stdout.read():
            self.text += chunk.decode(errors="replace")
        return self.text

    def wait_for(self, *texts: str, timeout_s: float = LONGEST_S) -> str:
        """Everything printed, once all of *texts* are in it, each behind the one before."""
        deadline = time.monotonic() + timeout_s
        while not self._said(texts):
            ended = self.process.poll() is not None
            if (ended and not self._said(texts)) or time.monotonic() > deadline:
                state = f"ended with {self.process.returncode}" if ended else f"runs since {timeout_s:.0f} s"
                pytest.fail(f"{self.process.args} {state} without saying {' ... '.join(texts)}. It said:\n{self.text}")
            select.select([self.process.stdout], [], [], 0.05)
        return self.text

    def _said(self, texts: tuple[str, ...]) -> bool:
        behind = self.read()
        for text in texts:
            _, found, behind = behind.partition(text)
            if not found:
                return False
        return True

    def wait(self, *, timeout_s: float = LONGEST_S) -> int:
        """Its exit status."""
        wait_until(lambda: (self.read(), self.process.poll())[1] is not None, "its end", timeout_s=timeout_s)
        self.read()
        assert self.process.returncode is not None
        return self.process.returncode

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        """End it and everything it started in its session, gently first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(5)
                break
            except subprocess.TimeoutExpired:
                continue
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(5)


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start("evse", "-i", name, netns=ns)` runs a program in the background and ends it with the test."""
    with ExitStack() as started:

        def start(*command: str, netns: str | None = None, cwd: Path | None = None) -> Running:
            running = Running(*command, netns=netns, cwd=cwd)
            started.callback(running.close)
            return running

        yield start


BENCH = (sys.executable, "-m", "bench.cli")
"""The command `bench` of this checkout."""


@contextmanager
def new_namespace(stem: str = "ns") -> Iterator[str]:
    """A network namespace with a loop-back interface, removed at the end."""
    name = unique(stem)
    run("ip", "netns", "add", name).check_returncode()
    try:
        run("ip", "-n", name, "link", "set", "lo", "up").check_returncode()
        yield name
    finally:
        run("ip", "netns", "delete", name)


@pytest.fixture
def netns() -> Iterator[str]:
    """One network namespace of the test's own."""
    with new_namespace() as name:
        yield name


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No interface and no namespace with a `unique` name outlives its test. Set up first, so it looks last."""
    require("ip")
    yield
    wait_until(lambda: not left(interfaces()), "the test's interfaces to disappear", timeout_s=5)
    wait_until(lambda: not left(namespaces()), "the test's namespaces to disappear", timeout_s=5)


def left(names: set[str]) -> set[str]:
    """Those of *names* that `unique` made in this run."""
    return {name for name in names if f"{os.getpid()}x" in name}
