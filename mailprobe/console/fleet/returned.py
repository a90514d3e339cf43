"""What came back to test mails, read: what it says, of whom it speaks, and whose mailbox it was."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from mailprobe.config import Account, Config
from mailprobe.evidence import Returned, ReturnKind
from mailprobe.replies import ReplyClass, SpeaksOf
from mailprobe.replies import read as read_reply
from mailprobe.store.bounces import MAILBOX, Back, Bounces

SLICE = 500  # addresses that are hashed in one go: about a millisecond


@dataclass(frozen=True, slots=True)
class Bounce:
    """One thing that came back. account: '' for a control, or for one that is configured no more; carrier likewise. No address
    stands in the text."""

    account: str
    carrier: str
    cls: ReplyClass
    speaks_of: SpeaksOf
    hard: bool
    returned: Returned


@dataclass(slots=True)
class Mailboxes:
    """Whose a mailbox is, by the beginning of its subject; made once for a configuration."""

    of: tuple[Account, ...] = ()
    names: dict[str, Account] = field(default_factory=dict)

    async def known(self, config: Config, bounces: Bounces) -> Mapping[str, Account]:
        if self.of is not config.accounts:
            self.of, self.names = config.accounts, await named(config.accounts, bounces)
        return self.names


async def named(accounts: Iterable[Account], bounces: Bounces) -> dict[str, Account]:
    """Everybody else has a turn between."""
    found: dict[str, Account] = {}
    left = iter(accounts)
    while some := list(islice(left, SLICE)):
        found |= {bounces.hashed(one.address.key)[:MAILBOX]: one for one in some}
        await asyncio.sleep(0)
    return found


def understood(backs: Iterable[Back], names: Mapping[str, Account], config: Config) -> tuple[Bounce, ...]:
    return tuple(bounce(one.returned, names.get(one.mailbox), config) for one in backs)


def bounce(returned: Returned, account: Account | None, config: Config) -> Bounce:
    carrier = config.carriers.get(account.carrier) if account is not None else None
    meaning = read_reply(
        stage=returned.stage, code=returned.code, enhanced=returned.enhanced, text=returned.text, carrier=carrier
    )
    whose = account.id if account is not None else ""
    return Bounce(whose, carrier.name if carrier else "", meaning.cls, meaning.speaks_of, meaning.hard, returned)


@dataclass(frozen=True, slots=True)
class Kinds:
    """What came back and failed, how often and from how many mailboxes."""

    carrier: str
    cls: ReplyClass
    speaks_of: SpeaksOf
    hard: bool
    stage: str
    count: int
    mailboxes: int


def kinds(bounces: Sequence[Bounce]) -> tuple[Kinds, ...]:
    """The most frequent first. What is no failure (a note of delay, an answer by a program) is not counted."""
    failed = [one for one in bounces if one.returned.kind is ReturnKind.FAILED]
    keys = [(one.carrier, one.cls, one.speaks_of, one.hard, one.returned.stage.value) for one in failed]
    whose: dict[tuple[str, ReplyClass, SpeaksOf, bool, str], set[str]] = {}
    for key, one in zip(keys, failed, strict=True):
        whose.setdefault(key, set()).add(one.account)
    return tuple(Kinds(*key, count, len(whose[key])) for key, count in Counter(keys).most_common())
