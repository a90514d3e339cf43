"""The schedule on duty: what is watched, what checks us, what Prometheus is told and where, begun together beside the rest."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mailprobe.bounces.door import Reason
from mailprobe.config import Config
from mailprobe.daemon import PROBES
from mailprobe.evidence import HELD_BACK
from mailprobe.log import Event, tell
from mailprobe.metrics import Expected, Metrics, watch_loop
from mailprobe.replies import LASTING, SPEAKS
from mailprobe.serve.fitness import Fitness, keep_asking
from mailprobe.serve.pages import serving_pages
from mailprobe.serve.shift import Shift
from mailprobe.serve.watching import Watching, watch
from mailprobe.store import StoreError

ROUND = 5.0  # seconds between two looks at what is a state rather than an event
PRUNED_EVERY = 60.0
ORPHAN = 86_400.0  # seconds after which a test mail that is still open could not be cleaned up


@dataclass(frozen=True, slots=True)
class Duty:
    """What is on duty; pages: where it is served, None if nowhere."""

    watching: Watching
    pages: tuple[str, int] | None


@contextlib.asynccontextmanager
async def on_duty(shift: Shift) -> AsyncIterator[Duty]:
    """While the block lasts. The schedule's runs end with the shift's. Raises ConfigError for an address not to be had."""
    watching = await opened(shift)
    fitness, metrics = watching.fitness, watching.metrics
    async with serving_pages(watching) as pages, asyncio.TaskGroup() as group:
        runs = [group.create_task(watch(watching))]
        beside = [
            group.create_task(one)
            for one in (
                fitness.keep_time(),
                fitness.keep_telling(),
                keep_asking(fitness, lambda: shift.house),
                watch_loop(metrics.loop_lag),
                keep_counting(watching),
                keep_pruning(shift),
            )
        ]
        shift.runs += runs
        shift.rest += beside
        try:
            yield Duty(watching, pages)
        finally:
            for task in (*runs, *beside):
                task.cancel()


async def opened(shift: Shift) -> Watching:
    config = shift.house.config
    watching: Watching
    metrics = Metrics(lambda: watching.rows, config.http.metrics_accounts)
    watching = Watching(shift, metrics, Fitness(metrics, config.engine.vantage, shift.announce))
    await watching.open()
    gc.freeze()  # what is known of each account stays: to search all of it for cycles would hold the loop up for a second
    expect(watching, config)
    shift.reloader.subscribe(lambda old, new: renewed(watching, old, new))
    return watching


def expect(watching: Watching, config: Config) -> None:
    watching.fitness.watched = dict(Counter(one.carrier for one in config.accounts))
    watching.metrics.expect(
        Expected(
            carriers=tuple(config.carriers),
            probes=tuple(PROBES),
            vantages=(config.engine.vantage,),
            replies=tuple(SPEAKS.items()),
            bounces=tuple((cls, cls in LASTING) for cls in SPEAKS),
            held=tuple(HELD_BACK),
            rejected=tuple(Reason),
        )
    )


def renewed(watching: Watching, old: Config, new: Config) -> None:
    watching.metrics.forget(old.carriers.keys() - new.carriers.keys())
    expect(watching, new)


async def keep_counting(watching: Watching) -> None:
    """States, looked at again and again: a store in trouble writes a little each time, and so finds out that it is well again."""
    troubled = False
    while True:
        try:
            await count_once(watching)
        except StoreError as error:
            if not troubled:
                tell(Event.STORE_TROUBLED, error=error, code=error.code)
        troubled = watching.shift.house.store.trouble is not None
        watching.metrics.store_healthy(not troubled)
        await asyncio.sleep(1.0 if troubled else ROUND)


async def count_once(watching: Watching) -> None:
    shift, metrics, now = watching.shift, watching.metrics, time.time()
    carriers, vantage = shift.house.config.carriers, shift.house.config.engine.vantage
    for carrier, under_way in shift.announced.gauges(tuple(carriers)).items():
        metrics.maintenance(carrier, bool(under_way))
    metrics.reloaded(shift.reloader.successful)
    watching.tally.forget(now)
    metrics.tested_mailboxes(watching.tally.tested_in_windows(now))
    metrics.bounced_mailboxes(watching.tally.bounced_in_windows(now))
    metrics.certificates(watching.certificates)
    if shift.house.store.trouble is not None:
        await shift.house.store.beat(now)
    troubled = set(await shift.house.breakers.open_ones())
    for name in carriers:
        metrics.breaker(name, vantage, any(server in troubled for server in watching.servers.get(name, ())))
    orphans = [one for one in await shift.house.store.canaries.all_open(now) if now - one.planned_at > ORPHAN]
    metrics.orphan_canaries(len(orphans))


async def keep_pruning(shift: Shift) -> None:
    """What is older than it is kept goes, a little at a time."""
    while True:
        await asyncio.sleep(PRUNED_EVERY)
        with contextlib.suppress(StoreError):  # the store's own state is told elsewhere
            await shift.house.store.prune(time.time())
