"""A call as a row of the store, and back. What was told is sealed, what was seen has marks instead of names."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailprobe.address import Address
from mailprobe.config import Account, Config, ConfigError, ad_hoc, read_address
from mailprobe.config.names import names_of
from mailprobe.console.calls.call import Call, Said, Then, Watched
from mailprobe.console.calls.sealing import Sealer
from mailprobe.evidence import End, Ending, Evidence
from mailprobe.lookup import Answer, recorded
from mailprobe.question import Question
from mailprobe.store import Store
from mailprobe.store.calls import KeptCall
from mailprobe.store.facts import Damaged, Octets, lines_read, lines_written, octets, read, written
from mailprobe.store.hidden import Hidden
from mailprobe.store.verdicts import row_of, verdict_of
from mailprobe.verdict import Verdict
from mailprobe.verdict.observed import Observations, ObservedError, parse
from mailprobe.verdict.picture import ContractState

VERSION = 1
NOBODY = "***"  # the local part of an address that cannot be opened
VERDICT = ("code", "status", "actor", "confidence", "version", "said")
HEAD = ("account", "probe", "vantage", "slot", "started", "began", "took")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where calls are kept, and what they are sealed with."""

    store: Store
    sealer: Sealer

    def hidden(self, call: Call) -> Hidden:
        return self.store.results.hide(names_of(call.account, call.carrier))

    async def keep(self, call: Call) -> None:
        """StoreError."""
        if call.masked:
            return  # what cannot be opened stays as it is
        await self.store.calls.keep(self.row(call))

    def row(self, call: Call) -> KeptCall:
        hidden, account, last = self.hidden(call), call.account, call.said[-1] if call.said else None
        return KeptCall(
            id=call.id,
            number=call.number,
            owner=call.owner,
            account=account.id if account.enrolled else "",
            subject=self.store.strangers.subject_of(account.address.key),
            carrier=call.carrier.name,
            started=call.started,
            ended=call.ended,
            watched_until=call.wait if call.watch is None else call.watch.until,
            kept=call.kept,
            wrong=call.wrong,
            code="" if last is None else last.verdict.code.value,
            version=VERSION,
            told=self.sealer.seal(octets(told(call)), call.id),
            said=octets([said(one, hidden) for one in call.said]),
            seen=zlib.compress(octets([seen(one, hidden) for one in call.evidence])),
        )

    def call(self, row: KeptCall, config: Config) -> Call | None:
        """None: written by a newer program, or its carrier is no longer configured."""
        carrier = config.carriers.get(row.carrier)
        if carrier is None or row.version > VERSION:
            return None
        opened = self.sealer.open(row.told, row.id)
        given: dict[str, Any] = json.loads(opened) if opened is not None else {}
        account = account_of(row, given, config)
        call = Call(
            id=row.id,
            number=row.number,
            owner=row.owner,
            reason=given.get("reason", ""),
            started=row.started,
            question=question_of(given, account, row.owner, row.started),
            carrier=carrier,
            ended=row.ended if row.ended is not None else row.started,
            kept=row.kept,
            wrong=row.wrong,
            masked=opened is None and not account.enrolled,
        )
        fill(call, given)
        call = self.with_seen(call, row)
        call.learn(formerly(given.get("measured", ()), call))
        return call

    def with_seen(self, call: Call, row: KeptCall) -> Call:
        """What was said and seen. What is damaged is left out: the rest is still worth something."""
        hidden = self.hidden(call)
        try:
            call.said = tuple(one for row in json.loads(row.said) if (one := said_of(row, hidden)) is not None)
            if row.seen:
                call.evidence = tuple(seen_of(one, hidden) for one in json.loads(zlib.decompress(row.seen)))
        except (ValueError, KeyError, TypeError, zlib.error, Damaged):
            return call
        return call


def told(call: Call) -> dict[str, object]:
    """All that may hold a name, or was typed by somebody."""
    question, watch = call.question, call.watch
    return {
        "address": str(call.account.address),
        "reason": call.reason,
        "ticket": question.ticket,
        "observed": list(question.observed),
        "only": list(question.only),
        "bounces": [base64.b64encode(one).decode() for one in question.bounces],
        "heard": list(call.heard),
        "legs": list(call.legs),
        "wait": call.wait,
        "before": [list(one) for one in call.before],
        "repairs": call.repairs,
        "number_to_read": call.number_to_read,
        "then": None if call.then is None else [call.then.at, call.then.last_good, call.then.first_bad],
        "watch": None if watch is None else [watch.until, watch.reason, watch.by, list(watch.failing)],
    }


def question_of(given: Mapping[str, Any], account: Account, owner: str, started: float) -> Question:
    observed = tuple(given.get("observed", ()))
    try:
        words = parse(observed, now=started)
    except ObservedError:
        observed, words = (), Observations()
    return Question(
        account=account,
        told=words,
        observed=observed,
        bounces=tuple(base64.b64decode(one) for one in given.get("bounces", ())),
        only=tuple(given.get("only", ())),
        operator=owner,
        ticket=given.get("ticket", ""),
    )


def fill(call: Call, given: Mapping[str, Any]) -> None:
    watch, then = given.get("watch"), given.get("then")
    call.then = None if then is None else Then(*then)
    call.heard, call.legs = tuple(given.get("heard", ())), tuple(given.get("legs", ()))
    call.wait, call.repairs = given.get("wait"), given.get("repairs", "")
    call.number_to_read = given.get("number_to_read", "")
    call.before = tuple((one, light) for one, light in given.get("before", ()))
    call.watch = None if watch is None else Watched(watch[0], watch[1], watch[2], tuple(watch[3]))


def formerly(words: Sequence[str], call: Call) -> tuple[Evidence, ...]:
    """What the carrier's own systems said, as it was kept before it was evidence: words of `observed`."""
    try:
        said = parse(words, now=math.inf)
    except ObservedError:
        return ()
    contract = None if said.contract is ContractState.UNKNOWN else said.contract.value
    answer = Answer(contract, said.contract_at, said.mail_password_changed_at)
    return (recorded(answer, call.account.id, call.carrier.title, call.started, 0.0),) if words else ()


def account_of(row: KeptCall, given: Mapping[str, Any], config: Config) -> Account:
    """The configured one, else that of the sealed address; where nobody can open it, one without a name."""
    for one in config.accounts:
        if one.id == row.account:
            return one
    try:
        return ad_hoc(config, read_address(given["address"], config.carriers.values()))
    except (KeyError, ConfigError):
        carrier = config.carriers[row.carrier]
        domain = next((one.removeprefix("*.") for one in carrier.domains), "invalid")
        return Account(row.subject[:12], Address(NOBODY, domain), carrier.name, "", "", enrolled=False)


def said(one: Said, hidden: Hidden) -> list[object]:
    row = row_of("", one.verdict, one.at, hidden, live=True)
    return [one.at, one.why, *(text(row[name]) for name in VERDICT)]


def said_of(row: Sequence[Any], hidden: Hidden) -> Said | None:
    at, why, *rest = row
    verdict = verdict_of([*rest[:5], rest[5].encode("utf-8", "surrogatepass")], hidden)
    return Said(at, verdict, why) if isinstance(verdict, Verdict) else None


def text(value: Any) -> Any:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def seen(one: Evidence, hidden: Hidden) -> list[object]:
    facts, lines, ending = written(one.facts), lines_written(one.transcript), one.ending
    whole = [hidden.masked(facts.text), facts.times, hidden.masked(lines.text), lines.times]
    head = [getattr(one, name) for name in HEAD]
    return [head, [ending.kind, ending.reason, ending.not_before], [base64.b64encode(part).decode() for part in whole]]


def seen_of(row: Sequence[Any], hidden: Hidden) -> Evidence:
    head, ending, parts = row
    facts, times, lines, line_times = (base64.b64decode(part) for part in parts)
    return Evidence(
        **dict(zip(HEAD, head, strict=True)),
        facts=read(Octets(hidden.unmasked(facts), times)),
        transcript=lines_read(Octets(hidden.unmasked(lines), line_times)),
        ending=Ending(End(ending[0]), ending[1], ending[2]),
    )
