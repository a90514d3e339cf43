"""Coming in, staying in, going out: with a password, a token, or a proxy's word."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Request

from mailprobe.console.door import Role, Visitor, signed_in
from mailprobe.console.people import FREE, MOST_WAIT, TRIES, wait_after
from mailprobe.console.routes import ROUTERS
from mailprobe.console.visits import PLAIN_COOKIE, SECURE_COOKIE, still_in
from mailprobe.store.visits import SEEN_EVERY
from tests.unit.console.given import NOW, PASSWORD, SITE, Given, given, sign_in


async def test_in_and_out() -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        assert (await browser.get("/api/v1/me")).json() == {"name": "sato", "role": "operator"}
        assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert await here.noted() == [("test", "person_added", "sato"), ("sato", "sign_in", "sato")]


async def test_the_cookie_is_for_this_host_over_tls_and_no_script_reads_it() -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        said = (await sign_in(here.browser(), "sato")).headers["set-cookie"]
        assert re.fullmatch(rf"{SECURE_COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=lax; Secure", said)
        plain = here.browser("http://127.0.0.1:8025", peer="127.0.0.1")
        said = (await sign_in(plain, "sato")).headers["set-cookie"]
        assert re.fullmatch(rf"{PLAIN_COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=lax", said)


async def test_a_cookie_that_was_copied_is_worth_nothing_after_sign_out() -> None:
    async with given() as here:
        browser, thief = await here.signed_in("sato", Role.OPERATOR), here.browser()
        thief.cookies = browser.cookies.__class__(dict(browser.cookies))
        thief.headers["cookie"] = f"{SECURE_COOKIE}={browser.cookies[SECURE_COOKIE]}"
        assert (await thief.get("/api/v1/me")).status_code == 200
        await browser.post("/sign-out")
        answer = await thief.get("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "MP2403")


async def test_a_session_that_somebody_else_chose_is_not_taken_up() -> None:
    """Fixation: what the browser held before sign-in is worth nothing afterwards."""
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        browser = here.browser()
        browser.headers["cookie"] = f"{SECURE_COOKIE}=chosen-by-the-attacker"
        answer = await sign_in(browser, "sato")
        assert SECURE_COOKIE in answer.cookies
        assert answer.cookies[SECURE_COOKIE] != "chosen-by-the-attacker"
        assert (await browser.get("/api/v1/me")).status_code == 401


async def test_signing_in_again_ends_the_session_of_before() -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        before = browser.cookies[SECURE_COOKIE]
        await sign_in(browser, "sato")
        assert browser.cookies[SECURE_COOKIE] != before
        old = here.browser(cookie=f"{SECURE_COOKIE}={before}")
        assert (await old.get("/api/v1/me")).status_code == 401


async def test_the_name_that_needs_no_tls_is_not_read_over_tls() -> None:
    """Somebody on the line can set a cookie without the prefix: it opens nothing."""
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        tossed = here.browser(cookie=f"{PLAIN_COOKIE}={browser.cookies[SECURE_COOKIE]}")
        assert (await tossed.get("/api/v1/me")).status_code == 401


async def test_an_idle_session_ends_and_one_in_use_ends_after_a_working_day() -> None:
    async with given(session_idle=900.0, session_most=3600.0) as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        for minute in range(10, 60, 10):
            here.now[0] = NOW + minute * 60
            assert (await browser.get("/api/v1/me")).status_code == 200
            await here.store.beat(here.now[0])  # what was to be written soon is written
        here.now[0] = NOW + 3600
        assert (await browser.get("/api/v1/me")).status_code == 401
        await sign_in(browser, "sato")
        here.now[0] += 900
        assert (await browser.get("/api/v1/me")).status_code == 401


async def test_that_he_is_there_is_not_written_down_at_every_request() -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        here.now[0] = NOW + SEEN_EVERY - 1
        await browser.get("/api/v1/me")
        await here.store.beat(NOW)
        assert (await browser.get("/api/v1/sessions")).json()[0]["seen"] == "2027-01-15T08:00:00.000Z"


async def test_a_page_that_is_left_open_ends_with_the_session_and_does_not_keep_it(tmp_path: Path) -> None:
    asked = APIRouter(prefix="/api/v1")

    @asked.get("/streamed")
    async def streamed(request: Request, visitor: Annotated[Visitor, Depends(signed_in())]) -> list[bool]:
        """As a stream asks while it goes on: after 14 minutes, after 16, and after somebody has ended it."""
        said = []
        for minutes in (14, 16):
            here.now[0] = NOW + minutes * 60
            said.append(await still_in(request, visitor))
        here.now[0] = NOW
        await here.store.visits.end_all("sato")
        return [*said, await still_in(request, visitor)]

    async with given(f"sqlite:///{tmp_path / 'm.db'}", [*ROUTERS, asked]) as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        assert (await browser.get("/api/v1/streamed")).json() == [True, False, False]
        program = here.program(await here.token(Role.OPERATOR))
        assert (await program.get("/api/v1/streamed")).json() == [True, True, True]


async def test_sessions_are_listed_and_ended_by_their_owner_only() -> None:
    async with given() as here:
        desk, home = await here.signed_in("sato", Role.OPERATOR), here.browser(user_agent="Browser <script>")
        await sign_in(home, "sato")
        other = await here.signed_in("suzuki", Role.ADMIN)
        rows = (await desk.get("/api/v1/sessions")).json()
        assert [row["this"] for row in rows].count(True) == 1
        assert len(rows) == 2
        theirs = next(row["id"] for row in rows if not row["this"])
        assert (await other.delete(f"/api/v1/sessions/{theirs}")).status_code == 404
        assert (await home.get("/api/v1/me")).status_code == 200
        page = (await desk.get("/sessions")).text
        assert "Browser &lt;script&gt;" in page
        assert (await desk.delete(f"/api/v1/sessions/{theirs}")).json() == {"done": True}
        assert (await home.get("/api/v1/me")).status_code == 401
        assert (await desk.get("/api/v1/me")).status_code == 200


async def test_an_administrator_ends_sessions_and_a_removed_person_is_out_at_once() -> None:
    async with given() as here:
        browser, admin = await here.signed_in("sato", Role.OPERATOR), await here.signed_in("root", Role.ADMIN)
        await admin.delete("/api/v1/people/sato/sessions")
        assert (await browser.get("/api/v1/me")).status_code == 401
        await sign_in(browser, "sato")
        await admin.delete("/api/v1/people/sato")
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert (await sign_in(browser, "sato")).status_code == 401


async def test_another_role_counts_at_the_next_sign_in_and_the_old_session_is_over() -> None:
    async with given() as here:
        browser, admin = await here.signed_in("sato", Role.ADMIN), await here.signed_in("root", Role.ADMIN)
        await admin.put("/api/v1/people/sato/role", json={"role": "viewer"})
        assert (await browser.get("/api/v1/people")).status_code == 401
        await sign_in(browser, "sato")
        assert (await browser.get("/api/v1/people")).status_code == 403


async def test_another_password_needs_the_old_one_and_ends_every_session() -> None:
    async with given() as here:
        desk, home = await here.signed_in("sato", Role.OPERATOR), here.browser()
        await sign_in(home, "sato")
        new = {"password": "another-horse-8", "again": "another-horse-8"}
        assert (await desk.post("/sessions/password", data={"old": "not-the-old-one"} | new)).status_code == 401
        assert (
            await desk.post("/sessions/password", data={"old": PASSWORD, "password": "x" * 12, "again": "x" * 12})
        ).status_code == 422
        assert (await desk.post("/sessions/password", data={"old": PASSWORD} | new)).status_code == 303
        assert (await desk.get("/api/v1/me")).status_code == 200
        assert (await home.get("/api/v1/me")).status_code == 401
        assert (await sign_in(home, "sato")).status_code == 401
        assert (await sign_in(home, "sato", "another-horse-8")).status_code == 303


async def test_the_same_answer_for_a_wrong_password_and_for_nobody() -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        wrong, nobody = await sign_in(here.browser(), "sato", "wrong"), await sign_in(here.browser(), "nobody", "wrong")
        assert wrong.status_code == nobody.status_code == 401
        assert wrong.text.replace("sato", "nobody") == nobody.text
        assert {key: wrong.headers[key] for key in wrong.headers if key != "content-length"} == {
            key: nobody.headers[key] for key in nobody.headers if key != "content-length"
        }


async def test_a_password_is_looked_at_for_nobody_as_well() -> None:
    """The same work, so the same time: what is verified, and how often, is counted."""
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        looked: list[str] = []
        passwords = here.console.state.gate.passwords
        verify = passwords._verify

        def counted(password: str, kept: str) -> bool:
            looked.append(kept[:10])
            return bool(verify(password, kept))

        passwords._verify = counted
        await sign_in(here.browser(), "sato", "wrong")
        await sign_in(here.browser(), "nobody", "wrong")
        assert looked == ["$argon2id$", "$argon2id$"]


async def test_somebody_without_a_password_does_not_sign_in_with_any() -> None:
    async with given() as here:
        await here.store.people.add("proxied", "admin", "", NOW)
        assert (await sign_in(here.browser(), "proxied", "")).status_code == 401
        assert (await sign_in(here.browser(), "proxied", PASSWORD)).status_code == 401


async def test_ten_tries_a_minute_from_one_address() -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        browser = here.browser(peer="192.0.2.7")
        said = [(await sign_in(browser, f"nobody{number}", "wrong")).status_code for number in range(TRIES + 2)]
        assert said == [401] * TRIES + [429] * 2
        turned = await sign_in(browser, "sato")
        assert (turned.status_code, turned.headers["retry-after"]) == (429, "60")
        assert (await sign_in(here.browser(peer="192.0.2.8"), "sato")).status_code == 303
        here.now[0] += 60
        assert (await sign_in(browser, "sato")).status_code == 303


async def test_an_ipv6_network_is_one_address() -> None:
    async with given() as here:
        for number in range(TRIES):
            await sign_in(here.browser(peer=f"2001:db8:1:2::{number + 1:x}"), f"n{number}", "wrong")
        assert (await sign_in(here.browser(peer="2001:db8:1:2:ffff::1"), "x", "wrong")).status_code == 429
        assert (await sign_in(here.browser(peer="2001:db8:1:3::1"), "x", "wrong")).status_code == 401


async def fail(here: Given, name: str, times: int, network: str = "198.51.100") -> list[int]:
    """From another address each time."""
    answers = [await sign_in(here.browser(peer=f"{network}.{number + 1}"), name, "wrong") for number in range(times)]
    return [one.status_code for one in answers]


async def test_failures_of_one_name_make_it_wait_but_never_lock_it() -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        assert await fail(here, "sato", FREE + 1) == [401] * FREE + [429]
        assert await fail(here, "nobody", FREE + 1) == [401] * FREE + [429]
        assert (await sign_in(here.browser(), "sato")).status_code == 429
        here.now[0] += wait_after(FREE)
        assert (await sign_in(here.browser(), "sato")).status_code == 303
        assert max(wait_after(failures) for failures in range(1000)) == MOST_WAIT


async def test_who_signed_in_from_there_before_is_not_kept_out_by_others() -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        await browser.post("/sign-out")
        await fail(here, "sato", FREE + 3)
        assert (await sign_in(here.browser(peer="203.0.113.1"), "sato")).status_code == 429
        assert (await sign_in(browser, "sato")).status_code == 303


async def test_many_at_once_are_counted_before_any_is_looked_at() -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        answers = await asyncio.gather(*(sign_in(here.browser(peer=f"198.51.100.{n}"), "sato", "wrong") for n in range(15)))
        assert sorted(one.status_code for one in answers) == [401] * FREE + [429] * (15 - FREE)


@pytest.mark.parametrize(
    ("next", "leads"),
    [
        ("/checks/7", "/checks/7"),
        ("//evil.test/", "/"),
        ("https://evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("/%2f/evil.test", "/"),
        ("/checks/7\r\nx: y", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
async def test_after_sign_in_he_stays_here(next: str, leads: str) -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        assert (await sign_in(here.browser(), "sato", next=next)).headers["location"] == leads


async def test_an_auditor_begins_at_the_trail_and_nobody_at_the_sign_in() -> None:
    async with given() as here:
        await here.add("kansa", Role.AUDITOR)
        assert (await sign_in(here.browser(), "kansa")).headers["location"] == "/audit"
        browser = here.browser(accept="text/html")
        assert (await browser.get("/")).headers["location"] == "/sign-in"
        answer = await browser.get("/sessions")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/sessions")


async def test_a_form_that_is_sent_too_late_says_so_in_words() -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.OPERATOR, accept="text/html", accept_language="ja")
        here.now[0] += 3600
        answer = await browser.post("/sessions/end-others")
        assert (answer.status_code, "もう一度サインイン" in answer.text) == (401, True)
        assert 'lang="ja"' in answer.text


async def test_a_full_width_name_is_the_same_name() -> None:
    async with given() as here:
        await here.add("sato", Role.OPERATOR)
        assert (await sign_in(here.browser(), " ＳＡＴＯ ")).status_code == 303


def lang_links(page: str) -> list[str]:
    """Japanese, then English."""
    return [unescape(one) for one in re.findall(r'<a href="([^"]*)" lang="[a-z]{2}" hreflang', page)]


async def test_to_choose_a_language_loses_nothing_of_what_was_asked_for() -> None:
    async with given() as here:
        link, browser = await here.first_link(), here.browser()
        ja, en = lang_links((await browser.get(f"{link}&lang=en")).text)
        asked = "/first-admin?" + link.partition("?")[2]
        assert (ja, en) == (f"{asked}&lang=ja", f"{asked}&lang=en")
        answer = await browser.get(ja)
        assert '<html lang="ja">' in answer.text
        assert 'name="password"' in answer.text
        assert "SameSite=lax; Secure" in answer.headers["set-cookie"]
        assert '<html lang="ja">' in (await browser.get("/sign-in")).text


async def test_an_answer_to_a_form_has_languages_that_exist() -> None:
    async with given() as here:
        key = (await here.first_link()).partition("key=")[2]
        browser = here.browser(accept="text/html")
        form = {"key": key, "name": "sato", "password": "short", "again": "short"}
        refused = await browser.post("/first-admin", data=form)
        assert refused.status_code >= 400
        for link in lang_links(refused.text):
            assert 'name="password"' in (await browser.get(link)).text
        pages = [await sign_in(browser, "nobody", next="/audit?a=b&c")]
        admin = await here.signed_in("suzuki", Role.ADMIN, accept="text/html")
        pages += [await admin.post("/people/remove", data={"name": "suzuki"})]
        pages += [await admin.post("/sessions/password", data={"old": "x", "password": "y", "again": "z"})]
        pages += [await admin.post("/incidents/1/nonsense"), await admin.post("/audit/verify")]
        for page in pages:
            assert page.status_code >= 400
            for link in lang_links(page.text):
                assert (await admin.get(link)).status_code in (200, 303), link
        kept = (await here.browser().get(lang_links(pages[0].text)[0])).text
        assert 'name="next" value="/audit?a=b&amp;c"' in kept


async def test_the_page_is_in_the_language_of_the_browser_and_needs_no_script() -> None:
    async with given() as here:
        page = (await here.browser(accept_language="ja,en;q=0.5").get("/sign-in")).text
        assert '<html lang="ja">' in page
        assert "パスワード" in page
        form = page.partition("<main")[2].partition("</main>")[0]
        assert '<form method="post" action="/sign-in">' in form
        assert "<script" not in form
        assert "style=" not in page
        assert "Password" in (await here.browser(accept_language="de, en;q=0.1, ja;q=0").get("/sign-in")).text


async def test_the_first_link_makes_one_administrator_once() -> None:
    async with given() as here:
        link = await here.first_link()
        key = link.partition("key=")[2]
        browser = here.browser()
        assert (await browser.get(link)).status_code == 200
        form = {"key": key, "name": "root", "password": PASSWORD, "again": PASSWORD}
        assert (await browser.post("/first-admin", data=form | {"again": "other"})).status_code == 422
        assert (await browser.post("/first-admin", data=form | {"key": "guessed"})).status_code == 410
        assert (await browser.post("/first-admin", data=form)).status_code == 303
        assert (await browser.get("/api/v1/me")).json() == {"name": "root", "role": "admin"}
        assert (await browser.get(link)).status_code == 410
        assert (await here.browser().post("/first-admin", data=form | {"name": "second"})).status_code == 410
        assert await here.first_link() == ""


async def test_the_first_link_is_too_old_after_a_day_and_a_new_one_replaces_it() -> None:
    async with given() as here:
        old = await here.first_link()
        new = await here.first_link()
        assert (await here.browser().get(old)).status_code == 410
        assert (await here.browser().get(new)).status_code == 200
        here.now[0] += 86_400
        assert (await here.browser().get(new)).status_code == 410


async def test_a_token_opens_its_role_until_it_ends() -> None:
    async with given() as here:
        value = await here.token(Role.OPERATOR)
        program = here.program(value)
        assert (await program.get("/api/v1/me")).json() == {"name": "token:reader", "role": "operator"}
        assert (await program.get("/api/v1/people")).status_code == 403
        assert (await here.program(value + "x").get("/api/v1/me")).status_code == 401
        here.now[0] += 90 * 86_400
        assert (await program.get("/api/v1/me")).status_code == 401


async def test_who_shows_a_token_is_not_taken_for_the_cookies_owner() -> None:
    async with given() as here:
        browser = await here.signed_in("root", Role.ADMIN)
        browser.headers["authorization"] = "Bearer mp_wrong"
        assert (await browser.get("/api/v1/me")).status_code == 401


async def test_tokens_are_shown_once_listed_and_taken_back() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        made = (await admin.post("/api/v1/tokens", json={"name": "crm", "role": "operator", "days": 30})).json()
        assert made["token"].startswith("mp_")
        assert (await admin.post("/api/v1/tokens", json={"name": "crm", "role": "viewer"})).status_code == 409
        assert (await admin.post("/api/v1/tokens", json={"name": "all", "role": "admin"})).status_code == 422
        await here.program(made["token"]).get("/api/v1/me")
        await here.store.beat(NOW)
        listed = await admin.get("/api/v1/tokens")
        assert made["token"] not in listed.text
        assert [(one["name"], one["used"]) for one in listed.json()] == [("crm", "2027-01-15T08:00:00.000Z")]
        await admin.delete(f"/api/v1/tokens/{listed.json()[0]['id']}")
        assert (await here.program(made["token"]).get("/api/v1/me")).status_code == 401


PROXY: dict[str, Any] = {"trusted_proxies": ("10.0.0.0/8",), "user_header": "x-forwarded-user", "role_header": "x-role"}


async def test_a_proxys_word_counts_from_the_proxy_only() -> None:
    async with given(**PROXY) as here:
        said = {"x_forwarded_user": "sato", "x_role": "operator"}
        proxied = here.browser("http://console.test", peer="10.1.2.3", x_forwarded_proto="https", **said)
        assert (await proxied.get("/api/v1/me")).json() == {"name": "sato", "role": "operator"}
        assert (await here.browser(peer="192.0.2.1", **said).get("/api/v1/me")).status_code == 401
        here.configure(user_header="")
        assert (await proxied.get("/api/v1/me")).status_code == 401


async def test_the_proxys_names_of_roles() -> None:
    async with given(**PROXY, roles=(("mail-desk", "operator"), ("mail-leads", "supervisor"))) as here:

        async def role(said: str) -> object:
            browser = here.browser("http://x", peer="10.1.2.3", x_forwarded_proto="https", x_forwarded_user="s", x_role=said)
            answer = await browser.get("/api/v1/me")
            return answer.json().get("role")

        assert await role("staff, mail-desk,mail-leads") == "supervisor"
        assert await role("mail-desk") == "operator"
        assert await role("admin") is None
        assert await role("") is None


async def test_without_a_header_for_roles_he_has_the_role_that_he_has_here() -> None:
    async with given(trusted_proxies=("10.0.0.0/8",), user_header="x-forwarded-user") as here:
        await here.store.people.add("sato", "supervisor", "", NOW)

        async def me(*names: str) -> int:
            browser = here.browser("http://x", peer="10.1.2.3", x_forwarded_proto="https")
            answer = await browser.get("/api/v1/me", headers=[("x-forwarded-user", name) for name in names])
            return answer.status_code

        assert await me("sato") == 200
        assert await me("stranger") == 401
        assert await me("stranger", "sato") == 401
        assert await me() == 401


async def test_behind_a_proxy_tries_are_counted_by_the_address_that_it_saw() -> None:
    async with given(trusted_proxies=("10.0.0.0/8",)) as here:

        async def once(seen: str, name: str = "n") -> int:
            browser = here.browser("http://x", peer="10.1.2.3", x_forwarded_proto="https", x_forwarded_for=seen)
            return (await sign_in(browser, name, "wrong")).status_code

        assert [await once(f"203.0.113.{n}, 192.0.2.9, 10.9.9.9", f"n{n}") for n in range(TRIES)] == [401] * TRIES
        assert await once("203.0.113.200, 192.0.2.9") == 429
        assert await once("203.0.113.200, 192.0.2.10", "m") == 401


async def test_a_stranger_does_not_choose_the_address_that_is_counted() -> None:
    async with given() as here:
        tries = [await sign_in(here.browser(x_forwarded_for=f"203.0.113.{n}"), f"n{n}", "wrong") for n in range(TRIES + 1)]
        assert [one.status_code for one in tries] == [401] * TRIES + [429]


async def test_without_tls_only_this_host_is_answered_and_by_its_own_name() -> None:
    async with given() as here:

        async def ask(site: str, peer: str) -> tuple[int, str]:
            answer = await here.browser(site, peer=peer).get("/sign-in")
            return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]

        for name in ("127.0.0.1:8025", "localhost:8025", "[::1]:8025", "localhost"):
            assert await ask(f"http://{name}", "127.0.0.1") == (200, "")
        assert await ask("http://192.0.2.1:8025", "192.0.2.5") == (403, "MP2402")
        assert await ask("http://rebound.evil.test:8025", "127.0.0.1") == (403, "MP2420")
        assert await ask(SITE, "192.0.2.5") == (200, "")
