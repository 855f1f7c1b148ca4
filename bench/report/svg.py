"""A small SVG writer: elements as strings, one style sheet, every text escaped.

Charts are drawn for every test of a run, so an element costs a microsecond and not a layout engine.
Coordinates are pixels, y downwards, written with one decimal.
"""

from __future__ import annotations

import re
from html import escape

INK = "#1d2733"
MUTED = "#66717e"
FAINT = "#d3d9e0"
PAPER = "#ffffff"
PEV = "#1f5f94"
EVSE = "#8a5a00"
GOOD = "#2b7a4b"
BAD = "#b3201a"
UNSURE = "#8a6a00"
SERIES = ("#1f5f94", "#b26a00", "#5b4a99", "#2b7a4b")
"""Distinct for all common kinds of colour blindness, and in grey; nothing is told by colour alone."""

FONT = "Inter,'Segoe UI','Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',sans-serif"
CHARACTER_WIDTH = 0.53
"""Mean width of a character of FONT, in units of its size."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: str) -> str:
    """*text* as it may stand between two tags or in an attribute; what XML forbids becomes U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", text))


def n(value: float) -> str:
    """A coordinate: one decimal, none where it is zero.

    >>> n(12.0), n(3.14159)
    ('12', '3.1')
    """
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def shortened(text: str, width: float, size: float) -> str:
    """*text*, cut with an ellipsis to about *width* pixels."""
    room = max(1, int(width / (size * CHARACTER_WIDTH)))
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


class Drawing:
    """Elements in the order they are painted. *cls* names classes of the style sheet."""

    def __init__(self, kind: str, style: str, definitions: str = "") -> None:
        self.kind = kind
        self._style = style
        self._definitions = definitions
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, cls: str = "") -> None:
        self._parts.append(f'<text class="{cls}" x="{n(x)}" y="{n(y)}">{plain(text)}</text>')

    def spans(self, x: float, y: float, spans: list[tuple[str, str]], cls: str = "") -> None:
        """One line of (text, class) pieces."""
        inner = "".join(
            f'<tspan class="{c}">{plain(text)}</tspan>' if c else f"<tspan>{plain(text)}</tspan>" for text, c in spans
        )
        self._parts.append(f'<text class="{cls}" x="{n(x)}" y="{n(y)}" xml:space="preserve">{inner}</text>')

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None:
        self._parts.append(f'<rect class="{cls}" x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}"/>')

    def path(self, d: str, cls: str, *, stroke: str = "", dash: str = "") -> None:
        paint = f' stroke="{stroke}"' if stroke else ""
        paint += f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<path class="{cls}"{paint} d="{d}"/>')

    def circle(self, x: float, y: float, r: float, cls: str, *, stroke: str = "") -> None:
        paint = f' stroke="{stroke}"' if stroke else ""
        self._parts.append(f'<circle class="{cls}"{paint} cx="{n(x)}" cy="{n(y)}" r="{n(r)}"/>')

    def open(self, cls: str, title: str = "") -> None:
        """Begin a group; a *title* is what a browser shows when the mouse rests on it."""
        self._parts.append(f'<g class="{cls}">' + (f"<title>{plain(title)}</title>" if title else ""))

    def close(self) -> None:
        self._parts.append("</g>")

    def document(self, width: float, height: float, title: str) -> str:
        """The finished SVG, on white paper. *title* is for whoever cannot see it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{self.kind}" role="img" width="{n(width)}" '
            f'height="{n(height)}" viewBox="0 0 {n(width)} {n(height)}" font-family="{plain(FONT)}">'
            f"<title>{plain(title)}</title><style>{_scoped(self.kind, self._style)}</style>"
            + (f"<defs>{self._definitions}</defs>" if self._definitions else "")
            + f'<rect width="100%" height="100%" fill="{PAPER}"/>'
            + "".join(self._parts)
            + "</svg>\n"
        )


def _scoped(kind: str, style: str) -> str:
    """Rules that hold inside this drawing only: an HTML page may hold several drawings."""
    return "".join(f".{kind} {rule.strip()}" for rule in style.strip().splitlines() if rule.strip())
