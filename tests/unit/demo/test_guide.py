"""The practice calls promise what the demo's own table promises; that the servers keep it, `demo --once` shows."""

from __future__ import annotations

import pytest

from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.guide import CALLS, Call, lines
from mailprobe.demo.house import open_demo
from mailprobe.demo.mailboxes import SCENARIOS

MEANT = {one.local: one for one in (*SCENARIOS, *DELIVERIES)}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.mailbox)
def test_a_call_is_about_a_mailbox_of_the_demo(call: Call) -> None:
    meant = MEANT[call.mailbox]
    assert (call.carrier, call.code, call.status) == (meant.carrier, meant.code, meant.status)
    assert set(call.told) <= set(meant.told)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_each_call_says_what_to_type_and_what_to_say(language: str) -> None:
    async with open_demo(()) as demo:
        text = "\n".join(lines(language, dict(demo.config.carriers)))
        for call in CALLS:
            assert call.address in text
            assert call.says(language) in text
            assert call.expected(language, demo.config.carriers[call.carrier]) in text
