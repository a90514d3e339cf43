"""Texts of servers (golden/replies.txt), without any sample of a corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.evidence import Stage
from mailprobe.replies import SpeaksOf, read

TEXTS = [
    tuple(line.split(" ", 3))
    for line in (Path(__file__).parents[2] / "golden" / "replies.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("stage", "code", "cls", "text"), TEXTS)
def test_a_text(stage: str, code: str, cls: str, text: str) -> None:
    said = text if code == "0" else f"{code} {text}"
    meaning = read(stage=Stage(stage), code=int(code), text=said, address="neko@b.test", domain="b.test")
    if cls == "us":
        assert meaning.speaks_of is SpeaksOf.US, meaning.rule
    else:
        assert meaning.cls == cls, meaning.rule


def test_the_texts_are_many() -> None:
    assert len(TEXTS) > 300


@pytest.mark.parametrize("local", ["user", "mailbox", "a", "account"])
def test_a_local_part_that_is_a_common_word_hides_nothing(local: str) -> None:
    text = "550 no such user: mailbox of a unknown account"
    assert read(stage=Stage.RCPT, code=550, text=text, address=f"{local}@b.test").cls == "unknown_user"
