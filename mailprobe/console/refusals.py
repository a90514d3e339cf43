"""How a route says no: problem details (RFC 9457) with a code of ours, for whoever asks by program."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from mailprobe.console.door import Visitor
from mailprobe.store import StoreError

MEDIA = "application/problem+json"
NOT_NOTED = "MP2401"


class Trail(Protocol):
    async def note(self, visitor: Visitor, what: str, of: str, why: str) -> None: ...


class Problem(BaseModel):
    """RFC 9457, and beside it the code that the manual explains, and what helps."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str = ""
    where: str = ""
    hint: str = ""


class Refusal(Exception):
    """Raised in a route, answered as a problem. detail: one sentence without any address."""

    def __init__(self, status: int, code: str, title: str, detail: str = "", where: str = "", hint: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(title=title, status=status, detail=detail, code=code, where=where, hint=hint)


class PlainRoute(APIRoute):
    """A route that answers a Refusal, and a store that cannot be used, as a problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def careful(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refused:
                return answer(refused.problem)
            except StoreError as error:
                hint = "try again in a minute; if it lasts, look at the alert MailprobeStoreUnhealthy"
                return answer(Problem(title="The store cannot be used", status=503, code=error.code, hint=hint))

        return careful


def answer(problem: Problem) -> Response:
    return JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA)


async def note(request: Request, visitor: Visitor, what: str, of: str, why: str) -> None:
    """Before anything is shown or done. Raises Refusal, and then nothing may be."""
    trail: Trail = request.app.state.trail
    try:
        await trail.note(visitor, what, of, why)
    except StoreError as error:
        title = "It cannot be noted who looks, so nothing is shown"
        raise Refusal(503, NOT_NOTED, title, hint=f"try again in a minute ({error.code})") from None
