"""From the store to what a monitoring system is told: by the same rule as the metrics."""

from __future__ import annotations

from dataclasses import replace

from mailprobe import plugin
from mailprobe.address import parse
from mailprobe.carriers import OWN_LIMITS
from mailprobe.config import Account
from mailprobe.status import Standing, shown
from mailprobe.store import open_store
from mailprobe.store.results import Outcome
from mailprobe.stored import standing_in
from mailprobe.verdict import Code, Status
from tests.unit.store.seen import MX

ACCOUNT = Account("tanaka", parse("t@mail.test"), "lab", "t", "t", every=(("", 300.0),), probes=("mx",))


async def test_a_status_that_the_metrics_no_longer_show_is_not_ok_here_either() -> None:
    """Results go on coming, and none of them could tell: a stored "ok" says nothing of now."""
    known = MX.started
    ok = Standing(Status.OK, known, Code.HEALTHY, known, Status.OK, known)
    async with open_store("sqlite://") as store:
        for silent in (0.0, 899.0, 901.0, 86_400.0):
            now = known + silent
            await store.standings.keep("tanaka", ok)
            run = replace(MX, account="tanaka", started=now - 5.0)
            await store.results.keep(run, Outcome.UNKNOWN, store.results.hide(()))
            said = plugin.say(ACCOUNT, await standing_in(store, ACCOUNT, OWN_LIMITS), now)
            assert (said.exit_code == 0) is (shown(ok, 300.0, now) is Status.OK)
            assert (said.exit_code, "nothing could be told" in said.line) in ((0, False), (3, True))


async def test_what_waits_for_its_second_reading_is_no_status() -> None:
    now = MX.started + 5.0
    async with open_store("sqlite://") as store:
        await store.standings.keep("tanaka", Standing(known_at=now))
        await store.results.keep(replace(MX, account="tanaka"), Outcome.BAD, store.results.hide(()))
        said = plugin.say(ACCOUNT, await standing_in(store, ACCOUNT, OWN_LIMITS), now)
    assert (said.exit_code, "no status yet" in said.line, "1970" in said.line) == (3, True, False)
