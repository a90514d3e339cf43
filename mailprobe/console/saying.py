"""How the fleet's pages and its API say something: states, ages, times and how long, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailprobe.console.services import Service, ServiceState
from mailprobe.console.texts import text
from mailprobe.incident import Passage
from mailprobe.verdict.texts import choose, flat, read

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AT = "_at"  # arguments that end so are Unix seconds
HOLE = "\ue000"  # stands for words of another language until the sentence around them is made


def service_text(service: Service, language: str, now: float, zone: str = "") -> str:
    """'normal'; whoever shows it says how old that is. zone: of the reader, such as Asia/Tokyo; '': this machine's."""
    return "".join(one.text for one in service_passages(service, language, now, zone))


def service_passages(service: Service, language: str, now: float, zone: str = "") -> tuple[Passage, ...]:
    """The same, in pieces that are each of one language: what people say of it may be in the other one only."""
    return passages(around(service, language, now, zone), service, language)


def service_line(service: Service, language: str, now: float, zone: str = "") -> tuple[Passage, ...]:
    """'Service as a whole: normal, 1 min ago'."""
    said = around(service, language, now, zone)
    if service.age_s is not None and service.state not in (ServiceState.INCIDENT, ServiceState.MAINTENANCE):
        said = text("service.aged", language, said=said, age=ago(service.age_s, language))
    return passages(text("service.whole", language, said=said), service, language)


def around(service: Service, language: str, now: float, zone: str) -> str:
    """The sentence, with a hole for what is in another language."""
    words = dict(service.args)
    if service.told:
        told = service.told.said_to(language)
        words["text"] = told.text if told.language == language else HOLE
    for name in [name for name in words if name.endswith(AT)]:
        words[name] = clock(float(words[name]), language, now, zone)
    return text(f"service.{service.text_key}", language, **words).strip()


def passages(sentence: str, service: Service, language: str) -> tuple[Passage, ...]:
    told = service.told.said_to(language)
    if told.language == language:
        return (Passage(sentence, language),)
    front, _, rest = sentence.partition(HOLE)
    return tuple(one for one in (Passage(front, language), told, Passage(rest, language)) if one.text)


def ago(seconds: float, language: str) -> str:
    """How long ago, as one says it."""
    for unit, size, below in (("now", 1, 5), ("seconds", 1, 60), ("minutes", 60, 3600), ("hours", 3600, 172_800)):
        if seconds < below:
            return text(f"ago.{unit}", language, n=str(int(seconds // size)))
    return text("ago.days", language, n=str(int(seconds // 86_400)))


def moment(at: float | None, language: str, now: float) -> str:
    """When; the zone stands below the page."""
    return text("accounts.never", language) if not at else bare_clock(at, language, now)


def lately(at: float | None, language: str, now: float) -> str:
    return text("accounts.never", language) if at is None else ago(max(0.0, now - at), language)


def lasting(seconds: float, language: str) -> str:
    """How long, as one says it."""
    for unit, size, below in (("seconds", 1, 120), ("minutes", 60, 7200), ("hours", 3600, 172_800)):
        if seconds < below:
            return text(f"lasting.{unit}", language, n=str(int(seconds // size)))
    return text("lasting.days", language, n=str(int(seconds // 86_400)))


def clock(at: float, language: str, now: float, zone: str = "") -> str:
    """The time of day and its zone, with the date where it is another day than today's."""
    where = zone_of(zone)
    name = datetime.fromtimestamp(at, where).astimezone(where).tzname() or ""
    return text("clock.zoned", language, clock=bare_clock(at, language, now, zone), zone=name)


def bare_clock(at: float, language: str, now: float, zone: str = "") -> str:
    """The same where the zone is said elsewhere."""
    where = zone_of(zone)
    then, today = datetime.fromtimestamp(at, where), datetime.fromtimestamp(now, where)
    kind = "time" if then.date() == today.date() else "date" if then.year == today.year else "year"
    words = {"month": str(then.month), "name": MONTHS[then.month - 1], "day": str(then.day), "year": str(then.year)}
    return text(f"clock.{kind}", language, time=then.strftime("%H:%M"), **words)


@cache
def bounce_texts(language: str) -> Mapping[str, str]:
    """How what comes back is called."""
    return dict(flat(read(f"{choose(language)}.bounce")))


def zone_of(name: str) -> tzinfo | None:
    """None: this machine's. UTC for a zone that nobody knows."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
