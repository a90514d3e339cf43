"""What a daemon reads back when it starts: spells, skipped slots, and the last hour's results by number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mailprobe.status.spells import Lasting, Spell
from mailprobe.store import open_store
from mailprobe.store.results import Outcome
from mailprobe.store.skips import Skipped
from mailprobe.store.spells import put
from tests.unit.store.seen import MX

NOW = 1_800_000_000.0
SPELLS = (Lasting(Spell.PUT_OFF, NOW - 900.0, NOW), Lasting(Spell.UNDELIVERED, NOW - 60.0, NOW))


async def test_spells_are_those_that_were_put_last() -> None:
    async with open_store("sqlite://") as store:
        for account, spells in (("tanaka", SPELLS), ("sato", SPELLS[:1]), ("tanaka", SPELLS[1:])):
            await store.database.transact(partial(put, account=account, lasts=spells))
        assert await store.spells.of("tanaka") == SPELLS[1:]
        assert await store.spells.all() == {"tanaka": SPELLS[1:], "sato": SPELLS[:1]}
        await store.database.transact(lambda transaction: put(transaction, "sato", ()))
        assert await store.spells.of("sato") == ()


async def test_skipped_slots_come_newest_first() -> None:
    async with open_store("sqlite://") as store:
        rows = [Skipped("tanaka", number, NOW + number, "crowded", number + 1) for number in range(3)]
        for row in (*rows, Skipped("sato", 9, NOW, "asleep")):
            await store.skips.keep(row)
        assert await store.skips.of_account("tanaka") == tuple(reversed(rows))
        assert await store.skips.of_account("tanaka", NOW + 1.5) == (rows[2],)


async def test_the_results_since_a_time_are_found_by_their_numbers() -> None:
    async with open_store("sqlite://") as store:
        mask = store.results.hide(())
        outcomes = (Outcome.GOOD, Outcome.BAD, Outcome.UNKNOWN, Outcome.HELD)
        for number in range(40):
            run = replace(MX, account=f"a{number % 8}", started=NOW + number)
            await store.results.keep(run, outcomes[number % 4], mask)
        asked = await store.results.asked_since(NOW + 30.0)
        assert dict(asked) == {"a0": NOW + 32.0, "a1": NOW + 33.0, "a4": NOW + 36.0, "a5": NOW + 37.0}
        failed = await store.results.failed_since(NOW + 30.0, lambda account: mask)
        assert [one.started - NOW for one in failed] == [38.0, 37.0, 34.0, 33.0, 30.0]
        assert failed[0].evidence == replace(MX, account="a6", started=NOW + 38.0, transcript=())
        older = await store.results.failed_since(NOW + 30.0, lambda account: mask, failed[1].id)
        assert older == failed[2:]
        assert await store.results.failed_since(NOW + 100.0, lambda account: mask) == ()


async def test_an_empty_store_has_nothing_to_recall() -> None:
    async with open_store("sqlite://") as store:
        assert await store.results.asked_since(0.0) == ()
        assert await store.results.failed_since(0.0, lambda account: None) == ()
