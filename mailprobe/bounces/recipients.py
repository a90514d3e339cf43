"""Whom the receiver takes mail for: signed senders, postmaster and abuse, and the address that our probes send from.

Pure. There is no way from here to any other address: a receiver that takes nothing else cannot relay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailprobe.bounces.door import Reason
from mailprobe.bounces.token import Token, Unfit

ROLES = ("postmaster", "abuse")  # RFC 5321 section 4.5.1, RFC 2142 section 4
NOBODY = "<>"  # the null sender (RFC 5321 section 4.5.5)
# One path in its brackets, then parameters. A source route (RFC 5321 appendix C) is none.
_PATH = re.compile(r'<((?:[^<>"\\\s\x00-\x1f\x7f]|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*")*)>(?:[ \t]+(.*))?')
_QUOTED_PAIR = re.compile(r"\\(.)")
_UNFIT = {Unfit.MALFORMED: Reason.UNKNOWN, Unfit.FORGED: Reason.FORGED, Unfit.EXPIRED: Reason.EXPIRED}


class Dropped(StrEnum):
    """Taken so that others may write to us or verify our sender, and thrown away."""

    ROLE = "role"
    SENDER = "sender"


class ReadsSenders(Protocol):
    def read_sender(self, local: str, now: float) -> Token | Unfit: ...


@dataclass(frozen=True, slots=True)
class Ours:
    """Our own names. domain: of the signed senders, A-labels in lower case; mail_from: what acceptance checks send from."""

    name: str
    domain: str
    mail_from: str


def path_of(argument: str) -> tuple[str, str] | None:
    """What stands between the brackets of MAIL or RCPT (NOBODY if nothing), and the parameters behind; None: no path."""
    found = _PATH.fullmatch(argument.strip())
    if found is None or found[1].startswith("@"):
        return None
    return found[1] or NOBODY, found[2] or ""


def recipient(path: str, ours: Ours, signs: ReadsSenders, now: float) -> Token | Dropped | Reason:
    """What to do with mail for this path. Case is free, in local parts too: some servers write them anew."""
    local, _, domain = path.lower().rpartition("@")
    if path.lower() == ROLES[0]:  # without a domain: RFC 5321 section 4.1.1.3
        return Dropped.ROLE
    if path.lower() == ours.mail_from.lower():
        return Dropped.SENDER
    if domain != ours.domain:
        return Reason.RELAY
    local = _QUOTED_PAIR.sub(r"\1", local[1:-1]) if local.startswith('"') and len(local) > 1 else local
    if local in ROLES:
        return Dropped.ROLE
    token = signs.read_sender(local, now)
    return token if isinstance(token, Token) else _UNFIT[token]
