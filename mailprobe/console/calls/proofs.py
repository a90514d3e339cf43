"""The full proof of a call: the answers side by side, and the dialogues with every name masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailprobe.console.calls.call import Call
from mailprobe.console.calls.view import LineView, ProofsView, TranscriptView
from mailprobe.evidence import Evidence
from mailprobe.lookup import PROBE as LOOKUP
from mailprobe.report import milliseconds, row_json, utc
from mailprobe.store.hidden import is_common
from mailprobe.verdict.proof import masked, prove

TARGET, LIVE, DEAD = "T", "L", "D"


@dataclass(frozen=True, slots=True)
class Names:
    """Whose name is which: the customer's T, the controls' L and D; names are found where they stand as a word."""

    pattern: re.Pattern[str]
    roles: dict[str, str]

    def masked(self, line: str) -> str:
        """T, L or D in place of their names; of any other address only that there was one."""
        return masked(self.pattern.sub(lambda found: self.roles[found[0].casefold()], line))


def names_in(call: Call) -> Names:
    roles = {name.casefold(): role for name, role in reversed(list(named(call))) if name}
    words = sorted(roles, key=len, reverse=True)
    either = "|".join(re.escape(one) for one in words) or r"(?!)"
    return Names(re.compile(rf"(?<![\w.+-])(?:{either})(?![\w@+-]|\.\w)", re.IGNORECASE), roles)


def named(call: Call) -> Iterator[tuple[str, str]]:
    account, carrier = call.account, call.carrier
    yield from of_one(str(account.address), (account.address.content, account.username, account.submission_username), TARGET)
    for one in carrier.live_controls:
        yield from of_one(str(one.address), (one.address.content, one.username, one.submission_username), LIVE)
    if carrier.dead_control is not None:
        yield from of_one(str(carrier.dead_control), (carrier.dead_control.content,), DEAD)


def of_one(address: str, others: tuple[str, ...], role: str) -> Iterator[tuple[str, str]]:
    """A user called `imap` is not hidden: the word stands everywhere."""
    yield address, role
    yield from ((one, role) for one in others if not is_common(one))


def proofs(call: Call) -> ProofsView:
    rows = prove(call.evidence, account=call.account, carrier=call.carrier)
    return ProofsView(tuple(dict(row_json(row)) for row in rows), transcripts(call, call.ends))


def transcripts(call: Call, runs: Iterable[Evidence]) -> tuple[TranscriptView, ...]:
    """A carrier's own systems hold no dialogue."""
    names = names_in(call)
    return tuple(transcript(one, names) for one in runs if one.probe != LOOKUP)


def transcript(evidence: Evidence, names: Names) -> TranscriptView:
    """One server's dialogue after the other, though they were held side by side."""
    servers = list(dict.fromkeys(line.server for line in evidence.transcript))
    lines = sorted(evidence.transcript, key=lambda line: servers.index(line.server))
    return TranscriptView(
        evidence.probe,
        utc(evidence.started),
        tuple(LineView(milliseconds(line.at - evidence.began), line.who, line.server, names.masked(line.text)) for line in lines),
    )
