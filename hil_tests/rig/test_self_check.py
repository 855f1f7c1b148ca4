"""The bench itself, before anything is believed of it: adapters, keys, pilot, clock."""

from __future__ import annotations

import pytest

from bench.errors import RigBroken
from bench.pilot.model import CpState
from bench.rig import RigConfig, Setup
from bench.station import EvseStation, PevStation, new_network
from bench.units import s

pytestmark = [pytest.mark.rig_check]


def sound(holds: object, what: str) -> None:
    """Raise RigBroken(what) unless *holds*: a broken bench is nobody's deviation."""
    if not holds:
        raise RigBroken(what)


@pytest.mark.needs("pair")
class TestOwnBench:
    """Both ends are the bench's own, so everything can be checked."""

    def test_both_adapters_say_who_they_are(self, setup: Setup) -> None:
        for station in setup.own_stations:
            identity = station.adapter.identify()
            sound(identity.version.startswith(("MAC-", "INT")), f"{station.adapter.name}: unknown firmware {identity}")
            sound(identity.mac != station.mac, f"{station.adapter.name}: adapter and host have one address")

    def test_an_adapter_takes_a_new_key_and_comes_back(self, setup: Setup) -> None:
        """Ready is what has been asked and answered, not what was confirmed."""
        network = new_network(setup.rng)

        setup.own_evse.adapter.set_key(network)

        sound(setup.own_evse.adapter.holds(network), "the adapter does not hold the key it was given")

    def test_the_same_key_again_costs_nothing(self, setup: Setup) -> None:
        before = setup.now()

        setup.own_evse.adapter.set_key(setup.own_evse.network)

        sound(setup.now() - before < s(1), "setting the key it has made the adapter restart")

    @pytest.mark.parametrize(
        ("duty", "state"),
        [(100.0, CpState.B), (5.0, CpState.B), (53.0, CpState.B), (0.0, CpState.F)],
        ids=["X1", "5 %", "nominal", "F"],
    )
    def test_the_pilot_shows_what_was_set(self, setup: Setup, duty: float, state: CpState) -> None:
        setup.own_pev.plug_in()

        setup.own_evse.pilot.set_duty_cycle_pct(duty)
        setup.run_for(s(1))

        at_car = setup.own_pev.pilot.read()
        sound(at_car.state is state, f"set {duty} %, the car sees {at_car}")
        sound(
            at_car.duty_cycle_pct is not None and abs(at_car.duty_cycle_pct - duty) < 0.5,
            f"set {duty} %, the car measures {at_car.duty_cycle_pct} %",
        )

    def test_the_plug_and_s2_show_at_the_station(self, setup: Setup) -> None:
        states = [setup.own_evse.pilot.read().state]
        setup.own_pev.plug_in()
        setup.run_for(s(1))
        states.append(setup.own_evse.pilot.read().state)
        setup.own_pev.pilot.set_charge_ready(True)
        setup.run_for(s(1))
        states.append(setup.own_evse.pilot.read().state)

        sound(states == [CpState.A, CpState.B, CpState.C], f"unplugged, plugged, ready show as {states}")


@pytest.mark.needs("pev")
def test_the_bench_is_a_station_at_rest(setup: Setup, rig_config: RigConfig) -> None:
    """Before a car is asked: pilot steady, no car where none can be, adapter ready with the network's key."""
    evse = setup.own_evse
    assert isinstance(evse, EvseStation)

    reading = evse.pilot.read()

    at_rest = (CpState.A, CpState.B) if rig_config.rig.driver == "pcap" else (CpState.A,)
    sound(reading.state in at_rest and not reading.pwm, f"the pilot shows {reading} before anything was done")
    sound(evse.adapter.holds(evse.network), "the adapter does not hold the bench's key")


@pytest.mark.needs("evse")
def test_the_bench_is_a_car_at_rest(setup: Setup) -> None:
    """Before it is plugged in: the car's end sees nothing, its adapter answers."""
    pev = setup.own_pev
    assert isinstance(pev, PevStation)

    sound(not pev.pilot.read().state.plugged, "the car is plugged in before the test has begun")
    sound(pev.adapter.identify().version, "the adapter does not say its firmware")
