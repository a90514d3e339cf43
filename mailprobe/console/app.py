"""The console's app: API and pages behind one door. A route that names no role does not come up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute

from mailprobe.console.door import May, Visitor
from mailprobe.console.rooms import Rooms


def console_app(rooms: Rooms, recognise: Callable[[Request], Awaitable[Visitor | None]], routers: Iterable[APIRouter]) -> FastAPI:
    """recognise: who asks. Raises RuntimeError for a route without a rule."""
    app = FastAPI(title="mailprobe", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.rooms, app.state.recognise = rooms, recognise
    for router in routers:
        app.include_router(router)
    unruled = [route.path for route in app.routes if isinstance(route, APIRoute) and not is_ruled(route)]
    if unruled:
        raise RuntimeError(f"no rule says who may ask for {', '.join(unruled)}")
    return app


def is_ruled(route: APIRoute) -> bool:
    return any(isinstance(one.call, May) for one in route.dependant.dependencies)
