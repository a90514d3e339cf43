"""Mails that come back, written as servers write them, and a book of test mails that lives in memory."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from mailprobe.bounces.token import Signer, Token
from mailprobe.canary import Record, may_step
from mailprobe.evidence import CanaryState, Of

NOW = 1_800_000_000.0
SIGNER = Signer([b"k" * 32])
DOMAIN = "bounce.probe.test"
ADDRESS = "taro@mail.test"


@dataclass(frozen=True, slots=True)
class Came:
    """What the receiver hands over."""

    raw: bytes
    tokens: tuple[Token, ...] = ()
    null_sender: bool = True
    at: float = NOW


def letter(*, headers: str = "", parts: tuple[tuple[str, str], ...] = (), text: str = "") -> bytes:
    """A mail with CRLF line ends: plain, or multipart with these (kind, text)."""
    if not parts:
        return f"{headers}\n\n{text}\n".replace("\n", "\r\n").encode()
    body = "".join(f"--=_b\nContent-Type: {kind}\n\n{one}\n" for kind, one in parts)
    kind = 'multipart/report; report-type=delivery-status; boundary="=_b"'
    return f"{headers}\nMIME-Version: 1.0\nContent-Type: {kind}\n\n{body}--=_b--\n".replace("\n", "\r\n").encode()


def dsn(
    recipient: str = ADDRESS,
    *,
    stamp: str = "",
    original: str = "",
    action: str = "failed",
    envelope_id: str = "",
    more: str = "",
) -> bytes:
    """A report as Postfix writes it (RFC 3464). stamp: of the returned test mail, '' if its headers are not returned."""
    told = f"This is the mail system at host mx.mail.test.\n\n<{recipient}>: host mbx.mail.test said: 552 5.2.2 <{recipient}>\n"
    told += "    mailbox full (in reply to RCPT TO command)\n"
    fields = "Reporting-MTA: dns; mx.mail.test\n"
    fields += f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else ""
    fields += f"\nFinal-Recipient: rfc822; {recipient}\n"
    fields += f"Original-Recipient: rfc822;{original}\n" if original else ""
    fields += f"Action: {action}\nStatus: 5.2.2\nRemote-MTA: dns; mbx.mail.test\n"
    fields += f"Diagnostic-Code: smtp; 552 5.2.2 <{recipient}> mailbox full\n{more}"
    returned = f"From: us\nMessage-ID: <{stamp}@{DOMAIN}>\nX-Mailprobe-Token: {stamp}\n" if stamp else "From: somebody\n"
    headers = "From: MAILER-DAEMON@mx.mail.test (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\n"
    headers += f"Auto-Submitted: auto-replied\nTo: b-x@{DOMAIN}"
    parts = (("text/plain", told), ("message/delivery-status", fields), ("text/rfc822-headers", returned))
    return letter(headers=headers, parts=parts)


def sender_of(subject: str, at: float = NOW) -> Token:
    token = SIGNER.read_sender(SIGNER.sender(subject, at), at)
    assert isinstance(token, Token)
    return token


def planned(id: str, subject: str, state: CanaryState = CanaryState.ACCEPTED, planned_at: float = NOW - 60) -> Record:
    return Record(
        id=id,
        subject=subject,
        of=Of.TARGET,
        account="taro",
        vantage="here",
        sender=f"{SIGNER.sender(subject, planned_at)}@{DOMAIN}",
        number="4821",
        consent="enrolled",
        planned_at=planned_at,
        state=state,
    )


@dataclass
class Book:
    """Records in memory, with the compare-and-set of the real one."""

    records: dict[str, Record] = field(default_factory=dict)
    steps: list[tuple[str, CanaryState]] = field(default_factory=list)

    def put(self, *records: Record) -> Book:
        self.records |= {one.id: one for one in records}
        return self

    def set(self, id: str, state: CanaryState) -> None:
        self.records[id] = dataclasses.replace(self.records[id], state=state)

    async def by_id(self, canary: str) -> Record | None:
        return self.records.get(canary)

    async def of_mailbox(self, mailbox: str, since: float) -> tuple[Record, ...]:
        return tuple(one for one in self.records.values() if one.subject.startswith(mailbox) and one.planned_at >= since)

    async def step(self, before: Record, after: Record) -> bool:
        if self.records[before.id].state is not before.state or not may_step(before.state, after.state):
            return False
        self.records[before.id] = after
        self.steps.append((after.id, after.state))
        return True
