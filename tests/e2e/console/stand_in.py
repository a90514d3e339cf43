"""A console with our own pages whose API answers what it is told to: for texts that no carrier of the demo would send.

Honest in one thing: what it serves has the documented form of the API, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailprobe.config import Config, Prober
from mailprobe.console.api.cards import router as cards
from mailprobe.console.app import console_app
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.headers import POLICY
from mailprobe.console.listening import listening
from mailprobe.console.pages.checks import router as pages
from mailprobe.console.pages.home import router as home
from mailprobe.console.rooms import Rooms

Operator = Annotated[Visitor, Depends(may(Role.OPERATOR))]
Json = dict[str, Any]


@dataclass(slots=True)
class Told:
    """What the API answers. views: sent one after the other; live: more of them, as they are put there."""

    views: list[Json] = field(default_factory=list)
    rows: list[Json] = field(default_factory=list)
    services: list[Json] = field(default_factory=list)
    incidents: list[Json] = field(default_factory=list)
    address: Json = field(default_factory=dict)
    ticket: Json = field(default_factory=dict)
    live: asyncio.Queue[Json] | None = None
    reports: list[str] = field(default_factory=list)
    noted: list[tuple[str, str]] = field(default_factory=list)


class Trail:
    def __init__(self, told: Told) -> None:
        self.told = told

    async def note(self, visitor: Visitor, what: str, of: str, why: str) -> None:
        self.told.noted.append((what, why))


@contextlib.asynccontextmanager
async def standing_in(told: Told) -> AsyncIterator[str]:
    """Its URL, while the block lasts."""
    async with listening(app_of(told), "127.0.0.1:0") as (host, port):
        yield f"http://{host}:{port}"


def app_of(told: Told) -> ASGIApp:
    config = Config(prober=Prober("probe.test", "probe@probe.test"), carriers={})
    rooms = Rooms(house=lambda: SimpleNamespace(config=config), unfit=tuple, now=lambda: 0.0)

    async def recognise(request: Request) -> Visitor:
        return Visitor("tester", Role.OPERATOR)

    app = console_app(rooms, recognise, [home, pages, cards, api_of(told)])
    app.state.trail = Trail(told)
    return Reporting(app)


class Reporting:
    """The console's own policy, and what it stops is reported."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["content-security-policy"] = f"{POLICY}; report-uri /csp"
            await send(message)

        await self.app(scope, receive, sending)


def api_of(told: Told) -> APIRouter:
    api = APIRouter()

    @api.post("/api/v1/addresses")
    async def addresses(visitor: Operator, request: Request) -> Json:
        return told.address

    @api.post("/api/v1/checks", status_code=201)
    async def start(visitor: Operator) -> Json:
        return {"id": "one", "number": "12345", "href": "/checks/one", "events": "/api/v1/checks/one/events"}

    @api.get("/api/v1/checks")
    async def mine(visitor: Operator) -> Json:
        return {"checks": told.rows}

    @api.get("/api/v1/checks/{which}/ticket")
    async def ticket(visitor: Operator, which: str) -> Json:
        return told.ticket

    @api.get("/api/v1/checks/{which}/events")
    async def events(visitor: Operator, which: str) -> StreamingResponse:
        return StreamingResponse(stream(told), media_type="text/event-stream")

    @api.post("/api/v1/checks/{which}/{what}")
    async def act(visitor: Operator, which: str, what: str) -> Json:
        return told.views[-1]

    @api.get("/api/v1/services")
    async def services(visitor: Operator) -> list[Json]:
        return told.services

    @api.get("/api/v1/incidents")
    async def incidents(visitor: Operator) -> Json:
        return {"incidents": told.incidents}

    @api.post("/csp")
    async def csp(visitor: Operator, request: Request) -> Response:
        told.reports.append((await request.body()).decode("utf-8", "replace"))
        return Response(status_code=204)

    return api


async def stream(told: Told) -> AsyncIterator[str]:
    for at, view in enumerate(told.views):
        yield f"event: view\nid: {at}\ndata: {json.dumps(view)}\n\n"
    while told.live is not None:
        yield f"event: view\ndata: {json.dumps(await told.live.get())}\n\n"
    yield "event: end\ndata: {}\n\n"
