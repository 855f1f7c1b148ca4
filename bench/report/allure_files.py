"""Where Allure looks: environment, categories, steps and attachments.

`failed` means that the station under test deviates, `broken` that the bench cannot judge (`bench.errors`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import allure

from bench.errors import AdapterError, ConfigError, Missed, PortError, RigBroken, TooClose
from bench.report.attachments import Attachment
from bench.report.steps import Step
from bench.units import to_s

ANYTHING = r"[\s\S]*"
"""A regular expression of Allure has to match the whole message; `.` stops at the end of a line."""


def _with(*words: str) -> str:
    return ANYTHING + "(" + "|".join(words) + ")" + ANYTHING


def _without(*words: str) -> str:
    return f"(?!{_with(*words)}){ANYTHING}"


_LIMIT, _NO_MATCH = r"rule\s+\S+ \S+ table A\.1", "was not matched"
_CLOSE, _MISSED = TooClose.__name__, Missed.__name__
_ADAPTER, _RIG = AdapterError.__name__, [kind.__name__ for kind in (RigBroken, PortError, ConfigError)]

CATEGORIES: tuple[Mapping[str, object], ...] = (
    {
        "name": "The station under test breaks a time limit",
        "matchedStatuses": ["failed"],
        "messageRegex": _with(_LIMIT),
    },
    {
        "name": "The station under test was not matched",
        "matchedStatuses": ["failed"],
        "messageRegex": f"(?!{_with(_LIMIT)})" + _with(_NO_MATCH),
    },
    {
        "name": "The station under test deviates",
        "matchedStatuses": ["failed"],
        "messageRegex": _without(_LIMIT, _NO_MATCH),
    },
    {
        "name": "Too close to call: the margin is within the bench's uncertainty",
        "matchedStatuses": ["broken"],
        "messageRegex": _with(_CLOSE),
    },
    {
        "name": "The bench missed frames, so it does not judge",
        "matchedStatuses": ["broken"],
        "messageRegex": f"(?!{_with(_CLOSE)})" + _with(_MISSED),
    },
    {
        "name": "An adapter does not do its part",
        "matchedStatuses": ["broken"],
        "messageRegex": f"(?!{_with(_CLOSE, _MISSED)})" + _with(_ADAPTER),
    },
    {
        "name": "The rig is not in order",
        "matchedStatuses": ["broken"],
        "messageRegex": f"(?!{_with(_CLOSE, _MISSED, _ADAPTER)})" + _with(*_RIG),
    },
    {
        "name": "The bench cannot judge",
        "matchedStatuses": ["broken"],
        "messageRegex": _without(_CLOSE, _MISSED, _ADAPTER, *_RIG),
    },
    {"name": "This rig has no station for it", "matchedStatuses": ["skipped"]},
)
"""Every failed or broken test belongs to exactly one of them."""


def write_categories(results: str | Path) -> Path:
    """categories.json in the Allure results folder *results*, which is made if it is not there."""
    return _written(results, "categories.json", json.dumps(CATEGORIES, indent=2, ensure_ascii=False) + "\n")


def write_environment(results: str | Path, about: Mapping[str, object]) -> Path:
    """environment.properties in *results*: what was tested with what, in the order of *about*."""
    lines = [f"{_property(key, key=True)}={_property(str(value))}\n" for key, value in about.items()]
    return _written(results, "environment.properties", "".join(lines))


def _written(results: str | Path, name: str, text: str) -> Path:
    path = Path(results) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _property(text: str, *, key: bool = False) -> str:
    """*text* as a Java properties file wants it: ASCII, one line, separators of a key escaped."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    if key:
        for separator in " =:":
            escaped = escaped.replace(separator, "\\" + separator)
    if escaped[:1] in ("#", "!", " "):
        escaped = "\\" + escaped
    return "".join(c if " " <= c <= "~" else "".join(f"\\u{unit:04x}" for unit in _utf16(c)) for c in escaped)


def _utf16(character: str) -> list[int]:
    octets = character.encode("utf-16-be")
    return [int.from_bytes(octets[i : i + 2], "big") for i in range(0, len(octets), 2)]


def attach(attachments: Iterable[Attachment]) -> None:
    """Give *attachments* to the test (or step) that is running."""
    for attachment in attachments:
        kind = attachment.kind
        allure.attach(attachment.body, name=attachment.name, attachment_type=kind.media_type, extension=kind.extension)


def emit_steps(steps: Iterable[Step]) -> None:
    """Report *steps* as steps of the test that is running; a bad one shows as failed.

    Allure stamps steps itself, with the time of reporting; when they happened stands in their titles, in seconds.
    """
    for step in steps:
        try:
            with allure.step(step_title(step)):
                if step.bad:
                    raise _Trouble(step.title)
        except _Trouble:
            pass


class _Trouble(AssertionError):
    """Makes a step red. Raised and caught here, because Allure looks at how the block of a step ends."""


def step_title(step: Step) -> str:
    """`0.471…0.672 s  PEV sounds 10 times`"""
    start, end = (f"{to_s(t):.3f}".replace("-", "−") for t in (step.start, step.end))
    return f"{start if start == end else f'{start}…{end}'} s  {step.title}"
