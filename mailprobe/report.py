"""One check as it is shown: the result with its proof, and its JSON form (version 1, relied on by other programs)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from mailprobe.evidence import End, Evidence, Fact, Line
from mailprobe.verdict import Verdict
from mailprobe.verdict.picture import Picture
from mailprobe.verdict.proof import ProofRow
from mailprobe.verdict.wording import Spoken

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finished check. started: Unix seconds; took: seconds; address as the agent gave it."""

    account: str
    address: str
    started: float
    took: float
    evidence: tuple[Evidence, ...]
    picture: Picture
    verdict: Verdict
    observed: tuple[str, ...]
    proof: tuple[ProofRow, ...]


def check_json(check: Check, spoken: Spoken) -> dict[str, Json]:
    """The object of `mailprobe check --json`."""
    return {
        "v": 1,
        "started": utc(check.started),
        "account": check.account,
        "address": check.address,
        "verdict": verdict_json(check.verdict, spoken),
        "observed": list(check.observed),
        "controls": [row_json(row) for row in check.proof if row.of.value != "target"],
        "proof": [row_json(row) for row in check.proof],
        "probes": [evidence_json(one) for one in check.evidence],
        "took_ms": milliseconds(check.took),
    }


def verdict_json(verdict: Verdict, spoken: Spoken) -> dict[str, Json]:
    return {
        "code": verdict.code.value,
        "status": verdict.status.value,
        "actor": verdict.actor.value,
        "confidence": verdict.confidence.value,
        "handset_steps": verdict.handset_steps.value,
        "handset_reset_allowed": verdict.handset_reset_allowed,
        "known": spoken.known,
        "say": {"tag": spoken.tag, "args": args_json(verdict.args), "text": spoken.say},
        "do_not_say": list(spoken.do_not_say),
        "next": {"text": spoken.next, "who": spoken.who, "handset": spoken.why_no_handset},
        "notes": [{"code": note.code.value, "args": args_json(note.args)} for note in verdict.notes],
        "missing": list(verdict.missing),
        "conflicts": list(verdict.conflicts),
    }


def evidence_json(evidence: Evidence) -> dict[str, Json]:
    ending = evidence.ending
    held: Json = None
    if ending.kind is End.HELD:
        held = {"reason": ending.reason, "not_before": utc_or_none(ending.not_before)}
    return {
        "probe": evidence.probe,
        "vantage": evidence.vantage,
        "ending": ending.kind.value,
        "reason": ending.reason,
        "held": held,
        "took_ms": milliseconds(evidence.took),
        "facts": [fact_json(fact, evidence.began) for fact in evidence.facts],
        "transcript": [line_json(line, evidence.began) for line in evidence.transcript],
    }


def fact_json(fact: Fact, began: float) -> dict[str, Json]:
    """`at_ms` since the probe began; the rest are the fact's own fields, times in milliseconds or UTC."""
    out: dict[str, Json] = {"at_ms": milliseconds(fact.at - began), "fact": snake(type(fact).__name__)}
    for field in dataclasses.fields(fact):
        if field.name == "at":
            continue
        value = getattr(fact, field.name)
        if field.name in DURATIONS:
            out[f"{field.name}_ms"] = None if value is None else milliseconds(value)
        elif field.name in INSTANTS:
            out[field.name] = utc_or_none(value)
        else:
            out[field.name] = plain(value)
    return out


DURATIONS = frozenset({"took", "age"})
INSTANTS = frozenset(
    {
        *("not_after", "not_before", "cached_at", "last_at", "sent_at", "found_at", "returned_at"),
        *("contract_at", "password_changed_at", "last_write"),
    }
)


def line_json(line: Line, began: float) -> dict[str, Json]:
    return {"at_ms": milliseconds(line.at - began), "server": line.server, "who": line.who, "text": line.text}


def row_json(row: ProofRow) -> dict[str, Json]:
    return {field.name: plain(getattr(row, field.name)) for field in dataclasses.fields(row)}


def args_json(args: tuple[tuple[str, str], ...]) -> dict[str, Json]:
    return dict(args)


def plain(value: object) -> Json:
    """Enums by value, tuples as lists; everything else in our facts is plain already."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)


def utc(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_or_none(unix: float | None) -> str | None:
    """None: it has not been, or nobody knows."""
    return None if unix is None else utc(unix)
