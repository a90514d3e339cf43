"""What outlives a check in the page's own hands: evidence kept for a ticket, and a result that was wrong, to take away."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from mailprobe.console.door import Role
from tests.e2e.console.browsing import Console, Window, window
from tests.golden.wrong import judged, read_wrong

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def checked(agent: Window, console: Console, local: str) -> str:
    """Where the page of the check is."""
    await agent.page.goto(console.url)
    await agent.check(console.address(local))
    return agent.page.url


async def test_what_is_kept_for_a_ticket_says_since_when_it_is_as_it_was(browser: Browser, console: Console) -> None:
    async with window(browser, console, name="keeper", locale="en-US") as agent:
        await checked(agent, console, "lost-untold")
        assert "no record" in await agent.text("#history")  # a demo without a past
        assert "First seen bad" in await agent.text("#history")
        await agent.page.click("#keep-open")
        await agent.page.fill("#keep-ticket", "T-4711")
        await agent.page.press("#keep-ticket", "Enter")
        await agent.becomes("#kept", "Kept for ticket T-4711, as it was known on ")
        await agent.page.reload()
        await agent.settled()
        await agent.page.click("#ticket-view")
        await agent.becomes("#ticket", "Kept at")
        assert agent.complaints == []


async def test_a_wrong_result_is_taken_away_by_a_supervisor_and_offered_to_nobody_else(
    browser: Browser, console: Console, tmp_path: Path
) -> None:
    async with (
        window(browser, console, name="teller", locale="en-US") as agent,
        window(browser, console, name="learner", role=Role.SUPERVISOR, locale="en-US") as chief,
    ):
        where = await checked(agent, console, "lost-entry")
        number = await agent.text("#case-facts .digits")
        await agent.page.click("#proof summary")
        await agent.page.fill("#wrong-cause", f"{console.address('lost-entry')} was being moved")
        await agent.page.press("#wrong-cause", "Enter")
        await agent.becomes("#wrong-now", "was being moved")
        assert await agent.page.locator("#wrong-case").count() == 0
        await chief.page.goto(where)
        await chief.settled()
        await chief.page.click("#proof summary")
        async with chief.page.expect_download() as begun:
            await chief.page.click("#wrong-case a")
        await (await begun.value).save_as(tmp_path / "case.txt")
        case = (tmp_path / "case.txt").read_text("utf-8")
        assert "was being moved" in case
        assert "lost-entry" not in case
        assert judged(read_wrong(case).case).code.value == (await begun.value).suggested_filename.split(".")[1]
        await chief.page.goto(f"{console.url}/wrong-verdicts")
        assert number in await chief.text("main table >> nth=1")
        assert await chief.page.locator(f"a[download][aria-label$='{number}']").count() == 1
        assert agent.complaints == chief.complaints == []
