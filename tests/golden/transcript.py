"""A check written down as plain text: what was configured, every conversation line by line, what was learnt, what was said of it.

    check: u000002@mail.test
    told: portal_ok
    config:
        [prober]
        ...
    talk: 127.0.0.1:25
    S: 220 mx.mail.test ESMTP
    C: EHLO probe.example.net
    ...                         a pause of a second or more
    *tls* TLSv1.3 ...           the handshake: version, cipher, whether the certificate was verified
    *no tls* expired ...        the handshake failed, and why
    *closed*                    the server hung up
    facts:
        mx target replied rcpt 250 2.1.5 Ok
    verdict: healthy ok nobody high

Client lines are as the program shows them, secrets masked; server lines are as they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailprobe.evidence import (
    Answered,
    Arrived,
    Broken,
    Canary,
    CleanedUp,
    Connected,
    Evidence,
    Fact,
    LookedUp,
    NotAsked,
    NotConnected,
    NotSecured,
    Offered,
    Opened,
    Quota,
    Recorded,
    Replied,
    Returned,
    Secured,
)
from mailprobe.verdict import Verdict

SERVER, CLIENT, PAUSE, TLS, NO_TLS, CLOSED = "S:", "C:", "...", "*tls*", "*no tls*", "*closed*"
MARKS = (SERVER, CLIENT, PAUSE, TLS, NO_TLS, CLOSED)
INDENT = "    "


@dataclass(frozen=True)
class Step:
    mark: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.mark} {self.text}".rstrip()


@dataclass(frozen=True)
class Talk:
    """One connection. place: `ip:port`."""

    place: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Transcript:
    title: str
    check: str
    told: tuple[str, ...]
    config: str
    talks: tuple[Talk, ...]
    facts: tuple[str, ...]
    verdict: str

    def __str__(self) -> str:
        blocks = [f"# {self.title}", f"check: {self.check}"]
        blocks += [f"told: {' '.join(self.told)}"] if self.told else []
        blocks += ["config:", *(f"{INDENT}{line}".rstrip() for line in self.config.splitlines())]
        for talk in self.talks:
            blocks += ["", f"talk: {talk.place}", *map(str, talk.steps)]
        return "\n".join([*blocks, "", "facts:", *(INDENT + fact for fact in self.facts), f"verdict: {self.verdict}", ""])


def read(text: str) -> Transcript:
    """The reverse of `str(transcript)`."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = {
        name: rest
        for name, _, rest in (line.partition(": ") for line in lines if line[0] not in " #*." and line[:2] not in MARKS)
    }
    return Transcript(
        title=lines[0].removeprefix("# "),
        check=head["check"],
        told=tuple(head.get("told", "").split()),
        config="\n".join(block(lines, "config:")) + "\n",
        talks=tuple(talks(lines)),
        facts=tuple(block(lines, "facts:")),
        verdict=head["verdict"],
    )


def block(lines: Sequence[str], name: str) -> Iterator[str]:
    """The indented lines below `name`."""
    for line in lines[lines.index(name) + 1 :]:
        if not line.startswith(INDENT):
            return
        yield line.removeprefix(INDENT)


def talks(lines: Sequence[str]) -> Iterator[Talk]:
    starts = [number for number, line in enumerate(lines) if line.startswith("talk: ")]
    for start, end in zip(starts, [*starts[1:], lines.index("facts:")], strict=True):
        yield Talk(lines[start].removeprefix("talk: "), tuple(step(line) for line in lines[start + 1 : end]))


def step(line: str) -> Step:
    mark = next(mark for mark in MARKS if line.startswith(mark))
    return Step(mark, line.removeprefix(mark).removeprefix(" "))


def facts_of(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Every fact in one line, without times and places: leg, of whom, what."""
    return tuple(f"{one.probe} {fact.of.value} {fact_in_words(fact)}".rstrip() for one in evidence for fact in one.facts)


def fact_in_words(fact: Fact) -> str:
    match fact:
        case LookedUp():
            return f"looked up {fact.purpose.value} {fact.rrtype} {fact.outcome.value} {' '.join(fact.values)}"
        case Connected():
            return "connected"
        case NotConnected():
            return f"not connected: {fact.why.value} {fact.detail}"
        case Secured():
            return f"secured {fact.version} {'verified' if fact.verified else 'not verified'}"
        case NotSecured():
            return f"not secured: {fact.why.value} {fact.detail}"
        case Offered():
            return f"offered {fact.stage.value} {', '.join(fact.capabilities)}"
        case Replied():
            return " ".join(("replied", fact.stage.value, str(fact.code), fact.enhanced or "-", fact.text))
        case Answered():
            return f"answered {fact.stage.value} {whose(fact)}{fact.status} [{fact.code}] {fact.text}"
        case Opened():
            return f"opened {whose(fact)}uidvalidity {fact.uidvalidity}"
        case Quota():
            return f"quota {fact.resource} of {fact.limit}"
        case Broken():
            return f"broken {fact.stage.value} {fact.why.value} {fact.words}"
        case NotAsked():
            return f"not asked {fact.stage.value} {whose(fact)}{fact.why.value}"
        case Canary():
            return f"canary {fact.state.value} {fact.folder.value if fact.folder else ''}"
        case Arrived():
            return f"arrived {fact.folder.value}"
        case CleanedUp():
            return f"cleaned up: {fact.outcome.value}"
        case Returned():
            return f"returned {fact.kind.value} {fact.stage.value} {fact.code} {fact.enhanced or '-'} {fact.text}"
        case Recorded():
            words = (fact.contract, fact.in_mx_map, fact.in_imap_directory, fact.mx_store_uid, fact.store_uid)
            return f"recorded {' '.join('-' if one is None else str(one) for one in words)}"


def whose(fact: Answered | Opened | NotAsked) -> str:
    return f"as {fact.who.value} " if fact.who is not None else ""


def verdict_in_words(verdict: Verdict) -> str:
    notes = [note.code.value for note in verdict.notes]
    return " ".join((verdict.code.value, verdict.status.value, verdict.actor.value, verdict.confidence.value, *notes))
