"""Delivery status notifications (RFC 3464 in the wrapper of RFC 6522): bytes in, failures out. Never an exception.

Reports are read by their fields; what the fields do not tell (the step of the dialogue, a longer text) comes from the
notice for humans. Mails that are no report, and text pasted by an operator, are read by the notice alone (notice.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailprobe.wire import mime, quoted
from mailprobe.wire.forwarded import MACHINE, forwarded, unquoted
from mailprobe.wire.notice import expanded, of_recipient, original_recipients, read_notice, take_notice, tells_of_delivery
from mailprobe.wire.quoted import Said

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(.*)")
_EXPIRED = re.compile(r"\bexpired\b", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_CHARACTER = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_SUCCESS = re.compile(r"2\d\d(?!\d)")
_NO_BOUNCE = ("message/feedback-report", "message/disposition-notification")  # RFC 5965 and 8098
REPORT = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464 and 6533
ORIGINAL = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/partial")
_LIST = re.compile(r"\bnot (?:a )?members?\b|\bnot subscribed\b|\bnon-?member\b", re.IGNORECASE)  # a list's own refusals
_FORWARDED = 3  # a bounce attached to a mail attached to a mail


@dataclass(frozen=True, slots=True)
class Failure:
    """What one bounce says of one recipient.

    action: as RFC 3464 section 2.3.3 (`failed`, `delayed`, `delivered`, ...); only `failed` is a failure for good.
    status: the Status field, '' if none or malformed; code and enhanced: of the quoted reply itself, 0 and '' if none.
    exact: the enhanced code to judge by. Where a reply is quoted its own counts, even if it has none: Status is then the
    reporter's guess (sendmail writes 5.1.1 for any 550).
    stage: the `evidence.Stage` value of the step refused, `after_acceptance` where the bounce does not tell.
    """

    recipient: str
    action: str
    status: str
    code: int
    enhanced: str
    text: str
    stage: str
    remote_mta: str = ""
    reporting_mta: str = ""
    original_recipient: str = ""
    arrived: str = ""  # Arrival-Date, as written

    @property
    def exact(self) -> str:
        bare = len(self.text) <= len("421 ")  # a code without a word: the reporter may know more
        return self.enhanced if self.code and not bare else self.enhanced or self.status


def failures_of(parts: tuple[mime.Part, ...], depth: int = 0) -> tuple[Failure, ...]:
    """One Failure per recipient, in order; none if this is no bounce. A mail attached to a person's mail counts before his own
    words."""
    if any(part.kind in _NO_BOUNCE for part in parts) or depth > _FORWARDED:
        return ()
    report = next((part.text for part in parts if part.kind in REPORT), "")
    if not report and not is_machine(parts):
        for inner in attached(parts):
            if found := failures_of(mime.take_apart(inner.encode("utf-8", "replace")), depth + 1):
                return found
    for told in _told(parts):
        if found := tuple(_failures(parts, told, report)):
            return found
    return ()


def attached(parts: tuple[mime.Part, ...]) -> tuple[str, ...]:
    """Mails attached to this one, as they were sent."""
    return tuple(part.text for part in parts[1:] if part.kind in ("message/rfc822", "message/global") or _saved(part))


def _saved(part: mime.Part) -> bool:
    """A mail that was saved as a file first."""
    named = part.header("content-type") + part.header("content-disposition")
    return part.kind.startswith("application/") and ".eml" in named.lower()


def _failures(parts: tuple[mime.Part, ...], told: str, report: str) -> Iterator[Failure]:
    subject = _subject(parts)
    plain = unquoted(told)
    if not report and not subject and (passed_on := forwarded(plain)):
        plain, subject = passed_on.text, passed_on.subject
    if not report and _LIST.search(subject):
        yield Failure("", "failed", "", 0, "", quoted.one_line(f"{subject}. {plain[: quoted.CAP]}"), quoted.LATER)
        return
    notice = take_notice(plain)
    groups = _groups(report or _inline_report(plain))
    if len(groups) > 1:
        became: dict[str, Iterator[str]] = {}
        for group in groups[1:]:
            outer = _recipient(group)
            inner = next(became.setdefault(outer, iter(expanded(notice, outer))), "")
            failure = _from_fields(groups[0], group, of_recipient(notice, inner or outer))
            if inner:
                failure = replace(failure, recipient=inner, original_recipient=failure.original_recipient or outer)
            yield failure if failure.recipient or len(groups) > 2 else replace(failure, recipient=_only(parts, plain))
        return
    failed = tuple(quoted.addresses(parts[0].header("x-failed-recipients")))  # Exim's
    known = failed or (() if notice.sections else _known(parts, plain))
    returned = any(part.kind in ORIGINAL for part in parts[1:])
    for said in read_notice(notice, known, subject, failed[0] if len(failed) == 1 else ""):
        if said.recipient or said.code or returned or tells_of_delivery(subject):  # else a postmaster writes of something else
            yield Failure(said.recipient, said.action, said.enhanced, said.code, said.enhanced, said.text, said.stage, said.host)


def _told(parts: tuple[mime.Part, ...]) -> tuple[str, ...]:
    """The notice for humans: the first plain text, else the first HTML; if that tells nothing, all texts together."""
    texts = [(part.kind, part.text) for part in parts[1:] if part.kind in ("text/plain", "text/html") and part.text.strip()]
    if not texts:
        return ("",)
    first = next((text for kind, text in texts if kind == "text/plain"), texts[0][1])
    return (first, "\n\n".join(text for _, text in texts)) if len(texts) > 1 else (first,)


def _subject(parts: tuple[mime.Part, ...]) -> str:
    """The subject, if the mail looks like a machine's notice; a person's mail must show a reply to count."""
    subject = mime.plain_words(parts[0].header("subject")) or "no subject"
    if is_machine(parts) or _LIST.search(subject):
        return subject
    returns_a_mail = any(part.kind in ORIGINAL for part in parts[1:])
    return subject if returns_a_mail and tells_of_delivery(subject) else ""


def is_machine(parts: tuple[mime.Part, ...]) -> bool:
    """Whether the sender is a mail system's own address, or none (RFC 5321 section 4.5.5)."""
    top = parts[0]
    sender = f"{top.header('from')} {top.header('return-path')}"
    return MACHINE.search(sender) is not None or bool(top.header("x-failed-recipients"))


def _known(parts: tuple[mime.Part, ...], told: str) -> tuple[str, ...]:
    """Whom a notice that names nobody can mean: the returned message's only recipient."""
    original = next((part.text for part in parts[1:] if part.kind in ORIGINAL), "")
    return original_recipients(original or told)


def _only(parts: tuple[mime.Part, ...], told: str) -> str:
    """The one recipient that a report may leave out."""
    return next(iter(_known(parts, told)), "")


def _inline_report(told: str) -> str:
    """Some put the fields into the text itself, without a part of their own."""
    at = re.search(r"^(?:Reporting-MTA|Final-Recipient)[ \t]*:", told, re.IGNORECASE | re.MULTILINE)
    return told[at.start() :] if at else ""


def _groups(report: str) -> list[dict[str, str]]:
    """Fields per block: the message's own first, then one per recipient. Blank lines between blocks may be missing."""
    groups: list[dict[str, str]] = [{}]
    last, parted = "", False
    for line in report.split("\n"):
        if line[:1] in (" ", "\t") and last and line.strip():
            groups[-1][last] = (groups[-1][last] + " " + line.strip())[: mime.VALUE]
        elif field := _FIELD.fullmatch(line.rstrip()):
            last = field[1].lower()
            if _starts_recipient(last, groups) or (parted and _acts_first(last, groups[-1])):
                if len(groups) == mime.PARTS:
                    break
                groups.append({})
            groups[-1].setdefault(last, field[2][: mime.VALUE])
        else:
            last = ""
        parted = not line.strip()
    return groups


def _starts_recipient(field: str, groups: list[dict[str, str]]) -> bool:
    """Original-Recipient and Final-Recipient come in either order, so only a repeated one starts a new block."""
    if field not in ("final-recipient", "original-recipient"):
        return False
    block = groups[-1]
    return len(groups) == 1 or field in block or ("final-recipient" in block and "status" in block)


def _acts_first(field: str, block: dict[str, str]) -> bool:
    """Exim writes Action before the recipient that it is about: behind a blank line it starts a block."""
    return field == "action" and ("action" in block or not {"final-recipient", "original-recipient"} & block.keys())


def _from_fields(message: dict[str, str], block: dict[str, str], said: Said) -> Failure:
    """`said` is what the notice adds: a reply the fields leave out, and the step that was refused."""
    diagnostic = _value(block.get("diagnostic-code", ""))
    if diagnostic.isdigit() and len(diagnostic) < 3:  # `X-Unix; 77`: how a program of theirs ended
        diagnostic = ""
    reply = quoted.reply(diagnostic)
    text, code, enhanced = reply.text, reply.code, reply.enhanced
    if said.code and (not code or said.code == code):  # the notice often quotes more lines than the field
        text, code, enhanced = _fuller(text, said.text), said.code, enhanced or said.enhanced
    elif not diagnostic:
        text = said.text
    elif success := _SUCCESS.match(diagnostic):
        code = int(success[0])
    status = _STATUS.search(block.get("status", ""))
    return Failure(
        recipient=_recipient(block),
        action=_action(block.get("action", ""), status[0] if status else "", text),
        status=status[0] if status else "",
        code=code,
        enhanced=enhanced,
        text=text[: quoted.CAP],
        stage=_step(reply.stage if reply.stage != quoted.LATER else said.stage, code, enhanced, status[0] if status else ""),
        remote_mta=_value(block.get("remote-mta", "")).split(" ")[0],
        reporting_mta=_value(message.get("reporting-mta", "")).split(" ")[0],
        original_recipient=quoted.first_address(_unescaped(block.get("original-recipient", ""))),
        arrived=message.get("arrival-date", ""),
    )


def _action(field: str, status: str, text: str) -> str:
    """RFC 3464 section 2.3.3. OpenSMTPD reports even what it has given up as delayed; but what has expired is tried no more."""
    action = field.split(" ")[0].lower() or "failed"
    gone = action == "delayed" and status.endswith(".4.7") and _EXPIRED.search(text) is not None
    return "failed" if action == "error" or gone else action


def _step(stage: str, code: int, enhanced: str, status: str) -> str:
    """sendmail shows DATA before a refused recipient (RFC 2920) and before a refused message alike. A 550 without a code of its
    own becomes 5.1.1 in its report of the former, 5.2.0 in that of the latter."""
    return "end_of_data" if (stage, code, enhanced, status) == ("data", 550, "", "5.2.0") else stage


def _fuller(field: str, told: str) -> str:
    """The longer of two quotations of one reply; both, if neither holds the other."""
    return field if told in field else told if field in told else f"{field} {told}"


def _recipient(block: dict[str, str]) -> str:
    """Final-Recipient, unless it is an inner address: source-routed, or at a host without a domain."""
    final, original = (_unescaped(block.get(name, "")) for name in ("final-recipient", "original-recipient"))
    address = quoted.first_address(final)
    if (final.startswith("@") or "." not in address.rpartition("@")[2]) and (outer := quoted.first_address(original)):
        return outer
    return address or quoted.first_address(_unescaped(block.get("x-actual-recipient", "")))


def _unescaped(typed: str) -> str:
    """An address field without its type. `\\x{3042}` is a character (RFC 6533 section 3); `+2B` and `+3D` are what the
    xtext of an ORCPT must escape (RFC 3461 section 4), and some report it as it came."""
    value = _value(typed)
    if "\\x{" in value:
        value = _CHARACTER.sub(_character, value)
    return value.replace("+2B", "+").replace("+3D", "=") if "+" in value else value


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if 0x20 < number < 0x110000 and not 0xD800 <= number < 0xE000 else found[0]


def _value(typed: str) -> str:
    """`smtp; 550 ...` without its type (RFC 3464 section 2.1.2)."""
    kind, found, rest = typed.partition(";")
    return rest.strip() if found and len(kind) <= 20 and " " not in kind.strip() else typed.strip()
