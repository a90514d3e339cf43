"""Verdicts that were wrong, as a supervisor exports them from the console, judged again by the program's own road.

    # Said: silently_dropped (low). Really: it came a quarter of an hour later
    expected: silently_dropped degraded customer low
    ...                         what people read: dialogues, what was told and measured
    case:
    {...}                       what the program reads

Drop such a file into tests/golden/wrong/. As it comes, `expected:` is what was said: the test holds that the case can be judged
again, wrong as it is. Whoever mends a rule for it writes there what ought to be said, and the test holds that from then on. Where
nothing better can be known from what was seen, the line stays, and a line `# Stays: why` says so.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from mailprobe.address import parse as parse_address
from mailprobe.carriers import OWN_LIMITS, Carrier, LiveControl, Lookup
from mailprobe.config import Account, Config, Engine, Prober
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.case import Case, evidence_of, read
from mailprobe.console.calls.golden import CASE
from mailprobe.console.calls.registry import Calls
from mailprobe.console.rooms import Rooms
from mailprobe.daemon import bounced, failed, ourselves
from mailprobe.evidence import Evidence
from mailprobe.question import Question
from mailprobe.secret import parse_ref
from mailprobe.status.spells import history_of, spells_after
from mailprobe.verdict import Verdict
from mailprobe.verdict.observed import parse
from mailprobe.verdict.picture import History, Picture
from mailprobe.verdict.take import remembering, take_picture
from tests.unit.console.calls.given import Judges

SECRET = parse_ref("env:NOBODYS")  # that there is one counts; it is never read


@dataclass(frozen=True)
class Wrong:
    title: str
    expected: str
    case: Case

    @property
    def as_it_came(self) -> bool:
        given = self.case.given
        return self.expected == f"{given.code.value} {given.status.value} {given.actor.value} {given.confidence.value}"


def read_wrong(text: str) -> Wrong:
    head, _, case = text.partition(f"\n{CASE}\n")
    lines = head.splitlines()
    expected = next(line.removeprefix("expected: ") for line in lines if line.startswith("expected: "))
    return Wrong(lines[0].removeprefix("# "), expected, read(case))


@dataclass(slots=True)
class Judging(Judges):
    """A house that judges what a case holds, bounces and all, and asks nobody."""

    case: Case | None = None

    def picture(self, question: Question, evidence: tuple[Evidence, ...], now: float) -> Picture:
        assert self.case is not None
        account, carrier = question.account, self.config.carriers[question.account.carrier]
        heard = (one for raw in question.bounces for one in bounced(raw, carrier))
        picture = take_picture(
            evidence,
            account=account,
            carrier=carrier,
            told=question.told,
            bounces=(*failed(self.case.returned, carrier), *heard),
            history=History(),
            now=now,
            us=ourselves(self.config, evidence),
            network=self.case.network,
        )
        lasting = spells_after((), picture, lambda probe: math.inf)
        return remembering(picture, history_of(lasting, accepted_before=False), now)


def judged(case: Case) -> Verdict:
    """What is said of it now."""
    carrier, account = carrier_of(case), account_of(case)
    config = Config(Prober(case.prober, case.sender), {carrier.name: carrier}, engine=Engine(network=case.network))
    house = Judging(config, case=case)
    calls = Calls(Rooms(lambda: house, lambda: (), lambda: case.started))
    call = Call(
        id="case",
        number="00000",
        owner="case",
        reason="",
        started=case.started,
        question=Question(account, parse(case.told, now=math.inf), case.told),
        carrier=carrier,
        evidence=tuple(evidence_of(run) for run in case.runs),
        heard=case.heard,
        repairs="case" if case.repairs else "",
        ended=case.started,
    )
    calls.whole[call.id] = call
    verdict = calls.seen(call).verdict
    assert verdict is not None
    return verdict


def account_of(case: Case) -> Account:
    subject = case.subject
    address = parse_address(subject.address)
    return Account(
        id="case",
        address=address,
        carrier=case.provider.name,
        username=address.local,
        submission_username=subject.address,
        submission_secret=SECRET if subject.two_secrets else None,
        contract=subject.contract,
        probes=subject.probes,
        enrolled=subject.enrolled,
    )


def carrier_of(case: Case) -> Carrier:
    subject, provider = case.subject, case.provider
    live = [
        LiveControl(parse_address(one), one, one, SECRET if provider.live_signs_in else None) for one in (subject.live,) if one
    ]
    return Carrier(
        name=provider.name,
        title=provider.name,
        relation=provider.relation,
        domains=provider.domains,
        mx=provider.mx,
        one_secret=provider.one_secret,
        lookup=Lookup(counts_for=provider.lookup_counts_for),
        live_controls=tuple(live),
        dead_control=parse_address(subject.dead) if subject.dead else None,
        limits=dataclasses.replace(OWN_LIMITS, canary_gap=provider.canary_gap),
        replies=provider.replies,
        sign_in_replies=provider.sign_in_replies,
    )
