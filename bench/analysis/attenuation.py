"""Attenuation: what the EVSE reports, what each modem measured, who hears the car."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.conversation import Conversation, Heard
from bench.analysis.model import Attenuation, Hearer, Profile, Recorder
from bench.ids import MacAddress
from bench.mme import CmAttenCharInd, CmAttenProfileInd, VsAttenCharInd

SYNTHETIC = bytes([9] * 55 + [15, 19, 25])
"""What pyPLC reports when its modem delivers no groups."""


def attenuation_of(reports: Sequence[Heard[CmAttenCharInd]]) -> Attenuation | None:
    """The first CM_ATTEN_CHAR.IND of the chosen EVSE."""
    if not reports:
        return None
    first = reports[0].mme
    return Attenuation(
        num_sounds=first.num_sounds,
        groups_db=first.aag,
        repeated_identical=all(report.mme.aag == first.aag for report in reports),
        synthetic=first.aag == SYNTHETIC,
    )


def profiles_of(talk: Conversation, reported: Attenuation | None) -> tuple[Profile, ...]:
    """One per modem and kind of message, CM_ATTEN_PROFILE.IND first."""
    found: dict[tuple[str, MacAddress], list[Heard[CmAttenProfileInd] | Heard[VsAttenCharInd]]] = {}
    for profile in talk.atten_profiles:
        found.setdefault(("CM_ATTEN_PROFILE.IND", profile.src), []).append(profile)
    for vendor in talk.vs_atten_chars:
        found.setdefault(("VS_ATTEN_CHAR.IND", vendor.src), []).append(vendor)
    return tuple(_profile(kind, src, heard, reported) for (kind, src), heard in found.items())


def _profile(
    kind: str,
    src: MacAddress,
    heard: Sequence[Heard[CmAttenProfileInd] | Heard[VsAttenCharInd]],
    reported: Attenuation | None,
) -> Profile:
    size = max(len(h.mme.aag) for h in heard)
    measured = [h.mme.aag for h in heard if size and len(h.mme.aag) == size]
    means = tuple(sum(group) / len(measured) for group in zip(*measured, strict=True))
    comparable = reported is not None and size == len(reported.groups_db)
    return Profile(
        kind=kind,
        source_mac=src,
        pev_mac=heard[0].mme.pev_mac,
        frames=tuple(h.number for h in heard),
        per_sound_average_db=tuple(sum(groups) / size for groups in measured),
        mean_groups_db=means,
        differences_db=tuple(r - m for r, m in zip(reported.groups_db, means, strict=True))
        if comparable and reported is not None
        else (),
    )


def hearers_of(profiles: Sequence[Profile], recorder: Recorder) -> tuple[Hearer, ...]:
    """Modems that measured the sounds, the one that hears best first.

    CM_ATTEN_PROFILE.IND never crosses the powerline, so its sender is local even if the recorder's modem is not known.
    """
    averages: dict[MacAddress, float] = {}
    local = {recorder.modem}
    for profile in profiles:
        if profile.average_db is not None:
            averages.setdefault(profile.source_mac, profile.average_db)
        if recorder.modem is None and profile.kind == "CM_ATTEN_PROFILE.IND":
            local.add(profile.source_mac)
    hearers = (Hearer(mac, average, mac in local) for mac, average in averages.items())
    return tuple(sorted(hearers, key=lambda hearer: hearer.average_db))
