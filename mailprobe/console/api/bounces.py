"""`/api/v1/bounces`: what came back to test mails, by class, of whom it speaks, stage and carrier. Without addresses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from mailprobe.console.api.accounts import BounceOut, bounce_out
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.fleet.returned import Bounce, kinds, understood
from mailprobe.console.rooms import Rooms, rooms_of

router = APIRouter(prefix="/api/v1/bounces", tags=["bounces"])
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
DAY = 86_400.0
MOST = 1000


class KindOut(BaseModel):
    """What came back and failed. count: how often, mailboxes: of how many."""

    carrier: str
    cls: str
    speaks_of: str
    hard: bool
    stage: str
    count: int
    mailboxes: int


class BouncesOut(BaseModel):
    """kinds: the most frequent first; bounces: the newest first."""

    days: int
    kinds: list[KindOut]
    bounces: list[BounceOut]


@router.get("")
async def list_bounces(
    request: Request,
    visitor: Viewer,
    carrier: Annotated[str, Query(max_length=80)] = "",
    days: Annotated[int, Query(ge=1, le=90)] = 7,
) -> BouncesOut:
    found = await bounces_of(rooms_of(request), carrier, days)
    counted = [
        KindOut(
            carrier=one.carrier,
            cls=one.cls,
            speaks_of=one.speaks_of,
            hard=one.hard,
            stage=one.stage,
            count=one.count,
            mailboxes=one.mailboxes,
        )
        for one in kinds(found)
    ]
    return BouncesOut(days=days, kinds=counted, bounces=[bounce_out(one) for one in found])


async def bounces_of(rooms: Rooms, carrier: str, days: int) -> tuple[Bounce, ...]:
    """The newest thousand of so many days, of one carrier or ('') of all."""
    house = rooms.house()
    names = await rooms.instruments.mailboxes.known(house.config, house.store.bounces)
    backs = await house.store.bounces.recent(rooms.now() - days * DAY, MOST)
    return tuple(one for one in understood(backs, names, house.config) if carrier in ("", one.carrier))
