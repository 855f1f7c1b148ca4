"""The announcement: a table from what is known of each family, and never more than that."""

from __future__ import annotations

import pytest
from real_captures import capture, needs_captures

from bench.capture import open_capture
from bench.ids import Dak, MacAddress, Nmk, nid_from_nmk
from bench.mme import decode, is_homeplug
from bench.pib import CcoMode, SlacEnable
from bench.profiles import adapter
from bench.sim.adapter import ModemRole
from bench.sim.adapter.settings import Settings
from bench.sniff.hearing import MESSAGES, Role, RoleRead, Side, Statement, Sure, role_of, shows, statements

EVSE, PEV = RoleRead(Role.EVSE, ""), RoleRead(Role.PEV, "")
OFF, UNREAD = RoleRead(Role.OFF, ""), RoleRead(Role.UNREAD, "")
TP_LINK, STATION_QCA, CAR_QCA, DEVOLO = "tplink-tlpa4010p", "qca7005-evse", "qca7005-car", "devolo-dlan200avplus"
YES, NO, OPEN = True, False, None


def announced(profile: str, role: RoleRead, version: str | None = None) -> list[Statement]:
    said = adapter(profile).sw_ver
    return statements(said.device_class, version or said.version, role)


def of(found: list[Statement], side: Side) -> Statement:
    return next(each for each in found if each.side is side)


@pytest.mark.parametrize(
    ("profile", "role", "car", "station", "own", "other"),
    [
        (TP_LINK, EVSE, YES, NO, YES, OPEN),
        (TP_LINK, PEV, NO, YES, NO, YES),
        (STATION_QCA, EVSE, YES, NO, YES, OPEN),
        (CAR_QCA, PEV, NO, YES, NO, YES),
        (DEVOLO, EVSE, YES, YES, NO, OPEN),
        (DEVOLO, PEV, YES, YES, NO, OPEN),
        (DEVOLO, UNREAD, YES, YES, NO, OPEN),
        (TP_LINK, OFF, OPEN, OPEN, OPEN, OPEN),
        (TP_LINK, UNREAD, OPEN, OPEN, OPEN, OPEN),
    ],
)
def test_each_family_shows_in_each_role_what_was_found_out(profile, role, car, station, own, other):
    found = announced(profile, role)

    sides = (Side.CAR, Side.STATION, Side.OWN_MODEM, Side.OTHER_MODEM)
    assert [shows(found, side) for side in sides] == [car, station, own, other]
    assert shows(found, Side.VALIDATION) is OPEN


@pytest.mark.parametrize(
    ("profile", "role", "side", "sure"),
    [
        (TP_LINK, EVSE, Side.CAR, Sure.SEEN),
        (TP_LINK, PEV, Side.STATION, Sure.SEEN),
        (STATION_QCA, EVSE, Side.STATION, Sure.SUPPOSED),
        (CAR_QCA, PEV, Side.CAR, Sure.SUPPOSED),
        (DEVOLO, UNREAD, Side.STATION, Sure.TOLD),
        (TP_LINK, OFF, Side.CAR, Sure.UNKNOWN),
    ],
)
def test_how_sure_it_is_follows_the_evidence(profile, role, side, sure):
    assert of(announced(profile, role), side).sure is sure


def test_other_firmware_than_the_recorded_one_is_less_sure():
    found = announced(TP_LINK, PEV, "MAC-QCA7420-9.9.9.99-00-20300101-CS")

    assert of(found, Side.STATION).sure is Sure.OTHER_FIRMWARE
    assert shows(found, Side.STATION) is YES


def test_a_chip_nobody_has_looked_at_is_only_supposed_to_do_the_same():
    found = statements(0x30, "MAC-QCA7500-1.0", EVSE)

    assert {each.sure for each in found} == {Sure.SUPPOSED, Sure.UNKNOWN}
    assert "nobody has looked at this chip" in of(found, Side.CAR).why


def test_a_combination_that_was_never_recorded_is_only_supposed():
    found = announced(TP_LINK, RoleRead(Role.PEV, "", odd="cco_mode is odd"))

    assert of(found, Side.STATION).sure is Sure.SUPPOSED


def test_unread_parameters_say_that_it_is_one_of_two_directions():
    assert "one of the two" in of(announced(TP_LINK, UNREAD), Side.CAR).why


# the role -------------------------------------------------------------------------------------------------------


def pib_of(profile: str, role: ModemRole):
    data = adapter(profile)
    nmk = Nmk(b"k" * 16)
    mac = MacAddress((data.mac_prefix + b"\1\1\1\1\1\1")[:6])
    settings = Settings.for_role(data, role, mac=mac, dak=Dak(b"d" * 16), nmk=nmk, nid=nid_from_nmk(nmk))
    return settings.as_pib(data)


@pytest.mark.parametrize("profile", [TP_LINK, STATION_QCA])
@pytest.mark.parametrize(
    ("modem", "role", "text"),
    [
        (ModemRole.EVSE, Role.EVSE, "slac_enable 2 (evse), cco_mode 2 (always)"),
        (ModemRole.PEV, Role.PEV, "slac_enable 1 (pev), cco_mode 1 (never)"),
        (ModemRole.NEITHER, Role.OFF, "slac_enable 0 (off), cco_mode 0 (auto)"),
    ],
)
def test_the_role_is_read_from_the_parameters(profile, modem, role, text):
    assert role_of(pib_of(profile, modem)) == RoleRead(role, text)


def test_a_coordinator_that_plays_the_car_is_odd():
    pib = pib_of(TP_LINK, ModemRole.PEV).with_values({"cco_mode": CcoMode.ALWAYS, "slac_enable": SlacEnable.PEV})

    read = role_of(pib)

    assert read.role is Role.PEV
    assert "not the 1 (never)" in read.odd


def test_old_parameters_know_no_role():
    read = role_of(pib_of(DEVOLO, ModemRole.NEITHER))

    assert read.role is Role.UNREAD
    assert "know no slac_enable" in read.text


# against real recordings ----------------------------------------------------------------------------------------


def heard_in(name: str, host: str) -> set[str]:
    """Names of SLAC messages in a real capture that the recording host did not send itself."""
    with open_capture(capture(name)) as found:
        frames = [decode(record.octets) for record in found.records() if is_homeplug(record.octets)]
    return {frame.mme.name for frame in frames if str(frame.src) != host}


@needs_captures
@pytest.mark.parametrize(
    ("name", "host", "role"),
    [
        ("2025-01-21_listenMode_02", "dc:0e:a1:11:67:08", PEV),
        ("2023-05-24_pyPlc_with_Ioniq", "dc:0e:a1:11:67:08", EVSE),
        ("2024-04-20_ModelY", "dc:0e:a1:11:67:08", EVSE),
        ("2022-12-13_compleo", "dc:0e:a1:11:67:08", PEV),
    ],
)
def test_real_recordings_hold_what_is_announced_and_nothing_that_is_denied(name, host, role):
    heard = heard_in(name, host)

    found = announced(TP_LINK, role)

    main = Side.STATION if role is PEV else Side.CAR
    assert MESSAGES[main] <= heard
    for each in found:
        if each.shown is False:
            assert not MESSAGES[each.side] & heard
