"""`bench doctor`: is this computer fit to be a bench, and if not, what to do."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

FIT, UNFIT, TROUBLE = 0, 1, 2


def doctor(
    interfaces: Annotated[
        list[str] | None,
        typer.Option("-i", "--interface", metavar="IF", help="Look at this interface only; may be repeated."),
    ] = None,
    rig: Annotated[
        str | None,
        typer.Option("--rig", metavar="FILE", help="Look at what this rig file names, and at its interfaces only."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Say whether this computer is fit to be a bench.

    And what to do where it is not: interfaces, the right to capture, adapters that answer, programs that disturb them,
    serial ports, GPIO and PWM of a Raspberry Pi, the guardian, clock and processor. With --rig also whether everything
    the rig file names is there and free. It only looks and asks; nothing is switched. Takes a few seconds.

    Exit status: 0 fit, perhaps with notes and warnings, 1 something stands in the way (an error in the list, such as
    no permission or no adapter that answers), 2 wrong usage or a rig file that is wrong.
    """
    from bench.cli.doctor_text import print_examination
    from bench.cli.output import patient_output
    from bench.doctor.as_json import doctor_json
    from bench.doctor.examination import examine
    from bench.doctor.findings import fit
    from bench.doctor.survey import all_nics, need_linux, nics_named, nics_of_rig, survey_everywhere
    from bench.doctor.system import System
    from bench.errors import BenchError

    system = System()
    config = None
    try:
        if rig and interfaces:
            raise BenchError("-i and --rig do not go together: the rig file names the interfaces")
        need_linux()
        if rig:
            from bench.rig.config import load_rig_config

            config = load_rig_config(rig)
            nics = nics_of_rig(system, config)
        else:
            nics = nics_named(system, interfaces) if interfaces else all_nics(system)
        seen = examine(system, nics, survey_everywhere, named=bool(interfaces or rig), rig=config)
    except BenchError as error:
        for line in str(error).splitlines():
            typer.echo(f"bench doctor: {line}", err=True)
        raise typer.Exit(TROUBLE) from None
    with patient_output():
        if as_json:
            print(json.dumps(doctor_json(seen.findings, seen.nics, seen.survey), indent=2))
        else:
            print_examination(seen, sys.stdout)
    raise typer.Exit(FIT if fit(seen.findings) else UNFIT)
