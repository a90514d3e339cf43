"""The engine's schedule on duty: who is in it, where its rows go, and how it is told of another fleet."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from mailprobe.config import Config
from mailprobe.config.every import interval
from mailprobe.engine import Fleet, Hooks, Kind, Past, Result
from mailprobe.limits import pace_of
from mailprobe.serve.watching import Watching, done_once

DRAINS_WITHIN = 5.0  # seconds


async def watch(watching: Watching) -> None:
    """Serve the schedule until the shift ends; what runs then ends at a boundary."""
    shift, engine, repairs = watching.shift, watching.shift.house.engine, watching.repairs
    shift.reloader.subscribe(lambda old, new: repairs.changed.set())
    past = Past(shift.house.store.jobs.schedule_key(), await newest_slots(watching))
    hooks = Hooks(lambda row: row_ended(watching, row), watching.metrics.slot_began)
    if shift.ending.is_set():  # told to end while the past was read: an engine that does not serve yet has nothing to drain
        return
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(engine.serve(repairs.joined(fleet_of(shift.house.config)), hooks, past))
        keeping = group.create_task(keep_renewed(watching))
        await shift.ending.wait()
        await engine.drain(DRAINS_WITHIN)
        await serving
        keeping.cancel()


async def row_ended(watching: Watching, row: Result) -> None:
    """As `Watching.ended`; and who waits for a repair hears of it. A guest has neither status nor series."""
    if row.account in watching.accounts or row.account not in watching.repairs.ever:
        await watching.ended(row)
    else:
        await guest_ended(watching, row)
    watching.repairs.hear(row)


async def guest_ended(watching: Watching, row: Result) -> None:
    """How the servers did is remembered, as after every check; what the mailbox is like is for who waits."""
    house, fit = watching.shift.house, watching.fitness.health.hears
    carrier = house.config.carriers.get(row.carrier)
    if row.kind is Kind.SKIPPED:
        watching.metrics.slots_skipped(row.count)
    if carrier is None:
        return
    for one in row.evidence:
        await done_once(house.breakers.learn(one.facts, pace_of(carrier.limits), ourselves_fit=fit))


async def keep_renewed(watching: Watching) -> None:
    """After a reload, and when a guest comes or leaves. A replaced fleet of an engine that ends is nobody's."""
    shift, repairs = watching.shift, watching.repairs
    known, fleet = shift.house.config, fleet_of(shift.house.config)
    while not shift.ending.is_set():
        await repairs.changed.wait()
        repairs.changed.clear()
        config = shift.house.config
        if config is not known:
            known, fleet = config, fleet_of(config)
            watching.renew(config)
        if not shift.ending.is_set():
            await shift.house.engine.replace(repairs.joined(fleet))


async def newest_slots(watching: Watching) -> dict[str, float]:
    """Account -> when it was last asked by the schedule."""
    found: dict[str, float] = {}
    for one in await watching.shift.house.store.results.last():
        found[one.account] = max(one.at, found.get(one.account, 0.0))
    return found


def fleet_of(config: Config) -> Fleet:
    accounts = tuple(
        replace(one, every=(("", interval(one, config.carriers[one.carrier].limits)),)) if not one.every else one
        for one in config.accounts
    )
    return Fleet(accounts, config.carriers, config.prober, config.engine.vantage)
