"""Nothing said is taken back, in whatever order the legs come in."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.verdict import Code, Confidence, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.picture import (
    Acceptance,
    Breadth,
    Control,
    DeadAtMx,
    Domain,
    History,
    Known,
    LiveAtMx,
    Picture,
    Prober,
    SignIn,
    Store,
)
from mailprobe.verdict.settled import Leg, settled
from mailprobe.verdict.take import take_picture
from tests.unit.verdict.test_safety import US, seen
from tests.unit.verdict.world import NOW, World, account_of, carrier_of, evidence, evidence_of, told_of, worlds

ORDER = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


def headline(verdict: Verdict) -> tuple[object, ...]:
    return verdict.code, verdict.status, verdict.actor, verdict.handset_steps, verdict.row


def partial(world: World, done: list[str], started: str, facts: int) -> Picture:
    """The legs in `done` are over; of `started` the first facts have come."""
    found = [one for one in evidence_of(world) if one.probe in done]
    found += [evidence(started, list(one.facts[:facts])) for one in evidence_of(world) if one.probe == started]
    return take_picture(
        found,
        account=account_of(world),
        carrier=carrier_of(world),
        told=told_of(world),
        bounces=(),
        history=History(),
        now=NOW,
        us=US,
        network=world.network,
    )


@given(worlds(), st.permutations(["mx", "imap", "submission", "canary"]))
def test_nothing_said_is_taken_back(world: World, order: list[str]) -> None:
    said: list[Verdict] = []
    for done in range(len(order)):
        pending = frozenset(Leg(name) for name in order[done:])
        for facts in (0, 1, 3, 7):
            verdict = settled(partial(world, order[:done], order[done], facts), pending)
            if verdict is not None:
                said.append(verdict)
    final = judge(seen(world))
    for verdict in said:
        assert headline(verdict) == headline(final)
        assert ORDER.index(verdict.confidence) >= ORDER.index(final.confidence)


@given(worlds())
def test_with_nothing_pending_it_is_the_verdict(world: World) -> None:
    picture = seen(world)
    verdict, final = settled(picture, frozenset()), judge(picture)
    assert verdict is not None
    assert headline(verdict) == headline(final)
    assert verdict.confidence is final.confidence


def gone(**more: Known[SignIn]) -> Picture:
    return Picture(
        domain=Known(Domain.CONFIGURED),
        prober=Known(Prober.FINE),
        acceptance=Known(Acceptance.AS_NEVER_EXISTED),
        breadth=Known(Breadth.ALL),
        live_at_mx=Known(LiveAtMx.ACCEPTED),
        dead_at_mx=Known(DeadAtMx.REFUSED),
        sign_in=Known(SignIn.REFUSED),
        control_sign_in=Known(Control.GOOD),
    )


@pytest.mark.parametrize(
    "pending", [frozenset({Leg.MX}), frozenset({Leg.IMAP}), frozenset(Leg), frozenset({Leg.IMAP, Leg.SUBMISSION})]
)
def test_it_checks_as_long_as_something_may_overturn(pending: frozenset[Leg]) -> None:
    assert settled(gone(), pending) is None


def test_submission_may_still_show_that_the_directory_knows_him() -> None:
    assert settled(gone(), frozenset({Leg.SUBMISSION})) is None


def test_dns_can_only_change_how_sure_we_are() -> None:
    verdict = settled(gone(), frozenset({Leg.DNS}))
    assert verdict is not None
    assert verdict.code is Code.DIRECTORY_OUT_OF_SYNC
    assert verdict.confidence is Confidence.LOW


def test_we_are_blocked_is_said_at_once() -> None:
    blocked = Picture(prober=Known(Prober.BLOCKED), acceptance=Known(Acceptance.REFUSED_OTHERWISE))
    verdict = settled(blocked, frozenset({Leg.IMAP, Leg.SUBMISSION}))
    assert verdict is not None
    assert verdict.code is Code.PROBER_BLOCKED


def test_a_test_mail_under_way_holds_back_only_what_it_may_overturn() -> None:
    """The doors and the sign-in are settled without it; good health is not."""
    refused = settled(gone(), frozenset({Leg.CANARY}))
    assert refused is not None
    assert refused.code is Code.DIRECTORY_OUT_OF_SYNC
    accepted = replace(gone(), acceptance=Known(Acceptance.ACCEPTED))
    password = settled(accepted, frozenset({Leg.CANARY}))
    assert password is not None
    assert password.code is Code.PASSWORD_OR_LOCK
    green = replace(accepted, sign_in=Known(SignIn.OPENED), store=Known(Store.OPENED), submission=Known(SignIn.OPENED))
    assert settled(green, frozenset({Leg.CANARY})) is None
    assert settled(green, frozenset()) is not None


def test_it_is_quick() -> None:
    """The slowest are those that are settled: every branch has to be walked."""
    green = Picture(
        domain=Known(Domain.CONFIGURED),
        prober=Known(Prober.FINE),
        acceptance=Known(Acceptance.ACCEPTED),
        live_at_mx=Known(LiveAtMx.ACCEPTED),
        sign_in=Known(SignIn.OPENED),
        store=Known(Store.OPENED),
    )
    began = time.process_time()
    for picture in (gone(), green, Picture()):
        for pending in (
            frozenset(Leg),
            frozenset({Leg.IMAP}),
            frozenset({Leg.SUBMISSION}),
            frozenset({Leg.DNS}),
            frozenset({Leg.MX}),
            frozenset({Leg.CANARY}),
            frozenset({Leg.CANARY, Leg.SUBMISSION}),
        ):
            settled(picture, pending)
    assert time.process_time() - began < 21 * 0.02
