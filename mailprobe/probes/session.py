"""What the dialogues with a mail server share, whatever the protocol: how they end early, and how TLS is trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mailprobe.evidence import As, Breakage, NotAsked, Of, Stage, TlsFault
from mailprobe.probes import Denied

# The server took its leave, or was gone, while we waited for its answer
CUT = frozenset({Breakage.BYE, Breakage.CLOSED, Breakage.RESET})


class Over(Exception):
    """This session has ended; the reason is among the facts. why: what broke it off, if anything did. code: with BYE, the reason
    that the server gave: its response code (RFC 9051 section 7.1), or a 421's enhanced code (RFC 3463)."""

    def __init__(self, why: Breakage | None = None, code: str = "") -> None:
        super().__init__(why.value if why is not None else "")
        self.why = why
        self.code = code


class Insecure(Exception):
    """No TLS on this session; its socket is closed. Not noted: the caller may know a profile that works. `why` and `detail`
    as in `NotSecured`."""

    def __init__(self, why: TlsFault, detail: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Trust:
    """How TLS is done with one endpoint. verify=False is for MX hosts (opportunistic, RFC 7435) and for diagnosis: no secret
    goes there."""

    ca: Path | None = None
    profile: str = "default"
    verify: bool = True


def withheld(at: float, of: Of, server: str, ip: str, stage: Stage, denied: Denied, who: As | None = None) -> NotAsked:
    """The fact that something was not asked, in the words of whoever denied it."""
    return NotAsked(
        at=at,
        of=of,
        server=server,
        ip=ip,
        stage=stage,
        why=denied.why,
        who=who,
        not_before=denied.not_before,
        last_at=denied.last_at,
        last_words=denied.last_words,
    )


def unnamed(words: str, *names: str) -> str:
    """A server's words without the names of users, wherever one stands as a word of its own."""
    low = words.lower()
    for name in names:
        # to make a pattern costs more than to look first; beyond ASCII, letters are alike that `lower` keeps apart
        if name and (name.lower() in low or not (name + low).isascii()):
            words = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "***", words, flags=re.IGNORECASE)
    return words
