"""`bench baseline`: timings kept, and later runs compared with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from bench.baseline.measured import Measured, StationComparison

GOOD, REGRESSED, TROUBLE = 0, 1, 2
GOOD_NUMBER = 20
"""Values of a baseline that one pass of the suite (6 to 8 values a station) can be held against."""
FOLDER = "firmware_pib/baselines"

baseline = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Station = Annotated[
    list[str] | None,
    typer.Option("--station", metavar="NAME", help="Only this station (a profile's id, or bench); may be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@baseline.callback()
def baseline_command() -> None:
    """How long a station took when it was well, and whether it still does."""


@baseline.command()
def record(
    timings: Annotated[
        list[str], typer.Argument(metavar="TIMINGS...", help="From pytest --timings FILE; several are put together.")
    ],
    to: Annotated[str, typer.Option(metavar="DIR", help="Where the baselines are kept.")] = FOLDER,
    station: Station = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="In place of an older one of the same conditions.")
    ] = False,
) -> None:
    """Keep the timings of one or more runs as baselines, one file per station.

    Several runs of the same kind make one baseline with more values; runs with different rigs, adapters, firmware or
    parameter blocks are refused, they belong into baselines of their own. Values and conditions go into the file, no
    address and no key: baselines can be published.

    Exit status: 0 recorded, 2 wrong usage, or a file that is none.
    """
    from datetime import datetime
    from pathlib import Path

    from bench.baseline.measured import merged
    from bench.baseline.store import file_name, save
    from bench.cli.output import patient_output
    from bench.errors import BenchError, ConfigError
    from bench.report.measured import dated

    today = datetime.now().astimezone().date().isoformat()
    try:
        found: dict[str, list[Measured]] = {}
        for run in different_runs(timings):
            for one in chosen(run, station):
                found.setdefault(one.conditions.who, []).append(one)
        if not found:
            raise ConfigError(f"nothing to record: no such station in {', '.join(timings)}")
        whole = [dated(merged(parts), today) for parts in found.values()]
        if not replace:
            refuse_existing([Path(to) / file_name(one) for one in whole])
        written = [(save(one, Path(to)), one) for one in whole]
    except BenchError as error:
        raise stopped("record", error) from None
    with patient_output():
        for path, one in written:
            print(f"{path}: {summary(one)}")
        if any(most_values(one) < GOOD_NUMBER for one in whole):
            print(f"Where n is below {GOOD_NUMBER}, put several runs together: a short run is held against a long one.")


@baseline.command()
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A baseline, timings, or a folder of baselines.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Timings of a run, or a baseline.")],
    across: Annotated[
        bool, typer.Option("--across", help="Compare even if adapters, clocks, rigs or limits differ; it is said.")
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="MS", min=0, help="Up to this a shift is none (three times the uncertainty of the bench)."
        ),
    ] = None,
    station: Station = None,
    charts: Annotated[str | None, typer.Option(metavar="DIR", help="An SVG per interval into this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which intervals have changed between two runs, by how much, and how sure that is.

    Compared are intervals, stations and test cases that both have, one value per test case and run. Stations measured
    on different rigs or with other adapters, clocks or limits are refused; firmware and parameter block may differ,
    and it is said. With a folder, each station of AFTER is compared with the baseline that fits.

    Exit status: 0 no regression, 1 an interval is slower or more scattered, 2 wrong usage or nothing comparable.
    """
    import json
    from pathlib import Path

    from bench.baseline.measured import compare_measured
    from bench.cli.output import patient_output
    from bench.errors import BenchError, ConfigError
    from bench.report.comparison import any_regressed, comparison_json, comparison_text
    from bench.units import ms

    try:
        pairs, without = paired(Path(before), Path(after), station, across)
        limit = None if tolerance is None else ms(tolerance)
        stations = compare_measured(pairs, tolerance=limit, across=across)
        if not any(station.decided for station in stations):
            raise ConfigError(f"{before} and {after} have no interval of one test case in common")
        written = draw(stations, Path(charts)) if charts is not None else 0
    except BenchError as error:
        raise stopped("compare", error) from None
    for line in without:
        typer.echo(f"bench baseline compare: {line}", err=True)
    with patient_output():
        if as_json:
            print(json.dumps(comparison_json(stations), indent=1, ensure_ascii=False))
        else:
            print(comparison_text(stations), end="")
            if charts is not None:
                print(f"{written} charts in {charts}")
    raise typer.Exit(REGRESSED if any_regressed(stations) else GOOD)


@baseline.command(name="list")
def list_baselines(
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="Where the baselines are kept.")] = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Say which baselines there are, of what, and under which conditions.

    Exit status: 0, or 2 if the folder or one of its files cannot be read.
    """
    import json
    from pathlib import Path

    from bench.baseline.store import load_all
    from bench.cli.output import patient_output
    from bench.errors import BenchError

    try:
        found = load_all(Path(folder))
    except BenchError as error:
        raise stopped("list", error) from None
    with patient_output():
        if as_json:
            print(json.dumps([entry(path, one) for path, one in found.items()], indent=1, ensure_ascii=False))
            return
        for path, one in found.items():
            print(f"{path}: {summary(one)}")
        if not found:
            print(f"no baseline in {folder}; bench baseline record TIMINGS --to {folder} makes one")


def different_runs(names: list[str]) -> list[list[Measured]]:
    """The runs in these files. Raises ConfigError where two are one and the same."""
    from itertools import combinations
    from pathlib import Path

    from bench.baseline.measured import same_run
    from bench.errors import ConfigError
    from bench.report.measured import load_measured

    runs = [load_measured(Path(name)) for name in names]
    for (name, run), (other_name, other) in combinations(zip(names, runs, strict=True), 2):
        if same_run(run, other):
            raise ConfigError(f"{other_name}: the same run as {name}, to the nanosecond; together they show no more")
    return runs


def refuse_existing(paths: list[Path]) -> None:
    """Before anything is written: all of them or none."""
    from bench.errors import ConfigError

    if there := [path for path in paths if path.exists()]:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise ConfigError(f"{there[0]}{more}: there is a baseline already; --replace takes its place")


def stopped(command: str, error: Exception) -> typer.Exit:
    for line in str(error).splitlines():
        typer.echo(f"bench baseline {command}: {line}", err=True)
    return typer.Exit(TROUBLE)


def chosen(measured: list[Measured], stations: list[str] | None) -> list[Measured]:
    return [one for one in measured if not stations or one.conditions.station in stations]


def paired(
    before: Path, after: Path, stations: list[str] | None, across: bool
) -> tuple[list[tuple[Measured, Measured]], list[str]]:
    """What to compare with what, and in a line each what is left out. Raises ConfigError if nothing is left."""
    from bench.baseline.measured import refusal
    from bench.baseline.store import load_all, matching
    from bench.errors import ConfigError
    from bench.report.measured import load_measured

    now = chosen(load_measured(after), stations)
    old = list(load_all(before).values()) if before.is_dir() else load_measured(before)
    pairs: list[tuple[Measured, Measured]] = []
    without: list[str] = []
    for one in now:
        same = [other for other in old if other.conditions.who == one.conditions.who]
        fit = matching(same, one)
        if fit is None and across and same:
            fit = max(same, key=lambda other: other.created)
        if fit is not None:
            pairs.append((fit, one))
        elif same:
            without.append(f"{refusal(same[-1], one)}; --across compares all the same")
        else:
            without.append(f"{one.conditions.who}: not in {before}")
    if not pairs:
        raise ConfigError(*(without or [f"{after}: no such station in it"]))
    return pairs, without


def draw(stations: list[StationComparison], folder: Path) -> int:
    """A chart of every interval that has values on both sides; returns how many."""
    from bench.baseline.comparing import Change
    from bench.errors import ConfigError
    from bench.report.attachments import Kind
    from bench.report.comparison import comparison_attachments

    found = [one for one in comparison_attachments(stations, Change) if one.kind is Kind.SVG]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for attachment in found:
            (folder / attachment.name).write_text(str(attachment.body), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from None
    return len(found)


def most_values(one: Measured) -> int:
    """n of the interval measured most often."""
    return max((sum(map(len, by_case.values())) for by_case in one.values.values()), default=0)


def summary(one: Measured) -> str:
    run, adapters = one.conditions.run, one.conditions.adapters
    told = ", ".join(f"{a.role}'s {a.model} {a.firmware}" + (f", PIB {a.pib[:12]}" if a.pib else "") for a in adapters)
    return (
        f"{one.conditions.who}, rig {run.rig}, {run.clock} clock, {run.verdict} limits"
        f"{', ' + told if told else ''}; {len(one.values)} intervals, n up to {most_values(one)}; {one.created}"
    )


def entry(path: Path, one: Measured) -> dict[str, object]:
    from bench.baseline.store import adapters_to_json

    c = one.conditions
    return {
        "file": str(path),
        "role": c.role,
        "station": c.station,
        "created": one.created,
        "runs": one.runs,
        "run": c.run.as_dict(),
        "adapters": adapters_to_json(c.adapters),
        "uncertainty_ns": one.uncertainty,
        "n": {name: sum(map(len, by_case.values())) for name, by_case in one.values.items()},
    }
