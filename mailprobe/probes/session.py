"""What the dialogues with a mail server share, whatever the protocol: how they end early, and how TLS is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailprobe.evidence import TlsFault


class Over(Exception):
    """This session has ended; the reason is among the facts."""


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
