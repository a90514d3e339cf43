"""`mailprobe release CARRIER`: a supervisor lifts the guard on addresses that are not enrolled, and it is written down who did.

Whoever may write to the store can do this: let only supervisors run it, by the rights of the store's file or by sudo.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mailprobe.address import near
from mailprobe.check import run_loop, whoever_asks
from mailprobe.config import Config, ConfigError, Problem, load
from mailprobe.config.problems import cut
from mailprobe.config.units import DURATION, UNITS, spoken
from mailprobe.limits import StrangerGuard
from mailprobe.store import open_store

USAGE, NO_PERMISSION = 64, 77  # sysexits.h
LONGEST = 7 * 86_400.0  # seconds: a guard that is off for longer is none
RELEASED, OPENED, CLOSED = "guard_released", "incident_opened", "incident_closed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """operator: for whom; '': for everybody, because an incident is open. ends: that incident is over. lasting: seconds."""

    carrier: str
    operator: str
    ends: bool
    lasting: float
    why: str


def release(path: Path, carrier: str, operator: str, lasting: str, why: str, *, incident: bool, ends: bool) -> str:
    """Do it; what was done, in a line. Raises ConfigError and StoreError."""
    config = load(path)
    if carrier not in config.carriers:
        meant = near(carrier, config.carriers)
        hint = f"did you mean {meant}?" if meant else f"known: {', '.join(config.carriers)}"
        raise ConfigError((Problem("MP2203", "CARRIER", f'no carrier "{cut(carrier)}"', hint),), USAGE)
    if (bool(operator), incident, ends).count(True) != 1:
        hint = "--operator NAME for one person, --incident for everybody, --end when it is over"
        raise ConfigError((Problem("MP2204", "release", "say for whom, one of three ways", hint),), USAGE)
    if operator == whoever_asks():
        hint = "ask a supervisor, or name the ticket with check --ticket"
        raise ConfigError((Problem("MP2205", "--operator", "nobody releases himself", hint),), NO_PERMISSION)
    wanted = Wanted(carrier, operator, ends, seconds(lasting or ("4h" if incident else "1d")), why)
    run_loop(carried_out(config, wanted, whoever_asks()))
    return said(wanted)


def seconds(text: str) -> float:
    found = DURATION.fullmatch(text.strip())
    lasts = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not 0.0 < lasts <= LONGEST:
        hint = f'a number with m, h or d, like "4h"; at most {spoken(LONGEST)}'
        raise ConfigError((Problem("MP2206", "--for", f'cannot be "{cut(text)}"', hint),), USAGE)
    return lasts


async def carried_out(config: Config, wanted: Wanted, by: str) -> None:
    """Written down first: what nobody can look up later does not happen."""
    async with open_store(config.store_url) as store:
        guard = StrangerGuard(store, time.time)
        what = CLOSED if wanted.ends else RELEASED if wanted.operator else OPENED
        await store.audit.append(by, what, wanted.carrier, wanted.why, time.time())
        if wanted.ends:
            await guard.close_incident(wanted.carrier, by)
        elif wanted.operator:
            await guard.release(wanted.carrier, wanted.operator, by, wanted.lasting)
        else:
            await guard.open_incident(wanted.carrier, by, wanted.lasting)


def said(wanted: Wanted) -> str:
    if wanted.ends:
        return f"{wanted.carrier}: the incident is over, the guard counts again"
    whose = wanted.operator or "everybody"
    return f"{wanted.carrier}: the guard is lifted for {whose}, for {spoken(wanted.lasting)}"
