"""Accounts, verdicts, bounces and maintenance over the API: ids only, noted, and paged."""

from __future__ import annotations

import json
import time

import pytest

from mailprobe.console.api import accounts, bounces, maintenance
from mailprobe.console.door import Role
from mailprobe.console.fleet.listing import Wish, choose
from mailprobe.evidence import Returned, ReturnKind, Stage
from mailprobe.metrics import AccountRow
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Status, Verdict
from tests.unit.console.standing import NOW, Stand, standing, watched_accounts

ROUTERS = (accounts.router, bounces.router, maintenance.router)
OUTAGE = Verdict(Code.IMAP_OUTAGE, Status.DOWN, Actor.MAIL_OPS, Confidence.HIGH, HandsetSteps.NONE, 11)


async def came_back(stand: Stand, n: int, text: str, code: int = 550, at: float = NOW - 60, kind: str = "failed") -> None:
    address = f"u{n:06}@lab.test"
    returned = Returned(
        at=0.0,
        canary=f"c{n}-{at}",
        kind=ReturnKind(kind),
        returned_at=at,
        stage=Stage.AFTER_ACCEPTANCE,
        code=code,
        enhanced="",
        text=text,
        recipient=address,
        remote="mx1.lab.test",
    )
    await stand.store.bounces.record(stand.store.bounces.hashed(address)[:16], 1, returned)


async def test_accounts_are_filtered_searched_and_paged() -> None:
    async with standing((*watched_accounts(7), *watched_accounts(2, "other"))) as stand, stand.asking(*ROUTERS) as client:
        await stand.is_so("lab-1", Status.DOWN, Code.IMAP_OUTAGE)
        await stand.is_so("lab-3", Status.OK, Code.HEALTHY)

        async def ids(query: str) -> tuple[list[str], int, int]:
            said = (await client.get(f"/api/v1/accounts?{query}")).json()
            return [one["id"] for one in said["accounts"]], said["total"], said["pages"]

        assert await ids("per_page=3&page=2&carrier=lab") == (["lab-3", "lab-4", "lab-5"], 7, 3)
        assert await ids("per_page=3&page=99&carrier=lab") == (["lab-6"], 7, 3)
        assert await ids("status=down") == (["lab-1"], 1, 1)
        assert await ids("status=unknown&carrier=other") == (["other-0", "other-1"], 2, 1)
        assert await ids("q=THER-1") == (["other-1"], 1, 1)
        assert await ids("group=shard-1&carrier=other") == (["other-1"], 1, 1)
        assert await ids("carrier=nobody") == ([], 0, 1)
        refused = await client.get("/api/v1/accounts?q=a@lab.test")
        assert (refused.status_code, refused.json()["code"]) == (422, "MP2606")


async def test_one_account_is_shown_without_its_address_and_who_looked_is_noted() -> None:
    async with standing() as stand, stand.asking(*ROUTERS, role=Role.VIEWER) as client:
        await stand.is_so("lab-1", Status.DOWN, Code.IMAP_OUTAGE)
        await stand.store.verdicts.keep("lab-1", OUTAGE, NOW - 90, stand.store.results.hide(("u000001@lab.test",)))
        await came_back(stand, 1, "550 <u000001@lab.test>: no such user u000001")
        said = await client.get("/api/v1/accounts/lab-1?lang=en")
        assert said.status_code == 200, said.text
        assert "u000001" not in said.text
        whole = said.json()
        assert (whole["account"]["status"], whole["account"]["title"]) == ("down", whole["verdicts"][0]["title"])
        assert [one["status"] for one in whole["stretches"]] == ["unknown", "down"]
        assert [(one["cls"], one["speaks_of"]) for one in whole["bounces"]] == [("unknown_user", "recipient")]
        assert (await client.get("/api/v1/verdicts?account=lab-1")).json()["verdicts"] == whole["verdicts"]
        assert [one[1:] for one in stand.trail.noted] == [("look", "lab-1", "")] * 2


@pytest.mark.parametrize("path", ["accounts/a@lab.test", "accounts/nobody", "verdicts?account=a@lab.test"])
async def test_what_is_no_account_is_neither_shown_nor_written_down(path: str) -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        said = await client.get(f"/api/v1/{path}")
        assert (said.status_code, said.json()["code"]) == (404, "MP2607")
        assert stand.trail.noted == []
        assert "@" not in said.text


async def test_nothing_of_one_account_is_shown_that_cannot_be_noted() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        stand.trail.broken = True
        for path in ("accounts/lab-1", "verdicts?account=lab-1"):
            said = await client.get(f"/api/v1/{path}")
            assert (said.status_code, said.json()["code"]) == (503, "MP2401")


async def test_bounces_are_counted_by_what_they_say() -> None:
    async with standing() as stand, stand.asking(*ROUTERS, role=Role.VIEWER) as client:
        for n in (1, 1, 2):
            await came_back(stand, n, "user unknown", at=NOW - 60 - n)
        await came_back(stand, 1, "user unknown", at=NOW - 100)
        await came_back(stand, 3, "mailbox full", 552, at=NOW - 50)
        await came_back(stand, 4, "still trying", 0, kind="delayed")
        await came_back(stand, 4, "user unknown", at=NOW - 8 * 86_400)
        said = (await client.get("/api/v1/bounces")).json()
        found = [(one["cls"], one["speaks_of"], one["count"], one["mailboxes"]) for one in said["kinds"]]
        assert found == [("unknown_user", "recipient", 3, 2), ("mailbox_full", "recipient", 1, 1)]
        assert said["bounces"][0]["account"] == "lab-3"
        assert "@" not in json.dumps(said)
        assert (await client.get("/api/v1/bounces?carrier=other")).json()["bounces"] == []
        assert len((await client.get("/api/v1/bounces?days=30")).json()["bounces"]) == len(said["bounces"]) + 1


async def test_a_supervisor_sets_and_ends_a_window() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        body = {"carrier": "lab", "ends": "2027-01-15T10:00:00+00:00", "note": "CHG-17"}
        made = await client.post("/api/v1/maintenance", json=body)
        assert (made.status_code, made.json()["under_way"], made.json()["number"]) == (201, True, 1)
        assert [one["note"] for one in (await client.get("/api/v1/maintenance")).json()["windows"]] == ["CHG-17"]
        assert (await client.delete("/api/v1/maintenance/1")).json()["under_way"] is False
        assert (await client.get("/api/v1/maintenance")).json() == {"windows": []}
        assert (await client.delete("/api/v1/maintenance/1")).json()["code"] == "MP2609"
        assert [one[1:3] for one in stand.trail.noted] == [("maintenance", "lab"), ("maintenance", "1"), ("maintenance", "1")]
        async with stand.asking(*ROUTERS, role=Role.OPERATOR) as operator:
            assert (await operator.post("/api/v1/maintenance", json=body)).status_code == 403
            assert (await operator.get("/api/v1/maintenance")).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"carrier": "nobody"}, "MP2602"),
        ({"carrier": ""}, "MP2608"),
        ({"ends": "2027-01-15T07:00:00+00:00"}, "MP2608"),
        ({"ends": "2027-03-15T07:00:00+00:00"}, "MP2608"),
        ({"note": "ask a@b.test"}, "MP2608"),
        ({"ends": "9999-12-31T23:59:59-23:59"}, "MP2608"),
        ({"begins": "9999-12-01T00:00:00+00:00", "ends": "9999-12-31T23:59:59-23:59"}, "MP2608"),
        ({"begins": "0001-01-01T00:00:00+23:59", "ends": "0001-01-02T00:00:00+00:00"}, "MP2608"),
        ({"begins": "2028-01-20T00:00:00+00:00", "ends": "2028-01-21T00:00:00+00:00"}, "MP2608"),
    ],
)
async def test_what_is_no_window_is_refused(change: dict[str, str], code: str) -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        body = {"carrier": "lab", "ends": "2027-01-15T10:00:00+00:00"} | change
        assert (await client.post("/api/v1/maintenance", json=body)).json()["code"] == code
        assert (stand.trail.noted, await stand.store.maintenance.all(0.0)) == ([], ())


async def test_a_hundred_thousand_accounts_are_listed_in_no_time() -> None:
    rows = {f"a{n}": AccountRow(f"a{n}", "lab", "g", Status.OK, NOW + 60, known_at=NOW) for n in range(100_000)}
    began = time.process_time()
    found = await choose(rows, Wish(search="9999", status=Status.OK), NOW)
    assert (found.total, found.page) == (19, 1)
    assert time.process_time() - began < 1.0
