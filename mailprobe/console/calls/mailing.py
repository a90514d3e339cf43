"""A test mail that an agent sends, with the number to read back; and what becomes of it, up to three days later."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace

from mailprobe.config import ConfigError, Problem
from mailprobe.console.calls.ask import guard
from mailprobe.console.calls.call import KEPT, Call, Working
from mailprobe.console.calls.mails import note_number, wait_of
from mailprobe.console.calls.refusing import refused
from mailprobe.console.calls.registry import Calls
from mailprobe.evidence import Evidence
from mailprobe.log import Event, tell
from mailprobe.question import Listener
from mailprobe.store import StoreError

CANARY = "canary"
POLL, POLL_OLD, OLD = 2.0, 20.0, 900.0  # seconds: how often the store is asked, and from which age on seldom
LOOKS = (30.0, 120.0, 600.0, 3600.0, 4 * 3600.0, 24 * 3600.0)  # ages at which the mailbox itself is looked into


def send(calls: Calls, call: Call, consent: str, by: str) -> None:
    """Begin to send; it goes on by itself. Raises Refused: 409 while the call is busy, 422 without a consent."""
    if call.ended is None or call.sends:
        raise refused(409, Problem("MP2506", "", "the check is still under way", "send the test mail when it has ended"))
    if not (call.account.enrolled or consent.strip()):
        hint = "ask the customer, and note who agreed"
        raise refused(422, Problem("MP2507", "consent", "a test mail to this mailbox needs the customer's consent", hint))
    call.sends = True
    call.legs = tuple(dict.fromkeys((*call.legs, CANARY)))
    call.working[CANARY] = Working(calls.rooms.now())
    call.touch()
    calls.under_way[call.id] = asyncio.create_task(carry(calls, call, f"{consent.strip() or 'enrolled'} ({by})"))


async def carry(calls: Calls, call: Call, consent: str) -> None:
    question = replace(call.question, canary=True, consent=consent, only=(CANARY,))

    listener = Listener(
        learnt=lambda leg, fact: calls.learnt(call, leg, fact),
        ended=lambda evidence, picture: calls.leg_ended(call, evidence, "canary"),
    )
    try:
        await calls.rooms.house().check(question, listener)
    except ConfigError as error:
        call.fault = guard(error.problems[0])
    except Exception as error:  # whatever it is: the page must not wait for ever
        call.fault = Problem("MP2510", "", f"our own fault: {type(error).__name__}", "try again")
    finally:
        calls.under_way.pop(call.id, None)
    await calls.await_mail(call)
    call.working, call.sends = {}, False
    calls.revise(call, "canary")


@dataclass(slots=True)
class Post:
    """What was last known of the test mails, by call: a mark of the record and of what came back, and when the mailbox itself
    was looked into. now: somebody says that something came."""

    calls: Calls
    marks: dict[str, tuple[object, ...]] = field(default_factory=dict)
    polled: dict[str, float] = field(default_factory=dict)
    looked: dict[str, float] = field(default_factory=dict)
    now: asyncio.Event = field(default_factory=asyncio.Event)

    def came(self) -> None:
        """Something came back, or was found, by another road than ours: look at once. For whoever receives it."""
        self.polled.clear()
        self.now.set()

    async def watch(self) -> None:
        """Until cancelled. What cannot be read now is read next time."""
        while True:
            self.now.clear()
            for call in [one for one in self.calls.whole.values() if one.number_to_read]:
                try:
                    await self.once(call)
                except (StoreError, ConfigError, KeyError):  # the store is busy, or a reload took the carrier away
                    continue
                except Exception as error:  # of one call: the others' mails are looked for all the same
                    tell(Event.CONSOLE_FAULT, error=error)
            self.forget()
            try:
                async with asyncio.timeout(POLL):
                    await self.now.wait()
            except TimeoutError:
                continue

    async def once(self, call: Call) -> None:
        now = self.calls.rooms.now()
        age = now - call.started
        if call.ended is None or call.sends or age > KEPT:
            return
        if now - self.polled.get(call.id, -math.inf) < (POLL_OLD if age > OLD else 0.0):
            return
        self.polled[call.id] = now
        mark = await self.mark_of(call)
        new = self.marks.setdefault(call.id, mark) != mark
        if new or self.is_due(call, now):
            self.marks[call.id] = mark
            await self.look(call, now)

    async def mark_of(self, call: Call) -> tuple[object, ...]:
        """Another one whenever something has become of a test mail to this mailbox."""
        store = self.calls.rooms.house().store
        subject = store.canaries.subject_of(call.account.address.key)
        record = await store.canaries.last(subject)
        back = await store.bounces.of_mailbox(subject, call.started - KEPT)
        return (record.state, record.changed_at, len(back)) if record is not None else (None, None, len(back))

    def is_due(self, call: Call, now: float) -> bool:
        """Each time that the mail has passed one of the ages at which more can be said."""
        if call.wait is None:
            return False
        last = self.looked.setdefault(call.id, call.ended or now)  # also what was missed while nobody ran
        return any(last - call.started < age <= now - call.started for age in LOOKS)

    async def look(self, call: Call, now: float) -> None:
        self.looked[call.id] = now
        evidence: tuple[Evidence, ...] = await self.calls.rooms.house().look(call.account)
        call.learn(evidence)
        note_number(call, (fact for one in evidence for fact in one.facts))
        call.wait = await wait_of(call, self.calls.rooms.house().store)
        self.calls.revise(call, "canary")

    def forget(self) -> None:
        for table in (self.marks, self.polled, self.looked):
            for gone in [one for one in table if one not in self.calls.whole]:
                table.pop(gone, None)
