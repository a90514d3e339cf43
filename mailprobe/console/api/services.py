"""`/api/v1/services`: the state of each carrier's service as a whole, with its age."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.language import Language
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.saying import service_passages
from mailprobe.console.services import Service, ServiceState, services
from mailprobe.report import utc

router = APIRouter(prefix="/api/v1/services", tags=["services"])
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
Zone = Annotated[str, Query(max_length=64, description="the reader's time zone, such as Asia/Tokyo")]


class PassageOut(BaseModel):
    """lang: ja or en. at: of a piece that is a time; text says it in the zone that was asked for."""

    text: str
    lang: str
    at: str | None = None


class ServiceOut(BaseModel):
    """One carrier's. text: one sentence; passages: the same in pieces, each of one language or a time; age_s: seconds since it
    was last seen to be so, null as `since` where nothing was seen."""

    carrier: str
    title: str
    state: ServiceState
    text: str
    age_s: float | None
    since: str | None
    passages: list[PassageOut]


@router.get("")
async def list_services(request: Request, visitor: Viewer, language: Language, zone: Zone = "") -> list[ServiceOut]:
    """Every configured carrier's, in the configuration's order."""
    rooms = rooms_of(request)
    now = rooms.now()
    return [shown(rooms, one, language, now, zone) for one in await services(rooms, now)]


def shown(rooms: Rooms, one: Service, language: str, now: float, zone: str) -> ServiceOut:
    said = service_passages(one, language, now, zone)
    return ServiceOut(
        carrier=one.carrier,
        title=rooms.house().config.carriers[one.carrier].title,
        state=one.state,
        text="".join(each.text for each in said),
        age_s=None if one.age_s is None else round(one.age_s, 3),
        since=None if one.since is None else utc(one.since),
        passages=[PassageOut(text=each.text, lang=each.language, at=None if each.at is None else utc(each.at)) for each in said],
    )
