"""The tables themselves: every row can be reached, and every class speaks of somebody."""

from __future__ import annotations

from mailprobe.replies import SPEAKS, ReplyClass
from mailprobe.replies.tables import SIGN_IN, SMTP


def test_every_class_speaks_of_somebody() -> None:
    assert set(SPEAKS) == set(ReplyClass)


def test_rows_are_lower_case_single_spaced_and_ask_something() -> None:
    shelves = (SMTP.sharp, SMTP.us, SMTP.strong, SMTP.recipient, SMTP.weak, SMTP.vague, SMTP.basic)
    groups = [*SMTP.providers, *(group for shelf in shelves for group in shelf.groups)]
    rules = [rule for group in (*groups, *SIGN_IN.imap, *SIGN_IN.auth) for rule in group.rules]
    assert len(rules) > 500
    for rule in rules:
        assert rule.contains == rule.contains.lower()
        assert "  " not in rule.contains
        assert rule.contains or rule.codes, rule
        assert rule.grade in "ABCSTK"


def test_no_text_is_listed_twice_in_a_row_of_groups() -> None:
    for shelf in (SMTP.sharp, SMTP.us, SMTP.recipient):
        seen = [(rule.contains, rule.phases, rule.codes) for group in shelf.groups for rule in group.rules]
        assert [row for row in seen if seen.count(row) > 1] == []
