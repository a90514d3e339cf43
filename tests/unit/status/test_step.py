"""Readings one after the other, and what becomes of the status: the table first, then what holds for every order of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.carriers import Relation
from mailprobe.status import (
    FOREIGN_GAP,
    RANK,
    REMEMBERED,
    SKEW,
    Change,
    Reading,
    Standing,
    Step,
    shown,
    stale_at,
    step,
    step_in_maintenance,
    undecided,
)
from mailprobe.verdict import Code, Status

OK, DEGRADED, DOWN, UNKNOWN = Status.OK, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
EVERY = 300.0  # seconds
START = 1_760_000_000.0
CODES = {
    "ok": (Code.HEALTHY, OK),
    "handset": (Code.HANDSET, OK),
    "full": (Code.MAILBOX_FULL, DEGRADED),
    "junk": (Code.DELIVERED_TO_JUNK, DEGRADED),
    "gone": (Code.DIRECTORY_OUT_OF_SYNC, DOWN),
    "closed": (Code.CLOSED_BY_CONTRACT, DOWN),
    "?": (Code.INCONCLUSIVE, UNKNOWN),
    "blocked": (Code.PROBER_BLOCKED, UNKNOWN),
}


def reading(word: str, at: float = START) -> Reading:
    """`gone`, or `gone!` where a control was not good."""
    code, status = CODES[word.rstrip("!")]
    return Reading(at, code, status, controls_good=not word.endswith("!"))


def after(words: str, every: float = EVERY, relation: Relation = Relation.OWN, interval: float = EVERY) -> list[Step]:
    """A row of readings, `every` seconds apart."""
    steps, standing = [], Standing()
    for number, word in enumerate(words.split()):
        at = START + number * every
        steps.append(step(standing, reading(word, at), interval, relation, at))
        standing = steps[-1].standing
    return steps


@pytest.mark.parametrize(
    ("words", "statuses"),
    [
        ("ok", "ok"),
        ("?", "unknown"),
        ("gone", "unknown"),
        ("gone gone", "unknown down"),
        ("full full", "unknown degraded"),
        ("ok gone gone", "ok ok down"),
        ("ok gone ok gone gone", "ok ok ok ok down"),  # something good in between starts it anew
        ("ok gone ? gone", "ok ok ok down"),  # what could not tell is neither good nor bad
        ("ok gone! gone", "ok ok ok"),
        ("ok gone gone! gone", "ok ok ok down"),
        ("ok gone! gone! gone! gone!", "ok ok ok ok ok"),
        ("ok ? ? ? ?", "ok ok ok ok ok"),
        ("gone gone ? ?", "unknown down down down"),
        ("gone gone ok", "unknown down down"),
        ("gone gone ok ok", "unknown down down ok"),
        ("gone gone ok gone ok ok", "unknown down down down down ok"),
        ("gone gone ok ? ok", "unknown down down down ok"),
        # what both support: down takes two readings of down
        ("ok full gone", "ok ok degraded"),
        ("ok full gone gone", "ok ok degraded down"),
        ("ok gone full", "ok ok degraded"),
        ("full full gone", "unknown degraded degraded"),
        ("full full gone gone", "unknown degraded degraded down"),
        ("full full gone full gone", "unknown degraded degraded degraded degraded"),
        ("gone gone full", "unknown down down"),
        ("gone gone full full", "unknown down down degraded"),
        ("gone gone full ok", "unknown down down degraded"),
        ("gone gone full ok ok", "unknown down down degraded ok"),
        ("gone gone ok full", "unknown down down degraded"),
        ("gone closed", "unknown down"),  # both are down, whatever the reason
    ],
)
def test_a_row_of_readings(words: str, statuses: str) -> None:
    assert [one.standing.status for one in after(words)] == statuses.split()


@pytest.mark.parametrize(
    ("relation", "apart", "status"),
    [
        (Relation.OWN, EVERY, DOWN),
        (Relation.OWN, EVERY - 0.001, OK),
        (Relation.FOREIGN, EVERY, OK),
        (Relation.FOREIGN, FOREIGN_GAP, DOWN),
        (Relation.FOREIGN, FOREIGN_GAP - 0.001, OK),
    ],
)
def test_the_second_bad_reading_comes_an_interval_later_or_ten_minutes_at_a_foreign_carrier(
    relation: Relation, apart: float, status: Status
) -> None:
    standing = step(Standing(), reading("ok"), EVERY, relation, START).standing
    for at in (START + 10, START + 10 + apart):
        standing = step(standing, reading("gone", at), EVERY, relation, at).standing
    assert standing.status is status


def test_several_bad_readings_too_soon_keep_the_time_of_the_first_and_what_all_support() -> None:
    steps = after("ok gone full gone gone", every=100.0)
    assert [one.standing.status for one in steps] == [OK, OK, OK, OK, DEGRADED]
    assert steps[3].confirm_at == START + 100 + EVERY
    assert steps[4].standing.unconfirmed is not None
    assert steps[4].standing.unconfirmed.status is DOWN


def test_a_follow_up_is_wanted_when_it_can_decide_and_not_when_nothing_waits() -> None:
    own, foreign = after("ok gone ? gone ok ok"), after("ok gone ? gone ok ok", relation=Relation.FOREIGN)
    assert [one.confirm_at for one in own] == [None, START + 2 * EVERY, START + 2 * EVERY, None, START + 5 * EVERY, None]
    assert foreign[1].confirm_at == START + EVERY + FOREIGN_GAP


def test_a_change_says_what_was_and_what_is_when_it_began_and_when_it_was_confirmed() -> None:
    change = after("ok gone gone")[2].change
    assert change == Change(OK, DOWN, Code.DIRECTORY_OUT_OF_SYNC, START + 2 * EVERY, START + EVERY, Code.HEALTHY, revised=False)
    assert change.worse
    assert [one.change is not None for one in after("? ok gone gone gone ok ok")] == [
        False,
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_another_verdict_with_the_same_status_is_a_revision_once_it_is_said_twice() -> None:
    steps = after("gone gone closed closed")
    assert steps[2].change is None
    assert steps[3].change == Change(
        DOWN, DOWN, Code.CLOSED_BY_CONTRACT, START + 3 * EVERY, START, Code.DIRECTORY_OUT_OF_SYNC, revised=True
    )
    assert not steps[3].change.worse
    assert steps[3].standing.since == START
    assert all(one.change is None for one in after("gone gone closed gone closed gone")[2:])


def test_the_same_facts_judged_again_are_no_second_reading() -> None:
    """An IMAP outage is judged again when the MX hosts were asked: nobody has looked at IMAP twice."""
    standing = step(Standing(), reading("ok"), EVERY, Relation.OWN, START).standing
    for at in (START + 300, START + 600, START + 900):
        again = replace(reading("gone", at), seen_at=START + 300)
        standing = step(standing, again, EVERY, Relation.OWN, at).standing
    assert standing.status is OK
    fresh = step(standing, replace(reading("gone", START + 1200), seen_at=START + 1100), EVERY, Relation.OWN, START + 1200)
    assert fresh.standing.status is DOWN
    assert fresh.standing.since == START + 300


@pytest.mark.parametrize(
    ("words", "waits"),
    [("full ok", False), ("ok full", False), ("? full", True), ("full ?", True), ("gone! full ok full", False)],
)
def test_of_several_readings_of_one_instant_the_mildest_counts(words: str, waits: bool) -> None:
    standing = step(Standing(), reading("ok"), EVERY, Relation.OWN, START).standing
    for word in words.split():
        standing = step(standing, reading(word, START + 1), EVERY, Relation.OWN, START + 1).standing
    assert (standing.unconfirmed is not None) is waits


def test_a_first_reading_does_not_wait_for_ever() -> None:
    standing = after("ok gone")[1].standing
    late = START + EVERY + REMEMBERED + 1
    found = step(standing, reading("gone", late), EVERY, Relation.OWN, late)
    assert found.standing.status is OK
    assert found.confirm_at == late + EVERY


def test_what_is_not_known_says_why_without_a_change() -> None:
    found = step(Standing(), reading("?"), EVERY, Relation.OWN, START)
    assert (found.standing.status, found.standing.code, found.change) == (UNKNOWN, Code.INCONCLUSIVE, None)
    assert found.standing.since == START
    kept = step(after("ok")[0].standing, reading("blocked", START + 1), EVERY, Relation.OWN, START + 1)
    assert (kept.standing.status, kept.standing.code) == (OK, Code.HEALTHY)


def test_silence_is_shown_as_unknown_and_never_becomes_a_change() -> None:
    standing = after("gone gone")[1].standing
    assert stale_at(standing, EVERY) == START + EVERY + 3 * EVERY
    assert shown(standing, EVERY, START + 4 * EVERY - 1) is DOWN
    assert shown(standing, EVERY, START + 4 * EVERY) is UNKNOWN
    unable = step(standing, reading("?", START + 5 * EVERY), EVERY, Relation.OWN, START + 5 * EVERY)
    assert unable.change is None
    assert shown(unable.standing, EVERY, START + 5 * EVERY) is UNKNOWN  # to have looked in vain is silence too
    assert shown(Standing(), EVERY, START) is UNKNOWN


def test_maintenance_keeps_the_last_value_and_nothing_from_before_counts_afterwards() -> None:
    standing = after("ok gone")[1].standing
    for number in (2, 3, 4):
        at = START + number * EVERY
        found = step_in_maintenance(standing, reading("gone", at), at)
        assert found.change is None
        assert found.confirm_at is None
        standing = found.standing
    assert (standing.status, shown(standing, EVERY, START + 4 * EVERY)) == (OK, OK)
    at = START + 5 * EVERY
    assert step(standing, reading("gone", at), EVERY, Relation.OWN, at).standing.status is OK


def test_a_clock_that_steps_back_makes_new_readings_count_and_none_of_them_twice() -> None:
    standing = after("ok gone")[1].standing
    back = START - 3600
    found = step(standing, reading("gone", back), EVERY, Relation.OWN, back)
    assert (found.standing.status, found.change) == (OK, None)
    assert found.standing.since <= back
    found = step(found.standing, reading("gone", back + EVERY), EVERY, Relation.OWN, back + EVERY)
    assert found.standing.status is DOWN


def test_a_reading_of_a_clock_far_ahead_counts_for_nothing() -> None:
    standing = after("ok")[0].standing
    assert step(standing, reading("gone", START + SKEW + 2), EVERY, Relation.OWN, START + 1).standing is standing


def test_after_a_step_forward_or_a_sleep_the_first_reading_is_forgotten_on_request() -> None:
    standing = undecided(after("ok gone")[1].standing)
    at = START + EVERY + 3600
    assert step(standing, reading("gone", at), EVERY, Relation.OWN, at).standing.status is OK


# ---- whatever comes ---------------------------------------------------------------------------------------------------

WORDS = [*CODES, "gone!", "full!"]
ROWS = st.lists(st.tuples(st.sampled_from(WORDS), st.floats(0.0, 2000.0), st.floats(0.0, 900.0)), max_size=25)
RELATIONS = st.sampled_from(list(Relation))


def told(rows: list[tuple[str, float, float]]) -> list[Reading]:
    """Readings in the order of judgement, the facts of each seen some time before."""
    at, found = START, []
    for word, later, age in rows:
        at += later
        found.append(replace(reading(word, at), seen_at=at - age))
    return found


def run(readings: list[Reading], relation: Relation, standing: Standing | None = None) -> list[Step]:
    steps, standing = [], standing or Standing()
    for one in readings:
        steps.append(step(standing, one, EVERY, relation, one.at))
        standing = steps[-1].standing
    return steps


def gap(relation: Relation) -> float:
    return EVERY if relation is Relation.OWN else FOREIGN_GAP


@given(ROWS, RELATIONS)
def test_every_worsening_rests_on_two_readings_that_support_it_far_enough_apart(
    rows: list[tuple[str, float, float]], relation: Relation
) -> None:
    readings = told(rows)
    for number, one in enumerate(run(readings, relation)):
        if one.change is None or not one.change.worse:
            continue
        need = RANK[one.change.new]
        last = readings[number]
        support = [r for r in readings[: number + 1] if RANK[r.status] >= need and r.controls_good]
        assert any(last.seen - r.seen >= gap(relation) for r in support), "no two readings of it far enough apart"
        since = [r for r in readings[:number] if r.seen == one.change.since]
        assert any(RANK[r.status] >= need and r.controls_good for r in since)
        first = readings.index(since[0])
        between = readings[first : number + 1]
        assert all(RANK[r.status] >= need or r.status is UNKNOWN for r in between if r.at > since[0].at and r.controls_good)


@given(ROWS, RELATIONS)
def test_only_readings_that_tell_change_anything(rows: list[tuple[str, float, float]], relation: Relation) -> None:
    readings = told(rows)
    for one, seen in zip(run(readings, relation), readings, strict=True):
        if one.change is not None:
            assert seen.status is not UNKNOWN
            assert seen.controls_good or seen.status is OK
            assert one.change.new is not UNKNOWN
            assert one.standing.status is one.change.new


@given(ROWS, RELATIONS)
def test_delivered_twice_or_late_changes_nothing(rows: list[tuple[str, float, float]], relation: Relation) -> None:
    readings = told(rows)
    once = run(readings, relation)
    standing, changes = Standing(), []
    for number, one in enumerate(readings):
        for again in (one, one, *readings[:number]):  # itself twice, and then everything before it once more
            found = step(standing, again, EVERY, relation, one.at)
            standing = found.standing
            changes += [found.change] if found.change is not None else []
    assert changes == [one.change for one in once if one.change is not None]
    assert standing == (once[-1].standing if once else Standing())


CLOCKS = st.lists(st.tuples(st.sampled_from(WORDS), st.floats(0.0, 4_000_000_000.0)), max_size=25)
JUMPS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([1.0, 300.0, 600.0, -61.0, -3600.0, 3600.0])), max_size=40)


def never_from_one(readings: list[Reading], relation: Relation) -> None:
    for number, one in enumerate(run(readings, relation)):
        if one.change is not None and one.change.worse:
            need = RANK[one.change.new]
            assert len([r for r in readings[: number + 1] if RANK[r.status] >= need and r.controls_good]) >= 2
            assert RANK[readings[number].status] >= need


@given(CLOCKS, RELATIONS)
def test_never_worse_from_one_reading_whatever_the_clock_says(rows: list[tuple[str, float]], relation: Relation) -> None:
    never_from_one([reading(word, at) for word, at in rows], relation)


@given(JUMPS, RELATIONS)
def test_a_clock_that_jumps_to_and_fro_leaves_no_time_in_the_future(rows: list[tuple[str, float]], relation: Relation) -> None:
    at, readings = START, []
    for word, later in rows:
        at += later
        readings.append(reading(word, at))
    never_from_one(readings, relation)
    for one, seen in zip(run(readings, relation), readings, strict=True):
        times = (one.standing.since, one.standing.read_at, one.standing.known_at)
        assert all(time is None or time <= seen.at + SKEW for time in times)


@given(JUMPS, RELATIONS)
def test_after_any_jumps_three_good_readings_are_ok(rows: list[tuple[str, float]], relation: Relation) -> None:
    at, readings = START, []
    for word, later in [*rows, *[("ok", SKEW + 1)] * 3]:
        at += later
        readings.append(reading(word, at))
    assert run(readings, relation)[-1].standing.status is OK


@given(ROWS, RELATIONS)
def test_a_follow_up_at_the_time_that_was_asked_for_decides(rows: list[tuple[str, float, float]], relation: Relation) -> None:
    readings = told(rows)
    steps = run(readings, relation)
    if not steps or steps[-1].confirm_at is None:
        return
    last = steps[-1].standing
    assert last.unconfirmed is not None
    at = max(steps[-1].confirm_at, readings[-1].at + 1)
    if at - last.unconfirmed.at > REMEMBERED:
        return
    same = Reading(at, last.unconfirmed.code, last.unconfirmed.status)
    change = step(last, same, EVERY, relation, at).change
    assert change is not None
    assert change.new is last.unconfirmed.status
