"""The map from time to pixels: monotone, in proportion between two lines, clamped beyond the first and the last."""

from __future__ import annotations

import pytest
from trace_story import PEV, PEV_ADDRESS, RUN, Story, poll

from bench.mme import CmSlacParmReq
from bench.net import address_claim
from bench.report.folding import fold
from bench.report.reading import State, read
from bench.report.rows import Layout, lay_out
from bench.units import ms, s


def laid_out(story: Story, top: float = 100.0) -> Layout:
    return lay_out(fold(read(story.trace).items), top)


def three_requests() -> Story:
    """At 1.000, 1.100 and 9.000 s."""
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(100))
    return story.says("pev", CmSlacParmReq(run_id=RUN)).wait(s(9) - ms(1100)).says("pev", CmSlacParmReq(run_id=RUN))


def test_a_line_stands_where_its_instant_is():
    layout = laid_out(three_requests())

    assert [layout.y(row.t) for row in layout.rows] == [row.y for row in layout.rows]


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_between_two_lines_time_is_in_proportion(share):
    layout = laid_out(three_requests())
    first, second, third = (row.y for row in layout.rows)

    assert layout.y(s(1) + int(share * ms(100))) == pytest.approx(first + share * (second - first))
    assert layout.y(ms(1100) + int(share * ms(7900))) == pytest.approx(second + share * (third - second))


def test_beyond_the_first_and_the_last_line_there_is_nothing():
    layout = laid_out(three_requests())

    assert layout.y(0) == layout.rows[0].y
    assert layout.y(s(99)) == layout.rows[-1].y


def test_a_fold_covers_the_time_of_what_it_hides():
    """Polling for 10 s is no silence, and what happens next comes after it."""
    story = poll(Story("evse"), "evse", 40).says("pev", CmSlacParmReq(run_id=RUN))

    layout = laid_out(story)

    assert not layout.cuts
    assert layout.rows[0].y < layout.y(s(5)) < layout.y(s(9)) < layout.rows[1].y


def test_a_thin_mark_ends_above_what_comes_after_it():
    """Housekeeping is one faint line, so little room as it takes; time never runs upwards."""
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(10))
    for _ in range(20):
        story.sends("pev", address_claim(PEV, PEV_ADDRESS)).wait(ms(10))

    layout = laid_out(story.says("pev", CmSlacParmReq(run_id=RUN)))
    _, mark, last = layout.rows

    assert mark.y < layout.y(mark.t_end) <= last.y
    assert layout.y(mark.t_end) - mark.y < 5
    assert last.y - mark.y < 25


def test_of_several_lines_at_one_instant_a_thing_ends_at_the_first_and_begins_at_the_last():
    """A PEV answers the report and asks for the match in one go; the EVSE's time runs from the question."""
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).says("pev", CmSlacParmReq(run_id=RUN))

    layout = laid_out(story)

    assert (layout.y(s(1)), layout.after(s(1))) == (layout.rows[0].y, layout.rows[1].y)
    assert layout.after(s(2)) == layout.y(s(2))


def test_a_state_begins_on_the_line_where_it_is_told():
    """The EVSE enters it when the message arrives, 2 ms after it was sent; both are one line."""
    story = Story("pev", "evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(2)).state("evse", "serving")
    reading = read(story.wait(ms(100)).note("evse", "the end").trace)
    (state,) = (item for item in reading.items if isinstance(item, State))

    layout = lay_out(fold(reading.items), 100.0)

    assert layout.of(state) == layout.rows[0].y
    assert layout.of(state) < layout.y(state.t)


def test_lines_begin_at_the_top_and_end_above_the_bottom():
    layout = laid_out(three_requests(), top=50.0)

    assert 50.0 < layout.rows[0].y < layout.rows[-1].y < layout.bottom


def test_nothing_happened():
    layout = laid_out(Story("evse"))

    assert (layout.rows, layout.cuts, layout.y(s(1))) == ([], [], layout.bottom)
