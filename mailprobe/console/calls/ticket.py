"""The ticket for the desk that acts: what was seen, where and when, side by side, and how to see it again.

Everything that a server said is text and stays text; what may run in a shell is quoted, and secrets are places to fill in.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from mailprobe.config import Config, Problem, visible
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import proofs
from mailprobe.console.calls.showing import Shown, spoken_of
from mailprobe.console.calls.texts import text
from mailprobe.console.calls.view import TranscriptView
from mailprobe.console.problems import Refused
from mailprobe.evidence import Of
from mailprobe.report import Json, utc
from mailprobe.verdict import Actor, Verdict
from mailprobe.verdict.labels import label, title
from mailprobe.verdict.proof import ProofRow, prove

# How servers name the mail that they have taken: Postfix, Exim, sendmail and others, in their answer to the end of data
QUEUE_ID = re.compile(
    r"(?:queued as|queue[- ]?id[:= ]|\bid=|message accepted:?|ok:? )\s*<?([A-Za-z0-9][A-Za-z0-9._-]{4,40})", re.I
)
ASKED = {Actor.PROVISIONING: "provisioning", Actor.MAIL_OPS: "mail_ops", Actor.IDENTITY: "identity"}
QUESTIONS = 3
PASSWORD = "<PASSWORD>"  # noqa: S105  a place to fill in


@dataclass(frozen=True, slots=True)
class Sides:
    """One door, and what it said of T, L and D. alike: T's answer is D's, word for word."""

    kind: str
    server: str
    ip: str
    at: float
    target: str = ""
    live: str = ""
    dead: str = ""
    alike: bool = False


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
        raise Refused(422, Problem("MP2508", "zone", "this is no time zone", "for example Asia/Tokyo")) from None


def make_ticket(call: Call, shown: Shown, zone: tzinfo) -> Ticket:
    """Raises Refused (409) as long as nothing is settled."""
    if shown.verdict is None:
        raise Refused(409, Problem("MP2506", "", "the check is still under way", "open the ticket when it has ended"))
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
    for key, at in (("last_good", shown.past.last_good), ("first_bad", shown.past.first_bad)):
        if at is not None:
            yield row(key, both_times(at, zone))
    if queue := queue_ids(call):
        yield row("queue_id", ", ".join(queue))
    if told := call.question.observed:
        yield row("told", ", ".join(told))
    yield row("questions", "", "heading")
    yield from (TicketRow("list", str(n), one) for n, one in enumerate(asked(verdict, language), 1))
    yield row("sides", "", "heading")
    for one in sides_of(call):
        yield from side_rows(one, zone, language)
    yield row("commands", "", "heading")
    yield from (TicketRow("code", "", one) for one in commands(call, shown.config))
    yield row("transcript", "", "heading")
    for each in proofs(call).transcript:
        yield from transcript_rows(each)


def both_times(unix: float, zone: tzinfo) -> str:
    """In the reader's zone, and in UTC: logs are read by both."""
    local = datetime.fromtimestamp(unix, zone).isoformat(sep=" ", timespec="seconds")
    return f"{local} ({datetime.fromtimestamp(unix, UTC).isoformat(sep=' ', timespec='seconds').replace('+00:00', 'Z')})"


def sides_of(call: Call) -> tuple[Sides, ...]:
    """T, L and D at each door."""
    found: dict[tuple[str, str, str], list[ProofRow]] = {}
    for row in prove(call.evidence, account=call.account, carrier=call.carrier):
        found.setdefault((row.kind, row.server, row.ip), []).append(row)
    return tuple(side_of(rows) for rows in found.values())


def side_of(rows: Sequence[ProofRow]) -> Sides:
    said = {of: " / ".join(f"{one.answer} {one.text}".strip() for one in rows if one.of is of) for of in Of}
    first = rows[0]
    at, alike = max(one.at for one in rows), any(one.alike for one in rows)
    return Sides(first.kind, first.server, first.ip, at, said[Of.TARGET], said[Of.LIVE], said[Of.DEAD], alike)


def side_rows(one: Sides, zone: tzinfo, language: str) -> Iterator[TicketRow]:
    where = f"{one.kind} {one.server} [{one.ip}]" if one.ip else f"{one.kind} {one.server}"
    yield TicketRow("field", visible(where), both_times(one.at, zone))
    for of, said in (("T", one.target), ("L", one.live), ("D", one.dead)):
        if said:
            yield TicketRow("code", of, visible(said))
    if one.alike:
        yield TicketRow("field", "T = D", text("ticket.alike", language))


def transcript_rows(each: TranscriptView) -> Iterator[TicketRow]:
    for line in each.lines:
        yield TicketRow("code", f"{each.probe} {line.at_ms:9.1f}", visible(f"{line.who}: {line.text}"))


def queue_ids(call: Call) -> tuple[str, ...]:
    """Of the test mails that were taken."""
    rows = prove(call.evidence, account=call.account, carrier=call.carrier)
    taken = [row.text for row in rows if row.kind == "canary" and row.answer.startswith("end_of_data 2")]
    return tuple(dict.fromkeys(found[1] for said in taken if (found := QUEUE_ID.search(said))))


def asked(verdict: Verdict, language: str) -> tuple[str, ...]:
    """The three questions whose answers settle it."""
    group = ASKED.get(verdict.actor, "other")
    return tuple(text(f"ask.{group}.q{number}", language) for number in range(1, QUESTIONS + 1))


def commands(call: Call, config: Config) -> tuple[str, ...]:
    """How to see it again with everyday tools."""
    account, prober = call.account, config.prober
    lines = [command("dig", "+short", "MX", account.address.domain)]
    for one in sides_of(call):
        host, _, port = one.server.rpartition(":")
        if one.kind == "rcpt":
            to = ("--from", prober.mail_from, "--to", account.address.wire.decode())
            lines.append(
                command(
                    "swaks",
                    "--server",
                    host,
                    "--port",
                    port,
                    "--ehlo",
                    prober.name,
                    *to,
                    "--tls-optional",
                    "--quit-after",
                    "RCPT",
                )
            )
        elif one.kind == "imap":
            lines.append(command("openssl", "s_client", "-quiet", "-crlf", "-connect", one.server, "-servername", host))
            lines.append(f'a1 LOGIN "{account.username}" "{PASSWORD}"  /  a2 EXAMINE INBOX  /  a3 LOGOUT')
        elif one.kind == "submission":
            user = ("--auth", "PLAIN", "--auth-user", account.submission_username, "--auth-password", PASSWORD)
            lines.append(command("swaks", "--server", host, "--port", port, "--tls-on-connect", *user, "--quit-after", "AUTH"))
    return tuple(dict.fromkeys(visible(line) for line in lines))


def command(*words: str) -> str:
    return shlex.join(words)


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
        "last_good": None if shown.past.last_good is None else utc(shown.past.last_good),
        "first_bad": None if shown.past.first_bad is None else utc(shown.past.first_bad),
        "queue_ids": list(queue_ids(call)),
        "observed": list(call.question.observed),
        "sides": sides,
        "questions": list(asked(verdict, shown.language)),
        "commands": list(commands(call, shown.config)),
        "transcript": [
            {
                "probe": each.probe,
                "lines": [{"at_ms": one.at_ms, "who": one.who, "server": one.server, "text": one.text} for one in each.lines],
            }
            for each in proofs(call).transcript
        ],
    }
