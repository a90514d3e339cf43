"""A bounce that a person passed on inside the text of a mail of his own: `> ` quoting, and the header block that mail
programs write above what they forward. No standard says how; the words are those of the common programs' languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEVELS = 5
_LINES = 3000
_BLOCK = 15  # lines of a header block
_SENDER = re.compile(
    r"[\s*]{0,8}(?:From|Sender|Von|De|Da|Van|Från|Fra|Od|От|差出人|送信者|送信元|发件人|寄件者|보낸 사람)"
    r"\s?\*?\s?[:：]\*?\s*(\S.*)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"[\s*]{0,8}(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Assunto|Ämne|Emne|Temat|Тема|件名|主题|主旨|제목)"
    r"\s?\*?\s?[:：]\*?\s*(\S.*)",
    re.IGNORECASE,
)
MACHINE = re.compile(
    r"mailer-?daemon|postmaster|mail deliver|mail administrator|mail system|delivery subsystem|<>", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail of a machine inside a person's mail: its subject, and its text."""

    subject: str
    text: str


def unquoted(text: str) -> str:
    """Without the `>` of a reply or a forward, level by level. `>>> RCPT` of a quoted session is no such mark."""
    lines = text.split("\n", _LINES)
    for _ in range(_LEVELS):
        marked = sum(1 for line in lines if line[:1] == ">" and line[:4] != ">>> ")
        if not marked or (marked < 3 and marked * 2 < sum(1 for line in lines if line.strip())):
            break
        lines = [_less(line) if line[:1] == ">" else line for line in lines]
    return "\n".join(lines)


def _less(line: str) -> str:
    return line[2:] if line[1:2] == " " else line[1:]


def forwarded(text: str) -> Forwarded | None:
    """The first mail of a machine that is quoted with its header block; None if there is none."""
    lines = text.split("\n", _LINES)
    for at, line in enumerate(lines):
        sender = _SENDER.fullmatch(line[:300])
        if sender and MACHINE.search(sender[1]):
            return _behind(lines[at + 1 :])
    return None


def _behind(lines: list[str]) -> Forwarded:
    """The block ends at its first blank line; some programs leave one between any two of its fields."""
    subject, end = "", 0
    for at, line in enumerate(lines[:_BLOCK]):
        if found := _SUBJECT.fullmatch(line[:300]):
            subject, end = found[1], at + 1
    while end < len(lines) and lines[end].strip():
        end += 1
    return Forwarded(subject or "forwarded", "\n".join(lines[end:]))
