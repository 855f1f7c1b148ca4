"""`L` on the simulated rig: what appears of a car and a charging station that match beside the listener.

Expected is the table of docs/sniffing.md, for each adapter that has a profile and each role it can be set up as. In
virtual time a match and what follows it are a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.errors import ConfigError
from bench.live.ladder import Ladder
from bench.live.listening import Listener, SimulatedScene, listener_for
from bench.live.opening import rig_to_watch, wishes_for
from bench.live.reading import facts_of, timings_shown
from bench.live.session import ListeningSession
from bench.live.state import Fact
from bench.profiles import adapters
from bench.rig import RigConfig, load_rig_config
from bench.rig.config import ListenerTable, why_not_in_role
from bench.sim.adapter import ModemRole
from bench.sniff.hearing import BEFORE_JOINING, MESSAGES, Side
from bench.trace import Direction, FrameSeen
from bench.units import ms, s

TP_LINK, STATION_QCA, CAR_QCA, DEVOLO = "tplink-tlpa4010p", "qca7005-evse", "qca7005-car", "devolo-dlan200avplus"
CAR = {
    "CM_SLAC_PARM.REQ",
    "CM_START_ATTEN_CHAR.IND",
    "CM_MNBC_SOUND.IND",
    "CM_ATTEN_CHAR.RSP",
    "CM_SLAC_MATCH.REQ",
}
STATION = {"CM_SLAC_PARM.CNF", "CM_ATTEN_CHAR.IND", "CM_SLAC_MATCH.CNF"}
OWN_PROFILES = {"CM_ATTEN_PROFILE.IND", "VS_ATTEN_CHAR.IND"}
PROFILE_OF_STATIONS_MODEM = {"VS_ATTEN_CHAR.IND"}
SHOUTING, QUIET = "alpitronic", "pyplc-tplink"
"""Stations whose modems put their profiles on the powerline, and do not."""
LISTENERS = [
    (TP_LINK, "evse", CAR | OWN_PROFILES),
    (TP_LINK, "pev", STATION),
    (STATION_QCA, None, CAR | OWN_PROFILES),
    (CAR_QCA, None, STATION),
    (DEVOLO, None, CAR | STATION),
]
IPV6 = b"\x86\xdd"


@dataclass
class Post:
    """A listener of *family* beside a simulated car at *charger*, on the virtual clock."""

    family: str
    role: str | None = None
    charger: str = QUIET

    def __post_init__(self) -> None:
        listener = listener_for(ListenerTable(), self.family, self.role)
        self.scene = SimulatedScene(RigConfig(), "hyundai-ioniq28", self.charger, listener, real_time=False)
        self.ladder = Ladder()
        self.scene.trace.listeners.append(self.ladder.hear)
        self.session = ListeningSession(
            self.scene.pump, self.scene.trace, [self.scene.wire], self.scene.opened, self.scene
        )
        self.ladder.quiet = True
        self.session.ask_what_it_shows()
        self.ladder.quiet = False
        self.asked = len(self.scene.trace.entries)
        self.at_the_station: list[bytes] = []
        hand_over = self.scene.evse_modem._to_host

        def noted(octets: bytes) -> None:
            self.at_the_station.append(octets)
            hand_over(octets)

        self.scene.evse_modem._to_host = noted  # type: ignore[method-assign]

    def listens(self, seconds: float = 15) -> None:
        """A plug that goes in by itself, a match, and the network that both are in then."""
        self.session.begin()
        end = self.session.now() + s(seconds)
        while self.session.now() < end:
            self.session.pump.run(self.session.has_to_act, min(end, self.session.now() + ms(200)))
            if self.session.has_to_act():
                self.session.act()

    @property
    def heard(self) -> list[FrameSeen]:
        """Everything that came since the adapter has been asked what it is."""
        entries = self.scene.trace.entries[self.asked :]
        return [seen for seen in entries if isinstance(seen, FrameSeen) and seen.direction is Direction.IN]

    @property
    def names(self) -> set[str]:
        return {"no management message" if seen.mme is None else seen.mme.name for seen in self.heard}

    @property
    def on_screen(self) -> set[str]:
        """Of messages; how often one came is cut off."""
        return {step.name.split(" x")[0] for step in self.ladder.steps() if step.mark == "←"}

    @property
    def facts(self) -> dict[str, str]:
        return {fact.label: fact.text for fact in facts_of(self.session, self.ladder)}


def test_every_adapter_that_has_a_profile_is_looked_at() -> None:
    assert {family for family, _, _ in LISTENERS} == set(adapters())


@pytest.mark.parametrize(("family", "role", "shown"), LISTENERS)
def test_a_family_shows_in_its_role_the_messages_of_its_table_and_nothing_more(
    family: str, role: str | None, shown: set[str]
) -> None:
    post = Post(family, role)

    post.listens()

    assert post.scene.car.matched is not None
    assert post.names == shown
    assert post.on_screen == shown


@pytest.mark.parametrize(("family", "role", "shown"), LISTENERS)
def test_profiles_that_the_stations_modem_shouts_come_through_where_the_car_would_get_them(
    family: str, role: str | None, shown: set[str]
) -> None:
    """A modem set up as station shows none but its own; that the INT6000 shows them is assumed in its profile."""
    post = Post(family, role, SHOUTING)

    post.listens()

    own = post.scene.listener_modem.mac
    profiles = [seen for seen in post.heard if seen.mme is not None and seen.mme.name in PROFILE_OF_STATIONS_MODEM]
    assert post.names == shown | PROFILE_OF_STATIONS_MODEM
    assert {seen.frame.src == own for seen in profiles if seen.frame is not None} == {shown >= OWN_PROFILES}


@pytest.mark.parametrize(("family", "role", "shown"), LISTENERS)
def test_after_the_match_nothing_of_the_network_appears(family: str, role: str | None, shown: set[str]) -> None:
    """Though there is something: it reaches the station's computer."""
    post = Post(family, role)

    post.listens()

    matched = post.scene.car.matched
    assert matched is not None
    assert [octets for octets in post.at_the_station if octets[12:14] == IPV6]
    assert shown & (CAR | STATION)
    assert [seen for seen in post.heard if seen.t > matched.t + ms(100)] == []


def test_a_listener_with_the_networks_key_would_hear_it() -> None:
    """Else the test above would prove little."""
    post = Post(TP_LINK, "pev")
    post.scene.listener_modem.take_key(post.scene.evse_modem.key)
    post.session.pump.run_for(s(10))

    post.listens()

    assert [seen for seen in post.heard if seen.octets[12:14] == IPV6]


@pytest.mark.parametrize(("family", "role", "shown"), LISTENERS)
def test_what_is_said_on_opening_is_what_comes(family: str, role: str | None, shown: set[str]) -> None:
    post = Post(family, role)

    said = {each.side: each.shown for statements in post.session.shows.values() for each in statements}

    assert said[Side.CAR] is (MESSAGES[Side.CAR] <= shown)
    assert said[Side.STATION] is (MESSAGES[Side.STATION] <= shown)
    assert said[Side.OWN_MODEM] is (MESSAGES[Side.OWN_MODEM] <= shown)


@pytest.mark.parametrize(
    ("family", "role", "lines"),
    [
        (
            TP_LINK,
            "pev",
            (
                "messages of charging stations, attenuation profiles of other modems (seen)",
                "messages of cars, attenuation profiles of this modem (seen); not known: validation",
            ),
        ),
        (
            STATION_QCA,
            None,
            (
                "messages of cars, attenuation profiles of this modem (seen)",
                "messages of charging stations (supposed); not known: attenuation profiles of other modems, validation",
            ),
        ),
        (
            DEVOLO,
            None,
            (
                "messages of cars, messages of charging stations (told)",
                "attenuation profiles of this modem (told); "
                "not known: attenuation profiles of other modems, validation",
            ),
        ),
    ],
)
def test_two_lines_say_what_this_adapter_shows_and_how_sure_that_is(
    family: str, role: str | None, lines: tuple[str, str]
) -> None:
    post = Post(family, role)

    assert (post.facts["shown"], post.facts["hidden"]) == lines
    assert post.session.opening_words() == BEFORE_JOINING


def test_an_adapter_whose_parameters_cannot_be_read_is_listened_to_and_nothing_is_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bench.adapter import PlcAdapter
    from bench.errors import AdapterRefused

    def refuses(_: object) -> object:
        raise AdapterRefused("no", 0x32)

    monkeypatch.setattr(PlcAdapter, "read_pib", refuses)

    post = Post(TP_LINK, "pev")

    assert "hidden" not in post.facts
    assert "shown" not in post.facts
    assert post.facts[""].startswith("not known: messages of cars, messages of charging stations")


def test_the_questions_that_opening_asks_do_not_stand_among_the_messages() -> None:
    for family in (TP_LINK, DEVOLO):
        assert Post(family).ladder.steps() == ()


@pytest.mark.parametrize(("family", "role", "shown"), LISTENERS)
def test_whichever_side_is_heard_each_message_has_its_time_since_the_first(
    family: str, role: str | None, shown: set[str]
) -> None:
    post = Post(family, role)

    post.listens()

    steps = [step for step in post.ladder.steps() if step.mark == "←"]
    assert steps[0].time == "0.0000"
    assert all(step.time for step in steps)
    assert shown


@pytest.mark.parametrize(("role", "has"), [("pev", False), ("evse", True)], ids=["the station only", "the car only"])
def test_one_side_alone_gives_the_intervals_of_that_side(role: str, has: bool) -> None:
    """Of the station alone there is none of the car's: nothing is made up, and nothing breaks."""
    post = Post(TP_LINK, role)

    post.listens()
    names = {one.name for one in timings_shown(post.session.intervals(), 0)}

    assert ("TP_EV_batch_msg_interval (sound)" in names) is has
    assert not {name for name in names if name.startswith("TP_match_response")}


def test_a_doubt_about_what_was_heard_is_shown() -> None:
    post = Post(DEVOLO)
    post.scene.wire.unsent.append((0, "VS_NW_INFO.REQ"))

    post.session.ask_network()

    assert post.facts["doubt"].startswith("listener: the interface was down, 1 message(s) of the bench were not sent")


# which one ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "role", "chosen"),
    [
        (None, None, Listener(DEVOLO, ModemRole.NEITHER)),
        (TP_LINK, None, Listener(TP_LINK, ModemRole.PEV)),
        (TP_LINK, "evse", Listener(TP_LINK, ModemRole.EVSE)),
        (CAR_QCA, None, Listener(CAR_QCA, ModemRole.PEV)),
        (STATION_QCA, None, Listener(STATION_QCA, ModemRole.EVSE)),
        (STATION_QCA, "evse", Listener(STATION_QCA, ModemRole.EVSE)),
    ],
)
def test_family_and_role_are_chosen_and_the_rest_is_usual(
    family: str | None, role: str | None, chosen: Listener
) -> None:
    assert wishes_for(rig_to_watch("sim"), None, None, family, role).listener == chosen


@pytest.mark.parametrize(
    ("family", "role", "said"),
    [
        ("tplnk-tlpa4010p", None, "--listener: there is no 'tplnk-tlpa4010p'; did you mean tplink-tlpa4010p?"),
        ("fritz", None, "--listener: there is no 'fritz'; known are devolo-dlan200avplus, qca7005-car, "),
        (TP_LINK, "pve", "--listener-role: there is no 'pve'; did you mean pev?"),
        (None, "evse", "--listener-role: a devolo-dlan200avplus shows both sides whatever it is set up as; leave"),
        (CAR_QCA, "evse", "--listener-role: a qca7005-car is set up as pev; for evse take qca7005-evse"),
    ],
)
def test_a_listener_that_there_is_not_is_refused_with_the_remedy(
    family: str | None, role: str | None, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        wishes_for(rig_to_watch("sim"), None, None, family, role)

    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("family", "role"), [(TP_LINK, None), (None, "pev")])
def test_a_simulated_listener_cannot_be_wished_for_at_a_real_bench(family: str | None, role: str | None) -> None:
    rig = rig_to_watch(str(Path(__file__).parents[2] / "rigs" / "raspberry-pi.toml"))

    with pytest.raises(ConfigError, match=r"is about a simulated listener, and the rig .* has interfaces"):
        wishes_for(rig, None, None, family, role)


def file_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "lab.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_rig_file_can_name_the_listener_and_an_option_overrules_it(tmp_path: Path) -> None:
    rig = rig_to_watch(file_of(tmp_path, f'[listener]\nadapter = "{TP_LINK}"\nrole = "evse"\n'))

    assert wishes_for(rig, None, None).listener == Listener(TP_LINK, ModemRole.EVSE)
    assert wishes_for(rig, None, None, None, "pev").listener == Listener(TP_LINK, ModemRole.PEV)
    assert wishes_for(rig, None, None, CAR_QCA).listener == Listener(CAR_QCA, ModemRole.PEV)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[listener]\nadapter = "qca7005-cra"', "lab.toml: listener.adapter: there is no 'qca7005-cra'; did you mean"),
        ('[listener]\nadaptor = "qca7005-car"', "lab.toml: listener.adaptor: unknown key; did you mean adapter?"),
        ('[listener]\nrole = "pev"', "lab.toml: listener.role: a devolo-dlan200avplus shows both sides"),
        (
            '[rig]\ndriver = "pcap"\nsut = "pair"\n[evse]\ninterface = "a"\n[pev]\ninterface = "b"\n'
            '[listener]\nadapter = "qca7005-car"',
            'lab.toml: listener: belongs to a simulation without interfaces, driver = "sim"',
        ),
    ],
)
def test_a_listener_in_the_rig_file_that_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_rig_config(file_of(tmp_path, text))

    (mistake,) = refused.value.mistakes
    assert mistake.startswith(said)


def test_every_family_can_be_in_its_usual_role() -> None:
    for family in adapters():
        assert why_not_in_role(family, None) == ""
        assert isinstance(listener_for(ListenerTable(), family), Listener)


def test_a_fact_that_must_not_be_cut_off_says_so() -> None:
    facts = facts_of(Post(TP_LINK).session, Ladder())

    assert {fact.label for fact in facts if fact.whole} == {"shown", "hidden"}
    assert all(isinstance(fact, Fact) for fact in facts)
