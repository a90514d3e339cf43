"""Is our clock right? By the dates that servers say in their greetings, and by what the kernel thinks of its own clock.

Signed senders carry a day, certificates a span, remembered answers an age: a wrong clock makes each of them lie.
"""

from __future__ import annotations

import ctypes
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from mailprobe.evidence import Answered, Evidence, Fact, Replied, Stage
from mailprobe.readiness import Finding, Topic, bad, good, unknown

MOST_OFF = 120.0  # seconds; a greeting tells whole seconds, and its sender's clock may be off as well
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
REPAIR = "run chrony, ntpd or systemd-timesyncd on this host"
# RFC 5322 section 3.3, as Sendmail and Exim say it in their greetings
DATE = re.compile(r"(?:[A-Z][a-z]{2}, +)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")


@dataclass(frozen=True, slots=True)
class Kernel:
    """What adjtimex says. error: its own estimate of the largest error, in seconds."""

    synchronised: bool
    error: float


def offsets_of(evidence: Iterable[Evidence]) -> Mapping[str, float]:
    """Seconds that each server's clock is ahead of ours, by the date in its greeting."""
    found: dict[str, float] = {}
    for one in evidence:
        for fact in one.facts:
            date = DATE.search(greeting_of(fact))
            if date is None:
                continue
            try:
                said = parsedate_to_datetime(date[0]).timestamp()
            except ValueError:
                continue
            found[fact.server] = said - (one.started + fact.at - one.began)
    return found


def greeting_of(fact: Fact) -> str:
    return fact.text if isinstance(fact, Replied | Answered) and fact.stage is Stage.GREETING else ""


def clock_finding(offsets: Mapping[str, float], kernel: Kernel | None) -> Finding:
    """Several servers outweigh the kernel; without either nothing is said."""
    if offsets:
        off = statistics.median(offsets.values())
        servers = f"by the greetings of {', '.join(sorted(offsets))}"
        if abs(off) <= MOST_OFF:
            return good(Topic.CLOCK, "", f"within {MOST_OFF:.0f} s {servers}")
        if len(offsets) > 1:
            return bad(Topic.CLOCK, "", f"{abs(off):.0f} s {'behind' if off > 0 else 'ahead'} {servers}", REPAIR)
        return unknown(
            Topic.CLOCK, "", f"one server's clock differs by {off:+.0f} s ({servers}): one of the two is wrong", REPAIR
        )
    if kernel is None:
        return unknown(Topic.CLOCK, "", "not checked: no server says the time, and this system does not tell")
    if not kernel.synchronised:
        return unknown(Topic.CLOCK, "", "no server says the time, and the kernel calls its clock unsynchronised", REPAIR)
    return good(Topic.CLOCK, "", f"synchronised, the kernel says, within {kernel.error:.3f} s; no server says the time")


def ask_kernel() -> Kernel | None:
    """adjtimex(2) with nothing to set, which everybody may; None where there is none."""
    fields = (ctypes.c_long * 64)()  # struct timex: modes, offset, freq, maxerror, ...; larger than any system's
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(fields))
    except (OSError, AttributeError):
        return None
    return Kernel(state != TIME_ERROR, fields[3] / 1e6) if state >= 0 else None
