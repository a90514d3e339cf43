"""After the call: whether a repair has helped, and looking again until it has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from mailprobe.config import ConfigError, Problem
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.call import Call, Watched
from mailprobe.console.calls.judging import end_of
from mailprobe.console.calls.refusing import refused
from mailprobe.console.calls.registry import Calls, Known, nothing_known
from mailprobe.console.calls.stations import PROBE_OF, Light, Station, StationId, stations
from mailprobe.console.door import Role, Visitor
from mailprobe.console.instruments import Enrolling
from mailprobe.console.lookups import looked_up
from mailprobe.console.trail import Trail
from mailprobe.engine import CANARY
from mailprobe.evidence import End, Evidence
from mailprobe.log import Event, tell
from mailprobe.lookup import PROBE as LOOKUP
from mailprobe.question import Listener
from mailprobe.store import StoreError

FAILING = frozenset({Light.RED, Light.AMBER, Light.OUR_FAULT})
YOUNG = 3600.0  # seconds for which what was good need not be asked again
LONGEST = 72.0  # hours
TWICE = 2  # good looks in a row end a watch
SHARE = 2  # the schedule has one half of each limit: it asks half as often
LOOK_AT_CLOCK = 60.0  # seconds: the wall clock, by which a watch ends, may be put forward meanwhile


def row_of(calls: Calls, call: Call) -> tuple[Station, ...]:
    judged = calls.seen(call)
    return stations(judged.legs, judged.picture, judged.verdict)


def failing(row: Iterable[Station]) -> tuple[str, ...]:
    """The probes whose stations are not in order, and that can be asked again without a new test mail."""
    bad = [PROBE_OF[one.id] for one in row if one.light in FAILING and one.id in PROBE_OF]
    return tuple(dict.fromkeys(probe for probe in bad if probe != CANARY))


async def verify(calls: Calls, call: Call, owner: str, known: Known = nothing_known) -> Call:
    """Ask once more what failed, beside what was good a short while ago; all of it where that is long ago or nothing failed.
    known: as of `Calls.start`: what the carrier's own systems said before the repair counts no more."""
    if call.ended is None:
        raise refused(409, Problem("MP2506", "", "the check is still under way", "verify the repair when it has ended"))
    row, now = row_of(calls, call), calls.rooms.now()
    again = failing(row) if now - call.started < YOUNG else ()
    question = call.question
    ask = Ask(
        address=question.account.address.display,
        reason=call.reason,
        ticket=question.ticket,
        observed=tuple(word for word in question.observed if not word.startswith("canary")),
        only=again,
    )
    new = await calls.start(ask, question.account, owner, known)
    new.repairs = call.id
    new.before = tuple((one.id.value, one.light.value) for one in row)
    if again:
        new.learn(tuple(one for one in call.evidence if one.probe not in (*again, LOOKUP) and now - end_of(one) < YOUNG))
    new.touch()
    return new


def watch(calls: Calls, call: Call, hours: float, reason: str, by: str) -> None:
    """Look again and again until it is repaired, at most so many hours. Raises Refused (409)."""
    if call.ended is None:
        raise refused(409, Problem("MP2506", "", "the check is still under way", "watch the mailbox when it has ended"))
    bad = tuple(one.id.value for one in row_of(calls, call) if one.light in FAILING)
    call.watch = Watched(calls.rooms.now() + min(hours, LONGEST) * 3600.0, reason, by, bad)
    begin(calls, call)
    call.touch()


def begin(calls: Calls, call: Call) -> None:
    """Go on with a watch; also after a restart."""
    running = calls.watches.pop(call.id, None)
    if running is not None:
        running.cancel()
    calls.watches[call.id] = asyncio.create_task(keep_watch(calls, call))


def end(calls: Calls, call: Call) -> None:
    """Nobody looks any more."""
    call.watch = None
    running = calls.watches.pop(call.id, None)
    if running is not None:
        running.cancel()
    call.touch()


async def keep_watch(calls: Calls, call: Call) -> None:
    """Until it is good. Whatever goes wrong ends it, and the page says so; one that is cancelled goes on after a restart."""
    try:
        await look_until_good(calls, call)
    except Exception as error:  # a fault of ours ends the watch, and the page says that nobody looks any more
        tell(Event.CONSOLE_FAULT, error=error)
    call.watch = None
    calls.watches.pop(call.id, None)
    calls.revise(call, "watch")


async def look_until_good(calls: Calls, call: Call) -> None:
    """Until two looks in a row are good, or the time is over."""
    schedule = calls.rooms.instruments.schedule
    if schedule is None:
        await ask_until_good(calls, call)
    else:
        await read_until_good(calls, call, schedule)


async def read_until_good(calls: Calls, call: Call, schedule: Enrolling) -> None:
    """A guest of the schedule: live checks keep their half of the limits."""
    good, asked = 0, set[str]()
    with schedule.enrolled(call.account, max(calls.watch_every, SHARE * call.carrier.limits.rcpt_gap)) as readings:
        while call.watch is not None and good < TWICE and (rest := call.watch.until - calls.rooms.now()) > 0.0:
            try:
                async with asyncio.timeout(min(rest, LOOK_AT_CLOCK)):
                    seen = await readings.get()
                asked |= await read(calls, call, seen)
                if asked and asked >= awaited(call):
                    good, asked = (good + 1 if is_good(calls, call) else 0), set()
            except TimeoutError:
                continue
            except Exception as error:  # such as a carrier that a reload took away: it may come back
                tell(Event.CONSOLE_FAULT, error=error)


async def read(calls: Calls, call: Call, seen: Iterable[Evidence]) -> set[str]:
    """What one slot has seen; the probes that asked something. One that was held back tells nothing new."""
    news = tuple(one for one in seen if one.ending.kind is not End.HELD)
    if news:
        call.learn(news)
        call.learn(await heard_again(calls, call))
        calls.revise(call, "watch")
    return {one.probe for one in news}


async def heard_again(calls: Calls, call: Call) -> tuple[Evidence, ...]:
    """What the carrier's own systems say now, once their last answer is half as old as it may be to count. Noted, and asked on
    behalf of who had the mailbox watched."""
    lookup, last, now = call.carrier.lookup, call.last(LOOKUP), calls.rooms.now()
    if lookup is None or call.watch is None or (last is not None and now - end_of(last) < lookup.counts_for / 2):
        return ()
    trail = Trail(lambda: calls.rooms.house().store, calls.rooms.now)
    by, why, account = Visitor(call.watch.by, Role.OPERATOR), call.watch.reason, call.account
    of = account.id if account.enrolled else calls.rooms.house().store.strangers.subject_of(account.address.key)
    try:
        found = await looked_up(calls.rooms, trail, by, account, of, why)
    except StoreError:  # what cannot be noted is not asked
        return ()
    return () if found is None else (found,)


def awaited(call: Call) -> set[str]:
    """Which probes a look must have asked to say that it is good: of those that failed."""
    failing = call.watch.failing if call.watch is not None else ()
    return {PROBE_OF[StationId(one)] for one in failing if StationId(one) in PROBE_OF} - {CANARY}


async def ask_until_good(calls: Calls, call: Call) -> None:
    """Where nothing is scheduled: a live check like any other, as seldom as the carrier's limits ask for."""
    good = 0
    while call.watch is not None and good < TWICE:
        rest = call.watch.until - calls.rooms.now()
        await asyncio.sleep(min(interval(calls, call), max(0.0, rest)))
        if calls.rooms.now() >= call.watch.until:
            break
        try:
            good = good + 1 if await look_again(calls, call) else 0
        except (StoreError, ConfigError):  # not now: the next time
            continue
        except Exception as error:  # such as a carrier that a reload took away: it may come back
            tell(Event.CONSOLE_FAULT, error=error)


def interval(calls: Calls, call: Call) -> float:
    return max(calls.watch_every, call.carrier.limits.rcpt_gap)


async def look_again(calls: Calls, call: Call) -> bool:
    question = replace(call.question, canary=False, consent="", only=())
    check = await calls.rooms.house().check(question, Listener())
    call.learn((*check.evidence, *await heard_again(calls, call)))
    calls.revise(call, "watch")
    return is_good(calls, call)


def is_good(calls: Calls, call: Call) -> bool:
    """Whether what failed is good now; where nothing had failed, whether nothing does."""
    lights = {one.id.value: one.light for one in row_of(calls, call)}
    failing = call.watch.failing if call.watch is not None else ()
    return all(lights[one] is Light.GREEN for one in failing) and Light.RED not in lights.values()
