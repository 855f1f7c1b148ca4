"""What an adapter will show its host of SLAC between other stations, and how sure that is.

Theory of operation. A modem hands over the messages of the side it expects to talk to, whoever they are for; which side
that is, its parameter block says. `HEARD` is a table of what was found out about that, chip by chip; everything that is
not in it is not known, and is said to be so. A row never says more than its evidence.

Evidence: captures of uhi22/pyPLC and uhi22/Ioniq28Investigations, and the notes there. What only the notes tell is
marked as told.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.conversation import SLAC_MESSAGES
from bench.errors import PibError
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    VsAttenCharInd,
)
from bench.pib import CcoMode, PibImage, SlacEnable
from bench.profiles import AdapterProfile, adapters


class Side(enum.Enum):
    """Whose messages."""

    CAR = "messages of cars"
    STATION = "messages of charging stations"
    OWN_MODEM = "attenuation profiles of this modem"
    OTHER_MODEM = "attenuation profiles of other modems"
    VALIDATION = "validation"


MESSAGES = {
    Side.CAR: frozenset(
        message.name for message in (CmSlacParmReq, CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharRsp, CmSlacMatchReq)
    ),
    Side.STATION: frozenset(message.name for message in (CmSlacParmCnf, CmAttenCharInd, CmSlacMatchCnf)),
    Side.OWN_MODEM: frozenset(message.name for message in (CmAttenProfileInd, VsAttenCharInd)),
    Side.OTHER_MODEM: frozenset({VsAttenCharInd.name}),
    Side.VALIDATION: frozenset(message.name for message in (CmValidateReq, CmValidateCnf)),
}
"""Names of the messages each side sends. Both directions of the validation are in no capture."""


class Sure(enum.Enum):
    """How sure a statement is, surest first."""

    SEEN = "seen in captures"
    OTHER_FIRMWARE = "seen in captures, but with other firmware"
    TOLD = "told by somebody who has one, in no capture here"
    SUPPOSED = "supposed"
    UNKNOWN = "not known"


class Role(enum.Enum):
    """What the parameter block makes of the modem."""

    EVSE = "charging station"
    PEV = "car"
    OFF = "neither side of SLAC"
    UNREAD = "role not read"


@dataclass(frozen=True, slots=True)
class RoleRead:
    """What the parameter block says of the role. *odd*: why that is a combination nobody has captured."""

    role: Role
    text: str
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that will be heard, or will not.

    shown   None: not known
    text    for a person, with what it depends on
    why     the evidence
    """

    side: Side
    shown: bool | None
    sure: Sure
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A row of the table: what was found out for one chip in one role."""

    shown: bool
    sure: Sure
    why: str


INT6000, QCA7420, QCA7005 = "INT6000", "QCA7420", "QCA7000/7005"
CHIPS = {0x01: INT6000, 0x20: QCA7420, 0x22: QCA7005}
"""Chip by the device class of VS_SW_VER.CNF. Nobody has looked at the others."""

SEEN, TOLD, SUPPOSED = Sure.SEEN, Sure.TOLD, Sure.SUPPOSED

HEARD: dict[tuple[str, Role], dict[Side, Heard]] = {
    (QCA7420, Role.EVSE): {
        Side.CAR: Heard(True, SEEN, "recordings of stations with a TL-PA4010P, 2023 and 2024"),
        Side.STATION: Heard(False, SEEN, "the own direction appears in none of these recordings"),
        Side.OWN_MODEM: Heard(True, SEEN, "two after every sound, to everybody, with no groups in them"),
    },
    (QCA7420, Role.PEV): {
        Side.CAR: Heard(False, SEEN, "no request of the car in the listeners' recordings of 2022-10-26 and 2025-01-21"),
        Side.STATION: Heard(True, SEEN, "recordings of listeners, 2022-10-26 and 2025-01-21, though it was for others"),
        Side.OWN_MODEM: Heard(False, SEEN, "none in the recordings of cars and listeners"),
        Side.OTHER_MODEM: Heard(True, SEEN, "near a Supercharger; only if the station's modem puts it on the line"),
    },
    (QCA7005, Role.EVSE): {
        Side.CAR: Heard(True, SEEN, "recordings of a FoccciCape"),
        Side.STATION: Heard(False, SUPPOSED, "as a QCA7420"),
        Side.OWN_MODEM: Heard(True, SEEN, "after every sound, with 58 groups: recordings of a FoccciCape"),
    },
    (QCA7005, Role.PEV): {
        Side.CAR: Heard(False, SUPPOSED, "as a QCA7420"),
        Side.STATION: Heard(
            True, SEEN, "inside an Ioniq, for its own host; that it shows those for others is supposed"
        ),
        Side.OWN_MODEM: Heard(False, SUPPOSED, "as a QCA7420"),
        Side.OTHER_MODEM: Heard(
            True, SEEN, "inside an Ioniq at an HYC150; only if the station's modem puts it on the line"
        ),
    },
}
BOTH_WAYS = {
    Side.CAR: Heard(True, TOLD, "a Devolo dLAN 200 AVplus with factory settings"),
    Side.STATION: Heard(True, TOLD, "a Devolo dLAN 200 AVplus with factory settings"),
    Side.OWN_MODEM: Heard(False, TOLD, "a Devolo dLAN 200 AVplus adds none"),
}
"""INT6000, whatever its role: its parameter block knows none."""

BEFORE_JOINING = "before this adapter is in the network: no IPv6, no SDP, nothing of a charging session"
AFTER_JOINING = (
    "in the network: what is for everybody (SDP requests, neighbour discovery); what car and station say to each other "
    "alone stays hidden"
)
SESSION = (
    (BEFORE_JOINING, "a network's key is needed to hear it"),
    (
        AFTER_JOINING,
        "as any bridge does; in the listener's recording of 2025-01-21 a little of it appears, but that listener "
        "pretended to be the car",
    ),
)


def role_of(pib: PibImage) -> RoleRead:
    """What the modem is set up for; UNREAD where this family's parameter block knows no such setting."""
    try:
        cco = pib.read("cco_mode")
        if "slac_enable" not in pib.fields:
            return RoleRead(Role.UNREAD, f"cco_mode {_named(cco)}, and this family's parameters know no slac_enable")
        slac = pib.read("slac_enable")
    except (PibError, KeyError, ValueError) as error:
        return RoleRead(Role.UNREAD, f"its parameters cannot be understood: {error}")
    text = f"slac_enable {_named(slac)}, cco_mode {_named(cco)}"
    role = {SlacEnable.EVSE: Role.EVSE, SlacEnable.PEV: Role.PEV}.get(slac, Role.OFF)  # type: ignore[call-overload]
    usual = {Role.EVSE: CcoMode.ALWAYS, Role.PEV: CcoMode.NEVER}.get(role, cco)
    odd = "" if cco == usual else f"cco_mode is not the {_named(usual)} of every such adapter that was recorded"
    return RoleRead(role, text, odd)


def _named(value: object) -> str:
    return f"{value.value} ({value.name.lower()})" if isinstance(value, enum.IntEnum) else str(value)


def profiles_of(device_class: int) -> list[AdapterProfile]:
    """The recorded adapters with this kind of chip."""
    return [profile for profile in adapters().values() if profile.sw_ver.device_class == device_class]


def statements(device_class: int, version: str, role: RoleRead) -> list[Statement]:
    """What an adapter that says *version* will show in *role*, one statement for each side."""
    chip = CHIPS.get(device_class)
    rows = BOTH_WAYS if chip == INT6000 else HEARD.get((chip or QCA7420, role.role), {})
    recorded = any(profile.sw_ver.version == version for profile in profiles_of(device_class))
    return [
        _statement(side, rows.get(side), role, version_recorded=recorded, chip_known=chip is not None) for side in Side
    ]


def _statement(side: Side, row: Heard | None, role: RoleRead, *, version_recorded: bool, chip_known: bool) -> Statement:
    if row is None:
        return Statement(side, None, Sure.UNKNOWN, _text(side, None), _why_unknown(side, role))
    sure, why = row.sure, row.why
    if not chip_known:
        sure, why = Sure.SUPPOSED, f"nobody has looked at this chip; as a QCA7420 ({why})"
    elif role.odd and side is not Side.OWN_MODEM:
        sure, why = Sure.SUPPOSED, f"{role.odd}; {why}"
    elif sure is Sure.SEEN and not version_recorded:
        sure = Sure.OTHER_FIRMWARE
    return Statement(side, row.shown, sure, _text(side, row.shown), why)


def _why_unknown(side: Side, role: RoleRead) -> str:
    if side is Side.VALIDATION:
        return "in no recording"
    if role.role is Role.UNREAD and side in (Side.CAR, Side.STATION):
        return "of cars or of stations, one of the two, as its parameters say; they could not be read"
    if role.role is Role.OFF:
        return "nobody has recorded with a modem whose SLAC is switched off"
    return "nobody has looked"


def _text(side: Side, shown: bool | None) -> str:
    names = ", ".join(_in_order(MESSAGES[side]))
    verb = {True: "shown", False: "not shown", None: "perhaps shown"}[shown]
    return f"{verb}: {side.value} ({names})"


def _in_order(names: Iterable[str]) -> list[str]:
    """As they follow each other in a match."""
    wanted = set(names)
    return [message.name for message in SLAC_MESSAGES if message.name in wanted]


def shows(found: Iterable[Statement], side: Side) -> bool | None:
    """Whether messages of *side* are announced; None: not known."""
    return next((each.shown for each in found if each.side is side), None)
