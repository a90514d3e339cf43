"""One mailbox's test mail in one run: its record, the open mailbox, and the steps between planned and removed.

Every step is written down before anything follows from it, and noted as a fact right after. Whoever loses a step leaves the
mail to the winner. `send` is the only one that sends, and only what is still `planned`.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeGuard

from mailprobe.address import Address
from mailprobe.canary import ALIVE, Record
from mailprobe.carriers import LiveControl, Relation
from mailprobe.config import Dkim
from mailprobe.evidence import (
    Arrived,
    Canary,
    CanaryState,
    CleanedUp,
    Folder,
    Of,
    Removal,
    Replied,
    Returned,
    ReturnKind,
    Stage,
    Withheld,
)
from mailprobe.probes import Denied, Journal, Note, Reach, SignInEnd, Signs, Target
from mailprobe.probes.hunt import Found
from mailprobe.probes.imap_folders import Place
from mailprobe.probes.own_mail import Kind, ReadStamp
from mailprobe.probes.posting import Envelope, Posted, PostEnd, Sleep, again_after, post
from mailprobe.probes.session import withheld
from mailprobe.wire import message

GIVEN_UP = 86400.0  # seconds after which a mail that has not come is lost
TOOL = "mailprobe"  # in whose name we write to a mailbox of another carrier
IMAP_ENDS_WITHIN = 10.0  # seconds that the sign-in of the same check may take
SLICES = (2.0, 60.0)  # seconds of watching the mailbox between two looks for a bounce: as long as it has lasted, within these
LEAVE_WITHIN, CUT_OFF_WITHIN = 5.0, 0.1  # seconds for signing out; in the middle of a command there is little use in it
ASK_RETURNS = 1.0  # the same where there is no mailbox to watch
BOUNCES_WITHIN = 10.0  # seconds that an unwatched mail is waited for: what is refused inside comes back at once

PLANNED, SENDING, UNCERTAIN = CanaryState.PLANNED, CanaryState.SENDING, CanaryState.UNCERTAIN
OUT = frozenset({CanaryState.ACCEPTED, UNCERTAIN})
GONE_ASTRAY = frozenset({CanaryState.LOST, CanaryState.BOUNCED})
INSIDE = frozenset({CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LATE})  # found, and not yet removed
SETTLED = {PostEnd.ACCEPTED: CanaryState.ACCEPTED, PostEnd.REFUSED: CanaryState.REFUSED, PostEnd.UNCERTAIN: UNCERTAIN}

_REPLY = re.compile(r"([45]\d\d)(?: (\d\.\d{1,3}\.\d{1,3}))? (.*)")


class Mailbox(Protocol):
    """An opened mailbox, as `probes.mailbox` has it. Every method may raise Over; what broke is among the facts then."""

    async def noted(self) -> Place: ...
    async def nearly_full(self) -> bool | None: ...
    async def find(self, canary: str, read_stamp: ReadStamp, since: Place | None) -> Found | None: ...
    async def watch(self, canary: str, read_stamp: ReadStamp, since: Place | None, until: float) -> Found | None: ...
    async def remove(self, found: Found) -> Removal: ...
    async def leave(self) -> None: ...


class Opener(Protocol):
    """Signs in to the target's mailbox or a control's. None: that was not to be; why is among the facts."""

    async def __call__(
        self, target: Target, reach: Reach, note: Note, of: Of = Of.TARGET, control: LiveControl | None = None
    ) -> Mailbox | None: ...


@dataclass(slots=True, eq=False)
class Trip:
    """Keeps `posting.Book`. `record` is the newest state that we know; without one nothing was planned."""

    of: Of
    address: Address
    control: LiveControl | None
    target: Target
    reach: Reach
    note: Note
    journal: Journal
    signs: Signs
    opener: Opener
    record: Record
    mailbox: Mailbox | None = None
    accepted_at: float | None = None  # monotonic, of the answer to the end of data
    others: list[Trip] = field(default_factory=list)  # of the same mailbox, from earlier runs
    heard: list[Returned] = field(default_factory=list)
    sleep: Sleep = asyncio.sleep

    # the record

    async def step(self, state: CanaryState, **changes: Any) -> bool:
        """One step of the record, durable and then noted. False: somebody else has taken one."""
        after = replace(self.record, state=state, changed_at=self.reach.wall(), **changes)
        if not await self.journal.step(self.record, after):
            return False
        self.record = after
        self.tell()
        return True

    def tell(self) -> None:
        """How far the record has come, as a fact."""
        record = self.record
        self.note(
            Canary(
                at=self.reach.clock(),
                of=self.of,
                server=record.server,
                ip=record.ip,
                canary=record.id,
                number=record.number,
                state=record.state,
                sent_at=record.sent_at,
                found_at=record.found_at,
                took=record.took,
                age=max(0.0, self.reach.wall() - self.left_at) if self.left_at is not None else 0.0,
                folder=record.folder,
                watched=record.watched,
            )
        )

    @property
    def left_at(self) -> float | None:
        """When it left us, Unix seconds: the answer to the end of data, or when that should have come, or the refusal. Once an
        uncertain one is found or given up, no more is known than when it was planned."""
        if self.record.state in (UNCERTAIN, CanaryState.REFUSED):
            return self.record.changed_at
        if self.record.sent_at is None and self.record.state not in (PLANNED, SENDING):
            return self.record.planned_at
        return self.record.sent_at

    @property
    def since(self) -> Place | None:
        """Where in INBOX to begin looking; None: everywhere."""
        return Place(self.record.uidvalidity, self.record.uidnext) if self.record.uidnext is not None else None

    @property
    def is_overdue(self) -> bool:
        return self.reach.wall() - (self.record.sent_at or self.record.planned_at) > GIVEN_UP

    # the mailbox

    async def open(self) -> None:
        """Sign in, once for all that is to be done in this mailbox, if the chain of sign-ins leaves it sensible."""
        if self.of is Of.LIVE or await self.imap_end() in (SignInEnd.OPENED, SignInEnd.NOT_RUN):
            self.mailbox = await self.opener(self.target, self.reach, self.note, self.of, self.control)
        else:
            self.note(withheld(self.reach.clock(), self.of, "", "", Stage.LOGIN, Denied(Withheld.OTHER_LEG_FAILED)))
        for one in (self, *self.others):
            one.mailbox = self.mailbox
            one.record = replace(one.record, watched=self.mailbox is not None)

    async def imap_end(self) -> SignInEnd:
        """A second login of the same secret is spent only after the imap probe's own went well."""
        try:
            async with asyncio.timeout(IMAP_ENDS_WITHIN):
                return await self.reach.chain.imap_end()
        except TimeoutError:
            return SignInEnd.UNKNOWN

    async def finish_others(self) -> None:
        """What earlier runs left behind. Raises Over."""
        for one in self.others:
            await one.look()

    async def cut_off(self) -> None:
        """The run ends in the middle: what was being sent may have been taken; of the rest we tell how old it is now."""
        if self.record.state is SENDING:
            await self.step(UNCERTAIN)
        elif self.record.state in ALIVE:
            self.tell()
        await self.leave(CUT_OFF_WITHIN)

    async def leave(self, within: float = LEAVE_WITHIN) -> None:
        """Sign out, for so many seconds at most: nothing is learnt from it any more."""
        mailbox, self.mailbox = self.mailbox, None
        if mailbox is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await mailbox.leave()

    # the sending

    async def send(self) -> None:
        """Hand over what is planned, unless it was put off and the time has not come, or the mailbox is nearly full."""
        denied = await self.reason_against()
        if denied is not None:
            self.note(withheld(self.reach.clock(), self.of, "", "", Stage.MAIL, denied))
            return
        self.tell_answer()
        posted = await post(await self.envelope(), self.target, self.reach, self.note, self, self.sleep)
        await self.settle(posted)

    def tell_answer(self) -> None:
        """What the server said last of this mail, put off or refused, as a remembered answer."""
        said = _REPLY.fullmatch(self.record.reply)
        if said is not None:
            self.note(
                Replied(
                    at=self.reach.clock(),
                    of=self.of,
                    server=self.record.server,
                    ip=self.record.ip,
                    stage=Stage(self.record.stage) if self.record.stage else Stage.MAIL,
                    code=int(said[1]),
                    enhanced=said[2] or "",
                    text=said[3],
                    cached_at=self.record.changed_at,
                )
            )

    async def reason_against(self) -> Denied | None:
        """Why it must not be sent now; if nothing is against it, the mailbox's place is kept."""
        not_before = self.record.changed_at + again_after(self.target)
        if self.record.server and self.reach.wall() < not_before:
            return Denied(Withheld.NOT_POLITE_YET, not_before, self.record.changed_at, self.record.reply)
        if self.mailbox is None:
            return None
        place = await self.mailbox.noted()
        self.record = replace(self.record, uidvalidity=place.uidvalidity, uidnext=place.uidnext)
        return Denied(Withheld.NEARLY_FULL) if await self.mailbox.nearly_full() else None

    async def begin(self) -> bool:
        return await self.step(SENDING)

    async def ended(self, posted: Posted) -> None:
        """After DATA. If somebody found the record meanwhile, it is uncertain to everybody; what we know is in the facts."""
        accepted = posted.end is PostEnd.ACCEPTED
        self.accepted_at = posted.at if accepted else None
        sent_at = self.reach.wall() - (self.reach.clock() - posted.at)
        words = self.words_of(posted) | {"sent_at": sent_at if accepted else None}
        if not await self.step(SETTLED[posted.end], **words):
            self.record = replace(self.record, state=UNCERTAIN, **words)
            self.tell()

    async def settle(self, posted: Posted) -> None:
        """What did not come to DATA: refused for good, put off, or somebody else's."""
        if self.record.state is not PLANNED:
            return
        if posted.end is PostEnd.REFUSED:
            await self.step(CanaryState.REFUSED, **self.words_of(posted))
        elif posted.end is PostEnd.DEFERRED:
            await self.step(PLANNED, **self.words_of(posted))
        elif posted.end is PostEnd.TAKEN:
            open_ones = await self.journal.open_ones(self.record.subject)
            self.record = next((one for one in open_ones if one.id == self.record.id), self.record)

    def words_of(self, posted: Posted) -> dict[str, Any]:
        reply = without(posted.reply, self.address)
        return {"server": posted.server, "ip": posted.ip, "reply": reply, "stage": posted.stage}

    async def envelope(self) -> Envelope:
        prober, stamp = self.target.prober, self.signs.stamp(self.record.id)
        own = self.target.carrier.relation is Relation.OWN
        letter = message.Letter(
            stamp=stamp,
            domain=prober.bounce_domain,
            sender=prober.mail_from.encode(),
            to=self.address.wire,
            name=self.target.carrier.title if own else TOOL,  # nobody else's name stands over a mail of ours
            number=self.record.number,
            at=self.reach.wall(),
        )
        composed = message.compose(letter)
        if prober.dkim is not None:
            composed = await signed(composed, prober.dkim, prober.mail_from.rpartition("@")[2])
        return Envelope(self.record.sender.encode(), self.address, composed, stamp, self.of)

    # the looking

    async def watch(self) -> None:
        """Wait for the mail and for a bounce, for as long as the run goes on. Raises Over."""
        began = self.reach.clock()
        while await self.is_out():
            until = self.reach.clock() + min(max(self.reach.clock() - began, SLICES[0]), SLICES[1])
            if self.mailbox is not None:
                found = await self.mailbox.watch(self.record.id, self.signs.read_stamp, self.since, until)
                if is_arrival(found):
                    await self.saw(found)
                    await self.hear_returns()
                    break
                if self.reach.clock() < until - 1.0:  # it has given up by itself, and said why
                    break
            elif self.reach.clock() - began < BOUNCES_WITHIN:
                await self.sleep(ASK_RETURNS)
            else:
                break

    async def is_out(self) -> bool:
        """Whether it still is on its way, after a look at what came back, and at what somebody else has found."""
        await self.hear_returns()
        last = await self.journal.last(self.record.subject)
        if last is not None and last.id == self.record.id and last.state is not self.record.state:
            self.record = last
            self.tell()
        return self.record.state in OUT or self.record.state is SENDING  # by another run: its answer comes at any moment

    async def look(self) -> None:
        """Look once, for what was sent by an earlier run; what was found is cleaned up. Raises Over."""
        self.tell()
        if self.record.state is PLANNED:
            self.tell_answer()
        if self.record.state is SENDING:
            await self.step(UNCERTAIN)
        await self.hear_returns()
        if self.mailbox is not None and self.record.state is not PLANNED:
            found = await self.mailbox.find(self.record.id, self.signs.read_stamp, self.since)
            if is_arrival(found):
                await self.saw(found)
            elif self.record.state in INSIDE:
                await self.is_gone()
        if self.is_overdue and self.record.state in ALIVE:
            await self.step(CanaryState.LOST)

    async def saw(self, found: Found) -> None:
        """An arrival is written down and noted once, whoever sees it; then the mail is taken out again."""
        if self.record.state not in INSIDE and not await self.arrived(found):
            return
        await self.remove(found)

    async def arrived(self, found: Found) -> bool:
        took = max(0.0, found.at - self.accepted_at) if self.accepted_at is not None else None
        state = CanaryState.JUNKED if found.folder is Folder.JUNK else CanaryState.SEEN
        where = {"folder": found.folder, "mailbox": found.mailbox, "uid": found.uid}
        state = CanaryState.LATE if self.record.state in GONE_ASTRAY else state
        if not await self.step(state, found_at=self.reach.wall(), took=took, **where):
            return False
        self.note(
            Arrived(
                at=found.at, of=self.of, canary=self.record.id, folder=found.folder, took=took, by=found.by, results=found.results
            )
        )
        return True

    async def remove(self, found: Found) -> None:
        """Take it out, or leave it; what may still go another time stays open for a day."""
        assert self.mailbox is not None  # noqa: S101  it was found there
        outcome = await self.mailbox.remove(found)
        self.note(CleanedUp(at=self.reach.clock(), of=self.of, canary=self.record.id, outcome=outcome))
        if outcome in (Removal.REMOVED, Removal.GONE):
            await self.step(CanaryState.REMOVED)
        elif outcome is Removal.NO_UIDPLUS or self.is_overdue:
            await self.step(CanaryState.LEFT)

    async def is_gone(self) -> None:
        """Found once, and not there any more: an earlier run removed it and could not write it down, or somebody else has."""
        self.note(CleanedUp(at=self.reach.clock(), of=self.of, canary=self.record.id, outcome=Removal.GONE))
        await self.step(CanaryState.REMOVED)

    # what came back

    async def hear_returns(self) -> None:
        """Note what has come back since the planning, each once. A failure of this very mail ends its way."""
        for returned in await self.journal.returns(self.record.subject, self.record.planned_at):
            if returned in self.heard:
                continue
            self.heard.append(returned)
            self.note(replace(returned, at=self.reach.clock(), of=self.of))
            if returned.kind is ReturnKind.FAILED and returned.canary == self.record.id and self.record.state in OUT:
                await self.step(CanaryState.BOUNCED)


def is_arrival(found: Found | None) -> TypeGuard[Found]:
    """The test mail itself, and not a bounce or an automatic answer that carries its stamp."""
    return found is not None and found.kind is Kind.ARRIVAL


def without(text: str, address: Address) -> str:
    """A server's words without the address and without its local part as a word: what is written down names nobody."""
    for name in (address.wire.decode(), f"{address.content}@{address.domain}", address.local, address.content):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", "***", text, flags=re.IGNORECASE)
    return text


async def signed(composed: bytes, dkim: Dkim, domain: str) -> bytes:
    """Raises SecretError and OurFault: a mail that cannot be signed as configured is not sent."""
    key = (await dkim.key.read(lines=True)).reveal()
    return await asyncio.to_thread(message.signed, composed, selector=dkim.selector, domain=domain, key=key.encode())
