"""`bench rig check`: are the devices of a rig file there, and do they do what they should?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

rig = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

GOOD, WRONG, TROUBLE = 0, 1, 2


@rig.callback()
def rig_command() -> None:
    """The bench itself: what a rig file names."""


@rig.command()
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The rig file.")],
    no_car: Annotated[
        bool,
        typer.Option("--no-car", help="Nothing is plugged in: try every duty cycle, F too, and demand +12 and -12 V."),
    ] = False,
    power: Annotated[bool, typer.Option("--power", help="Switch the adapters' power off and on again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Open every device, make it safe, try it, and measure what can be measured.

    Exit status 0: all is as it should be; 1: something is not; 2: the file is wrong, or the rig cannot be opened.
    """
    from bench.cli.ending import Stopped, stoppable
    from bench.cli.output import fit_to_width
    from bench.errors import BenchError
    from bench.rig.checking import Verdict, check_rig
    from bench.rig.config import load_rig_config

    found = []
    try:
        config = load_rig_config(file)
        with stoppable():
            for one in check_rig(config, no_car=no_car, power=power):
                found.append(one)
                if not as_json:
                    typer.echo(fit_to_width(f"  {one.verdict.value:<6} {one.subject}: {one.text}", 7))
                    if one.remedy:
                        typer.echo(fit_to_width(f"         do: {one.remedy}", 4))
    except Stopped:
        raise typer.Exit(TROUBLE) from None
    except BenchError as error:
        for line in str(error).splitlines():
            typer.echo(f"bench rig check: {line}", err=True)
        raise typer.Exit(TROUBLE) from None
    wrong = [one for one in found if one.verdict is Verdict.WRONG]
    if as_json:
        findings = [
            {"verdict": one.verdict.value, "subject": one.subject, "text": one.text, "remedy": one.remedy}
            for one in found
        ]
        head = {"format": "ccs-bench-rig-check", "version": 1, "rig": config.rig.name}
        typer.echo(json.dumps({**head, "findings": findings}, indent=2, ensure_ascii=False))
    else:
        said = f"{len(wrong)} of {len(found)} findings are wrong" if wrong else "all is as it should be"
        typer.echo(f"{config.rig.name}: {said}")
    raise typer.Exit(WRONG if wrong else GOOD)


@rig.command()
def safe(file: Annotated[str, typer.Argument(metavar="FILE", help="The rig file.")]) -> None:
    """Make every device safe, and let go of it: at boot, before anything else, or whenever in doubt.

    Contactors open, +12 V steady, a car's resistors off, adapters powered. Exit status 0: so it is; 2: it is not, or
    not known to be.
    """
    from bench.errors import BenchError
    from bench.rig.config import load_rig_config
    from bench.rig.devices import RigDevices, locks_of

    lines: list[str] = []
    try:
        config = load_rig_config(file)
        if config.devices():
            with RigDevices(config, locks_of(config), "bench rig safe") as devices:
                lines = devices.lines()
    except BenchError as error:
        for line in str(error).splitlines():
            typer.echo(f"bench rig safe: {line}", err=True)
        raise typer.Exit(TROUBLE) from None
    for line in lines or ["no devices: there is nothing to make safe"]:
        typer.echo(line)
