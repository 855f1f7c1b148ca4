"""The guilty change among many is found in few trials, also where two are guilty only together; nothing twice."""

from __future__ import annotations

from math import ceil, log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.change.bisecting import Search, mixed, pieces_of
from bench.errors import BenchError
from bench.ids import MacAddress
from bench.pib import CcoMode, Family, SlacEnable, synthesise

MAC = MacAddress.parse("98:48:27:00:00:01")
FORTY = [f"field {number}" for number in range(40)]


@pytest.mark.parametrize("guilty", FORTY)
def test_one_guilty_field_among_forty_takes_seven_trials_at_most(guilty: str) -> None:
    search = Search(FORTY, lambda names: guilty in names)

    assert search.guilty() == [guilty]
    assert search.trials <= 7


@given(st.integers(1, 200), st.data())
def test_one_among_any_number_takes_its_logarithm_and_one(count: int, data: st.DataObject) -> None:
    names = [str(number) for number in range(count)]
    guilty = data.draw(st.sampled_from(names))
    search = Search(names, lambda tried: guilty in tried)

    assert search.guilty() == [guilty]
    assert search.trials <= ceil(log2(count)) + 1 if count > 1 else search.trials == 0


@given(st.sets(st.integers(0, 39), min_size=2, max_size=4))
def test_several_that_are_guilty_only_together_are_found(numbers: set[int]) -> None:
    guilty = {FORTY[number] for number in numbers}
    search = Search(FORTY, lambda names: guilty <= names)

    assert set(search.guilty()) == guilty


@given(st.sets(st.integers(0, 39), min_size=1, max_size=6), st.sets(st.integers(0, 39), min_size=1, max_size=6))
def test_what_is_found_is_bad_and_nothing_of_it_can_be_left_out(one: set[int], other: set[int]) -> None:
    """Whatever spoils the block, and even if two things do."""
    causes = [{FORTY[number] for number in numbers} for numbers in (one, other)]

    def is_bad(names: frozenset[str]) -> bool:
        return any(cause <= names for cause in causes)

    found = frozenset(Search(FORTY, is_bad).guilty())

    assert is_bad(found)
    assert not any(is_bad(found - {name}) for name in found)


def test_no_set_is_tried_twice() -> None:
    tried: list[frozenset[str]] = []

    def is_bad(names: frozenset[str]) -> bool:
        tried.append(names)
        return {"field 3", "field 31"} <= names

    Search(FORTY, is_bad).guilty()

    assert len(tried) == len(set(tried))


def test_an_interrupted_search_goes_on_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "bisect.jsonl"
    asked: list[frozenset[str]] = []

    def is_bad(names: frozenset[str]) -> bool:
        if len(asked) == 3:
            raise BenchError("the power failed")
        asked.append(names)
        return "field 17" in names

    with pytest.raises(BenchError):
        Search(FORTY, is_bad, log).guilty()
    log.write_text(log.read_text() + '{"changes": ["cut o')
    resumed = Search(FORTY, lambda names: asked.append(names) or "field 17" in names, log)  # type: ignore[func-returns-value]

    assert resumed.guilty() == ["field 17"]
    assert len(asked) == len(set(asked)) <= 7


def test_each_trial_is_told() -> None:
    said: list[str] = []

    Search(FORTY, lambda names: "field 0" in names, say=said.append).guilty()

    assert said[0] == "trial 1: 20 of 40 changes: bad"
    assert said[-1] == "trial 6: field 0: bad" or said[-1].endswith("field 0: bad")


def test_a_mixture_has_what_was_asked_for_and_nothing_else() -> None:
    good = synthesise(Family.QCA7420, mac=MAC)
    bad = good.with_values({"slac_enable": SlacEnable.EVSE, "cco_mode": CcoMode.ALWAYS, "user_hfid": "x"})
    bad = bad.with_octets(0x1800, b"\x55\xaa")
    pieces = pieces_of(good, bad)

    half = mixed(good, [pieces["cco_mode"], pieces["octets at 0x1800"]])

    assert half.read("cco_mode") is CcoMode.ALWAYS
    assert half.read("slac_enable") == good.read("slac_enable")
    assert half.image[0x1800:0x1802] == b"\x55\xaa"
    assert mixed(good, pieces.values()).octets == bad.octets


def test_blocks_that_are_the_same_cannot_be_searched() -> None:
    good = synthesise(Family.QCA7420, mac=MAC)

    with pytest.raises(BenchError, match="are the same"):
        pieces_of(good, good)
