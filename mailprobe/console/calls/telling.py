"""What the agent tells while he is on the phone: judged anew at once, from the same evidence; nobody is asked anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailprobe.config import Problem
from mailprobe.console.calls.ask import CODE, as_meant, read_told, reply_of
from mailprobe.console.calls.call import Call, Then
from mailprobe.console.calls.refusing import refused
from mailprobe.console.calls.registry import Calls
from mailprobe.replies import ReplyClass
from mailprobe.understood import understand
from mailprobe.wire.returned import read_returned

MOST_BOUNCES = 5
MOST_WORDS = 500  # characters of a fragment


async def observe(calls: Calls, call: Call, words: Sequence[str]) -> None:
    """All that is ticked now; what is left out is no longer told. Raises Refused (422)."""
    meant = tuple(as_meant(one) for one in words)
    told = read_told(meant, calls.rooms.now())
    question = replace(call.question, told=told, observed=meant)
    await calls.check_numbers(question)
    call.question = question
    calls.revise(call, "told")


def show_bounce(calls: Calls, call: Call, text: str) -> None:
    """A mail that came back to somebody who wrote to the customer, as text. Raises Refused (422): nothing came back there."""
    raw = text.encode("utf-8", "replace")
    if not read_returned(raw).failures:
        hint = "paste the whole text of the mail that came back, or the line with the number"
        raise refused(422, Problem("MP2505", "text", "no mail that came back is to be seen in this text", hint))
    if raw not in call.question.bounces:
        call.question = replace(call.question, bounces=(*call.question.bounces, raw)[-MOST_BOUNCES:])
    calls.revise(call, "bounce")


async def keep(calls: Calls, call: Call, ticket: str) -> None:
    """Hold the evidence for a ticket, and the times that are known now: they are what the ticket says for ever. An empty ticket
    lets it go."""
    call.kept, call.then = ticket.strip(), None
    if call.kept:
        past = await calls.remember(call, touch=False)
        call.then = Then(calls.rooms.now(), past.last_good, past.first_bad)
    call.touch()


def hear(calls: Calls, call: Call, fragments: Sequence[str]) -> None:
    """Fragments of such a mail, read out over the phone: at most of medium confidence. An empty list takes them back."""
    said = tuple(one.strip()[:MOST_WORDS] for one in fragments if one.strip())
    if said and not tells(said):
        hint = "the three digits, and the words beside them"
        raise refused(422, Problem("MP2505", "fragments", "these words are no reason for a mail to come back", hint))
    call.heard = said
    calls.revise(call, "heard")


def tells(fragments: Sequence[str]) -> bool:
    """Whether it is a reason at all: a number is one, and words in which a reason is recognised."""
    found = understand(read_returned(reply_of(fragments)).failures)
    if any(CODE.fullmatch(word) for one in fragments for word in one.split()):
        return bool(found)
    return any(one.meaning.cls is not ReplyClass.UNCLASSIFIED for one in found)
