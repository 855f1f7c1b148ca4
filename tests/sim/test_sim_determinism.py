"""Two runs of one world are the same run."""

from __future__ import annotations

from bench.ids import BROADCAST, Nmk, nid_from_nmk
from bench.mme import (
    CmAttenCharInd,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    VsSwVerReq,
)
from bench.sim.adapter import ModemRole
from bench.sim.powerline import carries
from bench.units import ms, s


def session(stand):
    """Three modems, a matching with losses, noise and faults, a new key, a power cut; everything all hosts heard."""
    evse = stand.adapter(ModemRole.EVSE, profile="qca7005-evse", scatter=True)
    neighbour = stand.adapter(ModemRole.EVSE, scatter=True)
    pev = stand.adapter(ModemRole.PEV, profile="qca7005-car", scatter=True)
    stand.line.set_attenuation(evse, pev, 25.0)
    stand.line.set_attenuation(neighbour, pev, 70.0)
    stand.line.set_attenuation(neighbour, evse, 65.0)
    stand.line.set_loss(neighbour, pev, 0.2)
    stand.line.drop(carries(CmMnbcSoundInd), which={4, 11})
    stand.line.duplicate(carries(CmAttenCharInd), after=ms(3))
    hosts = [stand.host(modem) for modem in (evse, neighbour, pev)]
    evse_host, neighbour_host, pev_host = hosts
    stand.say(pev_host, BROADCAST, CmSlacParmReq())
    stand.run_for(ms(10))
    for port in (evse_host, neighbour_host):
        stand.say(port, pev_host.mac, CmSlacParmCnf())
    for message in [CmStartAttenCharInd()] * 3 + [CmMnbcSoundInd(cnt=cnt) for cnt in range(9, -1, -1)]:
        stand.say(pev_host, BROADCAST, message)
        stand.run_for(ms(20))
    stand.say(evse_host, pev_host.mac, CmAttenCharInd())
    stand.say(evse_host, pev_host.mac, CmSlacMatchCnf())
    for port in (evse_host, pev_host):
        stand.say(port, BROADCAST, CmSetKeyReq(nmk=Nmk(bytes(16)), nid=nid_from_nmk(bytes(16))))
    neighbour.power(False)
    stand.run_for(s(1))
    neighbour.power(True)
    stand.run_for(s(9))
    stand.say(pev_host, BROADCAST, VsSwVerReq())
    stand.say(neighbour_host, BROADCAST, CmGetKeyReq())
    stand.run_for(s(1))
    return [port.receive() for port in hosts]


def test_two_runs_are_identical_to_the_octet_and_the_nanosecond(make_stand):
    first = session(make_stand(seed=7, noise_db=1.0, loss=0.05))
    second = session(make_stand(seed=7, noise_db=1.0, loss=0.05))

    assert first == second
    assert all(len(frames) > 5 for frames in first)


def test_another_seed_is_another_run(make_stand):
    assert session(make_stand(seed=7, noise_db=1.0, loss=0.05)) != session(make_stand(seed=8, noise_db=1.0, loss=0.05))


def test_a_modem_added_elsewhere_changes_nothing_for_the_others(make_stand):
    """Each draws its scatter from a generator of its own."""
    alone, in_company = make_stand(seed=7), make_stand(seed=7)
    in_company.adapter(ModemRole.PEV, name="somewhere else", scatter=True)

    def latencies(stand):
        modem = stand.adapter(ModemRole.EVSE, name="evse", scatter=True)
        port = stand.host(modem)
        for _ in range(10):
            stand.say(port, modem.mac, VsSwVerReq())
            stand.run_for(ms(60))
        return [t for t, _ in port.receive()]

    assert latencies(alone) == latencies(in_company)
