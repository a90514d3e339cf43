"""`/api/v1/checks`: begin a check, look on while it runs, tell what the customer says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from mailprobe.console.api.asking import desk_of, language_of, note
from mailprobe.console.calls import mailing, repairing, telling
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


# ---- what is told, and done, of one check ----------------------------------------------------------------------------


class ToldBody(Body):
    """All that is ticked now, as words of `--observed`."""

    observed: Annotated[list[Word], Field(max_length=40)]


class BounceBody(Body):
    """Either the text of a mail that came back, or fragments of it, read out over the phone; [] takes those back."""

    text: Annotated[str, Field(max_length=1_000_000)] = ""
    fragments: Annotated[list[Word], Field(max_length=20)] | None = None


class ConsentBody(Body):
    """Who agreed to a test mail; not needed for an enrolled mailbox."""

    consent: Annotated[str, Field(max_length=200)] = ""


class WatchBody(Body):
    hours: Annotated[float, Field(ge=1, le=72)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class KeepBody(Body):
    """An empty ticket lets it go."""

    ticket: Annotated[str, Field(max_length=100)]


class WrongBody(Body):
    """What the cause really was."""

    cause: Annotated[str, Field(min_length=1, max_length=500)]


async def found(request: Request, visitor: Visitor, which: str, what: str, why: str = "") -> Call:
    """The call, written down as touched by this visitor."""
    call = await desk_of(request).calls.find(which)
    await note(request, visitor, what, call.account, why or call.number)
    return call


@router.post("/{which}/observed", response_model=View, responses=OF_ONE)
async def observe(request: Request, visitor: Operator, which: Which, body: ToldBody, lang: Lang = "") -> Response:
    """What the customer says: judged anew at once, from the same evidence."""
    call = await found(request, visitor, which, "told")
    await telling.observe(desk_of(request).calls, call, body.observed)
    return viewed(request, call, lang)


@router.post("/{which}/bounce", response_model=View, responses=OF_ONE)
async def bounce(request: Request, visitor: Operator, which: Which, body: BounceBody, lang: Lang = "") -> Response:
    """A mail that came back to somebody who wrote to the customer."""
    call, calls = await found(request, visitor, which, "bounce"), desk_of(request).calls
    if body.fragments is not None:
        telling.hear(calls, call, body.fragments)
    else:
        telling.show_bounce(calls, call, body.text)
    return viewed(request, call, lang)


@router.post("/{which}/canary", response_model=View, responses=OF_ONE | answers(409))
async def canary(request: Request, visitor: Operator, which: Which, body: ConsentBody, lang: Lang = "") -> Response:
    """Send a test mail. The number to read back is in `canary` as soon as it is known; the stream begins anew."""
    call = await found(request, visitor, which, "canary", body.consent)
    mailing.send(desk_of(request).calls, call, body.consent, visitor.name)
    return viewed(request, call, lang)


@router.post("/{which}/verify", status_code=201, response_model=Begun, responses=OF_ONE | answers(409, 429))
async def verify(request: Request, visitor: Operator, which: Which) -> Begun:
    """Whether a repair has helped: a new check of what failed, with `before_repair`."""
    call = await found(request, visitor, which, "verify")
    return begun(await repairing.verify(desk_of(request).calls, call, visitor.name))


@router.post("/{which}/watch", response_model=View, responses=OF_ONE | answers(409))
async def watch(request: Request, visitor: Operator, which: Which, body: WatchBody, lang: Lang = "") -> Response:
    """Look again until it is repaired, at most 72 hours."""
    call = await found(request, visitor, which, "watch", body.reason)
    repairing.watch(desk_of(request).calls, call, body.hours, body.reason, visitor.name)
    return viewed(request, call, lang)


@router.delete("/{which}/watch", response_model=View, responses=OF_ONE)
async def unwatch(request: Request, visitor: Operator, which: Which, lang: Lang = "") -> Response:
    call = await found(request, visitor, which, "unwatch")
    repairing.end(desk_of(request).calls, call)
    return viewed(request, call, lang)


@router.post("/{which}/keep", response_model=View, responses=OF_ONE)
async def keep(request: Request, visitor: Operator, which: Which, body: KeepBody, lang: Lang = "") -> Response:
    """Hold the evidence for a ticket: it outlives the 72 hours."""
    call = await found(request, visitor, which, "keep", body.ticket)
    call.kept = body.ticket.strip()
    call.touch()
    return viewed(request, call, lang)


@router.post("/{which}/wrong", response_model=View, responses=OF_ONE)
async def wrong(request: Request, visitor: Operator, which: Which, body: WrongBody, lang: Lang = "") -> Response:
    """The verdict was wrong, and what the cause really was."""
    call = await found(request, visitor, which, "wrong")
    call.wrong = body.cause.strip()
    call.touch()
    return viewed(request, call, lang)
