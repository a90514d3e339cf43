"""What any engine must keep of its schedule: slots, places, rows, and how it ends. Test modules say how their engine is made."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from mailprobe.engine import (
    Capacity,
    Hold,
    Kind,
    Missed,
    Past,
)
from mailprobe.evidence import End
from mailprobe.probes import Note, Reach, Target
from tests.unit import given
from tests.unit.engine.scene import KEY, UNREADABLE, Ear, Make, Scene, accounts, play
from tests.unit.virtual import NOW, Time, in_virtual_time


class ScheduleContract:
    """`make` builds the engine in question."""

    make: Make

    # slots

    def test_each_slot_ends_as_one_row(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make), accounts(40, probes=("imap", "mx"))
            async with one.serving_of(watched):
                await asyncio.sleep(240)
            assert 155 <= len(one.rows) <= 165
            assert {row.kind for row in one.rows} == {Kind.RESULT}
            assert all([part.probe for part in row.evidence] == ["imap", "mx"] for row in one.rows)
            assert all({part.slot for part in row.evidence} == {row.slot} for row in one.rows)
            one.each_slot_once(watched)
            assert len(one.late) == len(one.rows)
            assert max(one.late) < 0.1
            started = [row.evidence[0].started - row.at for row in one.rows]
            assert max(started) < 0.1

        play(scene)

    def test_two_engines_agree_on_the_slots(self) -> None:
        async def slots(time: Time) -> set[tuple[str, int | None]]:
            one = Scene(time, self.make)
            async with one.serving_of(accounts(10)):
                await asyncio.sleep(600)
            return {(row.account, row.slot) for row in one.rows}

        first, second = in_virtual_time(slots), in_virtual_time(slots, NOW + 300)
        shared = {slot for _, slot in first} & {slot for _, slot in second}
        inner = {slot for slot in shared if slot is not None and NOW + 400 < slot * 60 < NOW + 500}
        assert inner
        assert {one for one in first if one[1] in inner} == {one for one in second if one[1] in inner}

    def test_what_may_not_run_is_held_and_says_until_when(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, holds={"mx": Hold("breaker_open", NOW + 500)})
            async with one.serving_of(accounts(5, probes=("mx",)) + accounts(5, carrier="slow", probes=("imap", "mx"))):
                await asyncio.sleep(70)
            assert {probe for _, probe, _ in one.asked} == {"imap"}
            assert {row.account[:3] for row in one.of_kind(Kind.HELD)} == {"lab"}
            assert {row.account[:3] for row in one.of_kind(Kind.RESULT)} == {"slo"}
            endings = {row.evidence[-1].ending for row in one.rows}
            assert {(end.kind, end.reason, end.not_before) for end in endings} == {(End.HELD, "breaker_open", NOW + 500)}

        play(scene)

    def test_where_nobody_can_say_whether_it_may_run_it_does_not_and_that_is_our_fault(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, holds={"mx": UNREADABLE})
            async with one.serving_of(accounts(3, probes=("mx",))):
                await asyncio.sleep(70)
            assert one.asked == []
            assert {row.evidence[0].ending.kind for row in one.rows} == {End.OUR_FAULT}
            assert {row.kind for row in one.rows} == {Kind.RESULT}

        play(scene)

    def test_a_probe_that_breaks_is_a_row_like_any_other(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make)
            async with one.serving_of(accounts(3, probes=("imap", "unheard_of"))):
                await asyncio.sleep(70)
            assert {row.evidence[1].ending.kind for row in one.rows} == {End.OUR_FAULT}
            assert {row.evidence[0].ending.kind for row in one.rows} == {End.FINISHED}

        play(scene)

    @pytest.mark.parametrize(
        "happens",
        [lambda time: time.step(3600), lambda time: time.step(-3600), lambda time: time.stop_the_process(1800)],
        ids=["the clock put forward", "the clock put back", "everything stood still"],
    )
    def test_no_burst_and_no_gap_whatever_the_clock_does(self, happens: Callable[[Time], None]) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make), accounts(240, every=120.0)
            async with one.serving_of(watched):
                await asyncio.sleep(130)
                happens(time)
                at = time.now
                await asyncio.sleep(250)
            minutes = Counter(int((when - at) // 60) for when, _, _ in one.asked if when >= at)
            assert all(number <= 1.1 * 120 + 3.5 * 120**0.5 for number in minutes.values())
            recent = [account for when, _, account in one.asked if when >= at + 115]
            assert len(set(recent)) == 240
            one.each_slot_once(watched)

        play(scene)

    def test_slots_missed_while_the_program_did_not_run_are_told(self) -> None:
        async def scene(time: Time) -> None:
            first, watched = Scene(time, self.make), accounts(6)
            async with first.serving_of(watched):
                await asyncio.sleep(130)
            ended = {row.account: row.at for row in sorted(first.rows, key=lambda row: row.at)}
            await asyncio.sleep(600)
            second = Scene(time, self.make)
            async with second.serving_of(watched, Past(KEY, ended)):
                await asyncio.sleep(70)
            second.rows = first.rows + second.rows
            second.each_slot_once(watched)
            assert sum(row.count for row in second.of_kind(Kind.SKIPPED)) >= 54
            assert len(second.of_kind(Kind.SKIPPED)) <= 12

        play(scene)

    # capacity

    def test_a_live_check_never_waits_for_the_schedule(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, Capacity(8), hangs=True)
            async with one.serving_of(accounts(50)):
                await asyncio.sleep(25)
                assert one.under_way <= 4
                checks = [
                    asyncio.create_task(one.engine.live(one.order(given.account(id=f"x{n}")), Ear().watch())) for n in range(4)
                ]
                await asyncio.sleep(0.001)
                assert sum(account.startswith("x") for _, _, account in one.asked) == 4
                await asyncio.gather(*checks)

        play(scene)

    def test_a_slow_carrier_does_not_make_others_late(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, Capacity(40))
            plain = one.probe("imap")

            async def imap(target: Target, reach: Reach, note: Note) -> None:
                await plain(target, reach, note)
                await asyncio.sleep(1e6 if target.account.carrier == "slow" else 0)

            one.engine = self.make({"imap": imap}, one.jobs, time.clock, one.capacity)
            async with one.serving_of(accounts(300, carrier="slow") + accounts(60)):
                await asyncio.sleep(300)
            quick = [row for row in one.rows if row.account.startswith("lab")]
            assert len(quick) >= 290
            assert all(row.evidence[0].started - row.at < 0.2 for row in quick)
            crowded = [row for row in one.rows if row.missed is Missed.CROWDED]
            assert crowded
            assert {row.carrier for row in crowded} == {"slow"}
            one.each_slot_once(accounts(300, carrier="slow") + accounts(60))

        play(scene)

    def test_a_place_that_is_left_is_taken_at_once(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, Capacity(2), took=0.01)  # one place: fifty runs a second with their rows
            async with one.serving_of(accounts(60, every=1.0)):
                await asyncio.sleep(10)
            assert len(one.of_kind(Kind.RESULT)) > 400

        play(scene)

    # rows

    def test_while_rows_cannot_be_kept_nothing_new_begins_and_none_is_lost(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make), accounts(60)
            async with one.serving_of(watched):
                await asyncio.sleep(70)
                one.refuses = True
                before = len(one.asked)
                await asyncio.sleep(300)
                assert len(one.asked) - before <= 3  # those that had begun, or began before the first was refused
                one.refuses = False
                await asyncio.sleep(100)
            one.each_slot_once(watched)
            assert len(one.of_kind(Kind.RESULT)) == len(one.asked)
            assert len({row.account for row in one.of_kind(Kind.RESULT) if row.at > NOW + 370}) == 60

        play(scene)

    # pause, reload, drain

    def test_a_pause_begins_nothing_and_what_it_missed_is_told(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make), accounts(20)
            async with one.serving_of(watched):
                await asyncio.sleep(65)
                one.engine.pause()
                await asyncio.sleep(1)
                before = len(one.asked)
                await asyncio.sleep(400)
                assert len(one.asked) == before
                await one.engine.live(one.order(given.account(id="x")), Ear().watch())
                one.engine.resume()
                await asyncio.sleep(65)
            one.each_slot_once(watched)
            assert len(one.of_kind(Kind.SKIPPED)) <= 40
            assert len({account for when, _, account in one.asked if when > 466}) == 21 - 1

        play(scene)

    def test_a_reload_keeps_the_slots_of_those_who_stay(self) -> None:
        async def scene(time: Time) -> None:
            one, before = Scene(time, self.make), accounts(20)
            after = [*(replace(account, group="moved") for account in before[:10]), *accounts(5, carrier="slow")]
            async with one.serving_of(before):
                await asyncio.sleep(100)
                await one.engine.replace(one.fleet(after))
                at = time.now
                await asyncio.sleep(130)
            later = {row.account for row in one.rows if row.at > NOW + at + 1}
            assert later == {account.id for account in after}
            one.each_slot_once(after)

        play(scene)

    def test_what_waits_for_an_account_that_a_reload_takes_away_ends_as_withdrawn(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make, Capacity(2), hangs=True), accounts(6)
            async with one.serving_of(watched, within=20.0):
                await asyncio.sleep(60)
                await one.engine.replace(one.fleet([]))
                await asyncio.sleep(100)
            assert Missed.WITHDRAWN in {row.missed for row in one.rows}
            one.each_slot_once(watched)

        play(scene)

    def test_draining_lets_runs_end(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make, took=4.0), accounts(120)
            async with one.serving_of(watched):
                await asyncio.sleep(30)
                assert one.under_way > 3
                began, asked = time.now, len(one.asked)
                await one.engine.drain(8.0)
                assert time.now - began < 4.2
                await asyncio.wait_for(one.serving or asyncio.sleep(0), 0.1)
            assert len(one.asked) == asked == len(one.of_kind(Kind.RESULT))
            assert {row.evidence[0].ending.kind for row in one.of_kind(Kind.RESULT)} == {End.FINISHED}
            one.each_slot_once(watched)

        play(scene)

    def test_draining_stops_what_does_not_end_and_keeps_what_it_knew(self) -> None:
        async def scene(time: Time) -> None:
            one, watched = Scene(time, self.make, Capacity(8), hangs=True), accounts(60)
            async with one.serving_of(watched):
                live = asyncio.create_task(one.engine.live(one.order(given.account(id="x"), within=300.0), Ear().watch()))
                await asyncio.sleep(20)
                began = time.now
                await one.engine.later("lab1", "mx", NOW, "job")
                await asyncio.sleep(2)
                await one.engine.drain(8.0)
                assert time.now - began - 2 <= 9.1
                assert one.under_way == 0
            stopped = [row for row in one.of_kind(Kind.RESULT) if row.evidence[0].ending.reason == "stopped"]
            assert 3 <= len(stopped) <= 4
            assert all(len(row.evidence[0].facts) == 1 for row in stopped)
            assert (await live)[0].ending.reason == "stopped"
            assert {row.missed for row in one.of_kind(Kind.SKIPPED)} == {Missed.ENDING}
            assert await one.jobs.take(time.wall(), 5)  # given back, for whoever comes next
            one.each_slot_once(watched)

        play(scene)

    def test_rows_that_cannot_be_kept_do_not_hold_up_the_end(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make)
            async with one.serving_of(accounts(20)):
                one.refuses = True
                await asyncio.sleep(30)
                began = time.now
                await one.engine.drain(3.0)
                assert time.now - began <= 4.1

        play(scene)

    def test_who_is_cancelled_leaves_nothing_behind(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make, Capacity(20), hangs=True)
            task = asyncio.create_task(one.engine.serve(one.fleet(accounts(60)), one.hooks(), Past(KEY)))
            await asyncio.sleep(30)
            assert one.under_way
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert one.under_way == 0
            assert len(asyncio.all_tasks()) == 1

        play(scene)

    def test_an_engine_serves_once_at_a_time(self) -> None:
        async def scene(time: Time) -> None:
            one = Scene(time, self.make)
            async with one.serving_of(accounts(1)):
                with pytest.raises(RuntimeError):
                    await one.engine.serve(one.fleet([]), one.hooks(), Past(KEY))
            async with one.serving_of(accounts(1)):
                await asyncio.sleep(65)
            assert one.rows

        play(scene)
