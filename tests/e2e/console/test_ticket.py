"""The ticket: enough to act on, in both languages, and nothing that runs by itself."""

from __future__ import annotations

from tests.e2e.console.operating import operating


async def test_the_ticket_says_where_when_and_how_to_see_it_again() -> None:
    async with operating() as desk:
        view = await desk.checked("lost-entry", observed=["portal_ok"], ticket="T-17")
        path = f"/api/v1/checks/{view['id']}/ticket"
        ticket = (await desk.http.get(path, params={"lang": "en", "zone": "Asia/Tokyo"})).json()
        said = ticket["text"]
        for part in ("T-17", "+09:00 (20", "Z)", "550", "[127.0.0.1]", "swaks --server mx1.mobile.example", "<PASSWORD>"):
            assert part in said
        assert [row["value"][-1] for row in ticket["html_rows"] if row["kind"] == "list"] == ["?"] * 3
        rcpt = [one for one in ticket["json"]["sides"] if one["kind"] == "rcpt"]
        assert len(rcpt) == 2
        assert all(one["alike"] and one["target"] and one["live"] and one["dead"] for one in rcpt)
        lines = [line["text"] for each in ticket["json"]["transcript"] for line in each["lines"]]
        assert "RCPT TO:<T>" in lines
        assert not any("@mobile.example" in line for line in lines)
        japanese = (await desk.http.get(path, params={"lang": "ja"})).json()["text"]
        assert "再現方法" in japanese


async def test_a_zone_that_is_none_is_refused() -> None:
    async with operating() as desk:
        view = await desk.checked("healthy")
        answer = await desk.http.get(f"/api/v1/checks/{view['id']}/ticket", params={"zone": "Mars/Base"})
        assert (answer.status_code, answer.json()["code"]) == (422, "MP2508")
