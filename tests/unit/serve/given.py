"""Runs at one IMAP server, in the words of a real one."""

from __future__ import annotations

from typing import Any

from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Broken,
    Connected,
    End,
    Ending,
    Evidence,
    Fact,
    LookedUp,
    Lookup,
    NotAsked,
    NotConnected,
    Of,
    Offered,
    Opened,
    Purpose,
    Replied,
    Stage,
    Unreachable,
    Withheld,
)

NOW = 1_800_000_000.0
BEGAN = 500.0
SERVER, IP = "imap.mail.test:993", "192.0.2.100"
MX = "mx.mail.test:25"


def run(started: float, *facts: Fact, account: str = "tanaka", probe: str = "imap", ending: Ending | None = None) -> Evidence:
    """Its facts' `at` count from BEGAN."""
    return Evidence(account, probe, "here", 7, started, BEGAN, 0.5, facts, (), ending or Ending(End.FINISHED))


def closed(server: str = SERVER) -> NotConnected:
    return NotConnected(at=BEGAN, server=server, ip=IP, why=Unreachable.REFUSED)


def shut(started: float, account: str = "tanaka") -> Evidence:
    """Nobody listens there."""
    name = LookedUp(at=BEGAN, server="imap.mail.test", purpose=Purpose.HOST, rrtype="A", outcome=Lookup.FOUND, values=(IP,))
    return run(started, name, closed(), account=account)


def opened(started: float, account: str = "tanaka", control_at: float | None = None) -> Evidence:
    """L was let in a while ago (Unix seconds) or just now, and T is in his mailbox."""
    where: dict[str, Any] = {"server": SERVER, "ip": IP}
    return run(
        started,
        Connected(at=BEGAN, **where, took=0.01),
        Offered(at=BEGAN, **where, stage=Stage.CAPABILITY, capabilities=("IMAP4REV1",)),
        login(Of.LIVE, As.CONTROL, control_at),
        login(Of.TARGET, As.CUSTOMER),
        Opened(at=BEGAN, **where, uidvalidity=1, uidnext=2, who=As.CUSTOMER),
        account=account,
    )


def login(of: Of, who: As, cached_at: float | None = None, status: str = "OK") -> Answered:
    return Answered(
        at=BEGAN, of=of, server=SERVER, ip=IP, stage=Stage.LOGIN, status=status, code="", text="", who=who, cached_at=cached_at
    )


def refused_control(started: float) -> Evidence:
    up = Offered(at=BEGAN, server=SERVER, ip=IP, stage=Stage.CAPABILITY, capabilities=("IMAP4REV1",))
    return run(started, up, login(Of.LIVE, As.CONTROL, None, "NO"))


def held(started: float, account: str = "suzuki", why: Withheld = Withheld.SERVER_TROUBLED, until: float = NOW + 60) -> Evidence:
    fact = NotAsked(at=BEGAN, server=SERVER, stage=Stage.LOGIN, why=why, not_before=until, last_at=NOW)
    return run(started, fact, account=account, ending=Ending(End.HELD, why.value, until))


def hung_up(started: float, server: str = SERVER) -> Evidence:
    return run(started, Broken(at=BEGAN, server=server, ip=IP, stage=Stage.GREETING, why=Breakage.CLOSED, words=""))


def named(server: str, code: int, of: Of = Of.TARGET, text: str = "") -> Replied:
    """What an MX host says of somebody."""
    return Replied(at=BEGAN, of=of, server=server, ip=IP, stage=Stage.RCPT, code=code, enhanced="", text=text)


def accepted(started: float, account: str) -> Evidence:
    """T and L, and not D."""
    said = (named(MX, 250), named(MX, 250, Of.LIVE), named(MX, 550, Of.DEAD, "User unknown"))
    return run(started, *said, account=account, probe="mx")
