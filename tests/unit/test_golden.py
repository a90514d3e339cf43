"""What real servers once said, said again: the program must ask the same, learn the same, and judge the same.

`MAILPROBE_RECORD=1 pytest tests/e2e/real/test_record.py` writes the transcripts anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mailprobe.evidence import End
from tests.golden.replay import replay
from tests.golden.transcript import CLIENT, SERVER, Step, Talk, Transcript, facts_of, read, verdict_in_words

FOLDER = Path(__file__).parents[1] / "golden" / "transcripts"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}
SECRET = "any-secret-will-do"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TARGET_SECRET", "LIVE_SECRET"):
        monkeypatch.setenv(name, SECRET)


def golden(name: str) -> Transcript:
    return read(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
async def test_the_same_again(name: str, tmp_path: Path) -> None:
    transcript = golden(name)
    assert str(transcript) == TEXTS[name]
    check = await replay(transcript, tmp_path)
    assert [one.ending.kind for one in check.evidence] == [End.FINISHED] * len(check.evidence)
    assert facts_of(check.evidence) == transcript.facts
    assert verdict_in_words(check.verdict) == transcript.verdict
    assert SECRET not in repr(check)


def changed(transcript: Transcript, change: Callable[[Step], Step]) -> Transcript:
    talks = (Talk(talk.place, tuple(change(step) for step in talk.steps)) for talk in transcript.talks)
    return replace(transcript, talks=tuple(talks))


async def test_another_answer_is_another_verdict(tmp_path: Path) -> None:
    healthy = golden("healthy")
    refused = "550 5.1.1 <u000002@mail.test>: Recipient address rejected: User unknown in virtual mailbox table"
    asked = [step.text for talk in healthy.talks for step in talk.steps]
    assert "RCPT TO:<u000002@mail.test>" in asked
    before = ""

    def change(step: Step) -> Step:
        nonlocal before
        hit = step.mark == SERVER and before == "RCPT TO:<u000002@mail.test>"
        before = step.text
        return Step(SERVER, refused) if hit else step

    check = await replay(changed(healthy, change), tmp_path)
    assert check.verdict.code.value == "missing_from_mx"


async def test_another_question_is_noticed(tmp_path: Path) -> None:
    def change(step: Step) -> Step:
        return Step(CLIENT, "EXAMINE Trash") if step.text.endswith("EXAMINE INBOX") else step

    check = await replay(changed(golden("healthy"), change), tmp_path)
    assert {one.ending.reason.split(" ")[0] for one in check.evidence if one.ending.kind is End.OUR_FAULT} == {"Differs"}


def test_there_are_enough_of_them() -> None:
    assert len(TEXTS) >= 10
