"""One file per question. A probe is one function: `async def probe(target, reach, note) -> None`.

`note(fact)` is called the moment something is learnt, so that facts survive a time-out and the last one names the stage
that hung. The caller owns the one deadline and the one broad `except`; a probe never retries.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailprobe.canary import Record
from mailprobe.carriers import Carrier, Endpoint
from mailprobe.config import Account, Prober
from mailprobe.evidence import As, Fact, Of, Replied, Returned, Stage, Withheld
from mailprobe.net.connecting import Net
from mailprobe.net.resolver import Resolver

Note = Callable[[Fact], None]


class SignInEnd(StrEnum):
    """How T's IMAP sign-in ended, for the submission leg of the chain."""

    OPENED = "opened"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # not tried, or the dialogue broke: no further login is spent
    SERVER_FAILED = "server_failed"  # the server says that it cannot: nothing was learnt, nothing was spent
    NOT_RUN = "not_run"  # the imap probe is not part of this run


class Chain(Protocol):
    """Sign-in is a chain, not a race: the imap probe tells its end, the submission probe waits for it."""

    def imap_ended(self, end: SignInEnd) -> None: ...
    async def imap_end(self) -> SignInEnd: ...


@dataclass(frozen=True, slots=True)
class Granted:
    """A refusal is reserved in the store; whoever was granted it says how the login ended, or it stays spent."""

    key: int


@dataclass(frozen=True, slots=True)
class Denied:
    """The login must not be spent now. not_before and last_at: Unix seconds."""

    why: Withheld
    not_before: float | None = None
    last_at: float | None = None
    last_words: str = ""


class SignInBudget(Protocol):
    """The login budget, shared by all processes. `user` and `host` make the key; `secret` is only fingerprinted.
    `stage` is LOGIN for IMAP and AUTH for the submission leg, which alone may resend a secret that IMAP just refused.
    Every grant ends in one of four ways: `opened`; `give_back` (answered, but not about the secret); `unanswered` (the server
    was gone first); `refused`. A login that hangs or whose process dies says nothing, and is spent."""

    async def reserve(self, user: str, host: str, secret: str, stage: Stage = Stage.LOGIN) -> Granted | Denied: ...
    async def opened(self, grant: Granted) -> None: ...
    async def give_back(self, grant: Granted) -> None: ...
    async def unanswered(self, grant: Granted) -> None: ...
    async def refused(self, grant: Granted, words: str) -> None: ...
    async def control_good_at(self, user: str, host: str) -> float | None: ...
    async def control_good(self, user: str, host: str) -> None: ...


class Masters(Protocol):
    """Master users: one that is refused is stopped at once, for all accounts, until a known good account proves it again."""

    async def may_use(self, name: str, host: str) -> Granted | Denied: ...
    async def in_doubt(self, name: str, host: str) -> bool: ...
    async def refused(self, name: str, host: str, grant: Granted, words: str) -> None: ...
    async def give_back(self, grant: Granted) -> None: ...
    async def proved(self, name: str, host: str) -> None: ...


class Manners(Protocol):
    """Politeness at MX hosts. `session` waits for a place or says no; `may_ask` guards the gap between RCPTs of one address.
    `remembered` is the last answer while it counts (D 24 h, L 10 min, T as long as the gap): `cached_at` is set, `at` is 0.
    `last_said` is the last answer however old, to be told beside the reason why nothing is asked now."""

    async def session(self, host: str) -> Denied | None: ...
    def leave(self, host: str) -> None: ...
    async def may_ask(self, of: Of, address: str, host: str) -> Denied | None: ...
    async def asked(self, of: Of, address: str, host: str) -> None: ...
    async def remembered(self, of: Of, address: str, host: str) -> Replied | None: ...
    async def last_said(self, of: Of, address: str, host: str) -> Replied | None: ...
    async def remember(self, of: Of, address: str, host: str, reply: Replied) -> None: ...


class Approaches(Protocol):
    """Whether a server (`host:port`) may be visited at all. One that is in trouble, or has asked us to wait, is left alone."""

    async def may_visit(self, server: str) -> Denied | None: ...


class Signs(Protocol):
    """The signed sender of a mailbox's test mails (a local part), and the stamp of each."""

    def sender(self, subject: str, now: float) -> str: ...
    def stamp(self, canary: str) -> str: ...
    def read_stamp(self, text: str) -> str | None: ...


class Journal(Protocol):
    """The records of test mails. Every method returns only when what it did is durable.

    `plan` writes a new record down if the limits allow it (one alive per mailbox, the carrier's gap), else says why not.
    `step` is the compare-and-set: it writes `after` if the record still is in the state of `before`, and says whether it was.
    """

    def subject_of(self, address: str) -> str: ...
    async def plan(self, record: Record) -> Record | Denied: ...
    async def step(self, before: Record, after: Record) -> bool: ...
    async def open_ones(self, subject: str) -> tuple[Record, ...]: ...
    async def last(self, subject: str) -> Record | None: ...
    async def returns(self, subject: str, since: float) -> tuple[Returned, ...]: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """What a probe may touch."""

    net: Net
    resolver: Resolver
    clock: Callable[[], float]  # monotonic seconds
    wall: Callable[[], float]  # Unix seconds
    budget: SignInBudget
    manners: Manners
    chain: Chain
    pipelining: bool = False
    journal: Journal | None = None  # without one no test mail is sent
    signs: Signs | None = None
    approaches: Approaches | None = None  # without them every server may be visited
    masters: Masters | None = None  # without them a master user is an account like any other

    async def kept_away(self, server: str) -> Denied | None:
        """Why this server is not visited now, if so."""
        return await self.approaches.may_visit(server) if self.approaches is not None else None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a probe asks about, with everything from the configuration that it needs."""

    account: Account
    carrier: Carrier
    prober: Prober
    consent: str = ""  # to a test mail, for a mailbox that is not enrolled: who agreed, in the agent's words
    sends: bool = True  # a test mail may be sent; else only looked for


Probe = Callable[[Target, Reach, Note], Awaitable[None]]

__all__ = [
    "Approaches",
    "As",
    "Chain",
    "Denied",
    "Endpoint",
    "Granted",
    "Journal",
    "Manners",
    "Masters",
    "Note",
    "Probe",
    "Reach",
    "SignInBudget",
    "SignInEnd",
    "Signs",
    "Target",
]
