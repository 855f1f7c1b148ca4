"""All checks together, and how they are told."""

from __future__ import annotations

import io
import json
import time

import pytest
from fake_computer import FakeComputer

from bench.cli.doctor_text import print_examination, summary
from bench.doctor.adapters import Adapter, Asked, Membership, Peer, Survey
from bench.doctor.as_json import doctor_json, survey_json
from bench.doctor.capture import Libpcap
from bench.doctor.examination import examine
from bench.doctor.findings import Finding, Level, fit
from bench.doctor.interfaces import look_at
from bench.doctor.words import ATTACH, survey_lines
from bench.drivers.libpcap_facts import StampFacts
from bench.errors import PortError
from bench.ids import LOCAL_DEVICE, MacAddress, Nid, nid_from_nmk, nmk_from_password
from bench.rig import load_rig_config
from bench.units import ms


def started():
    """A guardian that answers at once."""
    return ms(200)


LIBPCAP = Libpcap(lambda: "libpcap version 1.10.3", lambda _: StampFacts(True, ()), lambda _: None)
NEAR, FAR = MacAddress.parse("02:00:00:00:01:01"), MacAddress.parse("02:00:00:00:01:02")
NID = Nid(bytes([1] * 7))
BOARDS = {"serial", "gpio", "pwm", "spi", "power", "user"}


def adapter(interface, mac, partner=None, *, local=True, firmware="MAC-QCA7005-1", networks=()):
    if partner is not None:
        networks = (
            Membership(NID, 1, 1 if mac == NEAR else 2, 2 if mac == NEAR else 0, NEAR, (Peer(partner, 2, 9, 8),)),
        )
    return Adapter(interface, mac, local, "QCA7005", 0x22, firmware, networks)


JOINED = Survey(
    (
        Asked("eth0"),
        Asked("plc0", (adapter("plc0", NEAR, FAR), adapter("plc0", FAR, NEAR, local=False))),
        Asked("plc1", (adapter("plc1", FAR, NEAR), adapter("plc1", NEAR, FAR, local=False))),
    ),
    (("wlan0", "wireless"),),
)


@pytest.fixture
def computer(computer: FakeComputer) -> FakeComputer:
    """Two cards for adapters and one for the office."""
    for name in ("eth0", "plc0", "plc1"):
        computer.card(name)
        computer.file(f"proc/sys/net/ipv6/conf/{name}/disable_ipv6", "0")
    computer.file("proc/self/status", "CapEff:\t000001ffffffffff")
    computer.link("proc/self/ns/net", "net:[1]")
    computer.process(1, "systemd")
    computer.file("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc")
    computer.file("proc/sys/kernel/osrelease", "6.1.0-44-amd64")
    computer.file("proc/self/limits", "Max realtime priority     1     1\n")
    for folder in ("run/lock", "home/ann"):
        computer.folder(folder)
    return computer


def examined(computer, survey=JOINED, *, named=(), libpcap=LIBPCAP):
    names = named or ("eth0", "plc0", "plc1")
    nics = [look_at(computer.system, name, computer.ask) for name in names]
    return examine(computer.system, nics, lambda _: survey, named=bool(named), libpcap=libpcap, start=started)


def levels(seen, check):
    return {finding.level for finding in seen.findings if finding.check == check}


def text(seen) -> str:
    out = io.StringIO()
    print_examination(seen, out)
    return out.getvalue()


def test_good_bench(computer):
    seen = examined(computer)

    assert fit(seen.findings)
    assert levels(seen, "adapters") == {Level.OK}
    assert "plc0 and plc1: in one network" in text(seen)
    assert ATTACH[:20] not in text(seen)
    assert text(seen).splitlines()[-1].startswith("This computer is fit to be a bench: 2 notes.")


def test_computer_with_nothing_attached_is_told_what_to_attach(computer):
    seen = examined(computer, Survey((Asked("eth0"), Asked("plc0"))))

    assert not fit(seen.findings)
    assert levels(seen, "adapters") == {Level.ERROR}
    assert " ".join(text(seen).split()).endswith(ATTACH)
    assert "sudo bench sim up --evse plc0" in ATTACH


def test_programs_are_judged_on_the_adapters_interfaces_only(computer):
    """NetworkManager may do with the office's network what it likes."""
    computer.process(20, "NetworkManager")
    computer.programs["nmcli -t -f DEVICE,STATE device"] = "eth0:connected\nplc0:unmanaged\nplc1:disconnected\n"

    seen = [finding for finding in examined(computer).findings if finding.subject == "NetworkManager"]

    assert [(finding.level, finding.reason.split(":")[0]) for finding in seen] == [
        (Level.OK, "runs, but leaves plc0 alone"),
        (Level.WARNING, "runs on plc1"),
    ]


def test_without_an_adapter_they_are_notes_unless_the_interface_is_named(computer):
    computer.process(20, "avahi-daemon")
    nothing = Survey((Asked("plc0"),))

    assert Level.WARNING not in levels(examined(computer, nothing), "services")
    assert Level.WARNING in levels(examined(computer, nothing, named=("plc0",)), "services")


def test_without_libpcap_nobody_is_asked(computer):
    def missing():
        raise PortError("real interfaces need pcap-ct; install it")

    def asked(_):
        raise AssertionError

    nics = [look_at(computer.system, "plc0", computer.ask)]
    seen = examine(computer.system, nics, asked, libpcap=Libpcap(missing), start=started)

    assert not fit(seen.findings)
    assert levels(seen, "adapters") == {Level.NOTE}
    assert "could not be asked. Connect" in " ".join(text(seen).split())


def test_interface_that_cannot_be_opened_is_told_once_and_the_others_are_asked(computer):
    def opens(name):
        if name == "plc1":
            raise PortError("plc1: is broken; repair it")

    survey = Survey((Asked("plc0", (adapter("plc0", NEAR),)), Asked("plc1", trouble="plc1: is broken; repair it")))

    seen = examined(computer, survey, libpcap=Libpcap(LIBPCAP.version, LIBPCAP.stamps, opens))

    broken = [finding for finding in seen.findings if finding.subject == "plc1" and finding.level is Level.ERROR]
    assert [(finding.check, finding.fix) for finding in broken] == [("capture", "repair it")]
    assert levels(seen, "adapters") == {Level.OK}


def test_interface_that_breaks_while_it_is_asked(computer):
    survey = Survey((Asked("plc0", (adapter("plc0", NEAR),)), Asked("plc1", trouble="plc1: has gone; plug it in")))

    seen = examined(computer, survey)

    (error,) = [finding for finding in seen.findings if finding.level is Level.ERROR]
    assert (error.subject, error.reason, error.fix) == ("plc1", "has gone", "plug it in")


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (adapter("plc0", NEAR), Level.OK),
        (adapter("plc0", LOCAL_DEVICE), Level.WARNING),
        (adapter("plc0", LOCAL_DEVICE, firmware="QCA7420 BootLoader"), Level.ERROR),
    ],
)
def test_adapter_without_parameters_or_firmware(computer, one, level):
    assert levels(examined(computer, Survey((Asked("plc0", (one,)),))), "adapters") == {level}


def test_empty_computer_raises_nothing(tmp_path):
    """No /proc, no /sys, no program, no interface."""
    seen = examine(FakeComputer(tmp_path).system, [], lambda _: Survey(), libpcap=LIBPCAP, start=started)

    assert not fit(seen.findings)
    assert all(finding.fix for finding in seen.findings if finding.level is not Level.OK)
    assert "Traceback" not in text(seen)


def test_files_that_are_nonsense_raise_nothing(computer):
    """Octets that are no text, folders where files should be."""
    for path in (
        "proc/self/status",
        "sys/class/net/plc0/uevent",
        "sys/class/net/plc0/ifindex",
        "sys/devices/system/clocksource/clocksource0/current_clocksource",
    ):
        (computer.root / path).write_bytes(b"\xff\xfe\x00=\n:")
    computer.folder("proc/21/comm")
    computer.folder("etc/dhcpcd.conf")
    computer.process(20, "dhcpcd")

    assert text(examined(computer))


def test_finding_that_is_not_ok_says_what_to_do():
    with pytest.raises(ValueError, match="says what to do"):
        Finding(Level.NOTE, "timing", "clock", "odd")


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ([Level.OK], "This computer is fit to be a bench."),
        ([Level.NOTE, Level.NOTE], "This computer is fit to be a bench: 2 notes."),
        ([Level.WARNING, Level.OK], "This computer is fit to be a bench: 1 warning."),
        ([Level.ERROR, Level.WARNING], "This computer is not ready to be a bench: 1 error, 1 warning."),
    ],
)
def test_last_line_counts(levels, says):
    assert summary([Finding(level, "timing", "clock", "odd", "wait") for level in levels]) == says


def test_doctors_json(computer):
    computer.process(20, "avahi-daemon")
    seen = examined(computer)

    form = json.loads(json.dumps(doctor_json(seen.findings, seen.nics, seen.survey)))

    assert (form["format"], form["version"], form["fit"]) == ("ccs-bench-doctor", 1, True)
    assert form["findings"][0] == {
        "level": "ok",
        "check": "interfaces",
        "subject": "eth0",
        "reason": "wired, driver r8169, 02:00:00:00:00:07: up, with a link",
        "fix": None,
    }
    assert {finding["level"] for finding in form["findings"] if finding["subject"] == "avahi-daemon"} == {"warning"}
    assert form["interfaces"][1]["name"] == "plc0"
    assert form["adapters"] == survey_json(JOINED)


def test_survey_as_json():
    form = survey_json(JOINED)

    assert (form["format"], form["version"]) == ("ccs-bench-adapters", 1)
    assert [each["name"] for each in form["interfaces"]] == ["eth0", "plc0", "plc1"]
    assert form["interfaces"][1]["adapters"][0] == {
        "mac": "02:00:00:00:01:01",
        "local": True,
        "chip": "QCA7005",
        "device_class": 0x22,
        "firmware": "MAC-QCA7005-1",
        "loader": False,
        "networks": [
            {
                "nid": "01010101010101",
                "snid": 1,
                "tei": 1,
                "role": "coordinator",
                "cco_mac": "02:00:00:00:01:01",
                "partners": [{"mac": "02:00:00:00:01:02", "tei": 2, "tx_mbps": 9, "rx_mbps": 8}],
            }
        ],
    }
    assert [found["local"] for found in form["interfaces"][1]["adapters"]] == [True, False]
    assert form["pairs"] == [
        {
            "a": {"interface": "plc0", "mac": "02:00:00:00:01:01"},
            "b": {"interface": "plc1", "mac": "02:00:00:00:01:02"},
            "one_network": True,
            "reason": "NID 01010101010101",
        }
    ]
    assert form["skipped"] == [{"name": "wlan0", "reason": "wireless"}]


def test_survey_for_a_person():
    assert list(survey_lines(JOINED)) == [
        "eth0",
        "  no adapter answers",
        "plc0",
        "  02:00:00:00:01:01  QCA7005  MAC-QCA7005-1",
        "    directly on plc0",
        "    network 01010101010101: coordinator, TEI 1, 1 partner",
        "      partner 02:00:00:00:01:02, TEI 2, 9 / 8 Mbit/s out / in",
        "  02:00:00:00:01:02  QCA7005  MAC-QCA7005-1",
        "    heard through the powerline",
        "    network 01010101010101: station, TEI 2, coordinator 02:00:00:00:01:01, 1 partner",
        "      partner 02:00:00:00:01:01, TEI 2, 9 / 8 Mbit/s out / in",
        "plc1",
        "  02:00:00:00:01:02  QCA7005  MAC-QCA7005-1",
        "    directly on plc1",
        "    network 01010101010101: station, TEI 2, coordinator 02:00:00:00:01:01, 1 partner",
        "      partner 02:00:00:00:01:01, TEI 2, 9 / 8 Mbit/s out / in",
        "  02:00:00:00:01:01  QCA7005  MAC-QCA7005-1",
        "    heard through the powerline",
        "    network 01010101010101: coordinator, TEI 1, 1 partner",
        "      partner 02:00:00:00:01:02, TEI 2, 9 / 8 Mbit/s out / in",
        "plc0 and plc1: in one network (NID 01010101010101)",
        "wlan0: not asked, wireless",
    ]


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (adapter("plc0", NEAR), "in no network"),
        (adapter("plc0", NEAR, networks=None), "does not tell its network"),
        (adapter("plc0", NEAR, firmware="INT6000 SoftLoader"), "directly on plc0; its loader waits for firmware"),
        (adapter("plc0", LOCAL_DEVICE), "this address is no device's own"),
        (
            adapter(
                "plc0",
                NEAR,
                networks=(Membership(nid_from_nmk(nmk_from_password("HomePlugAV")), 1, 1, 7, NEAR, ()),),
            ),
            "network b0f2e695666b03 (the factory's key): role 7, TEI 1, no partner",
        ),
    ],
)
def test_oddities_of_an_adapter_are_told(one, says):
    assert says in "\n".join(survey_lines(Survey((Asked("plc0", (one,)),))))


def test_interface_that_could_not_be_asked():
    survey = Survey((Asked("plc0", trouble="plc0: no permission to capture; run with sudo"),))

    assert list(survey_lines(survey)) == ["plc0", "  no permission to capture; run with sudo"]
    assert list(survey_lines(survey, troubles=False)) == []


def test_without_rights_nobody_is_asked(computer):
    """What is attached is not known then; it says so, and what to attach if there is nothing."""
    computer.file("proc/self/status", "CapEff:\t0000000000000000")
    nics = [look_at(computer.system, "plc0", computer.ask)]

    seen = examine(computer.system, nics, lambda _: pytest.fail("was asked"), libpcap=LIBPCAP, start=started)

    assert [finding.subject for finding in seen.findings if finding.level is Level.ERROR] == ["permission"]
    assert "could not be asked. Connect" in " ".join(text(seen).split())


def test_ipv6_is_told_of_interfaces_with_an_adapter_that_speak_it(computer):
    computer.file("proc/sys/net/ipv6/conf/plc1/disable_ipv6", "1")

    (finding,) = [finding for finding in examined(computer).findings if finding.subject == "IPv6"]

    assert finding.reason.startswith("the kernel speaks it on plc0: ")


@pytest.mark.parametrize("named", [(), ("veth0",)])
def test_a_containers_interface_is_opened_only_if_it_is_named(computer, named):
    """There are many of them."""
    computer.interface("veth0")
    computer.file("sys/class/net/veth0/iflink", "77")
    opened = []
    libpcap = Libpcap(LIBPCAP.version, LIBPCAP.stamps, opened.append)
    nics = [look_at(computer.system, "veth0", computer.ask)]

    examine(computer.system, nics, lambda _: JOINED, named=bool(named), libpcap=libpcap, start=started)

    assert opened == list(named)


# boards, computer, rig file


def test_a_laptop_without_boards_gets_one_note_about_them(computer, monkeypatch):
    """And not a word of what only a Raspberry Pi has."""
    monkeypatch.setenv("COLUMNS", "80")
    computer.process(20, "ModemManager")
    computer.process(21, "brltty")
    seen = examined(computer)

    boards = [finding for finding in seen.findings if finding.check in BOARDS]

    assert [(finding.level, finding.check, finding.subject) for finding in boards] == [(Level.NOTE, "serial", "ports")]
    assert levels(seen, "guardian") == levels(seen, "computer") == {Level.OK}
    assert max(map(len, text(seen).splitlines())) <= 80


def test_a_laptops_own_chips_are_nobodys_concern(computer):
    """It has GPIO, PWM and SPI for itself, and they are root's."""
    computer.chip("gpiochip0", "INT34C5:00", 300)
    computer.file("dev/spidev0.0")
    computer.barred |= {"dev/gpiochip0": "gpio", "dev/spidev0.0": "spi"}
    computer.barred[f"{computer.pwm(0, '0000:00:1e.0', 1)}/export"] = "gpio"

    assert {finding.check for finding in examined(computer).findings} & BOARDS == {"serial"}


def pi_out_of_the_box(computer):
    computer.pi(config="dtparam=audio=on\n")
    computer.silent_programs |= {"vcgencmd", "uhubctl"}
    longest = "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-port0"
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0", by_path=longest)
    computer.usb("1-1.3", "1a86", "7523", tty="ttyUSB1", by_path="")
    computer.usb("1-1.4", "10c4", "ea60")
    computer.barred |= {"dev/ttyUSB0": "dialout", "dev/gpiochip0": "gpio"}
    computer.process(20, "ModemManager")
    computer.pwm_runs(computer.pwm(0, "fe20c000.pwm", 2), 0, pulse=50_000)
    computer.file("dev/watchdog0")


def test_a_pi_out_of_the_box_is_told_everything_within_80_columns(computer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    pi_out_of_the_box(computer)
    seen = examined(computer)

    assert {finding.check for finding in seen.findings} >= BOARDS
    assert max(map(len, text(seen).splitlines())) <= 80
    subjects = {finding.subject for finding in seen.findings if finding.level is not Level.OK}
    assert subjects >= {"libraries", "after a crash", "pwmchip0 channel 0", "ModemManager", "groups", "watchdog"}


def test_a_pi_of_odds_and_ends_raises_nothing(computer):
    """Files that are missing, folders where files should be, links to nowhere."""
    pi_out_of_the_box(computer)
    computer.file("dev/serial/by-path/no-link")
    computer.folder("etc/udev/rules.d/folder.rules")
    computer.folder("etc/systemd/system.conf.d/folder.conf")
    computer.usb("1-1", "2109", "3431", device_class="09")
    for name in ("busnum", "devnum", "idProduct"):
        (computer.root / f"sys/devices/pci0000:00/usb1/1-1/{name}").unlink()
    (computer.root / "sys/class/pwm/pwmchip0/npwm").write_text("many")
    computer.link("sys/class/pwm/pwmchip1/device", "nowhere")
    computer.link("proc/77/fd/5", "/dev/ttyUSB0")
    computer.file("run/lock/ccs-bench-rig-x.lock")
    computer.lock("run/lock/ccs-bench-rig-x.lock", 78)
    computer.programs["timedatectl show -p NTPSynchronized --value"] = "yes"

    told = " ".join(text(examined(computer)).split())

    assert "is open in a program (process 77)" in told
    assert "rig x: by a program (process 78)" in told
    assert "synchronised, UTC" in told


def test_one_command_gives_the_right_to_all_devices(computer):
    pi_out_of_the_box(computer)

    (groups,) = [finding for finding in examined(computer).findings if finding.subject == "groups"]

    assert groups.fix.startswith("sudo usermod -aG dialout,gpio ann")


def test_a_pi_that_is_set_up_has_nothing_left_to_do(computer):
    computer.pi(config="dtparam=strict_gpiod\ndtparam=audio=off\ndtparam=spi=on\ndtoverlay=pwm,pin=18,func=2\n")
    computer.packages = {"gpiozero": "2.0.1.post3", "lgpio": "0.2.2.0", "gpiod": "2.5.0", "spidev": "3.6"}
    computer.pwm(0, "fe20c000.pwm", 2)
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0")
    computer.programs |= {
        "uhubctl": "Current status for hub 1-1.4 [2109:2811 Hub, USB 2.10, 4 ports, ppps]\n  Port 1: 0100 power\n",
        "vcgencmd get_throttled": "throttled=0x0\n",
        "systemctl show -p RuntimeWatchdogUSec": "RuntimeWatchdogUSec=10s\n",
    }
    for path in ("dev/spidev0.0", "dev/watchdog0", "etc/systemd/system/bench-safe.service"):
        computer.file(path)
    computer.link("etc/systemd/system/multi-user.target.wants/bench-safe.service", "../bench-safe.service")

    open_points = [finding for finding in examined(computer).findings if finding.level is not Level.OK]

    assert [finding.subject for finding in open_points] == ["IPv6"]


def test_a_guardian_that_does_not_start_makes_the_computer_unfit(computer):
    def refuses():
        raise PortError("no python")

    nics = [look_at(computer.system, "plc0", computer.ask)]
    seen = examine(computer.system, nics, lambda _: JOINED, libpcap=LIBPCAP, start=refuses)

    assert [finding.check for finding in seen.findings if finding.level is Level.ERROR] == ["guardian"]


def test_what_is_found_does_not_depend_on_the_time_zone(computer, monkeypatch):
    found = []
    for zone in ("UTC", "Asia/Kathmandu"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        found.append(examined(computer).findings)
    monkeypatch.undo()
    time.tzset()

    assert found[0] == found[1]


def rig_of(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("rig") / "lab.toml"
    path.write_text(text)
    return load_rig_config(str(path))


def examined_with(computer, rig):
    nics = [nic for name in rig.interfaces().values() if (nic := look_at(computer.system, name, computer.ask))]
    return examine(
        computer.system,
        nics,
        lambda _: JOINED,
        named=True,
        libpcap=LIBPCAP,
        start=started,
        rig=rig,
        ask_one=computer.ask,
    )


def test_a_simulated_rig_wants_no_adapter(computer, tmp_path_factory):
    """Neither a word about adapters nor about boards that are not there."""
    seen = examined_with(computer, rig_of('[rig]\nname = "desk"\n', tmp_path_factory))

    assert fit(seen.findings)
    assert {finding.check for finding in seen.findings} == {"guardian", "timing", "computer", "rig"}
    assert ATTACH[:20] not in text(seen)


def test_a_real_rig_is_looked_at_with_its_interfaces_alone(computer, tmp_path_factory):
    rig = rig_of(
        '[rig]\nname = "lab"\ndriver = "pcap"\nsut = "pair"\n[evse]\ninterface = "plc0"\n[pev]\ninterface = "plc1"\n',
        tmp_path_factory,
    )
    seen = examined_with(computer, rig)

    assert fit(seen.findings)
    assert [nic.name for nic in seen.nics] == ["plc0", "plc1"]
    assert levels(seen, "rig") == {Level.OK, Level.NOTE}
    assert "at boot" not in {finding.subject for finding in seen.findings}


@pytest.mark.parametrize(
    ("pilot", "told"),
    [
        ('driver = "manual"', False),
        ('driver = "xy-lpwm"\nport = "/dev/serial/by-path/x"', True),
    ],
)
def test_a_rig_that_drives_something_should_be_safe_at_boot(computer, tmp_path_factory, pilot, told):
    rig = rig_of(
        f'[rig]\nname = "lab"\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "plc0"\n[evse.pilot]\n{pilot}\n',
        tmp_path_factory,
    )

    assert ("at boot" in {finding.subject for finding in examined_with(computer, rig).findings}) is told


def test_a_rig_in_use_is_told_once(computer, tmp_path_factory):
    rig = rig_of(
        '[rig]\nname = "lab"\ndriver = "tap"\n[evse]\ninterface = "a"\n[pev]\ninterface = "b"\n', tmp_path_factory
    )
    computer.file("run/lock/ccs-bench-rig-lab.lock")
    computer.lock("run/lock/ccs-bench-rig-lab.lock", 4300)

    seen = examined_with(computer, rig)

    (told,) = [finding for finding in seen.findings if finding.subject == "in use"]
    assert (told.check, told.level) == ("rig", Level.ERROR)
