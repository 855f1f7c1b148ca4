"""Which frames a virtual adapter lets through, between host and powerline. adapters.md section 8, mme.md 1.4."""

from __future__ import annotations

import pytest

from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    RawMme,
    VsSwVerReq,
)
from bench.sim.adapter import ModemRole
from bench.units import ms

FROM_PEV = [CmSlacParmReq, CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharRsp, CmValidateReq, CmSlacMatchReq]
FROM_EVSE = [CmSlacParmCnf, CmAttenCharInd, CmValidateCnf, CmSlacMatchCnf]
NOT_SLAC = [VsSwVerReq, CmSetKeyReq, CmAttenProfileInd]
SOMEBODY = MacAddress.parse("04:65:65:00:64:c3")
IPV6 = bytes.fromhex("333300000001dc0ea111670886dd") + bytes(60)


@pytest.fixture
def listening(stand):
    """An adapter that listens, by role and profile, and the host of a sender it shares no network with."""

    def place(role, profile="tplink-tlpa4010p"):
        listener, sender = stand.adapter(role, profile=profile), stand.adapter(ModemRole.PEV)
        stand.line.set_attenuation(listener, sender, 30.0)
        return stand.host(listener), stand.host(sender)

    return place


def passed(stand, listener, sender, messages, dst=BROADCAST):
    """Which of *messages*, sent one after the other, the listener's host gets to see."""
    for message in messages:
        stand.say(sender, dst, message())
    stand.run_for(ms(20))
    seen = {type(heard.mme) for heard in stand.heard(listener) if heard.frame.src == sender.mac}
    return [message for message in messages if message in seen]


@pytest.mark.parametrize("dst", [BROADCAST, SOMEBODY])
def test_evse_modem_hands_its_host_what_pevs_say(stand, listening, dst):
    """Before joining, and not filtered by destination."""
    assert passed(stand, *listening(ModemRole.EVSE), FROM_PEV + FROM_EVSE, dst) == FROM_PEV


@pytest.mark.parametrize("dst", [BROADCAST, SOMEBODY])
def test_pev_modem_hands_its_host_what_evses_say(stand, listening, dst):
    """Another car's CM_SLAC_MATCH.CNF with its key included."""
    assert passed(stand, *listening(ModemRole.PEV), FROM_PEV + FROM_EVSE, dst) == FROM_EVSE


@pytest.mark.parametrize("role", list(ModemRole))
def test_devolo_shows_the_slac_frames_of_both_directions(stand, listening, role):
    listener, sender = listening(role, "devolo-dlan200avplus")

    assert passed(stand, listener, sender, FROM_PEV + FROM_EVSE, SOMEBODY) == FROM_PEV + FROM_EVSE


@pytest.mark.parametrize("role", list(ModemRole))
def test_anything_but_slac_stays_within_the_network(stand, listening, role):
    listener, sender = listening(role)
    assert passed(stand, listener, sender, NOT_SLAC) == []

    sender.send(IPV6)
    stand.run_for(ms(20))
    assert listener.receive() == []


def test_members_of_a_network_bridge_everything(stand, joined_pair):
    """Whatever the EtherType: IPv6 neighbour discovery crosses as it is."""
    joined_pair.pev_host.send(IPV6)
    stand.run_for(ms(10))

    assert [frame.octets for frame in joined_pair.evse_host.receive()] == [IPV6]


def test_members_hear_each_other_in_both_roles_directions(stand, joined_pair):
    """The role table is for strangers: a member's broadcast is bridged whatever it is."""
    assert passed(stand, joined_pair.evse_host, joined_pair.pev_host, FROM_EVSE) == FROM_EVSE


def test_unicast_goes_only_to_the_member_behind_which_the_address_was_seen(stand, joined_pair):
    third = stand.adapter(ModemRole.PEV, nmk=joined_pair.evse.nmk)
    third_host = stand.host(third)
    stand.line.set_attenuation(third, joined_pair.evse)
    stand.line.set_attenuation(third, joined_pair.pev)
    stand.say(joined_pair.evse_host, BROADCAST, RawMme(0x6FFE, b""))
    stand.run_for(ms(10))
    third_host.receive()

    joined_pair.pev_host.send(joined_pair.evse_host.mac + joined_pair.pev_host.mac + b"\x86\xdd" + bytes(60))
    stand.run_for(ms(10))

    assert len(joined_pair.evse_host.receive()) == 1
    assert third_host.receive() == []


def test_unicast_to_an_address_nobody_has_seen_is_flooded_to_the_members(stand, joined_pair):
    joined_pair.pev_host.send(SOMEBODY + joined_pair.pev_host.mac + b"\x86\xdd" + bytes(60))
    stand.run_for(ms(10))

    assert len(joined_pair.evse_host.receive()) == 1


def test_slac_unicast_within_a_network_is_hidden_from_strangers(stand, joined_pair):
    """After joining, unicast of others is hidden."""
    stranger = stand.adapter(ModemRole.PEV)
    stranger_host = stand.host(stranger)
    stand.line.set_attenuation(stranger, joined_pair.evse)
    stand.say(joined_pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))
    stand.say(joined_pair.evse_host, joined_pair.pev_host.mac, CmSlacMatchCnf())
    stand.run_for(ms(10))

    assert [type(heard.mme) for heard in stand.heard(joined_pair.pev_host)] == [CmSlacMatchCnf]
    assert stranger_host.receive() == []


def test_a_matched_evse_still_hears_another_car(stand, joined_pair):
    """A stranger's request reaches the host of a modem that is in a network, which has to ignore it itself."""
    stranger = stand.adapter(ModemRole.PEV)
    stranger_host = stand.host(stranger)
    stand.line.set_attenuation(stranger, joined_pair.evse, 70.0)
    stand.say(stranger_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert [heard.frame.src for heard in stand.heard(joined_pair.evse_host)] == [stranger_host.mac]


def test_frames_to_the_local_device_never_reach_the_powerline(stand, joined_pair):
    stand.say(joined_pair.pev_host, LOCAL_DEVICE, CmSlacParmReq())
    stand.say(joined_pair.pev_host, LOCAL_DEVICE, VsSwVerReq())
    joined_pair.pev_host.send(LOCAL_DEVICE + joined_pair.pev_host.mac + b"\x86\xdd" + bytes(60))
    stand.run_for(ms(20))

    assert joined_pair.evse_host.receive() == []


def test_frames_to_the_own_modem_never_reach_the_powerline(stand, joined_pair):
    stand.say(joined_pair.pev_host, joined_pair.pev.mac, CmSlacParmReq())
    stand.run_for(ms(20))

    assert joined_pair.evse_host.receive() == []


def test_a_host_does_not_hear_its_own_frames(stand, joined_pair):
    stand.say(joined_pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(20))

    assert joined_pair.pev_host.receive() == []


def test_slac_frame_to_a_host_on_the_same_ethernet_is_not_bridged(stand, pair):
    """A bridge keeps local traffic local."""
    second_mac = MacAddress.parse("02:00:00:00:00:02")
    pair.pev_host.send(BROADCAST + second_mac + b"\x86\xdd" + bytes(60))
    stand.say(pair.pev_host, second_mac, CmSlacParmReq())
    stand.run_for(ms(20))

    assert pair.evse_host.receive() == []


def test_frame_in_flight_to_an_adapter_that_loses_power_is_lost(stand, pair):
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(1))
    pair.evse.power(False)
    stand.run_for(ms(20))

    assert pair.evse_host.receive() == []


@pytest.mark.parametrize("content", [b"", b"\x88", b"\x88\xe1", b"\x88\xe1\x01\x64"])
def test_frames_that_are_too_short_are_ignored(stand, pair, content):
    pair.pev.from_host(BROADCAST + SOMEBODY + content)
    stand.run_for(ms(20))

    assert pair.evse_host.receive() == []
    assert pair.pev_host.receive() == []
