"""Incidents from calls, over a real store and the API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.console.api.incidents import router
from mailprobe.console.door import Role
from mailprobe.console.incidents import IncidentDesk
from mailprobe.console.instruments import Instruments
from mailprobe.console.services import ServiceState, service_of
from mailprobe.incident import Call, ControlSeen, State, Text
from mailprobe.limits import StrangerGuard
from mailprobe.verdict import Code, Status
from tests.unit.console.standing import NOW, Stand, standing

API = "/api/v1/incidents"
FAILS = ControlSeen(False, NOW - 10, NOW - 20, 1)
LASTS = ControlSeen(False, NOW - 10, NOW - 300, 3)


def control(seen: ControlSeen) -> Instruments:
    return Instruments(control=lambda carrier: seen if carrier == "lab" else None)


async def several_call(stand: Stand, count: int = 3) -> None:
    for n in range(count):
        subject = stand.store.strangers.subject_of(f"caller{n}@lab.test")
        await IncidentDesk(stand.rooms).learn(Call("lab", subject, True, Code.IMAP_OUTAGE, Status.DOWN, stand.now))


async def test_the_third_caller_makes_one_suspected_and_a_lasting_failure_confirms_it() -> None:
    async with standing() as stand:
        stand.instruments = control(FAILS)
        await several_call(stand, 2)
        assert await stand.store.incidents.open_ones() == ()
        await several_call(stand, 3)
        (found,) = await stand.store.incidents.open_ones()
        assert (found.state, found.addresses) == (State.SUSPECTED, 3)
        assert (await service_of(stand.rooms, "lab", NOW)).text_key == "trouble.suspected"
        stand.instruments = control(LASTS)
        await IncidentDesk(stand.rooms).look_at_all()
        (found,) = await stand.store.incidents.open_ones()
        assert found.state is State.CONFIRMED
        assert (await service_of(stand.rooms, "lab", NOW)).state is ServiceState.INCIDENT
        assert (await service_of(stand.rooms, "other", NOW)).state is not ServiceState.INCIDENT


async def test_none_opens_while_something_ails_ourselves() -> None:
    async with standing() as stand:
        stand.unfit, stand.instruments = ("block_list",), control(LASTS)
        await several_call(stand, 10)
        assert await stand.store.incidents.all() == ()
        stand.unfit = ()
        await IncidentDesk(stand.rooms).look_at_all()
        assert len(await stand.store.incidents.open_ones()) == 1


async def test_the_guard_on_strangers_is_lifted_for_its_time() -> None:
    async with standing() as stand:
        guard = StrangerGuard(stand.store, lambda: stand.now)
        for n in range(5):
            assert await guard.may_ask("lab", "sato", f"x{n}@lab.test") is None
        assert await guard.may_ask("lab", "sato", "x9@lab.test") is not None
        made = await IncidentDesk(stand.rooms).declare("lab", "chief", "mail operations", Text(), NOW + 600)
        assert made is not None
        stand.now += 5 * 3600.0  # nobody said that it is over
        await IncidentDesk(stand.rooms).look_at_all()
        assert await guard.may_ask("lab", "sato", "x9@lab.test") is None
        await IncidentDesk(stand.rooms).make(made.number, State.RESOLVED, "chief")
        stand.now += 1.0
        assert await guard.may_ask("lab", "tanaka", "y0@lab.test") is None
        for n in range(1, 5):
            await guard.may_ask("lab", "tanaka", f"y{n}@lab.test")
        assert await guard.may_ask("lab", "tanaka", "y9@lab.test") is not None


async def test_the_second_line_says_that_there_is_one_and_when_it_is_over() -> None:
    async with standing() as stand, stand.asking(router) as client:
        body = {"carrier": "lab", "owner": "SD-2", "text": "受信が遅れています。", "expected_at": "2027-01-15T10:00:00+00:00"}
        made = await client.post(API, json=body | {"reason": "NOC called"})
        assert made.status_code == 201, made.text
        one = made.json()
        assert (one["state"], one["owner"], one["say"], one["by"]) == (
            "confirmed",
            "SD-2",
            "受信が遅れています。",
            "the supervisor",
        )
        assert (await client.post(API, json=body)).json()["code"] == "MP2603"
        told = await client.post(f"{API}/1/text", json={"text": ""})
        assert "reset" in told.json()["say"]
        assert (await client.post(f"{API}/1/resolve", json={"reason": "well"})).json()["state"] == "resolved"
        again = await client.post(f"{API}/1/dismiss", json={})
        assert (again.status_code, again.json()["code"], again.headers["content-type"]) == (
            409,
            "MP2604",
            "application/problem+json",
        )
        assert (await client.get(f"{API}?open=1")).json() == {"incidents": []}
        assert [one["number"] for one in (await client.get(API)).json()["incidents"]] == [1]
        assert (await client.get(f"{API}/1")).json()["open"] is False
        assert [one[1:] for one in stand.trail.noted] == [
            ("incident", "lab", "declare: NOC called"),
            ("incident", "lab", "declare: "),
            ("incident", "1", "text"),
            ("incident", "1", "resolved: well"),
            ("incident", "1", "dismissed: "),
        ]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {"carrier": "nobody"}, 404, "MP2602"),
        ("", {"carrier": "lab", "text": "ask a@b.test"}, 422, "MP2605"),
        ("", {"carrier": "lab", "text_ja": "ask a@b.test"}, 422, "MP2605"),
        ("", {"carrier": "lab", "text_en": "ask a＠b.test"}, 422, "MP2605"),
        ("", {"carrier": "lab", "owner": "a＠b.test"}, 422, "MP2605"),
        ("", {"carrier": "lab", "text_en": "x" * 501}, 422, "MP2407"),
        ("", {"carrier": "lab", "text": "x" * 501}, 422, "MP2407"),
        ("", {"carrier": "lab", "expected_at": "2027-01-15T10:00:00"}, 422, "MP2407"),
        ("", {"carrier": "lab", "expected_at": "9999-12-31T23:59:59-23:59"}, 422, "MP2610"),
        ("", {"carrier": "lab", "expected_at": "0001-01-01T00:00:00+23:59"}, 422, "MP2610"),
        ("", {"carrier": "lab", "expected_at": "2027-02-16T10:00:00+00:00"}, 422, "MP2610"),
        ("", {"carrier": "lab", "nonsense": 1}, 422, "MP2407"),
        ("/9/confirm", {}, 404, "MP2601"),
        ("/9/text", {}, 404, "MP2601"),
        ("/0/confirm", {}, 422, "MP2407"),
    ],
)
async def test_what_cannot_be_done_is_said(path: str, body: dict[str, object], status: int, code: str) -> None:
    async with standing() as stand, stand.asking(router) as client:
        said = await client.post(API + path, json=body)
        assert (said.status_code, said.json().get("code")) == (status, code)
        assert await stand.store.incidents.all() == ()


async def test_each_reader_is_told_in_his_language_and_in_the_other_where_there_is_no_other_text() -> None:
    async with standing() as stand, stand.asking(router) as client:

        async def told(body: dict[str, str], language: str = "en") -> dict[str, tuple[str, str]]:
            """By the reader's language: the words and theirs."""
            assert (await client.post(f"{API}/1/text?lang={language}", json=body)).status_code == 200
            read = {lang: (await client.get(f"{API}/1?lang={lang}")).json() for lang in ("ja", "en")}
            return {lang: (one["say"], one["say_lang"]) for lang, one in read.items()}

        await client.post(API, json={"carrier": "lab", "text_ja": "遅れています。", "text_en": "It is late."})
        both = {"text_ja": "遅れています。", "text_en": "It is late."}
        assert await told(both) == {"ja": ("遅れています。", "ja"), "en": ("It is late.", "en")}
        assert await told({"text": "Nur das."}) == {"ja": ("Nur das.", "en"), "en": ("Nur das.", "en")}
        assert await told({"text": "遅延中。"}, "ja") == {"ja": ("遅延中。", "ja"), "en": ("遅延中。", "ja")}
        assert await told(both | {"text": "It is not."}) == await told(both)
        usual = await told({})
        assert (usual["ja"][1], usual["en"][1]) == ("ja", "en")
        assert "reset" in usual["en"][0]


async def test_an_incident_is_expected_to_be_over_within_31_days_and_its_page_stays_whole() -> None:
    async with standing() as stand, stand.asking(router) as client:
        body = {"carrier": "lab", "expected_at": "2027-02-15T07:00:00+00:00"}
        assert (await client.post(API, json=body)).status_code == 201
        far = await client.post(f"{API}/1/text", json={"expected_at": "9999-12-31T23:59:59-23:59"})
        assert (far.status_code, far.json()["code"], far.json()["where"]) == (422, "MP2610", "expected_at")
        assert (await client.get(f"{API}/1")).json()["expected_at"] == "2027-02-15T07:00:00.000Z"


async def test_only_a_supervisor_makes_something_of_one() -> None:
    async with standing() as stand:
        stand.instruments = control(FAILS)
        await several_call(stand)
        for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.AUDITOR, 403), (Role.ADMIN, 200)):
            async with stand.asking(router, role=role) as client:
                assert (await client.post(f"{API}/1/confirm", json={})).status_code == status
        async with stand.asking(router, role=Role.OPERATOR) as client:
            assert (await client.get(f"{API}/1")).json()["state"] == "confirmed"


async def test_nothing_is_done_that_cannot_be_noted() -> None:
    async with standing() as stand, stand.asking(router) as client:
        stand.trail.broken = True
        said = await client.post(API, json={"carrier": "lab"})
        assert (said.status_code, said.json()["code"]) == (503, "MP2401")
        assert await stand.store.incidents.all() == ()


async def test_a_repaired_mailbox_speaks_for_no_incident_any_more() -> None:
    async with standing() as stand:
        await several_call(stand, 3)
        subject = stand.store.strangers.subject_of("caller0@lab.test")
        mended = Call("lab", subject, True, Code.HEALTHY, Status.OK, NOW)
        await IncidentDesk(stand.rooms).learn(replace(mended, at=NOW + 1))
        stand.now, stand.instruments = NOW + 2, control(LASTS)
        await IncidentDesk(stand.rooms).look_at_all()
        assert await stand.store.incidents.all() == ()
