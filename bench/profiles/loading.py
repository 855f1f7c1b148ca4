"""The profiles that come with the library, read when asked for and kept.

`vehicle("vw-id3")` reads one file; `vehicles()` reads all. A name that does not exist and a file that is wrong raise
ConfigError, the first with a suggestion, the second with every mistake of every file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TypeVar

from bench.errors import ConfigError
from bench.profiles.adapter import AdapterProfile
from bench.profiles.charger import ChargerProfile
from bench.profiles.reading import read
from bench.profiles.vehicle import VehicleProfile

Profile = TypeVar("Profile", VehicleProfile, ChargerProfile, AdapterProfile)

SUFFIX = ".toml"


@cache
def vehicles() -> Mapping[str, VehicleProfile]:
    """All cars by id, in alphabetical order."""
    return load_all(VehicleProfile, _folder("vehicles"))


@cache
def chargers() -> Mapping[str, ChargerProfile]:
    """All charging stations by id, in alphabetical order."""
    return load_all(ChargerProfile, _folder("chargers"))


@cache
def adapters() -> Mapping[str, AdapterProfile]:
    """All adapter families by id, in alphabetical order."""
    return load_all(AdapterProfile, _folder("adapters"))


@cache
def vehicle(vehicle_id: str) -> VehicleProfile:
    """The car of that id. Raises ConfigError, with a suggestion if there is no such car."""
    return load(VehicleProfile, _folder("vehicles"), vehicle_id)


@cache
def charger(charger_id: str) -> ChargerProfile:
    """The charging station of that id. Raises ConfigError, with a suggestion if there is no such station."""
    return load(ChargerProfile, _folder("chargers"), charger_id)


@cache
def adapter(adapter_id: str) -> AdapterProfile:
    """The adapter family of that id. Raises ConfigError, with a suggestion if there is no such family."""
    return load(AdapterProfile, _folder("adapters"), adapter_id)


def load(kind: type[Profile], folder: Traversable, name: str) -> Profile:
    """One profile of *folder*. Raises ConfigError with every mistake in its file."""
    known = _names(folder)
    if name not in known:
        raise ConfigError(f"{folder.name}: no profile {name!r}{_nearest(name, known)}")
    profile, mistakes = _load(kind, folder, name)
    if profile is None:
        raise ConfigError(*mistakes)
    return profile


def load_all(kind: type[Profile], folder: Traversable) -> Mapping[str, Profile]:
    """Every profile of *folder* by id. Raises ConfigError with every mistake in every file."""
    profiles: dict[str, Profile] = {}
    mistakes: list[str] = []
    for name in _names(folder):
        profile, wrong = _load(kind, folder, name)
        mistakes += wrong
        if profile is not None:
            profiles[name] = profile
    if mistakes:
        raise ConfigError(*mistakes)
    return MappingProxyType(profiles)


def _load(kind: type[Profile], folder: Traversable, name: str) -> tuple[Profile | None, list[str]]:
    file = f"{folder.name}/{name}{SUFFIX}"
    try:
        table = tomllib.loads((folder / f"{name}{SUFFIX}").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, [f"{file}: not TOML: {error}"]
    profile, mistakes = read(kind, table, file)
    if profile is not None and profile.id != name:
        return None, [f"{file}: id: expected {name!r} as in the file name, got {profile.id!r}"]
    return profile, mistakes


def _nearest(name: str, known: list[str]) -> str:
    """Suggests by the whole id and by its words, so that `ionik` finds `hyundai-ioniq5`."""
    words = {word for each in known for word in (each, *each.split("-"))}
    near = get_close_matches(name.lower(), sorted(words))
    ids = dict.fromkeys(each for word in near for each in known if word in (each, *each.split("-")))
    return f"; did you mean {' or '.join(ids)}?" if ids else ""


def _folder(name: str) -> Traversable:
    return files("bench.profiles") / name


def _names(folder: Traversable) -> list[str]:
    return sorted(entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX))
