"""The series of accounts: what is there, what must not be there, and labels that try to break out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.metrics import AccountRow, Outcome, ProbeRow, Roundtrip, row_of
from mailprobe.metrics.accounts import SLICE, account_series
from mailprobe.metrics.labels import clean, escaped
from mailprobe.metrics.rows import ACTORS
from mailprobe.status import Standing
from mailprobe.verdict import Actor, Code, Status
from mailprobe.verdict.rules import RULES
from tests.unit.metrics.given_rows import NOW, OPENMETRICS, metrics, named, row, samples, scraped, value

HOSTILE = [
    'he"llo',
    "back\\slash",
    'end\\"} 1\nmailprobe_up 1',
    "new\nline",
    "cr\rlf\x00nul\x1b[31m",
    "half \ud800 pair",
    "\x85\u2028 次",
    "{}=,# EOF",
    "",
]


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_one_account_as_the_plan_says(accept: str) -> None:
    found = samples(metrics([row()]), accept)
    of = {"account": "tanaka", "carrier": "lab"}
    statuses = {status: value(found, "account_status", **of, status=status) for status in Status}
    assert statuses == {Status.OK: 0, Status.DEGRADED: 0, Status.DOWN: 1, Status.UNKNOWN: 0}
    assert value(found, "account_info", **of, group="shard-3") == 1
    assert value(found, "account_verdict_info", **of, code="imap_outage", actor="mail_ops") == 1
    at = {"account": "tanaka", "vantage": "tokyo"}
    assert value(found, "probe_success", **at, probe="mx") == 1
    assert value(found, "probe_success", **at, probe="imap") == 0
    assert value(found, "probe_last_success_timestamp_seconds", **at, probe="imap") == NOW - 3600.5
    assert value(found, "canary_last_roundtrip_seconds", **at) == 1.25
    assert value(found, "accounts", carrier="lab", group="shard-3", status="down") == 1
    assert value(found, "accounts", carrier="lab", group="shard-3", status="ok") == 0
    assert value(found, "metrics_dropped_total") == 0


def test_what_was_never_judged_has_no_series() -> None:
    found = samples(metrics([row()]))
    assert {one["probe"] for one in named(found, "probe_success")} == {"mx", "imap"}
    assert {one["probe"] for one in named(found, "probe_last_success_timestamp_seconds")} == {"mx", "imap"}
    bare = samples(metrics([row(probes=(), roundtrips=(), code=None, actor=None)]))
    for name in (
        "probe_success",
        "probe_last_success_timestamp_seconds",
        "canary_last_roundtrip_seconds",
        "account_verdict_info",
    ):
        assert not list(named(bare, name))
    odd = row(probes=(ProbeRow("mx", "tokyo", True, last_success=float("nan")),), roundtrips=(Roundtrip("tokyo", float("inf")),))
    assert not list(named(samples(metrics([odd])), "canary_last_roundtrip_seconds"))


def test_what_is_out_of_date_is_unknown_and_says_nothing_of_probes() -> None:
    old = ProbeRow("mx", "tokyo", False, NOW - 999, 0.1, NOW - 5000, lasts=999)
    found = samples(metrics([row(stale_at=NOW, probes=(old,))]))
    assert value(found, "account_status", account="tanaka", carrier="lab", status="unknown") == 1
    assert value(found, "account_status", account="tanaka", carrier="lab", status="down") == 0
    assert value(found, "accounts", carrier="lab", group="shard-3", status="unknown") == 1
    assert not list(named(found, "probe_success"))
    assert not list(named(found, "account_verdict_info"))
    assert len(list(named(found, "probe_last_success_timestamp_seconds"))) == 1


def test_beyond_the_cap_accounts_are_counted_and_have_no_series() -> None:
    rows = [row(f"a{number}") for number in range(SLICE + 7)]
    found = samples(metrics(rows, most=SLICE + 3))
    assert [one["account"] for one in named(found, "account_info")] == [f"a{number}" for number in range(SLICE + 3)]
    assert len(list(named(found, "probe_success"))) == 2 * (SLICE + 3)
    assert value(found, "accounts", carrier="lab", group="shard-3", status="down") == SLICE + 7
    assert value(found, "metrics_dropped_total") == 4
    assert value(samples(metrics(rows, most=0)), "metrics_dropped_total") == SLICE + 7


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
@pytest.mark.parametrize("word", HOSTILE)
def test_a_hostile_label_stays_one_label(word: str, accept: str) -> None:
    odd = row(word, carrier=word, group=word, probes=(ProbeRow(word, word, True),), roundtrips=(Roundtrip(word, 2.0),))
    of = metrics([odd, row("next")])
    of.probe_ended(word, word, word, Outcome.GOOD, 0.5)
    text = scraped(of, accept)
    assert "\x00" not in text
    assert not re.search("^mailprobe_up", text, re.MULTILINE)
    found = samples(of, accept)
    assert value(found, "account_info", account=clean(word), carrier=clean(word), group=clean(word)) == 1
    assert value(found, "account_info", account="next", carrier="lab", group="shard-3") == 1
    where = {"probe": clean(word), "carrier": clean(word), "vantage": clean(word)}
    assert value(found, "probes_total", **where, outcome="good") == 1


@given(st.text(st.characters(codec=None), max_size=30))
def test_whatever_a_label_holds_it_can_be_encoded_and_read_back(word: str) -> None:
    escaped(word).encode()
    assert clean(clean(word)) == clean(word)
    found = samples(metrics([row(word)]))
    assert value(found, "account_info", account=clean(word), carrier="lab", group="shard-3") == 1


def test_ordinary_words_are_left_alone() -> None:
    for word in ("tanaka", "shard-3", "東京", "a.b/c@d", "two\nlines"):
        assert clean(word) == word


def test_a_piece_is_never_longer_than_a_slice_of_accounts() -> None:
    rows = [row(f"a{number}", group=f"g{number}") for number in range(3 * SLICE)]
    longest = max(piece.count(b"\n") for piece in account_series(rows, len(rows), NOW))
    assert longest == 4 * SLICE


def test_a_row_of_a_standing_names_who_must_act_and_until_when_it_holds() -> None:
    standing = Standing(Status.DOWN, NOW - 900, Code.DIRECTORY_OUT_OF_SYNC, read_at=NOW, known_at=NOW - 100)
    made = row_of(("tanaka", "lab", "east"), standing, 300.0)
    assert (made.status, made.actor, made.stale_at) == (Status.DOWN, Actor.PROVISIONING, NOW - 100 + 900)
    assert row_of(("tanaka", "lab", "east"), Standing(), 300.0).actor is None


def test_every_verdict_has_one_actor() -> None:
    assert all(ACTORS[rule.code] is rule.actor for rule in RULES)


def test_rows_that_say_the_same_are_equal_and_show_no_line_of_their_own() -> None:
    one, other = row(), replace(row(), status=Status.DOWN)
    assert one == other
    assert isinstance(one, AccountRow)
    assert "account=" + '"' not in repr(one)
