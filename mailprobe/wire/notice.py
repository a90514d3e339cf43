"""What mail programs write to humans when mail comes back: no standard, so read by its few common habits.

The failed address stands in angle brackets or alone at the start of a line; the reply follows after `said:`, `reason:`,
`<<<` or at the start of a line; everything ends where the returned message begins. All patterns are linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mailprobe.wire.quoted import CAP, LATER, Said, addresses, exchanges, first_address, one_line, reply, stage_of

_LINES = 400
_WIDTH = 1500
_RECIPIENTS = 50
_OPENING = re.compile(
    r"\s{0,16}(?:<([^<>\s@]{1,128}@[^<>\s@]{1,255})>|([^\s<>:;,()\"\[\]=@]{1,128}@[^\s<>:;,()\[\]=@]{1,255}))(?P<rest>:(?!//).*|\s*$|\s*[\[(].*|\s+on\s.*)"
)
_NAMED = re.compile(
    r"(?:deliver|sent|rcpt|recipient|address|failed|size|attempts|reach|(?<!reply )to:)[^@\n]{0,40}?"
    r"[\s<:(]([^\s<>:;,()\"\[\]@]{1,128}@[^\s<>:;,()\[\]@]{1,255})",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"[\s>*#=_-]{0,80}(?:(?:below this line|this|below|included|following|here) is a copy of|"
    r"(?:the )?headers? (?:of|from) the original|original message(?: headers?| follows|\s*[-:]|\s*$)|"
    r"(?:returned|unsent|undelivered|bounced) (?:message|mail|e-mail)(?: follows|\s*[-:]|\s*$)|(?:the )?message headers? follow|"
    r"message text follows|begin message|copy of (?:the |your )?(?:original )?message|mail text follows)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(?:Received|Return-Path|X-Received|DKIM-Signature):\s", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"\s*-{2,}\s*Transcript of session|\s*-{2,}\s*Session transcript", re.IGNORECASE)
_BOUNCE = re.compile(
    r"undeliver|non-?deliver|failure notice|returned mail|mail system error|did not reach|mail failure|returned to sender|"
    r"delivery (?:status|fail|report|error|delay|problem)|was rejected|not (?:a )?member|was not sent|unknown user|user unknown|"
    r"deliver[a-z]{0,6}\b[^.\n]{0,60}\b(?:fail|not|error|delay|unable|impossible)|couldn't be sent|\bbounce|"
    r"(?:fail|unable|not|n't|error|impossible)\b[^.\n]{0,60}\bdeliver",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"\bdelay(?:ed)?\b|warning message only|still trying|temporary failure report|will be retried", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice taken apart: its lines above the returned message, what it says per recipient, and the refusals of a
    quoted session."""

    lines: tuple[str, ...]
    transcript: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    refusals: tuple[Said, ...]


def take_notice(text: str) -> Notice:
    """Parse once; ask by `read_notice` and `of_recipient`."""
    lines, transcript = _above_copy(text)
    return Notice(tuple(lines), tuple(transcript), _sections(lines), tuple(exchanges(transcript)))


def read_notice(notice: Notice, known: tuple[str, ...], subject: str, only: str = "") -> tuple[Said, ...]:
    """What a notice says, per recipient. `known`: whom it can mean if it names nobody; `only`: whom it means for certain;
    `subject`: '' for a person's mail."""
    whole = "\n".join((*notice.lines, *notice.transcript))
    if not _is_bounce(notice, whole, subject):
        return ()
    sections = notice.sections or tuple((name, notice.lines) for name in _recipients(notice, whole, known, subject))
    delayed = _DELAYED.search(subject + "\n" + "\n".join(notice.lines[:20])) is not None
    said = [_said(recipient, section, notice.refusals, len(sections) == 1) for recipient, section in sections]
    if only and len({one.recipient.lower() for one in said}) == 1:
        said = [replace(one, recipient=only) for one in said]
    distinct = {(one.recipient.lower(), one.code, one.enhanced): one for one in said}  # some say it in two languages
    return tuple(replace(one, action="delayed") if delayed else one for one in distinct.values())


def of_recipient(notice: Notice, recipient: str) -> Said:
    """What the notice beside a report adds about one recipient; an empty Said if nothing."""
    own = [section for named, section in notice.sections if named.lower() == recipient.lower()]
    alone = len({named.lower() for named, _ in notice.sections}) <= 1
    if own or notice.refusals:
        return _said(recipient, own[-1] if own else (), notice.refusals, alone)
    return _said(recipient, notice.lines, (), alone) if alone else Said(recipient)


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


def _is_bounce(notice: Notice, whole: str, subject: str) -> bool:
    """A machine's notice must speak of delivery; anybody else's text must quote a reply."""
    text = whole[: CAP * 4]
    if notice.refusals or any(reply(line).code for line in notice.lines[:80]):
        return bool(subject) or _BOUNCE.search(text) is not None or len(notice.lines) <= 40
    return bool(subject) and (_BOUNCE.search(subject) or _BOUNCE.search(text)) is not None


def _sections(lines: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
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
    return tuple((name, tuple(section)) for name, section in sections[:_RECIPIENTS])


def _recipients(notice: Notice, whole: str, known: tuple[str, ...], subject: str) -> tuple[str, ...]:
    """Whom a notice without a list means: those a session's transcript refuses, whom its sentence names, or `known`; in
    a line that was pasted alone, the only address there is."""
    refused = tuple(dict.fromkeys(said.recipient for said in notice.refusals if said.recipient))
    found = _NAMED.search(whole[: CAP * 2])
    return refused or ((found[1].rstrip("."),) if found else known or ("" if subject else first_address(whole),))


def _said(recipient: str, section: tuple[str, ...], refusals: tuple[Said, ...], alone: bool) -> Said:
    """The reply quoted in a section, else in the transcript, else the section's own words."""
    said = _quoted(section)
    if refusals and (not said.code or said.stage == LATER):
        seen = _of_transcript(recipient, refusals, alone)
        if not said.code or seen.code == said.code:
            said = replace(seen, text=max(seen.text, said.text, key=len) if said.code else seen.text)
    return replace(said, recipient=recipient)


def _quoted(section: tuple[str, ...]) -> Said:
    """The paragraph with the first reply in it, else all there is."""
    whole = " ".join("\n".join(section).split())
    for paragraph in "\n".join(section).split("\n\n"):
        said = reply(one_line(paragraph))
        if said.code:
            return said if said.stage != LATER else replace(said, stage=stage_of(whole, len(whole)))
    return reply(whole)


def _of_transcript(recipient: str, refusals: tuple[Said, ...], alone: bool) -> Said:
    """The refusal of one recipient, else the first that may mean it. A refusal after DATA that ends in 503 was one of
    RCPT: the commands were pipelined (RFC 2920)."""
    real = [said for said in refusals if said.code != 503] or list(refusals)
    wanted = recipient.lower()
    named = [said for said in real if wanted and wanted in (said.recipient.lower(), first_address(said.text).lower())]
    everybody = [said for said in real if alone or (said.stage != "rcpt" and not said.recipient)]
    said = (named or everybody or [Said()])[0]
    pipelined = said.stage == "data" and len(real) < len(refusals)
    return replace(said, stage="rcpt") if pipelined else said
