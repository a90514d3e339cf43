"""Announced work: whom it covers, when it is under way, and when it took longer."""

from __future__ import annotations

import pytest

from mailprobe.maintenance import Window, gauges, overrun, under_way
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, NoteCode, Status, Verdict
from mailprobe.verdict.announced import during
from mailprobe.verdict.labels import note

WHOLE = Window("lab", "", 100.0, 200.0, "disks")
SHARD = Window("lab", "shard-3", 100.0, 300.0)
ANYWHERE = Window("", "shard-3", 100.0, 400.0)


@pytest.mark.parametrize(
    ("windows", "carrier", "group", "now", "found"),
    [
        ((WHOLE,), "lab", "", 99.9, None),
        ((WHOLE,), "lab", "", 100.0, WHOLE),
        ((WHOLE,), "lab", "shard-3", 199.9, WHOLE),
        ((WHOLE,), "lab", "", 200.0, None),
        ((WHOLE,), "other", "", 150.0, None),
        ((SHARD,), "lab", "", 150.0, None),
        ((SHARD,), "lab", "shard-4", 150.0, None),
        ((SHARD,), "other", "shard-3", 150.0, None),
        ((ANYWHERE,), "other", "shard-3", 150.0, ANYWHERE),
        ((WHOLE, ANYWHERE, SHARD), "lab", "shard-3", 150.0, ANYWHERE),
        ((), "lab", "", 150.0, None),
    ],
)
def test_who_is_in_a_window(windows: tuple[Window, ...], carrier: str, group: str, now: float, found: Window | None) -> None:
    assert under_way(windows, carrier, group, now) == found


@pytest.mark.parametrize(
    ("now", "group", "found"),
    [
        (199.0, "", None),
        (200.0, "", WHOLE),
        (250.0, "", WHOLE),
        (260.0, "", None),
        (250.0, "shard-3", None),
        (310.0, "shard-3", SHARD),
    ],
)
def test_work_that_takes_longer(now: float, group: str, found: Window | None) -> None:
    assert overrun((WHOLE, SHARD), "lab", group, now, within=60.0) == found


def test_the_gauge_is_of_whole_carriers() -> None:
    assert gauges((WHOLE, SHARD), ("lab", "other"), 150.0) == {"lab": 1, "other": 0}
    assert gauges((WHOLE, SHARD), ("lab", "other"), 250.0) == {"lab": 0, "other": 0}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Announced work on this mail service is under way until 1970-01-01T00:03+00:00."),
        ("ja", "お知らせ済みの作業が、このメール設備で行われています（1970-01-01T00:03+00:00まで）。"),
    ],
)
def test_a_verdict_says_so_and_stays_what_it_is(language: str, words: str) -> None:
    verdict = Verdict(Code.IMAP_OUTAGE, Status.DOWN, Actor.MAIL_OPS, Confidence.HIGH, HandsetSteps.NONE, 11)
    told = during(verdict, WHOLE.ends, WHOLE.note)
    assert (told.code, told.status, told.confidence) == (verdict.code, verdict.status, verdict.confidence)
    assert [one.code for one in told.notes] == [NoteCode.MAINTENANCE]
    assert dict(told.notes[0].args)["note"] == "disks"
    assert note(told.notes[0], language) == words
