"""An address as people paste it, and what is made of it; and how it is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.console.calls.marks import marked, read_back
from mailprobe.console.calls.typed import propose
from mailprobe.verdict.texts import LANGUAGES


@pytest.mark.parametrize(
    ("typed", "meant", "changes"),
    [
        ("tanaka@i.softbank.jp", "tanaka@i.softbank.jp", ()),
        ("  tanaka@i.softbank.jp \n", "tanaka@i.softbank.jp", ("ends",)),
        ("ｔａｎａｋａ＠ｉ．ｓｏｆｔｂａｎｋ．ｊｐ", "tanaka@i.softbank.jp", ("wide",)),
        ("tanaka＠i．softbank。jp。", "tanaka@i.softbank.jp", ("wide", "ends")),
        ("田中 太郎 <tanaka@i.softbank.jp>", "tanaka@i.softbank.jp", ("brackets",)),
        ('"Tanaka, Taro" <tanaka@i.softbank.jp>,', "tanaka@i.softbank.jp", ("brackets",)),
        ("mailto:tanaka@i.softbank.jp?subject=x", "tanaka@i.softbank.jp", ("mailto",)),
        ("<mailto:tanaka@i.softbank.jp>", "tanaka@i.softbank.jp", ("brackets", "mailto")),
        ("tanaka @ i.softbank.jp", "tanaka@i.softbank.jp", ("blanks",)),
        ("（tanaka@i.softbank.jp）", "tanaka@i.softbank.jp", ("wide", "ends")),
        ("tanaka@i.softbank.jp.", "tanaka@i.softbank.jp", ("ends",)),
        ("tanaka\u200b@i.softbank.jp", "tanaka@i.softbank.jp", ("invisible",)),
        ("tanakaー1@i.softbank.jp", "tanaka-1@i.softbank.jp", ("wide",)),
        ("田中＜tanaka@i.softbank.jp＞", "tanaka@i.softbank.jp", ("wide", "brackets")),
        ("tanaka@i.softbank.jp（田中）", "tanaka@i.softbank.jp", ("wide", "brackets")),
        ("tanaka@i.softbank.jp 様", "tanaka@i.softbank.jp", ("brackets",)),
        ("tanaka@i.softbank.jpさん", "tanaka@i.softbank.jp", ("brackets",)),
        ("メールアドレス：tanaka@i.softbank.jp", "tanaka@i.softbank.jp", ("wide", "brackets")),
        ("アドレスは tanaka@i.softbank.jp です。", "tanaka@i.softbank.jp", ("wide", "brackets")),
        ("E-mail: tanaka@i.softbank.jp", "tanaka@i.softbank.jp", ("brackets",)),
        ("Original-Recipient: rfc822;tanaka@i.softbank.jp", "tanaka@i.softbank.jp", ("brackets",)),
        ("tanaka@i.softbank.jp password123", "tanaka@i.softbank.jp", ("brackets",)),
        ("&lt;tanaka@i.softbank.jp&gt;", "tanaka@i.softbank.jp", ("brackets",)),
        ("mailto:tanaka%40i.softbank.jp", "tanaka@i.softbank.jp", ("mailto",)),
        ("tanaka (at) i.softbank.jp", "tanaka@i.softbank.jp", ("at",)),
        ("tanaka アットマーク i.softbank.jp", "tanaka@i.softbank.jp", ("at",)),
        ("atami アット i.softbank.jp", "atami@i.softbank.jp", ("at",)),
        # what may be the address itself is never cut off
        ("ta naka@i.softbank.jp", "tanaka@i.softbank.jp", ("blanks",)),
        ("tanaka@i.softbank .jp", "tanaka@i.softbank.jp", ("blanks",)),
        ("tanaka@例え.jp", "tanaka@例え.jp", ()),
        ("tanaka@mail.example.日本", "tanaka@mail.example.日本", ()),
        ("たなかt@i.softbank.jp", "たなかt@i.softbank.jp", ()),
        ("a@i.softbank.jp, b@i.softbank.jp", "a@i.softbank.jp,b@i.softbank.jp", ("blanks",)),
        ('"a b"@i.softbank.jp', '"a b"@i.softbank.jp', ()),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp", ()),
        ("taro_-0O1lI@i.softbank.jp", "taro_-0O1lI@i.softbank.jp", ()),
    ],
)
def test_what_was_probably_meant(typed: str, meant: str, changes: tuple[str, ...]) -> None:
    proposal = propose(typed)
    assert proposal.text == meant
    assert set(proposal.changes) == set(changes)


@given(st.text(max_size=60))
def test_any_text_is_read_and_what_is_proposed_stays(typed: str) -> None:
    once = propose(typed).text
    assert propose(once).text == propose(propose(once).text).text


@given(st.from_regex(r"[A-Za-z0-9_+-]{1,20}@[a-z0-9]{1,10}\.(jp|example)", fullmatch=True))
def test_a_plain_address_is_never_changed(address: str) -> None:
    assert propose(address).text == address


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_easily_mistaken_is_said_and_each_in_words_of_its_own(language: str) -> None:
    said = {one.char: one.say for one in marked("0O1lI-_o", language)}
    assert all(said.values())
    assert len(set(said.values())) == len(said)
    assert [one.say for one in marked("tk7", language)] == ["", "", ""]
    assert [one.kind for one in marked("a0-", language)] == ["letter", "digit", "sign"]


def test_the_line_to_read_back() -> None:
    assert read_back("a0_@i.softbank.jp", "en") == "a, zero (digit), underscore (below), at, i, dot, softbank, dot, jp"
    assert read_back("aB@mail.example", "ja") == "a、大文字のb、アットマーク、mail、ドット、example"
