"""`bench live`: a screen on which one presses P, E or L and watches."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

GOOD, TROUBLE = 0, 2


def live(
    rig: Annotated[str, typer.Option(metavar="FILE|sim", help="The rig file; sim: everything is simulated.")] = "sim",
    vehicle: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The simulated car, e.g. hyundai-ioniq28, which is the usual one."),
    ] = None,
    charger: Annotated[
        str | None, typer.Option(metavar="NAME", help="The simulated charging station; alpitronic is the usual one.")
    ] = None,
    listener: Annotated[
        str | None,
        typer.Option(
            metavar="FAMILY",
            help="L: the family of the simulated listener's adapter, e.g. tplink-tlpa4010p; the usual one, "
            "devolo-dlan200avplus, shows both sides.",
        ),
    ] = None,
    listener_role: Annotated[
        str | None,
        typer.Option(
            metavar="evse|pev",
            help="L: what that adapter is set up as: evse, it shows the messages of cars; pev, those of stations.",
        ),
    ] = None,
    verdict: Annotated[
        Literal["strict", "field"],
        typer.Option(
            help="Which limits judge the timings: the standard's, or what real stations get away with.",
        ),
    ] = "field",
) -> None:
    """Watch a matching, and the discovery (SDP) after it, as they happen, and work the bench by keys.

    P: the bench is the car. E: it is the charging station. L: it listens. Plugging in and all else follow by
    themselves; ? shows all keys. x, Ctrl-C and SIGTERM leave: pilot at rest, everything closed. Captures (C) go into
    this folder.
    """
    from bench.analysis.verdict import Profile
    from bench.cli.ending import Stopped, stoppable
    from bench.errors import BenchError
    from bench.live.console import Console
    from bench.live.opening import rig_to_watch, wishes_for
    from bench.live.terminal import Terminal

    def leave() -> None:
        """As Ctrl-C: there is one way out, and no second key or signal disturbs it."""
        signal.raise_signal(signal.SIGINT)
        # On the way out already: whoever is still asked to leave the bench at rest has declined, or gone.
        if console is not None:
            console.gone()

    status = GOOD
    console = None
    try:
        with stoppable() as check_parent:
            wishes = wishes_for(rig_to_watch(rig), vehicle, charger, listener, listener_role)
            with Terminal(leave) as terminal:
                console = Console(terminal, leave, check_parent, Path.cwd(), Profile(verdict))
                console.say(wishes.rig.name, "opening the rig, and measuring how well it measures ...")
                with wishes.rig.in_use("bench live"):
                    console.run(wishes)
    except Stopped:
        pass
    except BenchError as error:
        for line in str(error).splitlines():
            typer.echo(f"bench live: {line}", err=True)
        status = TROUBLE
    if console is not None:
        with suppress(OSError):  # the terminal may have gone
            for line in console.written:
                typer.echo(line)
    raise typer.Exit(status)
