"""From the outbox to the webhook: the oldest first, again after growing gaps, until it is accepted or given up.

One event waits for the one before it, so a receiver sees what happened in the order in which it happened. Only what can never be
accepted gives way: an event that is too old, or one that the receiver has called malformed often enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from mailprobe import log
from mailprobe.log import Event
from mailprobe.net.post import Unsent
from mailprobe.notify.sign import headers

TOO_OLD = 3 * 86_400.0  # seconds after which an event helps nobody
MALFORMED = frozenset({400, 413, 415, 422})  # said of this event, not of the moment (RFC 9110 section 15.5)
TRIES = 5  # of one that is called malformed
PAUSE = 30.0  # seconds between two looks into an outbox that nobody has announced anything for


class Waiting(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def tries(self) -> int: ...
    @property
    def not_before(self) -> float: ...


class Outbox(Protocol):
    """The store's part: `mailprobe.store.outbox.Outbox`."""

    async def oldest(self) -> Waiting | None: ...
    async def remove(self, number: int) -> None: ...
    async def put_off(self, number: int, not_before: float) -> None: ...


class Sends(Protocol):
    """`mailprobe.net.post.Post`."""

    async def send(self, body: bytes, headers: Mapping[str, str]) -> int | Unsent: ...


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds after the first try that failed, doubled each time, and the longest."""

    first: float = 5.0
    longest: float = 300.0

    def after(self, tries: int) -> float:
        return min(self.longest, self.first * 2.0 ** min(tries, 30))


@dataclass(frozen=True, slots=True)
class Messenger:
    """What telling may touch. secret: read anew for each try, so that it can be changed; wall: Unix seconds."""

    outbox: Outbox
    sends: Sends
    secret: Callable[[], Awaitable[str]]
    wall: Callable[[], float]
    gaps: Gaps = Gaps()


class Outcome(Enum):
    EMPTY = "empty"
    EARLY = "early"
    ACCEPTED = "accepted"
    PUT_OFF = "put_off"
    GIVEN_UP = "given_up"


async def tell_next(messenger: Messenger) -> tuple[Outcome, float]:
    """One try, if one is due; what came of it, and in how many seconds to look again. Raises what the store raises."""
    one = await messenger.outbox.oldest()
    if one is None:
        return Outcome.EMPTY, PAUSE
    now = messenger.wall()
    if now < one.not_before <= now + messenger.gaps.longest:  # later than that, the clock has gone back
        return Outcome.EARLY, one.not_before - now
    if now - one.at > TOO_OLD:
        return await give_up(messenger, one, "too_old")
    answer = await attempt(messenger, one)
    if isinstance(answer, int) and 200 <= answer < 300:
        await messenger.outbox.remove(one.number)
        log.tell(Event.WEBHOOK_TOLD, id=one.id, kind=one.kind, tries=one.tries + 1)
        return Outcome.ACCEPTED, 0.0
    if answer in MALFORMED and one.tries + 1 >= TRIES:
        return await give_up(messenger, one, "malformed")
    return await put_off(messenger, one, answer)


async def attempt(messenger: Messenger, one: Waiting) -> int | Unsent | str:
    """The status, or why there is none."""
    try:
        secret = await messenger.secret()
        given = headers(secret, one.id, one.body, messenger.wall())
    except Exception as error:  # a file that is gone, a command that fails, a key that is none: mended without a restart
        log.tell(Event.WEBHOOK_UNREADY, error=error)
        return "no_secret"
    return await messenger.sends.send(one.body.encode(), {"content-type": "application/json", "user-agent": "mailprobe", **given})


async def put_off(messenger: Messenger, one: Waiting, answer: int | Unsent | str) -> tuple[Outcome, float]:
    gap = messenger.gaps.after(one.tries)
    await messenger.outbox.put_off(one.number, messenger.wall() + gap)
    if isinstance(answer, int):
        log.tell(Event.WEBHOOK_NOT_TOLD, id=one.id, kind=one.kind, tries=one.tries + 1, status=answer)
    else:
        log.tell(Event.WEBHOOK_NOT_TOLD, id=one.id, kind=one.kind, tries=one.tries + 1, why=str(answer))
    return Outcome.PUT_OFF, gap


async def give_up(messenger: Messenger, one: Waiting, why: str) -> tuple[Outcome, float]:
    await messenger.outbox.remove(one.number)
    log.tell(Event.WEBHOOK_GIVEN_UP, id=one.id, kind=one.kind, tries=one.tries, why=why)
    return Outcome.GIVEN_UP, 0.0


async def keep_telling(messenger: Messenger, woken: asyncio.Event) -> None:
    """Until cancelled. `woken`: something was put into the outbox. Errors of the store are waited out."""
    while True:
        woken.clear()
        try:
            outcome, pause = await tell_next(messenger)
        except Exception as error:  # the outbox is durable: nothing is lost by trying again
            log.tell(Event.WEBHOOK_UNREADY, error=error)
            outcome, pause = Outcome.PUT_OFF, messenger.gaps.first
        if pause > 0:
            await asleep(pause, woken if outcome is Outcome.EMPTY else None)


async def asleep(seconds: float, woken: asyncio.Event | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await (woken or asyncio.Event()).wait()
    except TimeoutError:
        return
