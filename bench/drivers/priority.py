"""Being woken on time although other programs are busy.

An ordinary process shares its processor: on a busy computer its timers are milliseconds late now and then, which is
much beside the 30 ms between two sounds. Under SCHED_RR it goes before all ordinary ones; the kernel keeps a twentieth
of each second for the others. Linux lets root, CAP_SYS_NICE and whoever has the limit RLIMIT_RTPRIO do so.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOWEST = 1
"""Of the real-time priorities. Enough to go before ordinary programs, and behind the kernel's own threads."""


@contextmanager
def prompt() -> Iterator[bool]:
    """Within the block this thread goes before ordinary programs; gives whether the system allowed it.

    Python's collector of cyclic garbage, which may stop it for milliseconds, waits until the block is left. Programs
    that are started within are ordinary ones. Priority is for Linux; elsewhere that part does not happen.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with _before_ordinary_programs() as allowed:
            yield allowed
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _before_ordinary_programs() -> Iterator[bool]:
    if sys.platform != "linux":
        yield False
        return
    before, usual = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(LOWEST))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, before, usual)
