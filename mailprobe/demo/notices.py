"""The mails that the carrier itself writes: delivery status notifications (RFC 3464) and automatic answers (RFC 3834). Pure."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.demo.imap_items import fields_of


class Action(StrEnum):
    """What became of a mail (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"


EIGHT = "Content-Transfer-Encoding: 8bit"
NEVER: frozenset[str] = frozenset()
ON_FAILURE = frozenset({"FAILURE"})  # what a sender gets who asks for nothing (RFC 3461 section 4.1)
ASKED_BY = {Action.FAILED: "FAILURE", Action.DELAYED: "DELAY", Action.DELIVERED: "SUCCESS", Action.RELAYED: "SUCCESS"}
STATUS = {Action.DELAYED: "4.4.7", Action.DELIVERED: "2.0.0", Action.RELAYED: "2.0.0"}
SAYS = {
    Action.FAILED: "could not be delivered, and nobody will try again",
    Action.DELAYED: "has not been delivered yet. You need not send it again",
    Action.DELIVERED: "was delivered",
    Action.RELAYED: "was passed on to a system that tells no more",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sender wants to be told of one recipient (RFC 3461). `original`: type and address of ORCPT; xtext is decoded."""

    notify: frozenset[str] = ON_FAILURE
    original: str = ""
    envelope: str = ""
    whole: bool = False  # RET=FULL


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail on its way to one recipient. host: the MX that took it; at: Unix seconds; queue: the number that it got."""

    sender: str
    recipient: str
    data: bytes = field(repr=False)
    host: str
    queue: str
    at: float
    wish: Wish = Wish()
    hops: int = 0


def report(letter: Letter, action: Action, reply: str, now: float) -> bytes:
    """A multipart/report (RFC 6522) to the sender. reply: the words of the failure, `550 5.1.1 ...`."""
    mark = f"{letter.queue}.{int(now)}/{letter.host}"
    eai = not letter.recipient.isascii()
    head = (
        *written_by(letter, now, f"MAILER-DAEMON@{letter.host}", f"report-{action.value}"),
        f"Subject: Delivery Status Notification ({action.value})",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{mark}"',
    )
    human = f"Your mail to <{letter.recipient}> {SAYS[action]}.\r\n\r\n{reply}\r\n"
    original = letter.data if letter.wish.whole else letter.data.partition(b"\r\n\r\n")[0] + b"\r\n"
    parts = (
        ("text/plain; charset=utf-8", human.encode()),
        (f"message/{'global-' if eai else ''}delivery-status", per_recipient(letter, action, reply).encode()),
        ("message/rfc822" if letter.wish.whole else "text/rfc822-headers", original),
    )
    body = b"".join(
        f"--{mark}\r\nContent-Type: {kind}\r\n{encoding_of(data)}\r\n".encode() + data + b"\r\n" for kind, data in parts
    )
    return lines(head) + b"\r\n" + body + f"--{mark}--\r\n".encode()


def encoding_of(data: bytes) -> str:
    """RFC 3464 section 2.1: a status in ASCII is 7bit, which needs no word."""
    return "" if data.isascii() else f"{EIGHT}\r\n"


def per_recipient(letter: Letter, action: Action, reply: str) -> str:
    """RFC 3464 sections 2.2 and 2.3, and for addresses beyond ASCII RFC 6533 section 3."""
    kind = "rfc822" if letter.recipient.isascii() else "utf-8"
    words = reply.split()
    status = STATUS.get(action) or (words[1] if len(words) > 1 and words[1].count(".") == 2 else f"{reply[:1]}.0.0")
    message = (
        *((f"Original-Envelope-Id: {letter.wish.envelope}",) if letter.wish.envelope else ()),
        f"Reporting-MTA: dns; {letter.host}",
        f"Arrival-Date: {email.utils.formatdate(letter.at)}",
        "",
        *((f"Original-Recipient: {letter.wish.original}",) if letter.wish.original else ()),
        f"Final-Recipient: {kind}; {letter.recipient}",
        f"Action: {action.value}",
        f"Status: {status}",
        *((f"Diagnostic-Code: smtp; {reply}",) if reply else ()),
    )
    return "".join(f"{line}\r\n" for line in message)


def automatic_answer(letter: Letter, now: float) -> bytes:
    """An out-of-office mail (RFC 3834 section 3): from the recipient, to the envelope's sender."""
    told = {name: whole.partition(b":")[2].strip() for name, whole in fields_of(letter.data.partition(b"\r\n\r\n")[0])}
    answers = told.get(b"message-id", b"")
    head = (
        *written_by(letter, now, letter.recipient, "away"),
        f"Subject: Auto: {told.get(b'subject', b'').decode('utf-8', 'replace')}",
        *((f"In-Reply-To: {answers.decode('utf-8', 'replace')}",) if answers else ()),
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: bulk",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        EIGHT,
    )
    return lines(head) + "\r\nI am away and read my mail next week.\r\nただいま不在にしております。\r\n".encode()


def written_by(letter: Letter, now: float, author: str, what: str) -> tuple[str, ...]:
    return (
        f"From: <{author}>",
        f"To: <{letter.sender}>",
        f"Date: {email.utils.formatdate(now)}",
        f"Message-ID: <{what}.{letter.queue}.{int(now)}@{letter.host}>",
    )


def lines(head: tuple[str, ...]) -> bytes:
    return "".join(f"{line}\r\n" for line in head).encode()


def left_alone(data: bytes) -> bool:
    """Whether a polite automaton leaves this mail alone (RFC 3834 section 2, RFC 3464 and lists)."""
    told = {name: whole.partition(b":")[2].strip().lower() for name, whole in fields_of(data.partition(b"\r\n\r\n")[0])}
    automatic = told.get(b"auto-submitted", b"no") != b"no"
    return automatic or b"list-id" in told or told.get(b"precedence") in (b"bulk", b"list", b"junk")
