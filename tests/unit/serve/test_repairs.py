"""Guests of the schedule: who is looked at until he is repaired, how often, and what becomes of what is seen."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from mailprobe.address import parse
from mailprobe.config import Account
from mailprobe.engine import Fleet, Kind, Missed, Result
from mailprobe.engine.schedule import rhythm
from mailprobe.serve.repairs import Repairs, closer
from mailprobe.serve.scheduling import fleet_of, row_ended, watch
from tests.unit.given import account, carrier, prober
from tests.unit.serve.scene import INTERVAL, UNKNOWN, Scene, config, scene

LAB = carrier()
OWN = account(every=(("", 900.0),), probes=("dns", "mx", "imap", "canary"))
STRANGER = account(id="acct_1", address=parse("u9@mail.test"), enrolled=False)
FLEET = Fleet((OWN, account(id="sato", every=(("", 300.0),))), {"lab": LAB}, prober())


def every(fleet: Fleet, name: str) -> float:
    (found,) = (one for one in fleet.accounts if one.id == name)
    return dict(found.every)[""]


def test_a_guest_is_in_the_schedule_as_long_as_he_is_waited_for_and_sends_no_test_mail() -> None:
    repairs = Repairs()
    assert repairs.joined(FLEET) is FLEET
    with repairs.enrolled(STRANGER, 300.0):
        assert repairs.changed.is_set()
        joined = repairs.joined(FLEET)
        assert joined.accounts[:2] == FLEET.accounts
        (guest,) = joined.accounts[2:]
        assert (guest.id, dict(guest.every)[""], set(guest.probes)) == ("acct_1", 300.0, {"dns", "mx", "submission", "imap"})
        assert repairs.joined(replace(FLEET, carriers={})).accounts == FLEET.accounts  # until his carrier is back
        repairs.changed.clear()
    assert repairs.changed.is_set()
    assert repairs.joined(FLEET) is FLEET


async def test_a_shift_that_is_told_to_end_before_it_serves_ends() -> None:
    async with scene(config()) as now:
        now.watching.shift.ending.set()
        async with asyncio.timeout(5):
            await watch(now.watching)
    assert now.house.engine.under_way == ()


def test_of_two_who_wait_for_one_mailbox_the_closer_look_counts_and_both_hear() -> None:
    repairs = Repairs()
    with repairs.enrolled(STRANGER, 600.0) as first:
        with repairs.enrolled(STRANGER, 300.0) as second:
            assert every(repairs.joined(FLEET), "acct_1") == 300.0
            repairs.hear(Result("acct_1", "lab", Kind.SKIPPED, 0.0, 4, missed=Missed.CROWDED))
            assert (first.qsize(), second.qsize()) == (0, 0)
        assert every(repairs.joined(FLEET), "acct_1") == 600.0


def test_who_is_watched_anyway_gets_no_second_timetable() -> None:
    repairs = Repairs()
    with repairs.enrolled(OWN, 300.0), repairs.enrolled(FLEET.accounts[1], 300.0):
        joined = repairs.joined(FLEET)
        assert [one.id for one in joined.accounts] == ["tanaka", "sato"]
        assert joined.accounts[1] is FLEET.accounts[1]  # as often already
        assert every(joined, "tanaka") == 300.0


def test_test_mails_stay_as_far_apart_as_they_were() -> None:
    def seconds(one: Account) -> dict[str, float]:
        found = rhythm(one.every, one.probes)
        assert found is not None
        return {probe: found[0] * number for probe, number in found[1]}

    assert seconds(closer(OWN, 300.0, LAB.limits)) == {"dns": 300.0, "mx": 300.0, "imap": 300.0, "canary": 900.0}
    table = replace(OWN, every=(("", 900.0), ("imap", 1800.0), ("canary", 3600.0)))
    assert seconds(closer(table, 300.0, LAB.limits)) == {"dns": 300.0, "mx": 300.0, "imap": 300.0, "canary": 3600.0}


async def ended(one: Scene, name: str, kind: Kind = Kind.RESULT) -> Result:
    runs = () if kind is Kind.SKIPPED else (one.mx("a-0", UNKNOWN),)
    missed = Missed.WITHDRAWN if kind is Kind.SKIPPED else None
    row = Result(name, "a", kind, one.time.wall(), 7, tuple(run.probe for run in runs), runs, missed)
    await row_ended(one.watching, row)
    return row


async def test_what_a_guest_is_like_is_for_who_waits_and_nobody_else() -> None:
    async with scene(config()) as one:
        store, repairs = one.house.store, one.watching.repairs
        guest = replace(one.house.config.accounts[0], id="acct_1", enrolled=False)
        with repairs.enrolled(guest, INTERVAL) as readings:
            row = await ended(one, "acct_1")
            assert readings.get_nowait() == row.evidence
        await ended(one, "acct_1", Kind.SKIPPED)  # withdrawn, when he had left
        assert readings.empty()
        assert await store.skips.of_account("acct_1") == ()
        assert await store.results.of_account("acct_1", store.results.hide(())) == ()
        assert set(one.watching.rows) == {"a-0"}
        assert one.shown("mailprobe_slots_skipped_total") == ["mailprobe_slots_skipped_total 1.0"]


async def test_a_row_of_a_watched_account_is_kept_and_heard() -> None:
    async with scene(config()) as one:
        own = one.house.config.accounts[0]
        assert one.watching.repairs.joined(fleet_of(one.house.config)).accounts == (own,)
        with one.watching.repairs.enrolled(own, INTERVAL) as readings:
            row = await ended(one, "a-0")
            assert readings.get_nowait() == row.evidence
        (kept,) = await one.house.store.results.of_account("a-0", one.watching.accounts["a-0"].hidden)
        assert kept.evidence == row.evidence[0]
