"""A scene for tests of any engine: probes, jobs and a sink that are small and honest, and what came of them.

Everything runs in virtual time: probes that take 30 s cost nothing, and a clock can be stepped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

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
    Order,
    Past,
    Result,
    Watch,
)
from mailprobe.engine.schedule import plan_of
from mailprobe.evidence import Connected, Evidence, Fact
from mailprobe.probes import Note, Probe, Reach, Target
from tests.unit import given
from tests.unit.virtual import Time, in_virtual_time

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
