"""What a carrier's own systems know of one mailbox: asked read-only, before or beside a check. [carriers.X.lookup] says how.

answer.py   the JSON that comes back, read; recording.py as evidence
https.py    asked over HTTPS; command.py: asked of a program of the house, without a shell

Whoever asks notes it in the trail before. An answer that does not come in time, or is none, is "not known", and no fact.
"""

from __future__ import annotations

from mailprobe.carriers import Lookup
from mailprobe.config import Account
from mailprobe.lookup.answer import Answer, Unanswered, read_answer
from mailprobe.lookup.recording import PROBE, recorded

__all__ = ["PROBE", "Answer", "Unanswered", "look_up", "read_answer", "recorded"]


async def look_up(lookup: Lookup, account: Account) -> Answer | Unanswered:
    """Ask once. Ends within `lookup.within` seconds, and never raises for what the other side does."""
    if lookup.command:
        from mailprobe.lookup.command import ask_command

        return await ask_command(lookup, account)
    from mailprobe.lookup.https import ask_https

    return await ask_https(lookup, account)
