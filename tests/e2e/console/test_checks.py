"""Live checks through the API on the demo's carriers: from the address to the verdict, and what may come between."""

from __future__ import annotations

from tests.e2e.console.operating import operating

LIT = {"waiting", "running"}


async def test_the_born_from_case_from_the_address_to_the_verdict() -> None:
    async with operating() as desk:
        begun = await desk.start("lost-entry", observed=["portal_ok", "spelling_confirmed"], reason="customer_call")
        views = await desk.views(begun)
        last = views[-1]
        assert last["top"]["state"] == "settled"
        assert last["verdict"]["code"] == "directory_out_of_sync"
        assert last["state"] == "done"
        assert last["number"] == begun["number"]
        states = {one["id"]: one["state"] for one in last["stations"]}
        assert states == {
            "domain": "green",
            "mx": "red",
            "delivery": "off",
            "sign_in": "red",
            "mailbox": "not_possible",
            "submission": "red",
            "handset": "off",
        }
        assert not last["handset"]["allowed"]
        again = (await desk.http.get(f"/api/v1/checks/{begun['id']}", params={"lang": "ja"})).json()
        assert again["top"]["title"] != last["top"]["title"]
        assert again["verdict"]["code"] == last["verdict"]["code"]
        assert [row[1] for row in desk.notes.rows] == ["check", "look", "look"]


async def test_the_stream_shows_every_station_before_the_verdict() -> None:
    async with operating() as desk:
        views = await desk.views(await desk.start("healthy"))
        assert views[0]["top"]["state"] == "checking"
        assert views[0]["verdict"] is None
        assert {one["state"] for one in views[0]["stations"] if one["id"] != "delivery"} <= LIT
        assert any(one["state"] == "running" for view in views for one in view["stations"])
        assert views[-1]["verdict"]["code"] == "healthy"
        assert views[-1]["top"]["status"] == "ok"
        settled = [view["verdict"]["code"] for view in views if view["verdict"]]
        assert set(settled) == {"healthy"}


async def test_my_checks_are_mine() -> None:
    async with operating() as desk:
        await desk.checked("healthy")
        mine = (await desk.http.get("/api/v1/checks", params={"mine": 1})).json()["checks"]
        assert [(one["status"], one["pending"], one["revised"]) for one in mine] == [("ok", False, False)]
        theirs = (await desk.http.get("/api/v1/checks", headers={"x-name": "suzuki"})).json()["checks"]
        assert theirs == []


async def test_what_cannot_be_checked_is_a_problem_with_a_code() -> None:
    async with operating() as desk:
        for address, status, code in (
            ("taro@elsewhere.example", 422, "MP1040"),
            ("no address", 422, "MP1203"),
        ):
            answer = await desk.http.post("/api/v1/checks", json={"address": address})
            assert answer.headers["content-type"] == "application/problem+json"
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await desk.http.get("/api/v1/checks/nobody")).status_code == 404
        assert (await desk.http.get("/api/v1/checks", headers={"x-name": ""})).status_code == 401
        assert (await desk.http.get("/api/v1/checks", headers={"x-role": "viewer"})).status_code == 403


async def test_nothing_is_shown_that_is_not_written_down() -> None:
    async with operating() as desk:
        begun = await desk.start("healthy")
        await desk.views(begun)
        desk.notes.broken = True
        for path in (begun["events"], f"/api/v1/checks/{begun['id']}"):
            answer = await desk.http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "MP2401")
            assert "healthy" not in answer.text
