"""One mail from the inbox, read: what it says of whom. Pure; runs in a thread, because strangers decide what is in it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from mailprobe import address
from mailprobe.evidence import Returned, ReturnKind, Stage
from mailprobe.wire import mime
from mailprobe.wire.dsn import Failure, read_bounce
from mailprobe.wire.text import clean

_KINDS = {
    "failed": ReturnKind.FAILED,
    "delayed": ReturnKind.DELAYED,
    "delivered": ReturnKind.DELIVERED,
    "relayed": ReturnKind.FORWARDED,
    "expanded": ReturnKind.FORWARDED,
}  # RFC 3464 section 2.3.3; any other action decides nothing
_REPORT = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")  # RFC 3464, 6533, 5965
_RECEIPT = "message/disposition-notification"  # RFC 8098: it lay in a mailbox
_MACHINE = re.compile(r"mailer-daemon|postmaster|mail delivery", re.IGNORECASE)
_NOTHING = Failure("", "", "", 0, "", "", Stage.AFTER_ACCEPTANCE)  # what a person's server writes is not ours to keep
_AUTO = ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply")


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

    parts: tuple[mime.Part, ...]
    said: tuple[Said, ...]
    message_id: str


def read_letter(raw: bytes, *, null_sender: bool) -> Reading:
    """At most the first 64 KiB; `said` is empty for a mail that is neither a bounce nor an automatic reply."""
    parts = mime.take_apart(raw)
    said = tuple(said_by(_KINDS[one.action], one) for one in read_bounce(raw) if one.action in _KINDS)
    if not said and is_auto_reply(parts, null_sender=null_sender):
        said = (said_by(ReturnKind.AUTO_REPLY, _NOTHING),)
    return Reading(parts, said, parts[0].header("message-id"))


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


def is_auto_reply(parts: tuple[mime.Part, ...], *, null_sender: bool) -> bool:
    """RFC 3834 section 5, and what was usual before it; also a person's answer. Each says that the test mail has reached
    somebody, so a bounce that was not understood must never pass for one."""
    own = parts[0]
    if any(part.kind in _REPORT for part in parts) or _MACHINE.search(own.header("from")):
        return False
    marked = own.header("auto-submitted").lower().startswith(("auto-replied", "auto-notified"))
    older = any(own.header(name) for name in _AUTO) or own.header("precedence").lower() == "auto_reply"
    answer = not null_sender and bool(own.header("in-reply-to") or own.header("references"))
    return marked or older or answer or any(part.kind == _RECEIPT for part in parts)


def spellings(text: str) -> Iterator[str]:
    """One address in the ways that it may have been hashed: by its key, as written, its domain or all of it in lower case."""
    local, at, domain = text.strip().rpartition("@")
    with contextlib.suppress(address.AddressError):
        yield address.parse(f"{local}{at}{domain.lower()}").key
    yield text
    yield f"{local}@{domain.lower()}"
    yield text.lower()
