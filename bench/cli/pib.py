"""`bench pib`: parameter blocks as files and in adapters. What a command needs it imports when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

pib = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Interface = Annotated[str, typer.Option("-i", "--interface", metavar="IF", help="Where the adapter is plugged in.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
ShowKeys = Annotated[bool, typer.Option("--show-keys", help="Network and device keys in clear.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before anything is written.")]
Wanted = Annotated[
    str,
    typer.Argument(metavar="RECIPE|FILE", help="A recipe (tplink-tlpa4010p/evse, a .toml) or an image (.pib)."),
]


@pib.callback()
def pib_command() -> None:
    """Parameter blocks (PIB): look, compare, change with a backup and a journal, and bring adapters back.

    Changes keep backups and a journal in the user's data folder, per adapter, for its owner only: they hold keys.
    """


@pib.command()
def show(
    file: Annotated[Path | None, typer.Argument(help="A PIB or firmware file; - for none with -i.")] = None,
    interface: Annotated[str | None, typer.Option("-i", "--interface", metavar="IF", help="Read it from here.")] = None,
    as_json: AsJson = False,
    show_keys: ShowKeys = False,
) -> None:
    """Show the named fields of a file or of the adapter on an interface."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.show, file, interface, as_json=as_json, show_keys=show_keys)


@pib.command()
def check(files: Annotated[list[Path], typer.Argument(help="PIB or firmware files.")], as_json: AsJson = False) -> None:
    """Say everything that is wrong with files. Exit status 1 if anything is."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.check, files, as_json=as_json)


@pib.command()
def diff(old: Path, new: Path, as_json: AsJson = False, show_keys: ShowKeys = False) -> None:
    """Say what differs between two images, field by field. Exit status 1 if anything does."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.diff, old, new, as_json=as_json, show_keys=show_keys)


@pib.command()
def synth(
    family: Annotated[str, typer.Argument(help="int6x00, qca7000, qca7005 or qca7420.")],
    file: Annotated[Path, typer.Argument(help="Where it goes; not written over.")],
    mac: Annotated[str, typer.Option(metavar="MAC", help="The adapter's address.")] = "02:00:00:00:00:01",
    name: Annotated[str, typer.Option(metavar="TEXT", help="The user's name for it.")] = "synthetic",
) -> None:
    """Make a sound image of a family, for trying tools with. Nothing of it is a vendor's."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.synth, family, file, mac, name)


@pib.command()
def plan(interface: Interface, wanted: Wanted, as_json: AsJson = False) -> None:
    """Say what applying a recipe or an image to the adapter would change. Nothing is written."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.plan, interface, wanted, as_json=as_json)


@pib.command()
def apply(interface: Interface, wanted: Wanted, yes: Yes = False, as_json: AsJson = False) -> None:
    """Apply a recipe or an image: backup, write, read back, restart, compare. Asks first."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.apply, interface, wanted, yes=yes, as_json=as_json)


@pib.command()
def verify(interface: Interface, wanted: Wanted, as_json: AsJson = False) -> None:
    """Say whether the adapter is as a recipe or an image wants it. Exit status 1 if it is not."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.verify, interface, wanted, as_json=as_json)


@pib.command()
def backup(interface: Interface, as_json: AsJson = False) -> None:
    """Keep the adapter's block as it is now."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.backup, interface, as_json=as_json)


@pib.command()
def backups(as_json: AsJson = False) -> None:
    """List what is kept, and changes that were begun and not ended."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.backups, as_json=as_json)


@pib.command()
def restore(
    interface: Interface,
    file: Annotated[Path | None, typer.Argument(help="A backup; unless given, the newest that differs.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Write a backup back, octet by octet. Asks first."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.restore, interface, file, yes=yes, as_json=as_json)


@pib.command()
def recover(
    interface: Interface,
    mac: Annotated[
        str | None, typer.Option(metavar="MAC", help="Whose it is, where its loader cannot say so itself.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring an adapter back after a change that was cut off: ask, restart, write the backup, factory's block."""
    from bench.cli import pib_run

    pib_run.ended(pib_run.recover, interface, mac, yes=yes, as_json=as_json)


@pib.command()
def bisect(
    good: Annotated[Path, typer.Argument(help="An image of this adapter that is good.")],
    bad: Annotated[Path, typer.Argument(help="One that is not.")],
    interface: Interface,
    check: Annotated[
        str,
        typer.Option(metavar="COMMAND", help="Exit status 0: good, 1: bad, anything else: it cannot tell."),
    ],
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Keeps the trials; read to go on.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Find the fields that make BAD bad: apply halves of what differs, run COMMAND, halve again.

    As `git bisect run` does it. One guilty field of 40 takes seven trials at most; fields that are guilty only together
    are found, too. An interrupted search goes on where it was when it is started again the same way. In the end the
    adapter has the block it had. For example: --check "pytest hil_tests -k they_match --rig garage.toml"
    """
    from bench.cli import pib_run

    pib_run.ended(pib_run.bisect, good, bad, interface, check, log, yes=yes, as_json=as_json)
