"""Debian's device managers (plc-utils) believe our virtual adapters of all three families: what they print.

The tools wait 50 ms for an answer and exit with 0 whether one came or not, so every test looks at what was printed.
What they read goes to standard output, what they did to standard error.
docs/debian-tools.md is the same for people.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest

from bench.clock import SystemClock
from bench.drivers.namespace import Namespace
from bench.drivers.tap_port import Tap, TapJack
from bench.ids import MacAddress, Nmk, dak_from_password, nid_from_nmk, nmk_from_password
from bench.profiles import Spread, adapter
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.adapter.network import FACTORY_KEY
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.units import Ns, ms, s
from conftest import require, unique

HOST = MacAddress.parse("02:00:00:00:00:10")
NEAR, FAR = MacAddress.parse("98:48:27:5a:3c:e6"), MacAddress.parse("98:48:27:5a:3c:e4")
NEAR_UPPER, FAR_UPPER = str(NEAR).upper(), str(FAR).upper()
NMK = nmk_from_password("the bench")
HOMEPLUG_AV = nmk_from_password("HomePlugAV")
"""The key the tools set where none is given."""
FAR_DAK = dak_from_password("the label of the far adapter")

BOOT = ms(500)
"""Instead of the profiles' five seconds: real time is expensive."""


class Said(NamedTuple):
    """What a tool printed, and its exit status."""

    out: str
    err: str
    status: int


@dataclass(frozen=True)
class Family:
    """attributes, old_attributes  as plctool -a and int6k -a print them."""

    profile: str
    chip: str
    version: str
    attributes: str
    old_attributes: str


TP_LINK = Family(
    "tplink-tlpa4010p",
    "QCA7420",
    "MAC-QCA7420-1.4.0.20-00-20171027-CS",
    "QCA7420-MAC-QCA7420-1.4.0.20-00-20171027-CS (1mb)",
    'QCA7420-MAC-1-4-0000-00-0020-20171027-CS-X (1mb) (0xF9) "50Hz" "Missing"  0x89',
)
QCA7005 = Family(
    "qca7005-car",
    "QCA7005",
    "MAC-QCA7005-1.1.0.730-04-20140815-CS",
    "QCA7005-MAC-QCA7005-1.1.0.730-04-20140815-CS (1mb)",
    'QCA7005-MAC-1-1-0000-04-0730-20140815-CS-X (1mb) (0xF9) "50Hz" "Missing"  0x89',
)
DEVOLO = Family(
    "devolo-dlan200avplus",
    "INT6000",
    "INT6000-MAC-4-4-4405-00-4497-20101201-FINAL-B",
    "INT6000-MAC-INT6000-4.4.4405.4497-00-20101201-FINAL-B (1mb)",
    'INT6000-MAC-4-4-4405-00-4497-20101201-FINAL-B-X (1mb) (0xF9) "50Hz" "Missing"  0x89',
)

every_family = pytest.mark.parametrize("family", [TP_LINK, QCA7005, DEVOLO], ids=lambda family: family.chip)
newer_families = pytest.mark.parametrize("family", [TP_LINK, QCA7005], ids=lambda family: family.chip)


def lasting(duration: Ns) -> Spread:
    return Spread(duration, duration, duration, 0, "for tests")


class Desk:
    """A computer with the tools at the near adapter; the far one coordinates the network both are in.

    Adapters boot in half a second and change their keys at once.
    """

    def __init__(self, family: Family) -> None:
        self.clock = SystemClock()
        world = World(self.clock)
        line = Powerline(world)
        profile = adapter(family.profile)
        profile = replace(
            profile,
            boot=replace(profile.boot, after_reset=lasting(BOOT)),
            set_key=replace(
                profile.set_key,
                silent_from=lasting(ms(1)),
                silent_until=lasting(ms(2)),
                joined_as_cco=lasting(ms(3)),
                joined_as_station=lasting(ms(3)),
            ),
        )
        self.near = VirtualAdapter(world, line, profile, mac=NEAR, role=ModemRole.PEV, name="near", nmk=NMK)
        self.far = VirtualAdapter(world, line, profile, mac=FAR, role=ModemRole.EVSE, name="far", nmk=NMK, dak=FAR_DAK)
        line.set_attenuation(self.near, self.far)
        self.namespace = Namespace(unique("ns"))
        self.interface = unique("plc")
        self.jack = TapJack(Tap(self.interface, HOST, self.namespace), self.near, self.clock)
        self.pump = Pump(self.clock)
        self.pump.participants += [world, self.jack]

    def run(self, tool: str, *arguments: str, within_s: float = 15) -> Said:
        """Run *tool* on the interface, while the world goes on."""
        command = ["ip", "netns", "exec", self.namespace.name, tool, "-i", self.interface, *arguments]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        end = os.pidfd_open(process.pid)
        self.clock.watch(end)
        try:
            ended = self.pump.run(lambda: process.poll() is not None, self.clock.now() + s(within_s))
        finally:
            self.clock.unwatch(end)
            os.close(end)
            if process.poll() is None:
                process.kill()
            out, err = process.communicate(timeout=5)
        assert ended, f"{tool} runs for ever; it said {out} {err}"
        return Said(out, err, process.returncode)

    def run_until(self, holds: Callable[[], object], within_s: float = 5) -> bool:
        return self.pump.run(lambda: bool(holds()), self.clock.now() + s(within_s))

    def line(self, text: str, mac: MacAddress = NEAR) -> str:
        """How most tools begin what an adapter answered."""
        return f"{self.interface} {str(mac).upper()} {text}\n"

    def close(self) -> None:
        self.jack.close()
        self.namespace.close()


@pytest.fixture
def desk(family: Family) -> Iterator[Desk]:
    require("plctool", "int6k", "plcstat", "ip")
    desk = Desk(family)
    yield desk
    desk.close()


# Who is there, and what is it?


@every_family
@pytest.mark.parametrize("tool", ["int6klist", "plclist", "amplist"])
def test_the_list_tools_find_the_adapter(desk: Desk, tool: str) -> None:
    """One address, a blank, no end of line."""
    assert desk.run(tool) == Said(f"{NEAR_UPPER} ", "", 0)


@every_family
def test_int6klist_finds_nothing_where_there_is_no_power(desk: Desk) -> None:
    """Silence is no error for these tools."""
    desk.near.power(False)

    assert desk.run("int6klist") == Said("", "", 0)


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_minus_r_prints_chip_and_firmware(desk: Desk, family: Family, tool: str) -> None:
    said = desk.run(tool, "-r")

    assert said.out == desk.line(f"{family.chip} {family.version}")
    assert "Request Version Information" in said.err
    assert said.status == 0


@every_family
def test_plctool_asks_everybody(desk: Desk, family: Family) -> None:
    """Broadcast: the own adapter answers, and the partner through the powerline."""
    said = desk.run("plctool", "-r", "all")

    who = f"{family.chip} {family.version}"
    assert sorted(said.out.splitlines(True)) == [desk.line(who, FAR), desk.line(who)]


@every_family
def test_plctool_asks_the_partner_alone(desk: Desk, family: Family) -> None:
    assert desk.run("plctool", "-r", str(FAR)).out == desk.line(f"{family.chip} {family.version}", FAR)


@every_family
def test_plctool_is_quiet_on_request(desk: Desk, family: Family) -> None:
    """-q: the answer, and not a word about the question."""
    assert desk.run("plctool", "-q", "-r") == Said(desk.line(f"{family.chip} {family.version}"), "", 0)


@every_family
def test_minus_a_prints_the_attributes(desk: Desk, family: Family) -> None:
    """plctool and int6k read the same octets differently."""
    assert desk.run("plctool", "-q", "-a").out == desk.line(family.attributes)
    assert desk.run("int6k", "-q", "-a").out == desk.line(family.old_attributes)


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_minus_f_prints_the_flash(desk: Desk, tool: str) -> None:
    said = desk.run(tool, "-q", "-f")

    assert said == Said(
        desk.line("TYPE=0x14 (M25P16_ES) PAGE=0x0100 (256) BLOCK=0x10000 (65536) SIZE=0x200000 (2097152)"), "", 0
    )


# The network


def membership(family_tool_suffix: str) -> list[str]:
    """What -m prints of the network of the two, without the indentation."""
    nid = nid_from_nmk(NMK).hex(":").upper()
    return [
        f"network->NID = {nid}",
        "network->TEI = 2",
        "network->ROLE = 0x00 (STA)",
        f"network->CCO_DA = {FAR_UPPER}",
        "network->CCO_TEI = 1",
        "network->STATIONS = 1",
        f"station->MAC = {FAR_UPPER}",
        "station->TEI = 1",
        "station->BDA = FF:FF:FF:FF:FF:FF",
        f"station->AvgPHYDR_TX = 009 mbps{family_tool_suffix}",
        f"station->AvgPHYDR_RX = 009 mbps{family_tool_suffix}",
    ]


def stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


@newer_families
def test_plctool_prints_the_network(desk: Desk) -> None:
    said = desk.run("plctool", "-m")

    assert "Found 1 Network(s)" in said.err + said.out
    assert [line for line in stripped(said.out) if line in membership(" Primary")] == membership(" Primary")


@pytest.mark.parametrize("family", [TP_LINK, DEVOLO], ids=lambda family: family.chip)
def test_int6k_prints_the_network(desk: Desk) -> None:
    """In the older form, which a QCA7420 speaks too."""
    said = desk.run("int6k", "-m")

    assert [line for line in stripped(said.out) if line in membership("")] == membership("")


@pytest.mark.parametrize("family", [DEVOLO], ids=["INT6000"])
def test_plctool_gets_no_network_from_an_int6000(desk: Desk) -> None:
    """The newer form of VS_NW_INFO is unknown to it."""
    assert desk.run("plctool", "-q", "-m") == Said("", "", 0)


@pytest.mark.parametrize("family", [QCA7005], ids=["QCA7005"])
def test_int6k_gets_no_network_from_a_qca7005(desk: Desk) -> None:
    """It answers the newer form only."""
    assert desk.run("int6k", "-q", "-m") == Said("", "", 0)


@newer_families
def test_plctool_finds_no_network_alone(desk: Desk) -> None:
    desk.far.power(False)

    said = desk.run("plctool", "-m")

    assert "Found 0 Network(s)" in said.err + said.out


def topology(family: Family) -> list[list[str]]:
    return [
        ["LOC", "STA", "002", NEAR_UPPER, str(HOST).upper(), "n/a", "n/a", family.chip, family.version],
        ["REM", "CCO", "001", FAR_UPPER, "FF:FF:FF:FF:FF:FF", "009", "009", family.chip, family.version],
    ]


@newer_families
def test_plcstat_prints_the_topology(desk: Desk, family: Family) -> None:
    """Both adapters with their firmware; the partner was asked through the powerline."""
    said = desk.run("plcstat", "-t")

    assert [line.split() for line in said.out.splitlines()][1:] == topology(family)
    assert said.status == 0


@pytest.mark.parametrize("family", [TP_LINK, DEVOLO], ids=lambda family: family.chip)
def test_int6kstat_prints_the_topology(desk: Desk, family: Family) -> None:
    assert [line.split() for line in desk.run("int6kstat", "-t").out.splitlines()][1:] == topology(family)


@newer_families
def test_plcstat_prints_the_members(desk: Desk) -> None:
    said = desk.run("plcstat", "-m")

    nid = nid_from_nmk(NMK).hex(":").upper()
    assert said.out.splitlines()[0].startswith(f" NID {nid} SNID ")
    assert said.out.splitlines()[1:] == [
        f" STA TEI 002 MAC {NEAR_UPPER} BDA {str(HOST).upper()}",
        f" CCO TEI 001 MAC {FAR_UPPER} BDA FF:FF:FF:FF:FF:FF TX 009 RX 009",
    ]


@pytest.mark.parametrize("family", [DEVOLO], ids=["INT6000"])
def test_plcstat_fails_at_an_int6000(desk: Desk) -> None:
    said = desk.run("plcstat", "-m")

    assert (said.out, said.status) == ("", 1)
    assert "NetworkInformation2: Read timeout or network error" in said.err


@newer_families
def test_plcstat_prints_the_statistics_of_a_link(desk: Desk) -> None:
    """Two questions to the partner are two frames heard from it."""
    for _ in range(2):
        desk.run("plctool", "-r", str(FAR))

    both = desk.run("plcstat", "-s", "252", "-d", "2").out
    heard = desk.run("plcstat", "-s", "252", "-d", "1").out

    rows = {line.split()[0]: line.split()[1:] for line in both.splitlines() if line.strip()}
    assert rows["RX"][0] == "2"
    assert rows["RX"][3] == "2"
    assert int(rows["TX"][0]) >= 2
    assert " TX " not in heard
    assert [line for line in both.splitlines() if " RX " in line] == [
        line for line in heard.splitlines() if " RX " in line
    ]


@newer_families
def test_plcstat_clears_the_statistics(desk: Desk) -> None:
    desk.run("plctool", "-r", str(FAR))

    assert desk.run("plcstat", "-C", "-s", "252").status == 0

    assert desk.near.traffic.heard == 0


@newer_families
def test_plcrate_prints_both_rates(desk: Desk) -> None:
    """9 Mbit/s, the rate of every Green PHY network."""
    said = desk.run("plcrate")

    assert said.out == desk.line(f"{FAR_UPPER} TX 009 mbps Primary") + desk.line(f"{FAR_UPPER} RX 009 mbps Primary")
    assert said.status == 0


@pytest.mark.parametrize("family", [TP_LINK, DEVOLO], ids=lambda family: family.chip)
def test_int6krate_prints_both_rates(desk: Desk) -> None:
    said = desk.run("int6krate")

    assert stripped(said.out) == stripped(desk.line(f"{FAR_UPPER} TX 009 mbps") + desk.line(f"{FAR_UPPER} RX 009 mbps"))


@newer_families
@pytest.mark.parametrize("option", ["-L", "-H"])
def test_plctool_prints_the_link_status(desk: Desk, option: str) -> None:
    """-L and -H are one option by mistake: both ask for the link and send VS_HOST_ACTION.RSP."""
    assert desk.run("plctool", "-q", option) == Said(desk.line("1"), "", 0)

    desk.far.power(False)

    assert desk.run("plctool", "-q", option) == Said(desk.line("0"), "", 0)


@newer_families
def test_plctone_misreads_the_map_by_six_octets(desk: Desk) -> None:
    """A real QCA7420's map begins six octets earlier than plctone looks: twelve carriers are missing at its end."""
    said = desk.run("plctone", str(NEAR), str(FAR))

    assert said.out.splitlines() == [
        f"{carrier:04d},{'02 004' if carrier < 905 else '00 000'} " for carrier in range(917)
    ]
    assert said.status == 0


@newer_families
def test_plctone_is_refused_a_map_to_a_stranger(desk: Desk) -> None:
    said = desk.run("plctone", str(NEAR), "02:00:00:00:00:99")

    assert "Bad MAC Address" in said.err + said.out
    assert said.status == 1


@pytest.mark.parametrize("family", [DEVOLO], ids=["INT6000"])
def test_plctone_gets_nothing_from_an_int6000(desk: Desk) -> None:
    said = desk.run("plctone", str(NEAR), str(FAR))

    assert (said.out, said.status) == ("", 0)
    assert "ToneMaps2: Read timeout or network error" in said.err


@newer_families
def test_plcget_is_told_that_the_property_failed(desk: Desk) -> None:
    """What the Ioniq's modem says of property 0x69."""
    said = desk.run("plcget", "-n", "105", "-h", "local")

    assert "Get Property Failure (0x01): Device refused request" in said.err + said.out
    assert said.status == 0


@pytest.mark.parametrize("family", [DEVOLO], ids=["INT6000"])
def test_plcget_gets_nothing_from_an_int6000(desk: Desk) -> None:
    said = desk.run("plcget", "-n", "105", "-h", "local")

    assert "Failure" not in said.err + said.out


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_the_watchdog_report_is_never_accepted(desk: Desk, tool: str, tmp_path) -> None:
    """The tools compare a cookie of 32 bits with a session of 16, so they refuse every real answer."""
    report = tmp_path / "watchdog"

    said = desk.run(tool, "-d", str(report), str(NEAR))

    assert "WatchdogReport: Read timeout or network error" in said.err
    assert report.read_bytes() == b""


# The button


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_membership_is_told(desk: Desk, tool: str) -> None:
    assert desk.run(tool, "-B", "status").err.endswith(desk.line("Membership Status 1"))
    desk.far.power(False)
    assert desk.run(tool, "-B", "status").err.endswith(desk.line("Membership Status 0"))


@every_family
def test_leaving_and_joining_with_the_button(desk: Desk) -> None:
    """The adapter leaves; then its button and its partner's make one network again."""
    assert desk.run("plctool", "-B", "leave").err.endswith(desk.line("Leaving ..."))
    assert desk.run_until(lambda: desk.near.nmk != NMK and desk.near.ready)

    desk.far.press_button()
    assert desk.run("plctool", "-B", "join").err.endswith(desk.line("Joining ..."))

    assert desk.run_until(lambda: desk.near.joined_to() == {desk.far})
    assert desk.near.nmk == NMK


# Keys


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_minus_m_sets_the_key_of_the_own_adapter(desk: Desk, tool: str) -> None:
    """HomePlugAV where no key is given."""
    said = desk.run(tool, "-M")

    assert said.err.endswith(desk.line("Setting ..."))
    assert desk.run_until(lambda: desk.near.nmk == HOMEPLUG_AV)
    assert desk.far.nmk == NMK


@every_family
def test_minus_m_sets_a_given_key(desk: Desk) -> None:
    key = Nmk(bytes(range(16)))

    desk.run("plctool", "-M", "-K", key.hex(":"))

    assert desk.run_until(lambda: desk.near.nmk == key)


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_minus_j_sets_the_key_of_a_partner_whose_dak_is_known(desk: Desk, tool: str) -> None:
    said = desk.run(tool, "-J", str(FAR), "-D", FAR_DAK.hex(":"))

    assert said.err.endswith(desk.line("Setting ..."))
    assert desk.run_until(lambda: desk.far.nmk == HOMEPLUG_AV)
    assert desk.near.nmk == NMK


@every_family
def test_minus_j_is_refused_without_the_dak(desk: Desk) -> None:
    """The tool's own DAK is that of no adapter from a shop."""
    said = desk.run("plctool", "-J", str(FAR))

    assert "Bad PEKS Encrypted Payload (0x12): Device refused request" in said.err + said.out
    assert desk.far.nmk == NMK


# Restart


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_minus_r_resets_the_adapter(desk: Desk, family: Family, tool: str) -> None:
    """It confirms, is silent while it boots, and is there again with the same key."""
    assert desk.run(tool, "-R").err.endswith(desk.line("Resetting ..."))

    assert desk.run("plctool", "-q", "-r") == Said("", "", 0)

    assert desk.run_until(lambda: desk.near.ready)
    assert desk.run("plctool", "-q", "-r").out == desk.line(f"{family.chip} {family.version}")
    assert desk.near.nmk == NMK


@every_family
@pytest.mark.parametrize("tool", ["plctool", "int6k"])
def test_minus_t_restores_factory_defaults(desk: Desk, tool: str) -> None:
    assert desk.run(tool, "-T").err.endswith(desk.line("Restoring ..."))

    assert desk.run_until(lambda: desk.near.ready)
    assert desk.near.key == FACTORY_KEY


@every_family
def test_a_reset_without_an_adapter_exits_with_0(desk: Desk) -> None:
    """Even with -x: read what is printed, never the exit status."""
    desk.near.power(False)

    said = desk.run("plctool", "-q", "-x", "-R")

    assert (said.out, said.status) == ("", 0)


@newer_families
def test_plcwait_sees_the_adapter_start_and_associate(desk: Desk) -> None:
    """-s until it answers, -a until it is in a network."""
    for option, deed in [("-s", "start"), ("-a", "assoc")]:
        said = desk.run("plcwait", option, "-w", "3")

        assert f"did not {deed}" not in (said.err + said.out).lower()
        assert said.status == 0


@newer_families
def test_plcwait_waits_in_vain_for_an_adapter_that_is_alone(desk: Desk) -> None:
    desk.far.power(False)

    said = desk.run("plcwait", "-a", "-w", "1")

    assert "Device did not Assoc." in said.err + said.out
