"""The console on the demo's carriers, in a real Chromium: one demo and one browser for all tests of a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from mailprobe.console.app import console_app
from mailprobe.console.approach import Approach
from mailprobe.console.calls.opening import open_calls
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.whole import CallsHeard, service_for
from mailprobe.console.door import Role, Visitor
from mailprobe.console.instruments import Instruments
from mailprobe.console.listening import listening
from mailprobe.console.pages.errors import shown
from mailprobe.console.rooms import Rooms
from mailprobe.console.routes import ROUTERS
from mailprobe.console.staff import Staff
from mailprobe.console.visits import PLAIN_COOKIE, Recognition, lasts, new_value
from mailprobe.daemon import House
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.house import Demo, open_demo
from mailprobe.demo.mailboxes import SCENARIOS
from mailprobe.demo.show import post_house
from mailprobe.incident import ControlSeen
from tests.e2e.console.operating import Notes, retold

PASSWORD = "correct-horse-7"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Chromium refuses to run as root in its sandbox
ARGUMENTS = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@dataclass
class Console:
    """url: of the page. house, demo: what is behind it. notes: what the trail was told."""

    url: str
    demo: Demo
    house: House
    calls: Calls
    notes: Notes
    staff: Staff
    controls: dict[str, ControlSeen]  # by carrier: how its known good mailboxes do, as a test says

    async def session(self, name: str, role: Role) -> str:
        """What the cookie of somebody holds who has just signed in; he is added where nobody knows him yet."""
        store, value, now = self.house.store, new_value(), time.time()
        if await store.people.of(name) is None:
            await self.staff.add(Visitor("test", Role.ADMIN), name, role, PASSWORD)
        await store.visits.begin(value, name, "127.0.0.1", "test", lasts(self.house.config.console), now, "")
        return value

    def address(self, local: str, carrier: str = "mobile") -> str:
        return f"{local}@{self.demo.states[carrier].domain}"


@dataclass
class Window:
    """One page of one agent; what the browser complained of, and every address that it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def check(self, address: str) -> None:
        """As an agent does: type, Enter, wait until nothing can overturn what is said."""
        await self.page.keyboard.type(address)
        await self.page.keyboard.press("Enter")
        await self.settled()

    async def settled(self) -> None:
        await self.page.wait_for_selector("#top[data-state=settled]")

    async def text(self, selector: str) -> str:
        return (await self.page.inner_text(selector)).strip()

    async def becomes(self, selector: str, text: str) -> None:
        """Until it says this, among other things."""
        says = "([one, text]) => (document.querySelector(one)?.innerText ?? '').includes(text)"
        await self.page.wait_for_function(says, arg=[selector, text])

    async def station(self, name: str) -> str | None:
        return await self.page.get_attribute(f"[data-station={name}]", "data-state")

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@contextlib.asynccontextmanager
async def console_on_the_demo(consent: str = "nobody") -> AsyncIterator[Console]:
    async with contextlib.AsyncExitStack() as stack:
        demo = await stack.enter_async_context(open_demo((*SCENARIOS, *DELIVERIES)))
        asks = replace(demo.config.console, consent=consent)
        demo = replace(demo, config=replace(demo.config, console=asks))
        house = await stack.enter_async_context(post_house(demo))
        controls: dict[str, ControlSeen] = {}
        rooms = Rooms(house=lambda: house, unfit=tuple, now=time.time, instruments=Instruments(control=controls.get))
        opened = open_calls(rooms, service_for(rooms), CallsHeard(rooms))  # as the daemon opens them
        desk, notes = await stack.enter_async_context(opened), Notes()
        app = console_app(rooms, Recognition(rooms), ROUTERS, show=shown)
        app.state.desk, app.state.trail = desk, notes
        place = await stack.enter_async_context(listening(Approach(app, lambda: house.config.console), "127.0.0.1:0"))
        yield Console(f"http://{place[0]}:{place[1]}", demo, house, desk.calls, notes, app.state.staff, controls)


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def window(
    browser: Browser,
    console: Console | None = None,
    name: str = "sato",
    role: Role = Role.OPERATOR,
    locale: str = "ja-JP",
    **more: Any,
) -> AsyncIterator[Window]:
    """A browser of its own, as an agent's: 1280x720. console: where he is signed in already."""
    context: BrowserContext = await browser.new_context(
        viewport={"width": 1280, "height": 720},
        locale=locale,
        timezone_id="Asia/Tokyo",
        permissions=["clipboard-read", "clipboard-write"],
        **more,
    )
    context.set_default_timeout(30_000)  # for a machine with much else to do
    if console is not None:
        await context.add_cookies([{"name": PLAIN_COOKIE, "value": await console.session(name, role), "url": console.url}])
    page = await context.new_page()
    opened = Window(page)
    page.on("console", opened.heard)
    page.on("request", lambda request: opened.asked.append(request.url))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    try:
        with retold(console.calls) if console is not None else contextlib.nullcontext():
            yield opened
    finally:
        await context.close()
