"""Signing in on another house's word: who comes in and as what, and everything that is no such word."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from mailprobe.console.door import Role
from mailprobe.console.party import PLAIN_COOKIE, SECURE_COOKIE, SECURE_HINT, TRIES, WITHIN
from mailprobe.console.visits import SECURE_COOKIE as SESSION
from mailprobe.log import listen
from mailprobe.net.get import Got
from mailprobe.net.guard import Forbidden
from mailprobe.net.post import Unsent
from mailprobe.oidc.issuer import MOST
from mailprobe.oidc.kept import AGAIN, FAILED
from mailprobe.store.audit import Search
from mailprobe.store.statement import Transaction
from tests.unit.console.given import NOW, SITE, Given, given, sign_in
from tests.unit.oidc.issuing import (
    ISSUER,
    SECRET,
    FakeIssuer,
    ec,
    rsa,
    settings,
    signed,
    unsigned,
)

DISCOVERY = "/.well-known/openid-configuration"
DESK = {"preferred_username": "Sato", "roles": ["mail-desk"]}


@dataclass
class Away:
    """A console that takes another house's word."""

    here: Given
    issuer: FakeIssuer = field(default_factory=FakeIssuer)

    async def there(self, browser: httpx.AsyncClient, next: str = "/") -> str:
        """Where the browser is sent."""
        answer = await browser.get("/oidc/start", params={"next": next})
        assert answer.status_code == 303
        return answer.headers["location"]

    async def sign_in(self, browser: httpx.AsyncClient, next: str = "/", **claims: Any) -> httpx.Response:
        """The whole way, as a browser goes it."""
        return await browser.get(self.issuer.authorise(await self.there(browser, next), **(DESK | claims)))

    async def me(self, browser: httpx.AsyncClient) -> Any:
        answer = await browser.get("/api/v1/me")
        return answer.json() if answer.status_code == 200 else answer.status_code


@contextlib.asynccontextmanager
async def away(**changes: Any) -> AsyncIterator[Away]:
    issuer = FakeIssuer()
    async with given(fetch=issuer, oidc=settings(**changes)) as here:
        yield Away(here, issuer)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "") if "json" in answer.headers.get("content-type", "") else ""


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["mail-desk"], Role.OPERATOR),
        ("mail-desk", Role.OPERATOR),
        (["mail-desk", "mail-admins", "mail-leads"], Role.ADMIN),
        (["other", "mail-leads", 7, None], Role.SUPERVISOR),
        (["mail-audit"], Role.AUDITOR),
    ],
)
async def test_he_comes_in_as_what_the_issuer_says(roles: object, role: Role) -> None:
    async with away() as at:
        browser = at.here.browser()
        answer = await at.sign_in(browser, roles=roles)
        assert (answer.status_code, answer.headers["location"]) == (303, "/audit" if role is Role.AUDITOR else "/")
        assert await at.me(browser) == {"name": "oidc:sato", "role": role.value}
        assert (await at.here.noted()) == [("oidc:sato", "sign_in", "oidc:sato")]
        assert [one.why for one in await at.here.store.audit.find(Search())] == ["subject 248289761001"]


@pytest.mark.parametrize(
    "roles", [[], ["mail-des"], ["MAIL-DESK"], ["operator"], "mail-desk mail-admins", None, {"mail-desk": 1}, [["mail-desk"]]]
)
async def test_without_a_role_he_is_told_so_and_whom_to_ask(roles: object) -> None:
    async with away() as at:
        browser = at.here.browser()
        answer = await at.sign_in(browser, roles=roles)
        assert code_of(answer) == (403, "MP2427")
        assert (await at.me(browser), SESSION in answer.headers.get("set-cookie", "")) == (401, False)
        assert (await at.here.noted()) == [("oidc:sato", "sign_in_refused", "oidc:sato")]
        for language, words in (("en", "has no role in this console"), ("ja", "この画面を使う権限がありません")):
            page = await at.sign_in(at.here.browser(accept="text/html", accept_language=language), roles=roles)
            assert (page.status_code, words in page.text, "oidc:sato" in page.text) == (403, True, True)
            assert "code=" not in page.text


async def test_the_claim_may_lie_deep_and_the_name_elsewhere() -> None:
    async with away(claim="realm_access.roles", name_claim="profile.short") as at:
        browser = at.here.browser()
        await at.sign_in(browser, realm_access={"roles": ["mail-leads"]}, profile={"short": "ＳＡＴＯ  Hanako"})
        assert await at.me(browser) == {"name": "oidc:sato hanako", "role": "supervisor"}


async def test_without_a_name_his_number_is_his_name_and_without_any_he_is_nobody() -> None:
    async with away() as at:
        browser = at.here.browser()
        await at.sign_in(browser, preferred_username=None)
        assert (await at.me(browser))["name"] == "oidc:248289761001"
    async with away(name_claim="nick") as at:
        assert code_of(await at.sign_in(at.here.browser())) == (502, "MP2428")
        assert code_of(await at.sign_in(at.here.browser(), nick="x\u202ey")) == (502, "MP2428")


@pytest.mark.parametrize("name", ["sato", "SATO", " sato ", "oidc:sato", "token:crm"])
async def test_nobody_takes_over_a_local_user_of_the_same_name(name: str) -> None:
    async with away() as at:
        local = await at.here.signed_in("sato", Role.ADMIN)
        guest = at.here.browser()
        await at.sign_in(guest, preferred_username=name)
        me = await at.me(guest)
        assert me == {"name": f"oidc:{name.strip().lower()}", "role": "operator"}
        await guest.post("/sessions/end-others")
        assert await at.me(local) == {"name": "sato", "role": "admin"}
        assert (await sign_in(at.here.browser(), me["name"], "whatever-1234")).status_code == 401
        assert [one.name for one in await at.here.store.people.all()] == ["sato"]


async def test_a_local_name_holds_no_colon() -> None:
    async with away() as at:
        admin = await at.here.signed_in("root", Role.ADMIN)
        made = await admin.post("/api/v1/people", json={"name": "oidc:sato", "role": "admin", "password": "correct-horse-7"})
        assert code_of(made) == (422, "MP2411")


async def test_the_button_leads_there_and_only_where_there_is_an_issuer() -> None:
    async with away(label="Example <Mail>") as at:
        page = (await at.here.browser().get("/sign-in", params={"next": "/checks/7"})).text
        assert '<a class="button" href="/oidc/start?next=%2Fchecks%2F7">Example &lt;Mail&gt;</a>' in page
        wrong = await sign_in(at.here.browser(), "sato", "wrong", next="/checks/7")
        assert "/oidc/start?next=%2Fchecks%2F7" in wrong.text
        at.here.configure(oidc=settings(label=""))
        assert "会社のアカウント" in (await at.here.browser(accept_language="ja").get("/sign-in")).text
        at.here.configure(oidc=None)
        assert "/oidc/" not in (await at.here.browser().get("/sign-in")).text
        for path in ("/oidc/start", "/oidc/back?code=x&state=y"):
            assert (await at.here.browser().get(path)).headers["location"] == "/sign-in"
        assert at.issuer.asked == []


async def test_what_is_asked_of_the_issuer() -> None:
    async with away(scopes=("openid", "profile", "groups")) as at:
        browser = at.here.browser()
        there = await at.there(browser)
        said = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
        assert said["redirect_uri"] == f"{SITE}/oidc/back"
        assert said["scope"] == "openid profile groups"
        assert all(re.fullmatch(r"[\w-]{43}", said[name]) for name in ("state", "nonce", "code_challenge"))
        assert len({said["state"], said["nonce"], said["code_challenge"]}) == 3
        assert (await browser.get(at.issuer.authorise(there, **DESK))).status_code == 303
        form = at.issuer.forms[0]
        assert (form["grant_type"], form["redirect_uri"], len(form["code_verifier"])) == (
            "authorization_code",
            f"{SITE}/oidc/back",
            43,
        )
        assert "client_secret" not in form
        assert form["code_verifier"] not in there
        assert await at.there(at.here.browser()) != there


async def test_a_client_that_shows_its_secret_in_the_form() -> None:
    async with away() as at:
        at.issuer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        assert (await at.sign_in(at.here.browser())).status_code == 303
        assert at.issuer.forms[0]["client_secret"] == SECRET


async def test_the_cookies_are_for_this_host_and_for_no_script() -> None:
    async with away() as at:
        said = (await at.here.browser().get("/oidc/start")).headers["set-cookie"]
        assert re.fullmatch(rf"{SECURE_COOKIE}=[\w.-]+; HttpOnly; Max-Age={WITHIN}; Path=/; SameSite=lax; Secure", said)
        plain = at.here.browser("http://127.0.0.1:8025", peer="127.0.0.1")
        said = (await plain.get("/oidc/start")).headers["set-cookie"]
        assert re.fullmatch(rf"{PLAIN_COOKIE}=[\w.-]+; HttpOnly; Max-Age={WITHIN}; Path=/; SameSite=lax", said)
        answer = await at.sign_in(plain)
        assert parse_qs(urlsplit(await at.there(plain)).query)["redirect_uri"] == ["http://127.0.0.1:8025/oidc/back"]
        assert [one.partition("=")[0] for one in answer.headers.get_list("set-cookie")] == ["mailprobe", PLAIN_COOKIE]


async def test_behind_a_proxy_that_hides_our_name_it_is_written_down() -> None:
    async with away(redirect_uri="https://console.example.net/oidc/back") as at:
        there = await at.there(at.here.browser())
        assert parse_qs(urlsplit(there).query)["redirect_uri"] == ["https://console.example.net/oidc/back"]


@pytest.mark.parametrize("host", ["evil.test/x", "a b", "evil.test@console.test", "", "x" * 300])
async def test_a_host_that_is_none_leads_nowhere(host: str) -> None:
    async with away() as at:
        answer = await at.here.browser(host=host).get("/oidc/start")
        assert answer.headers["location"] == "/sign-in"


async def test_what_the_token_leaves_out_is_asked_for_and_counts_for_the_same_person_only() -> None:
    async with away() as at:
        at.issuer.metadata = {"userinfo_endpoint": f"{ISSUER}/userinfo"}
        at.issuer.people["acc3ss-7"] = {"sub": "7", "preferred_username": "Suzuki", "roles": ["mail-leads"]}
        at.issuer.people["acc3ss-8"] = {"sub": "7", "preferred_username": "Suzuki", "roles": ["mail-admins"]}
        nothing: dict[str, Any] = {"preferred_username": None, "roles": None}
        browser = at.here.browser()
        assert (await at.sign_in(browser, sub="7", **nothing)).status_code == 303
        assert await at.me(browser) == {"name": "oidc:suzuki", "role": "supervisor"}
        assert code_of(await at.sign_in(at.here.browser(), sub="8", **nothing)) == (403, "MP2427")
        assert (await at.sign_in(browser, sub="7")).status_code == 303  # the token says all of it, and counts more
        assert await at.me(browser) == {"name": "oidc:sato", "role": "operator"}
        assert at.issuer.asked.count("/userinfo") == 2


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Got(401, b""), (403, "MP2427")),
        (Got(200, b"eyJ.no.object"), (403, "MP2427")),
        (Got(503, b""), (502, "MP2424")),
        (Unsent.TIMEOUT, (502, "MP2424")),
    ],
)
async def test_an_issuer_that_is_down_takes_no_role_away(said: Got | Unsent, code: tuple[int, str]) -> None:
    async with away() as at:
        at.issuer.metadata = {"userinfo_endpoint": f"{ISSUER}/userinfo"}
        at.issuer.answers["/userinfo"] = said
        assert code_of(await at.sign_in(at.here.browser(), roles=None)) == code


# --- what is not taken ---


async def test_an_answer_is_taken_once() -> None:
    async with away() as at:
        browser = at.here.browser()
        there = await at.there(browser)
        cookie = browser.cookies[SECURE_COOKIE]
        back = at.issuer.authorise(there, **DESK)
        assert (await browser.get(back)).status_code == 303
        assert SECURE_COOKIE not in browser.cookies
        assert code_of(await browser.get(back)) == (400, "MP2425")
        again = at.here.browser(cookie=f"{SECURE_COOKIE}={cookie}")
        assert code_of(await again.get(back)) == (400, "MP2425")
        assert len(at.issuer.forms) == 1


async def test_an_answer_that_another_browser_asked_for_is_not_taken() -> None:
    """Somebody who is signed in there as himself sends his own answer to another: that one would work under his name."""
    async with away() as at:
        attacker, victim = at.here.browser(), at.here.browser()
        back = at.issuer.authorise(await at.there(attacker), **DESK)
        assert code_of(await victim.get(back)) == (400, "MP2425")
        await at.there(victim)
        assert code_of(await victim.get(back)) == (400, "MP2425")
        assert (await at.me(victim), at.issuer.forms) == (401, [])


@pytest.mark.parametrize("state", ["", "x", "A" * 43, "ä" * 43])
async def test_a_state_that_is_not_his(state: str) -> None:
    async with away() as at:
        browser = at.here.browser()
        back = at.issuer.authorise(await at.there(browser), **DESK)
        code = parse_qs(urlsplit(back).query)["code"][0]
        answer = await browser.get("/oidc/back", params={"code": code, "state": state})
        assert (code_of(answer), at.issuer.forms) == ((400, "MP2425"), [])
        assert (await browser.get(back)).status_code == 303  # and his own way goes on


async def test_a_cookie_that_was_tampered_with_or_is_too_old() -> None:
    async with away() as at:
        browser = at.here.browser()
        back = at.issuer.authorise(await at.there(browser, "/checks/7"), **DESK)
        value, began, next = browser.cookies[SECURE_COOKIE].split(".")
        elsewhere = base64.urlsafe_b64encode(b"/people").decode().rstrip("=")
        for wrong in (f"{value}.{began}.{elsewhere}", f"{value}.{int(began) + 60}.{next}", f"{value}.{began}", "x", ""):
            other = at.here.browser(cookie=f"{SECURE_COOKIE}={wrong}")
            assert code_of(await other.get(back)) == (400, "MP2425")
        at.here.now[0] += WITHIN + 1
        assert code_of(await browser.get(back)) == (400, "MP2425")
        assert at.issuer.forms == []


async def test_nine_minutes_for_a_second_factor_are_no_hurry() -> None:
    async with away() as at:
        browser = at.here.browser()
        there = await at.there(browser)
        at.here.now[0] = at.issuer.now = NOW + WITHIN - 60
        assert (await browser.get(at.issuer.authorise(there, **DESK))).status_code == 303


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
        ("/" + "x" * 600, "/"),
        ("", "/"),
    ],
)
async def test_after_sign_in_he_stays_here(next: str, leads: str) -> None:
    async with away() as at:
        assert (await at.sign_in(at.here.browser(), next)).headers["location"] == leads


@pytest.mark.parametrize(
    "wrong", [{"nonce": "another"}, {"aud": "another-client"}, {"iss": "https://evil.test"}, {"exp": int(NOW) - 61}]
)
async def test_a_token_that_says_something_else(wrong: dict[str, Any]) -> None:
    async with away() as at:
        at.issuer.alter = lambda claims: claims | wrong
        browser = at.here.browser()
        assert code_of(await at.sign_in(browser)) == (502, "MP2428")
        assert (await at.me(browser), await at.here.noted(), await at.here.store.guests.all()) == (401, [], ())


@pytest.mark.parametrize("sign", [unsigned, lambda claims: signed(claims, rsa("two"), kid="one")])
async def test_a_token_that_the_issuer_has_not_signed(sign: Any) -> None:
    async with away() as at:
        at.issuer.sign = sign
        browser = at.here.browser()
        assert code_of(await at.sign_in(browser)) == (502, "MP2428")
        assert (await at.me(browser), await at.here.noted()) == (401, [])


async def test_an_answer_that_says_it_is_another_issuers() -> None:
    """RFC 9207."""
    async with away() as at:
        browser = at.here.browser()
        back = at.issuer.authorise(await at.there(browser), **DESK)
        assert code_of(await browser.get(f"{back}&iss=https://evil.test")) == (502, "MP2428")
        assert at.issuer.forms == []
        back = at.issuer.authorise(await at.there(browser), **DESK)
        assert (await browser.get(f"{back}&{urlencode({'iss': ISSUER})}")).status_code == 303
    async with away() as at:
        at.issuer.metadata = {"authorization_response_iss_parameter_supported": True}
        assert code_of(await at.sign_in(at.here.browser())) == (502, "MP2428")


async def test_who_gives_up_there_or_is_refused() -> None:
    async with away() as at:
        browser = at.here.browser(accept="text/html")
        state = parse_qs(urlsplit(await at.there(browser)).query)["state"][0]
        said = {"error": "access_denied", "error_description": "<b>no</b>", "state": state}
        answer = await browser.get("/oidc/back", params=said)
        assert (answer.status_code, "MP2426" in answer.text, "<b>no" in answer.text, state in answer.text) == (
            403,
            True,
            False,
            False,
        )


# --- the issuer's own state ---


async def test_a_key_that_was_replaced_is_asked_for_once_more_and_not_at_every_sign_in() -> None:
    async with away() as at:
        assert (await at.sign_in(at.here.browser())).status_code == 303
        at.issuer.published, at.issuer.sign = [rsa("two")], lambda claims: signed(claims, rsa("two"))
        assert code_of(await at.sign_in(at.here.browser())) == (502, "MP2428")  # asked a moment ago
        assert at.issuer.asked.count("/keys") == 1
        at.here.now[0] = at.issuer.now = NOW + AGAIN
        assert (await at.sign_in(at.here.browser())).status_code == 303
        assert at.issuer.asked.count("/keys") == 2
        at.issuer.sign = lambda claims: signed(claims, rsa("never-published"))
        for _ in range(5):
            assert code_of(await at.sign_in(at.here.browser())) == (502, "MP2428")
        assert at.issuer.asked.count("/keys") == 2
        assert at.issuer.asked.count(DISCOVERY) == 1


async def test_keys_of_other_kinds_stand_beside_and_spoil_nothing() -> None:
    strange = [{"kty": "AKP", "kid": "pq"}, {"kty": "RSA", "n": 7}, 5, {"kty": "oct", "k": "AAAA", "kid": "s"}, {}]
    async with away() as at:
        at.issuer.published = [*strange, rsa("one").as_dict(private=False) | {"use": "enc", "kid": "enc"}, ec("mine"), rsa("one")]
        assert (await at.sign_in(at.here.browser())).status_code == 303
        at.issuer.sign = lambda claims: signed(claims, ec("mine"), "ES256")
        assert (await at.sign_in(at.here.browser())).status_code == 303
        at.issuer.sign = lambda claims: signed(claims, rsa("one"), kid="enc")
        assert code_of(await at.sign_in(at.here.browser())) == (502, "MP2428")


@pytest.mark.parametrize("why", [Unsent.UNREACHABLE, Unsent.TIMEOUT, Unsent.UNTRUSTED, Unsent.BROKE, Forbidden.PRIVATE])
async def test_while_the_issuer_is_down_whoever_has_a_password_comes_in(why: Unsent | Forbidden) -> None:
    async with away() as at:
        await at.here.add("sato", Role.OPERATOR)
        at.issuer.answers[DISCOVERY] = why
        browser = at.here.browser(accept="text/html", accept_language="ja")
        page = await browser.get("/oidc/start")
        assert (page.status_code, "つながりません" in page.text, "MP2424" in page.text) == (502, True, True)
        for _ in range(5):
            assert code_of(await at.here.browser().get("/oidc/start")) == (502, "MP2424")
        assert at.issuer.asked == [DISCOVERY]  # who is down is not hurried
        assert (await sign_in(at.here.browser(), "sato")).status_code == 303
        del at.issuer.answers[DISCOVERY]
        at.here.now[0] = at.issuer.now = NOW + FAILED
        assert (await at.sign_in(at.here.browser())).status_code == 303


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        (DISCOVERY, Got(500, b"{}"), (502, "MP2424")),
        (DISCOVERY, Got(302, b""), (502, "MP2424")),
        (DISCOVERY, Got(200, b"<html>"), (502, "MP2424")),
        (DISCOVERY, Got(200, b"[" * 100_000), (502, "MP2424")),
        (DISCOVERY, Got(200, b"{" + b" " * (MOST + 1)), (502, "MP2424")),
        (DISCOVERY, Got(200, b'{"issuer": "https://evil.test"}'), (502, "MP2428")),
        (DISCOVERY, Got(200, json.dumps({"issuer": ISSUER}).encode()), (502, "MP2424")),
        ("/token", Got(401, b'{"error": "invalid_client"}'), (502, "MP2424")),
        ("/token", Got(400, b'{"error": "invalid_grant"}'), (400, "MP2425")),
        ("/token", Got(500, b"oops"), (502, "MP2424")),
        ("/token", Got(200, b"not json"), (502, "MP2424")),
        ("/token", Got(200, b"{}"), (502, "MP2428")),
        ("/token", Got(200, b'{"id_token": 5}'), (502, "MP2428")),
        ("/token", Got(200, b" " * (MOST + 1)), (502, "MP2424")),
        ("/token", Unsent.TIMEOUT, (502, "MP2424")),
        ("/keys", Got(200, b'{"keys": []}'), (502, "MP2424")),
        ("/keys", Got(200, b'{"keys": {}}'), (502, "MP2424")),
        ("/keys", Got(404, b""), (502, "MP2424")),
        ("/keys", Unsent.UNREACHABLE, (502, "MP2424")),
    ],
)
async def test_what_an_issuer_that_is_ill_says(path: str, said: Got | Unsent, code: tuple[int, str]) -> None:
    async with away() as at:
        at.issuer.answers[path] = said
        browser = at.here.browser()
        answer = await browser.get("/oidc/start")
        if answer.status_code == 303:
            answer = await browser.get(at.issuer.authorise(answer.headers["location"], **DESK))
        assert code_of(answer) == code
        assert (await at.me(browser), await at.here.noted()) == (401, [])


async def test_the_secret_is_not_to_be_had() -> None:
    from mailprobe.secret import parse_ref

    async with away(client_secret=parse_ref("env:NO_SUCH_SECRET_HERE")) as at:
        assert code_of(await at.sign_in(at.here.browser())) == (502, "MP2424")


async def test_too_many_answers_from_one_address_wait() -> None:
    async with away() as at:
        answers = [await at.sign_in(at.here.browser()) for _ in range(TRIES + 1)]
        assert [one.status_code for one in answers] == [303] * TRIES + [429]
        assert answers[-1].headers["retry-after"] == "60"
        assert (await at.sign_in(at.here.browser(peer="192.0.2.99"))).status_code == 303


# --- his session ---


async def test_a_session_that_somebody_else_chose_is_not_taken_up() -> None:
    async with away() as at:
        browser = at.here.browser()
        back = at.issuer.authorise(await at.there(browser), **DESK)
        chosen = at.here.browser(cookie=f"{SESSION}=chosen; {SECURE_COOKIE}={browser.cookies[SECURE_COOKIE]}")
        answer = await chosen.get(back)
        assert answer.status_code == 303
        assert answer.cookies[SESSION] != "chosen"
        assert await at.me(at.here.browser(cookie=f"{SESSION}=chosen")) == 401


async def test_his_session_ends_as_every_session_does() -> None:
    async with away() as at:
        one, two = at.here.browser(), at.here.browser()
        await at.sign_in(one)
        await at.sign_in(two)
        assert len((await one.get("/api/v1/sessions")).json()) == 2
        await one.post("/sessions/end-others")
        assert (await at.me(one), await at.me(two)) == ({"name": "oidc:sato", "role": "operator"}, 401)
        await one.post("/sign-out")
        assert await at.me(one) == 401
        await at.sign_in(one)
        at.here.now[0] = NOW + 900
        assert await at.me(one) == 401


async def test_an_administrator_sees_who_came_and_ends_his_sessions() -> None:
    async with away() as at:
        admin, guest = await at.here.signed_in("root", Role.ADMIN), at.here.browser()
        await at.sign_in(guest)
        assert "oidc:sato" in (await admin.get("/people")).text
        assert (await admin.post("/people/guests/remove", data={"name": "oidc:sato"})).status_code == 303
        assert await at.me(guest) == 401
        assert "oidc:sato" not in (await admin.get("/people")).text
        assert (await admin.post("/people/guests/remove", data={"name": "oidc:sato"})).status_code == 422
        await at.sign_in(guest)
        assert (await admin.delete("/api/v1/people/oidc:sato/sessions")).status_code == 200
        assert await at.me(guest) == 401
        assert ("root", "guest_removed", "oidc:sato") in await at.here.noted()


async def test_an_administrator_s_program_lists_and_removes_him_too() -> None:
    async with away() as at:
        admin, guest = await at.here.signed_in("root", Role.ADMIN), at.here.browser()
        await at.sign_in(guest)
        listed = (await admin.get("/api/v1/people")).json()
        assert [(one["name"], one["comes_from"], one["has_password"]) for one in listed] == [
            ("root", "here", True),
            ("oidc:sato", "issuer", False),
        ]
        assert (listed[0]["last_sign_in"], listed[1]["since"]) == (None, None)
        assert (listed[1]["role"], listed[1]["last_sign_in"]) == ("operator", "2027-01-15T08:00:00.000Z")
        assert (await admin.delete("/api/v1/people/oidc:sato")).status_code == 200
        assert await at.me(guest) == 401
        assert [one["name"] for one in (await admin.get("/api/v1/people")).json()] == ["root"]
        assert (await admin.delete("/api/v1/people/oidc:sato")).status_code == 404


OUT = {"end_session_endpoint": f"{ISSUER}/logout?theme=mail"}


def way_out(page: httpx.Response) -> tuple[str, dict[str, list[str]]]:
    """Where the page sends the browser by itself: without its query, and that."""
    found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page.text)
    assert found is not None
    url = html.unescape(found[1])
    assert html.escape(url) in page.text.split("<main")[1]  # and where he goes by hand
    return url.partition("?")[0], parse_qs(urlsplit(url).query)


async def test_who_signs_out_here_signs_out_there() -> None:
    async with away() as at:
        at.issuer.metadata = OUT
        browser = at.here.browser(accept="text/html")
        came = await at.sign_in(browser)
        hint = next(one for one in came.headers.get_list("set-cookie") if one.startswith(SECURE_HINT))
        assert re.fullmatch(rf"{SECURE_HINT}=[\w.-]+; HttpOnly; Path=/sign-out; SameSite=strict; Secure", hint)
        token = hint.partition("=")[2].partition(";")[0]
        page = await browser.post("/sign-out")
        assert (page.status_code, await at.me(browser)) == (200, 401)
        place, said = way_out(page)
        assert place == f"{ISSUER}/logout"
        back = ["https://console.test/sign-in"]
        assert said == {"theme": ["mail"], "id_token_hint": [token], "client_id": ["mailprobe"], "post_logout_redirect_uri": back}
        assert "id_token_hint" not in page.headers.get("location", "")
        assert [SECURE_HINT in browser.cookies, SESSION in browser.cookies] == [False, False]
        again = await browser.post("/sign-out")  # nobody is signed in any more
        assert (again.status_code, again.headers["location"]) == (303, "/sign-in")


async def test_a_session_that_was_over_already_is_signed_out_there_and_a_lost_hint_left_out() -> None:
    async with away() as at:
        at.issuer.metadata = OUT
        browser = at.here.browser(accept="text/html")
        await at.sign_in(browser)
        at.here.now[0] = at.issuer.now = NOW + 3000
        assert "id_token_hint" in way_out(await browser.post("/sign-out"))[1]
        await at.sign_in(browser)
        browser.cookies.delete(SECURE_HINT)
        assert "id_token_hint" not in way_out(await browser.post("/sign-out"))[1]
        await at.sign_in(browser)
        browser.cookies.set(SECURE_HINT, 'a.b.c&x="><script>', domain="console.test", path="/sign-out")
        page = await browser.post("/sign-out")
        assert ("id_token_hint" in way_out(page)[1], "<script>" in page.text) == (False, False)


async def test_who_has_a_password_here_is_signed_out_here_only() -> None:
    async with away() as at:
        at.issuer.metadata = OUT
        browser = at.here.browser()
        await at.sign_in(browser)
        await at.here.add("kato", Role.VIEWER)
        assert (await sign_in(browser, "kato")).status_code == 303
        left = await browser.post("/sign-out")
        assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
        assert SECURE_HINT not in browser.cookies


@pytest.mark.parametrize(
    ("metadata", "changes"),
    [
        ({}, {}),
        (OUT, {"sign_out": False}),
        ({"end_session_endpoint": "http://login.example.net/logout"}, {}),
        ({"end_session_endpoint": "javascript:alert(1)"}, {}),
        ({"end_session_endpoint": 7}, {}),
    ],
)
async def test_without_a_place_for_it_there_no_token_is_kept(metadata: dict[str, Any], changes: dict[str, Any]) -> None:
    async with away(**changes) as at:
        at.issuer.metadata = metadata
        browser = at.here.browser()
        came = await at.sign_in(browser)
        assert SECURE_HINT not in str(came.headers.get_list("set-cookie"))
        assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
        assert await at.me(browser) == 401


async def test_an_issuer_that_is_down_keeps_nobody_signed_in() -> None:
    async with away() as at:
        at.issuer.metadata = OUT
        browser = at.here.browser()
        await at.sign_in(browser)
        at.here.now[0] = NOW + 3601  # what it said of itself is no longer fresh
        at.issuer.answers[DISCOVERY] = Unsent.TIMEOUT
        assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
        assert await at.me(browser) == 401


async def test_a_token_that_no_cookie_holds_is_not_kept() -> None:
    async with away() as at:
        at.issuer.metadata = OUT
        browser = at.here.browser()
        came = await at.sign_in(browser, groups=["g" * 40] * 100)
        assert SECURE_HINT not in str(came.headers.get_list("set-cookie"))
        assert "id_token_hint" not in way_out(await browser.post("/sign-out"))[1]


async def test_another_role_counts_at_once_everywhere_and_none_ends_everything() -> None:
    async with away() as at:
        one, two = at.here.browser(), at.here.browser()
        await at.sign_in(one, roles=["mail-admins"])
        await at.sign_in(two)
        assert (await at.me(one), (await at.me(two))["role"]) == (401, "operator")
        assert code_of(await at.sign_in(one, roles=[])) == (403, "MP2427")
        assert (await at.me(one), await at.me(two)) == (401, 401)


async def test_who_gets_the_name_of_somebody_else_gets_none_of_his_sessions() -> None:
    async with away() as at:
        one, two = at.here.browser(), at.here.browser()
        await at.sign_in(one)
        assert code_of(await at.sign_in(two, sub="another", roles=[])) == (403, "MP2427")
        assert await at.me(one) == {"name": "oidc:sato", "role": "operator"}
        await at.sign_in(two, sub="another")
        assert (await at.me(one), (await at.me(two))["name"]) == (401, "oidc:sato")
        assert len((await two.get("/api/v1/sessions")).json()) == 1


async def test_without_an_issuer_nobody_is_in_on_its_word() -> None:
    async with away() as at:
        browser = at.here.browser()
        await at.sign_in(browser)
        at.here.configure(oidc=None)
        assert await at.me(browser) == 401


async def test_another_issuer_is_asked_anew() -> None:
    async with away() as at:
        await at.sign_in(at.here.browser())
        at.here.configure(oidc=settings(claim="groups"))
        browser = at.here.browser()
        await at.sign_in(browser, groups=["mail-leads"])
        assert ((await at.me(browser))["role"], at.issuer.asked.count(DISCOVERY)) == ("supervisor", 2)


async def test_a_guest_has_no_password_here() -> None:
    async with away() as at:
        browser = at.here.browser()
        await at.sign_in(browser)
        page = (await browser.get("/sessions")).text
        assert ('name="password"' in page, "company&#39;s account" in page) == (False, True)
        new = {"old": "", "password": "another-horse-8", "again": "another-horse-8"}
        assert (await browser.post("/sessions/password", data=new)).status_code == 200
        assert [one for one in await at.here.noted() if one[1] == "password"] == []


async def test_where_it_cannot_be_noted_nobody_comes_in() -> None:
    def frozen(transaction: Transaction) -> None:
        transaction.sql("CREATE TRIGGER frozen BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")

    async with away() as at:
        await at.here.store.database.transact(frozen)
        browser = at.here.browser()
        answer = await at.sign_in(browser)
        assert (code_of(answer), SESSION in browser.cookies) == ((503, "MP2401"), False)
        assert (await at.me(browser), await at.here.store.guests.all()) == (401, ())


async def test_no_code_no_token_and_no_secret_is_written_down_or_shown(capsys: pytest.CaptureFixture[str]) -> None:
    handler = listen(level=logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        async with away() as at:
            secrets = [SECRET, "acc3ss-"]
            pages = []
            for sign in (signed, unsigned, unsigned, lambda claims: signed(claims, rsa("two"))):
                at.issuer.sign = sign
                browser = at.here.browser(accept="text/html")
                back = at.issuer.authorise(await at.there(browser), **DESK)
                secrets += [parse_qs(urlsplit(back).query)["code"][0], browser.cookies[SECURE_COOKIE]]
                pages.append(await browser.get(back))
                pages.append(await browser.get(back))
            secrets += [one["code_verifier"] for one in at.issuer.forms]
            rows = await at.here.store.database.read(lambda transaction: str(transaction.sql("SELECT * FROM audit")))
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    said = capsys.readouterr().err
    assert said.count("oidc_failed") == 2
    assert [one.status_code for one in pages] == [303, 400, 502, 400, 502, 400, 502, 400]
    assert '"event": "oidc_failed", "why": "algorithm"' in said
    assert '"why": "unknown_key"' in said
    whole = said + rows + "".join(one.text for one in pages)
    assert [one for one in secrets if one in whole] == []
