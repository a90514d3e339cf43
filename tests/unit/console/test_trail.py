"""Nothing is shown that is not noted, what is noted cannot be changed unseen, and no address stands in it."""

from __future__ import annotations

import logging
import re
import sqlite3
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Request

import mailprobe.console
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.routes import ROUTERS
from mailprobe.console.texts import texts
from mailprobe.console.trail import MOST_WHY, without_address
from mailprobe.log import listen
from mailprobe.store import StoreError
from mailprobe.store.audit import Search
from tests.unit.console.given import NOW, PASSWORD, Given, given, sign_in
from tests.unit.given import account


def looking() -> APIRouter:
    """A route that shows something of one mailbox, as the pages do."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/looked")
    async def look(request: Request, visitor: Annotated[Visitor, Depends(may(Role.OPERATOR))], why: str = "") -> str:
        await request.app.state.trail.note(visitor, "look", "tanaka", why)
        return "the verdict on tanaka"

    return router


async def locked(here: Given) -> None:
    """SQLite itself refuses the next write; then the store opens its file anew."""
    await here.store.database.run(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))


async def test_what_was_looked_at_is_noted_before_it_is_shown() -> None:
    async with given(routers=[*ROUTERS, looking()]) as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        assert (await browser.get("/api/v1/looked?why=ticket 7")).json() == "the verdict on tanaka"
        (last,) = await here.store.audit.find(Search(what="look"))
        assert (last.at, last.who, last.what, last.of, last.why) == (NOW, "sato", "look", "tanaka", "ticket 7")


async def test_what_cannot_be_noted_is_not_shown(tmp_path: Path) -> None:
    async with given(f"sqlite:///{tmp_path / 'm.db'}", routers=[*ROUTERS, looking()]) as here:
        browser, page = (
            await here.signed_in("sato", Role.OPERATOR),
            await here.signed_in("kansa", Role.AUDITOR, accept="text/html"),
        )
        await locked(here)
        answer = await browser.get("/api/v1/looked")
        assert (answer.status_code, answer.json()["code"]) == (503, "MP2401")
        assert "verdict" not in answer.text
        assert "m.db" not in answer.text
        await locked(here)
        trail = await page.get("/audit")
        assert trail.status_code == 503
        assert "MP2401" in trail.text
        assert "person_added" not in trail.text


async def test_nobody_comes_in_who_cannot_be_noted_or_counted(tmp_path: Path) -> None:
    async with given(f"sqlite:///{tmp_path / 'm.db'}") as here:
        await here.add("sato", Role.OPERATOR)
        await locked(here)
        answer = await sign_in(here.browser(), "sato")
        assert answer.status_code == 503
        assert "set-cookie" not in answer.headers


async def test_nothing_is_changed_that_cannot_be_noted() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        trail = here.console.state.trail

        async def refused(*_: object) -> None:
            raise StoreError("MP2401", "trail", "cannot be noted")

        trail.note = refused
        for method, path, body in (
            ("POST", "/api/v1/people", {"name": "sato", "role": "viewer", "password": PASSWORD}),
            ("PUT", "/api/v1/people/root/role", {"role": "viewer"}),
            ("DELETE", "/api/v1/people/root", None),
            ("POST", "/api/v1/tokens", {"name": "crm", "role": "viewer"}),
            ("POST", "/api/v1/erasures", {"account": "suzuki", "why": "request 17"}),
        ):
            answer = await admin.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "MP2401")
        assert [one.name for one in await here.store.people.all()] == ["root"]
        assert await here.store.tokens.all() == ()


async def many(here: Given) -> None:
    for number in range(250):
        who, what = ("sato", "look") if number % 2 else ("suzuki", "check")
        await here.store.audit.append(who, what, f"a{number % 10}", f"ticket {number}", NOW + number)


async def test_the_auditor_reads_page_by_page_and_his_reading_is_noted() -> None:
    async with given() as here:
        await many(here)
        auditor = here.program(await here.token(Role.AUDITOR, "kansa"))
        seen, below = [], 1 << 62
        while below:
            page = (await auditor.get(f"/api/v1/audit?who=sato&below={below}")).json()
            seen += [row["why"] for row in page["rows"]]
            below = page["older"]
        assert seen == [f"ticket {number}" for number in range(249, 0, -2)]
        read = await here.store.audit.find(Search(who="token:kansa"))
        assert [(one.what, one.why) for one in read] == [("audit", "sato")] * 2


async def test_by_who_when_what_and_of() -> None:
    async with given() as here:
        await many(here)
        auditor = here.program(await here.token(Role.AUDITOR))

        async def numbers(query: str) -> list[int]:
            answer = await auditor.get(f"/api/v1/audit?{query}")
            return [int(row["why"].removeprefix("ticket ")) for row in answer.json()["rows"]]

        assert await numbers("what=check&of=a8,a6&since=2027-01-15T08:04:00Z") == [248, 246]
        assert await numbers("who=sato&of=a1&until=2027-01-15T08:00:12Z") == [11, 1]
        assert await numbers("who=sato&what=check") == []
        assert (await auditor.get("/api/v1/audit?since=9999999-01-01")).status_code == 422
        assert (await auditor.get("/api/v1/audit?below=x")).status_code == 422


async def test_an_address_is_looked_for_under_every_name_that_it_has_and_stands_in_no_url() -> None:
    async with given() as here:
        subject = here.store.audit.subject_of("u000002@mail.test")
        await here.store.audit.append("sato", "look", "tanaka", "as enrolled", NOW)
        await here.store.audit.append("sato", "check", subject, "by its hash", NOW)
        await here.store.audit.append("sato", "check", "another", "of somebody else", NOW)
        auditor = await here.signed_in("kansa", Role.AUDITOR)
        answer = await auditor.post("/audit", data={"address": "U000002@MAIL.TEST".lower()})
        assert "@" not in answer.headers["location"]
        assert "u000002" not in answer.headers["location"]
        page = (await auditor.get(answer.headers["location"])).text
        assert "as enrolled" in page
        assert "by its hash" in page
        assert "of somebody else" not in page
        assert (await auditor.post("/audit", data={"address": "no address"})).status_code == 422


async def test_a_row_that_was_changed_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'm.db'}"
    async with given(url) as here:
        await many(here)
        auditor = await here.signed_in("kansa", Role.AUDITOR)
        whole = (await auditor.get("/api/v1/audit/verify")).json()
        assert whole == {"rows": 253, "row": None, "what": None}
        with sqlite3.connect(tmp_path / "m.db") as raw:
            raw.execute("UPDATE audit SET of = 'nobody' WHERE number = 77")
        assert (await auditor.get("/api/v1/audit/verify")).json() == {"rows": 254, "row": 77, "what": "was changed"}
        assert "Row 77 was changed" in (await auditor.post("/audit/verify", headers={"accept-language": "en"})).text


async def test_a_reason_is_shown_as_text() -> None:
    async with given() as here:
        await here.store.audit.append("<b>sato", "look", "a1", "<script>alert(1)</script>", NOW)
        page = (await (await here.signed_in("kansa", Role.AUDITOR)).get("/audit")).text
        assert "<script>" not in page
        assert "<b>sato" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ticket 7", "ticket 7"),
        ("ticket 7 of tanaka@mail.test, urgent", "ticket 7 of *** urgent"),
        ("お客様 tanaka＠mail.test の件", "お客様 *** の件"),
        ("line\nbreak\x1b[31m", "line break [31m"),
        ("x" * 2000, "x" * MOST_WHY),
        ("x" * (MOST_WHY - 3) + " a" * 2 + "b@c.test", "x" * (MOST_WHY - 3) + " a "),
    ],
)
def test_no_address_and_no_escape_in_a_reason(said: str, kept: str) -> None:
    assert without_address(said, MOST_WHY) == kept


async def test_a_customer_is_erased_for_a_reason_and_the_trail_says_so() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        watched = await admin.post("/api/v1/erasures", json={"address": "u000002@mail.test", "why": "request 17"})
        assert (watched.status_code, watched.json()["code"]) == (409, "MP2419")
        nobody = await admin.post("/api/v1/erasures", json={"why": "request 17"})
        assert (nobody.status_code, nobody.json()["code"]) == (422, "MP2421")
        here.house.config = here.house.config.__class__(
            prober=here.house.config.prober, carriers=here.house.config.carriers, accounts=(account(id="other", address=other()),)
        )
        wanted = {"account": "tanaka", "address": "u000002@mail.test", "why": "request 17 of u000002@mail.test"}
        assert (await admin.post("/api/v1/erasures", json=wanted)).json() == {"rows": 0, "clean": True}
        (noted,) = await here.store.audit.find(Search(what="erase"))
        assert (noted.who, noted.of, noted.why) == ("root", "tanaka", "request 17 of ***")


def other() -> object:
    from mailprobe.address import parse

    return parse("u000003@mail.test")


def octets_in(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


async def test_no_secret_is_written_to_the_log_or_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = listen(level=logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        async with given(f"sqlite:///{tmp_path / 'm.db'}") as here:
            browser = await here.signed_in("sato", Role.OPERATOR)
            token, link = await here.token(Role.VIEWER), await here.first_link()
            await sign_in(here.browser(), "sato", "mistyped-geheim")
            await sign_in(here.browser(), "geheim-as-a-name", "x")
            secrets = [PASSWORD, "geheim", token, *browser.cookies.values(), link[-20:] or "no link"]
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    kept = octets_in(tmp_path)
    told = capsys.readouterr().err
    assert "asyncio" in told or "httpx" in told  # somebody was heard at all
    assert [one for one in secrets if one in told] == []
    assert [one for one in secrets if one.encode() in kept] == []


async def test_the_page_says_in_words_what_was_done_and_finds_it_by_them() -> None:
    async with given() as here:
        for what, why in (("look", "T-1"), ("check", "customer_call"), ("levitate", "of a newer program")):
            await here.store.audit.append("sato", what, "tanaka", why, NOW)
        auditor = await here.signed_in("kansa", Role.AUDITOR)
        page = (await auditor.get("/audit?lang=en")).text
        for cell in ("looked at", "checked", "Call", "levitate"):
            assert f"<td>{cell}</td>" in page
        assert '<option value="look">looked at</option>' in page
        found = (await auditor.get("/audit?what=levitate&lang=ja")).text
        assert '<option value="levitate" selected>levitate</option>' in found
        assert "<td>tanaka</td>" in found
        assert "閲覧した</td>" not in found


def test_every_word_that_the_trail_is_given_is_said_in_both_languages() -> None:
    """Those that the program writes itself, as its source has them."""
    source = "".join(path.read_text("utf-8") for path in Path(mailprobe.console.__file__).parent.rglob("*.py"))
    written = r'(?:\.note|await note|found)\((?:request, )?(?:visitor|by|Visitor\([^"\n]*?\)),(?: which,)? "(\w+)"'
    given = set(re.findall(written, source))
    assert {"look", "sign_in", "role_set", "golden", "told"} <= given
    for language in ("ja", "en"):
        assert {f"done.{one}" for one in given} <= texts(language).keys()
