"""`mailprobe init` at the command line: the answers, the files, and what is left to do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from mailprobe.config import ConfigError, Problem, format_problem
from mailprobe.config.problems import visible
from mailprobe.setup.answers import Answers, read_answers
from mailprobe.setup.draft import RESERVE, ZONE
from mailprobe.setup.placing import File, SetUp, refuse_early, set_up
from mailprobe.setup.questions import Interview

USAGE = 64  # sysexits.h
SAID = {
    "en": {
        "written": "written: {path}",
        "kept": "kept:    {path} (it was there, and signs on)",
        "next": "Next:",
        "publish": "have the records of {zone} published, and the PTR set",
        "reserve": "have the address above reserved (the text is in {reserve})",
    },
    "ja": {
        "written": "書き込みました: {path}",
        "kept": "そのまま使います: {path}(すでにあったもの。署名に使い続けます)",
        "next": "次にすること:",
        "publish": "{zone} のレコードを公開し、PTR を設定してもらう",
        "reserve": "上のアドレスを予約してもらう(依頼文は {reserve})",
    },
}


def init(file: Path | None, into: Path, language: str) -> None:
    """Ask or read, write, and say what was written. Raises ConfigError; then nothing was."""
    answers, typed = read_answers(file, into) if file is not None else None, list[File]()
    if answers is None:
        answers, typed = interviewed(into, language)
    done = set_up(answers, into, typed)
    for warning in done.config.warnings:
        print(format_problem(warning, "note"), file=sys.stderr)
    print_done(done, SAID["ja" if answers.language == "ja" else "en"])


def interviewed(into: Path, language: str) -> tuple[Answers, list[File]]:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = "run it in a terminal, or give --answers FILE"
        raise ConfigError((Problem("MP1813", "init", "there is no terminal to ask at", hint),), USAGE)
    refuse_early(into)
    interview = Interview("ja" if language == "ja" else "en", into)
    try:
        return interview.answers(), interview.typed
    except EOFError:
        raise KeyboardInterrupt from None


def print_done(done: SetUp, said: Mapping[str, str]) -> None:
    """What stands where now, and the way from here to a working prober. said: the words for it."""
    for path in done.written:
        print(said["written"].format(path=visible(str(path))))
    for path in done.kept:
        print(said["kept"].format(path=visible(str(path))))
    if done.reserve:
        print()
        print("\n".join(visible(line) for line in done.reserve.splitlines()))
    config = visible(str(done.config.source))
    steps = [said["publish"].format(zone=ZONE)]
    steps += [said["reserve"].format(reserve=RESERVE)] if done.reserve else []
    steps += [f"mailprobe config check --online {config}", f"mailprobe serve --config {config}"]
    print(f"\n{said['next']}")
    for number, step in enumerate(steps, 1):
        print(f"  {number}. {step}")
