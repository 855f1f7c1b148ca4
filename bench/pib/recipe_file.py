"""Recipes as files: those of the checkout's folder `firmware_pib`, and a user's own by path.

The folder stands beside the package `bench`, as in a checkout, and is not part of an installed package: without a
checkout there is no suite either. Installed elsewhere, recipes are named by path.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from bench.errors import ConfigError, did_you_mean
from bench.pib.recipe import Recipe

FOLDER = Path(__file__).parents[2] / "firmware_pib"
SUFFIX = ".toml"
NO_RECIPES = frozenset({"baselines"})
"""Folders beside the models that hold something else."""


def load_recipe(path: str | Path) -> Recipe:
    """The recipe in a TOML file. Raises ConfigError with every mistake: file, edit, key, and what to write instead."""
    recipe, mistakes = _load(Path(path))
    if recipe is None:
        raise ConfigError(*mistakes)
    return recipe


def recipes(folder: Path = FOLDER) -> dict[str, Recipe]:
    """All recipes of *folder* by name, `<model>/<file without suffix>`, in alphabetical order.

    Raises ConfigError with every mistake of every file, and if there is no such folder.
    """
    found: dict[str, Recipe] = {}
    mistakes: list[str] = []
    for name, path in _paths(folder).items():
        recipe, wrong = _load(path)
        mistakes += wrong
        if recipe is not None:
            found[name] = recipe
    if mistakes:
        raise ConfigError(*mistakes)
    return found


def find_recipe(source: str, folder: Path = FOLDER) -> Recipe:
    """The recipe that a user means: a name of *folder*, or the path of a TOML file.

    Raises ConfigError, with a suggestion if no recipe has that name.
    """
    if source.endswith(SUFFIX):
        return load_recipe(source)
    paths = _paths(folder)
    if source not in paths:
        raise ConfigError(f"there is no recipe {source!r}{did_you_mean(source, paths)}")
    return load_recipe(paths[source])


def _paths(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder; ccs-bench brings its recipes in a checkout only: "
            "install it from one (make hil), or name a recipe by its path"
        )
    paths = sorted(folder.glob(f"*/*{SUFFIX}"))
    return {_name(path): path for path in paths if path.parent.name not in NO_RECIPES}


def _name(path: Path) -> str:
    return f"{path.absolute().parent.name}/{path.stem}"


def _load(path: Path) -> tuple[Recipe | None, list[str]]:
    from bench.pib import recipe_tables  # here, because pydantic takes its time and few commands read recipes

    name = _name(path)
    file = f"{name}{SUFFIX}"
    try:
        octets = path.read_bytes()
        table = tomllib.loads(octets.decode())
    except FileNotFoundError:
        return None, [f"{path}: no such recipe file"]
    except tomllib.TOMLDecodeError as error:
        return None, [f"{file}: not TOML: {error}"]
    except (OSError, UnicodeDecodeError) as error:
        return None, [f"{file}: cannot be read: {error}"]
    recipe, mistakes = recipe_tables.read(table, name, hashlib.sha256(octets).hexdigest())
    return recipe, [f"{file}: {mistake}" for mistake in mistakes]
