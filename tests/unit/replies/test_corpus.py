"""Measured on real bounces, where labelled ones are at hand (tests/labelled.py); scoring.py says how they count."""

from __future__ import annotations

from collections import Counter

from tests.labelled import folder
from tests.unit.replies.scoring import FOLDS, NO_BOUNCE, Less, folds, held_out, samples, score

WHERE = folder()

if WHERE is not None:
    FOUND = samples(WHERE)

    def test_real_bounces() -> None:
        seen = score(FOUND)
        assert seen["of others blamed"] <= 0.01 * seen["of others"]
        assert seen["of recipient found"] >= 0.92 * seen["of recipient"]
        assert seen["right"] >= 0.88 * seen["rows"]
        assert seen["named right"] >= 0.97 * seen["named"]
        assert seen["no bounces taken for hard"] == 0

    def test_no_fold_blames_a_recipient_wrongly() -> None:
        dealt = folds(FOUND)
        for fold in range(FOLDS):
            seen = score([one for one in FOUND if dealt[one.provider] == fold])
            assert seen["of others blamed"] <= 0.01 * seen["of others"], fold

    def test_without_a_folds_own_rows_the_grammar_reads_what_it_never_saw() -> None:
        seen = sum((held_out(FOUND, fold) for fold in range(FOLDS)), Counter[str]())
        assert seen["of others blamed"] <= 0.01 * seen["of others"]
        assert seen["of recipient found"] >= 0.92 * seen["of recipient"]
        assert seen["right"] >= 0.88 * seen["rows"]

    def test_without_a_folds_own_words_one_abstains_rather_than_blames() -> None:
        seen = sum((held_out(FOUND, fold, Less.OWN_WORDS) for fold in range(FOLDS)), Counter[str]())
        assert seen["of others blamed"] <= 0.01 * seen["of others"]
        assert seen["abstained"] < 0.12 * seen["rows"]

    def test_what_is_no_bounce_names_no_failure() -> None:
        assert [one.name for one in FOUND if one.labels[0].cls in NO_BOUNCE and one.failures] == []
