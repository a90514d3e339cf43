"""The one field: whatever is typed becomes a proposal, and Enter accepts it, then asks; as fast as keys can be pressed."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from playwright.async_api import Browser, Error, Route

from tests.e2e.console.browsing import Console, window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_typed_wide_with_blanks_with_a_name_or_beside_the_domain(browser: Browser, console: Console) -> None:
    """Typos become proposals, and never an outage."""
    right = console.address("full")
    async with window(browser, console) as agent:
        await agent.page.goto(console.url)
        sentence = f"メール：{right}（山田）です"
        for typed in (
            f"  {right} ",
            "ｆｕｌｌ＠ｍｏｂｉｌｅ．ｅｘａｍｐｌｅ",
            f"山田 太郎 <{right}>",
            f"山田＜{right}＞",
            sentence,
        ):
            await agent.page.fill("#address", typed)
            await agent.page.keyboard.press("Enter")
            await agent.page.wait_for_function("(one) => document.querySelector('#address').value === one", arg=right)
            assert await agent.page.is_hidden("#case")  # accepted, not yet asked
            await agent.page.fill("#address", "")
        await agent.page.fill("#address", "full@mobil.example")
        await agent.page.click(f"#proposal .near button:text-is('{right}')")
        assert await agent.page.input_value("#address") == right
        await agent.page.fill("#address", "full.example")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_selector("#proposal .problem")
        assert await agent.page.is_hidden("#case")
        for typed, words in (("090-1234-5678", "電話番号"), ("full@gmail.com", "Gmail"), (f"{right},a{right}", "カンマ")):
            await agent.page.fill("#address", typed)
            await agent.page.keyboard.press("Enter")
            await agent.page.locator("#proposal .problem", has_text=words).wait_for()
            assert await agent.page.is_hidden("#case")
        await agent.page.fill("#address", right)
        await agent.page.keyboard.press("Enter")
        await agent.settled()
        assert await agent.page.get_attribute("#top", "data-tone") == "degraded"


async def slowly(route: Route) -> None:
    await asyncio.sleep(1.0)
    with contextlib.suppress(Error):  # the page may have called it off
        await route.continue_()


async def test_no_enter_is_lost_while_the_proposal_is_read(browser: Browser, console: Console) -> None:
    """The second Enter comes before what it begins has been read again."""
    right = console.address("full")
    async with window(browser, console) as agent:
        await agent.page.goto(console.url)
        await agent.page.route("**/api/v1/addresses*", slowly)
        await agent.page.fill("#address", f" {right}")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_function("(one) => document.querySelector('#address').value === one", arg=right)
        await agent.page.keyboard.press("Enter")
        await agent.settled()
        assert await agent.page.get_attribute("#top", "data-tone") == "degraded"


async def test_many_an_enter_begins_one_check(browser: Browser, console: Console) -> None:
    async with window(browser, console, name="hasty") as agent:
        await agent.page.goto(console.url)
        await agent.page.fill("#address", console.address("full"))
        await agent.page.wait_for_selector("#proposal .address")  # so that there is nothing to wait for in between
        await agent.page.evaluate("for (let times = 0; times < 5; times++) document.querySelector('#ask').requestSubmit()")
        await agent.settled()
        begun = [one for one in agent.asked if one.endswith("/api/v1/checks?lang=ja")]
        assert len(begun) == 1
