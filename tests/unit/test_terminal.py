"""What a person sees in a terminal, however narrow it is."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mailprobe.evidence import End, Ending, Evidence, NotAsked, Of, Stage, Withheld
from mailprobe.held_words import held_words
from mailprobe.maintenance import Window
from mailprobe.report import Check
from mailprobe.terminal import announced, legs_table, took
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import Acceptance, SignIn
from tests.unit.verdict.pictures import picture

NOW = 1_800_000_000.0


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


HELD = {
    "en": "This address was asked about a short while ago. · last answer, 35 s ago: 250 2.1.5 Ok · may be asked again at ",
    "ja": "前回の答え（35秒前）：250 2.1.5 Ok · 次に尋ねられるのは ",
}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_held_says_why_the_last_result_its_age_and_the_next_time(language: str) -> None:
    held = NotAsked(
        at=1.0,
        of=Of.TARGET,
        server="mx.test:25",
        stage=Stage.RCPT,
        why=Withheld.NOT_POLITE_YET,
        not_before=NOW + 25,
        last_at=NOW - 35,
        last_words="250 2.1.5 Ok",
    )
    leg = replace(run("mx", Ending(End.FINISHED)), facts=(held, replace(held, of=Of.DEAD)))
    (line,) = held_words(leg, language, NOW)
    assert HELD[language] in line
    assert line.endswith({"en": ", in 25 s", "ja": "（あと25秒）"}[language])
    (line,) = held_words(leg, language, NOW + 90)
    assert line.endswith({"en": "may be asked again now", "ja": "もう一度尋ねられます"}[language])
    seen = picture(acceptance=Acceptance.HELD)
    check = Check("tanaka", "tanaka@mail.test", NOW, 0.0, (leg,), seen, judge(seen), (), ())
    out = Console(file=io.StringIO(), width=300)
    out.print(legs_table(check, language))
    assert HELD[language] in out.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO


def test_a_run_that_was_held_as_a_whole_says_until_when() -> None:
    (line,) = held_words(run("mx", Ending(End.HELD, "rcpt_gap", NOW + 5400)), "en", NOW)
    assert line.startswith("Held back for now")
    assert line.endswith(", in 1 h 30 min")
    assert list(held_words(run("mx", Ending(End.FINISHED)), "en", NOW)) == []


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


@pytest.mark.parametrize(("hours", "when"), [(-1, "to come"), (0, "under way"), (2, "under way"), (3, "is over")])
def test_a_window_says_where_it_stands(hours: int, when: str) -> None:
    """23:30 in Japan to 02:30 on the next day."""
    window = Window("example", "shard-3", 1_796_135_400.0, 1_796_146_200.0)
    said = announced(window, window.begins + hours * 3600)
    assert said == f"maintenance of carrier example, group shard-3: 2026-12-01T14:30Z to 2026-12-01T17:30Z, {when}"
