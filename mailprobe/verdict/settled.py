"""The streamed top line: nothing said is taken back.

As long as a leg is under way, every answer that it may give is tried: the questions of the pending legs are left open, and
only where a rule reads an open question does the search branch, over all its answers. If every branch ends in the same
row, that row may be said already. The search stops at the first branch that differs, so it is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NoReturn

from mailprobe.verdict import Confidence, Verdict
from mailprobe.verdict.confidence import weakest
from mailprobe.verdict.judge import first_match
from mailprobe.verdict.picture import Domain, Known, PasswordChange, Picture, ReadBack, Source
from mailprobe.verdict.rules import Rule


class Leg(StrEnum):
    """The probes whose facts may still come. The values are the probes' names."""

    DNS = "dns"
    MX = "mx"
    IMAP = "imap"
    SUBMISSION = "submission"
    CANARY = "canary"


# Every question that a leg's facts can answer; the others are told, configured, remembered, or read in the carrier's own systems,
# which are waited for before anything is said.
ANSWERED_BY = {
    Leg.DNS: ("domain", "breadth"),
    Leg.MX: ("domain", "prober", "acceptance", "breadth", "live_at_mx", "dead_at_mx", "forwards"),
    Leg.IMAP: ("sign_in", "control_sign_in", "store", "room", "backends", "tls", "password_change"),
    Leg.SUBMISSION: ("submission", "control_submission"),
    Leg.CANARY: ("delivery", "control_delivery", "read_back", "put_off_first", "forwards", "clean_up", "written_since"),
}


class StillOpen(Exception):
    """A rule has read a question that is not answered yet."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True, slots=True)
class Open:
    """Stands in a Picture where an answer is not known yet. Reading it raises StillOpen."""

    question: str
    kind: type[StrEnum]
    at: None = None
    source: Source = Source.MEASURED

    @property
    def value(self) -> NoReturn:
        raise StillOpen(self.question)

    def among(self, *values: StrEnum) -> NoReturn:
        raise StillOpen(self.question)


def settled(picture: Picture, pending: frozenset[Leg]) -> Verdict | None:
    """The verdict that no completion of the pending legs can overturn (code, status, actor, handset steps), or None:
    "checking". Its confidence is the weakest of all completions; notes and the rest come with the whole picture."""
    started = with_open(picture, pending)
    row: Rule | None = None
    sure: list[Confidence] = []
    for rule, confidence in completions(started):
        if row is not None and rule is not row:
            return None
        row = rule
        sure.append(confidence)
    return None if row is None else spoken(row, weakest(*sure))


def spoken(rule: Rule, confidence: Confidence) -> Verdict:
    return Verdict(rule.code, rule.status, rule.actor, confidence, rule.steps, rule.row)


def with_open(picture: Picture, pending: frozenset[Leg]) -> Picture:
    names = {name for leg in pending for name in ANSWERED_BY[leg] if not is_fixed(picture, name)}
    return filled(picture, {name: Open(name, type(getattr(picture, name).value)) for name in names})


def is_fixed(picture: Picture, name: str) -> bool:
    """Answers that no fact can change: where the servers are configured, and where no change of password and nothing of a
    test mail was told."""
    if name == "domain":
        return picture.domain.value is Domain.CONFIGURED
    if name == "read_back":
        return picture.read_back.value is ReadBack.UNTOLD
    return name == "password_change" and picture.password_change.value is PasswordChange.UNTOLD


def completions(picture: Picture) -> Iterator[tuple[Rule, Confidence]]:
    """The outcome of every completion; questions that no rule reads on the way are left open."""
    try:
        rule = first_match(picture)
        outcome = rule, rule.sure(picture)
    except StillOpen as still:
        question = getattr(picture, still.question)
        for value in question.kind:
            yield from completions(filled(picture, {still.question: Known(value)}))
        return
    yield outcome


def filled(picture: Picture, answers: dict[str, Any]) -> Picture:
    """`Any`: an Open stands where the type says Known; whoever reads it learns so by StillOpen."""
    return replace(picture, **answers)
