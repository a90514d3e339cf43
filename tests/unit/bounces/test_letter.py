"""One mail, read: what kind of thing it says, and that a bounce which was not understood never passes for an arrival."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.bounces.letter import read_letter, spellings
from mailprobe.evidence import ReturnKind, Stage
from tests.unit.bounces.mails import ADDRESS, dsn, letter

NOTICE = "From: taro@mail.test\nSubject: hello"
MACHINE = "From: MAILER-DAEMON@mail.test\nSubject: hello"


def kinds(raw: bytes, *, null_sender: bool = True) -> list[ReturnKind]:
    return [one.kind for one in read_letter(raw, null_sender=null_sender).said]


def test_a_report_is_read() -> None:
    said = read_letter(dsn(original="taro@mail.test"), null_sender=True).said[0]
    fact = said.fact
    assert (said.kind, said.recipient, said.original) == (ReturnKind.FAILED, ADDRESS, ADDRESS)
    assert (fact.stage, fact.code, fact.enhanced, fact.remote) == (Stage.RCPT, 552, "5.2.2", "mbx.mail.test")
    assert "mailbox full" in fact.text


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", ReturnKind.FAILED),
        ("delayed", ReturnKind.DELAYED),
        ("delivered", ReturnKind.DELIVERED),
        ("relayed", ReturnKind.FORWARDED),
        ("expanded", ReturnKind.FORWARDED),
    ],
)
def test_actions(action: str, kind: ReturnKind) -> None:
    assert kinds(dsn(action=action)) == [kind]


def test_an_action_that_nobody_knows_decides_nothing() -> None:
    assert kinds(dsn(action="exploded")) == []


@pytest.mark.parametrize(
    ("headers", "null_sender"),
    [
        (NOTICE + "\nAuto-Submitted: auto-replied (vacation)", True),
        (NOTICE + "\nX-Autoreply: yes", True),
        (NOTICE + "\nPrecedence: auto_reply", False),
        (NOTICE + "\nIn-Reply-To: <x@bounce.probe.test>", False),
    ],
)
def test_automatic_replies_and_answers(headers: str, null_sender: bool) -> None:
    said = read_letter(letter(headers=headers, text="I am away"), null_sender=null_sender).said
    assert [one.kind for one in said] == [ReturnKind.AUTO_REPLY]
    assert said[0].fact.text == ""  # what people write to us is not kept


@pytest.mark.parametrize(
    ("raw", "null_sender"),
    [
        (letter(headers=MACHINE + "\nAuto-Submitted: auto-replied", text="something odd"), True),
        (letter(headers=MACHINE + "\nIn-Reply-To: <x@y.test>", text="something odd"), False),
        (letter(headers=NOTICE, text="hello"), True),
        (letter(headers=NOTICE, text="hello"), False),
        (letter(headers=NOTICE + "\nAuto-Submitted: no", text="hello"), True),
        (letter(headers=NOTICE + "\nAuto-Submitted: auto-replied", parts=(("message/delivery-status", "Nothing: here"),)), True),
        (letter(headers=NOTICE + "\nAuto-Submitted: auto-replied", parts=(("message/feedback-report", "Version: 1"),)), False),
        (b"", True),
        (b"\x00" * 1000, True),
    ],
)
def test_what_is_not_understood_says_nothing(raw: bytes, null_sender: bool) -> None:
    assert kinds(raw, null_sender=null_sender) == []


def test_a_receipt_says_that_it_lay_in_a_mailbox() -> None:
    parts = (("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),)
    assert kinds(letter(headers=NOTICE, parts=parts)) == [ReturnKind.AUTO_REPLY]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Taro@MAIL.Test", "Taro@mail.test"),
        ('"taro"@mail.test', "taro@mail.test"),
        ("A..B@docomo.ne.jp", "a..b@docomo.ne.jp"),
        ('"A..B"@docomo.ne.jp', "a..b@docomo.ne.jp"),
        ("TARO@mail.test", "taro@mail.test"),
        ("no address", "no address"),
    ],
)
def test_an_address_has_the_spellings_that_it_may_be_hashed_by(written: str, key: str) -> None:
    assert key in list(spellings(written))


@given(st.binary(max_size=3000), st.booleans())
def test_any_octets_are_read(raw: bytes, null_sender: bool) -> None:
    read_letter(raw, null_sender=null_sender)


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1000)),
        letter(parts=(("text/plain", "x"),) * 2000),
        b"To: " + b"(" * 60_000 + b"\r\n\r\n",
        b"Content-Type: text/plain; " + b"a=b; " * 12_000 + b"\r\n\r\n",
        letter(text="<" * 60_000),
        letter(text="550 " * 15_000),
        letter(headers=MACHINE, text="a@b.test " * 7_000),
    ],
)
def test_what_is_made_to_be_slow_is_read_in_time(raw: bytes) -> None:
    began = time.process_time()
    read_letter(raw[:65536], null_sender=True)
    assert time.process_time() - began < 0.25
