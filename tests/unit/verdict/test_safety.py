"""The promise: a mailbox that is not down is never called down, whatever is left out, stale, blocked or refused."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mailprobe.replies import Us
from mailprobe.verdict import Code, Confidence, Status, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import History, Picture, Portal
from mailprobe.verdict.take import take_picture
from tests.unit.verdict.world import DOWN, NOW, Truth, World, account_of, carrier_of, evidence_of, told_of, worlds

US = Us(("198.51.100.9", "probe.test", "probe@probe.test"))


def seen(world: World, told: Observations = Observations(), history: History = History()) -> Picture:  # noqa: B008 - frozen
    told = replace(told, canaries=told_of(world).canaries)
    return take_picture(
        evidence_of(world),
        account=account_of(world),
        carrier=carrier_of(world),
        told=told,
        bounces=(),
        history=history,
        now=NOW,
        us=US,
        network=world.network,
    )


def verdict_of(world: World, told: Observations = Observations(), history: History = History()) -> Verdict:  # noqa: B008 - frozen
    return judge(seen(world, told, history))


@given(worlds(frozenset(Truth) - DOWN), st.booleans(), st.booleans())
def test_what_is_not_down_is_never_called_down(world: World, accepted_before: bool, webmail_ok: bool) -> None:
    known = accepted_before and world.truth is not Truth.MISSPELT
    verdict = verdict_of(world, Observations(webmail_ok=webmail_ok), History(accepted_before=known))
    assert verdict.status is not Status.DOWN


@given(worlds(frozenset({Truth.GREYLISTED, Truth.RATE, Truth.FULL})))
def test_nor_after_days_of_putting_off(world: World) -> None:
    assert verdict_of(world, history=History(deferred_since=NOW - 200_000)).status is not Status.DOWN


@given(worlds())
def test_only_what_works_is_called_ok(world: World) -> None:
    verdict = verdict_of(world)
    if verdict.status is Status.OK:
        ill_but_silent = {Truth.HALF_DIRECTORY, Truth.GREYLISTED}  # where a host that shows it was not heard
        works = {Truth.HEALTHY, Truth.SLOW} | ill_but_silent
        if "canary" not in world.legs:
            works |= ONLY_A_MAIL_SHOWS
        elif not world.bounce_comes:
            works |= {Truth.VACATION}  # it arrived; the automatic reply is still to come
        assert world.truth in works or world.accepts_all


ONLY_A_MAIL_SHOWS = {
    Truth.JUNK_RULE,
    Truth.SILENT_FILTER,
    Truth.DATA_FILTER,
    Truth.VACATION,
    Truth.FORWARDS,
    Truth.BEHIND,
    Truth.DELIVERY_DOWN,
}


@given(worlds(frozenset({Truth.HEALTHY, Truth.SLOW})))
def test_what_works_is_never_called_degraded_for_what_we_send(world: World) -> None:
    """With everybody else's mail, and through every door, his arrives: only ours is at fault."""
    calm = replace(
        world, content=world.content or "spam", imap="open", live_signs_in="yes", accepts_all=(), silent=(), tells=False
    )
    verdict = verdict_of(replace(calm, submission="none"))
    assert verdict.status in (Status.OK, Status.UNKNOWN)


@given(worlds())
def test_high_stands_on_controls(world: World) -> None:
    verdict = verdict_of(world)
    sign_in_alone = {Code.IMAP_OUTAGE, Code.STORE_LOST, Code.SUSPENDED, Code.SECRET_EXPIRED, Code.SUBMISSION_REFUSED}
    if verdict.confidence is Confidence.HIGH and verdict.code not in sign_in_alone | {
        Code.PROBER_BLOCKED,
        Code.DIRECTORY_UNREACHABLE,
        *AFTER_ACCEPTANCE,
    }:
        assert "mx" in world.legs
        assert len(world.no_live) < world.hosts
        assert not world.live_stale


AFTER_ACCEPTANCE = {Code.DELIVERED_TO_JUNK, Code.SILENTLY_DROPPED, Code.UNKNOWN_BEHIND_GATEWAY, Code.RECIPIENT_FILTER}


@given(worlds())
def test_high_after_acceptance_stands_on_a_mail_that_arrived_at_the_control(world: World) -> None:
    verdict = verdict_of(world)
    if verdict.confidence is Confidence.HIGH and verdict.code in AFTER_ACCEPTANCE:
        assert world.mails_live
        assert world.watched
        assert world.slow != "l"
        assert not world.content


EXPECTED = {
    Truth.HEALTHY: Code.HEALTHY,
    Truth.WRONG_PASSWORD: Code.PASSWORD_OR_LOCK,
    Truth.LOCKED: Code.PASSWORD_OR_LOCK,
    Truth.EXPIRED: Code.SECRET_EXPIRED,
    Truth.MISSPELT: Code.NO_SUCH_ADDRESS,
    Truth.FULL: Code.MAILBOX_FULL,
    Truth.FILTERED: Code.RECIPIENT_FILTER,
    Truth.GREYLISTED: Code.WAITING,
    Truth.PUT_OFF: Code.WAITING,
    Truth.RATE: Code.WAITING,
    Truth.MOVED: Code.ADDRESS_CHANGED,
    Truth.HALF_DIRECTORY: Code.PARTIAL_BACKEND_FAULT,
    Truth.GONE: Code.DIRECTORY_OUT_OF_SYNC,
    Truth.CLOSED: Code.DIRECTORY_OUT_OF_SYNC,  # nobody said that the contract has ended
    Truth.SUSPENDED: Code.SUSPENDED,
    Truth.MX_FORGOT: Code.MISSING_FROM_MX,
    Truth.STORE_GONE: Code.STORE_LOST,
    Truth.IMAP_FORGOT: Code.IMAP_AUTH_OUT_OF_SYNC,
    Truth.DIRECTORY_DOWN: Code.DIRECTORY_UNREACHABLE,
    Truth.IMAP_DOWN: Code.IMAP_OUTAGE,
    Truth.JUNK_RULE: Code.DELIVERED_TO_JUNK,
    Truth.SILENT_FILTER: Code.SILENTLY_DROPPED,
    Truth.DATA_FILTER: Code.RECIPIENT_FILTER,
    Truth.VACATION: Code.FORWARDED_OR_AUTO_REPLIED,
    Truth.FORWARDS: Code.FORWARDED_OR_AUTO_REPLIED,
    Truth.SLOW: Code.SILENTLY_DROPPED,  # as far as two minutes show; low, and it says that it may be late
    Truth.BEHIND: Code.UNKNOWN_BEHIND_GATEWAY,
    Truth.DELIVERY_DOWN: Code.DELIVERY_OUTAGE,
}


def test_undisturbed_every_truth_is_found() -> None:
    """Else the promise would be cheap: saying nothing is always safe."""
    for truth, code in EXPECTED.items():
        world = World(truth, hosts=2)
        assert verdict_of(world).code is code, truth
    assert set(EXPECTED) == set(Truth)


def test_a_late_arrival_or_bounce_revises() -> None:
    """The same judge on the new facts, whatever was said before."""
    slow = World(Truth.SLOW)
    assert [verdict_of(replace(slow, age=age)).code for age in (5.0, 130.0)] == [Code.WAITING, Code.SILENTLY_DROPPED]
    assert verdict_of(replace(slow, truth=Truth.HEALTHY)).code is Code.HEALTHY
    behind = World(Truth.BEHIND, bounce_comes=False)
    assert [verdict_of(replace(behind, age=age)).code for age in (5.0, 130.0)] == [Code.WAITING, Code.SILENTLY_DROPPED]
    assert verdict_of(replace(behind, bounce_comes=True)).code is Code.UNKNOWN_BEHIND_GATEWAY


def test_gone_for_certain() -> None:
    """The case that all this was built for: the same words as for nobody, L accepted, IMAP refused, contract active."""
    for unknown in (("", "Invalid recipient: <{}>"), ("", "{} is not taken here")):
        world = World(Truth.GONE, unknown=unknown)
        sure = judge(seen(world, Observations(portal=Portal.OK)))
        assert sure.confidence is Confidence.HIGH
        assert sure.code is Code.DIRECTORY_OUT_OF_SYNC
