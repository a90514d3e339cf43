"""The practice calls promise what the demo's own table promises; tests/e2e/test_demo_guide.py shows that the servers keep it."""

from __future__ import annotations

import pytest

from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.guide import CALLS, Call
from mailprobe.demo.mailboxes import SCENARIOS

MEANT = {one.local: one for one in (*SCENARIOS, *DELIVERIES)}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.mailbox)
def test_a_call_is_about_a_mailbox_of_the_demo(call: Call) -> None:
    meant = MEANT[call.mailbox]
    assert set(call.told) <= set(meant.told)
