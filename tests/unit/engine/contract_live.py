"""What any engine must keep of live checks and of jobs. Test modules say how their engine is made."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import pairwise

import pytest

from mailprobe.engine import (
    CANARY,
    Kind,
    Past,
    Watch,
)
from mailprobe.evidence import End, Fact, NotAsked, Stage, Withheld
from mailprobe.probes import Note, Reach, Target
from mailprobe.secret import Secret, SecretRef
from tests.unit import given
from tests.unit.engine.scene import KEY, Ear, Make, Remembered, Scene, accounts, play
from tests.unit.virtual import NOW, Time, until


class LiveContract:
    """`make` builds the engine in question."""

    make: Make

    # joining

    def test_who_joins_late_hears_all_and_both_get_the_same_evidence(self) -> None:
        async def scene(time: Time) -> None:
            one, (watched,) = Scene(time, self.make, took=5.0), accounts(1)
            async with one.serving_of([watched]):
                await until(lambda: one.under_way == 1)
                await asyncio.sleep(2)
                ear, other = Ear(), Ear()
                first = asyncio.create_task(one.engine.live(one.order(watched), ear.watch()))
                second = asyncio.create_task(one.engine.live(one.order(watched), other.watch()))
                await asyncio.sleep(0.001)
                assert len(ear.facts) == 1
                (mine,), (theirs,) = await first, await second
                assert len(one.asked) == 1
                await until(lambda: bool(one.rows))
                assert one.rows[0].evidence[0] is mine is theirs
                assert ear.facts == list(mine.facts) == other.facts
                assert ear.evidence == [mine]

        play(scene)

    def test_a_slot_joins_a_live_check(self) -> None:
        async def scene(time: Time) -> None:
            one, (watched,) = Scene(time, self.make, took=3.0), accounts(1)
            async with one.serving_of([watched]):
                while not one.rows:
                    await one.engine.live(one.order(watched, within=30.0), Ear().watch())
            assert {row.kind for row in one.rows} == {Kind.RESULT}
            assert all(b - a >= 2.9 for (a, _, _), (b, _, _) in pairwise(one.asked))  # never two at a time

        play(scene)

    def test_only_what_is_missing_is_run_beside_what_is_joined(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make, took=5.0), given.account()
            first = asyncio.create_task(one.engine.live(one.order(watched, "mx"), Ear().watch()))
            await asyncio.sleep(1)
            imap, mx = await one.engine.live(one.order(watched, "imap", "mx"), Ear().watch())
            assert [probe for _, probe, _ in one.asked] == ["mx", "imap"]
            assert (await first)[0] is mx
            assert imap.probe == "imap"

        play(scene)

    def test_who_gives_up_ends_a_run_only_if_nobody_else_follows_it(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make, took=5.0), given.account()
            first = asyncio.create_task(one.engine.live(one.order(watched), Ear().watch()))
            await asyncio.sleep(1)
            second = asyncio.create_task(one.engine.live(one.order(watched), Ear().watch()))
            await asyncio.sleep(1)
            first.cancel()
            assert (await second)[0].ending.kind is End.FINISHED
            third = asyncio.create_task(one.engine.live(one.order(watched), Ear().watch()))
            await asyncio.sleep(1)
            assert one.under_way == 1
            third.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await third
            assert one.under_way == 0

        play(scene)

    @pytest.mark.parametrize(
        ("running", "wanted"),
        [
            ({}, {"fresh": True}),
            ({}, {"vantage": "elsewhere"}),
            ({"within": 60.0}, {"within": 30.0}),
            ({}, {"account": given.account(username="other")}),
            ({}, {"account": given.account(secret=SecretRef.of_value(Secret("typed")))}),
            ({"probes": (CANARY,), "sends": False}, {"probes": (CANARY,), "sends": True}),
        ],
    )
    def test_a_run_that_is_not_what_was_asked_for_is_not_joined(
        self, running: dict[str, object], wanted: dict[str, object]
    ) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, took=5.0)
            first = asyncio.create_task(one.engine.live(one.order(given.account(), **running), Ear().watch()))
            await asyncio.sleep(1)
            (other,) = await one.engine.live(one.order(given.account(), **wanted), Ear().watch())
            assert len(one.asked) == 2
            assert (await first)[0] is not other

        play(scene)

    def test_a_live_check_does_not_take_the_schedule_s_being_held_for_an_answer(self) -> None:
        """The schedule has half of each budget, the live check the other half."""

        async def scene(time: Time) -> None:
            one, (watched,), ear = Scene(time, self.make), accounts(1), Ear()
            plain = one.probe("imap")

            async def imap(target: Target, reach: Reach, note: Note) -> None:
                if one.asked:
                    await plain(target, reach, note)
                    return
                one.asked.append((time.now, "imap", target.account.id))
                await asyncio.sleep(5)
                note(NotAsked(at=time.now, stage=Stage.LOGIN, why=Withheld.BUDGET_SPENT, not_before=NOW + 900))

            one.engine = self.make({"imap": imap}, one.jobs, time.clock, one.capacity)
            async with one.serving_of([watched]):
                await until(lambda: bool(one.asked))
                (mine,) = await one.engine.live(one.order(watched), ear.watch())
                await until(lambda: bool(one.rows))
            assert [row.kind for row in one.rows] == [Kind.HELD]
            assert mine.ending.kind is End.FINISHED
            assert ear.evidence == [mine]

        play(scene)

    def test_a_watcher_that_breaks_breaks_for_itself(self) -> None:
        async def scene(time: Time) -> None:
            def breaks(probe: str, fact: Fact) -> None:
                raise ZeroDivisionError

            one, ear = Scene(time, self.make, took=5.0), Ear()
            good = asyncio.create_task(one.engine.live(one.order(given.account()), ear.watch()))
            bad = asyncio.create_task(one.engine.live(one.order(given.account()), Watch(breaks, lambda evidence: None)))
            assert (await good)[0].ending.kind is End.FINISHED
            assert len(ear.facts) == 2
            with pytest.raises(ZeroDivisionError):
                await bad

        play(scene)

    # jobs

    def test_a_job_runs_once_not_before_its_time_and_however_often_it_is_asked_for(self) -> None:
        async def scene(time: Time) -> None:
            one, (watched,) = Scene(time, self.make), accounts(1, every=86_400.0)
            async with one.serving_of([watched]):
                for _ in range(3):
                    await one.engine.later(watched.id, "mx", NOW + 50, "greylisted:1")
                await until(lambda: bool(one.asked))
                assert 50 <= time.now < 52
                await asyncio.sleep(200)
                await one.engine.later(watched.id, "mx", NOW + 50, "greylisted:1")
                await asyncio.sleep(200)
            assert [probe for _, probe, _ in one.asked] == ["mx"]
            (row,) = one.rows
            assert (row.slot, row.job, row.evidence[0].slot) == (None, "greylisted:1", None)
            assert one.late == []

        play(scene)

    def test_a_job_outlives_its_engine(self) -> None:
        async def scene(time: Time) -> None:
            jobs, watched = Remembered(), accounts(1, every=86_400.0)
            first = Scene(time, self.make, jobs=jobs, hangs=True)
            await first.engine.later(watched[0].id, "mx", NOW + 5, "a")
            await first.engine.later(watched[0].id, "imap", NOW + 500, "b")
            killed = asyncio.create_task(first.engine.serve(first.fleet(watched), first.hooks(), Past(KEY)))
            await until(lambda: first.under_way == 1)
            killed.cancel()
            await asyncio.wait([killed])
            assert first.rows == []
            second = Scene(time, self.make, jobs=jobs)
            async with second.serving_of(watched):
                await asyncio.sleep(600)
            assert [row.job for row in second.rows] == ["a", "b"]

        play(scene)

    def test_a_job_looks_for_a_test_mail_and_sends_none(self) -> None:
        async def scene(time: Time) -> None:
            one, (watched,) = Scene(time, self.make), accounts(1, every=86_400.0, probes=(CANARY,))
            async with one.serving_of([watched]):
                await one.engine.later(watched.id, CANARY, NOW, "look:1")
                await until(lambda: bool(one.rows))
            assert one.asked
            assert one.sent == []

        play(scene)

    def test_a_job_of_an_account_that_is_not_watched_any_more_is_over(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make)
            async with one.serving_of(accounts(1, every=86_400.0)):
                await one.engine.later("nobody", "mx", NOW, "x")
                await asyncio.sleep(10)
            assert (one.asked, one.jobs.over) == ([], {"x"})

        play(scene)

    def test_jobs_that_cannot_be_read_hold_nothing_up(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make)
            one.jobs.broken = True
            async with one.serving_of(accounts(5)):
                await one.engine.later("lab0", "mx", NOW, "x")
                await asyncio.sleep(70)
                assert len(one.rows) >= 5
                one.jobs.broken = False
                await until(lambda: "x" in one.jobs.over, within=10.0)

        play(scene)
