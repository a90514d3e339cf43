"""The logins at one door, and what was answered to each: by its own answer, or by a farewell instead of one or soon after."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailprobe.carriers import Carrier
from mailprobe.evidence import As, Breakage, Broken, Of, Stage
from mailprobe.replies import SignInClass, read_auth, read_sign_in
from mailprobe.verdict.filing import Door

LOGIN = (Stage.LOGIN, Stage.AUTH)
LET_IN = (Stage.CAPABILITY, Stage.EXAMINE)  # what comes between a login's OK and an open mailbox
HUNG_UP = (Breakage.RESET, Breakage.CLOSED, Breakage.BYE)
TROUBLE = (
    *("temporary problem", "temporary failure", "temporary authentication failure", "internal error", "internal login failure"),
    *("shutting down", "unavailable", "system error", "fatal error", "maintenance"),
)
ABOUT_US = ("you", "client", "address", "blocked", "banned")
# What an earlier refusal still says hours later; all else was of its moment
LASTING = (SignInClass.DISABLED, SignInClass.EXPIRED, SignInClass.NOT_ALLOWED)
OF_ACCOUNT = (*LASTING, SignInClass.RATE_LIMITED)  # what a BYE behind the login says of him who has just signed in


@dataclass(frozen=True, slots=True)
class Login:
    """One login and what was answered. broken: nothing was; the server hung up, perhaps only on us. silent: nothing was, and
    our time ran out or somebody stopped us."""

    at: float
    door: Door
    of: Of
    who: As | None
    cls: SignInClass
    remembered: bool = False
    broken: bool = False
    silent: bool = False


def logins_of(door: Door, carrier: Carrier) -> Iterable[Login]:
    for answer in door.answers:
        fact = answer.fact
        if fact.stage in LOGIN:
            cls = read_sign_in(status=fact.status, code=fact.code, text=fact.text, stage=fact.stage, carrier=carrier)
            yield Login(answer.at, door, fact.of, fact.who, cls, answer.remembered)
    for reply in door.replies:
        said = reply.fact
        if said.stage in LOGIN and not 300 <= said.code < 400:
            cls = read_auth(code=said.code, enhanced=said.enhanced, text=said.text, carrier=carrier)
            yield Login(reply.at, door, said.of, said.who, cls, reply.remembered)
    for broken in door.shut:
        if isinstance(broken.fact, Broken) and broken.fact.stage in LOGIN:
            cls = farewell(broken.fact, carrier)
            hung_up = cls is SignInClass.UNCLASSIFIED and broken.fact.why in HUNG_UP and not may_mean_one(broken.fact)
            silent = broken.fact.why is Breakage.OUT_OF_TIME
            yield Login(broken.at, door, broken.fact.of, None, cls, broken=hung_up, silent=silent)
        elif isinstance(broken.fact, Broken) and (who := let_in(door, broken.at, broken.fact)) is not None:
            cls = farewell(broken.fact, carrier)
            if cls in OF_ACCOUNT:
                yield Login(broken.at, door, broken.fact.of, who, cls)


def let_in(door: Door, at: float, fact: Broken) -> As | None:
    """As whom he signed in, of whom the server took its leave only then: some look there who it is, and whether he may."""
    if fact.stage not in LET_IN:
        return None
    before = [one for one in door.answers if one.fact.of is fact.of and one.at <= at and one.fact.stage in LOGIN]
    last = before[-1] if before else None
    return last.fact.who if last is not None and last.fact.status == "OK" and not last.remembered else None


def farewell(fact: Broken, carrier: Carrier) -> SignInClass:
    """What a BYE says. It counts as the server's own trouble only if its words say so: it may just as well be about us."""
    if fact.why is not Breakage.BYE:
        return SignInClass.UNCLASSIFIED
    code, text = code_and_text(fact.words)
    cls = read_sign_in(status="NO", code=code, text=text, stage=Stage.GREETING, carrier=carrier)
    guessed = cls is SignInClass.UNAVAILABLE and not code and not is_in_trouble(text)
    return SignInClass.UNCLASSIFIED if guessed else cls


def may_mean_one(fact: Broken) -> bool:
    """A BYE that names no trouble of the server's, as "try again later", may mean this login alone: one that came too fast."""
    return fact.why is Breakage.BYE and not is_in_trouble(fact.words)


def is_in_trouble(words: str) -> bool:
    """A greeting that sends everybody away speaks of the server itself; one that says "you" or nothing may be a ban."""
    said = words.lower()
    return any(word in said for word in TROUBLE) and not any(word in said for word in ABOUT_US)


def code_and_text(words: str) -> tuple[str, str]:
    """`[CODE args] text` -> code and text (RFC 9051 section 7.1)."""
    found = re.match(r"\s*(?:NO |BYE )?\[([^\]\s]+)[^\]]*\]\s*(.*)", words, re.DOTALL)
    return (found[1].upper(), found[2]) if found else ("", words)
