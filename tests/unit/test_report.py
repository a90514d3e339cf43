"""Facts as the JSON of a check shows them: numbers of milliseconds, UTC, and nothing where nothing is known."""

from __future__ import annotations

import json

import pytest

from mailprobe.evidence import Arrived, Canary, CanaryState, CleanedUp, Fact, Folder, Removal, Returned, ReturnKind, SeenBy
from mailprobe.report import Json, fact_json

NOON = 1_774_958_400.0  # 2026-03-31T12:00:00Z


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (
            Canary(at=11.5, canary="c1", number="0482", state=CanaryState.ACCEPTED, sent_at=NOON, age=2.5),
            {"at_ms": 1500.0, "fact": "canary", "number": "0482", "state": "accepted", "took_ms": None, "age_ms": 2500.0}
            | {"sent_at": "2026-03-31T12:00:00.000Z", "folder": None},
        ),
        (
            Canary(at=11.5, canary="c1", number="0482", state=CanaryState.PLANNED),
            {"state": "planned", "sent_at": None, "age_ms": 0.0},
        ),
        (
            Arrived(at=11.0, canary="c1", folder=Folder.JUNK, took=None, by=SeenBy.POLL, results=("mx; spf=pass",)),
            {"fact": "arrived", "folder": "junk", "took_ms": None, "by": "poll", "results": ["mx; spf=pass"]},
        ),
        (CleanedUp(at=11.0, canary="c1", outcome=Removal.NO_UIDPLUS), {"fact": "cleaned_up", "outcome": "no_uidplus"}),
        (
            Returned(at=11.0, canary="c1", kind=ReturnKind.FAILED, returned_at=NOON, code=550),
            {"fact": "returned", "kind": "failed", "returned_at": "2026-03-31T12:00:00.000Z", "stage": "after_acceptance"},
        ),
    ],
)
def test_facts_of_a_test_mail(fact: Fact, expected: dict[str, Json]) -> None:
    shown = fact_json(fact, 10.0)
    assert expected.items() <= shown.items()
    json.dumps(shown)
