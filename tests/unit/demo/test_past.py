"""The demo's month: one story per mailbox, the same at every start, that ends in what is true of it today."""

from __future__ import annotations

import itertools

import pytest

from mailprobe.address import parse
from mailprobe.config import Account
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.house import Case
from mailprobe.demo.mailboxes import SCENARIOS, Scenario
from mailprobe.demo.past import EPISODES, MONTH, changes_of, mails_of, returns_of, standing_after
from mailprobe.verdict import Status

NOW = 1_800_000_000.0
MEANT = [one for one in (*SCENARIOS, *DELIVERIES) if one.enrolled]


def account_of(one: Scenario) -> Account:
    address = parse(f"{one.local}@{one.carrier}.example")
    return Account(one.local, address, one.carrier, one.local, one.local, probes=one.probes)


CASES = [Case(one, account_of(one), ()) for one in MEANT]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario.local)
def test_each_change_follows_the_one_before_and_the_last_is_today(case: Case) -> None:
    changes = tuple(changes_of(case, NOW))
    assert changes[0].old is Status.UNKNOWN
    assert all(one.old is before.new and one.old_code is before.code for before, one in itertools.pairwise(changes))
    times = [one.at for one in changes]
    assert times == sorted(times)
    assert NOW - MONTH <= times[0] <= times[-1] < NOW
    standing = standing_after(changes, NOW)
    assert (standing.status, standing.code) == (case.scenario.status, case.scenario.code)


def test_every_start_tells_the_same_story() -> None:
    """In every process: these are the seconds before now of one mailbox's story."""
    case = next(case for case in CASES if case.scenario.local == "lost-entry")
    told = [(change.new.value, round(NOW - change.at)) for change in changes_of(case, NOW)]
    outage, spike = [("down", 1_479_220), ("ok", 1_476_340)], [("down", 449_620), ("ok", 440_260)]
    assert told == [("ok", 2_592_000), *outage, *spike, ("down", 117_966)]


def test_the_spike_is_of_several_mailboxes_within_its_hours() -> None:
    spike = next(one for one in EPISODES if one.bounced)
    times = [back.returned_at for case in CASES for _, back in returns_of(case, NOW)]
    assert len(times) >= 5
    assert all(NOW - spike.ago <= at <= NOW - spike.ago + spike.lasted for at in times)


def test_test_mails_arrive_while_the_mailbox_is_well() -> None:
    sent = {case.scenario.local: list(mails_of(case, "00", lambda subject, at: "b-x@bounce.example", NOW)) for case in CASES}
    assert len(sent["delivered"]) > 150
    ill = next(case for case in CASES if case.scenario.status is Status.DOWN and "canary" in case.account.probes)
    began = tuple(changes_of(ill, NOW))[-1].at
    assert all(mail.planned_at < began for mail in sent[ill.scenario.local])
