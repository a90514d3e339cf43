"""Facts -> answers, by table. What the servers say here are the words of real ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.carriers import Carrier, Relation, ReplyRule
from mailprobe.config import Contract
from mailprobe.evidence import (
    Breakage,
    Broken,
    Fact,
    LookedUp,
    Lookup,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Purpose,
    Replied,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)
from mailprobe.replies import ReplyClass, SpeaksOf, Us
from mailprobe.verdict.observed import Bounced, Observations
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    BounceSays,
    Breadth,
    ContractState,
    Deferred,
    Domain,
    History,
    LiveAtMx,
    OldAddress,
    PasswordChange,
    Picture,
    Prober,
    Source,
)
from mailprobe.verdict.take import Words, read_words, said_of_control
from tests.unit.verdict.facts import (
    ACCOUNT,
    BLOCKED,
    CARRIER,
    LATER,
    LOOKUP,
    NO_USER,
    NOW,
    OK,
    OPEN,
    REFUSED,
    TWO_MX,
    T,
    evidence,
    login,
    look,
    replied,
    seen,
    three,
)

Three = tuple[str, str | None, str | None]
EXPANDS = "{}.2.4 Mailing list expansion problem: <{{}}>"
TABLE = [
    (NO_USER, OK, NO_USER, Acceptance.AS_NEVER_EXISTED),
    ("550 Invalid recipient: <{}>", OK, "550 Invalid recipient: <{}>", Acceptance.AS_NEVER_EXISTED),
    ("550 {} is not taken here", OK, "550 {} is not taken here", Acceptance.AS_NEVER_EXISTED),
    (EXPANDS.format("524 5"), OK, EXPANDS.format("524 5"), Acceptance.AS_NEVER_EXISTED),  # OpenSMTPD, of whom it does not know
    (EXPANDS.format("424 4"), EXPANDS.format("424 4"), EXPANDS.format("424 4"), Acceptance.DIRECTORY_DOWN),  # its table is gone
    ("550 5.2.1 The mailbox is disabled", OK, NO_USER, Acceptance.DISABLED),
    ("550 5.2.1 The mailbox is disabled", OK, OK, Acceptance.DISABLED),
    ("550 5.2.1 The mailbox is disabled", OK, None, Acceptance.REFUSED_UNCHECKED),
    ("552 5.2.2 Quota exceeded (mailbox for user is full)", OK, NO_USER, Acceptance.FULL),
    ("452 4.2.2 Mailbox full", OK, NO_USER, Acceptance.FULL),
    (NO_USER, OK, OK, Acceptance.BLOCKED_ALONE),
    (NO_USER, OK, None, Acceptance.REFUSED_UNCHECKED),
    (NO_USER, None, NO_USER, Acceptance.REFUSED_UNCHECKED),
    (NO_USER, LATER, NO_USER, Acceptance.REFUSED_UNCHECKED),
    (NO_USER, OK, LATER, Acceptance.REFUSED_UNCHECKED),
    (NO_USER, OK, BLOCKED, Acceptance.REFUSED_UNCHECKED),
    (NO_USER, OK, "550 5.1.1 gone", Acceptance.REFUSED_OTHERWISE),
    (NO_USER, NO_USER, NO_USER, Acceptance.REFUSED_ALL),
    (BLOCKED, OK, BLOCKED, Acceptance.REFUSED_OTHERWISE),
    ("550 5.7.1 Rejected by policy", OK, "550 5.7.1 Rejected by policy", Acceptance.REFUSED_OTHERWISE),
    ("554 5.7.1 <{}>: Relay access denied",) * 3 + (Acceptance.RELAY_DENIED,),
    (OK, OK, NO_USER, Acceptance.ACCEPTED),
    (OK, NO_USER, NO_USER, Acceptance.ACCEPTED),
    (OK, OK, OK, Acceptance.ACCEPTED_ALL),
    (OK, OK, None, Acceptance.ACCEPTED_UNCHECKED),
    (OK, OK, BLOCKED, Acceptance.ACCEPTED_UNCHECKED),
    (LATER, OK, NO_USER, Acceptance.GREYLISTED),
    (LATER, LATER, LATER, Acceptance.GREYLISTED),
    ("450 4.2.0 <{}>: not now", OK, NO_USER, Acceptance.DEFERRED_ALONE),
    ("450 4.2.0 <{}>: not now", None, NO_USER, Acceptance.DEFERRED),
    (LOOKUP, LOOKUP, LOOKUP, Acceptance.DIRECTORY_DOWN),
    (LOOKUP, LOOKUP, None, Acceptance.DIRECTORY_DOWN),
    (LOOKUP, LOOKUP, NO_USER, Acceptance.DEFERRED),
    (LOOKUP, None, LOOKUP, Acceptance.DEFERRED),
    (LOOKUP, OK, NO_USER, Acceptance.DEFERRED_ALONE),
    ("451 Could not complete recipient verify callout",) * 3 + (Acceptance.DIRECTORY_DOWN,),
    ("451 Could not complete recipient verify callout", OK, NO_USER, Acceptance.DEFERRED_ALONE),
    ("451 Could not complete sender verify callout",) * 3 + (Acceptance.DEFERRED,),
    ("450 4.1.1 <{}>: recipient verification in progress",) * 3 + (Acceptance.DEFERRED,),
]


@pytest.mark.parametrize(("target", "live", "dead", "expected"), TABLE)
def test_three_answers_at_one_door(target: str, live: str | None, dead: str | None, expected: Acceptance) -> None:
    one = replace(CARRIER, mx=TWO_MX[:1])
    assert seen(*three(target, live, dead), carrier=one).acceptance.value is expected


GONE: Three = (NO_USER, OK, NO_USER)
TAKEN: Three = (OK, OK, NO_USER)
DOORS: list[tuple[Three, Three, Acceptance, Breadth]] = [
    (GONE, GONE, Acceptance.AS_NEVER_EXISTED, Breadth.ALL),
    (TAKEN, TAKEN, Acceptance.ACCEPTED, Breadth.ALL),
    (GONE, TAKEN, Acceptance.DISAGREE, Breadth.NONE),
    (GONE, (OK, None, NO_USER), Acceptance.UNCLEAR, Breadth.NONE),
    (GONE, (OK, OK, OK), Acceptance.DISAGREE, Breadth.NONE),
    (GONE, (NO_USER, None, None), Acceptance.AS_NEVER_EXISTED, Breadth.ONE),
    (GONE, (LATER, OK, NO_USER), Acceptance.GREYLISTED, Breadth.ONE),
    (GONE, (BLOCKED, BLOCKED, BLOCKED), Acceptance.UNCLEAR, Breadth.NONE),
    (TAKEN, (OK, OK, OK), Acceptance.ACCEPTED, Breadth.ONE),
    (TAKEN, (LATER, LATER, LATER), Acceptance.ACCEPTED, Breadth.ONE),
    (TAKEN, (BLOCKED, BLOCKED, BLOCKED), Acceptance.ACCEPTED, Breadth.ONE),
]


@pytest.mark.parametrize(("first", "second", "expected", "breadth"), DOORS)
def test_two_hosts(first: Three, second: Three, expected: Acceptance, breadth: Breadth) -> None:
    picture = seen(*three(*first, 1), *three(*second, 2))
    assert (picture.acceptance.value, picture.breadth.value) == (expected, breadth)


def test_a_host_out_of_reach_is_passed_over() -> None:
    gone = NotConnected(at=101, server="mx2.mail.test:25", ip="192.0.2.2", why=Unreachable.TIMEOUT)
    picture = seen(*three(*GONE), gone)
    assert (picture.acceptance.value, picture.breadth.value) == (Acceptance.AS_NEVER_EXISTED, Breadth.ONE)
    assert picture.prober.value is Prober.FINE


def test_a_host_that_was_not_heard_may_know_him() -> None:
    assert seen(*three(*GONE)).acceptance.value is Acceptance.UNCLEAR


@pytest.mark.parametrize("why", [Breakage.RESET, Breakage.GARBAGE, Breakage.OUT_OF_TIME])
def test_a_host_whose_dialogue_was_cut_may_know_him(why: Breakage) -> None:
    cut = Broken(at=102, server="mx2.mail.test:25", ip="192.0.2.2", stage=Stage.MAIL, why=why)
    assert seen(*three(*GONE), cut).acceptance.value is Acceptance.UNCLEAR
    gone = NotConnected(at=101, server="mx2.mail.test:25", ip="192.0.2.2", why=Unreachable.TIMEOUT)
    other_address = Broken(at=102, server="mx1.mail.test:25", ip="192.0.2.77", stage=Stage.MAIL, why=why)
    assert seen(*three(*GONE), gone, other_address).acceptance.value is Acceptance.AS_NEVER_EXISTED


def test_every_answer_has_its_instant() -> None:
    picture = seen(*three(*TAKEN, 1), *three(*TAKEN, 2))
    assert (picture.acceptance.at, picture.acceptance.source) == (NOW - 9, Source.MEASURED)


@pytest.mark.parametrize(("age", "expected"), [(3600, Acceptance.AS_NEVER_EXISTED), (90_000, Acceptance.REFUSED_UNCHECKED)])
def test_d_counts_for_a_day(age: float, expected: Acceptance) -> None:
    facts = [replied(NO_USER), replied(OK, Of.LIVE), replied(NO_USER, Of.DEAD, cached_at=NOW - age)]
    assert seen(*facts, carrier=replace(CARRIER, mx=TWO_MX[:1])).acceptance.value is expected


@pytest.mark.parametrize(("age", "expected"), [(500, Acceptance.AS_NEVER_EXISTED), (700, Acceptance.REFUSED_UNCHECKED)])
def test_l_counts_for_ten_minutes(age: float, expected: Acceptance) -> None:
    facts = [replied(NO_USER), replied(OK, Of.LIVE, cached_at=NOW - age), replied(NO_USER, Of.DEAD)]
    assert seen(*facts, carrier=replace(CARRIER, mx=TWO_MX[:1])).acceptance.value is expected


def test_a_remembered_answer_says_so() -> None:
    picture = seen(replied(OK, cached_at=NOW - 50), replied(NO_USER, Of.DEAD), carrier=replace(CARRIER, mx=TWO_MX[:1]))
    assert (picture.acceptance.source, picture.acceptance.at) == (Source.REMEMBERED, NOW - 50)


def early(line: str, stage: Stage) -> Replied:
    return replied(line, stage=stage)


DENIED = "550 5.7.1 <{}>... Access denied"
NO_TLS = NotSecured(at=101, server="mx1.mail.test:25", ip="192.0.2.1", why=TlsFault.HANDSHAKE)
OURS = [
    ([early("554 5.7.1 Your IP 198.51.100.9 is on our block list", Stage.GREETING)], Prober.BLOCKED),
    ([early("550 5.7.1 helo rejected", Stage.EHLO)], Prober.MISCONFIGURED),
    ([early("553 5.1.8 <probe@x>: Sender address rejected: Domain not found", Stage.MAIL)], Prober.MISCONFIGURED),
    ([early("550 5.7.1 Access denied", Stage.MAIL)], Prober.BLOCKED),  # whom else could it mean
    ([early("530 5.7.0 Must issue a STARTTLS command first", Stage.MAIL)], Prober.MISCONFIGURED),
    ([NO_TLS, early("530 5.7.0 Must issue a STARTTLS command first", Stage.MAIL)], Prober.UNKNOWN),
    ([NO_TLS, early("553 5.1.8 <probe@x>: Sender address rejected", Stage.MAIL)], Prober.MISCONFIGURED),
    ([early("421 4.3.2 too busy", Stage.GREETING)], Prober.UNKNOWN),
    ([early("501 5.5.4 EHLO unknown", Stage.EHLO), early("250 helo then", Stage.EHLO), *three(*TAKEN)], Prober.FINE),
    (three(BLOCKED, BLOCKED, BLOCKED), Prober.BLOCKED),
    (three(BLOCKED, OK, BLOCKED), Prober.FINE),
    (three(BLOCKED, None, None), Prober.BLOCKED),
    (three(DENIED, DENIED, DENIED), Prober.BLOCKED),
    (three(DENIED, DENIED, NO_USER), Prober.FINE),
    (three(DENIED, OK, DENIED), Prober.FINE),
    (three(DENIED, None, DENIED), Prober.FINE),
    (three(NO_USER, NO_USER, NO_USER), Prober.FINE),
    ([NotConnected(at=101, server="mx1.mail.test:25", ip="192.0.2.1", why=Unreachable.TIMEOUT)], Prober.PORT_CLOSED),
    ([NotConnected(at=101, server="mx1.mail.test:25", ip="192.0.2.1", why=Unreachable.REFUSED)], Prober.UNKNOWN),
    ([NotConnected(at=101, server="mx1.mail.test:25", ip="2001:db8::1", why=Unreachable.NO_FAMILY)], Prober.UNKNOWN),
]


@pytest.mark.parametrize(("facts", "expected"), OURS)
def test_are_we_fit_to_ask(facts: list[Fact], expected: Prober) -> None:
    assert seen(*facts).prober.value is expected


def test_who_passes_the_mail_on_says_so() -> None:
    """RFC 5321 section 3.4: it is taken, and the mailbox that we open is not where it ends up."""
    passed_on = seen(*three("251 2.1.5 User not local; will forward to <neko@elsewhere.test>", OK, NO_USER))
    assert (passed_on.acceptance.value, passed_on.forwards.value) == (Acceptance.ACCEPTED, Answer.YES)
    assert seen(*three(*TAKEN)).forwards.value is Answer.NO


def test_why_nobody_was_asked() -> None:
    def withheld(why: Withheld) -> Picture:
        return seen(NotAsked(at=101, server="mx1.mail.test:25", stage=Stage.RCPT, why=why))

    assert withheld(Withheld.NOT_POLITE_YET).acceptance.value is Acceptance.HELD
    assert withheld(Withheld.NO_SMTPUTF8).acceptance.value is Acceptance.UNPROBEABLE
    assert seen().acceptance.value is Acceptance.UNASKED
    assert seen().live_at_mx.value is LiveAtMx.UNASKED


# ---- DNS -------------------------------------------------------------------------------------------------------------


def looked(
    outcome: Lookup,
    resolver: str,
    purpose: Purpose = Purpose.MX,
    rrtype: str = "MX",
    values: tuple[str, ...] = (),
    server: str = "mail.test",
) -> Fact:
    return LookedUp(at=101, server=server, purpose=purpose, rrtype=rrtype, outcome=outcome, values=values, resolver=resolver)


def dangling(name: str, *kinds: str, outcome: Lookup = Lookup.NXDOMAIN) -> list[Fact]:
    return [looked(outcome, BOTH[1], Purpose.HOST, kind, server=name) for kind in kinds or ("A", "AAAA")]


BOTH = ("192.0.2.53", "192.0.2.54")
TO_TWO = [looked(Lookup.FOUND, one, values=("10 mx1.mail.test.", "20 MX2.mail.test.")) for one in BOTH]
NAMES = [
    ([looked(Lookup.NXDOMAIN, one) for one in BOTH], Domain.ABSENT),
    ([looked(Lookup.NXDOMAIN, BOTH[0])], Domain.UNSURE),
    ([looked(Lookup.NXDOMAIN, BOTH[0]), looked(Lookup.SERVFAIL, BOTH[1])], Domain.UNSURE),
    ([looked(Lookup.NXDOMAIN, BOTH[0]), looked(Lookup.FOUND, BOTH[1], values=("10 mx1.mail.test.",))], Domain.UNSURE),
    ([looked(Lookup.NULL_MX, one) for one in BOTH], Domain.REFUSES_MAIL),
    ([looked(Lookup.FOUND, one, values=("10 mx1.mail.test.",)) for one in BOTH], Domain.FOUND),
    ([looked(Lookup.TIMEOUT, one) for one in BOTH], Domain.DEAF),
    ([looked(Lookup.SERVFAIL, one) for one in BOTH], Domain.UNSURE),
    ([looked(Lookup.NODATA, one) for one in BOTH], Domain.UNSURE),
    (
        [
            *(looked(Lookup.NODATA, one) for one in BOTH),
            *(looked(Lookup.NODATA, BOTH[0], Purpose.HOST, kind) for kind in ("A", "AAAA")),
        ],
        Domain.NO_SERVERS,
    ),
    ([*(looked(Lookup.NODATA, one) for one in BOTH), looked(Lookup.FOUND, BOTH[0], Purpose.HOST, "A")], Domain.FOUND),
    ([*TO_TWO, *dangling("mx1.mail.test"), *dangling("mx2.mail.test", outcome=Lookup.NODATA)], Domain.NO_SERVERS),
    ([*TO_TWO, *dangling("mx1.mail.test")], Domain.FOUND),  # the other has an address, for all we know
    ([*TO_TWO, *dangling("mx1.mail.test"), *dangling("mx2.mail.test", "AAAA")], Domain.FOUND),
    ([*TO_TWO, *dangling("mx1.mail.test"), *dangling("mx2.mail.test", outcome=Lookup.SERVFAIL)], Domain.FOUND),
    ([TO_TWO[0], *dangling("mx1.mail.test"), *dangling("mx2.mail.test")], Domain.FOUND),  # one resolver alone
    ([], Domain.UNASKED),
]


@pytest.mark.parametrize(("facts", "expected"), NAMES)
def test_what_dns_says(facts: list[Fact], expected: Domain) -> None:
    assert seen(*facts, probe="dns", carrier=replace(CARRIER, mx=())).domain.value is expected


def test_configured_servers_overrule_dns() -> None:
    assert seen(*[looked(Lookup.NXDOMAIN, one) for one in BOTH], probe="dns").domain.value is Domain.CONFIGURED


def test_all_that_the_domain_has_is_read_from_dns() -> None:
    found = looked(Lookup.FOUND, BOTH[0], values=("10 mx1.mail.test.", "20 mx2.mail.test."))
    runs = evidence("dns", found), evidence("mx", *three(*TAKEN, 1), *three(*TAKEN, 2))
    assert look(*runs, carrier=replace(CARRIER, mx=())).breadth.value is Breadth.ALL


@pytest.mark.parametrize(("known", "acceptance"), [(TO_TWO, "as_never_existed"), (TO_TWO[:1], "unclear")])
def test_a_name_without_an_address_takes_no_mail(known: list[Fact], acceptance: str) -> None:
    """It stays in the zone for years; T is no better known there."""
    runs = evidence("dns", *known, *dangling("mx2.mail.test")), evidence("mx", *three(NO_USER, OK, NO_USER, 1))
    assert look(*runs, carrier=replace(CARRIER, mx=())).acceptance.value == acceptance


# ---- told and known --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (NOW + 60, PasswordChange.REFUSED_EARLIER),
        (NOW - 60, PasswordChange.REFUSED_TOO_SOON),
        (NOW - 7200, PasswordChange.REFUSED_LATER),
        (None, PasswordChange.UNTOLD),
    ],
)
def test_the_refusal_against_the_change_of_password(changed: float | None, expected: PasswordChange) -> None:
    told = Observations(mail_password_changed_at=changed)
    assert seen(OPEN, login(*REFUSED), probe="imap", told=told).password_change.value is expected


def test_a_sign_in_that_opens_is_no_refusal() -> None:
    told = Observations(mail_password_changed_at=NOW - 7200)
    assert seen(OPEN, login("OK"), probe="imap", told=told).password_change.value is PasswordChange.REFUSED_EARLIER


def test_what_is_told_overrules_what_is_configured() -> None:
    account = replace(ACCOUNT, contract=Contract.ACTIVE)
    assert seen(account=account).contract.value is ContractState.ACTIVE
    assert seen(account=account).contract.source is Source.CONFIGURED
    told = Observations(contract=ContractState.CLOSED, contract_at=1.0)
    assert seen(account=account, told=told).contract.value is ContractState.CLOSED
    assert seen(account=account, told=told).contract.source is Source.TOLD


def test_old_addresses() -> None:
    assert seen(told=Observations(old_address=T.upper())).old_address.value is OldAddress.THIS_ONE
    assert seen(told=Observations(old_address="x@mail.test")).old_address.value is OldAddress.ANOTHER


def test_history() -> None:
    assert seen(history=History(deferred_since=NOW - 90_000)).deferred.value is Deferred.OVER_A_DAY
    assert seen(history=History(deferred_since=NOW - 3600)).deferred.value is Deferred.NOT_LONG
    assert seen(history=History(accepted_before=True)).accepted_before.value is Answer.YES


@pytest.mark.parametrize(
    ("recipient", "cls", "speaks", "expected"),
    [
        (T, ReplyClass.UNKNOWN_USER, SpeaksOf.RECIPIENT, BounceSays.RECIPIENT_UNKNOWN),
        (T, ReplyClass.RECIPIENT_FILTER, SpeaksOf.AMBIGUOUS, BounceSays.RECIPIENT_FILTER),
        (T, ReplyClass.MAILBOX_FULL, SpeaksOf.RECIPIENT, BounceSays.RECIPIENT_FULL),
        (T, ReplyClass.AUTH_POLICY, SpeaksOf.US, BounceSays.SENDER_AT_FAULT),
        (T, ReplyClass.CONTENT_REJECTED, SpeaksOf.MESSAGE, BounceSays.SENDER_AT_FAULT),
        ("old@mail.test", ReplyClass.UNKNOWN_USER, SpeaksOf.RECIPIENT, BounceSays.OTHER_ADDRESS),
        ("else@example.org", ReplyClass.UNKNOWN_USER, SpeaksOf.RECIPIENT, BounceSays.UNCLEAR),
        ("", ReplyClass.NOT_A_BOUNCE, SpeaksOf.NONE, BounceSays.NONE),
    ],
)
def test_bounces_of_correspondents(recipient: str, cls: ReplyClass, speaks: SpeaksOf, expected: BounceSays) -> None:
    assert seen(bounces=[Bounced(recipient, cls, speaks, hard=True)]).bounce.value is expected


def test_what_is_said_of_a_control_is_read_by_the_rules_of_its_own_carrier() -> None:
    """The same words come with every check; a reload may have changed what they mean, and the target's are never kept."""
    shelved = Carrier("shelved", "Shelved", Relation.OWN, ("d.test",))
    rule = ReplyRule(contains="no such shelf", means="recipient_filter", phases=("rcpt",))
    words = Words(Stage.RCPT, 550, "", "no such shelf, user unknown", "mx.d.test", "d.test", Us())
    for carrier in (shelved, replace(shelved, replies=(rule,)), shelved):
        expected = read_words(words, "nobody@d.test", carrier)
        once, again = (said_of_control(words, "nobody@d.test", carrier) for _ in range(2))
        assert (once, once is again) == (expected, True)  # it was read once
    assert read_words(words, "nobody@d.test", replace(shelved, replies=(rule,))).cls is ReplyClass.RECIPIENT_FILTER
