"""What was seen of ourselves -> a finding. Pure: `now` is Unix seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mailprobe.evidence import Lookup
from mailprobe.prober import Check, Finding, Remark, State
from mailprobe.verdict.picture import Control
from mailprobe.verdict.picture import Prober as AtTheDoor

ANSWERS = frozenset({Lookup.FOUND, Lookup.NXDOMAIN, Lookup.NODATA, Lookup.NULL_MX})
WINDOW = 600.0  # seconds that a visit to an MX host counts
GOOD, BAD, COULD_NOT_TELL, NOT_APPLICABLE = State


@dataclass(frozen=True, slots=True)
class Heard:
    """How one resolver answered one question."""

    resolver: str
    outcome: Lookup


def resolver(heard: Sequence[Heard], now: float) -> Finding:
    """Bad if no resolver of ours answers anything. "There is no such name" is an answer; SERVFAIL and silence are none."""
    asked = dict.fromkeys(one.resolver for one in heard)
    if not asked:
        return Finding(Check.RESOLVER, NOT_APPLICABLE, Remark.NO_NAME_TO_ASK, now)
    well = {one.resolver for one in heard if one.outcome in ANSWERS}
    if not well:
        return Finding(Check.RESOLVER, BAD, Remark.RESOLVERS_SILENT, now, words=words(asked=len(asked)))
    silent = len(asked) - len(well)
    if not silent:
        return Finding(Check.RESOLVER, GOOD, Remark.NOTHING, now)
    return Finding(Check.RESOLVER, GOOD, Remark.SOME_RESOLVERS_SILENT, now, words=words(silent=silent, asked=len(asked)))


def words(**counts: int) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(count)) for name, count in counts.items())


@dataclass(frozen=True, slots=True)
class Door:
    """A visit to an MX host. at: Unix seconds; reached: somebody took the connection."""

    carrier: str
    host: str
    reached: bool
    at: float


def port_25(doors: Iterable[Door], now: float) -> Finding:
    """Bad if nobody at all is reached, of several carriers: one carrier's silence may be its own."""
    recent = [one for one in doors if 0 <= now - one.at < WINDOW]
    if any(one.reached for one in recent):
        return Finding(Check.PORT_25, GOOD, Remark.NOTHING, now)
    carriers = {one.carrier for one in recent}
    if len(carriers) < 2:
        return Finding(Check.PORT_25, COULD_NOT_TELL, Remark.FEW_HOSTS, now)
    hosts = len({one.host for one in recent})
    return Finding(Check.PORT_25, BAD, Remark.NO_HOST_REACHED, now, words=words(hosts=hosts, carriers=len(carriers)))


def turned_away(carrier: str, door: AtTheDoor, now: float) -> Finding:
    """Whether a carrier's mail hosts let us ask, as a picture of one of its accounts says."""
    state = {
        AtTheDoor.FINE: GOOD,
        AtTheDoor.BLOCKED: BAD,
        AtTheDoor.MISCONFIGURED: BAD,
    }.get(door, COULD_NOT_TELL)
    what = {
        AtTheDoor.BLOCKED: Remark.BLOCKED,
        AtTheDoor.MISCONFIGURED: Remark.MISCONFIGURED,
    }.get(door, Remark.NOTHING)
    return Finding(Check.TURNED_AWAY, state, what, now, carrier)


def controls(by_carrier: Mapping[str, Control], now: float) -> tuple[Finding, ...]:
    """One per carrier. A control that fails alone is its carrier's matter, or its own; all of them at once are ours."""
    tried = {name: one for name, one in by_carrier.items() if one not in (Control.ABSENT, Control.UNASKED)}
    good = {name for name, one in tried.items() if one in (Control.GOOD, Control.GOOD_BY_MASTER)}
    ours = len(tried) > 1 and not good
    found = []
    for name, one in by_carrier.items():
        if name not in tried:
            found.append(Finding(Check.CONTROL, NOT_APPLICABLE, remark_of(one), now, name))
        elif name in good:
            found.append(Finding(Check.CONTROL, GOOD, Remark.NOTHING, now, name))
        else:
            found.append(Finding(Check.CONTROL, BAD if ours else COULD_NOT_TELL, remark_of(one), now, name))
    return tuple(found)


def remark_of(control: Control) -> Remark:
    """Of one that is not good."""
    return Remark(f"control_{control.value}")


class SignsIn(Enum):
    """How one client's sign-in to a live control went."""

    YES = auto()
    NO = auto()
    NOT_TRIED = auto()


@dataclass(frozen=True, slots=True)
class Pair:
    """The same control at the same address, by our client and by the witness, one after the other."""

    ours: SignsIn
    witness: SignsIn


def witness(carrier: str, pairs: Sequence[Pair], now: float) -> Finding:
    """Bad only if ours fails and the witness signs in, twice in a row. Whatever else is seen proves nothing against us."""
    against = [one.ours is SignsIn.NO and one.witness is SignsIn.YES for one in pairs]
    if len(against) > 1 and all(against[-2:]):
        return Finding(Check.WITNESS, BAD, Remark.FAILED_TWICE, now, carrier)
    if pairs and pairs[-1].ours is SignsIn.YES:
        return Finding(Check.WITNESS, GOOD, Remark.NOTHING, now, carrier)
    what = Remark.FAILED_ONCE if against and against[-1] else Remark.NOTHING_TO_COMPARE
    return Finding(Check.WITNESS, NOT_APPLICABLE, what, now, carrier)


FLIPS_WITHIN = 300.0
FLIPS_SHARE = 0.3
FLIPS_CARRIERS = 3


@dataclass(frozen=True, slots=True)
class Flip:
    """An account that was good and is read as bad now. at: Unix seconds."""

    account: str
    carrier: str
    at: float


def mass(flips: Sequence[Flip], watched: Mapping[str, int], now: float) -> Finding:
    """Bad if a good part of the accounts of several carriers turn bad at the same time: that is more likely to be ours."""
    recent = {(one.carrier, one.account) for one in flips if 0 <= now - one.at < FLIPS_WITHIN}
    counts = Counter(carrier for carrier, _ in recent)
    hit = [name for name, count in counts.items() if watched.get(name) and count > FLIPS_SHARE * watched[name]]
    if len([name for name in watched if watched[name]]) < FLIPS_CARRIERS:
        return Finding(Check.MASS, NOT_APPLICABLE, Remark.FEW_CARRIERS, now)
    if len(hit) < FLIPS_CARRIERS:
        return Finding(Check.MASS, GOOD, Remark.NOTHING, now)
    accounts = sum(counts[name] for name in hit)
    return Finding(Check.MASS, BAD, Remark.MANY_AT_ONCE, now, words=words(accounts=accounts, carriers=len(hit)))
