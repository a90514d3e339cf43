"""The README's pictures, taken from the program itself so that they stay true: `python -m tests.pictures`, as root for Chromium.

The console is the demo's, on loopback; the terminal is `mailprobe check` on the same carrier.
"""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path

from playwright.async_api import Page
from rich.console import Console

from mailprobe.daemon import open_house
from mailprobe.demo.guide import CALLS
from mailprobe.demo.house import open_demo
from mailprobe.demo.mailboxes import SCENARIOS
from mailprobe.question import Listener, Question
from mailprobe.terminal import print_check
from mailprobe.verdict.observed import parse
from mailprobe.verdict.wording import say
from tests.e2e.console.browsing import chromium
from tests.e2e.test_demo_serving import demo_running

DOCS = Path(__file__).parent.parent / "docs"
SIZE = {"width": 1280, "height": 800}
CALL = CALLS[0]


async def main() -> None:
    DOCS.mkdir(exist_ok=True)
    async with chromium() as browser:
        for language, locale in (("ja", "ja-JP"), ("en", "en-GB")):
            window = await browser.new_context(viewport=SIZE, locale=locale, color_scheme="light")  # type: ignore[arg-type]  # a TypedDict
            page = await window.new_page()
            async with demo_running(language) as (_, link):
                await take_call(page, link)
                await page.screenshot(path=DOCS / f"console.{language}.png")
    await terminal("en", DOCS / "check.en.svg")


async def take_call(page: Page, link: str) -> None:
    """From the practice page to the settled verdict, with what the caller said."""
    await page.goto(link)
    await page.click(".call a")
    await page.wait_for_selector("#proposal .address")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#top[data-state=settled]")
    before = await page.inner_text("#top-sure")
    await page.click("[data-value=portal_ok]")
    await page.click("[data-value=spelling_confirmed]")
    await page.wait_for_selector("[data-value=spelling_confirmed][aria-pressed=true]")
    changed = "before => document.getElementById('top-sure').textContent !== before"
    await page.wait_for_function(changed, arg=before)  # with both answers it is surer
    await page.evaluate("window.scrollTo(0, 0)")


async def terminal(language: str, path: Path) -> None:
    """`mailprobe check` as it is printed, as SVG."""
    async with open_demo(tuple(one for one in SCENARIOS if one.local == CALL.mailbox)) as demo, open_house(demo.config) as house:
        account = demo.cases[0].account
        carrier = demo.config.carriers[account.carrier]
        check = await house.check(Question(account, parse(CALL.told, now=time.time()), CALL.told), Listener())
    screen = Console(record=True, width=104, file=io.StringIO(), force_terminal=True)
    print_check(check, say(check.verdict, language, carrier=carrier), carrier, language, screen)
    screen.save_svg(str(path), title=f"mailprobe check {CALL.address} --observed {CALL.told[0]}")


if __name__ == "__main__":
    asyncio.run(main())
