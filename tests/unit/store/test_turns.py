"""What is read of a whole fleet at once: turns of statuses, and what came back."""

from __future__ import annotations

from mailprobe.evidence import Returned, ReturnKind, Stage
from mailprobe.status import Change
from mailprobe.store import Store, open_store
from mailprobe.store.changes import Turn, put
from mailprobe.verdict import Code, Status

NOW = 1_800_000_000.0


async def turned(store: Store, account: str, change: Change) -> None:
    await store.database.transact(lambda transaction: put(transaction, account, change))


async def test_turns_are_told_newest_first_and_without_what_was_only_revised() -> None:
    async with open_store("sqlite://") as store:
        down = Change(Status.OK, Status.DOWN, Code.IMAP_OUTAGE, NOW, NOW - 60)
        await turned(store, "a", down)
        await turned(store, "a", Change(Status.DOWN, Status.DOWN, Code.STORE_LOST, NOW + 5, NOW, Code.IMAP_OUTAGE, revised=True))
        await turned(store, "b", Change(Status.DOWN, Status.OK, Code.HEALTHY, NOW + 9, NOW))
        assert await store.changes.turns(NOW - 1, 10) == (Turn("b", NOW + 9, "down", "ok"), Turn("a", NOW, "ok", "down"))
        assert [one.account for one in await store.changes.turns(NOW - 1, 1)] == ["b"]
        assert await store.changes.turns(NOW + 10, 10) == ()


async def test_what_came_back_is_told_without_anybodys_address() -> None:
    async with open_store("sqlite://") as store:
        subject = store.bounces.hashed("tanaka@d.test")
        for n, at in enumerate((NOW, NOW + 5)):
            said = Returned(
                at=0.0,
                canary=f"c{n}",
                kind=ReturnKind.FAILED,
                returned_at=at,
                stage=Stage.RCPT,
                code=550,
                enhanced="",
                text="<tanaka@d.test> tanaka is none of ours, ask x@y.test",
                recipient="tanaka@d.test",
                remote="",
            )
            await store.bounces.record(subject[:16], 1, said)
        found = await store.bounces.recent(NOW - 1)
        assert [one.returned.returned_at for one in found] == [NOW + 5, NOW]
        assert {one.mailbox for one in found} == {subject[:16]}
        assert all("tanaka" not in one.returned.text and "@" not in one.returned.text for one in found)
        assert await store.bounces.recent_of(subject, NOW - 1, 1) == found[:1]
        assert await store.bounces.recent_of(store.bounces.hashed("x@y.test"), 0.0) == ()
