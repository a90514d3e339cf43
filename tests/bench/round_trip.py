"""CPU per round trip of a test mail, beside Debian's prometheus-mailexporter: `python -m tests.bench.round_trip [--quick]`.

Both send through the same Postfix, at the same pace: 20 accounts, a mail a second to each. Rounds are interleaved, and whoever
is not measured stands still. Compare only inside one table, for machines are noisy; nothing is judged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from mailprobe.carriers import Relation
from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.evidence import Canary, CanaryState, Evidence, Line, Secured
from mailprobe.limits import Courtesy, Logbook, LoginBudget
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Reach, canary
from mailprobe.secret import Secret, SecretRef
from mailprobe.store import open_store
from tests.bench.laboratory import lab_of, servers
from tests.bench.ours import SECRET, USERS, Free, own_cpu, user
from tests.bench.peers import Exporter, cpu_of
from tests.e2e.real.mailing import ANYWHERE, NO_GAPS, PROBER, SIGNS, ours_in, target_of
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, free_port

THEIRS, PEER = "prometheus-mailexporter", "mailexporter"  # Debian's package, its program
PACE = 1.0  # seconds from one mail to the next, of each account
ROAD = [CanaryState.PLANNED, CanaryState.SENDING, CanaryState.ACCEPTED, CanaryState.SEEN, CanaryState.REMOVED]

# ours


@asynccontextmanager
async def prober(url: str, *, limited: bool) -> AsyncIterator[Embedded]:
    """The engine with the canary probe alone. limited: the login budget and the manners are kept in the store as well."""
    guard, resolver, free = Guard(ANYWHERE), Resolver(("127.0.0.1:9",)), Free()
    async with open_store(url) as store:

        def reach_for(order: Order, chain: SignInChain, tap: Callable[[Line], None]) -> Reach:
            budget = LoginBudget(store, time.time) if limited else free
            manners = Courtesy(store, NO_GAPS, "bench", time.time) if limited else free
            journal = Logbook(store, NO_GAPS, Relation.OWN, time.time)
            net = Net(guard, tap)
            return Reach(net, resolver, time.monotonic, time.time, budget, manners, chain, journal=journal, signs=SIGNS)

        yield Embedded({"canary": canary.probe}, reach_for)


def order(office: PostOffice, name: str) -> Order:
    target = target_of(office, name, office.at("mx"), secret=SecretRef.of_value(Secret(SECRET)))
    return Order(target.account, target.carrier, target.prober, ("canary",))


async def trips(engine: Embedded, office: PostOffice, each: int) -> float:
    """CPU milliseconds of this process per trip, `each` for every account. Every evidence is looked at, outside the figure."""
    looking = 0.0
    watch = Watch(lambda probe, fact: None, lambda evidence: None)
    began = time.monotonic() + 0.1

    async def account(number: int) -> None:
        nonlocal looking
        asked = order(office, user(number))
        for turn in range(each):
            await asyncio.sleep(began + (turn + number / USERS) * PACE - time.monotonic())
            (evidence,) = await engine.live(asked, watch)
            at = time.process_time()
            verify(evidence)
            looking += time.process_time() - at

    used = own_cpu()
    async with asyncio.TaskGroup() as group:
        for number in range(USERS):
            group.create_task(account(number))
    return (own_cpu() - used - looking) / (each * USERS) * 1000


def verify(evidence: Evidence) -> None:
    """The mail went the whole way, and both dialogues were in TLS."""
    states = [fact.state for fact in evidence.facts if isinstance(fact, Canary)]
    secured = [fact for fact in evidence.facts if isinstance(fact, Secured)]
    if [state for state in ROAD if state in states] != ROAD or states[-1] is not ROAD[-1] or len(secured) != 2:
        shown = "\n".join(f"{line.who}: {line.text}" for line in evidence.transcript)
        raise RuntimeError(f"not a round trip: {evidence.ending} {states} {len(secured)} TLS\n{shown}")


# theirs


@dataclass(frozen=True, slots=True)
class Peer:
    """A running prometheus-mailexporter: 20 accounts in its own pace, unless it is stopped."""

    office: PostOffice
    process: subprocess.Popen[bytes]
    port: int

    async def trips(self, each: int) -> float:
        """CPU milliseconds per trip. At either end some mails are on their way; over a round that is nothing."""
        self.process.send_signal(signal.SIGCONT)
        used, through = cpu_of(self.process.pid), self.through()
        await asyncio.sleep(each * PACE)
        used, through = cpu_of(self.process.pid) - used, self.through() - through
        self.process.send_signal(signal.SIGSTOP)
        if through < each * USERS / 2:
            raise RuntimeError(f"only {through} mails came through in {each} s")
        return used / through * 1000

    def through(self) -> int:
        """How many mails have come into the mailboxes, by Dovecot's word: a scrape would cost the exporter more than a mail."""
        return sum("saved mail to INBOX" in line for line in self.office.log().splitlines() if f"lmtp({PEER}" in line)

    async def verify(self) -> None:
        """Every account's last mail was sent, seen and taken away; one each may be under way, beside the one we put there."""
        self.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(2 * PACE)
        said = (await Exporter(lab_of(self.office), self.process.pid, self.port).asked("/metrics")).decode().splitlines()
        good = [line for line in said if line.startswith("mail_deliver_success{") and line.endswith(" 1")]
        failed = [line for line in said if line.startswith("mail_send_fails") and not line.endswith(" 0")]
        left = len(list(self.office.base.glob(f"mail/{PEER}*/Maildir/new/*")))
        if len(good) != USERS or failed or left > 2 * USERS:
            raise RuntimeError(f"the exporter saw {len(good)} of {USERS} mailboxes and left {left} mails; {failed}")


@contextmanager
def exporter(office: PostOffice) -> Iterator[Peer | None]:
    """On CPU 0 as ours is, with mailboxes of its own, trusting the laboratory's authority. None: it is not installed."""
    if shutil.which(PEER) is None:
        yield None
        return
    names = [f"{PEER}{number}" for number in range(USERS)]
    office.mailboxes.update({name: Mailbox() for name in names})
    office.reload()
    for name in names:
        office.deliver(name, b"Subject: the directory must be there to be watched\r\n\r\n")
    port, config = free_port(), office.base / "mailexporter.conf"
    config.write_text(json.dumps(configuration(office, names)))  # JSON is YAML
    command = ["taskset", "-c", "0", PEER, f"-config.file={config}", f"-web.listen-address=127.0.0.1:{port}"]
    trust = os.environ | {"SSL_CERT_FILE": str(office.base / "tls" / "ca.pem")}
    with (office.base / "mailexporter.log").open("wb") as log:
        process = subprocess.Popen(command, env=trust, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            peer = Peer(office, process, port)
            settle(peer)
            yield peer
        finally:
            process.kill()  # it may be stopped
            process.wait()


def configuration(office: PostOffice, names: list[str]) -> dict[str, object]:
    server = {"server": "127.0.0.1", "port": str(office.doors["mx"]), "login": "", "passphrase": "", "from": PROBER.mail_from}
    accounts = [
        {"name": one, "to": f"{one}@{DOMAIN}", "detectiondir": str(office.maildir(one) / "new"), **server} for one in names
    ]
    return {"monitoringinterval": f"{PACE}s", "startupoffset": "50ms", "mailchecktimeout": "10m", "servers": accounts}


def settle(peer: Peer) -> None:
    """Until some mails of every account came through; then it stands still."""
    until = time.monotonic() + 60
    while peer.through() < 3 * USERS:
        if time.monotonic() > until or peer.process.poll() is not None:
            raise RuntimeError(f"the exporter did not start: {(peer.office.base / 'mailexporter.log').read_text()[-600:]}")
        time.sleep(0.2)
    peer.process.send_signal(signal.SIGSTOP)


# the table


async def measure(office: PostOffice, rounds: int, each: int) -> dict[str, list[float]]:
    """Milliseconds, by who, one value a round. The first round warms up."""
    async with (
        prober(f"sqlite:///{office.base}/bench.db", limited=True) as in_file,
        prober("sqlite://", limited=True) as in_memory,
        prober("sqlite://", limited=False) as free,
    ):
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            "mailprobe, record and limits in a SQLite file": lambda: trips(in_file, office, each),
            "mailprobe, record and limits in memory": lambda: trips(in_memory, office, each),
            "mailprobe, record in memory, no limits kept": lambda: trips(free, office, each),
        }
        with exporter(office) as peer:
            if peer is not None:
                ways[THEIRS] = lambda: peer.trips(each)
            seen = [{who: await way() for who, way in ways.items()} for _ in range(rounds + 1)][1:]
            if peer is not None:
                await peer.verify()
    return {who: [one[who] for one in seen] for who in ways}


def show(seen: dict[str, list[float]], each: int) -> None:
    rounds = len(next(iter(seen.values())))
    print(f"CPU ms per round trip, {USERS} accounts, a mail a second each, {rounds} rounds of {each * USERS}: median (min-max)")
    for who, values in seen.items():
        line = f"  {who:<46} {statistics.median(values):6.2f} ({min(values):.2f}-{max(values):.2f})"
        if THEIRS in seen:
            ratio = statistics.median(one / other for one, other in zip(values, seen[THEIRS], strict=True))
            line += f"   x {ratio:.2f}"
        print(line)
    print("ours: IMAP with TLS and sign-in, SMTP with STARTTLS, each step written down first, the mail removed by UID EXPUNGE")
    print(f"{THEIRS} does less: SMTP with STARTTLS, then it watches the Maildir on the server's own disk and unlinks the file:")
    print("no IMAP, no record that outlives it, nothing removed over the wire")
    if THEIRS not in seen:
        print(f"{THEIRS} is not installed: the comparison is left out")


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.bench.round_trip", description=__doc__)
    words.add_argument("--quick", action="store_true", help="short rounds: about a minute and a half")
    quick = words.parse_args().quick
    rounds, each = (5, 3) if quick else (7, 6)
    with TemporaryDirectory(prefix="mailprobe-bench-") as folder, servers(Path(folder)) as office:
        os.sched_setaffinity(0, {0})  # the servers stay on CPU 1
        seen = uvloop.run(measure(office, rounds, each))
        left = [path for number in range(USERS) for path in ours_in(office.maildir(user(number)))]
    if left:
        raise RuntimeError(f"{len(left)} test mails were left behind")
    show(seen, each)
    return 0


if __name__ == "__main__":
    sys.exit(main())
