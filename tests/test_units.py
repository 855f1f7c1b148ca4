"""Time is an integer of nanoseconds; seconds and milliseconds are only a way to say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.units import ms, s, show, to_ms, to_s, us

DAYS = 366 * 24 * 3600 * 1000
"""A year in ms: a bench runs unattended for as long."""


def test_instants_are_integers_of_nanoseconds() -> None:
    assert (us(1), ms(1), s(1)) == (1_000, 1_000_000, 1_000_000_000)
    assert {type(value) for value in (us(0.5), ms(0.5), s(0.5))} == {int}


def test_a_fraction_is_rounded_to_the_nearest_nanosecond() -> None:
    """0.984 s and 0.784 s have no exact floating-point number; their difference is 200 ms all the same."""
    assert s(0.984) - s(0.784) - ms(200) == 0
    assert ms(20.017) == 20_017_000
    assert us(0.0006) == 1
    assert us(0.0004) == 0


@given(st.integers(0, DAYS))
def test_milliseconds_come_back(value: int) -> None:
    assert ms(to_ms(ms(value))) == ms(value)
    assert ms(value) == us(value * 1000)


@given(st.integers(0, 10**15))
def test_nanoseconds_survive_the_way_through_text(value: int) -> None:
    """To seconds and back is exact for more than eleven days, to milliseconds as well."""
    assert s(to_s(value)) == value
    assert ms(to_ms(value)) == value


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0.000 ms"),
        (us(450), "0.450 ms"),
        (ms(20.017), "20.017 ms"),
        (ms(999.999), "999.999 ms"),
        (s(1), "1.000 s"),
        (s(1.22), "1.220 s"),
        (s(50), "50.000 s"),
        (-ms(3), "-3.000 ms"),
        (-s(2), "-2.000 s"),
    ],
)
def test_a_duration_is_shown_in_the_unit_a_person_reads(duration: int, text: str) -> None:
    """Milliseconds below one second, seconds from there."""
    assert show(duration) == text
