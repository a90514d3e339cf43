"""Whatever a server says is shown as it was said: 120 texts in every field that a server, a mail or a customer can fill."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page

from tests.e2e.console.browsing import window
from tests.e2e.console.hostile_texts import TEXTS
from tests.e2e.console.stand_in import Told, standing_in
from tests.e2e.console.views import Json, marked, row, station, view

# Where a field of the view is shown: CSS selector -> how to get at what was sent.
SHOWN = {
    "#top-title": "title",
    "#top-text": "known",
    "#say": "say",
    "#never li:nth-child(1) span": "never",
    "#next": "next",
    "#who": "who",
    "#call-back": "call_back",
    "#beside-list li:nth-child(1)": "note",
    "#quote-list li:nth-child(1) code": "quote",
    "#handset-text": "handset",
    "#canary-text": "canary",
    "#canary-digits": "number",
    "#case-facts > div:nth-child(2) dd": "carrier",
    "#case-facts > div:nth-child(4) dd": "ticket",
    "#case-address .unseen": "address",
    "[data-station=mx] .station-title": "station_title",
    "[data-station=mx] .station-word": "station_word",
    "[data-station=mx] .station-text": "station_text",
    "#revised-list .old dd": "old",
    "#revised-list .new dd": "new",
    "[data-question=portal] .question-text": "question",
    "[data-question=portal] button:nth-of-type(1)": "choice",
    "#proof-rows tr:nth-child(1) th": "server",
    "#proof-rows td[data-of=target] code": "answer",
    "#proof-rows td[data-of=target] .answer > span": "reply",
    "#transcript h4": "probe",
    "#transcript .text": "line",
}
READ = """(selectors) => Object.fromEntries(selectors.map((one) => [one, document.querySelector(one)?.textContent ?? null]))"""
ASIDE = "() => [window.ran === undefined, document.querySelectorAll('script').length, location.pathname, document.images.length]"


def hostile_view(text: str, version: int) -> Json:
    """The same text in every field, with the field's name behind it, so that no two are taken for each other."""
    said = {name: f"{text} {name}" for name in SHOWN.values()}
    base = view(
        version=version, number=str(version), ticket=said["ticket"], address=said["address"], marked=marked(said["address"])
    )
    base["carrier"] = {"name": "x", "title": said["carrier"], "relation": "own"}
    base["top"] = {"state": "settled", "status": "down", "title": said["title"], "text": ""}
    base["verdict"] |= {"known": said["known"], "do_not_say": [said["never"]], "who": said["who"], "say": {"text": said["say"]}}
    base["verdict"]["next"] = {"text": said["next"], "who": "", "handset": ""}
    base["call_back"] = {"owner": "", "time": None, "text": said["call_back"]}
    base["notes"] = [said["note"]]
    base["returned"] = [{"heard": False, "title": text, "side": text, "quote": said["quote"]}]
    base["handset"]["text"] = said["handset"]
    base["canary"] = {"number": said["number"], "state": "sent", "text": said["canary"]}
    base["revised"] = [
        {"at": base["started"], "old": {"title": "", "say": said["old"]}, "new": {"title": "", "say": said["new"]}, "why": text}
    ]
    base["stations"][1] = station("mx", said["station_title"], "red", said["station_word"], said["station_text"])
    base["questions"] = [
        {
            "key": "portal",
            "text": said["question"],
            "wants": "",
            "told": None,
            "choices": [{"value": "portal_ok", "text": said["choice"]}],
        }
    ]
    base["proof"] = {
        "rows": [row("target", said["answer"], said["reply"], server=said["server"]) | {"ip": ""}],
        "transcript": [{"probe": said["probe"], "lines": [{"at_ms": 1, "who": "S", "server": text, "text": said["line"]}]}],
    }
    return base


@pytest.mark.asyncio(loop_scope="session")
async def test_every_text_in_every_field_is_shown_and_nothing_else(browser: Browser) -> None:
    assert len(TEXTS) == 120
    told = Told(live=asyncio.Queue())
    asked: list[str] = []
    async with standing_in(told) as url, window(browser) as agent:
        page = agent.page
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append("dialog"))
        await page.goto(f"{url}/checks/one")
        scripts = None
        for version, text in enumerate(TEXTS, 1):
            sent = hostile_view(text, version)
            assert told.live is not None
            told.live.put_nowait(sent)
            await page.wait_for_function(
                "(n) => document.querySelector('#case-facts .digits')?.textContent === n", arg=str(version)
            )
            shown = await page.evaluate(READ, list(SHOWN))
            assert shown == {selector: f"{text} {name}" for selector, name in SHOWN.items()}
            quiet, scripts_now, path, images = await page.evaluate(ASIDE)
            scripts = scripts or scripts_now
            assert (quiet, scripts_now, path, images) == (True, scripts, "/checks/one", 0)
        assert told.reports == []
        assert agent.complaints == []
        assert "dialog" not in asked
        assert {one.removeprefix(url).split("/")[1].split("?")[0] for one in asked if one.startswith(url)} <= {
            "checks",
            "static",
            "api",
        }
        assert all(one.startswith(url) for one in asked)


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_typed_listed_and_known_before(browser: Browser) -> None:
    told = all_at_once()
    async with standing_in(told) as url, window(browser) as agent:
        await agent.page.goto(url)
        await agent.page.fill("#address", "x")
        for selector in ("#proposal .near button", "#incidents .incident-say"):
            await seen(agent.page, selector)
        named = await agent.page.locator("#services strong").all_text_contents()
        assert named == list(TEXTS[: len(named)])  # the rest is a number
        assert named
        assert TEXTS[0] in (await agent.page.text_content("#proposal .problem") or "")
        await agent.page.goto(f"{url}/checks")
        for selector in (".row-title", ".old dd", ".new dd", ".row-address .unseen"):
            await seen(agent.page, selector)
        assert await agent.page.evaluate("window.ran === undefined")
        assert (told.reports, agent.complaints) == ([], [])


def all_at_once() -> Told:
    """Every text in every list."""
    at = "2026-11-27T04:30:00.000Z"
    incident = {"open": True, "title": "x", "state": "confirmed", "opened_at": at, "expected_at": None}
    checked = {"number": "1", "started": at, "state": "done", "status": "down", "pending": False, "revised": True}
    return Told(
        address={
            "proposal": None,
            "suggestions": list(TEXTS),
            "elsewhere": TEXTS[0],
            "problem": {"code": "MP0000", "what": TEXTS[0], "hint": TEXTS[1]},
        },
        services=[{"carrier": text, "title": text, "state": "trouble", "text": text, "age_s": 3} for text in TEXTS],
        incidents=[incident | {"state_text": text, "say": text, "owner": text} for text in TEXTS],
        rows=[
            checked | {"id": text, "address": text, "carrier": text, "title": text, "old": text, "new": text} for text in TEXTS
        ],
    )


async def seen(page: Page, selector: str) -> None:
    """All of them are shown, letter for letter and in their order."""
    await page.wait_for_function("([one, many]) => document.querySelectorAll(one).length === many", arg=[selector, len(TEXTS)])
    shown = await page.evaluate("(one) => [...document.querySelectorAll(one)].map((element) => element.textContent)", selector)
    assert shown == list(TEXTS)


def test_there_are_120_of_them() -> None:
    assert len(set(TEXTS)) == 120


@pytest.mark.asyncio(loop_scope="session")
async def test_what_goes_wrong_with_a_check_is_told_in_plain_words_and_stays(browser: Browser) -> None:
    """A test mail that was refused after all, or a fault of ours: nobody waits for what will not come."""
    told = Told(live=asyncio.Queue())
    assert told.live is not None
    async with standing_in(told) as url, window(browser, locale="ja-JP") as agent:
        await agent.page.goto(f"{url}/checks/one")
        told.live.put_nowait(view(version=1))
        await agent.page.wait_for_selector("#case .digits")
        assert await agent.page.is_hidden("#notice")
        broken = {"problem": {"code": "MP2510", "what": "our own fault: KeyError", "hint": "try again"}}
        for version in (2, 3):  # the next view does not take it away
            told.live.put_nowait(view(version=version, number=str(version)) | broken)
            await agent.page.locator("#case-facts .digits", has_text=str(version)).wait_for()
            assert "こちらの確認が失敗しました" in await agent.page.inner_text("#notice")
            assert "KeyError" not in await agent.page.inner_text("#notice")
            await agent.page.fill("#address", "x")  # nor does anything else that works
            await agent.page.wait_for_selector("#proposal > *")
            assert "こちらの確認が失敗しました" in await agent.page.inner_text("#notice")
