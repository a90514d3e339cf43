"""The words for what was told."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.verdict.observed import KEYS, CanarySeen, Observations, ObservedError, Place, check_numbers, parse
from mailprobe.verdict.picture import ContractState, Portal

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()
JUNK = CanarySeen(Place.JUNK, None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], Observations()),
        (["spelling_confirmed"], Observations(spelling_confirmed=True)),
        (["portal_ok", "pc_used"], Observations(portal=Portal.OK, pc_used=True)),
        (["portal_closed"], Observations(portal=Portal.CLOSED)),
        (
            ["webmail_ok", "other_device_ok", "handset_fails"],
            Observations(webmail_ok=True, other_device_ok=True, handset_fails=True),
        ),
        (["contract=active"], Observations(contract=ContractState.ACTIVE)),
        (["contract=active", "contract=active"], Observations(contract=ContractState.ACTIVE)),
        (["old_address=taro@mail.test"], Observations(old_address="taro@mail.test")),
        (["canary_seen=inbox:4711"], Observations(canaries=(CanarySeen(Place.INBOX, 4711),))),
        (["canary_seen=junk", "canary_not_seen:12"], Observations(canaries=(JUNK, CanarySeen(None, 12)))),
    ],
)
def test_told(words: list[str], expected: Observations) -> None:
    assert parse(words, now=NOW) == expected


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-03-31T09:15+09:00", "2026-03-31T00:15:00+00:00"),
        ("2026-03-31T00:15:00Z", "2026-03-31T00:15:00+00:00"),
        ("2026-03-31", "2026-03-31T23:59:59.999999+00:00"),
        ("2026-04-01", "2026-04-01T23:59:59.999999+00:00"),  # today: its end is not a future event
    ],
)
def test_times(text: str, iso: str) -> None:
    told = parse([f"mail_password_changed_at={text}"], now=NOW)
    assert told.mail_password_changed_at == pytest.approx(datetime.fromisoformat(iso).timestamp())


def test_since_when_a_contract_is_closed() -> None:
    told = parse(["contract=closed@2026-03-01T00:00Z"], now=NOW)
    assert (told.contract, told.contract_at) == (ContractState.CLOSED, datetime(2026, 3, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("word", "code", "hint"),
    [
        ("portal_okay", "MP1101", "did you mean portal_ok?"),
        ("xyzzy", "MP1101", "known: spelling_confirmed"),
        ("contract", "MP1102", "contract=active"),
        ("old_address=", "MP1102", "old_address="),
        ("pc_used=yes", "MP1103", "say pc_used"),
        ("contract=activ", "MP1104", "did you mean active?"),
        ("contract=unknown", "MP1104", ""),
        ("old_address=taro", "MP1104", "@"),
        ("canary_seen=box", "MP1104", "did you mean inbox?"),
        ("canary_seen=inbox:many", "MP1104", "digits"),
        ("canary_not_seen:x", "MP1104", "digits"),
        ("mail_password_changed_at=yesterday", "MP1105", "2026-"),
        ("mail_password_changed_at=2026-03-31T09:15", "MP1105", "+09:00"),
        ("mail_password_changed_at=2026-02-30", "MP1105", "2026-"),
        ("mail_password_changed_at=2027-01-01T00:00Z", "MP1105", "when it happened"),
        ("mail_password_changed_at=2026-04-03", "MP1105", "when it happened"),
    ],
)
def test_what_cannot_be_understood(word: str, code: str, hint: str) -> None:
    with pytest.raises(ObservedError) as caught:
        parse([word], now=NOW)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert hint in problem.hint
    assert word in problem.where


@pytest.mark.parametrize("words", [["portal_ok", "portal_closed"], ["contract=active", "contract=closed"]])
def test_contradictions(words: list[str]) -> None:
    with pytest.raises(ObservedError) as caught:
        parse(words, now=NOW)
    assert [problem.code for problem in caught.value.problems] == ["MP1106"]


def test_every_error_at_once() -> None:
    with pytest.raises(ObservedError) as caught:
        parse(["nonsense", "contract", "pc_used"], now=NOW)
    assert [problem.code for problem in caught.value.problems] == ["MP1101", "MP1102"]


def test_what_is_not_seen_needs_no_number() -> None:
    assert parse(["canary_not_seen"], now=NOW).canaries == (CanarySeen(None, None),)


@pytest.mark.parametrize(
    ("word", "known", "code"),
    [
        ("canary_seen=inbox:4821", ["4821"], None),
        ("canary_seen=inbox:0482", ["0482", "9999"], None),
        ("canary_seen=handset:4812", ["4821"], "MP1111"),
        ("canary_not_seen:4812", ["4821"], "MP1111"),
        ("canary_seen=junk", ["4821"], None),
        ("canary_seen=junk", [], "MP1110"),
        ("canary_seen=inbox:4821", [], "MP1110"),
        ("canary_not_seen", [], "MP1110"),
        ("portal_ok", [], None),
    ],
)
def test_a_number_that_no_test_mail_carries_is_refused(word: str, known: list[str], code: str | None) -> None:
    problems = check_numbers(parse([word], now=NOW), known)
    assert [one.code for one in problems] == ([] if code is None else [code])
    assert all(word in one.where for one in problems)


@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_words_but_the_known_ones_are_refused(words: list[str]) -> None:
    known = all(word.partition("=")[0].partition(":")[0].strip() in KEYS for word in words)
    with nullcontext() if known else pytest.raises(ObservedError):
        parse(words, now=NOW)
