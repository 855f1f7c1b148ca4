"""Attenuation profiles: mean, range and shape."""

from __future__ import annotations

import random
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.sim.tones import groups_db, with_noise


@given(key=st.text(max_size=20), half_db=st.integers(0, 200), groups=st.integers(2, 64))
def test_mean_of_a_profile_is_the_attenuation_of_its_path(key, half_db, groups):
    """To the nearest that whole dB allow."""
    profile = groups_db(key, half_db / 2, groups)

    assert len(profile) == groups
    assert abs(sum(profile) - groups * half_db / 2) <= 0.5


def test_profile_belongs_to_its_pair():
    """The same pair gives the same profile in every run, another pair another one."""
    assert groups_db("a/b", 30.0, 58) == groups_db("a/b", 30.0, 58)
    assert groups_db("a/b", 30.0, 58) != groups_db("a/c", 30.0, 58)


def test_profile_rises_over_the_band_ripples_and_ends_with_the_weak_last_group():
    """As measured: upper third above the lower, neighbours 2 dB apart, range from 22 to 51 dB, a jump at the end."""
    for pair in ("a/b", "c/d", "e/f", "g/h", "i/k"):
        profile = groups_db(pair, 30.0, 58)
        steps = [abs(after - before) for before, after in pairwise(profile[:-1])]

        assert mean(profile[40:57]) - mean(profile[:17]) > 4
        assert 1.5 < mean(steps) < 3
        assert 22 <= max(profile) - min(profile) <= 51
        assert profile[-1] - mean(profile[-4:-1]) > 9


def test_no_groups_make_an_empty_profile():
    """A TL-PA4010P reports none."""
    assert groups_db("a/b", 30.0, 0) == b""


def test_attenuation_of_0_db_is_0_in_every_group():
    assert groups_db("a/b", 0.0, 58) == bytes(58)


@pytest.mark.parametrize("noise_db", [1.0, 3.0])
def test_noise_stays_within_its_bound_and_reaches_it(noise_db):
    profile = groups_db("a/b", 30.0, 58)

    off = {
        measured - true
        for seed in range(20)
        for measured, true in zip(with_noise(profile, noise_db, random.Random(seed)), profile, strict=True)
    }
    assert off == set(range(-int(noise_db), int(noise_db) + 1))


def test_noise_never_goes_below_0_db():
    assert min(with_noise(bytes(58), 3.0, random.Random(1))) == 0
