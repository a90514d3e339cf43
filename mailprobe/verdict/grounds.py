"""What several rows of the table ask of the picture. A condition reads nothing but the answers."""

from __future__ import annotations

from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    ContractState,
    Control,
    Entry,
    OldAddress,
    PasswordChange,
    Picture,
    Portal,
    SignIn,
    Source,
    Store,
)

ONE_CHAIN = 45.0  # seconds: shorter than any interval, for in the next slot he may have been let in again
ACCEPTED = (Acceptance.ACCEPTED, Acceptance.ACCEPTED_ALL, Acceptance.ACCEPTED_UNCHECKED)
LATER = (Acceptance.GREYLISTED, Acceptance.DEFERRED, Acceptance.DEFERRED_ALONE, Acceptance.RATE)
OPENED = (SignIn.OPENED, SignIn.OPENED_BY_MASTER)
NO_WAY_IN = (SignIn.UNAVAILABLE, SignIn.CLOSED, SignIn.UNREACHABLE)
CONTROL_OUT = (Control.UNAVAILABLE, Control.CLOSED, Control.UNREACHABLE)
CONTROL_IN = (Control.GOOD, Control.GOOD_BY_MASTER)
NO_CONTROL = (Control.ABSENT, Control.UNASKED)


def as_never(p: Picture) -> bool:
    return p.acceptance.among(Acceptance.AS_NEVER_EXISTED)


def lost(p: Picture) -> bool:
    """Refused as a stranger, and not because the customer has another address now."""
    return as_never(p) and not p.old_address.among(OldAddress.THIS_ONE)


def signs_in(p: Picture) -> bool:
    """Somebody with T's name gets in, at IMAP or at submission."""
    return (p.sign_in.among(*OPENED) and not nobody_there(p)) or p.submission.among(SignIn.OPENED)


def nobody_there(p: Picture) -> bool:
    """A master may be let in under any name, as Cyrus IMAP does it: only a mailbox that opens, or that the MX knows, shows that
    there is one."""
    return p.sign_in.among(SignIn.OPENED_BY_MASTER) and p.store.among(Store.LOST) and as_never(p)


def in_one_chain(p: Picture) -> bool:
    """IMAP was asked, and submission right after it. An answer of another time may be about another password: the customer has
    changed his, or was let in again."""
    before, after = p.sign_in.at, p.submission.at
    return before is None or after is None or 0.0 <= after - before <= ONE_CHAIN


def customer_refused(p: Picture) -> bool:
    """The customer's own secret, and not by a login that is older than the password."""
    if p.sign_in.among(SignIn.REFUSED):
        return True
    return p.sign_in.among(SignIn.REFUSED_BEFORE) and not p.password_change.among(PasswordChange.REFUSED_EARLIER)


def refused_where_control_enters(p: Picture) -> bool:
    if p.sign_in.among(SignIn.REFUSED_BY_MASTER) or nobody_there(p):
        return p.control_sign_in.among(Control.GOOD_BY_MASTER)
    return customer_refused(p) and p.control_sign_in.among(*CONTROL_IN)


def refused_for_want_of_entry(p: Picture) -> bool:
    """Nobody of ours could be tried, but the carrier's own directory has no entry: it is not the password."""
    return customer_refused(p) and p.control_sign_in.among(*NO_CONTROL) and p.imap_directory.among(Entry.ABSENT)


def known_here(p: Picture) -> bool:
    """Something says that this address is, or was, a mailbox: else it may simply be misspelt."""
    return (
        p.enrolled.among(Answer.YES)
        or p.accepted_before.among(Answer.YES)
        or p.portal.among(Portal.OK)
        or recorded_active(p)
        or (p.spelling_confirmed.among(Answer.YES) and p.contract.among(ContractState.ACTIVE))
    )


def recorded_active(p: Picture) -> bool:
    """The carrier's own systems were asked for this very address, letter by letter; what is told may be of another."""
    return p.contract.among(ContractState.ACTIVE) and p.contract.source is Source.MEASURED


def listed(p: Picture) -> bool:
    """Some list of the carrier's holds it: it is not a matter of spelling. Not enough to call the servers wrong."""
    return p.mx_map.among(Entry.LISTED) or p.imap_directory.among(Entry.LISTED)


def known_to_imap(p: Picture) -> bool:
    return p.sign_in.among(SignIn.EXPIRED, SignIn.DISABLED) or signs_in(p)


def closed(p: Picture) -> bool:
    return p.contract.among(ContractState.CLOSED) or (p.portal.among(Portal.CLOSED) and not recorded_active(p))
