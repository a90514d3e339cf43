"""Distinct mailboxes in two windows."""

from __future__ import annotations

from mailprobe.metrics import Window
from mailprobe.replies import ReplyClass
from mailprobe.serve.tally import Tally

NOW = 1_800_000_000.0
TEN, HOUR = Window.TEN_MINUTES, Window.HOUR


def test_a_mailbox_counts_once_in_each_window() -> None:
    tally = Tally()
    for age in (0.0, 30.0, 3000.0):
        tally.test("tanaka", "lab", NOW - age)
    tally.test("suzuki", "lab", NOW - 1200.0)
    tally.test("sato", "other", NOW - 4000.0)
    assert tally.tested_in_windows(NOW) == {("lab", TEN): 1, ("lab", HOUR): 2}


def test_an_older_answer_does_not_take_the_place_of_a_newer_one() -> None:
    tally = Tally()
    tally.bounce("tanaka", "lab", ReplyClass.UNKNOWN_USER, NOW)
    tally.bounce("tanaka", "lab", ReplyClass.UNKNOWN_USER, NOW - 900.0)
    tally.bounce("tanaka", "lab", ReplyClass.MAILBOX_FULL, NOW - 900.0)
    assert tally.bounced_in_windows(NOW) == {
        ("lab", ReplyClass.UNKNOWN_USER, TEN): 1,
        ("lab", ReplyClass.UNKNOWN_USER, HOUR): 1,
        ("lab", ReplyClass.MAILBOX_FULL, HOUR): 1,
    }


def test_what_no_window_holds_is_forgotten() -> None:
    tally = Tally()
    tally.test("tanaka", "lab", NOW - 3600.0)
    tally.bounce("tanaka", "lab", ReplyClass.UNKNOWN_USER, NOW - 3600.0)
    tally.forget(NOW)
    assert not tally.tested.last
    assert not tally.bounced.last
    assert not tally.bounced.grains


def test_what_is_seen_again_and_again_is_forgotten_once_it_is_over() -> None:
    tally = Tally()
    for minute in range(120):
        for number in range(10):
            tally.test(f"a{number}", "lab", NOW + 60.0 * minute)
        tally.forget(NOW + 60.0 * minute)
    assert tally.tested_in_windows(NOW + 7140.0) == {("lab", TEN): 10, ("lab", HOUR): 10}
    assert len(tally.tested.grains) == 1
    tally.forget(NOW + 7140.0 + 3600.0)
    assert (tally.tested.last, tally.tested.grains) == ({}, {})
