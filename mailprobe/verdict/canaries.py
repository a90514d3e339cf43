"""What became of the test mails, T's and L's: the facts of the canary leg and what was told -> one answer per question.

Silence alone says little: absence counts only where somebody of ours can look, and only up to the last look. What comes back
counts where it is tied to that very mail; tied to the mailbox alone it decides nothing, and untied it never gets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from mailprobe.config import Account
from mailprobe.evidence import (
    Arrived,
    Canary,
    CanaryState,
    CleanedUp,
    Folder,
    Of,
    Removal,
    Replied,
    Returned,
    ReturnKind,
    Stage,
    Withheld,
)
from mailprobe.replies import ReplyClass
from mailprobe.verdict.door import BEFORE_RCPT
from mailprobe.verdict.filing import Dated, Filed
from mailprobe.verdict.observed import Observations, Place
from mailprobe.verdict.picture import Answer, CleanUp, ControlDelivery, Delivery, Known, ReadBack, Source
from mailprobe.verdict.returned import Reader, agreed, by_meaning, failure, is_failure, names_target

OVERDUE_AFTER, TIMES_OF_LIVE = 120.0, 5.0  # seconds, or so many times what L's own took, whichever is longer
HOUR, DAY = 3600.0, 86400.0
LIVE_WITHIN = HOUR  # L's test mail is a control for T's if it went out no longer before
AWAITED_FOR = 8 * DAY  # queues give up after five days (RFC 5321 section 4.5.4.1); the token lasts eight
HANDING_OVER = (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END_OF_DATA)
ON_THE_WAY = (*BEFORE_RCPT, *HANDING_OVER)
FOUND = frozenset({CanaryState.SEEN, CanaryState.JUNKED, CanaryState.LATE, CanaryState.REMOVED, CanaryState.LEFT})
OUT_OF_SIGHT = frozenset({Delivery.UNREAD, Delivery.UNREAD_OVERDUE, Delivery.UNREAD_HOUR, Delivery.LOST_TRACK})
AWAITED = frozenset({Delivery.UNDER_WAY, Delivery.OVERDUE, Delivery.OVERDUE_HOUR, Delivery.OVERDUE_DAY})
LATER = frozenset(
    {
        Withheld.NOT_POLITE_YET,
        Withheld.BUDGET_SPENT,
        Withheld.ONE_ALIVE,
        Withheld.SERVER_TROUBLED,
        Withheld.ASKED_TO_WAIT,
    }
)

Noted = TypeVar("Noted", Canary, Arrived, CleanedUp, Returned)

CLEANED = {
    Removal.REMOVED: CleanUp.DONE,
    Removal.GONE: CleanUp.DONE,
    Removal.NO_UIDPLUS: CleanUp.LIMITED,
    Removal.REFUSED: CleanUp.LIMITED,
    Removal.CHANGED: CleanUp.RECREATED,
}
SHOWN = {
    Place.HANDSET: ReadBack.HANDSET,
    Place.WEBMAIL: ReadBack.WEBMAIL,
    Place.INBOX: ReadBack.INBOX,
    Place.JUNK: ReadBack.JUNK,
    None: ReadBack.NOT_SEEN,
}


@dataclass(frozen=True, slots=True)
class Mail:
    """The newest test mail to one mailbox, with all that was seen of it. at: Unix seconds of its last note. returned: what
    came back and is tied to it; loose: something failed that is tied to its mailbox alone; refusal: the servers' last word,
    where that was no."""

    canary: Canary
    at: float
    found: Arrived | None
    returned: tuple[Returned, ...]
    loose: bool
    refusal: Replied | None
    broke: bool  # it was uncertain, as far as this evidence goes back

    @property
    def sent(self) -> float:
        return self.canary.sent_at if self.canary.sent_at is not None else self.at - self.canary.age

    @property
    def took(self) -> float:
        """Seconds from the acceptance to the arrival; 0 where nobody saw both."""
        return (self.found is not None and self.found.took) or self.canary.took or 0.0

    @property
    def took_at_most(self) -> float:
        """The same; where nobody saw both, up to the look that found it."""
        found_at = self.canary.found_at
        return self.took or (max(0.0, found_at - self.sent) if found_at is not None else 0.0)

    @property
    def folder(self) -> Folder | None:
        """Where it was found; None as long as it was not."""
        if self.found is not None:
            return self.found.folder
        if self.canary.state not in FOUND:
            return None
        return self.canary.folder or (Folder.JUNK if self.canary.state is CanaryState.JUNKED else Folder.INBOX)

    @property
    def failed(self) -> tuple[Returned, ...]:
        return tuple(one for one in self.returned if is_failure(one))

    def came(self, kind: ReturnKind) -> tuple[Returned, ...]:
        return tuple(one for one in self.returned if one.kind is kind)


@dataclass(frozen=True, slots=True)
class CanaryLeg:
    """The answers that the test mails give."""

    delivery: Known[Delivery]
    control: Known[ControlDelivery]
    read_back: Known[ReadBack]
    put_off_first: Known[Answer]
    forwards: Known[Answer]
    clean_up: Known[CleanUp]


def canary_leg(filed: Filed, reader: Reader, told: Observations, now: float, *, ran: bool) -> CanaryLeg:
    """ran: whether the canary leg is among the evidence at all. now: Unix seconds."""
    target, live = mail_of(filed, Of.TARGET), mail_of(filed, Of.LIVE)
    exists = ran or "canary" in reader.account.probes
    shown = read_back_of(told, target)
    return CanaryLeg(
        delivery=delivery_known(filed, target, live, reader, shown, now) if exists else Known(Delivery.UNASKED),
        control=Known(control_of(live, target), live.at if live is not None else None),
        read_back=Known(shown, None, Source.TOLD),
        put_off_first=Known(yes(was_greylisted(filed, reader))),
        forwards=Known(yes(target is not None and forwards(target, reader.account))),
        clean_up=clean_up_of(filed, target),
    )


def yes(true: bool) -> Answer:
    return Answer.YES if true else Answer.NO


def noted(filed: Filed, kind: type[Noted], of: Of) -> list[Dated[Noted]]:
    """Every fact of one kind about one mailbox, oldest first."""
    found = [Dated(one.at, one.fact) for one in filed.canaries if isinstance(one.fact, kind) and one.fact.of is of]
    return sorted(found, key=lambda one: one.at)


def mail_of(filed: Filed, of: Of) -> Mail | None:
    """The test mail that was noted last, with what belongs to it."""
    standings = noted(filed, Canary, of)
    if not standings:
        return None
    last, at = standings[-1].fact, standings[-1].at
    found = [one.fact for one in noted(filed, Arrived, of) if one.fact.canary == last.canary]
    back = [one.fact for one in noted(filed, Returned, of)]
    since = last.sent_at or 0.0
    loose = any(not one.canary and is_failure(one) and one.returned_at >= since for one in back)
    tied = tuple(one for one in back if one.canary == last.canary)
    broke = any(one.fact.canary == last.canary and one.fact.state is CanaryState.UNCERTAIN for one in standings)
    return Mail(last, at, found[-1] if found else None, tied, loose, refusal_of(filed, of), broke)


def refusal_of(filed: Filed, of: Of) -> Replied | None:
    """The last refusal, for now or for good, of this mail's own commands; of the greeting where it came to none of them.
    A later greeting belongs to somebody else's mail."""
    replies = [one for door in filed.of_probe("canary") for one in door.replies if one.fact.of is of]
    own = [one for one in replies if one.fact.stage in HANDING_OVER]
    said = own or [one for one in replies if one.fact.stage in BEFORE_RCPT]
    no = [one for one in said if one.fact.code >= 400]
    return max(no, key=lambda one: one.at).fact if no else None


# ---- T's -------------------------------------------------------------------------------------------------------------


def delivery_known(
    filed: Filed, mail: Mail | None, live: Mail | None, reader: Reader, told: ReadBack, now: float
) -> Known[Delivery]:
    """What still counts of the last test mail; else why there is no newer one. Where none is due, an old one is no gap."""
    reasons = {one.fact.why for one in filed.withheld_of("canary", Of.TARGET)}
    if mail is not None:
        value = delivery_of(mail, overdue_after(live), reader) if is_handed_over(mail) else not_yet(reasons)
        if now <= counts_until(mail, value, max(HOUR, reader.carrier.limits.canary_gap), told):
            return Known(value, mail.at)
        if not reasons and "canary" not in reader.account.probes:
            return Known(Delivery.UNASKED, mail.at)
    return Known(Delivery.HELD if reasons & LATER else Delivery.UNSENT, None if mail is None else mail.at)


def counts_until(mail: Mail, value: Delivery, gap: float, told: ReadBack) -> float:
    """Unix seconds. What was found counts for an hour from then, what decides nothing for an hour from the sending, or as long
    as the limits let no other test mail out; what came back, or only the customer can see, for a day; a mail that we await as
    long as it may come back."""
    if value in AWAITED or (value in OUT_OF_SIGHT and told is not ReadBack.UNTOLD):
        return mail.sent + AWAITED_FOR
    if value in OUT_OF_SIGHT:
        return mail.sent + DAY
    if mail.returned and mail.folder is None:
        return max(one.returned_at for one in mail.returned) + DAY
    return max(mail.sent, mail.canary.found_at or 0.0) + gap


def is_handed_over(mail: Mail) -> bool:
    """Or it was tried, at least: a refusal tells more than why it was not tried again."""
    return mail.canary.state is not CanaryState.PLANNED or mail.refusal is not None or bool(mail.returned)


def not_yet(reasons: set[Withheld]) -> Delivery:
    """Planned, and not on its way: nobody could be spoken to, or it must wait, or it must not go."""
    return Delivery.UNSENT if reasons - LATER else Delivery.DEFERRED


def overdue_after(live: Mail | None) -> float:
    return max(OVERDUE_AFTER, TIMES_OF_LIVE * live.took if live is not None else 0.0)


def delivery_of(mail: Mail, limit: float, reader: Reader) -> Delivery:
    """What was found is stronger than what came back, and that is stronger than where the record stands."""
    if mail.folder is not None:
        return arrival(mail, mail.folder, limit, reader.account)
    if mail.failed:
        return agreed([failure(one, reader) for one in mail.failed])
    if mail.came(ReturnKind.AUTO_REPLY):
        return Delivery.AUTO_REPLIED
    if forwards(mail, reader.account):
        return Delivery.FORWARDED
    return standing(mail, limit, reader)


def arrival(mail: Mail, folder: Folder, limit: float, account: Account) -> Delivery:
    if any(names_target(one, account) for one in mail.failed):
        return Delivery.CONFLICT
    if folder is Folder.JUNK:
        return Delivery.JUNKED
    if mail.came(ReturnKind.AUTO_REPLY):
        return Delivery.AUTO_REPLIED
    if folder is Folder.OTHER:
        return Delivery.ELSEWHERE
    late = mail.canary.state is CanaryState.LATE or mail.took_at_most > limit  # in time is only what is shown to be
    return Delivery.LATE if late else Delivery.ARRIVED


def forwards(mail: Mail, account: Account) -> bool:
    """Somebody other than T answered for T's mail. "Relayed" in T's own name, or in nobody's, is no more than an acceptance."""
    return any(not names_target(one, account) for one in (*mail.failed, *mail.came(ReturnKind.FORWARDED)))


def standing(mail: Mail, limit: float, reader: Reader) -> Delivery:
    match mail.canary.state:
        case CanaryState.PLANNED | CanaryState.REFUSED:
            return refused(mail, reader)
        case CanaryState.SENDING:
            return Delivery.UNCERTAIN
        case CanaryState.UNCERTAIN:
            return Delivery.LOST_TRACK if mail.canary.age >= HOUR else Delivery.UNCERTAIN
        case CanaryState.BOUNCED:
            return Delivery.RETURNED
        case CanaryState.LOST:
            lost_track = mail.broke or mail.canary.sent_at is None
            return Delivery.LOST_TRACK if lost_track else out(mail, limit, max(mail.canary.age, limit))
        case _:
            delayed = bool(mail.came(ReturnKind.DELAYED))
            return Delivery.UNDER_WAY if delayed and not mail.loose else out(mail, limit, mail.canary.age)


def refused(mail: Mail, reader: Reader) -> Delivery:
    """At the end of data and before are different facts: without D beside it, "unknown" at RCPT is no proof."""
    if mail.refusal is None:
        return Delivery.REFUSED if mail.canary.state is CanaryState.REFUSED else Delivery.DEFERRED
    if mail.refusal.code < 500:
        return Delivery.DEFERRED
    kind = by_meaning(reader.reply(mail.refusal), Delivery.REFUSED)
    proven = kind is not Delivery.UNKNOWN_USER or mail.refusal.stage is Stage.END_OF_DATA
    return kind if proven else Delivery.REFUSED


def out(mail: Mail, limit: float, age: float) -> Delivery:
    """Taken, and neither found nor returned so far. age: seconds from the acceptance to the last look."""
    if mail.loose:
        return Delivery.RETURNED
    if not mail.canary.watched:
        return Delivery.UNREAD_HOUR if age >= HOUR else Delivery.UNREAD_OVERDUE if age >= limit else Delivery.UNREAD
    if age < limit:
        return Delivery.UNDER_WAY
    if age >= DAY:
        return Delivery.OVERDUE_DAY
    return Delivery.OVERDUE_HOUR if age >= HOUR else Delivery.OVERDUE


# ---- L's, and the rest -----------------------------------------------------------------------------------------------


def control_of(mail: Mail | None, target: Mail | None) -> ControlDelivery:
    """L's test mail beside T's; one of another time is no control."""
    if mail is None or (target is not None and target.sent - mail.sent > LIVE_WITHIN):
        return ControlDelivery.UNSENT
    if mail.folder is not None:
        return ControlDelivery.JUNKED if mail.folder is Folder.JUNK else ControlDelivery.ARRIVED
    if mail.failed or mail.canary.state is CanaryState.BOUNCED:
        return ControlDelivery.RETURNED
    if mail.canary.state in (CanaryState.PLANNED, CanaryState.REFUSED):
        return refused_control(mail)
    if mail.canary.sent_at is None:
        return ControlDelivery.UNDER_WAY if mail.canary.state is not CanaryState.LOST else ControlDelivery.UNSENT
    if not mail.canary.watched:
        return ControlDelivery.TAKEN
    return ControlDelivery.OVERDUE if mail.canary.age >= OVERDUE_AFTER else ControlDelivery.UNDER_WAY


def refused_control(mail: Mail) -> ControlDelivery:
    final = mail.canary.state is CanaryState.REFUSED and (mail.refusal is None or mail.refusal.code >= 500)
    return ControlDelivery.RETURNED if final else ControlDelivery.UNDER_WAY


def read_back_of(told: Observations, mail: Mail | None) -> ReadBack:
    """What was told of the newest test mail, by its number. Junk and absence clear nobody, so they count without it."""
    if not told.canaries:
        return ReadBack.UNTOLD
    if mail is None:
        return ReadBack.UNPROVEN
    number = int(mail.canary.number) if mail.canary.number.isdecimal() else None
    proven = [one for one in told.canaries if number is not None and one.number == number]
    loosely = [one for one in told.canaries if one.number is None and one.place in (Place.JUNK, None)]
    shown = {SHOWN[one.place] for one in (*proven, *loosely)}
    return next((kind for kind in ReadBack if kind in shown), ReadBack.UNPROVEN)


def was_greylisted(filed: Filed, reader: Reader) -> bool:
    replies = [one.fact for door in filed.of_probe("canary") for one in door.replies if one.fact.of is Of.TARGET]
    put_off = (one for one in replies if one.stage in ON_THE_WAY and 400 <= one.code < 500)
    return any(reader.reply(one).cls is ReplyClass.GREYLISTED for one in put_off)


def clean_up_of(filed: Filed, mail: Mail | None) -> Known[CleanUp]:
    done = noted(filed, CleanedUp, Of.TARGET)
    mine = [one for one in done if mail is not None and one.fact.canary == mail.canary.canary]
    return Known(CLEANED[mine[-1].fact.outcome], mine[-1].at) if mine else Known(CleanUp.UNASKED)
