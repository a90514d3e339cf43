"""IMAP commands: exactly one each, whatever the user name and the secret are; and a transcript that gives nothing away."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.wire import OurFault, imap_command
from mailprobe.wire.imap_command import Command
from mailprobe.wire.imap_data import Data

IR = ("IMAP4REV1", "SASL-IR")
SIGN_INS: list[Callable[[str, str], Command]] = [
    lambda user, secret: imap_command.login("A1", user, secret),
    lambda user, secret: imap_command.plain("A1", user, secret),
    lambda user, secret: imap_command.plain("A1", "master", secret, acting_as=user, offered=IR),
    lambda user, secret: imap_command.xoauth2("A1", user, secret, IR),
    lambda user, secret: imap_command.oauthbearer("A1", user, secret, "imap.test", 993),
]


@pytest.mark.parametrize(
    ("user", "secret", "lines"),
    [
        ("u", "p", (b'A1 LOGIN "u" "p"',)),
        ("a b", 'q"\\', (b'A1 LOGIN "a b" "q\\"\\\\"',)),
        ("é ", "p", (b"A1 LOGIN {3}", b'\xc3\xa9  "p"')),
        ("u", "é", (b'A1 LOGIN "u" {2}', b"\xc3\xa9")),
        ("é", "ü", (b"A1 LOGIN {2}", b"\xc3\xa9 {2}", b"\xc3\xbc")),
        ("{5}", "{5+}", (b'A1 LOGIN "{5}" "{5+}"',)),
    ],
)
def test_login(user: str, secret: str, lines: tuple[bytes, ...]) -> None:
    made = imap_command.login("A1", user, secret)
    assert made.lines == lines
    assert len(made.shown) == len(lines)


def test_plain_with_and_without_initial_response() -> None:
    quick = imap_command.plain("A1", "master", "p", acting_as="u", offered=IR)
    assert quick.lines == (b"A1 AUTHENTICATE PLAIN " + base64.b64encode(b"u\0master\0p"),)
    slow = imap_command.plain("A1", "u", "p")
    assert slow.lines == (b"A1 AUTHENTICATE PLAIN", base64.b64encode(b"\0u\0p"))
    assert slow.shown == ("A1 AUTHENTICATE PLAIN", "***")


def test_tokens() -> None:
    xoauth2 = imap_command.xoauth2("A1", "u", "t0ken", IR)
    assert base64.b64decode(xoauth2.lines[0].split(b" ")[3]) == b"user=u\x01auth=Bearer t0ken\x01\x01"
    assert xoauth2.lines[1:] == (b"",)
    bearer = imap_command.oauthbearer("A1", "a,b=c", "t0ken", "h.test", 993, IR)
    message = b"n,a=a=2Cb=3Dc,\x01host=h.test\x01port=993\x01auth=Bearer t0ken\x01\x01"
    assert base64.b64decode(bearer.lines[0].split(b" ")[3]) == message
    assert bearer.lines[1:] == (b"AQ==",)


@pytest.mark.parametrize("sign_in", SIGN_INS)
@pytest.mark.parametrize("bad", ["", "a\rb", "a\nb", "a\0b", "a\r\nA2 DELETE INBOX", "\udc80"])
def test_refused(sign_in: Callable[[str, str], Command], bad: str) -> None:
    with pytest.raises(OurFault):
        sign_in("u", bad)
    if bad or sign_in is not SIGN_INS[2]:
        with pytest.raises(OurFault):
            sign_in(bad, "p")


@pytest.mark.parametrize("bad", ["two words", "a\x01b", "é"])
def test_no_bearer_token(bad: str) -> None:
    with pytest.raises(OurFault):
        imap_command.xoauth2("A1", "u", bad)
    with pytest.raises(OurFault):
        imap_command.xoauth2("A1", "u\x01auth=x", "t0ken")


def test_nothing_here_changes_a_mailbox() -> None:
    made = [imap_command.examine_inbox("A1"), imap_command.quota_of_inbox("A2"), imap_command.logout("A3")]
    assert [one.lines for one in made] == [(b"A1 EXAMINE INBOX",), (b"A2 GETQUOTAROOT INBOX",), (b"A3 LOGOUT",)]


def unquoted(line: bytes) -> list[bytes]:
    """The strings of a LOGIN line, as a server reads them."""
    return [re.sub(rb"\\(.)", rb"\1", one) for one in re.findall(rb'"((?:[^"\\]|\\.)*)"', line)]


@given(st.text(), st.text())
def test_any_login_is_one_command_or_our_fault(user: str, secret: str) -> None:
    try:
        made = imap_command.login("A1", user, secret)
    except OurFault:
        assert not user or not secret or re.search("[\r\n\0\ud800-\udfff]", user + secret)
        return
    assert not any(set(line) & set(b"\r\n\0") for line in made.lines)
    if (user + secret).isascii():
        assert unquoted(made.lines[0]) == [user.encode(), secret.encode()]


@given(st.text('ABCdef012 \\"é=', min_size=6), st.sampled_from(SIGN_INS[:3]))
def test_the_masked_form_gives_nothing_away(secret: str, sign_in: Callable[[str, str], Command]) -> None:
    made = sign_in("user", secret)
    told = "\n".join(made.shown) + repr(made)
    assert secret not in told
    assert base64.b64encode(secret.encode()).decode() not in told
    assert made.shown == sign_in("user", "other" * 9 if secret.isascii() else "éother" * 9).shown


FOLDERS = [
    ("INBOX", (b"A1 EXAMINE INBOX",), "A1 EXAMINE INBOX"),
    ("&j,dg0TDhMPww6w-", (b'A1 EXAMINE "&j,dg0TDhMPww6w-"',), "A1 EXAMINE (a folder)"),
    ('a "b" \\', (b'A1 EXAMINE "a \\"b\\" \\\\"',), "A1 EXAMINE (a folder)"),
    ("\xe9", (b"A1 EXAMINE {1}", b"\xe9"), "A1 EXAMINE (a folder)"),
]


@pytest.mark.parametrize(("name", "lines", "shown"), FOLDERS)
def test_a_folder_is_named_as_the_server_did(name: str, lines: tuple[bytes, ...], shown: str) -> None:
    made = imap_command.examine("A1", name)
    assert (made.lines, made.shown[0]) == (lines, shown)
    assert imap_command.select("A1", name).lines[0] == lines[0].replace(b"EXAMINE", b"SELECT")


@pytest.mark.parametrize("name", ["", "a\r\nA2 DELETE INBOX", "a\0", "\u65e5"])
def test_what_is_no_folder(name: str) -> None:
    with pytest.raises(OurFault):
        imap_command.examine("A1", name)


def test_mail_is_asked_for_by_uid_and_without_a_trace() -> None:
    made = [
        imap_command.headers_from("A1", 5, ("From", "Date"), 99),
        imap_command.headers_of("A1", (5, 7), ("From",), 99),
        imap_command.message("A1", 5, 99),
    ]
    assert [one.lines for one in made] == [
        (b"A1 UID FETCH 5:4294967295 (UID BODY.PEEK[HEADER.FIELDS (From Date)]<0.99>)",),
        (b"A1 UID FETCH 5,7 (UID BODY.PEEK[HEADER.FIELDS (From)]<0.99>)",),
        (b"A1 UID FETCH 5 (UID BODY.PEEK[]<0.99>)",),
    ]
    assert {one.data for one in made} == {Data.FETCH}


def test_only_one_uid_is_ever_removed() -> None:
    assert imap_command.mark_deleted("A1", 5).lines == (b"A1 UID STORE 5 +FLAGS.SILENT (\\Deleted)",)
    assert imap_command.expunge("A1", 5).lines == (b"A1 UID EXPUNGE 5",)
    written = Path(imap_command.__file__).read_text()
    assert re.findall(r'[( ]f?"[A-Z ]*(?:CLOSE|EXPUNGE)\b[^"]*"', written) == [' f"UID EXPUNGE {_uid(uid)}"']


@pytest.mark.parametrize("uid", [0, -1, 2**32])
def test_no_uid(uid: int) -> None:
    for build in (imap_command.expunge, imap_command.mark_deleted, imap_command.uids_from):
        with pytest.raises(OurFault):
            build("A1", uid)
    with pytest.raises(OurFault):
        imap_command.headers_of("A1", (), ("From",), 9)


def test_searches() -> None:
    assert imap_command.uids_since("A1", 2026, 3, 9).lines == (b"A1 UID SEARCH SINCE 9-Mar-2026",)
    assert imap_command.uids_from("A1", 5, 9).lines == (b"A1 UID SEARCH UID 5:9",)
    assert imap_command.highest("A1").lines == (b"A1 UID SEARCH UID *",)
    assert imap_command.folders("A1", with_uses=True).lines == (b'A1 LIST "" "*" RETURN (SPECIAL-USE)',)
