"""What one slot of the schedule costs the daemon: `python -m tests.bench.slots [COUNT] [--abreast N]`.

The daemon of `tests.bench.fleet` with fewer accounts, whose slots (`imap` with TLS and `mx` with STARTTLS) are carried by the
program's own engine, and their rows kept, judged and told by its own schedule. Told is CPU, not time: on a machine that is
shared nothing else stays, and the servers of another process are not in it. What a daemon does beside its slots (pages, pruning,
the look at itself) is not in it either: that is what the fleet bench is for. What the client's part of a TLS handshake costs at
the same time is told as a yardstick: a core that another program wants as well does less in a second of CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import MemoryBIO
from tempfile import TemporaryDirectory

from mailprobe.check import run_loop
from mailprobe.config import Account, load
from mailprobe.daemon import open_house
from mailprobe.engine import UNWATCHED, Due, Order
from mailprobe.engine.rows import ran
from mailprobe.net.sealed import Sealed
from mailprobe.net.tls import context
from mailprobe.serve.duty import opened
from mailprobe.serve.scheduling import row_ended
from mailprobe.serve.shift import on_shift
from mailprobe.serve.watching import Watching
from mailprobe.store.batch import Committed
from tests.bench.fleet import HOSTS, Size, resident, said_by, write
from tests.e2e.real import certificates
from tests.e2e.real.postoffice import free_port

PROBES = ("mx", "imap")
ROUNDS = 5
HANDSHAKES = 200
WARM = 100  # slots before anything is measured


@dataclass(frozen=True, slots=True)
class Used:
    """Milliseconds of CPU for one check: of the loop's thread, and of all threads."""

    loop: float
    all: float


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=2000)
    parser.add_argument("--abreast", type=int, default=8)
    given = parser.parse_args()
    os.environ["BENCH_SECRET"] = "bench-Marker-0815"
    with TemporaryDirectory(prefix="mailprobe-slots-") as name, servers(Path(name), given.count + WARM):
        run_loop(measure(Path(name) / "mailprobe.toml", given.abreast))
    return 0


@contextmanager
def servers(folder: Path, accounts: int) -> Iterator[None]:
    """The fleet's servers and its configuration, as long as the block lasts."""
    imap, mx, http = free_port(), free_port(), free_port()
    certificates.Authority().write(folder)
    serving = [sys.executable, "-m", "tests.bench.fleet_servers", str(folder / "good.pem"), str(imap), str(mx), *HOSTS]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True) as process:
        try:
            dns = said_by(process).strip()
            write(folder, Size(accounts, 0.0, 0.0), dns=dns, http=http, imap=imap, mx=mx)
            yield
        finally:
            process.terminate()


async def measure(config: Path, abreast: int) -> None:
    async with open_house(load(config)) as house, on_shift(house, None) as shift:
        watching = await opened(shift)
        left = iter(house.config.accounts)
        await carried(watching, list(itertools.islice(left, WARM)), abreast)
        before = resident(os.getpid())
        accounts = list(left)
        size = max(1, len(accounts) // ROUNDS)
        commits: list[Committed] = []
        house.commits.told = commits.append
        rounds = [await carried(watching, accounts[start : start + size], abreast) for start in range(0, len(accounts), size)]
        show(rounds[:ROUNDS], len(accounts))
        print(f"the client's part of a TLS handshake, of which each check has one: {handshake(config.parent):.2f} ms")
        works, checks = sum(one.works for one in commits), len(accounts) * len(PROBES)
        print(f"store: {works / checks:.1f} works a check, {works / len(commits):.1f} in one transaction")
        print(f"memory: {(resident(os.getpid()) - before) * 1000 / len(accounts):.1f} KB more for each account that was asked")


def handshake(folder: Path) -> float:
    """Milliseconds of CPU for the client's part of a TLS handshake, over memory: each check has one."""
    used, server = [], ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "good.pem", folder / "good.key")
    for _ in range(HANDSHAKES):
        client, (arrived, leaving) = Sealed(context(folder / "ca.pem", "default", True), HOSTS[0]), (MemoryBIO(), MemoryBIO())
        peer, wire, took, done = server.wrap_bio(arrived, leaving, server_side=True), b"", 0.0, False
        while not done:
            began = time.thread_time()
            done = client.shake(wire)
            took += time.thread_time() - began
            arrived.write(client.leaving.read())
            with contextlib.suppress(ssl.SSLWantReadError):
                peer.do_handshake()
            wire = leaving.read()
        used.append(took * 1000)
    return statistics.median(used)


async def carried(watching: Watching, accounts: list[Account], abreast: int) -> Used:
    left = iter(enumerate(accounts))

    async def worker() -> None:
        for number, account in left:
            await slot(watching, account, number)

    loop, every = time.thread_time(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(abreast):
            group.create_task(worker())
    checks = len(accounts) * len(PROBES) / 1000
    return Used((time.thread_time() - loop) / checks, (time.process_time() - every) / checks)


async def slot(watching: Watching, account: Account, number: int) -> None:
    """As `Serving` does it."""
    house = watching.shift.house
    due = Due(account, house.clock.wall(), PROBES, number)
    order = Order(account, house.config.carriers[account.carrier], house.config.prober, PROBES, slot=number)
    await row_ended(watching, ran(due, await house.engine.live(order, UNWATCHED)))


def show(rounds: list[Used], slots: int) -> None:
    print(f"{slots} slots, each with {' and '.join(PROBES)}")
    for title, figures in (
        ("of all threads", [one.all for one in rounds]),
        ("of the loop", [one.loop for one in rounds]),
        ("of the others", [one.all - one.loop for one in rounds]),
    ):
        print(f"ms of CPU a check, {title:16}{statistics.median(figures):6.2f} ({min(figures):.2f}-{max(figures):.2f})")


if __name__ == "__main__":
    sys.exit(main())
