"""`mailprobe status ID --plugin`: from the store to the one line. Whatever goes wrong is UNKNOWN, and still one line."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from mailprobe import plugin
from mailprobe.carriers import Limits
from mailprobe.check import named_or_found
from mailprobe.config import Account, Config, ConfigError, Problem, format_problem, load
from mailprobe.config.every import interval
from mailprobe.config.problems import cut
from mailprobe.plugin import LastResult, Said, Standing
from mailprobe.status import stale_at
from mailprobe.store import Store, StoreError, open_store
from mailprobe.store.place import MEMORY, place_of
from mailprobe.verdict.rules import RULES

ACTORS = {rule.code: rule.actor for rule in RULES}


async def standing_in(store: Store, account: Account, limits: Limits) -> Standing | None:
    """Where the account stands; None: nothing is stored of it."""
    kept = await store.standings.of(account.id)
    if kept is None:
        return None
    actor = ACTORS[kept.code].value if kept.code is not None else ""
    results = tuple(LastResult(one.probe, one.at) for one in await store.results.last(account.id))
    stale = stale_at(kept, interval(account, limits))  # as the metrics have it
    code = kept.code.value if kept.code is not None else ""
    return Standing(account.id, kept.status, code, actor, kept.since, results, kept.known_at, stale)


def print_status(account: str, config: Path | None) -> int:
    """The line, and its exit code."""
    try:
        said = status_of(account, load(named_or_found(config, "status")))
    except ConfigError as error:
        said = plugin.unknown(one_line(error.problems[0]))
    except StoreError as error:
        said = plugin.unknown(one_line(Problem(error.code, error.where, error.what, error.hint)))
    print(said.line)
    return said.exit_code


def status_of(account: str, config: Config) -> Said:
    found = next((one for one in config.accounts if one.id == account), None)
    if found is None:
        return plugin.unknown(f'no account "{cut(account)}" in the configuration')
    # whoever asks must not be the one who makes the store
    place = place_of(config.store_url)
    standing = asyncio.run(stored(found, config)) if place == MEMORY or Path(place).exists() else None
    return plugin.say(found, standing, time.time())


async def stored(account: Account, config: Config) -> Standing | None:
    async with open_store(config.store_url) as store:
        return await standing_in(store, account, config.carriers[account.carrier].limits)


def one_line(problem: Problem) -> str:
    return format_problem(problem).removeprefix("error")
