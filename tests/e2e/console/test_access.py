"""For everybody: by keyboard alone, as axe-core sees it, in the language that was chosen; and only for who is signed in."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Browser, Page

from mailprobe.console.door import Role
from tests.e2e.console.browsing import PASSWORD, Console, window

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


async def findings(page: Page) -> list[str]:
    """What axe-core holds against the page, all of it that is serious or worse."""
    found = await Axe().run(page, options=RULES)
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "locale"), [("light", "ja-JP"), ("dark", "en-US")])
async def test_axe_finds_nothing_serious(browser: Browser, console: Console, scheme: str, locale: str) -> None:
    # axe is put in from outside, which the page's own policy forbids
    async with window(browser, console, name="axe", locale=locale, color_scheme=scheme, bypass_csp=True) as agent:
        await agent.page.goto(console.url)
        await agent.page.wait_for_selector("#cards:not([hidden])")
        await agent.page.keyboard.type(console.address("full"))
        await agent.page.wait_for_selector("#proposal .address")
        found = await findings(agent.page)
        await agent.page.keyboard.press("Enter")
        await agent.settled()
        await agent.page.click("#proof summary")
        await agent.page.click("#bounce-open")
        await agent.page.set_viewport_size({"width": 1280, "height": 3000})  # nothing half behind what stays in sight
        found += await findings(agent.page)
        await agent.page.click("[data-card=forever]")
        await agent.page.wait_for_selector("#card[open]")
        found += await findings(agent.page)
        await agent.page.keyboard.press("Escape")
        ticket = await agent.page.get_attribute("#ticket-view", "href")
        for path in ("/checks", ticket):
            await agent.page.goto(f"{console.url}{path}")
            await agent.page.wait_for_load_state("networkidle")
            found += await findings(agent.page)
        assert found == []


@pytest.mark.parametrize(("scheme", "locale"), [("dark", "ja-JP"), ("light", "en-US")])
async def test_axe_finds_nothing_serious_where_people_come_in_and_are_looked_after(
    browser: Browser, console: Console, scheme: str, locale: str
) -> None:
    """And every such page is whole, and as wide as its window."""
    seen: dict[str, list[str]] = {}
    for role, pages in ((Role.ADMIN, ("/people", "/sessions", "/nowhere")), (Role.AUDITOR, ("/audit",)), (None, ("/sign-in",))):
        where, whom = (console, role) if role is not None else (None, Role.VIEWER)
        looks = {"color_scheme": scheme, "bypass_csp": True}
        async with window(browser, where, name=f"axe-{whom}", role=whom, locale=locale, **looks) as one:
            for path in pages:
                await one.page.goto(f"{console.url}{path}")
                seen[path] = await findings(one.page)
                assert (path, await one.page.evaluate(CLIPPED)) == (path, [0, 0, "none"])
    assert seen == {path: [] for path in seen}
    assert len(seen) == 5


CLIPPED = """() => {
  const [main, page] = [document.querySelector('main'), document.documentElement];
  return [main.scrollHeight - main.clientHeight, page.scrollWidth - page.clientWidth, getComputedStyle(main).maxHeight];
}"""


async def test_a_whole_call_by_keyboard_alone(browser: Browser, console: Console) -> None:
    async with window(browser, console, name="keys") as agent:
        keys = agent.page.keyboard
        await agent.page.goto(console.url)
        await agent.check(console.address("no-store"))
        assert await focused(agent.page) == "case"
        await keys.press("?")
        await agent.page.wait_for_selector("#help[open]")
        await keys.press("Escape")
        await agent.page.wait_for_selector("#help", state="hidden")
        await keys.press("t")
        assert await focused(agent.page) == "canary-agreed"
        await reach(agent.page, "copy")
        assert await outline(agent.page) != "none"
        await keys.press("Enter")
        await agent.page.wait_for_function("() => document.querySelector('#said').textContent !== ''")
        await keys.press("/")
        assert await focused(agent.page) == "address"
        await keys.type("n/c?")  # letters are letters where somebody types
        assert await agent.page.input_value("#address") == "n/c?"
        await keys.press("Tab")
        await keys.press("n")
        await agent.page.wait_for_selector("#case", state="hidden")
        assert await focused(agent.page) == "address"
        assert agent.page.url == f"{console.url}/"
        await keys.press("Tab")
        await keys.press("m")
        await agent.page.wait_for_url("**/checks")
        await keys.press("Tab")
        assert await agent.page.evaluate("() => document.activeElement.className") == "skip"


async def reach(page: Page, which: str, most: int = 80) -> None:
    """Tab by tab, as there is no other way without a mouse."""
    for _ in range(most):
        if await focused(page) == which:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no way to #{which} by Tab")


async def focused(page: Page) -> str:
    return str(await page.evaluate("() => document.activeElement?.id ?? ''"))


async def outline(page: Page) -> str:
    return str(await page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle"))


async def test_the_letters_can_be_switched_off(browser: Browser, console: Console) -> None:
    async with window(browser, console) as agent:
        await agent.page.goto(f"{console.url}/checks")
        await agent.page.keyboard.press("?")
        await agent.page.uncheck("#letters")
        await agent.page.keyboard.press("Escape")
        await agent.page.reload()
        await agent.page.keyboard.press("?")
        assert await agent.page.locator("#help[open]").count() == 0


async def test_the_language_by_hand_stays_and_the_brightness_too(browser: Browser, console: Console) -> None:
    async with window(browser, console, locale="fr-FR") as agent:
        await agent.page.goto(console.url)
        await agent.page.click(".languages [hreflang=ja]")
        await agent.page.goto(f"{console.url}/checks")
        assert await agent.text("h1") == "自分の確認"
        assert await agent.page.get_attribute("html", "lang") == "ja"
        await agent.page.click("#theme")
        await agent.page.click("#theme")
        await agent.page.reload()
        assert await agent.page.get_attribute("html", "data-theme") == "dark"
        assert await agent.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 28)"


async def test_sign_in_sign_out_and_a_session_that_is_ended(browser: Browser, console: Console) -> None:
    async with window(browser, console, name="kato") as other, window(browser) as agent:
        await agent.page.goto(console.url)
        assert "/sign-in" in agent.page.url
        await agent.page.fill("input[name=name]", "kato")
        await agent.page.fill("input[name=password]", PASSWORD)
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_selector("#address")
        await other.page.goto(console.url)
        await other.page.wait_for_selector("#cards:not([hidden])")
        await agent.page.goto(f"{console.url}/sessions")
        await agent.page.click("form[action='/sessions/end-others'] button")
        await other.page.fill("#address", console.address("healthy"))
        await other.page.wait_for_selector("#notice:not([hidden])")
        assert "サインイン" in await other.text("#notice")
        await agent.page.goto(console.url)
        await agent.page.click(".me summary")
        await agent.page.click("form[action='/sign-out'] button")
        await agent.page.wait_for_url("**/sign-in")
        await agent.page.goto(f"{console.url}/checks")
        assert "/sign-in" in agent.page.url


async def test_who_may_not_operate_is_shown_no_field(browser: Browser, console: Console) -> None:
    async with window(browser, console, name="viola", role=Role.VIEWER) as viewer:
        await viewer.page.goto(console.url)
        assert await viewer.page.locator("#address").count() == 0
        answer = await viewer.page.goto(f"{console.url}/checks")
        assert answer is not None
        assert answer.status == 403
