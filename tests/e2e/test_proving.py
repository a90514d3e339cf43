"""`config check --online` where there is nobody to ask: everything is unknown, and nothing is called wrong."""

from __future__ import annotations

from mailprobe.carriers import Carrier, Relation
from mailprobe.config import Config, Prober
from mailprobe.daemon import open_house
from mailprobe.demo.dns import naming
from mailprobe.proving import ask_the_world
from mailprobe.readiness import Result, Topic


async def test_where_nothing_can_be_asked_everything_is_unknown_and_nothing_is_called_wrong() -> None:
    async with naming((), {}) as place:
        prober = Prober(
            "probe1.example.net", "probe@probe.example.net", "b.example.net", resolvers=(f"{place.host}:{place.port}",)
        )
        carrier = Carrier("lab", "Lab", Relation.OWN, ("mail.test",))
        async with open_house(Config(prober, {"lab": carrier}, store_url="sqlite://")) as house:
            found = await ask_the_world(house, within=5.0, lists=())
    results = {one.topic: one.result for one in found.findings}
    assert results.pop(Topic.RESOLVERS) is Result.BAD  # a single one
    results.pop(Topic.CLOCK)  # the kernel may know
    assert set(results.values()) == {Result.UNKNOWN}
    assert {Topic.IDENTITY, Topic.SPF, Topic.BOUNCES, Topic.SENDER, Topic.LIVE, Topic.PORT_25} <= results.keys()
    ((name, rows),) = found.provable
    assert (name, {row.code.value for row in rows if row.provable}) == ("lab", {"prober_blocked"})
    assert found.exit_code == 1
