"""`bench sim up`: virtual modems on interfaces of this computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bench.rig.on_taps import TapEnd

GOOD, TROUBLE = 0, 2

sim = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@sim.callback()
def sim_command() -> None:
    """The simulated bench, for other people's programs."""


@sim.command()
def up(
    evse: Annotated[
        str | None,
        typer.Option(metavar="IF[:ADAPTER]", help="The charging station's adapter on TAP interface IF (qca7005-evse)."),
    ] = None,
    pev: Annotated[
        str | None, typer.Option(metavar="IF[:ADAPTER]", help="The car's adapter on TAP interface IF (qca7005-car).")
    ] = None,
    car: Annotated[
        str | None,
        typer.Option(metavar="PROFILE", help="A simulated car at the far end of --evse, e.g. hyundai-ioniq28."),
    ] = None,
    charger: Annotated[
        str | None,
        typer.Option(metavar="PROFILE", help="A simulated charger at the far end of --pev, e.g. alpitronic."),
    ] = None,
    quirk: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What is odd or wrong with the car or charger; may be repeated."),
    ] = None,
    pilot_board: Annotated[
        Path | None,
        typer.Option(
            metavar="LINK",
            help="The pilot of --car is made by a simulated XY-LPWM serial board; LINK leads to its terminal.",
        ),
    ] = None,
    stay: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Pull the plug that long after the car has joined, and begin again."),
    ] = None,
    attenuation_db: Annotated[
        float | None,
        typer.Option(metavar="DB", help="Of the powerline between the adapters (30, or as measured for the car)."),
    ] = None,
    loss: Annotated[float, typer.Option(metavar="P", help="Probability that a frame gets lost, 0 to 1.")] = 0.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything random in the simulation.")] = 0,
    own_keys: Annotated[
        bool, typer.Option("--own-keys", help="Each adapter has a key of its own, not the factory's; none has joined.")
    ] = False,
    netns: Annotated[
        bool, typer.Option("--netns", help="Each interface in a network namespace of its own, of the same name.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", help="End by itself; else on Ctrl-C or SIGTERM.", min=0)
    ] = None,
) -> None:
    """Put virtual HomePlug adapters on TAP interfaces, in real time. Needs root.

    With --evse and --pev: two adapters and the powerline between them. With --evse and --car, or --pev and
    --charger: one adapter, and a simulated car or charging station that does SLAC with whatever program you run on
    the interface. The plug goes in after a second and the pilot shows 5 %; when the simulated station gives up or
    its network is gone, or after --stay, the plug is pulled for three seconds and put in again.

    Adapters on TAP interfaces are as from the box: they share the factory's key, so two of them have joined at once,
    unless --own-keys is given. The interfaces are gone when this command ends, however it ends; it also ends with
    the process that started it.
    """
    from bench.cli.ending import Stopped, stoppable
    from bench.cli.sim_run import run
    from bench.errors import BenchError
    from bench.rig.on_taps import TapWishes
    from bench.units import s

    status = GOOD
    try:
        wishes = TapWishes(
            evse=tap_end(evse, "qca7005-evse"),
            pev=tap_end(pev, "qca7005-car"),
            car=car,
            charger=charger,
            attenuation_db=attenuation_db,
            loss=loss,
            seed=seed,
            own_keys=own_keys,
            namespaces=netns,
            stay=None if stay is None else s(stay),
            quirks=quirk or (),
            pilot_board=pilot_board,
        )
        with stoppable() as check_parent:
            run(wishes, seconds, check_parent)
    except Stopped:
        pass
    except BenchError as error:
        for line in str(error).splitlines():
            typer.echo(f"bench sim up: {line}", err=True)
        status = TROUBLE
    except BrokenPipeError:
        # The reader has gone. Python would complain once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(status)


def tap_end(text: str | None, usual: str) -> TapEnd | None:
    from bench.rig.on_taps import TapEnd

    if text is None:
        return None
    interface, _, adapter = text.partition(":")
    return TapEnd(interface, adapter or usual)
