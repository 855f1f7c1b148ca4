"""What is on the screen of the console, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Tone(enum.Enum):
    """What a piece of text is for. Colours follow from it; without colours nothing is lost."""

    PLAIN = "plain"
    TITLE = "title"
    LABEL = "label"
    FAINT = "faint"
    GOOD = "good"
    BAD = "bad"
    DOUBTFUL = "doubtful"
    KEY = "key"
    CAR = "car"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the upper part: `pilot   B2, 5 %`. *whole*: it takes a second line rather than being cut off."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the ladder.

    time     since CM_SLAC_PARM.REQ of this attempt, as text; empty before the first
    mark     `→` sent by the bench, `←` came in, `·` no message
    name     of the message, or what happened
    details  the values worth a look; keys masked
    """

    time: str
    mark: str
    name: str
    details: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Timed:
    """An interval against its limit, as texts.

    word         `ok`, `outside` or `too close`
    after_match  it is of the network and of SDP
    felt         people feel it as a slow plug-in, so it is shown whatever else there is
    """

    name: str
    value: str
    limit: str
    word: str
    after_match: bool = False
    felt: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """*name* as it stands on the keyboard. *works*: whether it does something now."""

    name: str
    does: str
    works: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """Everything the screen shows.

    rig          its name
    mode         what the bench is, in a few words
    facts        pilot, machine, link, adapters: in this order, a line each
    coming       what will happen by itself, and when; empty: nothing
    notice       the last thing the console has to say; *alarm*: it is trouble
    capture      where it records to; empty: it does not
    asks         whether the help is shown
    uncertainty  of one interval, as text
    limits       by which the timings are judged: `strict` or `field`
    question     what a person is to do now; it stands in the place of the notice
    """

    rig: str
    mode: str
    facts: tuple[Fact, ...] = ()
    steps: tuple[Step, ...] = ()
    timings: tuple[Timed, ...] = ()
    coming: str = ""
    notice: str = ""
    alarm: bool = False
    capture: str = ""
    keys: tuple[Key, ...] = ()
    asks: bool = False
    uncertainty: str = ""
    limits: str = ""
    question: str = ""
