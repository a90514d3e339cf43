"""What an agent began outlives the process: found by its link, with its name as long as a key opens it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mailprobe.demo.house import open_demo
from tests.e2e.console.operating import operating


async def test_a_check_is_there_after_a_restart_with_its_name_and_its_verdict() -> None:
    async with open_demo() as demo:
        async with operating(demo) as desk:
            mine = await desk.checked("never-was", ticket="T-9")
            watched = await desk.checked("lost-entry", observed=["portal_ok"])
            await desk.http.post(f"/api/v1/checks/{watched['id']}/watch", json={"hours": 2, "reason": "repair is under way"})
            await desk.http.post(
                f"/api/v1/checks/{mine['id']}/observed", json={"observed": ["old_address=before@mobile.example"]}
            )
        stored = Path(demo.config.store_url.removeprefix("sqlite:///"))
        octets = b"".join(one.read_bytes() for one in stored.parent.glob(stored.name + "*"))
        assert b"never-was@" not in octets
        assert b"before@mobile" not in octets
        async with operating(demo) as desk:
            again = (await desk.http.get(f"/api/v1/checks/{mine['id']}", params={"lang": "en"})).json()
            for key in ("number", "address", "marked", "read_back", "ticket", "started"):
                assert again[key] == mine[key]
            assert again["proof"]["rows"] == mine["proof"]["rows"]
            assert [one["told"] for one in again["questions"] if one["key"] == "old_address"] == [
                "old_address=before@mobile.example"
            ]
            rows = (await desk.http.get("/api/v1/checks")).json()["checks"]
            assert [one["address"] for one in rows] == [watched["address"], mine["address"]]
            assert [one["pending"] for one in rows] == [True, False]


async def test_without_the_key_the_name_is_masked_and_the_page_says_why() -> None:
    async with open_demo() as demo:
        async with operating(demo) as desk:
            mine = await desk.checked("never-was")
        keyless = replace(demo, config=replace(demo.config, prober=replace(demo.config.prober, token_keys=())))
        async with operating(keyless) as desk:
            again = (await desk.http.get(f"/api/v1/checks/{mine['id']}", params={"lang": "en"})).json()
            assert again["address"] == "***@mobile.example"
            assert "key" in again["masked"]
            assert again["verdict"]["code"] == mine["verdict"]["code"]
            assert again["read_back"] == ""
            assert "never-was@" not in str(again)
