"""What came back, the prober's own health, and the runbooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from mailprobe.assets import runbooks
from mailprobe.breaker import Breaker
from mailprobe.console.api.bounces import bounces_of
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.fleet.returned import Kinds, kinds
from mailprobe.console.instruments import OurCheck
from mailprobe.console.language import Language
from mailprobe.console.pages.fleet import returned_row
from mailprobe.console.pages.paper import carriers_of, fleet_paper, title_of
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.saying import bounce_texts, moment
from mailprobe.console.texts import text, texts

router = APIRouter(include_in_schema=False)
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
NEWEST = 100  # bounces that are shown one by one


@router.get("/bounces", response_class=HTMLResponse)
async def show_bounces(
    request: Request,
    visitor: Viewer,
    language: Language,
    carrier: Annotated[str, Query(max_length=80)] = "",
    days: Annotated[int, Query(ge=1, le=90)] = 7,
) -> HTMLResponse:
    rooms = rooms_of(request)
    found, now = await bounces_of(rooms, carrier, days), rooms.now()
    return fleet_paper(
        request,
        visitor,
        "fleet_bounces.html",
        "bounces",
        kinds=[kind_row(rooms, one, language) for one in kinds(found)],
        bounces=[returned_row(one, language, now) for one in found[:NEWEST]],
        carriers=carriers_of(rooms),
        carrier=carrier,
        days=days,
        with_account=True,
    )


@router.get("/prober", response_class=HTMLResponse)
async def show_prober(request: Request, visitor: Viewer, language: Language) -> HTMLResponse:
    rooms = rooms_of(request)
    house, instruments, now = rooms.house(), rooms.instruments, rooms.now()
    servers = await house.store.breakers.at(house.config.engine.vantage)
    counted = [(carrier, reason, count) for (carrier, reason), count in instruments.held().items() if count]
    return fleet_paper(
        request,
        visitor,
        "fleet_prober.html",
        "prober",
        unfit=rooms.unfit(),
        checks=[check_row(rooms, one, language, now) for one in instruments.checks()],
        slots=instruments.slots(),
        breakers=[breaker_row(one, language, now) for one in servers],
        held=[
            {"carrier": title_of(rooms, carrier), "reason": texts(language).get(f"withheld.{reason}", reason), "count": count}
            for carrier, reason, count in sorted(counted, key=lambda one: -one[2])
        ],
    )


@router.get("/runbooks", response_class=HTMLResponse)
async def show_runbooks(request: Request, visitor: Viewer) -> HTMLResponse:
    """What an alert's `runbook_url` leads to; for the night shift, in one language."""
    before, sections = runbooks()
    return fleet_paper(request, visitor, "fleet_runbooks.html", "prober", before=before, sections=sections)


def kind_row(rooms: Rooms, one: Kinds, language: str) -> dict[str, object]:
    known = bounce_texts(language)
    return {
        "cls": known.get(f"class.{one.cls}.title", one.cls),
        "speaks_of": text(f"bounces.side.{one.speaks_of}", language),
        "carrier": title_of(rooms, one.carrier),
        "stage": known.get(f"step.{one.stage}", one.stage),
        "hard": text("bounces.is_hard" if one.hard else "bounces.is_soft", language),
        "count": one.count,
        "mailboxes": one.mailboxes,
    }


def check_row(rooms: Rooms, one: OurCheck, language: str, now: float) -> dict[str, str]:
    return {
        "name": texts(language).get(f"prober.is.{one.check}", one.check),
        "state": one.state,
        "state_said": text(f"prober.finding.{one.state}", language),
        "subject": title_of(rooms, one.subject),
        "what": text(f"prober.seen.{one.what}", language, **dict(one.words)) if one.what else "",
        "since": moment(one.since, language, now),
    }


def breaker_row(one: Breaker, language: str, now: float) -> dict[str, str]:
    state = "watched" if not one.is_open else "asked" if one.asked else "open"
    return {
        "server": one.server,
        "state": text(f"prober.{state}", language),
        "failures": str(one.failures),
        "until": moment(one.until, language, now) if one.until is not None else "-",
        "words": one.words,
    }
