"""Jobs: durable, each key once, each taken by one, and never lost with their taker."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mailprobe.store import open_store
from mailprobe.store.jobs import KEPT, LEASE, MOST_TRIES, Job

NOW = 1_800_000_000.0


def url(path: Path) -> str:
    return f"sqlite:///{path / 'm.db'}"


async def test_a_job_is_due_at_its_time_and_taken_once() -> None:
    async with open_store("sqlite://") as store:
        jobs = store.jobs
        await jobs.add("tanaka", "mx", NOW + 60, "greylisted:1", NOW)
        await jobs.add("suzuki", "imap", NOW + 30, "confirm:2", NOW)
        assert await jobs.take(NOW + 29, 10) == ()
        assert await jobs.take(NOW + 61, 1) == (Job("confirm:2", "suzuki", "imap", NOW + 30),)
        assert await jobs.take(NOW + 61, 10) == (Job("greylisted:1", "tanaka", "mx", NOW + 60),)
        assert await jobs.take(NOW + 61, 10) == ()


async def test_the_same_key_is_the_same_job_also_after_it_ran() -> None:
    async with open_store("sqlite://") as store:
        jobs = store.jobs
        await jobs.add("tanaka", "mx", NOW, "a", NOW)
        await jobs.add("tanaka", "imap", NOW + 99, "a", NOW)
        assert [job.probe for job in await jobs.take(NOW, 10)] == ["mx"]
        await jobs.done("a", NOW + 5)
        await jobs.add("tanaka", "mx", NOW, "a", NOW + 6)
        assert await jobs.take(NOW + 1e6, 10) == ()
        await jobs.add("tanaka", "mx", NOW, "b", NOW)
        await jobs.done("b", NOW + 5 + KEPT + 1)
        await jobs.add("tanaka", "mx", NOW, "a", NOW + KEPT + 10)
        assert [job.key for job in await jobs.take(NOW + KEPT + 10, 10)] == ["a"]  # a month later nobody remembers


async def test_a_taker_that_died_holds_a_job_no_longer_than_its_lease() -> None:
    async with open_store("sqlite://") as store:
        await store.jobs.add("tanaka", "mx", NOW, "a", NOW)
        assert len(await store.jobs.take(NOW, 10)) == 1
        assert await store.jobs.take(NOW + LEASE - 1, 10) == ()
        assert [job.tries for job in await store.jobs.take(NOW + LEASE, 10)] == [1]
        assert [job.tries for job in await store.jobs.take(NOW - 3600, 10)] == []  # not due yet by this clock
        await store.jobs.give_back("a")
        assert [job.tries for job in await store.jobs.take(NOW + LEASE, 10)] == [1]


async def test_a_job_taken_under_a_clock_that_was_put_back_is_due_again() -> None:
    async with open_store("sqlite://") as store:
        await store.jobs.add("tanaka", "mx", NOW, "a", NOW)
        assert await store.jobs.take(NOW + 7200, 10)
        assert await store.jobs.take(NOW + 1, 10)


async def test_a_job_that_kills_its_takers_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async with open_store("sqlite://") as store:
        await store.jobs.add("tanaka", "mx", NOW, "a", NOW)
        with caplog.at_level(logging.WARNING):
            took = [len(await store.jobs.take(NOW + LEASE * number, 10)) for number in range(MOST_TRIES + 2)]
        assert took == [1] * MOST_TRIES + [0, 0]
        assert "MP1601" in caplog.text


async def test_two_programs_never_hold_the_same_job(tmp_path: Path) -> None:
    async with open_store(url(tmp_path)) as one, open_store(url(tmp_path)) as other:
        for number in range(40):
            await one.jobs.add("tanaka", "mx", NOW, f"job {number:02}", NOW)
        taken = await asyncio.gather(*(store.jobs.take(NOW, 3) for _ in range(10) for store in (one, other)))
        keys = [job.key for jobs in taken for job in jobs]
        assert len(keys) == len(set(keys)) == 40
        assert one.jobs.schedule_key() == other.jobs.schedule_key()


async def test_slots_of_one_store_are_not_those_of_another(tmp_path: Path) -> None:
    async with open_store(url(tmp_path)) as one, open_store("sqlite://") as other:
        key = one.jobs.schedule_key()
        assert key != other.jobs.schedule_key()
    async with open_store(url(tmp_path)) as again:
        assert again.jobs.schedule_key() == key


ADDS = """
import asyncio, os, signal, sys
from mailprobe.store import open_store
async def main():
    async with open_store(sys.argv[1]) as store:
        for number in range(1000):
            await store.jobs.add("tanaka", "mx", 5.0, f"job {number}", 1.0)
            print(number, flush=True)
asyncio.run(main())
"""


async def test_what_was_said_to_be_kept_outlives_a_kill(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ADDS, url(tmp_path)], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220  killed below
    assert child.stdout is not None
    for _ in range(20):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    said = 20 + len(child.stdout.readlines())
    child.wait()
    with sqlite3.connect(tmp_path / "m.db") as raw:
        kept = raw.execute("SELECT count(*) FROM jobs").fetchone()[0]
    assert said <= kept <= said + 1
    async with open_store(url(tmp_path)) as store:
        assert len(await store.jobs.take(NOW, 1000)) == kept
