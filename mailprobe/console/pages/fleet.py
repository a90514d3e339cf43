"""The pages of the whole fleet: carriers, mailboxes, one mailbox. Ids only, no address; who looks at one mailbox is noted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import median
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from mailprobe.canary import Record
from mailprobe.console.api.accounts import account_out, looked_at
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.fleet.drawing import status_bar, trend_line, trips
from mailprobe.console.fleet.history import Stretch, summed
from mailprobe.console.fleet.listing import Wish, choose
from mailprobe.console.fleet.looking import Looked
from mailprobe.console.fleet.returned import Bounce
from mailprobe.console.fleet.trend import MOST_TURNS, SPAN, Trend, trends
from mailprobe.console.language import Language
from mailprobe.console.pages.paper import carriers_of, fleet_paper, title_of
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.saying import bounce_texts, lasting, lately, moment, service_line
from mailprobe.console.services import Service, ServiceState, rows_of, services, watched
from mailprobe.console.texts import text
from mailprobe.console.watched import Watched
from mailprobe.store.verdicts import Said
from mailprobe.verdict import Status, Verdict
from mailprobe.verdict.labels import desk, title

router = APIRouter(include_in_schema=False)
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
Short = Annotated[str, Query(max_length=80)]
WORST_FIRST = tuple(map(ServiceState, ("incident", "trouble", "unknown", "maintenance", "normal")))  # and otherwise as configured
TRIPS = 120  # that are drawn
AT = re.compile("[@\uff20]")  # of an address, as the page's own field refuses it before the browser puts it in a URL


@router.get("/carriers", response_class=HTMLResponse)
async def show_carriers(request: Request, visitor: Viewer, language: Language) -> HTMLResponse:
    rooms = rooms_of(request)
    now = rooms.now()
    counted, lines = await watched(rooms, now), await trends_of(rooms, now)
    rows = [
        carrier_row(rooms, one, counted.get(one.carrier, Watched()), lines.get(one.carrier), language, now)
        for one in sorted(await services(rooms, now), key=lambda one: WORST_FIRST.index(one.state))
    ]
    return fleet_paper(request, visitor, "fleet_carriers.html", "carriers", rows=rows)


@router.get("/accounts", response_class=HTMLResponse)
async def show_accounts(
    request: Request,
    visitor: Viewer,
    language: Language,
    q: Short = "",
    carrier: Short = "",
    group: Short = "",
    status: Short = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    rooms = rooms_of(request)
    now, asked = rooms.now(), Status(status) if status in tuple(Status) else None
    problem = text("accounts.no_address", language) if AT.search(q) else ""
    wish = Wish(carrier, group, asked, "" if problem else q.strip(), page)
    found = await choose(await rows_of(rooms, now), wish, now)
    given = {"q": wish.search, "carrier": carrier, "group": group, "status": asked.value if asked else ""}
    kept = {name: value for name, value in given.items() if value}
    groups = sorted({one.group for one in rooms.house().config.accounts if one.group})[:200]
    said = text("accounts.total", language, total=f"{found.total:,}") if found.total else text("accounts.none", language)
    shown = [
        {
            **account_out(row, language, now).model_dump(include={"id", "title", "group"}),
            "status": row.status_at(now).value,
            "carrier": title_of(rooms, row.carrier),
            "since": moment(row.since, language, now),
            "seen": lately(row.known_at, language, now),
        }
        for row in found.rows
    ]
    return fleet_paper(
        request,
        visitor,
        "fleet_accounts.html",
        "accounts",
        wish=wish,
        found=found,
        shown=shown,
        problem=problem,
        total_said=said,
        groups=groups,
        carriers=carriers_of(rooms),
        page_link=lambda to: "?" + urlencode(kept | {"page": str(to)}),
    )


@router.get("/accounts/{account}", response_class=HTMLResponse)
async def show_account(account: str, request: Request, visitor: Viewer, language: Language) -> HTMLResponse:
    rooms, looked = rooms_of(request), await looked_at(account, request, visitor)
    now = rooms.now()
    row = looked.row
    return fleet_paper(
        request,
        visitor,
        "fleet_account.html",
        "accounts",
        row=row,
        now_status=row.status_at(now).value,
        carrier=title_of(rooms, row.carrier),
        verdict=title(row.code, language) if row.code is not None else "",
        since=moment(row.since, language, now),
        seen=lately(row.known_at, language, now),
        bar=status_bar(looked.stretches, said := bar_said(looked.stretches, language)),
        bar_said=said,
        said=said_rows(rooms, looked, language, now),
        bounces=[returned_row(one, language, now) for one in looked.bounces],
        with_account=False,
        **trips_of(looked.trips, language, now),
    )


# ---- carriers --------------------------------------------------------------------------------------------------------


def carrier_row(
    rooms: Rooms, service: Service, counted: Watched, trend: Trend | None, language: str, now: float
) -> dict[str, object]:
    said = trend_said(trend, language) if trend is not None else ""
    return {
        "service": service,
        "title": title_of(rooms, service.carrier),
        "said": service_line(service, language, now),
        "counts": [(each.value, getattr(counted, each.value)) for each in Status],
        "trend": trend_line(trend, said) if trend is not None else None,
        "trend_said": said,
    }


async def trends_of(rooms: Rooms, now: float) -> Mapping[str, Trend]:
    turns = await rooms.house().store.changes.turns(now - SPAN, MOST_TURNS)
    return trends(await rows_of(rooms, now), turns, now, complete=len(turns) < MOST_TURNS)


def trend_said(trend: Trend, language: str) -> str:
    accounts, most = str(trend.accounts), max(trend.known, default=0)
    if not most:
        return text("carriers.trend_even", language, accounts=accounts)
    return text("carriers.trend", language, now=str(trend.ill[-1] or 0), accounts=accounts, most=str(most))


# ---- one account -----------------------------------------------------------------------------------------------------


def bar_said(stretches: tuple[Stretch, ...], language: str) -> str:
    """The bar in words: shares, how often it was ill, and how long at the longest."""
    found = summed(stretches)
    shares = [
        text("account.share", language, status=text(f"status.{status}", language), percent=percent(share))
        for status, share in found.shares
        if share > 0
    ]
    key = {0: "account.well", 1: "account.bad_once"}.get(found.times, "account.bad")
    bad = text(key, language, times=str(found.times), longest=lasting(found.longest, language))
    joined = ("、" if language == "ja" else ", ").join(shares)
    return text("account.bar", language, shares=joined, bad=bad)


def percent(share: float) -> str:
    """Never 100 of what is not all, nor 0 of what is something."""
    if 0.999 < share < 1.0:
        return "99.9"
    return "<0.1" if 0.0 < share < 0.001 else f"{share * 100:.1f}".removesuffix(".0")


def said_rows(rooms: Rooms, looked: Looked, language: str, now: float) -> list[dict[str, str]]:
    config = rooms.house().config
    carrier = config.carriers.get(looked.row.carrier)

    def who(verdict: Verdict) -> str:
        return desk(verdict.actor, language, carrier=carrier, actors=config.actors)

    def row(one: Said) -> dict[str, str]:
        verdict = one.verdict if isinstance(one.verdict, Verdict) else None
        return {
            "since": moment(one.said_at, language, now),
            "until": moment(one.seen_at, language, now),
            "status": verdict.status.value if verdict else Status.UNKNOWN.value,
            "title": title(verdict.code, language) if verdict else text("account.newer", language),
            "who": who(verdict) if verdict else "-",
            "how": text("account.live" if one.live else "account.scheduled", language),
        }

    return [row(one) for one in looked.said]


def trips_of(records: tuple[Record, ...], language: str, now: float) -> dict[str, object]:
    took = [one.took for one in reversed(records) if one.took is not None][-TRIPS:]
    middle, most = (lasting(median(took), language), lasting(max(took), language)) if took else ("", "")
    said = text("account.trips_said", language, count=str(len(took)), median=middle, most=most) if took else ""
    rows = [
        {
            "sent": moment(one.sent_at or one.planned_at, language, now),
            "number": one.number,
            "state": text(f"canary.{one.state}", language),
            "took": lasting(one.took, language) if one.took is not None else "-",
        }
        for one in records
    ]
    return {"trips": trips(took, said) if took else None, "trips_said": said, "trips_list": rows, "trips_count": len(records)}


def returned_row(one: Bounce, language: str, now: float) -> dict[str, str]:
    """One thing that came back, in words; the server's own are shown as they are."""
    known, back = bounce_texts(language), one.returned
    reply = " ".join(filter(None, (str(back.code) if back.code else "", back.enhanced, back.text)))
    return {
        "at": moment(back.returned_at, language, now),
        "account": one.account,
        "cls": known.get(f"class.{one.cls}.title", one.cls),
        "speaks_of": text(f"bounces.side.{one.speaks_of}", language),
        "said": reply,
    }
