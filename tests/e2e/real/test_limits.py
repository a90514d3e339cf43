"""Limits at real servers: guesses, incidents, a wrong master user, a server in trouble. The servers' own logs count."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailprobe.config import Config, ConfigError, account_for, load
from mailprobe.daemon import House, open_house
from mailprobe.evidence import Evidence, NotAsked, Of, Withheld
from mailprobe.limits import held_in
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.verdict import Code
from mailprobe.verdict.observed import parse as parse_observed
from mailprobe.verdict.picture import Acceptance, SignIn
from tests.e2e.real.lab import Setup, write_config
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, missing_programs

PEOPLE = 20
AT_ONCE = 10


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    missing = [f"{name} is not installed" for name in missing_programs()]
    missing += [] if os.geteuid() == 0 else ["starting private mail servers needs root"]
    if missing:
        pytest.skip("; ".join(missing))
    boxes = {"u000001": Mailbox(), **{f"p{n}": Mailbox() for n in range(PEOPLE)}}
    zones = {"mail.test": "@ MX 10 mx\nmx A 127.0.0.6\n"}
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes=boxes, zones=zones, public=False) as started,
    ):
        yield started


@contextlib.asynccontextmanager
async def house_of(office: PostOffice, setup: Setup, folder: Path) -> AsyncIterator[House]:
    async with open_house(load(write_config(office, setup, folder))) as house:
        yield house


def question(config: Config, address: str, only: str, operator: str = "", ticket: str = "") -> Question:
    told = parse_observed((), now=time.time())
    account = account_for(config, address)
    return Question(account, told, only=(only,), within=20.0, operator=operator, ticket=ticket)


async def ask(house: House, address: str, only: str, operator: str = "", ticket: str = "") -> Check | None:
    """None: the guard said no."""
    try:
        return await house.check(question(house.config, address, only, operator, ticket), Listener())
    except ConfigError as error:
        if [problem.code for problem in error.problems] != ["MP1901"] or address in str(error.problems):
            raise
        return None


async def ask_all(house: House, asks: list[tuple[str, str, str]]) -> list[Check | None]:
    """Ten at a time. Each: the address, the probe, the operator."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(address: str, only: str, operator: str) -> Check | None:
        async with places:
            return await ask(house, address, only, operator)

    return list(await asyncio.gather(*(one(*each) for each in asks)))


def withheld(run: Evidence) -> list[NotAsked]:
    return [fact for fact in run.facts if isinstance(fact, NotAsked)]


def named(office: PostOffice) -> set[str]:
    """Every address that Postfix heard in a RCPT and refused."""
    log = (office.base / "postfix.log").read_text(errors="replace")
    return set(re.findall(r"RCPT from .* to=<([^>]*)>", log))


async def test_two_hundred_guesses_of_one_operator(office: PostOffice, tmp_path: Path) -> None:
    before = named(office)
    async with house_of(office, Setup(enrolled=False), tmp_path) as house:
        said = [await ask(house, f"guess{n}@{DOMAIN}", "mx", "mallory") for n in range(200)]
        again = await ask(house, f"guess199@{DOMAIN}", "mx", "mallory", ticket="T-1")
    assert sum(one is not None for one in said) == 5
    assert again is not None
    guessed = {one for one in named(office) - before if one.startswith("guess")}
    assert guessed == {f"guess{n}@{DOMAIN}" for n in (0, 1, 2, 3, 4, 199)}


async def test_two_hundred_gone_mailboxes_and_thirty_agents(office: PostOffice, tmp_path: Path) -> None:
    """An incident at an own carrier, nobody types a ticket: every one is answered by the servers."""
    async with house_of(office, Setup(enrolled=False), tmp_path) as house:
        said = await ask_all(house, [(f"lost{n}@{DOMAIN}", "mx", f"agent{n % 30}") for n in range(200)])
    answered = [one for one in said if one is not None and one.picture.acceptance.among(Acceptance.AS_NEVER_EXISTED)]
    rest = [fact for one in said if one and one not in answered for run in one.evidence for fact in withheld(run)]
    assert len(answered) == 200, rest
    assert {one.verdict.code for one in answered} == {Code.NO_SUCH_ADDRESS}


def refused_by_dovecot(office: PostOffice) -> int:
    time.sleep(0.3)  # its log is written by a process of its own
    return len(re.findall(r"auth: .*(?:[Pp]assword mismatch|unknown user)", office.log()))


@pytest.mark.parametrize("control", [True, False])
async def test_a_wrong_master_user(office: PostOffice, tmp_path: Path, control: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty accounts are due at once, and again."""
    monkeypatch.setenv("MASTER_SECRET", "wrong")
    monkeypatch.setenv("LIVE_SECRET", "secret")
    live = Setup().live if control else None
    setup = Setup(f"p0@{DOMAIN}", secret=None, master="wrong", live=live, submission=None, enrolled=False)
    before = refused_by_dovecot(office)
    async with house_of(office, setup, tmp_path) as house:
        for _ in range(2):
            said = await ask_all(house, [(f"p{n}@{DOMAIN}", "imap", "") for n in range(PEOPLE)])
            assert not any(one is not None and one.picture.sign_in.among(SignIn.OPENED_BY_MASTER) for one in said)
    assert 1 <= refused_by_dovecot(office) - before <= 2


async def test_an_account_that_the_store_does_not_know_stops_no_master_user(
    office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER_SECRET", "masterpw")
    monkeypatch.setenv("LIVE_SECRET", "secret")
    setup = Setup(f"p0@{DOMAIN}", secret=None, master="masterpw", submission=None, enrolled=False)
    async with house_of(office, setup, tmp_path) as house:
        gone = await ask(house, f"stranger@{DOMAIN}", "imap")
        others = await ask_all(house, [(f"p{n}@{DOMAIN}", "imap", "") for n in range(PEOPLE)])
    assert gone is not None
    assert not gone.picture.sign_in.among(SignIn.OPENED_BY_MASTER)
    opened = [one for one in others if one is not None and one.picture.sign_in.among(SignIn.OPENED_BY_MASTER)]
    assert len(opened) == PEOPLE


class HangsUp:
    """A mail host in trouble: it takes the connection and is gone."""

    def __init__(self) -> None:
        self.visits = 0

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


async def test_a_server_in_trouble_is_left_alone(office: PostOffice, tmp_path: Path) -> None:
    """Ten checks of ten people: five visits. The sixth says why, what happened the last time, and when it may be asked again."""
    host = HangsUp()
    async with await asyncio.start_server(host, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        setup = Setup(mx=(f"127.0.0.1:{port}",), enrolled=False)
        async with house_of(office, setup, tmp_path) as house:
            for n in range(5):
                await ask(house, f"p{n}@{DOMAIN}", "mx")
        async with house_of(office, setup, tmp_path) as house:  # another process
            checks = [await ask(house, f"p{n}@{DOMAIN}", "mx") for n in range(5, 10)]
            assert list(await house.breakers.open_ones()) == [f"127.0.0.1:{port}"]
    assert host.visits == 5
    for one in checks:
        assert one is not None
        held = [each for evidence in one.evidence for each in held_in(evidence)]
        assert {each.why for each in held} == {Withheld.SERVER_TROUBLED}
        now = time.time()
        assert held[0].wait(now) == pytest.approx(60, abs=15)
        assert held[0].age(now) == pytest.approx(0, abs=15)
        assert held[0].last_words == "greeting closed"


async def test_greylisting_is_waited_for(office: PostOffice, tmp_path: Path) -> None:
    """A second check, at once: the answer of the first still counts, and Postfix hears nothing more."""
    office.access["grey"] = "450 4.2.0 Greylisted, please try again in 300 seconds"
    office.mailboxes["grey"] = Mailbox()
    office.reload()
    async with house_of(office, Setup(enrolled=False), tmp_path) as house:
        config = house.config
        short = replace(config.carriers["lab"], limits=replace(config.carriers["lab"].limits, rcpt_gap=60.0))
        config.carriers["lab"] = short
        first, second = [await ask(house, f"grey@{DOMAIN}", "mx") for _ in range(2)]
    assert first is not None
    assert second is not None
    for one in (first, second):
        assert one.picture.acceptance.among(Acceptance.DEFERRED_ALONE, Acceptance.GREYLISTED), json.dumps(one.picture.acceptance)
    log = (office.base / "postfix.log").read_text(errors="replace")
    assert len(re.findall(rf"to=<grey@{DOMAIN}>", log)) == 1
    assert not [fact for run in second.evidence for fact in withheld(run) if fact.of is Of.TARGET]
