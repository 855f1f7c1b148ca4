"""`bench adapters` and `bench doctor` on interfaces of the kernel; what Debian's tools find is the measure.

Everything lives in a network namespace of the test's own, so that nothing else of this computer is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.capture import open_capture
from bench.mme import VsNwInfoCnf, VsNwInfoCnfV0, VsNwInfoReq, VsNwInfoReqV0, VsSwVerCnf, VsSwVerReq, decode
from bench.sim.adapter.network import FACTORY_NMK
from conftest import BENCH, Start, require, run, unique, wait_until

UP = "Ctrl-C ends it."
QCA7005, TP_LINK, DEVOLO = "qca7005-evse", "tplink-tlpa4010p", "devolo-dlan200avplus"
QUESTIONS = (VsSwVerReq, VsNwInfoReq, VsNwInfoReqV0)
ANSWERS = (VsSwVerCnf, VsNwInfoCnf, VsNwInfoCnfV0)


@pytest.fixture
def interface():
    return unique("t")


@pytest.fixture
def attach(start: Start, netns: str) -> Callable[..., None]:
    """`attach("--evse", "t0")`: virtual adapters on interfaces in the test's namespace."""

    def attach(*options: str) -> None:
        start(*BENCH, "sim", "up", *options, netns=netns).wait_for(UP)

    return attach


def told(netns: str, *command: str, status: int = 0):
    """The JSON of a command that ends with *status*."""
    done = run(*BENCH, *command, "--json", netns=netns)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def set_down(netns: str, interface: str) -> None:
    run("ip", "-n", netns, "link", "set", interface, "down").check_returncode()


@pytest.mark.parametrize("adapter", [QCA7005, TP_LINK, DEVOLO])
def test_adapter_is_what_debians_tools_say(attach, netns, interface, adapter):
    """SUT: bench adapters. Address as int6klist has it, chip and firmware as plctool -r, of all three families."""
    require("int6klist", "plctool")
    attach("--evse", f"{interface}:{adapter}")
    (listed,) = run("int6klist", "-i", interface, netns=netns).stdout.split()
    _, mac, chip, firmware = run("plctool", "-q", "-i", interface, "-r", netns=netns).stdout.split()

    (asked,) = told(netns, "adapters", "-i", interface)["interfaces"]
    shown = run(*BENCH, "adapters", "-i", interface, netns=netns)

    (found,) = asked["adapters"]
    assert found["mac"] == listed.lower() == mac.lower()
    assert (found["chip"], found["firmware"], found["local"]) == (chip, firmware, True)
    (network,) = found["networks"]
    assert (network["role"], network["partners"]) == ("coordinator", [])
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"{interface}\n  {mac.lower()}  {chip}  {firmware}\n    directly on {interface}\n")


@pytest.mark.parametrize(("near", "far"), [(QCA7005, TP_LINK), (TP_LINK, DEVOLO), (DEVOLO, "qca7005-car")])
def test_partner_is_heard_as_plctool_hears_it(attach, netns, near, far):
    """SUT: bench adapters. Everybody who answers `plctool -r all` is found, and the two interfaces are one network."""
    require("plctool", "int6klist")
    a, b = unique("t"), unique("t")
    attach("--evse", f"{a}:{near}", "--pev", f"{b}:{far}")
    everybody = run("plctool", "-q", "-i", a, "-r", "all", netns=netns).stdout.splitlines()
    (local,) = run("int6klist", "-i", a, netns=netns).stdout.split()

    survey = told(netns, "adapters")

    here, there = survey["interfaces"]
    assert [here["name"], there["name"]] == sorted([a, b])
    here = here if here["name"] == a else there
    assert {(found["mac"], found["firmware"]) for found in here["adapters"]} == {
        (line.split()[1].lower(), line.split()[3]) for line in everybody
    }
    assert [found["mac"] for found in here["adapters"] if found["local"]] == [local.lower()]
    first, second = here["adapters"]
    assert first["networks"][0]["role"] == "coordinator"
    assert [partner["mac"] for partner in first["networks"][0]["partners"]] == [second["mac"]]
    (pair,) = survey["pairs"]
    assert pair["one_network"] is True
    assert {pair["a"]["interface"], pair["b"]["interface"]} == {a, b}


def test_adapters_with_keys_of_their_own_are_not_in_one_network(attach, netns):
    """SUT: bench adapters."""
    a, b = unique("t"), unique("t")
    attach("--evse", a, "--pev", f"{b}:{TP_LINK}", "--own-keys")

    survey = told(netns, "adapters", "-i", a, "-i", b)
    shown = run(*BENCH, "adapters", netns=netns)

    assert [len(asked["adapters"]) for asked in survey["interfaces"]] == [1, 1]
    assert [pair["one_network"] for pair in survey["pairs"]] == [False]
    assert f"{a} and {b}: not in one network" in " ".join(shown.stdout.split())


def test_only_the_named_interface_is_asked(attach, netns):
    """SUT: bench adapters -i."""
    a, b = unique("t"), unique("t")
    attach("--evse", a, "--pev", b)

    survey = told(netns, "adapters", "-i", b)

    assert [asked["name"] for asked in survey["interfaces"]] == [b]
    assert survey["pairs"] == []


@pytest.mark.parametrize("command", ["adapters", "doctor"])
def test_nothing_but_questions_is_sent(attach, start, netns, interface, command, tmp_path):
    """SUT: bench adapters and doctor, as tcpdump sees them. No message that changes anything, and no key."""
    require("tcpdump")
    attach("--evse", interface, "--pev", unique("t"))
    path = tmp_path / "asked.pcap"
    dump = start("tcpdump", "-Z", "root", "-i", interface, "-U", "-w", str(path), "ether proto 0x88e1", netns=netns)
    dump.wait_for("listening on")

    run(*BENCH, command, "-i", interface, netns=netns).check_returncode()
    wait_until(lambda: len(messages(path)) >= 9, "four questions and five answers")

    assert {type(message) for message in messages(path)} <= {*QUESTIONS, *ANSWERS}
    assert sum(isinstance(message, QUESTIONS) for message in messages(path)) == 4
    assert bytes(FACTORY_NMK) not in path.read_bytes()


def messages(path: Path):
    with open_capture(path) as capture:
        return [decode(record.octets).mme for record in capture.records()]


# when something is wrong ----------------------------------------------------------------------------------------


def test_interface_that_is_down_is_named_with_the_remedy(attach, netns, interface):
    """SUT: bench adapters. An error where it is named; else it is not asked, and that is said."""
    attach("--evse", interface)
    set_down(netns, interface)

    named = run(*BENCH, "adapters", "-i", interface, netns=netns)
    unnamed = run(*BENCH, "adapters", netns=netns)

    remedy = f"sudo ip link set {interface} up"
    assert (named.returncode, named.stdout) == (2, "")
    assert named.stderr == f"bench adapters: {interface}: the interface is down; switch it on: {remedy}\n"
    assert (unnamed.returncode, unnamed.stderr) == (1, "")
    assert f"{interface}: not asked, switched off: {remedy}\n" in unnamed.stdout


def test_one_of_two_is_down(attach, netns):
    """SUT: bench adapters. The other one is asked all the same; the status says that not all was well."""
    a, b = unique("t"), unique("t")
    attach("--evse", a, "--pev", b)
    set_down(netns, b)

    named = run(*BENCH, "adapters", "-i", a, "-i", b, netns=netns)
    unnamed = run(*BENCH, "adapters", netns=netns)

    assert (named.returncode, unnamed.returncode) == (2, 0)
    assert f"directly on {a}" in named.stdout
    assert named.stderr.startswith(f"bench adapters: {b}: the interface is down")
    assert unnamed.stderr == ""


def test_cable_with_no_adapter_at_its_end(netns):
    """SUT: bench adapters. Nobody answers: status 1, and what to attach."""
    a, b = unique("va"), unique("vb")
    run("ip", "-n", netns, "link", "add", a, "up", "type", "veth", "peer", "name", b).check_returncode()
    run("ip", "-n", netns, "link", "set", b, "up").check_returncode()

    shown = run(*BENCH, "adapters", "-i", a, netns=netns)

    assert (shown.returncode, shown.stderr) == (1, "")
    assert shown.stdout.startswith(f"{a}\n  no adapter answers\n\nNo adapter answered. Connect the adapter's Ethernet")
    assert "`sudo bench sim up --evse plc0`" in " ".join(shown.stdout.split())


def test_computer_without_interfaces(netns):
    """SUT: bench adapters and doctor, in an empty namespace."""
    shown = run(*BENCH, "adapters", netns=netns)
    examined = run(*BENCH, "doctor", netns=netns)

    assert (shown.returncode, shown.stderr) == (1, "")
    assert (examined.returncode, examined.stderr) == (1, "")
    assert "there is no Ethernet interface that an adapter could be plugged into" in " ".join(examined.stdout.split())


def test_bridge_is_unfit(netns):
    """SUT: bench doctor and adapters. A bridge is not asked unless it is named, and never recommended."""
    bridge = unique("br")
    run("ip", "-n", netns, "link", "add", bridge, "up", "type", "bridge").check_returncode()

    shown = run(*BENCH, "adapters", netns=netns)
    examined = run(*BENCH, "doctor", "-i", bridge, netns=netns)

    assert f"{bridge}: not asked, bridge: tools that manage adapters do not work on bridges" in " ".join(
        shown.stdout.split()
    )
    assert examined.returncode == 1
    assert f"error {bridge}: bridge" in " ".join(examined.stdout.split())


def without_rights(netns, *command):
    require("setpriv")
    return run("setpriv", "--bounding-set", "-all", *BENCH, *command, netns=netns)


def test_without_rights_adapters_says_the_remedy(attach, netns, interface):
    """SUT: bench adapters by a user without capabilities: one sentence, status 2, named or not."""
    attach("--evse", interface)

    for options in ((), ("-i", interface)):
        done = without_rights(netns, "adapters", *options)

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(
            f"bench adapters: {interface}: no permission to capture; run with sudo, or once: "
        )
        assert "sudo setcap cap_net_raw,cap_net_admin=eip /" in done.stderr
        assert done.stderr.count("\n") == 1


def test_without_rights_doctor_says_the_remedy(attach, netns, interface):
    """SUT: bench doctor by a user without capabilities: one error, everything else is looked at all the same."""
    attach("--evse", interface)

    done = without_rights(netns, "doctor", "-i", interface, "--json")

    assert (done.returncode, done.stderr) == (1, "")
    findings = json.loads(done.stdout)["findings"]
    (error,) = [finding for finding in findings if finding["level"] == "error"]
    assert (error["check"], error["subject"]) == ("capture", "permission")
    assert "setcap cap_net_raw,cap_net_admin=eip" in error["fix"]
    assert {finding["check"] for finding in findings} >= {"interfaces", "capture", "adapters", "timing"}
    assert [finding["reason"] for finding in findings if finding["subject"] == f"{interface} stamps"] == [
        "by the kernel, in ns"
    ]


# the doctor ------------------------------------------------------------------------------------------------------


def test_doctor_finds_a_good_bench(attach, netns):
    """SUT: bench doctor. Two adapters in one network: status 0, the interfaces are what they are."""
    a, b = unique("t"), unique("t")
    attach("--evse", a, "--pev", f"{b}:{TP_LINK}")

    told_json = told(netns, "doctor")
    shown = run(*BENCH, "doctor", netns=netns)

    assert told_json["fit"] is True
    assert [(nic["name"], nic["kind"], nic["up"], nic["carrier"]) for nic in told_json["interfaces"]] == [
        (name, "virtual (TAP)", True, True) for name in sorted([a, b])
    ]
    assert [pair["one_network"] for pair in told_json["adapters"]["pairs"]] == [True]
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"{a} and {b}: in one network" in " ".join(shown.stdout.split())
    assert shown.stdout.splitlines()[-1].startswith("This computer is fit to be a bench")


def test_doctor_finds_programs_by_their_names(attach, start, netns, interface, tmp_path):
    """SUT: bench doctor. A copy of sleep called avahi-daemon is one, in this namespace only."""
    attach("--evse", interface)
    program = tmp_path / "avahi-daemon"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)

    start(str(program), "60")
    elsewhere = told(netns, "doctor", "-i", interface)
    start(str(program), "60", netns=netns)
    here = told(netns, "doctor", "-i", interface)

    def subjects(said):
        return [finding["subject"] for finding in said["findings"] if finding["level"] == "warning"]

    assert "avahi-daemon" not in subjects(elsewhere)
    assert "avahi-daemon" in subjects(here)


def test_doctor_knows_veth_and_the_port_of_a_bridge(netns):
    """SUT: bench doctor."""
    a, b, bridge = unique("va"), unique("vb"), unique("br")
    for command in (
        ("link", "add", a, "up", "type", "veth", "peer", "name", b),
        ("link", "add", bridge, "up", "type", "bridge"),
        ("link", "set", b, "up", "master", bridge),
    ):
        run("ip", "-n", netns, *command).check_returncode()

    said = told(netns, "doctor", status=1)

    kinds = {nic["name"]: (nic["kind"], nic["bridge"]) for nic in said["interfaces"]}
    assert kinds == {a: ("virtual (veth)", None), b: ("virtual (veth)", bridge), bridge: ("bridge", None)}
    (warning,) = [finding for finding in said["findings"] if "nomaster" in (finding["fix"] or "")]
    assert (warning["level"], warning["subject"]) == ("warning", b)
