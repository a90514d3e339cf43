"""Breakers: what a run says of a server, what follows from it, and two programs on one store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.breaker import Breaker
from mailprobe.carriers import FOREIGN_LIMITS, OWN_LIMITS
from mailprobe.evidence import (
    Answered,
    Breakage,
    Broken,
    Connected,
    Fact,
    NotConnected,
    Of,
    Offered,
    Replied,
    Stage,
    Unreachable,
    Withheld,
)
from mailprobe.limits import Breakers, pace_of
from mailprobe.limits.breakers import Seen, Visit, after, may_visit, visits
from mailprobe.probes import Denied
from mailprobe.store import Store, open_store
from tests.unit.limits.given import DAY, NOW, Time

MINUTE = 60.0
MX = "mx.d.test:25"
HERE: dict[str, Any] = {"at": 1.0, "server": MX, "ip": "192.0.2.1"}
GOOD, TROUBLED, ASKED = Visit.GOOD, Visit.TROUBLED, Visit.ASKED_TO_WAIT


def said(stage: Stage, code: int, enhanced: str = "", text: str = "", of: Of = Of.TARGET) -> Replied:
    return (
        Replied(**HERE, stage=stage, code=code, enhanced=enhanced, text=text)
        if of is Of.TARGET
        else Replied(**HERE, of=of, stage=stage, code=code, enhanced=enhanced, text=text)
    )


def down(why: Unreachable, ip: str = "192.0.2.1") -> NotConnected:
    return NotConnected(at=1.0, server=MX, ip=ip, why=why)


RUNS: list[tuple[str, list[Fact], Visit | None]] = [
    ("greeted", [Connected(**HERE, took=0.1), said(Stage.GREETING, 220)], GOOD),
    ("connected, and no word", [Connected(**HERE, took=0.1)], None),
    ("nobody there", [down(Unreachable.REFUSED)], TROUBLED),
    ("silence", [down(Unreachable.TIMEOUT)], TROUBLED),
    ("our own limit", [down(Unreachable.OUR_LIMIT)], None),
    ("our own guard", [down(Unreachable.FORBIDDEN)], None),
    ("we have no IPv6", [down(Unreachable.NO_FAMILY)], None),
    ("one of two addresses", [down(Unreachable.REFUSED, "192.0.2.2"), said(Stage.GREETING, 220)], GOOD),
    ("hung up at the greeting", [Broken(**HERE, stage=Stage.GREETING, why=Breakage.CLOSED)], TROUBLED),
    ("hung up at one mailbox", [said(Stage.GREETING, 220), Broken(**HERE, stage=Stage.RCPT, why=Breakage.CLOSED)], GOOD),
    ("shutting down", [said(Stage.GREETING, 421, "4.3.2", "shutting down")], TROUBLED),
    ("421 after a good start", [said(Stage.GREETING, 220), said(Stage.RCPT, 421, "4.3.2")], GOOD),
    ("421 4.7.0 after a good start", [said(Stage.GREETING, 220), said(Stage.RCPT, 421, "4.7.0")], ASKED),
    ("too many connections", [said(Stage.GREETING, 421, "", "Too many connections, try again later")], ASKED),
    ("450 4.7.1 for our sender", [said(Stage.GREETING, 220), said(Stage.MAIL, 450, "4.7.1")], ASKED),
    ("450 4.7.1 for one mailbox", [said(Stage.GREETING, 220), said(Stage.RCPT, 450, "4.7.1")], GOOD),
    ("450 4.7.1 for T and L", [said(Stage.RCPT, 450, "4.7.1"), said(Stage.RCPT, 450, "4.7.1", of=Of.LIVE)], ASKED),
    ("450 4.2.0 for T and L", [said(Stage.RCPT, 450, "4.2.0"), said(Stage.RCPT, 450, "4.2.0", of=Of.LIVE)], None),
    ("550 for one mailbox", [said(Stage.GREETING, 220), said(Stage.RCPT, 550, "5.1.1")], GOOD),
    ("a remembered answer", [replace(said(Stage.RCPT, 250), cached_at=NOW)], None),
    ("IMAP offers", [Offered(**HERE, stage=Stage.CAPABILITY, capabilities=())], GOOD),
    ("a wrong password", [Answered(**HERE, stage=Stage.LOGIN, status="NO", code="", text="")], GOOD),
    ("BYE at the greeting", [Broken(**HERE, stage=Stage.GREETING, why=Breakage.BYE, words="maintenance")], TROUBLED),
    ("BYE, too many", [Broken(**HERE, stage=Stage.GREETING, why=Breakage.BYE, words="[LIMIT] Too many users")], ASKED),
]


@pytest.mark.parametrize(("facts", "want"), [row[1:] for row in RUNS], ids=[row[0] for row in RUNS])
def test_what_a_run_says_of_a_server(facts: list[Fact], want: Visit | None) -> None:
    found = visits(facts)
    assert (found[MX].visit if MX in found else None) is want


def test_the_words_kept_hold_no_text_of_the_server() -> None:
    """It may name a customer."""
    assert visits([said(Stage.GREETING, 421, "4.7.0", "a@d.test is not welcome")])[MX].words == "421 4.7.0"


def row_of(one: Breaker | None, *seen: Visit, at: float = NOW, jitter: float = 1.0) -> Breaker:
    for each in seen:
        one = after(one or Breaker(MX, "here"), Seen(each, "words"), at, pace=1.0, jitter=jitter)
    return one or Breaker(MX, "here")


def test_four_failures_hold_nobody_back_and_a_good_visit_ends_the_row() -> None:
    four = row_of(None, *[TROUBLED] * 4)
    assert not four.is_open
    assert after(four, Seen(GOOD), NOW, pace=1.0, jitter=1.0) is None


def test_the_fifth_opens_for_a_minute_then_longer_up_to_half_an_hour() -> None:
    one, at, waits = row_of(None, *[TROUBLED] * 5), NOW, []
    for _ in range(9):
        assert one.until is not None
        waits.append(one.until - at)
        at = one.until
        looking, denied = may_visit(one, "me", at, live=False, pace=1.0)
        assert denied is None
        one = row_of(looking, TROUBLED, at=at)
    assert waits == [60, 120, 240, 480, 960, 1800, 1800, 1800, 1800]


@given(st.floats(0, 1), st.integers(1, 12))
def test_jitter_shortens_and_never_below_the_first_minute(jitter: float, opens: int) -> None:
    one = after(Breaker(MX, "here", 9, opens), Seen(TROUBLED), NOW, pace=1.0, jitter=jitter)
    assert one is not None
    assert one.until is not None
    assert 60 <= one.until - NOW <= 1800


OPEN = Breaker(MX, "here", 5, 3, NOW - 100, NOW + 140, failed_at=NOW - 100, words="refused")
PLEA = replace(OPEN, asked=True)
LOOKING = replace(OPEN, until=NOW - 1, claimed_at=NOW - 5, claimed_by="you")
WHO = [
    ("the schedule waits", OPEN, False, (Withheld.SERVER_TROUBLED, 140)),
    ("somebody on the phone may look after a minute", OPEN, True, None),
    ("but not in the first minute", replace(OPEN, opened_at=NOW - 20), True, (Withheld.SERVER_TROUBLED, 40)),
    ("nor where the server asked", PLEA, True, (Withheld.ASKED_TO_WAIT, 140)),
    ("the time is over", replace(OPEN, until=NOW), False, None),
    ("one is looking", LOOKING, False, (Withheld.SERVER_TROUBLED, 60)),
    ("one is looking, and somebody calls", LOOKING, True, (Withheld.SERVER_TROUBLED, 60)),
    ("it is we who look", replace(LOOKING, claimed_by="me"), False, None),
    ("whoever looked has died", replace(LOOKING, claimed_at=NOW - 121), False, None),
    ("written under a wrong clock", replace(OPEN, until=NOW + 400 * DAY), False, None),
]


@pytest.mark.parametrize(("one", "live", "want"), [row[1:] for row in WHO], ids=[row[0] for row in WHO])
def test_may_visit(one: Breaker, live: bool, want: tuple[Withheld, float] | None) -> None:
    _, denied = may_visit(one, "me", NOW, live=live, pace=1.0)
    assert denied == (None if want is None else Denied(want[0], NOW + want[1], NOW - 100, "refused"))


def test_who_looks_early_does_not_make_the_schedule_wait_longer() -> None:
    one, at = OPEN, NOW
    for _ in range(2):  # an agent after the other
        looking, denied = may_visit(one, "me", at, live=True, pace=1.0)
        assert denied is None
        one = row_of(looking, TROUBLED, at=at + 1)
        assert (one.until, one.opens, one.claimed_by) == (OPEN.until, OPEN.opens, "")
        _, denied = may_visit(one, "you", at + 30, live=True, pace=1.0)
        assert denied == Denied(Withheld.SERVER_TROUBLED, min(OPEN.until or 0.0, at + 61), at + 1, "words")
        at += 61
    assert row_of(may_visit(one, "me", NOW + 140, live=False, pace=1.0)[0], TROUBLED, at=NOW + 140).opens == OPEN.opens + 1


def test_what_was_asked_for_is_waited_for_and_grows() -> None:
    one, at, waits = row_of(None, ASKED), NOW, []
    for _ in range(6):
        assert one.until is not None
        waits.append(one.until - at)
        at = one.until
        looking, _ = may_visit(one, "me", at, live=True, pace=1.0)
        one = row_of(looking, ASKED, at=at)
    assert waits == [300, 600, 1200, 2400, 4000, 4000]


def test_a_good_visit_in_between_does_not_make_the_next_plea_a_first_one() -> None:
    one = row_of(row_of(None, ASKED), GOOD, at=NOW + 300)
    assert not one.is_open
    again = row_of(one, ASKED, at=NOW + 400)
    assert again.until == NOW + 400 + 600
    much_later = row_of(one, ASKED, at=NOW + 7000)
    assert much_later.until == NOW + 7000 + 300


def test_late_ends_of_visits_do_not_prolong_it() -> None:
    """Thirty runs were under way when it opened."""
    one = row_of(None, *[TROUBLED] * 5)
    assert row_of(one, *[TROUBLED] * 30, at=NOW + 1) == one
    plea = row_of(None, ASKED)
    assert row_of(plea, *[ASKED] * 30, at=NOW + 1) == plea


@pytest.mark.parametrize(("gap", "pace"), [(0.0, 0.0), (1.0, 1 / 60), (60.0, 1.0), (21600.0, 1.0)])
def test_a_lab_in_a_hurry_waits_less(gap: float, pace: float) -> None:
    assert pace_of(replace(OWN_LIMITS, rcpt_gap=gap)) == pace
    assert pace_of(FOREIGN_LIMITS) == 1.0


NOBODY_THERE = [down(Unreachable.REFUSED)]
THERE = [said(Stage.GREETING, 220)]


def pair(stores: tuple[Store, Store], time: Time) -> tuple[Breakers, Breakers]:
    one, other = (Breakers(store, "here", time.wall, lambda: 1.0) for store in stores)
    return one, other


async def asked(breakers: Breakers, by: str = "me", live: bool = False) -> Withheld | None:
    denied = await breakers.may_visit(MX, by, live=live, pace=1.0)
    return denied.why if denied is not None else None


async def test_two_programs_share_a_breaker_and_one_of_all_may_look(stores: tuple[Store, Store], time: Time) -> None:
    daemon, command = pair(stores, time)
    for _ in range(5):
        assert await asked(daemon) is None
        await daemon.learn(NOBODY_THERE)
    assert await asked(daemon) is Withheld.SERVER_TROUBLED
    time.now += 1  # what the other one has read may be a second old
    assert await asked(command, "you") is Withheld.SERVER_TROUBLED
    time.now = NOW + 60
    looks = [await asked(one, by) for one, by in ((command, "you"), (daemon, "me"), (daemon, "another"))]
    assert looks == [None, Withheld.SERVER_TROUBLED, Withheld.SERVER_TROUBLED]
    await command.learn(THERE)
    time.now += 1
    assert [await asked(one) for one in (daemon, command)] == [None, None]
    assert await daemon.open_ones() == {}


async def test_it_outlives_the_process(tmp_path: Path, time: Time) -> None:
    url = f"sqlite:///{tmp_path / 'm.db'}"
    async with open_store(url) as store:
        breakers = Breakers(store, "here", time.wall, lambda: 1.0)
        for _ in range(5):
            await breakers.learn(NOBODY_THERE)
    async with open_store(url) as store:
        again, elsewhere = Breakers(store, "here", time.wall), Breakers(store, "osaka", time.wall)
        assert await asked(again) is Withheld.SERVER_TROUBLED
        assert await asked(elsewhere) is None
        assert list(await again.open_ones()) == [MX]


async def test_our_own_trouble_blames_nobody(stores: tuple[Store, Store], time: Time) -> None:
    breakers, _ = pair(stores, time)
    for _ in range(9):
        await breakers.learn(NOBODY_THERE, ourselves_fit=False)
    assert await asked(breakers) is None


async def test_what_opened_in_our_own_trouble_is_forgiven_but_no_plea(stores: tuple[Store, Store], time: Time) -> None:
    breakers, _ = pair(stores, time)
    for _ in range(5):
        await breakers.learn(NOBODY_THERE)
    plea = [replace(said(Stage.MAIL, 450, "4.7.1"), server="other:25")]
    await breakers.learn(plea)
    assert set(await breakers.open_ones()) == {MX, "other:25"}
    await breakers.forgive()
    assert set(await breakers.open_ones()) == {"other:25"}


async def test_a_good_server_costs_no_transaction(stores: tuple[Store, Store], time: Time) -> None:
    class Counting:
        def __init__(self, store: Store) -> None:
            self.table, self.changes, self.reads = store.breakers, 0, 0

        @property
        def breakers(self) -> Counting:
            return self

        async def at(self, vantage: str) -> tuple[Breaker, ...]:
            self.reads += 1
            return await self.table.at(vantage)

        async def change(self, server: str, vantage: str, decide: Any) -> Any:
            self.changes += 1
            return await self.table.change(server, vantage, decide)

    counting = Counting(stores[0])
    breakers = Breakers(counting, "here", time.wall)
    for _ in range(1000):
        assert await asked(breakers) is None
        await breakers.learn(THERE)
    assert (counting.changes, counting.reads) == (0, 1)
