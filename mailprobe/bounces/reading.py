"""Reading what came back beside a running event loop: in a thread, one at a time, and never longer than its budget."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from mailprobe.wire.returned import UNPARSED, Mail, read_returned

BUDGET = 0.25  # seconds of one mail


class Reader:
    """Reads returned mails off the event loop. `close` it when the loop ends.

    The parser bounds itself by bytes, lines, parts and depth; the budget is what the caller waits at most once its turn has
    come. Over it the mail is `Kind.UNPARSED`: nothing is known of it, and nothing is concluded. What still runs then ends
    by the parser's own bounds.
    """

    def __init__(self, budget: float = BUDGET) -> None:
        self.budget = budget
        self._turn = asyncio.Semaphore(1)
        self._thread = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bounce")

    async def understand(self, raw: bytes) -> Mail:
        """What came back; UNPARSED if that took too long."""
        async with self._turn:
            reading = asyncio.get_running_loop().run_in_executor(self._thread, _within, raw, time.monotonic() + self.budget)
            done, _ = await asyncio.wait({reading}, timeout=self.budget)
            return reading.result() if done else UNPARSED

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _within(raw: bytes, until: float) -> Mail:
    """Not begun at all if both threads were busy with hostile mails for the whole budget: nobody waits for it any more."""
    return UNPARSED if time.monotonic() > until else read_returned(raw)
