"""The table of live checks: kept as it stands now, listed without what was seen, and let go when nothing holds it."""

from __future__ import annotations

from dataclasses import replace

from mailprobe.store import open_store
from mailprobe.store.calls import KeptCall
from mailprobe.store.erasing import Whose

NOW = 1_800_000_000.0
DAY = 86_400.0


def row(which: str, **changes: object) -> KeptCall:
    plain = KeptCall(
        id=which,
        number="00000",
        owner="sato",
        account="",
        subject="s",
        carrier="lab",
        started=NOW,
        ended=None,
        watched_until=None,
        kept="",
        wrong="",
        code="healthy",
        version=1,
        told=b"sealed",
        said=b"[]",
        seen=b"evidence",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test names fields of the row


async def test_a_call_is_kept_as_it_stands_now() -> None:
    async with open_store("sqlite://") as store:
        await store.calls.keep(row("a"))
        await store.calls.keep(row("a", ended=NOW + 5, code="handset"))
        assert await store.calls.one("a") == row("a", ended=NOW + 5, code="handset")
        assert await store.calls.one("b") is None
        assert await store.calls.by_number("00000", NOW - 1) is not None
        assert await store.calls.by_number("00000", NOW + 1) is None


async def test_mine_are_listed_the_newest_first_and_without_what_was_seen() -> None:
    async with open_store("sqlite://") as store:
        for number, owner in enumerate(("sato", "suzuki", "sato")):
            await store.calls.keep(row(f"c{number}", owner=owner, started=NOW + number))
        listed = await store.calls.of_owner("sato", NOW)
        assert [(one.id, one.seen) for one in listed] == [("c2", b""), ("c0", b"")]


async def test_what_nothing_holds_goes() -> None:
    async with open_store("sqlite://") as store:
        old = NOW - 4 * DAY
        await store.calls.keep(row("gone", started=old))
        await store.calls.keep(row("ticket", started=old, kept="T-1"))
        await store.calls.keep(row("wrong", started=old, wrong="it was being moved"))
        await store.calls.keep(row("watched", started=old, watched_until=NOW + DAY))
        await store.calls.keep(row("young"))
        assert await store.calls.let_go(NOW - 3 * DAY, NOW) == 1
        left = {one.id for one in await store.calls.of_owner("sato", 0.0)}
        assert left == {"ticket", "wrong", "watched", "young"}
        assert await store.calls.counted_wrong() == (("healthy", 1),)
        assert [one.id for one in await store.calls.watched(NOW)] == ["watched"]


async def test_an_erased_customer_has_no_calls() -> None:
    async with open_store("sqlite://") as store:
        await store.calls.keep(row("by-id", account="tanaka"))
        await store.calls.keep(row("by-address", subject=store.strangers.subject_of("u@mail.test")))
        await store.calls.keep(row("other"))
        await store.erase(Whose("tanaka", ("u@mail.test",)))
        assert [one.id for one in await store.calls.of_owner("sato", 0.0)] == ["other"]
