"""What the commands of `bench pib` do. Each returns its exit status; errors are one paragraph, never a traceback."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from bench.adapter import Identity, PlcAdapter
from bench.adapter.flash import Pib
from bench.change import Plan, Store, apply_change, plan_change
from bench.change import recover as climb
from bench.change import restore as write_back
from bench.change.bisecting import Search, mixed, pieces_of
from bench.change.journal import Journal
from bench.change.store import Backup, write_for_good
from bench.cli.output import fit_to_width, patient_output
from bench.cli.pib_text import bar, fields_json, fields_lines, plan_json
from bench.errors import BenchError, ConfigError
from bench.ids import MacAddress
from bench.pib import (
    ChainPib,
    Family,
    FlatPib,
    NvmFile,
    PibFile,
    PibImage,
    RecipeRefused,
    compare,
    faults,
    find_recipe,
    parse,
    synthesise,
)
from bench.rig.one_adapter import adapter_at

GOOD, DEVIATES, TROUBLE = 0, 1, 2


class Declined(BenchError):
    """The person said no, or there was nobody to ask."""


def ended(command: Callable[..., int], *arguments: Any, **options: Any) -> None:
    """Run *command* and leave with its status; with GOOD if the reader of its output has gone."""
    status = GOOD
    try:
        with patient_output():
            status = command(*arguments, **options)
    except (BenchError, OSError, ValueError) as error:
        typer.echo(f"bench pib {command.__name__}: {error}", err=True)
        status = TROUBLE
    raise typer.Exit(status)


def say(*lines: str) -> None:
    for line in lines:
        print(fit_to_width(line))


def say_json(about: dict[str, Any]) -> None:
    print(json.dumps({"format": "ccs-bench-pib", "version": 1, **about}, indent=2))


# files ------------------------------------------------------------------------------------------------------------


def show(file: Path | None, interface: str | None, *, as_json: bool, show_keys: bool) -> int:
    if (file is None) == (interface is None):
        raise ConfigError("give a file, or an interface with -i")
    identity = None
    if interface is not None:
        with adapter_at(interface, "bench pib show") as adapter:
            identity = adapter.identify()
            image: PibFile = adapter.read_pib(bar("reading"))
    else:
        assert file is not None
        image = parse(file.read_bytes())
    if isinstance(image, NvmFile):
        say_json({"kind": "firmware", "text": str(image)}) if as_json else say(str(image))
        return GOOD
    if as_json:
        say_json({"identity": _about(identity), **fields_json(image, show_keys=show_keys)})
    else:
        say(*([f"{identity}"] if identity else []), *fields_lines(image, show_keys=show_keys))
    return GOOD


def check(files: list[Path], *, as_json: bool) -> int:
    found = {str(file): faults(file.read_bytes()) for file in files}
    if as_json:
        say_json({"files": {name: [str(fault) for fault in wrong] for name, wrong in found.items()}})
    else:
        for name, wrong in found.items():
            print(f"{name}: {'sound' if not wrong else ''}".rstrip())
            say(*(f"  {fault}" for fault in wrong))
    return DEVIATES if any(found.values()) else GOOD


def diff(old: Path, new: Path, *, as_json: bool, show_keys: bool) -> int:
    found = compare(_image_in(old), _image_in(new))
    lines = found.lines(show_keys=show_keys)
    if as_json:
        say_json({"same": not found, "changes": lines})
    else:
        say(*(lines or ["the same"]))
    return DEVIATES if found else GOOD


def synth(family: str, file: Path, mac: str, name: str) -> int:
    known = {each.name.lower(): each for each in Family if each is not Family.UNKNOWN}
    if family.lower() not in known:
        raise ConfigError(f"there is no family {family!r}; known are {', '.join(known)}")
    image = synthesise(known[family.lower()], mac=MacAddress.parse(mac), values={"user_hfid": name})
    try:
        write_for_good(file, image.octets)
    except FileExistsError:
        raise ConfigError(f"{file} is there already and is not written over") from None
    say(f"{file}: {image}")
    return GOOD


# adapters ---------------------------------------------------------------------------------------------------------


def plan(interface: str, wanted: str, *, as_json: bool) -> int:
    with adapter_at(interface, "bench pib plan") as adapter:
        made, changes = _planned(adapter, wanted)
    if as_json:
        say_json({**plan_json(made), "explained": changes})
    else:
        say(*made.lines(changes))
    return GOOD


def apply(interface: str, wanted: str, *, yes: bool, as_json: bool) -> int:
    with adapter_at(interface, "bench pib apply") as adapter:
        made, changes = _planned(adapter, wanted)
        if not as_json:
            say(*made.lines(changes))
        if not made.nothing_to_do:
            _ask(f"Write this to {made.identity.mac}?", yes)
        apply_change(adapter, made, Store(), progress=bar("writing"))
    if as_json:
        say_json({**plan_json(made), "applied": not made.nothing_to_do})
    elif not made.nothing_to_do:
        say(f"done: {made.identity.mac} runs on the new block; `bench pib restore -i {interface}` takes it back")
    return GOOD


def verify(interface: str, wanted: str, *, as_json: bool) -> int:
    with adapter_at(interface, "bench pib verify") as adapter:
        made, _ = _planned(adapter, wanted)
    if as_json:
        say_json({**plan_json(made), "as_wanted": made.nothing_to_do})
    elif made.nothing_to_do:
        say(f"{made.identity} is as {made.title} wants it")
    else:
        say(f"{made.identity} is not as {made.title} wants it:", *(f"  {line}" for line in made.diff.lines()))
    return GOOD if made.nothing_to_do else DEVIATES


def backup(interface: str, *, as_json: bool) -> int:
    with adapter_at(interface, "bench pib backup") as adapter:
        adapter.identify()
        kept = Store().keep(adapter.read_pib(bar("reading")))
    if as_json:
        say_json({"backup": _backup_json(kept)})
    else:
        print(f"kept: {kept.path}")
    return GOOD


def backups(*, as_json: bool) -> int:
    store = Store()
    kept = [each for mac in store.adapters() for each in store.backups(mac)]
    unfinished = Journal(store).unfinished()
    if as_json:
        open_changes = [
            {"mac": str(change.mac), "title": change.title, "stage": change.stage.name.lower()} for change in unfinished
        ]
        say_json({"backups": [_backup_json(each) for each in kept], "unfinished": open_changes})
        return GOOD
    for each in kept:
        print(f"{each.mac}  {each.kept:%Y-%m-%d %H:%M:%S} UTC  {each.path}")
    if not kept:
        say(f"nothing is kept in {store.folder}")
    say(*(f"{change.mac}: '{change.title}' was not ended: {change.stage.value}" for change in unfinished))
    return GOOD


def restore(interface: str, file: Path | None, *, yes: bool, as_json: bool) -> int:
    store = Store()
    with adapter_at(interface, "bench pib restore") as adapter:
        identity = adapter.identify()
        chosen = _chosen(store, file, identity, adapter.read_pib())
        if not as_json:
            print(f"{identity}: the backup of {chosen.kept:%Y-%m-%d %H:%M:%S} UTC, {chosen.path}")
        _ask(f"Write this backup to {identity.mac}?", yes)
        write_back(adapter, chosen, store, progress=bar("writing"))
    if as_json:
        say_json({"restored": _backup_json(chosen)})
    else:
        say(f"done: {identity.mac} is as it was then")
    return GOOD


def recover(interface: str, mac: str | None, *, yes: bool, as_json: bool) -> int:
    with adapter_at(interface, "bench pib recover") as adapter:
        _ask(f"Bring the adapter on {interface} back? It may be restarted and written.", yes)
        whose = None if mac is None else MacAddress.parse(mac)
        tell = (lambda _: None) if as_json else say
        found = climb(adapter, Store(), mac=whose, progress=bar("writing"), say=tell)
    if as_json:
        say_json({"said": found.said, "recovered": found.pib is not None})
    return GOOD


def bisect(good: Path, bad: Path, interface: str, check: str, log: Path | None, *, yes: bool, as_json: bool) -> int:
    store = Store()
    first, last = _image_in(good), _image_in(bad)
    pieces = pieces_of(first, last)
    with adapter_at(interface, "bench pib bisect") as adapter:
        identity = adapter.identify()
        original = store.keep(adapter.read_pib(bar("reading")))
    tell = (lambda _: None) if as_json else say
    tell(f"{len(pieces)} changes from {good} to {bad}, at most {len(pieces).bit_length() + 1} trials if one is guilty")
    _ask(f"Write mixtures of them to {identity.mac}?", yes)
    known = hashlib.sha256(f"{first.digest}{last.digest}{check}".encode()).hexdigest()[:12]
    search = Search(
        list(pieces),
        lambda names: _tried(interface, mixed(first, (pieces[name] for name in names)), check),
        log or store.folder_of(identity.mac) / f"bisect-{known}.jsonl",
        tell,
    )
    try:
        guilty = search.guilty()
    finally:
        with adapter_at(interface, "bench pib bisect, going back") as adapter:
            adapter.identify()
            write_back(adapter, original, store, progress=bar("writing"))
    if as_json:
        say_json({"guilty": guilty, "trials": search.trials, "log": str(search.log)})
    else:
        say(f"guilty: {', '.join(guilty)}", *(f"  {pieces[name]}" for name in guilty))
        print(f"every trial: {search.log}")
    return GOOD


def _tried(interface: str, image: PibImage, check: str) -> bool:
    """Whether *check* finds the adapter bad with *image*. The interface is free while it looks."""
    with adapter_at(interface, "bench pib bisect") as adapter:
        identity = adapter.identify()
        assert isinstance(image, FlatPib | ChainPib)
        made = plan_change(identity, adapter.read_pib(), image, "a trial of the search")
        apply_change(adapter, made, Store(), progress=bar("writing"))
    status = subprocess.run(check, shell=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode
    if status not in (GOOD, DEVIATES):
        raise BenchError(
            f"the check ended with {status}, neither good (0) nor bad (1); the search can be resumed: {check}"
        )
    return status == DEVIATES


# parts of them ------------------------------------------------------------------------------------------------------


def _planned(adapter: PlcAdapter, wanted: str) -> tuple[Plan, list[str]]:
    """The plan, and its changes; a recipe's with what each is for."""
    identity = adapter.identify()
    old = adapter.read_pib(bar("reading"))
    if wanted.endswith(".pib") or (Path(wanted).is_file() and not wanted.endswith(".toml")):
        made = plan_change(identity, old, _image_in(Path(wanted)), wanted)
        return made, made.diff.lines()
    recipe = find_recipe(wanted)
    if refusals := recipe.check(old, identity.version):
        raise RecipeRefused(f"recipe {recipe.name}", refusals)
    explained = [line for step in recipe.plan(old).steps for line in step.lines()]
    return plan_change(identity, old, recipe.applied_to(old), f"recipe {recipe.name}"), explained


def _image_in(file: Path) -> Pib:
    image = parse(file.read_bytes())
    if not isinstance(image, FlatPib | ChainPib):
        raise ConfigError(f"{file} is firmware, not a parameter block")
    return image


def _chosen(store: Store, file: Path | None, identity: Identity, now: Pib) -> Backup:
    """*file*, or the newest backup of this adapter that is not what it has."""
    kept = store.backups(identity.mac)
    if file is not None:
        found = [each for each in kept if each.path == file.resolve() or each.path.name == file.name]
        if not found:
            raise ConfigError(f"{file} is no backup of {identity.mac}; bench pib backups lists them")
        return found[-1]
    others = [each for each in kept if each.octets() != now.octets]
    if not others:
        raise ConfigError(f"there is no backup of {identity.mac} that differs from what it has; bench pib backups")
    return others[-1]


def _ask(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Declined(f"{question} There is nobody to ask: say --yes")
    if not typer.confirm(question, default=False, err=True):
        raise Declined("nothing was written")


def _about(identity: Identity | None) -> dict[str, object] | None:
    if identity is None:
        return None
    return {"mac": str(identity.mac), "device_class": identity.device_class, "firmware": identity.version}


def _backup_json(kept: Backup) -> dict[str, str]:
    return {"mac": str(kept.mac), "kept": kept.kept.isoformat(), "digest": kept.digest, "path": str(kept.path)}
