"""T, L and D side by side at each door, and the commands that show the same again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailprobe.config import Account, Config, Prober, visible
from mailprobe.console.calls.call import Call
from mailprobe.evidence import Of
from mailprobe.verdict.proof import RECORD, ProofRow, prove

# How servers name the mail that they have taken: Postfix and Exim, in their answer to the end of data
QUEUE_ID = re.compile(r"(?:queued as|\bid=)\s*<?([A-Za-z0-9][A-Za-z0-9._-]{4,40})", re.IGNORECASE)
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


def sides_of(call: Call) -> tuple[Sides, ...]:
    """T, L and D at each door."""
    found: dict[tuple[str, str, str], list[ProofRow]] = {}
    said = [row for row in prove(call.evidence, account=call.account, carrier=call.carrier) if row.kind != RECORD]
    for row in said:  # what the carrier's own systems hold was said at no door
        found.setdefault((row.kind, row.server, ip_of(row, said)), []).append(row)
    return tuple(side_of(rows) for rows in found.values())


def ip_of(row: ProofRow, said: Sequence[ProofRow]) -> str:
    """What is remembered of a control has no IP: it stands beside what the same server said now, if that was one."""
    beside = {one.ip for one in said if (one.kind, one.server) == (row.kind, row.server) and one.ip}
    return row.ip or (beside.pop() if len(beside) == 1 else "")


def side_of(rows: Sequence[ProofRow]) -> Sides:
    said = {of: " / ".join(f"{one.answer} {one.text}".strip() for one in rows if one.of is of) for of in Of}
    first = max(rows, key=lambda one: bool(one.ip))
    at, alike = max(one.at for one in rows), any(one.alike for one in rows)
    return Sides(first.kind, first.server, first.ip, at, said[Of.TARGET], said[Of.LIVE], said[Of.DEAD], alike)


def queue_ids(call: Call) -> tuple[str, ...]:
    """Of the test mails that were taken."""
    rows = prove(call.evidence, account=call.account, carrier=call.carrier)
    taken = [row.text for row in rows if row.kind == "canary" and row.answer.startswith("end_of_data 2")]
    return tuple(dict.fromkeys(found[1] for said in taken if (found := QUEUE_ID.search(said))))


def commands(call: Call, config: Config) -> tuple[str, ...]:
    """How to see it again with everyday tools; whatever a stranger wrote is quoted for the shell."""
    lines = [shlex.join(("dig", "+short", "MX", call.account.address.domain))]
    lines += [line for one in sides_of(call) for line in commands_of(one, call.account, config.prober)]
    return tuple(dict.fromkeys(visible(line) for line in lines))


def commands_of(one: Sides, account: Account, prober: Prober) -> Iterator[str]:
    host, _, port = one.server.rpartition(":")
    at = ("--server", host, "--port", port)
    if one.kind == "rcpt":
        mail = ("--ehlo", prober.name, "--from", prober.mail_from, "--to", account.address.wire.decode())
        yield shlex.join(("swaks", *at, *mail, "--tls-optional", "--quit-after", "RCPT"))
    elif one.kind == "imap":
        yield shlex.join(("openssl", "s_client", "-quiet", "-crlf", "-connect", one.server, "-servername", host))
        yield f'a1 LOGIN "{account.username}" "{PASSWORD}"  /  a2 EXAMINE INBOX  /  a3 LOGOUT'
    elif one.kind == "submission":
        user = ("--auth", "PLAIN", "--auth-user", account.submission_username, "--auth-password", PASSWORD)
        yield shlex.join(("swaks", *at, "--tls-on-connect", *user, "--quit-after", "AUTH"))
