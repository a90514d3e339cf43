"""Every route x every role x nobody, as the routes themselves say; and what every answer says to a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from mailprobe.console.app import console_app, routes_of, rule_of
from mailprobe.console.door import INCLUDES, Anybody, May, Role, Visitor, may
from mailprobe.console.headers import HEADERS, SAFE, is_from_elsewhere
from mailprobe.console.rooms import Rooms
from mailprobe.console.routes import ROUTERS
from mailprobe.console.statics import FOR_EVER, static_url
from mailprobe.log import Event, listen
from mailprobe.store import StoreError
from mailprobe.store.statement import Transaction
from tests.unit.console.given import SITE, Given, given

NOBODY = None
WHOEVER: tuple[Role | None, ...] = (NOBODY, *Role)
ROUTES = [route for router in ROUTERS for route in routes_of(router.routes) if isinstance(route, APIRoute)]
CASES = [(route, method) for route in ROUTES for method in sorted(route.methods or ())]
OPEN = {"/sign-in", "/sign-out", "/first-admin", "/oidc/start", "/oidc/back"}  # to everybody, and nothing else is
# Who alone may: written down once more, so that a rule which was widened by mistake shows.
ONLY = {
    "/api/v1/people": Role.ADMIN,
    "/api/v1/tokens": Role.ADMIN,
    "/api/v1/erasures": Role.ADMIN,
    "/people": Role.ADMIN,
    "/api/v1/audit": Role.AUDITOR,
    "/audit": Role.AUDITOR,
}


def path_of(route: APIRoute) -> str:
    return re.sub(r"\{[^}]+\}", "7", route.path)


@pytest.mark.parametrize("role", WHOEVER, ids=lambda role: role or "nobody")
async def test_every_route_for_every_role(role: Role | None) -> None:
    async with given() as here:
        here.console.state.recognise = recognised(role)
        browser = here.browser()
        answers = [(route, method, await browser.request(method, path_of(route))) for route, method in CASES]
    wrong = [f"{method} {route.path}: {one.status_code}" for route, method, one in answers if not is_right(role, route, one)]
    assert wrong == []


def is_right(role: Role | None, route: APIRoute, answer: httpx.Response) -> bool:
    """Whether the door did what the route's rule says."""
    rule, problem = rule_of(route), answer.headers.get("content-type") == "application/problem+json"
    turned = (answer.status_code, answer.json()["code"]) if problem else None
    if isinstance(rule, Anybody):
        return route.path in OPEN and turned is None
    assert isinstance(rule, May)
    if role is NOBODY:
        return turned == (401, "MP2403")
    if not may_come(role, rule):
        return turned == (403, "MP2404")
    return turned not in ((401, "MP2403"), (403, "MP2404")) and answer.status_code < 500


def recognised(role: Role | None) -> object:
    async def recognise(request: Request) -> Visitor | None:
        return None if role is None else Visitor("somebody", role)

    return recognise


def may_come(role: Role, rule: May) -> bool:
    """Worked out from the table of roles, not asked of the door."""
    return any(wanted is role or wanted in INCLUDES[role] for wanted in rule.roles)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{','.join(route.methods)} {route.path}")
def test_what_one_role_alone_may_is_open_to_no_other(route: APIRoute) -> None:
    only = next((role for path, role in ONLY.items() if re.match(rf"{path}(/|$)", route.path)), None)
    rule = rule_of(route)
    if only is not None:
        assert isinstance(rule, May)
        assert rule.roles == (only,)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{','.join(route.methods)} {route.path}")
def test_no_address_can_stand_in_a_url(route: APIRoute) -> None:
    parameters = [*route.dependant.path_params, *route.dependant.query_params]
    assert not [one.name for one in parameters if one.name in ("address", "email", "mailbox", "recipient")]


def unruled() -> Iterator[tuple[str, APIRouter]]:
    async def answer() -> str:
        return "for anybody"

    bare, nested, plain, mounted = APIRouter(), APIRouter(), APIRouter(), APIRouter()
    bare.add_api_route("/bare", answer)
    inner = APIRouter()
    inner.add_api_route("/inner", answer)
    nested.include_router(inner, prefix="/outer")
    plain.routes.append(Route("/plain", lambda request: PlainTextResponse("")))
    mounted.routes.append(Mount("/mounted", Starlette()))
    yield from (("/bare", bare), ("/inner", nested), ("/plain", plain), ("/mounted", mounted))


@pytest.mark.parametrize(("path", "router"), list(unruled()), ids=lambda one: one if isinstance(one, str) else "")
def test_an_app_with_a_route_that_names_no_role_does_not_come_up(path: str, router: APIRouter) -> None:
    async def nobody(request: Request) -> None:
        return None

    rooms = Rooms(lambda: pytest.fail("not asked"), lambda: (), lambda: 0.0)
    with pytest.raises(RuntimeError, match=f"no rule says who may ask for .*{path}"):
        console_app(rooms, nobody, [*ROUTERS, router])


@pytest.mark.parametrize("role", list(Role))
def test_a_role_includes_no_more_than_it_says(role: Role) -> None:
    visitor = Visitor("somebody", role)
    assert {one for one in Role if visitor.has(one)} == {role, *INCLUDES[role]}
    assert (Role.AUDITOR in INCLUDES[role]) is False


@pytest.mark.parametrize(
    ("headers", "with_cookie", "refused"),
    [
        ({"sec-fetch-site": "same-origin"}, True, False),
        ({"sec-fetch-site": "none"}, True, False),
        ({"sec-fetch-site": "cross-site"}, True, True),
        ({"sec-fetch-site": "same-site"}, True, True),
        ({"sec-fetch-site": "cross-site"}, False, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True, False),
        ({"origin": "https://console.test", "host": "console.test"}, True, False),
        ({"origin": "https://CONSOLE.test", "host": "console.test"}, True, False),
        ({"origin": "https://evil.test", "host": "console.test"}, True, True),
        ({"origin": "https://console.test.evil.test", "host": "console.test"}, True, True),
        ({"origin": "https://console.test:8443", "host": "console.test"}, True, True),
        ({"origin": "null", "host": "console.test"}, True, True),
        ({"host": "console.test"}, True, True),
        ({"host": "console.test"}, False, False),
    ],
)
def test_who_made_the_request(headers: dict[str, str], with_cookie: bool, refused: bool) -> None:
    assert is_from_elsewhere("POST", headers, with_cookie=with_cookie) is refused
    assert [is_from_elsewhere(one, headers, with_cookie=with_cookie) for one in sorted(SAFE)] == [False, False]


async def test_nothing_is_changed_for_another_sites_page() -> None:
    changing = [(route, method) for route, method in CASES if method not in SAFE]
    assert len(changing) >= 18
    async with given() as here:
        browser = await here.signed_in("root", Role.ADMIN)
        before = await everything(here)
        for route, method in changing:
            for site in ("cross-site", "same-site"):
                answer = await browser.request(method, path_of(route), headers={"sec-fetch-site": site})
                assert (answer.status_code, answer.json()["code"]) == (403, "MP2408")
        assert await everything(here) == before


def visits(transaction: Transaction) -> list[object]:
    return list(transaction.sql("SELECT * FROM visits"))


async def everything(here: Given) -> list[object]:
    store = here.store
    return [await here.noted(), await store.people.all(), await store.tokens.all(), await store.database.read(visits)]


def broken() -> APIRouter:
    router = APIRouter()

    @router.get("/broken")
    async def fails(request: Request, visitor: Annotated[Visitor, Depends(may(Role.VIEWER))]) -> Response:
        raise ValueError("tanaka@mail.test has the password geheim")

    @router.get("/teapot")
    async def teapot(request: Request, visitor: Annotated[Visitor, Depends(may(Role.VIEWER))]) -> Response:
        raise HTTPException(418, "geheim")

    return router


ASKED = [
    *("/sign-in", "/sessions", "/api/v1/me", "/nothing", f"{static_url()}/console.css", "/static/x/nothing"),
    *("/broken", "/teapot", "/api/v1/audit", "/audit?below=x", "/api/v1/openapi.json", "/first-admin", "/sign-out"),
]


async def test_headers_on_every_answer() -> None:
    async with given(routers=[*ROUTERS, broken()]) as here:
        signed_in = await here.signed_in("sato", Role.OPERATOR)
        strangers = [
            here.browser(),
            here.browser("http://192.0.2.1", peer="192.0.2.9"),
            here.browser(sec_fetch_site="cross-site"),
        ]
        for browser in (signed_in, *strangers):
            for path in ASKED:
                for accept in ("text/html", "*/*"):
                    check_headers(await browser.get(path, headers={"accept": accept}))
                    check_headers(await browser.post(path, content=b"x", headers={"accept": accept}))


def check_headers(answer: httpx.Response) -> None:
    assert {name: answer.headers.get_list(name) for name in HEADERS} == {name: [value] for name, value in HEADERS.items()}
    kept = {"no-cache", FOR_EVER} if answer.url.path.startswith("/static/") else {"no-store"}
    assert answer.headers["cache-control"] in kept


async def test_no_script_and_no_style_but_from_files_of_ours() -> None:
    policy = dict(one.partition(" ")[::2] for one in HEADERS["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    assert "unsafe" not in HEADERS["content-security-policy"]


async def test_what_we_did_not_foresee_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    handler = listen()
    try:
        async with given(routers=[*ROUTERS, broken()]) as here:
            browser = await here.signed_in("sato", Role.OPERATOR)
            answer = await browser.get("/broken")
    finally:
        import logging

        logging.getLogger().removeHandler(handler)
    assert (answer.status_code, answer.json()["code"]) == (500, "MP2400")
    said = answer.text + capsys.readouterr().err
    assert Event.CONSOLE_FAULT.value[0] in said
    assert "ValueError" in said
    assert "geheim" not in said
    assert "tanaka" not in said


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "MP2405"),
        ("PUT", "/api/v1/me", 405, "MP2406"),
        ("GET", "/teapot", 418, "MP2417"),
        ("DELETE", "/api/v1/sessions/99999999999999999999999", 422, "MP2407"),
        ("DELETE", "/api/v1/sessions/5", 404, "MP2405"),
    ],
)
async def test_every_error_is_a_problem(method: str, path: str, status: int, code: str) -> None:
    async with given(routers=[*ROUTERS, broken()]) as here:
        browser = await here.signed_in("sato", Role.OPERATOR)
        answer = await browser.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "detail", "code", "where", "hint"}
    assert (answer.json()["status"], answer.json()["code"]) == (status, code)


AS_A_PAGE = {"accept": "text/html"}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/nothing", 404), ("PUT", "/people", 405)]
)
async def test_where_no_page_is_who_is_signed_in_has_his_menu(method: str, path: str, status: int) -> None:
    async with given() as here:
        sato = await here.signed_in("sato", Role.OPERATOR)
        page = await sato.request(method, path, headers=AS_A_PAGE)
        assert page.status_code == status
        assert {'"/checks"', '"/carriers"', '"/sessions"', '"/sign-out"'} <= set(re.findall(r'"/[^"]*"', page.text))
        assert 'href="/people"' not in page.text
        stranger = await here.browser().request(method, path, headers=AS_A_PAGE)
        assert (stranger.status_code, "<nav" in stranger.text, "sato" in stranger.text) == (status, False, False)


async def test_a_page_of_an_error_asks_a_store_that_fails_no_second_time() -> None:
    asked: list[str] = []

    async def recognise(request: Request) -> Visitor | None:
        asked.append(request.url.path)
        raise StoreError("MP1303", "store", "is busy")

    async with given() as here:
        here.console.state.recognise = recognise
        for path, status in (("/nothing", 404), ("/sessions", 503)):
            page = await here.browser().get(path, headers=AS_A_PAGE)
            assert (page.status_code, "<nav" in page.text) == (status, False)
    assert asked == ["/nothing", "/sessions"]


async def test_an_error_repeats_nothing_of_what_was_sent() -> None:
    async with given() as here:
        admin = await here.signed_in("root", Role.ADMIN)
        answers = [
            await admin.post("/api/v1/people", json={"name": ["geheim"], "role": "geheim", "password": {"geheim": 1}}),
            await admin.post("/api/v1/people", content=b'{"geheim": ', headers={"content-type": "application/json"}),
            await admin.post("/api/v1/people", json={"name": "neu", "role": "viewer", "password": "geheim"}),
        ]
    assert [one.status_code for one in answers] == [422] * 3
    assert not any("geheim" in one.text for one in answers)


async def test_a_body_that_is_too_long_is_refused() -> None:
    async with given() as here:
        answer = await here.browser().post("/sign-in", data={"name": "x" * (3 << 20)})
        assert (answer.status_code, answer.json()["code"]) == (413, "MP2407")


async def test_every_status_of_the_api_is_documented() -> None:
    async with given() as here:
        browser = await here.signed_in("sato", Role.VIEWER)
        schema = (await browser.get("/api/v1/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    assert "Problem" in schema["components"]["schemas"]
    operations = [one for path in schema["paths"].values() for one in path.values()]
    assert len(operations) >= 14
    for one in operations:
        assert {"400", "401", "403", "404", "409", "422", "429", "503"} <= one["responses"].keys()
        assert "application/problem+json" in one["responses"]["422"]["content"]


async def test_nobody_reads_what_the_api_is() -> None:
    async with given() as here:
        answers = [await here.browser().get(path) for path in ("/api/v1/openapi.json", "/docs", "/redoc", "/openapi.json")]
        assert [one.status_code for one in answers] == [401, 404, 404, 404]


def test_the_site_of_the_tests_is_over_tls() -> None:
    assert httpx.URL(SITE).scheme == "https"
