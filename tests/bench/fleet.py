"""The daemon with a hundred thousand accounts on one core: `python -m tests.bench.fleet [--quick] [--every MINUTES] [ACCOUNTS]`.

Each account is asked by `imap` (TLS) and `mx` (STARTTLS) every 15 minutes at servers in another process; three in ten fail. The
whole program works: schedule, probes, limits, store in a file, status, metrics, which are scraped. In full it runs until every
account was asked once and for five minutes more; --quick measures 45 seconds, and tells what memory grows by per account. A core
that is too slow for 15 minutes shows with a longer interval what it can do, and what so many accounts take.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mailprobe.check import run_loop
from mailprobe.config import Config
from mailprobe.serve import configured_for_serving
from mailprobe.serve import serve as daemon
from tests.bench import fleet_servers
from tests.e2e.real import certificates
from tests.e2e.real.postoffice import free_port

EVERY = 15  # minutes
HOSTS = certificates.ADDRESSES[:5]
SCRAPED = 15.0  # seconds between two scrapes
ON_TIME = 1.0  # seconds: a slot that has begun so late is still on time
LOOK = 0.05  # seconds between two looks at the loop
OUTCOMES = ("good", "bad", "unknown", "held", "our_fault")

CONFIG = """
[prober]
name = "probe.bench.test"
mail_from = "probe@probe.bench.test"
allow_networks = ["127.0.0.0/8"]
resolvers = ["127.0.0.1:{dns}"]
[store]
url = "sqlite:///{folder}/m.db"
[http]
listen = "127.0.0.1:{http}"
[accounts_from]
csv = "{folder}/accounts.csv"
"""
CARRIER = """
[carriers.c{number}]
relation = "own"
domains = ["c{number}.bench.test"]
mx = ["{host}:{mx}"]
imap = "imaps://{host}:{imap}"
tls_ca = "{folder}/ca.pem"
username = "{{local}}"
live_controls = [{{ address = "live@c{number}.bench.test", secret = "env:BENCH_SECRET" }}]
dead_control = "nobody-7f3a@c{number}.bench.test"
limits = {{ sessions = 50 }}
"""


@dataclass(frozen=True, slots=True)
class Size:
    accounts: int
    settles: float  # seconds before anything is measured
    measured: float
    every: int = EVERY


@dataclass(slots=True)
class Sight:
    """What was seen of the daemon. lags: milliseconds; all others are of the beginning and of the end: of /metrics, of the clock,
    seconds of CPU, seconds that the loop's thread was ready to run and did not, MB."""

    lags: list[float] = field(default_factory=list)
    counted: list[Mapping[str, float]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)

    def look(self, pid: int, http: int) -> None:
        self.counted.append(scraped(http))
        self.times.append(time.monotonic())
        self.cpu.append(cpu(pid))
        self.waited.append(int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9)
        self.resident.append(resident(pid))

    def between(self, name: str) -> float:
        return self.counted[-1].get(name, 0.0) - self.counted[0].get(name, 0.0)

    def outcome(self, name: str) -> float:
        return self.total("mailprobe_probes_total{", f'outcome="{name}"')

    def total(self, start: str, holds: str = "") -> float:
        names = {name for one in self.counted for name in one if name.startswith(start) and holds in name}
        return sum(self.between(name) for name in names)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--daemon", type=Path)
    parser.add_argument("accounts", nargs="?", type=int, default=100_000)
    given = parser.parse_args()
    if given.daemon is not None:
        return be_daemon(given.daemon)
    settles, measured = (30.0, 45.0) if given.quick else (given.every * 66.0, 300.0)  # a tenth more than one interval
    size = Size(given.accounts, settles, measured, given.every)
    with TemporaryDirectory(prefix="mailprobe-fleet-") as name, at_work(Path(name), size) as (process, http):
        show(watched(process, http, size), size)
    return 0


# in the daemon's process


def be_daemon(config: Path) -> int:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    run_loop(looked_at(configured_for_serving(config)))
    return 0


async def looked_at(config: Config) -> None:
    """The daemon, and beside it somebody who looks how late the loop comes back."""
    looking = asyncio.create_task(look())
    await daemon(config)
    looking.cancel()


async def look() -> None:
    lags: list[float] = []
    told = time.monotonic()
    while True:
        before = time.monotonic()
        await asyncio.sleep(LOOK)
        lags.append((time.monotonic() - before - LOOK) * 1000)
        if before - told >= 1.0:
            print(json.dumps([round(one, 2) for one in lags]), flush=True)
            lags, told = [], before


# outside


@contextmanager
def at_work(folder: Path, size: Size) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Servers and daemon as long as the block lasts."""
    imap, mx, http = free_port(), free_port(), free_port()
    certificates.Authority().write(folder)
    serving = [sys.executable, "-m", "tests.bench.fleet_servers", str(folder / "good.pem"), str(imap), str(mx), *HOSTS]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True) as servers:
        try:
            dns = said_by(servers)
            write(folder, size, dns=dns.strip(), http=http, imap=imap, mx=mx)
            command = [sys.executable, "-m", "tests.bench.fleet", "--daemon", str(folder / "mailprobe.toml")]
            environ = {**os.environ, "BENCH_SECRET": "bench-Marker-0815"}
            with (
                (folder / "log").open("wb") as log,
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ) as process,
            ):
                try:
                    yield process, http
                finally:
                    process.terminate()
                    process.communicate(timeout=60)
        finally:
            servers.terminate()


def said_by(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise RuntimeError("it has ended")
    return line


def write(folder: Path, size: Size, **ports: Any) -> None:
    parts = [CONFIG.format(folder=folder, **ports)]
    parts += [CARRIER.format(folder=folder, number=number, host=host, **ports) for number, host in enumerate(HOSTS)]
    (folder / "mailprobe.toml").write_text("".join(parts))
    with (folder / "accounts.csv").open("w") as file:
        file.write("id,address,carrier,group,secret,probes,every\n")
        for number in range(size.accounts):
            carrier = f"c{number % len(HOSTS)}"
            address = f"u{number:06d}@{carrier}.{fleet_servers.ZONE}"
            file.write(f'a{number:06d},{address},{carrier},g{number % 7},env:BENCH_SECRET,"imap mx",{size.every}m\n')


def watched(process: subprocess.Popen[str], http: int, size: Size) -> Sight:
    sight, began = Sight(), time.monotonic()
    said_by(process)  # the loop turns
    print(f"loop turns after {time.monotonic() - began:.1f} s, {resident(process.pid):.0f} MB", flush=True)
    until = time.monotonic() + size.settles
    while time.monotonic() < until:
        said_by(process)
    sight.look(process.pid, http)
    began = scraped_at = time.monotonic()
    while (now := time.monotonic()) < began + size.measured:
        sight.lags += json.loads(said_by(process))
        if now - scraped_at >= SCRAPED:
            scraped_at = now
            scraped(http)
    sight.look(process.pid, http)
    return sight


def scraped(http: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", timeout=30) as answer:
        found = re.findall(r"^(\S+) (\S+)$", answer.read().decode(), re.MULTILINE)
    return {name: float(value) for name, value in found if not name.startswith("mailprobe_account_")}


def resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu(pid: int) -> float:
    """Of all threads, seconds."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def show(sight: Sight, size: Size) -> None:
    seconds = sight.times[-1] - sight.times[0]
    begun, skipped = sight.between("mailprobe_slot_lateness_seconds_count"), sight.between("mailprobe_slots_skipped_total")
    in_time = sight.between(f'mailprobe_slot_lateness_seconds_bucket{{le="{ON_TIME}"}}')
    runs = sight.total("mailprobe_probes_total{")
    used, lags = (sight.cpu[-1] - sight.cpu[0]) / seconds, sorted(sight.lags)
    behind = (sight.waited[-1] - sight.waited[0]) / seconds
    grown = (sight.resident[-1] - sight.resident[0]) / max(begun, 1) * 1000
    print(f"{size.accounts} accounts, imap (TLS) + mx (STARTTLS) every {size.every} min, measured for {seconds:.0f} s")
    told("checks per second", f"{runs / seconds:.1f}", f"the schedule asks for {size.accounts * 2 / (size.every * 60):.1f}")
    told("outcomes", ", ".join(f"{name} {sight.outcome(name) / max(runs, 1):.1%}" for name in OUTCOMES))
    told(
        "slots on time",
        f"{in_time / max(begun + skipped, 1):.2%}",
        f"aim >= 99.9 %; {skipped:.0f} of {begun + skipped:.0f} skipped",
    )
    told("CPU of one core", f"{used:.1%}", f"{used * seconds / max(runs, 1) * 1000:.2f} ms per check")
    told("the loop waits for it", f"{behind:.1%}", "of the time: another program, or a thread of ours, has the core")
    told(
        "loop lag",
        f"p99 {lags[int(len(lags) * 0.99)]:.1f} ms",
        f"aim < 50; median {lags[len(lags) // 2]:.2f}, most {lags[-1]:.0f}",
    )
    told("resident memory", f"{sight.resident[-1]:.0f} MB", f"aim <= 400; {grown:.1f} KB more per account that was asked")


def told(what: str, figure: str, beside: str = "") -> None:
    print(f"{what:24}{figure:>16}" + (f"   ({beside})" if beside else ""))


if __name__ == "__main__":
    sys.exit(main())
