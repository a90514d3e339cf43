"""`/api/v1/checks`: begin a check, look on while it runs, tell what the customer says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from mailprobe.console.api.asking import desk_of, language_of, note
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.registry import Ask
from mailprobe.console.calls.streaming import stream
from mailprobe.console.calls.view import Row, View
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.problems import ProblemRoute, answers

router = APIRouter(prefix="/api/v1/checks", tags=["checks"], route_class=ProblemRoute)
Operator = Annotated[Visitor, Depends(may(Role.OPERATOR))]
Which = str
Lang = Literal["", "ja", "en"]
Word = Annotated[str, Field(max_length=400)]
Probe = Literal["dns", "mx", "submission", "imap", "canary"]
COMMON = answers(401, 403, 422, 503)
OF_ONE = answers(401, 403, 404, 422, 503)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCheck(Body):
    """observed: words as for `mailprobe check --observed`; bounce: the text of a mail that came back."""

    address: Annotated[str, Field(max_length=1000)]
    reason: Literal["", "customer_call", "test", "other"] = ""
    ticket: Annotated[str, Field(max_length=100)] = ""
    observed: Annotated[list[Word], Field(max_length=40)] = []
    bounce: Annotated[str, Field(max_length=1_000_000)] = ""
    canary: bool = False
    consent: Annotated[str, Field(max_length=200)] = ""
    only: Annotated[list[Probe], Field(max_length=5)] = []


class Begun(BaseModel):
    id: str
    number: str
    href: str
    events: str


class Rows(BaseModel):
    checks: list[Row]


def begun(call: Call) -> Begun:
    return Begun(id=call.id, number=call.number, href=f"/checks/{call.id}", events=f"/api/v1/checks/{call.id}/events")


def viewed(request: Request, call: Call, lang: str) -> Response:
    """The whole view, rendered once for everybody."""
    return Response(desk_of(request).json(call, language_of(request, lang)), media_type="application/json")


@router.post("", status_code=201, response_model=Begun, responses=COMMON | answers(429))
async def start(request: Request, visitor: Operator, body: NewCheck) -> Begun:
    """Begin a check. It goes on after the page is closed."""
    desk = desk_of(request)
    ask = Ask(
        address=body.address,
        reason=body.reason,
        ticket=body.ticket,
        observed=tuple(body.observed),
        bounce=body.bounce,
        canary=body.canary,
        consent=body.consent,
        only=tuple(body.only),
    )
    account = desk.calls.account_of(ask)
    await note(request, visitor, "check", account, body.ticket or body.reason)
    return begun(await desk.calls.start(ask, account, visitor.name))


@router.get("", response_model=Rows, responses=COMMON)
async def mine(request: Request, visitor: Operator, mine: bool = True, lang: Lang = "") -> Rows:
    """My checks of the last 72 hours, the newest first: what is pending, and what was revised since."""
    desk, language = desk_of(request), language_of(request, lang)
    return Rows(checks=[desk.row(one, language) for one in await desk.calls.of(visitor.name)])


@router.get("/{which}", response_model=View, responses=OF_ONE)
async def look(request: Request, visitor: Operator, which: Which, lang: Lang = "") -> Response:
    call = await desk_of(request).calls.find(which)
    await note(request, visitor, "look", call.account, call.number)
    return viewed(request, call, lang)


EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}
STREAM: dict[int | str, dict[str, Any]] = {200: {"description": "View after View, then `end`", "content": EVENTS}}


@router.get("/{which}/events", response_class=StreamingResponse, responses=OF_ONE | STREAM)
async def events(request: Request, visitor: Operator, which: Which, lang: Lang = "") -> StreamingResponse:
    """Server-sent events: `view` with the whole View as data, `end` when nothing changes any more by itself."""
    desk, language = desk_of(request), language_of(request, lang)
    call = await desk.calls.find(which)
    await note(request, visitor, "look", call.account, call.number)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream(desk, call.id, language), media_type="text/event-stream", headers=headers)
