"""What came of one lookup, as evidence beside that of the servers: a fact that was measured, or none, and why."""

from __future__ import annotations

from mailprobe.evidence import Contract, End, Ending, Evidence, Recorded
from mailprobe.lookup.answer import Answer, Unanswered

PROBE = "lookup"
SKEW = 60.0  # seconds that another's clock may be ahead of ours
OURS = frozenset({Unanswered.NO_SECRET, Unanswered.NOT_ASKED})


def recorded(found: Answer | Unanswered, account: str, name: str, started: float, took: float) -> Evidence:
    """account: the id; name: what the carrier's systems are called; started: Unix seconds; took: seconds."""
    facts = (fact_of(found, name, started + took, took),) if isinstance(found, Answer) else ()
    return Evidence(account, PROBE, "", None, started, 0.0, took, facts, (), ending_of(found))


def ending_of(found: Answer | Unanswered) -> Ending:
    if isinstance(found, Answer):
        return Ending(End.FINISHED)
    if found is Unanswered.TIMEOUT:
        return Ending(End.OUT_OF_TIME, found.value)
    return Ending(End.OUR_FAULT if found in OURS else End.REFUSED, found.value)


def fact_of(answer: Answer, name: str, now: float, at: float) -> Recorded:
    """What cannot be is left out: a time in the future spoils its own word, and no other. at: as in the fact."""
    begun = answer.contract_at is None or is_past(answer.contract_at, now)
    known = begun and answer.contract in list(Contract)
    return Recorded(
        at=at,
        server=name,
        contract=Contract(answer.contract) if known and answer.contract is not None else None,
        contract_at=answer.contract_at if known else None,
        password_changed_at=past(answer.mail_password_changed_at, now),
        in_mx_map=answer.in_mx_map,
        in_imap_directory=answer.in_imap_directory,
        mx_store_uid=answer.mx_store_uid or "",
        store_uid=answer.store_uid or "",
        last_write=past(answer.last_write, now),
    )


def past(instant: float | None, now: float) -> float | None:
    return instant if instant is not None and is_past(instant, now) else None


def is_past(instant: float, now: float) -> bool:
    return instant <= now + SKEW
