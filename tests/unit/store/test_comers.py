"""Who may come in: people, the first of them, tokens, visits, and sign-ins that failed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mailprobe.store import Store, open_store
from mailprobe.store.people import Change
from mailprobe.store.tries import FORGOTTEN_AFTER, KNOWN_FOR
from mailprobe.store.visits import Lasts

NOW = 1_800_000_000.0
LASTS = Lasts(900.0, 3600.0)
SECRET = "$argon2id$v=19$..."


async def test_one_of_two_at_once_is_the_first(tmp_path: Path) -> None:
    """Whoever holds the link, and twice."""
    async with open_store(f"sqlite:///{tmp_path / 'm.db'}") as store:
        await store.people.offer_link("key", NOW + 60)
        made = await asyncio.gather(
            *(store.people.add_first("key", name, "admin", SECRET, NOW) for name in ("sato", "suzuki", "tanaka"))
        )
        assert sorted(one.value for one in made) == ["done", "no_link", "no_link"]
        assert len(await store.people.all()) == 1


async def test_a_link_outlives_the_process_but_not_its_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'm.db'}"
    async with open_store(url) as store:
        assert await store.people.offer_link("link-of-mine", NOW + 60) is Change.DONE
    assert b"link-of" not in octets_in(tmp_path)
    async with open_store(url) as store:
        assert await store.people.link_opens("link-of-mine", NOW + 59)
        assert not await store.people.link_opens("link-of-mine", NOW + 60)
        assert not await store.people.link_opens("", NOW)
        assert not await store.people.link_opens("other", NOW)


async def test_the_last_of_a_role_stays() -> None:
    async with open_store("sqlite://") as store:
        for name in ("sato", "suzuki"):
            await store.people.add(name, "admin", SECRET, NOW)
        assert await store.people.set_role("sato", "viewer", NOW, "admin") is Change.DONE
        assert await store.people.set_role("suzuki", "viewer", NOW, "admin") is Change.LAST
        assert await store.people.set_role("suzuki", "admin", NOW, "admin") is Change.DONE
        assert await store.people.remove("suzuki", "admin") is Change.LAST
        assert await store.people.remove("sato", "admin") is Change.DONE
        assert await store.people.remove("sato", "admin") is Change.UNKNOWN


async def signed_in(store: Store, value: str, name: str = "sato", now: float = NOW, old: str = "") -> None:
    await store.visits.begin(value, name, "192.0.2.1", "a browser", LASTS, now, old)


async def test_visits_that_are_over_go_and_nothing_that_opens_one_is_kept(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'm.db'}") as store:
        await store.people.add("sato", "operator", SECRET, NOW)
        await signed_in(store, "value-one")
        await signed_in(store, "value-two", now=NOW + 901)
        count = await store.database.read(lambda transaction: transaction.sql("SELECT count(*) FROM visits"))
        assert count == [(1,)]
        assert await store.visits.find("value-one", LASTS, NOW + 901) is None
        assert await store.visits.find("value-two", LASTS, NOW + 901) is not None
    assert b"value-" not in octets_in(tmp_path)


def octets_in(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


async def test_who_is_no_longer_among_the_people_has_no_visit() -> None:
    async with open_store("sqlite://") as store:
        await store.people.add("sato", "operator", SECRET, NOW)
        await signed_in(store, "value")
        await store.people.add("proxied", "operator", "", NOW)
        await signed_in(store, "other", "proxied")
        assert await store.visits.find("other", LASTS, NOW) is None
        await store.people.remove("sato")
        await signed_in(store, "value-2")
        assert await store.visits.find("value-2", LASTS, NOW) is None


async def test_a_guest_has_the_role_that_he_came_with_last_and_his_visits_end_with_it() -> None:
    async with open_store("sqlite://") as store:
        await store.guests.came("oidc:sato", "operator", "https://a.test", "7", NOW)
        await signed_in(store, "value", "oidc:sato")
        found = await store.visits.find("value", LASTS, NOW)
        assert found is not None
        assert (found[0].name, found[1]) == ("oidc:sato", "operator")
        await store.guests.came("oidc:sato", "operator", "https://a.test", "7", NOW + 1)
        assert await store.visits.find("value", LASTS, NOW) is not None
        for role, issuer, subject in (("viewer", "a", "7"), ("viewer", "b", "7"), ("viewer", "b", "8")):
            await signed_in(store, f"{role}{issuer}{subject}", "oidc:sato")
            await store.guests.came("oidc:sato", role, f"https://{issuer}.test", subject, NOW + 2)
            assert await store.visits.of("oidc:sato", LASTS, NOW) == ()
        await signed_in(store, "another", "oidc:sato")
        await store.guests.turned("oidc:sato", "https://b.test", "9")  # not he
        assert await store.visits.find("another", LASTS, NOW) is not None
        await store.guests.turned("oidc:sato", "https://b.test", "8")
        assert await store.visits.find("another", LASTS, NOW) is None
        assert await store.guests.all() == ()
        assert await store.guests.remove("oidc:sato") is False


async def test_a_visit_of_neither_a_person_nor_a_guest_is_nobodys() -> None:
    async with open_store("sqlite://") as store:
        await signed_in(store, "value", "oidc:sato")
        assert await store.visits.find("value", LASTS, NOW) is None


async def test_tokens_end_and_two_have_no_name_in_common() -> None:
    async with open_store("sqlite://") as store:
        assert await store.tokens.add("value", "crm", "viewer", "sato", NOW, NOW + 60) is Change.DONE
        assert await store.tokens.add("other", "crm", "viewer", "sato", NOW, NOW + 60) is Change.TAKEN
        found = await store.tokens.find("value", NOW + 59)
        assert found is not None
        assert (found.name, found.role) == ("crm", "viewer")
        assert await store.tokens.find("value", NOW + 60) is None
        assert await store.tokens.find("crm", NOW) is None


def doubled(failures: int) -> float:
    return 10.0 * failures


async def test_a_try_that_comes_too_soon_does_not_count() -> None:
    async with open_store("sqlite://") as store:
        tries = store.tries
        assert await tries.reserve("sato", "p", NOW, doubled) == 0.0
        assert [await tries.reserve("sato", "p", NOW + after, doubled) for after in (1, 5, 9)] == [9.0, 5.0, 1.0]
        assert await tries.reserve("sato", "p", NOW + 10, doubled) == 0.0
        assert await tries.reserve("sato", "p", NOW + 11, doubled) == 19.0
        assert await tries.reserve("sato", "p", NOW + 10 + FORGOTTEN_AFTER + 1, doubled) == 0.0
        assert await tries.reserve("suzuki", "p", NOW, doubled) == 0.0


async def test_a_name_that_nobody_has_leaves_nothing_for_long() -> None:
    async with open_store("sqlite://") as store:
        for number in range(50):
            await store.tries.reserve(f"nobody{number}", "p", NOW, doubled)
        await store.tries.succeeded("sato", "desk", NOW)
        await store.tries.reserve("later", "p", NOW + FORGOTTEN_AFTER + 1, doubled)
        rows = await store.database.read(lambda transaction: transaction.sql("SELECT failures FROM tries ORDER BY failures"))
        assert rows == [(0,), (1,)]
        await store.tries.reserve("later", "p", NOW + KNOWN_FOR + 1, doubled)
        rows = await store.database.read(lambda transaction: transaction.sql("SELECT failures FROM tries"))
        assert rows == [(1,)]
