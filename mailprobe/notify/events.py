"""What a webhook is told: account ids, codes and times. No address and no words of anybody's."""

from __future__ import annotations

import datetime
import json
import uuid
from dataclasses import dataclass

from mailprobe.config import Told

VERSION = 1


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The status of a watched account is another one than before. at: Unix seconds."""

    account: str
    carrier: str
    group: str
    before: str  # ok | degraded | down | unknown
    after: str
    code: str  # the verdict's
    actor: str
    confidence: str
    at: float


@dataclass(frozen=True, slots=True)
class VerdictRevised:
    """What was said of an account is not said any more: a late arrival or bounce. `said_at`: when it was said, Unix seconds."""

    account: str
    carrier: str
    before: str  # codes
    after: str
    status: str
    actor: str
    said_at: float
    at: float


@dataclass(frozen=True, slots=True)
class ProberTrouble:
    """A check of ourselves failed, or is good again: until then verdicts that rest on it are unknown."""

    vantage: str
    check: str  # as in mailprobe_prober_healthy
    healthy: bool
    at: float
    carrier: str = ""


Event = StatusChanged | VerdictRevised | ProberTrouble
KINDS: dict[type[Event], Told] = {
    StatusChanged: Told.STATUS_CHANGED,
    VerdictRevised: Told.VERDICT_REVISED,
    ProberTrouble: Told.PROBER_TROUBLE,
}


@dataclass(frozen=True, slots=True)
class Letter:
    """An event as it lies in the outbox. body: JSON, the same at each try."""

    id: str
    kind: str
    body: str
    at: float


def letters(events: tuple[Event, ...], wanted: tuple[Told, ...]) -> tuple[Letter, ...]:
    """Those that the configuration asks for, in order."""
    return tuple(letter(event) for event in events if KINDS[type(event)] in wanted)


def letter(event: Event) -> Letter:
    kind, key = KINDS[type(event)].value, f"evt_{uuid.uuid4().hex}"
    body = {"v": VERSION, "id": key, "type": kind, "at": spoken(event.at), "data": data_of(event)}
    return Letter(key, kind, json.dumps(body, ensure_ascii=True, separators=(",", ":")), event.at)


def data_of(event: Event) -> dict[str, str | bool]:
    match event:
        case StatusChanged():
            return {
                "account": event.account,
                "carrier": event.carrier,
                "group": event.group,
                "before": event.before,
                "after": event.after,
                "code": event.code,
                "actor": event.actor,
                "confidence": event.confidence,
            }
        case VerdictRevised():
            return {
                "account": event.account,
                "carrier": event.carrier,
                "before": event.before,
                "after": event.after,
                "status": event.status,
                "actor": event.actor,
                "said_at": spoken(event.said_at),
            }
        case ProberTrouble():
            return {"vantage": event.vantage, "check": event.check, "healthy": event.healthy, "carrier": event.carrier}


def spoken(at: float) -> str:
    """Unix seconds as RFC 3339, in UTC."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds")
