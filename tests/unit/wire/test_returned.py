"""What came back: its kind, what ties it to the mail that it answers, and that nothing hurts the reader."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.wire.dsn import Failure
from mailprobe.wire.returned import Kind, read_returned
from tests.unit.wire import hostile

BUDGET = 0.25  # seconds of CPU
MEMORY = 32 << 20  # bytes beside the mail itself
STAMP = "k3v9q2m1.qwertyuiopasdfgh22"
SENDER = "b-abcdefghijklmnopqrstuvwxyz234567ab"

POSTFIX = f"""Return-Path: <>
To: {SENDER}@bounce.x.test
Auto-Submitted: auto-replied
From: MAILER-DAEMON@mx.test (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="q"

--q

<a@b.test>: host mx.b.test[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)
--q
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test
Original-Envelope-Id: k3v9q2m1+2Bx

Final-Recipient: rfc822; a@b.test
Original-Recipient: rfc822;a+2Btag@b.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown
--q
Content-Type: text/rfc822-headers

Message-ID: <{STAMP}@probe.x.test>
From: <{SENDER}@bounce.x.test>
X-Probe-Token: {STAMP}
To: a@b.test
--q--
"""


def only(text: str) -> Failure:
    failures = read_returned(text.encode()).failures
    assert len(failures) == 1, failures
    return failures[0]


def test_a_report_that_calls_itself_an_automatic_answer_is_a_bounce() -> None:
    mail = read_returned(POSTFIX.encode())
    assert (mail.kind, [one.recipient for one in mail.failures], mail.sender) == (
        Kind.BOUNCE,
        ["a@b.test"],
        "MAILER-DAEMON@mx.test",
    )


def test_what_ties_a_bounce_to_its_mail() -> None:
    ties = read_returned(POSTFIX.encode()).ties
    assert ties.envelope_ids == ("k3v9q2m1+x",)
    assert ties.message_ids == (f"{STAMP}@probe.x.test",)
    assert {SENDER, STAMP} <= set(ties.words)


def test_an_answer_is_tied_by_its_references_and_a_notice_by_the_words_in_it() -> None:
    answer = f"From: a@b.test\nIn-Reply-To: <{STAMP}@p.test>\nReferences: <x@y> <{STAMP}@p.test>\n\nI am away.\n"
    assert read_returned(answer.encode()).ties.message_ids == (f"{STAMP}@p.test", "x@y")
    notice = f"From: MAILER-DAEMON@x.test\nSubject: failure notice\n\n<a@b.test>:\nno such user\n\n--- copy\nX-Token: {STAMP}\n"
    assert read_returned(notice.encode()).ties.words == (STAMP,)


def test_what_an_orcpt_had_to_escape() -> None:
    assert only(POSTFIX).original_recipient == "a+tag@b.test"


def test_an_address_beyond_ascii() -> None:
    text = POSTFIX.replace("rfc822; a@b.test", "utf-8; \\x{5BDB}@b.test").replace("message/delivery", "message/global-delivery")
    assert only(text).recipient == "寛@b.test"
    assert only(text.replace("\\x{5BDB}", "寛")).recipient == "寛@b.test"


def test_two_mails_in_one_file_both_count() -> None:
    two = (
        "From MAILER-DAEMON Mon Nov 23 2026\n"
        + POSTFIX
        + "\nFrom MAILER-DAEMON Mon Nov 23 2026\n"
        + POSTFIX.replace("a@b", "c@b")
    )
    for text in (two, two.replace("\n", "\r\n"), two.replace("\n", "\r")):
        assert [one.recipient for one in read_returned(text.encode()).failures] == ["a@b.test", "c@b.test"]


def test_a_text_line_that_begins_with_from_separates_nothing() -> None:
    text = POSTFIX.replace("<a@b.test>: host", "\nFrom here it went wrong.\n\nFrom: nobody\n<a@b.test>: host")
    assert len(read_returned(("From x@y Mon\n" + text).encode()).failures) == 1


PERSON = "From: tanaka@b.test\nSubject: {}\n{}\n\nI am away until Monday. Call 550 1234, <c@d.test>: 550 is my room.\n"


@pytest.mark.parametrize(
    ("subject", "header"),
    [
        ("Re: hi", "Auto-Submitted: auto-replied"),
        ("Re: hi", "Auto-Submitted: auto-replied (vacation)"),
        ("Undeliverable?", "Auto-Submitted: auto-replied\nReturn-Path: <>"),
        ("Re: hi", "X-Autoreply: yes"),
        ("Re: hi", "Precedence: auto_reply"),
        ("Automatic reply: hi", "To: x@y"),
        ("Out of Office: hi", "To: x@y"),
        ("=?utf-8?B?6Ieq5YuV6L+U5L+h?=", "To: x@y"),
        ("Abwesenheitsnotiz", "To: x@y"),
    ],
)
def test_an_automatic_answer(subject: str, header: str) -> None:
    mail = read_returned(PERSON.format(subject, header).encode())
    assert (mail.kind, mail.failures) == (Kind.AUTO_REPLY, ())


@pytest.mark.parametrize(
    ("part", "kind"),
    [("feedback-report", Kind.COMPLAINT), ("disposition-notification", Kind.RECEIPT)],
)
def test_complaints_and_receipts(part: str, kind: Kind) -> None:
    mail = read_returned(POSTFIX.replace("message/delivery-status", f"message/{part}").encode())
    assert (mail.kind, mail.failures) == (kind, ())


def test_a_persons_mail_is_none_of_these() -> None:
    assert read_returned(b"From: tanaka@b.test\nSubject: lunch\n\nAt 12:30?\n").kind is Kind.OTHER


@pytest.mark.parametrize("wrapped", ["message/rfc822", 'application/octet-stream; name="returned.eml"'])
def test_a_bounce_attached_to_a_persons_mail(wrapped: str) -> None:
    head = "From: tanaka@x.test\nSubject: what is this\nContent-Type: multipart/mixed; boundary=zz\n"
    outer = f"{head}\n--zz\n\nI got 550, why?\n--zz\n"
    assert only(f"{outer}Content-Type: {wrapped}\n\n{POSTFIX}\n--zz--\n") == only(POSTFIX)


def seconds(raw: bytes) -> float:
    before = time.process_time()
    read_returned(raw)
    return time.process_time() - before


@pytest.mark.parametrize("name", hostile.MAILS)
def test_hostile_mails_stay_within_time_and_memory(name: str) -> None:
    raw = hostile.MAILS[name]()
    assert min(seconds(raw) for _ in range(2)) < BUDGET  # the better of two: other tests run beside this one
    assert len(read_returned(raw).failures) <= 50 * 50
    tracemalloc.start()
    try:
        read_returned(raw)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=3000))
def test_any_bytes(raw: bytes) -> None:
    assert read_returned(raw).kind is not Kind.UNPARSED


LINES = (
    *POSTFIX.encode().split(b"\n"),
    b"From x@y",
    b"From: MAILER-DAEMON@x",
    b"> <a@b.test>: 550 no",
    b">>> DATA",
    b"<<< 550 no",
)


@given(st.lists(st.sampled_from(LINES), max_size=80), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_shuffled_lines(lines: list[bytes], ends: bytes) -> None:
    for one in read_returned(ends.join(lines)).failures:
        assert one.code == 0 or 200 <= one.code <= 599
        assert len(one.text) <= 4000
