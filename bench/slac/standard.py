"""What ISO 15118-3 allows for each of its times: tables A.1 (matching) and 3 (connection, control pilot).

Values are those that at least two public sources repeat; the standard itself was not at hand. `bench.slac.timers` says
which times our machines use and how intervals of other stations are judged; both stay within these.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.units import Ns, ms, s, show


@dataclass(frozen=True, slots=True)
class Allowed:
    """Bounds of one time; None: no bound on that side. TT_ is a time waited, TP_ a limit for the one who must act."""

    side: str
    minimum: Ns | None
    maximum: Ns | None

    def permits(self, value: Ns) -> bool:
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def __str__(self) -> str:
        if self.minimum == self.maximum and self.minimum is not None:
            return show(self.minimum)
        if self.minimum is not None and self.maximum is not None:
            return f"{show(self.minimum)} to {show(self.maximum)}"
        if self.minimum is not None:
            return f"at least {show(self.minimum)}"
        return "any" if self.maximum is None else f"at most {show(self.maximum)}"


def _exactly(side: str, value: Ns) -> Allowed:
    return Allowed(side, value, value)


def _at_most(side: str, value: Ns) -> Allowed:
    return Allowed(side, None, value)


def _at_least(side: str, value: Ns) -> Allowed:
    return Allowed(side, value, None)


TABLE_A1: dict[str, Allowed] = {
    "TT_EVSE_SLAC_init": Allowed("evse", s(20), s(50)),
    "TP_EV_SLAC_init": _at_most("pev", s(10)),
    "TT_match_response": _exactly("both", ms(200)),
    "TP_match_response": _at_most("both", ms(100)),
    "TT_match_sequence": _exactly("evse", ms(400)),
    "TP_match_sequence": _at_most("pev", ms(100)),
    "TT_matching_repetition": _exactly("pev", s(10)),
    "TT_matching_rate": _at_least("pev", ms(400)),
    "TP_EV_batch_msg_interval": Allowed("pev", ms(20), ms(50)),
    "TT_EV_atten_results": _exactly("pev", ms(1200)),
    "TT_EVSE_match_MNBC": _exactly("evse", ms(600)),
    "TP_EVSE_avg_atten_calc": _at_most("evse", ms(100)),
    "TT_EVSE_match_session": _at_most("evse", s(10)),
    "TP_EV_match_session": _at_most("pev", ms(500)),
    "TT_EVSE_vald_toggle": _at_most("evse", ms(3500)),
    "TP_EV_vald_toggle": Allowed("pev", ms(600), ms(3500)),
    "TP_EV_vald_state_duration": Allowed("pev", ms(200), ms(400)),
    "T_vald_detect_time": _at_most("evse", ms(200)),
    "TT_match_join": _at_most("both", s(12)),
    "TT_amp_map_exchange": _exactly("both", ms(200)),
    "TP_amp_map_exchange": _at_most("both", ms(100)),
    "TP_link_ready_notification": Allowed("both", ms(200), s(1)),
    "TP_match_leave": _at_most("both", s(1)),
}
"""T_vald_detect_time and TP_link_ready_notification stand in one source only."""

TABLE_3: dict[str, Allowed] = {
    "T_step_EF": _at_least("evse", s(4)),
    "T_step_X1": _at_least("evse", s(3)),
    "T_conn_max_comm": _at_most("both", s(8)),
    "T_conn_init_HLC": _at_least("both", ms(200)),
    "T_conn_resume": _at_most("both", s(6)),
    "T_conn_resetup": _exactly("pev", s(15)),
}
"""T_conn_resetup may be declared otherwise by the maker; 15 s is the default."""

ALLOWED: dict[str, Allowed] = TABLE_A1 | TABLE_3
