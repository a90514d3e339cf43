"""`/metrics`, `/probe`, `/sd`, `/healthz` and `/readyz`: what Prometheus, a load balancer and a service manager ask for.

Everything is answered from what is already known; only `/probe?live=1` asks the world, and only for who shows the token. No
answer keeps the event loop from its other work: long ones are written in pieces, with a pause after each.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mailprobe.console.credentials import CHALLENGE, TOKEN_CHALLENGE, Login, Token
from mailprobe.metrics import AccountRow, Metrics, ProbeRow, negotiate
from mailprobe.metrics.targets import JSON, discovery, newest, probe_text

LIVE_WITHIN = 30.0  # seconds, where the scraper does not say how long it waits
LIVE_MOST = 120.0
READ_WITHIN = 120.0  # seconds that a scraper has to read its answer
EARLIER = 0.5  # seconds that an answer needs to get back before the scraper gives up

Live = Callable[[str, str], Awaitable[ProbeRow | None]]  # account's id, probe -> what its run found


@dataclass(frozen=True, slots=True)
class MetricsDoor:
    """What the app needs. probes: their names. ready: what is not ready yet, in words without addresses. login: who may
    read, None for everybody. live: runs one probe at once, and is cancelled when the scraper waits no longer; without it, or
    without a token, nobody can ask for that."""

    metrics: Metrics
    probes: tuple[str, ...]
    ready: Callable[[], tuple[str, ...]] = lambda: ()
    login: Login | None = None
    token: Token | None = None
    live: Live | None = None
    reload: Callable[[], Awaitable[tuple[str, ...]]] | None = (
        None  # what is wrong with the new configuration; () if it is in force
    )

    async def show_metrics(self, request: Request) -> Response:
        if not self.may_read(request):
            return unknown_reader()
        form = negotiate(request.headers.get("accept", ""))
        return InPieces(self.metrics.exposition(form), form.content_type)

    async def show_probe(self, request: Request) -> Response:
        """The stored result of one probe of one account, or with `live=1` a fresh one."""
        ask = request.query_params
        wants_live = ask.get("live", "") not in ("", "0")
        if wants_live and not self.holds_token(request):
            return self.wants_token()
        if not wants_live and not self.may_read(request):
            return unknown_reader()
        row, probe = self.metrics.rows().get(ask.get("account", "")), ask.get("module", "")
        if probe not in self.probes:
            return plain(f"module must be one of {', '.join(self.probes)}\n", 400)
        if row is None:
            return plain("no such account: give the id of a configured one as account=ID\n", 404)
        if wants_live:
            return await self.run_live(row, probe, request)
        return self.told(newest(row, probe, ask.get("vantage", "")), request)

    async def run_live(self, row: AccountRow, probe: str, request: Request) -> Response:
        if self.live is None:
            return plain("nothing can be asked live here\n", 501)
        try:
            async with asyncio.timeout(patience(request)):
                return self.told(await self.live(row.account, probe), request)
        except TimeoutError:
            return plain("no result in the time that the scraper waits\n", 504)

    def told(self, found: ProbeRow | None, request: Request) -> Response:
        form = negotiate(request.headers.get("accept", ""))
        text = b"".join(probe_text(found, self.metrics.clock())) + form.end
        return Response(text, headers={"content-type": form.content_type})

    async def list_targets(self, request: Request) -> Response:
        if not self.may_read(request):
            return unknown_reader()
        probe = request.query_params.get("module", "")
        if probe and probe not in self.probes:
            return plain(f"module must be one of {', '.join(self.probes)}\n", 400)
        rows = tuple(self.metrics.rows().values())
        return InPieces(discovery(rows, probe), JSON)

    async def show_health(self, request: Request) -> Response:
        """That this was answered is what it says."""
        return plain("ok\n")

    async def show_readiness(self, request: Request) -> Response:
        missing = self.ready()
        return plain("".join(f"not ready: {one}\n" for one in missing), 503) if missing else plain("ready\n")

    async def do_reload(self, request: Request) -> Response:
        """Read the configuration anew, for who shows the token."""
        if self.reload is None or not self.holds_token(request):
            return self.wants_token()
        problems = await self.reload()
        return plain("".join(f"{one}\n" for one in problems), 400) if problems else plain("reloaded\n")

    def wants_token(self) -> Response:
        """A name and a password do not open this, so they are not asked for."""
        said = (
            "show the token of http.live_token: Authorization: Bearer" if self.token else "nobody may: http.live_token is not set"
        )
        return PlainTextResponse(f"{said}\n", 401, headers=TOKEN_CHALLENGE)

    def may_read(self, request: Request) -> bool:
        return self.login is None or self.login.fits(request) or self.holds_token(request)

    def holds_token(self, request: Request) -> bool:
        return self.token is not None and self.token.fits(request)


def metrics_routes(door: MetricsDoor) -> list[Route]:
    """For an app of its own, or beside the console's pages."""
    return [
        Route("/metrics", door.show_metrics),
        Route("/probe", door.show_probe),
        Route("/sd", door.list_targets),
        Route("/healthz", door.show_health),
        Route("/readyz", door.show_readiness),
        Route("/-/reload", door.do_reload, methods=["POST"]),
    ]


def metrics_app(door: MetricsDoor) -> Starlette:
    return Starlette(routes=metrics_routes(door))


class InPieces(Response):
    """A body that is made while it is written. Starlette's own streaming gives nobody a turn while the socket has room, and
    loads anyio's machinery at the first request, for a sixth of a second."""

    def __init__(self, pieces: Iterator[bytes], content_type: str) -> None:
        super().__init__(headers={"content-type": content_type})
        del self.headers["content-length"]
        self.pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with contextlib.suppress(TimeoutError):  # somebody who does not read; the server closes what is not complete
            async with asyncio.timeout(READ_WITHIN):
                for piece in self.pieces:
                    if piece:
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await asyncio.sleep(0)
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def patience(request: Request) -> float:
    """How long a live run may take: somewhat less than the scraper says that it waits."""
    try:
        said = float(request.headers.get("x-prometheus-scrape-timeout-seconds", LIVE_WITHIN + EARLIER))
    except ValueError:
        said = LIVE_WITHIN + EARLIER
    return min(max(said - EARLIER, EARLIER), LIVE_MOST) if said == said else LIVE_WITHIN


def unknown_reader() -> Response:
    return PlainTextResponse("sign in first\n", 401, headers=CHALLENGE)


def plain(text: str, status: int = 200) -> Response:
    return PlainTextResponse(text, status)
