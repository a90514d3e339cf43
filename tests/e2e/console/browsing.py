"""The console on the demo's carriers, in a real Chromium: one demo and one browser for all tests of a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from mailprobe.console.api import addresses, cards, checks
from mailprobe.console.app import console_app
from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.registry import Calls
from mailprobe.console.door import Role, Visitor
from mailprobe.console.listening import listening
from mailprobe.console.pages import checks as pages
from mailprobe.console.rooms import Rooms
from mailprobe.console.statics import static_routes
from mailprobe.daemon import House
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.house import Demo, open_demo
from mailprobe.demo.mailboxes import SCENARIOS
from mailprobe.demo.show import post_house
from tests.e2e.console.operating import Notes

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Chromium refuses to run as root in its sandbox
ARGUMENTS = ["--no-sandbox"] if os.geteuid() == 0 else []


@dataclass
class Console:
    """url: of the page. house, demo: what is behind it. notes: what the trail was told."""

    url: str
    demo: Demo
    house: House
    calls: Calls
    notes: Notes

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


async def by_name(request: Request) -> Visitor | None:
    name = request.headers.get("x-name")
    return Visitor(name, Role.OPERATOR) if name else None


@contextlib.asynccontextmanager
async def console_on_the_demo() -> AsyncIterator[Console]:
    async with contextlib.AsyncExitStack() as stack:
        demo = await stack.enter_async_context(open_demo((*SCENARIOS, *DELIVERIES)))
        house = await stack.enter_async_context(post_house(demo))
        rooms = Rooms(house=lambda: house, unfit=tuple, now=time.time)
        calls, notes = Calls(rooms), Notes()
        stack.push_async_callback(calls.close)
        post = asyncio.create_task(Post(calls).watch())
        stack.callback(post.cancel)
        app = console_app(rooms, by_name, (checks.router, addresses.router, cards.router, pages.router))
        app.state.desk, app.state.trail = Desk(calls), notes
        app.router.routes.extend(static_routes())
        host, port = await stack.enter_async_context(listening(app, "127.0.0.1:0"))
        yield Console(f"http://{host}:{port}", demo, house, calls, notes)


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def window(browser: Browser, name: str = "sato", locale: str = "ja-JP", **more: Any) -> AsyncIterator[Window]:
    """A browser of its own, as an agent's: 1280x720."""
    context: BrowserContext = await browser.new_context(
        viewport={"width": 1280, "height": 720},
        locale=locale,
        timezone_id="Asia/Tokyo",
        extra_http_headers={"x-name": name},
        permissions=["clipboard-read", "clipboard-write"],
        **more,
    )
    context.set_default_timeout(8000)
    page = await context.new_page()
    opened = Window(page)
    page.on("console", opened.heard)
    page.on("request", lambda request: opened.asked.append(request.url))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    try:
        yield opened
    finally:
        await context.close()
