"""All MX hosts together: one answer per question, and how many hosts it stands on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailprobe.verdict.door import DoorSays
from mailprobe.verdict.picture import Acceptance, Breadth, DeadAtMx, Known, LiveAtMx, Prober, Source

SILENT = frozenset({Acceptance.UNREACHABLE, Acceptance.UNASKED, Acceptance.HELD})
YES = frozenset({Acceptance.ACCEPTED, Acceptance.ACCEPTED_ALL, Acceptance.ACCEPTED_UNCHECKED})
LATER = frozenset(
    {Acceptance.GREYLISTED, Acceptance.DEFERRED_ALONE, Acceptance.DEFERRED, Acceptance.DIRECTORY_DOWN, Acceptance.RATE}
)
PROVEN_NO = frozenset({Acceptance.AS_NEVER_EXISTED, Acceptance.DISABLED, Acceptance.BLOCKED_ALONE})
UNHEARD = frozenset({Acceptance.UNASKED, Acceptance.HELD, Acceptance.REFUSED_OTHERWISE, Acceptance.UNCLEAR})
WEAK_NO = frozenset({Acceptance.REFUSED_UNCHECKED, Acceptance.REFUSED_OTHERWISE})


@dataclass(frozen=True, slots=True)
class MxPicture:
    """The answers that the MX hosts give together."""

    prober: Known[Prober]
    acceptance: Known[Acceptance]
    breadth: Known[Breadth]
    live: Known[LiveAtMx]
    dead: Known[DeadAtMx]
    forwards: bool  # one of them says that it passes T's mail on


def together(says: Sequence[DoorSays], expected: frozenset[str]) -> MxPicture:
    """expected: the host names of all MX hosts of the domain, as far as known."""
    prober = prober_of(says)
    # a host that will not talk to us has no opinion of T
    speaking = [one for one in says if not turns_us_away(one) or prober is not Prober.FINE]
    acceptance = merged(speaking)
    if acceptance in PROVEN_NO and may_be_half(says, speaking, acceptance, expected):
        acceptance = Acceptance.UNCLEAR
    agreeing = [one for one in speaking if one.acceptance is acceptance] or speaking
    seen_at = newest(one.seen_at for one in says)
    at = newest(one.at for one in agreeing) or seen_at
    live = min((one.live for one in agreeing), key=list(LiveAtMx).index, default=LiveAtMx.UNASKED)
    remembered = bool(agreeing) and all(one.remembered for one in agreeing)
    source = Source.REMEMBERED if remembered else Source.MEASURED
    return MxPicture(
        Known(prober, seen_at),
        Known(acceptance, at, source),
        Known(breadth_of(speaking, acceptance, expected), seen_at),
        Known(live, newest(one.live_at for one in agreeing if one.live is live)),
        Known(min((one.dead for one in agreeing), key=list(DeadAtMx).index, default=DeadAtMx.UNASKED), seen_at),
        any(one.forwards for one in says),
    )


def newest(instants: Iterable[float | None]) -> float | None:
    return max((one for one in instants if one is not None), default=None)


def turns_us_away(one: DoorSays) -> bool:
    return one.prober in (Prober.BLOCKED, Prober.MISCONFIGURED)


def may_be_half(says: Sequence[DoorSays], speaking: Sequence[DoorSays], no: Acceptance, expected: frozenset[str]) -> bool:
    """One host alone refuses T, and another was not heard, for our own reasons, or because the dialogue was cut: T may be well
    known there. A host that was tried and is out of reach takes no mail, so it changes nothing."""
    agreeing = {host_of(one.server) for one in speaking if one.acceptance is no}
    if len(agreeing) > 1:
        return False
    doubtful = {host_of(one.server) for one in says if turns_us_away(one) or one.acceptance in UNHEARD or one.cut}
    return bool((doubtful | (expected - {host_of(one.server) for one in says})) - agreeing)


def prober_of(says: Sequence[DoorSays]) -> Prober:
    """One host that lets us ask is enough; a closed port is ours only if every host is silent behind it."""
    seen = {one.prober for one in says}
    for kind in (Prober.FINE, Prober.BLOCKED, Prober.MISCONFIGURED):
        if kind in seen:
            return kind
    return Prober.PORT_CLOSED if seen == {Prober.PORT_CLOSED} else Prober.UNKNOWN


def merged(says: Sequence[DoorSays]) -> Acceptance:
    """Unanimous, or what the difference means. Silent hosts are passed over if another speaks."""
    spoken = [one for one in says if one.acceptance not in SILENT]
    kinds = {one.acceptance for one in spoken}
    if not kinds:
        unreachable = any(one.acceptance is Acceptance.UNREACHABLE for one in says)
        return Acceptance.UNREACHABLE if unreachable else Acceptance.UNASKED
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= YES | LATER and kinds & YES:
        return next(kind for kind in Acceptance if kind in kinds & YES)  # senders come in by the host that accepts
    if Acceptance.FULL in kinds and kinds <= YES | LATER | {Acceptance.FULL}:
        return Acceptance.FULL
    if kinds & YES:
        return split(spoken)
    return all_against(kinds)


def split(spoken: Sequence[DoorSays]) -> Acceptance:
    """Refused here, accepted there: the servers' difference only where L is accepted at each of these doors."""
    decided = [one for one in spoken if one.acceptance in YES | PROVEN_NO]
    proven = any(one.acceptance in PROVEN_NO for one in decided)
    fair = all(one.live is LiveAtMx.ACCEPTED for one in decided)
    return Acceptance.DISAGREE if proven and fair else Acceptance.UNCLEAR


def all_against(kinds: set[Acceptance]) -> Acceptance:
    """No host accepts. As long as one of them only puts T off, it may yet accept."""
    if kinds & LATER:
        return Acceptance.GREYLISTED if Acceptance.GREYLISTED in kinds else Acceptance.DEFERRED
    proven = kinds & PROVEN_NO
    if len(proven) == 1 and kinds <= proven | WEAK_NO:
        return proven.pop()
    return Acceptance.AS_NEVER_EXISTED if kinds == {Acceptance.AS_NEVER_EXISTED, Acceptance.BLOCKED_ALONE} else Acceptance.UNCLEAR


def breadth_of(says: Sequence[DoorSays], acceptance: Acceptance, expected: frozenset[str]) -> Breadth:
    """Hosts that gave the full answer at one address at least, and nothing else at another."""
    good = {one.server for one in says if one.acceptance is acceptance and one.full}
    good -= {one.server for one in says if one.acceptance is not acceptance and one.acceptance not in SILENT}
    names = {host_of(server) for server in good}
    if not names:
        return Breadth.NONE
    if expected and expected <= names:
        return Breadth.ALL
    return Breadth.SEVERAL if len(names) > 1 else Breadth.ONE


def host_of(server: str) -> str:
    """`host:port` without the port; the brackets of an IPv6 literal go too."""
    return server.rpartition(":")[0].strip("[]").lower() if ":" in server else server.lower()
