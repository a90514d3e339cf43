"""The way from a bounce to its test mail: by our own signatures only. Pure.

In this order: the signed envelope address that the bounce came to, the envelope id that we gave (RFC 3461 section 4.4), our
Message-ID in the returned headers or in a reply's References, our stamp or sender anywhere else in the mail. What holds no
signature of ours is backscatter, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mailprobe.bounces.token import PREFIX, Token, Unfit
from mailprobe.canary import Record
from mailprobe.evidence import CanaryState
from mailprobe.wire.returned import Ties

MAILBOX = 16  # characters of a subject that a signed sender holds
# It may still come back; what is not yet answered for is out as well, because a bounce can overtake that answer
OUT = frozenset({CanaryState.SENDING, CanaryState.ACCEPTED, CanaryState.UNCERTAIN, CanaryState.LOST})
MOST = 20  # candidates looked at in one mail
_STAMP = re.compile(r"[A-Za-z0-9]{1,64}\.[A-Za-z2-7]{18}")
_SENDER = re.compile(PREFIX + r"[a-z2-7]{34}", re.IGNORECASE)


class ReadsSigns(Protocol):
    def read_sender(self, local: str, now: float) -> Token | Unfit: ...
    def read_stamp(self, text: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Signed:
    """What in a mail is signed by us. senders: those quoted in it, for a mail that did not come to one."""

    canaries: tuple[str, ...]
    senders: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """Whose it is. record None: of the mailbox only. by_stamp: the mail named its test mail itself."""

    mailbox: str
    day: int
    record: Record | None
    by_stamp: bool = False


def signed(ties: Ties, signs: ReadsSigns, now: float) -> Signed:
    """Read every signature once, in order. now: Unix seconds, when the mail came."""
    given = (one.partition("@")[0] for one in (*ties.envelope_ids, *ties.message_ids))
    stamps = first(one for one in (*given, *ties.words) if _STAMP.fullmatch(one))
    senders = (signs.read_sender(one, now) for one in first(one for one in ties.words if _SENDER.fullmatch(one)))
    canaries = (signs.read_stamp(one) for one in stamps)
    return Signed(tuple(one for one in canaries if one), tuple(one for one in senders if isinstance(one, Token)))


def first(found: Iterable[str]) -> list[str]:
    """The first few, each once whatever its case: a stranger's mail may hold thousands."""
    kept: dict[str, None] = {}
    for one in found:
        kept.setdefault(one.lower())
        if len(kept) >= MOST:
            break
    return list(kept)


def is_of(record: Record, mailbox: str) -> bool:
    """A stamp counts for its own mailbox: whoever got one test mail can quote its stamp, but knows no other's sender."""
    return record.subject[:MAILBOX] == mailbox


def only_one(records: Iterable[Record], day: int, signs: ReadsSigns) -> Record | None:
    """The test mail that a bounce can mean which shows the signed sender only: one is out from that sender, and no more."""
    out = [one for one in records if one.state in OUT and sender_day(one, signs) == day]
    return out[0] if len(out) == 1 else None


def sender_day(record: Record, signs: ReadsSigns) -> int | None:
    """The day in the sender that the test mail keeps for life."""
    token = signs.read_sender(record.sender.rpartition("@")[0] or record.sender, record.planned_at)
    return token.day if isinstance(token, Token) else None
