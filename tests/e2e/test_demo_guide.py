"""The practice calls of the demo, made: each check ends with the very sentence that the guide promises."""

from __future__ import annotations

import time

from mailprobe.daemon import open_house
from mailprobe.demo.guide import CALLS, lines
from mailprobe.demo.house import open_demo
from mailprobe.demo.mailboxes import SCENARIOS
from mailprobe.question import Listener, Question
from mailprobe.verdict.observed import parse
from mailprobe.verdict.wording import say

CALLED = {call.mailbox for call in CALLS}


async def test_each_call_ends_with_the_promised_sentence() -> None:
    async with open_demo(tuple(one for one in SCENARIOS if one.local in CALLED)) as demo, open_house(demo.config) as house:
        accounts = {case.account.id: case.account for case in demo.cases}
        for call in CALLS:
            told = parse(call.told, now=time.time())
            check = await house.check(Question(accounts[call.mailbox], told, call.told), Listener())
            carrier = demo.config.carriers[call.scenario.carrier]
            for language in ("ja", "en"):
                assert say(check.verdict, language, carrier=carrier).say == call.expected(language, carrier)


async def test_the_guide_says_what_to_type_and_what_to_say() -> None:
    async with open_demo(()) as demo:
        for language in ("ja", "en"):
            text = "\n".join(lines(language, dict(demo.config.carriers)))
            for call in CALLS:
                assert call.address in text
                assert call.says(language) in text
                assert call.expected(language, demo.config.carriers[call.scenario.carrier]) in text
