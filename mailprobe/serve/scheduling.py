"""The engine's schedule on duty: which accounts it serves, from where it goes on, and how a reload changes it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from mailprobe.config import Config
from mailprobe.config.every import interval
from mailprobe.engine import Fleet, Hooks, Past
from mailprobe.serve.watching import Watching

DRAINS_WITHIN = 5.0  # seconds


async def watch(watching: Watching) -> None:
    """Serve the schedule until the shift ends; what runs then ends at a boundary."""
    shift, engine = watching.shift, watching.shift.house.engine
    renewed = asyncio.Event()
    shift.reloader.subscribe(lambda old, new: renewed.set())
    past = Past(shift.house.store.jobs.schedule_key(), await newest_slots(watching))
    hooks = Hooks(watching.ended, watching.metrics.slot_began)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(engine.serve(fleet_of(shift.house.config), hooks, past))
        keeping = group.create_task(keep_renewed(watching, renewed))
        await shift.ending.wait()
        await engine.drain(DRAINS_WITHIN)
        await serving
        keeping.cancel()


async def keep_renewed(watching: Watching, renewed: asyncio.Event) -> None:
    while True:
        await renewed.wait()
        renewed.clear()
        config = watching.shift.house.config
        watching.renew(config)
        await watching.shift.house.engine.replace(fleet_of(config))


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
