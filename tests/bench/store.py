"""Stored results per second on one core, in a file, each durable before its waiter goes on: `python -m tests.bench.store`.

The evidence is that of an MX check with TLS and of an IMAP sign-in, with transcripts, of 100,000 accounts; names are hidden as
in the daemon. Everything counts: the tasks that wait, writing facts down, SQLite, and the hand-over between the threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from mailprobe.check import seldom_collected
from mailprobe.evidence import Evidence
from mailprobe.store import Store, open_store, results
from mailprobe.store.batch import Committed
from mailprobe.store.connection import writing
from mailprobe.store.hidden import Hidden
from mailprobe.store.results import Outcome
from mailprobe.store.retention import AT_ONCE, Retention
from mailprobe.store.schema import definitions
from tests.unit.store.seen import IMAP, MX

AIM = 20_000
ROUNDS = 7
COUNT = 20_000
ACCOUNTS = 100_000
ABREAST = 1000  # tasks that keep results
NOW = 1_800_000_000.0


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds for all results of one round."""

    cpu: float
    wall: float
    commits: int
    longest: float  # COMMIT


async def one_round(store: Store, hidden: list[Hidden], number: int, commits: list[Committed]) -> Round:
    commits.clear()
    seen = [evidence_of(one) for one in range(number * COUNT, (number + 1) * COUNT)]
    left = iter(seen)

    async def worker() -> None:
        for evidence in left:
            await store.results.keep(evidence, Outcome.GOOD, hidden[int(evidence.account[1:]) % len(hidden)])

    began, used = time.perf_counter(), own_cpu()
    async with asyncio.TaskGroup() as group:
        for _ in range(ABREAST):
            group.create_task(worker())
    return Round(own_cpu() - used, time.perf_counter() - began, len(commits), max(one.took for one in commits))


def evidence_of(number: int) -> Evidence:
    account = number * 7919 % ACCOUNTS
    return replace(MX if number % 2 else IMAP, account=f"a{account:06d}", started=NOW + number / 1000)


async def alone(store: Store, hidden: Hidden) -> list[float]:
    """Seconds for one result at a time: what a live check waits for."""
    took = []
    for number in range(100):
        began = time.perf_counter()
        await store.results.keep(replace(MX, started=NOW + number), Outcome.GOOD, hidden)
        took.append(time.perf_counter() - began)
    return took


async def pruning(store: Store) -> list[float]:
    """Seconds for each step of pruning: so long somebody else waits."""
    took = []
    for _ in range(40):
        began = time.perf_counter()
        await store.prune(NOW + 3600.0, Retention(transcripts=0.0), most=1)
        took.append(time.perf_counter() - began)
    return took


async def measure(place: Path) -> int:
    commits: list[Committed] = []
    async with open_store(f"sqlite:///{place}", commits.append) as store:
        names = [(f"u{number:06d}@mail.test", "live@mail.test", f"u{number:06d}") for number in range(1000)]
        hidden = [store.results.hide(one) for one in names]
        rounds = [await one_round(store, hidden, number, commits) for number in range(ROUNDS + 1)][1:]
        show(rounds, place)
        shares(hidden, place.with_name("shares.db"))
        floor = statistics.median(bare(place.with_name(f"bare{number}.db")) for number in range(3))
        print(f"the driver alone, one table, no index:{floor:13.0f} per second of CPU")
        single = sorted(await alone(store, hidden[0]))
        print(f"one at a time: {statistics.median(single) * 1000:.2f} ms, the slowest of 100 {single[-1] * 1000:.1f} ms")
        steps = sorted(await pruning(store))
        print(
            f"pruning, {AT_ONCE} transcripts a step: {statistics.median(steps) * 1000:.1f} ms, slowest {steps[-1] * 1000:.1f} ms"
        )
    return 0


def shares(hidden: list[Hidden], place: Path) -> None:
    """Where the CPU of one result goes: making it ready, its statements table by table, and its part of a COMMIT; what is left is
    the hand-over between tasks and threads."""
    seen = [evidence_of(one) for one in range(COUNT)]
    began = own_cpu()
    rows = [results.made(one, Outcome.GOOD, hidden[int(one.account[1:]) % len(hidden)]) for one in seen]
    spent = defaultdict(float, {"making it ready": own_cpu() - began})
    with contextlib.closing(writing(str(place))) as connection:
        for statement in definitions():
            connection.raw.execute(statement)
        for start in range(0, COUNT, ABREAST):
            together = sorted(rows[start : start + ABREAST], key=lambda one: one.result[results.WHOSE])  # as the store does it
            numbered = list(enumerate(together, start + 1))
            connection.begin()
            for name, insert, values in (
                ("results and its index", results.KEEP, [(number, *one.result) for number, one in numbered]),
                ("transcripts", results.KEEP_LINES, [(number, *one.lines) for number, one in numbered]),
                ("last_results", results.KEEP_LAST, [(*one.last, number) for number, one in numbered]),
            ):
                began = own_cpu()
                connection.transaction.put(insert, values)
                spent[name] += own_cpu() - began
            began = own_cpu()
            connection.commit()
            spent["COMMIT"] += own_cpu() - began
    print("CPU of one result, us:  " + ", ".join(f"{name} {used / COUNT * 1e6:.0f}" for name, used in spent.items()))


def bare(place: Path) -> float:
    """Octets of the same number and size into one table without any index, by the driver alone: results per second of CPU."""
    with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, account TEXT, started REAL, facts BLOB, lines BLOB)")
        rows = [(f"a{number:06d}", NOW + number, bytes(1200), bytes(700)) for number in range(COUNT)]
        used = own_cpu()
        for start in range(0, COUNT, ABREAST):
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(
                "INSERT INTO bare (account, started, facts, lines) VALUES (?, ?, ?, ?)", rows[start : start + ABREAST]
            )
            raw.execute("COMMIT")
        return COUNT / (own_cpu() - used)


def show(rounds: list[Round], place: Path) -> None:
    for title, rates in (
        ("CPU of one core", [COUNT / one.cpu for one in rounds]),
        ("wall clock", [COUNT / one.wall for one in rounds]),
    ):
        print(
            f"results per second, {title:16}{statistics.median(rates):8.0f} ({min(rates):.0f}-{max(rates):.0f})   (aim >= {AIM})"
        )
    per_commit = COUNT / statistics.median(one.commits for one in rounds)
    size = sum(file.stat().st_size for file in place.parent.iterdir()) / (COUNT * (ROUNDS + 1))
    print(f"{per_commit:.0f} results in one transaction, longest COMMIT {max(one.longest for one in rounds) * 1000:.0f} ms")
    print(f"{size:.0f} octets on the disk for each, WAL and indices with them")


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    os.sched_setaffinity(0, {0})
    seldom_collected()  # as the program itself does
    with TemporaryDirectory(prefix="mailprobe-store-") as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(Path(folder) / "m.db"))


if __name__ == "__main__":
    sys.exit(main())
