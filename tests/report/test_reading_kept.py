"""The last reading of a trace is kept, and only as long as it is what a new one would be."""

from __future__ import annotations

from trace_story import Story

from bench.report.reading import read


def told(reading) -> list[str]:
    return [item.text for item in reading.items]


def test_the_same_trace_is_read_once():
    trace = Story().note("evse", "one").trace

    assert read(trace, {"pev": "ioniq"}) is read(trace, {"pev": "ioniq"})


def test_other_names_are_another_reading():
    trace = Story().note("evse", "one").trace

    assert read(trace, {"pev": "ioniq"}) is not read(trace, {"pev": "zoe"})


def test_a_trace_that_has_grown_is_read_anew():
    story = Story().note("evse", "one")
    read(story.trace)
    story.note("evse", "two")

    assert told(read(story.trace)) == ["one", "two"]


def test_a_trace_that_was_emptied_and_filled_again_is_read_anew():
    story = Story().note("evse", "one")
    read(story.trace)
    story.trace.clear()
    story.note("evse", "another")

    assert told(read(story.trace)) == ["another"]
