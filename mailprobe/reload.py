"""A new configuration without a restart: read it, say what is different, put it in force, or keep the old one.

Some of it was built into the process when it started: addresses to listen on, the store, who we say we are. Such a part is told
and stays as it was until the next start; everything else of the new configuration counts at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from mailprobe.config import Account, Config, ConfigError, Problem, load
from mailprobe.log import Event, tell


class Part(StrEnum):
    """The parts of a configuration that can be told apart; the value is the key in the file."""

    ACCOUNTS = "accounts"
    CARRIERS = "carriers"  # with their limits and controls
    MAINTENANCE = "maintenance"
    NOTIFY = "notify"
    ACTORS = "actors"
    CARDS = "cards"
    LANGUAGE = "prober.language"
    NETWORK = "prober.network"  # allow_networks, resolvers, relay
    DKIM = "prober.dkim"
    IDENTITY = "prober.identity"  # name, mail_from, bounce_domain, token_keys
    HTTP = "http.listen"
    CONSOLE = "console"
    BOUNCES = "bounces"
    STORE = "store.url"
    KEEP = "store.keep"
    ENGINE = "engine"


NEEDS_RESTART = frozenset({Part.IDENTITY, Part.HTTP, Part.BOUNCES, Part.STORE, Part.ENGINE})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """live: parts that count at once; waiting: parts that need a restart. Of accounts and carriers: their ids and names."""

    live: frozenset[Part] = frozenset()
    waiting: frozenset[Part] = frozenset()
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    altered: frozenset[str] = frozenset()  # accounts of another definition; those of an altered carrier are not counted
    carriers: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.live or self.waiting)


def changed(old: Config, new: Config) -> Difference:
    """What is different. Pure; the order of accounts and carriers does not count."""
    before, after = parts(old), parts(new)
    parts_changed = frozenset(part for part in Part if before[part] != after[part])
    was, now = by_id(old.accounts), by_id(new.accounts)
    return Difference(
        live=parts_changed - NEEDS_RESTART,
        waiting=parts_changed & NEEDS_RESTART,
        added=frozenset(now.keys() - was.keys()),
        removed=frozenset(was.keys() - now.keys()),
        altered=unlike(was, now),
        carriers=unlike(old.carriers, new.carriers) | (old.carriers.keys() ^ new.carriers.keys()),
    )


def parts(config: Config) -> dict[Part, object]:
    prober = config.prober
    bounces = (config.bounces_listen, config.bounces_imap, config.bounces_certificate, config.bounces_key)
    return {
        Part.ACCOUNTS: by_id(config.accounts),
        Part.CARRIERS: config.carriers,
        Part.MAINTENANCE: frozenset(config.maintenance),
        Part.NOTIFY: config.notify,
        Part.ACTORS: dict(config.actors),
        Part.CARDS: dict(config.cards),
        Part.LANGUAGE: prober.language,
        Part.NETWORK: (prober.allow_networks, prober.resolvers, prober.relay, prober.block_lists),
        Part.DKIM: prober.dkim,
        Part.IDENTITY: (prober.name, prober.mail_from, prober.bounce_domain, prober.token_keys),
        Part.HTTP: config.http,
        Part.CONSOLE: config.console,
        Part.BOUNCES: bounces,
        Part.STORE: config.store_url,
        Part.KEEP: config.keep,
        Part.ENGINE: config.engine,
    }


def by_id(accounts: Iterable[Account]) -> dict[str, Account]:
    return {account.id: account for account in accounts}


def unlike(old: Mapping[str, T], new: Mapping[str, T]) -> frozenset[str]:
    """Keys of both whose values are different."""
    return frozenset(key for key in old.keys() & new.keys() if old[key] != new[key])


def in_force(old: Config, new: Config) -> Config:
    """The new configuration, with those parts of the old one that the running process was built with."""
    kept = ("name", "mail_from", "bounce_domain", "token_keys")
    return dataclasses.replace(
        new,
        prober=dataclasses.replace(new.prober, **{name: getattr(old.prober, name) for name in kept}),
        http=old.http,
        bounces_listen=old.bounces_listen,
        bounces_imap=old.bounces_imap,
        bounces_certificate=old.bounces_certificate,
        bounces_key=old.bounces_key,
        store_url=old.store_url,
        engine=old.engine,
    )


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a reload. problems: why the old configuration is kept; empty if the new one is in force."""

    difference: Difference = field(default_factory=Difference)
    problems: tuple[Problem, ...] = ()


Subscriber = Callable[[Config, Config], None]


@dataclass(slots=True)
class Reloader:
    """Holds the configuration in force. A subscriber gets (old, new) and may refuse by raising; those that were told before it
    are then told (new, old). `successful` is mailprobe_config_last_reload_successful."""

    config: Config
    read: Callable[[Path], Config] = load
    subscribers: list[Subscriber] = field(default_factory=list)
    successful: bool = True
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    def subscribe(self, subscriber: Subscriber) -> None:
        self.subscribers.append(subscriber)

    async def reload(self) -> Reloaded:
        """Read the file again, off the loop, and put it in force. One at a time. Never raises for what is wrong with it."""
        async with self._one:
            old = self.config
            try:
                read = await asyncio.to_thread(self.read, source_of(old))
                done = self.adopt(old, read)
            except ConfigError as error:
                done = Reloaded(problems=error.problems)
            except Exception as error:  # ours, not the file's: the daemon goes on with what it has
                done = Reloaded(problems=(our_fault(error),))
            self.successful = not done.problems
        report(done)
        return done

    def adopt(self, old: Config, read: Config) -> Reloaded:
        difference, new = changed(old, read), in_force(old, read)
        told: list[Subscriber] = []
        try:
            for subscriber in self.subscribers:
                told.append(subscriber)
                subscriber(old, new)
        except Exception:  # passed on, when everybody is back where he was
            for subscriber in told:
                subscriber(new, old)
            raise
        self.config = new
        return Reloaded(difference)


def source_of(config: Config) -> Path:
    if config.source is None:
        problem = Problem("MP2022", "configuration", "was not read from a file", "start the daemon with --config FILE")
        raise ConfigError((problem,))
    return config.source


def our_fault(error: Exception) -> Problem:
    tell(Event.RELOAD_FAULT, error=error)
    hint = "the configuration of before is in force; see the log"
    return Problem("MP2021", "reload", f"could not be put in force: {type(error).__name__}", hint)


def report(done: Reloaded) -> None:
    """One line for the whole, one for each problem: its code and place, since its words may quote an address."""
    for problem in done.problems:
        tell(Event.CONFIG_PROBLEM, code=problem.code, where=problem.where.rpartition("/")[2])
    if done.problems:
        tell(Event.RELOAD_FAILED, count=len(done.problems))
        return
    found = done.difference
    tell(Event.RELOADED, parts=" ".join(sorted(found.live)), added=len(found.added), gone=len(found.removed))
    if done.difference.waiting:
        tell(Event.NEEDS_RESTART, parts=" ".join(sorted(done.difference.waiting)))
