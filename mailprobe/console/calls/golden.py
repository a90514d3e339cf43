"""A check whose verdict was wrong, as a case to learn from: the dialogues, what was told and said, and no name at all.

First for people, in the form of a transcript; below `case:` all that the verdict was made of, which can be judged again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mailprobe.config import Config, visible
from mailprobe.console.calls import case
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import DEAD, LIVE, TARGET, names_in, transcripts
from mailprobe.console.calls.records import measured
from mailprobe.console.calls.stand_ins import stand_ins
from mailprobe.verdict import Verdict

WITHOUT_VALUE = ("old_address", "store_uid", "mx_store_uid")  # what is told as an address is told without it; so is whose store
CASE = "case:"


def golden_case(call: Call, config: Config) -> str:
    """`S:` the server, `C:` we, `*` an event; T, L and D stand for the three addresses. `expected:` is what was said until
    somebody who knows the cause writes there what ought to have been."""
    return "\n".join((*lines_of(call, config), *replayable(call, config))) + "\n"


def lines_of(call: Call, config: Config) -> Iterator[str]:
    last = call.said[-1].verdict if call.said else None
    names = stand_ins(call, config.prober.mail_from)
    cause = names_in(call).masked(call.wrong)
    yield f"# Said: {last.code.value if last else '-'} ({last.confidence.value if last else '-'}). Really: {visible(cause)}"
    yield f"expected: {in_words(last) if last else '-'}"
    yield f"check: {names.address(TARGET)}"
    yield f"carrier: {call.carrier.name}"
    for key, words in (("observed", call.question.observed), ("measured", measured(call))):
        if words:
            yield f"{key}: {' '.join(told(one) for one in words)}"
    for role in (TARGET, LIVE, DEAD):
        yield f"{role}: {names.address(role)}"
    for each in transcripts(call, {one.probe: one for one in call.evidence}.values()):
        for server, lines in groupby(each.lines, key=lambda line: line.server):
            yield ""
            yield f"talk: {each.probe} {server}"
            yield from (f"{line.who}: {visible(line.text)}" for line in lines)


def in_words(verdict: Verdict) -> str:
    return f"{verdict.code.value} {verdict.status.value} {verdict.actor.value} {verdict.confidence.value}"


def replayable(call: Call, config: Config) -> Iterator[str]:
    """Nothing where it cannot be judged again: what was told cannot be opened any more."""
    found = case.case_of(call, config)
    if found is not None:
        yield ""
        yield CASE
        yield case.written(found)


def told(word: str) -> str:
    key, mark, _ = word.partition("=")
    return f"{key}=T" if mark and key in WITHOUT_VALUE else word
