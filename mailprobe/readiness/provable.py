"""Which verdicts can be proven at a carrier as it is set up, how surely, and what to add for the others.

The rules themselves are asked: from the pictures that show a verdict best, what this set-up cannot learn is taken away, as the
probes would leave it, and what the rules still say of the rest is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailprobe.readiness.witness import WITNESSES, Answers, picture_of
from mailprobe.verdict import Code, Confidence
from mailprobe.verdict.judge import first_match
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Breadth,
    Control,
    ControlDelivery,
    DeadAtMx,
    Delivery,
    Domain,
    LiveAtMx,
    Network,
    Prober,
    Room,
    SignIn,
    Store,
)

SURE = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
TOLD = ("portal", "contract", "password_change", "webmail_ok", "handset_fails", "old_address", "bounce", "read_back")


class Ability(StrEnum):
    """What a set-up can learn of a mailbox. The value is what to add where it is missing."""

    RESOLVERS = "a second resolver"
    DOOR = "a way to the MX hosts: port 25, and they must let us ask"
    LIVE = "live_controls: a known good address that is accepted"
    DEAD = "dead_control: a reserved address that never existed"
    TELLS_APART = "(the servers take every address at RCPT)"
    BREADTH = "every MX host, or two, must answer"
    IMAP = "imap: a server that lets us in as far as the sign-in"
    SECRET = "the account's secret, or --ask-secret"  # noqa: S105  what to add
    MASTER = "master_user"
    LIVE_SIGN_IN = "live_controls: with a secret that signs in"
    SUBMISSION = "submission: a server"
    ONE_SECRET = "(the carrier has two passwords)"  # noqa: S105  why it is not to be had
    SEND = "bounce_domain and token_keys, and the probe canary"
    BOUNCES = "bounces that reach our receiver"
    INSIDE = 'engine.network = "inside", from a network of the carrier\'s own'
    OUTSIDE = 'engine.network = "outside", from another network than the carrier\'s'


# Either of these makes do for what the other would show, and no vantage is inside and outside.
OPTIONAL = frozenset({Ability.MASTER, Ability.INSIDE, Ability.OUTSIDE})
EVERYTHING = frozenset(Ability)
Have = frozenset[Ability]


@dataclass(frozen=True, slots=True)
class Provability:
    """sure: how sure a verdict can be, None if it cannot be reached. told: what must be said by somebody besides. add: what is
    missing for `best`, the surest that it could be."""

    code: Code
    sure: Confidence | None
    best: Confidence | None
    told: tuple[str, ...] = ()
    add: tuple[Ability, ...] = ()

    @property
    def provable(self) -> bool:
        """A guess proves nothing, unless the verdict itself is no more than one."""
        return self.sure is not None and (self.sure is not Confidence.LOW or self.best is Confidence.LOW)


def provability(have: Have) -> tuple[Provability, ...]:
    """One per verdict. `inconclusive` is none of them: it is what remains."""
    return tuple(one_code(code, have) for code in Code if code is not Code.INCONCLUSIVE)


def one_code(code: Code, have: Have) -> Provability:
    best, _ = reached(code, EVERYTHING)
    sure, witness = reached(code, have)
    if best is None:  # no rule yet: it takes a second vantage
        return Provability(code, None, None)
    add = () if sure is best else lacking(code, have, best)
    shown = witness if sure is not None else reached(code, have | frozenset(add))[1]
    return Provability(code, sure, best, told_by(shown), add)


def reached(code: Code, have: Have) -> tuple[Confidence | None, Answers]:
    """The surest way to this verdict with these abilities, and the picture that shows it."""
    sure: Confidence | None = None
    shown: Answers = {}
    for witness in WITNESSES.get(code, ()):
        picture = picture_of(without(witness, have))
        rule = first_match(picture)
        if rule.code is not code:
            continue
        confidence = rule.sure(picture)
        if sure is None or SURE.index(confidence) > SURE.index(sure):
            sure, shown = confidence, witness
    return sure, shown


def lacking(code: Code, have: Have, best: Confidence) -> tuple[Ability, ...]:
    """As few of the missing abilities as will do; what cannot be had everywhere is dropped first."""
    needed = EVERYTHING - have
    for one in sorted(needed, key=lambda each: (each not in OPTIONAL, list(Ability).index(each))):
        if reached(code, have | (needed - {one}))[0] is best:
            needed -= {one}
    return tuple(one for one in Ability if one in needed)


def told_by(witness: Answers) -> tuple[str, ...]:
    return tuple(f"{name}={witness[name].value}" for name in TOLD if name in witness)


# ---- what is left of a picture ---------------------------------------------------------------------------------------

REFUSED_AT_DOOR = (
    Acceptance.AS_NEVER_EXISTED,
    Acceptance.DISABLED,
    Acceptance.MOVED,
    Acceptance.FILTERED,
    Acceptance.BLOCKED_ALONE,
)
ALONE = {
    **dict.fromkeys(REFUSED_AT_DOOR, Acceptance.REFUSED_UNCHECKED),
    Acceptance.FULL: Acceptance.REFUSED_UNCHECKED,
    Acceptance.DEFERRED_ALONE: Acceptance.DEFERRED,
    Acceptance.DIRECTORY_DOWN: Acceptance.DEFERRED,
    Acceptance.DISAGREE: Acceptance.UNCLEAR,
    Acceptance.RELAY_DENIED: Acceptance.REFUSED_OTHERWISE,
}
UNCOMPARED = {
    **dict.fromkeys(REFUSED_AT_DOOR, Acceptance.REFUSED_UNCHECKED),
    Acceptance.DISAGREE: Acceptance.UNCLEAR,
    Acceptance.ACCEPTED: Acceptance.ACCEPTED_UNCHECKED,
    Acceptance.ACCEPTED_ALL: Acceptance.ACCEPTED_UNCHECKED,
}
TAKEN_IN = {Acceptance.ACCEPTED: Acceptance.ACCEPTED_ALL, Acceptance.AS_NEVER_EXISTED: Acceptance.ACCEPTED_ALL}
BY_MASTER = {SignIn.OPENED: SignIn.OPENED_BY_MASTER, SignIn.REFUSED: SignIn.REFUSED_BY_MASTER}
NO_LOGIN_NEEDED = (SignIn.CLOSED, SignIn.OLD_TLS, SignIn.NO_SECRET)  # told by the door
AT_THE_DOOR = (Control.CLOSED, Control.UNREACHABLE)
UNLOOKED = {
    Delivery.ARRIVED: Delivery.UNREAD,
    Delivery.JUNKED: Delivery.UNREAD,
    Delivery.OVERDUE: Delivery.UNREAD_OVERDUE,
    Delivery.OVERDUE_HOUR: Delivery.UNREAD_HOUR,
    Delivery.OVERDUE_DAY: Delivery.UNREAD_HOUR,
}
CAME_BACK = (Delivery.UNKNOWN_USER, Delivery.FILTERED, Delivery.MOVED, Delivery.FORWARDED, Delivery.AUTO_REPLIED)


def without(witness: Answers, have: Have) -> Answers:
    """The picture as a set-up with these abilities would see it. In the order in which one thing hangs on another."""
    answers = dict(witness)
    at_names(answers, have)
    at_the_door(answers, have)
    at_sign_in(answers, have)
    at_submission(answers, have)
    of_test_mails(answers, have)
    return answers


def swap(answers: Answers, name: str, table: Mapping[Any, StrEnum]) -> None:
    """The answer that is left of this one, if another is."""
    if name in answers:
        answers[name] = table.get(answers[name], answers[name])


def at_names(answers: Answers, have: Have) -> None:
    if Ability.RESOLVERS not in have and answers["domain"] is Domain.ABSENT:
        answers["domain"] = Domain.UNSURE
    side = answers.get("network")
    if (side is Network.INSIDE and Ability.INSIDE not in have) or (side is Network.OUTSIDE and Ability.OUTSIDE not in have):
        answers["network"] = Network.UNSAID
    if Ability.ONE_SECRET not in have:
        answers["one_secret"] = Answer.NO


def at_the_door(answers: Answers, have: Have) -> None:
    if Ability.TELLS_APART not in have:
        swap(answers, "acceptance", TAKEN_IN)
        answers["dead_at_mx"] = DeadAtMx.ACCEPTED
    if Ability.DEAD not in have:
        swap(answers, "acceptance", UNCOMPARED)
        answers |= {"dead_at_mx": DeadAtMx.UNASKED, "breadth": Breadth.NONE}
    if Ability.LIVE not in have:
        swap(answers, "acceptance", ALONE)
        answers |= {"live_at_mx": LiveAtMx.UNASKED, "breadth": Breadth.NONE}
    if Ability.BREADTH not in have and answers["breadth"] is not Breadth.NONE:
        answers["breadth"] = Breadth.ONE
    if Ability.DOOR not in have:
        answers |= {"live_at_mx": LiveAtMx.UNASKED, "dead_at_mx": DeadAtMx.UNASKED, "breadth": Breadth.NONE}
        if answers["prober"] is Prober.FINE:
            answers |= {"prober": Prober.UNKNOWN, "acceptance": Acceptance.UNREACHABLE}


def at_sign_in(answers: Answers, have: Have) -> None:
    if Ability.IMAP not in have:
        answers |= {"sign_in": SignIn.NO_SERVER, "control_sign_in": Control.ABSENT}
    elif Ability.SECRET not in have and answers["sign_in"] not in NO_LOGIN_NEEDED:
        by_master = BY_MASTER.get(SignIn(answers["sign_in"]), SignIn.NO_SECRET)
        answers["sign_in"] = by_master if Ability.MASTER in have else SignIn.NO_SECRET
    if Ability.LIVE_SIGN_IN not in have and answers["control_sign_in"] not in AT_THE_DOOR:
        answers["control_sign_in"] = Control.ABSENT
    if answers["sign_in"] not in (SignIn.OPENED, SignIn.OPENED_BY_MASTER):
        answers |= {"store": Store.UNKNOWN, "room": Room.UNKNOWN}


def at_submission(answers: Answers, have: Have) -> None:
    """After IMAP in the chain, with the same secret or its own."""
    if Ability.SUBMISSION not in have:
        answers |= {"submission": SignIn.NO_SERVER, "control_submission": Control.ABSENT}
    elif Ability.SECRET not in have:
        answers["submission"] = SignIn.NO_SECRET
    if Ability.LIVE_SIGN_IN not in have:
        answers["control_submission"] = Control.ABSENT


def of_test_mails(answers: Answers, have: Have) -> None:
    if "delivery" not in answers:
        return
    if not {Ability.SEND, Ability.DOOR} <= have:
        answers |= {"delivery": Delivery.UNASKED, "control_delivery": ControlDelivery.UNSENT}
        answers.pop("read_back", None)
        return
    if Ability.BOUNCES not in have and answers["delivery"] in CAME_BACK:
        answers["delivery"] = Delivery.OVERDUE_DAY
    if answers["sign_in"] not in (SignIn.OPENED, SignIn.OPENED_BY_MASTER):
        swap(answers, "delivery", UNLOOKED)
    if Ability.LIVE not in have:
        answers["control_delivery"] = ControlDelivery.UNSENT
    elif not {Ability.LIVE_SIGN_IN, Ability.IMAP} <= have:
        answers["control_delivery"] = ControlDelivery.TAKEN
