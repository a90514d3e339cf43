"""The ticket for the desk that acts: what was seen, where and when, side by side, and how to see it again.

Everything that a server said is text and stays text; what may run in a shell is quoted, and secrets are places to fill in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from mailprobe.config import Problem, visible
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import proofs
from mailprobe.console.calls.records import counting, measured, only_told, record_of, unanswered
from mailprobe.console.calls.refusing import refused
from mailprobe.console.calls.returned import returned_line, returned_views
from mailprobe.console.calls.showing import Shown, notes_beside, spoken_of
from mailprobe.console.calls.sides import Sides, commands, queue_ids, sides_of
from mailprobe.console.calls.texts import text
from mailprobe.console.calls.view import TranscriptView
from mailprobe.report import Json, utc, utc_or_none
from mailprobe.verdict import Actor, Verdict
from mailprobe.verdict.labels import label, title

ASKED = {Actor.PROVISIONING: "provisioning", Actor.MAIL_OPS: "mail_ops", Actor.IDENTITY: "identity"}
QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One line of the print view. kind: field | heading | list | code."""

    kind: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """text: to be pasted; html_rows: for the print view; json: for another program."""

    text: str
    html_rows: tuple[TicketRow, ...]
    json: dict[str, object]


def zone_of(name: str) -> tzinfo:
    """Raises Refused (422)."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        raise refused(422, Problem("MP2508", "zone", "this is no time zone", "for example Asia/Tokyo")) from None


def make_ticket(call: Call, shown: Shown, zone: tzinfo) -> Ticket:
    """Raises Refused (409) as long as nothing is settled."""
    if shown.verdict is None:
        raise refused(409, Problem("MP2506", "", "the check is still under way", "open the ticket when it has ended"))
    rows = tuple(rows_of(call, shown, shown.verdict, zone))
    return Ticket("\n".join(as_text(rows)) + "\n", rows, facts_of(call, shown, shown.verdict))


def rows_of(call: Call, shown: Shown, verdict: Verdict, zone: tzinfo) -> Iterator[TicketRow]:
    language = shown.language

    def row(key: str, value: str, kind: str = "field") -> TicketRow:
        return TicketRow(kind, text(f"ticket.{key}", language), visible(value))

    spoken = spoken_of(call, shown, verdict)
    yield row("title", title(verdict.code, language))
    yield row("number", call.number)
    if call.ticket or call.kept:
        yield row("ticket", call.kept or call.ticket)
    yield row("desk", spoken.who)
    yield row("address", call.account.address.display)
    yield row("carrier", call.carrier.title)
    yield row("verdict", f"{verdict.code.value} / {label('confidence', verdict.confidence.value, language)}")
    yield row("known", spoken.known)
    yield row("checked_at", both_times(call.started, zone))
    good, bad = shown.times(call)
    if call.then is not None:
        yield row("kept_at", both_times(call.then.at, zone))
    yield row("last_good", text("ticket.no_record", language) if good is None else both_times(good, zone))
    if bad is not None:
        yield row("first_bad", both_times(bad, zone))
    if queue := queue_ids(call):
        yield row("queue_id", ", ".join(queue))
    if told := only_told(call):
        yield row("told", ", ".join(told))
    yield from (row("note", one) for one in notes_beside(verdict, language))
    for back in returned_views(call, shown.back, language):
        yield row("heard" if back.heard else "returned", f"{returned_line(back)}: {back.quote}")
    yield from record_rows(call, zone, language)
    yield row("questions", "", "heading")
    yield from (TicketRow("list", str(n), one) for n, one in enumerate(asked(verdict, language), 1))
    yield row("sides", "", "heading")
    for one in sides_of(call):
        yield from side_rows(one, zone, language)
    yield row("commands", "", "heading")
    yield from (TicketRow("code", "", one) for one in commands(call, shown.config))
    yield row("transcript", "", "heading")
    for each in proofs(call).transcript:
        yield from transcript_rows(each, zone)


def record_rows(call: Call, zone: tzinfo, language: str) -> Iterator[TicketRow]:
    """What the carrier's own systems said, by their name, and when; or why they said nothing."""
    record, reason = record_of(call), unanswered(call)
    if record is not None:
        name = text("ticket.measured", language, title=record.by, at=both_times(record.at, zone))
        aged = text("ticket.aged", language) if counting(call, record) != record.fact else ""
        yield TicketRow("field", visible(name), visible(", ".join(record.words) or text("ticket.nothing", language)) + aged)
    if reason:
        yield TicketRow("field", text("ticket.asked", language), text(f"unanswered.{reason}", language))


def both_times(unix: float, zone: tzinfo) -> str:
    """In the reader's zone, and in UTC: logs are read by both."""
    local = datetime.fromtimestamp(unix, zone).isoformat(sep=" ", timespec="seconds")
    return f"{local} ({datetime.fromtimestamp(unix, UTC).isoformat(sep=' ', timespec='seconds').replace('+00:00', 'Z')})"


def side_rows(one: Sides, zone: tzinfo, language: str) -> Iterator[TicketRow]:
    where = f"{one.kind} {one.server} [{one.ip}]" if one.ip else f"{one.kind} {one.server}"
    yield TicketRow("field", visible(where), both_times(one.at, zone))
    for of, said in (("T", one.target), ("L", one.live), ("D", one.dead)):
        if said:
            yield TicketRow("code", of, visible(said))
    if one.alike:
        yield TicketRow("field", "T = D", text("ticket.alike", language))


def transcript_rows(each: TranscriptView, zone: tzinfo) -> Iterator[TicketRow]:
    if each.lines:
        yield TicketRow("field", each.probe, both_times(datetime.fromisoformat(each.at).timestamp(), zone))
    for line in each.lines:
        yield TicketRow("code", f"{each.probe} {line.at_ms:9.1f}", visible(f"{line.who}: {line.text}"))


def asked(verdict: Verdict, language: str) -> tuple[str, ...]:
    """The three questions whose answers settle it."""
    group = ASKED.get(verdict.actor, "other")
    return tuple(text(f"ask.{group}.q{number}", language) for number in range(1, QUESTIONS + 1))


def as_text(rows: Sequence[TicketRow]) -> Iterator[str]:
    for row in rows:
        if row.kind == "heading":
            yield ""
            yield f"== {row.label} =="
        elif row.kind == "list":
            yield f"{row.label}. {row.value}"
        elif row.kind == "code":
            yield f"    {row.label + '  ' if row.label else ''}{row.value}"
        else:
            yield f"{row.label}: {row.value}"


def facts_of(call: Call, shown: Shown, verdict: Verdict) -> dict[str, object]:
    record, (good, bad) = record_of(call), shown.times(call)
    sides: list[dict[str, Json]] = [
        {
            "kind": one.kind,
            "server": one.server,
            "ip": one.ip,
            "at": utc(one.at),
            "target": one.target,
            "live": one.live,
            "dead": one.dead,
            "alike": one.alike,
        }
        for one in sides_of(call)
    ]
    return {
        "v": 1,
        "id": call.id,
        "number": call.number,
        "ticket": call.kept or call.ticket,
        "account": call.account.id if call.account.enrolled else None,
        "address": call.account.address.display,
        "carrier": call.carrier.name,
        "code": verdict.code.value,
        "status": verdict.status.value,
        "actor": verdict.actor.value,
        "confidence": verdict.confidence.value,
        "desk": spoken_of(call, shown, verdict).who,
        "started": utc(call.started),
        "kept_at": None if call.then is None else utc(call.then.at),
        "last_good": utc_or_none(good),
        "first_bad": utc_or_none(bad),
        "queue_ids": list(queue_ids(call)),
        "observed": list(call.question.observed),
        "notes": [one.code.value for one in verdict.notes],
        "returned": [{"heard": one.heard, "says": one.said.meaning.cls.value} for one in shown.back],
        "measured": list(measured(call)),
        "measured_by": None if record is None else record.by,
        "measured_at": None if record is None else utc(record.at),
        "sides": sides,
        "questions": list(asked(verdict, shown.language)),
        "commands": list(commands(call, shown.config)),
        "transcript": [transcript_json(each) for each in proofs(call).transcript],
    }


def transcript_json(each: TranscriptView) -> dict[str, object]:
    lines = [{"at_ms": one.at_ms, "who": one.who, "server": one.server, "text": one.text} for one in each.lines]
    return {"probe": each.probe, "at": each.at, "lines": lines}
