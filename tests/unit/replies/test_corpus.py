"""Measured on real bounces, where a directory of them is at hand: MAILPROBE_BOUNCES holds labels.jsonl and mail/*.eml."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from mailprobe.evidence import Stage
from mailprobe.replies import Meaning, read
from mailprobe.wire.dsn import Failure, read_bounce

BOUNCES = os.environ.get("MAILPROBE_BOUNCES", "")


def judged(failure: Failure) -> Meaning:
    return read(
        stage=Stage(failure.stage),
        code=failure.code,
        enhanced=failure.exact,
        text=failure.text,
        host=failure.remote_mta,
        domain=failure.recipient.rpartition("@")[2],
        address=failure.recipient,
    )


def find(failures: tuple[Failure, ...], wanted: str | None, at: int) -> Failure | None:
    same = [one for one in failures if wanted and one.recipient.lower() == wanted.lower()]
    return (same or [failures[min(at, len(failures) - 1)]])[0] if failures else None


def count(row: dict[str, Any], failures: tuple[Failure, ...], seen: Counter[str]) -> None:
    for at, label in enumerate(row["expected"]):
        failure = find(failures, label["recipient"], at)
        if label["recipient"]:
            seen["named"] += 1
            seen["named right"] += failure is not None and failure.recipient.lower() == label["recipient"].lower()
        if row["disputed"]:
            continue
        meaning = judged(failure) if failure else None
        truth = label["speaks_of"]
        blames = meaning is not None and meaning.speaks_of == "recipient"
        seen["rows"] += 1
        seen["class right"] += meaning is not None and meaning.cls == label["class"]
        seen["of recipient"] += truth == "recipient"
        seen["of recipient found"] += truth == "recipient" and blames
        seen["of others"] += truth in ("us", "server", "message")
        seen["of others blamed on the recipient"] += truth in ("us", "server", "message") and blames


if BOUNCES:

    def test_real_bounces() -> None:
        seen: Counter[str] = Counter()
        for line in (Path(BOUNCES) / "labels.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            failures = read_bounce((Path(BOUNCES) / "mail" / row["file"]).read_bytes())
            if row["expected"][0]["class"] in ("not_a_bounce", "auto_reply"):
                assert failures == (), row["file"]
            else:
                count(row, failures, seen)
        print(dict(seen))
        assert seen["of others blamed on the recipient"] <= 0.01 * seen["of others"]
        assert seen["of recipient found"] >= 0.90 * seen["of recipient"]
        assert seen["class right"] >= 0.85 * seen["rows"]
        assert seen["named right"] >= 0.97 * seen["named"]
