"""How the fleet's pages and its API say something: states, ages, times and how long, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailprobe.console.services import Service, ServiceState
from mailprobe.console.texts import text, texts
from mailprobe.incident import Passage
from mailprobe.verdict.texts import PLACEHOLDER, choose, flat, read

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AT = "_at"  # arguments that end so are Unix seconds


def service_passages(service: Service, language: str, now: float, zone: str = "") -> tuple[Passage, ...]:
    """'normal'; whoever shows it says how old that is. In pieces that are each of one language (what people say of it may be in
    the other one only) or one time. zone: of the reader, such as Asia/Tokyo; '': this machine's."""
    words: dict[str, tuple[Passage, ...]] = {name: (Passage(value, language),) for name, value in service.args}
    if service.told:
        words["text"] = (service.told.said_to(language),)
    for name, value in service.args:
        if name.endswith(AT):
            words[name] = (Passage(clock(float(value), language, now, zone), language, float(value)),)
    return stripped(filled(f"service.{service.text_key}", language, words))


def service_line(service: Service, language: str, now: float, zone: str = "") -> tuple[Passage, ...]:
    """'Service as a whole: normal, 1 min ago'"""
    said = service_passages(service, language, now, zone)
    if service.age_s is not None and service.state not in (ServiceState.INCIDENT, ServiceState.MAINTENANCE):
        age = (Passage(ago(service.age_s, language), language),)
        said = filled("service.aged", language, {"said": said, "age": age})
    return filled("service.whole", language, {"said": said})


def filled(key: str, language: str, words: Mapping[str, tuple[Passage, ...]]) -> tuple[Passage, ...]:
    """A text whose holes hold passages; neighbours that belong together are one."""
    parts = enumerate(PLACEHOLDER.split(texts(choose(language))[key]))  # every second one is a name
    found = [one for n, part in parts for one in (words.get(part, ()) if n % 2 else (Passage(part, language),)) if one.text]
    pieces: list[Passage] = []
    for one in found:
        last = pieces[-1] if pieces else None
        if last is not None and last.at is None and one.at is None and last.language == one.language:
            pieces[-1] = Passage(last.text + one.text, one.language)
        else:
            pieces.append(one)
    return tuple(pieces)


def stripped(pieces: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Without the space that a word which is not there has left at the end."""
    *front, last = pieces
    last = replace(last, text=last.text.rstrip())
    return (*front, last) if last.text else tuple(front)


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
