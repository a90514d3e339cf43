"""Bounces: reports by their fields, notices by their habits, and strangers' bytes that must do no harm."""

from __future__ import annotations

import time
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.wire import mime
from mailprobe.wire.dsn import Failure, failures_of

REPORT = b"""From: MAILER-DAEMON@mx.test\r
Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
 boundary="b1/mx.test"\r
\r
--b1/mx.test\r
Content-Type: text/plain; charset=us-ascii\r
\r
<a@b.test>: host mx.b.test[192.0.2.1] said: 550 5.1.1 <a@b.test>: User\r
    unknown (in reply to RCPT TO command)\r
\r
--b1/mx.test\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.test\r
Arrival-Date: Mon, 23 Nov 2026 20:00:00 +0900\r
\r
Final-Recipient: rfc822; a@b.test\r
Original-Recipient: rfc822;a+x@b.test\r
Action: failed\r
Status: 5.1.1\r
Remote-MTA: dns; mx.b.test\r
Diagnostic-Code: smtp; 550 5.1.1 <a@b.test>: User\r
    unknown\r
\r
--b1/mx.test\r
Content-Type: message/rfc822\r
\r
To: a@b.test\r
\r
hello\r
--b1/mx.test--\r
"""


def read_bounce(raw: bytes) -> tuple[Failure, ...]:
    """A file may hold several mails, as an mbox does."""
    return tuple(failure for one in islice(mime.mails(raw), mime.PARTS) for failure in failures_of(mime.take_apart(one)))


def only(raw: bytes | str) -> Failure:
    found = read_bounce(raw.encode() if isinstance(raw, str) else raw)
    assert len(found) == 1, found
    return found[0]


def test_a_report() -> None:
    one = only(REPORT)
    assert (one.recipient, one.action, one.status, one.code, one.enhanced) == ("a@b.test", "failed", "5.1.1", 550, "5.1.1")
    assert (one.remote_mta, one.reporting_mta, one.original_recipient) == ("mx.b.test", "mx.test", "a+x@b.test")
    assert (one.stage, one.arrived) == ("rcpt", "Mon, 23 Nov 2026 20:00:00 +0900")
    assert "User unknown" in one.text


@pytest.mark.parametrize("ends", [b"\n", b"\r"])
def test_other_line_ends_and_an_mbox_line(ends: bytes) -> None:
    assert only(b"From x@y Mon Nov 23 2026" + ends + REPORT.replace(b"\r\n", ends)) == only(REPORT)


def report(fields: str, notice: str = "Delivery failed.") -> str:
    return (
        "From: postmaster@x.test\nContent-Type: multipart/report; boundary=q\n\n"
        f"--q\n\n{notice}\n--q\nContent-Type: message/delivery-status\n\n{fields}\n--q--\n"
    )


def test_blocks_without_a_blank_line_and_fields_with_odd_spaces() -> None:
    found = read_bounce(
        report(
            "Reporting-MTA: dns; x\nFinal-Recipient: rfc/822; a@b.test\nAction : error\nStatus : 5.0.0 (permanent failure)"
        ).encode()
    )
    assert [(one.recipient, one.action, one.status) for one in found] == [("a@b.test", "failed", "5.0.0")]


def test_several_recipients_keep_their_own_reasons() -> None:
    fields = "Reporting-MTA: dns; x\n\n" + "\n\n".join(
        f"Final-Recipient: rfc822; {name}@b.test\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 55{n} no {name}"
        for n, name in enumerate("abc")
    )
    assert [(one.recipient, one.code, one.text) for one in read_bounce(report(fields).encode())] == [
        (f"{name}@b.test", 550 + n, f"55{n} no {name}") for n, name in enumerate("abc")
    ]


def test_an_action_before_its_recipient_is_that_recipient_s() -> None:
    """As Exim 4.96 writes it."""
    fields = "Reporting-MTA: dns; x\n\n" + "\n\n".join(
        f"Action: {action}\nFinal-Recipient: rfc822;{name}@b.test\nStatus: {status}"
        for name, action, status in (("a", "delayed", "4.0.0"), ("b", "failed", "5.0.0"), ("c", "delivered", "2.0.0"))
    )
    found = [(one.recipient, one.action, one.status) for one in read_bounce(report(fields).encode())]
    assert found == [("a@b.test", "delayed", "4.0.0"), ("b@b.test", "failed", "5.0.0"), ("c@b.test", "delivered", "2.0.0")]


def test_an_action_behind_a_stray_blank_line_is_still_the_recipient_s() -> None:
    found = only(report("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.test\n\nAction: delayed\nStatus: 4.4.1"))
    assert (found.recipient, found.action, found.status) == ("a@b.test", "delayed", "4.4.1")


EXPANDED = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  gone@far.test
    (generated from a@b.test)
    host mx.far.test [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<gone@far.test>:
    550 5.1.1 User unknown
  full@far.test
    (generated from a@b.test)
    host mx.far.test [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<full@far.test>:
    552 5.2.2 Over quota
"""


def test_what_an_alias_led_to_failed_and_not_the_alias() -> None:
    """Exim reports the address that was written to, and names the one that failed in its notice."""
    block = "Action: failed\nFinal-Recipient: rfc822;a@b.test\nStatus: 5.0.0\nRemote-MTA: dns; mx.far.test\n"
    fields = f"Reporting-MTA: dns; mx.b.test\n\n{block}Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n{block}"
    found = read_bounce(report(f"{fields}Diagnostic-Code: smtp; 552 5.2.2 Over quota\n", EXPANDED).encode())
    assert [(one.recipient, one.original_recipient, one.code, one.stage) for one in found] == [
        ("gone@far.test", "a@b.test", 550, "rcpt"),
        ("full@far.test", "a@b.test", 552, "rcpt"),
    ]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_says_so(action: str) -> None:
    assert only(report(f"Final-Recipient: rfc822; a@b.test\nAction: {action}\nStatus: 4.4.7")).action == action


def test_what_sendmail_makes_of_a_reply_does_not_count() -> None:
    notice = (
        "   ----- Transcript of session follows -----\n... while talking to mx.b.test.:\n"
        ">>> DATA\n<<< 550 go away\n550 5.1.1 <a@b.test>... User unknown\n<<< 503 need RCPT"
    )
    one = only(report("Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.1.1", notice))
    assert (one.code, one.text, one.stage) == (550, "550 go away", "rcpt")
    assert (one.status, one.enhanced, one.exact) == ("5.1.1", "", "")


TRANSCRIPT = "The original message was received\n\n   ----- Transcript of session follows -----\n"


def test_what_a_program_for_local_mail_printed_counts() -> None:
    """sendmail tells only what the exit code means; of a session with a server, what came before is nobody's reason."""
    fields = "Final-Recipient: RFC822; a@b.test\nAction: failed\nStatus: 5.3.0\nDiagnostic-Code: X-Unix; 77"
    own = "550 5.0.0 <a@b.test>... Insufficient permission"
    one = only(report(fields, f"{TRANSCRIPT}deliver: Mail quota exceeded.\n{own}\n"))
    assert (one.code, one.text, one.stage) == (550, f"{own} deliver: Mail quota exceeded.", "after_acceptance")
    theirs = f"... while talking to mx.b.test.:\n>>> RCPT To:<a@b.test>\n<<< 550 go away\n{own}\n"
    assert only(report(fields, f"{TRANSCRIPT}deliver: Mail quota exceeded.\n{theirs}")).text == "550 go away"


@pytest.mark.parametrize(("words", "action"), [("Envelope expired", "failed"), ("Network error on destination MXs", "delayed")])
def test_what_has_expired_is_tried_no_more(words: str, action: str) -> None:
    """OpenSMTPD calls both delayed, and adds to both that it goes on trying."""
    text = f"A message is delayed for the following list of recipients:\n\na@b.test: {words}\n\n    Please note that "
    text += "this is only a temporary failure report.\n"
    one = only(report("Final-Recipient: rfc822; a@b.test\nAction: delayed\nStatus: 4.4.7", text))
    assert (one.action, one.text) == (action, words)


def test_a_warning_of_sendmails_says_why_it_is_late() -> None:
    banner = "    ****************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n\n"
    said = "<a@b.test>... Deferred: Connection refused by mx.b.test.\nWarning: message still undelivered after 4 hours\n"
    fields = "Final-Recipient: RFC822; a@b.test\nAction: delayed\nStatus: 4.4.1"
    one = only(report(fields, f"{banner}{TRANSCRIPT}{said}"))
    assert (one.action, one.code, one.text) == ("delayed", 0, "<a@b.test>... Deferred: Connection refused by mx.b.test.")


@pytest.mark.parametrize(
    ("reply", "status", "stage"),
    [
        ("550 Unknown user a@b.test", "5.2.0", "end_of_data"),
        ("550 : User unknown", "5.2.0", "end_of_data"),
        ("550 go away", "5.2.0", "end_of_data"),
        ("550 Unknown user a@b.test", "5.1.1", "data"),
        ("550 5.2.0 go away", "5.2.0", "data"),
        ("554 go away", "5.0.0", "data"),
    ],
)
def test_what_sendmail_makes_of_a_reply_tells_when_it_came(reply: str, status: str, stage: str) -> None:
    notice = (
        "   ----- Transcript of session follows -----\n... while talking to mx.b.test.:\n"
        f">>> DATA\n<<< {reply}\n554 5.0.0 Service unavailable"
    )
    fields = f"Final-Recipient: RFC822; a@b.test\nAction: failed\nStatus: {status}\nDiagnostic-Code: SMTP; {reply}"
    assert only(report(fields, notice)).stage == stage


def test_without_a_quoted_reply_the_status_counts() -> None:
    one = only(report("Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.4.4"))
    assert (one.code, one.exact) == (0, "5.4.4")


def test_a_refusal_of_one_recipient_is_not_told_of_another() -> None:
    notice = (
        "<a@b.test>\n<c@b.test>\n\n   ----- Transcript of session follows -----\n"
        ">>> RCPT To:<c@b.test>\n<<< 550 no c\n550 5.1.1 <c@b.test>... User unknown\n"
    )
    fields = "Final-Recipient: rfc822; a@b.test\nAction: failed\n\nFinal-Recipient: rfc822; c@b.test\nAction: failed"
    assert [one.text for one in read_bounce(report(fields, notice).encode())] == ["", "550 no c"]


HEAD = "From: Mail Delivery <MAILER-DAEMON@x.test>\nSubject: failure notice\n\n"


@pytest.mark.parametrize(
    ("text", "recipient", "code", "stage", "holds"),
    [
        ("550 5.1.1 <a@b.test>: Recipient address rejected", "a@b.test", 550, "after_acceptance", "rejected"),
        (
            "<a@b.test>: host mx.b.test[192.0.2.1] said: 550 no (in reply to end of DATA command)",
            "a@b.test",
            550,
            "end_of_data",
            "550 no",
        ),
        ("> <a@b.test>: host mx said: 550 no (in reply to MAIL FROM command)", "a@b.test", 550, "mail", "550 no"),
        (
            HEAD + "<a@b.test>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no\nGiving up on 192.0.2.1.\n",
            "a@b.test",
            550,
            "rcpt",
            "550 no",
        ),
        (
            HEAD + "<a@b.test>:\nConnected to 192.0.2.1 but my name was rejected.\nRemote host said: 501 no\n",
            "a@b.test",
            501,
            "ehlo",
            "501 no",
        ),
        (
            HEAD
            + "The following address(es) failed:\n\n  a@b.test\n"
            + "    SMTP error from remote mail server after RCPT TO:<a@b.test>:\n"
            + "    host mx.b.test [192.0.2.1]: 550-no\n    550 never\n\n"
            + "------ This is a copy of the message ------\n\n<c@d.test>: 552 full\n",
            "a@b.test",
            550,
            "rcpt",
            "never",
        ),
        (
            HEAD + "could not be delivered to: <a@b.test>\n\nAs their mailbox is full.\n",
            "a@b.test",
            0,
            "after_acceptance",
            "full",
        ),
        (
            HEAD
            + "   --- Transcript of session follows ---\n>>> RCPT To:<a@b.test>\n"
            + "<<< 550 Invalid recipient\n550 <a@b.test>... User unknown\n",
            "a@b.test",
            550,
            "rcpt",
            "Invalid recipient",
        ),
    ],
)
def test_a_notice(text: str, recipient: str, code: int, stage: str, holds: str) -> None:
    one = only(text)
    assert (one.recipient, one.code, one.stage) == (recipient, code, stage)
    assert holds in one.text


def test_a_notice_of_delay() -> None:
    assert (
        only(HEAD + "Delivery to the following recipient has been delayed:\n\n    a@b.test\n\nWill be retried.\n").action
        == "delayed"
    )


def test_what_closes_a_notice_of_delay_is_no_reason() -> None:
    """Exim 4.96, of a mail that it keeps trying."""
    notice = (
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the "
        "queue on mx.b.test.\n\nThe address to which the message has not yet been delivered is:\n\n  a@b.test\n"
        "    Delay reason: mailbox is full\n\nNo action is required on your part. Delivery attempts will continue for\n"
        "some time, and this warning may be repeated at intervals if the message\nremains undelivered.\n"
    )
    late = only(report("Reporting-MTA: dns; x\n\nAction: delayed\nFinal-Recipient: rfc822;a@b.test\nStatus: 4.0.0", notice))
    assert (late.action, late.text) == ("delayed", "Delay reason: mailbox is full")
    plain = only("From: Mailer-Daemon@b.test\nSubject: Warning: message 1xX0ju-0005Qi-0l delayed 24 hours\n\n" + notice)
    assert (plain.recipient, plain.action, plain.text) == ("a@b.test", "delayed", "Delay reason: mailbox is full")


def test_japanese_without_a_charset() -> None:
    body = "<a@b.test>\n\n宛先不明のため配達できませんでした\n".encode("iso2022_jp")
    assert "宛先不明" in only(HEAD.encode() + body).text


def test_a_bounce_attached_to_a_mail() -> None:
    outer = b"From: tanaka@x.test\nContent-Type: multipart/mixed; boundary=zz\n\n--zz\n\nplease look\n--zz\n"
    assert only(outer + b"Content-Type: message/rfc822\n\n" + REPORT + b"\n--zz--\n") == only(REPORT)


FEEDBACK = (
    b"Content-Type: multipart/report; boundary=q\n\n--q\nContent-Type: message/feedback-report\n\n"
    b"Feedback-Type: abuse\nFinal-Recipient: rfc822; a@b.test\n--q--\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"From: tanaka@x.test\nSubject: lunch\n\nAt 12:30? There are 550 seats.\n",
        b"From: tanaka@x.test\nSubject: Re: report\nAuto-Submitted: auto-replied\n\nI am on holiday until Monday.\n",
        FEEDBACK,
        FEEDBACK.replace(b"feedback-report", b"disposition-notification"),
    ],
)
def test_what_is_no_bounce(raw: bytes) -> None:
    assert read_bounce(raw) == ()


HOSTILE = {
    "nested": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 1000,
    "many parts": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 9000,
    "words": HEAD.encode() + b"deliver to: " * 5000,
    "codes": HEAD.encode() + b"550 " * 16000,
    "at signs": HEAD.encode() + b"a@" * 32000,
    "recipients": HEAD.encode() + b"<a@b.test>: 550 no\n" * 3000,
    "transcript": HEAD.encode()
    + b"".join(b"<%d@b.test>\n" % n for n in range(200))
    + b"--- Transcript of session\n"
    + b"".join(b">>> RCPT To:<%d@b.test>\n<<< 550 no\n550 <%d@b.test>... x\n" % (n, n) for n in range(200)),
    "header": b"Content-Type: text/plain; " + b'a="' * 20000 + b"\n\n550 no\n",
    "blocks": report("Final-Recipient: rfc822; a@b.test\n" * 1800).encode(),
    "markup": b"Content-Type: text/html\n\n" + b"<a " * 20000,
    "zeros": bytes(70000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mails_end_soon(name: str) -> None:
    before = time.process_time()
    assert len(read_bounce(HOSTILE[name])) <= 50
    assert time.process_time() - before < 0.5


@given(st.binary(max_size=2000))
def test_any_bytes(raw: bytes) -> None:
    read_bounce(raw)


@given(st.lists(st.sampled_from(REPORT.split(b"\r\n")), max_size=60))
def test_shuffled_reports(lines: list[bytes]) -> None:
    for one in read_bounce(b"\r\n".join(lines)):
        assert one.code == 0 or 200 <= one.code <= 599
        assert len(one.text) <= 4000


@given(st.integers(0, len(REPORT)), st.binary(max_size=20))
def test_damaged_reports(at: int, damage: bytes) -> None:
    read_bounce(REPORT[:at] + damage + REPORT[at + len(damage) :])
