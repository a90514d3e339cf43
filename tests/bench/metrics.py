"""What a scrape costs, and how long it keeps others waiting: `python -m tests.bench.metrics`.

10,000 accounts, scraped over HTTP from the server as it runs: the longest pause of the event loop, and the longest piece.
100,000 accounts: the same series by prometheus_client, by ours, and by a bare join of lines that were written before (the least
that any program can do). Rounds are interleaved; the best of each counts. CPU of one core.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from mailprobe.console.listening import listening
from mailprobe.console.metrics_app import MetricsDoor, metrics_app
from mailprobe.metrics import AccountRow, Metrics, ProbeRow, Roundtrip
from mailprobe.metrics.accounts import account_series
from mailprobe.verdict import Actor, Code, Status

FEW, MANY = 10_000, 100_000
SCRAPES = 5
ROUNDS = 3
PROBES = ("mx", "imap", "submission")
NOW = time.time()
AIM = 40
LONGEST = 0.010  # seconds that a scrape may hold the loop


def rows(count: int) -> dict[str, AccountRow]:
    """Accounts of ten carriers, each tenth of them ill; every value another."""
    return {one.account: one for one in map(row, range(count))}


def row(number: int) -> AccountRow:
    ill = number % 10 == 0
    probes = tuple(ProbeRow(one, "tokyo", not ill, NOW - number % 900, 0.1, NOW - number * 0.37, 19_999) for one in PROBES)
    code, actor = (Code.DIRECTORY_OUT_OF_SYNC, Actor.PROVISIONING) if ill else (Code.HEALTHY, Actor.NOBODY)
    status, trip = Status.DOWN if ill else Status.OK, (Roundtrip("tokyo", 0.5 + number / 1000),)
    return AccountRow(f"acct-{number:06}", f"carrier{number % 10}", "shard", status, NOW + 9999, code, actor, probes, trip)


def library(of: Sequence[AccountRow]) -> Callable[[], int]:
    """The same series, kept and rendered by prometheus_client."""
    registry = CollectorRegistry()

    def gauge(name: str, *labels: str) -> Gauge:
        return Gauge(f"mailprobe_{name}", "As ours.", labels, registry=registry)

    status, info = gauge("account_status", "account", "carrier", "status"), gauge("account_info", "account", "carrier", "group")
    verdict = gauge("account_verdict_info", "account", "carrier", "code", "actor")
    success, last = (
        gauge(f"probe_{name}", "account", "probe", "vantage") for name in ("success", "last_success_timestamp_seconds")
    )
    trip = gauge("canary_last_roundtrip_seconds", "account", "vantage")
    for one in of:
        for each in Status:
            status.labels(one.account, one.carrier, each).set(one.status is each)
        info.labels(one.account, one.carrier, one.group).set(1)
        verdict.labels(one.account, one.carrier, one.code, one.actor).set(1)
        for probe in one.probes:
            success.labels(one.account, probe.probe, probe.vantage).set(bool(probe.success))
            last.labels(one.account, probe.probe, probe.vantage).set(probe.last_success or 0)
        trip.labels(one.account, "tokyo").set(one.roundtrips[0].took)
    return lambda: len(generate_latest(registry))


def timed(render: Callable[[], int]) -> tuple[float, int]:
    gc.collect()
    before = time.process_time()
    size = render()
    return time.process_time() - before, size


def compared(count: int) -> None:
    """Ours beside the library and beside the bare join, on the same rows."""
    known = rows(count)
    of = tuple(known.values())
    lines = b"".join(account_series(of, count, NOW)).decode().splitlines(keepends=True)
    ways: dict[str, Callable[[], int]] = {
        "prometheus_client": library(of),
        "mailprobe": lambda: sum(map(len, account_series(of, count, NOW))),
        "bare join of lines": lambda: len("".join(lines).encode()),
    }
    best: dict[str, tuple[float, int]] = {}
    rounds = ROUNDS if count <= FEW else 1  # the library takes its time
    for _ in range(rounds):
        for name, render in ways.items():
            best[name] = min(best.get(name, (9e9, 0)), timed(render))
    print(f"{count} accounts, {len(lines)} lines, best of {rounds}, CPU of one core")
    ours = best["mailprobe"][0]
    for name, (seconds, size) in best.items():
        print(f"  {name:20}{seconds:9.3f} s {size / 1e6:8.1f} MB   {seconds / len(lines) * 1e6:6.2f} us a line")
    print(f"  prometheus_client / mailprobe: x {best['prometheus_client'][0] / ours:.1f}   (aim >= {AIM})")
    print(f"  mailprobe / bare join:         x {ours / best['bare join of lines'][0]:.1f}")


def pieces_timed(of: Sequence[AccountRow]) -> Iterator[float]:
    """CPU seconds of each piece."""
    pieces = account_series(of, len(of), NOW)
    while True:
        before = time.thread_time()
        if next(pieces, None) is None:
            return
        yield time.thread_time() - before


async def pauses(count: int) -> None:
    """Scrape the server over loopback, and watch the loop that serves."""
    known = rows(count)
    of = Metrics(lambda: known, most=count)
    gc.collect()
    async with listening(metrics_app(MetricsDoor(of, PROBES)), "127.0.0.1:0") as (host, port):
        idle = await watched(asyncio.sleep(0.5))
        busy, said = [], []
        for _ in range(SCRAPES):
            asking = await asyncio.create_subprocess_exec(
                sys.executable, "-c", ASK, f"http://{host}:{port}/metrics", stdout=asyncio.subprocess.PIPE
            )
            busy.append(await watched(asking.wait()))
            assert asking.stdout is not None
            said.append((await asking.stdout.read()).decode().strip())
    longest = max(max(pieces_timed(tuple(known.values()))) for _ in range(ROUNDS))
    turn = max(one.cpu for one in busy)
    print(f"{count} accounts over HTTP, {SCRAPES} scrapes: {', '.join(said)}   (aim: no pause > {LONGEST * 1000:.0f} ms)")
    print(f"  longest turn of the loop, CPU: {turn * 1000:.1f} ms; of it the longest piece {longest * 1000:.1f} ms")
    clocks = ", ".join(f"{one.clock * 1000:.1f}" for one in busy)
    print(f"  the same by the clock: {clocks} ms; without a scrape {idle.clock * 1000:.1f} ms")


ASK = """
import sys, time, urllib.request
before = time.time()
octets = len(urllib.request.urlopen(sys.argv[1]).read())
print(f"{octets / 1e6:.1f} MB in {time.time() - before:.2f} s")
"""


@dataclass(frozen=True, slots=True)
class Longest:
    """Of the turns of the loop, seconds: by the clock, in which other programs have their share, and of CPU."""

    clock: float
    cpu: float


async def watched(waiting: Awaitable[object]) -> Longest:
    """How long the loop was away at most while something was waited for."""
    task, clock, cpu = asyncio.ensure_future(waiting), 0.0, 0.0
    before = time.perf_counter(), time.thread_time()
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter(), time.thread_time()
        clock, cpu, before = max(clock, now[0] - before[0]), max(cpu, now[1] - before[1]), now
    return Longest(clock, cpu)


def main() -> int:
    asyncio.run(pauses(FEW))
    compared(FEW)
    compared(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(f"{' '.join(peak.split())}, most of it the library's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
