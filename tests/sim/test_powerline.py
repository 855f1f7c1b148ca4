"""The medium: audibility, delay, loss, and interference with single frames."""

from __future__ import annotations

import pytest

from bench.ids import BROADCAST, MacAddress
from bench.mme import CmMnbcSoundInd, CmSlacParmCnf, CmSlacParmReq, CmStartAttenCharInd
from bench.sim.adapter import ModemRole
from bench.sim.pilot import PilotFault, PilotLine
from bench.sim.powerline import AUDIBLE_DB, carries
from bench.units import ms


def counts(heard):
    return [message.mme.cnt for message in heard if isinstance(message.mme, CmMnbcSoundInd)]


def sound(stand, port, count=10):
    for cnt in reversed(range(count)):
        stand.say(port, BROADCAST, CmMnbcSoundInd(cnt=cnt))
        stand.run_for(ms(20))


def test_frame_arrives_after_the_one_way_delay(stand, pair):
    """2.5 ms from host to host, so that a request and its answer take the 5 ms of the captures."""
    sent = stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert [heard.t - sent for heard in stand.heard(pair.evse_host)] == [ms(2.5)]


def test_modems_without_a_path_do_not_hear_each_other(stand):
    evse, pev = stand.adapter(ModemRole.EVSE), stand.adapter(ModemRole.PEV)
    evse_host, pev_host = stand.host(evse), stand.host(pev)
    stand.say(pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert evse_host.receive() == []
    assert stand.line.attenuation_db(evse, pev) is None


@pytest.mark.parametrize(("db", "frames"), [(0.0, 1), (61.0, 1), (81.0, 1), (AUDIBLE_DB, 1), (AUDIBLE_DB + 0.1, 0)])
def test_signal_is_heard_up_to_the_audible_limit_only(stand, pair, db, frames):
    stand.line.set_attenuation(pair.evse, pair.pev, db)
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert len(pair.evse_host.receive()) == frames


def test_attenuation_is_the_same_in_both_directions(stand, pair):
    stand.line.set_attenuation(pair.pev, pair.evse, 42.0)

    assert stand.line.attenuation_db(pair.evse, pair.pev) == stand.line.attenuation_db(pair.pev, pair.evse) == 42.0


def test_disconnected_modems_are_silent_to_each_other_and_to_no_one_else(stand, pair):
    other = stand.adapter(ModemRole.EVSE)
    other_host = stand.host(other)
    stand.line.set_attenuation(other, pair.pev, 70.0)
    stand.line.disconnect(pair.evse, pair.pev)
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert pair.evse_host.receive() == []
    assert len(other_host.receive()) == 1


def test_path_follows_the_plug(stand, pair):
    """The powerline signal travels on the pilot wire: no plug or no wire, no signal."""
    cable = PilotLine(stand.world)
    stand.line.follow(cable, pair.evse, pair.pev, 25.0)
    assert stand.line.attenuation_db(pair.evse, pair.pev) is None

    cable.pev.plug_in()
    stand.run_for(0)
    assert stand.line.attenuation_db(pair.evse, pair.pev) == 25.0

    cable.set_fault(PilotFault.WIRE_OPEN)
    stand.run_for(0)
    assert stand.line.attenuation_db(pair.evse, pair.pev) is None


def test_the_fourth_sound_is_lost_and_no_other(stand, pair):
    fault = stand.line.drop(carries(CmMnbcSoundInd), which={4})
    sound(stand, pair.pev_host)

    assert counts(stand.heard(pair.evse_host)) == [9, 8, 7, 5, 4, 3, 2, 1, 0]
    assert (fault.seen, fault.hits) == (10, 1)


def test_drop_without_numbers_loses_all_selected_frames(stand, pair):
    stand.line.drop(carries(CmMnbcSoundInd))
    sound(stand, pair.pev_host)
    stand.say(pair.pev_host, BROADCAST, CmStartAttenCharInd())
    stand.run_for(ms(10))

    assert [type(heard.mme) for heard in stand.heard(pair.evse_host)] == [CmStartAttenCharInd]


def test_removed_fault_does_nothing(stand, pair):
    fault = stand.line.drop(carries(CmMnbcSoundInd))
    fault.remove()
    fault.remove()
    sound(stand, pair.pev_host, 3)

    assert counts(stand.heard(pair.evse_host)) == [2, 1, 0]


def test_confirmation_is_delayed_by_300_ms_and_others_are_not(stand, pair):
    stand.line.delay_by(ms(300), carries(CmSlacParmCnf))
    sent = stand.say(pair.evse_host, pair.pev_host.mac, CmSlacParmCnf())
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(1000))

    assert [heard.t - sent for heard in stand.heard(pair.pev_host)] == [ms(302.5)]
    assert [heard.t - sent for heard in stand.heard(pair.evse_host)] == [ms(2.5)]


def test_duplicated_frame_arrives_twice(stand, pair):
    stand.line.duplicate(carries(CmSlacParmReq), after=ms(7))
    sent = stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(100))

    first, second = pair.evse_host.receive()
    assert first.octets == second.octets
    assert (first.t - sent, second.t - sent) == (ms(2.5), ms(9.5))


def test_faults_can_be_limited_to_one_receiver(stand, pair):
    """One broadcast is one transit per modem that hears it."""
    other = stand.adapter(ModemRole.EVSE)
    other_host = stand.host(other)
    stand.line.set_attenuation(other, pair.pev, 70.0)
    stand.line.drop(carries(CmSlacParmReq, receiver=pair.evse))
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert pair.evse_host.receive() == []
    assert len(other_host.receive()) == 1


def test_faults_can_be_limited_to_one_sender(stand, pair):
    stand.line.drop(carries(sender=pair.pev))
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.say(pair.evse_host, pair.pev_host.mac, CmSlacParmCnf())
    stand.run_for(ms(10))

    assert pair.evse_host.receive() == []
    assert len(pair.pev_host.receive()) == 1


def test_dropped_frame_is_neither_delayed_nor_duplicated(stand, pair):
    stand.line.drop(carries(CmSlacParmReq))
    stand.line.delay_by(ms(1), carries(CmSlacParmReq))
    stand.line.duplicate(carries(CmSlacParmReq))
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(100))

    assert pair.evse_host.receive() == []


def test_loss_of_a_line_loses_about_that_share_and_the_same_frames_in_every_run(make_stand):
    def run(seed):
        stand = make_stand(seed=seed, loss=0.3)
        evse, pev = stand.adapter(ModemRole.EVSE), stand.adapter(ModemRole.PEV)
        stand.line.set_attenuation(evse, pev)
        evse_host, pev_host = stand.host(evse), stand.host(pev)
        sound(stand, pev_host, 200)
        return counts(stand.heard(evse_host))

    assert 110 <= len(run(0)) <= 170
    assert run(0) == run(0)
    assert run(0) != run(1)


def test_loss_of_a_path_overrides_that_of_the_line(stand, pair):
    stand.line.set_loss(pair.evse, pair.pev, 1.0)
    sound(stand, pair.pev_host, 5)

    assert counts(stand.heard(pair.evse_host)) == []


def test_loss_of_a_path_survives_a_change_of_its_attenuation(stand, pair):
    stand.line.set_loss(pair.evse, pair.pev, 1.0)
    stand.line.set_attenuation(pair.evse, pair.pev, 50.0)
    sound(stand, pair.pev_host, 5)

    assert counts(stand.heard(pair.evse_host)) == []


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_impossible_probability_is_refused(stand, pair, wrong):
    with pytest.raises(ValueError, match="probability"):
        stand.line.set_loss(pair.evse, pair.pev, wrong)


def test_negative_attenuation_is_refused(stand, pair):
    with pytest.raises(ValueError, match="negative"):
        stand.line.set_attenuation(pair.evse, pair.pev, -1.0)


def test_modem_of_another_line_is_refused(stand, pair, make_stand):
    stranger = make_stand().adapter(ModemRole.PEV)
    with pytest.raises(ValueError, match="not on this powerline"):
        stand.line.set_attenuation(pair.evse, stranger, 30.0)


def test_path_of_a_modem_to_itself_is_refused(stand, pair):
    with pytest.raises(ValueError, match="itself"):
        stand.line.set_attenuation(pair.evse, pair.evse, 30.0)


@pytest.mark.parametrize("taken", ["name", "mac"])
def test_name_and_address_are_unique_on_a_line(stand, pair, taken):
    name = pair.evse.name if taken == "name" else "another"
    mac = pair.evse.mac if taken == "mac" else MacAddress(bytes(6))
    with pytest.raises(ValueError, match="already on this powerline"):
        stand.adapter(ModemRole.PEV, name=name, mac=mac)


def test_line_can_be_slower(make_stand):
    stand = make_stand(delay=ms(4))
    evse, pev = stand.adapter(ModemRole.EVSE), stand.adapter(ModemRole.PEV)
    stand.line.set_attenuation(evse, pev)
    evse_host, pev_host = stand.host(evse), stand.host(pev)
    sent = stand.say(pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))

    assert [heard.t - sent for heard in stand.heard(evse_host)] == [ms(4)]
