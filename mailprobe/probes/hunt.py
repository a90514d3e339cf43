"""The search for one test mail in one mailbox: INBOX from the noted UIDNEXT on, then Junk, then the other folders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from mailprobe.evidence import Folder, SeenBy
from mailprobe.probes.imap_folders import INBOX, Folders, Place
from mailprobe.probes.own_mail import FIELDS, OCTETS, STAMP_FIELD, Kind, ReadStamp, carries, recognise
from mailprobe.wire.imap_data import Fetched

AT_ONCE = 500  # UIDs whose headers are asked for in one go
LOOKS_BACK = 8 * 86_400.0  # seconds: as long as a test mail may be on its way
RECENT = 200  # messages of a folder whose UIDNEXT nobody noted, the newest ones
DEAF = 2  # rounds in which IDLE did not tell what was there; one may be its delay


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mail that carries the stamp of our test mail. Only an ARRIVAL has arrived, and only that is ours to remove.

    mailbox: the folder's name, as the server writes it. at: monotonic seconds of the server's word. results: its
    Authentication-Results.
    """

    folder: Folder
    mailbox: str
    uid: int
    uidvalidity: int | None
    kind: Kind
    by: SeenBy
    at: float
    stamp: str
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """When a watch asks, in seconds. asks: after its start, because IDLE may be half a second late. Then rounds, each as long as
    the watch has lasted: IDLE (RFC 2177) in between where it is of use, else asking again at least every `poll`; after each
    round the other folders are looked at. So nothing that IDLE does not tell is seen later than twice its time."""

    asks: tuple[float, ...] = (0.0, 0.02, 0.06, 0.15, 0.4)
    shortest: float = 1.0
    longest: float = 240.0  # networks forget a silent connection after five minutes
    poll: float = 5.0
    everywhere: float = 4.0  # rounds from this length on end with all folders, shorter ones with Junk
    wakes: int = 500  # an IDLE that wakes us more often is of no use


@dataclass(slots=True, eq=False)
class Hunt:
    """since: what was noted of INBOX before the sending. places: from where on each folder has not been looked at. elsewhere:
    the other folders, Junk first."""

    folders: Folders
    elsewhere: tuple[tuple[str, Folder], ...]
    sender_domains: Collection[str]
    wall: Callable[[], float]
    canary: str
    read_stamp: ReadStamp
    since: Place | None
    places: dict[str, Place]
    pace: Pace
    quoted: Found | None = None  # the first mail with our stamp that is no arrival
    by: SeenBy = SeenBy.POLL
    wakes: int = 0
    missed: int = 0  # rounds in which IDLE did not tell what was there
    began: float | None = None  # monotonic second of the first wait

    def clock(self) -> float:
        return self.folders.session.clock()

    async def once(self) -> Found | None:
        return await self.look_in_inbox() or await self.look_elsewhere(everywhere=True) or self.quoted

    async def wait(self, until: float) -> Found | None:
        """Until that monotonic second; the last look comes just after it. A wait may be followed by another: it goes on."""
        if self.began is None:
            self.began = self.clock()
            if found := await self._ask_at_once(self.began, until):
                return found
        while True:
            now = self.clock()
            length = max(0.0, min(max(now - self.began, self.pace.shortest), self.pace.longest, until - now))
            if found := await self.look_elsewhere(everywhere=now >= until or length >= self.pace.everywhere):
                return found
            if found := await self._round(min(now + length, until)):
                return found
            if now >= until:
                return self.quoted

    async def _ask_at_once(self, began: float, until: float) -> Found | None:
        for moment in self.pace.asks:
            await self._sleep(min(began + moment, until))
            if found := await self.look_in_inbox():
                return found
        return None

    async def look_in_inbox(self) -> Found | None:
        known, inbox = self.places.get(INBOX), self.folders.inbox
        if self.folders.opened == INBOX and known is not None and inbox is not None and known.uidvalidity == inbox.uidvalidity:
            if self.by is SeenBy.POLL:  # IDLE has told of it already
                await self.folders.hear_news()
            return await self._look_on(INBOX, Folder.INBOX, known)
        return await self._look_in(INBOX, Folder.INBOX, await self.folders.examine_inbox())

    async def look_elsewhere(self, *, everywhere: bool) -> Found | None:
        for name, folder in self.elsewhere:
            if folder is Folder.JUNK or everywhere:
                place = await self.folders.examine(name)
                found = await self._look_in(name, folder, place) if place is not None else None
                if found is not None:
                    return found
        return None

    async def _look_in(self, name: str, folder: Folder, place: Place) -> Found | None:
        """In a folder that has just been opened. RFC 9051 section 2.3.1.1: a noted UID counts within one UIDVALIDITY."""
        known = self.places.get(name)
        if known is not None and known.uidvalidity is not None and known.uidvalidity == place.uidvalidity:
            return await self._look_on(name, folder, known, place.uidnext)
        mails = await self._own_among_recent()
        self.places[name] = place
        return self._first(name, folder, place, mails)

    async def _look_on(self, name: str, folder: Folder, known: Place, uidnext: int = 0) -> Found | None:
        """All that came since, in the folder that is open."""
        mails = await self._mail_from(known.uidnext, uidnext)
        if mails:
            self.places[name] = Place(known.uidvalidity, mails[-1].uid + 1)
        return self._first(name, folder, known, mails)

    async def _mail_from(self, first: int, uidnext: int) -> tuple[Fetched, ...]:
        """In one go unless there may be much; a server that does not take the open range is asked which UIDs there are."""
        if uidnext - first <= AT_ONCE:
            mails = await self.folders.headers_from(first, FIELDS, OCTETS)
            if mails is not None:
                return mails
        uids = await self.folders.uids_from(first, max(uidnext, first + AT_ONCE) - 1) or ()
        found: list[Fetched] = []
        for at in range(0, len(uids), AT_ONCE):
            found += await self.folders.headers_of(uids[at : at + AT_ONCE], FIELDS, OCTETS)
        return tuple(found)

    async def _own_among_recent(self) -> tuple[Fetched, ...]:
        """Where nobody noted a UIDNEXT: of the newest mail only our own stamp field is asked for, which others do not have."""
        uids = sorted(await self.folders.uids_since(self.wall() - LOOKS_BACK))[-RECENT:]
        stamps = await self.folders.headers_of(uids, (STAMP_FIELD,), OCTETS)
        own = [one.uid for one in stamps if one.octets and carries(one.octets, self.canary, self.read_stamp)]
        return await self.folders.headers_of(own, FIELDS, OCTETS)

    def _first(self, name: str, folder: Folder, place: Place, mails: Iterable[Fetched]) -> Found | None:
        """The first arrival among these; what only quotes our stamp is remembered."""
        for mail in mails:
            own = recognise(mail.octets, self.canary, self.read_stamp, self.sender_domains) if mail.octets else None
            if own is None:
                continue
            found = Found(
                folder=folder,
                mailbox=name,
                uid=mail.uid,
                uidvalidity=place.uidvalidity,
                kind=own.kind,
                by=self.by,
                at=self.folders.session.stream.heard_at,
                stamp=own.stamp,
                results=own.results,
            )
            if own.kind is Kind.ARRIVAL:
                return found
            self.quoted = self.quoted or found
        return None

    async def _round(self, until: float) -> Found | None:
        """Wait with INBOX open, which was closed while we looked elsewhere."""
        offered = await self.folders.offers("IDLE", "IMAP4REV2")
        found = await self.look_in_inbox()
        while found is None and self.clock() < until:
            before, woken = self.places.get(INBOX), False
            if offered and self.missed < DEAF and self.wakes <= self.pace.wakes:
                woken = await self._idled(until)
            else:
                await self._sleep(min(until, self.clock() + self.pace.poll))
            self.by = SeenBy.IDLE if woken else SeenBy.POLL
            found = await self.look_in_inbox()
            self.by = SeenBy.POLL
            self.missed += not woken and self.places.get(INBOX) != before
        return found

    async def _idled(self, until: float) -> bool:
        woken = await self.folders.idle(until - self.clock())
        self.wakes += bool(woken)
        self.missed += DEAF if woken is None else 0
        return bool(woken)

    async def _sleep(self, until: float) -> None:
        await asyncio.sleep(max(0.0, until - self.clock()))
