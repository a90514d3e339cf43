"""Who no longer may look is sent nothing more."""

from __future__ import annotations

from mailprobe.console.calls.looking import Desk
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.streaming import RETRY, stream
from tests.unit.console.calls.given import call_of, calls_for
from tests.unit.given import account, carrier


async def test_a_stream_breaks_off_when_the_session_has_ended() -> None:
    calls = calls_for(carrier())
    call = call_of(account(), carrier())
    calls.whole[call.id] = call
    asked = [True, True, False]

    async def still_in() -> bool:
        return asked.pop(0)

    sent = [one async for one in stream(Desk(calls, Post(calls)), call.id, "en", 0.0, still_in)]
    assert sent[0] == RETRY
    assert asked == []
    assert b"event: view" in sent[1]
    assert not any(b"event: end" in one for one in sent)
