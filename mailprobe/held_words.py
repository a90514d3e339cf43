"""What a live check was not allowed to ask, in words: why, what was answered the last time, how long ago, and when it may be
asked again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import cache

from mailprobe.config.problems import visible
from mailprobe.evidence import End, Evidence, Of
from mailprobe.limits import Held, held_in
from mailprobe.verdict.labels import label
from mailprobe.verdict.texts import flat, read

UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
DAY = 86_400


def held_words(evidence: Evidence, language: str, now: float) -> Iterator[str]:
    """A line for each reason, the customer's own only. now: Unix seconds."""
    ending, said = evidence.ending, texts(language)
    if ending.kind is End.HELD:
        yield " · ".join((said["station_text.held"], *again(ending.not_before, language, now)))
    last = {one.why: one for one in held_in(evidence) if one.of is Of.TARGET}
    for one in last.values():
        yield " · ".join(
            (said[f"station_text.withheld.{one.why.value}"], *before(one, language, now), *again(one.not_before, language, now))
        )


def before(one: Held, language: str, now: float) -> Iterator[str]:
    age = one.age(now)
    if age is not None and one.last_words:
        yield label("held_back", "last", language).format(age=span(age, language), words=visible(one.last_words))


def again(not_before: float | None, language: str, now: float) -> Iterator[str]:
    if not_before is None:
        return
    if not_before <= now:
        yield label("held_back", "now", language)
        return
    form = "%H:%M:%S" if not_before - now < DAY else "%Y-%m-%d %H:%M"
    at = time.strftime(form, time.localtime(not_before))
    yield label("held_back", "again", language).format(at=at, wait=span(not_before - now, language))


def span(seconds: float, language: str) -> str:
    """5400 -> `1 h 30 min`: two units are enough."""
    left, parts = max(0, round(seconds)), list[str]()
    for unit, size in UNITS:
        if left >= size and len(parts) < 2:
            parts.append(label("held_back", unit, language).format(n=left // size))
            left %= size
        elif parts:
            break
    return (" " if language == "en" else "").join(parts) or label("held_back", "s", language).format(n=0)


@cache
def texts(language: str) -> Mapping[str, str]:
    """The console's words for why something was not asked."""
    return dict(flat(read(f"{language}.calls")))
