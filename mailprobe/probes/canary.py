"""Does mail arrive? One test mail to the mailbox, seen and taken out again, and one to a live control beside it.

The record in the journal outlives the run: `probe` is the live check, `send`, `look` and `sweep` are the same steps as short
jobs. What an earlier run left under way is looked for before anything new is sent.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from mailprobe.address import Address
from mailprobe.canary import ALIVE, Record
from mailprobe.carriers import LiveControl
from mailprobe.evidence import Of, Stage, Withheld
from mailprobe.probes import Denied, Journal, Note, Reach, Signs, Target
from mailprobe.probes.mailbox import open_mailbox
from mailprobe.probes.session import Over, withheld
from mailprobe.probes.trip import PLANNED, SENDING, UNCERTAIN, Opener, Trip

ENROLLED, CONTROL = "enrolled", "control"  # whose consent needs nobody's words
ID_BYTES = 8
NUMBERS = 10_000  # four digits


async def probe(target: Target, reach: Reach, note: Note, opener: Opener = open_mailbox) -> None:
    """Send, or go on with what is on its way, and watch until the run's deadline; the live control's test mail goes with it."""
    means = means_of(target, reach, note, opener, sends=target.sends)
    if means is not None and not target.sends:
        await look_again(means)
        return
    if means is None or (mine := await means.set_out(means.customer)) is None:
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(travel(mine))
        group.create_task(accompany(means))


async def look_again(means: Means) -> None:
    """What became of the last test mails, the customer's and the control's: nothing is sent."""
    async with asyncio.TaskGroup() as group:
        for whose in (means.customer, *means.controls()[:1]):
            group.create_task(means.look_for(whose))


async def accompany(means: Means) -> None:
    """A known good mailbox gets the same mail at the same time: what neither gets is not the customer's trouble."""
    control = means.control()
    if control is None:
        means.not_asked(Of.LIVE, Denied(Withheld.NO_CONTROL))
    elif (trip := await means.set_out(control)) is not None:
        await travel(trip)


async def travel(trip: Trip) -> None:
    """All that one run can do for one mailbox. What is cut off by the deadline is told as it stands."""
    try:
        await trip.open()
        trip.tell()  # whether this run can look is news
        with suppress(Over):
            await trip.finish_others()
            if trip.record.state is SENDING:
                await trip.step(UNCERTAIN)
            if trip.record.state is PLANNED:
                await trip.send()
            await trip.watch()
    except asyncio.CancelledError:
        await trip.cut_off()
        raise
    finally:
        await trip.leave()


async def send(target: Target, reach: Reach, note: Note, opener: Opener = open_mailbox) -> None:
    """The job that sends the target's test mail, or one that was put off, and does not wait for it."""
    means = means_of(target, reach, note, opener)
    trip = await means.set_out(means.customer) if means is not None else None
    if trip is None or trip.record.state is not PLANNED:
        return
    try:
        await trip.open()
        with suppress(Over):
            await trip.send()
    except asyncio.CancelledError:
        await trip.cut_off()
        raise
    finally:
        await trip.leave()


async def look(target: Target, reach: Reach, note: Note, opener: Opener = open_mailbox) -> None:
    """The job that looks once for all that is open in the target's mailbox, and takes out what it finds. It never sends."""
    means = means_of(target, reach, note, opener, sends=False)
    if means is not None:
        await means.look_for(means.customer)


async def sweep(target: Target, reach: Reach, note: Note, opener: Opener = open_mailbox) -> None:
    """The same for the target and the live controls: at start, and daily. It never sends."""
    means = means_of(target, reach, note, opener, sends=False)
    if means is not None:
        for whose in (means.customer, *means.controls()):
            await means.look_for(whose)


def under_way(trips: Sequence[Trip]) -> Trip | None:
    """The last of them that is on its way and not given up."""
    return next((one for one in reversed(trips) if one.record.state in ALIVE and not one.is_overdue), None)


@dataclass(frozen=True, slots=True)
class Whose:
    """One mailbox that test mails go to."""

    of: Of
    address: Address
    consent: str
    account: str = ""
    control: LiveControl | None = None


def means_of(target: Target, reach: Reach, note: Note, opener: Opener, *, sends: bool = True) -> Means | None:
    """What a run needs; None if it has no right to it or cannot write it down, which is noted."""
    why = None
    if reach.journal is None:
        why = Withheld.NO_JOURNAL
    elif reach.signs is None or not target.prober.bounce_domain:
        why = Withheld.NO_SENDER
    elif sends and not (target.account.enrolled or target.consent):
        why = Withheld.NO_CONSENT
    if why is not None:
        note(withheld(reach.clock(), Of.TARGET, "", "", Stage.MAIL, Denied(why)))
    if why is not None or reach.journal is None or reach.signs is None:
        return None
    return Means(target, reach, note, opener, reach.journal, reach.signs)


@dataclass(frozen=True, slots=True)
class Means:
    """What one run has at hand."""

    target: Target
    reach: Reach
    note: Note
    opener: Opener
    journal: Journal
    signs: Signs

    @property
    def customer(self) -> Whose:
        account = self.target.account
        consent = ENROLLED if account.enrolled else self.target.consent
        return Whose(Of.TARGET, account.address, consent, account.id if account.enrolled else "")

    def controls(self) -> list[Whose]:
        """The live controls behind the same exchangers that we can look into."""
        target, found = self.target.account.address, self.target.carrier.live_controls
        return [
            Whose(Of.LIVE, one.address, CONTROL, control=one)
            for one in found
            if one.secret is not None and one.address.domain == target.domain and one.address.key != target.key
        ]

    def control(self) -> Whose | None:
        return next(iter(self.controls()), None)

    async def set_out(self, whose: Whose) -> Trip | None:
        """The way of the one mail that is under way, or of a new one. None: none may be sent now, which is noted together
        with what became of the last one."""
        subject = self.journal.subject_of(whose.address.key)
        open_ones = [self.trip(whose, one) for one in await self.journal.open_ones(subject)]
        trip = under_way(open_ones)
        if trip is None:
            planned = await self.journal.plan(self.draft(whose, subject))
            if isinstance(planned, Denied) and planned.why is Withheld.ONE_ALIVE:  # another run was faster: its mail is ours too
                open_ones = [self.trip(whose, one) for one in await self.journal.open_ones(subject)]
                trip = under_way(open_ones)
            if isinstance(planned, Record):
                trip = self.trip(whose, planned)
            elif trip is None:
                self.not_asked(whose.of, planned)
                await self.recall(whose, subject)
                return None
        trip.others = [one for one in open_ones if one is not trip]
        trip.tell()
        return trip

    async def look_for(self, whose: Whose) -> None:
        """Every open record of a mailbox, in one session."""
        subject = self.journal.subject_of(whose.address.key)
        trips = [self.trip(whose, one) for one in await self.journal.open_ones(subject)]
        if not trips:
            await self.recall(whose, subject)
            return
        first = trips[0]
        first.others = trips[1:]
        try:
            await first.open()
            with suppress(Over):
                await first.look()
                await first.finish_others()
        finally:
            await first.leave()

    async def recall(self, whose: Whose, subject: str) -> None:
        last = await self.journal.last(subject)
        if last is not None:
            trip = self.trip(whose, last)
            trip.tell_answer()
            trip.tell()
            await trip.hear_returns()

    def trip(self, whose: Whose, record: Record) -> Trip:
        means = (self.target, self.reach, self.note, self.journal, self.signs, self.opener)
        return Trip(whose.of, whose.address, whose.control, *means, record)

    def draft(self, whose: Whose, subject: str) -> Record:
        """A new record. The sender is the mailbox's for today, and this mail's for life."""
        now = self.reach.wall()
        return Record(
            id=secrets.token_hex(ID_BYTES),
            subject=subject,
            of=whose.of,
            account=whose.account,
            vantage="",
            sender=f"{self.signs.sender(subject, now)}@{self.target.prober.bounce_domain}",
            number=f"{secrets.randbelow(NUMBERS):04d}",
            consent=whose.consent,
            planned_at=now,
            changed_at=now,
        )

    def not_asked(self, of: Of, denied: Denied) -> None:
        self.note(withheld(self.reach.clock(), of, "", "", Stage.MAIL, denied))
