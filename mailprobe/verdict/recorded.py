"""What the carrier's own systems hold of the mailbox: answers beside those of its servers, and never instead of them.

A record may be late, or of somebody else: alone it makes nobody "down". Where it disagrees with what a server answers, the
server counts, and the two are named as a conflict. When the password was changed stands for as long as what is told does; a
contract for as long as its carrier lets it, since it may have ended meanwhile; an entry and a store only beside answers of about
the same time, for a repair changes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailprobe.carriers import LOOKUP_COUNTS_FOR, Carrier
from mailprobe.config import Account, Contract
from mailprobe.evidence import Evidence, Of, Recorded
from mailprobe.verdict.canaries import mail_of, yes
from mailprobe.verdict.filing import Filed
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Answer, ContractState, Entry, Known, PasswordChange, SignIn, Source

COUNTS_FOR = 600.0  # seconds that servers may be asked after the record was read
SKEW = 60.0  # seconds that the carrier's clock and ours may differ
ONE_CHANGE = 1.5 * 86400.0  # a time that was told may be a date alone, or of another zone
PROPAGATION = 1800.0  # seconds that a new password may take to reach every server
ASKED = ("mx", "imap")
NOTHING = Recorded(at=0.0)


@dataclass(frozen=True, slots=True)
class Records:
    """The answers of the carrier's own systems. at: Unix seconds at which they were read; None: nobody was asked, or no answer
    came."""

    at: float | None
    fact: Recorded
    mx_map: Known[Entry]
    imap_directory: Known[Entry]
    stores_differ: Known[Answer]
    written_since: Known[Answer]


def records_of(filed: Filed, evidence: Sequence[Evidence], carrier: Carrier) -> Records:
    """The newest record counts, whole: two are never mixed."""
    if not filed.records:
        return Records(None, NOTHING, Known(Entry.UNKNOWN), Known(Entry.UNKNOWN), Known(Answer.NO), Known(Answer.NO))
    newest = max(filed.records, key=lambda one: one.at)
    age = age_of(newest.at, evidence)
    fact, fresh = as_it_counts(newest.fact, age, carrier), age <= COUNTS_FOR
    differ = fresh and bool(fact.mx_store_uid and fact.store_uid) and fact.mx_store_uid != fact.store_uid
    return Records(
        newest.at,
        fact,
        Known(entry(fact.in_mx_map if fresh else None), newest.at),
        Known(entry(fact.in_imap_directory if fresh else None), newest.at),
        Known(yes(differ), newest.at),
        Known(yes(was_written_since(fact, filed)), newest.at),
    )


def age_of(at: float, evidence: Iterable[Evidence]) -> float:
    """Seconds between a record, read at that time, and the newest question to the servers: a check reads tomorrow as it reads
    today."""
    return max((one.started for one in evidence if one.probe in ASKED), default=at) - at


def as_it_counts(fact: Recorded, age: float, carrier: Carrier) -> Recorded:
    """Without a contract that is too old to be what holds now."""
    counts_for = LOOKUP_COUNTS_FOR if carrier.lookup is None else carrier.lookup.counts_for
    return fact if age <= counts_for else replace(fact, contract=None, contract_at=None)


def entry(listed: bool | None) -> Entry:
    if listed is None:
        return Entry.UNKNOWN
    return Entry.LISTED if listed else Entry.ABSENT


def was_written_since(fact: Recorded, filed: Filed) -> bool:
    """Since the newest test mail was taken: something reaches this store."""
    mail = mail_of(filed, Of.TARGET)
    return fact.last_write is not None and mail is not None and fact.last_write > mail.sent + SKEW


# ---- beside what was told --------------------------------------------------------------------------------------------


def contract_of(told: Observations, records: Records, account: Account) -> Known[ContractState]:
    """What was read is surer than what is told, and that is newer than what was configured."""
    if records.fact.contract is not None:
        return Known(ContractState(records.fact.contract.value), records.at)
    if told.contract is not ContractState.UNKNOWN:
        return Known(told.contract, told.contract_at, Source.TOLD)
    table = {Contract.ACTIVE: ContractState.ACTIVE, Contract.CLOSED: ContractState.CLOSED}
    return Known(table.get(account.contract, ContractState.UNKNOWN), None, Source.CONFIGURED)


def contract_disputed(told: Observations, records: Records) -> Known[Answer]:
    """What was told is not what was read."""
    held = records.fact.contract
    return Known(yes(held is not None and told.contract.value not in (held.value, ContractState.UNKNOWN.value)), records.at)


def password_change(told: Observations, records: Records, sign_in: Known[SignIn]) -> Known[PasswordChange]:
    """The latest change that is known of: a refusal that is older than any says nothing."""
    said, held = told.mail_password_changed_at, records.fact.password_changed_at
    changed = max((one for one in (said, held) if one is not None), default=None)
    if changed is None:
        return Known(PasswordChange.UNTOLD, None, Source.TOLD)
    return Known(refused_after(said, held, changed, sign_in), changed, Source.MEASURED if changed == held else Source.TOLD)


def refused_after(said: float | None, held: float | None, changed: float, sign_in: Known[SignIn]) -> PasswordChange:
    refused = sign_in.value in (SignIn.REFUSED, SignIn.REFUSED_BEFORE)
    if not refused or sign_in.at is None or sign_in.at < changed:
        return PasswordChange.REFUSED_EARLIER
    if sign_in.at < changed + PROPAGATION:
        return PasswordChange.REFUSED_TOO_SOON
    if said is None or (held is not None and held > said + ONE_CHANGE):
        return PasswordChange.REFUSED_AFTER_RECORDED
    unrecorded = held is not None and said > held + ONE_CHANGE
    return PasswordChange.UNRECORDED if unrecorded else PasswordChange.REFUSED_LATER
