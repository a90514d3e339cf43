"""Evidence as real servers give it: what the tests and the benchmark of the store keep."""

from __future__ import annotations

from typing import Any

from mailprobe.evidence import (
    Answered,
    As,
    Connected,
    End,
    Ending,
    Evidence,
    Line,
    LookedUp,
    Lookup,
    Of,
    Offered,
    Opened,
    Purpose,
    Replied,
    Secured,
    Stage,
)

BEGAN = 8123.456789012
HERE: dict[str, Any] = {"server": "mx1.mail.test:25", "ip": "192.0.2.10"}
STORE: dict[str, Any] = {"server": "imap.mail.test:993", "ip": "192.0.2.11"}


def replied(at: float, stage: Stage, code: int, text: str, of: Of = Of.TARGET) -> Replied:
    enhanced = {"250": "2.1.5", "550": "5.1.1"}.get(str(code), "") if stage is Stage.RCPT else ""
    return Replied(at=BEGAN + at, of=of, stage=stage, code=code, enhanced=enhanced, text=text, took=0.0123 + at / 7, **HERE)


def lines(server: str, said: str) -> tuple[Line, ...]:
    parts = [one.split(" ", 1) for one in said.strip().splitlines()]
    return tuple(Line(BEGAN + number * 0.0123457, server, who, text) for number, (who, text) in enumerate(parts))


MX = Evidence(
    account="tanaka",
    probe="mx",
    vantage="tokyo",
    slot=1_234_567,
    started=1_800_000_000.123,
    began=BEGAN,
    took=0.412345678,
    facts=(
        LookedUp(
            at=BEGAN + 0.001,
            server="mail.test",
            purpose=Purpose.MX,
            rrtype="MX",
            outcome=Lookup.FOUND,
            values=("10 mx1.mail.test",),
            resolver="192.0.2.53",
            took=0.00213,
        ),
        LookedUp(
            at=BEGAN + 0.003,
            server="mx1.mail.test",
            purpose=Purpose.HOST,
            rrtype="A",
            outcome=Lookup.FOUND,
            values=("192.0.2.10",),
            resolver="192.0.2.53",
            took=0.00198,
        ),
        Connected(at=BEGAN + 0.01, took=0.0051, local="198.51.100.4", **HERE),
        replied(0.02, Stage.GREETING, 220, "mx1.mail.test ESMTP Postfix"),
        Offered(
            at=BEGAN + 0.03,
            stage=Stage.EHLO,
            capabilities=("PIPELINING", "SIZE 10240000", "STARTTLS", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8"),
            **HERE,
        ),
        Secured(
            at=BEGAN + 0.06, version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", not_after=1_810_000_000.0, took=0.021, **HERE
        ),
        replied(0.09, Stage.MAIL, 250, "2.1.0 Ok"),
        replied(0.1, Stage.RCPT, 550, "5.1.1 <u000002@mail.test>: Recipient address rejected: User unknown in virtual table"),
        replied(0.12, Stage.RCPT, 250, "2.1.5 Ok", Of.LIVE),
        replied(0.14, Stage.QUIT, 221, "2.0.0 Bye"),
    ),
    transcript=lines(
        "mx1.mail.test:25",
        """
S 220 mx1.mail.test ESMTP Postfix
C EHLO probe.example.net
S 250-mx1.mail.test
S 250-PIPELINING
S 250-SIZE 10240000
S 250-STARTTLS
S 250-ENHANCEDSTATUSCODES
S 250 SMTPUTF8
C STARTTLS
S 220 2.0.0 Ready to start TLS
* TLSv1.3 TLS_AES_256_GCM_SHA384
C EHLO probe.example.net
S 250 SMTPUTF8
C MAIL FROM:<probe@probe.example.net>
S 250 2.1.0 Ok
C RCPT TO:<u000002@mail.test>
S 550 5.1.1 <u000002@mail.test>: Recipient address rejected: User unknown in virtual table
C RCPT TO:<live@mail.test>
S 250 2.1.5 Ok
C QUIT
S 221 2.0.0 Bye
""",
    ),
    ending=Ending(End.FINISHED),
)

IMAP = Evidence(
    account="tanaka",
    probe="imap",
    vantage="tokyo",
    slot=1_234_567,
    started=1_800_000_000.456,
    began=BEGAN,
    took=0.212345678,
    facts=(
        Connected(at=BEGAN + 0.01, took=0.0051, local="198.51.100.4", **STORE),
        Secured(
            at=BEGAN + 0.03, version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", not_after=1_810_000_000.0, took=0.021, **STORE
        ),
        Offered(at=BEGAN + 0.04, stage=Stage.GREETING, capabilities=("IMAP4REV1", "SASL-IR", "LITERAL+", "ID", "IDLE"), **STORE),
        Answered(
            at=BEGAN + 0.05, stage=Stage.GREETING, status="OK", code="CAPABILITY", text="Dovecot ready.", took=0.01, **STORE
        ),
        Answered(
            at=BEGAN + 0.08, stage=Stage.LOGIN, status="OK", code="", text="Logged in", took=0.0312, who=As.CUSTOMER, **STORE
        ),
        Opened(at=BEGAN + 0.09, uidvalidity=1_700_000_001, uidnext=4321, who=As.CUSTOMER, **STORE),
        Answered(at=BEGAN + 0.1, stage=Stage.LOGOUT, status="OK", code="", text="Logout completed.", took=0.001, **STORE),
    ),
    transcript=lines(
        "imap.mail.test:993",
        """
* TLSv1.3 TLS_AES_256_GCM_SHA384
S * OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID IDLE] Dovecot ready.
C a1 LOGIN "u000002" ***
S a1 OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID IDLE UIDPLUS QUOTA] Logged in
C a2 EXAMINE INBOX
S * FLAGS (Answered Flagged Deleted Seen Draft)
S * OK [UIDVALIDITY 1700000001] UIDs valid
S * OK [UIDNEXT 4321] Predicted next UID
S a2 OK [READ-ONLY] Examine completed (0.001 + 0.000 secs).
C a3 LOGOUT
S * BYE Logging out
S a3 OK Logout completed.
""",
    ),
    ending=Ending(End.FINISHED),
)
