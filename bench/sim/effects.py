"""How a quirk changes a simulated station: the vocabulary of the `EFFECTS` tables.

A station behaves as its *conduct* says, a frozen record of its profile, of rules, and of edits to what it sends. An
effect makes another conduct of one; an edit makes another message of one that is about to be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias, TypeVar

from bench.ids import RunId
from bench.mme import Mme
from bench.net import Ipv6Frame, SdpRequest, SdpResponse, Udp, V2gtp, right_checksum
from bench.profiles import ChargerProfile, Spread, VehicleProfile
from bench.units import Ns

Edit: TypeAlias = Callable[[Mme, int], Mme | None]
"""(message, how often it was sent before) -> what is sent instead, None for nothing"""
PacketEdit: TypeAlias = Callable[[Ipv6Frame, int], Ipv6Frame | None]
"""The same of an IPv6 frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """*edits* apply in order to every message that is sent, *packet_edits* to every IPv6 frame; what is in *deaf_to* is
    not heard."""

    profile: Any
    edits: tuple[Edit, ...] = ()
    packet_edits: tuple[PacketEdit, ...] = ()
    deaf_to: frozenset[type[Mme]] = field(default_factory=frozenset)


AnyConduct = TypeVar("AnyConduct", bound=Conduct)
Quirk = TypeVar("Quirk", bound=Enum)
Effect: TypeAlias = Callable[[AnyConduct], AnyConduct]


def with_quirks(
    conduct: AnyConduct,
    quirks: Collection[Quirk],
    effects: Mapping[Quirk, Callable[[AnyConduct], AnyConduct]],
) -> AnyConduct:
    """The conduct that *quirks* make of *conduct*, in the order of the table and not of the collection."""
    for quirk, effect in effects.items():
        if quirk in quirks:
            conduct = effect(conduct)
    return conduct


def rule(**values: Any) -> Callable[[AnyConduct], AnyConduct]:
    """Other values of the conduct's own fields."""
    return lambda conduct: replace(conduct, **values)


def tables(**values: Any) -> Callable[[AnyConduct], AnyConduct]:
    """Other tables in place of the profile's."""
    return lambda conduct: replace(conduct, profile=replace(conduct.profile, **values))


def habit(table: str, **values: Any) -> Callable[[AnyConduct], AnyConduct]:
    """Other figures in one table of the profile."""

    def effect(conduct: AnyConduct) -> AnyConduct:
        changed: Any = replace(getattr(conduct.profile, table), **values)
        return replace(conduct, profile=replace(conduct.profile, **{table: changed}))

    return effect


def sends(edit: Edit) -> Callable[[AnyConduct], AnyConduct]:
    """One more edit to what is sent."""
    return lambda conduct: replace(conduct, edits=(*conduct.edits, edit))


def sends_packets(edit: PacketEdit) -> Callable[[AnyConduct], AnyConduct]:
    """One more edit to the IPv6 frames that are sent."""
    return lambda conduct: replace(conduct, packet_edits=(*conduct.packet_edits, edit))


def both(*effects: Callable[[AnyConduct], AnyConduct]) -> Callable[[AnyConduct], AnyConduct]:
    """Effects one after the other."""

    def effect(conduct: AnyConduct) -> AnyConduct:
        for one in effects:
            conduct = one(conduct)
        return conduct

    return effect


def always(value: Ns) -> Spread:
    """A duration that does not scatter."""
    return Spread(value, value, value, 0, "a fault of the simulated station")


def changes(message: type[Mme], **values: Any) -> Edit:
    """Gives fields of *message* other values; a value may be a function of the message."""

    def edit(mme: Mme, _: int) -> Mme:
        if not isinstance(mme, message):
            return mme
        return replace(mme, **{name: value(mme) if callable(value) else value for name, value in values.items()})

    return edit


def withholds(message: type[Mme], when: Callable[[Any], bool] = lambda _: True) -> Edit:
    """Keeps *message* back, or those of its kind that *when* selects."""

    def edit(mme: Mme, _: int) -> Mme | None:
        return None if isinstance(mme, message) and when(mme) else mme

    return edit


def gives_other_run_id(message: type[Mme]) -> Edit:
    """A RunID in *message* that is not the session's."""
    return changes(message, run_id=lambda mme: RunId(bytes(octet ^ 0xFF for octet in mme.run_id)))


WRONG_BITS = 0x11FA
"""By which the checksum of pyPLC's first request differs from the right one: 0x929D, not 0x8367."""

SdpMessage: TypeAlias = type[SdpRequest] | type[SdpResponse]
Change: TypeAlias = Callable[[Ipv6Frame, Udp, V2gtp], Ipv6Frame | None]
"""(frame, its datagram, what that carries) -> the frame that is sent instead"""


def edits_sdp(message: SdpMessage, change: Change, *, first_only: bool = False) -> PacketEdit:
    """*change* made to every frame with *message*, or to the first of a series; all others stay as they are."""

    def edit(frame: Ipv6Frame, repeat: int) -> Ipv6Frame | None:
        udp = frame.packet.payload
        wanted = isinstance(frame.message, message) and not (first_only and repeat)
        if not wanted or not isinstance(udp, Udp) or not isinstance(udp.payload, V2gtp):
            return frame
        return change(frame, udp, udp.payload)

    return edit


def withholds_sdp(message: SdpMessage) -> PacketEdit:
    """Keeps *message* back."""
    return edits_sdp(message, lambda *_: None)


def changes_sdp(message: SdpMessage, **values: Any) -> PacketEdit:
    """Gives fields of *message* other values."""

    def change(frame: Ipv6Frame, udp: Udp, v2gtp: V2gtp) -> Ipv6Frame:
        sdp: Any = v2gtp.payload
        return with_datagram(frame, replace(udp, payload=replace(v2gtp, payload=replace(sdp, **values))))

    return edits_sdp(message, change)


def changes_header(message: SdpMessage, **values: Any) -> PacketEdit:
    """Gives fields of the V2GTP header in front of *message* other values."""
    return edits_sdp(
        message, lambda frame, udp, v2gtp: with_datagram(frame, replace(udp, payload=replace(v2gtp, **values)))
    )


def breaks_checksum(message: SdpMessage, *, first_only: bool = False) -> PacketEdit:
    """A UDP checksum that is wrong, in each or in the first of a series."""

    def change(frame: Ipv6Frame, udp: Udp, _: V2gtp) -> Ipv6Frame:
        return with_datagram(frame, replace(udp, checksum=(right_checksum(frame.packet) or 0) ^ WRONG_BITS))

    return edits_sdp(message, change, first_only=first_only)


def with_datagram(frame: Ipv6Frame, udp: Udp) -> Ipv6Frame:
    return replace(frame, packet=replace(frame.packet, payload=udp))


RecordedProfile: TypeAlias = VehicleProfile | ChargerProfile


def recorded_at_evse(profile: RecordedProfile) -> bool:
    """Whether the figures of *profile* were taken at the computer of the charging station."""
    return "EVSE host" in profile.evidence.seen_from
