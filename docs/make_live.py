"""Draw the screen of `bench live` for its page: a simulated Ioniq has found the bench. `python docs/make_live.py`

The state is made on the virtual clock, so the picture is the same every time.
"""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.text import Text

from bench.live.ladder import Ladder
from bench.live.opening import USUAL_VEHICLE, modes_of
from bench.live.reading import facts_of, header, keys_for, timings_shown
from bench.live.session import Mode, StationSession
from bench.live.state import State, Tone
from bench.live.view import screen
from bench.rig import open_rig
from bench.units import ms, s

PICTURE = Path(__file__).with_name("live.svg")
WIDTH, HEIGHT = 100, 36
SHOWN_UNCERTAINTY = ms(1)
"""As of a simulation in real time on a small computer."""
STYLES = {
    Tone.PLAIN: Style(),
    Tone.TITLE: Style(reverse=True),
    Tone.LABEL: Style(bold=True),
    Tone.FAINT: Style(dim=True),
    Tone.GOOD: Style(color="green"),
    Tone.BAD: Style(color="red", bold=True),
    Tone.DOUBTFUL: Style(color="yellow"),
    Tone.KEY: Style(color="cyan", bold=True),
    Tone.CAR: Style(color="cyan"),
    Tone.STATION: Style(color="magenta"),
}


def discovered_state() -> State:
    """The bench is the station; the car has joined, asked by SDP, and knocked."""
    rig = open_rig("sim")
    ladder = Ladder()
    choice = next(sut for sut in rig.suts() if sut.name == USUAL_VEHICLE)
    with rig.setup(choice, case="live") as setup:
        setup.trace.listeners.append(ladder.hear)
        session = StationSession(Mode.EVSE, setup, real_car=False)
        session.begin()
        while setup.own_evse.matched() is None:
            session.pump.run(session.has_to_act, session.now() + ms(100))
            if session.has_to_act():
                session.act()
        setup.own_evse.wait_connection()
        session.ask_network()
        session.pump.run_for(s(1))
        return State(
            rig=rig.name,
            mode=header(session),
            facts=facts_of(session, ladder),
            steps=ladder.steps(),
            timings=timings_shown(session.intervals(), SHOWN_UNCERTAINTY),
            notice="pilot set to 5 %",
            keys=keys_for(modes_of(rig.config), session),
            uncertainty="+-1.000 ms",
            limits="field",
        )


def picture(state: State) -> str:
    """The screen as SVG."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, legacy_windows=False)
    for line in screen(state, WIDTH, HEIGHT):
        console.print(Text.assemble(*((text, STYLES[tone]) for text, tone in line)), no_wrap=True, crop=True)
    drawn = console.export_svg(title="bench live", unique_id="live")
    # A picture must not fetch fonts from somewhere; the browser's own monospace one will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def main() -> None:
    PICTURE.write_text(picture(discovered_state()), encoding="utf-8")


if __name__ == "__main__":
    main()
