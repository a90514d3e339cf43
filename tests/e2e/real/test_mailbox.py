"""Seeing and removing the test mail on a real Dovecot: the owner's own mail is as it was, whatever he does meanwhile."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from imaplib import IMAP4, IMAP4_SSL
from typing import Any

import pytest

from mailprobe.carriers import LiveControl
from mailprobe.config import BounceMailbox
from mailprobe.evidence import Answered, As, Broken, Folder, Opened, Quota, Removal, SeenBy
from mailprobe.probes.bounce_mailbox import Mark, fetch_bounces
from mailprobe.probes.mailbox import Found, Kind, Pace, Place
from mailprobe.secret import Secret, SecretRef
from tests.e2e.real.lab import Lab
from tests.e2e.real.mailroom import PASSWORD, SIGNER, Room, canary_mail, letter
from tests.e2e.real.postoffice import Mailbox as Entry

IDLE_ONLY = Pace(asks=(0.0,), shortest=30.0)
PLAIN = "127.0.0.5"  # no IDLE, no UIDPLUS, no SPECIAL-USE

MakeRoom = Callable[..., Room]


@pytest.fixture(scope="module")
def names(lab: Lab) -> Iterator[str]:
    """Owners of fresh mailboxes; all at once, for Dovecot takes a moment to read a changed password file."""
    known = [f"box{number}" for number in range(60)]
    lab.office.mailboxes |= {name: Entry(imap=PASSWORD, smtp=PASSWORD) for name in known}
    lab.office.write_directory()
    knows(lab, known[-1])
    return iter(known)


def knows(lab: Lab, name: str, within: float = 20.0) -> None:
    until = time.monotonic() + within
    while True:
        try:
            with IMAP4_SSL("127.0.0.1", lab.office.imaps, ssl_context=lab.office.trust()) as client:
                client.login(name, PASSWORD)
                return
        except IMAP4.error:
            assert time.monotonic() < until
            time.sleep(0.2)


@pytest.fixture
def make_room(lab: Lab, names: Iterator[str]) -> MakeRoom:
    """A mailbox with two letters in it, one of them read."""

    def make(**given: Any) -> Room:
        room = Room(lab.office, next(names), **given)
        lab.office.deliver(room.name, letter(1))
        lab.office.deliver(room.name, letter(2), seen=True)
        return room

    return make


async def watched(room: Room, canary: str, *, within: float = 20.0, after: float = 0.0, pace: Pace | None = None) -> Found | None:
    """Note, deliver `after` the watch began, see."""
    async with room.opened(pace) as mailbox:
        before = await mailbox.noted()
        arriving = asyncio.create_task(delivered(room, canary, after))
        found = await mailbox.watch(canary, SIGNER.read_stamp, before, time.monotonic() + within)
        await arriving
        return found


async def delivered(room: Room, canary: str, after: float = 0.0) -> float:
    await asyncio.sleep(after)
    return await room.deliver(canary_mail(canary))


async def test_an_arrival_is_seen_removed_and_nothing_else_touched(make_room: MakeRoom) -> None:
    room = make_room()
    before = room.mails()
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        at = await room.deliver(canary_mail("one", "Authentication-Results: mx.mail.test; spf=pass"))
        found = await mailbox.watch("one", SIGNER.read_stamp, place, time.monotonic() + 10)
        assert found is not None
        assert (found.folder, found.kind, found.by, found.mailbox) == (Folder.INBOX, Kind.ARRIVAL, SeenBy.POLL, "INBOX")
        assert found.uid == place.uidnext
        assert found.results == ("mx.mail.test; spf=pass",)
        assert found.at >= at
        assert await mailbox.remove(found) is Removal.REMOVED
        assert await mailbox.remove(found) is Removal.GONE
    assert room.mails() == before
    assert "private" not in room.transcript
    assert PASSWORD not in room.transcript
    assert [fact.who for fact in room.facts if isinstance(fact, Opened)] == [As.CUSTOMER]
    assert not [fact for fact in room.facts if isinstance(fact, Broken)]


async def test_without_a_removal_not_even_recent_changes(make_room: MakeRoom) -> None:
    room = make_room()
    files = sorted(str(path) for path in room.office.maildir(room.name).rglob("*.test*"))
    assert await watched(room, "one") is not None
    assert sorted(str(path) for path in room.office.maildir(room.name).rglob("*.test*")) == files


async def test_the_delay_of_a_watch(make_room: MakeRoom) -> None:
    """From the server's word that it is in the mailbox to ours that it was seen, the delivery starting with the watch."""
    room, delays = make_room(), []
    for number in range(15):
        async with room.opened() as mailbox:
            place = await mailbox.noted()
            arriving = asyncio.create_task(room.deliver(canary_mail(f"c{number}")))
            found = await mailbox.watch(f"c{number}", SIGNER.read_stamp, place, time.monotonic() + 10)
            assert found is not None
            delays.append(found.at - await arriving)
    assert statistics.median(delays) <= 0.1, delays


async def test_a_later_arrival_is_told_by_idle(make_room: MakeRoom) -> None:
    room = make_room()
    found = await watched(room, "one", after=0.8, pace=IDLE_ONLY)
    assert found is not None
    assert (found.by, found.folder) == (SeenBy.IDLE, Folder.INBOX)


async def test_a_server_without_idle_is_asked_again(make_room: MakeRoom) -> None:
    room = make_room(ip=PLAIN)
    found = await watched(room, "one", after=0.5, pace=Pace(asks=(0.0,), poll=0.1))
    assert found is not None
    assert found.by is SeenBy.POLL
    assert "IDLE" not in room.transcript


@pytest.mark.parametrize(("folder", "kind"), [("Junk", Folder.JUNK), ("Lists", Folder.OTHER), ("Empf&AOQ-nger", Folder.OTHER)])
async def test_another_folder(make_room: MakeRoom, folder: str, kind: Folder) -> None:
    room = make_room()
    with room.other_client() as client:
        client.create(folder)
    room.file(folder, letter(3))
    before = room.mails()
    room.file(folder, canary_mail("one"))
    async with room.opened(Pace(asks=(0.0,), shortest=0.2)) as mailbox:
        found = await mailbox.watch("one", SIGNER.read_stamp, Place(1, 1), time.monotonic() + 0.3)
        assert found is not None
        assert (found.folder, found.mailbox, found.kind) == (kind, folder, Kind.ARRIVAL)
        assert await mailbox.remove(found) is Removal.REMOVED
    assert room.mails() == before
    assert folder == "Junk" or folder not in room.transcript


async def test_junk_that_comes_during_a_watch(make_room: MakeRoom) -> None:
    room = make_room()
    async with room.opened(Pace(asks=(0.0,), shortest=0.2)) as mailbox:
        place = await mailbox.noted()
        arriving = asyncio.create_task(asyncio.to_thread(room.file, "Junk", canary_mail("one")))
        found = await mailbox.watch("one", SIGNER.read_stamp, place, time.monotonic() + 10)
        await arriving
    assert found is not None
    assert found.folder is Folder.JUNK


async def test_junk_by_its_name_where_no_special_use_is_told(make_room: MakeRoom) -> None:
    room = make_room(ip=PLAIN)
    room.file("Junk", canary_mail("one"))
    async with room.opened() as mailbox:
        found = await mailbox.find("one", SIGNER.read_stamp, None)
    assert found is not None
    assert found.folder is Folder.JUNK


async def test_mail_that_another_client_has_marked_survives(make_room: MakeRoom) -> None:
    room = make_room()
    with room.other_client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS.SILENT", "(\\Deleted)")
        before = room.mails()
        assert any(name.endswith("T") for name in before)
        async with room.opened() as mailbox:
            place = await mailbox.noted()
            await room.deliver(canary_mail("one"))
            found = await mailbox.find("one", SIGNER.read_stamp, place)
            assert found is not None
            assert await mailbox.remove(found) is Removal.REMOVED
    assert room.mails() == before


async def test_without_uidplus_it_is_left(make_room: MakeRoom) -> None:
    room = make_room(ip=PLAIN)
    with room.other_client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS.SILENT", "(\\Deleted)")
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        await room.deliver(canary_mail("one"))
        before = room.mails()
        found = await mailbox.find("one", SIGNER.read_stamp, place)
        assert found is not None
        assert await mailbox.remove(found) is Removal.NO_UIDPLUS
    assert room.mails() == before
    assert not {"STORE", "EXPUNGE", "CLOSE", "SELECT"} & set(room.transcript.split())


async def test_another_uidvalidity(make_room: MakeRoom) -> None:
    """The folder was made anew: what was noted means nothing, neither for the looking nor for the removal."""
    room = make_room()
    await room.deliver(canary_mail("one"))
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        assert place.uidvalidity is not None
        other = Place(place.uidvalidity + 1, 90_000)
        found = await mailbox.find("one", SIGNER.read_stamp, other)
        assert found is not None
        before = room.mails()
        stale = Found(**{name: getattr(found, name) for name in Found.__slots__} | {"uidvalidity": other.uidvalidity})
        assert await mailbox.remove(stale) is Removal.CHANGED
        assert room.mails() == before
        assert await mailbox.remove(found) is Removal.REMOVED


async def test_a_user_who_deletes_it_first(make_room: MakeRoom) -> None:
    room = make_room()
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        await room.deliver(canary_mail("one"))
        found = await mailbox.find("one", SIGNER.read_stamp, place)
        assert found is not None
        with room.other_client() as client:
            client.select("INBOX")
            client.uid("STORE", str(found.uid), "+FLAGS.SILENT", "(\\Deleted)")
            client.uid("EXPUNGE", str(found.uid))
        before = room.mails()
        assert await mailbox.remove(found) is Removal.GONE
        assert await mailbox.find("one", SIGNER.read_stamp, place) is None
    assert room.mails() == before


async def test_a_user_who_moves_it(make_room: MakeRoom) -> None:
    room = make_room()
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        await room.deliver(canary_mail("one"))
        found = await mailbox.find("one", SIGNER.read_stamp, place)
        assert found is not None
        with room.other_client() as client:
            client.select("INBOX")
            client._simple_command("UID", "MOVE", str(found.uid), "Lists")
        assert await mailbox.remove(found) is Removal.GONE
        moved = await mailbox.find("one", SIGNER.read_stamp, place)
        assert moved is not None
        assert moved.mailbox == "Lists"
        assert await mailbox.remove(moved) is Removal.REMOVED


async def test_a_folder_that_is_gone(make_room: MakeRoom) -> None:
    room = make_room()
    with room.other_client() as client:
        client.create("Brief")
    room.file("Brief", canary_mail("one"))
    async with room.opened() as mailbox:
        found = await mailbox.find("one", SIGNER.read_stamp, None)
        assert found is not None
        with room.other_client() as client:
            client.delete("Brief")
        assert await mailbox.remove(found) is Removal.GONE


def meddle(room: Room, uid: int, what: str) -> None:
    """What an owner may do with the test mail, and with his own, at any moment."""
    with room.other_client() as client:
        client.select("INBOX")
        if what == "moves":
            client._simple_command("UID", "MOVE", str(uid), "Lists")
        elif what == "deletes":
            client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
            client.uid("EXPUNGE", str(uid))
        elif what == "reads":
            client.uid("FETCH", f"1:{uid}", "(BODY[])")
        else:
            client.store("1", "+FLAGS.SILENT" if what == "marks" else "-FLAGS.SILENT", "(\\Deleted)")


async def test_an_owner_who_meddles_during_the_removal(make_room: MakeRoom) -> None:
    """Both at once, in every mixture that comes: his letters stay, and whatever became of the test mail is no error."""
    room, dice = make_room(), random.Random(18)  # noqa: S311  not for secrets
    letters = set(room.mails().values())
    outcomes = set()
    async with room.opened() as mailbox:
        for number in range(30):
            place = await mailbox.noted()
            await room.deliver(canary_mail(f"c{number}"))
            found = await mailbox.find(f"c{number}", SIGNER.read_stamp, place)
            assert found is not None
            what = dice.choice(("moves", "deletes", "reads", "marks", "unmarks"))
            meddling = asyncio.create_task(asyncio.to_thread(meddle, room, found.uid, what))
            await asyncio.sleep(dice.random() * 0.1)
            outcomes.add(await mailbox.remove(found))
            await meddling
            assert letters <= set(room.mails().values())
            left = await mailbox.find(f"c{number}", SIGNER.read_stamp, place)
            assert (left is None) or (what, left.mailbox) == ("moves", "Lists")
            if left is not None:
                assert await mailbox.remove(left) is Removal.REMOVED
    assert outcomes == {Removal.REMOVED, Removal.GONE}
    assert set(room.mails().values()) == letters
    assert not [fact for fact in room.facts if isinstance(fact, Broken)]


ANSWERS = {
    "a bounce": (Kind.BOUNCE, "", ("Content-Type: multipart/report; report-type=delivery-status; boundary=b",)),
    "a null sender": (Kind.BOUNCE, "", ()),
    "a vacation notice": (Kind.AUTO_REPLY, "someone@else.test", ("Auto-Submitted: auto-replied",)),
    "another writer": (Kind.AUTO_REPLY, "someone@else.test", ("From: <someone@else.test>",)),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_only_quotes_our_stamp_has_not_arrived(make_room: MakeRoom, what: str) -> None:
    kind, sender, fields = ANSWERS[what]
    room = make_room()
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        await room.deliver(canary_mail("one", *fields), sender)
        before = room.mails()
        found = await mailbox.find("one", SIGNER.read_stamp, place)
        assert found is not None
        assert found.kind is kind
        assert await mailbox.remove(found) is Removal.REFUSED
        assert room.mails() == before
        await room.deliver(canary_mail("one"))
        arrival = await mailbox.find("one", SIGNER.read_stamp, place)
        assert arrival is not None
        assert (arrival.kind, arrival.uid) == (Kind.ARRIVAL, found.uid + 1)


async def test_a_stamp_that_we_did_not_sign(make_room: MakeRoom) -> None:
    room = make_room()
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        await room.deliver(canary_mail("one", stamp="one.aaaaaaaaaaaaaaaaaa"))
        assert await mailbox.find("one", SIGNER.read_stamp, place) is None
        await room.deliver(canary_mail("two"))
        assert await mailbox.find("one", SIGNER.read_stamp, place) is None


async def test_the_master_user_and_the_control(make_room: MakeRoom) -> None:
    room = make_room(master=True)
    async with room.opened() as mailbox:
        place = await mailbox.noted()
        await room.deliver(canary_mail("one"))
        assert await mailbox.find("one", SIGNER.read_stamp, place) is not None
    assert [fact.who for fact in room.facts if isinstance(fact, Answered) and fact.who] == [As.MASTER]
    live = make_room()
    control = LiveControl(live.target().account.address, live.name, live.name, SecretRef.of_value(Secret(PASSWORD)))
    async with room.opened(control=control) as mailbox:
        await live.deliver(canary_mail("two"))
        assert await mailbox.find("two", SIGNER.read_stamp, None) is not None
    assert [fact.who for fact in room.facts if isinstance(fact, Opened)] == [As.MASTER, As.CONTROL]


async def test_nearly_full(make_room: MakeRoom) -> None:
    room = make_room()
    async with room.opened() as mailbox:
        assert await mailbox.nearly_full() is False
    room.office.deliver(room.name, b"Subject: large\r\n\r\n" + b"x" * 998 * 10_400)
    async with room.opened() as mailbox:
        assert await mailbox.nearly_full() is True
    assert {fact.resource for fact in room.facts if isinstance(fact, Quota)} == {"STORAGE"}


async def test_many_letters_came_since(make_room: MakeRoom) -> None:
    """More than are asked for in one go, ours in the middle."""
    room = make_room()
    async with room.opened() as mailbox:
        place = await mailbox.noted()
    with room.other_client() as client:
        for number in range(620):
            client.append("INBOX", "", "", canary_mail("one") if number == 400 else letter(number))
    async with room.opened() as mailbox:
        found = await mailbox.find("one", SIGNER.read_stamp, place)
    assert found is not None
    assert found.uid == place.uidnext + 400


@dataclass
class Kept:
    """Marks and bounces, for as long as the test lasts."""

    marks: dict[str, Mark] = field(default_factory=dict)
    bounces: list[bytes] = field(default_factory=list)

    async def mark(self, mailbox: str) -> Mark | None:
        return self.marks.get(mailbox)

    async def keep(self, mailbox: str, mark: Mark) -> None:
        self.marks[mailbox] = mark

    async def sink(self, raw: bytes) -> None:
        self.bounces.append(raw)


async def test_bounces_are_fetched_once_and_stay(make_room: MakeRoom) -> None:
    """With a long one among them, of which the start is enough; not even \\Recent changes."""
    room, kept = make_room(), Kept()
    place = room.target().carrier.imap
    assert place is not None
    mailbox = BounceMailbox(place, room.name, SecretRef.of_value(Secret(PASSWORD)), room.target().carrier.tls_ca)

    async def fetch() -> int:
        return await fetch_bounces(mailbox, room.reach(), room.facts.append, kept.sink, kept)

    assert await fetch() == 2
    await room.deliver(b"Subject: bounce\r\n\r\n" + b"550 no such user\r\n" * 8000, "")
    before = room.mails()
    files = sorted(str(path) for path in room.office.maildir(room.name).rglob("*") if path.is_file() and "cur" not in path.parts)
    assert (await fetch(), await fetch()) == (1, 0)
    assert len(kept.bounces[2]) == 65_536
    assert b"Subject: bounce" in kept.bounces[2]
    assert room.mails() == before
    assert {path for path in files if "/new/" in path} <= {str(path) for path in room.office.maildir(room.name).rglob("*")}
