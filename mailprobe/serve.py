"""`mailprobe serve`: the daemon at work. Bounces are received (or fetched) and taken in, and test mails are looked after.

A test mail that one process sent may be answered for in another: whatever is open in the journal when the daemon starts is
looked for at once, and again as it grows older. Nothing is sent from here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from mailprobe.bounces.intake import Desk, Told, keep_taking_in
from mailprobe.bounces.receiver import Keep, Received, Receiver, receiving, tls_of
from mailprobe.bounces.recipients import Ours
from mailprobe.bounces.token import Signer
from mailprobe.canary import Record
from mailprobe.carriers import OWN_LIMITS
from mailprobe.check import configured
from mailprobe.config import Account, BounceMailbox, Config, ConfigError, Problem, ad_hoc, load
from mailprobe.daemon import House, open_house, signer_of
from mailprobe.engine import CANARY, Order, Watch
from mailprobe.engine.embedded import SignInChain
from mailprobe.evidence import Evidence, Fact
from mailprobe.probes.bounce_mailbox import Mark, fetch_bounces
from mailprobe.probes.session import Over
from mailprobe.store import Store
from mailprobe.wire.mime import take_apart

log = logging.getLogger(__name__)

TICK = 20.0  # seconds between two looks into the journal
# Seconds of a test mail's age at which its mailbox is looked into; then daily. An hour and a day are when a verdict changes.
LOOKS = (120.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 86_400.0)
DAILY = 86_400.0
LOOK_WITHIN = 60.0
FETCH_EVERY = 60.0
FETCH_WITHIN = 50.0
USAGE, CANNOT_CREATE, NO_PERMISSION = 64, 73, 77  # sysexits.h


def configured_for_serving(named: Path | None) -> Config:
    """The configuration, and the log on standard error. Raises ConfigError."""
    path = named or configured()
    if path is None:
        hint = "name one with --config FILE, or write mailprobe.toml"
        raise ConfigError((Problem("MP1113", "--config", "there is no configuration to serve", hint),), USAGE)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    return load(path)


async def serve(config: Config) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigError for what cannot be served (a port not to be had, a bad key), and StoreError."""
    async with open_house(config) as house:
        if house.signs is None:
            await signer_of(config)  # says what is wrong with a key that cannot be used
            hint = "set prober.bounce_domain and prober.token_keys"
            raise ConfigError((Problem("MP1112", "prober", "nothing signs the senders of test mails", hint),), USAGE)
        async with at_work(house, house.signs):
            await asked_to_end()
            log.info("ending")


@contextlib.asynccontextmanager
async def at_work(house: House, signs: Signer) -> AsyncIterator[Receiver | None]:
    """Everything that runs side by side, for as long as the block lasts. The receiver, where bounces are received."""
    woken = asyncio.Event()

    async def keep(received: Received) -> None:
        await house.store.bounces.keep(received)
        woken.set()

    async with contextlib.AsyncExitStack() as rooms:
        receiver = None
        desk = Desk(house.store.bounces, house.store.canaries, signs, time.time)
        background = [keep_taking_in(desk, woken, told), look_after(house)]
        if house.config.bounces_imap is not None:
            background.append(fetching(house, house.config.bounces_imap, keep))
        if house.config.bounces_listen:
            receiver = await rooms.enter_async_context(reception(house.config, signs, keep))
        group = await rooms.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(one) for one in background]
        try:
            yield receiver
        finally:
            for task in tasks:
                task.cancel()


@contextlib.asynccontextmanager
async def reception(config: Config, signs: Signer, keep: Keep) -> AsyncIterator[Receiver]:
    """The receiver of bounces, its address logged."""
    host, _, port = config.bounces_listen.rpartition(":")
    ours = Ours(config.prober.name, config.prober.bounce_domain, config.prober.mail_from)
    tls = tls_of(config.bounces_certificate, config.bounces_key) if config.bounces_certificate else None
    async with contextlib.AsyncExitStack() as door:
        try:
            receiver = await door.enter_async_context(receiving((host.strip("[]"), int(port)), ours, signs, keep, tls=tls))
        except OSError as error:
            raise no_port(config.bounces_listen, error) from None
        for address, number in receiver.listening:
            log.info("bounces are received at smtp://%s:%s", address, number)
        yield receiver


def no_port(listen: str, error: OSError) -> ConfigError:
    """Why the receiver cannot be where it is wanted, and what helps."""
    number = error.errno or 0
    hints = {
        errno.EACCES: "give it CAP_NET_BIND_SERVICE, or a port above 1023 behind the mail server",
        errno.EADDRINUSE: "another program holds it: end that, or choose another port",
    }
    hint = hints.get(number, "name an address of this machine")
    code = NO_PERMISSION if number == errno.EACCES else CANNOT_CREATE
    return ConfigError((Problem("MP1019", "bounces.listen", f"cannot listen at {listen}: {os.strerror(number)}", hint),), code)


async def fetching(house: House, mailbox: BounceMailbox, keep: Keep) -> None:
    """Where port 25 is not ours: the bounces come from a mailbox, every minute."""

    async def kept(raw: bytes) -> None:
        await keep(Received(time.time(), "", came_from_nobody(raw), (), raw))

    reach = house.bare(OWN_LIMITS, house.config.engine.vantage, SignInChain(runs_imap=False), lambda line: None)
    while True:
        try:
            async with asyncio.timeout(FETCH_WITHIN):
                count = await fetch_bounces(mailbox, reach, unnoted, kept, Fetched(house.store))
            log.info("%d mails were fetched from the bounce mailbox", count)
        except Over:
            log.error("the bounce mailbox cannot be read: %s", mailbox.server.label)
        except Exception as error:  # what was not remembered as handed on comes again
            log.error("bounces cannot be fetched from %s: %s", mailbox.server.label, type(error).__name__)
        await asyncio.sleep(FETCH_EVERY)


def came_from_nobody(raw: bytes) -> bool:
    """Return-Path holds the envelope sender (RFC 5321 section 4.4); a bounce has none."""
    return take_apart(raw)[0].header("return-path").strip() == "<>"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Keeps `probes.bounce_mailbox.Marks` in the store."""

    store: Store

    async def mark(self, mailbox: str) -> Mark | None:
        found = await self.store.marks.mark(mailbox)
        return Mark(*found) if found is not None else None

    async def keep(self, mailbox: str, mark: Mark) -> None:
        await self.store.marks.keep(mailbox, mark.uidvalidity, mark.uid)


async def told(one: Told) -> None:
    """What came of a mail, without anybody's address."""
    kind = one.returned.kind.value if one.returned is not None else "-"
    log.info("a mail came back: %s, %s", kind, one.outcome.value)


async def asked_to_end() -> None:
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    await ending.wait()


@dataclass(slots=True)
class Rounds:
    """When each open test mail was last looked for, Unix seconds; one that is missing was not looked for yet."""

    last: dict[str, float]

    def is_due(self, record: Record, now: float) -> bool:
        """At the start; then each time that the mail has passed one of the ages; then daily."""
        last = self.last.get(record.id)
        born = record.sent_at or record.planned_at
        if last is None:
            return True
        return any(last - born < age <= now - born for age in LOOKS) or now - last >= DAILY


async def look_after(house: House) -> None:
    """Look into the journal, and into the mailboxes where something is open and it is time."""
    rounds = Rounds({})
    while True:
        try:
            await look_once(house, rounds, time.time())
        except Exception as error:  # the journal is durable: nothing is lost by looking again
            log.error("test mails cannot be looked after: %s", type(error).__name__)
        await asyncio.sleep(TICK)


async def look_once(house: House, rounds: Rounds, now: float) -> None:
    open_ones = await house.store.canaries.all_open(now)
    whose = mailboxes(house)
    due = {one.subject for one in open_ones if one.subject in whose and rounds.is_due(one, now)}
    for subject in due:
        await look_into(house, whose[subject])
    ours = [one for one in open_ones if one.subject in whose]
    rounds.last = {one.id: now if one.subject in due else rounds.last.get(one.id, now) for one in ours}


def mailboxes(house: House) -> dict[str, Account]:
    """The configured mailboxes by their subjects: accounts, and the live controls."""
    controls = (one.address for carrier in house.config.carriers.values() for one in carrier.live_controls)
    accounts = [*(ad_hoc(house.config, address) for address in controls), *house.config.accounts]
    return {house.store.canaries.subject_of(account.address.key): account for account in accounts}


async def look_into(house: House, account: Account) -> tuple[Evidence, ...]:
    """One look for everything that is open in a mailbox: what is found is cleaned up, nothing is sent."""
    carrier, config = house.config.carriers[account.carrier], house.config
    order = Order(account, carrier, config.prober, (CANARY,), LOOK_WITHIN, config.engine.vantage, sends=False)
    return await house.engine.live(order, Watch(unheard, lambda evidence: None))


def unheard(leg: str, fact: Fact) -> None: ...


def unnoted(fact: Fact) -> None: ...
