"""What may be compared with what: refusals name what differs, changes are told, the rest does not matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from baseline_makers import CONDITIONS, EVSE_ADAPTER, PEV_ADAPTER, measured, other_adapter, other_run

from bench.baseline.conditions import Conditions
from bench.baseline.measured import compare_measured, refusal
from bench.errors import ConfigError

REFUSED = [
    (replace(CONDITIONS, station="hyundai-ioniq28"), "station: evse bench, evse hyundai-ioniq28"),
    (replace(CONDITIONS, role="pev"), "station: evse bench, pev bench"),
    (other_run("rig", "lab"), "rig: garage, lab"),
    (other_run("driver", "tap"), "driver: pcap, tap"),
    (other_run("clock", "virtual"), "clock: real, virtual"),
    (other_run("verdict", "strict"), "verdict profile: field, strict"),
    (other_adapter("model", "QCA7500"), "evse's adapter: QCA7420, QCA7500"),
    (replace(CONDITIONS, adapters=()), "adapters: evse's QCA7420 and pev's QCA7000/7005, none"),
]


@pytest.mark.parametrize(("other", "told"), REFUSED, ids=[told.split(":")[0] for _, told in REFUSED])
def test_what_must_agree_is_refused_with_what_differs(other: Conditions, told: str):
    before, after = measured(), measured(conditions=other)

    assert CONDITIONS.obstacles(other) == [told]
    assert refusal(before, after) == f"{other.who}: not comparable; {told}"
    with pytest.raises(ConfigError, match="not comparable"):
        compare_measured([(before, after)])


@pytest.mark.parametrize(("other", "told"), REFUSED, ids=[told.split(":")[0] for _, told in REFUSED])
def test_who_insists_is_told_what_differs(other: Conditions, told: str):
    (station,) = compare_measured([(measured(), measured(conditions=other))], across=True)

    assert station.obstacles == [told]
    assert station.comparisons


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (other_adapter("firmware", "MAC-QCA7420-1.4"), "evse's firmware: MAC-QCA7420-1.1.0.844, MAC-QCA7420-1.4"),
        (other_adapter("pib", ""), f"evse's parameter block: {EVSE_ADAPTER.pib[:12]}, not read"),
    ],
)
def test_firmware_and_parameter_block_may_differ_and_it_is_told(other, told):
    """What a change of theirs does is what one wants to know."""
    (station,) = compare_measured([(measured(), measured(conditions=other))])

    assert (station.obstacles, station.changes) == ([], [told])


def test_commit_of_the_bench_does_not_matter():
    assert CONDITIONS.obstacles(other_run("commit", "other")) == []
    assert CONDITIONS.changes(other_run("commit", "other")) == []


def test_an_adapter_that_only_one_run_had_belongs_to_cases_only_it_has():
    alone = replace(CONDITIONS, adapters=(EVSE_ADAPTER,))

    assert alone.obstacles(CONDITIONS) == CONDITIONS.obstacles(alone) == []


def test_two_firmwares_in_one_run_are_both_named():
    newer = replace(PEV_ADAPTER, firmware="MAC-QCA7005-1.3")
    mixed = replace(CONDITIONS, adapters=(EVSE_ADAPTER, PEV_ADAPTER, newer))

    (told,) = CONDITIONS.changes(mixed)

    assert told == "pev's firmware: MAC-QCA7005-1.2.5, MAC-QCA7005-1.2.5 and MAC-QCA7005-1.3"
