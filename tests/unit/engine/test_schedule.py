"""The schedule: tables and properties, with a given now."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.config import Account
from mailprobe.engine import Due
from mailprobe.engine.schedule import (
    HALF_WAY,
    JITTER,
    Every,
    Gap,
    Part,
    Plan,
    Schedule,
    at_of,
    first_after,
    newest_until,
    plan_of,
    rhythm,
)
from mailprobe.engine.timeline import Timeline, ahead_of
from tests.unit.given import account

KEY = b"the store's own key"
NOW = 1_800_000_000.0


def watched(number: int, every: float | Every = 900.0, **changes: Any) -> Account:
    table = every if isinstance(every, tuple) else (("", every),)
    return account(**{"id": f"a{number:06d}", "every": table, "probes": ("imap", "mx"), **changes})


def fleet(size: int, every: float = 900.0) -> list[Account]:
    return [watched(number, every) for number in range(size)]


def plan(one: Account) -> Plan:
    found = plan_of(one, KEY)
    assert found is not None
    return found


def all_until(schedule: Schedule, now: float) -> list[Due | Gap]:
    """Taken in slices until nothing is due any more."""
    taken: list[Due | Gap] = []
    while more := schedule.take(now, 7):
        taken += more
    return taken


def dues(schedule: Schedule, now: float) -> list[Due]:
    return [one for one in all_until(schedule, now) if isinstance(one, Due)]


def dues_over(schedule: Schedule, start: float, seconds: int) -> list[Due]:
    """What is due to somebody who looks every ten seconds."""
    return [one for second in range(0, seconds + 1, 10) for one in dues(schedule, start + second)]


def gaps(taken: list[Due | Gap]) -> list[Gap]:
    return [one for one in taken if isinstance(one, Gap)]


def test_slots_follow_from_id_and_key_alone() -> None:
    alone, among = Schedule(KEY, [watched(7)], NOW), Schedule(KEY, fleet(100), NOW)
    mine = [one for step in range(60) for one in dues(among, NOW + 60 * step) if one.account.id == "a000007"]
    assert [(one.slot, one.at) for one in mine] == [
        (one.slot, one.at) for step in range(60) for one in dues(alone, NOW + 60 * step)
    ]
    assert plan_of(watched(7), KEY) == plan_of(watched(7, address=account().address, group="other"), KEY)
    assert plan_of(watched(7), KEY) != plan_of(watched(7), b"another store")


def test_a_restart_goes_on_with_the_same_slots() -> None:
    before, after = Schedule(KEY, fleet(50), NOW), Schedule(KEY, fleet(50), NOW + 450)
    dues(before, NOW + 450)
    assert [(one.slot, one.at, one.account.id) for one in dues(before, NOW + 1000)] == [
        (one.slot, one.at, one.account.id) for one in dues(after, NOW + 1000)
    ]


def test_the_first_round_is_spread_over_the_whole_interval() -> None:
    schedule = Schedule(KEY, fleet(9000), NOW)
    per_tenth = [len(dues(schedule, NOW + 90 * tenth)) for tenth in range(1, 11)]
    assert all(abs(number - 900) < 120 for number in per_tenth)  # 4 sigma; the hash is fixed, so this never flickers


def test_each_account_runs_once_an_interval_with_a_small_jitter() -> None:
    schedule = Schedule(KEY, fleet(40), NOW)
    seen: dict[str, list[float]] = {}
    for second in range(0, 9000, 5):
        for one in dues(schedule, NOW + second):
            seen.setdefault(one.account.id, []).append(one.at)
    distances = [b - a for ats in seen.values() for a, b in pairwise(ats)]
    assert {len(ats) for ats in seen.values()} <= {9, 10, 11}
    assert all(900 * (1 - JITTER) <= one <= 900 * (1 + JITTER) for one in distances)
    assert len({round(one, 3) for one in distances}) > 100  # not the same one every time


def test_a_probe_runs_in_every_kth_slot_with_a_phase_of_its_own() -> None:
    every = (("", 300.0), ("mx", 300.0), ("imap", 900.0), ("canary", 3600.0))
    probes = ("mx", "imap", "canary")
    many = [watched(number, every=every, probes=probes) for number in range(300)]
    timetable = plan(many[0])
    slots = range(6_000_000, 6_000_024)
    assert all("mx" in timetable.probes(slot) for slot in slots)
    for probe, k in (("imap", 3), ("canary", 12)):
        runs = [slot for slot in slots if probe in timetable.probes(slot)]
        assert {b - a for a, b in pairwise(runs)} == {k}
        assert set(Counter(plan(one).parts[probes.index(probe)].phase for one in many)) == set(range(k))


def test_slots_in_which_nothing_would_run_are_none() -> None:
    """The base is the shortest of the table, though the account may not have that probe."""
    assert rhythm((("", 300.0), ("mx", 300.0), ("imap", 900.0)), ("imap",)) == (900.0, (("imap", 1),))
    every = (("", 60.0), ("mx", 60.0), ("imap", 120.0), ("dns", 180.0))
    one = watched(1, every=every, probes=("imap", "dns"))
    schedule = Schedule(KEY, [one], NOW)
    runs = [due for second in range(0, 3600, 5) for due in dues(schedule, NOW + second)]
    assert all(due.probes for due in runs)
    assert len(runs) == pytest.approx(60 * 4 / 6, abs=1)  # of six slots, four are even or divisible by three
    timetable = plan(one)
    assert timetable.count(600, 1200) == sum(bool(timetable.probes(slot)) for slot in range(600, 1200))


@pytest.mark.parametrize("changes", [{"every": ()}, {"probes": ()}])
def test_an_account_without_a_schedule_is_never_due(changes: dict[str, Any]) -> None:
    schedule = Schedule(KEY, [watched(1, **changes)], NOW)
    assert (len(schedule), schedule.next_at(), schedule.take(NOW + 1e6, 10)) == (0, math.inf, [])


def test_a_sleep_of_a_week_is_one_row_an_account_and_no_burst() -> None:
    schedule = Schedule(KEY, fleet(200), NOW)
    woken = all_until(schedule, NOW + 7 * 86_400)
    slept = gaps(woken)
    assert len(slept) == 200
    assert all(abs(one.count - 672) <= 1 for one in slept)
    late = [one for one in woken if isinstance(one, Due)]
    assert all(one.at > NOW + 7 * 86_400 - 900 * HALF_WAY * 1.1 for one in late)  # these may still run, if the pace allows
    after = dues_over(schedule, NOW + 7 * 86_400, 900)
    assert 190 <= len(after) <= 210


@given(
    every=st.sampled_from([1.0, 1.5, 60.0, 300.0, 900.0, 86_400.0]),
    multiples=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    number=st.integers(0, 10**6),
    sleeps=st.lists(st.floats(0.0, 5.0) | st.floats(0.0, 100.0), min_size=1, max_size=30),
    start=st.floats(NOW, NOW + 10**6),
)
def test_every_slot_is_told_exactly_once(
    every: float, multiples: list[int], number: int, sleeps: list[float], start: float
) -> None:
    """However long nobody looks: what is due and what is missed are consecutive, none twice, none left out."""
    probes = ("dns", "mx", "imap", "canary")[: len(multiples)]
    table = (("", every), *((probe, every * k) for probe, k in zip(probes, multiples, strict=True)))
    one = watched(number, every=table, probes=probes)
    timetable, schedule, now = plan(one), Schedule(KEY, [one], start), start
    expected = first_after(timetable, one.id, KEY, start)
    for sleep in sleeps:
        now += sleep * every
        for told in schedule.take(now, 5):
            count = told.count if isinstance(told, Gap) else 1
            assert told.slot is not None
            assert timetable.count(expected, told.slot + 1) == count
            assert timetable.probes(told.slot)
            assert told.at == at_of(timetable, one.id, KEY, told.slot) <= now
            expected = timetable.from_(told.slot + 1)
        assert schedule.next_at() > now
        assert schedule.next_at() == at_of(timetable, one.id, KEY, expected)


@given(
    every=st.floats(1.0, 90_000.0), number=st.integers(0, 10**6), ks=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    now=st.floats(1e9, 4e9),
)  # fmt: skip
def test_before_and_after_meet(every: float, number: int, ks: list[int], now: float) -> None:
    timetable = Plan(every, number % every, tuple(Part(str(k), k, number % k) for k in ks))
    last, first = newest_until(timetable, "x", KEY, now), first_after(timetable, "x", KEY, now)
    assert at_of(timetable, "x", KEY, last) <= now < at_of(timetable, "x", KEY, first)
    assert timetable.from_(last + 1) == first
    assert timetable.until(first - 1) == last


def test_what_was_missed_while_the_program_did_not_run_is_told() -> None:
    one = watched(3)
    timetable = plan(one)
    last = newest_until(timetable, one.id, KEY, NOW)
    ended = {one.id: at_of(timetable, one.id, KEY, last)}
    taken = all_until(Schedule(KEY, [one], NOW + 4 * 900, ended), NOW + 4 * 900)
    assert sum(told.count if isinstance(told, Gap) else 1 for told in taken) == 4
    assert taken[-1].slot == last + 4
    assert all_until(Schedule(KEY, [one], NOW, ended), NOW) == []


@pytest.mark.parametrize("at", [NOW - 30 * 86_400, NOW + 3 * 86_400])
def test_a_last_row_of_long_ago_or_of_a_wrong_clock_is_none(at: float) -> None:
    assert Schedule(KEY, [watched(3)], NOW, {"a000003": at}).next_at() == Schedule(KEY, [watched(3)], NOW).next_at()


def test_a_reload_keeps_the_slots_of_those_who_stay_as_they_are() -> None:
    before = Schedule(KEY, fleet(60), NOW)
    dues(before, NOW + 300)
    changed = [watched(5, every=60.0), *fleet(40)[6:], watched(1000)]
    after = before.replaced(changed, NOW + 300.0)
    kept = {one.account.id: (one.slot, one.at) for one in dues_over(before, NOW + 300, 880)}
    now = {one.account.id: (one.slot, one.at) for one in dues_over(after, NOW + 300, 880)}
    stayed = {one.id for one in fleet(40)[6:]}
    assert {id_: now[id_] for id_ in stayed if id_ in now} == {id_: kept[id_] for id_ in stayed if id_ in kept}
    assert len(stayed & set(now)) > 30
    assert {"a000005", "a001000"} <= set(now)
    assert not {"a000001", "a000050"} & set(now)


def test_a_reload_forgets_no_slot_that_is_overdue() -> None:
    before = Schedule(KEY, fleet(20), NOW)
    after = before.replaced([replace(one, group="moved") for one in fleet(20)], NOW + 400)
    told = all_until(after, NOW + 400)
    assert [(one.account.id, one.at) for one in told] == [(one.account.id, one.at) for one in all_until(before, NOW + 400)]
    assert all(one.account.group == "moved" for one in told)


def test_the_normal_rate_of_each_carrier() -> None:
    slow = watched(1, every=(("", 60.0), ("imap", 120.0), ("dns", 240.0)), probes=("imap", "dns"), carrier="other")
    rates = Schedule(KEY, [*fleet(90, 900.0), slow], NOW).rates()
    assert rates == {"lab": pytest.approx(0.1), "other": pytest.approx(1 / 120)}


# the timeline


def test_a_clock_put_back_does_not_stop_the_schedule_and_put_right_again_does_not_skip() -> None:
    time = Timeline(NOW, 0.0)
    assert time.now(NOW + 10, 10.0) == NOW + 10
    assert time.now(NOW - 3589, 11.0) == pytest.approx(NOW + 11)
    assert time.now(NOW - 3580, 20.0) == pytest.approx(NOW + 20)
    assert time.now(NOW + 30, 30.0) == pytest.approx(NOW + 30)
    assert time.now(NOW + 7240, 40.0) == pytest.approx(NOW + 7240)  # a suspend, or the clock put forward


@given(st.lists(st.tuples(st.floats(0.0, 100.0), st.sampled_from([0.0] * 8 + [3600.0, -3600.0, -0.3, 0.3])), max_size=60))
def test_schedule_time_never_goes_back_and_never_stands_still_for_long(steps: list[tuple[float, float]]) -> None:
    time, wall, steady, before = Timeline(NOW, 0.0), NOW, 0.0, NOW
    for passed, step in steps:
        wall, steady = wall + passed + step, steady + passed
        now = time.now(wall, steady)
        assert now >= before
        assert now - before >= passed - 0.3 * len(steps) - 1e-3
        assert now >= wall - 1e-3
        before = now


def test_rows_ahead_of_the_clock_tell_that_it_was_put_back() -> None:
    assert ahead_of({"a": NOW + 3600, "b": NOW - 5, "c": NOW + 10 * 86_400}, NOW) == 3600
    assert ahead_of({"b": NOW - 5}, NOW) == 0
    assert Timeline(NOW, 0.0, 3600.0).now(NOW + 1, 1.0) == NOW + 3601
