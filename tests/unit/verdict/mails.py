"""Pictures by example that rest on a test mail: what became of it, and the row and the confidence that follow."""

from __future__ import annotations

from typing import Any

from mailprobe.verdict import Code
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    BounceSays,
    ContractState,
    ControlDelivery,
    Delivery,
    OldAddress,
    Portal,
    ReadBack,
    Room,
    SignIn,
    Store,
)
from tests.unit.verdict.pictures import GONE, HIGH, LOW, MEDIUM, NO_LOGIN, STRANGER, Case

HERE = {"delivery": Delivery.ARRIVED, "control_delivery": ControlDelivery.ARRIVED}
MASTER = {"sign_in": SignIn.OPENED_BY_MASTER, "submission": SignIn.NO_SECRET}
CATCH_ALL = {"acceptance": Acceptance.ACCEPTED_ALL}


def mail(delivery: Delivery, live: ControlDelivery = ControlDelivery.ARRIVED, **more: Any) -> dict[str, Any]:
    return {"delivery": delivery, "control_delivery": live, **more}


def told(where: ReadBack, delivery: Delivery = Delivery.UNREAD, **more: Any) -> dict[str, Any]:
    return mail(delivery, read_back=where, **more)


BACK = ControlDelivery.RETURNED
SINCE: dict[str, Any] = {"written_since": Answer.YES}
TWO_STORES: dict[str, Any] = {"stores_differ": Answer.YES}
MAILS: list[Case] = [
    # it arrives
    ("arrived", [HERE], {}, Code.HEALTHY, HIGH),
    ("arrived late", [HERE], mail(Delivery.LATE), Code.HEALTHY, MEDIUM),
    ("arrived in another folder", [HERE], mail(Delivery.ELSEWHERE), Code.HEALTHY, HIGH),
    ("arrived where everybody is accepted", [HERE, CATCH_ALL], {}, Code.HEALTHY, HIGH),
    ("arrived, sending held back", [HERE], {"submission": SignIn.HELD}, Code.ACCEPTS_MAIL, HIGH),
    ("arrived, seen by the master user", [HERE, MASTER], {}, Code.HEALTHY, MEDIUM),
    ("no mail could be sent", [], mail(Delivery.UNSENT), Code.ACCEPTS_MAIL, HIGH),
    ("no mail may be sent yet", [], mail(Delivery.HELD), Code.ACCEPTS_MAIL, HIGH),
    ("our own mail is at fault", [], mail(Delivery.OURS, BACK), Code.ACCEPTS_MAIL, HIGH),
    (
        "arrived, and the sender's bounce is about himself",
        [HERE],
        {"bounce": BounceSays.SENDER_AT_FAULT},
        Code.SENDER_AT_FAULT,
        HIGH,
    ),
    # read back
    ("read out in web mail, nobody of ours can look", [NO_LOGIN], told(ReadBack.WEBMAIL), Code.HEALTHY, MEDIUM),
    ("read out, everybody is accepted", [NO_LOGIN, CATCH_ALL], told(ReadBack.INBOX), Code.HEALTHY, MEDIUM),
    ("read out, and he has moved it", [], told(ReadBack.HANDSET, Delivery.OVERDUE), Code.HEALTHY, MEDIUM),
    ("junk, as told", [NO_LOGIN], told(ReadBack.JUNK), Code.DELIVERED_TO_JUNK, MEDIUM),
    ("not read out yet", [NO_LOGIN], mail(Delivery.UNREAD), Code.WAITING, LOW),
    ("told without its number", [NO_LOGIN], told(ReadBack.UNPROVEN), Code.WAITING, LOW),
    ("not read out for an hour", [NO_LOGIN], mail(Delivery.UNREAD_HOUR), Code.ACCEPTS_MAIL, HIGH),
    ("not seen so soon", [NO_LOGIN], told(ReadBack.NOT_SEEN), Code.WAITING, LOW),
    ("not seen after minutes", [NO_LOGIN], told(ReadBack.NOT_SEEN, Delivery.UNREAD_OVERDUE), Code.SILENTLY_DROPPED, LOW),
    ("not seen after an hour", [NO_LOGIN], told(ReadBack.NOT_SEEN, Delivery.UNREAD_HOUR), Code.SILENTLY_DROPPED, MEDIUM),
    (
        "not seen after an hour, nothing known of L",
        [NO_LOGIN],
        told(ReadBack.NOT_SEEN, Delivery.UNREAD_HOUR, control_delivery=ControlDelivery.UNSENT),
        Code.INCONCLUSIVE,
        LOW,
    ),
    # it is out
    ("under way", [], mail(Delivery.UNDER_WAY), Code.WAITING, LOW),
    ("under way where everybody is accepted", [CATCH_ALL], mail(Delivery.UNDER_WAY), Code.WAITING, LOW),
    ("put off", [], mail(Delivery.DEFERRED), Code.WAITING, LOW),
    ("broke after DATA", [], mail(Delivery.UNCERTAIN), Code.WAITING, LOW),
    ("broke after DATA an hour ago", [], mail(Delivery.LOST_TRACK), Code.ACCEPTS_MAIL, HIGH),
    ("late, and L's is out as well", [], mail(Delivery.OVERDUE, ControlDelivery.UNDER_WAY), Code.WAITING, LOW),
    ("late, and nothing is known of L", [], mail(Delivery.OVERDUE_DAY, ControlDelivery.UNSENT), Code.INCONCLUSIVE, LOW),
    ("late, and nobody can look at L's", [], mail(Delivery.OVERDUE_DAY, ControlDelivery.TAKEN), Code.INCONCLUSIVE, LOW),
    ("late, and L's came back", [], mail(Delivery.OVERDUE_DAY, BACK), Code.INCONCLUSIVE, LOW),
    ("under way, but the door is shut", [GONE, NO_LOGIN], mail(Delivery.UNDER_WAY), Code.UNKNOWN_TO_MX, MEDIUM),
    # junk, silence, outage
    ("junk", [], mail(Delivery.JUNKED), Code.DELIVERED_TO_JUNK, HIGH),
    ("junk, nothing known of L", [], mail(Delivery.JUNKED, ControlDelivery.UNSENT), Code.DELIVERED_TO_JUNK, MEDIUM),
    ("junk for L as well", [], mail(Delivery.JUNKED, ControlDelivery.JUNKED), Code.ACCEPTS_MAIL, HIGH),
    ("not there", [], mail(Delivery.OVERDUE), Code.SILENTLY_DROPPED, LOW),
    ("not there after an hour", [], mail(Delivery.OVERDUE_HOUR), Code.SILENTLY_DROPPED, MEDIUM),
    ("not there after a day", [], mail(Delivery.OVERDUE_DAY), Code.SILENTLY_DROPPED, HIGH),
    (
        "not there after a day, and the store took something",
        [],
        mail(Delivery.OVERDUE_DAY, **SINCE),
        Code.SILENTLY_DROPPED,
        MEDIUM,
    ),
    ("not there after a day, and goes elsewhere", [], mail(Delivery.OVERDUE_DAY, **TWO_STORES), Code.SILENTLY_DROPPED, MEDIUM),
    ("neither T's nor L's is there", [], mail(Delivery.OVERDUE, ControlDelivery.OVERDUE), Code.DELIVERY_OUTAGE, MEDIUM),
    (
        "neither is there, again",
        [],
        mail(Delivery.OVERDUE, ControlDelivery.OVERDUE, undelivered_before=Answer.YES),
        Code.DELIVERY_OUTAGE,
        HIGH,
    ),
    ("answered by a machine", [], mail(Delivery.AUTO_REPLIED), Code.FORWARDED_OR_AUTO_REPLIED, MEDIUM),
    ("passed on", [], mail(Delivery.FORWARDED), Code.FORWARDED_OR_AUTO_REPLIED, MEDIUM),
    ("came back from elsewhere", [], mail(Delivery.RETURNED_ELSEWHERE), Code.FORWARDED_OR_AUTO_REPLIED, LOW),
    # said after acceptance
    ("unknown behind a catch-all", [NO_LOGIN, CATCH_ALL], mail(Delivery.UNKNOWN_USER), Code.UNKNOWN_BEHIND_GATEWAY, HIGH),
    ("unknown behind a door that knows him", [NO_LOGIN], mail(Delivery.UNKNOWN_USER), Code.UNKNOWN_BEHIND_GATEWAY, MEDIUM),
    (
        "unknown, L's only taken",
        [NO_LOGIN, CATCH_ALL],
        mail(Delivery.UNKNOWN_USER, ControlDelivery.TAKEN),
        Code.UNKNOWN_BEHIND_GATEWAY,
        MEDIUM,
    ),
    (
        "unknown, L's under way",
        [NO_LOGIN, CATCH_ALL],
        mail(Delivery.UNKNOWN_USER, ControlDelivery.UNDER_WAY),
        Code.UNKNOWN_BEHIND_GATEWAY,
        LOW,
    ),
    ("unknown, L's came back too", [NO_LOGIN, CATCH_ALL], mail(Delivery.UNKNOWN_USER, BACK), Code.INCONCLUSIVE, LOW),
    (
        "unknown, no mail to L",
        [NO_LOGIN, CATCH_ALL],
        mail(Delivery.UNKNOWN_USER, ControlDelivery.UNSENT),
        Code.INCONCLUSIVE,
        LOW,
    ),
    ("a stranger's, unknown behind", [NO_LOGIN, CATCH_ALL, STRANGER], mail(Delivery.UNKNOWN_USER), Code.NO_SUCH_ADDRESS, LOW),
    (
        "unknown behind, contract closed",
        [NO_LOGIN, CATCH_ALL],
        mail(Delivery.UNKNOWN_USER, contract=ContractState.CLOSED),
        Code.CLOSED_BY_CONTRACT,
        HIGH,
    ),
    (
        "unknown behind, the old address",
        [NO_LOGIN, CATCH_ALL],
        mail(Delivery.UNKNOWN_USER, old_address=OldAddress.THIS_ONE),
        Code.ADDRESS_CHANGED,
        LOW,
    ),
    (
        "unknown behind, and he reads it",
        [NO_LOGIN, CATCH_ALL],
        told(ReadBack.INBOX, Delivery.UNKNOWN_USER),
        Code.INCONCLUSIVE,
        LOW,
    ),
    ("suspended behind", [NO_LOGIN], mail(Delivery.DISABLED), Code.SUSPENDED, MEDIUM),
    ("suspended behind, no mail to L", [NO_LOGIN], mail(Delivery.DISABLED, ControlDelivery.UNSENT), Code.INCONCLUSIVE, LOW),
    ("full behind", [NO_LOGIN], mail(Delivery.FULL), Code.MAILBOX_FULL, MEDIUM),
    ("moved", [NO_LOGIN], mail(Delivery.MOVED), Code.ADDRESS_CHANGED, MEDIUM),
    ("filtered after DATA", [NO_LOGIN], mail(Delivery.FILTERED), Code.RECIPIENT_FILTER, HIGH),
    (
        "filtered after DATA, no mail to L",
        [NO_LOGIN],
        mail(Delivery.FILTERED, ControlDelivery.UNSENT),
        Code.RECIPIENT_FILTER,
        MEDIUM,
    ),
    ("filtered for L as well: ours", [NO_LOGIN], mail(Delivery.FILTERED, BACK), Code.INCONCLUSIVE, LOW),
    ("refused in other words", [], mail(Delivery.REFUSED), Code.INCONCLUSIVE, LOW),
    ("came back in other words", [], mail(Delivery.RETURNED), Code.INCONCLUSIVE, LOW),
    ("arrived and came back", [], mail(Delivery.CONFLICT), Code.INCONCLUSIVE, LOW),
    # the device
    ("only the device fails", [HERE], {"handset_fails": Answer.YES}, Code.HANDSET, HIGH),
    (
        "only the device fails, he signs in elsewhere as told",
        [HERE, MASTER],
        {"handset_fails": Answer.YES, "webmail_ok": Answer.YES},
        Code.HANDSET,
        MEDIUM,
    ),
    (
        "only the device fails, another one works",
        [HERE, MASTER],
        {"handset_fails": Answer.YES, "other_device_ok": Answer.YES},
        Code.HANDSET,
        MEDIUM,
    ),
    ("the device fails, his own sign-in is not shown", [HERE, MASTER], {"handset_fails": Answer.YES}, Code.HEALTHY, MEDIUM),
    (
        "the device fails, and it shows the mail",
        [HERE],
        {"handset_fails": Answer.YES, "read_back": ReadBack.HANDSET},
        Code.HEALTHY,
        HIGH,
    ),
    (
        "the device fails, all else is told only",
        [NO_LOGIN],
        told(ReadBack.WEBMAIL, handset_fails=Answer.YES, webmail_ok=Answer.YES),
        Code.HEALTHY,
        MEDIUM,
    ),
    ("the device fails, the mail is under way", [], mail(Delivery.UNDER_WAY, handset_fails=Answer.YES), Code.WAITING, LOW),
    (
        "the device fails, the mailbox is full",
        [HERE],
        {"handset_fails": Answer.YES, "room": Room.FULL},
        Code.MAILBOX_FULL,
        MEDIUM,
    ),
    ("the device fails, the store is lost", [HERE], {"handset_fails": Answer.YES, "store": Store.LOST}, Code.STORE_LOST, HIGH),
    ("shut out, though a mail arrived", [HERE, GONE], {"portal": Portal.OK, "store": Store.OPENED}, Code.MISSING_FROM_MX, HIGH),
]
