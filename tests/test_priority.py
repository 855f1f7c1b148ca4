"""The bench goes before ordinary programs while it measures, and is an ordinary program again afterwards."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from bench.drivers.priority import prompt

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="scheduling classes are Linux's")
ASK = "import os; print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK)"


@LINUX
def test_within_the_block_it_goes_first_if_it_may_and_afterwards_it_is_as_before() -> None:
    before = os.sched_getscheduler(0)

    with prompt() as allowed:
        within = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK

    assert within == (os.SCHED_RR if allowed else before)
    assert os.sched_getscheduler(0) == before


@LINUX
def test_what_it_starts_is_an_ordinary_program() -> None:
    with prompt():
        child = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)

    assert int(child.stdout) == os.SCHED_OTHER


@LINUX
def test_where_the_system_does_not_allow_it_the_bench_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)

    with prompt() as allowed:
        assert not allowed


def test_no_collection_of_garbage_interrupts_it() -> None:
    with prompt():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_has_switched_the_collector_off_finds_it_off() -> None:
    gc.disable()
    try:
        with prompt():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
