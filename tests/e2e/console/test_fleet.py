"""The pages of all mailboxes in a real browser: what a supervisor opens beside the calls, with a month of history behind it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from mailprobe.console.door import Role
from mailprobe.demo.past import remember
from tests.e2e.console.browsing import Console, Window, console_on_the_demo, window

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONE = "lost-entry"  # it is ill today, was in the outage, and its mail came back
PAGES = ("/carriers", "/accounts", f"/accounts/{ONE}", "/bounces?days=30", "/incidents", "/maintenance", "/prober", "/runbooks")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fleet() -> AsyncIterator[Console]:
    """The demo's console with its month."""
    async with console_on_the_demo() as one:
        assert one.house.signs is not None
        await remember(one.demo, one.house.store, one.house.signs.sender, time.time())
        yield one


async def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


@pytest.mark.parametrize("locale", ["ja-JP", "en-US"])
async def test_each_page_loads_without_a_complaint_and_fits_its_window(browser: Browser, fleet: Console, locale: str) -> None:
    async with window(browser, fleet, name="chief", role=Role.SUPERVISOR, locale=locale) as chief:
        for path in PAGES:
            answer = await chief.page.goto(f"{fleet.url}{path}", wait_until="networkidle")
            assert answer is not None
            assert answer.status == 200
            assert await chief.text("h1") != ""
            for details in await chief.page.locator("main details").all():
                await details.evaluate("(one) => { one.open = true }")
            assert (path, await overflow(chief.page)) == (path, 0)
            assert await chief.page.get_attribute("html", "lang") == locale[:2]
        assert chief.complaints == []
        assert all(one.startswith(fleet.url) for one in chief.asked)


async def tab_to(agent: Window, selector: str) -> None:
    """By the Tab key alone, in few steps."""
    for _ in range(25):
        await agent.page.keyboard.press("Tab")
        if await agent.page.evaluate("(one) => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(selector)


async def rows(agent: Window) -> list[str]:
    return [one.strip() for one in await agent.page.locator("main tbody th").all_inner_texts()]


async def test_a_mailbox_is_found_by_keyboard_and_its_history_opened(browser: Browser, fleet: Console) -> None:
    async with window(browser, fleet, name="finder", locale="en-US") as agent:
        await agent.page.goto(f"{fleet.url}/accounts")
        everybody = await rows(agent)
        assert len(everybody) > 10
        await tab_to(agent, "input[name=q]")
        await agent.page.keyboard.type("lost")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_url("**/accounts?*q=lost*")
        found = await rows(agent)
        assert 0 < len(found) < len(everybody)
        assert all("lost" in one for one in found)
        await agent.page.select_option("select[name=status]", "down")
        await tab_to(agent, "form.filter button")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_url("**/accounts?*status=down*")
        assert ONE in await rows(agent)
        assert await agent.page.input_value("input[name=q]") == "lost"  # what was chosen stays chosen
        assert await agent.page.locator("main tbody .status").count() == await agent.page.locator(".status.s-down").count()
        await tab_to(agent, f"a[href='/accounts/{ONE}']")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_url(f"**/accounts/{ONE}")
        assert await agent.page.locator("section[aria-labelledby=days] svg").count() == 1
        assert len(await agent.page.locator("section[aria-labelledby=verdicts] tbody tr").all()) >= 3
        assert "550" in await agent.text("section[aria-labelledby=bounces]")
        await agent.page.click(".head .button")
        await agent.page.wait_for_selector("#proposal .address")
        assert agent.page.url == f"{fleet.url}/"  # the address field is filled, and the link left no trace
        assert agent.complaints == []
