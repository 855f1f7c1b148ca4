"""Interfaces of the kernel for a benchmark: a cable between two namespaces, and programs at its ends.

    with Cable() as cable, Program(cable.near, "evse", "-i", cable.near_if) as peer, inside(cable.far):
        socket = ...                        # lives at the far end for good

Everything is gone when the blocks end, however they end; what is left when this process is killed, the kernel and
`Namespace` take away. Linux only, needs root.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

from bench.drivers.namespace import Namespace, run_ip
from bench.errors import BenchError
from bench.ids import MacAddress

NEAR_MAC, FAR_MAC = MacAddress(b"\x02\0\0\0\xe5\xe1"), MacAddress(b"\x02\0\0\0\x0e\x51")
CLONE_NEWNET = 0x40000000
ENDS_WITHIN_S = 5.0
LAST_WORDS = 1500
"""Characters of a program's output that are shown when it fails."""

_numbers = count()


def unique(stem: str) -> str:
    """A name that no other process and no other call uses; at most 15 characters."""
    name = f"{stem}{os.getpid()}x{next(_numbers)}"
    assert len(name) <= 15, f"{stem!r} is too long a stem"
    return name


class Cable:
    """A veth pair, up, each end in a namespace of its own in which the kernel itself says nothing.

    near, far        names of the namespaces: the station under measurement, and us
    near_if, far_if  names of the interfaces
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self.near_if, self.far_if = unique("bn"), unique("bf")
        try:
            self.near, self.far = self._namespace(), self._namespace()
            # Made inside, so that it goes with the namespaces.
            run_ip(
                *("-n", self.near, "link", "add", self.near_if, "address", str(NEAR_MAC), "type", "veth"),
                *("peer", "name", self.far_if, "address", str(FAR_MAC), "netns", self.far),
            )
            for namespace, interface in ((self.near, self.near_if), (self.far, self.far_if)):
                run_ip("-n", namespace, "link", "set", interface, "addrgenmode", "none", "up")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        self._open.close()

    def _namespace(self) -> str:
        namespace = Namespace(unique("bench"))
        self._open.callback(namespace.close)
        return namespace.name


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Within the block this thread is in *namespace*: a socket opened there stays there."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        _enter(there)
        try:
            yield
        finally:
            _enter(home)


def _enter(namespace: IO[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot enter {namespace.name}: {os.strerror(number)}")


class Program:
    """A program in *namespace*. It ends with the block, with this process at the latest."""

    def __init__(self, namespace: str, *command: str) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, "setpriv", "--pdeathsig", "KILL", *command],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[1],
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, timeout_s: float) -> int:
        """Its exit status. subprocess.TimeoutExpired when it still runs."""
        return self._process.wait(timeout_s)

    def last_words(self) -> str:
        """The end of what it printed."""
        size = self._output.seek(0, os.SEEK_END)
        self._output.seek(max(0, size - LAST_WORDS))
        return self._output.read().decode(errors="replace").strip() or "(it printed nothing)"

    def output(self) -> str:
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def close(self) -> None:
        """Idempotent."""
        for end in (self._process.terminate, self._process.kill):
            if self._process.poll() is None:
                end()
                try:
                    self._process.wait(ENDS_WITHIN_S)
                except subprocess.TimeoutExpired:
                    continue
        self._output.close()


def our_program(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs *module* of benchmarks/ in this Python."""
    return sys.executable, "-m", f"benchmarks.{module}", *arguments


# running a benchmark ------------------------------------------------------------------------------------------------


def run(benchmark: Callable[[], bool], needed: Mapping[str, str]) -> int:
    """Exit status of *benchmark*: 0 aims met or not root, 1 not met, 2 cannot run here, each said in one sentence.

    needed  program or file -> how to get it
    """
    if os.geteuid() != 0:
        print("not run: it makes network interfaces, which needs root: `sudo make bench`")
        return 0
    for program, remedy in ({"ip": "`apt install iproute2`", "setpriv": "`apt install util-linux`"} | needed).items():
        if shutil.which(program) is None:
            print(f"cannot run: {program} is missing: {remedy}")
            return 2
    signal.signal(signal.SIGTERM, _ended)
    try:
        return 0 if benchmark() else 1
    except BenchError as error:
        print(f"cannot run: {error}")
        return 2
    except KeyboardInterrupt:
        print("stopped")
        return 130


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class Progress:
    """How far a benchmark is: one line that is written over on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._tenth = 0

    def at(self, done: int, what: str) -> None:
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K  {100 * done // self._total:3} %  {what}")
            sys.stderr.flush()
        elif 10 * done // self._total > self._tenth:
            self._tenth = 10 * done // self._total
            print(f"  {10 * self._tenth:3} %  {what}", flush=True)

    def clear(self) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
