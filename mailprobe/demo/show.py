"""`mailprobe demo --once`: every ill mailbox checked as an operator would check it, and one table of what came out."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from rich.table import Table
from rich.text import Text

from mailprobe.check import run_loop
from mailprobe.daemon import House, Listener, Question, open_house
from mailprobe.demo.house import Case, Demo, open_demo
from mailprobe.report import Check, check_json
from mailprobe.terminal import STATUS_COLOUR, STATUS_SIGN, console, language_or_default
from mailprobe.verdict.labels import desk, label
from mailprobe.verdict.observed import parse
from mailprobe.verdict.wording import say

AT_ONCE = 8
WITHIN = 20.0
WIDE = 130  # columns: four short columns read best on one line each
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
        out.print(table(demo, checks, language))
        out.print(label("heading", "demo_sum", language).format(all=len(checks), wrong=len(wrong), took=time.monotonic() - began))
    for case in wrong:
        print(f"not as intended: {case.scenario.local}, meant {case.scenario.code.value}", file=sys.stderr)
    return DIFFERENT if wrong else 0


async def check_all() -> tuple[Demo, tuple[Check, ...]]:
    """Start the carrier, check its mailboxes a few at a time, stop it."""
    async with open_demo() as demo, open_house(demo.config) as house:
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(check_one(house, case, places)) for case in demo.cases]
        return demo, tuple(task.result() for task in tasks)


async def check_one(house: House, case: Case, places: asyncio.Semaphore) -> Check:
    async with places:
        told = parse(case.told, now=time.time())
        return await house.check(Question(case.account, told, case.told, within=WITHIN), Listener())


def as_intended(case: Case, check: Check) -> bool:
    meant, verdict = case.scenario, check.verdict
    sure = meant.confidence in (None, verdict.confidence)
    noted = {note.code for note in verdict.notes} >= set(meant.notes)
    return (verdict.code, verdict.status) == (meant.code, meant.status) and sure and noted


def carrier_of(demo: Demo, check: Check) -> str:
    return next(case.account.carrier for case in demo.cases if case.account.id == check.account)


def table(demo: Demo, checks: tuple[Check, ...], language: str) -> Table:
    """A row a mailbox: what is true of it, what mailprobe says, who must act."""
    rows = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for name in ("demo_mailbox", "demo_state", "demo_verdict", "who"):
        rows.add_column(label("heading", name, language), overflow="fold", no_wrap=name == "demo_mailbox")
    for case, check in zip(demo.cases, checks, strict=True):
        verdict = check.verdict
        sign = Text(f"{STATUS_SIGN[verdict.status]} ", STATUS_COLOUR[verdict.status])
        told = f" ({', '.join(word.partition('=')[0] for word in case.told)})" if case.told else ""
        state = case.scenario.title_ja if language == "ja" else case.scenario.title_en
        sure = label("confidence", verdict.confidence.value, language)
        meant = "" if as_intended(case, check) else f"  ≠ {case.scenario.code.value}"
        answer = sign.append(f"{verdict.code.value} · {sure}{meant}", "")
        rows.add_row(case.scenario.local, state + told, answer, desk(verdict.actor, language))
    return rows
