"""Bounces fetched from a mailbox, for a prober without an open port 25: each mail is handed on once, none is removed.

What has been handed on is remembered by UID after the sink has made it durable. A crash in between hands the same mail on
again: the sink takes a bounce that it knows already as one. With another UIDVALIDITY (RFC 9051 section 2.3.1.1) all mail counts
as new, for the same reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from mailprobe.carriers import AuthForm
from mailprobe.config import BounceMailbox
from mailprobe.evidence import As, Lookup, NotAsked, NotSecured, Of, Stage, Withheld
from mailprobe.probes import Note, Reach, SignInEnd
from mailprobe.probes.imap_credential import Credential
from mailprobe.probes.imap_folders import Folders
from mailprobe.probes.imap_session import Session, enter
from mailprobe.probes.imap_sign_in import log_in
from mailprobe.probes.session import Insecure, Over, Trust
from mailprobe.secret import SecretError

OCTETS = 65_536  # of each bounce; what says why it came back stands in front
AT_ONCE = 2_000  # UIDs looked through in one go
MOST = 500  # bounces of one visit; the next one goes on from there

Sink = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to which UID the mail of a mailbox has been handed on."""

    uidvalidity: int
    uid: int


class Marks(Protocol):
    """Where the mark is kept, per mailbox (`user at host:port`). `keep` returns only when it is durable."""

    async def mark(self, mailbox: str) -> Mark | None: ...
    async def keep(self, mailbox: str, mark: Mark) -> None: ...


async def fetch_bounces(mailbox: BounceMailbox, reach: Reach, note: Note, sink: Sink, marks: Marks) -> int:
    """Hand on what is new; how many that were. Facts as of the imap probe, of our own mailbox. An error of the sink or of the
    marks ends the visit and is raised: what was not remembered comes again. Raises Over; why is noted."""
    session = await _at_the_door(mailbox, reach, note)
    with ExitStack() as on_failure:
        on_failure.callback(session.close)
        if not await _signed_in(mailbox, reach, session):
            await session.goodbye()
            raise Over
        count = await _hand_on(Folders(session, As.CUSTOMER), f"{mailbox.username} at {mailbox.server.label}", sink, marks)
        await session.goodbye()
    return count


async def _at_the_door(mailbox: BounceMailbox, reach: Reach, note: Note) -> Session:
    """The first address that opens, TLS verified."""
    for answer in await reach.resolver.addresses(mailbox.server.host):
        for ip in answer.values if answer.outcome is Lookup.FOUND else ():
            try:
                return await enter(reach.net, mailbox.server, ip, note, Of.TARGET, Trust(mailbox.ca))
            except Over:
                continue
            except Insecure as fault:
                note(NotSecured(at=reach.clock(), server=mailbox.server.label, ip=ip, why=fault.why, detail=fault.detail))
    raise Over


async def _signed_in(mailbox: BounceMailbox, reach: Reach, session: Session) -> bool:
    try:
        secret = await mailbox.secret.read()
    except SecretError:
        why = Withheld.SECRET_UNREADABLE
        session.note(NotAsked(at=reach.clock(), server=mailbox.server.label, stage=Stage.LOGIN, why=why, who=As.CUSTOMER))
        return False
    credential = Credential(As.CUSTOMER, mailbox.username, secret, AuthForm.PASSWORD)
    return await log_in(session, reach, credential) is SignInEnd.OPENED


async def _hand_on(folders: Folders, name: str, sink: Sink, marks: Marks) -> int:
    place = await folders.examine_inbox()
    if place.uidvalidity is None:
        return 0  # no UID means anything on this server: every mail would come again at every visit
    mark = await marks.mark(name)
    first = mark.uid + 1 if mark is not None and mark.uidvalidity == place.uidvalidity else 1
    count = 0
    while first < place.uidnext:
        last = min(first + AT_ONCE, place.uidnext) - 1
        for uid in await _uids(folders, first, last):
            if count == MOST:
                return count
            raw = await folders.message(uid, OCTETS)
            if raw:  # else its owner has just removed it
                await sink(raw)
                count += 1
            await marks.keep(name, Mark(place.uidvalidity, uid))
        first = last + 1
    return count


async def _uids(folders: Folders, first: int, last: int) -> list[int]:
    """A refusal is not the same as no mail: nothing may be passed over."""
    uids = await folders.uids_from(first, last)
    if uids is None:
        await folders.session.goodbye()
        raise Over
    return sorted(uids)
