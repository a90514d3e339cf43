"""One mail from the inbox, read: what it says of whom. Pure; runs in a thread, because strangers decide what is in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from mailprobe import address
from mailprobe.evidence import Returned, ReturnKind, Stage
from mailprobe.wire.dsn import Failure
from mailprobe.wire.returned import Kind, Mail, Ties, read_returned
from mailprobe.wire.text import clean

_KINDS = {
    "failed": ReturnKind.FAILED,
    "delayed": ReturnKind.DELAYED,
    "delivered": ReturnKind.DELIVERED,
    "relayed": ReturnKind.FORWARDED,
    "expanded": ReturnKind.FORWARDED,
}  # RFC 3464 section 2.3.3; any other action decides nothing
_NOTHING = Failure("", "", "", 0, "", "", Stage.AFTER_ACCEPTANCE)  # what a person's server writes is not ours to keep
ABOVE = 3  # domains
_ANSWERS = (Kind.AUTO_REPLY, Kind.RECEIPT)  # each says that the test mail lay in a mailbox


class Letter(Protocol):
    """One mail from the inbox, as the store gives it."""

    @property
    def id(self) -> int: ...
    @property
    def mailbox(self) -> str: ...
    @property
    def day(self) -> int: ...
    @property
    def null_sender(self) -> bool: ...
    @property
    def at(self) -> float: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def tries(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Said:
    """One recipient's part. original: the Original-Recipient, '' if not told; the fact lacks what only its tie can tell."""

    kind: ReturnKind
    recipient: str
    original: str
    fact: Returned


@dataclass(frozen=True, slots=True)
class Reading:
    """message_id: the mail's own, '' if it has none."""

    said: tuple[Said, ...]
    ties: Ties
    message_id: str


def read_letter(raw: bytes, *, null_sender: bool) -> Reading:
    """`said` is empty for a mail that is neither a bounce nor somebody's answer."""
    mail = read_returned(raw)
    said = tuple(said_by(_KINDS[one.action], one) for one in mail.failures if one.action in _KINDS)
    if not mail.failures and is_answer(mail, null_sender=null_sender):
        said = (said_by(ReturnKind.AUTO_REPLY, _NOTHING),)
    return Reading(said, mail.ties, mail.message_id)


def said_by(kind: ReturnKind, failure: Failure) -> Said:
    fact = Returned(
        at=0.0,
        canary="",
        kind=kind,
        returned_at=0.0,
        stage=Stage(failure.stage),
        code=failure.code,
        enhanced=failure.exact,
        text=clean(failure.text),
        remote=clean(failure.remote_mta, 255),
    )
    return Said(kind, clean(failure.recipient, 320), clean(failure.original_recipient, 320), fact)


def is_answer(mail: Mail, *, null_sender: bool) -> bool:
    """An automatic answer, a receipt, or what a person wrote in answer: the test mail has reached somebody. A bounce that was
    not understood must never pass for one."""
    wrote_back = mail.kind is Kind.OTHER and not null_sender and mail.is_answer and not mail.from_machine
    return mail.kind in _ANSWERS or wrote_back


def as_outside(text: str) -> Iterator[str]:
    """The spellings of an address, and of the same name at the domains above: a gateway writes `taro@store1.d.test` for
    `taro@d.test`."""
    yield from spellings(text)
    local, _, domain = text.strip().rpartition("@")
    for _ in range(ABOVE):
        _, dot, domain = domain.partition(".")
        if local and "." in domain and dot:
            yield from spellings(f"{local}@{domain}")


def spellings(text: str) -> Iterator[str]:
    """One address in the ways that it may have been hashed: by its key, as written, its domain or all of it in lower case."""
    local, at, domain = text.strip().rpartition("@")
    with contextlib.suppress(address.AddressError):
        yield address.parse(f"{local}{at}{domain.lower()}").key
    yield text
    yield f"{local}@{domain.lower()}"
    yield text.lower()
