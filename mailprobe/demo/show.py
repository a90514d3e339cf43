"""`mailprobe demo --once`: every ill mailbox checked as an operator would check it, and one table of what came out."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import AsyncIterator

from rich.table import Table
from rich.text import Text

from mailprobe.check import run_loop
from mailprobe.daemon import House, open_house
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.history import earlier_mails
from mailprobe.demo.house import Case, Demo, open_demo
from mailprobe.demo.mailboxes import SCENARIOS
from mailprobe.question import Listener, Question
from mailprobe.report import Check, check_json
from mailprobe.serve import at_work
from mailprobe.terminal import STATUS_COLOUR, STATUS_SIGN, console, language_or_default
from mailprobe.verdict.labels import desk, label
from mailprobe.verdict.observed import parse
from mailprobe.verdict.wording import say

AT_ONCE = 8
WITHIN = 20.0
AWHILE = 6.0  # for a mail that will never come
AT_FIRST = 2.0  # for a check that is to end before the mail has come
WIDE = 130  # columns: four short columns read best on one line each
ROOMY = 100  # columns in which a code and how sure it is fit on one line
DIFFERENT = 1


def show(*, as_json: bool, language: str) -> int:
    """Check all, print the table (or one JSON object a line); 0 if every verdict is the one its state should give."""
    language = language_or_default(language)
    began = time.monotonic()
    demo, checks = run_loop(check_all())
    wrong = [case for case, check in zip(demo.cases, checks, strict=True) if not as_intended(case, check)]
    if as_json:
        for check in checks:
            spoken = say(check.verdict, language, carrier=demo.config.carriers[carrier_of(demo, check)])
            print(json.dumps(check_json(check, spoken), ensure_ascii=False))
    else:
        out = console(WIDE)
        out.print(table(demo, checks, language, out.width))
        out.print(label("heading", "demo_sum", language).format(all=len(checks), wrong=len(wrong), took=time.monotonic() - began))
    for case in wrong:
        print(f"not as intended: {case.scenario.local}, meant {case.scenario.code.value}", file=sys.stderr)
    return DIFFERENT if wrong else 0


async def check_all() -> tuple[Demo, tuple[Check, ...]]:
    """Start the carrier, check its mailboxes a few at a time, stop it."""
    async with open_demo((*SCENARIOS, *DELIVERIES)) as demo, post_house(demo) as house:
        places = asyncio.Semaphore(AT_ONCE)
        # what was sent hours ago is looked for last: then nobody else is sending to the control, which it is compared with
        done: dict[str, Check] = {}
        for old in (False, True):
            async with asyncio.TaskGroup() as group:
                of_this_age = [case for case in demo.cases if bool(case.scenario.sent_ago) is old]
                tasks = {case.account.id: group.create_task(check_one(house, case, places)) for case in of_this_age}
            done |= {account: task.result() for account, task in tasks.items()}
        return demo, tuple(done[case.account.id] for case in demo.cases)


@contextlib.asynccontextmanager
async def post_house(demo: Demo) -> AsyncIterator[House]:
    """A house that receives the demo's bounces, and remembers what the demo says was sent before."""
    async with open_house(dataclasses.replace(demo.config, bounces_listen="127.0.0.1:0")) as house:
        if house.signs is None:
            raise RuntimeError("the demo's configuration signs no senders")
        for case in demo.cases:
            for record in earlier_mails(demo, case, house.store.canaries.subject_of, house.signs, time.time()):
                await house.store.canaries.plan(record, lambda past: None)
        async with at_work(house, house.signs) as receiver:
            if receiver is not None:
                demo.send_back_to(*receiver.listening[0])
            yield house


async def check_one(house: House, case: Case, places: asyncio.Semaphore) -> Check:
    """One check, or two where a mail takes its time: what the first one had to say is judged as well."""
    meant = case.scenario
    async with places:
        if meant.first is None:
            return await house.check(question(case, WITHIN if not meant.sent_ago else AWHILE), Listener())
        first = await house.check(question(case, AT_FIRST if is_slow(case) else WITHIN), Listener())
        await asyncio.sleep(meant.again_after)
        check = await house.check(question(case, WITHIN), Listener())
        return check if first.verdict.code in (meant.first, meant.code) else first


def is_slow(case: Case) -> bool:
    mailbox = case.scenario.mailbox
    return not isinstance(mailbox, str) and mailbox.delay > 0


def question(case: Case, within: float) -> Question:
    return Question(case.account, parse(case.told, now=time.time()), case.told, within=within)


def as_intended(case: Case, check: Check) -> bool:
    meant, verdict = case.scenario, check.verdict
    sure = meant.confidence in (None, verdict.confidence)
    noted = {note.code for note in verdict.notes} >= set(meant.notes)
    return (verdict.code, verdict.status) == (meant.code, meant.status) and sure and noted


def carrier_of(demo: Demo, check: Check) -> str:
    return next(case.account.carrier for case in demo.cases if case.account.id == check.account)


def table(demo: Demo, checks: tuple[Check, ...], language: str, width: int) -> Table:
    """A row a mailbox: what is true of it, what mailprobe says, who must act. width: columns there are; a code is never cut, so
    that it can be looked up."""
    between = " · " if width >= ROOMY else "\n  "
    rows = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for name in ("demo_mailbox", "demo_state", "demo_verdict", "who"):
        rows.add_column(label("heading", name, language), overflow="fold", no_wrap=name in ("demo_mailbox", "demo_verdict"))
    for case, check in zip(demo.cases, checks, strict=True):
        verdict = check.verdict
        sign = Text(f"{STATUS_SIGN[verdict.status]} ", STATUS_COLOUR[verdict.status])
        told = f" ({', '.join(word.partition('=')[0] for word in case.told)})" if case.told else ""
        state = case.scenario.title_ja if language == "ja" else case.scenario.title_en
        sure = label("confidence", verdict.confidence.value, language)
        meant = "" if as_intended(case, check) else f"  ≠ {case.scenario.code.value}"
        answer = sign.append(f"{verdict.code.value}{between}{sure}{meant}", "")
        rows.add_row(case.scenario.local, state + told, answer, desk(verdict.actor, language))
    return rows
