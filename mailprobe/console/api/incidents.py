"""`/api/v1/incidents`: what is suspected and confirmed at a carrier; the second line confirms, resolves and dismisses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mailprobe.console.api.problems import Refused
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.incidents import IncidentDesk, Part, Untellable
from mailprobe.console.language import Language
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.texts import text
from mailprobe.incident import Incident, State, Text, Why
from mailprobe.report import utc, utc_or_none

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
Supervisor = Annotated[Visitor, Depends(may(Role.SUPERVISOR))]
Number = Annotated[int, Path(ge=1, le=2**53)]
Words = Annotated[str, Field(max_length=500)]
STRICT = ConfigDict(extra="forbid")


class IncidentOut(BaseModel):
    """say: what callers are told: the second line's text, or what is always true of such a state, in the reader's language, or in
    the other one where that is all there is: say_lang. text: the second line's alone, likewise. addresses: how many distinct
    ones in calls spoke for it; by: who made it what it is, '' for the program."""

    number: int
    carrier: str
    title: str
    state: State
    state_text: str
    why: Why
    why_text: str
    open: bool
    opened_at: str
    changed_at: str
    by: str
    addresses: int
    owner: str
    text: str
    text_ja: str
    text_en: str
    say: str
    say_lang: str
    expected_at: str | None


class Listed(BaseModel):
    incidents: list[IncidentOut]


class Told(BaseModel):
    """owner: the desk or person that has it; text_ja, text_en: what callers are told, without any address; one is enough, and
    readers of the other language are shown it. text: the same in the language of the request."""

    model_config = STRICT
    owner: Annotated[str, Field(max_length=100)] = ""
    text: Words = ""
    text_ja: Words = ""
    text_en: Words = ""
    expected_at: AwareDatetime | None = None

    def said(self, language: str) -> Text:
        given = Text(self.text_ja, self.text_en)
        named = given.said_to(language)
        return given if named.text and named.language == language else given.but(language, self.text)


class Declared(Told):
    carrier: Annotated[str, Field(min_length=1, max_length=80)]
    reason: Words = ""


class Reason(BaseModel):
    """Why, for the trail."""

    model_config = STRICT
    reason: Words = ""


@router.get("")
async def list_incidents(
    request: Request,
    visitor: Viewer,
    language: Language,
    carrier: Annotated[str, Query(max_length=80)] = "",
    only_open: Annotated[bool, Query(alias="open")] = False,
) -> Listed:
    """The newest first; `open=1` for what is suspected or confirmed now."""
    rooms = rooms_of(request)
    found = await rooms.house().store.incidents.all(carrier)
    return Listed(incidents=[shown(rooms, one, language) for one in found if one.is_open or not only_open])


@router.get("/{number}")
async def one_incident(number: Number, request: Request, visitor: Viewer, language: Language) -> IncidentOut:
    rooms = rooms_of(request)
    found = await rooms.house().store.incidents.one(number)
    if found is None:
        raise absent(number)
    return shown(rooms, found, language)


@router.post("", status_code=201)
async def declare(declared: Declared, request: Request, visitor: Supervisor, language: Language) -> IncidentOut:
    """The second line says that there is one, whatever we see. 409 where one is confirmed already."""
    rooms = rooms_of(request)
    if declared.carrier not in rooms.house().config.carriers:
        raise Refused(404, "MP2602", "There is no such carrier", hint="name one of the configured ones")
    await request.app.state.trail.note(visitor, "incident", declared.carrier, f"declare: {declared.reason}")
    try:
        given = (declared.carrier, visitor.name, declared.owner, declared.said(language), unix(declared.expected_at))
        made = await IncidentDesk(rooms).declare(*given)
    except Untellable as error:
        raise untellable(error) from None
    if made is None:
        raise Refused(409, "MP2603", "An incident is confirmed already", where=declared.carrier, hint="change that one's text")
    return shown(rooms, made, language)


@router.post("/{number}/confirm")
async def confirm(number: Number, reason: Reason, request: Request, visitor: Supervisor, language: Language) -> IncidentOut:
    """Every agent sees it from now on before he types."""
    return await become(State.CONFIRMED, number, reason.reason, request, visitor, language)


@router.post("/{number}/resolve")
async def resolve(number: Number, reason: Reason, request: Request, visitor: Supervisor, language: Language) -> IncidentOut:
    """It is over."""
    return await become(State.RESOLVED, number, reason.reason, request, visitor, language)


@router.post("/{number}/dismiss")
async def dismiss(number: Number, reason: Reason, request: Request, visitor: Supervisor, language: Language) -> IncidentOut:
    """It never was one."""
    return await become(State.DISMISSED, number, reason.reason, request, visitor, language)


@router.post("/{number}/text")
async def tell(number: Number, told: Told, request: Request, visitor: Supervisor, language: Language) -> IncidentOut:
    """Who has it, what callers are told, and when it is expected to be over: all of it anew, so that no text of before is left
    standing in the other language."""
    rooms, desk = rooms_of(request), IncidentDesk(rooms_of(request))
    await request.app.state.trail.note(visitor, "incident", str(number), "text")
    try:
        made = await desk.tell(number, told.owner, told.said(language), unix(told.expected_at))
    except Untellable as error:
        raise untellable(error) from None
    if made is None:
        raise await why_not(rooms, number)
    return shown(rooms, made, language)


async def become(state: State, number: int, reason: str, request: Request, visitor: Visitor, language: str) -> IncidentOut:
    rooms = rooms_of(request)
    await request.app.state.trail.note(visitor, "incident", str(number), f"{state}: {reason}")
    made = await IncidentDesk(rooms).make(number, state, visitor.name)
    if made is None:
        raise await why_not(rooms, number)
    return shown(rooms, made, language)


def shown(rooms: Rooms, one: Incident, language: str) -> IncidentOut:
    carrier, told = rooms.house().config.carriers.get(one.carrier), one.text.said_to(language)
    return IncidentOut(
        number=one.number,
        carrier=one.carrier,
        title=carrier.title if carrier is not None else one.carrier,
        state=one.state,
        state_text=text(f"incident.state.{one.state}", language),
        why=one.why,
        why_text=text(f"incident.why.{one.why}", language),
        open=one.is_open,
        opened_at=utc(one.opened_at),
        changed_at=utc(one.changed_at),
        by=one.changed_by,
        addresses=one.addresses,
        owner=one.owner,
        text=told.text,
        text_ja=one.text.ja,
        text_en=one.text.en,
        say=told.text or text(f"incident.say.{one.state}", language),
        say_lang=told.language,
        expected_at=utc_or_none(one.expected_at),
    )


async def why_not(rooms: Rooms, number: int) -> Refused:
    found = await rooms.house().store.incidents.one(number)
    if found is None:
        return absent(number)
    return Refused(409, "MP2604", f"It cannot become that any more: it is {found.state}", where=f"incident {number}")


def absent(number: int) -> Refused:
    return Refused(404, "MP2601", "There is no such incident", where=f"incident {number}")


def untellable(error: Untellable) -> Refused:
    if error.what is Part.EXPECTED_AT:
        hint = "name a time within 31 days, or none"
        return Refused(422, "MP2610", f"Nobody can be told to expect that: it {error}", where=error.what, hint=hint)
    hint = "leave addresses out of it"
    return Refused(422, "MP2605", f"The text cannot be shown: it {error}", where=error.what, hint=hint)


def unix(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
