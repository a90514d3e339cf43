"""The prober proves itself at real servers: NSD stopped, our address blocked at Postfix, the witness at Dovecot."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailprobe.carriers import Carrier, LiveControl
from mailprobe.config import Account, Config, account_for, load
from mailprobe.daemon import open_house
from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded, SignInChain
from mailprobe.evidence import Evidence
from mailprobe.limits import Courtesy, LoginBudget
from mailprobe.net.connecting import Net
from mailprobe.net.guard import Guard
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Tap
from mailprobe.prober import Finding, Remark, State, findings
from mailprobe.prober.asking import SelfCheck
from mailprobe.prober.comparing import HOURLY, Comparison
from mailprobe.prober.findings import SignsIn
from mailprobe.prober.health import Health
from mailprobe.prober.veto import Case, veto
from mailprobe.prober.witness import signs_in
from mailprobe.probes import Reach, imap
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.secret import Secret, SecretRef
from mailprobe.store import Store, open_store
from mailprobe.verdict import Code, Status
from mailprobe.verdict.observed import parse as parse_observed
from tests.e2e.real.lab import Setup, write_config
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, end, missing_programs, run

HOUR = 3600.0


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    missing = [f"{name} is not installed" for name in missing_programs()]
    missing += [] if os.geteuid() == 0 else ["starting private mail servers needs root"]
    if missing:
        pytest.skip("; ".join(missing))
    zones = {"mail.test": "@ MX 10 mx\nmx A 127.0.0.1\nimap A 127.0.0.1\n"}
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes={"u000001": Mailbox(), "u000002": Mailbox()}, zones=zones, public=False) as started,
    ):
        yield started


def config_of(office: PostOffice, setup: Setup, folder: Path) -> Config:
    return load(write_config(office, setup, folder))


async def judged(config: Config, address: str = f"u000002@{DOMAIN}", only: str = "") -> Check:
    told = parse_observed((), now=time.time())
    async with open_house(config) as house:
        question = Question(account_for(config, address), told, only=tuple(filter(None, (only,))), within=20.0)
        return await house.check(question, Listener())


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_SECRET", "secret")
    monkeypatch.setenv("TARGET_SECRET", "secret")


async def test_a_stopped_resolver_is_our_trouble_and_no_domains(office: PostOffice, tmp_path: Path) -> None:
    config = config_of(office, Setup(mx=None, secret=None, submission=None), tmp_path)
    own, health = SelfCheck(config, Resolver(config.prober.resolvers)), Health()
    health, told = health.update([await own.resolvers(time.time())])
    assert (not health.bad, told) == (True, ())
    end(int((office.base / "nsd.pid").read_text()))
    began = time.monotonic()
    for _ in range(2):
        health, changed = health.update([await own.resolvers(time.time())])
        told += changed
    assert time.monotonic() - began < 60
    assert [(one.check, one.healthy, one.what) for one in told] == [("resolver", False, Remark.RESOLVERS_SILENT)]
    check = await judged(config, only="mx")
    assert check.verdict.status is Status.UNKNOWN
    after = veto(health.bad, Case("lab", check.evidence, check.picture, check.verdict))
    assert (after.code, after.args) == (Code.PROBER_BLOCKED, (("reason", "prober_resolver"),))
    run("nsd", "-c", str(office.base / "nsd.conf"))
    health, told = health.update([await answering(own)])
    assert [(one.check, one.healthy) for one in told] == [("resolver", True)]


async def answering(own: SelfCheck) -> Finding:
    """NSD needs a moment to listen again."""
    for _ in range(50):
        found = await own.resolvers(time.time())
        if found.state is State.GOOD:
            return found
    return found


async def test_our_address_is_blocked_there(office: PostOffice, tmp_path: Path) -> None:
    blocked = await judged(config_of(office, Setup(mx=(office.at("blocks_us"),), secret=None), tmp_path), only="mx")
    found = findings.turned_away("lab", blocked.picture.prober.value, time.time())
    assert (found.state, blocked.verdict.status) == (State.BAD, Status.UNKNOWN)
    health, told = Health().update([found])
    assert len(told) == 1
    mended = await judged(config_of(office, Setup(secret=None), tmp_path), only="mx")
    health, told = health.update([findings.turned_away("lab", mended.picture.prober.value, time.time())])
    assert (not health.bad, [one.healthy for one in told]) == (True, [True])


# ---- the witness -----------------------------------------------------------------------------------------------------


async def test_the_witness_tells_right_from_wrong_and_from_silence(office: PostOffice) -> None:
    trust = office.trust()
    here = ("127.0.0.1", "127.0.0.1", office.imaps)
    assert await signs_in(*here, trust, "u000001", "secret") is SignsIn.YES
    assert await signs_in(*here, trust, "u000002", "wrong") is SignsIn.NO
    assert await signs_in("127.0.0.1", "127.0.0.1", 1, trust, "u000001", "secret") is SignsIn.NOT_TRIED
    assert await signs_in("other.example", "127.0.0.1", office.imaps, trust, "u000001", "secret") is SignsIn.NOT_TRIED
    nobodys = ssl.create_default_context()
    assert await signs_in(*here, nobodys, "u000001", "secret") is SignsIn.NOT_TRIED


async def test_the_witness_is_cut_off_at_its_deadline() -> None:
    """A server that takes the connection and says nothing."""
    taken: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(lambda reader, writer: taken.append(writer), "127.0.0.1", 0) as silent:
        began, port = time.monotonic(), silent.sockets[0].getsockname()[1]
        assert await signs_in("x.test", "127.0.0.1", port, ssl.create_default_context(), "u", "s", 0.5) is SignsIn.NOT_TRIED
        assert time.monotonic() - began < 3
        for writer in taken:
            writer.close()
    assert {task for task in asyncio.all_tasks() if "connect" in repr(task)} == set()


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def wall(self) -> float:
        return self.now


def our_client(store: Store, config: Config, clock: Clock, secret: str) -> Comparison:
    """Our own imap probe for a control, with whatever it makes of the control's secret."""

    def reach_for(order: Order, chain: SignInChain, tap: Tap) -> Reach:
        limits = order.carrier.limits
        budget, manners = LoginBudget(store, clock.wall), Courtesy(store, limits, "here", clock.wall)
        net = Net(Guard(config.prober.allow_networks), tap)
        return Reach(net, Resolver(config.prober.resolvers), time.monotonic, clock.wall, budget, manners, chain)

    engine = Embedded({"imap": imap.probe}, reach_for)

    async def ours(carrier: Carrier, control: LiveControl) -> Evidence:
        kept = SecretRef.of_value(Secret(secret))
        account = Account("control", control.address, carrier.name, control.username, control.username, secret=kept)
        order = Order(account, carrier, config.prober, ("imap",))
        return (await engine.live(order, Watch(lambda leg, fact: None, lambda evidence: None)))[0]

    return Comparison(ours, LoginBudget(store, clock.wall))


async def test_a_client_of_ours_that_spoils_secrets_is_found_out(office: PostOffice, tmp_path: Path, secrets: None) -> None:
    """Twice in a row, at most once an hour, and within the control's budget: two refused logins by Dovecot's log."""
    config = config_of(office, Setup(), tmp_path)
    carrier, clock = config.carriers["lab"], Clock()
    async with open_store(f"sqlite:///{tmp_path}/w.db") as store:
        spoilt = our_client(store, config, clock, "spoilt")
        states = []
        for _ in range(30):
            found = await spoilt.compare(carrier, clock.now)
            states += [found.state] if found is not None else []
            clock.now += HOURLY / 2
    await asyncio.sleep(0.3)  # its log is written by a process of its own
    assert State.BAD in states
    assert len(states) <= 15
    refused = [line for line in office.log().splitlines() if "(u000001," in line and "mismatch" in line]
    assert len(refused) == 2


async def test_a_control_with_a_wrong_secret_is_no_fault_of_ours(office: PostOffice, tmp_path: Path) -> None:
    config = config_of(office, Setup(live=f"u000002@{DOMAIN}"), tmp_path)
    control = replace(config.carriers["lab"].live_controls[0], secret=SecretRef.of_value(Secret("stale")))
    carrier, clock = replace(config.carriers["lab"], live_controls=(control,)), Clock()
    async with open_store(f"sqlite:///{tmp_path}/w.db") as store:
        ours = our_client(store, config, clock, "stale")
        for _ in range(20):
            found = await ours.compare(carrier, clock.now)
            assert found is not None
            assert found.state is State.NOT_APPLICABLE
            clock.now += HOUR
    await asyncio.sleep(0.3)  # its log is written by a process of its own
    refused = [line for line in office.log().splitlines() if "(u000002," in line and "mismatch" in line]
    assert len(refused) <= 3  # one of them is another test's


async def test_ours_signs_in(office: PostOffice, tmp_path: Path, secrets: None) -> None:
    config, clock = config_of(office, Setup(), tmp_path), Clock()
    async with open_store(f"sqlite:///{tmp_path}/w.db") as store:
        found = await our_client(store, config, clock, "secret").compare(config.carriers["lab"], clock.now)
    assert found is not None
    assert found.state is State.GOOD
