"""How sure each kind of evidence makes us. The parts are combined by their weakest.

high: T, L and D agree on every MX host asked (two or more, or all that the domain has), and L's sign-in is good where
sign-in is part of it. A single host, or what was only told, is one step down; without any L it is low at most.
"""

from __future__ import annotations

from mailprobe.verdict import Confidence
from mailprobe.verdict import delivery as mail
from mailprobe.verdict.grounds import as_never, listed, recorded_active, refused_for_want_of_entry
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Backends,
    BounceSays,
    Breadth,
    ContractState,
    Control,
    ControlDelivery,
    DeadAtMx,
    Delivery,
    Domain,
    Entry,
    LiveAtMx,
    Picture,
    Portal,
    Prober,
    Room,
    SignIn,
    Source,
)

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
ORDER = (HIGH, MEDIUM, LOW)


def weakest(*parts: Confidence) -> Confidence:
    return max(parts, key=ORDER.index)


def doors(p: Picture) -> Confidence:
    """What the MX hosts said of T."""
    if not p.live_at_mx.among(LiveAtMx.ACCEPTED):
        return LOW
    if p.breadth.among(Breadth.ALL, Breadth.SEVERAL):
        return HIGH
    return MEDIUM if p.breadth.among(Breadth.ONE) else LOW


def control(p: Picture) -> Confidence:
    """What L's sign-in lends to T's."""
    if p.control_sign_in.among(Control.GOOD):
        return HIGH
    return MEDIUM if p.control_sign_in.among(Control.GOOD_BY_MASTER) else LOW


def paper(p: Picture) -> Confidence:
    """What is known of the contract. Told otherwise than it was read, one step down."""
    known = p.portal.among(Portal.OK) or p.contract.among(ContractState.ACTIVE)
    return HIGH if known and undisputed(p) else MEDIUM


def undisputed(p: Picture) -> bool:
    return p.contract_disputed.among(Answer.NO) and not (p.portal.among(Portal.CLOSED) and recorded_active(p))


def unlisted(p: Picture) -> Confidence:
    """No list of the carrier's holds the address that its servers do not know."""
    return MEDIUM if listed(p) else HIGH


def high(p: Picture) -> Confidence:
    return HIGH


def medium(p: Picture) -> Confidence:
    return MEDIUM


def low(p: Picture) -> Confidence:
    return LOW


def out_of_sync(p: Picture) -> Confidence:
    by_master = p.sign_in.among(SignIn.REFUSED_BY_MASTER)
    refusal = MEDIUM if refused_for_want_of_entry(p) else control(p)
    return weakest(doors(p), HIGH if by_master else refusal, paper(p), unlisted(p))


def closed(p: Picture) -> Confidence:
    return weakest(doors(p), unlisted(p), HIGH if undisputed(p) else MEDIUM)


def unknown_to_mx(p: Picture) -> Confidence:
    """Sure where the carrier's own systems say both: the contract goes on, and the entry is missing."""
    missing = recorded_active(p) and p.mx_map.among(Entry.ABSENT)
    return weakest(doors(p), paper(p), unlisted(p)) if missing else weakest(doors(p), MEDIUM)


def missing_from_mx(p: Picture) -> Confidence:
    """The master user's sign-in is not the customer's, whatever the map says."""
    by_master = p.sign_in.among(SignIn.OPENED_BY_MASTER)
    return weakest(doors(p), MEDIUM if by_master or p.mx_map.among(Entry.LISTED) else HIGH)


def auth_out_of_sync(p: Picture) -> Confidence:
    return weakest(accepted(p), control(p))


def accepted(p: Picture) -> Confidence:
    """T is accepted: sure only if D was refused."""
    return doors(p) if p.acceptance.among(Acceptance.ACCEPTED) else LOW


def taken(p: Picture) -> Confidence:
    """As accepted; a mail that has arrived tells as much as D's refusal."""
    return doors(p) if mail.is_accepted(p) else LOW


def arrival(p: Picture) -> Confidence:
    """What was told is one step down, and so is a mail that came late."""
    return MEDIUM if p.delivery.among(Delivery.LATE) or mail.proof_of(p) == "read_out" else HIGH


def password(p: Picture) -> Confidence:
    return weakest(accepted(p), control(p), MEDIUM)


def suspended(p: Picture) -> Confidence:
    """The servers' own words; else a contract that was read, where the doors refuse him too; what was told is one step down."""
    if p.acceptance.among(Acceptance.DISABLED):
        return doors(p)
    if p.sign_in.among(SignIn.DISABLED):
        doubtful = p.sign_in.source is Source.REMEMBERED or p.submission.among(SignIn.OPENED)  # who may still send
        return weakest(control(p), MEDIUM if doubtful else HIGH)
    read = p.contract.source is Source.MEASURED and undisputed(p) and as_never(p)
    return weakest(doors(p), MEDIUM if not read else HIGH)


def own_words(p: Picture) -> Confidence:
    """The server's own words about T's login."""
    return control(p)


def rate_limited(p: Picture) -> Confidence:
    return weakest(control(p), MEDIUM)


def outage(p: Picture) -> Confidence:
    said = p.sign_in.among(SignIn.UNAVAILABLE) and p.control_sign_in.among(Control.UNAVAILABLE)
    return HIGH if said else MEDIUM


def partial(p: Picture) -> Confidence:
    if p.acceptance.among(Acceptance.DISAGREE):
        return HIGH if p.live_at_mx.among(LiveAtMx.ACCEPTED) else LOW
    return MEDIUM if p.backends.among(Backends.SOME_HIT) else LOW


def full(p: Picture) -> Confidence:
    words, quota = p.acceptance.among(Acceptance.FULL), p.room.among(Room.FULL)
    if words and quota and p.live_at_mx.among(LiveAtMx.ACCEPTED):
        return HIGH
    return MEDIUM


def healthy(p: Picture) -> Confidence:
    return weakest(taken(p), arrival(p), MEDIUM if p.sign_in.among(SignIn.OPENED_BY_MASTER) else HIGH)


def handset(p: Picture) -> Confidence:
    return weakest(taken(p), control(p), HIGH if p.sign_in.among(SignIn.OPENED) else MEDIUM)


def ours(p: Picture) -> Confidence:
    if p.prober.among(Prober.BLOCKED):
        about_us = not p.acceptance.among(Acceptance.REFUSED_ALL)  # else in words about nobody
        return HIGH if about_us and p.live_at_mx.among(LiveAtMx.REFUSED) else MEDIUM
    return HIGH if p.prober.among(Prober.MISCONFIGURED) else MEDIUM


def domain(p: Picture) -> Confidence:
    if p.domain.among(Domain.ABSENT, Domain.REFUSES_MAIL, Domain.NO_SERVERS):
        return HIGH
    return MEDIUM


def directory(p: Picture) -> Confidence:
    return MEDIUM if p.dead_at_mx.among(DeadAtMx.UNASKED) else HIGH


def filtered(p: Picture) -> Confidence:
    """Said of T's very mail, while L's arrived, it is sure; at RCPT, or in somebody else's bounce, it is not."""
    if mail.filtered(p):
        return HIGH if p.control_delivery.among(ControlDelivery.ARRIVED) else MEDIUM
    return weakest(doors(p), MEDIUM)


def told(p: Picture) -> Confidence:
    """What somebody else's bounce says, beside a door that was asked."""
    return weakest(doors(p), MEDIUM)


def behind(p: Picture) -> Confidence:
    """Unknown after acceptance. Sure where the door takes everybody; where it refuses D, it knows T, and the words may be a
    filter's."""
    if p.control_delivery.among(*mail.LIVE_THERE):
        return HIGH if p.acceptance.among(Acceptance.ACCEPTED_ALL) else MEDIUM
    return MEDIUM if p.control_delivery.among(ControlDelivery.TAKEN) else LOW


def words_behind(p: Picture) -> Confidence:
    return MEDIUM if p.control_delivery.among(*mail.LIVE_THERE) else LOW


def junked(p: Picture) -> Confidence:
    """Where L's own is in its inbox, it is not our mail that looks like junk."""
    seen = p.delivery.among(Delivery.JUNKED)
    return HIGH if seen and p.control_delivery.among(ControlDelivery.ARRIVED) else MEDIUM


def dropped(p: Picture) -> Confidence:
    """Time makes it sure, and our own look does. What the store took since may have been our mail, in another folder."""
    if p.delivery.among(Delivery.OVERDUE_DAY):
        return MEDIUM if elsewhere_perhaps(p) else HIGH
    return MEDIUM if p.delivery.among(Delivery.OVERDUE_HOUR, Delivery.UNREAD_HOUR) else LOW


def goes_elsewhere(p: Picture) -> Confidence:
    return LOW if p.delivery.among(Delivery.RETURNED_ELSEWHERE) else MEDIUM


def delivery_outage(p: Picture) -> Confidence:
    return HIGH if p.undelivered_before.among(Answer.YES) and not elsewhere_perhaps(p) else MEDIUM


def elsewhere_perhaps(p: Picture) -> bool:
    return p.stores_differ.among(Answer.YES) or p.written_since.among(Answer.YES)


def sender_at_fault(p: Picture) -> Confidence:
    """The sender's bounce is told; that our own mail arrives is measured."""
    return doors(p) if p.delivery.among(*mail.THERE) else MEDIUM


def changed(p: Picture) -> Confidence:
    said = p.bounce.among(BounceSays.OTHER_ADDRESS) or p.acceptance.among(Acceptance.MOVED) or mail.moved(p)
    return MEDIUM if said else LOW


def submission(p: Picture) -> Confidence:
    if not p.control_submission.among(Control.GOOD):
        return LOW
    return HIGH if p.one_secret.among(Answer.YES) else MEDIUM


def submission_outage(p: Picture) -> Confidence:
    return HIGH if p.control_submission.among(Control.UNAVAILABLE) and p.submission.among(SignIn.UNAVAILABLE) else LOW
