"""Time as integers of nanoseconds.

Instants and durations are `Ns`. Text, files and command lines speak s or ms; they convert here and nowhere else.
"""

from typing import TypeAlias

Ns: TypeAlias = int


def us(value: float) -> Ns:
    return round(value * 1_000)


def ms(value: float) -> Ns:
    return round(value * 1_000_000)


def s(value: float) -> Ns:
    return round(value * 1_000_000_000)


def to_ms(value: Ns) -> float:
    return value / 1_000_000


def to_s(value: Ns) -> float:
    return value / 1_000_000_000


def show(value: Ns) -> str:
    """A duration as a person reads it: `20.017 ms`, `1.220 s`.

    >>> show(ms(20.017)), show(s(1.22)), show(us(450))
    ('20.017 ms', '1.220 s', '0.450 ms')
    """
    return f"{to_s(value):.3f} s" if abs(value) >= s(1) else f"{to_ms(value):.3f} ms"
