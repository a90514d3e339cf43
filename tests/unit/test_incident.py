"""When an incident opens, and when it does not: tables of signs, with a given time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.incident import (
    MAY_BECOME,
    QUIET,
    SPEAKS_OF_SERVERS,
    WELL,
    WITHIN,
    Call,
    ControlSeen,
    Incident,
    Signs,
    State,
    Why,
    by_hand,
    fault_of,
    follow,
    looked_at,
)
from mailprobe.verdict import Code, Status

NOW = 1_800_000_000.0
FAILS_ONCE = ControlSeen(False, NOW - 10, NOW - 10)
FAILS_FOR_LONG = ControlSeen(False, NOW - 10, NOW - 310, 3)
GOOD = ControlSeen(True, NOW - 10, NOW - 10)
WELL_AGAIN = ControlSeen(True, NOW - 10, NOW - 10 - WELL, 9)
STALE = ControlSeen(False, NOW - 2000, NOW - 4000, 9)
SUSPECTED = Incident("lab", State.SUSPECTED, Why.CALLS_AND_CONTROL, NOW - 600, NOW - 600, seen_at=NOW - 30, addresses=3, number=7)
CONFIRMED = replace(SUSPECTED, state=State.CONFIRMED, why=Why.CONTROL_LASTS)
BY_HAND = replace(CONFIRMED, why=Why.BY_HAND, changed_by="chief")


def call(subject: str, code: Code = Code.DIRECTORY_OUT_OF_SYNC, at: float = NOW - 60, **changes: object) -> Call:
    plain = Call("lab", subject, True, code, Status.DOWN, at)
    return replace(plain, **changes)  # type: ignore[arg-type]  # of table rows


SEVERAL = tuple(call(one) for one in "abc")


@pytest.mark.parametrize(
    ("signs", "state", "why"),
    [
        (Signs(SEVERAL, FAILS_ONCE), State.SUSPECTED, Why.CALLS_AND_CONTROL),
        (Signs(SEVERAL, GOOD, newly_ill=1, known=20), State.SUSPECTED, Why.CALLS_AND_WATCHED),
        (Signs(SEVERAL, None, newly_ill=5, known=100), State.SUSPECTED, Why.CALLS_AND_WATCHED),
        (Signs(SEVERAL, FAILS_FOR_LONG), State.CONFIRMED, Why.CONTROL_LASTS),
        (Signs((), FAILS_FOR_LONG, newly_ill=2, known=9), State.CONFIRMED, Why.CONTROL_LASTS),
    ],
)
def test_callers_and_what_we_see_open_one_together(signs: Signs, state: State, why: Why) -> None:
    found = follow(None, 0.0, "lab", signs, NOW)
    assert found is not None
    assert (found.state, found.why, found.carrier, found.opened_at, found.changed_by) == (state, why, "lab", NOW, "")


@pytest.mark.parametrize(
    "signs",
    [
        pytest.param(Signs(()), id="nothing"),
        pytest.param(Signs(SEVERAL, GOOD), id="callers alone"),
        pytest.param(Signs((), FAILS_FOR_LONG), id="a control alone: its own password may have changed"),
        pytest.param(Signs((), GOOD, newly_ill=9, known=9), id="watched accounts alone: they have alerts of their own"),
        pytest.param(Signs(SEVERAL[:2], FAILS_FOR_LONG), id="two callers"),
        pytest.param(Signs(SEVERAL, None, newly_ill=4, known=100), id="single ill mailboxes among many"),
        pytest.param(Signs(SEVERAL, STALE), id="a control that failed long ago"),
        pytest.param(Signs(SEVERAL, FAILS_FOR_LONG, 9, 9, fit=False), id="something ails ourselves"),
        pytest.param(Signs(tuple(call("a", at=NOW - n) for n in range(10)), FAILS_FOR_LONG), id="one customer calls ten times"),
        pytest.param(Signs(tuple(replace(one, confirmed=False) for one in SEVERAL), FAILS_FOR_LONG), id="typos"),
        pytest.param(Signs(tuple(call(one, Code.NO_SUCH_ADDRESS) for one in "abcdef"), FAILS_FOR_LONG), id="no such address"),
        pytest.param(
            Signs(tuple(call(one, Code.PROBER_BLOCKED) for one in "abcdef"), FAILS_FOR_LONG), id="our address is listed"
        ),
        pytest.param(Signs(tuple(call(one, Code.MAILBOX_FULL) for one in "abcdef"), FAILS_FOR_LONG), id="full mailboxes"),
        pytest.param(Signs(tuple(call(one, Code.CLOSED_BY_CONTRACT) for one in "abcdef"), FAILS_FOR_LONG), id="ended contracts"),
        pytest.param(Signs(tuple(call(one, at=NOW - WITHIN) for one in "abcdef"), FAILS_FOR_LONG), id="calls of before"),
        pytest.param(Signs(tuple(call(one, at=NOW + 5) for one in "abcdef"), FAILS_FOR_LONG), id="calls of a clock ahead"),
    ],
)
def test_what_opens_none(signs: Signs) -> None:
    assert follow(None, 0.0, "lab", signs, NOW) is None


def test_calls_that_an_earlier_one_has_answered_open_no_other() -> None:
    assert follow(None, NOW - 30, "lab", Signs(SEVERAL, FAILS_FOR_LONG), NOW) is None
    later = tuple(replace(one, at=NOW - 5) for one in SEVERAL)
    assert follow(None, NOW - 30, "lab", Signs(later, FAILS_FOR_LONG), NOW) is not None


def test_only_what_servers_do_counts() -> None:
    assert {Code.IMAP_OUTAGE, Code.UNKNOWN_TO_MX, Code.DELIVERY_OUTAGE} <= SPEAKS_OF_SERVERS
    theirs = {Code.PASSWORD_OR_LOCK, Code.HANDSET, Code.SUSPENDED, Code.INCONCLUSIVE, Code.RECIPIENT_FILTER, Code.HEALTHY}
    assert not theirs & SPEAKS_OF_SERVERS


@pytest.mark.parametrize(
    ("before", "signs", "state"),
    [
        (SUSPECTED, Signs(SEVERAL, FAILS_FOR_LONG), State.CONFIRMED),
        (SUSPECTED, Signs((), FAILS_FOR_LONG, newly_ill=1, known=3), State.CONFIRMED),
        (replace(SUSPECTED, seen_at=NOW - QUIET), Signs(()), State.DISMISSED),
        (CONFIRMED, Signs((), WELL_AGAIN), State.RESOLVED),
    ],
)
def test_what_becomes_of_one_by_itself(before: Incident, signs: Signs, state: State) -> None:
    after = follow(before, 0.0, "lab", signs, NOW)
    assert after is not None
    assert (after.state, after.number, after.changed_at, after.changed_by) == (state, 7, NOW, "")


@pytest.mark.parametrize(
    ("before", "signs"),
    [
        pytest.param(SUSPECTED, Signs(()), id="quiet, not for long"),
        pytest.param(replace(SUSPECTED, seen_at=NOW - QUIET), Signs((), fit=False), id="we cannot tell"),
        pytest.param(CONFIRMED, Signs((), GOOD), id="good at one look"),
        pytest.param(CONFIRMED, Signs(SEVERAL, WELL_AGAIN), id="callers go on"),
        pytest.param(CONFIRMED, Signs((), None), id="nothing known of the control"),
        pytest.param(CONFIRMED, Signs((), WELL_AGAIN, fit=False), id="well, by unfit eyes"),
        pytest.param(BY_HAND, Signs((), WELL_AGAIN), id="what a person confirmed a person ends"),
    ],
)
def test_what_stays_as_it_is(before: Incident, signs: Signs) -> None:
    after = follow(before, 0.0, "lab", signs, NOW)
    assert after is None or after.state is before.state


def test_more_callers_are_written_down_and_the_same_ones_not_at_each_look() -> None:
    more = follow(SUSPECTED, 0.0, "lab", Signs(tuple(call(one) for one in "abcde"), FAILS_ONCE), NOW)
    assert more is not None
    assert (more.addresses, more.seen_at, more.state) == (5, NOW, State.SUSPECTED)
    assert follow(SUSPECTED, 0.0, "lab", Signs(SEVERAL, FAILS_ONCE), NOW) is None
    later = follow(replace(SUSPECTED, seen_at=NOW - 61), 0.0, "lab", Signs(SEVERAL, FAILS_ONCE), NOW)
    assert later is not None
    assert later.seen_at == NOW


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_what_a_person_may_make_of_one(before: State, after: State) -> None:
    made = by_hand(replace(SUSPECTED, state=before), after, "chief", NOW)
    assert (made is not None) is (after in MAY_BECOME[before])
    if made is not None:
        assert (made.state, made.why, made.changed_by, made.number) == (after, Why.BY_HAND, "chief", 7)


def test_a_look_that_was_told_before_is_no_second_one() -> None:
    """One sign-in of a control stands in the pictures of many accounts."""
    once = looked_at(None, False, NOW)
    assert looked_at(looked_at(once, False, NOW), False, NOW - 5) == once
    twice = looked_at(once, False, NOW + 130)
    assert (twice.looks, twice.since, twice.lasts, once.lasts) == (2, NOW, True, False)
    assert looked_at(twice, True, NOW + 140) == ControlSeen(True, NOW + 140, NOW + 140)
    assert not looked_at(once, False, NOW + 20).lasts


@pytest.mark.parametrize(("text", "fault"), [("復旧は15時ごろです", ""), ("ask a@b.test", "address"), ("x" * 501, "longer")])
def test_what_callers_may_be_told(text: str, fault: str) -> None:
    assert fault in fault_of(text)
    assert bool(fault_of(text)) is bool(fault)
