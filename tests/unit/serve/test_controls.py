"""The controls of a carrier, as accounts of different ages tell of them."""

from __future__ import annotations

from mailprobe.carriers import Channel, Endpoint, LiveControl
from mailprobe.evidence import Evidence
from mailprobe.secret import parse_ref
from mailprobe.serve.controls import Controls
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Control, History, Picture, SignIn
from mailprobe.verdict.take import take_picture
from tests.unit import given
from tests.unit.serve.given import NOW, opened, refused_control, run, shut
from tests.unit.verdict.facts import LIVE

CARRIER = given.carrier(
    imap=Endpoint("imap.mail.test", 993, Channel.IMPLICIT),
    live_controls=(LiveControl(LIVE, "alive", "alive", parse_ref("env:L")),),
)


def taken(run: Evidence, now: float, network: str = "") -> Picture:
    return take_picture(
        (run,),
        account=given.account(secret=parse_ref("env:X")),
        carrier=CARRIER,
        told=Observations(),
        bounces=(),
        history=History(),
        now=now,
        network=network,
    )


def test_an_older_look_takes_nothing_back() -> None:
    """One account has found the door shut; the next has not been asked since, and is judged again."""
    known = Controls().after(taken(opened(NOW), NOW))
    assert known.good is True
    known = known.after(taken(shut(NOW + 60), NOW + 60))
    assert known.good is False
    assert known.after(taken(opened(NOW + 30), NOW + 90)).good is False


def test_one_who_is_let_in_again_shows_that_the_control_would_be() -> None:
    """Its own sign-in was before the trouble, and counts for ten minutes."""
    known = Controls().after(taken(shut(NOW), NOW))
    assert known.after(taken(opened(NOW + 60, control_at=NOW - 60), NOW + 60)).good is True


def test_a_control_that_is_refused_itself_is_good_again_by_its_own_sign_in_only() -> None:
    known = Controls().after(taken(refused_control(NOW), NOW))
    assert (known.sign_in.value, known.good) == (Control.REFUSED, False)
    assert known.after(taken(opened(NOW + 60, control_at=NOW - 60), NOW + 60)).good is False
    assert known.after(taken(opened(NOW + 60), NOW + 60)).good is True


def test_a_door_that_is_shut_is_dated_when_it_was_tried() -> None:
    """Judged again a minute later it is no second look."""
    picture = taken(shut(NOW), NOW + 60)
    assert (picture.sign_in.value, picture.sign_in.at) == (SignIn.CLOSED, NOW)
    assert (picture.control_sign_in.value, picture.control_sign_in.at) == (Control.CLOSED, NOW)


def test_who_was_not_asked_has_no_instant() -> None:
    assert Controls().after(taken(run(NOW), NOW)) == Controls()
