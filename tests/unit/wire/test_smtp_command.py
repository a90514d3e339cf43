"""The commands that we write: exactly one line, exactly the bytes that were meant, or OurFault."""

import base64
import re
from collections.abc import Callable
from typing import Any

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


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, b"MAIL FROM:<a@b.test>"),
        ({"size": 1400}, b"MAIL FROM:<a@b.test> SIZE=1400"),
        ({"envid": "id.mac"}, b"MAIL FROM:<a@b.test> RET=HDRS ENVID=id.mac"),
        ({"envid": "a+b=c d"}, b"MAIL FROM:<a@b.test> RET=HDRS ENVID=a+2Bb+3Dc+20d"),
        ({"size": 9, "eight_bit": True, "smtputf8": True}, b"MAIL FROM:<a@b.test> SIZE=9 BODY=8BITMIME SMTPUTF8"),
    ],
)
def test_mail_from_with_what_was_offered(given: dict[str, Any], line: bytes) -> None:
    assert smtp_command.mail_from(b"a@b.test", **given) == line


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (b"u2@mail.test", b"rfc822;u2@mail.test"),
        (b"a+b=c@mail.test", b"rfc822;a+2Bb+3Dc@mail.test"),
        (b'"a b\\"c"@mail.test', b'rfc822;"a+20b\\"c"@mail.test'),
        ("日本+x@mail.test".encode(), rb"utf-8;\x{65E5}\x{672C}\x{2B}x@mail.test"),
    ],
)
def test_the_address_that_a_bounce_shall_name(address: bytes, written: bytes) -> None:
    line = smtp_command.rcpt_to(address, smtputf8=True, original=address)
    assert line == b"RCPT TO:<" + address + b"> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=" + written


@given(st.binary(max_size=60))
def test_xtext_says_the_same_octets(raw: bytes) -> None:
    written = smtp_command.xtext(raw)
    assert re.sub(rb"\+([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), written) == raw
    assert re.fullmatch(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", written)


def unstuffed(data: bytes) -> bytes:
    """What a server makes of it (RFC 5321 section 4.5.2), as far as the first lone dot."""
    lines = data.split(b"\r\n")
    kept = lines[: lines.index(b".")]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in kept)


LINES = st.binary(max_size=20).map(lambda line: re.sub(rb"[\r\n\0]", b".", line)) | st.sampled_from([b".", b"..", b""])


@given(st.lists(LINES))
def test_a_message_is_one_message_and_comes_out_as_it_went_in(lines: list[bytes]) -> None:
    message = b"\r\n".join([b"Subject: x", b"", *lines, b""])
    data = smtp_command.message_data(message)
    assert unstuffed(data) == message
    assert data.endswith(b"\r\n.\r\n")
    assert data.find(b"\r\n.\r\n") == len(data) - len(b"\r\n.\r\n")


@pytest.mark.parametrize(
    "message",
    [b"", b"no end", b"a\nb\r\n", b"a\rb\r\n", b"a\n.\nb\r\n", b"a\r\n.\rb\r\n", b"a\0b\r\n", b"x" * 999 + b"\r\n", b"a\r\r\n"],
)
def test_what_could_be_taken_for_two_messages_is_refused(message: bytes) -> None:
    with pytest.raises(OurFault):
        smtp_command.message_data(message)


def test_a_dot_at_the_very_start() -> None:
    assert smtp_command.message_data(b".\r\n") == b"..\r\n.\r\n"
