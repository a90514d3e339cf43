"""Where an agent knew better: counted, kept beyond the 72 hours, and a case without a name. And a check found by its number."""

from __future__ import annotations

from tests.e2e.console.operating import operating
from tests.golden.wrong import judged, read_wrong

SUPERVISOR = {"x-role": "supervisor", "x-name": "boss"}


async def test_a_wrong_verdict_is_counted_and_becomes_a_case_without_names() -> None:
    async with operating() as desk:
        view = await desk.checked("lost-entry", observed=["portal_ok", "old_address=before@mobile.example"])
        path = f"/api/v1/checks/{view['id']}/wrong"
        said = await desk.http.post(path, json={"cause": "lost-entry@mobile.example was being moved"})
        assert said.json()["wrong"]
        await desk.written()
        listed = (await desk.http.get("/api/v1/wrong-verdicts", headers=SUPERVISOR)).json()
        assert listed["counts"] == [{"code": view["verdict"]["code"], "count": 1}]
        answer = await desk.http.get(f"/api/v1/wrong-verdicts/{view['id']}/golden", headers=SUPERVISOR)
        named = f"{view['number']}.{view['verdict']['code']}.golden.txt"
        assert answer.headers["content-disposition"] == f'attachment; filename="{named}"'
        golden = answer.text
        assert "C: RCPT TO:<T>" in golden
        assert "observed: portal_ok old_address=T" in golden
        assert "was being moved" in golden
        again, shown = judged(read_wrong(golden).case), view["verdict"]
        assert (again.code.value, again.confidence.value) == (shown["code"], shown["confidence"])
        assert (list(again.missing), list(again.conflicts)) == (shown["missing"], shown["conflicts"])
        for name in ("lost-entry", "before@", "control@", "nobody-7f3a@mobile"):
            assert name not in golden
        assert (await desk.http.get("/api/v1/wrong-verdicts")).status_code == 403


async def test_a_check_is_found_by_the_number_that_is_said_on_the_phone() -> None:
    async with operating() as desk:
        view = await desk.checked("healthy")
        number = view["number"]
        found = await desk.http.get("/api/v1/checks", params={"number": f"{number[:3]} {number[3:]}"}, headers={"x-name": "mori"})
        assert [one["id"] for one in found.json()["checks"]] == [view["id"]]
        misheard = number[:-1] + str((int(number[-1]) + 1) % 10)
        answer = await desk.http.get("/api/v1/checks", params={"number": misheard})
        assert (answer.status_code, answer.json()["code"]) == (422, "MP2509")
