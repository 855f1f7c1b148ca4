"""For each test: a keeper of a bench of paper, or a bench of simulated boards with a lock of its own."""

from __future__ import annotations

import uuid

import pytest
from bench_of_boards import BenchOfBoards
from keeper_stand import Stand


@pytest.fixture
def name():
    return f"boards-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def bench(name):
    with BenchOfBoards(name) as made:
        yield made


@pytest.fixture
def stand():
    made = Stand()
    yield made
    made.bench.let_go()


@pytest.fixture
def unsafe(stand):
    """5 % to a car that asks for energy through a closed contactor, and an adapter without power."""
    stand.do("duty", pct=5)
    stand.do("load", load="C")
    stand.do("contactor", name="main", closed=True)
    stand.do("contactor", name="precharge", closed=True)
    stand.do("supply", who="evse", on=False)
    stand.told.clear()
    return stand
