"""What a carrier's own systems hold of a mailbox in a world, rightly or not. Shares no code with the verdict.

The contract is what the books say, and the books are right or silent. The lists and stores may be right, behind (as all was
before anything went wrong), or somebody else's: at random.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from mailprobe.evidence import Contract, Evidence, Recorded
from tests.unit.verdict.world import NOW, Truth, World, evidence

DAY = 86_400.0
NOT_IN_MAP = frozenset({Truth.GONE, Truth.CLOSED, Truth.MX_FORGOT, Truth.MISSPELT})
NOT_FOR_SIGN_IN = frozenset({Truth.GONE, Truth.CLOSED, Truth.IMAP_FORGOT, Truth.MISSPELT})
CONTRACTS = {Truth.CLOSED: Contract.CLOSED, Truth.SUSPENDED: Contract.SUSPENDED, Truth.MISSPELT: None, Truth.MOVED: None}


def right(world: World) -> Recorded:
    known = world.truth is not Truth.MISSPELT
    return Recorded(
        at=0.2,
        server="Lab's books",
        contract=CONTRACTS.get(world.truth, Contract.ACTIVE),
        password_changed_at=NOW - 90 * DAY if known else None,
        in_mx_map=world.truth not in NOT_IN_MAP,
        in_imap_directory=world.truth not in NOT_FOR_SIGN_IN,
        mx_store_uid="70012" if known else "",
        store_uid="70012" if known else "",
        last_write=NOW - DAY if known else None,
    )


def behind(world: World) -> Recorded:
    """As it was before: who never existed was on no list then either."""
    was_there = world.truth is not Truth.MISSPELT
    return replace(right(world), in_mx_map=was_there, in_imap_directory=was_there)


def lookup_of(held: Recorded) -> Evidence:
    return evidence("lookup", [held])


MAYBE = st.sampled_from([None, True, False])
UIDS = st.sampled_from(["", "70012", "70013"])
TIMES = st.sampled_from([None, NOW - 1, NOW - 60, NOW - 600, NOW - 7200, NOW - DAY, NOW - 90 * DAY])


@st.composite
def somebody_elses(draw: st.DrawFn) -> Recorded:
    return Recorded(
        at=draw(st.sampled_from([0.2, 0.2, -7200.0, -90 * DAY])),
        server="Lab's books",
        password_changed_at=draw(TIMES),
        in_mx_map=draw(MAYBE),
        in_imap_directory=draw(MAYBE),
        mx_store_uid=draw(UIDS),
        store_uid=draw(UIDS),
        last_write=draw(TIMES),
    )


@st.composite
def any_record(draw: st.DrawFn, world: World) -> Recorded:
    """Right, behind, or somebody else's but for the contract; and the contract may not be said."""
    kind = draw(st.sampled_from(["right", "behind", "other"]))
    lists = draw(somebody_elses()) if kind == "other" else {"right": right, "behind": behind}[kind](world)
    return replace(lists, contract=right(world).contract if draw(st.booleans()) else None)
