"""One SMTP reply as a bounce quotes it: its code, its words, the step it answers. Linear patterns; nothing fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

CAP = 2000  # characters of one reply
LATER = "after_acceptance"
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),;:\[\]{}\\])[^\s<>\"'(),;:\[\]{}\\@]{1,128}@[^\s<>\"'(),;:\[\]{}\\@!?]{1,255}")
# The digits come first, what must not stand before them behind: a search that begins with a few characters is a fast one.
_REPLY = re.compile(r"[45]\d\d(?![^ :,-])(?<![^\s:(<\[;#\"'>-]\d{3})")
_CUED = re.compile(
    r"(?:^|[:<>'\"\[\]);,.(*#-]|code|\b(?:said|error|message|returned|with|reason|failure|response))\s{0,3}\Z", re.IGNORECASE
)
_ENHANCED = re.compile(r"[245](?<![\d.][245])\.\d{1,3}\.\d{1,3}(?![\d.]?\d)")
_ADDED = re.compile(r"(?<=\S)\s*(?:Giving up on |I'm not going to try again)")  # qmail's own words behind a reply
_CODE_AGAIN = re.compile(r"(?<= )(?:<<< )?[45]\d\d-(?:[45]\.\d{1,3}\.\d{1,3} )?(?=\S)")
_IN_REPLY = re.compile(r"in reply to (?:the )?(.{1,40})", re.IGNORECASE)
# A step, words of which one must be there, and how they must stand.
_STAGES = (
    (
        "end_of_data",
        ("end of ", "final data", "[data_", "message content", "text command"),
        re.compile(r"end of data|end of message|final data|\[data_(?:end|content)\]|message content|\btext command"),
    ),
    (
        "rcpt",
        ("rcpt", "not like ", "state 1"),
        re.compile(r"\brcpt[ _]?(?:to|command)|not like (?:recipient|our rcpt)|\[rcpt_to\]|state 1[34]\b|following rcpt"),
    ),
    (
        "mail",
        ("mail from", "mail_from", "not like sender", "sender was rejected"),
        re.compile(
            r"\bmail[ _]from:|\[mail_from\]|not like sender|sender was rejected|(?:after|following) mail from|mail from command"
        ),
    ),
    (
        "ehlo",
        ("name was rejected", "ehlo", "helo"),
        re.compile(r"my name was rejected|(?:\b(?:to|after|for)|>>>) (?:ehlo|helo)\b"),
    ),
    (
        "connect",
        ("initial connection", "greeting failed", "refused to talk"),
        re.compile(r"initial connection|greeting failed|refused to talk to me"),
    ),
    ("data", ("data",), re.compile(r"(?:\b(?:to|after|for)|>>>) data\b|data command|\[data\]")),
)
_XTEXT = re.compile(r"\+([2-7][0-9A-F])")
_SENT = re.compile(r"^\s*(?:(?:Sent|Received)\s+)?(?=(?:>>>|<<<) )")  # some indent a session, or say who spoke
_STATED = re.compile(r"<?[^\s<>@]{1,128}@[^\s<>@]{1,255}>?\.\.\. \S")
_RULE = re.compile(r"\s*-{2,}")
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


def quotes(line: str) -> bool:
    """Whether a line quotes a reply at all."""
    return _code_in(line[: CAP * 2]) is not None


def quotes_maybe(text: str) -> bool:
    """Whether there is anything that looks like a code; sooner told than whether it is one."""
    return _REPLY.search(text) is not None


def _code_in(flat: str) -> re.Match[str] | None:
    return next((at for at in _REPLY.finditer(flat) if _CUED.search(flat[max(0, at.start() - 24) : at.start()])), None)


def reply(text: str) -> Said:
    """The first SMTP reply (RFC 5321 section 4.2) quoted in a text, and the step it answers."""
    flat = text[: CAP * 2]
    found = _code_in(flat)
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
    told = _IN_REPLY.search(text) if "in reply to" in text.lower() else None
    return _step("to " + told[1] if told else text[:before])


def _step(words: str) -> str:
    lower = words.lower()
    for stage, signs, pattern in _STAGES if lower else ():
        if any(sign in lower for sign in signs) and pattern.search(lower):
            return stage
    return LATER


def exchanges(transcript: list[str]) -> Iterator[Said]:
    """Every refusal in order. Sendmail closes each with a line of its own that names the recipient: there the server's
    words count, if it had any, or what the program for local mail printed before; what sendmail makes of them (`User unknown`
    for any 550, `Insufficient permission` for an exit code) does not."""
    command, host = "", ""
    text: list[str] = []
    printed: list[str] = []
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
            command, theirs, printed = line[4:], None, []
        elif (own := _closing(line)) is not None:
            yield replace(theirs or _with(own, printed), recipient=first_address(own.text), host=host)
            printed = []
        elif talking := _HOST.search(line):
            host = talking[1]
        else:
            printed.append(line)


def _closing(line: str) -> Said | None:
    """`550 5.1.1 <a@b>... User unknown`; or without a code, of what is only late: `<a@b>... Deferred: Connection refused`."""
    own = reply(line)
    return own if (own.code and not line.startswith("...")) or _STATED.match(line) else None


def _with(own: Said, printed: list[str]) -> Said:
    told = one_line("\n".join(line for line in printed if not _RULE.match(line))[:CAP])
    return replace(own, text=f"{own.text} {told}"[:CAP]) if told else own
