"""All that a verdict was made of, without a name: what was seen, told and measured, and as much of the configuration as was read.

`case_of` makes it of a call; as JSON it is read again, and judged again, by tests/golden/wrong.py.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from mailprobe.carriers import LOOKUP_COUNTS_FOR, Endpoint, Relation, ReplyRule
from mailprobe.config import Config, Contract
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import DEAD, LIVE, TARGET
from mailprobe.console.calls.stand_ins import SENDER, StandIns, stand_ins
from mailprobe.evidence import Ending, Evidence, Fact, Recorded
from mailprobe.store.facts import SHAPES
from mailprobe.verdict import Actor, Args, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.wire.dsn import Failure
from mailprobe.wire.returned import read_returned

VERSION = 1
WIDE = 120  # characters of a line
NAMES = {kind: name for name, (kind, _) in SHAPES.items()}
Named = dict[str, Any]  # one fact: 'fact' and those of its fields that are not as by default


@dataclass(frozen=True, slots=True)
class Subject:
    """The mailbox, and how it is configured. dead: '' where the carrier has none."""

    address: str
    live: str
    dead: str
    enrolled: bool
    probes: tuple[str, ...]
    contract: Contract
    two_secrets: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """What verdicts read of a carrier. live_signs_in: its control has a secret."""

    name: str
    relation: Relation
    domains: tuple[str, ...]
    mx: tuple[Endpoint, ...]
    one_secret: bool
    live_signs_in: bool
    canary_gap: float
    replies: tuple[ReplyRule, ...]
    sign_in_replies: tuple[ReplyRule, ...]
    lookup_counts_for: float = LOOKUP_COUNTS_FOR


@dataclass(frozen=True, slots=True)
class Run:
    probe: str
    vantage: str
    started: float
    began: float
    took: float
    ending: Ending
    facts: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The verdict as it was shown."""

    code: Code
    status: Status
    actor: Actor
    confidence: Confidence
    handset_steps: HandsetSteps
    args: Args
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """started: Unix seconds. prober: our name, sender: our address. told: words of `observed`; returned: what came back to those
    who wrote to the mailbox; heard: fragments of such a mail; repairs: somebody had said that it was repaired."""

    v: int
    started: float
    subject: Subject
    provider: Provider
    prober: str
    sender: str
    network: str
    told: tuple[str, ...]
    returned: tuple[Failure, ...]
    heard: tuple[str, ...]
    repairs: bool
    runs: tuple[Run, ...]
    given: Given


def case_of(call: Call, config: Config) -> Case | None:
    """None where nothing was said yet, or what was told cannot be opened any more."""
    if not call.said or call.masked:
        return None
    names = stand_ins(call, config.prober.mail_from)
    failures = (one for raw in call.question.bounces for one in read_returned(raw).failures)
    return Case(
        v=VERSION,
        started=call.started,
        subject=subject_of(call, names),
        provider=provider_of(call),
        prober=config.prober.name,
        sender=names.address(SENDER),
        network=config.engine.network,
        told=tuple(told(one, names) for one in call.question.observed),
        returned=tuple(renamed(one, names) for one in failures),
        heard=tuple(names.text(one) for one in call.heard),
        repairs=bool(call.repairs),
        runs=tuple(run_of(one, names) for one in call.evidence),
        given=given_of(call.said[-1].verdict),
    )


def told(word: str, names: StandIns) -> str:
    """Only one word of what is told holds an address; `contract=closed@2026-03-31` is none."""
    key, mark, value = word.partition("=")
    return f"{key}={names.text(value)}" if mark and key == "old_address" else word


def subject_of(call: Call, names: StandIns) -> Subject:
    account, carrier = call.account, call.carrier
    return Subject(
        address=names.address(TARGET),
        live=names.address(LIVE) if carrier.live_controls else "",
        dead=names.address(DEAD) if carrier.dead_control is not None else "",
        enrolled=account.enrolled,
        probes=account.probes,
        contract=account.contract,
        two_secrets=account.submission_secret is not None,
    )


def provider_of(call: Call) -> Provider:
    carrier = call.carrier
    return Provider(
        name=carrier.name,
        relation=carrier.relation,
        domains=carrier.domains,
        mx=carrier.mx,
        one_secret=carrier.one_secret,
        live_signs_in=any(one.secret is not None for one in carrier.live_controls),
        canary_gap=carrier.limits.canary_gap,
        replies=carrier.replies,
        sign_in_replies=carrier.sign_in_replies,
        lookup_counts_for=LOOKUP_COUNTS_FOR if carrier.lookup is None else carrier.lookup.counts_for,
    )


def given_of(verdict: Verdict) -> Given:
    notes = tuple(note.code.value for note in verdict.notes)
    said = (verdict.code, verdict.status, verdict.actor, verdict.confidence, verdict.handset_steps)
    return Given(*said, verdict.args, notes, verdict.missing, verdict.conflicts)


def run_of(one: Evidence, names: StandIns) -> Run:
    facts = tuple(named(without_store(fact), names) for fact in one.facts)
    return Run(one.probe, one.vantage, one.started, one.began, one.took, one.ending, facts)


def without_store(fact: Fact) -> Fact:
    """Whose store it is can be found by its id; that it is another one is all that counts."""
    if not isinstance(fact, Recorded):
        return fact
    same = fact.mx_store_uid == fact.store_uid
    mine = "store-1" if fact.store_uid else ""
    other = ("store-1" if same else "store-2") if fact.mx_store_uid else ""
    return dataclasses.replace(fact, store_uid=mine, mx_store_uid=other)


def named(fact: Fact, names: StandIns) -> Named:
    found: Named = {"fact": NAMES[type(fact)]}
    for one in dataclasses.fields(fact):
        value = getattr(fact, one.name)
        if value != one.default:
            found[one.name] = renamed(value, names)
    return found


def renamed(value: Any, names: StandIns) -> Any:
    """The same with other names in it, whatever it is made of."""
    if type(value) is str:
        return names.text(value)
    if isinstance(value, tuple):
        return tuple(renamed(one, names) for one in value)
    if isinstance(value, Failure):
        fields = (one.name for one in dataclasses.fields(value))
        return dataclasses.replace(value, **{name: renamed(getattr(value, name), names) for name in fields})
    return value


# ---- as text and back ------------------------------------------------------------------------------------------------


def written(case: Case) -> str:
    """JSON in ASCII, whatever a server said; one fact a line."""
    return laid_out(msgspec.to_builtins(case), "")


def laid_out(value: Any, indent: str) -> str:
    """In one line what fits in it, and every fact."""
    line = json.dumps(value)
    if len(line) <= WIDE - len(indent) or not isinstance(value, dict | list | tuple) or "fact" in value:
        return line
    inner = indent + " "
    if not isinstance(value, dict):
        items = [inner + laid_out(one, inner) for one in value]
        return "\n".join(("[", ",\n".join(items), indent + "]"))
    items = [f"{inner}{json.dumps(key)}: {laid_out(one, inner)}" for key, one in value.items()]
    return "\n".join(("{", ",\n".join(items), indent + "}"))


def read(text: str) -> Case:
    """Raises ValueError (also msgspec.ValidationError)."""
    return msgspec.convert(json.loads(text), Case)


def fact_of(found: Named) -> Fact:
    kind, _ = SHAPES[found["fact"]]
    fact: Fact = msgspec.convert({name: value for name, value in found.items() if name != "fact"}, kind)
    return fact


def evidence_of(run: Run) -> Evidence:
    facts = tuple(fact_of(one) for one in run.facts)
    return Evidence("case", run.probe, run.vantage, None, run.started, run.began, run.took, facts, (), run.ending)
