"""The real captures, which lie beside the repository and are no part of it.

Third-party recordings (see their README for sources and licences); tests that need them are skipped without them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "captures"
ENDINGS = (".pcap", ".pcapng", ".dump")

CAPTURES = sorted(path for path in FOLDER.rglob("*") if path.suffix in ENDINGS and path.with_suffix(".json").exists())
"""Every capture with ground truth beside it."""

needs_captures = pytest.mark.skipif(not CAPTURES, reason=f"no real captures in {FOLDER.name}/ beside the repository")


def capture(name: str) -> Path:
    """The capture whose file name begins with *name*. Skips the test if it is not there."""
    for path in CAPTURES:
        if path.name.startswith(name):
            return path
    pytest.skip(f"the real capture {name} is not there")
