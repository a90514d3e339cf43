"""The promise: a mailbox that is not down is never called down, whatever is left out, stale, blocked or refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailprobe.replies import Us
from mailprobe.verdict import Code, Confidence, Status, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import History, Picture, Portal
from mailprobe.verdict.take import take_picture
from tests.unit.verdict.world import DOWN, NOW, Truth, World, account_of, carrier_of, evidence_of, worlds

US = Us(("198.51.100.9", "probe.test", "probe@probe.test"))


def seen(world: World, told: Observations = Observations(), history: History = History()) -> Picture:  # noqa: B008 - frozen
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
        assert world.truth in {Truth.HEALTHY} | ill_but_silent or world.accepts_all


@given(worlds())
def test_high_stands_on_controls(world: World) -> None:
    verdict = verdict_of(world)
    sign_in_alone = {Code.IMAP_OUTAGE, Code.STORE_LOST, Code.SUSPENDED, Code.SECRET_EXPIRED, Code.SUBMISSION_REFUSED}
    if verdict.confidence is Confidence.HIGH and verdict.code not in sign_in_alone | {
        Code.PROBER_BLOCKED,
        Code.DIRECTORY_UNREACHABLE,
    }:
        assert "mx" in world.legs
        assert len(world.no_live) < world.hosts
        assert not world.live_stale


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
}


def test_undisturbed_every_truth_is_found() -> None:
    """Else the promise would be cheap: saying nothing is always safe."""
    for truth, code in EXPECTED.items():
        world = World(truth, hosts=2)
        assert verdict_of(world).code is code, truth
    assert set(EXPECTED) == set(Truth)


def test_gone_for_certain() -> None:
    """The case that all this was built for: the same words as for nobody, L accepted, IMAP refused, contract active."""
    for unknown in (("", "Invalid recipient: <{}>"), ("", "{} is not taken here")):
        world = World(Truth.GONE, unknown=unknown)
        sure = judge(seen(world, Observations(portal=Portal.OK)))
        assert sure.confidence is Confidence.HIGH
        assert sure.code is Code.DIRECTORY_OUT_OF_SYNC
