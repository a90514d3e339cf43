"""A Picture -> a Verdict: the ordered rules, first match wins, the other matches become notes. Total and pure."""

from __future__ import annotations

from mailprobe.verdict import Verdict
from mailprobe.verdict.notes import conflicts_of, missing_of, notes_of
from mailprobe.verdict.picture import Picture
from mailprobe.verdict.rules import RULES, Rule


def first_match(picture: Picture) -> Rule:
    """The row that wins. The last rule takes what nothing else explains."""
    return next(rule for rule in RULES if rule.when(picture))


def judge(picture: Picture) -> Verdict:
    """What the picture means, with its notes, what is missing and what contradicts."""
    winner = first_match(picture)
    others = tuple(rule for rule in RULES if rule.also and rule.code is not winner.code and rule.when(picture))
    return Verdict(
        code=winner.code,
        status=winner.status,
        actor=winner.actor,
        confidence=winner.sure(picture),
        handset_steps=winner.steps,
        row=winner.row,
        args=winner.args(picture),
        notes=notes_of(picture, winner, others),
        missing=missing_of(picture, winner.code),
        conflicts=conflicts_of(picture),
    )
