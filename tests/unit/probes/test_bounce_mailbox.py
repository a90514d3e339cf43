"""Bounces from a mailbox: each is handed on once, a crash hands one on again, and nothing is removed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from mailprobe.carriers import Channel, Endpoint
from mailprobe.config import BounceMailbox
from mailprobe.evidence import Answered, NotAsked, NotSecured, Stage
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Reach
from mailprobe.probes import bounce_mailbox as room
from mailprobe.probes.bounce_mailbox import Mark, fetch_bounces
from mailprobe.probes.session import Over
from mailprobe.secret import parse_ref
from tests.unit.probes.mailbox_server import MailboxServer, harmless, made
from tests.unit.probes.servers import AUTHORITY, ScriptedNet, server_context
from tests.unit.probes.world import KEPT, SECRET, Anywhere, Names, World

IP = "192.0.2.4"
SERVER = Endpoint(IP, 993, Channel.IMPLICIT)
CONTEXT = server_context(IP)
NAME = f"bounces at {IP}:993"


@dataclass
class Kept:
    """Marks and bounces as a durable store would hold them. fails_at: the sink breaks at that many."""

    marks: dict[str, Mark] = field(default_factory=dict)
    bounces: list[bytes] = field(default_factory=list)
    fails_at: int = -1

    async def mark(self, mailbox: str) -> Mark | None:
        return self.marks.get(mailbox)

    async def keep(self, mailbox: str, mark: Mark) -> None:
        self.marks[mailbox] = mark

    async def sink(self, raw: bytes) -> None:
        if len(self.bounces) == self.fails_at:
            raise OSError("disk full")
        self.bounces.append(raw)


@dataclass
class Visit:
    server: MailboxServer
    world: World
    reach: Reach
    mailbox: BounceMailbox
    kept: Kept = field(default_factory=Kept)

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.server.boxes["INBOX"].put(f"Subject: {number}\n\nbounce {number}")

    async def fetch(self) -> int:
        try:
            return await fetch_bounces(self.mailbox, self.reach, self.world.facts.append, self.kept.sink, self.kept)
        finally:
            assert self.server.open == 0
            assert harmless(self.server)
            assert not any(word in line for line in self.server.got for word in ("STORE", "EXPUNGE", "SELECT"))
            assert SECRET not in self.world.transcript
            assert "bounce 1" not in self.world.transcript

    @property
    def numbers(self) -> list[str]:
        return [raw.decode().rpartition(" ")[2] for raw in self.kept.bounces]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    authority = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(authority))
    server = made(tls=CONTEXT, implicit=True)
    server.boxes["INBOX"].uidnext = 1
    around = World({(IP, 993): server})
    net = ScriptedNet(Anywhere(), around.lines.append, servers=around.servers)
    reach = Reach(net, cast(Resolver, Names({})), net.clock, lambda: 0.0, around.purse, around.manners, around.leg)
    return Visit(server, around, reach, BounceMailbox(SERVER, "bounces", KEPT, authority))


async def test_each_is_handed_on_once(visit: Visit) -> None:
    visit.put(1, 2)
    assert await visit.fetch() == 2
    visit.put(3)
    assert await visit.fetch() == 1
    assert await visit.fetch() == 0
    assert visit.numbers == ["1", "2", "3"]
    assert visit.kept.marks == {NAME: Mark(7, 3)}
    assert len(visit.server.boxes["INBOX"].mails) == 3


async def test_what_was_not_made_durable_comes_again(visit: Visit) -> None:
    visit.put(1, 2, 3)
    visit.kept.fails_at = 1
    with pytest.raises(OSError, match="disk full"):
        await visit.fetch()
    assert visit.kept.marks == {NAME: Mark(7, 1)}
    visit.kept.fails_at = -1
    assert await visit.fetch() == 2
    assert visit.numbers == ["1", "2", "3"]


async def test_a_crash_between_the_two_hands_the_same_one_on_again(visit: Visit) -> None:
    visit.put(1, 2)
    keep, visit.kept.keep = visit.kept.keep, crash  # type: ignore[method-assign]  # once
    with pytest.raises(RuntimeError):
        await visit.fetch()
    visit.kept.keep = keep  # type: ignore[method-assign]  # restarted
    assert await visit.fetch() == 2
    assert visit.numbers == ["1", "1", "2"]


async def crash(mailbox: str, mark: Mark) -> None:
    raise RuntimeError("killed")


async def test_another_uidvalidity_makes_all_new(visit: Visit) -> None:
    visit.put(1, 2)
    await visit.fetch()
    visit.server.boxes["INBOX"].uidvalidity = 8
    assert await visit.fetch() == 2
    assert visit.kept.marks == {NAME: Mark(8, 2)}


async def test_without_uidvalidity_nothing_can_be_remembered(visit: Visit) -> None:
    visit.put(1)
    visit.server.boxes["INBOX"].uidvalidity = None
    assert await visit.fetch() == 0


async def test_one_that_is_gone_is_passed_over(visit: Visit) -> None:
    visit.put(1, 2, 3)
    visit.server.meanwhile = {"UID FETCH 2": lambda server: server.boxes["INBOX"].mails.pop(1)}
    assert await visit.fetch() == 2
    assert visit.numbers == ["1", "3"]


async def test_many_are_fetched_in_several_visits(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 3)
    monkeypatch.setattr(room, "AT_ONCE", 2)
    visit.put(*range(1, 8))
    assert [await visit.fetch() for _ in range(4)] == [3, 3, 1, 0]
    assert visit.numbers == [str(number) for number in range(1, 8)]


async def test_a_refused_search_passes_nothing_over(visit: Visit) -> None:
    visit.put(1)
    visit.server.refuses = ("UID SEARCH",)
    with pytest.raises(Over):
        await visit.fetch()
    assert visit.kept.marks == {}
    assert visit.world.all(Answered)[-1].stage is Stage.LOOK


async def test_the_login_is_reserved(visit: Visit) -> None:
    await visit.fetch()
    assert [step[0] for step in visit.world.purse.steps] == ["reserve", "opened"]


async def test_a_refused_login(visit: Visit) -> None:
    visit.server.answers = {**visit.server.answers, "LOGIN": "$ NO [AUTHENTICATIONFAILED] no"}
    with pytest.raises(Over):
        await visit.fetch()
    assert [step[0] for step in visit.world.purse.steps] == ["reserve", "refused"]


CHANGED: list[tuple[dict[str, Any], type]] = [
    ({"secret": parse_ref("file:/nonexistent/secret")}, NotAsked),
    ({"ca": None}, NotSecured),
]


@pytest.mark.parametrize(("given", "fact"), CHANGED)
async def test_no_way_in(visit: Visit, given: dict[str, Any], fact: type) -> None:
    visit.mailbox = replace(visit.mailbox, **given)
    with pytest.raises(Over):
        await visit.fetch()
    assert isinstance(visit.world.facts[-1], fact)
    assert visit.world.purse.steps == []
