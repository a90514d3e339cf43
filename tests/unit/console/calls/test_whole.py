"""What a call says for an incident, and what is said of the service on its page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.address import parse
from mailprobe.console.calls.call import Call
from mailprobe.console.calls.whole import CallsHeard, heard, service_for
from mailprobe.console.instruments import Instruments
from mailprobe.incident import ControlSeen, Passage
from mailprobe.question import Question
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.observed import Observations
from tests.unit.console.standing import NOW, Stand, standing, watched_accounts

OUTAGE = Verdict(Code.IMAP_OUTAGE, Status.DOWN, Actor.MAIL_OPS, Confidence.HIGH, HandsetSteps.NONE, 11)
FAILS = ControlSeen(False, NOW - 10, NOW - 20, 1)


def call(stand: Stand, name: str, *, enrolled: bool = False, confirmed: bool = True, reason: str = "customer_call") -> Call:
    account = replace(watched_accounts()[0], id=name, address=parse(f"{name}@lab.test"), enrolled=enrolled)
    question = Question(account, Observations(spelling_confirmed=confirmed), operator="sato")
    carrier = stand.house.config.carriers["lab"]
    return Call(id=name, number="1", owner="sato", reason=reason, started=NOW, question=question, carrier=carrier)


@pytest.mark.parametrize(("enrolled", "confirmed", "counts"), [(True, False, True), (False, True, True), (False, False, False)])
async def test_an_address_is_confirmed_by_its_owner_or_because_it_is_enrolled(
    enrolled: bool, confirmed: bool, counts: bool
) -> None:
    async with standing() as stand:
        one = heard(stand.rooms, call(stand, "a", enrolled=enrolled, confirmed=confirmed), OUTAGE)
        assert (one.carrier, one.code, one.at, one.speaks_of_servers) == ("lab", Code.IMAP_OUTAGE, NOW, counts)
        assert "a@lab.test" not in repr(one)


async def test_the_third_caller_is_heard_and_a_test_of_ours_is_not() -> None:
    async with standing() as stand:
        stand.instruments = Instruments(control=lambda carrier: FAILS if carrier == "lab" else None)
        hears = CallsHeard(stand.rooms)
        for name, reason in (("a", "customer_call"), ("b", "customer_call"), ("c", "test")):
            hears(call(stand, name, reason=reason), OUTAGE)
        await drained(hears)
        assert await stand.store.incidents.open_ones() == ()
        hears(call(stand, "d"), OUTAGE)
        await drained(hears)
        assert [one.addresses for one in await stand.store.incidents.open_ones()] == [3]


async def drained(hears: CallsHeard) -> None:
    for task in tuple(hears.working):
        await task


async def test_a_calls_page_says_how_the_whole_is() -> None:
    async with standing() as stand:
        await stand.is_so("lab-0", Status.OK, Code.HEALTHY)
        said = await service_for(stand.rooms)(stand.house.config.carriers["lab"], NOW)
        assert (said.state, said.since) == ("normal", NOW - 60)
        assert said.passages("ja") == (Passage("正常", "ja"),)
        assert said.passages("en") == (Passage("normal", "en"),)
