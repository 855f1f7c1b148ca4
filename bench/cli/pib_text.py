"""Parameter blocks as text, as JSON, and how far reading or writing one has come."""

from __future__ import annotations

import sys
from typing import Any

from bench.adapter import Progress
from bench.adapter.flash import Pib
from bench.change import Plan

WIDTH = 30
LONGEST = 60
"""Characters of a value; longer ones are cut."""


def bar(what: str) -> Progress:
    """A bar on stderr where a person looks; nothing elsewhere."""
    drawn = [-1]

    def draw(done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if not sys.stderr.isatty() or percent == drawn[0]:
            return
        drawn[0] = percent
        filled = "█" * (WIDTH * percent // 100)
        end = "\r\x1b[K" if done >= total and what == "writing" else ""
        sys.stderr.write(f"\r{what:<10}{filled:░<{WIDTH}} {done} octets{end}")
        sys.stderr.flush()

    return draw


def fields_lines(image: Pib, *, show_keys: bool) -> list[str]:
    """One field a line: offset, name, value; keys masked."""
    lines = [str(image), f"SHA-256 {image.digest}"]
    for name, field in sorted(image.fields.items(), key=lambda item: item[1].offset):
        value = field.text(image.read(name), show_keys=show_keys)
        cut = value if len(value) <= LONGEST else value[:LONGEST] + " …"
        lines.append(f"  0x{field.offset:04X}  {name:<32} {cut}  ({field.certainty.name.lower()})")
    if not image.nid_follows_nmk:
        lines.append("  the NID is not the one that follows from the NMK")
    return lines


def fields_json(image: Pib, *, show_keys: bool) -> dict[str, Any]:
    return {
        "kind": "pib",
        "layout": image.layout,
        "family": image.family.value,
        "octets": len(image.octets),
        "digest": image.digest,
        "configuration_digest": image.configuration_digest,
        "fields": [
            {
                "name": name,
                "offset": field.offset,
                "value": field.text(image.read(name), show_keys=show_keys),
                "meaning": field.meaning,
                "certainty": field.certainty.name.lower(),
                "source": field.source,
            }
            for name, field in sorted(image.fields.items(), key=lambda item: item[1].offset)
        ],
    }


def plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "title": plan.title,
        "mac": str(plan.identity.mac),
        "firmware": plan.identity.version,
        "nothing_to_do": plan.nothing_to_do,
        "old": plan.old.digest,
        "new": plan.new.digest,
        "changes": plan.diff.lines(),
    }
