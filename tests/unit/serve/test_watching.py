"""The schedule's results on their way: judged, made readings, held where too many turn at once, kept, counted and told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from mailprobe.engine import Kind, Missed, Result
from mailprobe.evidence import Arrived, Canary, CanaryState, Fact, Folder, Lookup, NotAsked, Of, Replied, SeenBy, Stage, Withheld
from mailprobe.maintenance import Window as MaintenanceWindow
from mailprobe.metrics import Window
from mailprobe.prober.findings import Heard, resolver
from mailprobe.serve.duty import count_once, keep_counting, recheck_once
from mailprobe.serve.looks import free_at
from mailprobe.serve.recalling import recall
from mailprobe.status.spells import Spell
from mailprobe.store.jobs import Job
from tests.unit.serve.scene import INTERVAL, OK, UNKNOWN, Scene, config, scene, told

PUT_OFF = "450 4.2.0 Mailbox temporarily unavailable"


async def test_down_takes_two_readings() -> None:
    async with scene(config()) as one:
        await one.read("a-0")
        one.passes(INTERVAL)
        await one.read("a-0", UNKNOWN)
        assert one.status("a-0") == "ok"
        one.passes(INTERVAL)
        await one.read("a-0", UNKNOWN)
        assert one.status("a-0") == "down"


@pytest.mark.parametrize(("carrier", "group"), [("a", ""), ("", "g"), ("a", "g")])
async def test_what_announced_work_does_is_not_counted_against_the_carrier(carrier: str, group: str) -> None:
    """The gauge of maintenance does not show a group's window, and none that is over: alerts would go off by its failures."""
    given = config()
    accounts = tuple(replace(one, group="g") if one.id == "a-0" else one for one in given.accounts)
    async with scene(replace(given, accounts=accounts)) as one:
        announced, now = one.watching.shift.announced, one.time.wall()
        announced.written = (MaintenanceWindow(carrier, group, now, now + 600.0),)
        await one.read("a-0", UNKNOWN)
        await count_once(one.watching)
        assert against_the_carrier(one) == ([], [], [])
        one.passes(600.0)
        await one.read("a-0", UNKNOWN)
        await count_once(one.watching)
        bad, refused, distinct = against_the_carrier(one)
        assert (len(bad), len(refused), len(distinct)) == (1, 1, 2)


def against_the_carrier(one: Scene) -> tuple[list[str], list[str], list[str]]:
    """What is above nought."""
    names = ("mailprobe_probes_total", "mailprobe_bounces_total", "mailprobe_bounced_mailboxes")
    bad, refused, distinct = ([line for line in one.shown(name) if not line.endswith(" 0.0")] for name in names)
    return [line for line in bad if 'outcome="bad"' in line], refused, distinct


@pytest.mark.parametrize("how", ["forward", "suspended"])
async def test_the_two_readings_are_an_interval_apart_by_every_clock(how: str) -> None:
    """An hour that nobody lived through is no interval, though no loop has noticed the jump yet."""
    async with scene(config()) as one:
        await one.read("a-0")
        one.passes(INTERVAL)
        await one.read("a-0", UNKNOWN)
        if how == "forward":
            one.time.offset += 3600.0
        else:
            one.time.suspend(3600.0)
        one.passes(70.0)  # the runs under way at the jump are over
        await one.read("a-0", UNKNOWN)
        assert one.status("a-0") == "ok"
        one.passes(INTERVAL)
        await one.read("a-0", UNKNOWN)
        assert one.status("a-0") == "down"


async def test_a_second_look_that_came_too_soon_for_a_new_answer_is_taken_once_more() -> None:
    """A slot may begin a little early, and its answer be all that the look a moment later has: that decides nothing."""
    given = config()
    limits = replace(given.carriers["a"].limits, rcpt_gap=60.0)
    async with scene(replace(given, carriers={"a": replace(given.carriers["a"], limits=limits)})) as one:
        await one.read("a-0")
        one.passes(INTERVAL)
        await one.read("a-0", UNKNOWN)
        one.passes(INTERVAL - 10.0)
        asked_at = one.time.wall()
        await one.read("a-0", UNKNOWN)
        one.passes(20.0)
        target, *others = one.mx("a-0", UNKNOWN).facts
        assert isinstance(target, Replied)
        await one.ended("a-0", one.run("a-0", "mx", replace(target, cached_at=asked_at), *others))
        assert one.status("a-0") == "ok"
        one.passes(60.0)
        assert asked_at + 60.0 in [job.not_before for job in await jobs(one) if job.probe == "mx"]


@pytest.mark.parametrize("why", [Withheld.NOT_POLITE_YET, Withheld.SERVER_TROUBLED])
async def test_who_was_kept_from_a_second_look_may_look_when_that_is_over(why: Withheld) -> None:
    async with scene(config()) as one:
        until = one.time.wall() + 77.0
        held = NotAsked(at=one.time.steady, server="mx.a.test:25", stage=Stage.RCPT, why=why, not_before=until)
        assert free_at([one.run("a-0", "mx", held)], "mx", 300.0) == until
        assert free_at([one.run("a-0", "imap", held)], "mx", 300.0) == 0.0
        assert free_at([one.mx("a-0", UNKNOWN)], "mx", 300.0) == 0.0
        dead = replace(held, of=Of.DEAD)
        assert (free_at([one.run("a-0", "mx", dead)], "mx", 300.0) == until) is (why is Withheld.SERVER_TROUBLED)


async def test_a_clock_that_is_put_back_changes_no_status() -> None:
    async with scene(config()) as one:
        await one.read("a-0")
        one.time.offset -= 3600.0
        for _ in range(2):
            one.passes(INTERVAL)
            await one.read("a-0")
        assert one.status("a-0") == "ok"
        for _ in range(2):
            one.passes(INTERVAL)
            await one.read("a-0", UNKNOWN)
        assert one.status("a-0") == "down"


async def test_what_was_seen_before_the_clock_was_put_back_says_nothing_of_now() -> None:
    """By the new time it lies ahead, and would be young for an hour and more."""
    async with scene(config()) as one:
        await one.read("a-0", UNKNOWN)
        seen = one.watching.accounts["a-0"]

        def fresh(*learnt: str) -> list[str]:
            return [run.probe for run in one.watching.fresh(seen, learnt, one.time.wall())]

        assert fresh() == ["mx", "imap"]
        one.time.offset -= 30.0  # no more than a clock may be off
        assert fresh() == ["mx", "imap"]
        one.time.offset -= 3600.0
        assert fresh() == []
        assert fresh("mx") == ["mx"]  # it has told it just now


async def turn(one: Scene, names: str, rcpt: str, accounts: int = 5) -> None:
    for name in names:
        for number in range(accounts):
            await one.read(f"{name}-{number}", rcpt)


def statuses(one: Scene) -> dict[str, int]:
    found: dict[str, int] = {}
    for seen in one.watching.accounts.values():
        found[seen.standing.status.value] = found.get(seen.standing.status.value, 0) + 1
    return found


async def jobs(one: Scene) -> list[Job]:
    return list(await one.house.store.jobs.take(one.time.wall(), 100))


async def test_many_of_two_carriers_at_once_are_held_and_asked_again_first() -> None:
    async with scene(config(2, 5)) as one:
        await turn(one, "ab", OK)
        for _ in range(2):
            one.passes(INTERVAL)
            await turn(one, "ab", UNKNOWN)
        shown = statuses(one)["down"]
        assert 0 < shown < 10  # those who were the first, when nobody could know
        held = set(one.watching.flips.held)
        assert len(held) == 10 - shown
        assert one.watching.fitness.doubted.is_set()
        await jobs(one)
        await recheck_once(one.watching)
        assert await jobs(one) == []  # we ourselves come first
        one.watching.fitness.checked_at = one.time.wall()
        await recheck_once(one.watching)
        asked = [job for job in await jobs(one) if job.key.startswith("recheck:")]
        assert {job.account for job in asked} == held
        assert {job.probe for job in asked} == {"mx", "imap"}
        one.passes(5.0)
        for name in held:
            await one.read(name, UNKNOWN)
        assert statuses(one) == {"down": 10}
        assert one.watching.flips.held == {}


async def test_who_is_well_when_asked_again_was_never_ill() -> None:
    async with scene(config(2, 5)) as one:
        await turn(one, "ab", OK)
        for _ in range(2):
            one.passes(INTERVAL)
            await turn(one, "ab", UNKNOWN)
        held = set(one.watching.flips.held)
        for _ in range(2):
            one.passes(5.0)
            for name in held:
                await one.read(name)
        assert one.watching.flips.held == {}
        assert all(one.status(name) == "ok" for name in held)


async def test_the_same_facts_judged_again_are_no_recheck() -> None:
    async with scene(config(2, 5)) as one:
        await turn(one, "ab", OK)
        one.passes(INTERVAL)
        await turn(one, "ab", UNKNOWN)
        one.passes(INTERVAL)
        rows = [(name, one.mx(name, UNKNOWN)) for name in one.watching.accounts]
        for _ in range(3):
            for name, run in rows:
                await one.ended(name, run)
        assert statuses(one)["ok"] == len(one.watching.flips.held) > 0


async def test_one_carrier_that_fails_as_a_whole_is_shown_at_once() -> None:
    async with scene(config(2, 5)) as one:
        await turn(one, "ab", OK)
        for _ in range(2):
            one.passes(INTERVAL)
            await turn(one, "a", UNKNOWN)
            await turn(one, "b", OK)
        assert statuses(one) == {"down": 5, "ok": 5}


async def test_three_carriers_wait_until_the_suspicion_is_over_and_are_shown_then() -> None:
    """A real outage of everybody is told late, and told."""
    async with scene(config(3, 5)) as one:
        await turn(one, "abc", OK)
        for _ in range(2):
            one.passes(INTERVAL)
            await turn(one, "abc", UNKNOWN)
        assert one.watching.fitness.suspects_a_mass
        assert statuses(one)["ok"] > 5
        one.watching.fitness.checked_at = one.time.wall()
        await recheck_once(one.watching)
        assert not [job for job in await jobs(one) if job.key.startswith("recheck:")]
        for _ in range(4):
            one.passes(INTERVAL)
            one.watching.fitness.update([resolver([Heard("192.0.2.53", Lookup.FOUND)], one.time.wall())])
            await turn(one, "abc", UNKNOWN)
        assert statuses(one) == {"down": 15}


# ---- test mails ------------------------------------------------------------------------------------------------------


def mail(one: Scene, *facts: Fact) -> Any:
    return one.run("a-0", "canary", *facts)


def standing(one: Scene, of: Of, state: CanaryState, age: float) -> Canary:
    sent = one.time.wall() - age
    return Canary(at=one.time.steady, of=of, canary=of.value, number="4821", state=state, sent_at=sent, age=age, watched=True)


def arrived(one: Scene, of: Of, took: float) -> Arrived:
    return Arrived(at=one.time.steady, of=of, canary=of.value, folder=Folder.INBOX, took=took, by=SeenBy.POLL)


async def test_a_late_arrival_is_counted_and_what_was_said_is_withdrawn_at_once() -> None:
    async with scene(config(probes=("mx", "imap", "canary"), notify=told())) as one:
        await one.read("a-0")
        live = (standing(one, Of.LIVE, CanaryState.SEEN, 500.0), arrived(one, Of.LIVE, 2.0))
        await one.ended("a-0", one.mx("a-0", OK), mail(one, standing(one, Of.TARGET, CanaryState.LOST, 500.0), *live))
        assert said(one) == "silently_dropped"
        before = await letters(one)
        one.passes(60.0)
        late = (standing(one, Of.TARGET, CanaryState.LATE, 560.0), arrived(one, Of.TARGET, 555.0))
        account = one.watching.accounts["a-0"].account
        await one.watching.looked(account, (mail(one, *late),))
        assert one.shown("mailprobe_late_arrivals_total") == ['mailprobe_late_arrivals_total{carrier="a"} 1.0']
        assert one.shown("mailprobe_canary_last_roundtrip_seconds{") == [
            'mailprobe_canary_last_roundtrip_seconds{account="a-0",vantage="here"} 555'
        ]
        told_now, changed = (await letters(one))[len(before) :]
        assert (told_now["type"], changed["type"]) == ("verdict_revised", "status_changed")
        assert told_now["data"]["before"] == "silently_dropped"
        assert told_now["data"]["account"] == "a-0"


def said(one: Scene) -> str:
    """What waits to be confirmed."""
    first = one.watching.accounts["a-0"].standing.unconfirmed
    return first.code.value if first is not None else ""


async def letters(one: Scene) -> list[dict[str, Any]]:
    found, box = [], one.house.store.outbox
    rows = []
    while (row := await box.oldest()) is not None:
        rows.append(row)
        await box.remove(row.number)
    for row in rows:
        found.append(json.loads(row.body))
    await box.put(rows)
    return found


async def test_another_verdict_with_the_same_status_is_a_revised_one() -> None:
    async with scene(config(notify=told())) as one:
        await one.read("a-0")
        for _ in range(2):
            one.passes(INTERVAL)
            await one.read("a-0", UNKNOWN)
        for _ in range(2):
            one.passes(INTERVAL)
            await one.read("a-0", UNKNOWN, ("NO", "AUTHENTICATIONFAILED", "Authentication failed."))
        events = [(event["type"], event["data"]["before"], event["data"]["after"]) for event in await letters(one)]
        assert events == [
            ("status_changed", "unknown", "ok"),
            ("status_changed", "ok", "down"),
            ("verdict_revised", "missing_from_mx", "directory_out_of_sync"),
        ]


# ---- over a restart --------------------------------------------------------------------------------------------------


async def test_who_is_put_off_alone_for_a_day_is_stuck_over_restarts() -> None:
    async with scene(config()) as one:
        await one.read("a-0")
        for hour in range(27):
            one.passes(1800.0)
            await one.read("a-0", PUT_OFF)
            one.passes(1800.0)
            await one.read("a-0", PUT_OFF)
            if hour in (5, 20):
                await one.again()
        assert one.status("a-0") == "down"
        assert [lasts.kind for lasts in await one.house.store.spells.of("a-0")] == [Spell.PUT_OFF]
        await one.read("a-0")
        assert await one.house.store.spells.of("a-0") == ()


async def test_an_hour_and_a_day_outlive_the_process() -> None:
    async with scene(config(1, 3)) as one:
        await one.read("a-0", UNKNOWN)
        one.passes(1200.0)
        await one.read("a-1")
        await one.read("a-2", "452 4.2.2 Quota exceeded")
        before = counted(one)
        assert before[("tested", Window.HOUR)] == 3
        assert before[("tested", Window.TEN_MINUTES)] == 2
        assert before[("bounced", Window.HOUR)] == 1
        await one.again()
        await recall(one.watching)
        assert counted(one) == before
        one.passes(60.0)
        await one.read("a-0", UNKNOWN)
        assert one.shown("mailprobe_bounces_total{") == []  # it has counted today


def counted(one: Scene) -> dict[tuple[str, Window], int]:
    tally, now = one.watching.tally, one.time.wall()
    found = {("tested", window): count for (_, window), count in tally.tested_in_windows(now).items()}
    return found | {("bounced", window): count for (_, _, window), count in tally.bounced_in_windows(now).items()}


async def test_every_slot_ends_as_one_row_also_one_that_was_skipped() -> None:
    async with scene(config()) as one:
        row = Result("a-0", "a", Kind.SKIPPED, one.time.wall(), 7, missed=Missed.ASLEEP, count=4)
        await one.watching.ended(row)
        (kept,) = await one.house.store.skips.of_account("a-0")
        assert (kept.slot, kept.at, kept.missed, kept.count) == (7, one.time.wall(), "asleep", 4)
        assert one.shown("mailprobe_slots_skipped_total") == ["mailprobe_slots_skipped_total 4.0"]
        pruned = await one.house.store.prune(one.time.wall() + 91 * 86_400.0)
        assert (pruned.skips, await one.house.store.skips.of_account("a-0")) == (1, ())


async def test_a_state_that_cannot_be_counted_does_not_stop_the_others() -> None:
    """`count_once` says what is the matter; the loop around it goes on."""
    async with scene(config()) as one:
        one.watching.certificates = {("a",): 1.0}  # type: ignore[dict-item]  # a fault of ours
        with pytest.raises(ValueError, match="label"):
            await count_once(one.watching)
        task = asyncio.create_task(keep_counting(one.watching))
        await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()


async def test_a_live_check_knows_what_lasts() -> None:
    async with scene(config()) as one:
        await one.read("a-0", PUT_OFF)
        lasting, accepted = await one.house.past(one.house.config.accounts[0])
        assert ([lasts.kind for lasts in lasting], accepted) == ([Spell.PUT_OFF], False)
        await one.read("a-0")
        assert await one.house.past(one.house.config.accounts[0]) == ((), True)
        stranger = replace(one.house.config.accounts[0], enrolled=False)
        assert await one.house.past(stranger) == ((), False)


async def test_two_rows_of_one_account_at_once_are_two_readings_and_one_change() -> None:
    """A live check beside a slot: each is judged by what the other has made of the standing."""
    async with scene(config(notify=told())) as one:
        await asyncio.gather(*(one.read("a-0") for _ in range(3)))
        changes = await one.house.store.changes.of_account("a-0")
        assert [(change.change.old, change.change.new) for change in changes if change.change] == [("unknown", "ok")]
        assert [event["type"] for event in await letters(one)] == ["status_changed"]
        assert one.watching.turns == {}
