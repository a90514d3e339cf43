"""What a verdict counts for: the time of the facts that decide it, and the controls beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailprobe.status import RANK, Standing, step
from mailprobe.status.readings import DECIDED_BY, OF_THE_SERVERS, controls_good, decided_at, read
from mailprobe.verdict import Code, Status
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import (
    Acceptance,
    Control,
    ControlDelivery,
    LiveAtMx,
    Network,
    Picture,
    Room,
    SignIn,
    Store,
)
from mailprobe.verdict.rules import RULES
from tests.unit.given import carrier
from tests.unit.verdict.pictures import picture

NOW = 1_760_000_000.0
OUT = {
    "sign_in": SignIn.UNAVAILABLE,
    "control_sign_in": Control.UNAVAILABLE,
    "store": Store.UNKNOWN,
    "network": Network.INSIDE,
}


def seen(base: Picture, **times: float) -> Picture:
    """The same picture, some answers seen at other times."""
    return replace(base, **{name: replace(getattr(base, name), at=at) for name, at in times.items()})


def test_every_verdict_that_is_bad_says_which_answers_decide_it() -> None:
    bad = {rule.code for rule in RULES if RANK[rule.status]}
    assert bad == set(DECIDED_BY)


def test_an_outage_is_as_old_as_the_sign_in_that_showed_it() -> None:
    found = seen(picture(**OUT), acceptance=NOW, sign_in=NOW - 600, domain=NOW)
    verdict = judge(found)
    assert verdict.code is Code.IMAP_OUTAGE
    assert decided_at(verdict, found) == NOW - 600
    reading = read(verdict, found, prober_fit=True, now=NOW + 1)
    assert (reading.at, reading.seen, reading.controls_good) == (NOW + 1, NOW - 600, True)


def test_a_login_that_broke_off_is_not_confirmed_by_asking_the_mx_hosts() -> None:
    """Nor is a quarrel among the MX hosts by another sign-in."""
    broken = picture(sign_in=SignIn.CLOSED, store=Store.UNKNOWN, control_sign_in=Control.GOOD)
    quarrel = picture(acceptance=Acceptance.DISAGREE)
    for found, expected in ((broken, NOW - 600), (quarrel, NOW)):
        dated = seen(found, acceptance=NOW, sign_in=NOW - 600)
        verdict = judge(dated)
        assert verdict.code is Code.PARTIAL_BACKEND_FAULT
        assert decided_at(verdict, dated) == expected


def test_a_good_reading_is_as_old_as_the_newest_answer() -> None:
    found = seen(picture(), acceptance=NOW - 5, sign_in=NOW - 600)
    verdict = judge(found)
    assert verdict.status is Status.OK
    assert decided_at(verdict, found) == NOW - 5


def test_what_nothing_measured_decides_is_as_old_as_its_judgement() -> None:
    found = Picture()
    assert read(judge(found), found, prober_fit=True, now=NOW).seen == NOW


def test_a_verdict_of_an_unfit_prober_does_not_count() -> None:
    found = picture(room=Room.FULL)
    assert judge(found).code is Code.MAILBOX_FULL
    assert read(judge(found), found, prober_fit=True, now=NOW).controls_good
    unfit = read(judge(found), found, prober_fit=False, now=NOW)
    assert step(Standing(), unfit, 60.0, carrier().relation, NOW).standing.unconfirmed is None


@pytest.mark.parametrize(
    "failed",
    [{"live_at_mx": LiveAtMx.REFUSED}, {"control_sign_in": Control.UNREACHABLE}, {"control_delivery": ControlDelivery.OVERDUE}],
)
def test_a_control_that_fails_voids_what_is_said_of_the_account_and_proves_what_is_said_of_the_servers(
    failed: dict[str, Any],
) -> None:
    found = picture(failed)
    assert not controls_good(Code.MAILBOX_FULL, found)
    assert all(controls_good(code, found) for code in OF_THE_SERVERS)
    assert controls_good(Code.MAILBOX_FULL, picture())


def test_a_control_that_was_not_asked_does_not_contradict() -> None:
    alone = picture(live_at_mx=LiveAtMx.UNASKED, control_sign_in=Control.ABSENT, acceptance=Acceptance.FULL)
    assert controls_good(Code.MAILBOX_FULL, alone)
