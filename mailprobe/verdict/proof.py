"""The replies for T, L and D side by side, as the proof of what is said."""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.evidence import Of


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One answer at one door. kind: 'rcpt', 'imap' or 'submission'; answer: '550 5.1.1' or 'NO [AUTHENTICATIONFAILED]';
    text: the server's words with the address masked; alike: word for word as D's answer at the same server and IP."""

    kind: str
    server: str
    ip: str
    of: Of
    answer: str
    text: str
    at: float
    alike: bool = False
    cached: bool = False
