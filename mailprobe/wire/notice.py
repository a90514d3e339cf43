"""What mail programs write to humans when mail comes back: no standard, so read by its few common habits.

The failed address stands in angle brackets or alone at the start of a line; the reply follows after `said:`, `reason:`,
`<<<` or at the start of a line; everything ends where the returned message begins. All patterns are linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

CAP = 2000  # characters of one reply
LATER = "after_acceptance"
_LINES = 400
_WIDTH = 1500

_ADDRESS = re.compile(r"(?<![^\s<>\"'(),;:\[\]{}\\])[^\s<>\"'(),;:\[\]{}\\@]{1,128}@[^\s<>\"'(),;:\[\]{}\\@!?]{1,255}")
_REPLY = re.compile(r"(?:^|(?<=[\s:(<\[;\"'>-]))[45]\d\d(?=[ :-]|$)")
_CUED = re.compile(r"(?:^|[:>'\"\]);,.(*-]|\b(?:said|error|code|message|returned|with|reason|failure|response))\s{0,3}\Z", re.IGNORECASE)
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]?\d)")
_OPENING = re.compile(
    r"\s{0,16}(?:<([^<>\s@]{1,128}@[^<>\s@]{1,255})>|([^\s<>:;,()\"\[\]=@]{1,128}@[^\s<>:;,()\[\]=@]{1,255}))(?P<rest>:(?!//).*|\s*$|\s*[\[(].*|\s+on\s.*)"
)
_NAMED = re.compile(r"(?:deliver|sent|rcpt|recipient|address|failed|size|attempts|reach|(?<!reply )to:)[^@\n]{0,80}?[\s<:(]([^\s<>:;,()\"\[\]@]{1,128}@[^\s<>:;,()\[\]@]{1,255})", re.IGNORECASE)
_COPY = re.compile(
    r"[\s>*#=_-]{0,80}(?:(?:below this line|this|below|included|following|here) is a copy of|(?:the )?headers? (?:of|from) the original|"
    r"original message(?: headers?| follows|\s*[-:]|\s*$)|(?:returned|unsent|undelivered|bounced) (?:message|mail|e-mail)(?: follows|\s*[-:]|\s*$)|"
    r"(?:the )?message headers? follow|message text follows|begin message|copy of (?:the |your )?(?:original )?message|mail text follows)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(?:Received|Return-Path|X-Received|DKIM-Signature):\s", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"\s*-{2,}\s*Transcript of session|\s*-{2,}\s*Session transcript", re.IGNORECASE)
_BOUNCE = re.compile(
    r"undeliver|non-?deliver|failure notice|returned mail|mail system error|did not reach|delivery (?:status|fail|report|error|delay|problem)|returned to sender|"
    r"deliver[a-z]{0,6}\b[^.\n]{0,60}\b(?:fail|not|error|delay|unable|impossible)|(?:fail|unable|not|n't|error|impossible)\b[^.\n]{0,60}\bdeliver|"
    r"\bbounce|was rejected|not (?:a )?member|was not sent|unknown user|user unknown|couldn't be sent|mail failure",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"\bdelay(?:ed)?\b|warning message only|still trying|temporary failure report|will be retried", re.IGNORECASE)
_IN_REPLY = re.compile(r"in reply to (?:the )?(.{1,40})", re.IGNORECASE)
_STAGES = (
    ("end_of_data", re.compile(r"end of data|end of message|final data|\[data_(?:end|content)\]|message content|\btext command", re.IGNORECASE)),
    ("rcpt", re.compile(r"\brcpt[ _]?(?:to|command)|not like recipient|\[rcpt_to\]|state 13\b", re.IGNORECASE)),
    ("mail", re.compile(r"\bmail[ _]from:|\[mail_from\]|not like sender|after mail from|mail from command", re.IGNORECASE)),
    ("ehlo", re.compile(r"\b(?:to|after|for|>>>) (?:ehlo|helo)\b", re.IGNORECASE)),
    ("connect", re.compile(r"initial connection|greeting failed|\bconnected to \S{1,255} but sender", re.IGNORECASE)),
    ("data", re.compile(r"\b(?:to|after|for|>>>) data\b|data command|\[data\]", re.IGNORECASE)),
)
_HOST = re.compile(r"(?:host |talking to |mta |remote mail server |server )\[?([A-Za-z0-9][A-Za-z0-9.-]{0,253}\.[A-Za-z0-9-]{1,62})", re.IGNORECASE)


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


def read_notice(text: str, known: tuple[str, ...], subject: str) -> tuple[Said, ...]:
    """What a notice says, per recipient. `known`: whom it can mean if it names nobody; `subject`: '' for a person's mail."""
    lines, transcript = _above_copy(text)
    if not _is_bounce(lines + transcript, subject):
        return ()
    sections = _sections(lines)
    if not sections:
        whole = "\n".join(lines + transcript)
        recipients = _named(whole) or known or ("",)
        sections = [(recipient, lines) for recipient in recipients]
    delayed = _DELAYED.search(subject + "\n" + "\n".join(lines[:20])) is not None
    said = (_said(recipient, section, transcript) for recipient, section in sections)
    return tuple(replace(one, action="delayed") if delayed else one for one in said)


def of_recipient(text: str, recipient: str) -> Said:
    """What the notice beside a report adds about one recipient; an empty Said if nothing."""
    lines, transcript = _above_copy(text)
    sections = _sections(lines)
    own = [section for named, section in sections if named.lower() == recipient.lower()]
    if own or transcript:
        return _said(recipient, own[-1] if own else [], transcript)
    return _said(recipient, lines, []) if len({named for named, _ in sections}) <= 1 else Said(recipient)


def reply(text: str) -> Said:
    """The first SMTP reply (RFC 5321 section 4.2) quoted in a text, and the step it answers."""
    flat = text[: CAP * 2]
    found = next((at for at in _REPLY.finditer(flat) if _CUED.search(flat[max(0, at.start() - 24) : at.start()])), None)
    quoted = flat[found.start() :] if found else flat
    enhanced = _ENHANCED.search(quoted)
    host = _HOST.search(flat[: found.start()] if found else "")
    return Said(
        code=int(found[0]) if found else 0,
        enhanced=enhanced[0] if enhanced else "",
        text=quoted[:CAP].strip(),
        stage=_stage(flat, found.start() if found else 0),
        host=host[1] if host else "",
    )


def original_recipients(original: str) -> tuple[str, ...]:
    """The only recipient of a returned message by its To header; none if there are several or none."""
    for line in original.split("\n")[:_LINES]:
        if line[:3].lower() == "to:" and len(found := list(dict.fromkeys(addresses(line[3:])))) == 1:
            return (found[0],)
    return ()


def _above_copy(text: str) -> tuple[list[str], list[str]]:
    """Lines above the returned message, `> ` of a forwarding human removed: the notice, and a session's transcript."""
    notice: list[str] = []
    transcript: list[str] = []
    into = notice
    for raw in text.split("\n")[:_LINES]:
        line = raw[:_WIDTH].rstrip()
        if line.startswith("> "):
            line = line[2:]
        if _COPY.match(line) or (_HEADER.match(line) and len(notice) > 3):
            break
        if _TRANSCRIPT.match(line):
            into = transcript
        into.append(line)
    return notice, transcript


def _is_bounce(lines: list[str], subject: str) -> bool:
    """A machine's notice must speak of delivery; anybody else's text must quote a reply."""
    text = "\n".join(lines)[: CAP * 4]
    if any(quoted.code for quoted in (reply(line) for line in lines[:80])):
        return bool(subject) or _BOUNCE.search(text) is not None or len(lines) <= 40
    return bool(subject) and (_BOUNCE.search(subject) or _BOUNCE.search(text)) is not None


def _sections(lines: list[str]) -> list[tuple[str, list[str]]]:
    """A recipient and what is said of it; addresses that follow each other share what follows the last."""
    sections: list[tuple[str, list[str]]] = []
    for line in lines:
        if opening := _OPENING.fullmatch(line):
            sections.append((opening[1] or opening[2], [opening["rest"].lstrip(": ")]))
        elif sections:
            sections[-1][1].append(line)
    shared: list[str] = []
    for _, section in reversed(sections):
        if any(line.strip() for line in section):
            shared = section
        else:
            section.extend(shared)
    return sections


def _named(text: str) -> tuple[str, ...]:
    found = _NAMED.search(text[: CAP * 4])
    return (found[1].rstrip("."),) if found else ()


def _said(recipient: str, section: list[str], transcript: list[str]) -> Said:
    """The reply quoted in a section, else in the transcript, else the section's own words."""
    said = _quoted(section)
    if transcript and (not said.code or said.stage == LATER):
        seen = _from_transcript(recipient, transcript)
        if not said.code or seen.code == said.code:
            said = replace(seen, text=_longer(seen.text, said.text) if said.code else seen.text or said.text)
    return replace(said, recipient=recipient)


def _longer(one: str, other: str) -> str:
    return one if len(one) > len(other) else other


def _quoted(section: list[str]) -> Said:
    """The paragraph with the first reply in it; a paragraph without words tells nothing."""
    whole = " ".join("\n".join(section).split())
    for paragraph in "\n".join(section).split("\n\n"):
        said = reply(_joined(paragraph))
        if said.code:
            return said if said.stage != LATER else replace(said, stage=_stage(whole, len(whole)))
    return reply(whole)


def _joined(paragraph: str) -> str:
    """One line; the repeated code of a multi-line reply (RFC 5321 section 4.2.1) goes."""
    flat = " ".join(paragraph.split())
    return re.sub(r"(?<= )(?:<<< )?[45]\d\d-(?=\S)", "", flat) if flat.count("-") else flat


def _stage(text: str, before: int) -> str:
    """The step a reply answered: told behind it (Postfix), else by the words in front of it."""
    if told := _IN_REPLY.search(text):
        return _step("to " + told[1])
    return _step(text[:before])


def _step(words: str) -> str:
    return next((stage for stage, pattern in _STAGES if pattern.search(words)), LATER)


def _from_transcript(recipient: str, transcript: list[str]) -> Said:
    """Sendmail's `>>>` and `<<<` lines. A refusal after DATA that ends in 503 was one of RCPT (pipelining, RFC 2920)."""
    exchanges = list(_exchanges(transcript))
    pipelined = any(said.code == 503 for said in exchanges)
    refusals = [said for said in exchanges if said.code != 503] or exchanges
    named = [said for said in refusals if recipient and recipient.lower() in said.text.lower()]
    said = (named or refusals or [Said()])[0]
    return replace(said, stage="rcpt") if pipelined and said.stage == "data" else said


def _exchanges(transcript: list[str]) -> Iterator[Said]:
    """Every refusal in order; what sendmail adds itself comes last, without `<<<`."""
    command, host, own = "", "", []
    text: list[str] = []
    for line in [*transcript, ">>> "]:
        if line.startswith("<<< "):
            text.append(line[4:])
            continue
        if text:
            said = reply(_joined("\n".join(text)))
            if said.code:
                yield replace(said, stage=_step(">>> " + command), host=host)
            text = []
        if line.startswith(">>> "):
            command = line[4:]
        elif talking := _HOST.search(line):
            host = talking[1]
        if not line.startswith((">>>", "...")) and reply(line).code:
            own.append(replace(reply(line), host=host))
    yield from own
