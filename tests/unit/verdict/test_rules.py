"""Every row by example, and the whole decision tree walked: total, and every row reached."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, NoteCode, Status
from mailprobe.verdict.delivery import OVERDUE, UNREAD
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Backends,
    CleanUp,
    ContractState,
    Control,
    ControlDelivery,
    Delivery,
    Domain,
    Known,
    Network,
    Picture,
    Portal,
    ReadBack,
    Room,
    SignIn,
    Store,
    Tls,
)
from mailprobe.verdict.rules import RULES
from mailprobe.verdict.settled import settled
from tests.unit.verdict.mails import HERE, MAILS, mail, told
from tests.unit.verdict.pictures import ALONE, GONE, NO_LOGIN, REFUSED, picture
from tests.unit.verdict.pictures import CASES as DOORS

CASES = [*DOORS, *MAILS]


@pytest.mark.parametrize(("name", "changes", "more", "code", "confidence"), CASES, ids=[case[0] for case in CASES])
def test_row(name: str, changes: list[dict[str, Any]], more: dict[str, Any], code: Code, confidence: Confidence) -> None:
    verdict = judge(picture(*changes, **more))
    assert (verdict.code, verdict.confidence) == (code, confidence)


def test_every_row_is_reached() -> None:
    reached = Counter(judge(picture(*changes, **more)).row for _, changes, more, _, _ in CASES)
    assert {rule.row for rule in RULES} == set(reached)


@st.composite
def any_picture(draw: st.DrawFn) -> Picture:
    kinds: dict[str, type[StrEnum]] = {field.name: type(getattr(Picture(), field.name).value) for field in fields(Picture)}
    answers: dict[str, Any] = {name: Known(draw(st.sampled_from(list(kind)))) for name, kind in kinds.items()}
    return Picture(**answers)


NOT_OF_THE_MX = {Code.IMAP_OUTAGE, Code.STORE_LOST, Code.SUSPENDED}
BEHIND = {Code.DELIVERY_OUTAGE, Code.UNKNOWN_BEHIND_GATEWAY, Code.CLOSED_BY_CONTRACT, Code.SUSPENDED}
SAID_OF_T = (Delivery.UNKNOWN_USER, Delivery.DISABLED, Delivery.FULL, Delivery.FILTERED, Delivery.MOVED)


@given(any_picture())
def test_every_picture_has_a_row(one: Picture) -> None:
    """However odd: one row, the streamed line agrees with it, and nothing at the doors is "down" that was not shown there."""
    verdict = judge(one)
    line = settled(one, frozenset())
    assert line is not None
    assert (line.row, line.confidence) == (verdict.row, verdict.confidence)
    silent = (Acceptance.UNASKED, Acceptance.HELD, Acceptance.UNCLEAR, Acceptance.REFUSED_UNCHECKED, Acceptance.REFUSED_OTHERWISE)
    if verdict.status is Status.DOWN and one.acceptance.value in silent:
        if verdict.code in BEHIND and one.delivery.value in (*SAID_OF_T, *OVERDUE):
            return
        assert verdict.code in NOT_OF_THE_MX or one.domain.value in (Domain.ABSENT, Domain.REFUSES_MAIL, Domain.NO_SERVERS)


def test_an_empty_picture_is_inconclusive() -> None:
    verdict = judge(Picture())
    assert verdict.code is Code.INCONCLUSIVE
    assert {"mx", "sign_in"} <= set(verdict.missing)


def test_status_actor_and_number_are_those_of_the_table() -> None:
    table = {
        1: ("directory_out_of_sync", "down", "provisioning"),
        2: ("closed_by_contract", "down", "provisioning"),
        3: ("unknown_to_mx", "down", "provisioning"),
        4: ("missing_from_mx", "down", "mail_ops"),
        5: ("imap_auth_out_of_sync", "down", "identity"),
        6: ("password_or_lock", "degraded", "customer"),
        7: ("password_not_propagated", "down", "identity"),
        8: ("suspended", "down", "provisioning"),
        9: ("secret_expired", "degraded", "customer"),
        10: ("login_rate_limited", "degraded", "customer"),
        11: ("imap_outage", "down", "mail_ops"),
        12: ("store_lost", "down", "mail_ops"),
        13: ("partial_backend_fault", "degraded", "mail_ops"),
        14: ("server_tls_old", "degraded", "mail_ops"),
        15: ("network_restricted", "degraded", "nobody"),
        17: ("mailbox_full", "degraded", "customer"),
        18: ("healthy", "ok", "nobody"),
        19: ("delivered_to_junk", "degraded", "customer"),
        20: ("recipient_filter", "degraded", "customer"),
        21: ("silently_dropped", "degraded", "customer"),
        22: ("delivery_outage", "down", "mail_ops"),
        23: ("unknown_behind_gateway", "down", "provisioning"),
        24: ("prober_blocked", "unknown", "prober"),
        27: ("stuck_deferred", "down", "mail_ops"),
        28: ("directory_unreachable", "down", "mail_ops"),
        29: ("domain_misconfigured", "down", "mail_ops"),
        30: ("sender_at_fault", "ok", "sender"),
        31: ("address_changed", "degraded", "customer"),
        32: ("forwarded_or_auto_replied", "degraded", "customer"),
        33: ("handset", "ok", "handset_support"),
        34: ("inconclusive", "unknown", "prober"),
        35: ("accepts_mail", "unknown", "nobody"),
        36: ("no_such_address", "unknown", "customer"),
        37: ("waiting", "unknown", "nobody"),
        38: ("submission_refused", "degraded", "identity"),
        39: ("submission_outage", "degraded", "mail_ops"),
        40: ("blocked_at_mx", "down", "mail_ops"),
    }
    rows = {(rule.row, rule.code.value, rule.status.value, rule.actor.value) for rule in RULES}
    assert rows == {(row, *rest) for row, rest in table.items()}


def test_handset_steps_are_harmless_but_for_one_row() -> None:
    steps = {rule.row: rule.steps for rule in RULES if rule.steps is not HandsetSteps.NONE}
    assert steps == {18: HandsetSteps.HARMLESS, 35: HandsetSteps.HARMLESS, 33: HandsetSteps.REINSTALL_MAIL_PROFILE}


def test_the_pc_cannot_cause_bounces() -> None:
    codes = [note.code for note in judge(picture(GONE, NO_LOGIN)).notes]
    assert NoteCode.PC_CANNOT_CAUSE_BOUNCES in codes
    alone = picture(NO_LOGIN, ALONE, acceptance=Acceptance.REFUSED_UNCHECKED)
    assert NoteCode.PC_CANNOT_CAUSE_BOUNCES not in [note.code for note in judge(alone).notes]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, False),
        ({"pc_used": Answer.YES}, True),
        ({"network": Network.OUTSIDE}, True),
        ({"pc_used": Answer.YES, "network": Network.INSIDE}, False),
        ({"pc_used": Answer.YES, "control_sign_in": Control.REFUSED}, False),
    ],
)
def test_pc_access_is_not_the_cause(more: dict[str, Any], expected: bool) -> None:
    codes = [note.code for note in judge(picture(GONE, REFUSED, **more)).notes]
    assert (NoteCode.PC_ACCESS_NOT_THE_CAUSE in codes) is expected


def test_another_row_that_matches_becomes_a_note() -> None:
    verdict = judge(picture(REFUSED, room=Room.FULL))
    assert verdict.code is Code.PASSWORD_OR_LOCK
    assert [dict(note.args) for note in verdict.notes if note.code is NoteCode.ALSO] == [{"code": "mailbox_full"}]


def test_one_broken_address_is_a_note() -> None:
    verdict = judge(picture(backends=Backends.SOME, tls=Tls.LEGACY_NAMED))
    assert verdict.code is Code.HEALTHY
    assert [note.code for note in verdict.notes] == [NoteCode.SERVER_TLS_OLD, NoteCode.PARTIAL_BACKEND_FAULT]


def test_missing_names_what_would_help() -> None:
    assert "portal" in judge(picture(GONE, REFUSED)).missing
    assert "portal" not in judge(picture(GONE, REFUSED, portal=Portal.OK)).missing
    assert {"sign_in", "delivery"} <= set(judge(picture(NO_LOGIN)).missing)
    assert {"live_control", "dead_control"} <= set(
        judge(picture(NO_LOGIN, ALONE, acceptance=Acceptance.ACCEPTED_UNCHECKED)).missing
    )


def test_missing_names_the_proof_of_delivery() -> None:
    assert "delivery" in judge(picture()).missing
    assert "delivery" in judge(picture(delivery=Delivery.UNSENT)).missing
    assert not {"delivery", "read_back", "live_delivery"} & set(judge(picture(HERE)).missing)
    assert "read_back" in judge(picture(NO_LOGIN, mail(Delivery.UNREAD_HOUR))).missing
    assert "read_back" not in judge(picture(NO_LOGIN, told(ReadBack.WEBMAIL))).missing
    assert "read_back" not in judge(picture(NO_LOGIN, told(ReadBack.NOT_SEEN, Delivery.UNREAD_HOUR))).missing
    assert "live_delivery" not in judge(picture(mail(Delivery.OVERDUE, ControlDelivery.OVERDUE))).missing
    assert "delivery" not in judge(picture(mail(Delivery.FILTERED))).missing
    assert "live_delivery" in judge(picture(mail(Delivery.OVERDUE_DAY, ControlDelivery.UNSENT))).missing


def test_inconclusive_names_what_is_missing_or_contradicts() -> None:
    for name, changes, more, code, _ in MAILS:
        verdict = judge(picture(*changes, **more))
        assert code is not Code.INCONCLUSIVE or verdict.missing or verdict.conflicts, name


@pytest.mark.parametrize(
    ("more", "conflict"),
    [
        (mail(Delivery.CONFLICT), "canary_arrived:canary_returned"),
        (mail(Delivery.REFUSED), "mx_accepts:canary_refused"),
        (mail(Delivery.RETURNED), "mx_accepts:canary_returned"),
        (told(ReadBack.INBOX, Delivery.UNKNOWN_USER), "canary_read_out:canary_returned"),
        (told(ReadBack.INBOX, Delivery.OVERDUE), "canary_read_out:canary_not_found"),
        (told(ReadBack.NOT_SEEN, Delivery.ARRIVED), "canary_found:canary_not_seen"),
        (mail(Delivery.UNKNOWN_USER, ControlDelivery.RETURNED), "mx_accepts:live_canary_returned"),
        (told(ReadBack.HANDSET, handset_fails=Answer.YES), "canary_on_handset:handset_fails"),
        ({**HERE, **GONE}, "mx_unknown:canary_arrived"),
    ],
)
def test_what_contradicts_about_a_test_mail(more: dict[str, Any], conflict: str) -> None:
    assert conflict in judge(picture(more)).conflicts


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"put_off_first": Answer.YES}, NoteCode.GREYLISTED),
        ({"forwards": Answer.YES}, NoteCode.FORWARDED),
        ({"clean_up": CleanUp.LIMITED}, NoteCode.CLEANUP_LIMITED),
        ({"clean_up": CleanUp.RECREATED}, NoteCode.MAILBOX_RECREATED),
    ],
)
def test_what_is_said_beside_a_mail_that_arrived(more: dict[str, Any], note: NoteCode) -> None:
    verdict = judge(picture(HERE, more))
    assert verdict.code is Code.HEALTHY
    assert [one.code for one in verdict.notes] == [note]


@pytest.mark.parametrize(
    ("delivery", "reason"),
    [
        (Delivery.UNDER_WAY, "canary_under_way"),
        (Delivery.DEFERRED, "canary_deferred"),
        (Delivery.UNCERTAIN, "canary_uncertain"),
        (Delivery.UNREAD, "canary_unread"),
        (Delivery.UNREAD_OVERDUE, "canary_unread"),
    ],
)
def test_waiting_says_for_what(delivery: Delivery, reason: str) -> None:
    assert judge(picture(mail(delivery))).args == (("reason", reason),)


SILENT = (Delivery.UNDER_WAY, Delivery.UNCERTAIN, Delivery.LOST_TRACK, *UNREAD, *OVERDUE)


@given(any_picture(), st.sampled_from(SILENT), st.sampled_from(sorted(set(ControlDelivery) - {ControlDelivery.OVERDUE})))
def test_silence_of_one_mailbox_is_never_down(one: Picture, silent: Delivery, live: ControlDelivery) -> None:
    """Only where L's own mail is overdue too; and whoever is down without the test mail is so with it."""
    quiet = replace(one, delivery=Known(silent), control_delivery=Known(live))
    without = replace(one, delivery=Known(Delivery.UNASKED), control_delivery=Known(ControlDelivery.UNSENT))
    verdict = judge(quiet)
    if verdict.status is Status.DOWN:
        assert verdict.code is judge(without).code


FINE_WITHOUT = (Status.OK, Status.UNKNOWN)


@given(any_picture(), st.sampled_from(list(ControlDelivery)))
def test_our_own_faults_count_against_nobody(one: Picture, live: ControlDelivery) -> None:
    without = replace(one, delivery=Known(Delivery.UNASKED), read_back=Known(ReadBack.UNTOLD))
    ours = replace(without, delivery=Known(Delivery.OURS), control_delivery=Known(live))
    if judge(without).status in FINE_WITHOUT:
        assert judge(ours).status in FINE_WITHOUT


@given(any_picture(), st.sampled_from(SAID_OF_T))
def test_what_is_said_of_everybody_is_not_said_of_him(one: Picture, said: Delivery) -> None:
    """L's mail refused or returned as well: it is about what we send."""
    without = replace(one, delivery=Known(Delivery.UNASKED), control_delivery=Known(ControlDelivery.RETURNED))
    if judge(without).status in FINE_WITHOUT and one.read_back.value is not ReadBack.JUNK:
        assert judge(replace(without, delivery=Known(said))).status in FINE_WITHOUT


@given(any_picture())
def test_a_reset_needs_an_arrival_that_we_saw(one: Picture) -> None:
    verdict = judge(one)
    if verdict.handset_reset_allowed:
        assert one.delivery.value is Delivery.ARRIVED
        assert one.store.value is Store.OPENED
        assert one.handset_fails.value is Answer.YES


@pytest.mark.parametrize(("later", "code"), [(20.0, Code.IMAP_AUTH_OUT_OF_SYNC), (-60.0, None), (600.0, None)])
def test_one_secret_is_refused_and_taken_at_once_or_it_may_be_another(later: float, code: Code | None) -> None:
    """Submission knew the password of an hour ago; since then the customer has changed it."""
    refused, opened = Known(SignIn.REFUSED, 1000.0), Known(SignIn.OPENED, 1000.0 + later)
    good = Known(Control.GOOD, 1000.0)
    verdict = judge(replace(picture(), sign_in=refused, control_sign_in=good, submission=opened))
    assert (verdict.code is Code.IMAP_AUTH_OUT_OF_SYNC) is (code is not None)
    assert (verdict.status is Status.DOWN) is (code is not None)


def test_conflicts_are_named() -> None:
    assert "contract_closed:mx_accepts" in judge(picture(contract=ContractState.CLOSED)).conflicts
    assert "mx_refuses:mx_accepts" in judge(picture(acceptance=Acceptance.DISAGREE)).conflicts
    assert judge(picture()).conflicts == ()


def test_we_never_send_the_agent_to_the_handset_while_something_is_red() -> None:
    for _, changes, more, _, _ in CASES:
        verdict = judge(picture(*changes, **more))
        if verdict.status in (Status.DOWN, Status.DEGRADED):
            assert verdict.handset_steps is HandsetSteps.NONE
            assert verdict.actor is not Actor.HANDSET_SUPPORT
        assert verdict.handset_reset_allowed is (verdict.row == 33)


def test_the_picture_asks_nothing_that_no_rule_nor_note_reads() -> None:
    """Every question matters: some answer to it changes some verdict, note, gap or conflict of the examples."""
    for field in fields(Picture):
        kind = type(getattr(Picture(), field.name).value)
        examples = [picture(*changes, **more) for _, changes, more, _, _ in CASES]
        assert any(
            judge(example) != judge(replace_one(example, field.name, answer)) for example in examples for answer in kind
        ), field.name


def replace_one(example: Picture, name: str, answer: Any) -> Picture:
    values: dict[str, Any] = {field.name: getattr(example, field.name) for field in fields(Picture)}
    values[name] = replace(values[name], value=answer)
    return Picture(**values)
