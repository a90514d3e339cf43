"""What any engine must keep. A test module inherits `EngineContract` and says how its engine is made.

Everything runs in virtual time: probes that take 30 s cost nothing, and a clock can be stepped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from mailprobe.config import Account
from mailprobe.engine import (
    CANARY,
    Capacity,
    Clock,
    Due,
    Engine,
    Fleet,
    Hold,
    Hooks,
    Jobs,
    Kind,
    Missed,
    Order,
    Past,
    Result,
    Watch,
)
from mailprobe.engine.schedule import plan_of
from mailprobe.evidence import Connected, End, Evidence, Fact, NotAsked, Stage, Withheld
from mailprobe.probes import Note, Probe, Reach, Target
from mailprobe.secret import Secret, SecretRef
from tests.unit import given
from tests.unit.virtual import NOW, Time, in_virtual_time, until

KEY = b"the store's own key"
Make = Callable[[Mapping[str, Probe], Jobs, Clock, Capacity], Engine]


@dataclass(frozen=True)
class Task:
    key: str
    account: str
    probe: str
    not_before: float


@dataclass
class Remembered:
    """Jobs that outlive an engine, in memory. A taker that dies holds its job for a minute."""

    jobs: dict[str, Task] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    broken: bool = False

    async def add(self, account: str, probe: str, not_before: float, key: str, now: float) -> None:
        self.jobs.setdefault(key, Task(key, account, probe, not_before))

    async def take(self, now: float, most: int) -> Sequence[Task]:
        if self.broken:
            raise OSError("the disk is gone")
        free = [one for key, one in self.jobs.items() if key not in self.over and self.taken.get(key, -100.0) <= now - 60]
        due = [one for one in free if one.not_before <= now][:most]
        self.taken.update((one.key, now) for one in due)
        return due

    async def done(self, key: str, now: float) -> None:
        self.over.add(key)

    async def give_back(self, key: str) -> None:
        self.taken.pop(key, None)


@dataclass
class Scene:
    """An engine, what its probes saw, and what it handed over. Probes: `imap` and `mx` take `took` seconds, `hang` for ever."""

    time: Time
    make: Make
    capacity: Capacity = field(default_factory=Capacity)
    took: float = 0.2
    hangs: bool = False
    jobs: Remembered = field(default_factory=Remembered)
    rows: list[Result] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    asked: list[tuple[float, str, str]] = field(default_factory=list)  # when, probe, account
    sent: list[str] = field(default_factory=list)
    refuses: bool = False
    holds: dict[str, Hold] = field(default_factory=dict)
    under_way: int = 0

    def __post_init__(self) -> None:
        names = ("imap", "mx", CANARY)
        self.engine = self.make({name: self.probe(name) for name in names}, self.jobs, self.time.clock, self.capacity)
        self.serving: asyncio.Task[None] | None = None

    def probe(self, name: str) -> Probe:
        async def ask(target: Target, reach: Reach, note: Note) -> None:
            self.asked.append((self.time.now, name, target.account.id))
            self.sent += [target.account.id] if name == CANARY and target.sends else []
            self.under_way += 1
            try:
                note(Connected(at=self.time.now, took=0.0))
                await asyncio.sleep(self.took if not self.hangs else 1e6)
                note(Connected(at=self.time.now, took=0.1))
            finally:
                self.under_way -= 1

        return ask

    async def ended(self, row: Result) -> None:
        await asyncio.sleep(0.01)  # as a commit takes a while
        if self.refuses:
            raise OSError("the disk is full")
        self.rows.append(row)

    async def veto(self, due: Due, probe: str) -> Hold | None:
        if probe == "mx" and self.holds.get("mx") == UNREADABLE:
            raise OSError("the budgets cannot be read")
        return self.holds.get(probe)

    def hooks(self) -> Hooks:
        return Hooks(self.ended, self.late.append, self.veto)

    @contextlib.asynccontextmanager
    async def serving_of(
        self, accounts: Sequence[Account], past: Past | None = None, within: float = 30.0
    ) -> AsyncIterator[None]:
        task = asyncio.create_task(self.engine.serve(self.fleet(accounts, within), self.hooks(), past or Past(KEY)))
        self.serving = task
        try:
            await asyncio.sleep(0)
            yield
            if not task.done():
                await self.engine.drain(5.0)
            await task
        finally:
            task.cancel()

    def fleet(self, accounts: Sequence[Account], within: float = 30.0) -> Fleet:
        return Fleet(accounts, {"lab": given.carrier(), "slow": given.carrier(name="slow")}, given.prober(), within=within)

    def order(self, whose: Account, *probes: str, **changes: object) -> Order:
        plain = Order(whose, given.carrier(), given.prober(), probes or ("imap",))
        return replace(plain, **changes)  # type: ignore[arg-type]  # a test names a field and its value

    def of_kind(self, kind: Kind) -> list[Result]:
        return [row for row in self.rows if row.kind is kind]

    def each_slot_once(self, accounts: Sequence[Account]) -> None:
        """Of every account consecutive slots, each exactly once."""
        for one in accounts:
            plan = plan_of(one, KEY)
            assert plan is not None
            mine = sorted((row for row in self.rows if row.account == one.id and row.slot is not None), key=lambda row: row.at)
            for before, row in pairwise(mine):
                assert before.slot is not None
                assert row.slot is not None
                assert plan.count(before.slot + 1, row.slot + 1) == row.count, mine


UNREADABLE = Hold("unreadable")


def accounts(count: int, every: float = 60.0, carrier: str = "lab", probes: tuple[str, ...] = ("imap",)) -> list[Account]:
    return [given.account(id=f"{carrier}{n}", every=(("", every),), probes=probes, carrier=carrier) for n in range(count)]


@dataclass
class Ear:
    """What one watcher heard."""

    facts: list[Fact] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def watch(self) -> Watch:
        return Watch(lambda probe, fact: self.facts.append(fact), self.evidence.append)


def play(scene: Callable[[Time], object]) -> None:
    in_virtual_time(scene)  # type: ignore[arg-type]  # every scene is a coroutine function


class EngineContract:
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
