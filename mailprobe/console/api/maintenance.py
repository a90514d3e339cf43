"""`/api/v1/maintenance`: windows of announced work; a supervisor sets and ends them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mailprobe.console.api.problems import Refused
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.rooms import Rooms, rooms_of
from mailprobe.console.services import announced_of
from mailprobe.maintenance import Window
from mailprobe.report import utc
from mailprobe.store.maintenance import fault_of

router = APIRouter(prefix="/api/v1/maintenance", tags=["maintenance"])
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
Supervisor = Annotated[Visitor, Depends(may(Role.SUPERVISOR))]
Number = Annotated[int, Path(ge=1, le=2**53)]


class WindowOut(BaseModel):
    """carrier or group '': of any. number: null for one that is written in the configuration, and is ended there."""

    number: int | None
    carrier: str
    group: str
    begins: str
    ends: str
    note: str
    under_way: bool


class WindowsOut(BaseModel):
    windows: list[WindowOut]


class WindowIn(BaseModel):
    """begins: null for now. note: what people are told, without any address."""

    model_config = ConfigDict(extra="forbid")
    carrier: Annotated[str, Field(max_length=80)] = ""
    group: Annotated[str, Field(max_length=80)] = ""
    begins: AwareDatetime | None = None
    ends: AwareDatetime
    note: Annotated[str, Field(max_length=500)] = ""


@router.get("")
async def list_windows(request: Request, visitor: Viewer) -> WindowsOut:
    """Those under way and to come, by their beginning."""
    rooms = rooms_of(request)
    now = rooms.now()
    return WindowsOut(windows=[window_out(one, now) for one in await windows(rooms, now)])


@router.post("", status_code=201)
async def set_window(given: WindowIn, request: Request, visitor: Supervisor) -> WindowOut:
    rooms = rooms_of(request)
    begins = rooms.now() if given.begins is None else given.begins.timestamp()
    made = await announce(request, visitor, Window(given.carrier, given.group, begins, given.ends.timestamp(), given.note))
    return window_out(made, rooms.now())


@router.delete("/{number}")
async def end_window(number: Number, request: Request, visitor: Supervisor) -> WindowOut:
    """End it now; one that has not begun is never under way."""
    rooms = rooms_of(request)
    return window_out(await finish(request, visitor, number), rooms.now())


async def announce(request: Request, visitor: Visitor, window: Window) -> Window:
    """Set one, noted before. Raises Refused."""
    rooms = rooms_of(request)
    if window.carrier and window.carrier not in rooms.house().config.carriers:
        raise Refused(404, "MP2602", "There is no such carrier", hint="name one of the configured ones")
    if fault := fault_of(window, rooms.now()):
        raise Refused(422, "MP2608", f"This is no window of maintenance: it {fault}", hint="31 days at most, within a year")
    whose = window.carrier or f"group {window.group}"
    await request.app.state.trail.note(visitor, "maintenance", whose, f"until {utc(window.ends)}")
    return await announced_of(rooms).add(window, visitor.name)


async def finish(request: Request, visitor: Visitor, number: int) -> Window:
    rooms = rooms_of(request)
    await request.app.state.trail.note(visitor, "maintenance", str(number), "end")
    ended = await announced_of(rooms).end(number)
    if ended is None:
        hint = "one that is written in the configuration is ended there"
        raise Refused(404, "MP2609", "There is no such window, or it is over", where=f"window {number}", hint=hint)
    return ended


async def windows(rooms: Rooms, now: float) -> tuple[Window, ...]:
    known = (one for one in await announced_of(rooms).all(now) if one.ends > now)
    return tuple(sorted(known, key=lambda one: (one.begins, one.number)))


def window_out(one: Window, now: float) -> WindowOut:
    return WindowOut(
        number=one.number or None,
        carrier=one.carrier,
        group=one.group,
        begins=utc(one.begins),
        ends=utc(one.ends),
        note=one.note,
        under_way=one.begins <= now < one.ends,
    )
