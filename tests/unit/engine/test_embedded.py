"""Side by side, in order, and sign-in as a chain."""

from __future__ import annotations

import asyncio

from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded
from mailprobe.evidence import Connected, End, Evidence, Fact
from mailprobe.probes import Note, Reach, SignInEnd, Target
from tests.unit.given import account, carrier, prober


async def test_probes_run_side_by_side_and_facts_are_told_at_once() -> None:
    met = asyncio.Barrier(2)
    heard: list[tuple[str, Fact]] = []
    ended: list[str] = []

    async def meets(target: Target, reach: Reach, note: Note) -> None:
        await met.wait()  # would hang for ever if the probes ran one after the other
        note(Connected(at=1.0, took=0.0))

    engine = Embedded({"mx": meets, "imap": meets}, lambda order, chain, tap: None)  # type: ignore[arg-type,return-value]  # unused
    order = Order(account(), carrier(), prober(), ("mx", "imap"), 5.0)
    evidence = await engine.live(order, Watch(lambda leg, fact: heard.append((leg, fact)), lambda one: ended.append(one.probe)))
    assert [one.probe for one in evidence] == ["mx", "imap"]
    assert sorted(leg for leg, _ in heard) == ["imap", "mx"]
    assert sorted(ended) == ["imap", "mx"]
    assert not engine.under_way


async def submission_hears(imap: str) -> SignInEnd:
    """What the submission leg is told when the imap leg behaves as named."""
    told: list[SignInEnd] = []
    chains: list[object] = []

    async def imap_leg(target: Target, reach: Reach, note: Note) -> None:
        if imap == "crashes":
            raise RuntimeError
        if imap == "opens":
            reach.chain.imap_ended(SignInEnd.OPENED)

    async def submission_leg(target: Target, reach: Reach, note: Note) -> None:
        told.append(await reach.chain.imap_end())

    class OnlyChain:
        def __init__(self, chain: object) -> None:
            self.chain = chain

    engine = Embedded(
        {"imap": imap_leg, "submission": submission_leg},
        lambda order, chain, tap: OnlyChain(chain),  # type: ignore[arg-type,return-value]  # the legs touch only the chain
    )
    legs = ("submission",) if imap == "absent" else ("submission", "imap")
    evidence: tuple[Evidence, ...] = await engine.live(
        Order(account(), carrier(), prober(), legs, 5.0), Watch(lambda leg, fact: None, chains.append)
    )
    assert next(one for one in evidence if one.probe == "submission").ending.kind is End.FINISHED
    return told[0]


async def test_submission_waits_for_the_end_of_the_imap_sign_in() -> None:
    assert await submission_hears("opens") is SignInEnd.OPENED


async def test_submission_is_never_left_waiting_for_a_leg_that_crashed_or_is_absent() -> None:
    assert await submission_hears("crashes") is SignInEnd.UNKNOWN
    assert await submission_hears("absent") is SignInEnd.NOT_RUN


async def test_a_login_under_way_comes_before_one_that_joins_it_and_is_never_waited_for_in_vain() -> None:
    """The first check is given up in the middle of its sign-in; the second one follows only its submission leg."""
    began, told = asyncio.Event(), list[SignInEnd]()

    async def imap_leg(target: Target, reach: Reach, note: Note) -> None:
        began.set()
        await asyncio.Event().wait()

    async def submission_leg(target: Target, reach: Reach, note: Note) -> None:
        told.append(await reach.chain.imap_end())

    class OnlyChain:
        def __init__(self, chain: object) -> None:
            self.chain = chain

    engine = Embedded(
        {"imap": imap_leg, "submission": submission_leg},
        lambda order, chain, tap: OnlyChain(chain),  # type: ignore[arg-type,return-value]  # the legs touch only the chain
    )
    unheard = Watch(lambda leg, fact: None, lambda evidence: None)
    first = asyncio.create_task(engine.live(Order(account(), carrier(), prober(), ("imap", "submission"), 5.0), unheard))
    await began.wait()
    second = asyncio.create_task(engine.live(Order(account(), carrier(), prober(), ("submission",), 5.0), unheard))
    await asyncio.sleep(0)
    assert told == []
    first.cancel()
    (evidence,) = await second
    assert (told, evidence.ending.kind) == ([SignInEnd.UNKNOWN], End.FINISHED)
    assert not engine.under_way
