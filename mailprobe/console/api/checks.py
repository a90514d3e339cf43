"""`/api/v1/checks`: begin a check, look on while it runs, tell what the customer says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from mailprobe.config import Account
from mailprobe.console.api.asking import Operator, desk_of, note, of_trail
from mailprobe.console.calls import mailing, repairing, telling
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.registry import Known
from mailprobe.console.calls.streaming import stream
from mailprobe.console.calls.ticket import Ticket, make_ticket, zone_of
from mailprobe.console.calls.view import Row, View
from mailprobe.console.door import Visitor
from mailprobe.console.language import Language
from mailprobe.console.lookups import looked_up
from mailprobe.console.rooms import rooms_of
from mailprobe.console.visits import still_in
from mailprobe.evidence import Evidence
from mailprobe.store import StoreError

router = APIRouter(prefix="/api/v1/checks", tags=["checks"])
Which = str
Word = Annotated[str, Field(max_length=400)]
Number = Annotated[str, Query(max_length=20)]
Zone = Annotated[str, Query(max_length=64)]
Probe = Literal["dns", "mx", "submission", "imap", "canary"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCheck(Body):
    """observed: words as for `mailprobe check --observed`; bounce: the text of a mail that came back; consent: who agreed, to a
    test mail, or to the check itself where the configuration asks for that."""

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


def viewed(request: Request, call: Call, language: str) -> Response:
    """The whole view, rendered once for everybody."""
    return Response(desk_of(request).json(call, language), media_type="application/json")


@router.post("", status_code=201, response_model=Begun)
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
    why = body.ticket or body.reason
    agreed = f"consent: {body.consent.strip()}" if body.consent.strip() else ""
    await note(request, visitor, "check", account, "; ".join(one for one in (why, agreed) if one))

    known = known_of(request, visitor, account, why)
    return begun(await desk.calls.start(ask, account, visitor.name, known))


def known_of(request: Request, visitor: Visitor, account: Account, why: str) -> Known:
    """What the carrier's own systems say, asked on this visitor's behalf as soon as the check begins."""

    async def known() -> Evidence | None:
        of = of_trail(request, account)
        try:
            return await looked_up(rooms_of(request), request.app.state.trail, visitor, account, of, why)
        except StoreError:  # what cannot be noted is not asked
            return None

    return known


@router.get("", response_model=Rows)
async def list_checks(request: Request, visitor: Operator, language: Language, mine: bool = True, number: Number = "") -> Rows:
    """My checks of the last 72 hours, the newest first: what is pending, and what was revised since. number: the one check,
    whoever began it, that somebody names on the phone."""
    desk = desk_of(request)
    if not number:
        return Rows(checks=[desk.row(one, language) for one in await desk.calls.of(visitor.name)])
    call = await desk.calls.by_number(number)
    await note(request, visitor, "look", call.account, number)
    return Rows(checks=[desk.row(call, language)])


@router.get("/{which}", response_model=View)
async def look(request: Request, visitor: Operator, which: Which, language: Language) -> Response:
    call = await desk_of(request).calls.find(which)
    await note(request, visitor, "look", call.account, call.number)
    return viewed(request, call, language)


EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}
STREAM: dict[int | str, dict[str, Any]] = {200: {"description": "View after View, then `end`", "content": EVENTS}}


@router.get("/{which}/events", response_class=StreamingResponse, responses=STREAM)
async def events(request: Request, visitor: Operator, which: Which, language: Language) -> StreamingResponse:
    """Server-sent events: `view` with the whole View as data, `end` when nothing changes any more by itself. It breaks off when
    the session ends."""
    desk = desk_of(request)
    call = await desk.calls.find(which)
    await note(request, visitor, "look", call.account, call.number)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    views = stream(desk, call.id, language, still_in=lambda: still_in(request, visitor))
    return StreamingResponse(views, media_type="text/event-stream", headers=headers)


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


@router.get("/{which}/ticket", response_model=Ticket)
async def ticket(request: Request, visitor: Operator, which: Which, language: Language, zone: Zone = "") -> Ticket:
    """For the desk that acts. zone: the reader's, as `Asia/Tokyo`."""
    desk = desk_of(request)
    call = await found(request, visitor, which, "ticket")
    return make_ticket(call, desk.shown(call, language), zone_of(zone))


@router.post("/{which}/observed", response_model=View)
async def observe(request: Request, visitor: Operator, which: Which, body: ToldBody, language: Language) -> Response:
    """What the customer says: judged anew at once, from the same evidence."""
    call = await found(request, visitor, which, "told")
    await telling.observe(desk_of(request).calls, call, body.observed)
    return viewed(request, call, language)


@router.post("/{which}/bounce", response_model=View)
async def bounce(request: Request, visitor: Operator, which: Which, body: BounceBody, language: Language) -> Response:
    """A mail that came back to somebody who wrote to the customer."""
    call, calls = await found(request, visitor, which, "bounce"), desk_of(request).calls
    if body.fragments is not None:
        telling.hear(calls, call, body.fragments)
    else:
        telling.show_bounce(calls, call, body.text)
    return viewed(request, call, language)


@router.post("/{which}/canary", response_model=View)
async def canary(request: Request, visitor: Operator, which: Which, body: ConsentBody, language: Language) -> Response:
    """Send a test mail. The number to read back is in `canary` as soon as it is known; the stream begins anew."""
    call = await found(request, visitor, which, "canary", body.consent)
    mailing.send(desk_of(request).calls, call, body.consent, visitor.name)
    return viewed(request, call, language)


@router.post("/{which}/verify", status_code=201, response_model=Begun)
async def verify(request: Request, visitor: Operator, which: Which) -> Begun:
    """Whether a repair has helped: a new check of what failed, with `before_repair`."""
    call = await found(request, visitor, which, "verify")
    known = known_of(request, visitor, call.account, call.ticket or call.reason)
    return begun(await repairing.verify(desk_of(request).calls, call, visitor.name, known))


@router.post("/{which}/watch", response_model=View)
async def watch(request: Request, visitor: Operator, which: Which, body: WatchBody, language: Language) -> Response:
    """Look again until it is repaired, at most 72 hours."""
    call = await found(request, visitor, which, "watch", body.reason)
    repairing.watch(desk_of(request).calls, call, body.hours, body.reason, visitor.name)
    return viewed(request, call, language)


@router.delete("/{which}/watch", response_model=View)
async def unwatch(request: Request, visitor: Operator, which: Which, language: Language) -> Response:
    call = await found(request, visitor, which, "unwatch")
    repairing.end(desk_of(request).calls, call)
    return viewed(request, call, language)


@router.post("/{which}/keep", response_model=View)
async def keep(request: Request, visitor: Operator, which: Which, body: KeepBody, language: Language) -> Response:
    """Hold the evidence for a ticket: it outlives the 72 hours."""
    call = await found(request, visitor, which, "keep", body.ticket)
    await telling.keep(desk_of(request).calls, call, body.ticket)
    return viewed(request, call, language)


@router.post("/{which}/wrong", response_model=View)
async def wrong(request: Request, visitor: Operator, which: Which, body: WrongBody, language: Language) -> Response:
    """The verdict was wrong, and what the cause really was."""
    call = await found(request, visitor, which, "wrong")
    call.wrong = body.cause.strip()
    call.touch()
    return viewed(request, call, language)
