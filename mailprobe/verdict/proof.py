"""The replies for T, L and D side by side, as the proof of what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.evidence import (
    Answered,
    Arrived,
    Broken,
    Canary,
    CleanedUp,
    Evidence,
    NotConnected,
    NotSecured,
    Of,
    Recorded,
    Replied,
    Returned,
    Stage,
)
from mailprobe.replies import Likeness, same_answer
from mailprobe.verdict.filing import Dated, Door, Filed, file_all

SHOWN = (Stage.RCPT, Stage.LOGIN, Stage.AUTH, Stage.EXAMINE)
HANDED_OVER = (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END_OF_DATA)
RECORD = "record"
KINDS = {"mx": "rcpt", "canary": "canary", "imap": "imap", "submission": "submission", "lookup": RECORD}
ANY_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")
MASKED = "address"  # servers put their own brackets around it


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One answer at one door. kind: 'rcpt', 'canary', 'imap' or 'submission'; answer: '550 5.1.1', 'NO [AUTHENTICATIONFAILED]',
    or of a test mail also 'end_of_data 250 2.0.0', 'returned failed 550 5.1.1', 'arrived inbox';
    text: the server's words with the address masked; alike: word for word as D's answer at the same server and IP.
    kind 'record': what the carrier's own systems hold, one row a word; server: their name, answer: 'in_mx_map=no'."""

    kind: str
    server: str
    ip: str
    of: Of
    answer: str
    text: str
    at: float
    alike: bool = False
    cached: bool = False


def prove(evidence: Sequence[Evidence], *, account: Account, carrier: Carrier) -> tuple[ProofRow, ...]:
    """One row for the last answer of each of T, L and D at each server and IP, in the order of the doors; where T could not
    be asked, what stood in the way. Of a test mail: the answer that took or refused it, its arrival, and what came back."""
    filed = file_all(evidence)
    shown = [row for door in filed.doors.values() for row in rows_of(door, account, carrier)]
    shown += (*mail_rows(filed), *record_rows(filed))
    return tuple(sorted(shown, key=lambda row: (list(KINDS.values()).index(row.kind), row.server, row.ip)))


def rows_of(door: Door, account: Account, carrier: Carrier) -> Iterator[ProofRow]:
    if door.probe not in KINDS:
        return
    addresses = addresses_of(account, carrier)
    if door.probe == "canary":
        yield from handed_over(door, addresses)
        return
    for of in Of:
        said: list[Dated[Replied | Answered]] = [*door.replies, *door.answers]
        said = [one for one in said if one.fact.of is of and one.fact.stage in SHOWN]
        if said:
            last = max(said, key=lambda one: one.at)
            alike = of is Of.TARGET and is_alike(last, door, addresses)
            yield row_of(door, last, addresses, alike)
        elif of is Of.TARGET:
            yield from turned_away(door, addresses)


def handed_over(door: Door, addresses: dict[Of, tuple[str, ...]]) -> Iterator[ProofRow]:
    """The last word on each test mail: of the end of data where it came so far, and it often holds the queue id."""
    for of in (Of.TARGET, Of.LIVE):
        said = [one for one in door.replies if one.fact.of is of and one.fact.stage in HANDED_OVER]
        said = [one for one in said if one.fact.stage is Stage.END_OF_DATA or one.fact.code >= 400]
        if said:
            last = max(said, key=lambda one: one.at)
            row = row_of(door, last, addresses, alike=False)
            yield replace(row, answer=f"{last.fact.stage.value} {row.answer}", text=masked(row.text))


def mail_rows(filed: Filed) -> Iterator[ProofRow]:
    """Arrivals and what came back, each once. A bounce may name other people: every address in it is masked."""
    rows = dict.fromkeys(row for one in filed.canaries for row in mail_row(one))
    yield from rows


def mail_row(one: Dated[Canary | Arrived | CleanedUp | Returned]) -> Iterator[ProofRow]:
    fact = one.fact
    if isinstance(fact, Arrived):
        took = "" if fact.took is None else f"{fact.took:.1f} s"
        yield ProofRow("canary", fact.server, fact.ip, fact.of, f"arrived {fact.folder.value}", took, one.at)
    if isinstance(fact, Returned):
        code = f"{fact.code or ''} {fact.enhanced}".strip()
        answer = f"returned {fact.kind.value} {code}".strip()
        yield ProofRow("canary", fact.remote, "", fact.of, answer, masked(fact.text), fact.returned_at)


def record_rows(filed: Filed) -> Iterator[ProofRow]:
    """What was read last."""
    for one in sorted(filed.records, key=lambda each: each.at)[-1:]:
        yield from (ProofRow(RECORD, one.fact.server, "", Of.TARGET, word, "", one.at) for word in words_of(one.fact))


def words_of(held: Recorded) -> Iterator[str]:
    """In the order of the fact, `name=value` as in what is told; what is not known is left out. Times in UTC."""
    if held.contract is not None:
        since = "" if held.contract_at is None else f"@{utc(held.contract_at)}"
        yield f"contract={held.contract.value}{since}"
    for name, at in (("mail_password_changed_at", held.password_changed_at), ("last_write", held.last_write)):
        if at is not None:
            yield f"{name}={utc(at)}"
    for name, listed in (("in_mx_map", held.in_mx_map), ("in_imap_directory", held.in_imap_directory)):
        if listed is not None:
            yield f"{name}={'yes' if listed else 'no'}"
    for name, uid in (("mx_store_uid", held.mx_store_uid), ("store_uid", held.store_uid)):
        if uid:
            yield f"{name}={masked(uid)}"


def utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def masked(text: str) -> str:
    return ANY_ADDRESS.sub(MASKED, text)


def turned_away(door: Door, addresses: dict[Of, tuple[str, ...]]) -> Iterator[ProofRow]:
    """Where T could not be asked: the refusal that came before, in the server's words, or how the connection failed."""
    refused = [one for one in door.replies if one.fact.of is Of.TARGET and one.fact.code >= 400]
    if refused:
        yield row_of(door, refused[-1], addresses, alike=False)
        return
    for shut in [one for one in door.shut if one.fact.of is Of.TARGET][-1:]:
        answer, text = how_shut(shut.fact)
        yield ProofRow(KINDS[door.probe], door.server, door.ip, Of.TARGET, answer, text, shut.at)


def how_shut(fact: NotConnected | NotSecured | Broken) -> tuple[str, str]:
    if isinstance(fact, NotConnected):
        return f"no connection: {fact.why.value}", fact.detail
    if isinstance(fact, NotSecured):
        return f"no trusted channel: {fact.why.value}", fact.detail
    return f"broke at {fact.stage.value}: {fact.why.value}", fact.words


def addresses_of(account: Account, carrier: Carrier) -> dict[Of, tuple[str, ...]]:
    return {
        Of.TARGET: (str(account.address),),
        Of.LIVE: tuple(str(control.address) for control in carrier.live_controls),
        Of.DEAD: (str(carrier.dead_control),) if carrier.dead_control is not None else (),
    }


def is_alike(last: Dated[Replied | Answered], door: Door, addresses: dict[Of, tuple[str, ...]]) -> bool:
    dead = [one.fact for one in door.replies if one.fact.of is Of.DEAD and one.fact.stage is Stage.RCPT]
    if not dead or not isinstance(last.fact, Replied) or not addresses[Of.DEAD]:
        return False
    return same_answer(last.fact, addresses[Of.TARGET][0], dead[-1], addresses[Of.DEAD][0]) is Likeness.SAME


def row_of(door: Door, one: Dated[Replied | Answered], addresses: dict[Of, tuple[str, ...]], alike: bool) -> ProofRow:
    fact = one.fact
    text = fact.text
    for address in (address for known in addresses.values() for address in known):
        text = text.replace(address, MASKED)
    answer = f"{fact.code} {fact.enhanced}".strip() if isinstance(fact, Replied) else imap_answer(fact)
    return ProofRow(KINDS[door.probe], door.server, door.ip, fact.of, answer, text, one.at, alike, one.remembered)


def imap_answer(fact: Answered) -> str:
    return f"{fact.status} [{fact.code}]" if fact.code else fact.status
