"""What the daemon serves over HTTP: metrics, stored and live results, health; and a reload for who shows the token."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator

from mailprobe.config import ConfigError, Http, Problem
from mailprobe.console.credentials import credentials_of
from mailprobe.console.listening import listening
from mailprobe.console.metrics_app import MetricsDoor, metrics_app
from mailprobe.daemon import PROBES
from mailprobe.engine import UNWATCHED, Kind, Order, Result
from mailprobe.log import Event, tell
from mailprobe.metrics import ProbeRow
from mailprobe.secret import SecretError
from mailprobe.serve.watching import Watching

CANNOT_LISTEN = 73  # sysexits.h: EX_CANTCREAT
LIVE_WITHIN = 30.0


@contextlib.asynccontextmanager
async def serving_pages(watching: Watching) -> AsyncIterator[tuple[str, int] | None]:
    """While the block lasts; where. None where nothing is to be served. Raises ConfigError for an address not to be had."""
    http = watching.shift.house.config.http
    listen = http.metrics_listen or http.listen
    if not listen:
        yield None
        return
    door = await door_of(watching, http)
    async with contextlib.AsyncExitStack() as stack:
        try:
            place = await stack.enter_async_context(listening(metrics_app(door), listen, http.certificate, http.key))
        except (OSError, ssl.SSLError) as error:
            hint = "name another address in [http], or end what holds it"
            raise ConfigError(
                (Problem("MP1019", "http.listen", f"cannot listen: {error.strerror}", hint),), CANNOT_LISTEN
            ) from None
        host = f"[{place[0]}]" if ":" in place[0] else place[0]
        tell(Event.SERVING, kind="http", listening=f"{'https' if http.certificate else 'http'}://{host}:{place[1]}")
        yield place


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
    return seen.probes.get(probe)
