"""docs/live.md says what the console does, and its picture is what the console draws."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from bench.live.reading import keys_for

DOCS = Path(__file__).parents[2] / "docs"


def test_the_picture_is_what_the_console_draws_today() -> None:
    """Fails after a change of the screen: run python docs/make_live.py."""
    spec = importlib.util.spec_from_file_location("make_live", DOCS / "make_live.py")
    assert spec is not None
    assert spec.loader is not None
    make_live = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_live)

    drawn = make_live.picture(make_live.discovered_state())

    assert drawn == (DOCS / "live.svg").read_text(encoding="utf-8")


def test_the_picture_fetches_nothing() -> None:
    svg = (DOCS / "live.svg").read_text(encoding="utf-8")

    assert "url(http" not in svg.replace('"', "")


def test_the_page_explains_every_key() -> None:
    page = (DOCS / "live.md").read_text(encoding="utf-8")

    explained = re.findall(r"^\| `(.)` \|", page, re.MULTILINE)

    assert explained == [key.name for key in keys_for((), None)]
