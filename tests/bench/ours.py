"""mailprobe itself, as one process that answers jobs: the real engine, probes, net and guard, every evidence looked at.

Started with the laboratory as JSON in argv; each line of standard input is a job, each line of output its figures. CPU is
this process's own (getrusage) around the checks alone: start-up, warming up and the looking are left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from mailprobe.address import parse
from mailprobe.carriers import OWN_LIMITS, Carrier, Channel, Endpoint, Relation
from mailprobe.check import seldom_collected
from mailprobe.config import Account, Prober
from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.evidence import End, Evidence, Line, Of, Opened, Replied, Secured, Stage
from mailprobe.limits import Courtesy, LoginBudget
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Stream
from mailprobe.net.tls import Tls
from mailprobe.probes import Denied, Granted, Manners, Reach, SignInBudget, imap, mx
from mailprobe.secret import Secret, SecretRef
from mailprobe.store import open_store

SECRET = "bench-Marker-0815"
USERS = 20  # Dovecot lets one user in ten times at once
MANY = replace(OWN_LIMITS, rcpt_gap=0.0, sessions=10_000, dead_gap=0.0)  # as many checks as the bench likes
PROBES = {"imap": imap.probe, "mx": mx.probe}


@dataclass(frozen=True, slots=True)
class Lab:
    """Where the servers are. A port of 0: there is none."""

    ca: str
    imap_plain: int = 0
    imap_tls: int = 0
    mx_plain: int = 0
    mx_tls: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """`count` checks of one kind (imap_plain imap_tls mx_plain mx_tls), `at_once` in flight. limits: free | store (in memory) |
    file. hold: no count, but `at_once` checks left in flight where the server stops talking, for the memory that each takes.
    """

    kind: str
    count: int = 0
    at_once: int = 10
    pipelining: bool = False
    limits: str = "free"
    port: int = 0  # instead of the lab's
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds for all checks together, the median seconds of one, and bytes per check in flight."""

    cpu: float = 0.0
    wall: float = 0.0
    median: float = 0.0
    bytes_each: float = 0.0


class Free:
    """Limits that allow everything and keep nothing: the probe's own cost."""

    async def reserve(self, user: str, host: str, secret: str, stage: Stage = Stage.LOGIN) -> Granted | Denied:
        return Granted(1)

    async def opened(self, grant: Granted) -> None: ...
    async def give_back(self, grant: Granted) -> None: ...
    async def unanswered(self, grant: Granted) -> None: ...
    async def refused(self, grant: Granted, words: str) -> None: ...
    async def control_good(self, user: str, host: str) -> None: ...
    async def control_good_at(self, user: str, host: str) -> float | None:
        return None

    async def session(self, host: str) -> Denied | None:
        return None

    def leave(self, host: str) -> None: ...
    async def may_ask(self, of: Of, address: str, host: str) -> Denied | None:
        return None

    async def asked(self, of: Of, address: str, host: str) -> None: ...
    async def remember(self, of: Of, address: str, host: str, reply: Replied) -> None: ...
    async def remembered(self, of: Of, address: str, host: str) -> Replied | None:
        return None

    async def last_said(self, of: Of, address: str, host: str) -> Replied | None:
        return None


class InClear(Stream):
    """No handshake: a configured server is never asked in clear, so the bench leaves out just that and keeps the whole probe."""

    __slots__ = ()

    async def secure(self, server_name: str, **given: Any) -> Tls:
        return Tls("", "", "default", False, None)


class ClearNet(Net):
    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        stream.__class__ = InClear
        await Net.dial(self, stream, ip, port)


@dataclass(slots=True)
class Bench:
    """Everything that lives as long as this process."""

    lab: Lab
    guard: Guard
    resolver: Resolver
    rooms: AsyncExitStack

    async def do(self, job: Job) -> Figures:
        check = await self.checker(job)
        return await held(check, job.at_once) if job.hold else await measured(check, job)

    async def checker(self, job: Job) -> Callable[[int], Awaitable[Evidence]]:
        budget, manners = await self.limits(job)
        kind = ClearNet if job.kind == "imap_plain" else Net

        def reach_for(order: Order, chain: SignInChain, tap: Callable[[Line], None]) -> Reach:
            net = kind(self.guard, tap)
            return Reach(net, self.resolver, time.monotonic, time.time, budget, manners, chain, job.pipelining)

        engine = Embedded(PROBES, reach_for)
        watch = Watch(lambda probe, fact: None, lambda evidence: None)
        orders = [self.order(job, number) for number in range(USERS)]

        async def check(number: int) -> Evidence:
            (evidence,) = await engine.live(orders[number % USERS], watch)
            return evidence

        return check

    async def limits(self, job: Job) -> tuple[SignInBudget, Manners]:
        if job.limits == "free":
            free = Free()
            return free, free
        place = ":memory:" if job.limits == "store" else f"{self.rooms.enter_context(TemporaryDirectory())}/m.db"
        store = await self.rooms.enter_async_context(open_store(f"sqlite:///{place}"))
        return LoginBudget(store, time.time), Courtesy(store, MANY, "bench", time.time)

    def order(self, job: Job, number: int) -> Order:
        name = user(number)
        probe = job.kind.partition("_")[0]
        port = job.port or asdict(self.lab)[job.kind]
        place = Endpoint("127.0.0.1", port, Channel.CLEAR if probe == "mx" else Channel.IMPLICIT)
        ends: dict[str, Any] = {"mx": (place,)} if probe == "mx" else {"imap": place}
        carrier = Carrier("lab", "Lab", Relation.OWN, ("mail.test",), tls_ca=Path(self.lab.ca), limits=MANY, **ends)
        secret = SecretRef.of_value(Secret(SECRET))
        account = Account(name, parse(f"{name}@mail.test"), "lab", name, name, secret=secret)
        prober = Prober("probe.example.net", "probe@probe.example.net")
        return Order(account, carrier, prober, (probe,), fresh=True)  # each check is measured for itself


def user(number: int) -> str:
    return f"u{number + 1:06d}"


async def measured(check: Callable[[int], Awaitable[Evidence]], job: Job) -> Figures:
    """Every evidence is looked at and dropped, as a daemon would; the time for the looking is taken out."""
    took: list[float] = []
    left = iter(range(job.count))
    looking = 0.0

    async def worker() -> None:
        nonlocal looking
        for number in left:
            evidence = await check(number)
            at = time.process_time()
            verify(evidence, job.kind)
            took.append(evidence.took)
            looking += time.process_time() - at

    began, used = time.perf_counter(), own_cpu()
    async with asyncio.TaskGroup() as group:
        for _ in range(job.at_once):
            group.create_task(worker())
    return Figures(own_cpu() - used - looking, time.perf_counter() - began, statistics.median(took))


async def held(check: Callable[[int], Awaitable[Evidence]], many: int) -> Figures:
    """Resident memory per check, all of them waiting for the server's next word; a few go first, because that loads code."""
    each = 0.0
    for count in (20, many):
        before = resident()
        tasks = [asyncio.ensure_future(check(number)) for number in range(count)]
        await asyncio.sleep(1.0 + count / 200)
        each = (resident() - before) / count
        if any(task.done() for task in tasks):
            raise RuntimeError("a check that should be held has ended")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Figures(bytes_each=each)


def verify(evidence: Evidence, kind: str) -> None:
    """The dialogue took place, its facts and transcript are complete, and the secret is in neither."""
    facts, shown = evidence.facts, "\n".join(line.text for line in evidence.transcript)
    if kind.startswith("imap"):
        done = any(isinstance(fact, Opened) for fact in facts) and "LOGIN" in shown and "LOGOUT" in shown
    else:
        rcpt = [fact.code for fact in facts if isinstance(fact, Replied) and fact.stage is Stage.RCPT]
        done = rcpt == [250] and "RCPT TO" in shown and "QUIT" in shown
    secured = any(isinstance(fact, Secured) and fact.verified for fact in facts)
    if evidence.ending.kind is not End.FINISHED or not done or secured != kind.endswith("_tls") or SECRET in shown + repr(facts):
        raise RuntimeError(f"{kind}: not the dialogue that was meant: {evidence.ending} {facts[-2:]}\n{shown}")


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    os.sched_setaffinity(0, {0})
    seldom_collected()  # as the program itself does
    lab = Lab(**json.loads(sys.argv[1]))
    bench = Bench(lab, Guard(("127.0.0.0/8",)), Resolver(("127.0.0.1:9",)), AsyncExitStack())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            print(json.dumps(asdict(runner.run(bench.do(Job(**json.loads(line)))))), flush=True)
        runner.run(bench.rooms.aclose())


if __name__ == "__main__":
    main()
