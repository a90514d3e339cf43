"""What mail programs write to humans when mail comes back: no standard, so read by its few common habits.

The failed address stands in angle brackets or alone at the start of a line; the reply follows after `said:`, `reason:`,
`<<<` or at the start of a line; everything ends where the returned message begins. All patterns are linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mailprobe.wire.quoted import (
    CAP,
    LATER,
    Said,
    addresses,
    exchanges,
    first_address,
    one_line,
    quotes,
    quotes_maybe,
    reply,
    stage_of,
)

_LINES = 400
_WIDTH = 1500
_RECIPIENTS = 50
_OPENING = re.compile(
    r"(?P<indent>\s{0,16})(?:[*-]{1,2}\s{1,3})?(?:(?:recipient|recipient address|e-?mail address|error|宛先)\s?:\s{0,10})?"
    r"(?:<([^<>\s@]{1,128}@[^<>\s@]{1,255})>|\"([^<>\s@\"]{1,128}@[^<>\s@\"]{1,255})\"(?=:|\s*$)"
    r"|([^\s<>:;,()\"\[\]=@]{1,128}@[^\s<>:;,()\[\]=@]{1,255}))"
    r"(?P<rest>:(?!//).*|\s*$|\s*[\[(].*|\s+on\s.*|<mailto:[^<>]{1,400}>\s*$)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:deliver|sent|rcpt|recipient|address|failed|size|attempts|reach|message to|(?<!reply )to:)[^@\n]{0,40}?"
    r"[\s<:(]([^\s<>:;,()\"\[\]@]{1,128}@[^\s<>:;,()\[\]@]{1,255})",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"[\s>*#=_-]{0,80}(?:(?:below this line|this|below|included|following|here) is a copy of|"
    r"(?:the )?headers? (?:of|from) the original|original message(?: headers?| follows|\s*[-:]|\s*$)|"
    r"(?:returned|unsent|undelivered|bounced) (?:message|mail|e-mail)(?: follows|\s*[-:]|\s*$)|(?:the )?message headers? follow|"
    r"message text follows|begin message|no action is required on your part|"
    r"copy of (?:the |your )?(?:original )?message|mail text follows)",
    re.IGNORECASE,
)
_COPY_SIGNS = ("copy of", "original", "follow", "returned", "unsent", "undelivered", "bounced", "begin message", "no action is")
_GENERATED = re.compile(r"\((?:ultimately )?generated from ([^\s<>()]{1,128}@[^\s<>()]{1,255})\)")
_HEADER = re.compile(r"(?:Received|Return-Path|X-Received|DKIM-Signature):\s", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"\s*-{2,}\s*Transcript of session|\s*-{2,}\s*Session transcript", re.IGNORECASE)
_BOUNCE = re.compile(
    r"undeliver|non-?deliver|failure notice|returned mail|mail system error|did not reach|mail failure|returned to sender|"
    r"delivery (?:status|fail|report|error|delay|problem|incomplete|has failed)|was rejected|not (?:a )?member|was not sent|"
    r"unknown user|user unknown|couldn't be sent|could not (?:be sent|send)|\bbounce|"
    r"(?:error|trouble|problem) (?:sending|delivering)|"
    r"deliver[a-z]{0,6}\b[^.\n]{0,60}\b(?:fail|not|error|delay|unable|impossible)|"
    r"(?:fail|unable|not|n't|error|impossible)\b[^.\n]{0,60}\bdeliver|"
    r"配信不能|(?:配信|配送|配達|送信)(?:に失敗|でき(?:ません|なかった|ない)|されません|エラー)|宛先不明|"  # Japanese
    r"unzustellbar|nicht zugestellt|non remis|n'a pas pu être (?:remis|envoyé|distribué)|chec de (?:la )?(?:remise|distribution)|"
    r"no se (?:puede|pudo|ha podido) entregar|no entregado|impossibile recapitare|mancat[ao] (?:recapito|consegna)|"
    r"não (?:foi|pôde ser) entregue|falha na entrega|niet (?:worden )?bezorgd|onbestelbaar|退信|无法投递|未能送达|投递失败|"
    r"배달되지|전송 실패|не доставлен|не удалось доставить",
    re.IGNORECASE,
)
_DELAYED = ("warning message only", "still trying", "temporary failure report", "will be retried", "遅延", "verzögert", "retardé")
_DELAY = re.compile(r"\bdelay(?:ed)?\b")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice taken apart: its lines above the returned message, what it says before it names anybody and then per
    recipient, and the refusals of a quoted session."""

    lines: tuple[str, ...]
    transcript: tuple[str, ...]
    preamble: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    refusals: tuple[Said, ...]


def take_notice(text: str) -> Notice:
    """Parse once; ask by `read_notice` and `of_recipient`."""
    lines, transcript = _above_copy(text)
    preamble, sections = _sections(lines)
    return Notice(tuple(lines), tuple(transcript), preamble, sections, tuple(exchanges(transcript)))


def read_notice(notice: Notice, known: tuple[str, ...], subject: str, only: str = "") -> tuple[Said, ...]:
    """What a notice says, per recipient. `known`: whom it can mean if it names nobody; `only`: whom it means for certain;
    `subject`: '' for a person's mail."""
    whole = "\n".join((*notice.lines, *notice.transcript))
    if not _is_bounce(notice, whole, subject):
        return ()
    sections = notice.sections or tuple((name, notice.lines) for name in _recipients(notice, whole, known, subject))
    delayed = _is_delayed("\n".join((subject, *notice.lines[:20])).lower())
    said = [_said(recipient, section, notice.refusals, len(sections) == 1) for recipient, section in sections]
    said = [_or_before(one, notice.preamble) for one in said]
    if only and len({one.recipient.lower() for one in said}) == 1:
        said = [replace(one, recipient=only) for one in said]
    distinct = _distinct(said)
    return tuple(replace(one, action="delayed") if delayed else one for one in distinct)


def of_recipient(notice: Notice, recipient: str) -> Said:
    """What the notice beside a report adds about one recipient; an empty Said if nothing."""
    own = [section for named, section in notice.sections if named.lower() == recipient.lower()]
    alone = len({named.lower() for named, _ in notice.sections}) <= 1
    if own or notice.refusals:
        return _said(recipient, own[-1] if own else (), notice.refusals, alone)
    return _said(recipient, notice.lines, (), alone) if alone else Said(recipient)


def expanded(notice: Notice, recipient: str) -> tuple[str, ...]:
    """The addresses that an alias or a forwarding led to and that failed, as Exim names them in its notice; its report names the
    one that was written to."""
    return tuple(named for named, section in notice.sections if _generated_from(section) == recipient.lower() != "")


def _generated_from(section: tuple[str, ...]) -> str:
    found = _GENERATED.fullmatch(" ".join(section[:2]).strip())
    return found[1].lower() if found else ""


def original_recipients(original: str) -> tuple[str, ...]:
    """The only recipient of a returned message by its To header; none if there are several or none."""
    for line in original.split("\n")[:_LINES]:
        field, _, rest = line[:_WIDTH].partition(":")
        if field.strip().lower() in ("to", "rcpt to") and len(found := list(dict.fromkeys(addresses(rest)))) == 1:
            return (found[0],)
    return ()


def _above_copy(text: str) -> tuple[list[str], list[str]]:
    """Lines above the returned message: the notice, and a session's transcript."""
    notice: list[str] = []
    transcript: list[str] = []
    into = notice
    for raw in text.split("\n")[:_LINES]:
        line = raw[:_WIDTH].rstrip()
        lower = line.lower()
        if any(sign in lower for sign in _COPY_SIGNS) and _COPY.match(line):
            break
        if lower[:1] in ("r", "x", "d") and len(notice) > 3 and _HEADER.match(line):
            break
        if "transcript" in lower and _TRANSCRIPT.match(line):
            into = transcript
        into.append(line)
    return notice, transcript


def tells_of_delivery(subject: str) -> bool:
    """Whether a subject is that of a notice."""
    return _BOUNCE.search(subject) is not None


def _is_bounce(notice: Notice, whole: str, subject: str) -> bool:
    """A machine's notice must speak of delivery; anybody else's text must quote a reply."""
    text = whole[: CAP * 4]
    if notice.refusals or any(quotes(line) for line in notice.lines[:80]):
        return bool(subject) or _BOUNCE.search(text) is not None or len(notice.lines) <= 40
    return bool(subject) and (_BOUNCE.search(subject) or _BOUNCE.search(text)) is not None


def _distinct(said: list[Said]) -> tuple[Said, ...]:
    """Some say it in two languages, or first in words and then by the reply: the reply counts."""
    quoted_of = {one.recipient.lower() for one in said if one.code}
    telling = [one for one in said if one.code or one.recipient.lower() not in quoted_of]
    return tuple({(one.recipient.lower(), one.code, one.enhanced): one for one in telling}.values())


def _or_before(said: Said, preamble: tuple[str, ...]) -> Said:
    """Some give the reason first and name the recipient behind it."""
    if said.code or not preamble:
        return said
    before = _quoted(preamble)
    if before.code or not said.text.strip(" -_=*"):
        return replace(before, recipient=said.recipient, action=said.action)
    return said


def _is_delayed(lower: str) -> bool:
    return any(words in lower for words in _DELAYED) or ("delay" in lower and _DELAY.search(lower) is not None)


def _sections(lines: list[str]) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """What stands before anybody is named; then a recipient and what is said of it. Addresses that follow each other share
    what follows the last; a wrapped line that begins with the same address opens nothing."""
    preamble: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for line in lines:
        opening = _OPENING.fullmatch(line) if "@" in line else None
        name = (opening[2] or opening[3] or opening[4]) if opening else ""
        wrapped = opening is not None and bool(opening["indent"]) and bool(sections) and sections[-1][0] == name
        if opening and not wrapped:
            sections.append((name, [opening["rest"].lstrip(": ") if not opening["rest"].startswith("<") else ""]))
        else:
            (sections[-1][1] if sections else preamble).append(line)
    shared: list[str] = []
    for _, section in reversed(sections):
        if any(line.strip() for line in section):
            shared = section
        else:
            section.extend(shared)
    return tuple(preamble), tuple((name, tuple(section)) for name, section in sections[:_RECIPIENTS])


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
    """The paragraph with the first reply in it; else that of the recipient's own line, if it says something, else everything."""
    text = "\n".join(section)
    whole = " ".join(text.split())
    for paragraph in text.split("\n\n") if quotes_maybe(text) else ():
        said = reply(one_line(paragraph))
        if said.code:
            return said if said.stage != LATER else replace(said, stage=stage_of(whole, len(whole)))
    beside = section[0].strip(" -_=*") if section else ""
    return reply(one_line(text.partition("\n\n")[0]) if beside else whole)


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
