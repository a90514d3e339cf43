"""One account's thirty days, from its changes: whole, in order, and silent where nobody looked."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.console.fleet.drawing import status_bar
from mailprobe.console.fleet.history import SPAN, Stretch, stretches, summed
from mailprobe.metrics import AccountRow
from mailprobe.status import Change
from mailprobe.store.changes import Changed
from mailprobe.verdict import Code, Status

NOW = 1_800_000_000.0
DAY = 86_400.0
OK, DOWN, DEGRADED, UNKNOWN = Status.OK, Status.DOWN, Status.DEGRADED, Status.UNKNOWN
ROW = AccountRow("a", "lab", "", OK, NOW + 600, Code.HEALTHY, since=NOW - 90 * DAY, known_at=NOW)


def change(old: Status, new: Status, at: float, since: float | None = None, code: Code = Code.IMAP_OUTAGE) -> Changed:
    return Changed("a", at, Change(old, new, code, at, at if since is None else since))


def told(found: tuple[Stretch, ...]) -> list[tuple[Status, float, float]]:
    """In days before now."""
    return [(one.status, round((NOW - one.begins) / DAY, 3), round((NOW - one.ends) / DAY, 3)) for one in found]


@pytest.mark.parametrize(
    ("changes", "row", "expected"),
    [
        ((), ROW, [(OK, 30, 0)]),
        ((), replace(ROW, since=NOW - 3 * DAY), [(UNKNOWN, 30, 3), (OK, 3, 0)]),
        ((), replace(ROW, status=UNKNOWN, stale_at=0.0), [(UNKNOWN, 30, 0)]),
        ((), replace(ROW, stale_at=NOW - DAY), [(OK, 30, 1), (UNKNOWN, 1, 0)]),
        (
            (change(OK, DOWN, NOW - 4 * DAY, NOW - 5 * DAY), change(DOWN, OK, NOW - 2 * DAY, NOW - 3 * DAY)),
            ROW,
            [(OK, 30, 5), (DOWN, 5, 2), (OK, 2, 0)],
        ),
        ((change(OK, DOWN, NOW - 29 * DAY, NOW - 40 * DAY),), replace(ROW, status=DOWN), [(DOWN, 30, 0)]),
        ((change(DOWN, DEGRADED, NOW - 2 * DAY),), replace(ROW, status=DEGRADED), [(DOWN, 30, 2), (DEGRADED, 2, 0)]),
        ((Changed("a", NOW - DAY, None),), ROW, [(OK, 30, 0)]),
    ],
)
def test_what_was_when(changes: tuple[Changed, ...], row: AccountRow, expected: list[tuple[Status, float, float]]) -> None:
    assert told(stretches(changes, row, NOW)) == expected
    assert told(stretches(tuple(reversed(changes)), row, NOW)) == expected


def test_a_verdict_that_was_revised_is_no_change_of_the_status() -> None:
    known = change(OK, DOWN, NOW - 3 * DAY)
    assert known.change is not None
    revised = Changed("a", NOW - DAY, replace(known.change, old=DOWN, at=NOW - DAY, revised=True))
    assert told(stretches((known, revised), replace(ROW, status=DOWN), NOW)) == [(OK, 30, 3), (DOWN, 3, 0)]


@given(st.lists(st.tuples(st.sampled_from(list(Status)), st.floats(0, 40 * DAY), st.floats(0, 40 * DAY)), max_size=8))
def test_it_is_whole_whatever_is_kept(marks: list[tuple[Status, float, float]]) -> None:
    changes = tuple(change(OK, status, NOW - ago, NOW - since) for status, ago, since in marks)
    found = stretches(changes, ROW, NOW)
    assert found[0].begins == NOW - SPAN
    assert found[-1].ends == NOW
    assert all(one.ends == other.begins for one, other in pairwise(found))
    assert abs(sum(share for _, share in summed(found).shares) - 1) < 1e-9
    assert str(status_bar(found, "said")).count("<rect") == len(found)


def test_an_illness_that_changes_its_kind_is_one() -> None:
    bad = (Stretch(OK, 0, 10), Stretch(DEGRADED, 10, 20), Stretch(DOWN, 20, 50), Stretch(OK, 50, 90), Stretch(DOWN, 90, 100))
    found = summed(bad)
    assert (found.times, found.longest) == (2, 40)
    assert dict(found.shares)[OK] == 0.5


def test_what_is_said_of_a_drawing_is_text_only() -> None:
    drawn = str(status_bar((Stretch(OK, 0, 10),), '"><script>&'))
    assert "<script" not in drawn
    assert drawn.count("&#34;&gt;&lt;script&gt;&amp;") == 2
