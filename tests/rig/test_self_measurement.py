"""The bench measures itself: on a bench of known slowness it finds that slowness."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest

from bench.errors import AdapterError
from bench.ports import FramePort, Stamped
from bench.rig import Rig, RigConfig, Setup, open_rig
from bench.rig.self_measurement import QUESTIONS, Latency, measure_bench
from bench.sim.port import SimPort
from bench.units import Ns, ms, us


def pair() -> Setup:
    rig = open_rig("sim")
    return rig.setup(next(choice for choice in rig.suts() if choice.kind == "pair"))


class SlowEar:
    """Hears every frame of *port* leave *by* later than the port said."""

    def __init__(self, port: FramePort, by: Ns) -> None:
        self._heard: list[Stamped] = []
        usual = port.send

        def send(octets: bytes) -> Ns:
            t = usual(octets)
            self._heard.append(Stamped(t + by, octets.ljust(60, b"\0")))
            return t

        port.send = send  # type: ignore[method-assign]

    def receive(self) -> list[Stamped]:
        heard, self._heard = self._heard, []
        return heard


def ear(by: Ns):
    def opened(port: FramePort) -> AbstractContextManager[SlowEar]:
        return nullcontext(SlowEar(port, by))

    return opened


def test_percentiles_are_values_that_were_measured() -> None:
    assert Latency.of(range(1, 101)) == Latency(100, 50, 99, 100)
    assert Latency.of([3]) == Latency(1, 3, 3, 3)
    assert Latency.of([5, 1]) == Latency(2, 1, 5, 5)
    assert Latency.of([]) is None


def test_what_leaves_late_is_the_uncertainty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimPort, "stamp_resolution", us(1))

    measured = measure_bench(pair(), ear(us(70)))

    for port in measured.ports.values():
        assert port.leaving == Latency(QUESTIONS, us(70), us(70), us(70))
        assert port.resolution == us(1)
    assert measured.uncertainty == us(71)


def test_on_the_virtual_clock_everything_is_on_time() -> None:
    measured = measure_bench(pair(), ear(0))

    assert (measured.wake_up.worst, measured.uncertainty) == (0, 0)
    assert set(measured.ports) == {"evse", "pev"}
    assert all(port.in_hand.worst == 0 for port in measured.ports.values())


def test_the_adapters_answer_as_slowly_as_their_profile_says() -> None:
    """qca7005-evse 0.4 ms; qca7005-car, over SPI, 5 ms."""
    measured = measure_bench(pair(), ear(0))

    assert measured.ports["evse"].answer.median == us(400)
    assert measured.ports["pev"].answer.median == ms(5)
    assert measured.path is not None
    assert ms(1) < measured.path.median < ms(5)


def test_without_an_ear_own_frames_are_known_to_have_left_when_they_are_answered() -> None:
    measured = measure_bench(pair(), lambda _: None)

    assert measured.ports["evse"].leaving is None
    assert measured.uncertainty == ms(5)
    assert "this system does not let them be heard" in "\n".join(measured.lines())


def test_an_adapter_that_hardly_answers_is_told() -> None:
    setup = pair()
    setup.power["pev"].off()

    with pytest.raises(AdapterError, match=r"pev.adapter: answered 0 of 100 questions"):
        measure_bench(setup, ear(0))


def test_the_lines_for_a_person_end_in_the_uncertainty() -> None:
    lines = measure_bench(pair(), ear(us(70))).lines()

    assert lines[-1] == "uncertainty of an interval: 70.0 us"
    assert any(line.startswith("evse: own frames leave after median 0.070 ms") for line in lines)


def test_the_greater_of_what_was_measured_and_what_the_file_says_counts() -> None:
    config = RigConfig.model_validate({"rig": {"uncertainty_us": 50.0}})
    rig = Rig(config)
    assert rig.uncertainty == us(50)

    rig.measured = measure_bench(pair(), ear(us(70)))
    assert rig.uncertainty == us(70)

    rig.measured = measure_bench(pair(), ear(us(20)))
    assert rig.uncertainty == us(50)


def test_simulated_stations_in_real_time_are_no_better_than_the_timers_of_the_computer() -> None:
    ends = {"evse": {"interface": "plc0"}, "pev": {"interface": "plc1"}}
    rig = Rig(RigConfig.model_validate({"rig": {"driver": "tap", "sut": "pair"}, **ends}))
    rig.measured = measure_bench(pair(), ear(us(70)))
    late = Latency(100, us(100), us(300), us(900))
    object.__setattr__(rig.measured, "wake_up", late)

    assert rig.uncertainty == us(370)
