"""What FETCH and SEARCH ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.demo.imap_items import Item, Unreadable, criteria, fields_of, items, numbers, rendered, section_of
from mailprobe.demo.mailstore import DELETED, Mail

HEAD = b"From: a@b.example\r\nX-Long: one\r\n two\r\nSubject: x\r\n"
DATA = HEAD + b"\r\nbody\r\n"


@pytest.mark.parametrize(
    ("written", "top", "held"),
    [
        ("1", 9, {1}),
        ("2,4:5", 9, {2, 4, 5}),
        ("5:4", 9, {4, 5}),
        ("*", 9, {9}),
        ("7:*", 9, {7, 8, 9}),
        ("50:*", 9, {9}),
        ("*:8", 9, {8, 9}),
    ],
)
def test_a_set_of_numbers(written: str, top: int, held: set[int]) -> None:
    wanted = numbers(written, top)
    assert {number for number in range(1, top + 1) if wanted(number)} == held


@pytest.mark.parametrize("written", ["", "a", "1:", "1:2:3", ",", "1,,2", "-1", "1;2"])
def test_what_is_no_set(written: str) -> None:
    with pytest.raises(Unreadable):
        numbers(written, 9)


def test_items_as_they_are_asked_for() -> None:
    asked = items("(FLAGS body.peek[header.fields (Subject From)] BODY[]<2.7> RFC822.HEADER)", with_uid=True)
    assert asked == (
        Item("UID"),
        Item("FLAGS"),
        Item("BODY", "HEADER.FIELDS (SUBJECT FROM)"),
        Item("BODY", "", (2, 7), marks=True),
        Item("RFC822.HEADER", "HEADER"),
    )


@pytest.mark.parametrize("written", ["", "()", "(UID", "BODY[", "BODY.PEEK[]<1>", "UID,FLAGS", "X-THING", "(BODY[]x)"])
def test_what_is_no_item(written: str) -> None:
    with pytest.raises(Unreadable):
        items(written, with_uid=True)


def test_sections() -> None:
    assert section_of(DATA, "") == DATA
    assert section_of(DATA, "HEADER") == HEAD + b"\r\n"
    assert section_of(DATA, "TEXT") == b"body\r\n"
    assert section_of(DATA, "HEADER.FIELDS (X-LONG NONE)") == b"X-Long: one\r\n two\r\n\r\n"
    assert section_of(DATA, "HEADER.FIELDS.NOT (X-LONG)") == b"From: a@b.example\r\nSubject: x\r\n\r\n"
    with pytest.raises(Unreadable):
        section_of(DATA, "1.MIME")


def test_a_partial_section_says_where_it_begins() -> None:
    assert rendered(4, Mail(7, DATA, 0.0), items("BODY[]<6.3>", with_uid=True)) == b"* 4 FETCH (UID 7 BODY[]<6> {3}\r\na@b)\r\n"


@given(st.binary())
def test_any_mail_can_be_rendered(data: bytes) -> None:
    asked = items("BODY[] BODY[HEADER] BODY[TEXT] BODY[HEADER.FIELDS (A)] BODY[HEADER.FIELDS.NOT (A)]", with_uid=False)
    assert rendered(1, Mail(1, data, 0.0), asked).startswith(b"* 1 FETCH (BODY[] {%d}\r\n%s" % (len(data), data))


def test_folded_fields_stay_whole() -> None:
    assert fields_of(HEAD)[1] == (b"x-long", b"X-Long: one\r\n two\r\n")


def test_all_keys_must_hold_and_names_are_no_values() -> None:
    mail = Mail(7, DATA, 0.0, frozenset({DELETED}))

    def found(*words: str, blind: bool = False) -> bool:
        return criteria(list(words), 1, 7, blind=blind)(1, mail)

    assert found("HEADER", "x-LONG", "TWO", "DELETED", "UID", "7")
    assert not found("HEADER", "x-long", "two", "UNDELETED")
    assert not found("HEADER", "Subject", "subject")
    assert not found("SUBJECT", "x", blind=True)
    assert found("TEXT", "body", blind=True)
    assert found("CHARSET", "UTF-8", "NOT", "SUBJECT", "y")
