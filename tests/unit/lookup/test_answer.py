"""What the carrier's own systems say, read: nothing is guessed, and a wrong kind is no fact."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Contract, End, Ending, Recorded
from mailprobe.lookup import PROBE, recorded
from mailprobe.lookup.answer import MOST, Answer, Unanswered, read_answer

NOW = 1_800_000_000.0
WHOLE = {
    "contract": "closed",
    "contract_at": "2026-11-01T00:00:00+09:00",
    "mail_password_changed_at": 1_799_990_000,
    "in_mx_map": False,
    "in_imap_directory": True,
    "mx_store_uid": "70011",
    "store_uid": 70_012,
    "last_write": "2026-11-20T03:04:05Z",
    "tariff": "whatever else they know",
}


def test_a_whole_answer() -> None:
    found = read_answer(json.dumps(WHOLE).encode())
    assert found == Answer("closed", 1_793_458_800.0, 1_799_990_000.0, False, True, "70011", "70012", 1_795_143_845.0)


@pytest.mark.parametrize("raw", [b"{}", b'{"contract": null, "in_mx_map": null}', '{"tarif": "é"}'.encode()])
def test_what_is_not_said_is_not_known(raw: bytes) -> None:
    assert read_answer(raw) == Answer()


@pytest.mark.parametrize(
    "change",
    [
        {"contract": "gone"},
        {"contract": True},
        {"in_mx_map": "yes"},
        {"in_mx_map": 1},
        {"last_write": "yesterday"},
        {"last_write": "2026-11-20T03:04:05"},
        {"last_write": -1},
        {"last_write": True},
        {"store_uid": ["a"]},
        {"mx_store_uid": True},
        {"store_uid": "x" * 201},
    ],
)
def test_a_field_of_another_kind_voids_the_answer(change: dict[str, object]) -> None:
    assert read_answer(json.dumps(WHOLE | change).encode()) is Unanswered.NOT_UNDERSTOOD


@pytest.mark.parametrize("raw", [b"", b"no", b"[]", b"null", b'{"a":', b"\xff\xfe", b"[" * 60_000, b'{"last_write": NaN}'])
def test_no_object_is_no_answer(raw: bytes) -> None:
    assert read_answer(raw) is Unanswered.NOT_UNDERSTOOD


def test_too_much_is_not_read() -> None:
    assert read_answer(b" " * MOST + b"{}") is Unanswered.TOO_BIG


@given(st.binary(max_size=200))
def test_whatever_comes_is_read(raw: bytes) -> None:
    assert isinstance(read_answer(raw), Answer | Unanswered)


def found(**said: object) -> Answer:
    answer = read_answer(json.dumps(WHOLE | said).encode())
    assert isinstance(answer, Answer)
    return answer


def test_an_answer_is_one_measured_fact() -> None:
    one = recorded(found(), "tanaka", "CRM", NOW, 0.25)
    assert (one.account, one.probe, one.started, one.took, one.ending) == ("tanaka", PROBE, NOW, 0.25, Ending(End.FINISHED))
    assert one.facts == (
        Recorded(
            at=0.25,
            server="CRM",
            contract=Contract.CLOSED,
            contract_at=1_793_458_800.0,
            password_changed_at=1_799_990_000.0,
            in_mx_map=False,
            in_imap_directory=True,
            mx_store_uid="70011",
            store_uid="70012",
            last_write=1_795_143_845.0,
        ),
    )


def fact(**said: object) -> Recorded:
    (one,) = recorded(found(**said), "tanaka", "CRM", NOW, 0.25).facts
    assert isinstance(one, Recorded)
    return one


def test_a_time_in_the_future_spoils_only_its_own_word() -> None:
    later = fact(contract_at="2999-01-01T00:00:00Z")
    assert (later.contract, later.contract_at, later.in_mx_map) == (None, None, False)
    later = fact(mail_password_changed_at=NOW + 3600, last_write=NOW + 30)
    assert (later.password_changed_at, later.last_write, later.contract) == (None, NOW + 30, Contract.CLOSED)


def test_a_contract_that_is_not_known_is_none() -> None:
    assert (fact(contract="unknown").contract, fact(contract=None).contract_at) == (None, None)


@pytest.mark.parametrize("why", Unanswered)
def test_no_answer_is_no_fact_and_says_why(why: Unanswered) -> None:
    """No run of ours is ever 'stopped' by it, and what is ours is not the carrier's."""
    one = recorded(why, "tanaka", "CRM", NOW, 5.0)
    kinds = {Unanswered.TIMEOUT: End.OUT_OF_TIME, Unanswered.NO_SECRET: End.OUR_FAULT, Unanswered.NOT_ASKED: End.OUR_FAULT}
    assert (one.facts, one.ending) == ((), Ending(kinds.get(why, End.REFUSED), why.value))
