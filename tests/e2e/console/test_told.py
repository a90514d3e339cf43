"""What is told while the agent is on the phone, and what comes late: the sentence changes at once, old and new side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailprobe.config import Console
from mailprobe.demo.house import open_demo
from tests.e2e.console.operating import Operating, operating


async def post(desk: Operating, view: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    answer = await desk.http.post(f"/api/v1/checks/{view['id']}/{what}", params={"lang": "en"}, json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_tick_changes_the_verdict_at_once_and_asks_nobody() -> None:
    async with operating() as desk:
        view = await desk.checked("never-was")
        assert view["verdict"]["code"] == "no_such_address"
        told = await post(desk, view, "observed", observed=["spelling_confirmed", "contract=active"])
        assert told["verdict"]["code"] == "unknown_to_mx"
        assert told["proof"]["rows"] == view["proof"]["rows"]
        assert [one["told"] for one in told["questions"] if one["key"] in ("spelling", "contract")] == [
            "spelling_confirmed",
            "contract=active",
        ]
        assert told["revised"][0]["old"]["title"] == view["top"]["title"]
        assert told["revised"][0]["new"]["title"] == told["top"]["title"]
        back = await post(desk, view, "observed", observed=[])
        assert back["verdict"]["code"] == "no_such_address"
        mine = (await desk.http.get("/api/v1/checks")).json()["checks"]
        assert mine[0]["revised"]
        assert mine[0]["old"] != mine[0]["new"]


async def test_what_is_known_beside_the_verdict_stands_on_the_page_and_in_the_ticket() -> None:
    """The customer who was told that it was his PC: what shows the contrary is seen, not only counted."""
    async with operating() as desk:
        view = await desk.checked("lost-entry", observed=["portal_ok", "pc_used"])
        assert any(one.endswith("Using a PC cannot cause this.") for one in view["notes"])
        ticket = (await desk.http.get(f"/api/v1/checks/{view['id']}/ticket", params={"lang": "en"})).json()
        assert "Note: Mail from other people is being refused" in ticket["text"]
        assert "pc_cannot_cause_bounces" in ticket["json"]["notes"]


async def test_what_is_told_in_no_known_words_is_refused() -> None:
    async with operating() as desk:
        view = await desk.checked("healthy")
        for words, code in ((["sunny"], "MP1101"), (["canary_seen=inbox:4711"], "MP1110"), (["contract=maybe"], "MP1104")):
            answer = await desk.http.post(f"/api/v1/checks/{view['id']}/observed", json={"observed": words})
            assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_fragments_heard_on_the_phone_are_told_and_at_most_medium() -> None:
    async with operating() as desk:
        view = await desk.checked("no-secret")
        heard = await post(desk, view, "bounce", fragments=["SPF check failed", "5.7.23", "550"])
        assert heard["verdict"]["code"] == "sender_at_fault"
        assert heard["verdict"]["confidence"] in ("medium", "low")
        assert [(one["heard"], one["title"]) for one in heard["returned"]] == [(True, "the sender could not be verified")]
        alone = await post(desk, view, "bounce", fragments=["mailbox full"])  # nobody reads out the number
        assert [one["title"] for one in alone["returned"]] == ["the mailbox has no room"]
        back = await post(desk, view, "bounce", fragments=[])
        assert back["returned"] == []
        assert back["verdict"]["code"] == view["verdict"]["code"]
        nothing = await desk.http.post(f"/api/v1/checks/{view['id']}/bounce", json={"text": "good morning"})
        assert (nothing.status_code, nothing.json()["code"]) == (422, "MP2505")


async def test_a_test_mail_shows_its_number_and_what_becomes_of_it() -> None:
    async with operating() as desk:
        view = await desk.checked("healthy")
        sending = await post(desk, view, "canary", consent="the customer")
        assert sending["state"] == "running"
        views = await desk.views({"events": f"/api/v1/checks/{view['id']}/events"})
        last = views[-1]
        assert len(last["canary"]["number"]) == 4
        assert last["canary"]["state"] == "arrived"
        assert {one["id"]: one["state"] for one in last["stations"]}["delivery"] == "green"
        assert last["verdict"]["code"] == "healthy"


async def test_a_stranger_s_test_mail_needs_consent() -> None:
    async with operating() as desk:
        view = await desk.checked("never-was")
        answer = await desk.http.post(f"/api/v1/checks/{view['id']}/canary", json={})
        assert (answer.status_code, answer.json()["code"]) == (422, "MP2507")


async def test_a_repair_is_verified_by_what_failed_with_before_and_after() -> None:
    async with operating() as desk:
        view = await desk.checked("lost-entry", observed=["portal_ok"])
        mobile = desk.demo.states["mobile"]
        mobile.put(mobile.mailboxes["healthy"].__class__("lost-entry", password=mobile.mailboxes["lost-entry"].password))
        answer = await desk.http.post(f"/api/v1/checks/{view['id']}/verify")
        assert answer.status_code == 201
        last = (await desk.views(answer.json()))[-1]
        rows = {one["station"]: (one["before"], one["after"]) for one in last["before_repair"]["rows"]}
        assert rows["mx"] == ("red", "green")
        assert rows["sign_in"] == ("red", "held")  # a refused password is not tried again so soon
        assert rows["domain"] == ("green", "green")
        assert last["verdict"]["code"] == "accepts_mail"
        held = next(one for one in last["stations"] if one["id"] == "sign_in")
        assert held["until"] is not None
        assert held["last"]["age_s"] < 60
        assert held["enable"]


async def test_guessing_addresses_lets_five_probes_leave_the_host() -> None:
    async with operating() as desk:
        told = []
        for number in range(200):
            answer = await desk.http.post("/api/v1/checks", json={"address": desk.address(f"guess-{number}")})
            told.append((answer.status_code, answer.json().get("code"), answer.json().get("hint", "")))
            if answer.status_code == 201:
                await desk.views(answer.json())
        assert sum(status == 201 for status, _, _ in told) == 5
        assert {code for status, code, _ in told if status != 201} <= {"MP1901", "MP2503"}
        assert "supervisor" in told[5][2]
        again = await desk.http.post("/api/v1/checks", json={"address": desk.address("guess-199"), "ticket": "T-1"})
        assert again.status_code == 201


async def test_a_check_that_needs_consent_is_begun_with_it_and_the_trail_keeps_it() -> None:
    async with open_demo() as demo:
        asking = replace(demo, config=replace(demo.config, console=Console(consent="everybody")))
        async with operating(asking) as desk:
            address = {"address": desk.address("never-was")}
            without = await desk.http.post("/api/v1/checks", json=address)
            assert (without.status_code, without.json()["code"]) == (422, "MP2512")
            assert desk.notes.rows == []
            begun = await desk.http.post("/api/v1/checks", json=address | {"consent": "stated", "ticket": "T-3"})
            assert begun.status_code == 201
            assert [why for _, what, _, why in desk.notes.rows if what == "check"] == ["T-3; consent: stated"]
