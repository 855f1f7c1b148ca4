"""`bench sniff`: record and watch what an adapter shows, and say what it does not."""

from __future__ import annotations

import io
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bench.sniff.recording import Wishes
    from bench.sniff.telling import Telling
    from bench.units import Ns

GOOD, NO_MATCH, TROUBLE = 0, 1, 2
MATCHED = "matched"
MEGA = 1_000_000


def sniff(
    interface: Annotated[str, typer.Option("-i", "--interface", metavar="IF", help="Where the adapter is plugged in.")],
    write: Annotated[
        Path | None, typer.Option("-w", "--write", metavar="FILE", help="Record to this pcapng file.")
    ] = None,
    rotate_mb: Annotated[
        float | None,
        typer.Option("--rotate-mb", metavar="N", help="Begin a new, numbered file whenever one has N megabytes."),
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", help="Of this run's numbered files keep the newest N.")
    ] = None,
    until: Annotated[
        list[str] | None,
        typer.Option(metavar="matched|SECONDS", help="End at the first match, or after so long; both may be given."),
    ] = None,
    join: Annotated[
        bool, typer.Option("--join", help="Join the network of an overheard match; the old key comes back at the end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")] = False,
    show_keys: Annotated[bool, typer.Option("--show-keys", help="Network keys in clear, also in the file.")] = False,
) -> None:
    """Record and watch SLAC, networks and sessions on an interface; say what its adapter shows and what not.

    At the start it asks the adapter what it is and says which messages of other stations it will show, and how sure
    that is; at the end what was seen and what of the announced was not. What a program on this computer sends is
    recorded, too.

    Without --join it sends questions to the adapter at this interface and nothing else. With it, the key of a
    CM_SLAC_MATCH.CNF for somebody else is set on this adapter alone, and its old key again before this ends.

    Exit status: 0 ended as wished, 1 --until matched and no match was seen, 2 wrong usage or trouble.
    """
    from bench.errors import BenchError, ConfigError
    from bench.sniff.recording import record
    from bench.sniff.stopping import stop_sign

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        wishes = wishes_of(interface, write, rotate_mb, keep, until or [], join=join, show_keys=show_keys)
        with stop_sign() as stop:
            ended = record(wishes, stop, partial(telling, as_json, show_keys), time.time_ns)
    except ConfigError as error:
        for line in error.mistakes:
            typer.echo(f"bench sniff: {line}", err=True)
        raise typer.Exit(TROUBLE) from None
    except BenchError as error:
        typer.echo(f"bench sniff: {error}", err=True)
        raise typer.Exit(TROUBLE) from None
    if ended.trouble:
        typer.echo(f"bench sniff: {ended.trouble}", err=True)
        raise typer.Exit(TROUBLE)
    leave_quietly()
    raise typer.Exit(NO_MATCH if wishes.until_matched and not ended.matched else GOOD)


def telling(as_json: bool, show_keys: bool, distance: Ns) -> Telling:
    from bench.sniff.telling import JsonLines, Lines

    return JsonLines(sys.stdout, distance, show_keys=show_keys) if as_json else Lines(sys.stdout, distance)


def leave_quietly() -> None:
    """A reader that has gone is no error; without this Python would complain when it flushes at exit."""
    from bench.cli.output import patient_output

    with patient_output():
        pass


def wishes_of(
    interface: str,
    path: Path | None,
    rotate_mb: float | None,
    keep: int | None,
    until: list[str],
    *,
    join: bool,
    show_keys: bool,
) -> Wishes:
    """Options to wishes. ConfigError with all that is wrong with them."""
    from bench.errors import ConfigError
    from bench.sniff.files import SMALLEST
    from bench.sniff.recording import Wishes
    from bench.units import s

    mistakes: list[str] = []
    limit = None if rotate_mb is None else round(rotate_mb * MEGA)
    if limit is not None and path is None:
        mistakes.append("--rotate-mb needs a file: -w FILE")
    if limit is not None and limit < SMALLEST:
        mistakes.append(f"--rotate-mb {rotate_mb:g} is too little; at least {SMALLEST / MEGA:g}")
    if keep is not None and limit is None:
        mistakes.append("--keep needs --rotate-mb")
    if keep is not None and keep < 1:
        mistakes.append(f"--keep is at least 1, got {keep}")
    within: Ns | None = None
    for each in until:
        if each == MATCHED:
            continue
        try:
            seconds = float(each)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds < 1e9:
            mistakes.append(f"--until is `matched` or a number of seconds, got {each!r}")
        else:
            within = s(seconds)
    if join and MATCHED in until:
        mistakes.append("--until matched ends before --join could join anything; give --until SECONDS")
    if mistakes:
        raise ConfigError(*mistakes)
    return Wishes(
        interface=interface,
        path=path,
        limit=limit,
        keep=keep,
        until_matched=MATCHED in until,
        within=within,
        join=join,
        show_keys=show_keys,
    )
