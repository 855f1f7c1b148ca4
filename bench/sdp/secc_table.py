"""The transition table of the SECC's discovery, to be read beside ISO 15118-2, 7.10.1; rows as in `evcc_table`."""

from __future__ import annotations

import enum

from bench.machine import Row, Table, TimersOf, ignore, table


class SeccState(enum.Enum):
    NO_NETWORK = "no network"
    LISTENING = "listening for SDP"
    ANSWERED = "has answered SDP"


S = SeccState


class SeccOn(enum.Enum):
    NETWORK_UP = "a car was matched"
    NETWORK_DOWN = "the car left"
    REQUEST = "SDP request of the car"
    REQUEST_OF_OTHER = "SDP request of another host"


ON = SeccOn
TIMERS_OF: TimersOf[SeccState, SeccOn] = {}
"""It waits for nothing: it answers at once."""
IN_NETWORK = (S.LISTENING, S.ANSWERED)

TABLE: Table[SeccState, SeccOn] = table(
    SeccState,
    SeccOn,
    Row(S.NO_NETWORK, ON.NETWORK_UP, S.LISTENING, None, "from now on the car may ask"),
    ignore([S.NO_NETWORK], [ON.NETWORK_DOWN], "there is no network"),
    ignore([S.NO_NETWORK], [ON.REQUEST, ON.REQUEST_OF_OTHER], "answered only in a network that a match led into"),
    [Row(state, ON.NETWORK_UP, S.LISTENING, None, "another match") for state in IN_NETWORK],
    [Row(state, ON.REQUEST, S.ANSWERED, "answer", "every request of the car is answered") for state in IN_NETWORK],
    ignore(IN_NETWORK, [ON.REQUEST_OF_OTHER], "not the car that was matched here"),
    [Row(state, ON.NETWORK_DOWN, S.NO_NETWORK, None, "the network is over") for state in IN_NETWORK],
)
