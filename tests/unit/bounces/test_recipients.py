"""Whom the receiver takes mail for, and how a path is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.bounces.door import Reason
from mailprobe.bounces.recipients import Dropped, Ours, path_of, recipient
from mailprobe.bounces.token import DAY, Signer, Token
from tests.unit.bounces.mails import DOMAIN, NOW, SIGNER, sender_of

OURS = Ours("probe1.probe.test", DOMAIN, "Probe@probe.test")
SUBJECT = "0123456789abcdef" * 2
LOCAL = SIGNER.sender(SUBJECT, NOW)


def judged(path: str) -> Token | Dropped | Reason:
    return recipient(path, OURS, SIGNER, NOW)


@pytest.mark.parametrize("path", [f"{LOCAL}@{DOMAIN}", f"{LOCAL.upper()}@{DOMAIN.upper()}", f'"{LOCAL}"@{DOMAIN}'])
def test_a_signed_sender_in_any_case(path: str) -> None:
    assert judged(path) == sender_of(SUBJECT)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("postmaster", Dropped.ROLE),
        (f"PostMaster@{DOMAIN}", Dropped.ROLE),
        (f"abuse@{DOMAIN}", Dropped.ROLE),
        ("probe@PROBE.test", Dropped.SENDER),
        ("abuse", Reason.RELAY),
        ("postmaster@probe.test", Reason.RELAY),
        (f"{LOCAL}@elsewhere.test", Reason.RELAY),
        (f"{LOCAL}@sub.{DOMAIN}", Reason.RELAY),
        (f"{LOCAL}@{DOMAIN}.", Reason.RELAY),
        (LOCAL, Reason.RELAY),
        (f'"victim@elsewhere.test"@{DOMAIN}', Reason.UNKNOWN),
        (f"victim%elsewhere.test@{DOMAIN}", Reason.UNKNOWN),
        (f"elsewhere.test!victim@{DOMAIN}", Reason.UNKNOWN),
        (f"{LOCAL}+x@{DOMAIN}", Reason.UNKNOWN),
        (f'"@{DOMAIN}', Reason.UNKNOWN),
        (f'""@{DOMAIN}', Reason.UNKNOWN),
        (f"@{DOMAIN}", Reason.UNKNOWN),
        ("<>", Reason.RELAY),
        (f"{Signer([b'o' * 32]).sender(SUBJECT, NOW)}@{DOMAIN}", Reason.FORGED),
        (f"{SIGNER.sender(SUBJECT, NOW - 20 * DAY)}@{DOMAIN}", Reason.EXPIRED),
    ],
)
def test_nobody_else(path: str, said: Dropped | Reason) -> None:
    assert judged(path) == said


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("<>", ("<>", "")),
        ("<> SIZE=5", ("<>", "SIZE=5")),
        (" <a@b.test>\t ", ("a@b.test", "")),
        ("<a@b.test> BODY=8BITMIME SMTPUTF8", ("a@b.test", "BODY=8BITMIME SMTPUTF8")),
        ('<"a b>"@b.test>', ('"a b>"@b.test', "")),
        ('<"a\\"b"@b.test>', ('"a\\"b"@b.test', "")),
        ("<\u65e5@b.test>", ("\u65e5@b.test", "")),
        ("<\udcff@b.test>", ("\udcff@b.test", "")),
        ("", None),
        ("a@b.test", None),
        ("<a@b.test", None),
        ("<a b@b.test>", None),
        ("<a\x00@b.test>", None),
        ('<"a\x1b"@b.test>', None),
        ("<a@b.test>SIZE=5", None),
        ("<a@b.test><c@d.test>", None),
        ("<@one,@two:a@b.test>", None),
        ("<<a@b.test>>", None),
        ('<"a@b.test>', None),
        ("(x)<a@b.test>", None),
    ],
)
def test_paths(argument: str, path: tuple[str, str] | None) -> None:
    assert path_of(argument) == path


@given(st.text(max_size=80))
def test_no_text_is_an_error_and_none_is_ours_by_chance(text: str) -> None:
    path_of(text)
    path_of(f"<{text}>")
    assert isinstance(judged(text), Reason) or text.lower() in ("postmaster", "probe@probe.test")
    assert isinstance(judged(f"{text}@{DOMAIN}"), Reason) or text.lower().strip('"') in ("postmaster", "abuse")
