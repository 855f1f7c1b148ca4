"""`bench adapters`: which HomePlug adapters answer on this computer's interfaces."""

from __future__ import annotations

import json
from typing import Annotated

import typer

GOOD, NOBODY, TROUBLE = 0, 1, 2


def adapters(
    interfaces: Annotated[
        list[str] | None,
        typer.Option("-i", "--interface", metavar="IF", help="Ask on this interface only; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Ask for HomePlug adapters: address, chip, firmware, network.

    Without -i on every Ethernet interface that is up and has something at the other end of its cable. Takes a second.
    Adapters directly on an interface are told from those heard through the powerline; where several interfaces have
    one, it says which of them are in one network. Only questions are sent, none that changes anything; no keys.

    Exit status: 0 an adapter answered, 1 none did, 2 wrong usage, or an interface could not be asked (no permission,
    switched off, no such interface).
    """
    from bench.cli.output import fit_to_width, patient_output
    from bench.doctor.as_json import survey_json
    from bench.doctor.survey import all_nics, need_linux, survey_everywhere, survey_of
    from bench.doctor.system import System
    from bench.doctor.words import ATTACH, survey_lines
    from bench.errors import BenchError

    try:
        need_linux()
        survey = survey_of(interfaces) if interfaces else survey_everywhere(all_nics(System()))
    except BenchError as error:
        typer.echo(f"bench adapters: {error}", err=True)
        raise typer.Exit(TROUBLE) from None
    status = GOOD if survey.adapters else NOBODY
    if survey.troubles and (interfaces or len(survey.troubles) == len(survey.asked)):
        status = TROUBLE
    with patient_output():
        if as_json:
            print(json.dumps(survey_json(survey), indent=2))
        else:
            for line in survey_lines(survey, troubles=status != TROUBLE):
                print(fit_to_width(line))
            if status == NOBODY:
                print()
                print(fit_to_width(f"No adapter answered. {ATTACH}", 0))
    if status == TROUBLE:
        for asked in survey.troubles:
            typer.echo(f"bench adapters: {asked.trouble}", err=True)
    raise typer.Exit(status)
