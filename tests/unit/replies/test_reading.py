"""Replies of known software, and the guards against the false claim that a mailbox is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.carriers import Carrier, Relation, ReplyRule
from mailprobe.evidence import Stage
from mailprobe.replies import LASTING, SPEAKS, ReplyClass, SpeaksOf, Us, read

BEFORE_RCPT = (Stage.LOOKUP, Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH, Stage.MAIL)
RCPT, END, LATER, MAIL = Stage.RCPT, Stage.END_OF_DATA, Stage.AFTER_ACCEPTANCE, Stage.MAIL


@pytest.mark.parametrize(
    ("stage", "code", "text", "cls"),
    [
        # Postfix, Dovecot, Exim, Sendmail, qmail
        (RCPT, 550, "5.1.1 <a@b.test>: Recipient address rejected: User unknown in virtual mailbox table", "unknown_user"),
        (
            RCPT,
            450,
            "4.1.1 <a@b.test>: Recipient address rejected: unverified address: connect timed out",
            "temporarily_unavailable",
        ),
        (RCPT, 451, "4.3.0 <a@b.test>: Temporary lookup failure", "temporarily_unavailable"),
        (RCPT, 554, "5.7.1 <a@b.test>: Relay access denied", "relay_denied"),
        (
            RCPT,
            554,
            "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            "blocked_sender_reputation",
        ),
        (RCPT, 450, "4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", "blocked_sender_reputation"),
        (MAIL, 450, "4.1.8 <x@y.test>: Sender address rejected: Domain not found", "sender_rejected"),
        (MAIL, 530, "5.7.0 Must issue a STARTTLS command first", "tls_required"),
        (MAIL, 550, "5.7.1 Access denied", "blocked_sender_reputation"),  # nobody else is known by then
        (RCPT, 550, "5.7.1 Access denied", "policy_rejected"),
        (RCPT, 524, "5.2.4 Mailing list expansion problem: <a@b.test>", "unclassified"),
        (RCPT, 424, "4.2.4 Mailing list expansion problem: <a@b.test>", "temporarily_unavailable"),
        (RCPT, 421, "4.7.0 Error: too many errors", "rate_limited"),
        (RCPT, 450, "4.2.0 <a@b.test>: Recipient address rejected: Greylisted, see http://postgrey.test/", "greylisted"),
        (RCPT, 451, "4.7.1 Please wait", "greylisted"),
        (RCPT, 452, "4.3.1 Insufficient system storage", "server_error"),
        (RCPT, 550, "5.1.1 <a@b.test> User doesn't exist: a@b.test", "unknown_user"),
        (END, 552, "5.2.2 <a@b.test> Quota exceeded (mailbox for user is full)", "mailbox_full"),
        (END, 451, "4.3.0 <a@b.test> Temporary internal error", "temporarily_unavailable"),
        (RCPT, 550, "Unrouteable address", "domain_not_found"),
        (RCPT, 550, "Sender verify failed", "sender_rejected"),
        (RCPT, 550, "5.7.1 a@b.test... Relaying denied. IP name lookup failed [192.0.2.1]", "blocked_sender_reputation"),
        (RCPT, 550, "sorry, no mailbox here by that name (#5.1.1)", "unknown_user"),
        (RCPT, 552, "user over quota (#5.1.1)", "mailbox_full"),
        (RCPT, 553, "sorry, this recipient is in my badrecipientto list (#5.7.1)", "unknown_user"),
        (RCPT, 550, "#5.1.0 Address rejected.", "unknown_user"),
        # Exchange, Outlook, Gmail, Yahoo, Apple: recognised by their own words
        (RCPT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "unknown_user"),
        (RCPT, 550, "5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]", "unknown_user"),
        (RCPT, 556, "5.1.10 Recipient address has null MX", "domain_refuses_mail"),
        (MAIL, 550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", "blocked_sender_reputation"),
        (RCPT, 550, "5.2.1 The email account that you tried to reach is disabled. x - gsmtp", "mailbox_disabled"),
        (RCPT, 450, "4.2.1 The user you are trying to contact is receiving mail at a rate that x - gsmtp", "recipient_rate"),
        (END, 421, "4.7.28 Gmail has detected an unusual rate of unsolicited mail. x - gsmtp", "rate_limited"),
        (END, 554, "delivery error: dd This user doesn't have a yahoo.com account", "unknown_user"),
        # Carriers of Japan without their MX known
        (RCPT, 550, "Invalid recipient: <a@b.test>", "unknown_user"),
        (LATER, 0, "As their mailbox is full.", "mailbox_full"),
        (LATER, 0, "The number of messages in recipient's mailbox exceeded the local limit.", "mailbox_full"),
        (LATER, 0, "宛先のメールボックスがいっぱいです", "mailbox_full"),
        # Nothing told
        (RCPT, 550, "", "unclassified"),
        (RCPT, 550, "Requested action not taken", "unclassified"),
        (RCPT, 421, "", "temporarily_unavailable"),
        (Stage.GREETING, 554, "no", "blocked_sender_reputation"),
        (MAIL, 550, "no", "sender_rejected"),
        (MAIL, 552, "Message size exceeds fixed maximum message size: 1048576 bytes", "message_too_big"),
        (RCPT, 500, "", "protocol_error"),
    ],
)
def test_a_text_means(stage: Stage, code: int, text: str, cls: str) -> None:
    meaning = read(stage=stage, code=code, text=text)
    assert meaning.cls == cls, meaning.rule
    assert meaning.speaks_of is SPEAKS[meaning.cls]


@pytest.mark.parametrize(
    ("host", "code", "enhanced", "cls"),
    [
        ("gmail-smtp-in.l.google.com", 450, "4.2.1", "recipient_rate"),
        ("mx.example.test", 450, "4.2.1", "mailbox_disabled"),
        ("gmail-smtp-in.l.google.com", 550, "5.7.27", "auth_policy"),
        ("mx.example.test", 550, "5.7.27", "sender_rejected"),
        ("gmail-smtp-in.l.google.com", 550, "5.7.30", "auth_policy"),
        ("mx.example.test", 550, "5.7.30", "tls_required"),
        ("x.mail.protection.outlook.com", 550, "5.7.64", "relay_denied"),
    ],
)
def test_providers_contradict_the_registry(host: str, code: int, enhanced: str, cls: str) -> None:
    assert read(stage=RCPT, code=code, enhanced=enhanced, host=host).cls == cls


def test_one_text_two_meanings_by_phase_at_a_shipped_carrier() -> None:
    host = "mfsmax.docomo.ne.jp"
    assert read(stage=RCPT, code=550, text="Unknown user x", host=host).cls is ReplyClass.UNKNOWN_USER
    assert read(stage=END, code=550, text="Unknown user x", host=host).cls is ReplyClass.RECIPIENT_FILTER


def test_a_given_carrier_comes_first() -> None:
    rule = ReplyRule(contains="user unknown", means="recipient_filter", phases=("rcpt",), codes=("550",))
    carrier = Carrier(name="own", title="", relation=Relation.OWN, domains=("own.test",), replies=(rule,))
    told = read(stage=RCPT, code=550, text="User unknown", carrier=carrier)
    assert (told.cls, told.rule) == (ReplyClass.RECIPIENT_FILTER, "own: user unknown")


@pytest.mark.parametrize("word", ["blocked", "spam", "spf", "listed", "unknown.user", "no-such-user", "mailbox+full"])
def test_an_address_in_the_text_is_no_reason(word: str) -> None:
    told = read(stage=RCPT, code=550, text=f"rejected <{word}@{word}.test>")
    assert told.cls is ReplyClass.UNCLASSIFIED
    alone = read(stage=RCPT, code=550, text=f"no {word} thanks", address=f"{word}@x.test")
    assert alone.cls is ReplyClass.UNCLASSIFIED


@pytest.mark.parametrize(
    ("text", "domain", "cls"),
    [
        ("no thanks, 192.0.2.7", "t.test", "blocked_sender_reputation"),
        ("User unknown (192.0.2.7)", "t.test", "blocked_sender_reputation"),
        ("User unknown (192.0.2.77)", "t.test", "unknown_user"),
        ("<probe@probe.example.net> User unknown", "t.test", "sender_rejected"),
        ("<x@example.net> User unknown", "example.net", "unknown_user"),
        ("probe.example.net.jp: User unknown", "t.test", "unknown_user"),
    ],
)
def test_our_own_words_speak_of_us(text: str, domain: str, cls: str) -> None:
    us = Us(("192.0.2.7", "probe.example.net", "example.net"))
    assert read(stage=RCPT, code=550, text=text, domain=domain, us=us).cls == cls


@pytest.mark.parametrize(
    ("code", "text", "cls"),
    [
        (451, "192.0.2.7 is not yet authorized to deliver mail from <probe@probe.example.net>. Please try later.", "greylisted"),
        (450, "4.7.1 <probe@probe.example.net>: Greylisted, see http://postgrey.test/", "greylisted"),
        (421, "4.7.0 mx.t.test Error: too many connections from 192.0.2.7", "rate_limited"),
        (450, "4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]", "blocked_sender_reputation"),
        (451, "4.7.1 [192.0.2.7] try later", "blocked_sender_reputation"),
        (550, "192.0.2.7 is not yet authorized to deliver mail", "blocked_sender_reputation"),
    ],
)
def test_what_passes_is_told_from_a_block_although_it_names_us(code: int, text: str, cls: str) -> None:
    us = Us(("192.0.2.7", "probe.example.net"))
    assert read(stage=RCPT, code=code, text=text, domain="t.test", us=us).cls == cls


@pytest.mark.parametrize(("code", "enhanced"), [(550, "4.1.1"), (450, "5.1.1"), (450, "")])
def test_contradicting_codes_are_not_lasting(code: int, enhanced: str) -> None:
    told = read(stage=RCPT, code=code, enhanced=enhanced, text="User unknown")
    assert (told.cls, told.hard) == (ReplyClass.UNKNOWN_USER, False)


def test_unknown_is_lasting_full_and_disabled_are_not() -> None:
    assert read(stage=RCPT, code=550, enhanced="5.1.1").hard
    assert not read(stage=RCPT, code=552, enhanced="5.2.2").hard
    assert not read(stage=RCPT, code=550, enhanced="5.2.1").hard


@pytest.mark.parametrize("code", [250, 251, 252])
def test_accepted(code: int) -> None:
    assert read(stage=RCPT, code=code, text="User unknown").speaks_of is SpeaksOf.RECIPIENT
    assert read(stage=MAIL, code=code).speaks_of is SpeaksOf.NONE
    assert read(stage=LATER, code=0, enhanced="2.0.0").cls is ReplyClass.DELIVERED


PHRASES = [
    "user unknown",
    "mailbox full",
    "5.1.1",
    "account disabled",
    "has moved",
    "refuses to receive",
    "no such user",
    "a@b.c",
]
texts = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PHRASES), max_size=4).map(" ".join))
enhanceds = st.one_of(st.just(""), st.from_regex(r"[245]\.\d{1,3}\.\d{1,3}", fullmatch=True))
hosts = st.sampled_from(["", "mx.softbank.jp", "aspmx.l.google.com", "lsean.ezweb.ne.jp", "x.mail.protection.outlook.com"])


@given(st.sampled_from(list(Stage)), st.integers(0, 999), enhanceds, texts, hosts)
def test_any_reply_has_a_meaning(stage: Stage, code: int, enhanced: str, text: str, host: str) -> None:
    told = read(stage=stage, code=code, enhanced=enhanced, text=text, host=host)
    assert not told.hard or told.cls in LASTING
    assert told.rule or told.cls is ReplyClass.UNCLASSIFIED


@given(st.sampled_from(BEFORE_RCPT), st.integers(0, 999), enhanceds, texts, hosts)
def test_nothing_before_rcpt_speaks_of_a_recipient(stage: Stage, code: int, enhanced: str, text: str, host: str) -> None:
    told = read(stage=stage, code=code, enhanced=enhanced, text=text, host=host)
    assert told.speaks_of is not SpeaksOf.RECIPIENT
    assert told.cls is not ReplyClass.RECIPIENT_FILTER


@given(st.sampled_from(PHRASES), st.sampled_from([RCPT, END, LATER]), st.sampled_from([450, 550, 552]))
def test_case_does_not_matter(text: str, stage: Stage, code: int) -> None:
    lower, upper = (read(stage=stage, code=code, text=said) for said in (text.lower(), text.upper()))
    assert lower == upper


@given(st.from_regex(r"[a-z0-9._+-]{1,30}", fullmatch=True), st.from_regex(r"[a-z]{1,12}\.(test|example)", fullmatch=True))
def test_no_address_changes_a_meaning(local: str, domain: str) -> None:
    plain = read(stage=RCPT, code=550, text="<x@t.test>: Recipient gone fishing")
    assert read(stage=RCPT, code=550, text=f"<{local}@{domain}>: Recipient gone fishing") == plain
