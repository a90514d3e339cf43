"""From a mail in the inbox to what it means for a test mail: read, tie, write down, step. One mail at a time.

Each step may be the last before a crash, and is done again after it without another effect: what came back is written down
once under its own key, the record steps by compare-and-set, and the mail leaves the inbox at the very end.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailprobe import log
from mailprobe.bounces.letter import Letter, Reading, as_outside, read_letter, spellings
from mailprobe.bounces.match import MAILBOX, ReadsSigns, Signed, Tie, is_of, only_one, signed
from mailprobe.bounces.token import DAY, LIVES
from mailprobe.canary import Record, may_step
from mailprobe.evidence import CanaryState, Returned, ReturnKind
from mailprobe.log import Event

BUDGET = 0.25  # seconds to read one mail
TRIES = 3  # a busy machine may be why it took longer
PAUSE = 2.0  # seconds before a mail is looked at again that came too early or took too long; doubled each time
LONGEST_PAUSE = 300.0
PATIENCE = 86400.0  # seconds that a bounce waits for the sending process to say how the sending ended
NOT_ANSWERED = frozenset({CanaryState.PLANNED, CanaryState.SENDING})
ARRIVED = frozenset({CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LATE, CanaryState.REMOVED, CanaryState.LEFT})


class Outcome(StrEnum):
    """What became of one thing that a mail said."""

    BOUNCED = "bounced"  # its test mail is a bounced one now
    RECORDED = "recorded"  # counted for the test mail or its mailbox, which it decides nothing about
    CONFLICT = "conflict"  # it says failed, but the test mail was seen, or had been refused
    DUPLICATE = "duplicate"
    BACKSCATTER = "backscatter"
    UNPARSED = "unparsed"
    PUT_OFF = "put_off"


class Recorded(Protocol):
    @property
    def canary(self) -> str: ...
    @property
    def new(self) -> bool: ...


class Inbox(Protocol):
    """The store's part: `mailprobe.store.bounces.Bounces`."""

    async def waiting(self, now: float) -> Letter | None: ...
    async def put_off(self, letter: int, not_before: float) -> None: ...
    async def finish(self, letter: int, outcome: str, now: float) -> None: ...
    async def record(self, mailbox: str, day: int, returned: Returned, essence: str = "") -> Recorded: ...
    def hashed(self, address: str) -> str: ...


class Records(Protocol):
    """The records of test mails. `of_mailbox`: those planned since then whose subject begins so; `step` is the Journal's
    compare-and-set."""

    async def by_id(self, canary: str) -> Record | None: ...
    async def of_mailbox(self, mailbox: str, since: float) -> tuple[Record, ...]: ...
    async def step(self, before: Record, after: Record) -> bool: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What reading a mail may touch. wall: Unix seconds."""

    inbox: Inbox
    records: Records
    signs: ReadsSigns
    wall: Callable[[], float]
    budget: float = BUDGET


@dataclass(frozen=True, slots=True)
class Told:
    """One outcome, and what it is about; returned None where nothing was understood."""

    outcome: Outcome
    mailbox: str = ""
    returned: Returned | None = None


async def take_in(desk: Desk) -> tuple[Told, ...]:
    """Take the next mail in and say what came of it; empty if none waits. Raises what the store raises, and may be called
    again then."""
    letter = await desk.inbox.waiting(desk.wall())
    if letter is None:
        return ()
    reading = await read_within(letter, desk)
    if reading is None and letter.tries + 1 < TRIES:
        return await put_off(desk, letter)
    if reading is None:
        return await finish(desk, letter, (Told(Outcome.UNPARSED, letter.mailbox),))
    tie = await tied(letter, reading[1], desk)
    if tie is None:
        return await finish(desk, letter, (Told(Outcome.BACKSCATTER),))
    if tie.record is not None and tie.record.state in NOT_ANSWERED and desk.wall() < letter.at + PATIENCE:
        return await put_off(desk, letter)
    found = [await settle(desk, tie, one, reading[0].message_id) for one in returns(letter, reading[0], tie, desk)]
    if any(one.outcome is Outcome.PUT_OFF for one in found):
        return await put_off(desk, letter)
    return await finish(desk, letter, tuple(found) or (Told(Outcome.UNPARSED, tie.mailbox),))


async def put_off(desk: Desk, letter: Letter) -> tuple[Told, ...]:
    await desk.inbox.put_off(letter.id, desk.wall() + min(LONGEST_PAUSE, PAUSE * 2 ** min(letter.tries, 10)))
    return (Told(Outcome.PUT_OFF, letter.mailbox),)


async def finish(desk: Desk, letter: Letter, told: tuple[Told, ...]) -> tuple[Told, ...]:
    await desk.inbox.finish(letter.id, told[0].outcome, desk.wall())
    return told


async def read_within(letter: Letter, desk: Desk) -> tuple[Reading, Signed] | None:
    """Read it off the loop; None if that takes too long or ends in an error: strangers write these."""

    def work() -> tuple[Reading, Signed]:
        reading = read_letter(letter.raw, null_sender=letter.null_sender)
        return reading, signed(reading.ties, desk.signs, letter.at)

    try:
        async with asyncio.timeout(desk.budget * (1 + min(letter.tries, TRIES))):
            return await asyncio.to_thread(work)
    except Exception as error:  # RecursionError and TimeoutError among them; whatever it is, only this mail is lost
        log.tell(Event.MAIL_UNREADABLE, error=error)
        return None


async def tied(letter: Letter, found: Signed, desk: Desk) -> Tie | None:
    """Whose it is; None: backscatter."""
    for canary in found.canaries:
        record = await desk.records.by_id(canary)
        if record is not None and (not letter.mailbox or is_of(record, letter.mailbox)):
            return Tie(record.subject[:MAILBOX], letter.day, record, by_stamp=True)
    mailbox, day = letter.mailbox, letter.day
    if not mailbox and found.senders:
        mailbox, day = found.senders[0].mailbox, found.senders[0].day
    if not mailbox:
        return None
    recent = await desk.records.of_mailbox(mailbox, letter.at - (LIVES + 1) * DAY)
    return Tie(mailbox, day, only_one(recent, day, desk.signs))


def returns(letter: Letter, reading: Reading, tie: Tie, desk: Desk) -> tuple[Returned, ...]:
    """What the mail says, as facts. A failure that names somebody else is not the mailbox's own: it was forwarded."""
    canary = tie.record.id if tie.record is not None else ""
    found = []
    for said in reading.said:
        own = own_spelling(said.recipient, said.original, tie.mailbox, desk.inbox.hashed)
        kind = said.kind
        if own is None:
            kind = ReturnKind.FORWARDED
        recipient = said.recipient if own is None else own
        found.append(dataclasses.replace(said.fact, canary=canary, kind=kind, returned_at=letter.at, recipient=recipient))
    return tuple(found)


def own_spelling(recipient: str, original: str, mailbox: str, hashed: Callable[[str], str]) -> str | None:
    """The mailbox's address as it is hashed, if the bounce speaks of it ('' if it names nobody); None: of somebody else.

    A carrier may write the address anew inside its own domain; then the original recipient (RFC 3464 section 2.3.1) tells.
    """
    if not recipient:
        return ""
    if own := next((one for one in as_outside(recipient) if hashed(one)[:MAILBOX] == mailbox), ""):
        return own
    inner, outer = (one.lower().rpartition("@")[2] for one in (recipient, original))
    if outer and (inner == outer or inner.endswith(f".{outer}")):
        return next((one for one in spellings(original) if hashed(one)[:MAILBOX] == mailbox), None)
    return None


async def settle(desk: Desk, tie: Tie, returned: Returned, message_id: str) -> Told:
    """Write it down once, then step the record that it was written down for, whether now or before a crash. Without a stamp
    a bounce's own Message-ID tells it from the next; where it has none, its words do."""
    essence = "" if tie.by_stamp else message_id or f"{returned.code} {returned.enhanced} {returned.text}"
    recorded = await desk.inbox.record(tie.mailbox, tie.day, returned, essence)
    returned = dataclasses.replace(returned, canary=recorded.canary)
    outcome = Outcome.RECORDED
    if returned.kind is ReturnKind.FAILED and recorded.canary:
        outcome = await bounce(desk, recorded.canary)
    if outcome in (Outcome.RECORDED, Outcome.CONFLICT) and not recorded.new:
        outcome = Outcome.DUPLICATE
    return Told(outcome, tie.mailbox, returned)


async def bounce(desk: Desk, canary: str) -> Outcome:
    """Make the test mail a bounced one, if nothing that is known of it speaks against that."""
    record = await desk.records.by_id(canary)
    if record is None or record.state is CanaryState.BOUNCED:
        return Outcome.RECORDED
    if not may_step(record.state, CanaryState.BOUNCED):
        return Outcome.CONFLICT
    after = dataclasses.replace(record, state=CanaryState.BOUNCED, changed_at=desk.wall())
    return Outcome.BOUNCED if await desk.records.step(record, after) else Outcome.PUT_OFF  # somebody else was faster


async def keep_taking_in(desk: Desk, woken: asyncio.Event, tell: Callable[[Told], Awaitable[None]], pause: float = PAUSE) -> None:
    """Until cancelled: take in whatever waits, when woken and every `pause` seconds. Errors of the store are waited out."""
    while True:
        woken.clear()
        try:
            while told := await take_in(desk):
                for one in told:
                    await tell(one)
        except Exception as error:  # the inbox is durable: nothing is lost by trying again
            log.tell(Event.BOUNCES_NOT_TAKEN_IN, error=error)
        try:
            async with asyncio.timeout(pause):
                await woken.wait()
        except TimeoutError:
            continue
