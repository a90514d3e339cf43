"""What the daemon serves over HTTP: the console; metrics, stored and live results, health; a reload for who shows the token."""

from __future__ import annotations

import contextlib
import json
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.routing import Route
from starlette.types import ASGIApp

from mailprobe.config import ConfigError, Http, Problem
from mailprobe.console.app import console_app
from mailprobe.console.approach import Approach
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.opening import open_calls
from mailprobe.console.calls.whole import CallsHeard, service_for
from mailprobe.console.credentials import credentials_of
from mailprobe.console.first import new_first_link
from mailprobe.console.listening import MOST, listening
from mailprobe.console.metrics_app import MetricsDoor, metrics_app, metrics_routes
from mailprobe.console.pages.errors import shown
from mailprobe.console.rooms import Rooms
from mailprobe.console.routes import ROUTERS
from mailprobe.console.visits import Recognition
from mailprobe.daemon import PROBES
from mailprobe.engine import UNWATCHED, Kind, Order, Result
from mailprobe.log import Event, tell
from mailprobe.metrics import ProbeRow
from mailprobe.secret import SecretError
from mailprobe.serve.instruments import rooms_of
from mailprobe.serve.renewing import renewing
from mailprobe.serve.watching import Watching

CANNOT_LISTEN = 73  # sysexits.h: EX_CANTCREAT
LIVE_WITHIN = 30.0
MOST_VISITORS = 800  # connections to the console: each open page holds one, and others come and go
HEALTH = ("/healthz", "/readyz")


@dataclass(frozen=True, slots=True)
class Pages:
    """Address and port where they are; None: nowhere."""

    metrics: tuple[str, int] | None = None
    console: tuple[str, int] | None = None


@contextlib.asynccontextmanager
async def serving_pages(watching: Watching) -> AsyncIterator[Pages]:
    """While the block lasts: the console at [http] listen, with the metrics unless they have an address of their own. Raises
    ConfigError for an address not to be had."""
    http = watching.shift.house.config.http
    async with contextlib.AsyncExitStack() as stack:
        pages = Pages()
        if http.listen or http.metrics_listen:
            door = await door_of(watching, http)
            if http.listen:
                rooms = rooms_of(watching)
                desk = await stack.enter_async_context(open_calls(rooms, service_for(rooms), CallsHeard(rooms)))
                app = await console_of(watching, rooms, desk, [] if http.metrics_listen else metrics_routes(door), door)
                place = await stack.enter_async_context(served(watching, app, http.listen, "http.listen", MOST_VISITORS))
                await print_first_link(watching, place)
                pages = Pages(place, place)
            if http.metrics_listen:
                where = "http.metrics_listen"
                place = await stack.enter_async_context(served(watching, metrics_app(door), http.metrics_listen, where))
                pages = Pages(place, pages.console)
        yield pages


@contextlib.asynccontextmanager
async def served(watching: Watching, app: ASGIApp, listen: str, where: str, most: int = MOST) -> AsyncIterator[tuple[str, int]]:
    http = watching.shift.house.config.http

    def secured(context: ssl.SSLContext) -> None:
        if http.certificate is not None:
            watching.shift.reloader.subscribe(renewing(context, "http", http.certificate, http.key))

    async with contextlib.AsyncExitStack() as stack:
        try:
            place = await stack.enter_async_context(listening(app, listen, http.certificate, http.key, most, secured))
        except (OSError, ssl.SSLError) as error:
            hint = "name another address in [http], or end what holds it"
            raise ConfigError((Problem("MP1019", where, f"cannot listen: {error.strerror}", hint),), CANNOT_LISTEN) from None
        tell(Event.SERVING, kind="http", listening=url_of(http, place))
        yield place


def url_of(http: Http, place: tuple[str, int]) -> str:
    host = f"[{place[0]}]" if ":" in place[0] else place[0]
    return f"{'https' if http.certificate else 'http'}://{host}:{place[1]}"


async def console_of(watching: Watching, rooms: Rooms, desk: Desk, beside: Sequence[Route], door: MetricsDoor) -> ASGIApp:
    """The console behind its approach; health is answered beside it in any case."""
    shift = watching.shift
    beside = beside or [route for route in metrics_routes(door) if route.path in HEALTH]
    app = console_app(rooms, Recognition(rooms), (*shift.guests, *ROUTERS), beside=beside, show=shown)
    app.state.desk = desk
    return Approach(app, lambda: shift.house.config.console)


async def print_first_link(watching: Watching, place: tuple[str, int]) -> None:
    """On standard error, but not by way of the log: it is a secret until it was used, and the log holds none. A line of JSON
    like the others, for whoever reads them all."""
    house = watching.shift.house
    link = await new_first_link(house.store, watching.wall())
    if link:
        line = {"event": "first_administrator", "open": f"{url_of(house.config.http, place)}{link}", "within": "24 h, once"}
        print(json.dumps(line), file=sys.stderr, flush=True)


async def door_of(watching: Watching, http: Http) -> MetricsDoor:
    try:
        login, token = await credentials_of(http)
    except SecretError as error:
        raise ConfigError((Problem(error.code, "http", error.what, error.hint),)) from None

    def ready() -> tuple[str, ...]:
        return ("the store cannot be written",) if watching.shift.house.store.trouble is not None else ()

    async def live(account: str, probe: str) -> ProbeRow | None:
        return await asked_live(watching, account, probe)

    async def reload() -> tuple[str, ...]:
        done = await watching.shift.reloader.reload()
        watching.metrics.reloaded(watching.shift.reloader.successful)
        return tuple(f"{one.code} {one.where}: {one.what}" for one in done.problems)

    return MetricsDoor(watching.metrics, tuple(PROBES), ready, login, token, live, reload)


async def asked_live(watching: Watching, name: str, probe: str) -> ProbeRow | None:
    """One probe at once. Its result is kept, judged and counted like any other's."""
    seen, house = watching.accounts[name], watching.shift.house
    config = house.config
    carrier = config.carriers[seen.account.carrier]
    order = Order(seen.account, carrier, config.prober, (probe,), LIVE_WITHIN, config.engine.vantage)
    evidence = await house.engine.live(order, UNWATCHED)
    await watching.ended(Result(name, carrier.name, Kind.RESULT, watching.wall(), None, (probe,), evidence))
    return seen.probe(probe)
