"""Notices in the forms of mail programs (golden/notices.txt): whom each names, which reply it quotes, what that means."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.understood import understand
from mailprobe.wire.returned import Kind, read_returned

GOLDEN = Path(__file__).parents[2] / "golden"


def blocks(name: str) -> list[tuple[str, ...]]:
    """The words of each block's first line, and its text."""
    found = (GOLDEN / name).read_text("utf-8").split("\n=== ")[1:]
    return [(*(word.strip() for word in block.split("\n", 1)[0].split("|")), block.split("\n", 1)[1]) for block in found]


NOTICES, NO_BOUNCES = blocks("notices.txt"), blocks("no-bounces.txt")


@pytest.mark.parametrize(("recipient", "code", "cls", "text"), [one[1:] for one in NOTICES], ids=[one[0] for one in NOTICES])
def test_a_notice(recipient: str, code: str, cls: str, text: str) -> None:
    mail = read_returned(text.encode())
    found = [(one.failure.recipient, one.failure.code, one.meaning.cls.value) for one in understand(mail.failures)]
    assert (mail.kind, found) == (Kind.BOUNCE, [(recipient, int(code), cls)])


@pytest.mark.parametrize(("kind", "text"), [one[1:] for one in NO_BOUNCES], ids=[one[0] for one in NO_BOUNCES])
def test_no_bounce(kind: str, text: str) -> None:
    mail = read_returned(text.encode())
    assert (mail.kind.value, mail.failures) == (kind, ())


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Subject: Delayed\n\nFinal-Recipient: rfc822;a@b.test\nAction: delayed\nStatus: 4.1.1\n", "delayed"),
        ("Subject: Delivered\n\nFinal-Recipient: rfc822;a@b.test\nAction: delivered\nStatus: 2.0.0\n", "delivered"),
        ("Subject: Relayed\n\nFinal-Recipient: rfc822;a@b.test\nAction: relayed\nStatus: 2.0.0\n", "relayed"),
        ("Subject: Warning: could not send message for past 4 hours\n\n<a@b.test>... Deferred: still trying\n", "delayed"),
    ],
)
def test_what_is_no_failure_yet_is_not_hard(text: str, action: str) -> None:
    (one,) = understand(read_returned(("From: MAILER-DAEMON@x.test\n" + text).encode()).failures)
    assert (one.failure.action, one.meaning.hard) == (action, False)


@pytest.mark.parametrize("charset", ["iso-2022-jp", "Shift_JIS", "EUC-JP", "utf-8"])
@pytest.mark.parametrize("declared", [True, False])
def test_japanese_in_any_charset_declared_or_not(charset: str, declared: bool) -> None:
    field = f"Content-Type: text/plain; charset={charset}\n" if declared else ""
    head = f"From: MAILER-DAEMON@x.test\nSubject: failure notice\n{field}\n"
    raw = head.encode() + "<a@b.test>\n宛先のユーザーが見つかりません\n".encode(charset)
    (one,) = understand(read_returned(raw).failures)
    assert (one.failure.recipient, one.meaning.cls) == ("a@b.test", "unknown_user")
