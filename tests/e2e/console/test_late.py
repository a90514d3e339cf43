"""What comes late: a bounce after the page was closed, and a mail that arrives when nobody waits for it any more."""

from __future__ import annotations

import asyncio

from mailprobe.demo.carrier import EVERYWHERE, NOWHERE, Mailbox
from mailprobe.demo.deliveries import WITH_MAIL
from mailprobe.demo.house import open_demo
from mailprobe.demo.mailboxes import AtHand, Scenario
from mailprobe.verdict import Code, Status
from tests.e2e.console.operating import operating

WITHIN, LATER = 8.0, 20.0  # seconds: of a leg, which a busy disk must not use up before the mail is sent; and of the carrier
BOUNCES = Scenario(
    Mailbox("bounces-much-later", delay=LATER),
    "Accepted at the door, and returned when the page is closed",
    "受け付け後、しばらくして返送",
    Code.UNKNOWN_BEHIND_GATEWAY,
    Status.DOWN,
    "catchall",
    at_hand=AtHand.NONE,
    probes=WITH_MAIL,
)


async def test_a_late_bounce_revises_the_view_and_my_checks() -> None:
    async with open_demo((BOUNCES,)) as demo, operating(demo, receives=True) as desk:
        desk.desk.calls.within = WITHIN
        begun = await desk.start("bounces-much-later", "catchall")
        call = desk.desk.calls.whole[begun["id"]]
        async with asyncio.timeout(WITHIN + LATER):
            while call.ended is None:
                await call.changed.wait()
        first = desk.desk.view(call, "en")
        assert first.canary is not None, call.fault
        assert first.state == "waiting"
        assert len(first.canary.number) == 4
        demo.states["catchall"].change("bounces-much-later", listed=NOWHERE)  # while the mail is in the queue
        last = (await desk.views(begun))[-1]
        assert last["verdict"]["code"] == "unknown_behind_gateway"
        assert last["revised"][-1]["old"]["title"] == first.top.title
        assert last["revised"][-1]["new"]["title"] == last["top"]["title"]
        assert last["revised"][-1]["why"]
        mine = (await desk.http.get("/api/v1/checks")).json()["checks"][0]
        assert mine["revised"]
        assert (mine["old"], mine["new"]) == (last["revised"][-1]["old"]["say"], last["revised"][-1]["new"]["say"])


async def test_a_watch_ends_by_itself_when_it_is_repaired() -> None:
    async with operating() as desk:
        desk.desk.calls.watch_every = 0.3
        view = await desk.checked("half-known")
        assert view["verdict"]["code"] == "missing_from_mx"
        path = f"/api/v1/checks/{view['id']}"
        kept = (await desk.http.post(f"{path}/keep", json={"ticket": "T-5"})).json()
        assert kept["kept"] == "T-5"
        watched = (await desk.http.post(f"{path}/watch", json={"hours": 2, "reason": "repair is under way"})).json()
        assert (watched["state"], watched["watch"]["reason"]) == ("waiting", "repair is under way")
        desk.demo.states["mobile"].change("half-known", listed=EVERYWHERE)
        last = (await desk.views(view | {"events": f"{path}/events"}))[-1]
        assert last["watch"] is None
        assert last["verdict"]["code"] == "healthy"
        assert last["revised"][-1]["old"]["title"] == view["top"]["title"]
        too_long = await desk.http.post(f"{path}/watch", json={"hours": 73, "reason": "x"})
        assert too_long.status_code == 422
