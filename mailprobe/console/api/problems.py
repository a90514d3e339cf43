"""What is wrong, as a program reads it: problem+json (RFC 9457) with our code, and as a page for who came with a browser.

No input is repeated: it may hold a password or a customer's address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from mailprobe.config import ConfigError
from mailprobe.log import Event, tell
from mailprobe.store import StoreError

MEDIA = "application/problem+json"
CODES = {401: "MP2403", 403: "MP2404", 404: "MP2405", 405: "MP2406", 413: "MP2407", 422: "MP2407", 400: "MP2407", 429: "MP2409"}
NO_PERMISSION, BAD_DATA = 77, 65  # sysexits.h
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="mailprobe"'}  # RFC 9110 section 15.5.2


class Problem(BaseModel):
    """The body of every error. where: the part of the request, or of the program, that it is about."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str
    where: str = ""
    hint: str = ""


class Refused(Exception):
    """A route says no. hint: what to do; again_in: seconds after which it is worth another try."""

    def __init__(self, status: int, code: str, what: str, *, where: str = "", hint: str = "", again_in: float = 0.0) -> None:
        super().__init__(f"{code} {what}")
        self.problem = Problem(title=title_of(status), status=status, detail=what, code=code, where=where, hint=hint)
        self.again_in = again_in


def title_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


# What any route of the API may answer besides what it is for.
STATUSES = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"description": title_of(status), "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status in STATUSES
}

Show = Callable[[Request, Problem], Awaitable[Response | None]]


def install(app: FastAPI, show: Show) -> None:
    """Every error of the app in this form. show: makes a page of it for a browser; None: it is no browser."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        page = await show(request, problem)
        made = page if page is not None else JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA)
        made.headers.update(headers_of(error, made.status_code))
        return made

    for kind in (Refused, HTTPException, RequestValidationError, StoreError, ConfigError, Exception):
        app.add_exception_handler(kind, answer)


def headers_of(error: Exception, status: int) -> Mapping[str, str]:
    if isinstance(error, Refused) and error.again_in:
        return {"Retry-After": f"{error.again_in:.0f}"}
    given = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return given | (CHALLENGE if status == 401 else {})


def problem_of(error: Exception) -> Problem:
    """Any error. What we did not foresee is our fault, and its words stay here: they may quote anything."""
    if isinstance(error, Refused):
        return error.problem
    if isinstance(error, HTTPException):
        return plain(error.status_code, CODES.get(error.status_code, "MP2417"))
    if isinstance(error, RequestValidationError):
        return of_validation(error)
    if isinstance(error, StoreError):
        return plain(503, error.code, error.what, where="store" if error.trouble else error.where, hint=error.hint)
    if isinstance(error, ConfigError):
        return of_config(error)
    tell(Event.CONSOLE_FAULT, error=error)
    return plain(500, "MP2400", "something went wrong here; it is written down")


def plain(status: int, code: str, what: str = "", *, where: str = "", hint: str = "") -> Problem:
    return Problem(title=title_of(status), status=status, detail=what, code=code, where=where, hint=hint)


def of_validation(error: RequestValidationError) -> Problem:
    """The first of them: where, and what would be right."""
    first = error.errors()[0] if error.errors() else {}
    where = ".".join(str(part) for part in first.get("loc", ()))[:200]
    what = "is not valid" if str(first.get("type", "")).startswith("value_error") else str(first.get("msg", "is not valid"))
    return plain(422, "MP2407", what[:200], where=where)


def of_config(error: ConfigError) -> Problem:
    first = error.problems[0]
    status = {NO_PERMISSION: 403, BAD_DATA: 422}.get(error.exit_code, 409)
    return plain(status, first.code, first.what, where=first.where, hint=first.hint)
