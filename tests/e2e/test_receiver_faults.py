"""What the receiver says when something of ours fails: a number, and 250 never before the mail is durable."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from mailprobe.bounces.door import Bounds, Reason
from mailprobe.bounces.intake import Desk, Outcome, take_in
from mailprobe.bounces.receiver import Received, Receiver
from mailprobe.store import open_store
from mailprobe.store.database import Database
from tests.e2e.receiver_client import FAULT, Shelf, greeted, house, send, signed
from tests.unit.bounces.mails import ADDRESS, SIGNER, Book, dsn, planned

MARK = "dsn=postgresql://mp:s3cret@db/mailprobe taro@mail.test"


@pytest.mark.parametrize("error", [ValueError(MARK), OSError(MARK), RecursionError(MARK), MemoryError(MARK), KeyError(MARK)])
async def test_a_store_that_fails_shows_a_number_and_nothing_else(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(trouble=error)
    async with house(shelf.keep) as receiver, greeted(receiver) as one:
        said = await send(one, b"x\r\n", signed())
        assert FAULT.fullmatch(said)
        shelf.trouble = None
        assert await send(one, b"x\r\n", signed()) == b"250 2.0.0 OK\r\n"
    number = said[-11:-3].decode()
    assert number in caplog.text
    assert type(error).__name__ in caplog.text
    assert "s3cret" not in caplog.text
    assert "taro" not in caplog.text
    assert receiver.rejected == {Reason.STORE: 1}


@pytest.mark.parametrize("hook", ["judge", "take"])
async def test_any_error_of_ours_shows_a_number_and_nothing_else(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(MARK)

    async with house(Shelf().keep) as receiver, greeted(receiver) as one:
        monkeypatch.setattr(Receiver, hook, fails)
        assert FAULT.fullmatch(await send(one, b"x\r\n", signed()))
        assert (await one.say(b"NOOP")).startswith(b"250 ")
    assert receiver.rejected == {Reason.FAULT: 1}


async def test_a_keep_that_hangs_is_no_250() -> None:
    async def keep(mail: Received) -> None:
        await asyncio.Event().wait()

    async with house(keep, Bounds(quiet=0.0, keep=0.1)) as receiver, greeted(receiver) as one:
        assert FAULT.fullmatch(await send(one, b"x\r\n", signed()))


async def test_a_store_that_is_locked_or_full_is_no_250(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patiently = Database.transact
    monkeypatch.setattr(Database, "transact", lambda self, work, within=0.1: patiently(self, work, 0.1))
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}") as store, house(store.bounces.keep) as receiver, greeted(receiver) as one:
        other = sqlite3.connect(place, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert FAULT.fullmatch(await send(one, dsn(), signed()))
        other.execute("COMMIT")
        assert await store.bounces.waiting(time.time()) is None
        assert await send(one, dsn(), signed()) == b"250 2.0.0 OK\r\n"
        pages = other.execute("PRAGMA page_count").fetchone()[0]
        other.close()
        await store.bounces._database.run(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
        assert FAULT.fullmatch(await send(one, (b"y" * 900 + b"\r\n") * 60, signed()))
    assert (receiver.kept, receiver.rejected) == (1, {Reason.STORE: 2})


async def test_a_bounce_that_is_sent_again_and_again_counts_once() -> None:
    async with open_store("sqlite://") as store, house(store.bounces.keep) as receiver:
        subject = store.bounces.hashed(ADDRESS)
        book = Book().put(planned("c1", subject, planned_at=time.time() - 60))
        desk = Desk(store.bounces, book, SIGNER, time.time, 5.0)
        told = []
        for n in range(20):
            async with greeted(receiver) as one:
                raw = dsn(stamp=SIGNER.stamp("c1")) + b"hop %d\r\n" % (n // 2)
                assert (await send(one, raw, signed(subject))).startswith(b"250 ")
            told += [one.outcome for one in await take_in(desk)]
        assert told == [Outcome.BOUNCED] + [Outcome.DUPLICATE] * 9
        assert len(await store.bounces.of_mailbox(subject, 0.0)) == 1
