"""What the rows ask of the test mails: delivered, dropped, returned, or out. Where T's door refuses, none of it is asked.

Words that came after acceptance count against the mailbox only while L's own test mail has not been refused or returned:
else they are about what we send. T's silence alone never counts against anybody but by L's arrival (row 21), and is an outage
only together with L's (row 22).
"""

from __future__ import annotations

from mailprobe.verdict.grounds import ACCEPTED, LATER, closed, known_here, listed, signs_in
from mailprobe.verdict.picture import Acceptance, ControlDelivery, Delivery, OldAddress, Picture, ReadBack

NOT_REFUSED = (*ACCEPTED, *LATER, Acceptance.UNASKED, Acceptance.HELD, Acceptance.UNCLEAR)
THERE = (Delivery.ARRIVED, Delivery.LATE, Delivery.ELSEWHERE)
OVERDUE = (Delivery.OVERDUE, Delivery.OVERDUE_HOUR, Delivery.OVERDUE_DAY)
UNREAD_LONG = (Delivery.UNREAD_OVERDUE, Delivery.UNREAD_HOUR)
UNREAD = (Delivery.UNREAD, *UNREAD_LONG)
STILL_OUT = (Delivery.UNDER_WAY, Delivery.DEFERRED, Delivery.UNCERTAIN, Delivery.UNREAD, Delivery.UNREAD_OVERDUE)
LOST_SIGHT_OF = (*STILL_OUT, *OVERDUE, Delivery.LOST_TRACK, Delivery.UNREAD_HOUR)
NOTHING_BAD = (Delivery.UNASKED, Delivery.UNSENT, Delivery.HELD, Delivery.OURS, Delivery.UNREAD_HOUR, Delivery.LOST_TRACK, *THERE)
READ_OUT = (ReadBack.HANDSET, ReadBack.WEBMAIL, ReadBack.INBOX)
LIVE_THERE = (ControlDelivery.ARRIVED, ControlDelivery.JUNKED)
LIVE_NOT_BACK = (*LIVE_THERE, ControlDelivery.TAKEN, ControlDelivery.UNDER_WAY)


# ---- did it arrive? --------------------------------------------------------------------------------------------------


def not_refused(p: Picture) -> bool:
    return p.acceptance.among(*NOT_REFUSED)


def in_inbox(p: Picture) -> bool:
    """Measured, in time, in the folder that every device shows first; and the device does not show it."""
    return p.delivery.among(Delivery.ARRIVED) and not p.read_back.among(ReadBack.HANDSET)


def read_out(p: Picture) -> bool:
    """The customer read out the number of a mail that was out, as far as we can tell: he may have moved it himself."""
    return p.read_back.among(*READ_OUT) and p.delivery.among(*LOST_SIGHT_OF, *THERE)


def arrived(p: Picture) -> bool:
    return p.delivery.among(*THERE) or read_out(p)


def proven_if_possible(p: Picture) -> bool:
    return p.delivery.among(Delivery.UNASKED) or arrived(p)


def is_accepted(p: Picture) -> bool:
    """T's own, not everybody's: D is refused, or a mail to T has arrived where T reads."""
    return p.acceptance.among(Acceptance.ACCEPTED) or (p.acceptance.among(*ACCEPTED) and arrived(p))


def unharmed(p: Picture) -> bool:
    """Nothing was seen of a test mail that speaks against the mailbox. Junk for L as well as for T speaks of our mail."""
    if p.delivery.among(Delivery.UNREAD_HOUR) and p.read_back.among(ReadBack.NOT_SEEN):
        return False
    if p.delivery.among(Delivery.JUNKED):
        return p.control_delivery.among(ControlDelivery.JUNKED)
    return p.delivery.among(*NOTHING_BAD) or arrived(p)


def proof_of(p: Picture) -> str:
    if p.delivery.among(*THERE):
        return "arrived"
    if read_out(p):
        return "read_out"
    return "unread" if p.delivery.among(*UNREAD) else "none"


# ---- out -------------------------------------------------------------------------------------------------------------


def out(p: Picture) -> bool:
    """Under way, or L's is: the next look, the customer or a returned mail will tell."""
    if not not_refused(p) or read_out(p):
        return False
    return p.delivery.among(*STILL_OUT) or (p.delivery.among(*OVERDUE) and p.control_delivery.among(ControlDelivery.UNDER_WAY))


def why_out(p: Picture) -> str:
    """A reason, as a tag for the words."""
    if p.delivery.among(*UNREAD):
        return "canary_not_seen" if p.read_back.among(ReadBack.NOT_SEEN) else "canary_unread"
    return f"canary_{p.delivery.value.value}" if p.delivery.among(*STILL_OUT) else "canary_under_way"


def outage(p: Picture) -> bool:
    return overdue(p) and p.control_delivery.among(ControlDelivery.OVERDUE)


def dropped(p: Picture) -> bool:
    """Not there, although L's own is: by our look, or by the customer's where only he can."""
    told = not_refused(p) and p.delivery.among(*UNREAD_LONG) and p.read_back.among(ReadBack.NOT_SEEN)
    return (told or overdue(p)) and p.control_delivery.among(*LIVE_THERE)


def overdue(p: Picture) -> bool:
    return not_refused(p) and p.delivery.among(*OVERDUE) and not p.read_back.among(*READ_OUT, ReadBack.JUNK)


# ---- where it went instead -------------------------------------------------------------------------------------------


def junked(p: Picture) -> bool:
    if not not_refused(p):
        return False
    if p.delivery.among(Delivery.JUNKED):
        return not p.control_delivery.among(ControlDelivery.JUNKED)
    return p.read_back.among(ReadBack.JUNK) and p.delivery.among(*LOST_SIGHT_OF)


def goes_elsewhere(p: Picture) -> bool:
    return not_refused(p) and p.delivery.among(Delivery.FORWARDED, Delivery.RETURNED_ELSEWHERE, Delivery.AUTO_REPLIED)


# ---- what was said of the mailbox after it was accepted --------------------------------------------------------------


def said_behind(p: Picture, what: Delivery) -> bool:
    """Said of T's mail, and not of L's as well. The customer who reads the mail knows better."""
    if not not_refused(p) or not p.delivery.among(what) or p.read_back.among(*READ_OUT, ReadBack.JUNK):
        return False
    return not p.control_delivery.among(ControlDelivery.RETURNED)


def shown_by_live(p: Picture) -> bool:
    """L's own mail went out with T's and has not come back: "down" needs that."""
    return p.control_delivery.among(*LIVE_NOT_BACK)


def unknown(p: Picture) -> bool:
    return said_behind(p, Delivery.UNKNOWN_USER)


def unknown_behind(p: Picture) -> bool:
    return unknown(p) and shown_by_live(p) and known_here(p) and not p.old_address.among(OldAddress.THIS_ONE)


def stranger_behind(p: Picture) -> bool:
    known = known_here(p) or signs_in(p) or listed(p)
    return unknown(p) and not known and not p.old_address.among(OldAddress.THIS_ONE)


def closed_behind(p: Picture) -> bool:
    return unknown(p) and shown_by_live(p) and closed(p) and not signs_in(p)


def suspended_behind(p: Picture) -> bool:
    return said_behind(p, Delivery.DISABLED) and shown_by_live(p)


def full_behind(p: Picture) -> bool:
    return said_behind(p, Delivery.FULL)


def filtered(p: Picture) -> bool:
    return said_behind(p, Delivery.FILTERED)


def moved(p: Picture) -> bool:
    return said_behind(p, Delivery.MOVED)
