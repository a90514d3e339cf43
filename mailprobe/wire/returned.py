"""A mail that came back, whatever it is: a bounce, somebody's automatic answer, a complaint, a receipt; and what ties it to
the mail that it answers. Bytes in, values out; never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice

from mailprobe.wire import mime, quoted
from mailprobe.wire.dsn import ORIGINAL, REPORT, Failure, failures_of

_REPLIED = ("x-autoreply", "x-autorespond", "x-autoresponse")
_ADDRESSED = ("to", "delivered-to", "x-original-to", "in-reply-to", "references", "subject")
_MAILS = 50  # of one file
_TIES, _WORDS = 50, 500  # kept; long words are common where headers are signed
_SCANNED = 64 * 1024  # characters of each part in which words are looked for
_MESSAGE_ID = re.compile(r"<([^<>\s@]{1,200}@[^<>\s@]{1,200})>")
_OWN_ID = re.compile(r"[mM](?<![^\n][mM])[eE][sS][sS][aA][gG][eE]-[iI][dD]:\s{0,4}<([^<>\s@]{1,200}@[^<>\s@]{1,200})>")
_WORD = re.compile(r"(?<![A-Za-z0-9.-])(?:[A-Za-z0-9-]{20,80}|[A-Za-z0-9]{1,80}\.[A-Za-z0-9]{16,80})(?!\.?[A-Za-z0-9-])")
_LONG = 20  # characters that any signed word has
_ENVELOPE = re.compile(r"^Original-Envelope-Id[ \t]*:[ \t]*(\S{1,200})", re.IGNORECASE | re.MULTILINE)
_REPORT_TYPE = re.compile(r"report-type\s*=\s*\"?([A-Za-z-]{1,40})", re.IGNORECASE)  # RFC 6522 section 3
_DAEMON = re.compile(r"mailer-?daemon|postmaster|mail deliver|mail administrator|mail system|delivery subsystem", re.IGNORECASE)
_ANSWERED = re.compile(
    r"\b(?:auto(?:matic)?(?:ally generated)?[- ]?(?:reply|response|answer|responder)|autoreply|autorespon|out of (?:the )?office|"
    r"away from (?:the |my )?(?:office|e?mail)|vacation|on holiday|on leave|abwesen|absen(?:ce|t)|fuera de la oficina|"
    r"respuesta autom|risposta automatica|réponse automatique|automatische antwo|automatisch(?:e)? "
    r"(?:antwoord|beantwoord)|afwezig|resposta autom|fora do escritório|odpowied[źz] autom|autom\w* odpowied[źz]|nieobecno|"
    r"autosvar|automatiskt? svar|automatick\w* odpov|otomatik (?:yanıt|cevap)|автоответ|автоматическ\w* ответ)|"
    r"自動返信|自動応答|不在|自动回复|自動回覆|자동 ?(?:응답|회신)|부재",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What sort of mail came back."""

    BOUNCE = "bounce"  # something is said of delivery: failed, delayed, delivered
    AUTO_REPLY = "auto_reply"  # RFC 3834: an answer that nobody wrote
    COMPLAINT = "complaint"  # RFC 5965: a recipient called it spam
    RECEIPT = "receipt"  # RFC 8098: it was read, or deleted unread
    OTHER = "other"
    UNPARSED = "unparsed"  # it could not be read in the time that it may take: nothing is known of it


@dataclass(frozen=True, slots=True)
class Ties:
    """What may tie a returned mail to the mail that it answers. A stranger can write all of it: verify before believing.

    envelope_ids: Original-Envelope-Id, the ENVID of the mail (RFC 3461), xtext decoded. message_ids: without brackets; the
    returned headers' first, then In-Reply-To and References. words: whatever in the mail looks like a signed word, such as
    a local part or a stamp `id.mac`, in order, each once, in the case that it has there.
    """

    envelope_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """sender: the address in From; message_id: the mail's own header; '' if none. is_answer: it names a mail that it answers
    (RFC 5322 section 3.6.4). from_machine: a mail system's own name is its sender's."""

    kind: Kind
    failures: tuple[Failure, ...] = ()
    ties: Ties = Ties()
    sender: str = ""
    message_id: str = ""
    is_answer: bool = False
    from_machine: bool = False


UNPARSED = Mail(Kind.UNPARSED)


def read_returned(raw: bytes) -> Mail:
    """What came back. Of a file with several mails: all that they say, under the first kind that is not OTHER."""
    found = [_read(mime.take_apart(one)) for one in _some(mime.mails(raw))]
    if len(found) == 1:
        return found[0]
    telling = [one for one in found if one.kind is not Kind.OTHER] or found
    return Mail(
        kind=Kind.BOUNCE if any(one.failures for one in found) else telling[0].kind,
        failures=tuple(failure for one in found for failure in one.failures),
        ties=_all_ties([one.ties for one in found]),
        sender=telling[0].sender,
        message_id=telling[0].message_id,
        is_answer=telling[0].is_answer,
        from_machine=any(one.from_machine for one in found),
    )


def _some(mails: Iterator[bytes]) -> Iterator[bytes]:
    """As many as may be read of one file: the first fifty, and no more than two of the biggest."""
    left = 2 * mime.CAP
    for one in islice(mails, _MAILS):
        yield one
        left -= len(one)
        if left <= 0:
            return


def _read(parts: tuple[mime.Part, ...]) -> Mail:
    kind, failures = _kind(parts)
    top = parts[0]
    return Mail(
        kind=kind,
        failures=failures,
        ties=_ties(parts),
        sender=quoted.first_address(top.header("from")),
        message_id=top.header("message-id"),
        is_answer=bool(top.header("in-reply-to") or top.header("references")),
        from_machine=_is_daemon(top),
    )


def _kind(parts: tuple[mime.Part, ...]) -> tuple[Kind, tuple[Failure, ...]]:
    """A report or a machine's notice is a bounce even if it calls itself an automatic answer, as Postfix's do; of any
    other mail the marks of an automatic answer count before its words."""
    kinds = {part.kind for part in parts}
    report = _REPORT_TYPE.search(parts[0].header("content-type"))
    if "message/feedback-report" in kinds or (report and report[1].lower() == "feedback-report"):
        return Kind.COMPLAINT, ()
    if "message/disposition-notification" in kinds or (report and report[1].lower() == "disposition-notification"):
        return Kind.RECEIPT, ()
    if not kinds & set(REPORT) and not _is_daemon(parts[0]) and _answers_itself(parts[0]):
        return Kind.AUTO_REPLY, ()
    if not kinds & set(REPORT) and not _is_daemon(parts[0]) and parts[0].header("list-unsubscribe"):  # RFC 2369: a newsletter
        return Kind.OTHER, ()
    if failures := failures_of(parts):
        return Kind.BOUNCE, failures
    return Kind.OTHER, ()  # a report or a machine's notice that says nothing we know, however it calls itself


def _is_daemon(top: mime.Part) -> bool:
    """A mail system by its name. An empty return path is no sign of one: automatic answers have it too (RFC 3834 section 3.3)."""
    return _DAEMON.search(top.header("from")) is not None or bool(top.header("x-failed-recipients"))


def _answers_itself(top: mime.Part) -> bool:
    """The marks of RFC 3834 section 5, and the older ones beside it."""
    submitted = top.header("auto-submitted").lower()
    if submitted.startswith("auto-replied") or any(top.header(name) for name in _REPLIED):
        return True
    if top.header("precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    return _ANSWERED.search(mime.plain_words(top.header("subject"))) is not None


def _ties(parts: tuple[mime.Part, ...]) -> Ties:
    top = parts[0]
    returned = chain.from_iterable(_OWN_ID.findall(part.text[:_SCANNED]) for part in parts[1:] if part.kind in ORIGINAL)
    answered = _MESSAGE_ID.findall(f"{top.header('in-reply-to')} {top.header('references')}")
    told = [part.text[:_SCANNED] for part in parts[1:]]
    headers = " ".join(top.header(name) for name in _ADDRESSED)
    return Ties(
        envelope_ids=_first(quoted.xtext(one) for text in told if "nvelope-" in text for one in _ENVELOPE.findall(text)),
        message_ids=_first(chain(returned, answered, chain.from_iterable(_OWN_ID.findall(text) for text in told))),
        words=_first((word for text in (headers, *told) for word in _words(text)), _WORDS),
    )


def _words(text: str) -> Iterator[str]:
    for chunk in text.split():
        if len(chunk) >= _LONG:
            yield from _WORD.findall(chunk)


def _first(found: Iterable[str], most: int = _TIES) -> tuple[str, ...]:
    """Each once, the first of them."""
    return tuple(islice(dict.fromkeys(found), most))


def _all_ties(found: list[Ties]) -> Ties:
    return Ties(
        envelope_ids=_first(name for one in found for name in one.envelope_ids),
        message_ids=_first(name for one in found for name in one.message_ids),
        words=_first((word for one in found for word in one.words), _WORDS),
    )
