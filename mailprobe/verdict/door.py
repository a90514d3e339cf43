"""What one MX host at one IP address says of T, with L and D beside it: the table of three answers.

| T   | L   | D        | reading                                              |
|-----|-----|----------|------------------------------------------------------|
| 550 | 250 | 550 same | as an address that never existed                     |
| 550 | 250 | 550 else | T's own words: disabled, moved, full, filtered       |
| 550 | 250 | 250      | blocked alone                                        |
| 550 | 550 | 550      | about us or the whole host; nothing about T          |
| 250 |     | 550      | T exists here                                        |
| 250 |     | 250      | accepts everything: nothing about T                  |
| 4xx | 250 |          | something of T's own that may pass                   |
| 4xx | 4xx |          | greylisting, rate, outage                            |

A missing L or D never makes an answer stronger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailprobe.evidence import Broken, NotConnected, NotSecured, Of, Replied, Stage, Unreachable
from mailprobe.replies import Meaning, ReplyClass, SpeaksOf
from mailprobe.verdict.filing import Dated, Door
from mailprobe.verdict.picture import Acceptance, DeadAtMx, LiveAtMx, Prober

LIVE_COUNTS_FOR = 600.0  # seconds
DEAD_COUNTS_FOR = 86400.0
BEFORE_RCPT = (Stage.GREETING, Stage.EHLO, Stage.MAIL)
OURS = (Unreachable.FORBIDDEN, Unreachable.NO_FAMILY, Unreachable.OUR_LIMIT)
WILL_FORWARD = 251  # RFC 5321 section 3.4
ON_THE_WAY = (Unreachable.TIMEOUT, Unreachable.NO_ROUTE)

# Words of a server that cannot look recipients up; a bare 451 may as well be greylisting, which is about us.
LOOKUP_WORDS = (
    *("lookup", "directory", "database", "ldap", "user map", "recipient map", "list expansion"),
    *("recipient verif", "verify recipient"),
)
# ... of one that has only begun to, for this address; and of one that cannot look us up
BEGUN = "in progress"
LOOKS_US_UP = ("dns", "ptr", "reverse", "sender", "client", "hostname", "host name", "helo", "spf", "blacklist", "blocklist")

# T's answer is D's word for word while L is accepted: then these words mean "unknown". Words about policy or about us do
# not: L may stand on a list of exceptions.
UNKNOWN_IF_ALIKE = frozenset(
    {
        ReplyClass.UNKNOWN_USER,
        ReplyClass.UNCLASSIFIED,
        ReplyClass.MAILBOX_DISABLED,
        ReplyClass.MAILBOX_MOVED,
        ReplyClass.DOMAIN_NOT_FOUND,  # "unrouteable": yet L of the same domain is accepted
        ReplyClass.RELAY_DENIED,  # relays for the recipients it knows
    }
)
OWN_WORDS = {
    ReplyClass.MAILBOX_DISABLED: Acceptance.DISABLED,
    ReplyClass.MAILBOX_MOVED: Acceptance.MOVED,
    ReplyClass.MAILBOX_FULL: Acceptance.FULL,
    ReplyClass.RECIPIENT_FILTER: Acceptance.FILTERED,
    ReplyClass.RECIPIENT_RATE: Acceptance.RATE,
}
BLOCKED_WORDS = frozenset({ReplyClass.UNKNOWN_USER, ReplyClass.UNCLASSIFIED, ReplyClass.POLICY_REJECTED})
OUR_SETUP = frozenset(
    {ReplyClass.SENDER_REJECTED, ReplyClass.AUTH_POLICY, ReplyClass.TLS_REQUIRED, ReplyClass.PROTOCOL_ERROR},
)


@dataclass(frozen=True, slots=True)
class Said:
    """One reply, read."""

    reply: Dated[Replied]
    meaning: Meaning

    @property
    def positive(self) -> bool:
        return 200 <= self.reply.fact.code < 300

    @property
    def passing(self) -> bool:
        return 400 <= self.reply.fact.code < 500

    @property
    def refused(self) -> bool:
        return self.reply.fact.code >= 500

    @property
    def about_us(self) -> bool:
        return self.meaning.speaks_of is SpeaksOf.US

    def is_class(self, *classes: ReplyClass) -> bool:
        return self.meaning.cls in classes


Read = Callable[[Replied], Meaning]
Alike = Callable[[Replied, Replied], bool]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said at one door, as far as it still counts."""

    server: str
    ip: str
    target: Said | None
    live: Said | None
    dead: Said | None
    alike: bool  # T's answer is D's, word for word
    refusal: Said | None  # the door's last word before any recipient was named
    shut: Unreachable | None
    broken: bool  # the dialogue broke off
    unsecured: bool  # TLS was offered, and could not be had
    seen_at: float | None  # when anything was last heard here, or nobody opened: Unix seconds


@dataclass(frozen=True, slots=True)
class DoorSays:
    """One row of the table above. full: T, L and D were all asked here. at, live_at: Unix seconds of T's
    and of L's answer; seen_at: of whatever was heard last, or of the door that stayed shut; cut: it was open, and the dialogue
    broke off before T was answered; forwards: T is accepted, and his mail goes on to another address."""

    server: str
    acceptance: Acceptance
    prober: Prober
    live: LiveAtMx
    dead: DeadAtMx
    at: float | None
    remembered: bool
    live_at: float | None = None
    seen_at: float | None = None
    cut: bool = False
    forwards: bool = False

    @property
    def full(self) -> bool:
        return self.live is LiveAtMx.ACCEPTED and self.dead in (DeadAtMx.REFUSED, DeadAtMx.ACCEPTED)


def hear(door: Door, read: Read, alike: Alike, now: float) -> Heard:
    """The newest answer of each, if it is fresh enough."""
    said = {of: newest(door, of, read, now) for of in Of}
    target, dead = said[Of.TARGET], said[Of.DEAD]
    early = [one for one in door.replies if one.fact.stage in BEFORE_RCPT]
    refusal = Said(early[-1], read(early[-1].fact)) if early and early[-1].fact.code >= 400 else None
    gone = [one.fact.why for one in door.shut if isinstance(one.fact, NotConnected)]
    return Heard(
        server=door.server,
        ip=door.ip,
        target=target,
        live=said[Of.LIVE],
        dead=dead,
        alike=target is not None and dead is not None and alike(target.reply.fact, dead.reply.fact),
        refusal=refusal,
        shut=gone[-1] if gone else None,
        broken=any(isinstance(one.fact, Broken) for one in door.shut),
        unsecured=any(isinstance(one.fact, NotSecured) for one in door.shut),
        seen_at=max((one.at for one in (*door.replies, *door.shut) if not one.remembered), default=None),
    )


def newest(door: Door, of: Of, read: Read, now: float) -> Said | None:
    lasts = {Of.LIVE: LIVE_COUNTS_FOR, Of.DEAD: DEAD_COUNTS_FOR}.get(of, float("inf"))
    fit = [one for one in door.replies if one.fact.stage is Stage.RCPT and one.fact.of is of and now - one.at <= lasts]
    return Said(fit[-1], read(fit[-1].fact)) if fit else None


def door_says(heard: Heard) -> DoorSays:
    target = heard.target
    return DoorSays(
        server=heard.server,
        acceptance=acceptance_of(heard),
        prober=prober_of(heard),
        live=live_of(heard.live),
        dead=dead_of(heard.dead),
        at=target.reply.at if target is not None else None,
        remembered=target is not None and target.reply.remembered,
        live_at=heard.live.reply.at if heard.live is not None else None,
        seen_at=heard.seen_at,
        cut=heard.broken and target is None,
        forwards=target is not None and target.reply.fact.code == WILL_FORWARD,
    )


def live_of(live: Said | None) -> LiveAtMx:
    if live is None:
        return LiveAtMx.UNASKED
    if live.positive:
        return LiveAtMx.ACCEPTED
    return LiveAtMx.DEFERRED if live.passing else LiveAtMx.REFUSED


def dead_of(dead: Said | None) -> DeadAtMx:
    if dead is None:
        return DeadAtMx.UNASKED
    if dead.positive:
        return DeadAtMx.ACCEPTED
    return DeadAtMx.DEFERRED if dead.passing or dead.about_us else DeadAtMx.REFUSED


def acceptance_of(heard: Heard) -> Acceptance:
    target = heard.target
    if target is None:
        return before_recipient(heard)
    if target.positive:
        return accepted(dead_of(heard.dead))
    if target.passing:
        return deferred(target, heard.live, heard.dead)
    if target.refused:
        return refused(target, heard)
    return Acceptance.UNCLEAR


def before_recipient(heard: Heard) -> Acceptance:
    """Greeting, EHLO and MAIL never speak of the recipient. A dialogue that is not over yet says nothing."""
    if heard.refusal is not None:
        return Acceptance.DEFERRED if heard.refusal.passing else Acceptance.UNREACHABLE
    out_of_reach = heard.broken or (heard.shut is not None and heard.shut not in OURS)
    return Acceptance.UNREACHABLE if out_of_reach else Acceptance.UNASKED


def accepted(dead: DeadAtMx) -> Acceptance:
    match dead:
        case DeadAtMx.REFUSED:
            return Acceptance.ACCEPTED
        case DeadAtMx.ACCEPTED:
            return Acceptance.ACCEPTED_ALL
    return Acceptance.ACCEPTED_UNCHECKED


def deferred(target: Said, live: Said | None, dead: Said | None) -> Acceptance:
    if target.is_class(ReplyClass.GREYLISTED):
        return Acceptance.GREYLISTED
    if target.is_class(ReplyClass.RECIPIENT_RATE):
        return Acceptance.RATE
    if target.about_us or live is None:
        return Acceptance.DEFERRED
    if live.positive:
        return Acceptance.FULL if target.is_class(ReplyClass.MAILBOX_FULL) else Acceptance.DEFERRED_ALONE
    # an answer about D right now would show that recipients can be looked up
    knows_others = dead is not None and not dead.reply.remembered and not dead.passing
    both = cannot_look_up(target) and cannot_look_up(live)
    return Acceptance.DIRECTORY_DOWN if both and not knows_others else Acceptance.DEFERRED


def cannot_look_up(said: Said) -> bool:
    text = said.reply.fact.text.lower()
    if not said.passing or said.meaning.speaks_of is not SpeaksOf.SERVER or BEGUN in text:
        return False
    if any(word in text for word in LOOKS_US_UP):
        return False
    return any(word in text for word in LOOKUP_WORDS)


def refused(target: Said, heard: Heard) -> Acceptance:
    live, dead = heard.live, heard.dead
    if target.about_us:
        return Acceptance.REFUSED_OTHERWISE
    if live is None or live.passing:
        return unchecked(target)
    if not live.positive:
        return everybody_refused(target, live, dead)
    match dead_of(dead):
        case DeadAtMx.ACCEPTED:
            return OWN_WORDS.get(target.meaning.cls) or alone(target)
        case DeadAtMx.REFUSED:
            return alike(target) if heard.alike else OWN_WORDS.get(target.meaning.cls, Acceptance.REFUSED_OTHERWISE)
    return unchecked(target)


def unchecked(target: Said) -> Acceptance:
    recipient = target.meaning.speaks_of is SpeaksOf.RECIPIENT
    return Acceptance.REFUSED_UNCHECKED if recipient else Acceptance.REFUSED_OTHERWISE


def alone(target: Said) -> Acceptance:
    return Acceptance.BLOCKED_ALONE if target.meaning.cls in BLOCKED_WORDS else Acceptance.REFUSED_OTHERWISE


def alike(target: Said) -> Acceptance:
    return Acceptance.AS_NEVER_EXISTED if target.meaning.cls in UNKNOWN_IF_ALIKE else Acceptance.REFUSED_OTHERWISE


def everybody_refused(target: Said, live: Said, dead: Said | None) -> Acceptance:
    if target.is_class(ReplyClass.RELAY_DENIED) and live.is_class(ReplyClass.RELAY_DENIED):
        return Acceptance.RELAY_DENIED
    return Acceptance.REFUSED_ALL if dead is not None and dead.refused else unchecked(target)


def prober_of(heard: Heard) -> Prober:
    """Are we fit to ask here? Words about us count against us only if nobody else fares better."""
    target = heard.target
    if target is None:
        return prober_before_recipient(heard)
    others = [one for one in (heard.live, heard.dead) if one is not None and not one.reply.remembered]
    if heard.live in others and all(is_policy(one) for one in (target, *others)):
        return Prober.BLOCKED  # refused for a known good account as well, in words about nobody: it is we who are not to
    if not (target.refused and target.about_us):
        return Prober.FINE
    if any(not (one.refused and one.about_us) for one in others):
        return Prober.FINE
    return Prober.MISCONFIGURED if target.meaning.cls in OUR_SETUP else Prober.BLOCKED


def is_policy(said: Said) -> bool:
    return said.refused and said.is_class(ReplyClass.POLICY_REJECTED)


def prober_before_recipient(heard: Heard) -> Prober:
    refusal = heard.refusal
    if refusal is None:
        return Prober.PORT_CLOSED if heard.shut in ON_THE_WAY else Prober.UNKNOWN
    if refusal.passing:
        return Prober.UNKNOWN
    if heard.unsecured and refusal.is_class(ReplyClass.TLS_REQUIRED):
        return Prober.UNKNOWN  # we would have spoken TLS; whose fault it is that it failed, this refusal does not tell
    setup = refusal.reply.fact.stage is Stage.EHLO or refusal.meaning.cls in OUR_SETUP
    if not refusal.about_us and not setup:
        return Prober.UNKNOWN
    return Prober.MISCONFIGURED if setup else Prober.BLOCKED
