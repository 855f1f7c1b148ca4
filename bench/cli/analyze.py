"""`bench analyze`: what happened in a capture, how long each step took, why it failed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bench.analysis import Recorder

GOOD, DEVIATES, TROUBLE = 0, 1, 2


def analyze(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="pcap or pcapng; - reads standard input.", show_default=False)
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON on standard output; an array of objects if there are several files.")
    ] = False,
    show_keys: Annotated[bool, typer.Option("--show-keys", help="Print network keys in clear; else masked.")] = False,
    role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="Where the recorder sat: pev, evse, listener or pev_internal."),
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="MAC", help="Address of the recording computer.")] = None,
    modem: Annotated[str | None, typer.Option(metavar="MAC", help="Address of the modem attached to it.")] = None,
    events: Annotated[
        str | None,
        typer.Option(
            metavar="LOG",
            help="Log of the control pilot: columns t,state[,duty], or an EVerest event log. For one FILE.",
        ),
    ] = None,
) -> None:
    """Say what happened in captures of a car and a charger.

    One block per SLAC attempt: outcome, stations, every interval beside its limit, departures from the rules with
    their frames, and one sentence of diagnosis. After a match, each step to the TCP connection, the longest marked
    with >. Role, host and modem of the recorder are inferred where they are not given.

    With --events the edges of the control pilot stand on the same axis. LOG is either CSV with the columns t, state
    and perhaps duty (t: seconds since the first frame, or date and time in UTC; state: A to F; duty: percent), or the
    eventlog.csv of an EVerest station; its content tells which.

    Exit status 1 says that an attempt failed: it was not answered, broke off, or its network never showed. Attempts
    at another station, cut off by the end of the capture or recorded in part do not count, and neither does a
    capture without SLAC. Exit status 2 says that a file could not be read; the others are analysed all the same.
    """
    told = told_recorder(role, host, modem)
    if events is not None and len(files) > 1:
        raise typer.BadParameter("one log belongs to one capture; name a single FILE", param_hint="--events")
    from bench.cli.analysis_run import run

    try:
        status = run(files, told, as_json=as_json, show_keys=show_keys, events=events)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = GOOD
    raise typer.Exit(status)


def told_recorder(role: str | None, host: str | None, modem: str | None) -> Recorder:
    """What the options say. Raises typer.BadParameter naming the option."""
    from bench.analysis import Recorder, Role
    from bench.ids import MacAddress

    def address(option: str, text: str | None) -> MacAddress | None:
        try:
            return None if text is None else MacAddress.parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from None

    if role is not None and role not in set(Role):
        raise typer.BadParameter(f"{role!r} is none of {', '.join(Role)}", param_hint="--role")
    return Recorder(Role(role) if role else None, address("--host", host), address("--modem", modem))
