"""The record: everything in order of time, whoever told it first."""

from __future__ import annotations

from bench.ids import MacAddress
from bench.mme import CmSlacParmReq, Frame, encode
from bench.trace import Direction, FrameSeen, Note, StateSeen, Trace
from bench.units import ms

HOST = MacAddress.parse("02:00:00:00:00:01")
REQUEST = encode(Frame(MacAddress(b"\xff" * 6), HOST, CmSlacParmReq()))


def test_entries_stand_in_order_of_time_whatever_order_they_came_in():
    """A frame stamped in the kernel is read after our own later note was written."""
    trace = Trace()
    trace.note(ms(30), "bench", "third")
    trace.note(ms(10), "bench", "first")
    trace.note(ms(20), "bench", "second")

    assert [entry.text for entry in trace.entries] == ["first", "second", "third"]


def test_entries_of_one_instant_stand_in_the_order_they_were_told():
    """Cause before effect."""
    trace = Trace()
    trace.note(ms(20), "bench", "later")
    for n in range(5):
        trace.note(ms(10), "bench", str(n))

    assert [entry.text for entry in trace.entries] == ["0", "1", "2", "3", "4", "later"]


def test_listeners_hear_each_entry_as_it_is_told():
    """The live console and the report follow the record."""
    trace, heard = Trace(), []
    trace.listeners.append(heard.append)

    trace.add(StateSeen(ms(2), "evse", "serving", "asked"))
    trace.note(ms(1), "bench", "late news")

    assert heard == [StateSeen(ms(2), "evse", "serving", "asked"), Note(ms(1), "bench", "late news")]


def test_frames_are_found_among_the_rest():
    """In and out, of every port."""
    trace = Trace()
    trace.note(0, "bench", "begin")
    seen = trace.frame(ms(1), "plc0", Direction.IN, REQUEST)
    trace.note(ms(2), "bench", "end")

    assert list(trace.frames()) == [seen]
    assert seen == FrameSeen(
        ms(1), "plc0", Direction.IN, REQUEST, Frame(MacAddress(b"\xff" * 6), HOST, CmSlacParmReq())
    )


def test_clear_forgets_everything_but_the_listeners():
    """A fresh record for the next test."""
    trace, heard = Trace(), []
    trace.listeners.append(heard.append)
    trace.note(0, "bench", "old")

    trace.clear()
    trace.note(0, "bench", "new")

    assert [entry.text for entry in trace.entries] == ["new"]
    assert len(heard) == 2
