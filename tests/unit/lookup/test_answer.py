"""What the carrier's own systems say, read: nothing is guessed, and a wrong kind is no fact."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.lookup.answer import MOST, Answer, Unanswered, observed_of, read_answer
from mailprobe.verdict.observed import parse
from mailprobe.verdict.picture import ContractState

NOW = 1_800_000_000.0
WHOLE = {
    "contract": "closed",
    "contract_at": "2026-11-01T00:00:00+09:00",
    "mail_password_changed_at": 1_799_990_000,
    "in_mx_map": False,
    "in_imap_directory": True,
    "store_uid": 70_012,
    "last_write": "2026-11-20T03:04:05Z",
    "tariff": "whatever else they know",
}


def test_a_whole_answer() -> None:
    found = read_answer(json.dumps(WHOLE).encode())
    assert found == Answer("closed", 1_793_458_800.0, 1_799_990_000.0, False, True, "70012", 1_795_143_845.0)


@pytest.mark.parametrize("raw", [b"{}", b'{"contract": null, "in_mx_map": null}', '{"tarif": "é"}'.encode()])
def test_what_is_not_said_is_not_known(raw: bytes) -> None:
    assert read_answer(raw) == Answer()
    assert observed_of(Answer()) == ()


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


def test_what_a_verdict_knows_of_it_is_understood_there() -> None:
    found = read_answer(json.dumps(WHOLE).encode())
    assert isinstance(found, Answer)
    told = parse(observed_of(found), now=NOW)
    assert (told.contract, told.contract_at) == (ContractState.CLOSED, 1_793_458_800.0)
    assert told.mail_password_changed_at == 1_799_990_000.0
    assert parse(observed_of(Answer(contract="active")), now=NOW).contract is ContractState.ACTIVE
    assert observed_of(Answer(contract="unknown", in_mx_map=False)) == ()
