"""The console's app: API and pages behind one door. A route that names no role does not come up.

Every answer, errors too, has the headers of `headers.py`; what another site's page asks for is refused before any route sees it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from mailprobe.console.api import problems
from mailprobe.console.approach import REFUSED
from mailprobe.console.door import Anybody, May, Visitor
from mailprobe.console.headers import headers_of, is_from_elsewhere, with_headers
from mailprobe.console.party import RelyingParty
from mailprobe.console.people import Gate
from mailprobe.console.rooms import Rooms
from mailprobe.console.staff import Staff
from mailprobe.console.statics import give, static_routes
from mailprobe.console.trail import Trail
from mailprobe.console.visits import PLAIN_COOKIE, SECURE_COOKIE

MOST_BODY = 2 << 20  # octets: a bounce is 1 MB at most
PLAIN = {
    "MP2402": "the console is served over TLS, or on this host itself; set [http] certificate and key",
    "MP2420": "the console does not go by this name without TLS",
}


class ConsoleApp(FastAPI):
    """own_rule: paths that let in whom they want, such as /metrics."""

    own_rule: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        sending = with_headers(scope, send)
        refused = self.refused(scope)
        if refused is None:
            await super().__call__(scope, receive, sending)
        else:
            await JSONResponse(refused.model_dump(), refused.status, media_type=problems.MEDIA)(scope, receive, sending)

    def refused(self, scope: Scope) -> problems.Problem | None:
        """What is refused before it is looked at."""
        if scope["path"] in self.own_rule:
            return None
        if code := scope.get(REFUSED, ""):
            return problems.plain(403, code, PLAIN[code])
        request, headers = Request(scope), headers_of(scope)
        if length_of(headers) > MOST_BODY:
            return problems.plain(413, "MP2407", f"a body holds at most {MOST_BODY} octets")
        with_cookie = any(name in request.cookies for name in (SECURE_COOKIE, PLAIN_COOKIE))
        if is_from_elsewhere(scope["method"], headers, with_cookie=with_cookie):
            hint = "use the console's own pages; a program shows a token, and no cookie"
            return problems.plain(403, "MP2408", "another site's page has asked for this", hint=hint)
        return None


def length_of(headers: Headers) -> int:
    """As announced; the server sees to it that it is true. What announces none is counted while it is read."""
    said = headers.get("content-length", "0")
    return int(said) if said.isdecimal() and len(said) < 19 else 0


async def no_page(request: Request, problem: problems.Problem) -> Response | None:
    return None


def console_app(
    rooms: Rooms,
    recognise: Callable[[Request], Awaitable[Visitor | None]],
    routers: Iterable[APIRouter],
    *,
    beside: Sequence[Route] = (),
    gate: Gate | None = None,
    party: RelyingParty | None = None,
    show: problems.Show = no_page,
) -> ConsoleApp:
    """recognise: who asks. beside: routes with a rule of their own, and without the console's. gate: where passwords are shown.
    party: where the word of another house is taken. show: an error as a page. Raises RuntimeError for a route without a rule."""
    app = ConsoleApp(
        title="mailprobe", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, max_body_size=MOST_BODY
    )
    app.state.rooms, app.state.recognise = rooms, recognise
    gate = gate or Gate(rooms)
    trail = Trail(lambda: rooms.house().store, rooms.now)
    app.state.trail, app.state.gate, app.state.party = trail, gate, party or RelyingParty(rooms)
    app.state.staff = Staff(lambda: rooms.house().store, trail, gate.passwords, rooms.now)
    problems.install(app, show)
    for router in routers:
        app.include_router(router, responses=problems.DOCUMENTED)
    app.router.routes.extend(static_routes())
    if unruled := [path_of(route) for route in routes_of(app.routes) if not is_ruled(route)]:
        raise RuntimeError(f"no rule says who may ask for {', '.join(unruled)}")
    app.router.routes.extend(beside)
    app.own_rule = frozenset(route.path for route in beside)
    return app


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Each of them, and those of every router among them: FastAPI keeps a router that was included as one route."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if isinstance(included, APIRouter):
            yield from routes_of(included.routes)
        else:
            yield route


def is_ruled(route: BaseRoute) -> bool:
    """Files of ours are everybody's: they say nothing of anybody."""
    if isinstance(route, Route) and route.endpoint is give:
        return True
    return isinstance(route, APIRoute) and rule_of(route) is not None


def rule_of(route: APIRoute) -> May | Anybody | None:
    rules = [one.call for one in route.dependant.dependencies if isinstance(one.call, May | Anybody)]
    return rules[0] if rules else None


def path_of(route: BaseRoute) -> str:
    return str(getattr(route, "path", route))
