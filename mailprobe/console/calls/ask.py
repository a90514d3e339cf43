"""A check as an operator asks for it, and what he tells, in the forms that the house takes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from mailprobe.config import Problem
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.refusing import refused
from mailprobe.question import Question
from mailprobe.verdict.observed import Observations, ObservedError, parse

CODE = re.compile(r"[245]\d\d|[245]\.\d{1,3}\.\d{1,3}")  # a reply code, or an enhanced one (RFC 3463)
NOTHING = Observations()
FIELDS = tuple(one.name for one in fields(Observations))


@dataclass(frozen=True, slots=True)
class Ask:
    """A check as an operator asks for it. observed, bounce: as told; consent: who agreed to a test mail."""

    address: str
    reason: str = ""
    ticket: str = ""
    observed: tuple[str, ...] = ()
    bounce: str = ""
    canary: bool = False
    consent: str = ""
    only: tuple[str, ...] = ()


def with_measured(call: Call) -> Question:
    """The question with what the carrier's own systems say, where the agent says nothing of the same: his word stays, and the
    two are not mixed."""
    ticked = {key_of(word) for word in call.question.observed}
    news = tuple(word for word in call.measured if key_of(word) not in ticked)
    if not news:
        return call.question
    told, measured = call.question.told, parse(news, now=math.inf)  # whether they are of the future was asked when they came
    new = {one: getattr(measured, one) for one in FIELDS if getattr(measured, one) != getattr(NOTHING, one)}
    return replace(call.question, told=replace(told, **new), observed=(*call.question.observed, *news))


def key_of(word: str) -> str:
    return word.partition("=")[0]


def understood(words: Sequence[str], now: float) -> tuple[str, ...]:
    """What the carrier's own systems say, without what cannot be: a time in the future spoils its own word and no other."""
    return tuple(word for word in words if is_understood(word, now))


def is_understood(word: str, now: float) -> bool:
    try:
        parse((word,), now=now)
    except ObservedError:
        return False
    return True


def with_heard(question: Question, heard: Sequence[str]) -> Question:
    """The question with what was read out of a bounce, as if it were one."""
    return replace(question, bounces=(*question.bounces, reply_of(heard))) if heard else question


def reply_of(fragments: Sequence[str]) -> bytes:
    """As the line of a server: the numbers first, whatever order they were read in."""
    codes = [one for one in fragments if CODE.fullmatch(one)]
    words = [one for one in fragments if not CODE.fullmatch(one)]
    return " ".join((*sorted(codes, key=len), *words)).encode("utf-8", "replace")


def read_told(observed: tuple[str, ...], now: float) -> Observations:
    """Raises Refused (422)."""
    try:
        return parse(observed, now=now)
    except ObservedError as error:
        raise refused(422, error.problems[0]) from None


def consent_of(ask: Ask, owner: str) -> str:
    """Who agreed to a test mail, as it is written down."""
    return f"{ask.consent.strip() or 'stated'} ({owner})" if ask.canary else ""


def guard(problem: Problem) -> Problem:
    """The guard's word, with what lifts it here: a ticket, or a supervisor."""
    if problem.code != "MP1901":
        return problem
    return Problem(problem.code, "ticket", problem.what, "name the call's ticket, or ask a supervisor to release the guard")
