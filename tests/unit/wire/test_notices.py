"""Notices in the forms of mail programs (golden/notices.txt): whom each names, which reply it quotes, what that means."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.understood import understand
from mailprobe.wire.returned import Kind, read_returned

BLOCKS = (Path(__file__).parents[2] / "golden" / "notices.txt").read_text("utf-8").split("\n=== ")[1:]
NOTICES = [(*(word.strip() for word in block.split("\n", 1)[0].split("|")), block.split("\n", 1)[1]) for block in BLOCKS]


@pytest.mark.parametrize(("recipient", "code", "cls", "text"), [one[1:] for one in NOTICES], ids=[one[0] for one in NOTICES])
def test_a_notice(recipient: str, code: str, cls: str, text: str) -> None:
    mail = read_returned(text.encode())
    found = [(one.failure.recipient, one.failure.code, one.meaning.cls.value) for one in understand(mail.failures)]
    assert (mail.kind, found) == (Kind.BOUNCE, [(recipient, int(code), cls)])
