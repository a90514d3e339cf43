"""The schedule on duty: what is watched, what checks us, what Prometheus is told and where, begun together beside the rest."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mailprobe.bounces.door import Reason
from mailprobe.config import Config
from mailprobe.console.incidents import IncidentDesk
from mailprobe.daemon import PROBES
from mailprobe.evidence import HELD_BACK
from mailprobe.incident import OPEN
from mailprobe.log import Event, tell
from mailprobe.metrics import Expected, Metrics, watch_loop
from mailprobe.prober.clock import sample
from mailprobe.replies import LASTING, SPEAKS
from mailprobe.serve.deciding import keep_deciding
from mailprobe.serve.fitness import Fitness, keep_asking
from mailprobe.serve.flips import Held
from mailprobe.serve.instruments import rooms_of
from mailprobe.serve.pages import serving_pages
from mailprobe.serve.recalling import recall
from mailprobe.serve.scheduling import watch
from mailprobe.serve.shift import Shift
from mailprobe.serve.watching import Watching
from mailprobe.store import StoreError
from mailprobe.store.retention import Retention

ROUND = 5.0  # seconds between two looks at what is a state rather than an event
PRUNED_EVERY = 60.0
TOGETHER = 200  # jobs that are written down at once
ORPHAN = 86_400.0  # seconds after which a test mail that is still open could not be cleaned up


@dataclass(frozen=True, slots=True)
class Duty:
    """What is on duty; pages: where the metrics are served, console: where the console; None if nowhere."""

    watching: Watching
    pages: tuple[str, int] | None
    console: tuple[str, int] | None


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
                fitness.keep_telling(lambda: shift.house.breakers.forgive()),
                keep_asking(fitness, lambda: shift.house),
                watch_loop(metrics.loop_lag),
                keep_counting(watching),
                keep_deciding(watching),
                keep_pruning(shift),
                keep_rechecking(watching),
            )
        ]
        shift.runs += runs
        shift.rest += beside
        try:
            yield Duty(watching, pages.metrics, pages.console)
        finally:
            for task in (*runs, *beside):
                task.cancel()


async def opened(shift: Shift) -> Watching:
    config = shift.house.config
    watching: Watching
    wall = shift.house.clock.wall
    metrics = Metrics(lambda: watching.rows, config.http.metrics_accounts, wall)
    fitness = Fitness(metrics, config.engine.vantage, shift.announce, lambda: sample(wall))
    watching = Watching(shift, metrics, fitness)
    shift.house.commits.told = lambda committed: metrics.store_committed(committed.took)
    await watching.open()
    await recall(watching)
    gc.freeze()  # what is known of each account stays: to search all of it for cycles would hold the loop up for a second
    shift.looked = watching.looked
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
            incidents=tuple(sorted(OPEN)),
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
        except Exception as error:  # a fault of ours in one of them must not stop the others from being counted again
            tell(Event.NOT_COUNTED, error=error)
        troubled = watching.shift.house.store.trouble is not None
        watching.metrics.store_healthy(not troubled)
        await asyncio.sleep(1.0 if troubled else ROUND)


async def count_once(watching: Watching) -> None:
    shift, metrics, now = watching.shift, watching.metrics, watching.wall()
    carriers, vantage = shift.house.config.carriers, shift.house.config.engine.vantage
    for carrier, under_way in shift.announced.gauges(tuple(carriers)).items():
        metrics.maintenance(carrier, bool(under_way))
    metrics.reloaded(shift.reloader.successful)
    watching.tally.forget(now)
    metrics.tested_mailboxes(watching.tally.tested_in_windows(now))
    metrics.bounced_mailboxes(watching.tally.bounced_in_windows(now))
    metrics.certificates(watching.certificates)
    count_rejected(watching)
    if shift.house.store.trouble is not None:
        await shift.house.store.beat(now)
    troubled = set(await shift.house.breakers.open_ones())
    for name in carriers:
        metrics.breaker(name, vantage, any(server in troubled for server in watching.servers.get(name, ())))
    orphans = [one for one in await shift.house.store.canaries.all_open(now) if now - one.planned_at > ORPHAN]
    metrics.orphan_canaries(len(orphans))
    await look_for_incidents(watching)


async def look_for_incidents(watching: Watching) -> None:
    """What is seen of a carrier changes without any call."""
    rooms = rooms_of(watching)
    await IncidentDesk(rooms).look_at_all()
    standing = {one.carrier: one.state for one in await watching.shift.house.store.incidents.open_ones()}
    for carrier in watching.shift.house.config.carriers:
        watching.metrics.incident(carrier, standing.get(carrier))


def count_rejected(watching: Watching) -> None:
    """What the receiver has turned away since it was looked at last."""
    receiver = watching.shift.receiver
    for reason, count in dict(receiver.rejected).items() if receiver is not None else ():
        watching.metrics.bounce_rejected(reason, count - watching.rejected[reason])
        watching.rejected[reason] = count


async def keep_pruning(shift: Shift) -> None:
    """What is older than it is kept goes, a little at a time."""
    while True:
        await asyncio.sleep(PRUNED_EVERY)
        with contextlib.suppress(StoreError):  # the store's own state is told elsewhere
            await shift.house.store.prune(shift.house.clock.wall(), retention(shift.house.config))


def retention(config: Config) -> Retention:
    return Retention(config.keep.transcripts, config.keep.results, config.keep.results)


async def keep_rechecking(watching: Watching) -> None:
    """Accounts that turned bad together are asked again, once we have looked after ourselves."""
    while True:
        await asyncio.sleep(ROUND)
        try:
            await recheck_once(watching)
        except StoreError:  # they stay held, and their turn comes again; the store's own state is told elsewhere
            continue
        except Exception as error:  # a fault of ours here must not end the schedule, which runs in the same group
            tell(Event.NOT_DECIDED, error=error)


async def recheck_once(watching: Watching) -> None:
    now = watching.wall()
    if watching.fitness.suspects_a_mass:
        return
    due = watching.flips.due(now, watching.fitness.checked_at)
    if due:
        tell(Event.CHANGES_HELD, count=len(watching.flips.held))
    for start in range(0, len(due), TOGETHER):
        await asyncio.gather(*(ask_again(watching, one, now) for one in due[start : start + TOGETHER]))


async def ask_again(watching: Watching, one: Held, now: float) -> None:
    for probe in one.probes:
        await watching.shift.house.engine.later(one.account, probe, now, f"recheck:{one.account}:{probe}:{now:.0f}")
    watching.flips.asked(one, now)
