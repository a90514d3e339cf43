"""What is said beside a verdict: notes, what is missing, what contradicts. All from the picture's answers."""

from __future__ import annotations

from collections.abc import Iterator

from mailprobe.verdict import Code, Note, NoteCode
from mailprobe.verdict import delivery as mail
from mailprobe.verdict.grounds import ACCEPTED, CONTROL_IN, OPENED, as_never, closed, known_to_imap, recorded_active, signs_in
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    Backends,
    BounceSays,
    Breadth,
    CleanUp,
    ContractState,
    Control,
    ControlDelivery,
    DeadAtMx,
    Delivery,
    Domain,
    Entry,
    LiveAtMx,
    Network,
    PasswordChange,
    Picture,
    Portal,
    ReadBack,
    SignIn,
    Store,
    Tls,
)
from mailprobe.verdict.rules import Rule, offline

REFUSED = (Acceptance.AS_NEVER_EXISTED, Acceptance.BLOCKED_ALONE, Acceptance.DISABLED, Acceptance.REFUSED_UNCHECKED)
LOGIN_REFUSED = (SignIn.REFUSED, SignIn.REFUSED_BEFORE, SignIn.REFUSED_BY_MASTER)
NOT_KNOWN = (Control.ABSENT, Control.UNASKED, Control.UNCLEAR)
UNASKED_AT_MX = (Acceptance.UNASKED, Acceptance.HELD, Acceptance.UNREACHABLE, Acceptance.UNPROBEABLE)
SIGNED_IN_OR_NOT = (SignIn.OPENED, SignIn.OPENED_BY_MASTER, *LOGIN_REFUSED, SignIn.DISABLED, SignIn.EXPIRED)
ON_PAPER = frozenset({Code.DIRECTORY_OUT_OF_SYNC, Code.UNKNOWN_TO_MX, Code.NO_SUCH_ADDRESS, Code.MISSING_FROM_MX})
UNDELIVERED = frozenset({Code.HEALTHY, Code.ACCEPTS_MAIL, Code.SENDER_AT_FAULT, Code.RECIPIENT_FILTER})

# What became of T's test mail and counts only with L's beside it, or is answered already.
AGAINST_T = (*mail.OVERDUE, Delivery.UNKNOWN_USER, Delivery.DISABLED, Delivery.FILTERED, Delivery.REFUSED, Delivery.RETURNED)
NO_WORD_OF_LIVE = (ControlDelivery.UNSENT, ControlDelivery.TAKEN, ControlDelivery.UNDER_WAY)
SAID_BEHIND = (Delivery.UNKNOWN_USER, Delivery.FILTERED, Delivery.FULL, Delivery.DISABLED, Delivery.MOVED, Delivery.RETURNED)
TOLD_OF_MAIL = (*AGAINST_T, *mail.THERE, Delivery.CONFLICT)


def notes_of(picture: Picture, winner: Rule, others: tuple[Rule, ...]) -> tuple[Note, ...]:
    """In the order of the enum; rows that match as well come last, in the order of the table."""
    said = [Note(code) for code in codes_of(picture, winner.code)]
    also = dict.fromkeys(rule.code for rule in others)
    return (*said, *(Note(NoteCode.ALSO, (("code", one.value),)) for one in also))


def codes_of(p: Picture, code: Code) -> Iterator[NoteCode]:
    if p.acceptance.among(*REFUSED) and p.live_at_mx.among(LiveAtMx.ACCEPTED):
        yield NoteCode.PC_CANNOT_CAUSE_BOUNCES
    if pc_access_works(p) and p.sign_in.among(*LOGIN_REFUSED):
        yield NoteCode.PC_ACCESS_NOT_THE_CAUSE
    if p.acceptance.among(Acceptance.GREYLISTED) or p.put_off_first.among(Answer.YES):
        yield NoteCode.GREYLISTED
    if p.tls.among(Tls.LEGACY_NAMED, Tls.LEGACY_UNNAMED, Tls.EXPIRED) and code is not Code.SERVER_TLS_OLD:
        yield NoteCode.SERVER_TLS_OLD
    if p.backends.among(Backends.SOME, Backends.SOME_HIT) and code is not Code.PARTIAL_BACKEND_FAULT:
        yield NoteCode.PARTIAL_BACKEND_FAULT
    if p.clean_up.among(CleanUp.RECREATED):
        yield NoteCode.MAILBOX_RECREATED
    if p.forwards.among(Answer.YES) and code is not Code.FORWARDED_OR_AUTO_REPLIED:
        yield NoteCode.FORWARDED
    if p.clean_up.among(CleanUp.LIMITED):
        yield NoteCode.CLEANUP_LIMITED


def pc_access_works(p: Picture) -> bool:
    """A good account signs in from this computer, and that counts: we stand outside, or a PC was blamed."""
    asked = p.network.among(Network.OUTSIDE) or (p.pc_used.among(Answer.YES) and not p.network.among(Network.INSIDE))
    return asked and p.control_sign_in.among(*CONTROL_IN)


def missing_of(p: Picture, code: Code) -> tuple[str, ...]:
    """What would raise the confidence, or is not shown."""
    return tuple(tag for tag, lacks in lacking(p, code) if lacks)


def lacking(p: Picture, code: Code) -> Iterator[tuple[str, bool]]:
    yield "prober", offline(p)
    yield "dns", p.domain.among(Domain.UNSURE, Domain.DEAF)
    yield "mx", p.acceptance.among(*UNASKED_AT_MX)
    yield "live_control", not p.live_at_mx.among(LiveAtMx.ACCEPTED) and not p.acceptance.among(*UNASKED_AT_MX)
    yield "dead_control", p.dead_at_mx.among(DeadAtMx.UNASKED, DeadAtMx.DEFERRED) and not p.acceptance.among(*UNASKED_AT_MX)
    yield "second_mx", p.breadth.among(Breadth.ONE) or p.acceptance.among(Acceptance.UNCLEAR)
    yield "sign_in", not p.sign_in.among(*SIGNED_IN_OR_NOT)
    yield "store", p.sign_in.among(*OPENED) and p.store.among(Store.UNKNOWN)
    yield "customer_sign_in", p.sign_in.among(SignIn.OPENED_BY_MASTER, SignIn.REFUSED_BY_MASTER)
    yield (
        "live_sign_in",
        (p.sign_in.among(*LOGIN_REFUSED, SignIn.UNAVAILABLE) and p.control_sign_in.among(*NOT_KNOWN))
        or (p.sign_in.among(SignIn.HELD) and not p.control_sign_in.among(*CONTROL_IN, *NOT_KNOWN)),
    )
    left_out = p.submission.among(SignIn.UNASKED) and signs_in(p)
    yield "submission", left_out or p.submission.among(SignIn.HELD, SignIn.UNCLEAR, SignIn.UNREACHABLE, SignIn.INSECURE)
    on_paper = p.portal.among(Portal.OK, Portal.CLOSED) or not p.contract.among(ContractState.UNKNOWN)
    yield "portal", code in ON_PAPER and not on_paper
    catch_all = code is Code.INCONCLUSIVE and p.acceptance.among(Acceptance.ACCEPTED_ALL) and not p.delivery.among(*TOLD_OF_MAIL)
    yield "delivery", catch_all or (code in UNDELIVERED and not p.delivery.among(*TOLD_OF_MAIL, *mail.UNREAD))
    yield "read_back", p.delivery.among(*mail.UNREAD) and p.read_back.among(ReadBack.UNTOLD, ReadBack.UNPROVEN)
    yield "live_delivery", p.delivery.among(*AGAINST_T) and p.control_delivery.among(*NO_WORD_OF_LIVE)


def conflicts_of(p: Picture) -> tuple[str, ...]:
    """Pairs `a:b` of facts that do not go together."""
    return tuple(tag for tag, clash in clashing(p) if clash)


def clashing(p: Picture) -> Iterator[tuple[str, bool]]:
    takes = p.acceptance.among(*ACCEPTED)
    yield "contract_closed:mx_accepts", closed(p) and takes
    yield "contract_closed:signs_in", closed(p) and signs_in(p)
    yield "portal_ok:contract_closed", p.portal.among(Portal.OK) and p.contract.among(ContractState.CLOSED)
    yield "bounce_unknown_user:mx_accepts", p.bounce.among(BounceSays.RECIPIENT_UNKNOWN) and takes
    yield "mx_refuses:mx_accepts", p.acceptance.among(Acceptance.DISAGREE)
    yield "mx_unknown:imap_knows", as_never(p) and known_to_imap(p)
    yield "mx_accepts:imap_unknown", takes and p.sign_in.among(SignIn.REFUSED_BY_MASTER)
    yield "mx_accepts:live_refused", takes and p.live_at_mx.among(LiveAtMx.REFUSED)
    yield (
        "target_refused:live_accepted",
        p.acceptance.among(Acceptance.REFUSED_OTHERWISE) and p.live_at_mx.among(LiveAtMx.ACCEPTED),
    )
    yield "mx_unknown:canary_arrived", as_never(p) and p.delivery.among(*mail.THERE, Delivery.JUNKED)
    yield "mx_accepts:canary_refused", takes and p.delivery.among(Delivery.REFUSED)
    yield "mx_accepts:canary_returned", takes and p.delivery.among(Delivery.RETURNED)
    yield "canary_arrived:canary_returned", p.delivery.among(Delivery.CONFLICT)
    read_out, shown = p.read_back.among(*mail.READ_OUT), p.read_back.among(*mail.READ_OUT, ReadBack.JUNK)
    yield "canary_read_out:canary_returned", shown and p.delivery.among(*SAID_BEHIND)
    yield "canary_read_out:canary_not_found", read_out and p.delivery.among(*mail.OVERDUE)
    yield "canary_found:canary_not_seen", p.read_back.among(ReadBack.NOT_SEEN) and p.delivery.among(Delivery.ARRIVED)
    yield "canary_found:canary_in_junk", p.read_back.among(ReadBack.JUNK) and p.delivery.among(Delivery.ARRIVED)
    yield (
        "mx_accepts:live_canary_returned",
        p.control_delivery.among(ControlDelivery.RETURNED) and p.delivery.among(*SAID_BEHIND, *mail.OVERDUE),
    )
    yield "canary_on_handset:handset_fails", p.read_back.among(ReadBack.HANDSET) and p.handset_fails.among(Answer.YES)
    yield "webmail_ok:sign_in_refused", p.webmail_ok.among(Answer.YES) and p.sign_in.among(*LOGIN_REFUSED)
    yield "imap_refused:submission_opened", p.sign_in.among(*LOGIN_REFUSED) and p.submission.among(SignIn.OPENED)
    yield from of_the_records(p)


def of_the_records(p: Picture) -> Iterator[tuple[str, bool]]:
    """What the carrier's own systems hold, against its servers, against each other, and against what was told."""
    by_map, by_directory = p.mx_map, p.imap_directory
    takes_him = p.acceptance.among(Acceptance.ACCEPTED, Acceptance.ACCEPTED_UNCHECKED)
    overdue = p.delivery.among(*mail.OVERDUE)
    yield "mx_unknown:mx_map_lists", as_never(p) and by_map.among(Entry.LISTED)
    yield "mx_unknown:imap_directory_lists", as_never(p) and by_directory.among(Entry.LISTED)
    yield "mx_accepts:mx_map_lacks", takes_him and by_map.among(Entry.ABSENT)
    yield "mx_accepts:imap_directory_lacks", takes_him and by_directory.among(Entry.ABSENT)
    yield "signs_in:imap_directory_lacks", p.sign_in.among(*OPENED) and by_directory.among(Entry.ABSENT)
    yield "imap_unknown:imap_directory_lists", p.sign_in.among(SignIn.REFUSED_BY_MASTER) and by_directory.among(Entry.LISTED)
    yield "mx_map_lists:imap_directory_lacks", by_map.among(Entry.LISTED) and by_directory.among(Entry.ABSENT)
    yield "mx_map_lacks:imap_directory_lists", by_map.among(Entry.ABSENT) and by_directory.among(Entry.LISTED)
    yield "mx_map_store:imap_directory_store", p.stores_differ.among(Answer.YES)
    yield "canary_not_found:store_written", overdue and p.written_since.among(Answer.YES)
    yield "contract_told:contract_recorded", p.contract_disputed.among(Answer.YES)
    yield "portal_closed:contract_recorded_active", p.portal.among(Portal.CLOSED) and recorded_active(p)
    yield "contract_suspended:mx_accepts", p.contract.among(ContractState.SUSPENDED) and p.acceptance.among(*ACCEPTED)
    yield "contract_suspended:signs_in", p.contract.among(ContractState.SUSPENDED) and signs_in(p)
    yield "password_told:password_recorded", p.password_change.among(PasswordChange.UNRECORDED)
