"""When a network is proved: reference/capture-analysis.md, `network_proof`; and the keys around a match."""

from __future__ import annotations

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_LISTENER,
    AT_PEV,
    BEGIN,
    EVSE,
    EVSE_MODEM,
    KEY,
    LISTENER,
    LISTENER_MODEM,
    OTHER_MODEM,
    OTHER_PEV,
    PEV,
    PEV_MODEM,
    Step,
    analysis,
    ip,
    match,
    only,
    set_key,
    set_key_cnf,
    shifted,
    the_attempt,
)

from bench.analysis import Outcome, Recorder, Role
from bench.analysis.network import describe_ip
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress
from bench.mme import CmGetKeyCnf, CmNwStatsCnf, VsNwInfoCnf, VsSwVerCnf
from bench.units import ms

MATCHED = match(proof=False)


def confirmation(at: float, src: MacAddress, dst: MacAddress, mme: object) -> Step:
    return Step("confirmation", at, src, dst, mme)


@pytest.mark.parametrize(
    ("recorder", "sender", "proves"),
    [
        (AT_EVSE, PEV, True),
        (AT_EVSE, EVSE, False),
        (AT_EVSE, OTHER_PEV, False),
        (AT_PEV, EVSE, True),
        (AT_PEV, PEV, False),
        (Recorder(Role.PEV_INTERNAL, PEV, PEV_MODEM), EVSE, True),
        (Recorder(Role.EVSE, PEV, PEV_MODEM), PEV, False),
    ],
)
def test_an_ip_frame_of_the_other_host_proves_the_network(recorder: Recorder, sender: MacAddress, proves: bool) -> None:
    """The recorder's own host never proves anything, a third one neither."""
    proof = the_attempt([*MATCHED, ip(4000, src=sender)], recorder).network_proof

    assert (proof is not None) is proves
    if proof is not None:
        assert (proof.mac, proof.kind, proof.after_match_cnf) == (sender, "UDP port 15118", ms(2690))


@pytest.mark.parametrize("mme", [VsSwVerCnf(), CmGetKeyCnf(), VsNwInfoCnf(), CmNwStatsCnf()], ids=lambda m: m.name)
@pytest.mark.parametrize(
    ("src", "dst", "proves"),
    [
        (EVSE_MODEM, PEV, True),
        (PEV_MODEM, PEV, False),
        (LOCAL_DEVICE, PEV, False),
        (EVSE_MODEM, OTHER_PEV, False),
    ],
    ids=["remote", "own", "own by its local address", "to another host"],
)
def test_a_confirmation_of_another_modem_proves_the_network(
    mme: object, src: MacAddress, dst: MacAddress, proves: bool
) -> None:
    """To the recording host, from a modem that is not its own."""
    proof = the_attempt([*MATCHED, confirmation(4000, src, dst, mme)], AT_PEV).network_proof

    assert (proof is not None) is proves


def test_the_earliest_proof_counts() -> None:
    """Confirmation or IP, whichever comes first; what precedes the match proves nothing."""
    early = confirmation(1000, EVSE_MODEM, PEV, CmGetKeyCnf())
    steps = [*MATCHED, early, ip(900, src=EVSE), ip(5000, src=EVSE), confirmation(4000, EVSE_MODEM, PEV, CmGetKeyCnf())]

    proof = the_attempt(steps, AT_PEV).network_proof

    assert proof is not None
    assert (proof.kind, proof.after_match_cnf) == ("CM_GET_KEY.CNF", ms(2690))


def test_a_tagged_ip_frame_proves_the_network_too() -> None:
    """An 802.1Q tag in front of the EtherType is skipped."""
    untagged = ip(4000)
    tagged = Step("ip", 4000, PEV, EVSE, payload=bytes.fromhex("8100 0001") + untagged.payload)

    assert the_attempt([*MATCHED, tagged]).network_proof == the_attempt([*MATCHED, untagged]).network_proof


def test_a_listener_needs_its_key_first() -> None:
    """PEV or EVSE, but only after the listener told its modem the key."""
    key = [set_key(1350, src=LISTENER), set_key_cnf(1351, src=LISTENER_MODEM, dst=LISTENER)]

    assert the_attempt([*MATCHED, ip(4000)], AT_LISTENER).network_proof is None
    for sender in (PEV, EVSE):
        proof = the_attempt([*MATCHED, *key, ip(4000, src=sender)], AT_LISTENER).network_proof
        assert proof is not None
        assert proof.after_set_key == ms(2650)


def test_an_address_the_listener_spoofs_proves_nothing() -> None:
    """It sent IP from that address before there was a network; the other station still proves."""
    key = set_key(1350, src=LISTENER)
    spoofed = [ip(500), ip(1340), ip(3000)]

    assert the_attempt([*MATCHED, key, *spoofed], AT_LISTENER).network_proof is None
    proof = the_attempt([*MATCHED, key, *spoofed, ip(4000, src=EVSE)], AT_LISTENER).network_proof
    assert proof is not None
    assert proof.mac == EVSE


def test_the_key_set_after_the_match_belongs_to_it() -> None:
    """Within 10 s, on the PEV's and a listener's side; its confirmations within 2 s, with its nonce."""
    steps = [
        *match(),
        set_key(1340),
        set_key_cnf(1341),
        set_key_cnf(1342, nonce=b"\xbb" * 4),
        set_key_cnf(3340.001),
    ]

    request = the_attempt(steps, AT_PEV).set_key_after_match

    assert request is not None
    assert request.nmk == KEY
    assert [c.latency for c in request.confirmations] == [ms(1)]
    assert the_attempt([*match(), set_key(11_310)], AT_PEV).set_key_after_match is not None
    assert the_attempt([*match(), set_key(11_310.001)], AT_PEV).set_key_after_match is None


def test_an_evse_sets_its_key_before() -> None:
    """Its CM_SET_KEY.REQ after a match prepares the next one."""
    before, after = set_key(-100, src=EVSE, nonce=bytes(4)), set_key(5000, src=EVSE)

    first, second = analysis([before, *match(), after, *shifted(match(), 60_000)], AT_EVSE).attempts

    assert first.set_key_after_match is None
    assert first.set_key_before is not None
    assert first.set_key_before.t == BEGIN - ms(100)
    assert second.set_key_before is not None
    assert second.set_key_before.t == BEGIN + ms(5000)


def test_confirmations_go_to_the_last_request() -> None:
    """Before the next CM_SET_KEY.REQ."""
    first, second = analysis([set_key(0), set_key(1000), set_key_cnf(1001)], AT_PEV).set_keys

    assert (len(first.confirmations), len(second.confirmations)) == (0, 1)


def test_a_repeated_match_cnf_does_not_restart_the_wait() -> None:
    """The proof counts from the first CM_SLAC_MATCH.CNF."""
    again = shifted(only(MATCHED, "match_cnf"), 100)

    proof = the_attempt([*MATCHED, *again, ip(4000)]).network_proof

    assert proof is not None
    assert proof.after_match_cnf == ms(2690)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ("0806 0001", "ARP"),
        ("86dd 60000000 0008 06 40" + "00" * 32 + "c000 1f90", "TCP port 8080"),
        ("86dd 60000000 0008 3a ff" + "00" * 32 + "8700", "ICMPv6 type 135"),
        ("86dd 60000000 0010 00 01" + "00" * 32 + "3a00 0502 0000 0000 8f00", "ICMPv6 type 143"),
        ("0800 4500 0020 0000 0000 80 11 0000" + "00" * 8 + "9502 0202", "UDP port 514"),
        ("0800 4600 0020 0000 0000 80 11 0000" + "00" * 12 + "9502 0202", "UDP port 514"),
        ("0800 4500 0020 0000 0000 01 01 0000" + "00" * 8 + "08", "ICMP type 8"),
        ("0800 4500 0020 0000 0000 01 02 0000" + "00" * 8 + "16", "IPv4 protocol 2"),
        ("86dd", "IPv6 protocol 0"),
        ("0800", "IPv4 protocol 0"),
    ],
)
def test_ip_frames_are_named(frame: str, kind: str) -> None:
    """By destination port or type; a cut frame by what is left of it."""
    assert describe_ip(BROADCAST + PEV + bytes.fromhex(frame)) == kind


def test_the_outcome_follows_the_proof() -> None:
    """A third modem that answers a third host leaves the match unconfirmed."""
    foreign = confirmation(4000, OTHER_MODEM, OTHER_PEV, CmGetKeyCnf())

    assert the_attempt([*MATCHED, foreign], AT_PEV).outcome is Outcome.MATCHED_NETWORK_NOT_CONFIRMED
