"""The fleet's pages, whole, in both languages: what stands on them, who may see and do what, and what never stands on them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from mailprobe.breaker import Breaker
from mailprobe.canary import Record
from mailprobe.console.api.services import router as services_api
from mailprobe.console.door import Role
from mailprobe.console.instruments import Instruments, OurCheck
from mailprobe.console.pages import duty, fleet, looks, wrong
from mailprobe.evidence import CanaryState, Of
from mailprobe.incident import Text
from mailprobe.metrics import Slots
from mailprobe.status import Change
from mailprobe.store.calls import KeptCall
from mailprobe.store.changes import put
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.labels import title
from tests.unit.console.standing import NOW, Stand, standing
from tests.unit.console.test_fleet_api import came_back

ROUTERS = (fleet.router, looks.router, duty.router, wrong.router)
PAGES = ("/carriers", "/accounts", "/accounts/lab-1", "/bounces", "/incidents", "/maintenance", "/prober", "/wrong-verdicts")
OUTAGE = Verdict(Code.IMAP_OUTAGE, Status.DOWN, Actor.MAIL_OPS, Confidence.HIGH, HandsetSteps.NONE, 11)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'
EMPTY = {"input", "meta", "link", "option", "rect", "path", "polygon", "polyline", "br", "img"}


class Wellformed(HTMLParser):
    """Every tag that opens closes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs), f"{tag} has a script or a style in it"
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None: ...

    def handle_endtag(self, tag: str) -> None:
        assert tag in EMPTY or self.open.pop() == tag


def called_wrong(which: str, code: str, started: float) -> KeptCall:
    """A check whose verdict an agent called wrong."""
    of = {"owner": "sato", "account": "lab-1", "subject": "", "carrier": "lab", "kept": "", "wrong": "it was being moved"}
    seen = {"told": b"", "said": b"[]", "seen": b"", "version": 1}
    return KeptCall(id=which, number="00001", started=started, ended=started, watched_until=None, code=code, **of, **seen)  # type: ignore[arg-type]


async def lived_in(stand: Stand) -> None:
    """A fleet to which things have happened."""
    await stand.store.calls.keep(called_wrong("c-1", "imap_outage", NOW - 900))
    await stand.is_so("lab-0", Status.OK, Code.HEALTHY)
    await stand.is_so("lab-1", Status.DOWN, Code.IMAP_OUTAGE, since=NOW - 3600)
    hidden = stand.store.results.hide(("u000001@lab.test",))
    await stand.store.verdicts.keep("lab-1", OUTAGE, NOW - 3600, hidden)
    changes = (
        Change(Status.UNKNOWN, Status.OK, Code.HEALTHY, NOW - 20 * 86_400, NOW - 20 * 86_400),
        Change(Status.OK, Status.DOWN, Code.IMAP_OUTAGE, NOW - 3500, NOW - 3600, Code.HEALTHY),
    )
    for one in changes:
        await stand.store.database.transact(lambda transaction, one=one: put(transaction, "lab-1", one))  # type: ignore[misc]  # bound now
    await came_back(stand, 1, f"no such user {HOSTILE}")
    subject = stand.store.canaries.subject_of("u000001@lab.test")
    plain = Record(
        id="c1",
        subject=subject,
        of=Of.TARGET,
        account="lab-1",
        vantage="here",
        sender="b@b.test",
        number="4821",
        consent="enrolled",
        planned_at=NOW - 900,
        took=3.5,
    )
    await stand.store.canaries.plan(plain, lambda past: None)
    await stand.store.breakers.change(
        "mx1.lab.test:25", "here", lambda one: (Breaker(one.server, "here", 3, 1, NOW, NOW + 60, words=HOSTILE), None)
    )
    stand.instruments = Instruments(
        checks=lambda: (
            OurCheck("block_list", "bad", "zen", "listed", NOW - 60, (("values", HOSTILE),)),
            OurCheck("clock", "good", "lab", "", NOW - 60),
        ),
        held=lambda: {("lab", "not_polite_yet"): 7, ("lab", "no_secret"): 0},
        slots=lambda: Slots(100, 2, 1),
    )


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_whole_and_holds_no_address_and_no_foreign_markup(path: str, language: str) -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        await lived_in(stand)
        client = stand.asking(*ROUTERS)
        said = await client.get(f"{path}?lang={language}")
        assert said.status_code == 200, said.text
        reader = Wellformed()
        reader.feed(said.text)
        assert reader.open == []
        assert len(reader.ids) == len(set(reader.ids))
        main = said.text.partition("<main")[2].partition("</main>")[0]
        assert "@" not in main
        assert "u000001" not in said.text
        assert "<script" not in main
        assert "<img" not in said.text
        assert f'lang="{language}"' in said.text
        assert re.search(r"\{[a-z_]+\}", main.replace("{{7*7}}", "")) is None
        assert "no-store" in said.headers["cache-control"]


async def test_an_empty_fleet_is_shown_as_such() -> None:
    async with standing() as stand, stand.asking(*ROUTERS, role=Role.VIEWER) as client:
        for path in PAGES:
            said = await client.get(f"{path}?lang=en")
            assert said.status_code == (403 if path == "/wrong-verdicts" else 200), path
        assert "No incident is open" in (await client.get("/incidents?lang=en")).text
        assert "Nothing came back" in (await client.get("/bounces?lang=en")).text


async def test_a_carriers_card_says_what_the_api_says() -> None:
    async with standing() as stand:
        await lived_in(stand)
        async with stand.asking(*ROUTERS, services_api, role=Role.VIEWER) as client:
            page = (await client.get("/carriers?lang=en")).text
            for one in (await client.get("/api/v1/services?lang=en")).json():
                assert f"Service as a whole: {one['text']}" in page
            assert "1 at most" in page
            assert 'href="/accounts?carrier=lab&amp;status=down"' in page


async def test_one_accounts_page_tells_its_thirty_days_in_words_too() -> None:
    async with standing() as stand:
        await lived_in(stand)
        async with stand.asking(*ROUTERS, role=Role.OPERATOR) as client:
            page = (await client.get("/accounts/lab-1?lang=en")).text
        assert page.count("Ill once, for 60 min.") == 3  # label and title of the drawing, and beside it
        assert "In order 66.5 %" in page
        assert 'href="/#a=lab-1"' in page
        assert "4821" in page
        assert [one[1:] for one in stand.trail.noted] == [("look", "lab-1", "")]


async def test_an_account_that_is_none_is_refused_in_words() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        client.headers["accept"] = "text/html"
        said = await client.get("/accounts/a@lab.test?lang=ja")
        assert (said.status_code, "その監視対象はありません" in said.text, "a@lab" in said.text) == (404, True, False)
        stand.trail.broken = True
        said = await client.get("/accounts/lab-1?lang=ja")
        assert (said.status_code, "閲覧記録に書き込めない" in said.text) == (503, True)
        assert "the supervisor" in said.text  # whoever is refused is signed in all the same


async def test_the_list_is_filtered_by_its_form_and_asks_for_no_address() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        await stand.is_so("lab-1", Status.DOWN, Code.IMAP_OUTAGE)
        page = (await client.get("/accounts?status=down&q=LAB&group=shard-1&lang=en")).text
        assert re.findall(r'href="/accounts/(lab-\d)"', page) == ["lab-1"]
        assert "Addresses are not looked for here" in (await client.get("/accounts?q=a@b.test&lang=en")).text
        assert "a@b.test" not in (await client.get("/accounts?q=a@b.test&lang=en")).text
        assert "No mailbox fits" in (await client.get("/accounts?carrier=nobody&lang=en")).text


async def test_what_was_called_wrong_is_counted_and_can_be_taken_away_by_supervisors() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        assert "Nobody has called a result wrong" in (await client.get("/wrong-verdicts?lang=en")).text
        for which, code in (("c-1", "imap_outage"), ("c-2", "imap_outage"), ("c-3", "from_a_newer_program"), ("c-4", "")):
            await stand.store.calls.keep(called_wrong(which, code, NOW - 900))
        page = (await client.get("/wrong-verdicts?lang=en")).text
        outage = title(Code.IMAP_OUTAGE, "en")
        rows = re.findall(r'<th scope="row">([^<]+)</th><td class="number">(\d)', page)
        assert rows[0] == (outage, "2")
        assert sorted(rows[1:]) == [("from_a_newer_program", "1"), ("nothing yet", "1")]
        assert sorted(re.findall(r'href="/api/v1/wrong-verdicts/([^/]+)/golden" download', page)) == ["c-1", "c-2", "c-3", "c-4"]
        assert "it was being moved" not in page  # what he typed may name somebody: in the case it is masked
    for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.ADMIN, 200)):
        async with standing() as stand, stand.asking(*ROUTERS, role=role) as client:
            assert (await client.get("/wrong-verdicts")).status_code == status
            assert ('href="/wrong-verdicts"' in (await client.get("/carriers")).text) is (status == 200)


async def test_who_may_only_look_is_offered_nothing_to_do() -> None:
    async with standing() as stand:
        for role, forms in ((Role.VIEWER, 0), (Role.OPERATOR, 0), (Role.SUPERVISOR, 1)):
            async with stand.asking(*ROUTERS, role=role) as client:
                for path in ("/incidents", "/maintenance"):
                    assert (await client.get(path)).text.count('method="post"') == forms
                posted = await client.post("/maintenance", data={"carrier": "lab", "hours": "2"})
                assert posted.status_code == (303 if role is Role.SUPERVISOR else 403)
        async with stand.asking(*ROUTERS, role=Role.AUDITOR) as client:
            assert [(await client.get(path)).status_code for path in PAGES] == [403] * len(PAGES)
        async with stand.asking(*ROUTERS, role=None) as client:
            assert [(await client.get(path)).status_code for path in PAGES] == [401] * len(PAGES)


async def test_a_supervisor_declares_tells_and_resolves_by_form() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        given = {"carrier": "lab", "text_ja": "受信が遅れています。", "owner": "SD-2", "hours": "2", "reason": "NOC"}
        assert (await client.post("/incidents", data=given)).headers["location"] == "/incidents"
        page = (await client.get("/incidents?lang=ja")).text
        assert "受信が遅れています。" in page
        assert 'lang="ja">受信が遅れています。</blockquote>' in (await client.get("/incidents?lang=en")).text
        assert '<blockquote class="say">受信が遅れています。' in page
        assert "/incidents/1/resolve" in page
        assert "/incidents/1/confirm" not in page
        assert (await client.post("/incidents", data=given)).status_code == 409
        assert (await client.post("/incidents/1/text", data={"text_en": "x", "hours": "keep"})).status_code == 303
        one = await stand.store.incidents.one(1)
        assert one is not None
        assert (one.text, one.owner, one.expected_at) == (Text(en="x"), "", NOW + 7200)
        for part in ("text_ja", "text_en", "owner"):
            assert (await client.post("/incidents/1/text", data={part: "a@b.test"})).status_code == 422
        assert (await client.post("/incidents/1/resolve", data={"reason": "well"})).status_code == 303
        assert (await client.post("/incidents/1/resolve", data={})).status_code == 409
        assert (await client.post("/incidents/1/nonsense", data={})).status_code == 422


async def test_a_supervisor_announces_and_ends_work_by_form() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        for begins in ("", "2027-01-16T10:00", "nonsense"):
            given = {"carrier": "lab", "group": "shard-3", "hours": "0.5", "begins": begins, "note": "CHG-17"}
            assert (await client.post("/maintenance", data=given)).status_code == 303
        kept = await stand.store.maintenance.all(NOW)
        assert [round(one.ends - one.begins) for one in kept] == [1800] * 3
        assert "group shard-3" in (await client.get("/maintenance?lang=en")).text
        assert (await client.post("/maintenance/1/end")).status_code == 303
        assert (await client.post("/maintenance/1/end")).status_code == 404
        assert (await client.post("/maintenance", data={"carrier": "lab", "hours": "9999"})).status_code == 422
        for begins in ("9999-12-31T23:59", "0001-01-01T00:00"):
            given = {"carrier": "lab", "hours": "2", "begins": begins}
            assert (await client.post("/maintenance", data=given)).status_code == 422


@pytest.mark.parametrize(
    ("language", "seen"),
    [("en", "none of 2 name servers answers"), ("ja", "名前を調べるサーバー2台のどれも答えない")],
)
async def test_what_was_seen_of_ourselves_is_said_in_the_reader_s_language(language: str, seen: str) -> None:
    async with standing() as stand:
        stand.instruments = Instruments(
            checks=lambda: (OurCheck("resolver", "bad", "", "resolvers_silent", NOW - 60, (("asked", "2"),)),)
        )
        async with stand.asking(*ROUTERS, role=Role.VIEWER) as client:
            assert f'<td class="wide">{seen}</td>' in (await client.get(f"/prober?lang={language}")).text


async def test_the_runbooks_are_where_the_alerts_lead() -> None:
    async with standing() as stand, stand.asking(*ROUTERS, role=Role.VIEWER) as client:
        assert '<h2 id="MailprobeIncident">' in (await client.get("/runbooks")).text


async def test_a_language_chosen_by_hand_is_remembered() -> None:
    async with standing() as stand, stand.asking(*ROUTERS) as client:
        assert "lang=ja" in (await client.get("/carriers?lang=ja")).headers["set-cookie"]
        assert 'lang="ja"' in (await client.get("/carriers", headers={"cookie": "lang=ja"})).text


async def test_what_is_no_language_of_ours_is_passed_over_everywhere() -> None:
    async with standing() as stand, stand.asking(*ROUTERS, services_api) as client:
        client.headers["accept-language"] = "ja"
        page = await client.get("/carriers?lang=fr")
        assert ('<html lang="ja">' in page.text, "set-cookie" in page.headers) == (True, False)
        assert (await client.get("/api/v1/services?lang=fr")).json() == (await client.get("/api/v1/services?lang=ja")).json()


def test_states_that_a_test_mail_may_have_have_a_word() -> None:
    from mailprobe.console.texts import texts

    assert {f"canary.{one}" for one in CanaryState} <= set(texts("ja"))
