"""Programs that disturb an adapter, each with the setting that keeps it away."""

from __future__ import annotations

import pytest

from bench.doctor.findings import Level
from bench.doctor.services import SERVICES, check_services, processes
from bench.doctor.system import System

NMCLI = "nmcli -t -f DEVICE,STATE device"


@pytest.fixture
def computer(computer):
    """With one harmless process, and this one."""
    computer.process(1, "systemd")
    computer.link("proc/self/ns/net", "net:[1]")
    return computer


def checked(computer, *interfaces, **more):
    return check_services(computer.system, list(processes(computer.system)), interfaces or ("plc0",), **more)


def test_nothing_runs_nothing_is_found(computer):
    assert checked(computer) == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_service_that_runs_is_a_warning_with_a_fix_for_this_interface(computer, service):
    arguments = ("-iplc0",) if service.name == "wpa_supplicant" else ()
    computer.process(20, service.comm[0], *arguments)

    (finding,) = checked(computer)

    assert (finding.level, finding.check, finding.subject) == (Level.WARNING, "services", service.name)
    assert "plc0" in finding.reason
    assert "plc0" in finding.fix
    assert "{" not in finding.fix


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_where_no_adapter_answers_it_is_worth_a_note(computer, service):
    arguments = ("-iplc0",) if service.name == "wpa_supplicant" else ()
    computer.process(20, service.comm[0], *arguments)

    (finding,) = check_services(computer.system, list(processes(computer.system)), [], candidates=["plc0"])

    assert finding.level is Level.NOTE


def test_process_of_another_network_namespace_does_not_count(computer):
    computer.process(20, "NetworkManager", namespace="net:[2]")

    assert checked(computer) == []


def test_names_are_cut_by_the_kernel(computer):
    """systemd-networkd has sixteen letters."""
    computer.process(20, "systemd-networkd")

    assert [finding.subject for finding in checked(computer)] == ["systemd-networkd"]


@pytest.mark.parametrize(
    ("shown", "level", "words"),
    [
        ("eth0:connected\nplc0:unmanaged\n", Level.OK, "leaves plc0 alone"),
        ("eth0:connected\n", Level.OK, "leaves plc0 alone"),
        ("plc0:connected\n", Level.WARNING, "runs on plc0"),
        ("plc0:connecting (getting IP configuration)\n", Level.WARNING, "runs on plc0"),
        ("plc0:disconnected\n", Level.WARNING, "runs on plc0"),
        (None, Level.WARNING, "runs, perhaps on plc0"),
    ],
)
def test_network_manager_tells_what_it_manages(computer, shown, level, words):
    computer.process(20, "NetworkManager")
    if shown is not None:
        computer.programs[NMCLI] = shown

    (finding,) = checked(computer)

    assert finding.level is level
    assert words in finding.reason


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ("[server]\ndeny-interfaces=eth1, plc0\n", Level.OK),
        ("[server]\nallow-interfaces=eth0\n", Level.OK),
        ("[server]\n#deny-interfaces=plc0\n", Level.WARNING),
        ("[server]\ndeny-interfaces=plc01\n", Level.WARNING),
        ("[server]\nallow-interfaces=plc0\n", Level.WARNING),
    ],
)
def test_avahi_is_told_in_its_file(computer, settings, level):
    computer.process(20, "avahi-daemon")
    computer.file("etc/avahi/avahi-daemon.conf", settings)

    assert [finding.level for finding in checked(computer)] == [level]


@pytest.mark.parametrize(
    ("settings", "arguments", "level"),
    [
        ("hostname\ndenyinterfaces wlan0 plc0\n", (), Level.OK),
        ("denyinterfaces plc0\ndenyinterfaces wlan*\n", (), Level.OK),
        ("denyinterfaces plc*\n", (), Level.OK),
        ("denyinterfaces veth*\n", (), Level.WARNING),
        ("allowinterfaces eth*\n", (), Level.OK),
        ("allowinterfaces eth0\n", (), Level.OK),
        ("allowinterfaces plc*\n", (), Level.WARNING),
        ("hostname\n", (), Level.WARNING),
        ("hostname\n", ("-q", "eth0"), Level.OK),
        ("hostname\n", ("-q", "plc0"), Level.WARNING),
    ],
)
def test_dhcpcd_is_told_in_its_file_or_by_its_arguments(computer, settings, arguments, level):
    computer.process(20, "dhcpcd", *arguments)
    computer.file("etc/dhcpcd.conf", settings)

    assert [finding.level for finding in checked(computer)] == [level]


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        (("-4", "-v", "-i", "-pf", "/run/dhclient.eth0.pid", "-lf", "x", "-I", "-df", "y", "eth0"), Level.OK),
        (("-4", "-pf", "plc0.pid", "plc0"), Level.WARNING),
        (("-pf", "plc0", "eth0"), Level.OK),
        ((), Level.WARNING),
    ],
)
def test_dhclient_is_started_for_certain_interfaces(computer, arguments, level):
    computer.process(20, "dhclient", *arguments)

    assert [finding.level for finding in checked(computer)] == [level]


def test_several_processes_of_one_program_are_one_finding(computer):
    computer.process(20, "dhclient", "eth0")
    computer.process(21, "dhclient", "plc0")

    assert [finding.level for finding in checked(computer)] == [Level.WARNING]


@pytest.mark.parametrize(("state", "level"), [("unmanaged", Level.OK), ("configured", Level.WARNING)])
def test_networkd_writes_down_what_it_manages(computer, state, level):
    computer.process(20, "systemd-networkd")
    computer.file("sys/class/net/plc0/ifindex", "5\n")
    computer.file("run/systemd/netif/links/5", f"ADMIN_STATE={state}\nOPER_STATE=routable\n")

    assert [finding.level for finding in checked(computer)] == [level]


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        (("-u", "-s", "-O", "DIR=/run"), Level.OK),
        (("-B", "-iwlan0"), Level.OK),
        (("-Dwired", "-i", "plc0"), Level.WARNING),
    ],
)
def test_wpa_supplicant_matters_on_this_interface_only(computer, arguments, level):
    computer.process(20, "wpa_supplicant", *arguments)

    assert [finding.level for finding in checked(computer)] == [level]


def test_ipv6_is_a_note_for_all_interfaces_at_once(computer):
    (finding,) = checked(computer, ipv6=["plc0", "plc1"])

    assert finding.level is Level.NOTE
    assert "plc0, plc1" in finding.reason


def test_unreadable_proc_is_unknown(tmp_path):
    system = System(tmp_path)

    (finding,) = check_services(system, list(processes(system)), ["plc0"])

    assert finding.level is Level.NOTE
    assert finding.reason.startswith("unknown")


# another charging station on this computer

UDP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 90: 00000000000000000000000000000000:{port} 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   0        0 4711 2 0 0
"""  # noqa: E501


@pytest.mark.parametrize(("interfaces", "level"), [(["plc0"], Level.WARNING), ([], Level.NOTE)], ids=["in use", "none"])
def test_a_program_that_waits_for_sdp_is_named(computer, interfaces, level):
    computer.file("proc/net/udp6", UDP6.format(port="3B0E"))
    computer.file("proc/900/comm", "EvseV2G\n")
    computer.link("proc/900/fd/7", "socket:[4711]")

    (finding,) = check_services(computer.system, list(processes(computer.system)), interfaces)

    assert (finding.level, finding.subject) == (level, "SDP")
    assert finding.reason.startswith("EvseV2G (process 900) waits on UDP port 15118")


def test_whose_files_are_hidden_is_not_named(computer):
    computer.file("proc/net/udp6", UDP6.format(port="3B0E"))

    (finding,) = checked(computer)

    assert finding.reason.startswith("a program (root may see which) waits")


@pytest.mark.parametrize("text", [UDP6.format(port="14E9"), "", "  sl\n cut off\n", None])
def test_other_sockets_are_no_reason(computer, text):
    if text is not None:
        computer.file("proc/net/udp6", text)

    assert checked(computer) == []
