"""Everything of the daemon that runs side by side: begun together, told of a new configuration, ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from fastapi import APIRouter

from mailprobe.bounces.intake import Desk, keep_taking_in
from mailprobe.bounces.receiver import Keep, Received, Receiver
from mailprobe.bounces.token import Signer
from mailprobe.config import Account, Config, Notify
from mailprobe.daemon import House, refurnish
from mailprobe.evidence import Evidence
from mailprobe.log import Event, tell
from mailprobe.net.post import Post
from mailprobe.notify.deliver import Messenger, keep_telling
from mailprobe.notify.events import Event as Happening
from mailprobe.notify.events import letters
from mailprobe.reload import Reloader
from mailprobe.serve.announced import Announced, keep_up
from mailprobe.serve.life import Step, drain
from mailprobe.serve.looking import look_after
from mailprobe.serve.reception import fetching, reception, told
from mailprobe.serve.renewing import renewing

# Seconds of an orderly end, ten in all: what is left over is for closing the store.
RUNS_WITHIN, STOPPED_WITHIN, REST_WITHIN = 6.0, 2.0, 1.0


Looked = Callable[[Account, tuple[Evidence, ...]], Awaitable[None]]


async def unwatched(account: Account, evidence: tuple[Evidence, ...]) -> None: ...


@dataclass(slots=True)
class Shift:
    """What is at work. house: as it is furnished now; reloader: for SIGHUP and POST /-/reload; announced: work on carriers;
    ending: begin nothing new; renewed: the configuration is another one; happened: something lies in the outbox; looked: is
    given what a look for test mails has seen."""

    house: House
    reloader: Reloader
    announced: Announced
    receiver: Receiver | None = None
    guests: tuple[APIRouter, ...] = ()  # pages beside the console's own: the demo's
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    renewed: asyncio.Event = field(default_factory=asyncio.Event)
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    looked: Looked = unwatched
    runs: list[asyncio.Task[None]] = field(default_factory=list)  # what asks mail servers: ended at a boundary
    rest: list[asyncio.Task[None]] = field(default_factory=list)  # what may be cut at any await: nothing is lost by it

    def renew(self, old: Config, new: Config) -> None:
        """The subscriber of a `Reloader`."""
        self.house = refurnish(self.house, new)
        self.announced.written = new.maintenance
        self.renewed.set()

    async def announce(self, *events: Happening) -> None:
        """Put into the outbox what the webhook is to be told of. StoreError."""
        notify = self.house.config.notify
        if notify is not None and (wanted := letters(events, notify.events)):
            if gone := await self.house.store.outbox.put(wanted):
                tell(Event.WEBHOOK_GIVEN_UP, count=gone, why="no_room")
            self.happened.set()

    async def drain(self, hurried: asyncio.Event) -> tuple[str, ...]:
        """Begin nothing new, let the runs under way end, then stop them, then the rest. What had to be cut short."""
        self.ending.set()
        steps = (
            Step("runs", lambda: ended(self.runs), RUNS_WITHIN),
            Step("stopped_runs", self.stop_runs, STOPPED_WITHIN),
            Step("rest", lambda: cancelled(self.rest), REST_WITHIN),
        )
        return await drain(steps, hurried)

    async def stop_runs(self) -> None:
        """A run that is stopped keeps what it has learnt, and takes its leave of the server."""
        self.house.engine.stop()
        await ended(self.runs)


def new_shift(house: House) -> Shift:
    """Nothing at work yet."""
    announced = Announced(house.store.maintenance, house.config.maintenance, wall=house.clock.wall)
    shift = Shift(house, Reloader(house.config), announced)
    shift.reloader.subscribe(shift.renew)
    return shift


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)


async def cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await ended(tasks)


@contextlib.asynccontextmanager
async def on_shift(house: House, signs: Signer | None, bound: socket.socket | None = None) -> AsyncIterator[Shift]:
    """Everything that runs side by side, for as long as the block lasts. signs: None where no test mails are sent. bound: the
    receiver's socket, if systemd has it."""
    woken, shift, config = asyncio.Event(), new_shift(house), house.config

    async def keep(received: Received) -> None:
        await house.store.bounces.keep(received)
        woken.set()

    async def seen(account: Account, evidence: tuple[Evidence, ...]) -> None:
        await shift.looked(account, evidence)

    async with contextlib.AsyncExitStack() as rooms:
        if signs is not None and (config.bounces_listen or bound is not None):
            shift.receiver = await rooms.enter_async_context(reception(config, signs, keep, bound))
            if shift.receiver.tls is not None and config.bounces_certificate is not None:
                renew = renewing(shift.receiver.tls, "bounces", config.bounces_certificate, config.bounces_key)
                shift.reloader.subscribe(renew)
        group = await rooms.enter_async_context(asyncio.TaskGroup())
        shift.runs = [group.create_task(look_after(lambda: shift.house, shift.ending, seen))]
        shift.rest = [group.create_task(one) for one in (telling(shift), keep_up(shift.announced))]
        if signs is not None:
            desk = Desk(house.store.bounces, house.store.canaries, signs, house.clock.wall)
            taking_in = [keep_taking_in(desk, woken, told), *fetched(house, keep)]
            shift.rest += [group.create_task(one) for one in taking_in]
        try:
            yield shift
        finally:
            for task in (*shift.runs, *shift.rest):
                task.cancel()


def fetched(house: House, keep: Keep) -> list[Coroutine[None, None, None]]:
    mailbox = house.config.bounces_imap
    return [fetching(house, mailbox, keep)] if mailbox is not None else []


@contextlib.asynccontextmanager
async def at_work(house: House, signs: Signer) -> AsyncIterator[Receiver | None]:
    """The same for whoever needs the receiver only."""
    async with on_shift(house, signs) as shift:
        yield shift.receiver


async def telling(shift: Shift) -> None:
    """The webhook is told, by what the configuration says now."""
    while True:
        shift.renewed.clear()
        notify = shift.house.config.notify
        async with told_to(shift, notify):
            await shift.renewed.wait()


@contextlib.asynccontextmanager
async def told_to(shift: Shift, notify: Notify | None) -> AsyncIterator[None]:
    if notify is None:
        yield
        return
    ref, post, wall = notify.secret, Post(notify.url, notify.ca), shift.house.clock.wall

    async def secret() -> str:
        return (await ref.read()).reveal()

    task = asyncio.create_task(keep_telling(Messenger(shift.house.store.outbox, post, secret, wall), shift.happened))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await post.close()
