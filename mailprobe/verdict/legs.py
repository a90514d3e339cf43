"""How each leg of a check stands, for the row of stations from the sender to the mailbox. Facts of that leg alone: what one
leg shows is never taken back by another."""

from __future__ import annotations

from mailprobe.evidence import End, Evidence, Of
from mailprobe.verdict.delivery import UNREAD
from mailprobe.verdict.grounds import OPENED
from mailprobe.verdict.labels import LegState, answer, label
from mailprobe.verdict.picture import (
    Acceptance,
    Control,
    ControlDelivery,
    Delivery,
    Domain,
    Picture,
    Prober,
    ReadBack,
    SignIn,
    Store,
)

GOOD, BAD, UNCLEAR = LegState.GOOD, LegState.BAD, LegState.UNCLEAR
NOT_POSSIBLE, HELD, OUR_FAULT = LegState.NOT_POSSIBLE, LegState.HELD, LegState.OUR_FAULT

DOMAIN = {
    Domain.FOUND: GOOD,
    Domain.CONFIGURED: GOOD,
    Domain.ABSENT: BAD,
    Domain.REFUSES_MAIL: BAD,
    Domain.NO_SERVERS: BAD,
    Domain.UNSURE: UNCLEAR,
    Domain.DEAF: OUR_FAULT,
    Domain.UNASKED: NOT_POSSIBLE,
}
ACCEPTANCE = {
    Acceptance.ACCEPTED: GOOD,
    Acceptance.ACCEPTED_UNCHECKED: GOOD,
    Acceptance.RATE: GOOD,
    Acceptance.UNASKED: NOT_POSSIBLE,
    Acceptance.UNPROBEABLE: NOT_POSSIBLE,
    Acceptance.HELD: HELD,
    Acceptance.ACCEPTED_ALL: UNCLEAR,
    Acceptance.REFUSED_UNCHECKED: UNCLEAR,
    Acceptance.REFUSED_OTHERWISE: UNCLEAR,
    Acceptance.REFUSED_ALL: UNCLEAR,
    Acceptance.GREYLISTED: UNCLEAR,
    Acceptance.DEFERRED: UNCLEAR,
    Acceptance.UNCLEAR: UNCLEAR,
    Acceptance.UNREACHABLE: UNCLEAR,
}  # all others speak of the mailbox or of the servers: BAD
READ_BACK = {
    ReadBack.HANDSET: GOOD,
    ReadBack.WEBMAIL: GOOD,
    ReadBack.INBOX: GOOD,
    ReadBack.JUNK: BAD,
    ReadBack.NOT_SEEN: UNCLEAR,
}
SIGN_IN = {
    SignIn.OPENED: GOOD,
    SignIn.OPENED_BY_MASTER: GOOD,
    SignIn.HELD: HELD,
    SignIn.NO_SECRET: NOT_POSSIBLE,
    SignIn.NO_SERVER: NOT_POSSIBLE,
    SignIn.UNASKED: NOT_POSSIBLE,
    SignIn.UNREACHABLE: UNCLEAR,
    SignIn.UNCLEAR: UNCLEAR,
    SignIn.RATE_LIMITED: UNCLEAR,
}  # all others: BAD
SHUT_OUT = (Control.CLOSED, Control.UNREACHABLE, Control.UNAVAILABLE, Control.RATE_LIMITED)
DELIVERY = {
    Delivery.ARRIVED: GOOD,
    Delivery.LATE: GOOD,
    Delivery.ELSEWHERE: GOOD,
    Delivery.UNASKED: NOT_POSSIBLE,
    Delivery.UNSENT: NOT_POSSIBLE,
    Delivery.HELD: HELD,
    Delivery.UNDER_WAY: HELD,
    Delivery.DEFERRED: HELD,
    Delivery.OURS: OUR_FAULT,
    Delivery.UNCERTAIN: UNCLEAR,
    Delivery.LOST_TRACK: UNCLEAR,
    Delivery.UNREAD: UNCLEAR,
    Delivery.UNREAD_OVERDUE: UNCLEAR,
    Delivery.UNREAD_HOUR: UNCLEAR,
    Delivery.REFUSED: UNCLEAR,
    Delivery.RETURNED: UNCLEAR,
    Delivery.CONFLICT: UNCLEAR,
}  # all others: BAD


def leg_state(evidence: Evidence, picture: Picture) -> LegState:
    """The station's colour, as a word."""
    if evidence.ending.kind is End.OUR_FAULT:
        return OUR_FAULT
    if evidence.probe == "dns":
        return DOMAIN[picture.domain.value]
    if evidence.probe == "mx":
        if leg_is_ours(picture):
            return OUR_FAULT
        return ACCEPTANCE.get(picture.acceptance.value, BAD)
    if evidence.probe == "submission":
        return SIGN_IN.get(picture.submission.value, BAD)
    if evidence.probe == "canary":
        return canary_state(picture)
    if picture.store.among(Store.LOST, Store.FAILED):
        return BAD
    return UNCLEAR if unopened(picture) else SIGN_IN.get(picture.sign_in.value, BAD)


def unopened(picture: Picture) -> bool:
    """Somebody got in, and whether the mailbox opens is not known."""
    return picture.sign_in.among(*OPENED) and picture.store.among(Store.UNKNOWN)


def canary_state(picture: Picture) -> LegState:
    """What L's test mail met as well speaks of our mail, not of T's mailbox."""
    live = picture.control_delivery
    if has_told(picture):
        return READ_BACK[picture.read_back.value]
    if picture.delivery.among(Delivery.JUNKED) and live.among(ControlDelivery.JUNKED):
        return UNCLEAR
    state = DELIVERY.get(picture.delivery.value, BAD)
    return UNCLEAR if state is BAD and live.among(ControlDelivery.RETURNED) else state


def has_told(picture: Picture) -> bool:
    """Where only the customer can look, what he told of the test mail is what is known of it."""
    return picture.delivery.among(*UNREAD) and picture.read_back.value in READ_BACK


def leg_words(evidence: Evidence, picture: Picture, language: str) -> str:
    """What the leg saw, in a few plain words; with the control's answer where it tells more."""
    if evidence.ending.kind is End.OUR_FAULT:
        return label("leg_state", OUR_FAULT.value, language)
    if evidence.probe == "dns":
        return answer("domain", picture.domain.value, language)
    if evidence.probe == "mx":
        return mx_words(picture, language)
    if evidence.probe == "submission":
        return beside(answer("submission", picture.submission.value, language), "control_submission", evidence, picture, language)
    if evidence.probe == "canary":
        return canary_words(picture, language)
    if picture.store.among(Store.LOST, Store.FAILED) or unopened(picture):
        return answer("store", picture.store.value, language)
    return beside(answer("sign_in", picture.sign_in.value, language), "control_sign_in", evidence, picture, language)


def canary_words(picture: Picture, language: str) -> str:
    told = has_told(picture)
    words = (
        answer("read_back", picture.read_back.value, language) if told else answer("delivery", picture.delivery.value, language)
    )
    if picture.control_delivery.among(ControlDelivery.UNSENT):
        return words
    return f"{words} ({answer('control_delivery', picture.control_delivery.value, language)})"


def mx_words(picture: Picture, language: str) -> str:
    if leg_is_ours(picture):
        return answer("prober", picture.prober.value, language)
    return answer("acceptance", picture.acceptance.value, language)


def leg_is_ours(picture: Picture) -> bool:
    return picture.prober.among(Prober.BLOCKED, Prober.PORT_CLOSED, Prober.MISCONFIGURED)


def beside(words: str, question: str, evidence: Evidence, picture: Picture, language: str) -> str:
    """With what the control met, if it was there: that a shut door shuts it out as well is a conclusion, not something seen."""
    control: Control = getattr(picture, question).value
    was_there = any(getattr(fact, "of", None) is Of.LIVE for fact in evidence.facts)
    if control in (Control.UNASKED, Control.ABSENT) or (control in SHUT_OUT and not was_there):
        return words
    return f"{words} ({answer(question, control.value, language)})"
