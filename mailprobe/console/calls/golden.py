"""A check whose verdict was wrong, as a case to learn from: the dialogues, what was told and said, and no name at all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mailprobe.config import visible
from mailprobe.console.calls.ask import with_measured
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import names_in, transcripts

STANDS_FOR = {"T": "u000002@mail.test", "L": "u000001@mail.test", "D": "nobody-7f3a@mail.test"}
WITHOUT_VALUE = ("old_address",)  # what is told as an address is told without it


def golden_case(call: Call) -> str:
    """In the form of a transcript: `S:` the server, `C:` we, `*` an event; T, L and D stand for the three addresses."""
    return "\n".join(lines_of(call)) + "\n"


def lines_of(call: Call) -> Iterator[str]:
    last = call.said[-1].verdict if call.said else None
    cause = names_in(call).masked(call.wrong)
    yield f"# Said: {last.code.value if last else '-'} ({last.confidence.value if last else '-'}). Really: {visible(cause)}"
    yield f"check: {STANDS_FOR['T']}"
    yield f"carrier: {call.carrier.name}"
    if observed := with_measured(call).observed:
        yield f"observed: {' '.join(told(one) for one in observed)}"
    for role, address in STANDS_FOR.items():
        yield f"{role}: {address}"
    for each in transcripts(call, {one.probe: one for one in call.evidence}.values()):
        for server, lines in groupby(each.lines, key=lambda line: line.server):
            yield ""
            yield f"talk: {each.probe} {server}"
            yield from (f"{line.who}: {visible(line.text)}" for line in lines)


def told(word: str) -> str:
    key, mark, _ = word.partition("=")
    return f"{key}=T" if mark and key in WITHOUT_VALUE else word
