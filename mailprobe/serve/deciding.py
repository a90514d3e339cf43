"""One look for many: a server that is still in trouble is so for every account behind it.

An account waits for a second reading, and its server is left alone. Whoever is the one to look there again brings the second
reading of all that wait for it, so an outage is confirmed by two visits and not by two visits of each.
"""

from __future__ import annotations

import asyncio

from mailprobe.engine import Kind, Result
from mailprobe.evidence import Evidence
from mailprobe.log import Event, tell
from mailprobe.serve.seen import Seen
from mailprobe.serve.watching import Watching
from mailprobe.status import waits
from mailprobe.store import StoreError

AT_ONCE = 50  # accounts judged anew side by side: others have their turn in between


async def keep_deciding(watching: Watching) -> None:
    """Until cancelled."""
    while True:
        carrier, probe = await watching.troubled.get()
        try:
            await decide(watching, carrier, probe)
        except StoreError as error:  # their own slots decide, later
            tell(Event.STORE_TROUBLED, error=error, code=error.code)
        except Exception as error:  # a fault of ours here must not end the schedule, which runs in the same group
            tell(Event.NOT_DECIDED, error=error)


async def decide(watching: Watching, carrier: str, probe: str) -> None:
    """Judge anew those accounts of the carrier that the newest look decides about."""
    now = watching.wall()
    known = [seen for seen in watching.accounts.values() if seen.account.carrier == carrier]
    waiting = [(seen, look) for seen in known if (look := decisive(watching, seen, probe, now)) is not None]
    for start in range(0, len(waiting), AT_ONCE):
        await asyncio.gather(*(judged_anew(watching, *one, now) for one in waiting[start : start + AT_ONCE]))


def decisive(watching: Watching, seen: Seen, probe: str, now: float) -> Evidence | None:
    """The newest look at the account's server, if it is late enough after the reading that waits for a second one."""
    known = seen.newest.get(probe)
    if known is None or seen.standing.unconfirmed is None:
        return None
    carrier = watching.shift.house.config.carriers[seen.account.carrier]
    look = watching.looks.again(carrier.name, known, now)
    decides_at = waits(seen.standing, watching.interval(seen.account), carrier.relation).confirm_at
    late_enough = look is not None and decides_at is not None and look.started + look.took >= decides_at
    return look if late_enough else None


async def judged_anew(watching: Watching, seen: Seen, look: Evidence, now: float) -> None:
    """Nothing was asked for the account itself: it is a row without a run."""
    seen.newest[look.probe] = look
    await watching.ended(Result(seen.account.id, seen.account.carrier, Kind.HELD, now))
