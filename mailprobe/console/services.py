"""The state of a carrier's service as a whole, said before anybody is asked about one customer: from its known good mailboxes,
the watched ones, announced work, incidents, and whether we are fit to say anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from mailprobe.config.every import interval
from mailprobe.console.rooms import Rooms
from mailprobe.console.watched import Watched, count
from mailprobe.incident import NOBODY_SAYS, ControlSeen, Incident, State, Text
from mailprobe.maintenance import Window, under_way
from mailprobe.metrics import AccountRow, row_of
from mailprobe.status import Standing

MANY = 0.2  # of the watched accounts that can tell: ill for the servers' sake, that is no customer's trouble any more
LESSER = frozenset({"name", "block_list"})  # checks of ourselves
COUNTED_AGAIN = 2.0  # seconds after which the watched accounts are counted anew,
A_SECOND = 5_000  # and in a great fleet not more of them a second: a hundredth of a core


class ServiceState(StrEnum):
    NORMAL = "normal"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Service:
    """One carrier's. since: when it began to be so, as far as that is known; age_s: seconds since it was last seen to be so. Both
    None where nothing was ever seen. text_key: of the texts in `fleet.toml`, with `args` for its placeholders; those ending
    in `_at` are Unix seconds. told: what people say of it, for `{text}`."""

    carrier: str
    state: ServiceState
    since: float | None
    age_s: float | None
    text_key: str
    args: tuple[tuple[str, str], ...] = ()
    told: Text = NOBODY_SAYS


@dataclass(frozen=True, slots=True)
class Known:
    """All that the state rests on. unfit: which checks of ourselves fail that void what we see of this carrier."""

    carrier: str
    incident: Incident | None
    window: Window | None
    unfit: tuple[str, ...]
    control: ControlSeen | None
    watched: Watched


async def service_of(rooms: Rooms, carrier: str, now: float) -> Service:
    """StoreError, while the store cannot be read."""
    return judged((await known(rooms, (carrier,), now))[0], now)


async def services(rooms: Rooms, now: float) -> tuple[Service, ...]:
    """Every configured carrier's, in the configuration's order."""
    found = await known(rooms, tuple(rooms.house().config.carriers), now)
    return tuple(judged(one, now) for one in found)


async def known(rooms: Rooms, carriers: tuple[str, ...], now: float) -> tuple[Known, ...]:
    store, instruments = rooms.house().store, rooms.instruments
    incidents = {one.carrier: one for one in reversed(await store.incidents.open_ones())}
    windows, counted = await windows_of(rooms, now), await watched(rooms, now)
    return tuple(
        Known(
            carrier=one,
            incident=incidents.get(one),
            window=under_way([window for window in windows if not window.group], one, "", now),
            unfit=unfit_for(rooms, one),
            control=instruments.control(one),
            watched=counted.get(one, Watched()),
        )
        for one in carriers
    )


def judged(known: Known, now: float) -> Service:
    """The first that is true: what people have said, then whether we may speak at all, then what we see."""
    return of_incident(known, now) or of_work(known, now) or of_ourselves(known) or of_what_is_seen(known, now)


def of_incident(known: Known, now: float) -> Service | None:
    incident = known.incident
    if incident is None or incident.state is not State.CONFIRMED:
        return None
    expected = incident.expected_at
    key = "incident.expected" if expected is not None and expected > now else "incident.open"
    args = {"since_at": incident.opened_at, "until_at": expected or 0.0}
    said = service(known, ServiceState.INCIDENT, incident.opened_at, now - incident.changed_at, key, **args)
    return replace(said, told=incident.text)


def of_work(known: Known, now: float) -> Service | None:
    window = known.window
    if window is None:
        return None
    return service(known, ServiceState.MAINTENANCE, window.begins, 0.0, "maintenance", text=window.note, until_at=window.ends)


def of_ourselves(known: Known) -> Service | None:
    return service(known, ServiceState.UNKNOWN, None, None, "unknown.ourselves") if known.unfit else None


def of_what_is_seen(known: Known, now: float) -> Service:
    control = known.control if known.control is not None and known.control.is_fresh(now) else None
    if control is not None and not control.good and control.looks > 1:
        return seen(known, ServiceState.TROUBLE, control.since, control.at, now, "trouble.control")
    watched = known.watched
    if watched.ill > 1 and watched.ill >= MANY * watched.known:
        numbers = {"ill": str(watched.ill), "of": str(watched.known)}
        return seen(known, ServiceState.TROUBLE, None, watched.told_at, now, "trouble.watched", **numbers)
    if known.incident is not None:  # suspected
        one = known.incident
        said = seen(known, ServiceState.TROUBLE, one.opened_at, one.seen_at, now, "trouble.suspected")
        return replace(said, told=one.text)
    if control is not None and not control.good:
        return seen(known, ServiceState.UNKNOWN, control.since, control.at, now, "unknown.looking_again")
    good = max((at for at in (control.at if control else None, watched.ok_at) if at is not None), default=None)
    if good is not None:
        return seen(known, ServiceState.NORMAL, control.since if control else None, good, now, "normal")
    if watched.told_at is not None:
        return seen(known, ServiceState.UNKNOWN, None, watched.told_at, now, "unknown.single")
    return service(known, ServiceState.UNKNOWN, None, None, "unknown.stale" if watched.accounts else "unknown.unwatched")


def seen(known: Known, state: ServiceState, since: float | None, at: float | None, now: float, key: str, **args: str) -> Service:
    return service(known, state, since, None if at is None else now - at, key, **args)


def service(known: Known, state: ServiceState, since: float | None, age: float | None, key: str, **args: str | float) -> Service:
    age_s = None if age is None else max(0.0, age)
    return Service(known.carrier, state, since, age_s, key, tuple((name, str(value)) for name, value in args.items()))


def unfit_for(rooms: Rooms, carrier: str) -> tuple[str, ...]:
    """Being turned away by one carrier says nothing of another; and whoever refuses us for a list or our name makes his mailboxes
    unknown, which is said of them."""
    bad = [one for one in rooms.instruments.checks() if one.state == "bad"]
    elsewhere = {one.check for one in bad} - {one.check for one in bad if one.subject not in rooms.house().config.carriers}
    here = {one.check for one in bad if one.subject == carrier}
    return tuple(one for one in rooms.unfit() if one not in LESSER and (one not in elsewhere or one in here))


# ---- where it comes from ---------------------------------------------------------------------------------------------


async def windows_of(rooms: Rooms, now: float) -> tuple[Window, ...]:
    """Announced work: of the configuration, and what was set since."""
    return await announced_of(rooms).all(now)


@dataclass(frozen=True, slots=True)
class Announced:
    """Announced work through the daemon's own eyes where there is one, so that it knows at once of what is set here."""

    rooms: Rooms

    async def all(self, now: float) -> tuple[Window, ...]:
        beside = self.rooms.instruments.announced
        if beside is not None:
            return beside.windows
        house = self.rooms.house()
        return (*house.config.maintenance, *await house.store.maintenance.all(now))

    async def add(self, window: Window, by: str) -> Window:
        """ValueError says what is wrong with it."""
        beside = self.rooms.instruments.announced
        if beside is not None:
            return await beside.add(window, by)
        return await self.rooms.house().store.maintenance.add(window, by, self.rooms.now())

    async def end(self, number: int) -> Window | None:
        beside = self.rooms.instruments.announced
        if beside is not None:
            return await beside.end(number)
        return await self.rooms.house().store.maintenance.end(number, self.rooms.now())


def announced_of(rooms: Rooms) -> Announced:
    return Announced(rooms)


async def watched(rooms: Rooms, now: float) -> Mapping[str, Watched]:
    """The watched accounts of each carrier, counted at most every two seconds however many ask; a great many less often."""
    return (await summed_up(rooms, now))[0]


async def rows_of(rooms: Rooms, now: float) -> Mapping[str, AccountRow]:
    """Every watched account by its id, in the configuration's order."""
    if rooms.instruments.rows is not None:
        return rooms.instruments.rows()
    return (await summed_up(rooms, now))[1]


async def summed_up(rooms: Rooms, now: float) -> tuple[Mapping[str, Watched], Mapping[str, AccountRow]]:
    summary = rooms.instruments.summary
    async with summary.lock:
        if not 0.0 <= now - summary.at < max(COUNTED_AGAIN, len(summary.rows) / A_SECOND):
            given = rooms.instruments.rows
            summary.rows = given() if given is not None else await stored_rows(rooms)
            summary.watched = await count(summary.rows, rooms.house().config.carriers, now)
            summary.at = now
        return summary.watched, summary.rows


async def stored_rows(rooms: Rooms) -> dict[str, AccountRow]:
    """As the store has them: for a console without a daemon beside it."""
    house, standings = rooms.house(), await rooms.house().store.standings.all()
    carriers = house.config.carriers
    return {
        one.id: row_of(
            (one.id, one.carrier, one.group), standings.get(one.id, Standing()), interval(one, carriers[one.carrier].limits)
        )
        for one in house.config.accounts
    }
