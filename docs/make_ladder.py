"""Draw the picture of the README: a simulated Ioniq is matched and asks by SDP. `python docs/make_ladder.py`"""

from __future__ import annotations

from pathlib import Path

from bench.report.ladder import ladder_svg
from bench.rig import open_rig
from bench.units import s

PICTURE = Path(__file__).with_name("ladder.svg")


def main() -> None:
    rig = open_rig("sim")
    setup = rig.setup(next(sut for sut in rig.suts() if sut.name == "hyundai-ioniq28"), case="README")
    setup.trace.clear()
    setup.pev.plug_in()
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_evse.wait_matched()
    setup.own_evse.wait_link()
    setup.run_for(s(2))
    stations = {"pev": "Hyundai Ioniq, simulated", "evse": "the bench"}
    PICTURE.write_text(ladder_svg(setup.trace, stations, "From plug to SDP"), encoding="utf-8")


if __name__ == "__main__":
    main()
