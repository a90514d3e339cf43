"""Names, passwords, and how often somebody may try."""

from __future__ import annotations

import asyncio
import time

import pytest

from mailprobe.console.people import MOST_PEERS, TRIES, WITHIN, Pace, Passwords, Unfit, name_of, unfit
from tests.unit.console.given import QUICK


@pytest.mark.parametrize(
    ("name", "password", "wrong"),
    [
        ("sato", "correct-horse-7", None),
        ("sato.ichiro@example.net", "correct-horse-7", None),
        ("sato", "日本語の長い合い言葉です。", None),
        ("sato", None, None),
        ("", "correct-horse-7", Unfit.NAME),
        ("Sato", "correct-horse-7", Unfit.NAME),
        ("sato\n", "correct-horse-7", Unfit.NAME),
        ("sa to", "correct-horse-7", Unfit.NAME),
        ("token:crm", "correct-horse-7", Unfit.NAME),
        ("a" * 65, "correct-horse-7", Unfit.NAME),
        ("sato", "", Unfit.SHORT),
        ("sato", "correct-hor", Unfit.SHORT),
        ("sato", "correct-horse" * 20, Unfit.LONG),
        ("sato", "I-am-SATO-2026", Unfit.HOLDS_NAME),
        ("sato", "ababababababab", Unfit.PLAIN),
        ("sato", "123456789012", Unfit.COMMON),
        ("sato", "098765432109", Unfit.COMMON),
        ("sato", "Password2026!", Unfit.COMMON),
        ("sato", "qwertyuiopasd", Unfit.COMMON),
        ("sato", "20261127-1530", Unfit.COMMON),
        ("sato", "qwerty-and-a-horse", None),
    ],
)
def test_what_a_new_person_may_be_called_and_use(name: str, password: str | None, wrong: Unfit | None) -> None:
    assert unfit(name, password) is wrong


@pytest.mark.parametrize(("typed", "name"), [(" Sato ", "sato"), ("ｓａｔｏ", "sato"), ("SATO@例え", "sato@例え")])
def test_one_form_of_a_name(typed: str, name: str) -> None:
    assert name_of(typed) == name


async def test_a_password_from_whatever_keyboard() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.hashed("correct-horse-7")
    assert kept.startswith("$argon2id$v=19$")
    assert "correct" not in kept
    assert await passwords.fits("ｃｏｒｒｅｃｔ－ｈｏｒｓｅ－７", kept)
    assert not await passwords.fits("Correct-horse-7", kept)
    assert not await passwords.fits("correct-horse-7", "")
    assert not await passwords.fits("correct-horse-7", "not a hash")


async def test_our_own_hash_takes_what_rfc_9106_asks_for() -> None:
    kept = await Passwords().hashed("correct-horse-7")
    assert "$m=65536,t=3,p=1$" in kept


async def test_few_passwords_are_looked_at_at_once() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.hashed("correct-horse-7")
    at_work, most = 0, 0
    verify = passwords._verify

    def slow(password: str, kept: str) -> bool:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.005)
        at_work -= 1
        return verify(password, kept)

    passwords._verify = slow  # type: ignore[method-assign]  # to be watched at work
    assert all(await asyncio.gather(*(passwords.fits("correct-horse-7", kept) for _ in range(12))))
    assert most <= 2


def test_a_minute_slides() -> None:
    pace = Pace()
    assert [pace.wait("192.0.2.1", float(second)) for second in range(TRIES)] == [0.0] * TRIES
    assert pace.wait("192.0.2.1", 30.0) == 30.0
    assert pace.wait("192.0.2.1", WITHIN) == 0.0
    assert pace.wait("192.0.2.1", WITHIN) == 1.0


def test_very_many_addresses_take_no_more_room() -> None:
    pace = Pace()
    for number in range(MOST_PEERS + 500):
        pace.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert len(pace.seen) == MOST_PEERS
