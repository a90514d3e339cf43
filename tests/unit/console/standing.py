"""A console that stands alone, without a daemon: a real store, a few accounts at two carriers, and whoever is signed in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace

import httpx
from fastapi import APIRouter, FastAPI, Request

from mailprobe.address import parse
from mailprobe.config import Account, Config
from mailprobe.console import trail
from mailprobe.console.app import console_app
from mailprobe.console.door import Role, Visitor
from mailprobe.console.instruments import Instruments
from mailprobe.console.pages.errors import shown
from mailprobe.console.rooms import Rooms
from mailprobe.status import Standing
from mailprobe.store import Store, open_store
from mailprobe.verdict import Code, Status
from tests.unit.console.given import FakeHouse
from tests.unit.given import account, carrier, prober

NOW = 1_800_000_000.0


class Trail(trail.Trail):
    """What was noted; broken: nothing can be."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str, str, str]] = []
        self.broken = False

    async def note(self, visitor: Visitor, what: str, of: str, why: str) -> None:
        if self.broken:
            raise trail.Unnoted("MP2401", "trail", "what was asked for cannot be noted", "make room")
        self.noted.append((visitor.name, what, of, why))


@dataclass
class Stand:
    """now, unfit, instruments: change them as a test goes on."""

    house: FakeHouse
    now: float = NOW
    unfit: tuple[str, ...] = ()
    instruments: Instruments = field(default_factory=Instruments)
    trail: Trail = field(default_factory=Trail)

    @property
    def store(self) -> Store:
        return self.house.store

    @property
    def rooms(self) -> Rooms:
        return Rooms(lambda: self.house, lambda: self.unfit, lambda: self.now, self.instruments)

    async def is_so(self, name: str, status: Status, code: Code, since: float = NOW - 7200, told: float = NOW - 60) -> None:
        await self.store.standings.keep(name, Standing(status, since, code, told, status, told))

    def app(self, *routers: APIRouter) -> FastAPI:
        app = console_app(self.rooms, recognise, routers, show=shown)
        app.state.trail = self.trail
        return app

    def asking(self, *routers: APIRouter, role: Role | None = Role.SUPERVISOR) -> httpx.AsyncClient:
        headers = {"role": role.value} if role is not None else {}
        transport = httpx.ASGITransport(self.app(*routers))
        return httpx.AsyncClient(transport=transport, base_url="http://console", headers=headers)


async def recognise(request: Request) -> Visitor | None:
    role = request.headers.get("role")
    return Visitor(f"the {role}", Role(role)) if role else None


def watched_accounts(count: int = 5, at: str = "lab") -> tuple[Account, ...]:
    return tuple(
        account(id=f"{at}-{n}", address=parse(f"u{n:06}@{at}.test"), carrier=at, group=f"shard-{n % 2}", every=(("", 300.0),))
        for n in range(count)
    )


@contextlib.asynccontextmanager
async def standing(accounts: Iterable[Account] = (), carriers: Iterable[str] = ("lab", "other")) -> AsyncIterator[Stand]:
    known = {name: replace(carrier(), name=name, title=name.title(), domains=(f"{name}.test",)) for name in carriers}
    config = Config(prober=prober(), carriers=known, accounts=tuple(accounts) or watched_accounts())
    async with open_store("sqlite://") as store:
        yield Stand(FakeHouse(config, store))
