"""What one verdict means, for `mailprobe explain CODE`: whose side it is, what it takes to say it, what to do and what not."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from mailprobe.verdict import Actor, Code, HandsetSteps
from mailprobe.verdict.labels import Actors, desk
from mailprobe.verdict.texts import choose, fill, fixed, meaning, wording

WHOSE = MappingProxyType(
    {
        Code.DIRECTORY_OUT_OF_SYNC: Actor.PROVISIONING,
        Code.CLOSED_BY_CONTRACT: Actor.PROVISIONING,
        Code.UNKNOWN_TO_MX: Actor.PROVISIONING,
        Code.MISSING_FROM_MX: Actor.MAIL_OPS,
        Code.IMAP_AUTH_OUT_OF_SYNC: Actor.IDENTITY,
        Code.PASSWORD_OR_LOCK: Actor.CUSTOMER,
        Code.PASSWORD_NOT_PROPAGATED: Actor.IDENTITY,
        Code.SUSPENDED: Actor.PROVISIONING,
        Code.SECRET_EXPIRED: Actor.CUSTOMER,
        Code.LOGIN_RATE_LIMITED: Actor.CUSTOMER,
        Code.IMAP_OUTAGE: Actor.MAIL_OPS,
        Code.STORE_LOST: Actor.MAIL_OPS,
        Code.PARTIAL_BACKEND_FAULT: Actor.MAIL_OPS,
        Code.SERVER_TLS_OLD: Actor.MAIL_OPS,
        Code.NETWORK_RESTRICTED: Actor.NOBODY,
        Code.MAILBOX_FULL: Actor.CUSTOMER,
        Code.HEALTHY: Actor.NOBODY,
        Code.DELIVERED_TO_JUNK: Actor.CUSTOMER,
        Code.RECIPIENT_FILTER: Actor.CUSTOMER,
        Code.SILENTLY_DROPPED: Actor.CUSTOMER,
        Code.DELIVERY_OUTAGE: Actor.MAIL_OPS,
        Code.UNKNOWN_BEHIND_GATEWAY: Actor.PROVISIONING,
        Code.PROBER_BLOCKED: Actor.PROBER,
        Code.VANTAGES_DISAGREE: Actor.PROBER,
        Code.STUCK_DEFERRED: Actor.MAIL_OPS,
        Code.DIRECTORY_UNREACHABLE: Actor.MAIL_OPS,
        Code.DOMAIN_MISCONFIGURED: Actor.MAIL_OPS,
        Code.SENDER_AT_FAULT: Actor.SENDER,
        Code.ADDRESS_CHANGED: Actor.CUSTOMER,
        Code.FORWARDED_OR_AUTO_REPLIED: Actor.CUSTOMER,
        Code.HANDSET: Actor.HANDSET_SUPPORT,
        Code.INCONCLUSIVE: Actor.PROBER,
        Code.ACCEPTS_MAIL: Actor.NOBODY,
        Code.NO_SUCH_ADDRESS: Actor.CUSTOMER,
        Code.WAITING: Actor.NOBODY,
        Code.SUBMISSION_REFUSED: Actor.IDENTITY,
        Code.SUBMISSION_OUTAGE: Actor.MAIL_OPS,
        Code.BLOCKED_AT_MX: Actor.MAIL_OPS,
    }
)
STEPS = MappingProxyType(
    {
        Code.HANDSET: HandsetSteps.REINSTALL_MAIL_PROFILE,
        Code.HEALTHY: HandsetSteps.HARMLESS,
        Code.ACCEPTS_MAIL: HandsetSteps.HARMLESS,
    }
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Plain texts of one language. needed: what must have been seen before this is said; handset: which steps on the device
    may be offered; do_not: what must not be said."""

    code: Code
    title: str
    meaning: str
    whose: str
    needed: tuple[str, ...]
    do: str
    do_not: tuple[str, ...]
    handset: str


def explain(code: Code, language: str, *, actors: Actors = ()) -> Explanation:
    """actors: Config.actors."""
    language = choose(language)
    texts, more, actor = wording(code, language), meaning(code, language), WHOSE[code]
    steps = STEPS.get(code, HandsetSteps.NONE)
    words = {one.value: desk(one, language, actors=actors) for one in Actor}
    words |= {"actor": words[actor.value], "who": words[actor.value], "our": fixed("fill.our.own", language)}
    banned = "erase" if code is Code.HANDSET else "reset"
    return Explanation(
        code=code,
        title=texts.title,
        meaning=more.meaning,
        whose=fill(fixed(f"side.{actor.value}", language), words),
        needed=more.needed,
        do=fill(texts.next, words),
        do_not=(*texts.do_not_say, *(fixed(f"always.{key}", language) for key in ("lost", "pc", banned))),
        handset=fixed(f"handset_steps.{steps.value}", language),
    )
