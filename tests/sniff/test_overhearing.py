"""A recording beside a car and a charging station: it hears what it announced, and joins only when told to."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from listening_post import HOST, OWN_NMK, Post

from bench.analysis import Role
from bench.capture import open_capture
from bench.errors import AdapterAmbiguous, AdapterError, AdapterSilent, InterfaceDown, PortError
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nmk
from bench.mme import CmSlacMatchCnf, CmSlacParmCnf, CmSlacParmReq, Frame, decode, encode
from bench.ports import Drops
from bench.report.masking import MARKER
from bench.sim.adapter import ModemRole
from bench.sniff.events import Event
from bench.sniff.hearing import MESSAGES, Side
from bench.sniff.joining import SETTLES
from bench.units import Ns, ms, s

OTHER = MacAddress.parse("02:00:00:00:77:77")

TP_LINK, QCA7005, DEVOLO = "tplink-tlpa4010p", "qca7005-evse", "devolo-dlan200avplus"
CAR = {
    "CM_SLAC_PARM.REQ",
    "CM_START_ATTEN_CHAR.IND",
    "CM_MNBC_SOUND.IND",
    "CM_ATTEN_CHAR.RSP",
    "CM_SLAC_MATCH.REQ",
}
STATION = {"CM_SLAC_PARM.CNF", "CM_ATTEN_CHAR.IND", "CM_SLAC_MATCH.CNF"}
PROFILES = {"CM_ATTEN_PROFILE.IND", "VS_ATTEN_CHAR.IND"}


@pytest.fixture(autouse=True)
def backups(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def stop_at_the_key(post: Post, after: Ns) -> Callable[[Event], None]:
    """SIGTERM comes that long after the overheard key was set."""
    tell = post.told.event

    def told(event: Event) -> None:
        tell(event)
        if event.kind == "join" and "goes to" in event.text:
            post.stop_after(after)

    return told


@pytest.mark.parametrize(
    ("listener", "role", "hears"),
    [
        (TP_LINK, ModemRole.EVSE, CAR | PROFILES),
        (TP_LINK, ModemRole.PEV, STATION | {"VS_ATTEN_CHAR.IND"}),
        (QCA7005, ModemRole.EVSE, CAR | PROFILES),
        (QCA7005, ModemRole.PEV, STATION | {"VS_ATTEN_CHAR.IND"}),
        (DEVOLO, ModemRole.NEITHER, CAR | STATION | {"VS_ATTEN_CHAR.IND"}),
    ],
)
def test_a_listener_hears_what_its_family_shows_and_nothing_more(listener, role, hears):
    post = Post(listener, role)

    post.record(within=s(9))

    assert post.car.matched is not None
    assert post.told.heard() & (CAR | STATION | PROFILES) == hears
    assert post.told.end.surprises == []


@pytest.mark.parametrize("role", [ModemRole.EVSE, ModemRole.PEV])
def test_everything_announced_was_heard_in_the_end(role):
    post = Post(QCA7005, role)

    post.record(within=s(9))

    assert post.told.end.missing == []
    assert {each.side for each in post.told.announcement.statements if each.shown} >= {
        Side.CAR if role is ModemRole.EVSE else Side.STATION
    }


def test_announced_messages_that_never_came_are_listed():
    post = Post(QCA7005, ModemRole.PEV, plug_in=s(60))

    post.record(within=s(5))

    assert set(post.told.end.missing) == MESSAGES[Side.STATION] | {"VS_ATTEN_CHAR.IND of other modems"}


def test_an_overheard_attempt_is_judged_from_one_direction():
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(within=s(9))

    (attempt,) = post.told.attempts
    assert attempt.outcome.matched
    assert (attempt.visibility.pev_frames, attempt.visibility.evse_frames) == (False, True)
    assert (post.told.end.attempts, post.told.end.matched) == (1, 1)


def test_until_matched_ends_at_the_match():
    post = Post(TP_LINK, ModemRole.PEV)

    ended = post.record(until_matched=True, within=s(60))

    assert ended.matched
    assert post.told.end.duration < s(12)
    assert post.told.end.ended == "matched"


def test_time_over_without_a_match_is_told():
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))

    ended = post.record(until_matched=True, within=s(4))

    assert not ended.matched
    assert (post.told.end.ended, post.told.end.duration) == ("time is over", s(4))


def test_an_adapter_that_hears_no_match_is_told_beforehand():
    post = Post(TP_LINK, ModemRole.EVSE)

    ended = post.record(until_matched=True, within=s(9))

    assert not ended.matched
    assert any("no match will be noticed" in doubt for doubt in post.told.announcement.doubts)


def test_without_join_nothing_but_questions_is_sent_to_the_own_adapter():
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(within=s(9))

    assert {frame.mme.name for frame in post.sent} == {"VS_SW_VER.REQ", "VS_MODULE_OPERATION.REQ", "VS_NW_INFO.REQ"}
    assert {frame.dst for frame in post.sent} == {post.modem.mac, LOCAL_DEVICE}


# joining --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", [TP_LINK, QCA7005])
def test_join_makes_the_listener_a_member_and_the_old_key_comes_back(listener):
    post = Post(listener, ModemRole.PEV)
    members = []
    post.world.at(s(20), lambda: members.append((post.modem.nmk, len(post.modem.joined_to()))))

    ended = post.record(join=True, within=s(21))
    post.pump.run_for(s(8))

    assert ended.trouble == ""
    assert members == [(post.network.nmk, 2)]
    assert any(text.startswith("this adapter is now in network NID") for text in post.told.texts("network"))
    assert post.modem.nmk == OWN_NMK


@pytest.mark.parametrize("listener", [TP_LINK, QCA7005])
@pytest.mark.parametrize("after", [0.05, 1.0, 3.0, 8.0])
def test_the_old_key_comes_back_whenever_somebody_ends_it(listener, after):
    """Also in the middle of the change, where a TP-Link goes on with its former key for seconds."""
    post = Post(listener, ModemRole.PEV)
    post.told.event = stop_at_the_key(post, s(after))

    ended = post.record(join=True)
    post.pump.run_for(s(10))

    assert (ended.trouble, post.told.end.ended) == ("", "SIGTERM")
    assert [key.nmk for key in post.keys_sent()] == [bytes(post.network.nmk), bytes(OWN_NMK)]
    assert post.modem.nmk == OWN_NMK
    assert post.told.texts("join")[-1].startswith(f"{post.modem.mac} has its old key again")


def test_a_key_goes_to_the_own_adapter_by_its_address_and_never_to_everybody():
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(join=True, within=s(15))

    assert {key.dst for key in post.keys_sent()} == {post.modem.mac}
    assert BROADCAST not in {frame.dst for frame in post.sent}


def test_a_trouble_on_the_way_gives_the_key_back_all_the_same(tmp_path, monkeypatch):
    """The disk is full after the key was taken."""
    post = Post(QCA7005, ModemRole.PEV)

    tried = []

    def full(*_: object, **__: object) -> None:
        if post.keys_sent():
            tried.append(post.clock.now())
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("bench.sniff.files.CaptureFiles.write", full)

    ended = post.record(path=tmp_path / "a.pcapng", join=True, within=s(30))

    assert "No space left" in ended.trouble
    assert len(tried) == 1
    assert post.keys_sent()[-1].nmk == bytes(OWN_NMK)
    assert post.modem.nmk == OWN_NMK


class FullDisk(io.RawIOBase):
    """Takes what a buffer takes, and nothing on the disk."""

    def writable(self) -> bool:
        return True

    def write(self, _: object) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_ends_it_with_one_sentence(tmp_path, monkeypatch):
    """Also where only the buffer was written so far."""
    path = tmp_path / "a.pcapng"
    post = Post(TP_LINK, ModemRole.PEV)
    monkeypatch.setattr(type(path), "open", lambda _, __: io.BufferedWriter(FullDisk()))

    ended = post.record(path=path, within=s(9))

    assert ended.trouble == f"{path}: cannot be written any more: No space left on device; make room on the disk"


def test_join_without_an_adapter_is_refused():
    post = Post(TP_LINK, ModemRole.PEV)
    post.modem.power(False)

    with pytest.raises(AdapterSilent):
        post.record(join=True, within=s(3))


def test_an_adapter_that_takes_no_key_back_is_trouble_with_the_remedy(backups):
    """Its power goes while it has the foreign key."""
    post = Post(QCA7005, ModemRole.PEV)
    post.world.at(s(20), lambda: post.modem.power(False))

    ended = post.record(join=True, within=s(21))

    (kept,) = backups.rglob("*.pib")
    assert f"{post.modem.mac} does not answer" in ended.trouble
    assert f"bench pib restore -i post {kept}" in ended.trouble


def test_join_is_refused_where_the_old_key_cannot_be_read(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV)

    def unreadable(_: object) -> None:
        raise AdapterError("post: refused")

    monkeypatch.setattr(type(post.adapter), "read_pib", unreadable)

    with pytest.raises(AdapterError, match=r"--join is refused.*nothing was changed: post: refused"):
        post.record(join=True, within=s(9))

    assert post.keys_sent() == []


def test_unreadable_parameters_leave_the_direction_open_and_the_recording_goes_on(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV)

    def unreadable(_: object) -> None:
        raise AdapterError("post: refused")

    monkeypatch.setattr(type(post.adapter), "read_pib", unreadable)

    ended = post.record(within=s(9))

    assert ended.trouble == ""
    assert {each.shown for each in post.told.announcement.statements} == {None}
    assert post.told.heard() >= STATION


def test_an_adapter_in_the_middle_of_a_change_is_not_believed_at_once():
    """A TP-Link hands out its former key for seconds after a new one: then the old one proves nothing."""
    post = Post(TP_LINK, ModemRole.PEV)
    post.told.event = stop_at_the_key(post, s(0.05))

    post.record(join=True)

    taken, giving, back = [event.t for event in post.told.events if event.kind == "join"]
    assert giving - taken < s(1)
    assert back - giving >= SETTLES


def test_the_same_key_is_taken_once_however_often_it_is_heard():
    post = Post(TP_LINK, ModemRole.PEV)
    again = CmSlacMatchCnf(nid=post.network.nid, nmk=post.network.nmk)
    post.world.at(s(10), lambda: post.charger.adapter.from_host(encode(Frame(OTHER, HOST, again))))

    post.record(join=True, within=s(20))

    assert [key.nmk for key in post.keys_sent()] == [bytes(post.network.nmk), bytes(OWN_NMK)]


def test_join_is_refused_where_two_adapters_answer(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV)
    monkeypatch.setattr(type(post.adapter), "check_alone", two_answer)

    with pytest.raises(AdapterAmbiguous):
        post.record(join=True, within=s(9))

    assert post.keys_sent() == []


def test_two_adapters_are_said_to_be_two(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV)
    monkeypatch.setattr(type(post.adapter), "check_alone", two_answer)

    post.record(within=s(3))

    assert post.told.announcement.doubts == [f"post: two answer; this tells of {post.modem.mac}"]


def two_answer(_: object) -> None:
    raise AdapterAmbiguous("post: two answer")


def test_a_key_of_zeros_is_no_key():
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))
    empty = CmSlacMatchCnf(nid=post.network.nid, nmk=Nmk(bytes(16)))
    post.world.at(s(3), lambda: post.charger.adapter.from_host(encode(Frame(OTHER, HOST, empty))))

    ended = post.record(join=True, within=s(5))

    assert ended.matched
    assert post.keys_sent() == []


def test_a_joining_adapters_settings_are_kept_where_it_is_said(backups):
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))

    post.record(join=True, within=s(4))

    (kept,) = backups.rglob("*.pib")
    assert str(kept) in " ".join(post.told.announcement.doubts)
    assert bytes(OWN_NMK) in kept.read_bytes()


# the file -------------------------------------------------------------------------------------------------------


def messages_in(path):
    with open_capture(path) as capture:
        return [
            (record, decode(record.octets).mme) for record in capture.records() if record.octets[12:14] == b"\x88\xe1"
        ]


def test_the_file_holds_every_frame_once_and_no_key(tmp_path):
    path = tmp_path / "a.pcapng"
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(path=path, join=True, within=s(15))

    octets = path.read_bytes()
    assert bytes(post.network.nmk) not in octets
    assert bytes(OWN_NMK) not in octets
    assert bytes(post.modem.settings.dak) not in octets
    matches = [mme for _, mme in messages_in(path) if isinstance(mme, CmSlacMatchCnf)]
    assert [bytes(mme.nmk) for mme in matches] == [bytes(MARKER)]
    sent = [mme.name for record, mme in messages_in(path) if record.outgoing]
    assert sent == [frame.mme.name for frame in post.sent]


def test_show_keys_keeps_network_keys_and_never_the_flash(tmp_path):
    path = tmp_path / "a.pcapng"
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(path=path, within=s(9), show_keys=True)

    octets = path.read_bytes()
    assert bytes(post.network.nmk) in octets
    assert bytes(post.modem.settings.dak) not in octets
    assert post.network.nmk.hex() in " ".join(post.told.texts("slac"))


def test_a_key_that_was_overheard_is_masked_in_what_is_told():
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(join=True, within=s(15))

    told = " ".join(event.text + str(event.facts) for event in post.told.events)
    assert post.network.nmk.hex() not in told
    assert str(post.network.nmk) in told


def test_a_silent_adapter_and_its_return_are_told():
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))
    post.world.at(s(3), lambda: post.modem.power(False))
    post.world.at(s(8), lambda: post.modem.power(True))

    post.record(within=s(20))

    assert [text.split(":")[0] for text in post.told.texts("adapter")] == [
        "the adapter does not answer",
        "the adapter answers again",
    ]


def test_a_recording_without_an_adapter_says_so_and_goes_on():
    post = Post(TP_LINK, ModemRole.PEV)
    post.modem.power(False)

    ended = post.record(within=s(3))

    assert ended.trouble == ""
    assert (post.told.announcement.identity, list(post.told.announcement.statements)) == (None, [])
    assert "no VS_SW_VER.CNF" in post.told.announcement.doubts[0]


def test_a_program_here_that_plays_the_car_joins_by_itself():
    """A confirmation addressed to this computer is no overheard one."""
    post = Post(TP_LINK, ModemRole.PEV, car_mac=HOST)

    ended = post.record(join=True, within=s(12))

    assert ended.matched
    assert post.keys_sent() == []


# what else happens ----------------------------------------------------------------------------------------------


def test_what_comes_during_the_first_questions_is_not_lost(tmp_path):
    post = Post(TP_LINK, ModemRole.EVSE, plug_in=s(60))
    request = encode(Frame(BROADCAST, OTHER, CmSlacParmReq()))
    post.world.at(ms(300), lambda: post.car.adapter.from_host(request))

    post.record(path=tmp_path / "a.pcapng", within=s(3))

    (event,) = [event for event in post.told.events if event.kind == "slac"]
    assert event.t < ms(400)
    assert post.told.events_before == 0
    assert [mme.name for _, mme in messages_in(tmp_path / "a.pcapng")].count("CM_SLAC_PARM.REQ") == 1


def test_a_program_here_that_plays_the_station_is_taken_for_the_recorder():
    """Else the analysis would miss a CM_SET_KEY.REQ after the match."""
    post = Post(TP_LINK, ModemRole.EVSE)
    answer = Frame(OTHER, HOST, CmSlacParmCnf())
    post.world.at(s(4), lambda: post.wire.send(answer, post.clock.now()))

    post.record(within=s(9))

    assert {attempt.recorder.role for attempt in post.told.attempts} == {Role.EVSE}
    assert post.told.end.surprises == []


def test_frames_are_not_held_for_ever_for_the_recorders_role(monkeypatch):
    """Without SLAC nobody can say it; after so many frames it is a listener's."""
    monkeypatch.setattr("bench.sniff.recording.MOST_UNDECIDED", 3)
    post = Post(TP_LINK, ModemRole.EVSE)
    answer = Frame(OTHER, HOST, CmSlacParmCnf())
    post.world.at(s(4), lambda: post.wire.send(answer, post.clock.now()))

    post.record(within=s(9))

    assert {attempt.recorder.role for attempt in post.told.attempts} == {Role.LISTENER}


def test_a_recording_of_others_is_a_listeners():
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(within=s(9))

    (attempt,) = post.told.attempts
    assert (attempt.recorder.role, attempt.recorder.modem) == (Role.LISTENER, post.modem.mac)


def test_a_reader_that_has_gone_ends_it():
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))
    post.world.at(s(3), lambda: setattr(post.told, "gone", True))

    ended = post.record(within=s(30))

    assert ended.trouble == ""
    assert post.told.end.duration < s(4)


def test_a_frame_of_the_last_moment_is_analysed_too():
    post = Post(TP_LINK, ModemRole.EVSE, plug_in=s(60))
    request = encode(Frame(BROADCAST, OTHER, CmSlacParmReq()))
    post.world.at(s(3) - ms(10), lambda: post.car.adapter.from_host(request))

    post.record(within=s(3))

    assert len(post.told.attempts) == 1


@pytest.mark.parametrize("listener", [TP_LINK, DEVOLO])
def test_every_family_tells_its_network(listener):
    post = Post(listener, ModemRole.PEV, plug_in=s(60))

    post.record(within=s(4))

    assert post.told.texts("network") == ["this adapter is in no network with others"]


def test_lost_frames_are_told_once_and_counted_in_the_end(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))
    post.world.at(s(3), lambda: monkeypatch.setattr(post.port, "drops", lambda: Drops(7, 2)))

    post.record(within=s(8))

    assert post.told.texts("drops") == [
        "lost so far: 7 frames because this computer was too slow, 2 in the network card"
    ]
    assert post.told.end.drops == Drops(7, 2)


def test_an_interface_that_is_down_is_told_once(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))

    def down(_: bytes) -> Ns:
        raise InterfaceDown("post: the interface is down")

    post.world.at(s(3), lambda: monkeypatch.setattr(post.port, "send", down))

    post.record(within=s(8))

    assert post.told.texts("note") == ["VS_NW_INFO.REQ lost: post: the interface is down"]


def test_an_interface_that_has_gone_ends_it_with_the_reason(monkeypatch):
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))

    def gone() -> None:
        raise PortError("post: the interface has gone")

    post.world.at(s(3), lambda: monkeypatch.setattr(post.port, "receive", gone))

    ended = post.record(within=s(8))

    assert ended.trouble == "post: the interface has gone"
    assert post.told.end.duration < s(5)


def test_a_malformed_message_is_told_and_recorded(tmp_path):
    post = Post(TP_LINK, ModemRole.PEV, plug_in=s(60))
    broken = encode(Frame(OTHER, HOST, CmSlacMatchCnf(nmk=OWN_NMK)))[:70]
    post.world.at(s(3), lambda: post.charger.adapter.from_host(broken))

    post.record(path=tmp_path / "a.pcapng", within=s(5))

    assert len(post.told.texts("malformed")) == 1
    with open_capture(tmp_path / "a.pcapng") as capture:
        assert [record.octets for record in capture.records()].count(broken) == 1
    assert post.told.end.ended == "time is over"


def test_memory_does_not_grow_with_the_recording():
    post = Post(TP_LINK, ModemRole.PEV)

    post.record(within=s(300))

    assert len(post.wire.received) < 10
    assert len(post.trace.entries) < 10
