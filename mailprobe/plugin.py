"""`mailprobe status ID --plugin`: what is stored of an account as one line for a monitoring system. Nothing is probed.

The line and the exit codes are those of the Monitoring Plugins Development Guidelines; a result that is too old is UNKNOWN,
because nobody has looked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from mailprobe.config import Account
from mailprobe.config.problems import visible
from mailprobe.verdict import Status

WORDS = {Status.OK: (0, "OK"), Status.DEGRADED: (1, "WARNING"), Status.DOWN: (2, "CRITICAL"), Status.UNKNOWN: (3, "UNKNOWN")}
UNKNOWN = WORDS[Status.UNKNOWN]
MISSED = 2  # intervals without a result: then it is stale
SLACK = 60.0  # seconds that a run may take beyond its slot
AHEAD = 300.0  # seconds that a result may lie in the future: another machine's clock


@dataclass(frozen=True, slots=True)
class LastResult:
    """The last result of one probe. at: Unix seconds; took: seconds, None where it is not kept."""

    probe: str
    at: float
    took: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands, as it is stored. Unix seconds: since, from which the status has been this one; known_at, when
    anything could last be told of it, None if nothing ever could; stale_at, from which on the status is too old to be shown.
    code: '' where there is no status yet."""

    account: str
    status: Status
    code: str
    actor: str
    since: float
    results: tuple[LastResult, ...] = ()
    known_at: float | None = None
    stale_at: float = math.inf


@dataclass(frozen=True, slots=True)
class Said:
    """One line, and the exit code that goes with it."""

    exit_code: int
    line: str


def say(account: Account, standing: Standing | None, now: float) -> Said:
    """now: Unix seconds."""
    if standing is None:
        return unknown(f"{account.id}: no result is stored yet (is mailprobe serve running with this store?)")
    last = max((one.at for one in standing.results), default=None)
    if last is None:
        return unknown(f"{account.id}: no result is stored yet, only the status {standing.status.value}")
    perfdata = perfdata_of(account, standing, now)
    if last > now + AHEAD:
        return unknown(f"{account.id}: the last result is {span(last - now)} in the future: a clock is wrong", perfdata)
    age, most = max(0.0, now - last), stale_after(account)
    if age > most:
        said = f"{account.id}: stale, the last result is {span(age)} old (was {standing.status.value} {standing.code})"
        return unknown(said, perfdata)
    if untold := untold_of(standing, now):
        return unknown(f"{account.id}: {untold}, last result {span(age)} ago", perfdata)
    exit_code, word = WORDS[standing.status]
    whose = f", {standing.actor} must act" if standing.actor not in ("", "nobody") else ""
    text = f"{account.id}: {standing.code}{whose}, since {stamp(standing.since)} ({span(now - standing.since)})"
    late = late_probes(account, standing, now)
    missing = f", no fresh result of {' '.join(late)}" if late else ""
    return Said(exit_code, line(word, f"{text}, last result {span(age)} ago{missing}", perfdata))


def untold_of(standing: Standing, now: float) -> str:
    """Why the stored status says nothing of now though there are results: they could tell nothing, as the metrics have it too."""
    if not standing.code:
        return "no status yet: what was seen is not confirmed"
    if standing.status is Status.UNKNOWN or standing.known_at is None:
        return ""
    if now < standing.stale_at:
        return ""
    return f"nothing could be told for {span(now - standing.known_at)} (was {standing.status.value} {standing.code})"


def unknown(text: str, perfdata: str = "") -> Said:
    """What a monitoring system must take for "could not tell"."""
    return Said(UNKNOWN[0], line(UNKNOWN[1], text, perfdata))


def line(word: str, text: str, perfdata: str) -> str:
    """One line whatever is in the text: `|` begins the performance data."""
    clean = visible(text).replace("|", "/")
    return f"MAILPROBE {word} - {clean} | {perfdata}" if perfdata else f"MAILPROBE {word} - {clean}"


def stale_after(account: Account, probe: str = "") -> float:
    """Seconds after which a result of this probe, or of any, says nothing of now."""
    return MISSED * interval(dict(account.every), probe) + SLACK


def interval(every: Mapping[str, float], probe: str) -> float:
    """Seconds between two runs; without a schedule a day."""
    return every.get(probe, every.get("", 86_400.0))


def late_probes(account: Account, standing: Standing, now: float) -> tuple[str, ...]:
    """Probes that the account is watched by and of which nothing fresh is stored."""
    at = {one.probe: one.at for one in standing.results}
    return tuple(one for one in account.probes if one not in at or now - at[one] > stale_after(account, one))


def perfdata_of(account: Account, standing: Standing, now: float) -> str:
    """`'label'=value[unit];warn;crit;min;max`: the ages, and how long each probe took."""
    last = max(one.at for one in standing.results)
    most = stale_after(account)
    parts = [f"age={max(0.0, now - last):.0f}s;;{most:.0f};0"]
    if standing.code:
        parts.append(f"in_status={max(0.0, now - standing.since):.0f}s;;;0")
    for one in standing.results:
        parts.append(f"{one.probe}_age={max(0.0, now - one.at):.0f}s;;{stale_after(account, one.probe):.0f};0")
        if one.took is not None:
            parts.append(f"{one.probe}_took={one.took:.3f}s;;;0")
    return " ".join(parts)


def span(seconds: float) -> str:
    """42 -> `42s`, 5400 -> `1h30m`: two units are enough."""
    left, parts = max(0, round(seconds)), list[str]()
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= size and len(parts) < 2:
            parts.append(f"{left // size}{unit}")
            left %= size
        elif parts:
            break
    return "".join(parts) or "0s"


def stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
