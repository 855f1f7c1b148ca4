"""All subcommands in one place. A command's own module is light; what it needs it imports when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from bench import __version__
from bench.cli.adapters import adapters
from bench.cli.analyze import analyze
from bench.cli.baseline import baseline
from bench.cli.doctor import doctor
from bench.cli.live import live
from bench.cli.pib import pib
from bench.cli.rig import rig
from bench.cli.sim import sim
from bench.cli.sniff import sniff

EPILOG = "Exit status: 0 good, 1 the thing under test deviates, 2 wrong usage or bench trouble."

app = typer.Typer(
    name="bench",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ccs-bench {__version__}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def bench(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A hardware-in-the-loop test bench for CCS charging communication."""


app.command(epilog=EPILOG)(analyze)
app.command()(doctor)
app.command()(adapters)
app.command()(sniff)
app.command(epilog=EPILOG)(live)
app.add_typer(sim, name="sim", epilog=EPILOG)
app.add_typer(pib, name="pib", epilog=EPILOG)
app.add_typer(rig, name="rig", epilog=EPILOG)
app.add_typer(baseline, name="baseline", epilog=EPILOG)
