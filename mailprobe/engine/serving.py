"""One process at its daily work: slots and jobs that are due get a place, run, and end as a row that is handed over.

A turn looks what is due, in slices so that the loop is never held up, and begins what may begin; whoever ends lets the next one
begin. A row that cannot be handed over (the disk is full) is offered again, and until it is taken nothing new begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.engine import UNWATCHED, Capacity, Clock, Due, Fleet, Hooks, Job, Jobs, Missed, Order, Past, Result
from mailprobe.engine.lanes import Lanes
from mailprobe.engine.legs import Legs
from mailprobe.engine.rows import Outbox, ran, skipped, slept_through
from mailprobe.engine.run import Run, cause_of, our_fault
from mailprobe.engine.schedule import Schedule
from mailprobe.engine.timeline import Timeline, ahead_of
from mailprobe.evidence import End, Ending, Evidence

log = logging.getLogger(__name__)

SLICE = 100  # accounts looked at in one turn: a few milliseconds, also after a long sleep
MOST_ROWS = 1000  # on their way beside the runs, before more is looked at
AT_ONCE, SHORTLY, SHORTEST, LONGEST = 0.005, 0.05, 0.02, 0.5  # seconds to the next turn
JOBS_EVERY = 1.0
MOST_JOBS = 50  # taken and waiting, so that each runs within its lease


class Serving:
    """What an engine has for as long as it serves. `live`: how many checks run beside the schedule."""

    def __init__(
        self, hooks: Hooks, past: Past, legs: Legs, jobs: Jobs | None, clock: Clock, capacity: Capacity, live: Callable[[], int]
    ) -> None:
        self._hooks, self._past, self._legs, self._jobs, self._clock, self._live = hooks, past, legs, jobs, clock, live
        wall, steady = clock.wall(), clock.steady()
        self._timeline = Timeline(wall, steady, ahead_of(past.ended, wall))
        self._schedule = Schedule(past.key, (), wall)
        self._lanes = Lanes(capacity.places, {}, steady)
        self._most = capacity.places + MOST_ROWS
        self._outbox = Outbox(hooks.ended, clock)
        self._accounts: dict[str, Account] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turning: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._jobs_at, self._fetching = steady, False
        self.paused = self.ending = False

    async def serve(self, fleet: Fleet) -> None:
        """Until `abandon`, or cancelled."""
        past, now = self._past, self._now()
        async with self._changing:
            await self._know(fleet, lambda: Schedule(past.key, fleet.accounts, now, past.ended))
        async with self._group:
            self._turning = self._group.create_task(self._turns())

    async def replace(self, fleet: Fleet) -> None:
        """What waits for an account that is gone ends here; what is under way goes on."""
        async with self._changing:
            now = self._now()
            await self._know(fleet, lambda: self._schedule.replaced(fleet.accounts, now))
            for due in self._lanes.clear():
                if due.account.id in self._accounts:
                    self._lanes.put(due, self._clock.steady())
                else:
                    self._spawn(self._withdraw(due))

    async def _know(self, fleet: Fleet, make: Callable[[], Schedule]) -> None:
        """In a thread: a hundred thousand accounts take a second, in which nothing new is begun."""

        def work() -> tuple[Schedule, dict[str, float], dict[str, Account]]:
            schedule = make()
            return schedule, schedule.rates(), {account.id: account for account in fleet.accounts}

        self._schedule, rates, self._accounts = await asyncio.to_thread(work)
        self._fleet = fleet
        self._lanes.set_rates(rates, self._clock.steady())

    # ending

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def end(self) -> None:
        """Begin nothing more. What waits for its turn ends as skipped, jobs go back."""
        self.ending = True
        for due in self._lanes.clear():
            self._spawn(self._give_up(due))

    def abandon(self) -> None:
        for task in (self._turning, *self._tasks):
            if task is not None:
                task.cancel()

    async def _withdraw(self, due: Due) -> None:
        await self._outbox.hand_over(skipped(due, Missed.WITHDRAWN))
        await self._over(due)

    async def _give_up(self, due: Due) -> None:
        if due.slot is not None:
            await self._outbox.hand_over(skipped(due, Missed.ENDING))
        elif self._jobs is not None:
            await self._give_back(self._jobs, due.job)

    # turns

    async def _turns(self) -> None:
        while not self.ending:
            await self._clock.sleep(self._turn())

    def _turn(self) -> float:
        """Look what is due and begin what may begin; seconds until the next look."""
        now = self._now()
        if not self._takes:
            return SHORTLY
        for one in self._schedule.take(now, SLICE):
            if isinstance(one, Due):
                self._lanes.put(one, self._clock.steady())
            else:
                self._spawn(self._outbox.hand_over(slept_through(one)))
        for due in self._lanes.expired(now):
            self._spawn(self._outbox.hand_over(skipped(due, Missed.CROWDED)))
        self._fetch_in_time()
        self._begin()
        if self._schedule.next_at() <= now:
            return AT_ONCE
        return SHORTLY if self._lanes.waits else min(LONGEST, max(SHORTEST, self._schedule.next_at() - now))

    @property
    def _takes(self) -> bool:
        stopped = self.paused or self.ending or self._changing.locked()
        return not (stopped or self._outbox.refused or len(self._tasks) > self._most)

    def _begin(self) -> None:
        if self._takes:
            for due in self._lanes.begin(self._now(), self._clock.steady(), self._live()):
                self._spawn(self._carry(due))

    def _now(self) -> float:
        return self._timeline.now(self._clock.wall(), self._clock.steady())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # one slot, or one job

    async def _carry(self, due: Due) -> None:
        try:
            await self._outbox.hand_over(await self._row(due))
            await self._over(due)
        except asyncio.CancelledError:
            self.ending = True  # nobody cancels one of them alone
            raise
        finally:
            self._lanes.leave(due)
            self._begin()

    async def _over(self, due: Due) -> None:
        """A job is over when its row is durable: whoever is killed in between runs it again."""
        jobs = self._jobs
        if due.job and jobs is not None:
            await self._outbox.insist(lambda: jobs.done(due.job, self._clock.wall()))

    async def _row(self, due: Due) -> Result:
        """Run it as the account is configured now, if it still is."""
        account = self._accounts.get(due.account.id)
        carrier = self._fleet.carriers.get(account.carrier) if account is not None else None
        if account is None or carrier is None:
            return skipped(due, Missed.WITHDRAWN)
        if due.slot is not None:
            self._hooks.late(max(0.0, self._now() - due.at))
        return ran(due, await self._ask(replace(due, account=account), carrier))

    async def _ask(self, due: Due, carrier: Carrier) -> tuple[Evidence, ...]:
        order = self._order(due, carrier)
        barred = {probe: found for probe in due.probes if (found := await self._barred(due, order, probe)) is not None}
        asked = tuple(probe for probe in due.probes if probe not in barred)
        heard = await self._legs.ask(replace(order, probes=asked), UNWATCHED)
        known = barred | {one.probe: one for one in heard}
        return tuple(known[probe] for probe in due.probes)

    def _order(self, due: Due, carrier: Carrier) -> Order:
        """A job never sends a test mail: it looks for one that was sent."""
        fleet, sends = self._fleet, due.slot is not None
        return Order(due.account, carrier, fleet.prober, due.probes, fleet.within, fleet.vantage, sends=sends, slot=due.slot)

    async def _barred(self, due: Due, order: Order, probe: str) -> Evidence | None:
        """A probe that may not run leaves an evidence too. Where nobody can say whether it may, it does not."""
        try:
            hold = await self._hooks.veto(due, probe)
        except Exception as error:  # the budgets cannot be read: that is our fault, and no leave to go on
            log.warning("MP1603 whether %s may run cannot be told: %s", probe, type(error).__name__)
            ending = our_fault(cause_of(error))
        else:
            if hold is None:
                return None
            ending = Ending(End.HELD, hold.reason, hold.not_before)
        return Run(order, probe, self._clock.wall(), self._clock.steady(), clock=self._clock.steady).evidence(ending)

    # jobs

    def _fetch_in_time(self) -> None:
        if self._jobs is None or self._fetching or self._clock.steady() < self._jobs_at or self._lanes.jobs >= MOST_JOBS:
            return
        self._fetching = True
        self._spawn(self._fetch(self._jobs))

    async def _fetch(self, jobs: Jobs) -> None:
        try:
            for job in await jobs.take(self._clock.wall(), MOST_JOBS):
                await self._seat(jobs, job)
        except Exception as error:  # they stay where they are; those just taken are due again when their lease is over
            log.warning("MP1604 jobs cannot be read: %s", type(error).__name__)
        finally:
            self._jobs_at, self._fetching = self._clock.steady() + JOBS_EVERY, False
        self._begin()

    async def _seat(self, jobs: Jobs, job: Job) -> None:
        account = self._accounts.get(job.account)
        if account is None:  # not watched any more
            await jobs.done(job.key, self._clock.wall())
        elif self.ending:
            await self._give_back(jobs, job.key)
        else:
            self._lanes.put(Due(account, job.not_before, (job.probe,), job=job.key), self._clock.steady())

    async def _give_back(self, jobs: Jobs, key: str) -> None:
        try:
            await jobs.give_back(key)
        except Exception as error:  # its lease does it, a little later
            log.warning("MP1604 a job cannot be given back: %s", type(error).__name__)
