"""Facts -> Picture: what was measured, told and remembered of one account, one answer per question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.evidence import HELD_BACK, Evidence, Of, Replied, Stage, Withheld
from mailprobe.replies import Likeness, Meaning, ReplyClass, SpeaksOf, Us, read, same_answer
from mailprobe.verdict.canaries import canary_leg, yes
from mailprobe.verdict.door import door_says, hear
from mailprobe.verdict.doors import MxPicture, host_of, together
from mailprobe.verdict.filing import Filed, file_all
from mailprobe.verdict.names import domain_of, hosts_of
from mailprobe.verdict.observed import Bounced, Observations
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    BounceSays,
    Deferred,
    History,
    Known,
    Network,
    OldAddress,
    Picture,
    SignIn,
    Source,
)
from mailprobe.verdict.recorded import contract_disputed, contract_of, password_change, records_of
from mailprobe.verdict.returned import Reader
from mailprobe.verdict.sign_ins import (
    Leg,
    backends_of,
    control_of,
    leg_of,
    room_of,
    sign_in_of,
    store_of,
    tls_of,
)

LONG_DEFERRED = 86400.0
TWO_READINGS = 600.0  # between two readings that count as two
NOBODY = Us()
MOST_SAID = 256  # words about controls that are kept


def take_picture(
    evidence: Sequence[Evidence],
    *,
    account: Account,
    carrier: Carrier,
    told: Observations,
    bounces: Sequence[Bounced],
    history: History,
    now: float,
    us: Us = NOBODY,
    network: str = "",
) -> Picture:
    """now: Unix seconds. network: 'inside', 'outside' or '' (config.Engine.network). us: the words that mean ourselves.

    evidence: of this account and in any order; the newest answer of each counts, L for ten minutes, D for a day.
    """
    filed = file_all(evidence)
    mx = mx_picture(filed, account, carrier, us, now)
    mails = canary_leg(filed, Reader(account, carrier, us), told, now, ran=any(one.probe == "canary" for one in evidence))
    imap, submission = leg(filed, "imap", carrier, now), leg(filed, "submission", carrier, now)
    sign_in, records = sign_in_of(imap), records_of(filed, evidence, carrier)
    return Picture(
        domain=domain_of(filed.mail_lookups(), account.address.domain, carrier, filed.mail_looked_up_at()),
        prober=mx.prober,
        acceptance=mx.acceptance,
        breadth=mx.breadth,
        live_at_mx=mx.live,
        dead_at_mx=mx.dead,
        sign_in=sign_in,
        control_sign_in=control_of(imap),
        store=store_of(imap),
        room=room_of(imap),
        backends=backends_of(imap),
        tls=tls_of(imap),
        password_change=password_change(told, records, sign_in),
        submission=sign_in_of(submission) if "submission" in account.probes else Known(SignIn.NO_SERVER, None, Source.CONFIGURED),
        control_submission=control_of(submission),
        delivery=mails.delivery,
        control_delivery=mails.control,
        read_back=mails.read_back,
        put_off_first=mails.put_off_first,
        forwards=Known(Answer.YES, mx.acceptance.at) if mx.forwards else mails.forwards,
        clean_up=mails.clean_up,
        mx_map=records.mx_map,
        imap_directory=records.imap_directory,
        stores_differ=records.stores_differ,
        written_since=records.written_since,
        contract_disputed=contract_disputed(told, records),
        contract=contract_of(told, records, account),
        portal=Known(told.portal, None, Source.TOLD),
        spelling_confirmed=said(told.spelling_confirmed),
        webmail_ok=said(told.webmail_ok),
        other_device_ok=said(told.other_device_ok),
        handset_fails=said(told.handset_fails),
        pc_used=said(told.pc_used),
        old_address=old_address_of(told, account),
        bounce=bounce_of(bounces, account),
        enrolled=Known(yes(account.enrolled), None, Source.CONFIGURED),
        accepted_before=Known(yes(history.accepted_before), None, Source.REMEMBERED),
        deferred=deferred_of(history, now),
        undelivered_before=undelivered_before(history, now),
        one_secret=Known(yes(shares_secret(account, carrier)), None, Source.CONFIGURED),
        network=Known(Network(network) if network else Network.UNSAID, None, Source.CONFIGURED),
    )


def remembering(picture: Picture, history: History, now: float) -> Picture:
    """The same picture with another past."""
    return replace(
        picture,
        accepted_before=Known(yes(history.accepted_before), None, Source.REMEMBERED),
        deferred=deferred_of(history, now),
        undelivered_before=undelivered_before(history, now),
    )


def said(true: bool) -> Known[Answer]:
    return Known(yes(true), None, Source.TOLD)


# ---- the doors -------------------------------------------------------------------------------------------------------


def mx_picture(filed: Filed, account: Account, carrier: Carrier, us: Us, now: float) -> MxPicture:
    addresses = {
        Of.TARGET: str(account.address),
        Of.DEAD: str(carrier.dead_control) if carrier.dead_control is not None else "",
    }

    def meaning(reply: Replied) -> Meaning:
        words = Words(reply.stage, reply.code, reply.enhanced, reply.text, host_of(reply.server), account.address.domain, us)
        address = addresses.get(reply.of, "")
        return (read_words if reply.of is Of.TARGET else said_of_control)(words, address, carrier)

    def alike(target: Replied, dead: Replied) -> bool:
        return same_answer(target, addresses[Of.TARGET], dead, addresses[Of.DEAD]) is Likeness.SAME

    says = [door_says(hear(door, meaning, alike, now)) for door in filed.of_probe("mx")]
    picture = together(says, hosts_of(filed.mail_lookups(), account.address.domain, carrier))
    return unasked(filed, picture)


class Words(NamedTuple):
    """What one reply says, and where."""

    stage: Stage
    code: int
    enhanced: str
    text: str
    host: str
    domain: str
    us: Us


def read_words(words: Words, address: str, carrier: Carrier) -> Meaning:
    return read(**words._asdict(), address=address, carrier=carrier)


@lru_cache(MOST_SAID)
def said_of_control(words: Words, address: str, carrier: Carrier) -> Meaning:
    """The same, and as pure: what is kept is what would be read again. Every check of a carrier's accounts comes with the same
    words about its controls, and to read a refusal anew each time takes 0.2 ms. The target's words are never kept."""
    return read_words(words, address, carrier)


def unasked(filed: Filed, picture: MxPicture) -> MxPicture:
    """Where no host was asked about T: why not."""
    if picture.acceptance.value is not Acceptance.UNASKED:
        return picture
    reasons = {one.fact.why for one in filed.withheld_of("mx", Of.TARGET)}
    value = Acceptance.UNASKED
    if Withheld.NO_SMTPUTF8 in reasons:
        value = Acceptance.UNPROBEABLE
    elif reasons & HELD_BACK:
        value = Acceptance.HELD
    known = Known(value, picture.acceptance.at)
    return replace(picture, acceptance=known)


def leg(filed: Filed, probe: str, carrier: Carrier, now: float) -> Leg:
    withheld = [one for name, one in filed.withheld if name == probe]
    return leg_of(filed.of_probe(probe), withheld, carrier, now)


# ---- told and known beforehand ---------------------------------------------------------------------------------------


def old_address_of(told: Observations, account: Account) -> Known[OldAddress]:
    if not told.old_address:
        return Known(OldAddress.UNTOLD, None, Source.TOLD)
    same = same_mailbox(told.old_address, str(account.address))
    return Known(OldAddress.THIS_ONE if same else OldAddress.ANOTHER, None, Source.TOLD)


def same_mailbox(one: str, other: str) -> bool:
    """Without case: a correspondent's server may have changed it on the way."""
    return one.strip("<> ").casefold() == other.casefold()


def deferred_of(history: History, now: float) -> Known[Deferred]:
    since = history.deferred_since
    long = since is not None and now - since > LONG_DEFERRED
    return Known(Deferred.OVER_A_DAY if long else Deferred.NOT_LONG, since, Source.REMEMBERED)


def undelivered_before(history: History, now: float) -> Known[Answer]:
    """Two readings make it sure: the first of them long enough ago to be one of its own."""
    since = history.undelivered_since
    return Known(yes(since is not None and now - since >= TWO_READINGS), since, Source.REMEMBERED)


def shares_secret(account: Account, carrier: Carrier) -> bool:
    return carrier.one_secret and account.submission_secret is None


BOUNCES = {
    ReplyClass.UNKNOWN_USER: BounceSays.RECIPIENT_UNKNOWN,
    ReplyClass.RECIPIENT_FILTER: BounceSays.RECIPIENT_FILTER,
    ReplyClass.MAILBOX_FULL: BounceSays.RECIPIENT_FULL,
    ReplyClass.MAILBOX_DISABLED: BounceSays.RECIPIENT_DISABLED,
}


def bounce_of(bounces: Sequence[Bounced], account: Account) -> Known[BounceSays]:
    """What bounces say of T; else that they are about the sender; else that they name another address of T's domain."""
    found = [says(one, account) for one in bounces]
    if not found:
        return Known(BounceSays.NONE, None, Source.TOLD)
    value = next((kind for kind in BounceSays if kind in found and kind is not BounceSays.NONE), BounceSays.NONE)
    return Known(value, None, Source.TOLD)


def says(bounced: Bounced, account: Account) -> BounceSays:
    if bounced.cls in (ReplyClass.DELIVERED, ReplyClass.AUTO_REPLY, ReplyClass.NOT_A_BOUNCE):
        return BounceSays.NONE
    if bounced.speaks_of is SpeaksOf.US or bounced.speaks_of is SpeaksOf.MESSAGE:
        return BounceSays.SENDER_AT_FAULT  # "us" of that dialogue is whoever sent
    if bounced.recipient and not same_mailbox(bounced.recipient, str(account.address)):
        own = bounced.recipient.rpartition("@")[2].casefold() == account.address.domain
        return BounceSays.OTHER_ADDRESS if own and bounced.cls is ReplyClass.UNKNOWN_USER else BounceSays.UNCLEAR
    return BOUNCES.get(bounced.cls, BounceSays.UNCLEAR)
