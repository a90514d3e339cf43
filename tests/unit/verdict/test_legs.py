"""The station of the test mail on the way from the sender to the mailbox."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.evidence import End, Ending, Evidence, NotConnected, Of, Unreachable
from mailprobe.verdict.labels import LegState, answer
from mailprobe.verdict.legs import leg_state, leg_words
from mailprobe.verdict.picture import Control, ControlDelivery, Delivery, SignIn, Store
from tests.unit.verdict.mails import mail
from tests.unit.verdict.pictures import picture


def leg(kind: End = End.FINISHED) -> Evidence:
    return Evidence("tanaka", "canary", "here", None, 0.0, 0.0, 1.0, (), (), Ending(kind))


@pytest.mark.parametrize(
    ("delivery", "live", "expected"),
    [
        (Delivery.ARRIVED, ControlDelivery.ARRIVED, LegState.GOOD),
        (Delivery.UNDER_WAY, ControlDelivery.ARRIVED, LegState.HELD),
        (Delivery.UNREAD, ControlDelivery.UNSENT, LegState.UNCLEAR),
        (Delivery.UNSENT, ControlDelivery.UNSENT, LegState.NOT_POSSIBLE),
        (Delivery.OURS, ControlDelivery.RETURNED, LegState.OUR_FAULT),
        (Delivery.OVERDUE, ControlDelivery.ARRIVED, LegState.BAD),
        (Delivery.UNKNOWN_USER, ControlDelivery.ARRIVED, LegState.BAD),
        (Delivery.UNKNOWN_USER, ControlDelivery.RETURNED, LegState.UNCLEAR),
        (Delivery.JUNKED, ControlDelivery.ARRIVED, LegState.BAD),
        (Delivery.JUNKED, ControlDelivery.JUNKED, LegState.UNCLEAR),
    ],
)
def test_its_colour(delivery: Delivery, live: ControlDelivery, expected: LegState) -> None:
    assert leg_state(leg(), picture(mail(delivery, live))) is expected


@pytest.mark.parametrize(
    ("store", "expected"),
    [(Store.OPENED, LegState.GOOD), (Store.UNKNOWN, LegState.UNCLEAR), (Store.FAILED, LegState.BAD), (Store.LOST, LegState.BAD)],
)
def test_a_sign_in_is_good_only_where_the_mailbox_opens(store: Store, expected: LegState) -> None:
    run, seen = replace(leg(), probe="imap"), picture(store=store)
    assert leg_state(run, seen) is expected
    good = expected is LegState.GOOD
    assert good or leg_words(run, seen, "en") == answer("store", store.value, "en")


def test_a_run_that_failed_is_ours_alone() -> None:
    assert leg_state(leg(End.OUR_FAULT), picture(mail(Delivery.UNKNOWN_USER))) is LegState.OUR_FAULT


def test_its_words_name_the_control_where_there_is_one() -> None:
    words = leg_words(leg(), picture(mail(Delivery.OVERDUE)), "en")
    assert words == "the test mail was taken and is not there yet (the one to a known good account arrived)"
    alone = leg_words(leg(), picture(mail(Delivery.UNREAD, ControlDelivery.UNSENT)), "ja")
    assert alone == "テストメールは受け付けられましたが、こちらからは見られず、番号を伺うのを待っています"


@pytest.mark.parametrize(("of", "named"), [(Of.TARGET, False), (Of.LIVE, True)])
def test_a_control_that_was_not_sent_to_a_shut_door_is_not_said_to_have_been_there(of: Of, named: bool) -> None:
    facts = tuple(NotConnected(at=1.0, of=one, server="imap.test:993", why=Unreachable.REFUSED) for one in {Of.TARGET, of})
    run = Evidence("tanaka", "imap", "here", None, 0.0, 0.0, 1.0, facts, (), Ending(End.FINISHED))
    shut = picture(sign_in=SignIn.CLOSED, control_sign_in=Control.CLOSED)
    assert ("known good account" in leg_words(run, shut, "en")) is named
    assert leg_words(run, shut, "en").startswith("the other side refuses connections")
