"""Group commit: what is told is durable, what fails spoils nothing else, who waits may go away; and a store in trouble."""

from __future__ import annotations

import asyncio
import hmac
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection, text

from mailprobe.store import StoreError, Trouble, open_store
from mailprobe.store import lane as lanes
from mailprobe.store.batch import Committed, Job
from mailprobe.store.connection import Connection as StoreConnection
from mailprobe.store.connection import writing
from mailprobe.store.database import Database, keyed, open_database
from mailprobe.store.lane import Lane
from mailprobe.store.results import Outcome
from mailprobe.store.statement import Transaction
from tests.unit.store.seen import MX

SEEDS = 100 if settings.get_current_profile_name() == "full" else 3


def add(name: str) -> Callable[[Transaction], object]:
    return lambda transaction: (
        transaction.core.execute(text("INSERT INTO house (name, value) VALUES (:name, x'')"), {"name": name}) and None
    )


def names(transaction: Transaction) -> list[str]:
    return [row[0] for row in transaction.sql("SELECT name FROM house WHERE name != 'key' ORDER BY rowid")]


class Held:
    """A work that keeps the thread busy until `go`, so that others queue up behind it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._go, self.began = threading.Event(), asyncio.Event()

    def __call__(self, transaction: Transaction) -> None:
        self._loop.call_soon_threadsafe(self.began.set)
        self._go.wait(10)

    def go(self) -> None:
        self._go.set()


async def together(database: Database, *works: Callable[[Transaction], object]) -> list[object]:
    """The works in one batch; what each came to."""
    held = Held()
    first = asyncio.create_task(database.transact(held))
    await held.began.wait()
    tasks = [asyncio.create_task(database.transact(work)) for work in works]
    await asyncio.sleep(0)
    held.go()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Another program in the middle of a transaction."""
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_what_an_older_program_has_hashed_is_found_again() -> None:
    one = keyed(b"key")
    for words in (("address", "a@mail.test"), ("login", "\ud800", ""), ()):
        said = "\0".join(words).encode("utf-8", "surrogatepass")
        assert one(*words) == hmac.digest(b"key", said, "sha256").hex()[:32]


async def test_what_waits_is_committed_together() -> None:
    seen: list[Committed] = []
    database = await open_database(":memory:", seen.append)
    seen.clear()
    await together(database, *(add(f"n{number}") for number in range(20)))
    assert [one.works for one in seen] == [20]
    assert all(one.took >= 0 for one in seen)
    await database.close()


async def test_what_is_asked_for_in_one_turn_goes_over_together() -> None:
    seen: list[Committed] = []
    database = await open_database(":memory:", seen.append)
    seen.clear()
    await asyncio.gather(*(database.transact(add(f"n{number}")) for number in range(20)))
    assert [one.works for one in seen] == [20]
    database.soon(add("last"))  # and what nobody waits for is not lost by an end that comes at once
    await database.close()
    assert [one.works for one in seen] == [20, 1]


async def test_a_busy_store_gathers_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Committed] = []
    database = await open_database(":memory:", seen.append)
    monkeypatch.setattr(lanes, "BUSY", 0.0)  # what opened it was enough
    monkeypatch.setattr(lanes, "GATHERS", 0.1)
    seen.clear()
    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(database.transact(add(f"n{number}"))))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert [one.works for one in seen] == [5]
    database.soon(add("last"))
    await database.close()  # does not wait for the moment to be over
    assert [one.works for one in seen] == [5, 1]


async def test_more_than_fits_into_a_transaction_goes_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST", 10)
    seen: list[Committed] = []
    database = await open_database(":memory:", seen.append)
    seen.clear()
    done = await together(database, *(add(f"n{number}") for number in range(25)))
    assert [one.works for one in seen] == [10, 10, 5]
    assert len(done) == 25
    assert database._writer.waiting == 0
    await database.close()


async def test_one_that_fails_spoils_nothing_for_the_others() -> None:
    database = await open_database(":memory:")

    def half(transaction: Transaction) -> None:
        add("half")(transaction)
        raise LookupError("no")

    done = await together(database, add("a"), half, add("b"), add("a"), lambda transaction: "read")
    assert [type(one) for one in done] == [type(None), LookupError, type(None), StoreError, str]
    assert await database.read(names) == ["a", "b"]
    assert isinstance(done[3], StoreError)
    assert done[3].trouble is None  # the store is well: the row was at fault
    assert database.trouble is None
    await database.close()


async def test_works_in_sqlalchemys_own_terms_are_of_the_same_kind() -> None:
    database = await open_database(":memory:")

    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO house (name, value) VALUES ('core', x'')"))
        return int(connection.execute(text("SELECT count(*) FROM house")).scalar_one())

    def broken(connection: Connection) -> None:
        work(connection)  # the name is there by now

    assert await database.run(work) == 2
    with pytest.raises(StoreError, match="UNIQUE"):
        await database.run(broken)
    assert await database.read(names) == ["core"]
    await database.close()


async def test_who_has_gone_away_before_his_turn_gets_nothing_done() -> None:
    database = await open_database(":memory:")
    held = Held()
    first = asyncio.create_task(database.transact(held))
    await held.began.wait()
    waits = asyncio.create_task(database.transact(add("never")))
    await asyncio.sleep(0)
    waits.cancel()
    held.go()
    await first
    assert await database.transact(names) == []
    await database.close()


async def test_a_transaction_that_has_begun_is_whole_though_nobody_waits() -> None:
    database = await open_database(":memory:")
    held = Held()

    def work(transaction: Transaction) -> None:
        add("one")(transaction)
        held(transaction)
        add("two")(transaction)

    task = asyncio.create_task(database.transact(work))
    await held.began.wait()
    task.cancel()
    held.go()
    assert await database.transact(names) == ["one", "two"]
    await database.close()


async def test_a_closed_store_takes_nothing_more() -> None:
    database = await open_database(":memory:")
    await database.close()
    with pytest.raises(RuntimeError):
        await database.transact(names)
    database.soon(add("late"))  # who cannot wait cannot be told either


async def test_a_fault_of_our_own_is_told_and_the_thread_goes_on() -> None:
    faults = [ValueError("a bug")]

    def connect(place: str) -> StoreConnection:
        if faults:
            raise faults.pop()
        return writing(place)

    lane = Lane(":memory:", connect, lambda committed: None)
    for expected in (ValueError, None):
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        lane.put(Job(lambda connection: 7, told, 1.0))
        if expected is not None:
            with pytest.raises(expected):
                await told
        else:
            assert await told == 7
    await lane.end()


async def test_a_locked_store_keeps_nobody_longer_than_he_will_wait(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    database = await open_database(str(place))
    with locked(place):
        patient = asyncio.create_task(database.transact(add("patient"), within=30.0))
        began = time.monotonic()
        with pytest.raises(StoreError) as caught:
            await database.transact(add("hasty"), within=0.3)
        assert time.monotonic() - began < 5.0
        assert caught.value.trouble is Trouble.LOCKED
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.transact(add("cancelled"), within=30.0)
        assert await database.read(names) == []  # reading goes on
        assert database.trouble is Trouble.LOCKED
    await patient
    assert await database.read(names) == ["patient"]
    assert database.trouble is None
    await database.close()


async def test_a_lock_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    """Lateness of a task that wants to run every 10 ms, while fifty others wait for the file."""
    place = tmp_path / "m.db"
    database = await open_database(str(place))
    late: list[float] = []
    with locked(place):
        waiting = [asyncio.create_task(database.transact(add(f"n{number}"), within=0.8)) for number in range(50)]
        while not all(task.done() for task in waiting):
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - due)
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, StoreError) and one.trouble is Trouble.LOCKED for one in done)
    assert len(late) > 20
    assert sorted(late)[len(late) // 2] < 0.05
    await database.close()


async def test_a_full_disk_is_told_and_mends_by_itself(tmp_path: Path) -> None:
    """SQLite's own limit on pages stands for the disk: it is the same error at the same place."""
    async with open_store(f"sqlite:///{tmp_path}/m.db") as store:
        mask, database = store.results.hide(()), store.database
        first = await store.results.keep(MX, Outcome.GOOD, mask)
        size = await database.transact(lambda transaction: transaction.sql("PRAGMA page_count")[0][0])
        await database.transact(lambda transaction: transaction.sql(f"PRAGMA max_page_count = {size + 4}"))
        kept, refused = [first], None
        while refused is None:
            try:
                kept.append(await store.results.keep(MX, Outcome.GOOD, mask))
            except StoreError as error:
                refused = error
        assert (refused.trouble, store.trouble) == (Trouble.FULL, Trouble.FULL)
        assert refused.hint == "free some disk space"
        await database.transact(lambda transaction: transaction.sql("PRAGMA max_page_count = 1000000"))
        await store.beat(1.0)
        assert store.trouble is None
        kept.append(await store.results.keep(MX, Outcome.GOOD, mask))
        assert sorted(one.id for one in await store.results.of_account("tanaka", mask)) == sorted(kept)


async def test_a_real_disk_that_is_full(tmp_path: Path) -> None:
    if not small_disk(tmp_path):
        pytest.skip("only root may mount a small disk")
    try:
        async with open_store(f"sqlite:///{tmp_path}/m.db") as store:
            mask, filler = store.results.hide(()), tmp_path / "filler"
            first = await store.results.keep(MX, Outcome.GOOD, mask)
            fill(filler)
            with pytest.raises(StoreError) as caught:
                await asyncio.gather(*(store.results.keep(MX, Outcome.GOOD, mask) for _ in range(2000)))
            assert caught.value.trouble is Trouble.FULL
            acknowledged = len(await store.results.of_account("tanaka", mask, most=1000))
            filler.unlink()
            await store.beat(1.0)
            assert store.trouble is None
            last = await store.results.keep(MX, Outcome.GOOD, mask)
            found = [one.id for one in await store.results.of_account("tanaka", mask, most=1000)]
            assert len(found) == acknowledged + 1
            assert {first, last} <= set(found)
    finally:
        unmount(tmp_path)


def unmount(place: Path) -> None:
    subprocess.run(["umount", str(place)], check=True)


def small_disk(place: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            return


async def test_a_file_that_is_damaged_is_told_as_broken(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(f"sqlite:///{place}"):
        pass
    raw = bytearray(place.read_bytes())
    raw[200:] = os.urandom(len(raw) - 200)  # the head is whole, so that it is taken for a database
    place.write_bytes(raw)
    with pytest.raises(StoreError) as caught:
        async with open_store(f"sqlite:///{place}"):
            pass
    assert caught.value.trouble is Trouble.BROKEN


KEEP = """
import asyncio, sys
from dataclasses import replace
from mailprobe.store import open_store
from mailprobe.store.results import Outcome
from tests.unit.store.seen import MX
async def main():
    async with open_store(sys.argv[1]) as store:
        mask = store.results.hide(())
        async def one(number):
            while True:
                kept = await store.results.keep(replace(MX, account=f"a{number}"), Outcome.GOOD, mask)
                print(kept, number, flush=True)
        await asyncio.gather(*(one(number) for number in range(20)))
asyncio.run(main())
"""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_that_was_acknowledged_is_lost_by_a_kill(tmp_path: Path, seed: int) -> None:
    place, chance = tmp_path / "m.db", random.Random(seed)  # noqa: S311  repeatable, not secret
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", KEEP, f"sqlite:///{place}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline()]
        ends = time.monotonic() + chance.uniform(0.0, 0.3)
        while time.monotonic() < ends:
            acknowledged.append(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        acknowledged += child.stdout.readlines()
    told = {tuple(line.split()) for line in acknowledged if line.endswith("\n")}
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        held = {(str(number), account[1:]) for number, account in raw.execute("SELECT id, account FROM results")}
        lines = {str(row[0]) for row in raw.execute("SELECT result FROM transcripts")}
    assert told
    assert told <= held
    assert lines == {number for number, _ in held}  # a result is there whole, or not at all
