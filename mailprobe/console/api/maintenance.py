"""`/api/v1/maintenance`: windows of announced work; a supervisor sets and ends them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.refusals import PlainRoute, Refusal, note
from mailprobe.console.rooms import Rooms
from mailprobe.console.services import announced_of
from mailprobe.maintenance import Window
from mailprobe.report import utc
from mailprobe.store.maintenance import fault_of

router = APIRouter(prefix="/api/v1/maintenance", tags=["maintenance"], route_class=PlainRoute)
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
    rooms: Rooms = request.app.state.rooms
    now = rooms.now()
    return WindowsOut(windows=[window_out(one, now) for one in await windows(rooms, now)])


@router.post("", status_code=201)
async def set_window(given: WindowIn, request: Request, visitor: Supervisor) -> WindowOut:
    rooms: Rooms = request.app.state.rooms
    begins = rooms.now() if given.begins is None else given.begins.timestamp()
    made = await announce(request, visitor, Window(given.carrier, given.group, begins, given.ends.timestamp(), given.note))
    return window_out(made, rooms.now())


@router.delete("/{number}")
async def end_window(number: Number, request: Request, visitor: Supervisor) -> WindowOut:
    """End it now; one that has not begun is never under way."""
    rooms: Rooms = request.app.state.rooms
    return window_out(await finish(request, visitor, number), rooms.now())


async def announce(request: Request, visitor: Visitor, window: Window) -> Window:
    """Set one, noted before. Raises Refusal."""
    rooms: Rooms = request.app.state.rooms
    if window.carrier and window.carrier not in rooms.house().config.carriers:
        raise Refusal(404, "MP2602", "There is no such carrier", hint="name one of the configured ones")
    if fault := fault_of(window, rooms.now()):
        raise Refusal(422, "MP2608", "This is no window of maintenance", f"it {fault}", hint="31 days at most, within a year")
    whose = window.carrier or f"group {window.group}"
    await note(request, visitor, "maintenance", whose, f"until {utc(window.ends)}")
    return await announced_of(rooms).add(window, visitor.name)


async def finish(request: Request, visitor: Visitor, number: int) -> Window:
    rooms: Rooms = request.app.state.rooms
    await note(request, visitor, "maintenance", str(number), "end")
    ended = await announced_of(rooms).end(number)
    if ended is None:
        hint = "one that is written in the configuration is ended there"
        raise Refusal(404, "MP2609", "There is no such window, or it is over", where=f"window {number}", hint=hint)
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
