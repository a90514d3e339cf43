"""Is the world as the configuration says, and what can be proven with it? For `mailprobe config check --online`.

Each file looks at one thing and says Findings; `provable.py` asks the rules themselves which verdicts they can reach. Nothing
here opens a connection: answers and evidence are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """What was looked at, in the order in which it is told."""

    RESOLVERS = "resolvers"
    PORT_25 = "outgoing port 25"
    IDENTITY = "PTR = EHLO = A"
    SPF = "SPF"
    BLOCK_LISTS = "block lists"
    CLOCK = "clock"
    SENDER = "mail_from takes mail"
    BOUNCES = "bounces reach us"
    LIVE = "live control accepted"
    DEAD = "dead control refused"
    LIVE_SIGN_IN = "live control signs in"
    SUBMISSION = "live control may send"
    MASTER = "master user"
    ISSUER = "company's sign-in"


class Result(StrEnum):
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"  # could not be told, or was not asked; `what` says why


@dataclass(frozen=True, slots=True)
class Finding:
    """about: a carrier, a domain or an address of ours. repair: what to do, '' where nothing is to be done."""

    topic: Topic
    about: str
    result: Result
    what: str
    repair: str = ""


def good(topic: Topic, about: str, what: str) -> Finding:
    return Finding(topic, about, Result.GOOD, what)


def bad(topic: Topic, about: str, what: str, repair: str) -> Finding:
    return Finding(topic, about, Result.BAD, what, repair)


def unknown(topic: Topic, about: str, what: str, repair: str = "") -> Finding:
    return Finding(topic, about, Result.UNKNOWN, what, repair)
