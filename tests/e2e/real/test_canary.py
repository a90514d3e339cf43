"""The test mail's way through a real Postfix and Dovecot: each thing that can become of it, as facts and in its record."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest

from mailprobe.canary import OPEN
from mailprobe.evidence import Arrived, Broken, CanaryState, CleanedUp, Folder, Of, Removal, Replied, Secured, Stage
from mailprobe.probes import Target, canary
from mailprobe.probes.posting import AGAIN_AFTER
from mailprobe.probes.trip import GIVEN_UP
from mailprobe.store import open_store
from tests.e2e.real.mailing import Cut, Mailing, ours_in, taken, target_of, tree
from tests.e2e.real.postoffice import Mailbox, PostOffice, missing_programs
from tests.e2e.real.servers import DOORS

PEOPLE = ("live", "round", "kept", "junky", "grey", "cut", "cut_too", "dsn", "closed", "alone")
ACCESS = {"grey": "450 4.2.0 Greylisted, please try again in 300 seconds"}
S = CanaryState


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    missing = [f"{name} is not installed" for name in missing_programs()]
    missing += [] if os.geteuid() == 0 else ["starting private mail servers needs root"]
    if missing:
        pytest.skip("; ".join(missing))
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes={name: Mailbox() for name in PEOPLE}, access=dict(ACCESS), public=False) as opened,
    ):
        yield opened


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[Mailing]:
    async with open_store(f"sqlite:///{tmp_path}/m.db") as store:
        yield Mailing(store)


async def test_a_round_trip(office: PostOffice, mailing: Mailing) -> None:
    """T and L at once; seen within moments, taken out, and nothing else of the mailbox is another than before."""
    for number in range(3):
        office.deliver("round", f"Subject: {number}\r\n\r\nread\r\n".encode(), seen=True)
    before = tree(office.maildir("round"))
    assert await mailing.run(canary.probe, target_of(office, "round", office.at("mx"), live="live"))
    for of in (Of.TARGET, Of.LIVE):
        assert mailing.states(of) == [S.PLANNED, S.SENDING, S.ACCEPTED, S.SEEN, S.REMOVED], mailing.lines
    arrived = next(fact for fact in mailing.all(Arrived) if fact.of is Of.TARGET)
    assert (arrived.folder, arrived.took is not None) == (Folder.INBOX, True)
    assert [fact.outcome for fact in mailing.all(CleanedUp)] == [Removal.REMOVED] * 2
    assert tree(office.maildir("round")) == before
    assert not ours_in(office.maildir("round"))
    record = await mailing.record("round")
    assert "queued as" in record.reply
    assert taken(office, record.id) == 1


async def test_what_arrives_is_what_was_written(office: PostOffice, mailing: Mailing) -> None:
    target = target_of(office, "alone", office.at("mx"))
    assert await mailing.run(canary.send, target)
    record = await mailing.record("alone")
    assert record.state is S.ACCEPTED
    (path,) = await eventually(lambda: ours_in(office.maildir("alone")))
    mail = message_from_bytes(path.read_bytes())
    assert mail["Return-Path"] == f"<{record.sender}>"
    assert mail["To"] == "<alone@mail.test>"
    assert mail["Message-ID"].startswith(f"<{record.id}.")
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert record.number in text.decode()
    assert await mailing.run(canary.look, target)
    assert (await mailing.record("alone")).state is S.REMOVED
    assert not ours_in(office.maildir("alone"))


async def eventually(look: object, within: float = 10.0) -> list[Path]:
    until = time.monotonic() + within
    while time.monotonic() < until:
        found: list[Path] = look()  # type: ignore[operator]  # a function of no arguments
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("nothing came")


async def test_refused_at_the_end_of_data(office: PostOffice, mailing: Mailing) -> None:
    """The recipient is taken and the mail is not: another fact than a refused recipient."""
    assert await mailing.run(canary.probe, target_of(office, "closed", office.at("mx_reads")))
    last = [fact for fact in mailing.all(Replied) if fact.of is Of.TARGET][-1]
    assert (last.stage, last.code, last.enhanced) == (Stage.END_OF_DATA, 550, "5.7.1")
    assert (Stage.RCPT, 250) in {(fact.stage, fact.code) for fact in mailing.all(Replied)}
    assert mailing.states()[-1] is S.REFUSED
    assert not ours_in(office.maildir("closed"))


async def test_refused_at_rcpt(office: PostOffice, mailing: Mailing) -> None:
    assert await mailing.run(canary.probe, replace_secret(target_of(office, "nobody", office.at("mx"))))
    last = mailing.all(Replied)[-1]
    assert (last.stage, last.code, last.enhanced) == (Stage.RCPT, 550, "5.1.1")
    assert mailing.states()[-1] is S.REFUSED


def replace_secret(target: Target) -> Target:
    return replace(target, account=replace(target.account, secret=None))


async def test_greylisted_and_then_taken(office: PostOffice, mailing: Mailing) -> None:
    target = target_of(office, "grey", office.at("mx"))
    assert await mailing.run(canary.probe, target)
    first = await mailing.record("grey")
    assert (mailing.states()[-1], first.reply[:9]) == (S.PLANNED, "450 4.2.0")
    office.access.clear()
    office.reload()
    mailing.ahead = AGAIN_AFTER + 1
    assert await mailing.run(canary.probe, target)
    record = await mailing.record("grey")
    assert (record.state, record.id, record.sender) == (S.REMOVED, first.id, first.sender)
    assert taken(office, record.id) == 1


@pytest.mark.parametrize(("name", "passes"), [("cut", True), ("cut_too", False)])
async def test_cut_off_after_data(office: PostOffice, mailing: Mailing, name: str, passes: bool) -> None:
    """The wire breaks at the end of the mail. Whether it got through or not: uncertain, looked for, and never sent again."""
    cut = Cut(DOORS["mx_clear"][0], office.doors["mx_clear"], passes=passes)
    async with cut.open() as door:
        target = target_of(office, name, door)
        assert await mailing.run(canary.probe, target, within=4.0) is passes
        for _ in range(3):
            await mailing.run(canary.probe, target, within=1.0) if not passes else await mailing.run(canary.sweep, target)
    assert (cut.visits, cut.ends) == (1, 1)
    assert S.UNCERTAIN in mailing.states()
    assert [fact.stage for fact in mailing.all(Broken) if fact.server == door] == [Stage.END_OF_DATA]
    record = await mailing.record(name)
    assert (record.state, taken(office, record.id)) == ((S.REMOVED, 1) if passes else (S.UNCERTAIN, 0))
    mailing.ahead = GIVEN_UP + 1
    await mailing.run(canary.sweep, target)
    assert (await mailing.record(name)).state is (S.REMOVED if passes else S.LOST)
    assert not ours_in(office.maildir(name))


async def test_the_customer_takes_it_away_himself(office: PostOffice, mailing: Mailing) -> None:
    """Sent, seen by nobody of ours, deleted by him: no error; after a day it is given up."""
    target = target_of(office, "kept", office.at("mx"))
    assert await mailing.run(canary.send, target)
    for path in await eventually(lambda: ours_in(office.maildir("kept"))):
        path.unlink()
    assert await mailing.run(canary.look, target)
    assert (await mailing.record("kept")).state in OPEN
    mailing.ahead = GIVEN_UP + 1
    assert await mailing.run(canary.look, target)
    assert (await mailing.record("kept")).state is S.LOST


async def test_postfix_is_told_what_a_bounce_shall_name(office: PostOffice, mailing: Mailing) -> None:
    assert await mailing.run(canary.probe, target_of(office, "dsn", office.at("mx")))
    said = "\n".join(line.text for line in mailing.lines if line.who == "C")
    record = await mailing.record("dsn")
    assert f"RET=HDRS ENVID={record.id}." in said
    assert "NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;dsn@mail.test" in said


async def test_out_of_time_ends_at_once(office: PostOffice, mailing: Mailing) -> None:
    """A mail that does not come is watched for until the deadline, and the run ends with it."""
    cut = Cut(DOORS["mx_clear"][0], office.doors["mx_clear"], passes=False)
    async with cut.open() as door:
        began = time.monotonic()
        assert not await mailing.run(canary.probe, target_of(office, "junky", door), within=3.0)
    assert time.monotonic() - began < 3.5


async def test_through_a_relay(office: PostOffice, mailing: Mailing) -> None:
    """Nobody answers at the exchanger that is written down; the relay takes the mail, over the TLS that it offers."""
    target = target_of(office, "round", "127.0.0.9:1")
    target = replace(target, prober=replace(target.prober, relay=f"smtp://{office.at('mx')}"))
    assert await mailing.run(canary.probe, target)
    assert mailing.states()[-1] is S.REMOVED
    assert {fact.server for fact in mailing.all(Replied)} == {office.at("mx")}
    assert any(fact.server == office.at("mx") for fact in mailing.all(Secured))
