"""The transition table of the EVCC's discovery, to be read beside ISO 15118-2, 7.10.1.

A row: in this state, on this happening, be in that state (None: stay; the same: anew), then do this (a method of
`EvccSdp`), by this rule. `docs/sdp-states.md` shows the same as a matrix and a diagram.
"""

from __future__ import annotations

import enum

from bench.machine import Row, Table, TimersOf, ignore, table


class EvccState(enum.Enum):
    NO_NETWORK = "no network"
    CLAIMING = "claiming its address"
    ASKING = "asking by SDP"
    DISCOVERED = "station discovered"
    NOT_DISCOVERED = "no station discovered"


S = EvccState


class EvccOn(enum.Enum):
    """What can happen. T_… are timers."""

    NETWORK_UP = "network up"
    NETWORK_DOWN = "network left"
    RESPONSE = "SDP response"
    T_BEGIN = "time to claim the address"
    T_RESPONSE = "time to answer"
    T_RESPONSE_NEXT = "time to answer the last request with this security"
    T_RESPONSE_LAST = "time to answer the last request"


ON = EvccOn

TIMERS_OF: TimersOf[EvccState, EvccOn] = {
    S.CLAIMING: {ON.T_BEGIN: "t_begin"},
    S.ASKING: {ON.T_RESPONSE: "t_response"},
}
IN_NETWORK = (S.CLAIMING, S.ASKING, S.DISCOVERED, S.NOT_DISCOVERED)
TIMERS = (ON.T_BEGIN, ON.T_RESPONSE, ON.T_RESPONSE_NEXT, ON.T_RESPONSE_LAST)

TABLE: Table[EvccState, EvccOn] = table(
    EvccState,
    EvccOn,
    Row(S.NO_NETWORK, ON.NETWORK_UP, S.CLAIMING, "claim", "the network is there"),
    ignore([S.NO_NETWORK], [ON.NETWORK_DOWN], "there is no network"),
    ignore([S.NO_NETWORK], [ON.RESPONSE], "there is no network"),
    ignore([S.CLAIMING], [ON.RESPONSE], "nothing was asked yet"),
    ignore([S.NO_NETWORK], TIMERS, "nothing is waited for"),
    Row(S.CLAIMING, ON.T_BEGIN, S.ASKING, "ask", "nobody else claims the address"),
    Row(S.ASKING, ON.T_RESPONSE, S.ASKING, "ask", "no answer in time: again"),
    Row(
        S.ASKING,
        ON.T_RESPONSE_NEXT,
        S.ASKING,
        "ask_with_next",
        "no answer to the last one: with the next security",
    ),
    Row(S.ASKING, ON.T_RESPONSE_LAST, S.NOT_DISCOVERED, "give_up", "no answer that may be taken, to the last request"),
    Row(S.ASKING, ON.RESPONSE, S.DISCOVERED, "take", "the first answer that is taken"),
    ignore([S.DISCOVERED], [ON.RESPONSE], "a station was discovered before"),
    ignore([S.NOT_DISCOVERED], [ON.RESPONSE], "it asks no more"),
    ignore(IN_NETWORK, [ON.NETWORK_UP], "the network is there already"),
    [Row(state, ON.NETWORK_DOWN, S.NO_NETWORK, None, "the network was left") for state in IN_NETWORK],
    ignore([S.CLAIMING], TIMERS[1:], "nothing was asked yet"),
    ignore([S.ASKING], [ON.T_BEGIN], "it asks already"),
    ignore([S.DISCOVERED, S.NOT_DISCOVERED], TIMERS, "nothing is waited for"),
)
