"""Whatever comes in, in whatever order: no exception, no event that vanishes, no broken invariant."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given, settings
from hypothesis import strategies as st
from real_captures import CAPTURES, needs_captures
from slac_stage import (
    EVSE,
    EVSE_MODEM,
    FAR_EVSE,
    NMK,
    OTHER_PEV,
    OTHER_RUN,
    PEV,
    RUN,
    EvseOnStage,
    OnStage,
    PevOnStage,
)

from bench.capture import open_capture
from bench.errors import MalformedMme
from bench.ids import BROADCAST, MacAddress, Nid, Nmk, RunId, StationId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Frame,
    VsAttenCharInd,
    decode,
    encode,
    is_homeplug,
)
from bench.pilot.model import CpState
from bench.slac.evse import EvseSettings, ZeroGroups
from bench.slac.evse_table import EvseState
from bench.slac.pev import PevSettings
from bench.slac.timers import C_EVSE_MATCH_PARALLEL
from bench.units import ms

SLAC = (
    CmSlacParmReq,
    CmSlacParmCnf,
    CmStartAttenCharInd,
    CmMnbcSoundInd,
    CmAttenProfileInd,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmValidateReq,
    CmValidateCnf,
    CmSlacMatchReq,
    CmSlacMatchCnf,
)
OTHERS = (VsAttenCharInd, CmSetKeyCnf)

ADDRESSES = st.sampled_from([EVSE, FAR_EVSE, PEV, OTHER_PEV])
RIGHT = {
    MacAddress: ADDRESSES,
    StationId: st.sampled_from([StationId(bytes(17)), StationId(bytes(17)), StationId(b"a station of QCA ")]),
    Nid: st.just(Nid(bytes(7))),
    Nmk: st.just(NMK),
}
NUMBERS = {"cnt": st.integers(0, 255), "num_sounds": st.sampled_from([0, 1, 8, 10, 255])}


def field_values(field, run_ids: st.SearchStrategy[RunId]) -> st.SearchStrategy:
    """Mostly what the standard asks for, so that the machines get somewhere; now and then something else."""
    default = field.default
    if isinstance(default, RunId):
        return run_ids
    if field.name == "aag":
        return st.sampled_from([b"", bytes([30] * 58), bytes(range(58)), bytes([255] * 58), bytes(57)])
    if type(default) in RIGHT:
        return RIGHT[type(default)]
    if field.name in NUMBERS:
        return st.one_of(st.just(default), NUMBERS[field.name])
    if isinstance(default, int):
        return st.sampled_from([default] * 15 + [default ^ 1])
    return st.just(default)


def messages(*kinds, run_ids: st.SearchStrategy[RunId]) -> st.SearchStrategy:
    return st.one_of(
        [st.builds(kind, **{field.name: field_values(field, run_ids) for field in fields(kind)}) for kind in kinds]
    )


def hearing(stage: OnStage, *run_ids: RunId) -> st.SearchStrategy:
    """A message from anybody, mostly addressed to the machine on the stage."""
    return st.tuples(
        st.just("hear"),
        messages(*SLAC, *OTHERS, run_ids=st.sampled_from(run_ids)),
        st.sampled_from([EVSE, FAR_EVSE, PEV, PEV, OTHER_PEV, EVSE_MODEM]),
        st.sampled_from([stage.machine.mac] * 4 + [BROADCAST] * 4 + [FAR_EVSE]),
    )


CP = st.tuples(
    st.just("pilot"),
    st.sampled_from([CpState.B] * 12 + [CpState.C, CpState.A, CpState.E, CpState.F]),
    st.sampled_from([5.0] * 6 + [100.0, 53.3, None]),
)
WAIT = st.tuples(st.just("wait"), st.sampled_from([ms(1), ms(20), ms(30), ms(200), ms(400), ms(600), ms(12_000)]))
LINK = st.tuples(st.just("link"), st.booleans())


def do(stage: OnStage, step) -> None:
    match step:
        case ("hear", mme, src, dst):
            demand_a_trace(stage, mme, src, dst)
        case ("pilot", state, duty):
            stage.pilot(state, duty)
        case ("wait", duration):
            stage.run_for(duration)
        case ("link", up):
            before = len(stage.events)
            stage.link(up)
            assert len(stage.events) > before
    for sent in stage.frames:
        encode(sent.frame)
    stage.frames.clear()


def demand_a_trace(stage: OnStage, mme, src, dst) -> None:
    """A message of SLAC leads to a frame, an event or another inner state; no other message leads to anything."""

    def inner():
        return repr([vars(actor) for actor in stage.machine.actors()])

    before, said, sent = inner(), len(stage.events), len(stage.frames)

    stage.hears(mme, src=src, dst=dst)

    came_of_it = (inner(), len(stage.events), len(stage.frames)) != (before, said, sent)
    ours = isinstance(mme, SLAC) and not (isinstance(mme, CmAttenProfileInd) and isinstance(stage, PevOnStage))
    assert came_of_it == ours, mme


EVSE_SETTINGS = st.builds(
    EvseSettings,
    ac=st.booleans(),
    zero_groups=st.sampled_from(ZeroGroups),
    offset_db=st.integers(-300, 300),
    num_sounds=st.sampled_from([0, 1, 10, 255]),
)


@settings(max_examples=150)
@given(EVSE_SETTINGS, st.data())
def test_evse_stands_whatever_comes(settings_, data):
    """Sessions exist only while serving or matched, never more than five cars at once, one link at most."""
    evse = EvseOnStage(settings_)
    evse.plug_in()
    heard = hearing(evse, RUN, OTHER_RUN, RunId(bytes(8)))

    for step in data.draw(st.lists(st.one_of(heard, heard, CP, WAIT, LINK), max_size=40)):
        do(evse, step)

        sessions = evse.machine.sessions
        assert bool(sessions) == (evse.state in (EvseState.SERVING, EvseState.MATCHED))
        assert len({mac for mac, _ in sessions}) == len(sessions) <= C_EVSE_MATCH_PARALLEL
        linked = [session for session in sessions.values() if session.state is EvseState.LINKED]
        assert (len(linked) == 1) == (evse.state is EvseState.MATCHED)


@settings(max_examples=150)
@given(st.builds(PevSettings, ac=st.booleans(), wait_for_all=st.booleans()), st.data())
def test_pev_stands_whatever_comes(settings_, data):
    """Every frame it sends can be encoded, and it waits for something unless it is at rest."""
    pev = PevOnStage(settings_)
    pev.plug_in()
    heard = hearing(pev, pev.run_id, pev.run_id, RUN)

    for step in data.draw(st.lists(st.one_of(heard, heard, CP, WAIT, LINK), max_size=40)):
        do(pev, step)

        at_rest = pev.state.name in ("IDLE", "MATCHED", "UNMATCHED")
        assert (pev.machine.next_deadline() is None) == at_rest


def captured_frames() -> list[bytes]:
    """Every different management message of every capture."""
    found: dict[bytes, None] = {}
    for path in CAPTURES:
        with open_capture(path) as capture:
            found.update((record.octets, None) for record in capture.records() if is_homeplug(record.octets))
    return list(found)


FRAMES = captured_frames()
MUTATIONS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3)


@needs_captures
@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(FRAMES or [b""]), MUTATIONS, st.integers(0, 140), st.sampled_from([0, ms(5), ms(200)])
        ),
        max_size=60,
    )
)
def test_machines_survive_mutated_frames_of_real_sessions(history):
    """Real frames with octets changed and tails cut off, as if they were for us."""
    evse, pev = EvseOnStage(), PevOnStage()
    evse.plug_in()
    pev.plug_in()

    for octets, mutations, cut, pause in history:
        damaged = bytearray(octets[: -cut if cut > 60 else None])
        for at, value in mutations:
            if at < len(damaged):
                damaged[at] = value
        try:
            frame = decode(bytes(damaged))
        except MalformedMme:
            continue
        for stage in (evse, pev):
            stage.machine.receive(Frame(stage.machine.mac, frame.src, frame.mme), stage.now)
            stage.empty()
            stage.run_for(pause)
            for sent in stage.frames:
                encode(sent.frame)
