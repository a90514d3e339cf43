"""From the facts of the canary leg, and what was told, to what became of the test mails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailprobe.carriers import FOREIGN_LIMITS, OWN_LIMITS
from mailprobe.carriers.load import presets
from mailprobe.evidence import (
    Arrived,
    Canary,
    CanaryState,
    CleanedUp,
    Fact,
    Folder,
    NotAsked,
    Of,
    Removal,
    Replied,
    Returned,
    ReturnKind,
    SeenBy,
    Stage,
    Withheld,
)
from mailprobe.verdict.observed import CanarySeen, Observations, Place
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    CleanUp,
    ControlDelivery,
    Delivery,
    History,
    Picture,
    ReadBack,
    Source,
)
from tests.unit.verdict.facts import ACCOUNT, CARRIER, LIVE, NOW, OK, T, replied, seen

HOUR, DAY = 3600.0, 86400.0
IN_INBOX = Folder.INBOX
S = CanaryState
UNKNOWN: dict[str, Any] = {"code": 550, "enhanced": "5.1.1", "text": "User unknown in virtual mailbox table"}
ITS_NUMBER = 4821


def canary(state: CanaryState = S.ACCEPTED, age: float = 5.0, of: Of = Of.TARGET, **more: Any) -> Canary:
    plain: dict[str, Any] = {"canary": f"c-{of.value}", "number": "4821", "watched": True, "sent_at": NOW - age}
    return Canary(at=103.0, of=of, state=state, age=age, **{**plain, **more})


def arrived(folder: Folder = IN_INBOX, took: float | None = 2.0, of: Of = Of.TARGET) -> Arrived:
    return Arrived(at=104.0, of=of, canary=f"c-{of.value}", folder=folder, took=took, by=SeenBy.POLL)


def returned(kind: ReturnKind = ReturnKind.FAILED, of: Of = Of.TARGET, **more: Any) -> Returned:
    plain: dict[str, Any] = {"canary": f"c-{of.value}", "returned_at": NOW, "recipient": T if kind is ReturnKind.FAILED else ""}
    return Returned(at=104.0, of=of, kind=kind, **{**plain, **more})


def end(line: str, stage: Stage = Stage.END_OF_DATA, of: Of = Of.TARGET) -> Replied:
    return replied(line, of, stage=stage)


def live(state: CanaryState = S.SEEN, age: float = 5.0, **more: Any) -> Canary:
    return canary(state, age, Of.LIVE, **more)


def look(*facts: Fact, **more: Any) -> Picture:
    return seen(*facts, probe="canary", **more)


def delivery(*facts: Fact, **more: Any) -> Delivery:
    return look(*facts, **more).delivery.value


# ---- where its record stands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([canary(S.PLANNED)], Delivery.DEFERRED),
        ([canary(S.SENDING, sent_at=None)], Delivery.UNCERTAIN),
        ([canary(S.UNCERTAIN, sent_at=None)], Delivery.UNCERTAIN),
        ([canary(S.UNCERTAIN, HOUR, sent_at=None)], Delivery.LOST_TRACK),
        ([canary(S.LOST, 5 * HOUR, sent_at=None)], Delivery.LOST_TRACK),
        ([canary(S.UNCERTAIN), canary(S.LOST, 5 * HOUR)], Delivery.LOST_TRACK),
        ([canary()], Delivery.UNDER_WAY),
        ([canary(age=119)], Delivery.UNDER_WAY),
        ([canary(age=121)], Delivery.OVERDUE),
        ([canary(age=HOUR)], Delivery.OVERDUE_HOUR),
        ([canary(age=DAY)], Delivery.OVERDUE_DAY),
        ([canary(S.LOST, 60)], Delivery.OVERDUE),
        ([canary(S.LOST, DAY)], Delivery.OVERDUE_DAY),
        ([canary(watched=False)], Delivery.UNREAD),
        ([canary(age=121, watched=False)], Delivery.UNREAD_OVERDUE),
        ([canary(age=5 * HOUR, watched=False)], Delivery.UNREAD_HOUR),
        ([canary(S.SEEN)], Delivery.ARRIVED),
        ([canary(S.REMOVED, folder=Folder.JUNK)], Delivery.JUNKED),
        ([canary(S.JUNKED)], Delivery.JUNKED),
        ([canary(S.LEFT, folder=Folder.OTHER)], Delivery.ELSEWHERE),
        ([canary(S.LATE)], Delivery.LATE),
        ([canary(S.REMOVED, folder=IN_INBOX, took=500.0)], Delivery.LATE),
        ([canary(), arrived()], Delivery.ARRIVED),
        ([canary(), arrived(Folder.JUNK)], Delivery.JUNKED),
        ([canary(), arrived(took=130.0)], Delivery.LATE),
        ([canary(S.UNCERTAIN, sent_at=None), arrived()], Delivery.ARRIVED),
        ([canary(S.BOUNCED)], Delivery.RETURNED),
        ([canary(S.REFUSED)], Delivery.REFUSED),
        ([canary(S.SEEN, 30 * DAY), canary(age=5)], Delivery.UNDER_WAY),
    ],
)
def test_where_it_stands(facts: list[Fact], expected: Delivery) -> None:
    assert delivery(*facts) is expected


def test_no_leg_no_question() -> None:
    assert seen().delivery.value is Delivery.UNASKED
    assert look().delivery.value is Delivery.UNSENT
    with_leg = replace(ACCOUNT, probes=("mx", "canary"))
    assert seen(account=with_leg).delivery.value is Delivery.UNSENT


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        (Withheld.NOT_POLITE_YET, Delivery.HELD),
        (Withheld.ONE_ALIVE, Delivery.HELD),
        (Withheld.NO_SENDER, Delivery.UNSENT),
        (Withheld.NO_CONSENT, Delivery.UNSENT),
        (Withheld.NEARLY_FULL, Delivery.UNSENT),
    ],
)
def test_why_none_was_sent(why: Withheld, expected: Delivery) -> None:
    assert delivery(NotAsked(at=101, stage=Stage.MAIL, why=why)) is expected


@pytest.mark.parametrize(
    ("why", "expected"), [(Withheld.NOT_POLITE_YET, Delivery.DEFERRED), (Withheld.NEARLY_FULL, Delivery.UNSENT)]
)
def test_planned_and_not_sent(why: Withheld, expected: Delivery) -> None:
    assert delivery(canary(S.PLANNED, sent_at=None), NotAsked(at=101, stage=Stage.MAIL, why=why)) is expected


def test_an_old_arrival_proves_nothing_now() -> None:
    waits = NotAsked(at=101, stage=Stage.MAIL, why=Withheld.NOT_POLITE_YET)
    own, foreign = replace(CARRIER, limits=OWN_LIMITS), replace(CARRIER, limits=FOREIGN_LIMITS)
    assert delivery(canary(S.SEEN, HOUR - 60), waits, carrier=own) is Delivery.ARRIVED
    assert delivery(canary(S.SEEN, HOUR + 60), waits, carrier=own) is Delivery.HELD
    assert delivery(canary(S.SEEN, 5 * HOUR), waits, carrier=foreign) is Delivery.ARRIVED


@pytest.mark.parametrize(
    ("sent_ago", "found_ago", "expected"),
    [
        (200, 100, Delivery.ARRIVED),
        (200, 10, Delivery.LATE),  # it may have come at once, but nobody looked: in time is only what is shown to be
        (DAY, 60, Delivery.LATE),  # what has just been found is no old arrival
        (DAY, HOUR + 60, Delivery.UNASKED),
    ],
)
@pytest.mark.parametrize("answered", [True, False])
def test_found_by_a_later_look(sent_ago: float, found_ago: float, expected: Delivery, answered: bool) -> None:
    """Nobody saw both ends of its way; it was taken out again, whatever it was before: late, lost or uncertain."""
    sent_at = NOW - sent_ago if answered else None
    mine = canary(S.REMOVED, sent_ago, folder=IN_INBOX, sent_at=sent_at, found_at=NOW - found_ago)
    assert delivery(mine, carrier=replace(CARRIER, limits=OWN_LIMITS)) is expected


def test_found_by_a_later_look_where_lives_own_is_slow() -> None:
    mine = canary(S.REMOVED, 200, folder=IN_INBOX, found_at=NOW - 10)
    assert delivery(mine, live(took=60.0)) is Delivery.ARRIVED


def test_what_was_left_behind_by_an_earlier_check_is_no_gap_for_ever() -> None:
    """Where no test mail is due, an old one neither proves anything nor stands in the way of what is proven now."""
    with_leg = replace(ACCOUNT, probes=("mx", "canary"))
    for old in (canary(S.REMOVED, 3 * DAY), canary(S.REFUSED, 3 * DAY), canary(S.LOST, 3 * DAY, watched=False)):
        assert delivery(old) is Delivery.UNASKED
        assert delivery(old, account=with_leg) is Delivery.UNSENT
    assert delivery(canary(S.LOST, 3 * DAY)) is Delivery.OVERDUE_DAY
    assert delivery(canary(S.LOST, 9 * DAY)) is Delivery.UNASKED


def test_a_number_may_be_read_out_days_later() -> None:
    old = canary(age=3 * DAY, watched=False)
    assert delivery(old) is Delivery.UNASKED
    assert delivery(old, told=said(Place.INBOX)) is Delivery.UNREAD_HOUR


def test_what_came_back_counts_for_a_day() -> None:
    sent = canary(S.BOUNCED, 4 * DAY)
    assert delivery(sent, returned(**{**UNKNOWN, "returned_at": NOW - HOUR})) is Delivery.UNKNOWN_USER
    assert delivery(sent, returned(**{**UNKNOWN, "returned_at": NOW - 2 * DAY})) is Delivery.UNASKED


def test_absence_counts_up_to_the_last_look_only() -> None:
    """A day later, nobody having looked since, it is not a day overdue."""
    assert delivery(canary(age=5), now=NOW + DAY) is Delivery.UNDER_WAY


def test_five_times_what_lives_own_took() -> None:
    slow = live(took=60.0)
    assert delivery(canary(age=290), slow) is Delivery.UNDER_WAY
    assert delivery(canary(age=310), slow) is Delivery.OVERDUE
    assert delivery(canary(), arrived(took=250.0), slow) is Delivery.ARRIVED


# ---- refused on the way ----------------------------------------------------------------------------------------------

MAIL, RCPT, DATA = Stage.MAIL, Stage.RCPT, Stage.DATA
SPAM = "554 5.7.1 Message considered spam"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (end("550 5.1.1 <{}>: User unknown"), Delivery.UNKNOWN_USER),
        (end("550 5.1.1 <{}>: User unknown", RCPT), Delivery.REFUSED),
        (end("554 5.5.1 no valid recipients", DATA), Delivery.REFUSED),
        (end("550 5.2.0 recipient refuses to receive this mail"), Delivery.FILTERED),
        (end("552 5.2.2 mailbox full"), Delivery.FULL),
        (end("550 5.2.1 mailbox is disabled"), Delivery.DISABLED),
        (end("551 5.1.6 user has moved"), Delivery.MOVED),
        (end("550 5.7.1 Client host [198.51.100.9] blocked using zen.example"), Delivery.OURS),
        (end("550 5.7.26 fails SPF"), Delivery.OURS),
        (end(SPAM), Delivery.OURS),
        (end("552 5.3.4 message too big"), Delivery.OURS),
        (end("553 5.1.8 sender address rejected", MAIL), Delivery.OURS),
        (end("550 5.7.1 rejected by policy"), Delivery.REFUSED),
        (end("554 5.3.0 internal error"), Delivery.REFUSED),
        (end("451 4.7.1 Greylisted, come back later", RCPT), Delivery.DEFERRED),
        (end("452 4.3.1 insufficient system storage"), Delivery.DEFERRED),
    ],
)
def test_refused_on_the_way(reply: Replied, expected: Delivery) -> None:
    assert delivery(canary(S.REFUSED if reply.code >= 500 else S.PLANNED, sent_at=None), reply) is expected


def test_the_refusal_of_a_mail_is_its_own() -> None:
    refused = end("550 5.2.0 recipient refuses to receive this mail")
    next_session = replace(end("220 mx1 ESMTP", Stage.GREETING), at=102.5)
    assert delivery(refused, next_session, canary(S.REFUSED)) is Delivery.FILTERED
    assert delivery(end("554 5.7.1 your IP is on our block list", Stage.GREETING), canary(S.REFUSED)) is Delivery.OURS
    assert delivery(end("550 5.5.1 EHLO unknown", Stage.EHLO), end("250 ok", MAIL), canary(S.PLANNED)) is Delivery.DEFERRED


def test_put_off_first_then_taken_and_seen() -> None:
    later, then = end("451 4.7.1 Greylisted, come back later", RCPT), replace(end("250 2.0.0 queued"), at=102.0)
    picture = look(later, then, canary(), arrived())
    assert picture.delivery.value is Delivery.ARRIVED
    assert picture.put_off_first.value is Answer.YES
    assert look(end("451 4.3.0 try again later", RCPT), then, canary()).put_off_first.value is Answer.NO


@pytest.mark.parametrize("name", ["docomo", "au"])
def test_a_filter_that_says_unknown_after_data(name: str) -> None:
    carrier = replace(presets()[name], mx=CARRIER.mx)
    assert delivery(canary(S.REFUSED), end("550 Unknown user : User unknown"), carrier=carrier) is Delivery.FILTERED
    back: dict[str, Any] = {"code": 550, "text": "Unknown user : User unknown"}
    for stage in (Stage.END_OF_DATA, Stage.AFTER_ACCEPTANCE):
        assert delivery(canary(), returned(stage=stage, **back), carrier=carrier) is Delivery.FILTERED


# ---- what came back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (returned(**UNKNOWN), Delivery.UNKNOWN_USER),
        (returned(**{**UNKNOWN, "recipient": ""}), Delivery.UNKNOWN_USER),
        (returned(**{**UNKNOWN, "recipient": "U000002@MAIL.test"}), Delivery.UNKNOWN_USER),
        (returned(**{**UNKNOWN, "recipient": "u000002@store1.mail.test"}), Delivery.UNKNOWN_USER),
        (returned(**{**UNKNOWN, "recipient": "u000002@store.internal"}), Delivery.RETURNED),
        (returned(**{**UNKNOWN, "recipient": "hanako@mail.test"}), Delivery.RETURNED_ELSEWHERE),
        (returned(**{**UNKNOWN, "recipient": "taro@far.test"}), Delivery.RETURNED_ELSEWHERE),
        (returned(ReturnKind.FORWARDED, **{**UNKNOWN, "recipient": "u000002@store1.mail.test"}), Delivery.UNKNOWN_USER),
        (returned(ReturnKind.FORWARDED, **{**UNKNOWN, "recipient": "taro@far.test"}), Delivery.RETURNED_ELSEWHERE),
        (returned(**{**UNKNOWN, "code": 450, "enhanced": "4.1.1"}), Delivery.RETURNED),
        (returned(code=550, enhanced="5.2.0", text="recipient refuses to receive this mail"), Delivery.FILTERED),
        (returned(code=552, enhanced="5.2.2", text="mailbox full"), Delivery.FULL),
        (returned(code=550, enhanced="5.2.1", text="account is disabled"), Delivery.DISABLED),
        (returned(code=550, enhanced="5.7.1", text="blocked using zen.example"), Delivery.OURS),
        (returned(code=554, enhanced="5.6.0", text="message content rejected"), Delivery.OURS),
        (returned(code=0, enhanced="4.4.7", text="delivery time expired"), Delivery.RETURNED),
        (returned(code=0, text="something went wrong"), Delivery.RETURNED),
        (returned(ReturnKind.DELAYED), Delivery.UNDER_WAY),
        (returned(ReturnKind.DELIVERED), Delivery.OVERDUE_HOUR),
        (returned(ReturnKind.AUTO_REPLY), Delivery.AUTO_REPLIED),
        (returned(ReturnKind.FORWARDED, recipient="taro@far.test"), Delivery.FORWARDED),
        (returned(ReturnKind.FORWARDED), Delivery.OVERDUE_HOUR),
        (returned(ReturnKind.FORWARDED, recipient=T), Delivery.OVERDUE_HOUR),  # relayed to T's own server: an acceptance
        (returned(**{**UNKNOWN, "canary": "an older one"}), Delivery.OVERDUE_HOUR),
        (returned(**{**UNKNOWN, "canary": ""}), Delivery.RETURNED),  # tied to the mailbox alone: resolves none
        (returned(**{**UNKNOWN, "canary": "", "returned_at": NOW - DAY}), Delivery.OVERDUE_HOUR),
        (returned(of=Of.LIVE, **UNKNOWN), Delivery.OVERDUE_HOUR),
    ],
)
def test_what_came_back(fact: Returned, expected: Delivery) -> None:
    assert delivery(canary(age=HOUR), fact) is expected


def test_several_that_came_back() -> None:
    elsewhere = returned(**{**UNKNOWN, "recipient": "taro@far.test"})
    full = returned(code=552, enhanced="5.2.2", text="mailbox full")
    assert delivery(canary(), elsewhere, returned(**UNKNOWN)) is Delivery.UNKNOWN_USER
    assert delivery(canary(), full, returned(**UNKNOWN)) is Delivery.RETURNED
    assert delivery(canary(), full, full) is Delivery.FULL


@pytest.mark.parametrize("state", [S.SEEN, S.REMOVED, S.LATE])
def test_what_arrived_and_came_back_is_a_contradiction(state: CanaryState) -> None:
    assert delivery(canary(state), returned(**UNKNOWN)) is Delivery.CONFLICT
    assert delivery(canary(S.BOUNCED), returned(**UNKNOWN), arrived()) is Delivery.CONFLICT


def test_a_copy_that_was_passed_on_and_came_back_is_none() -> None:
    picture = look(canary(S.SEEN), returned(**{**UNKNOWN, "recipient": "taro@far.test"}))
    assert (picture.delivery.value, picture.forwards.value) == (Delivery.ARRIVED, Answer.YES)


def test_an_automatic_reply_beside_the_arrival() -> None:
    assert delivery(canary(), arrived(), returned(ReturnKind.AUTO_REPLY)) is Delivery.AUTO_REPLIED
    assert delivery(canary(), arrived(Folder.JUNK), returned(ReturnKind.AUTO_REPLY)) is Delivery.JUNKED


def test_a_late_bounce_and_a_late_arrival_revise() -> None:
    assert delivery(canary(S.LOST, DAY)) is Delivery.OVERDUE_DAY
    assert delivery(canary(S.BOUNCED, 3 * DAY), returned(**UNKNOWN)) is Delivery.UNKNOWN_USER
    assert delivery(canary(S.LATE, HOUR, took=HOUR - 1)) is Delivery.LATE


# ---- L's, the customer's word, and the rest --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], ControlDelivery.UNSENT),
        ([live()], ControlDelivery.ARRIVED),
        ([live(S.JUNKED)], ControlDelivery.JUNKED),
        ([live(S.ACCEPTED)], ControlDelivery.UNDER_WAY),
        ([live(S.ACCEPTED, 121)], ControlDelivery.OVERDUE),
        ([live(S.LOST, DAY)], ControlDelivery.UNSENT),  # too long before T's
        ([live(S.ACCEPTED, DAY, watched=False), canary(age=DAY)], ControlDelivery.TAKEN),
        ([live(S.LOST, DAY), canary(age=DAY)], ControlDelivery.OVERDUE),
        ([live(S.UNCERTAIN, sent_at=None)], ControlDelivery.UNDER_WAY),
        ([live(S.LOST, sent_at=None)], ControlDelivery.UNSENT),
        ([live(S.REFUSED, sent_at=None), end(SPAM, of=Of.LIVE)], ControlDelivery.RETURNED),
        ([live(S.PLANNED, sent_at=None), end("451 4.7.1 later", RCPT, Of.LIVE)], ControlDelivery.UNDER_WAY),
        ([live(S.ACCEPTED), returned(of=Of.LIVE, recipient=str(LIVE))], ControlDelivery.RETURNED),
        ([live(S.BOUNCED)], ControlDelivery.RETURNED),
        ([live(age=HOUR + 60)], ControlDelivery.UNSENT),
    ],
)
def test_the_control_beside_it(facts: list[Fact], expected: ControlDelivery) -> None:
    assert look(canary(), *facts).control_delivery.value is expected


def said(place: Place | None, number: int | None = ITS_NUMBER) -> Observations:
    return Observations(canaries=(CanarySeen(place, number),))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Observations(), ReadBack.UNTOLD),
        (said(Place.INBOX), ReadBack.INBOX),
        (said(Place.HANDSET), ReadBack.HANDSET),
        (said(Place.WEBMAIL), ReadBack.WEBMAIL),
        (said(Place.JUNK), ReadBack.JUNK),
        (said(None), ReadBack.NOT_SEEN),
        (said(Place.INBOX, 4812), ReadBack.UNPROVEN),
        (said(None, 4812), ReadBack.UNPROVEN),
        (said(Place.INBOX, None), ReadBack.UNPROVEN),
        (said(Place.JUNK, None), ReadBack.JUNK),
        (said(None, None), ReadBack.NOT_SEEN),
        (Observations(canaries=(CanarySeen(None, ITS_NUMBER), CanarySeen(Place.WEBMAIL, ITS_NUMBER))), ReadBack.WEBMAIL),
    ],
)
def test_what_the_customer_says(told: Observations, expected: ReadBack) -> None:
    answer = look(canary(watched=False), told=told).read_back
    assert (answer.value, answer.source) == (expected, Source.TOLD)


def test_what_is_told_of_a_mail_that_was_never_sent() -> None:
    assert look(told=said(Place.INBOX)).read_back.value is ReadBack.UNPROVEN


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Removal.REMOVED, CleanUp.DONE),
        (Removal.GONE, CleanUp.DONE),
        (Removal.NO_UIDPLUS, CleanUp.LIMITED),
        (Removal.REFUSED, CleanUp.LIMITED),
        (Removal.CHANGED, CleanUp.RECREATED),
    ],
)
def test_what_became_of_it_in_the_mailbox(outcome: Removal, expected: CleanUp) -> None:
    mine = CleanedUp(at=105, canary="c-target", outcome=outcome)
    assert look(canary(S.SEEN), mine).clean_up.value is expected
    assert look(canary(S.SEEN), replace(mine, canary="another")).clean_up.value is CleanUp.UNASKED


def test_a_second_reading() -> None:
    assert seen(history=History(undelivered_since=NOW - 601)).undelivered_before.value is Answer.YES
    assert seen(history=History(undelivered_since=NOW - 10)).undelivered_before.value is Answer.NO
    assert seen().undelivered_before.value is Answer.NO


def test_the_dialogue_of_the_test_mail_is_no_answer_at_the_door() -> None:
    """The mx leg alone tells of acceptance: beside the test mail nobody asks for D."""
    picture = look(replied(OK), end("250 2.0.0 queued"), canary())
    assert picture.acceptance.value is Acceptance.UNASKED
