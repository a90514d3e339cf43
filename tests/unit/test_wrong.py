"""Verdicts that were wrong, in tests/golden/wrong/: each can be judged again, and what is expected of it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailprobe.console.calls.case import given_of
from mailprobe.console.calls.golden import in_words
from mailprobe.verdict import Code, Confidence
from tests.golden.wrong import judged, read_wrong

FOLDER = Path(__file__).parents[1] / "golden" / "wrong"
TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_expected_is_said(name: str) -> None:
    wrong = read_wrong(TEXTS[name])
    said = judged(wrong.case)
    assert in_words(said) == wrong.expected
    if wrong.as_it_came:  # nobody has mended it: then it is the very verdict that was shown
        assert given_of(said) == wrong.case.given


def test_there_is_one() -> None:
    assert TEXTS


def test_what_is_written_into_a_file_is_held() -> None:
    text = TEXTS["slow-delivery"]
    mended = read_wrong(text.replace("expected: silently_dropped degraded customer low", "expected: waiting unknown nobody low"))
    assert (mended.as_it_came, mended.case) == (False, read_wrong(text).case)
    assert in_words(judged(mended.case)) != mended.expected
    said = judged(mended.case)
    assert in_words(replace(said, code=Code.HEALTHY, confidence=Confidence.HIGH)) == "healthy degraded customer high"
