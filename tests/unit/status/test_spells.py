"""Since when something has been so: what begins a spell, what ends it, and what tells nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.status.spells import Lasting, Spell, history_of, spells_after
from mailprobe.verdict.picture import Acceptance, ControlDelivery, Delivery, History, Known, Picture

NOW, INTERVAL = 1_800_000_000.0, 600.0
BEGAN = Lasting(Spell.PUT_OFF, NOW - 80_000.0, NOW - INTERVAL)


def door(acceptance: Acceptance, at: float = NOW) -> Picture:
    return Picture(acceptance=Known(acceptance, at))


def after(known: tuple[Lasting, ...], picture: Picture) -> tuple[Lasting, ...]:
    return spells_after(known, picture, lambda probe: INTERVAL)


def test_the_first_time_begins_a_spell() -> None:
    assert after((), door(Acceptance.DEFERRED_ALONE)) == (Lasting(Spell.PUT_OFF, NOW, NOW),)
    assert after((), door(Acceptance.ACCEPTED)) == ()


def test_it_goes_on_since_when_it_began() -> None:
    assert after((BEGAN,), door(Acceptance.DEFERRED_ALONE)) == (replace(BEGAN, seen_at=NOW),)


@pytest.mark.parametrize("other", [Acceptance.ACCEPTED, Acceptance.GREYLISTED, Acceptance.FULL, Acceptance.RATE])
def test_another_answer_ends_it(other: Acceptance) -> None:
    assert after((BEGAN,), door(other)) == ()


@pytest.mark.parametrize("nothing", [Acceptance.UNASKED, Acceptance.HELD, Acceptance.UNREACHABLE, Acceptance.DEFERRED])
def test_what_tells_nothing_changes_nothing(nothing: Acceptance) -> None:
    assert after((BEGAN,), door(nothing)) == (BEGAN,)


def test_who_was_not_seen_for_long_may_have_been_well_in_between() -> None:
    """An hour, or three intervals: then it begins anew."""
    later = NOW - INTERVAL + 3600.0
    assert after((BEGAN,), door(Acceptance.DEFERRED_ALONE, later)) == (replace(BEGAN, seen_at=later),)
    assert after((BEGAN,), door(Acceptance.DEFERRED_ALONE, later + 1.0)) == (Lasting(Spell.PUT_OFF, later + 1.0, later + 1.0),)


def test_a_clock_that_was_put_back_begins_it_anew() -> None:
    back = BEGAN.since - 3600.0
    assert after((BEGAN,), door(Acceptance.DEFERRED_ALONE, back)) == (Lasting(Spell.PUT_OFF, back, back),)


def test_an_answer_that_is_remembered_does_not_lengthen_it() -> None:
    seen = after((BEGAN,), door(Acceptance.DEFERRED_ALONE, BEGAN.seen_at))
    assert seen == (BEGAN,)


def mails(delivery: Delivery, live: ControlDelivery) -> Picture:
    return Picture(delivery=Known(delivery, NOW), control_delivery=Known(live, NOW))


def test_nobodys_mail_arrives() -> None:
    missing = mails(Delivery.OVERDUE, ControlDelivery.OVERDUE)
    (spell,) = after((), missing)
    assert spell == Lasting(Spell.UNDELIVERED, NOW, NOW)
    assert after((spell,), mails(Delivery.UNDER_WAY, ControlDelivery.UNDER_WAY)) == (spell,)
    assert after((spell,), mails(Delivery.OVERDUE, ControlDelivery.ARRIVED)) == ()
    assert after((spell,), mails(Delivery.ARRIVED, ControlDelivery.OVERDUE)) == ()


def test_what_a_picture_wants_of_it() -> None:
    spells = (BEGAN, Lasting(Spell.UNDELIVERED, NOW - 700.0, NOW))
    assert history_of(spells, accepted_before=True) == History(True, BEGAN.since, NOW - 700.0)
    assert history_of((), accepted_before=False) == History()
