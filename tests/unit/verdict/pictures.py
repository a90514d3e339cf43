"""Pictures by example: what is known, and the row and the confidence that follow."""

from __future__ import annotations

from typing import Any

from mailprobe.verdict import Code, Confidence
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Backends,
    BounceSays,
    Breadth,
    ContractState,
    Control,
    DeadAtMx,
    Deferred,
    Domain,
    Entry,
    Known,
    LiveAtMx,
    Network,
    OldAddress,
    PasswordChange,
    Picture,
    Portal,
    Prober,
    Room,
    SignIn,
    Source,
    Store,
    Tls,
)

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW

FINE: dict[str, Any] = {
    "domain": Domain.CONFIGURED,
    "prober": Prober.FINE,
    "acceptance": Acceptance.ACCEPTED,
    "breadth": Breadth.ALL,
    "live_at_mx": LiveAtMx.ACCEPTED,
    "dead_at_mx": DeadAtMx.REFUSED,
    "sign_in": SignIn.OPENED,
    "control_sign_in": Control.GOOD,
    "store": Store.OPENED,
    "room": Room.ROOM,
    "backends": Backends.ALL,
    "tls": Tls.MODERN,
    "submission": SignIn.OPENED,
    "control_submission": Control.GOOD,
}
GONE = {"acceptance": Acceptance.AS_NEVER_EXISTED, "store": Store.UNKNOWN}
NO_LOGIN = {"sign_in": SignIn.NO_SECRET, "store": Store.UNKNOWN, "submission": SignIn.NO_SECRET}
REFUSED = {"sign_in": SignIn.REFUSED, "submission": SignIn.REFUSED, "store": Store.UNKNOWN}
OUT = {"sign_in": SignIn.HELD, "control_sign_in": Control.CLOSED}
ALONE = {"live_at_mx": LiveAtMx.UNASKED, "dead_at_mx": DeadAtMx.UNASKED, "breadth": Breadth.NONE}
STRANGER = {"enrolled": Answer.NO}
ANY_NAME = {"sign_in": SignIn.OPENED_BY_MASTER, "store": Store.LOST, "submission": SignIn.NO_SECRET}


def picture(*changes: dict[str, Any], **more: Any) -> Picture:
    answers = dict(FINE)
    for change in (*changes, more):
        answers.update(change)
    return Picture(**{name: known(name, value) for name, value in answers.items()})


def known(name: str, value: Any) -> Known[Any]:
    """Learnt as such an answer is by default; a Known says how itself."""
    return value if isinstance(value, Known) else Known(value, None, getattr(Picture(), name).source)


# What the carrier's own systems say
ACTIVE, CLOSED, SUSPENDED = (Known(one) for one in (ContractState.ACTIVE, ContractState.CLOSED, ContractState.SUSPENDED))
NOWHERE = {"mx_map": Entry.ABSENT, "imap_directory": Entry.ABSENT}
EVERYWHERE = {"mx_map": Entry.LISTED, "imap_directory": Entry.LISTED}

Case = tuple[str, list[dict[str, Any]], dict[str, Any], Code, Confidence]
CASES: list[Case] = [
    ("all green", [], {}, Code.HEALTHY, HIGH),
    ("a single MX host", [], {"breadth": Breadth.ONE}, Code.HEALTHY, MEDIUM),
    ("no secret", [NO_LOGIN], {}, Code.ACCEPTS_MAIL, HIGH),
    (
        "opened by the master user only",
        [NO_LOGIN],
        {"sign_in": SignIn.OPENED_BY_MASTER, "store": Store.OPENED},
        Code.HEALTHY,
        MEDIUM,
    ),
    ("submission held back", [], {"submission": SignIn.HELD}, Code.ACCEPTS_MAIL, HIGH),
    ("let in, and the mailbox did not open", [], {"store": Store.UNKNOWN}, Code.INCONCLUSIVE, LOW),
    ("let in, and hung up on", [], {"store": Store.FAILED}, Code.PARTIAL_BACKEND_FAULT, LOW),
    ("L is not let in, T not tried", [NO_LOGIN, OUT], {"submission": SignIn.HELD}, Code.INCONCLUSIVE, LOW),
    (
        "L's password is wrong, T not tried",
        [NO_LOGIN, OUT],
        {"submission": SignIn.HELD, "control_sign_in": Control.REFUSED},
        Code.ACCEPTS_MAIL,
        HIGH,
    ),
    ("catch-all", [NO_LOGIN], {"acceptance": Acceptance.ACCEPTED_ALL}, Code.INCONCLUSIVE, LOW),
    ("accepted, D never asked", [NO_LOGIN, ALONE], {"acceptance": Acceptance.ACCEPTED_UNCHECKED}, Code.INCONCLUSIVE, LOW),
    # the account is gone
    ("gone everywhere, portal fine", [GONE, REFUSED], {"portal": Portal.OK}, Code.DIRECTORY_OUT_OF_SYNC, HIGH),
    ("gone everywhere, contract active", [GONE, REFUSED], {"contract": ContractState.ACTIVE}, Code.DIRECTORY_OUT_OF_SYNC, HIGH),
    ("gone everywhere, nobody asked the portal", [GONE, REFUSED], {}, Code.DIRECTORY_OUT_OF_SYNC, MEDIUM),
    (
        "gone, the master user opens L but not T",
        [GONE, NO_LOGIN],
        {"sign_in": SignIn.REFUSED_BY_MASTER, "control_sign_in": Control.GOOD_BY_MASTER},
        Code.DIRECTORY_OUT_OF_SYNC,
        MEDIUM,
    ),
    (
        "gone, and the master user was never tried on L",
        [GONE, NO_LOGIN],
        {"sign_in": SignIn.REFUSED_BY_MASTER},
        Code.UNKNOWN_TO_MX,
        MEDIUM,
    ),
    ("gone, L's sign-in bad", [GONE, REFUSED], {"control_sign_in": Control.REFUSED}, Code.UNKNOWN_TO_MX, MEDIUM),
    ("gone, no sign-in", [GONE, NO_LOGIN], {}, Code.UNKNOWN_TO_MX, MEDIUM),
    ("gone, contract closed", [GONE, REFUSED], {"contract": ContractState.CLOSED}, Code.CLOSED_BY_CONTRACT, HIGH),
    ("gone, portal closed", [GONE, NO_LOGIN], {"portal": Portal.CLOSED}, Code.CLOSED_BY_CONTRACT, HIGH),
    ("gone at the MX hosts only", [GONE], {"store": Store.OPENED}, Code.MISSING_FROM_MX, HIGH),
    ("gone at the MX hosts, submission lets in", [GONE, NO_LOGIN], {"submission": SignIn.OPENED}, Code.MISSING_FROM_MX, HIGH),
    ("a stranger's address", [GONE, NO_LOGIN, STRANGER], {}, Code.NO_SUCH_ADDRESS, MEDIUM),
    ("a stranger's address with some password", [GONE, REFUSED, STRANGER], {}, Code.NO_SUCH_ADDRESS, MEDIUM),
    ("a stranger's, once accepted", [GONE, NO_LOGIN, STRANGER], {"accepted_before": Answer.YES}, Code.UNKNOWN_TO_MX, MEDIUM),
    (
        "a stranger's, spelling alone",
        [GONE, NO_LOGIN, STRANGER],
        {"spelling_confirmed": Answer.YES},
        Code.NO_SUCH_ADDRESS,
        MEDIUM,
    ),
    (
        "a stranger's, spelling and contract",
        [GONE, NO_LOGIN, STRANGER],
        {"spelling_confirmed": Answer.YES, "contract": ContractState.ACTIVE},
        Code.UNKNOWN_TO_MX,
        MEDIUM,
    ),
    ("a stranger's that IMAP knows", [GONE, NO_LOGIN, STRANGER], {"sign_in": SignIn.EXPIRED}, Code.INCONCLUSIVE, LOW),
    ("the old address is checked", [GONE, NO_LOGIN], {"old_address": OldAddress.THIS_ONE}, Code.ADDRESS_CHANGED, LOW),
    ("refused, L missing", [REFUSED, ALONE], {"acceptance": Acceptance.REFUSED_UNCHECKED}, Code.INCONCLUSIVE, LOW),
    (
        "refused alone",
        [NO_LOGIN],
        {"acceptance": Acceptance.BLOCKED_ALONE, "dead_at_mx": DeadAtMx.ACCEPTED},
        Code.BLOCKED_AT_MX,
        HIGH,
    ),
    ("disabled by its words", [NO_LOGIN], {"acceptance": Acceptance.DISABLED}, Code.SUSPENDED, HIGH),
    ("disabled at sign-in", [NO_LOGIN], {"sign_in": SignIn.DISABLED}, Code.SUSPENDED, HIGH),
    ("disabled at sign-in, but may send", [], {"sign_in": SignIn.DISABLED}, Code.SUSPENDED, MEDIUM),
    (
        "disabled at sign-in, L not tried",
        [NO_LOGIN],
        {"sign_in": SignIn.DISABLED, "control_sign_in": Control.ABSENT},
        Code.INCONCLUSIVE,
        LOW,
    ),
    ("suspended as told", [REFUSED], {"contract": ContractState.SUSPENDED}, Code.SUSPENDED, MEDIUM),
    ("suspended as told, but it works", [], {"contract": ContractState.SUSPENDED}, Code.HEALTHY, HIGH),
    # what the carrier's own systems say beside it
    ("gone, and the contract was looked up", [GONE, REFUSED, NOWHERE], {"contract": ACTIVE}, Code.DIRECTORY_OUT_OF_SYNC, HIGH),
    (
        "gone, but the agent was told otherwise of the contract",
        [GONE, REFUSED],
        {"contract": ACTIVE, "contract_disputed": Answer.YES},
        Code.DIRECTORY_OUT_OF_SYNC,
        MEDIUM,
    ),
    ("gone, though the lists hold it", [GONE, REFUSED, EVERYWHERE], {"contract": ACTIVE}, Code.DIRECTORY_OUT_OF_SYNC, MEDIUM),
    (
        "gone, no control could sign in, and the directory explains the refusal",
        [GONE, REFUSED],
        {"control_sign_in": Control.ABSENT, "imap_directory": Entry.ABSENT, "contract": ACTIVE},
        Code.DIRECTORY_OUT_OF_SYNC,
        MEDIUM,
    ),
    ("gone, no sign-in, map and contract say why", [GONE, NO_LOGIN, NOWHERE], {"contract": ACTIVE}, Code.UNKNOWN_TO_MX, HIGH),
    ("gone, no sign-in, the contract was looked up", [GONE, NO_LOGIN], {"contract": ACTIVE}, Code.UNKNOWN_TO_MX, MEDIUM),
    ("a stranger's, its contract looked up", [GONE, NO_LOGIN, STRANGER], {"contract": ACTIVE}, Code.UNKNOWN_TO_MX, MEDIUM),
    (
        "a stranger's, its contract told",
        [GONE, NO_LOGIN, STRANGER],
        {"contract": Known(ContractState.ACTIVE, None, Source.TOLD)},
        Code.NO_SUCH_ADDRESS,
        MEDIUM,
    ),
    ("a stranger's that no list holds", [GONE, NO_LOGIN, STRANGER, NOWHERE], {}, Code.NO_SUCH_ADDRESS, MEDIUM),
    ("a stranger's that the map holds", [GONE, NO_LOGIN, STRANGER], {"mx_map": Entry.LISTED}, Code.INCONCLUSIVE, LOW),
    ("ended, as looked up", [GONE, NO_LOGIN, NOWHERE], {"contract": CLOSED}, Code.CLOSED_BY_CONTRACT, HIGH),
    ("ended, and still listed", [GONE, NO_LOGIN, EVERYWHERE], {"contract": CLOSED}, Code.CLOSED_BY_CONTRACT, MEDIUM),
    (
        "ended as the member page is said to show, active as looked up",
        [GONE, REFUSED],
        {"contract": ACTIVE, "portal": Portal.CLOSED},
        Code.DIRECTORY_OUT_OF_SYNC,
        MEDIUM,
    ),
    ("suspended, as looked up", [GONE, REFUSED], {"contract": SUSPENDED}, Code.SUSPENDED, HIGH),
    ("suspended as looked up, mail is taken", [REFUSED], {"contract": SUSPENDED}, Code.SUSPENDED, MEDIUM),
    ("suspended as told, and by its words", [], {"acceptance": Acceptance.DISABLED, "contract": SUSPENDED}, Code.SUSPENDED, HIGH),
    (
        "opened by the master user, and missing from the map",
        [GONE, NO_LOGIN],
        {"sign_in": SignIn.OPENED_BY_MASTER, "store": Store.OPENED, "mx_map": Entry.ABSENT},
        Code.MISSING_FROM_MX,
        MEDIUM,
    ),
    ("opens, refused, and the map holds it", [GONE], {"mx_map": Entry.LISTED}, Code.MISSING_FROM_MX, MEDIUM),
    ("refused, and no password would do", [REFUSED], {"imap_directory": Entry.ABSENT}, Code.INCONCLUSIVE, LOW),
    ("healthy, whatever the lists say", [NOWHERE], {}, Code.HEALTHY, HIGH),
    (
        "refused after a change that only the records know of",
        [REFUSED],
        {"password_change": PasswordChange.REFUSED_AFTER_RECORDED},
        Code.PASSWORD_OR_LOCK,
        MEDIUM,
    ),
    (
        "refused after a change that the records do not know of",
        [REFUSED],
        {"password_change": PasswordChange.UNRECORDED},
        Code.PASSWORD_OR_LOCK,
        MEDIUM,
    ),
    # sign-in
    ("wrong password", [REFUSED], {}, Code.PASSWORD_OR_LOCK, MEDIUM),
    ("wrong password, without controls", [REFUSED, ALONE], {"control_sign_in": Control.ABSENT}, Code.PASSWORD_OR_LOCK, LOW),
    ("L refused as well", [REFUSED], {"control_sign_in": Control.REFUSED}, Code.INCONCLUSIVE, LOW),
    ("refused some hours ago", [REFUSED], {"sign_in": SignIn.REFUSED_BEFORE}, Code.PASSWORD_OR_LOCK, MEDIUM),
    (
        "refused some hours ago, and at submission",
        [REFUSED],
        {"sign_in": SignIn.REFUSED_BEFORE, "submission": SignIn.REFUSED_BEFORE, "one_secret": Answer.YES},
        Code.PASSWORD_OR_LOCK,
        MEDIUM,
    ),
    (
        "refused some hours ago, and perhaps let in at submission",
        [REFUSED],
        {"sign_in": SignIn.REFUSED_BEFORE, "submission": SignIn.HELD, "one_secret": Answer.YES},
        Code.INCONCLUSIVE,
        LOW,
    ),
    (
        "refused before the password was changed",
        [NO_LOGIN],
        {"sign_in": SignIn.REFUSED_BEFORE, "password_change": PasswordChange.REFUSED_EARLIER},
        Code.ACCEPTS_MAIL,
        HIGH,
    ),
    ("same secret opens submission", [REFUSED], {"submission": SignIn.OPENED}, Code.IMAP_AUTH_OUT_OF_SYNC, HIGH),
    (
        "two secrets",
        [REFUSED],
        {"submission": SignIn.OPENED, "one_secret": Answer.NO},
        Code.INCONCLUSIVE,
        LOW,
    ),
    (
        "submission opens now, IMAP refused hours ago",
        [REFUSED],
        {"submission": SignIn.OPENED, "sign_in": SignIn.REFUSED_BEFORE},
        Code.INCONCLUSIVE,
        LOW,
    ),
    (
        "password changed long ago",
        [REFUSED],
        {"password_change": PasswordChange.REFUSED_LATER},
        Code.PASSWORD_NOT_PROPAGATED,
        MEDIUM,
    ),
    (
        "password changed long ago, and refused since, though not tried again now",
        [REFUSED],
        {"password_change": PasswordChange.REFUSED_LATER, "sign_in": SignIn.REFUSED_BEFORE, "submission": SignIn.HELD},
        Code.PASSWORD_NOT_PROPAGATED,
        MEDIUM,
    ),
    ("password changed just now", [REFUSED], {"password_change": PasswordChange.REFUSED_TOO_SOON}, Code.WAITING, LOW),
    ("expired", [NO_LOGIN], {"sign_in": SignIn.EXPIRED}, Code.SECRET_EXPIRED, HIGH),
    ("too many logins", [NO_LOGIN], {"sign_in": SignIn.RATE_LIMITED}, Code.LOGIN_RATE_LIMITED, MEDIUM),
    (
        "too many logins, L as well: ours",
        [NO_LOGIN],
        {"sign_in": SignIn.RATE_LIMITED, "control_sign_in": Control.RATE_LIMITED},
        Code.INCONCLUSIVE,
        LOW,
    ),
    ("store lost", [], {"store": Store.LOST}, Code.STORE_LOST, HIGH),
    ("store lost, opened by the master", [], {"sign_in": SignIn.OPENED_BY_MASTER, "store": Store.LOST}, Code.STORE_LOST, HIGH),
    ("store lost, refused as a stranger", [GONE], {"store": Store.LOST, "sign_in": SignIn.OPENED}, Code.STORE_LOST, HIGH),
    ("a master enters under any name", [GONE], ANY_NAME, Code.UNKNOWN_TO_MX, MEDIUM),
    (
        "a master enters under any name, and finds L's mailbox",
        [GONE],
        {**ANY_NAME, "control_sign_in": Control.GOOD_BY_MASTER},
        Code.DIRECTORY_OUT_OF_SYNC,
        MEDIUM,
    ),
    ("a master enters under a misspelt name", [GONE, STRANGER], ANY_NAME, Code.NO_SUCH_ADDRESS, MEDIUM),
    ("store lost, L not tried", [], {"store": Store.LOST, "control_sign_in": Control.UNASKED}, Code.INCONCLUSIVE, LOW),
    ("full by words and quota", [], {"acceptance": Acceptance.FULL, "room": Room.FULL}, Code.MAILBOX_FULL, HIGH),
    ("full by quota", [], {"room": Room.FULL}, Code.MAILBOX_FULL, MEDIUM),
    ("sending refused", [], {"submission": SignIn.REFUSED}, Code.SUBMISSION_REFUSED, HIGH),
    (
        "sending down",
        [],
        {"submission": SignIn.UNAVAILABLE, "control_submission": Control.UNAVAILABLE},
        Code.SUBMISSION_OUTAGE,
        HIGH,
    ),
    # the carrier
    (
        "IMAP says unavailable to both",
        [NO_LOGIN],
        {"sign_in": SignIn.UNAVAILABLE, "control_sign_in": Control.UNAVAILABLE},
        Code.IMAP_OUTAGE,
        HIGH,
    ),
    ("IMAP closed", [NO_LOGIN], {"sign_in": SignIn.CLOSED, "control_sign_in": Control.CLOSED}, Code.IMAP_OUTAGE, MEDIUM),
    (
        "IMAP closed to outsiders",
        [NO_LOGIN],
        {"sign_in": SignIn.CLOSED, "control_sign_in": Control.CLOSED, "network": Network.OUTSIDE},
        Code.INCONCLUSIVE,
        LOW,
    ),
    (
        "no way to IMAP from here",
        [NO_LOGIN],
        {"sign_in": SignIn.UNREACHABLE, "control_sign_in": Control.UNREACHABLE},
        Code.INCONCLUSIVE,
        LOW,
    ),
    (
        "no way to IMAP from inside",
        [NO_LOGIN],
        {"sign_in": SignIn.UNREACHABLE, "control_sign_in": Control.UNREACHABLE, "network": Network.INSIDE},
        Code.IMAP_OUTAGE,
        MEDIUM,
    ),
    (
        "L cannot sign in from outside either",
        [NO_LOGIN],
        {"sign_in": SignIn.NOT_ALLOWED, "control_sign_in": Control.NOT_ALLOWED, "network": Network.OUTSIDE},
        Code.NETWORK_RESTRICTED,
        MEDIUM,
    ),
    ("old TLS", [NO_LOGIN], {"sign_in": SignIn.OLD_TLS, "tls": Tls.LEGACY_UNNAMED}, Code.SERVER_TLS_OLD, MEDIUM),
    ("expired", [NO_LOGIN], {"sign_in": SignIn.INSECURE, "tls": Tls.EXPIRED}, Code.SERVER_TLS_OLD, MEDIUM),
    ("another name", [NO_LOGIN], {"sign_in": SignIn.INSECURE, "tls": Tls.BAD_CERTIFICATE}, Code.INCONCLUSIVE, LOW),
    ("T's shard", [NO_LOGIN], {"sign_in": SignIn.UNAVAILABLE}, Code.PARTIAL_BACKEND_FAULT, LOW),
    (
        "T's address of two",
        [NO_LOGIN],
        {"sign_in": SignIn.UNAVAILABLE, "backends": Backends.SOME_HIT},
        Code.PARTIAL_BACKEND_FAULT,
        MEDIUM,
    ),
    ("MX hosts differ", [], {"acceptance": Acceptance.DISAGREE}, Code.PARTIAL_BACKEND_FAULT, HIGH),
    (
        "lookup failure",
        [],
        {"acceptance": Acceptance.DIRECTORY_DOWN, "live_at_mx": LiveAtMx.DEFERRED},
        Code.DIRECTORY_UNREACHABLE,
        HIGH,
    ),
    ("relay denied", [], {"acceptance": Acceptance.RELAY_DENIED}, Code.DOMAIN_MISCONFIGURED, MEDIUM),
    ("no such domain", [], {"domain": Domain.ABSENT, "acceptance": Acceptance.UNASKED}, Code.DOMAIN_MISCONFIGURED, HIGH),
    ("no such domain, yet its MX speaks", [], {"domain": Domain.ABSENT}, Code.HEALTHY, HIGH),
    # ourselves
    (
        "we are blocked",
        [NO_LOGIN],
        {"prober": Prober.BLOCKED, "acceptance": Acceptance.REFUSED_OTHERWISE, "live_at_mx": LiveAtMx.REFUSED},
        Code.PROBER_BLOCKED,
        HIGH,
    ),
    (
        "refused for everybody, in words about nobody",
        [NO_LOGIN],
        {"prober": Prober.BLOCKED, "acceptance": Acceptance.REFUSED_ALL, "live_at_mx": LiveAtMx.REFUSED},
        Code.PROBER_BLOCKED,
        MEDIUM,
    ),
    ("port 25 closed", [], {"prober": Prober.PORT_CLOSED, "acceptance": Acceptance.UNREACHABLE}, Code.PROBER_BLOCKED, MEDIUM),
    (
        "no network",
        [NO_LOGIN],
        {
            "domain": Domain.DEAF,
            "prober": Prober.UNKNOWN,
            "acceptance": Acceptance.UNASKED,
            "sign_in": SignIn.UNREACHABLE,
            "submission": SignIn.UNREACHABLE,
        },
        Code.INCONCLUSIVE,
        LOW,
    ),
    # time
    ("first 4xx", [NO_LOGIN], {"acceptance": Acceptance.DEFERRED_ALONE}, Code.WAITING, LOW),
    ("greylisted", [NO_LOGIN], {"acceptance": Acceptance.GREYLISTED}, Code.WAITING, LOW),
    (
        "4xx for days",
        [NO_LOGIN],
        {"acceptance": Acceptance.DEFERRED_ALONE, "deferred": Deferred.OVER_A_DAY},
        Code.STUCK_DEFERRED,
        MEDIUM,
    ),
    (
        "greylisted for days",
        [NO_LOGIN],
        {"acceptance": Acceptance.GREYLISTED, "deferred": Deferred.OVER_A_DAY},
        Code.WAITING,
        LOW,
    ),
    # the sender's side
    ("filtered as the bounce says", [], {"bounce": BounceSays.RECIPIENT_FILTER}, Code.RECIPIENT_FILTER, MEDIUM),
    (
        "full as the bounce says",
        [NO_LOGIN],
        {"bounce": BounceSays.RECIPIENT_FULL, "room": Room.UNKNOWN},
        Code.MAILBOX_FULL,
        MEDIUM,
    ),
    ("full in the bounce, with room by now", [], {"bounce": BounceSays.RECIPIENT_FULL, "room": Room.ROOM}, Code.HEALTHY, HIGH),
    ("filtered at RCPT", [], {"acceptance": Acceptance.FILTERED}, Code.RECIPIENT_FILTER, MEDIUM),
    ("the sender's fault", [], {"bounce": BounceSays.SENDER_AT_FAULT}, Code.SENDER_AT_FAULT, MEDIUM),
    ("the bounce names another address", [], {"bounce": BounceSays.OTHER_ADDRESS}, Code.ADDRESS_CHANGED, MEDIUM),
    ("moved", [], {"acceptance": Acceptance.MOVED}, Code.ADDRESS_CHANGED, MEDIUM),
    ("only the handset fails, as told", [], {"handset_fails": Answer.YES}, Code.HEALTHY, HIGH),
]
