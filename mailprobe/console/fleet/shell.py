"""The page around the fleet's pages: made whole on the server, and needs no script."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse

from mailprobe.console.door import Visitor, visitor_of
from mailprobe.console.language import COOKIE, language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.refusals import Problem, Refusal
from mailprobe.console.rooms import Rooms
from mailprobe.console.saying import ago, bare_clock, clock, text, texts
from mailprobe.report import utc
from mailprobe.store import StoreError
from mailprobe.verdict.texts import LANGUAGES, flat, read

YEAR = 365 * 86_400


class PageRoute(APIRoute):
    """A route that answers a Refusal, and a store that cannot be used, as a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def careful(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refused:
                return await refuse(request, refused.problem)
            except StoreError as error:
                return await refuse(request, Problem(title="", status=503, code=error.code))

        return careful


def show(request: Request, visitor: Visitor, template: str, here: str, **shown: Any) -> HTMLResponse:
    """One page in the visitor's language; a language that he chose by hand is remembered."""
    language, now = language_of(request), rooms_of(request).now()
    answer = paper(request, template, visitor, here=here, now=now, utc=utc, when=lambda at: clock(at, language, now), **shown)
    if request.query_params.get("lang") in LANGUAGES:
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, language, max_age=YEAR, samesite="lax", secure=secure)
    return answer


async def refuse(request: Request, problem: Problem) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return Response(status_code=401)
    known = texts(language_of(request))
    said = known.get(f"refused.{problem.code}", known["refused.other"])
    answer = show(request, visitor, "fleet_refused.html", "refused", problem=problem, said=said)
    answer.status_code = problem.status
    return answer


def moment(at: float | None, language: str, now: float) -> str:
    """When; the zone stands below the page."""
    return text("accounts.never", language) if not at else bare_clock(at, language, now)


def lately(at: float | None, language: str, now: float) -> str:
    return text("accounts.never", language) if at is None else ago(max(0.0, now - at), language)


def lasting(seconds: float, language: str) -> str:
    """How long, as one says it."""
    for unit, size, below in (("seconds", 1, 120), ("minutes", 60, 7200), ("hours", 3600, 172_800)):
        if seconds < below:
            return text(f"lasting.{unit}", language, n=str(int(seconds // size)))
    return text("lasting.days", language, n=str(int(seconds // 86_400)))


@cache
def bounce_texts(language: str) -> dict[str, str]:
    return dict(flat(read(f"{language}.bounce")))


def rooms_of(request: Request) -> Rooms:
    rooms: Rooms = request.app.state.rooms
    return rooms


def carriers_of(rooms: Rooms) -> list[tuple[str, str]]:
    """Names and titles, for a choice."""
    return [(name, one.title) for name, one in rooms.house().config.carriers.items()]
