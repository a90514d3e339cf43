"""A console over a store in memory, with a clock that a test sets, and browsers that ask it without a network."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter

from mailprobe.config import Account, Config, Console
from mailprobe.console.app import ConsoleApp, console_app
from mailprobe.console.approach import Approach
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.registry import Calls
from mailprobe.console.door import Role, Visitor
from mailprobe.console.first import new_first_link
from mailprobe.console.pages.errors import shown
from mailprobe.console.party import RelyingParty
from mailprobe.console.people import Gate, Passwords
from mailprobe.console.rooms import Rooms
from mailprobe.console.routes import ROUTERS
from mailprobe.console.visits import Recognition
from mailprobe.evidence import Evidence
from mailprobe.oidc.issuer import Fetch
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.store import Store, open_store
from mailprobe.verdict.picture import Picture
from tests.unit.given import account, carrier, prober

NOW = 1_800_000_000.0
PASSWORD = "correct-horse-7"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SITE = "https://console.test"
SAME = {"sec-fetch-site": "same-origin"}


@dataclass(slots=True)
class FakeHouse:
    """A house that is never asked to check anything."""

    config: Config
    store: Store

    async def check(self, question: Question, listener: Listener) -> Check:
        raise AssertionError("nothing is checked here")

    async def numbers(self, account: Account) -> tuple[str, ...]:
        return ()

    async def admit(self, question: Question) -> None:
        raise AssertionError("nobody is let in to a check here")

    async def legs_of(self, question: Question) -> tuple[tuple[str, ...], bool]:
        raise AssertionError("nothing is checked here")

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture:
        raise AssertionError("nothing is judged here")

    async def look(self, account: Account) -> tuple[Evidence, ...]:
        raise AssertionError("nobody looks here")


@dataclass(slots=True)
class Given:
    """app: as it is served, behind its approach. now: what the clock says."""

    house: FakeHouse
    app: Approach
    console: ConsoleApp
    now: list[float] = field(default_factory=lambda: [NOW])

    @property
    def store(self) -> Store:
        return self.house.store

    def configure(self, **changes: Any) -> None:
        self.house.config = replace(self.house.config, console=replace(self.house.config.console, **changes))

    def browser(self, site: str = SITE, peer: str = "192.0.2.1", **headers: str) -> httpx.AsyncClient:
        """A browser on a page of ours; header names with `_` for `-`."""
        transport = httpx.ASGITransport(app=self.app, client=(peer, 40000), raise_app_exceptions=False)
        named = SAME | {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.AsyncClient(transport=transport, base_url=site, headers=named)

    def program(self, token: str = "", peer: str = "192.0.2.1") -> httpx.AsyncClient:
        """What is no browser says nothing of pages."""
        transport = httpx.ASGITransport(app=self.app, client=(peer, 40000), raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url=SITE, headers={"authorization": f"Bearer {token}"} if token else {}
        )

    async def add(self, name: str, role: Role) -> None:
        """Somebody whose password is PASSWORD."""
        by = Visitor("test", Role.ADMIN)
        await self.console.state.staff.add(by, name, role, PASSWORD)

    async def signed_in(self, name: str, role: Role, **headers: str) -> httpx.AsyncClient:
        await self.add(name, role)
        browser = self.browser(**headers)
        answer = await sign_in(browser, name)
        assert answer.status_code == 303
        return browser

    async def token(self, role: Role, name: str = "reader") -> str:
        made = await self.console.state.staff.make_token(Visitor("test", Role.ADMIN), name, role, 90)
        return str(made.value)

    async def first_link(self) -> str:
        return await new_first_link(self.store, self.now[0])

    async def noted(self) -> list[tuple[str, str, str]]:
        """Who, what, of; the oldest first."""
        from mailprobe.store.audit import Search

        return [(one.who, one.what, one.of) for one in reversed(await self.store.audit.find(Search()))]


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await browser.post("/sign-in", data={"name": name, "password": password, **more})


def config(**console: Any) -> Config:
    lab = carrier()
    return Config(prober=prober(), carriers={lab.name: lab}, accounts=(account(),), console=Console(**console))


@contextlib.asynccontextmanager
async def given(
    url: str = "sqlite://", routers: Iterable[APIRouter] = ROUTERS, fetch: Fetch | None = None, **console: Any
) -> AsyncIterator[Given]:
    """fetch: how the issuer is asked, who signs people in."""
    async with open_store(url) as store:
        house = FakeHouse(config(**console), store)
        now = [NOW]
        rooms = Rooms(lambda: house, lambda: (), lambda: now[0])
        gate, party = Gate(rooms, Passwords(QUICK)), RelyingParty(rooms, fetch)
        app = console_app(rooms, Recognition(rooms), routers, gate=gate, party=party, show=shown)
        calls = Calls(rooms)
        app.state.desk = Desk(calls, Post(calls))
        yield Given(house, Approach(app, lambda: house.config.console), app, now)
