"""The suite through interfaces of the kernel: simulated stations on TAP, two adapters by driver pcap, and mishaps."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.errors import RigBusy
from bench.lock import RigLock
from bench.rig import Rig, Setup, open_rig
from bench.slac.events import AttemptFailed
from bench.units import ms, s
from conftest import BENCH, Start, interfaces, require, run, unique, wait_until

ROOT = Path(__file__).parents[2]
SUITE = (sys.executable, "-u", "-m", "pytest", str(ROOT / "hil_tests"), "-p", "no:cacheprovider", "--timings=")
"""As a user calls it, in a process of its own. No file of the checkout is written."""


class Ends:
    """Names of the interfaces of one rig, which nobody else uses."""

    def __init__(self) -> None:
        self.evse, self.pev, self.near = unique("te"), unique("tp"), unique("tn")


@pytest.fixture
def ends() -> Ends:
    return Ends()


WriteRig = Callable[..., Path]


@pytest.fixture
def rig_file(tmp_path: Path) -> WriteRig:
    def write(ends: Ends, *, sut: str = "pair", driver: str = "tap", more: str = "", neighbour: bool = True) -> Path:
        path = tmp_path / f"{sut}-{ends.evse}.toml"
        own = {"evse": sut != "evse", "pev": sut != "pev", "near": neighbour}
        tables = {"evse": f'[evse]\ninterface = "{ends.evse}"', "pev": f'[pev]\ninterface = "{ends.pev}"'}
        tables["near"] = f'[neighbour]\ninterface = "{ends.near}"'
        lines = [f'[rig]\nname = "{ends.evse}"\ndriver = "{driver}"\nsut = "{sut}"\nkey_settles_s = 0.5']
        path.write_text("\n".join([*lines, *(tables[end] for end in tables if own[end]), more]), encoding="utf-8")
        return path

    return write


def counts(said: str) -> dict[str, int]:
    """`24 passed, 39 deselected` of the last line."""
    last = said.strip().splitlines()[-1]
    return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last)}


# the suite, as it is -----------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_the_suite_passes_in_real_time(start: Start, rig_file: WriteRig) -> None:
    """A pair, a car and a charger on TAP, and two adapters that live in another process; with a stranger who talks.

    All at once, each on interfaces of its own: mostly they wait. Driver pcap is what a bench with two real adapters
    does every night; here their modems are `bench sim up`. Of the car's and the charger's tests those of matching and
    of the pilot; the retries are minutes of waiting, and so is writing flash. The car's intervals are far from all
    limits, so that a busy computer can judge it, too.
    """
    pair, car, charger, real = Ends(), Ends(), Ends(), Ends()
    chatter = start(sys.executable, str(Path(__file__).with_name("chatter.py")), pair.evse, pair.pev, car.evse)
    start(*BENCH, "sim", "up", "--evse", real.evse, "--pev", real.pev, "--own-keys").wait_for("Ctrl-C ends it.")
    own = ("-k", "not test_retries")
    quick = "not (sdp and negative)"
    real_rig = rig_file(real, driver="pcap", neighbour=False)
    wanted = {
        "pair": ("-m", f"two_adapters and not pib and {quick}", "--rig", str(rig_file(pair))),
        "car": ("-m", f"vw_id3 and {quick}", *own, "--rig", str(rig_file(car, sut="pev"))),
        "charger": ("-m", f"tesla_supercharger_v3 and {quick}", *own, "--rig", str(rig_file(charger, sut="evse"))),
        "real": ("-m", f"two_adapters and {quick}", "--rig", str(real_rig)),
    }
    runs = {}
    for name, arguments in wanted.items():
        runs[name] = start(*SUITE, *arguments)
        # Each measures itself before the next one begins: how late timers are while programs start says nothing.
        runs[name].wait_for("uncertainty of an interval")

    for name, running in runs.items():
        assert running.wait(timeout_s=400) == 0, f"{name}:\n{running.text}"

    found = {name: counts(running.text) for name, running in runs.items()}
    for name, passed in {"pair": 29, "car": 15, "charger": 10, "real": 26}.items():
        assert found[name]["passed"] >= passed, found
        assert set(found[name]) <= {"passed", "deselected", "skipped"}
        assert "uncertainty of an interval" in runs[name].text
    assert {name for name in found if "skipped" in found[name]} == {"real"}
    assert found["real"]["skipped"] == 3 + 7, "third adapter, power switches, and what writes flash"
    assert "this rig cannot switch the power of its adapters" in runs["real"].text
    assert "only with --allow-flash" in runs["real"].text
    assert "this rig has no adapter for another station" in runs["real"].text
    for interface in (pair.evse, pair.pev, car.evse):
        assert f"talking on {interface}" in chatter.read()


def test_a_faulty_car_deviates_in_real_time_too(start: Start, rig_file: WriteRig, ends: Ends) -> None:
    """Else the test above would prove little: failed, not broken, with the rule."""
    fault = '[pev]\nvehicles = ["skoda-enyaq"]\nquirks = ["nine_sounds"]'
    rig = rig_file(ends, sut="pev", more=fault, neighbour=False)

    running = start(*SUITE, "-k", "test_it_announces_its_sounds", "--rig", str(rig))

    assert running.wait() == 1, running.text
    assert "Deviation: skoda-enyaq did not send each of its 10 sounds once" in running.text
    assert counts(running.text)["failed"] == 1


# mishaps -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair_setup(rig_file: WriteRig, ends: Ends) -> Iterator[Setup]:
    """Two stations of ours on TAP interfaces, plugged in at 5 %."""
    rig = open_rig(str(rig_file(ends)))
    with rig.setup(next(rig.suts()), case="mishap") as setup:
        setup.own_evse.pilot.set_duty_cycle_pct(5.0)
        setup.own_pev.plug_in()
        yield setup


def test_an_interface_taken_down_costs_an_attempt_and_is_told(pair_setup: Setup, ends: Ends) -> None:
    """Down in the middle of matching and up again: the station goes on, a later attempt matches, the doubt stays."""
    evse, pev = pair_setup.own_evse, pair_setup.own_pev
    pair_setup.pump.run(lambda: pev.machine.pev.batch >= 5, pair_setup.now() + s(5))

    run("ip", "link", "set", ends.pev, "down").check_returncode()
    pair_setup.run_for(s(1))
    run("ip", "link", "set", ends.pev, "up").check_returncode()
    match = pev.wait_matched(within=s(15), sut="our EVSE")
    evse.wait_link(sut="our PEV")
    pev.wait_link(sut="our EVSE")

    assert pev.happened(AttemptFailed)
    assert match.t > pev.happened(AttemptFailed)[0].t
    (doubt,) = pair_setup.doubts()
    assert doubt.startswith("pev: the interface was down")


def test_an_adapter_that_is_switched_off_and_on_is_found_again(pair_setup: Setup) -> None:
    """Linked, its power cut: both sides lose the link. Back again, the plug out and in: both match anew, no doubt."""
    evse, pev = pair_setup.own_evse, pair_setup.own_pev
    evse.wait_link(sut="our PEV")
    pev.wait_link(sut="our EVSE")
    first = evse.matched()

    pair_setup.power["evse"].off()
    lost = pair_setup.pump.run(
        lambda: evse.adapter.link_up_at is None and pev.adapter.link_up_at is None, pair_setup.now() + s(10)
    )
    pair_setup.power["evse"].on()
    pev.unplug()
    pair_setup.run_for(s(6))
    pev.plug_in()
    pair_setup.pump.run(lambda: evse.matched() is not first, pair_setup.now() + s(10))
    evse.wait_link(sut="our PEV")

    assert lost
    assert evse.matched() is not first
    assert pair_setup.doubts() == []


def test_a_test_whose_interface_was_down_is_broken_and_the_next_ones_are_not(
    start: Start, rig_file: WriteRig, ends: Ends, tmp_path: Path
) -> None:
    """Nobody is blamed for what the bench could not see; Allure says broken."""
    results = tmp_path / "allure"
    tests = "test_they_match_and_join_one_network or test_missing_sounds"
    running = start(*SUITE, "-v", "-k", tests, "--rig", str(rig_file(ends)), "--alluredir", str(results))
    running.wait_for("test_they_match_and_join_one_network")
    wait_until(lambda: ends.pev in interfaces(), "the test's interface")
    threading.Event().wait(2.5)

    run("ip", "link", "set", ends.pev, "down").check_returncode()
    threading.Event().wait(0.8)
    run("ip", "link", "set", ends.pev, "up").check_returncode()

    assert running.wait() == 1, running.text
    assert "pev: the interface was down" in running.text
    assert counts(running.text)["passed"] == 1
    told = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    assert sorted(each["status"] for each in told) == ["broken", "passed"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_ended_in_the_middle_leaves_nothing_and_the_next_one_works(
    start: Start, rig_file: WriteRig, ends: Ends, number: signal.Signals
) -> None:
    rig = rig_file(ends)
    running = start(*SUITE, "-v", "-k", "test_nobody_asks", "--rig", str(rig))
    running.wait_for("test_nobody_asks")
    wait_until(lambda: ends.pev in interfaces(), "the test's interface")

    running.signal(number)

    status = running.wait()
    assert status != 0
    wait_until(lambda: not {ends.evse, ends.pev, ends.near} & interfaces(), "the interfaces to disappear")
    if number in (signal.SIGTERM, signal.SIGHUP):
        assert status == 128 + number
        assert f"told to end by {number.name}" in running.text
    after = start(*SUITE, "-k", "test_both_adapters_say_who_they_are", "--rig", str(rig))
    assert after.wait() == 0, after.text


def test_a_second_run_on_the_same_rig_is_refused_and_told_who_the_first_is(
    start: Start, rig_file: WriteRig, ends: Ends
) -> None:
    rig = rig_file(ends)
    first = start(*SUITE, "-v", "-k", "test_nobody_asks", "--rig", str(rig))
    first.wait_for("test_nobody_asks")

    second = start(*SUITE, "-k", "test_both_adapters", "--rig", str(rig))

    assert second.wait() == 4
    assert re.search(rf"is in use by another program \(process {first.pid} of \w+, since .*: pytest", second.text)
    assert "Traceback" not in second.text
    with pytest.raises(RigBusy):
        RigLock([f"rig {ends.evse}"], "a third")


def test_without_rights_one_sentence_says_what_to_do(start: Start, rig_file: WriteRig, ends: Ends) -> None:
    """An ordinary user: no traceback, and the way out."""
    require("setpriv")
    rig = rig_file(ends)
    shutil.chown(rig, 65534)
    rig.parent.chmod(0o755)
    readable = Path(shutil.copy(rig, Path("/var/tmp") / rig.name))
    try:
        running = start(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
            *SUITE, "-k", "test_both_adapters", "--rig", str(readable),
        )  # fmt: skip

        assert running.wait() == 4, running.text
    finally:
        readable.unlink()
    assert "run as root" in running.text
    assert "Traceback" not in running.text


def test_several_processes_at_one_rig_are_refused(start: Start, rig_file: WriteRig, ends: Ends) -> None:
    running = start(*SUITE, "-n", "2", "-k", "test_both_adapters", "--rig", str(rig_file(ends)))

    assert running.wait() == 4
    assert "run without -n" in running.text


# the bench measures itself -----------------------------------------------------------------------------------------


def test_the_measured_uncertainty_is_that_of_a_computer(rig_file: WriteRig, ends: Ends) -> None:
    """More than nothing, less than the 20 ms that matter; it hears its own frames leave."""
    rig: Rig = open_rig(str(rig_file(ends)))

    with rig.in_use("a test"):
        measured = rig.measured

    assert measured is not None
    assert 0 < measured.uncertainty < ms(20)
    assert rig.uncertainty >= measured.uncertainty + measured.wake_up.p99
    for port in measured.ports.values():
        assert port.leaving is not None
        assert port.leaving.n > 50
        assert port.leaving.median < port.answer.median
    assert measured.path is not None
    assert measured.path.median > ms(1), "a frame needs milliseconds across the powerline"
