"""Seeing our own test mail in a mailbox, and taking out that one mail again.

    mailbox = await open_mailbox(target, reach, note)      # None: no way in, and why is among the facts
    before = await mailbox.noted()                         # then send
    found = await mailbox.watch(canary, read_stamp, before, until)
    outcome = await mailbox.remove(found)                  # if it is an ARRIVAL
    await mailbox.leave()                                  # always, in a `finally`

A mailbox is somebody's: folders are opened read-only, of mail that came after the noted UIDNEXT only a few header fields are
asked for, of older mail only our own stamp field, and what is not ours is forgotten where it is parsed. A search for headers
is never trusted: several servers answer it wrongly. Every method raises `Over` when the session has ended; why is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field

from mailprobe.carriers import LiveControl, Origin
from mailprobe.evidence import As, Folder, NotAsked, Of, Removal, Stage, Withheld
from mailprobe.probes import Note, Reach, SignInEnd, Target
from mailprobe.probes.discover import find_imap
from mailprobe.probes.hunt import Found, Hunt, Pace
from mailprobe.probes.imap import Run, entered, noted_addresses
from mailprobe.probes.imap_credential import Credential, Lacking, of_control, of_target
from mailprobe.probes.imap_folders import INBOX, Folders, Place
from mailprobe.probes.imap_session import Answer, Session, has_quota
from mailprobe.probes.imap_sign_in import log_in
from mailprobe.probes.junk import in_order
from mailprobe.probes.own_mail import FIELDS, OCTETS, Kind, ReadStamp, domains_of, recognise
from mailprobe.probes.session import Over
from mailprobe.wire import imap_command
from mailprobe.wire.imap_response import QuotaRoot

NEARLY_FULL = 0.98  # of a quota: a test mail must not be the mail that fills a mailbox

__all__ = ["Found", "Kind", "Mailbox", "Pace", "Place", "open_mailbox"]


async def open_mailbox(
    target: Target, reach: Reach, note: Note, of: Of = Of.TARGET, control: LiveControl | None = None
) -> Mailbox | None:
    """Sign in once: with the customer's secret, as the master user, or (`control`) as the live control. Facts as of the imap
    probe, up to Answered of LOGIN; NotAsked where no login was spent."""
    endpoint = (await find_imap(target.account.address.domain, target.carrier, reach.resolver)).endpoint
    if endpoint is None:
        note(NotAsked(at=reach.clock(), of=of, stage=Stage.CONNECT, why=Withheld.NO_SERVER))
        return None
    run = Run(target, reach, note, endpoint)
    away = await reach.kept_away(endpoint.label)
    if away is not None:
        run.denied(away, None, of)
        return None
    credential = await _credential(run, control)
    if isinstance(credential, Lacking):
        run.withheld(credential.why, credential.who, of)
        return None
    session = await _at_the_door(run, of)
    return await _signed_in(run, session, credential) if session is not None else None


async def _credential(run: Run, control: LiveControl | None) -> Credential | Lacking:
    if run.endpoint.origin is Origin.GUESSED:
        return Lacking(Withheld.SERVER_GUESSED)
    if control is None:
        return await of_target(run.target.account, run.target.carrier)
    if control.secret is None:
        return Lacking(Withheld.NO_SECRET, As.CONTROL)
    return await of_control(control, control.secret, run.target.carrier)


async def _at_the_door(run: Run, of: Of) -> Session | None:
    """The first address whose door opens."""
    for ip in noted_addresses(run, await run.reach.resolver.addresses(run.endpoint.host)):
        session = await entered(run, ip, of)
        if session is not None:
            return session
    if run.insecure:
        run.withheld(Withheld.NOT_SECURE, None, of)
    return None


async def _signed_in(run: Run, session: Session, credential: Credential) -> Mailbox | None:
    with ExitStack() as on_failure:
        on_failure.callback(session.close)
        try:
            end = await log_in(session, run.reach, credential)
        except Over:
            return None
        if end is SignInEnd.OPENED:
            on_failure.pop_all()
            prober = run.target.prober
            senders = domains_of(prober.mail_from, prober.bounce_domain)
            return Mailbox(Folders(session, credential.who), senders, run.reach.wall)
        await session.goodbye()
        return None


@dataclass(slots=True, eq=False)
class Mailbox:
    """An open mailbox; use it from one task only. sender_domains: what the From of our test mails may say."""

    folders: Folders
    sender_domains: Collection[str]
    wall: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    junk_places: dict[str, Place] = field(default_factory=dict)
    elsewhere: tuple[tuple[str, Folder], ...] | None = None  # the other folders, Junk first; None: not asked yet
    watching: Hunt | None = None  # a watch that has not seen it yet

    async def noted(self) -> Place:
        """Before sending: where INBOX stands, and for a watch on this session also where Junk does. Facts: Opened."""
        for name, folder in await self._elsewhere():
            place = await self.folders.examine(name) if folder is Folder.JUNK else None
            if place is not None:
                self.junk_places[name] = place
        return await self.folders.examine_inbox()

    async def nearly_full(self) -> bool | None:
        """Is a quota used up to 98 % or more? None: the server does not tell. Facts: Quota."""
        session = self.folders.session
        if not has_quota(await session.capabilities()):
            return None
        answer = await self.folders.ask(Stage.QUOTA, imap_command.quota_of_inbox(session.tag()))
        session.quota_told(answer)
        return fullest(answer)

    async def find(self, canary: str, read_stamp: ReadStamp, since: Place | None) -> Found | None:
        """Look once: INBOX from the noted UIDNEXT on, then Junk, then every other folder. None: it is not there. The first
        arrival wins; without one, the first bounce or automatic answer with our stamp. canary: the test mail's id."""
        return await (await self._hunt(canary, read_stamp, since)).once()

    async def watch(self, canary: str, read_stamp: ReadStamp, since: Place | None, until: float) -> Found | None:
        """Wait for it, from right after the acceptance until that monotonic second; the last look comes just after. As `find`.
        A watch for the same test mail after this one goes on where it ended."""
        hunt = self.watching
        if hunt is None or (hunt.canary, hunt.since) != (canary, since):
            hunt = await self._hunt(canary, read_stamp, since)
        self.watching = None
        found = await hunt.wait(until)
        self.watching = hunt if found is None or found.kind is not Kind.ARRIVAL else None
        return found

    async def remove(self, found: Found) -> Removal:
        """Take out this one mail, if it still is what it was. It alone: without UID EXPUNGE it is left. Takes \\Recent from the
        mail of that folder, which no other step does; what others have marked as deleted stays."""
        if found.kind is not Kind.ARRIVAL:
            return Removal.REFUSED
        if not await self.folders.offers("UIDPLUS", "IMAP4REV2"):
            return Removal.NO_UIDPLUS
        answer = await self.folders.select(found.mailbox)
        if not answer.ok:
            names = {one.name for one in await self.folders.listed()}
            return Removal.REFUSED if found.mailbox in names or not names else Removal.GONE
        outcome = await self._remove_selected(found, answer)
        await self.folders.leave_folder()
        return outcome

    async def leave(self) -> None:
        """Sign out; never raises but for a cancellation."""
        await self.folders.session.goodbye()

    async def _hunt(self, canary: str, read_stamp: ReadStamp, since: Place | None) -> Hunt:
        places = self.junk_places | ({} if since is None else {INBOX: since})
        elsewhere = await self._elsewhere()
        return Hunt(self.folders, elsewhere, self.sender_domains, self.wall, canary, read_stamp, since, places, self.pace)

    async def _elsewhere(self) -> tuple[tuple[str, Folder], ...]:
        if self.elsewhere is None:
            self.elsewhere = in_order(await self.folders.listed())
        return self.elsewhere

    async def _remove_selected(self, found: Found, selected: Answer) -> Removal:
        """RFC 9051 section 2.3.1.1: with another UIDVALIDITY, or none, the UID means nothing."""
        if found.uidvalidity is None or selected.number("UIDVALIDITY") != found.uidvalidity:
            return Removal.CHANGED
        if selected.status.code == "READ-ONLY":
            return Removal.REFUSED
        mails = await self.folders.headers_of((found.uid,), FIELDS, OCTETS)
        mail = mails[0].octets if mails else None
        same = recognise(mail, found.stamp, _itself, self.sender_domains) if mail else None
        if same is None or same.kind is not Kind.ARRIVAL:
            return Removal.GONE
        return Removal.REMOVED if await self.folders.remove(found.uid) else Removal.REFUSED


def _itself(stamp: str) -> str:
    """For a second look at the same mail: the stamp that was verified stands for the test mail."""
    return stamp


def fullest(answer: Answer) -> bool | None:
    """Has any storage quota (RFC 9208 section 5.1) nearly been used up? None: none is told, or none that limits anything."""
    roots = [one for one in answer.said if isinstance(one, QuotaRoot)]
    stores = [one for root in roots for one in root.resources if one.name == "STORAGE" and one.limit]
    return any(one.used >= NEARLY_FULL * one.limit for one in stores) if stores else None
