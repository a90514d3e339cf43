"""People and tokens, and my password, by forms without a script."""

from __future__ import annotations

import re

import httpx
import pytest

from mailprobe.console.door import Role
from mailprobe.console.pages import people, sessions, sign_in
from mailprobe.console.pages.paper import TEMPLATES
from mailprobe.console.texts import texts
from tests.unit.console.given import PASSWORD, given
from tests.unit.console.given import sign_in as come_in

TOKEN = re.compile(r"<code>(mp_[\w-]{43})</code>")


async def test_somebody_is_added_changed_and_removed() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        form = {"name": "Sato", "password": PASSWORD, "role": "operator"}
        assert (await admin.post("/people", data=form)).headers["location"] == "/people"
        assert (await come_in(here.browser(), "sato")).status_code == 303
        assert "sato" in (await admin.get("/people")).text
        again = await admin.post("/people", data=form, headers={"accept-language": "ja"})
        assert (again.status_code, texts("ja")["unfit.taken"] in again.text) == (422, True)
        assert (await admin.post("/people/role", data={"name": "sato", "role": "viewer"})).status_code == 303
        assert (await admin.post("/people/role", data={"name": "sato", "role": "king"})).status_code == 422
        assert (await admin.post("/people/remove", data={"name": "sato"})).status_code == 303
        last = await admin.post("/people/remove", data={"name": "root"})
        assert (last.status_code, texts("en")["people.last"] in last.text) == (422, True)
        assert [one.name for one in await here.store.people.all()] == ["root"]


async def test_somebody_s_sessions_are_ended_and_he_stays() -> None:
    async with given() as here:
        admin, sato = await here.signed_in("root", Role.ADMIN), await here.signed_in("sato", Role.OPERATOR)
        assert (await sato.post("/people/sign-out", data={"name": "root"})).status_code == 403
        assert (await admin.post("/people/sign-out", data={"name": "sato"})).headers["location"] == "/people"
        assert [(await one.get("/api/v1/me")).status_code for one in (admin, sato)] == [200, 401]
        assert ("root", "sessions_ended", "sato") in await here.noted()
        assert len(await here.store.people.all()) == 2


async def test_a_token_is_on_one_page_and_on_no_other() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        made = await admin.post("/people/tokens", data={"name": "crm", "role": "operator", "days": "30"})
        (value,) = TOKEN.findall(made.text)
        assert (await here.program(value).get("/api/v1/me")).json()["role"] == "operator"
        assert value not in (await admin.get("/people")).text
        refused = await admin.post("/people/tokens", data={"name": "all", "role": "admin", "days": "30"})
        assert (refused.status_code, TOKEN.findall(refused.text)) == (422, [])
        assert (await admin.post("/people/tokens/remove", data={"number": "1"})).status_code == 303
        assert (await here.program(value).get("/api/v1/me")).status_code == 401


async def test_all_my_other_sessions_end() -> None:
    async with given() as here:
        desk, home = await here.signed_in("sato", Role.OPERATOR), here.browser()
        await come_in(home, "sato")
        other = await here.signed_in("suzuki", Role.OPERATOR)
        assert (await desk.post("/sessions/end-others")).status_code == 303
        assert [(await one.get("/api/v1/me")).status_code for one in (desk, home, other)] == [200, 401, 200]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36 Edg/140",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36", "Chrome, Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 (KHTML, like Gecko) Version/18 Safari/605",
            "Safari, macOS",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604", "Safari, iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
async def test_a_browser_is_named_in_short_and_whole_beside_it(said: str, shown: str) -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR, user_agent=said)
        page = (await browser.get("/sessions")).text
        assert f'<td title="{said}">{shown}</td>' in page
        assert "/sessions/end-others" not in page  # there are none
        await come_in(here.browser(), "sato")
        assert "/sessions/end-others" in (await browser.get("/sessions")).text


async def test_no_password_is_ever_sent_back() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        wrong = "mistyped-geheim"
        answers: list[httpx.Response] = [
            await come_in(here.browser(), "root", wrong),
            await admin.post("/people", data={"name": "no name", "password": wrong, "role": "viewer"}),
            await admin.post("/sessions/password", data={"old": wrong, "password": wrong, "again": wrong + "x"}),
            await here.browser().post("/first-admin", data={"key": "k", "name": "x", "password": wrong, "again": wrong}),
        ]
        assert [one.status_code for one in answers] == [401, 422, 422, 410]
        assert not any("geheim" in one.text for one in answers)


async def test_every_text_of_these_pages_is_there_in_both_languages() -> None:
    assert texts("ja").keys() == texts("en").keys()
    templates = ("sign_in", "first_admin", "sessions", "people", "audit", "verified", "problem", "signed_out")
    assert TEMPLATES.loader is not None
    for name in templates:
        source = TEMPLATES.loader.get_source(TEMPLATES, f"{name}.html")[0]
        wanted = set(re.findall(r't\("([a-z_.]+)"[,)]', source))
        assert wanted
        assert wanted <= texts("en").keys()
    for role in Role:
        assert f"role.{role.value}" in texts("ja")


def test_these_pages_are_not_of_the_api() -> None:
    for router in (people.router, sessions.router, sign_in.router):
        assert not router.include_in_schema
