"""What is asked of the world about ourselves, and what is not."""

from __future__ import annotations

import dataclasses

from mailprobe.config import from_nothing, read_address
from mailprobe.net.resolver import Resolver
from mailprobe.prober import Check, State
from mailprobe.prober.asking import SelfCheck

NOW = 1_800_000_000.0


async def test_an_inner_address_is_on_no_list() -> None:
    """Nobody is asked; and that the check exists is told all the same."""
    plain = from_nothing(read_address("a@i.softbank.jp"))
    config = dataclasses.replace(plain, prober=dataclasses.replace(plain.prober, block_lists=("zen.example", "other.example")))
    nobody = Resolver(("127.0.0.9:1",))
    found = await SelfCheck(config, nobody, lambda: "192.168.1.7").block_lists(NOW)
    assert [(one.check, one.state, one.subject) for one in found] == [
        (Check.BLOCK_LIST, State.NOT_APPLICABLE, "zen.example"),
        (Check.BLOCK_LIST, State.NOT_APPLICABLE, "other.example"),
    ]
