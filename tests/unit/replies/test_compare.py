"""T's and D's answers side by side: what may differ, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Replied, Stage
from mailprobe.replies import Likeness, compare, same_answer

T, D = "tanaka.01@mail.test", "nobody-7f3a@mail.test"


def replied(text: str, code: int = 550, enhanced: str = "5.1.1") -> Replied:
    return Replied(at=0.0, stage=Stage.RCPT, code=code, enhanced=enhanced, text=text)


@pytest.mark.parametrize(
    "text",
    [
        "Invalid recipient: <{address}>",
        "{upper}: User unknown",
        '"{local}"@mail.test... User unknown',
        "no user {local} here",
        "no user here by the name {local}.",
        "see http://mail.test/why?rcpt={percent}",
        "bounce+{local}=mail.test@list.test refused",
        "User unknown",
        "",
    ],
)
def test_the_address_may_differ(text: str) -> None:
    def said(address: str) -> Replied:
        local = address.partition("@")[0]
        return replied(text.format(address=address, upper=address.upper(), local=local, percent=address.replace("@", "%40")))

    assert same_answer(said(T), T, said(D), D) is Likeness.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User unknown a1si2345678wrx.12 - gsmtp", "User unknown b9-20020a05si77wrx.9 - gsmtp"),
        ("User unknown [192.0.2.1] at 10:11:12", "User unknown [192.0.2.9] at 10:11:13.5"),
        ("User unknown (id 4bXk1Z0Tz2z9)", "User unknown (id 4bXk1a0Qy7zK)"),
    ],
)
def test_ids_and_clocks_may_differ(one: str, other: str) -> None:
    assert same_answer(replied(one), T, replied(other), D) is Likeness.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User unknown", "User disabled"),
        ("User unknown", "User unknown here"),
        (f"<{T}>: User unknown", ": User unknown"),
        ("Account someone.else@mail.test unknown", f"Account {D} unknown"),
    ],
)
def test_words_may_not_differ(one: str, other: str) -> None:
    assert same_answer(replied(one), T, replied(other), D) is Likeness.DIFFERENT


def test_codes_may_not_differ() -> None:
    assert same_answer(replied("x"), T, replied("x", code=553), D) is Likeness.DIFFERENT
    assert same_answer(replied("x"), T, replied("x", enhanced="5.2.1"), D) is Likeness.DIFFERENT


def test_a_local_part_that_is_a_word_of_the_sentence() -> None:
    one, other = replied("no such user: user"), replied("no such user: nobody-7f3a")
    assert same_answer(one, "user@mail.test", other, D) is Likeness.SAME
    assert same_answer(replied("a mailbox is full"), "a@mail.test", replied("the mailbox is full"), D) is Likeness.DIFFERENT


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60))
def test_every_text_is_like_itself(text: str, one: str, other: str) -> None:
    assert same_answer(replied(text), one, replied(text), other) is Likeness.SAME


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=40))
def test_likeness_has_no_direction(one: str, other: str, address: str) -> None:
    a, b = replied(one), replied(other)
    assert same_answer(a, address, b, D) is same_answer(b, D, a, address)


PIECES = ("a", "aa", "a.a", "a-a", "a_1", "@", "m.test", "=", "%40", '"', ".", "-", "+", "~", "<", ">", ":", "é", "%", "\\")
LOCALS = ("a", "aa", "a.a", "a-a", "a_1", '"a"', "a~a", "a+a", "", "é")


@given(st.lists(st.sampled_from(PIECES), max_size=9), st.sampled_from(LOCALS))
def test_an_address_is_masked_alike_with_its_pattern_and_without(pieces: list[str], local: str) -> None:
    token, address = "".join(pieces), f"{local}@m.test"
    assert compare._without(token, address) == compare._forms(address).sub("*", token)
