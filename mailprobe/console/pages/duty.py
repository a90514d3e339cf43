"""Incidents and maintenance: everybody reads them, supervisors decide. Plain forms, no script; an act leads back to its page."""

from __future__ import annotations

import math
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse

from mailprobe.console.api.incidents import absent, become, shown, untellable, why_not
from mailprobe.console.api.maintenance import announce, finish, windows
from mailprobe.console.api.problems import Refused
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.incidents import IncidentDesk, Untellable
from mailprobe.console.language import Language
from mailprobe.console.pages.paper import carriers_of, fleet_paper, title_of
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.saying import lasting, moment
from mailprobe.console.texts import text
from mailprobe.incident import MAY_BECOME, Incident, State, Text
from mailprobe.maintenance import Window

router = APIRouter(include_in_schema=False)
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
Supervisor = Annotated[Visitor, Depends(may(Role.SUPERVISOR))]
Number = Annotated[int, Path(ge=1, le=2**53)]
Short = Annotated[str, Form(max_length=100)]
Words = Annotated[str, Form(max_length=500)]
HOURS = ("0.5", "1", "2", "4", "8", "24", "72")
HOUR = 3600.0


class Act(StrEnum):
    CONFIRM = "confirm"
    RESOLVE = "resolve"
    DISMISS = "dismiss"


BECOMES = {Act.CONFIRM: State.CONFIRMED, Act.RESOLVE: State.RESOLVED, Act.DISMISS: State.DISMISSED}


# ---- incidents -------------------------------------------------------------------------------------------------------


@router.get("/incidents", response_class=HTMLResponse)
async def show_incidents(request: Request, visitor: Viewer, language: Language) -> HTMLResponse:
    rooms = rooms_of(request)
    rows = [incident_row(rooms, one, language) for one in await rooms.house().store.incidents.all()]
    return fleet_paper(
        request,
        visitor,
        "fleet_incidents.html",
        "incidents",
        standing=[one for one in rows if one["open"]],
        past=[one for one in rows if not one["open"]],
        carriers=carriers_of(rooms),
        hours=HOURS,
        hours_said=lambda hours: lasting(float(hours) * HOUR, language),
    )


@router.post("/incidents")
async def declare(
    request: Request,
    visitor: Supervisor,
    carrier: Short,
    text_ja: Words = "",
    text_en: Words = "",
    owner: Short = "",
    hours: Short = "",
    reason: Words = "",
) -> RedirectResponse:
    rooms = rooms_of(request)
    if carrier not in rooms.house().config.carriers:
        raise Refused(404, "MP2602", "There is no such carrier")
    await request.app.state.trail.note(visitor, "incident", carrier, f"declare: {reason}")
    try:
        given = (carrier, visitor.name, owner, Text(text_ja, text_en), after(hours, rooms.now()))
        made = await IncidentDesk(rooms).declare(*given)
    except Untellable as error:
        raise untellable(error) from None
    if made is None:
        raise Refused(409, "MP2603", "An incident is confirmed already")
    return back("/incidents")


@router.post("/incidents/{number}/text")
async def tell(
    number: Number,
    request: Request,
    visitor: Supervisor,
    text_ja: Words = "",
    text_en: Words = "",
    owner: Short = "",
    hours: Short = "",
) -> RedirectResponse:
    rooms = rooms_of(request)
    found = await rooms.house().store.incidents.one(number)
    if found is None:
        raise absent(number)
    await request.app.state.trail.note(visitor, "incident", str(number), "text")
    expected = found.expected_at if hours == "keep" else after(hours, rooms.now())
    try:
        made = await IncidentDesk(rooms).tell(number, owner, Text(text_ja, text_en), expected)
    except Untellable as error:
        raise untellable(error) from None
    if made is None:
        raise await why_not(rooms, number)
    return back("/incidents")


@router.post("/incidents/{number}/{act}")
async def decide(
    number: Number, act: Act, request: Request, visitor: Supervisor, language: Language, reason: Words = ""
) -> RedirectResponse:
    await become(BECOMES[act], number, reason, request, visitor, language)
    return back("/incidents")


def incident_row(rooms: Rooms, one: Incident, language: str) -> dict[str, object]:
    now = rooms.now()
    known = shown(rooms, one, language).model_dump()
    return known | {
        "state": one.state,
        "opened": moment(one.opened_at, language, now),
        "changed": moment(one.changed_at, language, now),
        "expected": text("incidents.not_known", language) if one.expected_at is None else moment(one.expected_at, language, now),
        "acts": [act.value for act, state in BECOMES.items() if state in MAY_BECOME[one.state]],
    }


# ---- maintenance -----------------------------------------------------------------------------------------------------


@router.get("/maintenance", response_class=HTMLResponse)
async def show_maintenance(request: Request, visitor: Viewer, language: Language) -> HTMLResponse:
    rooms = rooms_of(request)
    now = rooms.now()
    zone = datetime.fromtimestamp(now).astimezone().tzname() or ""
    return fleet_paper(
        request,
        visitor,
        "fleet_maintenance.html",
        "maintenance",
        windows=[window_row(rooms, one, language, now) for one in await windows(rooms, now)],
        carriers=carriers_of(rooms),
        begins_said=text("maintenance.begins_now", language, zone=zone),
        hours=HOURS,
        hours_said=lambda hours: lasting(float(hours) * HOUR, language),
    )


@router.post("/maintenance")
async def set_window(
    request: Request,
    visitor: Supervisor,
    hours: Short,
    carrier: Short = "",
    group: Short = "",
    begins: Short = "",
    note: Words = "",
) -> RedirectResponse:
    now = rooms_of(request).now()
    start = local(begins, now)
    lasts = (after(hours, 0.0) or 0.0) if hours in HOURS else 0.0
    await announce(request, visitor, Window(carrier, group, start, start + lasts, note))
    return back("/maintenance")


@router.post("/maintenance/{number}/end")
async def end_window(number: Number, request: Request, visitor: Supervisor) -> RedirectResponse:
    await finish(request, visitor, number)
    return back("/maintenance")


def window_row(rooms: Rooms, one: Window, language: str, now: float) -> dict[str, object]:
    carrier = title_of(rooms, one.carrier)
    words = {"carrier": carrier, "group": one.group}
    whom = (
        text("maintenance.of_group" if one.carrier else "maintenance.any_of_group", language, **words) if one.group else carrier
    )
    return {
        "whom": whom,
        "state": text("maintenance.under_way" if one.begins <= now else "maintenance.to_come", language),
        "begins": moment(one.begins, language, now),
        "ends": moment(one.ends, language, now),
        "note": one.note,
        "number": one.number,
    }


def after(hours: str, now: float) -> float | None:
    """So many hours from now; None where nobody says."""
    return now + float(hours) * HOUR if hours in HOURS else None


def local(given: str, now: float) -> float:
    """A time of this machine's zone, as a browser's field writes it; now where it is empty or none."""
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        return now
    try:
        return read.timestamp()
    except (OverflowError, ValueError):  # the edge of the calendar: no window begins there
        return math.inf


def back(page: str) -> RedirectResponse:
    """Asked for anew with GET, so that a page loaded again does nothing twice (RFC 9110 section 15.4.4)."""
    return RedirectResponse(page, 303)
