"""What the carrier's own systems said of this mailbox for one call: measured, by whom and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailprobe.console.calls.call import Call
from mailprobe.evidence import Recorded
from mailprobe.lookup import PROBE
from mailprobe.verdict.proof import words_of
from mailprobe.verdict.recorded import age_of, as_it_counts


@dataclass(frozen=True, slots=True)
class Record:
    """What was read last. by: the systems' name, at: Unix seconds."""

    by: str
    at: float
    fact: Recorded

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(words_of(self.fact))


def counting(call: Call, record: Record) -> Recorded:
    """Without what is too old to count beside the servers' newest answers."""
    return as_it_counts(record.fact, age_of(record.at, call.evidence), call.carrier)


def record_of(call: Call) -> Record | None:
    """None where nobody was asked, or no answer came."""
    return max(records(call), key=lambda one: one.at, default=None)


def records(call: Call) -> Iterator[Record]:
    for one in call.evidence:
        if one.probe == PROBE:
            yield from (
                Record(fact.server, one.started + fact.at - one.began, fact) for fact in one.facts if isinstance(fact, Recorded)
            )


def unanswered(call: Call) -> str:
    """Why no answer came, as a tag; '' where one did, or nobody was asked."""
    last = call.last(PROBE)
    return "" if last is None or last.facts else last.ending.reason


def only_told(call: Call) -> tuple[str, ...]:
    """What is told, but for a contract that was read to be so."""
    found = record_of(call)
    contract = None if found is None else counting(call, found).contract
    held = "" if contract is None else f"contract={contract.value}"
    return tuple(word for word in call.question.observed if not held or word.partition("@")[0] != held)


def measured(call: Call) -> tuple[str, ...]:
    """What counts of it now, as words of `observed`."""
    found = record_of(call)
    return () if found is None else tuple(words_of(counting(call, found)))
