"""The cards for what a caller says: a carrier's words come before the configured ones, and those before ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.config import load
from mailprobe.config.shape import CARDS
from mailprobe.console.cards import cards_of

TOML = """
[carriers.softbank]
cards = { legal.say.ja = "会社の言葉です。" }
[cards]
legal.say.ja = "共通の言葉です。"
[cards.pc]
say.ja = "共通の、パソコンの言葉です。"
"""


def test_the_nearest_words_win(tmp_path: Path) -> None:
    file = tmp_path / "mailprobe.toml"
    file.write_text(TOML, encoding="utf-8")
    config = load(file)
    theirs = {one.key: one for one in cards_of("ja", config.carriers["softbank"].cards, config.cards)}
    everybodys = {one.key: one for one in cards_of("ja", (), config.cards)}
    assert theirs["legal"].say == "会社の言葉です。"
    assert everybodys["legal"].say == "共通の言葉です。"
    assert theirs["pc"].say == everybodys["pc"].say == "共通の、パソコンの言葉です。"
    assert "公表しております窓口" in theirs["compensation"].say


@pytest.mark.parametrize("language", ["ja", "en", "fr"])
def test_every_card_is_whole(language: str) -> None:
    cards = cards_of(language)
    assert tuple(one.key for one in cards) == CARDS
    assert all(one.title and one.say and one.never and one.handover for one in cards)
