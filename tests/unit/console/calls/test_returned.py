"""What came back is told beside the verdict, in plain words; and what callers read out of it, with or without a number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.console.api.problems import Refused
from mailprobe.console.calls import telling
from mailprobe.console.calls.ask import as_meant
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.returned import back_of, returned_views
from mailprobe.console.calls.view import ReturnedView
from mailprobe.verdict.texts import LANGUAGES
from tests.unit.console.calls.given import call_of, calls_for
from tests.unit.verdict.world import Truth, World, account_of, carrier_of

FULL = b"""From: MAILER-DAEMON@relay.example
Subject: Undelivered Mail Returned to Sender

<%s>: host mx1.example[192.0.2.1] said: 552 5.2.2 <%s>: mailbox full (in reply to RCPT TO command)
"""


def begun() -> Call:
    world = World(Truth.HEALTHY)
    return call_of(account_of(world), carrier_of(world))


def views(call: Call, language: str = "en") -> tuple[ReturnedView, ...]:
    return returned_views(call, back_of(call), language)


@pytest.mark.parametrize(
    ("fragments", "title"),
    [
        (["mailbox full"], "the mailbox has no room"),
        (["User unknown"], "the address is not found"),
        (["5.1.1"], "the address is not found"),
        (["blocked"], "the sending side is refused"),
        (["SPF check failed"], "the sender could not be verified"),
        (["メールボックスがいっぱい"], "the mailbox has no room"),
        (["宛先不明"], "the address is not found"),
        (["message too big", "552"], "the message is too big"),
        (["550"], "no reason to be read"),
    ],
)
def test_words_count_with_a_number_and_without(fragments: list[str], title: str) -> None:
    call = begun()
    telling.hear(calls_for(call.carrier), call, fragments)
    assert [(one.heard, one.title) for one in views(call)] == [(True, title)]
    assert views(call)[0].quote == " / ".join(fragments)


@pytest.mark.parametrize("fragments", [["good morning"], ["今朝から届かない"], ["Undelivered Mail Returned to Sender"], ["2026"]])
def test_words_without_a_reason_are_asked_for_again(fragments: list[str]) -> None:
    call = begun()
    with pytest.raises(Refused) as caught:
        telling.hear(calls_for(call.carrier), call, fragments)
    assert caught.value.problem.code == "MP2505"
    assert call.heard == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_that_was_shown_is_told_though_no_verdict_rests_on_it(language: str) -> None:
    call = begun()
    address = str(call.account.address).encode()
    call.question = replace(call.question, bounces=(FULL % (address, address),))
    (one,) = views(call, language)
    assert not one.heard
    assert one.title
    assert one.side
    assert "mailbox full" in one.quote
    assert str(call.account.address) not in one.quote


def test_nothing_came_back() -> None:
    assert views(begun()) == ()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("old_address=田中＜tanaka@mail.test＞", "old_address=tanaka@mail.test"),
        ("old_address=tanaka@mail.test", "old_address=tanaka@mail.test"),
        ("canary_seen=inbox:４７１１", "canary_seen=inbox:4711"),
        ("contract=active", "contract=active"),
        ("portal_ok", "portal_ok"),
    ],
)
def test_what_is_typed_behind_a_word_is_taken_as_it_was_meant(typed: str, meant: str) -> None:
    assert as_meant(typed) == meant
