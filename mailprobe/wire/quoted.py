"""One SMTP reply as a bounce quotes it: its code, its words, the step it answers. Linear patterns; nothing fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

CAP = 2000  # characters of one reply
LATER = "after_acceptance"
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),;:\[\]{}\\])[^\s<>\"'(),;:\[\]{}\\@]{1,128}@[^\s<>\"'(),;:\[\]{}\\@!?]{1,255}")
_REPLY = re.compile(r"(?:^|(?<=[\s:(<\[;#\"'>-]))[45]\d\d(?=[ :,-]|$)")
_CUED = re.compile(
    r"(?:^|[:<>'\"\[\]);,.(*#-]|code|\b(?:said|error|message|returned|with|reason|failure|response))\s{0,3}\Z", re.IGNORECASE
)
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]?\d)")
_ADDED = re.compile(r"(?<=\S)\s*(?:Giving up on |I'm not going to try again)")  # qmail's own words behind a reply
_CODE_AGAIN = re.compile(r"(?<= )(?:<<< )?[45]\d\d-(?:[45]\.\d{1,3}\.\d{1,3} )?(?=\S)")
_IN_REPLY = re.compile(r"in reply to (?:the )?(.{1,40})", re.IGNORECASE)
_STAGES = (
    (
        "end_of_data",
        re.compile(
            r"end of data|end of message|final data|\[data_(?:end|content)\]|message content|\btext command", re.IGNORECASE
        ),
    ),
    (
        "rcpt",
        re.compile(
            r"\brcpt[ _]?(?:to|command)|not like (?:recipient|our rcpt)|\[rcpt_to\]|state 1[34]\b|following rcpt", re.IGNORECASE
        ),
    ),
    (
        "mail",
        re.compile(
            r"\bmail[ _]from:|\[mail_from\]|not like sender|sender was rejected|after mail from|mail from command", re.IGNORECASE
        ),
    ),
    ("ehlo", re.compile(r"my name was rejected|(?:\b(?:to|after|for)|>>>) (?:ehlo|helo)\b", re.IGNORECASE)),
    ("connect", re.compile(r"initial connection|greeting failed", re.IGNORECASE)),
    ("data", re.compile(r"(?:\b(?:to|after|for)|>>>) data\b|data command|\[data\]", re.IGNORECASE)),
)
_XTEXT = re.compile(r"\+([2-7][0-9A-F])")
_SENT = re.compile(r"^\s*(?:(?:Sent|Received)\s+)?(?=(?:>>>|<<<) )")  # some indent a session, or say who spoke
_HOST = re.compile(
    r"(?:host |talking to |mta |remote mail server |server )\[?([A-Za-z0-9][A-Za-z0-9.-]{0,253}\.[A-Za-z0-9-]{1,62})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Said:
    """One reply as a notice quotes it. code 0 and enhanced '' where there is none; stage is an evidence.Stage value."""

    recipient: str = ""
    action: str = "failed"
    code: int = 0
    enhanced: str = ""
    text: str = ""
    stage: str = LATER
    host: str = ""


def addresses(text: str) -> Iterator[str]:
    """Mail addresses in order, a source route (RFC 5321 appendix C) dropped."""
    for found in _ADDRESS.finditer(text[: CAP * 2]):
        yield found[0].strip(".*`")


def first_address(text: str) -> str:
    """The first address, or ''."""
    return next(addresses(text), "")


def xtext(value: str) -> str:
    """RFC 3461 section 4: `+2B` is a plus. What is no printable ASCII stays as it came."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), value) if "+" in value else value


def reply(text: str) -> Said:
    """The first SMTP reply (RFC 5321 section 4.2) quoted in a text, and the step it answers."""
    flat = text[: CAP * 2]
    found = next((at for at in _REPLY.finditer(flat) if _CUED.search(flat[max(0, at.start() - 24) : at.start()])), None)
    quoted = _ADDED.split(flat[found.start() :] if found else flat)[0]
    enhanced = _ENHANCED.search(quoted)
    host = _HOST.search(flat[: found.start()] if found else "")
    return Said(
        code=int(found[0]) if found else 0,
        enhanced=enhanced[0] if enhanced else "",
        text=one_line(quoted[:CAP]),
        stage=stage_of(flat, found.start() if found else 0),
        host=host[1] if host else "",
    )


def one_line(paragraph: str) -> str:
    """A paragraph as one line, without a multi-line reply's repeated code (RFC 5321 section 4.2.1) or a loose bracket."""
    flat = " ".join(paragraph.split())
    flat = _CODE_AGAIN.sub("", flat) if "-" in flat else flat
    return flat[:-1] if flat.endswith(")") and flat.count(")") > flat.count("(") else flat.rstrip("'\"")


def stage_of(text: str, before: int) -> str:
    """The step a reply answered: told behind it (Postfix), else by the words in front of it."""
    if told := _IN_REPLY.search(text):
        return _step("to " + told[1])
    return _step(text[:before])


def _step(words: str) -> str:
    return next((stage for stage, pattern in _STAGES if pattern.search(words)), LATER)


def exchanges(transcript: list[str]) -> Iterator[Said]:
    """Every refusal in order. Sendmail closes each with a line of its own that names the recipient: there the server's
    words count, if it had any; what sendmail makes of them (`User unknown` for any 550) does not."""
    command, host = "", ""
    text: list[str] = []
    theirs: Said | None = None
    for raw in [*transcript, ">>> "]:
        line = _SENT.sub("", raw)
        if line.startswith("<<< "):
            text.append(line[4:])
            continue
        if text:
            said = replace(reply(one_line("\n".join(text))), stage=_step(">>> " + command), host=host)
            theirs, text = (said if said.code else None), []
            if theirs:
                yield theirs
        if line.startswith(">>> "):
            command, theirs = line[4:], None
        elif (own := reply(line)).code and not line.startswith("..."):
            yield replace(theirs or own, recipient=first_address(own.text), host=host)
        elif talking := _HOST.search(line):
            host = talking[1]
