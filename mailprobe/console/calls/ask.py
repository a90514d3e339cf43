"""A check as an operator asks for it, and what he tells, in the forms that the house takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailprobe.carriers import Relation
from mailprobe.config import Account, Config, Problem
from mailprobe.console.calls.refusing import refused
from mailprobe.console.calls.typed import propose
from mailprobe.question import Question
from mailprobe.verdict.observed import Observations, ObservedError, parse
from mailprobe.wire.returned import read_returned

CODE = re.compile(r"[245]\d\d|[245]\.\d{1,3}\.\d{1,3}")  # a reply code, or an enhanced one (RFC 3463)


@dataclass(frozen=True, slots=True)
class Ask:
    """A check as an operator asks for it. observed, bounce: as told; consent: who agreed to it, or to a test mail."""

    address: str
    reason: str = ""
    ticket: str = ""
    observed: tuple[str, ...] = ()
    bounce: str = ""
    canary: bool = False
    consent: str = ""
    only: tuple[str, ...] = ()


def with_heard(question: Question, heard: Sequence[str]) -> Question:
    """The question with what was read out of a bounce, as if it were one."""
    return replace(question, bounces=(*question.bounces, reply_of(heard))) if heard else question


def reply_of(fragments: Sequence[str]) -> bytes:
    """As the line of a server: the numbers first, whatever order they were read in. Few callers read out a number; words alone
    are read as those of a refusal."""
    codes = [one for one in fragments if CODE.fullmatch(one)]
    words = [one for one in fragments if not CODE.fullmatch(one)]
    line = " ".join((*sorted(codes, key=len), *words)).encode("utf-8", "replace")
    if read_returned(line).failures:
        return line
    return (b"450 " if line.startswith(b"4.") else b"550 ") + line


def as_meant(word: str) -> str:
    """What is typed behind a word, as it was meant: an address out of its brackets, digits of an input method."""
    key, sign, value = word.partition("=")
    if key == "old_address":
        return f"{key}{sign}{propose(value).text}"
    return unicodedata.normalize("NFKC", word) if key.startswith("canary") else word


def read_told(observed: tuple[str, ...], now: float) -> Observations:
    """Raises Refused (422)."""
    try:
        return parse(observed, now=now)
    except ObservedError as error:
        raise refused(422, error.problems[0]) from None


def needs_consent(config: Config, account: Account) -> bool:
    """Whether the customer is to be asked before anybody looks at his mailbox. Who is enrolled was."""
    if account.enrolled or config.console.consent == "nobody":
        return False
    return config.console.consent == "everybody" or config.carriers[account.carrier].relation is Relation.FOREIGN


def consent_of(ask: Ask, owner: str) -> str:
    """Who agreed to a test mail, as it is written down."""
    return f"{ask.consent.strip() or 'stated'} ({owner})" if ask.canary else ""


def guard(problem: Problem) -> Problem:
    """The guard's word, with what lifts it here: a ticket, or a supervisor."""
    if problem.code != "MP1901":
        return problem
    return Problem(problem.code, "ticket", problem.what, "name the call's ticket, or ask a supervisor to release the guard")
