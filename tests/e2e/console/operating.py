"""The demo's carriers with the console's API before them, served by a real uvicorn; and a client that reads its streams."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import Request

from mailprobe.console.api import addresses, checks, wrong_verdicts
from mailprobe.console.app import console_app
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.opening import open_calls
from mailprobe.console.calls.registry import Calls
from mailprobe.console.door import Role, Visitor
from mailprobe.console.listening import listening
from mailprobe.console.rooms import Rooms
from mailprobe.console.trail import Unnoted
from mailprobe.daemon import House, open_house
from mailprobe.demo.house import Demo, open_demo
from mailprobe.demo.show import post_house


@dataclass
class Notes:
    """Writes nothing down but here; out of order if told so."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    broken: bool = False

    async def note(self, visitor: Visitor, what: str, of: str, why: str) -> None:
        if self.broken:
            raise Unnoted("MP2401", "trail", "disk full", "")
        self.rows.append((visitor.name, what, of, why))


async def by_name(request: Request) -> Visitor | None:
    """Who says his name and role in a header: these tests are about checks, not about doors."""
    name = request.headers.get("x-name")
    return Visitor(name, Role(request.headers.get("x-role", "operator"))) if name else None


@dataclass
class Operating:
    demo: Demo
    house: House
    desk: Desk
    notes: Notes
    http: httpx.AsyncClient

    def address(self, local: str, carrier: str = "mobile") -> str:
        return f"{local}@{self.demo.states[carrier].domain}"

    async def start(self, local: str, carrier: str = "mobile", **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/api/v1/checks", json={"address": self.address(local, carrier), **more})
        assert answer.status_code == 201, answer.text
        begun: dict[str, Any] = answer.json()
        return begun

    async def views(self, begun: dict[str, Any], lang: str = "en") -> list[dict[str, Any]]:
        """Every view of the stream until its end."""
        return [json.loads(data) async for name, data in self.events(begun, lang) if name == "view"]

    async def checked(self, local: str, carrier: str = "mobile", **more: Any) -> dict[str, Any]:
        """The last view of a check."""
        return (await self.views(await self.start(local, carrier, **more)))[-1]

    async def written(self) -> None:
        """Every change is in the store now."""
        calls = self.desk.calls
        assert calls.keeping is not None
        for one in calls.whole.values():
            await calls.keeping.keep(one)

    async def events(self, begun: dict[str, Any], lang: str = "en") -> AsyncIterator[tuple[str, str]]:
        async with self.http.stream("GET", begun["events"], params={"lang": lang}) as answer:
            assert answer.status_code == 200
            name = ""
            async for line in answer.aiter_lines():
                key, _, value = line.partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    yield name, value
                    if name == "end":
                        return


@contextlib.contextmanager
def retold(calls: Calls) -> Iterator[None]:
    """A test that fails shows what its checks saw: what the page says is only what was made of that."""
    try:
        yield
    except BaseException:
        for call in calls.whole.values():
            print(f"check {call.id} of {call.account.address.display}: {call.state}, fault: {call.fault}")
            for one in call.evidence:
                print(f"  {one.probe}: {one.ending}, {one.took:.3f} s", *one.facts, sep="\n    ")
        raise


@contextlib.asynccontextmanager
async def operating(demo: Demo | None = None, *, receives: bool = False) -> AsyncIterator[Operating]:
    """demo: one that runs already, for whoever starts the console twice. receives: bounces come back to a real receiver."""
    async with contextlib.AsyncExitStack() as stack:
        world = demo if demo is not None else await stack.enter_async_context(open_demo())
        house = await stack.enter_async_context(post_house(world) if receives else open_house(world.config))
        rooms = Rooms(house=lambda: house, unfit=lambda: (), now=time.time)
        notes, desk = Notes(), await stack.enter_async_context(open_calls(rooms))
        app = console_app(rooms, by_name, (checks.router, addresses.router, wrong_verdicts.router))
        app.state.desk, app.state.trail = desk, notes
        host, port = await stack.enter_async_context(listening(app, "127.0.0.1:0", most=700))
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://{host}:{port}", headers={"x-name": "sato"}, timeout=30.0)
        )
        with retold(desk.calls):
            yield Operating(world, house, desk, notes, http)
