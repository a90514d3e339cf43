"""What is told instead of an answer: problem+json (RFC 9457) with one of our codes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailprobe.config import Problem
from mailprobe.store import StoreError

TITLES = {
    400: "Cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    409: "Not possible now",
    422: "Cannot be used",
    429: "Too much at once",
    503: "Not ready",
}
UNREADABLE = Problem("MP2500", "body", "the request is not as the API describes it", "see /api/v1/openapi.json")
OF_STATUS = {401: "MP2402", 403: "MP2403", 404: "MP2501"}


@dataclass(frozen=True, slots=True)
class ProblemView:
    """RFC 9457. code: MPnnnn; where: which part of the request; hint: what helps."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    where: str
    hint: str


class Refused(Exception):
    """A request that is not carried out."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(f"{status} {problem.code}")
        self.status, self.problem = status, problem


def told(status: int, problem: Problem) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": problem.what,
        "code": problem.code,
        "where": problem.where,
        "hint": problem.hint,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: what may come instead of its answer. `Any`: the type is FastAPI's."""
    form = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemView"}}}
    return {status: {"description": TITLES[status], "model": ProblemView, "content": form} for status in statuses}


class ProblemRoute(APIRoute):
    """A route whose refusals are problem+json."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_or_tell(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                return told(refused.status, refused.problem)
            except StoreError as error:
                return told(503, Problem(error.code, "store", error.what, error.hint))
            except RequestValidationError as error:
                return told(422, unreadable(error))
            except HTTPException as error:
                problem = Problem(OF_STATUS.get(error.status_code, "MP2500"), "", TITLES.get(error.status_code, "Refused"))
                return told(error.status_code, problem)

        return handle_or_tell


def unreadable(error: RequestValidationError) -> Problem:
    """Where it is wrong, without what was written there: it may be an address."""
    first = next(iter(error.errors()), None)
    if first is None:
        return UNREADABLE
    where = ".".join(str(one) for one in first.get("loc", ()))
    return Problem(UNREADABLE.code, where, UNREADABLE.what, UNREADABLE.hint)
