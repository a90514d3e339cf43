"""What a person sees in a terminal, however narrow it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from mailprobe.evidence import End, Ending, Evidence
from mailprobe.report import Check
from mailprobe.terminal import legs_table, took
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import Acceptance, SignIn
from tests.unit.verdict.pictures import picture


def run(probe: str, ending: Ending) -> Evidence:
    return Evidence("tanaka", probe, "here", None, 0.0, 0.0, 1.0, (), (), ending)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_cut_a_leg_short_is_said_in_plain_words(language: str) -> None:
    said = {reason: took(run("mx", Ending(End.OUT_OF_TIME, reason)), language) for reason in ("stopped", "deadline")}
    assert (
        said
        == {
            "en": {"stopped": "1.00 s stopped", "deadline": "1.00 s out of time"},
            "ja": {"stopped": "1.00 s 中断", "deadline": "1.00 s 時間切れ"},
        }[language]
    )
    assert took(run("mx", Ending(End.OUR_FAULT, "ValueError")), language) == "1.00 s ValueError"
    assert took(run("mx", Ending(End.FINISHED)), language) == "1.00 s"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_narrow_window_still_shows_what_each_leg_saw(language: str) -> None:
    seen = picture(acceptance=Acceptance.ACCEPTED, sign_in=SignIn.OPENED)
    legs = tuple(run(probe, Ending(End.FINISHED)) for probe in ("mx", "imap"))
    check = Check("tanaka", "tanaka@mail.test", 0.0, 1.0, legs, seen, judge(seen), (), ())
    shown = {}
    for columns in (40, 200):
        out = Console(file=io.StringIO(), width=columns)
        out.print(legs_table(check, language))
        shown[columns] = out.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert sorted("".join(shown[40].split())) == sorted("".join(shown[200].split()))
