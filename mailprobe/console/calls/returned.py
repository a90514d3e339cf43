"""What a mail that came back says, in plain words: shown beside the verdict, whether or not that rests on it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mailprobe.console.calls.ask import reply_of
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import names_in
from mailprobe.console.calls.view import ReturnedView
from mailprobe.replies import ReplyClass
from mailprobe.understood import Understood, understand
from mailprobe.verdict.texts import choose, flat, read
from mailprobe.wire.returned import read_returned

MOST = 5  # lines that are shown
WORDS = 300  # characters of a server's own words
HANDED_OVER = (ReplyClass.DELIVERED, ReplyClass.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Back:
    """One thing that a mail says which came back. heard: read out over the phone; words: as they came."""

    said: Understood
    words: str
    heard: bool = False


def back_of(call: Call) -> tuple[Back, ...]:
    """Of every mail that was shown, and of what was read out."""
    return tuple(found(call))[:MOST]


def found(call: Call) -> Iterator[Back]:
    for raw in call.question.bounces:
        yield from (Back(one, one.failure.text) for one in understand(read_returned(raw).failures, call.carrier))
    if call.heard:
        for one in understand(read_returned(reply_of(call.heard)).failures, call.carrier):
            yield Back(one, " / ".join(call.heard), heard=True)


def returned_views(call: Call, back: Sequence[Back], language: str) -> tuple[ReturnedView, ...]:
    names = names_in(call) if back else None
    return tuple(
        ReturnedView(one.heard, title_of(one.said, language), side_of(one.said, language), names.masked(one.words[:WORDS]))
        for one in back
        if names is not None
    )


def returned_line(one: ReturnedView) -> str:
    return f"{one.title} ({one.side})" if one.side else one.title


def title_of(said: Understood, language: str) -> str:
    kind = "delayed" if is_late(said) else f"class.{said.meaning.cls.value}"
    return words(choose(language))[f"{kind}.title"]


def side_of(said: Understood, language: str) -> str:
    """'' where nothing failed for good."""
    if said.meaning.cls in HANDED_OVER or is_late(said):
        return ""
    return words(choose(language))[f"side.{said.meaning.speaks_of.value}"]


def is_late(said: Understood) -> bool:
    return said.failure.action == "delayed" and said.meaning.cls not in HANDED_OVER


@cache
def words(language: str) -> Mapping[str, str]:
    return dict(flat(read(f"{language}.bounce")))
