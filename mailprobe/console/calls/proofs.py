"""The full proof of a call: the answers side by side, and the dialogues with every address masked."""

from __future__ import annotations

from collections.abc import Iterator

from mailprobe.console.calls.call import Call
from mailprobe.console.calls.view import LineView, ProofsView, TranscriptView
from mailprobe.evidence import Evidence
from mailprobe.report import milliseconds, row_json
from mailprobe.verdict.proof import masked, prove

TARGET, LIVE, DEAD = "T", "L", "D"


def proofs(call: Call) -> ProofsView:
    rows = prove(call.evidence, account=call.account, carrier=call.carrier)
    names = tuple(roles(call))
    newest = {one.probe: one for one in call.evidence}
    return ProofsView(tuple(dict(row_json(row)) for row in rows), tuple(transcript(one, names) for one in newest.values()))


def roles(call: Call) -> Iterator[tuple[str, str]]:
    """Whose address is which: the customer's T, the controls' L and D."""
    yield str(call.account.address), TARGET
    for one in call.carrier.live_controls:
        yield str(one.address), LIVE
    if call.carrier.dead_control is not None:
        yield str(call.carrier.dead_control), DEAD


def transcript(evidence: Evidence, names: tuple[tuple[str, str], ...]) -> TranscriptView:
    return TranscriptView(
        evidence.probe,
        tuple(
            LineView(milliseconds(line.at - evidence.began), line.who, line.server, without_names(line.text, names))
            for line in evidence.transcript
        ),
    )


def without_names(line: str, names: tuple[tuple[str, str], ...]) -> str:
    """T, L or D in place of their addresses; of any other address only that there was one."""
    for address, role in names:
        line = line.replace(address, role)
    return masked(line)
