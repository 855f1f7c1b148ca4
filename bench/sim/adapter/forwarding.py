"""Which SLAC frames a modem hands to its host while sender and modem share no network.

Source: adapters.md section 8, after captures of TL-PA4010P, QCA7005 and Devolo modems.
"""

from __future__ import annotations

import enum

from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
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
from bench.profiles import AdapterProfile


class ModemRole(enum.Enum):
    """What the parameter block makes of an adapter."""

    EVSE = "evse"
    """Coordinates the AVLN (CCo selection 2), takes profiles of sounds (SLAC mode 2)."""
    PEV = "pev"
    """Joins as a station (CCo selection 1), sounds (SLAC mode 1)."""
    NEITHER = "neither"
    """Not set up for SLAC (mode 0)."""


FROM_PEV = frozenset(
    message.mmtype
    for message in (
        CmSlacParmReq,
        CmStartAttenCharInd,
        CmMnbcSoundInd,
        CmAttenCharRsp,
        CmValidateReq,
        CmSlacMatchReq,
    )
)
FROM_EVSE = frozenset(message.mmtype for message in (CmSlacParmCnf, CmAttenCharInd, CmValidateCnf, CmSlacMatchCnf))

SLAC = FROM_PEV | FROM_EVSE
"""What a modem that takes part in SLAC puts on the powerline for everybody. Anything else stays in its network."""


def sent_to_everybody(role: ModemRole, profile: AdapterProfile) -> frozenset[int]:
    """MMTYPEs of its host that a modem puts on the powerline for everybody.

    That a modem whose PIB switches SLAC off keeps them in its network is an assumption.
    """
    return frozenset() if role is ModemRole.NEITHER and not profile.forwarding.forwards_both_directions else SLAC


def handed_to_host(role: ModemRole, profile: AdapterProfile) -> frozenset[int]:
    """MMTYPEs that come out of the Ethernet jack although their sender is in no network with this modem.

    That a modem whose PIB switches SLAC off hands over none is an assumption.
    """
    forwarding = profile.forwarding
    vendor = {VsAttenCharInd.mmtype} if forwarding.a14e_of_evse_visible else set()
    if forwarding.forwards_both_directions:
        return SLAC | vendor
    if role is ModemRole.NEITHER:
        return frozenset()
    return FROM_PEV if role is ModemRole.EVSE else FROM_EVSE | vendor
