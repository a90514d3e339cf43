"""The trail, for auditors; and a customer erased, for administrators. To look at the trail is noted in it."""

from __future__ import annotations

import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from mailprobe.console.api.asking import desk_of
from mailprobe.console.api.times import rfc3339
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.erasing import whose
from mailprobe.console.rooms import rooms_of
from mailprobe.store.audit import NAMES, Entry, Search

router = APIRouter(prefix="/api/v1", tags=["audit"])

Auditor = Annotated[Visitor, Depends(may(Role.AUDITOR))]
Admin = Annotated[Visitor, Depends(may(Role.ADMIN))]
Word = Annotated[str, Query(max_length=100)]
When = Annotated[datetime.datetime | None, Query()]
MOST = 100


class Row(BaseModel):
    """of: an account's id, or the hash of an address."""

    number: int
    at: str
    who: str
    what: str
    of: str
    why: str


class Page(BaseModel):
    """older: for `below`, to see what was before; null at the end."""

    rows: list[Row]
    older: int | None


class Verified(BaseModel):
    """row, what: the first that is not as it was written; null if all are."""

    rows: int
    row: int | None = None
    what: str | None = None


class ToErase(BaseModel):
    """account: the id that he had; address: his; at least one. why: a ticket or a reason."""

    account: str = Field(default="", max_length=64)
    address: str = Field(default="", max_length=320)
    why: str = Field(min_length=1, max_length=500)


class ErasedOut(BaseModel):
    """clean: nothing is left in the store's side file either; if not, it goes with the next checkpoint."""

    rows: int
    clean: bool


@router.get("/audit")
async def read(
    request: Request,
    visitor: Auditor,
    who: Word = "",
    what: Word = "",
    of: Word = "",
    since: When = None,
    until: When = None,
    below: Annotated[int, Query(ge=1, le=1 << 62)] = 1 << 62,
) -> Page:
    search = Search(who, what, names_in(of), at(since, 0.0), at(until, 1e12), below)
    rows = await found(request, visitor, search)
    return Page(
        rows=[Row(number=one.number, at=rfc3339(one.at), who=one.who, what=one.what, of=one.of, why=one.why) for one in rows],
        older=rows[-1].number if len(rows) == MOST else None,
    )


@router.get("/audit/verify")
async def verify(request: Request, visitor: Auditor) -> Verified:
    """Reads the whole chain."""
    await request.app.state.trail.note(visitor, "audit_verify", "", "")
    audit = rooms_of(request).house().store.audit
    fault = await audit.verify()
    rows = await audit.count()
    return Verified(rows=rows) if fault is None else Verified(rows=rows, row=fault.number, what=fault.what)


@router.post("/erasures")
async def erase(request: Request, visitor: Admin, wanted: ToErase) -> ErasedOut:
    """Everything that the store holds of him but for the trail. 409 while he is watched."""
    house = rooms_of(request).house()
    whom = whose(house.config, wanted.account, wanted.address)
    await request.app.state.trail.note(visitor, "erase", whom.account, wanted.why)
    desk_of(request).erase(whom.account, whom.addresses)  # first: what is in memory would be written again
    erased = await house.store.erase(whom)
    return ErasedOut(rows=erased.rows, clean=erased.clean)


async def found(request: Request, visitor: Visitor, search: Search) -> tuple[Entry, ...]:
    """Noted before it is shown, with what was looked for."""
    await request.app.state.trail.note(
        visitor, "audit", ",".join(search.of), " ".join(one for one in (search.who, search.what) if one)
    )
    return await rooms_of(request).house().store.audit.find(search, MOST)


def names_in(text: str) -> tuple[str, ...]:
    return tuple(one for one in text.split(",") if one)[:NAMES]


def at(when: datetime.datetime | None, left_out: float) -> float:
    """A time without a zone is UTC."""
    if when is None:
        return left_out
    try:
        return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    except (OverflowError, OSError, ValueError):
        return left_out
