"""The check page on the demo's carriers: what an agent with a customer on the line sees, types and says."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page

from mailprobe.carriers import Lookup
from mailprobe.console.door import Role
from mailprobe.demo.carrier import Mailbox
from mailprobe.incident import ControlSeen
from tests.e2e.console.browsing import Console, console_on_the_demo, window

pytestmark = pytest.mark.asyncio(loop_scope="session")

BORN_FROM = {
    "ja-JP": ("lost-entry", "『宛先なし』として返されております", "初期化", "パソコンを使ったことが原因です。", "契約登録の担当"),
    "en-US": (
        "lost-untold",
        "returned by our mail system as 'no such address'",
        "no need to reset",
        "It is because you used a PC.",
        "subscriber records",
    ),
}


@pytest.mark.parametrize("locale", BORN_FROM)
async def test_the_born_from_case_from_typing_to_the_ticket(
    browser: Browser, console: Console, locale: str, tmp_path: Path
) -> None:
    """Mail comes back, sign-in is refused, the member page says active: the server side has lost him, and the page says so."""
    local, say, reset, never, desk = BORN_FROM[locale]
    address = console.address(local)
    async with window(browser, console, locale=locale) as agent:
        await agent.page.goto(console.url)
        assert await agent.page.evaluate("document.activeElement.id") == "address"
        await agent.page.fill("#ticket", "T-4711")
        await agent.page.focus("#address")
        await agent.page.keyboard.type(address)
        await agent.page.wait_for_selector("#proposal .address")
        assert "ハイフン" in await agent.text("#proposal") or "hyphen" in await agent.text("#proposal")
        await agent.page.keyboard.press("Enter")
        await agent.settled()
        await agent.page.click("[data-value=portal_ok]")
        await agent.page.click("[data-value=spelling_confirmed]")
        await agent.becomes("#say", say)
        assert reset in await agent.text("#say")
        assert never in await agent.text("#never")
        assert desk in await agent.text("#who")
        assert await agent.station("mx") == await agent.station("sign_in") == "red"
        assert await agent.page.get_attribute("#handset", "data-steps") == "none"
        assert await agent.text("#case-facts .digits") in await agent.page.title()
        # the ticket, by one key, as text; then its own page, to be printed
        await agent.page.keyboard.press("c")
        await agent.page.wait_for_function("() => document.querySelector('#said').textContent !== ''")
        copied = await agent.page.evaluate("navigator.clipboard.readText()")
        for part in (address, "T-4711", "550", "directory_out_of_sync", "mx1.mobile.example"):
            assert part in copied
        await agent.page.click("#ticket-view")
        await agent.page.wait_for_selector("#ticket section")
        shown = await agent.page.inner_text("#ticket")
        for part in (address, "T-4711", "T  550", "D  550", "L  250"):
            assert part in shown
        await agent.page.emulate_media(media="print")
        assert not await agent.page.is_visible(".bar")
        assert await agent.page.is_visible("#ticket")
        paper = await agent.page.pdf(path=tmp_path / "ticket.pdf")
        assert paper.startswith(b"%PDF")
        assert agent.complaints == []
        nowhere_in_urls(agent.asked, address)


def nowhere_in_urls(asked: list[str], address: str) -> None:
    """The address travels in bodies only, whole or in part, written plainly or not."""
    local = address.partition("@")[0]
    assert not [one for one in asked if local in one or quote(address) in one or "@" in one]


async def test_the_line_to_read_back_is_there_from_the_first_moment_and_after_a_reload(
    browser: Browser, console: Console
) -> None:
    async with window(browser, console, locale="en-US") as agent:
        await agent.page.goto(console.url)
        await agent.check(console.address("lost-untold"))
        said = await agent.text("#case-read-back")
        assert said.startswith("Read back small L")
        assert "hyphen" in said
        await agent.page.reload()
        await agent.settled()
        assert await agent.text("#case-read-back") == said
        await agent.page.goto(f"{agent.page.url}?lang=ja")
        await agent.settled()
        assert "ハイフン" in await agent.text("#case-read-back")


async def test_no_password_is_asked_for_and_none_is_needed(browser: Browser, console: Console) -> None:
    async with window(browser, console) as agent:
        await agent.page.goto(console.url)
        assert "パスワードは伺わないでください" in await agent.text("#ask")
        await agent.check(console.address("no-secret"))
        assert await agent.page.locator("input[type=password]").count() == 0
        assert await agent.page.get_attribute("#top", "data-tone") == "unknown"
        assert await agent.station("mx") == "green"
        assert await agent.station("sign_in") == "not_possible"
        assert "お尋ねにならないでください" in await agent.text("[data-station=sign_in]")
        for place in ("#say", "#who", "#call-back", "#handset-text", "#next"):
            assert await agent.text(place) not in ("", "…")
        assert await agent.page.locator("#call-back strong").count() == 1  # a time to call back


async def test_what_is_ticked_changes_the_verdict_at_once(browser: Browser, console: Console) -> None:
    async with window(browser, console) as agent:
        await agent.page.goto(console.url)
        await agent.check(console.address("never-was"))
        before = await agent.text("#top-title")
        probes = len(console.calls.whole)
        await agent.page.click("[data-value=spelling_confirmed]")
        await agent.page.click("[data-value='contract=active']")
        await agent.page.wait_for_function("(was) => document.querySelector('#top-title').innerText !== was", arg=before)
        assert await agent.page.get_attribute("[data-value=spelling_confirmed]", "aria-pressed") == "true"
        assert await agent.page.is_hidden("#revised")  # it is his own doing, and no news
        await agent.page.click("[data-value='contract=active']")
        await agent.becomes("#top-title", before)
        assert len(console.calls.whole) == probes
        assert agent.complaints == []


async def test_what_the_carriers_own_systems_say_is_no_word_of_the_callers(browser: Browser, console: Console) -> None:
    carriers = console.house.config.carriers
    before, held = carriers["mobile"], '{"contract": "active", "in_mx_map": false, "in_imap_directory": false}'
    asked = Lookup(command=(sys.executable, "-c", f"print({held!r})", "{address}"), within=20.0, title="Subscriber database")
    carriers["mobile"] = dataclasses.replace(before, lookup=asked)
    try:
        async with window(browser, console, locale="en-US") as agent:
            await agent.page.goto(console.url)
            await agent.check(console.address("never-was"))
            active = "[data-value='contract=active']"
            await agent.page.wait_for_selector(f"{active}.measured")
            assert await agent.page.get_attribute(active, "title") == "from the carrier's own systems"
            assert await agent.page.get_attribute(active, "aria-pressed") == "false"
            assert await agent.text("#top-title") == "Receiving side has no record of the address"  # and not: spell it again
            await agent.page.click("#proof summary")
            proof = await agent.text("#proof-rows")
            assert "Measured by Subscriber database, " in proof
            assert "in_mx_map=no" in proof
            await agent.page.click("[data-value='contract=closed']")  # the caller says otherwise
            await agent.becomes("#top-text", "what was told of the contract")
            assert await agent.page.get_attribute(active, "title") == "from the carrier's own systems"
            assert agent.complaints == []
    finally:
        carriers["mobile"] = before


async def test_our_own_trouble_is_never_the_customers(browser: Browser, console: Console) -> None:
    """A carrier that refuses us: unknown, with a sentence, an owner and a time; no reset."""
    async with window(browser, console, locale="en-US") as agent:
        await agent.page.goto(console.url)
        await agent.check(console.address("unseen", "strict"))
        assert await agent.page.get_attribute("#top", "data-tone") == "unknown"
        assert "do not reset" in (await agent.text("#say")).lower()
        assert await agent.text("#who") != ""
        assert await agent.page.get_attribute("#handset", "data-steps") == "none"


# while a mail is under way, nothing is settled that a ticket could tell
UNSETTLED = (
    "() => document.querySelector('[data-station=delivery][data-state=running]') && document.querySelector('#copy:disabled')"
)
# an agent who comes back to the page sees what is: by itself it looks every four seconds, and might miss three of them
COMES_BACK = """(selector) => {
  document.dispatchEvent(new Event('visibilitychange'));
  return document.querySelector(selector);
}"""


async def test_a_mail_that_takes_its_time_is_waited_for(browser: Browser, console: Console) -> None:
    async with window(browser, console, name="slow") as agent, window(browser, console, name="slow") as other:
        await other.page.goto(f"{console.url}/checks")
        await agent.page.goto(console.url)
        await agent.page.keyboard.type(console.address("slow-post"))
        async with asyncio.TaskGroup() as group:  # three seconds are soon over: both look from the beginning
            group.create_task(other.page.wait_for_function(COMES_BACK, arg="#mine-pending:not([hidden]) .row-check", polling=250))
            group.create_task(agent.page.wait_for_function(UNSETTLED))
            await agent.page.keyboard.press("Enter")
        await agent.settled()
        assert await agent.station("delivery") == "green", await agent.text("[data-station=delivery]")
        await other.page.wait_for_selector("#mine-done .row-check")


async def test_a_late_bounce_reaches_the_page_and_my_checks(browser: Browser, console: Console) -> None:
    """Accepted at the door, unknown behind it: what was said first is not what holds."""
    async with window(browser, console, name="late") as agent, window(browser, console, name="late") as other:
        await agent.page.goto(console.url)
        await agent.page.fill("#ticket", "T-9")
        await agent.page.focus("#address")
        await agent.check(console.address("nobody-behind", "catchall"))
        before = await agent.text("#say")
        await agent.page.keyboard.press("t")
        await agent.page.check("#canary-agreed")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_selector("#canary-number:not([hidden])")
        assert len(await agent.text("#canary-digits")) == 4
        await other.page.goto(f"{console.url}/checks")
        await agent.page.wait_for_function("(was) => document.querySelector('#say').innerText !== was", arg=before)
        await agent.page.wait_for_selector("#revised:not([hidden])")
        await agent.settled()
        assert await agent.station("delivery") == "red"
        assert await agent.text("#revised .new dd") == await agent.text("#say")
        await other.page.wait_for_selector("#mine-changed .row-check")
        assert await other.text("#mine-changed .new dd") == await agent.text("#say")
        assert await other.text("#mine-changed .old dd") == before
        await other.page.wait_for_selector("#changed-count:not([hidden])")


async def test_where_consent_is_wanted_it_is_ticked_first(browser: Browser) -> None:
    async with console_on_the_demo("everybody") as console, window(browser, console, name="asks") as agent:
        await agent.page.goto(console.url)
        await agent.page.keyboard.type(console.address("never-was"))
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_selector("#agreed:focus")
        assert await agent.page.is_hidden("#case")
        await agent.page.keyboard.press("Space")
        await agent.page.keyboard.press("Enter")
        await agent.settled()
        assert [why for _, what, _, why in console.notes.rows if what == "check"] == ["customer_call; consent: stated"]
        await agent.page.keyboard.press("n")
        assert not await agent.page.is_checked("#agreed")  # each customer is asked for himself
        assert agent.complaints == []


RETURNED = """From: MAILER-DAEMON@sender.example
To: friend@sender.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.sender.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.7.23
Diagnostic-Code: smtp; 550 5.7.23 <b>SPF</b> check failed

--b--
"""


async def test_a_returned_mail_heard_as_a_file_and_one_that_is_none(browser: Browser, console: Console, tmp_path: Path) -> None:
    address = console.address("no-secret")
    file = tmp_path / "returned.eml"
    file.write_text(RETURNED.format(address=address))
    async with window(browser, console, name="bounced") as agent:
        await agent.page.goto(console.url)
        await agent.check(address)
        before = await agent.text("#top-title")
        await agent.page.click("#bounce-open")
        await agent.page.check("#heard input[value='550']", force=True)
        await agent.page.fill("#heard-other", "5.7.23 SPF check failed")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_selector("#bounce", state="hidden")
        heard = await agent.text("#top-title")
        assert heard != before
        assert await agent.text("#top-sure") != "確か"  # what was read out over the phone is never sure
        assert "差出人の証明が足りない" in await agent.text("#beside-list")
        await agent.page.click("#bounce-open")
        await agent.page.set_input_files("#bounce-file", file)
        await agent.page.wait_for_selector("#bounce", state="hidden")
        assert await agent.text("#top-title") == heard
        await agent.page.click("#bounce-open")
        await agent.page.fill("#bounce-text", "good morning")
        await agent.page.click("#bounce-form button")
        await agent.page.wait_for_selector("#notice:not([hidden])")
        assert await agent.text("#top-title") == heard


async def test_a_repair_is_verified_with_before_and_after(browser: Browser, console: Console) -> None:
    mobile = console.demo.states["mobile"]
    async with window(browser, console) as agent:
        await agent.page.goto(console.url)
        await agent.check(console.address("half-known"))
        assert await agent.station("mx") == "red"
        mobile.put(Mailbox("half-known", password=mobile.mailboxes["half-known"].password))
        await agent.page.click("#verify")
        await agent.page.wait_for_selector("#repair:not([hidden])")
        await agent.settled()
        await agent.page.wait_for_selector("#repair td[data-state=green]")
        assert await agent.station("mx") == "green"
        await agent.page.click("#watch-open")
        await agent.page.fill("#watch-reason", "T-1")
        await agent.page.click("#watch-form button")
        await agent.page.wait_for_selector("#watch-stop:not([hidden])")
        await agent.page.click("#watch-stop")
        await agent.page.wait_for_selector("#watch-form:not([hidden])")
        await agent.page.click("#keep-open")
        await agent.page.fill("#keep-ticket", "T-1")
        await agent.page.keyboard.press("Enter")
        await agent.becomes("#kept", "T-1")
        await agent.page.click("#proof summary")
        await agent.page.fill("#wrong-cause", "it was another house's filter")
        await agent.page.keyboard.press("Enter")
        await agent.page.wait_for_function("() => document.querySelector('#wrong-cause').value === ''")


async def test_a_link_from_another_program_leaves_no_trace_in_the_address_bar(browser: Browser, console: Console) -> None:
    address = console.address("healthy")
    async with window(browser, console) as agent:
        await agent.page.goto(f"{console.url}/#a={quote(address)}&ref=T-77")
        assert agent.page.url == f"{console.url}/"
        assert await agent.page.input_value("#address") == address
        assert await agent.page.input_value("#ticket") == "T-77"
        await agent.page.evaluate("(to) => { location.hash = to }", f"a={quote(address)}&ref=T-78")
        await agent.page.wait_for_function("() => document.querySelector('#ticket').value === 'T-78'")
        assert agent.page.url == f"{console.url}/"
        assert await agent.page.evaluate("history.length") <= 3
        await agent.page.wait_for_selector("#proposal .address")
        assert await agent.page.is_hidden("#case")  # a link never asks a server anything by itself
        assert address not in await agent.page.title()
        nowhere_in_urls([one for one in agent.asked if "#" not in one], address)


async def test_a_card_is_shown_once_its_use_is_on_record(browser: Browser, console: Console) -> None:
    async with window(browser, console) as agent:
        await agent.page.goto(console.url)
        await agent.page.click("[data-card=legal]")
        await agent.page.wait_for_selector("#card[open]")
        assert ("sato", "card", "", "legal") in console.notes.rows
        assert "公表しております窓口" in await agent.text("#card-say")
        await agent.page.keyboard.press("Escape")
        console.notes.broken = True
        try:
            await agent.page.click("[data-card=pc]")
            await agent.page.wait_for_selector("#notice:not([hidden])")
            assert await agent.page.locator("#card[open]").count() == 0
        finally:
            console.notes.broken = False


async def test_the_first_load_is_small_and_asks_nobody_else(browser: Browser, console: Console) -> None:
    async with window(browser, console) as agent:
        session = await agent.page.context.new_cdp_session(agent.page)
        await session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        await agent.page.goto(console.url, wait_until="networkidle")
        assert 5_000 < sum(sizes) < 100_000
        assert all(one.startswith(console.url) for one in agent.asked)


ASK = """async ([method, path, body]) => {
  const headers = {'content-type': 'application/json'};
  const answer = await fetch(path, {method, headers, body: body ? JSON.stringify(body) : undefined});
  return [answer.status, await answer.json()];
}"""


async def test_an_incident_is_seen_by_the_next_agent_before_he_types(browser: Browser, console: Console) -> None:
    async with (
        window(browser, console, name="chief", role=Role.SUPERVISOR) as chief,
        window(browser, console, name="second") as agent,
    ):
        await chief.page.goto(console.url)
        told = {"carrier": "outage", "text": "ただいまメールボックスを開けません。", "owner": "設備の担当"}
        status, made = await chief.page.evaluate(ASK, ["POST", "/api/v1/incidents", told])
        assert status == 201
        await agent.page.goto(console.url)
        await agent.page.wait_for_selector("#incidents .incident")
        assert told["text"] in await agent.text("#incidents")
        assert told["owner"] in await agent.text("#incidents")
        status, _ = await chief.page.evaluate(ASK, ["POST", f"/api/v1/incidents/{made['number']}/resolve", {}])
        assert status == 200
        await agent.page.reload()
        await agent.page.wait_for_selector("#cards:not([hidden])")
        assert await agent.page.is_hidden("#incidents")


async def test_an_agent_who_reads_the_other_language_is_shown_the_text_that_there_is_marked_as_such(
    browser: Browser, console: Console
) -> None:
    said = "ただいまメールの受信が遅れています。"
    async with (
        window(browser, console, name="chief", role=Role.SUPERVISOR) as chief,
        window(browser, console, name="second", locale="en-US") as agent,
    ):
        await chief.page.goto(console.url)
        status, made = await chief.page.evaluate(ASK, ["POST", "/api/v1/incidents", {"carrier": "outage", "text_ja": said}])
        assert status == 201
        await agent.page.goto(console.url)
        for place in ("#incidents .incident-say", "#services [lang=ja]"):
            await agent.page.wait_for_selector(place)
            assert await agent.text(place) == said
            assert await agent.page.get_attribute(place, "lang") == "ja"
        await agent.check(console.address("locked-out", "outage"))
        assert await agent.text("#known-before [lang=ja]") == said
        tokyo = datetime.fromisoformat(made["opened_at"]).astimezone(ZoneInfo("Asia/Tokyo"))  # the browser's zone
        for place in ("#services time", "#known-before time"):
            assert await agent.page.get_attribute(place, "datetime") == made["opened_at"]
            assert await agent.text(place) == f"{tokyo:%H:%M}"
        both = {"text_ja": said, "text_en": "Mail comes late at present."}
        await chief.page.evaluate(ASK, ["POST", f"/api/v1/incidents/{made['number']}/text", both])
        await agent.page.reload()
        await agent.becomes("#incidents .incident-say", both["text_en"])
        assert await agent.page.get_attribute("#incidents .incident-say", "lang") == "en"
        assert await agent.page.locator("#services [lang=ja]").count() == 0
        await chief.page.evaluate(ASK, ["POST", f"/api/v1/incidents/{made['number']}/resolve", {}])
        assert agent.complaints == []


async def test_one_customer_who_calls_ten_times_is_no_outage_and_three_customers_may_be_one(browser: Browser) -> None:
    """Although a known good mailbox fails as well."""
    async with console_on_the_demo() as console, window(browser, console, name="often") as agent:
        console.controls["mobile"] = ControlSeen(good=False, at=time.time(), since=time.time())
        await agent.page.goto(console.url)

        async def called(local: str, number: int) -> None:
            asked = {"address": console.address(local), "reason": "customer_call", "ticket": f"T-{number}"}
            status, begun = await agent.page.evaluate(ASK, ["POST", "/api/v1/checks", asked])
            assert status == 201
            await ended(agent.page, begun["id"])

        async def known() -> list[str]:
            _, told = await agent.page.evaluate(ASK, ["GET", "/api/v1/incidents?open=1", None])
            return [f"{one['carrier']} {one['state']}" for one in told["incidents"]]

        for number in range(10):
            await called("no-secret-lost", number)
        assert await known() == []
        await called("lost-untold", 10)
        await called("half-known", 11)
        await agent.page.wait_for_selector("#incidents .incident", timeout=60_000)
        assert await known() == ["mobile suspected"]


async def ended(page: Page, which: str) -> None:
    while (await page.evaluate(ASK, ["GET", f"/api/v1/checks/{which}", None]))[1]["state"] == "running":
        await page.wait_for_timeout(100)
