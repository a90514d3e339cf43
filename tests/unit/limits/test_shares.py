"""The schedule's half, an answer of "later", and a question that is held: each as a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailprobe.canary import Record
from mailprobe.carriers import FOREIGN_LIMITS, OWN_LIMITS, Relation
from mailprobe.evidence import CanaryState, End, Ending, Evidence, NotAsked, Of, Replied, Stage, Withheld
from mailprobe.limits import Courtesy, Held, LoginBudget, half_of, held_in
from mailprobe.limits.canaries import may_send
from mailprobe.probes import Denied, Granted
from mailprobe.store import Store
from tests.unit.limits.given import DAY, HOUR, NOW, Time


def test_half_of_own_and_of_foreign_limits() -> None:
    own, foreign = half_of(OWN_LIMITS), half_of(FOREIGN_LIMITS)
    assert (own.sessions, own.rcpt_gap, own.canary_gap, own.refused_logins) == (2, 108.0, 540.0, 1)
    assert (foreign.sessions, foreign.session_gap, foreign.refused_logins) == (1, 60.0, 1)


async def test_the_schedule_leaves_one_refused_login_to_live_checks(store: Store, time: Time) -> None:
    schedule = LoginBudget(store, time.wall, half_of(OWN_LIMITS).refused_logins, sleep=time.sleep)
    live = LoginBudget(store, time.wall, OWN_LIMITS.refused_logins, sleep=time.sleep)
    first = await schedule.reserve("tanaka", "imap", "stale")
    assert isinstance(first, Granted)
    await schedule.refused(first, "NO")
    time.now += 7 * HOUR
    said = await schedule.reserve("tanaka", "imap", "stale")
    assert isinstance(said, Denied)
    assert said.why is Withheld.BUDGET_SPENT
    second = await live.reserve("tanaka", "imap", "stale")
    assert isinstance(second, Granted)
    await live.refused(second, "NO")
    for budget in (schedule, live):
        assert isinstance(await budget.reserve("tanaka", "imap", "new"), Denied)


async def test_a_server_that_goes_away_during_a_login_costs_the_schedule_no_day(store: Store, time: Time) -> None:
    """It is asked once more, and no third time; when it lets somebody in, nothing of that is left."""
    half, whole = half_of(OWN_LIMITS).refused_logins, OWN_LIMITS.refused_logins
    schedule = LoginBudget(store, time.wall, half, sleep=time.sleep, whole=whole)
    for user, good in (("tanaka", False), ("suzuki", True)):
        for _ in range(1 if good else 2):
            grant = await schedule.reserve(user, "imap", "secret")
            assert isinstance(grant, Granted)
            await schedule.unanswered(grant)
            time.now += HOUR
    assert isinstance(await schedule.reserve("tanaka", "imap", "secret"), Denied)
    for _ in range(3):
        grant = await schedule.reserve("suzuki", "imap", "secret")
        assert isinstance(grant, Granted)
        await schedule.opened(grant)


async def test_the_schedule_leaves_places_and_gaps(store: Store, time: Time) -> None:
    half = half_of(OWN_LIMITS)
    schedule, live = (Courtesy(store, limits, "here", time.wall, time.sleep) for limits in (half, OWN_LIMITS))
    assert [await schedule.session("mx") for _ in range(2)] == [None, None]
    assert await schedule.session("mx") is not None
    assert [await live.session("mx") for _ in range(3)] == [None] * 3
    now = time.now
    await schedule.asked(Of.TARGET, "a@d.test", "mx")
    time.now = now + 60
    assert await schedule.may_ask(Of.TARGET, "a@d.test", "mx") == Denied(Withheld.NOT_POLITE_YET, now + 108, now)
    assert await live.may_ask(Of.TARGET, "a@d.test", "mx") is None


def canary(ago: float) -> Record:
    fields: dict[str, Any] = dict.fromkeys(("id", "subject", "account", "vantage", "sender", "number", "consent"), "x")
    return Record(**fields, of=Of.TARGET, planned_at=NOW - ago, state=CanaryState.REMOVED)


@pytest.mark.parametrize(("count", "schedule", "live"), [(1, True, True), (2, False, True), (3, False, True), (4, False, False)])
def test_two_test_mails_of_four_a_day_are_the_schedules(count: int, schedule: bool, live: bool) -> None:
    short = replace(FOREIGN_LIMITS, canary_gap=HOUR)
    past = [canary((count - n) * 3 * HOUR) for n in range(count)]
    half = may_send(past, half_of(short), Relation.FOREIGN, NOW, scheduled=True)
    whole = may_send(past, short, Relation.FOREIGN, NOW)
    assert (half is None, whole is None) == (schedule, live)


def answer(code: int, text: str = "greylisted") -> Replied:
    return Replied(at=1.0, server="mx", ip="192.0.2.1", stage=Stage.RCPT, code=code, enhanced="4.7.1", text=text)


async def test_an_address_that_was_put_off_waits_longer_each_time(store: Store, time: Time) -> None:
    live = Courtesy(store, OWN_LIMITS, "here", time.wall, time.sleep)
    waits = []
    for _ in range(6):
        assert await live.may_ask(Of.TARGET, "a@d.test", "mx") is None
        await live.asked(Of.TARGET, "a@d.test", "mx")
        await live.remember(Of.TARGET, "a@d.test", "mx", answer(450))
        asked_at = time.now
        time.now += 61  # the carrier's own gap is over
        said = await live.may_ask(Of.TARGET, "a@d.test", "mx")
        assert said is not None
        assert (said.why, said.last_at) == (Withheld.ASKED_TO_WAIT, asked_at)
        remembered = await live.remembered(Of.TARGET, "a@d.test", "mx")  # and what it said still counts
        assert remembered is not None
        assert said.not_before is not None
        waits.append(said.not_before - asked_at)
        time.now = said.not_before
    assert waits == [300, 600, 1200, 2400, 4000, 4000]
    assert await live.may_ask(Of.TARGET, "b@d.test", "mx") is None


async def test_any_other_answer_ends_the_row(store: Store, time: Time) -> None:
    live = Courtesy(store, OWN_LIMITS, "here", time.wall, time.sleep)
    for code, want in ((450, Withheld.ASKED_TO_WAIT), (250, None), (450, Withheld.ASKED_TO_WAIT)):
        await live.asked(Of.TARGET, "a@d.test", "mx")
        await live.remember(Of.TARGET, "a@d.test", "mx", answer(code))
        time.now += 299
        said = await live.may_ask(Of.TARGET, "a@d.test", "mx")
        assert (said.why if said is not None else None) is want
        time.now += 1


async def test_a_control_that_is_just_being_asked_is_waited_for(store: Store, time: Time) -> None:
    """Its answer comes three seconds after the question: the second check goes on with it."""
    one, answered = Courtesy(store, OWN_LIMITS, "here", time.wall, time.sleep), False

    async def sleep(seconds: float) -> None:
        nonlocal answered
        await time.sleep(seconds)
        if time.now > NOW + 3 and not answered:
            answered = True
            await one.remember(Of.LIVE, "l@d.test", "mx", answer(250, "ok"))

    other = Courtesy(store, OWN_LIMITS, "here", time.wall, sleep)
    assert await one.may_ask(Of.LIVE, "l@d.test", "mx") is None
    await one.asked(Of.LIVE, "l@d.test", "mx")
    said = await other.may_ask(Of.LIVE, "l@d.test", "mx")
    assert said is not None
    assert 3 < time.now - NOW < 4
    assert await other.remembered(Of.LIVE, "l@d.test", "mx") is not None


async def test_but_the_target_is_not_waited_for(store: Store, time: Time) -> None:
    one, other = (Courtesy(store, OWN_LIMITS, "here", time.wall, time.sleep) for _ in range(2))
    await one.asked(Of.TARGET, "a@d.test", "mx")
    assert await other.may_ask(Of.TARGET, "a@d.test", "mx") is not None
    assert time.now == NOW


async def test_what_was_said_last_is_told_however_old_it_is(store: Store, time: Time) -> None:
    live = Courtesy(store, OWN_LIMITS, "here", time.wall, time.sleep)
    await live.remember(Of.TARGET, "a@d.test", "mx", answer(550, "<a@d.test> unknown"))
    time.now += 3 * DAY
    assert await live.remembered(Of.TARGET, "a@d.test", "mx") is None
    last = await live.last_said(Of.TARGET, "a@d.test", "mx")
    assert last is not None
    assert (last.code, last.text, last.cached_at) == (550, "<a@d.test> unknown", NOW)


def test_a_held_question_is_a_value() -> None:
    held = NotAsked(
        at=1.0,
        server="mx:25",
        stage=Stage.RCPT,
        why=Withheld.ASKED_TO_WAIT,
        not_before=NOW + 90,
        last_at=NOW - 210,
        last_words="450 4.7.1 greylisted",
    )
    other = NotAsked(at=1.0, stage=Stage.RCPT, why=Withheld.NO_CONTROL)
    one = Evidence("tanaka", "mx", "here", None, NOW, 0.0, 0.1, (other, held), (), Ending(End.HELD))
    found = held_in(one)
    assert found == (
        Held("mx", Of.TARGET, "mx:25", Stage.RCPT, Withheld.ASKED_TO_WAIT, NOW + 90, NOW - 210, "450 4.7.1 greylisted"),
    )
    assert (found[0].age(NOW), found[0].wait(NOW), found[0].wait(NOW + 100)) == (210, 90, 0)
