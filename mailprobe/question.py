"""What a live check is asked, and who looks on while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailprobe.config import Account
from mailprobe.evidence import Evidence, Fact
from mailprobe.verdict import Verdict
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Picture


@dataclass(frozen=True, slots=True)
class Question:
    """One live check. bounces: raw bytes of what came back to somebody who wrote to the account; within: seconds per leg;
    canary: send a test mail; consent: who agreed to it, for a mailbox that is not enrolled. operator, ticket: who asks, and on
    whose behalf; without an operator no guard on strangers counts the question."""

    account: Account
    told: Observations
    observed: tuple[str, ...] = ()
    bounces: tuple[bytes, ...] = ()
    only: tuple[str, ...] = ()
    within: float = 30.0
    canary: bool = False
    consent: str = ""
    operator: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who looks on: a fact of a leg, the end of a leg with the picture so far, the headline once nothing can overturn it."""

    learnt: Callable[[str, Fact], None] = lambda leg, fact: None
    ended: Callable[[Evidence, Picture], None] = lambda evidence, picture: None
    headline: Callable[[Verdict], None] = lambda verdict: None
