"""The commands that we write: exactly one line, exactly the bytes that were meant, or OurFault."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.wire import OurFault, smtp_command

COMMANDS: list[tuple[bytes, bytes]] = [
    (smtp_command.ehlo("probe.example.net"), b"EHLO probe.example.net"),
    (smtp_command.helo("[192.0.2.1]"), b"HELO [192.0.2.1]"),
    (smtp_command.mail_from(b"p@example.net"), b"MAIL FROM:<p@example.net>"),
    (smtp_command.mail_from(b"p@example.net", smtputf8=True), b"MAIL FROM:<p@example.net> SMTPUTF8"),
    (smtp_command.rcpt_to(b'"a..b"@docomo.example'), b'RCPT TO:<"a..b"@docomo.example>'),
    (smtp_command.rcpt_to(b"a..b@docomo.example"), b"RCPT TO:<a..b@docomo.example>"),
    (smtp_command.rcpt_to(b'"a> b\\"@"@x.example'), b'RCPT TO:<"a> b\\"@"@x.example>'),
    (smtp_command.rcpt_to("花@x.example".encode(), smtputf8=True), "RCPT TO:<花@x.example>".encode()),
    (smtp_command.auth("PLAIN", smtp_command.plain("u", "p")), b"AUTH PLAIN " + base64.b64encode(b"\0u\0p")),
    (smtp_command.auth("LOGIN"), b"AUTH LOGIN"),
    (smtp_command.plain("m", "p", "u"), base64.b64encode(b"u\0m\0p")),
    (smtp_command.xoauth2("u", "t"), base64.b64encode(b"user=u\1auth=Bearer t\1\1")),
    (smtp_command.oauthbearer("a=b,c", "t"), base64.b64encode(b"n,a=a=3Db=2Cc,\1auth=Bearer t\1\1")),
    (smtp_command.auth("XOAUTH2", b"x" * 600), b"AUTH XOAUTH2"),  # RFC 4954 section 4: too long to go along
]


@pytest.mark.parametrize(("made", "meant"), COMMANDS)
def test_the_bytes_are_those_that_were_meant(made: bytes, meant: bytes) -> None:
    assert made == meant


REFUSED: list[Callable[[], bytes]] = [
    lambda: smtp_command.mail_from(b""),
    lambda: smtp_command.rcpt_to(b"a@b.c>\r\nDATA"),
    lambda: smtp_command.rcpt_to(b"a@b.c> SIZE=1"),
    lambda: smtp_command.rcpt_to(b"a b@b.c"),
    lambda: smtp_command.rcpt_to(b"a@b.c, d@e.f"),
    lambda: smtp_command.rcpt_to(b"<a@b.c>"),
    lambda: smtp_command.rcpt_to(b'"a\r\nRCPT TO:<v@x>"@b.c'),
    lambda: smtp_command.rcpt_to(b"a\0@b.c"),
    lambda: smtp_command.rcpt_to("花@b.c".encode()),
    lambda: smtp_command.rcpt_to(b"a" * 600 + b"@b.c"),
    lambda: smtp_command.ehlo("a b"),
    lambda: smtp_command.ehlo(""),
    lambda: smtp_command.ehlo("a\r\nQUIT"),
    lambda: smtp_command.auth("PLAIN\r\nQUIT"),
    lambda: smtp_command.plain("u\0v", "p"),
    lambda: smtp_command.plain("u", "p\0"),
    lambda: smtp_command.plain("u", "\ud800"),
    lambda: smtp_command.xoauth2("u\1", "t"),
    lambda: smtp_command.response(b"a\nb"),
]


@pytest.mark.parametrize("make", REFUSED)
def test_what_is_not_one_line_or_not_an_address_is_refused(make: Callable[[], bytes]) -> None:
    with pytest.raises(OurFault):
        make()


def test_no_secret_hides_in_the_refusal() -> None:
    with pytest.raises(OurFault) as refused:
        smtp_command.plain("u", "s3cret\ud800")
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@given(st.text(), st.text())
def test_any_text_gives_one_line_or_a_refusal(user: str, secret: str) -> None:
    for make in (smtp_command.plain, smtp_command.xoauth2, smtp_command.oauthbearer):
        try:
            line = smtp_command.response(make(user, secret))
        except OurFault:
            continue
        assert line.isascii()
        assert not set(line) & set(b"\r\n\0")


@given(st.binary(), st.booleans())
def test_any_octets_stand_between_the_brackets_or_are_refused(address: bytes, utf8: bool) -> None:
    try:
        line = smtp_command.rcpt_to(address, smtputf8=utf8)
    except OurFault:
        return
    assert line == b"RCPT TO:<" + address + b">"
    assert not set(line) & {*range(32), 127}
