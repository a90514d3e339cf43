"""A watched mailbox is checked by its id as well; that its address is shown then, the trail knows."""

from __future__ import annotations

from mailprobe.console.door import Role
from tests.unit.console.given import given


async def test_an_id_is_read_as_its_address_and_noted() -> None:
    async with given() as here:
        watched = here.house.config.accounts[0]
        agent = await here.signed_in("sato", Role.OPERATOR)
        read = (await agent.post("/api/v1/addresses", json={"text": f" {watched.id} "})).json()
        assert (read["proposal"], read["account"]) == (watched.address.display, watched.id)
        assert ("sato", "look", watched.id) in await here.noted()


async def test_what_is_no_id_is_read_as_what_it_is_and_noted_nowhere() -> None:
    async with given() as here:
        agent = await here.signed_in("sato", Role.OPERATOR)
        before = await here.noted()
        read = (await agent.post("/api/v1/addresses", json={"text": "nobody-of-this-name"})).json()
        assert read["problem"] is not None
        assert await here.noted() == before
