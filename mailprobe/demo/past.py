"""The month before the demo began, as its store would remember it: quiet days, one outage, one spike of bounces, test mails that
came and went, and how long each ill mailbox has been ill. Drawn by each account's name, so that every start tells the same story.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mailprobe.canary import Record
from mailprobe.config import Account
from mailprobe.demo.house import Case, Demo
from mailprobe.evidence import CanaryState, Folder, Of, Returned, ReturnKind, Stage
from mailprobe.incident import Incident, State, Text, Why
from mailprobe.status import Change, Standing
from mailprobe.store import Store
from mailprobe.store.bounces import MAILBOX
from mailprobe.verdict import Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.explain import STEPS, WHOSE

HOUR, DAY = 3600.0, 86_400.0
MONTH = 30 * DAY
MAILS_EVERY = 4 * HOUR
AWHILE = 120.0  # seconds between the last look at one state and the first at the next
LATELY = 90.0  # seconds since the newest reading, so that what is shown is no older than on any other day


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that befell a carrier. ago: seconds before now that it began; share: of its mailboxes."""

    carrier: str
    code: Code
    ago: float
    lasted: float
    share: float
    bounced: bool = False


OUTAGE = Episode("mobile", Code.IMAP_OUTAGE, 17 * DAY + 3 * HOUR, 0.8 * HOUR, 1.0)
SPIKE = Episode("mobile", Code.UNKNOWN_TO_MX, 5 * DAY + 5 * HOUR, 2.6 * HOUR, 0.6, bounced=True)
EPISODES = (OUTAGE, SPIKE)
TOLD = Text(
    ja="ただいま、メールボックスを開けない状態が続いております。端末の初期化はなさらず、復旧までお待ちください。",
    en="At present mailboxes cannot be opened. Please do not reset your device, and wait until the service is back.",
)


async def remember(demo: Demo, store: Store, signs: Callable[[str, float], str], now: float) -> None:
    """Fill an empty store. signs: a mailbox's subject, a time -> the signed sender of its test mails. now: Unix seconds."""
    cases = [case for case in demo.cases if case.scenario.enrolled]
    await asyncio.gather(*(remember_one(store, case, signs, now) for case in cases))
    past = incident_of(OUTAGE, now)
    await store.incidents.change(past.carrier, past.changed_at, lambda standing, closed_at, met: past)


async def remember_one(store: Store, case: Case, signs: Callable[[str, float], str], now: float) -> None:
    account = case.account
    changes = tuple(changes_of(case, now))
    standing = standing_after(changes, now)
    hidden = store.results.hide((account.address.key,))
    ends = (*(one.at - AWHILE for one in changes[1:]), now - LATELY)
    for change, end in zip(changes, ends, strict=True):
        await store.standings.keep(account.id, standing, change)
        for at in (change.at, end):
            await store.verdicts.keep(account.id, said_of(change), at, hidden)
    subject = store.canaries.subject_of(account.address.key)
    mails = mails_of(case, subject, signs, now)
    await asyncio.gather(*(store.canaries.plan(mail, nothing_against, since=mail.planned_at) for mail in mails))
    for day, returned in returns_of(case, now):
        await store.bounces.record(subject[:MAILBOX], day, returned, essence=SPIKE.code)


def said_of(change: Change) -> Verdict:
    steps = STEPS.get(change.code, HandsetSteps.NONE)
    return Verdict(change.code, change.new, WHOSE[change.code], Confidence.MEDIUM, steps, 0)


def incident_of(one: Episode, now: float) -> Incident:
    """What became of the outage: confirmed by a supervisor, and over."""
    began = now - one.ago
    ended = began + one.lasted
    return Incident(one.carrier, State.RESOLVED, Why.BY_HAND, began, ended, "suzuki", ended, addresses=4, text=TOLD)


def nothing_against(past: tuple[Record, ...]) -> None: ...


def drawn(account: Account, what: str) -> random.Random:
    """The same numbers for the same account at every start."""
    return random.Random(f"{account.id} {what}")  # noqa: S311  # a story, not a secret


def befell(case: Case) -> tuple[Episode, ...]:
    """What this mailbox went through, in order of time. Who is ill by now was well then."""
    mine = [one for one in EPISODES if one.carrier == case.scenario.carrier]
    return tuple(one for one in mine if drawn(case.account, one.code).random() < one.share)


def changes_of(case: Case, now: float) -> Iterator[Change]:
    """From the first look, a month ago, to today's illness."""
    status, code, since = Status.UNKNOWN, None, now - MONTH

    def to(new: Status, why: Code, at: float) -> Change:
        nonlocal status, code, since
        made = Change(status, new, why, at, at, code)
        status, code, since = new, why, at
        return made

    yield to(Status.OK, Code.HEALTHY, since)
    for one in befell(case):
        began = now - one.ago + drawn(case.account, "late").uniform(0, 0.2 * HOUR)
        yield to(Status.DOWN, one.code, began)
        yield to(Status.OK, Code.HEALTHY, began + one.lasted)
    meant = case.scenario
    if (meant.status, meant.code) != (status, code):
        yield to(meant.status, meant.code, now - drawn(case.account, "ill").uniform(2 * HOUR, 4 * DAY))


def standing_after(changes: tuple[Change, ...], now: float) -> Standing:
    last = changes[-1]
    known = None if last.new is Status.UNKNOWN else last.new
    return Standing(last.new, last.since, last.code, now - LATELY, known, now - LATELY if known else None)


def mails_of(case: Case, subject: str, signs: Callable[[str, float], str], now: float) -> Iterator[Record]:
    """Test mails that arrived and were taken out again, while the mailbox was well."""
    if "canary" not in case.account.probes or case.scenario.sent_ago:
        return
    chance = drawn(case.account, "mails")
    usual = chance.uniform(1.5, 6.0)
    until = now - 4 * DAY if case.scenario.status is not Status.OK else now - HOUR
    at = now - MONTH + chance.uniform(0, MAILS_EVERY)
    while at < until:
        took = usual * chance.lognormvariate(0, 0.4)
        yield arrived(case, subject, signs(subject, at), at, took)
        at += MAILS_EVERY


def arrived(case: Case, subject: str, sender: str, at: float, took: float) -> Record:
    return Record(
        id=secrets.token_hex(8),
        subject=subject,
        of=Of.TARGET,
        account=case.account.id,
        vantage="demo",
        sender=sender,
        number=f"{secrets.randbelow(10_000):04}",
        consent="enrolled",
        planned_at=at,
        state=CanaryState.REMOVED,
        changed_at=at + took,
        watched=True,
        sent_at=at,
        reply="2.0.0 OK: queued",
        folder=Folder.INBOX,
        found_at=at + took,
        took=took,
    )


def returns_of(case: Case, now: float) -> Iterator[tuple[int, Returned]]:
    """What came back in the spike: the day of the signed sender, and the words."""
    for one in befell(case):
        if one.bounced:
            at = now - one.ago + drawn(case.account, "bounce").uniform(0.1, 0.9) * one.lasted
            yield int(at // DAY), replace(BOUNCE, returned_at=at, recipient=str(case.account.address))


BOUNCE = Returned(
    at=0.0,
    canary="",
    kind=ReturnKind.FAILED,
    returned_at=0.0,
    stage=Stage.RCPT,
    code=550,
    enhanced="5.1.1",
    text="Invalid recipient",
    recipient="",
    remote="mx1.mobile.example",
)
