"""The pages of all mailboxes in a real browser: what a supervisor opens beside the calls, with a month of history behind it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from mailprobe.console.door import Role
from mailprobe.demo.past import remember
from mailprobe.incident import ControlSeen
from tests.e2e.console.browsing import Console, Window, console_on_the_demo, window
from tests.e2e.console.test_access import findings
from tests.e2e.console.test_page import ASK, ended

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONE = "lost-entry"  # it is ill today, was in the outage, and its mail came back
PAGES = (
    "/carriers",
    "/accounts",
    f"/accounts/{ONE}",
    "/bounces?days=30",
    "/incidents",
    "/maintenance",
    "/prober",
    "/wrong-verdicts",
    "/runbooks",
)
SAID = {"ja": "ただいまメールの受信が遅れています。", "en": "Mail comes late at present."}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fleet() -> AsyncIterator[Console]:
    """The demo's console with its month."""
    async with console_on_the_demo() as one:
        assert one.house.signs is not None
        await remember(one.demo, one.house.store, one.house.signs.sender, time.time())
        yield one


CUT_OFF = "document.querySelector('main').scrollHeight - document.querySelector('main').clientHeight"  # pixels


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
            assert (path, await chief.page.evaluate(CUT_OFF)) == (path, 0)
            assert await chief.page.get_attribute("html", "lang") == locale[:2]
        assert chief.complaints == []
        assert all(one.startswith(fleet.url) for one in chief.asked)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "ja-JP"), ("dark", "en-US")])
async def test_axe_finds_nothing_serious(browser: Browser, fleet: Console, scheme: str, locale: str) -> None:
    # axe is put in from outside, which the page's own policy forbids
    role = Role.SUPERVISOR
    async with window(browser, fleet, name="chief", role=role, locale=locale, color_scheme=scheme, bypass_csp=True) as chief:
        found: dict[str, list[str]] = {}
        for path in PAGES:
            await chief.page.goto(f"{fleet.url}{path}", wait_until="networkidle")
            found[path] = await findings(chief.page)
        assert found == {path: [] for path in PAGES}


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


async def test_an_address_in_the_search_field_is_not_searched_for(browser: Browser, fleet: Console) -> None:
    """It would stand in the address bar and in every log on the way: the browser does not even send it."""
    async with window(browser, fleet, name="finder", locale="en-US") as agent:
        await agent.page.goto(f"{fleet.url}/accounts")
        for address in ("a@b.test", "ａ＠ｂ.test"):
            await agent.page.fill("input[name=q]", address)
            await agent.page.press("input[name=q]", "Enter")
            await agent.page.wait_for_function("() => document.querySelector('input[name=q]').matches(':user-invalid')")
            assert agent.page.url == f"{fleet.url}/accounts"
        assert all("b.test" not in one for one in agent.asked)
        await agent.page.goto(f"{fleet.url}/accounts?q=a@b.test")  # a link that somebody else made
        assert await agent.page.locator("p[role=alert]").count() == 1
        assert await agent.page.input_value("input[name=q]") == ""


async def test_an_incident_is_declared_by_form_and_each_agent_reads_it_in_his_language(browser: Browser, fleet: Console) -> None:
    async with (
        window(browser, fleet, name="chief", role=Role.SUPERVISOR) as chief,
        window(browser, fleet, name="second", locale="en-US") as agent,
    ):
        await chief.page.goto(f"{fleet.url}/incidents")
        form = "section[aria-labelledby=declare] form"
        await chief.page.select_option(f"{form} select[name=carrier]", "outage")
        await chief.page.fill(f"{form} textarea[name=text_ja]", SAID["ja"])
        await chief.page.fill(f"{form} textarea[name=text_en]", SAID["en"])
        await chief.page.fill(f"{form} input[name=owner]", "設備の担当")
        await chief.page.select_option(f"{form} select[name=hours]", "2")
        await chief.page.click(f"{form} button")
        await chief.becomes("article .say", SAID["ja"])
        await agent.page.goto(fleet.url)
        await agent.becomes("#incidents .incident-say", SAID["en"])
        await agent.page.goto(f"{fleet.url}/incidents")
        assert await agent.text("article .say") == SAID["en"]
        assert await agent.page.locator("main form").count() == 0  # he reads, and decides nothing
        await chief.page.click("article summary")
        assert await chief.page.input_value("article textarea[name=text_en]") == SAID["en"]
        await chief.page.fill("article textarea[name=text_en]", "")
        await chief.page.click("article form.stack button")
        await chief.page.wait_for_load_state()
        await agent.page.reload()
        assert await agent.text("article .say") == SAID["ja"]
        assert await agent.page.get_attribute("article .say", "lang") == "ja"
        await chief.page.click("article button[formaction$=resolve]")
        await chief.page.wait_for_selector("article", state="detached")
        await agent.page.goto(fleet.url)
        await agent.page.wait_for_selector("#cards:not([hidden])")
        assert await agent.page.is_hidden("#incidents")
        assert agent.complaints == chief.complaints == []


async def test_work_is_announced_and_ended(browser: Browser, fleet: Console) -> None:
    async with (
        window(browser, fleet, name="chief", role=Role.SUPERVISOR) as chief,
        window(browser, fleet, name="second") as agent,
    ):
        await chief.page.goto(f"{fleet.url}/maintenance")
        await chief.page.select_option("form.stack select[name=carrier]", "mobile")
        await chief.page.fill("form.stack input[name=note]", "CHG-17")
        await chief.page.click("form.stack button")
        await chief.becomes("main table", "CHG-17")
        await agent.page.goto(fleet.url)
        await agent.becomes("#services [data-state=maintenance]", "CHG-17")
        await chief.page.click("main table button")
        await chief.page.wait_for_selector("main table", state="detached")
        await agent.page.reload()
        await agent.page.wait_for_selector("#services .service")
        assert await agent.page.locator("#services [data-state=maintenance]").count() == 0
        assert agent.complaints == chief.complaints == []


async def test_neither_typos_nor_our_address_on_a_list_show_an_outage(browser: Browser) -> None:
    """Three callers each, and a known good mailbox that fails at the same time: what it takes to suspect one."""
    async with console_on_the_demo() as console, window(browser, console, name="typist", locale="en-US") as agent:
        now = time.time()
        for carrier in ("mobile", "strict"):
            console.controls[carrier] = ControlSeen(good=False, at=now, since=now - 600.0, looks=3)
        mistyped = [console.address(one) for one in ("healthi", "lost-entri", "fulll")]
        refused = [console.address(one, "strict") for one in ("unseen", "unseen-too", "unseen-as-well")]
        await agent.page.goto(console.url)
        tones = set()
        for number, address in enumerate((*mistyped, *refused)):
            asked = {"address": address, "reason": "customer_call", "ticket": f"T-{number}"}
            status, begun = await agent.page.evaluate(ASK, ["POST", "/api/v1/checks", asked])
            assert status == 201
            await ended(agent.page, begun["id"])
            await agent.page.goto(f"{console.url}/checks/{begun['id']}")
            await agent.settled()
            tones.add(await agent.page.get_attribute("#top", "data-tone"))
            assert await agent.page.get_attribute("#handset", "data-steps") == "none"
        assert tones == {"unknown"}
        _, told = await agent.page.evaluate(ASK, ["GET", "/api/v1/incidents", None])
        assert told["incidents"] == []
        await agent.page.goto(console.url)
        await agent.page.wait_for_selector("#services .service")
        assert await agent.page.is_hidden("#incidents")
        assert await agent.page.locator("#services [data-state=incident]").count() == 0
