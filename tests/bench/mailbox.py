"""Watching mailboxes: how soon an arrival is seen on a real Dovecot, and what a watched mailbox takes in one process.

`python -m tests.bench.mailbox [--quick]` alone, or as a part of `python -m tests.bench`. Arrivals take the whole way: Postfix
accepts, then delivers by LMTP; the moment of arrival is that of the file in the Maildir, by the kernel's clock (4 ms coarse).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import smtplib
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from mailprobe.address import parse
from mailprobe.carriers import Carrier, Channel, Endpoint, Relation
from mailprobe.config import Account, Prober
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Reach, Target
from mailprobe.probes.mailbox import Mailbox, Pace, open_mailbox
from mailprobe.secret import Secret, SecretRef
from tests.bench.laboratory import servers
from tests.bench.ours import MANY, SECRET, Free, own_cpu, resident, user
from tests.e2e.real.postoffice import DOMAIN, PostOffice, free_port
from tests.unit.probes.world import Leg

AIM = 0.030  # seconds from the arrival to "seen"
PROBER = Prober("probe.example.net", "probe@probe.example.net", "bounce.example.net")
ABREAST = 50  # sign-ins at a time


@dataclass(frozen=True, slots=True)
class Watched:
    """What one watched mailbox takes: bytes while it waits, milliseconds of CPU for one round, and of its sign-in."""

    count: int
    bytes_each: float
    round_cpu: float
    sign_in_cpu: float


def target(name: str, port: int, ca: Path) -> Target:
    place = Endpoint("127.0.0.1", port, Channel.IMPLICIT)
    carrier = Carrier("lab", "Lab", Relation.OWN, (DOMAIN,), imap=place, tls_ca=ca, limits=MANY)
    secret = SecretRef.of_value(Secret(SECRET))
    return Target(Account(name, parse(f"{name}@{DOMAIN}"), "lab", name, name, secret=secret), carrier, PROBER)


async def opened(name: str, port: int, ca: Path) -> Mailbox:
    net = Net(Guard(("127.0.0.0/8",)), lambda line: None)
    reach = Reach(net, Resolver(("127.0.0.1:9",)), time.monotonic, time.time, Free(), Free(), Leg())
    facts: list[object] = []
    mailbox = await open_mailbox(target(name, port, ca), reach, facts.append)
    if mailbox is None:
        raise RuntimeError(f"no way into the mailbox: {facts[-1:]}")
    return mailbox


# how soon an arrival is seen


async def delay(office: PostOffice, number: int, ca: Path) -> float:
    """Seconds from the file's arrival to our having seen it, for one mail through Postfix."""
    name, stamp = user(number % 10), f"c{time.monotonic_ns()}"
    mailbox = await opened(name, office.imaps, ca)
    try:
        before = await mailbox.noted()
        await asyncio.to_thread(send, office, name, stamp)
        found = await mailbox.watch(stamp, str, before, time.monotonic() + 10)
        if found is None:
            raise RuntimeError("the mail was not seen")
        return found.at - arrived(office, name, stamp)
    finally:
        await mailbox.leave()


async def delay_of_idle(office: PostOffice, number: int, ca: Path) -> float:
    """The same, for the server's word in an IDLE that began before the mail was sent."""
    name, stamp = user(number % 10), f"c{time.monotonic_ns()}"
    mailbox = await opened(name, office.imaps, ca)
    try:
        await mailbox.noted()
        waiting = asyncio.ensure_future(mailbox.folders.idle(10.0))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(send, office, name, stamp)
        if not await waiting:
            raise RuntimeError("IDLE told of nothing")
        return mailbox.folders.session.stream.heard_at - arrived(office, name, stamp)
    finally:
        await mailbox.leave()


def send(office: PostOffice, name: str, stamp: str) -> None:
    with smtplib.SMTP("127.0.0.1", office.doors["mx_clear"], "probe.example.net", 10) as client:
        text = f"From: <{PROBER.mail_from}>\r\nMessage-ID: <{stamp}@x>\r\nX-Mailprobe-Token: {stamp}\r\n\r\ntest\r\n"
        client.sendmail("b-x@bounce.example.net", [f"{name}@{DOMAIN}"], text)


def arrived(office: PostOffice, name: str, stamp: str) -> float:
    """Monotonic seconds at which the file came into new/."""
    for path in (office.maildir(name) / "new").iterdir():
        if stamp.encode() in path.read_bytes():
            return path.stat().st_ctime - time.time() + time.monotonic()
    raise RuntimeError("the mail is not in the Maildir")


async def delays(office: PostOffice, rounds: int) -> dict[str, list[float]]:
    """Interleaved, so that a noisy moment hits both. The first of each warms up."""
    ca = office.base / "tls" / "ca.pem"
    seen: dict[str, list[float]] = {"mailprobe": [], "bare IDLE": []}
    for number in range(rounds + 1):
        seen["mailprobe"].append(await delay(office, number, ca))
        seen["bare IDLE"].append(await delay_of_idle(office, number, ca))
    return {name: values[1:] for name, values in seen.items()}


def show_delays(office: PostOffice, rounds: int) -> None:
    print(f"\nfrom the arrival in the mailbox to seen, {rounds} mails through Postfix, idle Dovecot, ms: median (least-most)")
    for name, values in asyncio.run(delays(office, rounds)).items():
        each = [value * 1000 for value in values]
        aim = f"   (aim <= {AIM * 1000:.0f})" if name == "mailprobe" else ""
        print(f"  {name:<10} {statistics.median(each):8.1f} ({min(each):.1f}-{max(each):.1f}){aim}")


# what a watched mailbox takes


@contextmanager
def idling(folder: Path) -> Iterator[int]:
    """The scripted server in a process of its own on CPU 1; its port (IMAPS)."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.mailbox", "serve", str(folder / "good.pem"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            if server.stdout is None or server.stdout.readline() != b"ready\n":
                raise RuntimeError("the idling server did not start")
            yield port
        finally:
            server.terminate()


def watching(folder: Path, port: int, count: int) -> Watched:
    command = [sys.executable, "-m", "tests.bench.mailbox", "watch", str(folder / "ca.pem"), str(port), str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900)
    return Watched(**json.loads(done.stdout))


def show_watching(folder: Path, counts: tuple[int, ...]) -> None:
    print("\nmailboxes watched by IDLE in one process, TLS, scripted server")
    with idling(folder) as port:
        for count in counts:
            seen = watching(folder, port, count)
            share = seen.round_cpu / 1000 / Pace().longest * count * 100
            print(
                f"  {count:6} mailboxes {seen.bytes_each / 1024:8.1f} KiB each, sign-in {seen.sign_in_cpu:.2f} ms CPU, one round "
                f"{seen.round_cpu:.2f} ms CPU: {share:.1f} % of a core in rounds of {Pace().longest:.0f} s"
            )


async def watch(ca: Path, port: int, count: int) -> Watched:
    """Open many, let them wait in IDLE and weigh them, then count what one round takes. Some go first: that loads code."""
    for number in range(20):
        await (await opened(user(number), port, ca)).noted()
    weight, began, turns = resident(), own_cpu(), asyncio.Semaphore(ABREAST)

    async def enter(number: int) -> Mailbox:
        async with turns:
            mailbox = await opened(user(number), port, ca)
            await mailbox.noted()
            return mailbox

    mailboxes = await asyncio.gather(*(enter(number) for number in range(count)))
    sign_in = own_cpu() - began
    length = 10.0 + count / 300  # seconds of a round
    for mailbox in mailboxes:
        mailbox.pace = Pace(asks=(), shortest=length, longest=length)
    tasks = [asyncio.ensure_future(one.watch("none", lambda text: None, None, time.monotonic() + 3600)) for one in mailboxes]
    await asyncio.sleep(0.9 * length)
    bytes_each, began = (resident() - weight) / count, own_cpu()
    await asyncio.sleep(length)
    round_cpu = own_cpu() - began
    failed = [task for task in tasks if task.done()]
    if failed:
        raise RuntimeError(f"{len(failed)} of {count} watches have ended") from failed[0].exception()
    return Watched(count, bytes_each, round_cpu / count * 1000, sign_in / count * 1000)


async def serve(certificate: Path, port: int) -> None:
    """INBOX and Junk, both empty for ever; IDLE waits for DONE."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    offers = b"IMAP4rev1 IDLE UIDPLUS SPECIAL-USE UNSELECT"

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        idle = b""
        while line := await reader.readline():
            tag, _, command = line.rstrip().partition(b" ")
            if tag == b"DONE":
                writer.write(idle + b" OK done\r\n")
            elif command == b"IDLE":
                idle = tag
                writer.write(b"+ idling\r\n")
            elif command.startswith((b"EXAMINE", b"SELECT")):
                writer.write(
                    b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n" + tag + b" OK [READ-ONLY] done\r\n"
                )
            elif command.startswith(b"LIST"):
                writer.write(b'* LIST () "/" INBOX\r\n* LIST (\\Junk) "/" Junk\r\n' + tag + b" OK done\r\n")
            else:
                writer.write(tag + b" OK [CAPABILITY " + offers + b"] done\r\n")

    await asyncio.start_server(converse, "127.0.0.1", port, ssl=context, backlog=2000)
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.bench.mailbox", description=__doc__)
    words.add_argument("--quick", action="store_true", help="fewer mails and mailboxes")
    quick = words.parse_args().quick
    with TemporaryDirectory(prefix="mailprobe-bench-") as folder, servers(Path(folder)) as office:
        show_delays(office, 10 if quick else 50)
        show_watching(office.base / "tls", (1_000,) if quick else (1_000, 10_000))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        os.sched_setaffinity(0, {1})
        uvloop.run(serve(Path(sys.argv[2]), int(sys.argv[3])))
    elif sys.argv[1:2] == ["watch"]:
        os.sched_setaffinity(0, {0})
        print(json.dumps(asdict(uvloop.run(watch(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))))
    else:
        sys.exit(main())
