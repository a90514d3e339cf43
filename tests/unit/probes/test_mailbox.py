"""Seeing and removing the test mail, against scripted servers: what is asked, what is left alone, what strange servers do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from mailprobe.bounces.token import Signer
from mailprobe.carriers import Channel, Endpoint, LiveControl, Origin
from mailprobe.evidence import Answered, As, Breakage, Broken, Folder, NotAsked, Of, Opened, Removal, SeenBy, Stage, Withheld
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Denied, Reach
from mailprobe.probes.hunt import DEAF, Found
from mailprobe.probes.mailbox import Kind, Mailbox, Pace, Place, open_mailbox
from mailprobe.probes.session import Over
from tests.unit.probes import world
from tests.unit.probes.mailbox_server import MailboxServer, harmless, made
from tests.unit.probes.servers import AUTHORITY, ScriptedNet, server_context
from tests.unit.probes.world import SECRET, Anywhere, L, Names, Purse, World

IP = "192.0.2.4"
IMAPS = Endpoint(IP, 993, Channel.IMPLICIT)
CONTEXT = server_context(IP)
SIGNER = Signer((b"k" * 32,))
QUICK = Pace(asks=(0.0,), shortest=0.001, longest=0.002, poll=0.0, everywhere=60.0)
FOREIGN = "From: <friend@other.test>\nMessage-ID: <private@other.test>\nSubject: private\n\nDear"
LONG_AGO = 0.0  # a monotonic second in the past: one look and out


def canary(name: str = "one", *fields: str, writer: str = "probe@p.example") -> str:
    stamp = SIGNER.stamp(name)
    own = (f"From: <{writer}>", f"Message-ID: <{stamp}@b.example>", f"X-Mailprobe-Token: {stamp}")
    return "\n".join((*fields, *own, "Auto-Submitted: auto-generated", "Subject: test", "", "A test."))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path


@dataclass
class Visit:
    """One mailbox on one scripted server."""

    server: MailboxServer
    world: World
    reach: Reach
    carrier: dict[str, Any] = field(default_factory=dict)

    async def open(self, **given: Any) -> Mailbox | None:
        target = world.target(world.carrier(**self.carrier))
        mailbox = await open_mailbox(target, self.reach, self.world.facts.append, **given)
        if mailbox is not None:
            mailbox.pace = QUICK
        return mailbox

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Mailbox]:
        mailbox = await self.open()
        assert mailbox is not None
        try:
            yield mailbox
        finally:
            await mailbox.leave()
            assert self.server.open == 0
            assert harmless(self.server), self.server.got
            assert SECRET not in self.world.transcript
            assert "private" not in self.world.transcript + repr(self.world.facts)

    async def found(self) -> Found | None:
        async with self.opened() as mailbox:
            return await mailbox.find("one", SIGNER.read_stamp, Place(7, 100))

    def fetched(self) -> list[str]:
        return [line for line in self.server.got if line.startswith("UID FETCH")]


@pytest.fixture
def visit(authority: Path) -> Visit:
    server = made(tls=CONTEXT, implicit=True)
    around = World({(IP, 993): server})
    net = ScriptedNet(Anywhere(), around.lines.append, servers=around.servers)
    reach = Reach(net, cast(Resolver, Names({})), net.clock, lambda: 1_800_000_000.0, around.purse, around.manners, around.leg)
    return Visit(server, around, reach, {"imap": IMAPS, "tls_ca": authority, "live_controls": ()})


async def test_it_is_found_from_the_noted_uid_on(visit: Visit) -> None:
    inbox = visit.server.boxes["INBOX"]
    inbox.mails = []
    inbox.uidnext = 98
    inbox.put(FOREIGN)
    inbox.put(FOREIGN)
    inbox.put(FOREIGN)
    mail = inbox.put(canary("one", "Authentication-Results: mx; spf=pass", "Authentication-Results: mx; dkim=none"))
    found = await visit.found()
    assert found is not None
    assert (found.uid, found.folder, found.mailbox, found.uidvalidity) == (mail.uid, Folder.INBOX, "INBOX", 7)
    assert found.results == ("mx; spf=pass", "mx; dkim=none")
    assert [line.split(" ")[2] for line in visit.fetched()] == ["100:4294967295"]


async def test_what_a_server_says_of_others_is_forgotten(visit: Visit) -> None:
    """Our own mail of an earlier test is one of them."""
    visit.server.chatty = True
    inbox = visit.server.boxes["INBOX"]
    inbox.uidnext = 99
    inbox.put(canary())
    inbox.put(canary())
    found = await visit.found()
    assert found is not None
    assert found.uid == 100


@pytest.mark.parametrize(("name", "folder"), [("Junk", Folder.JUNK), ("Notes", Folder.OTHER)])
async def test_elsewhere_only_our_own_field_is_asked_of_older_mail(visit: Visit, name: str, folder: Folder) -> None:
    box = visit.server.boxes[name]
    box.put(FOREIGN)
    mail = box.put(canary())
    found = await visit.found()
    assert found is not None
    assert (found.folder, found.mailbox, found.uid) == (folder, name, mail.uid)
    broad = [line for line in visit.fetched() if "HEADER.FIELDS (X-Mailprobe-Token)" not in line]
    assert {line.split(" ")[2] for line in broad} == {"100:4294967295", str(mail.uid)}


@pytest.mark.parametrize("ranges", [False, True])
async def test_an_open_range_that_the_server_does_not_take(visit: Visit, ranges: bool) -> None:
    visit.server.refuses = ("UID FETCH 100:4294967295",)
    visit.server.ranges = ranges
    visit.server.boxes["INBOX"].put(FOREIGN)
    visit.server.boxes["INBOX"].put(canary())
    found = await visit.found()
    assert found is not None
    assert found.uid == 101


async def test_without_uidnext_the_highest_uid_is_asked_for(visit: Visit) -> None:
    inbox = visit.server.boxes["INBOX"]
    inbox.put(FOREIGN)
    inbox.uidnext = None
    async with visit.opened() as mailbox:
        assert await mailbox.noted() == Place(7, 101)


async def test_another_uidvalidity_makes_the_noted_uid_void(visit: Visit) -> None:
    inbox = visit.server.boxes["INBOX"]
    inbox.uidvalidity, inbox.uidnext = 8, 5
    inbox.put(canary())
    found = await visit.found()
    assert found is not None
    assert (found.uid, found.uidvalidity) == (5, 8)


async def test_a_later_find_in_the_same_session_checks_it_too(visit: Visit) -> None:
    inbox = visit.server.boxes["INBOX"]
    inbox.put(canary())
    async with visit.opened() as mailbox:
        await mailbox.noted()
        found = await mailbox.find("one", SIGNER.read_stamp, Place(6, 5_000))
    assert found is not None
    assert found.uid == 100


@pytest.mark.parametrize(
    ("fields", "writer", "kind"),
    [
        (("Return-Path: <>",), "probe@p.example", Kind.BOUNCE),
        (("Content-Type: multipart/report; report-type=delivery-status",), "probe@p.example", Kind.BOUNCE),
        (("Content-Type: multipart/report; report-type=disposition-notification",), "probe@p.example", Kind.AUTO_REPLY),
        (("Auto-Submitted: auto-replied",), "probe@p.example", Kind.AUTO_REPLY),
        ((), "someone@other.test", Kind.AUTO_REPLY),
    ],
)
async def test_what_only_quotes_the_stamp(visit: Visit, fields: tuple[str, ...], writer: str, kind: Kind) -> None:
    inbox = visit.server.boxes["INBOX"]
    inbox.put(canary("one", *fields, writer=writer))
    found = await visit.found()
    assert found is not None
    assert found.kind is kind
    visit.server.boxes["Notes"].put(canary())
    arrival = await visit.found()
    assert arrival is not None
    assert (arrival.kind, arrival.mailbox) == (Kind.ARRIVAL, "Notes")


async def test_the_first_of_two_wins(visit: Visit) -> None:
    for _ in range(2):
        visit.server.boxes["INBOX"].put(canary())
    found = await visit.found()
    assert found is not None
    assert found.uid == 100


async def test_an_inbox_that_does_not_open_is_not_an_empty_one(visit: Visit) -> None:
    visit.server.refuses = ("EXAMINE INBOX",)
    with pytest.raises(Over):
        await visit.found()
    assert [(fact.stage, fact.status) for fact in visit.world.all(Answered)][-1] == (Stage.EXAMINE, "NO")
    assert visit.world.all(Opened) == []


async def test_a_junk_folder_that_does_not_open_is_passed_over(visit: Visit) -> None:
    visit.server.refuses = ('EXAMINE "Junk"',)
    visit.server.boxes["Notes"].put(canary())
    assert await visit.found() is not None


# watching


async def watched(visit: Visit, until: float = 5.0, pace: Pace = QUICK, **server: Any) -> Found | None:
    for name, value in server.items():
        setattr(visit.server, name, value)
    async with visit.opened() as mailbox:
        mailbox.pace = pace
        before = await mailbox.noted()
        return await mailbox.watch("one", SIGNER.read_stamp, before, visit.reach.clock() + until)


def arrives(server: MailboxServer) -> None:
    server.boxes["INBOX"].put(canary())


def letter_arrives(server: MailboxServer) -> None:
    server.boxes["INBOX"].put(FOREIGN)


async def test_right_after_acceptance_it_is_asked_for(visit: Visit) -> None:
    found = await watched(visit, meanwhile={"NOOP 3": arrives}, pace=replace(QUICK, asks=(0.0, 0.0, 0.0)))
    assert found is not None
    assert found.by is SeenBy.POLL
    assert visit.server.got.count("NOOP") == 3
    assert "IDLE" not in visit.server.got


async def test_idle_wakes_us(visit: Visit) -> None:
    pace = replace(QUICK, shortest=30.0)
    found = await watched(visit, meanwhile={"IDLE 1": letter_arrives, "IDLE 2": arrives}, pace=pace)
    assert found is not None
    assert (found.by, found.uid) == (SeenBy.IDLE, 101)
    assert visit.server.got.count("DONE") == 2


async def test_idle_is_renewed(visit: Visit) -> None:
    """A round has an end, whatever IDLE says: nothing stays open for five minutes."""
    assert Pace().longest < 300
    found = await watched(visit, meanwhile={"IDLE 4": arrives})
    assert found is not None
    assert visit.server.got.count("IDLE") >= 4
    assert visit.server.got.count("DONE") == visit.server.got.count("IDLE")


async def test_a_deaf_idle_is_noticed_and_asking_goes_on(visit: Visit) -> None:
    news = {f"IDLE {number}": letter_arrives for number in range(1, DEAF + 1)}
    found = await watched(visit, idle_tells=False, meanwhile=news | {"NOOP 40": arrives})
    assert found is not None
    assert found.by is SeenBy.POLL
    assert visit.server.got.count("IDLE") == DEAF


async def test_a_refused_idle_is_not_tried_again(visit: Visit) -> None:
    found = await watched(visit, refuses=("IDLE",), meanwhile={"NOOP 9": arrives})
    assert found is not None
    assert visit.server.got.count("IDLE") == 1


async def test_a_server_without_idle(visit: Visit) -> None:
    found = await watched(visit, offers="IMAP4rev1", meanwhile={"NOOP 9": arrives})
    assert found is not None
    assert "IDLE" not in visit.server.got


async def test_an_idle_that_wakes_for_nothing_is_given_up(visit: Visit) -> None:
    letters = {f"IDLE {number}": letter_arrives for number in range(1, 99)}
    found = await watched(visit, meanwhile=letters | {"NOOP 9": arrives}, pace=replace(QUICK, shortest=9.0, longest=9.0, wakes=3))
    assert found is not None
    assert visit.server.got.count("IDLE") == 4


async def test_junk_is_looked_at_during_a_watch(visit: Visit) -> None:
    def junk(server: MailboxServer) -> None:
        server.boxes["Junk"].put(canary())

    found = await watched(visit, meanwhile={"IDLE 2": junk})
    assert found is not None
    assert (found.folder, found.uid) == (Folder.JUNK, 100)


async def test_the_last_look_is_everywhere(visit: Visit) -> None:
    visit.server.boxes["Notes"].put(canary())
    found = await watched(visit, until=LONG_AGO)
    assert found is not None
    assert found.mailbox == "Notes"


async def test_a_second_watch_goes_on_where_the_first_ended(visit: Visit) -> None:
    """What was learnt stays: where each folder was read up to, and that IDLE is of no use."""
    visit.server.refuses = ("IDLE",)
    async with visit.opened() as mailbox:
        mailbox.pace = replace(QUICK, asks=(0.0, 0.0, 0.0))
        before = await mailbox.noted()
        for _ in range(50):  # on a busy machine one watch may not come as far as IDLE
            if "IDLE" not in visit.server.got:
                assert await mailbox.watch("one", SIGNER.read_stamp, before, visit.reach.clock() + 0.02) is None
        searches = [line for line in visit.server.got if "SEARCH" in line]
        visit.server.boxes["Notes"].put(canary())
        found = await mailbox.watch("one", SIGNER.read_stamp, before, LONG_AGO)
        assert found is not None
        assert found.mailbox == "Notes"
        assert [line for line in visit.server.got if "SEARCH" in line] == searches
        assert visit.server.got.count("IDLE") == 1
        visit.server.boxes["INBOX"].put(canary("two"))
        asked = visit.server.got.count("NOOP")
        assert await mailbox.watch("two", SIGNER.read_stamp, before, LONG_AGO) is not None
        assert visit.server.got.count("NOOP") - asked <= 1


async def test_whoever_is_stopped_in_an_idle_says_no_more(visit: Visit) -> None:
    mailbox = await visit.open()
    assert mailbox is not None
    mailbox.pace = replace(QUICK, shortest=60.0, longest=60.0)
    idling = asyncio.Event()
    visit.server.meanwhile = {"IDLE 1": lambda server: idling.set()}
    watch = asyncio.ensure_future(mailbox.watch("one", SIGNER.read_stamp, None, visit.reach.clock() + 60))
    await idling.wait()
    for _ in range(20):  # turns of the loop, for its `+`
        await asyncio.sleep(0)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    await mailbox.leave()
    assert visit.server.got[-1] == "IDLE"
    assert visit.server.open == 0
    assert visit.world.all(Broken) == []


async def test_nothing_came(visit: Visit) -> None:
    assert await watched(visit, until=LONG_AGO) is None
    assert await watched(visit, until=0.02) is None
    assert visit.world.all(Broken) == []


async def test_what_only_quotes_the_stamp_does_not_end_a_watch(visit: Visit) -> None:
    def answer(server: MailboxServer) -> None:
        server.boxes["INBOX"].put(canary("one", "Return-Path: <>"))

    found = await watched(visit, meanwhile={"NOOP 1": answer, "IDLE 2": arrives})
    assert found is not None
    assert (found.kind, found.uid) == (Kind.ARRIVAL, 101)
    visit.server.boxes["INBOX"].mails.clear()
    visit.server.counts.clear()
    only = await watched(visit, until=0.01, meanwhile={"NOOP 1": answer})
    assert only is not None
    assert only.kind is Kind.BOUNCE


@pytest.mark.parametrize(("words", "why"), [("!close", Breakage.CLOSED), ("* BYE going down", Breakage.BYE)])
@pytest.mark.parametrize("when", ["NOOP 1", "IDLE 2", "UID FETCH 1", "DONE"])
async def test_a_server_that_hangs_up_ends_it(visit: Visit, when: str, words: str, why: Breakage) -> None:
    if when == "DONE":
        visit.server.last_words = words
    with pytest.raises(Over):
        await watched(visit, meanwhile={when: lambda server: words})
    assert [fact.why for fact in visit.world.all(Broken)] == [why]


async def test_garbage_in_an_answer_shows_nothing_of_it(visit: Visit) -> None:
    with pytest.raises(Over):
        await watched(visit, meanwhile={"UID FETCH 1": lambda server: '* 1 FETCH (BODY[X] "private" (\n$ OK'})
    (broken,) = visit.world.all(Broken)
    assert (broken.why, broken.stage, broken.words) == (Breakage.GARBAGE, Stage.LOOK, "* FETCH")


# removing


async def removed(visit: Visit, **server: Any) -> tuple[Removal, list[str]]:
    """The outcome, and what was asked from the removal on."""
    async with visit.opened() as mailbox:
        found = await mailbox.find("one", SIGNER.read_stamp, Place(7, 100))
        assert found is not None
        asked = len(visit.server.got)
        for name, value in server.items():
            setattr(visit.server, name, value)
        outcome = await mailbox.remove(found)
        return outcome, visit.server.got[asked:]


@pytest.fixture
def with_canary(visit: Visit) -> Visit:
    inbox = visit.server.boxes["INBOX"]
    inbox.uidnext = 99
    inbox.put(FOREIGN).deleted = True
    inbox.put(canary())
    return visit


async def test_it_alone_is_removed(with_canary: Visit) -> None:
    outcome, asked = await removed(with_canary)
    assert outcome is Removal.REMOVED
    assert [mail.text for mail in with_canary.server.boxes["INBOX"].mails] == [FOREIGN]
    kinds = [" ".join(line.split(" ")[:2]) for line in asked]
    assert kinds == ["SELECT INBOX", "UID FETCH", "UID STORE", "UID EXPUNGE", "UID FETCH", "UNSELECT"]


@pytest.mark.parametrize("offers", ["IMAP4rev1 IDLE", "IMAP4rev1 UIDPLUS2"])
async def test_without_uidplus_it_is_left(with_canary: Visit, offers: str) -> None:
    with_canary.server.offers = offers
    assert await removed(with_canary) == (Removal.NO_UIDPLUS, [])
    assert [mail.deleted for mail in with_canary.server.boxes["INBOX"].mails] == [True, False]


async def test_imap4rev2_has_it_without_saying_so(with_canary: Visit) -> None:
    with_canary.server.offers = "IMAP4rev2"
    assert (await removed(with_canary))[0] is Removal.REMOVED


async def test_without_unselect_the_folder_is_opened_read_only(with_canary: Visit) -> None:
    with_canary.server.offers = "UIDPLUS"
    outcome, asked = await removed(with_canary)
    assert (outcome, asked[-1]) == (Removal.REMOVED, "EXAMINE INBOX")


def becomes(**given: Any) -> dict[str, Any]:
    def change(server: MailboxServer) -> None:
        for name, value in given.items():
            setattr(server.boxes["INBOX"], name, value)

    return {"meanwhile": {"SELECT 1": change}}


CHANGES: list[tuple[dict[str, Any], Removal]] = [
    (becomes(uidvalidity=8), Removal.CHANGED),
    (becomes(uidvalidity=None), Removal.CHANGED),
    (becomes(mails=[]), Removal.GONE),
    (becomes(read_only=True), Removal.REFUSED),
    ({"meanwhile": {"SELECT 1": lambda server: server.boxes.pop("INBOX")}}, Removal.GONE),
    ({"refuses": ("SELECT",)}, Removal.REFUSED),
    ({"refuses": ("UID STORE",)}, Removal.REFUSED),
    ({"refuses": ("UID EXPUNGE",)}, Removal.REFUSED),
    ({"keeps_marked": True}, Removal.REFUSED),
]


@pytest.mark.parametrize(("change", "outcome"), CHANGES)
async def test_what_may_happen_meanwhile(with_canary: Visit, change: dict[str, Any], outcome: Removal) -> None:
    assert (await removed(with_canary, **change))[0] is outcome


async def test_another_mail_with_its_uid_is_not_touched(with_canary: Visit) -> None:
    def swap(server: MailboxServer) -> None:
        server.boxes["INBOX"].mails[1].text = canary("two")

    outcome, asked = await removed(with_canary, meanwhile={"SELECT 1": swap})
    assert outcome is Removal.GONE
    assert not any("STORE" in line for line in asked)


async def test_what_only_quotes_the_stamp_is_never_removed(visit: Visit) -> None:
    visit.server.boxes["INBOX"].put(canary("one", "Return-Path: <>"))
    assert await removed(visit) == (Removal.REFUSED, [])


# the way in


async def test_the_login_is_reserved_and_given_back(visit: Visit) -> None:
    assert await visit.found() is None
    assert [step[0] for step in visit.world.purse.steps] == ["reserve", "opened"]
    assert [fact.who for fact in visit.world.all(Opened)] == [As.CUSTOMER]


async def test_a_refused_login_stays_spent(visit: Visit) -> None:
    visit.server.answers = {**visit.server.answers, "LOGIN": "$ NO [AUTHENTICATIONFAILED] no"}
    assert await visit.open() is None
    assert [step[0] for step in visit.world.purse.steps] == ["reserve", "refused"]
    assert [fact.status for fact in visit.world.all(Answered) if fact.stage is Stage.LOGIN] == ["NO"]
    assert visit.server.open == 0


NO_WAY_IN: list[tuple[dict[str, Any], dict[str, Any], Withheld]] = [
    ({"imap": None}, {}, Withheld.NO_SERVER),
    ({"imap": replace(IMAPS, origin=Origin.GUESSED)}, {}, Withheld.SERVER_GUESSED),
    ({}, {"control": LiveControl(L, "l", "l", None)}, Withheld.NO_SECRET),
    ({"tls_ca": None}, {}, Withheld.NOT_SECURE),
]


@pytest.mark.parametrize(("carrier", "given", "why"), NO_WAY_IN)
async def test_no_way_in(visit: Visit, carrier: dict[str, Any], given: dict[str, Any], why: Withheld) -> None:
    visit.carrier |= carrier
    assert await visit.open(**given) is None
    assert visit.world.all(NotAsked)[-1].why is why
    assert visit.world.purse.steps == []
    assert visit.server.open == 0


async def test_a_spent_budget(visit: Visit) -> None:
    purse = Purse({"t": Denied(Withheld.BUDGET_SPENT, 5.0)})
    visit.reach = replace(visit.reach, budget=purse)
    assert await visit.open() is None
    assert visit.world.all(NotAsked)[-1].why is Withheld.BUDGET_SPENT


async def test_the_control_signs_in_as_itself(visit: Visit) -> None:
    control = world.carrier().live_controls[0]
    mailbox = await visit.open(of=Of.LIVE, control=control)
    assert mailbox is not None
    await mailbox.noted()
    await mailbox.leave()
    assert [(fact.of, fact.who) for fact in visit.world.all(Opened)] == [(Of.LIVE, As.CONTROL)]


QUOTAS = [
    ("* QUOTA a (STORAGE 97 100)", False),
    ("* QUOTA a (STORAGE 98 100)", True),
    ("* QUOTA a (STORAGE 1 100)\n* QUOTA b (STORAGE 100 100)", True),
    ("* QUOTA a (STORAGE 5 0)", None),
    ("* QUOTA a ()", None),
]


@pytest.mark.parametrize(("said", "full"), QUOTAS)
async def test_nearly_full(visit: Visit, said: str, full: bool | None) -> None:
    visit.server.answers = {
        **visit.server.answers,
        "GETQUOTAROOT INBOX": f"{said}\n$ OK done",
    }
    async with visit.opened() as mailbox:
        assert await mailbox.nearly_full() is full


async def test_a_server_without_quota(visit: Visit) -> None:
    visit.server.offers = "IMAP4rev1"
    async with visit.opened() as mailbox:
        assert await mailbox.nearly_full() is None
