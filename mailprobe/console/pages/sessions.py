"""My sessions: where I am signed in, and how to end it; and another password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.console import visits
from mailprobe.console.door import Visitor, signed_in
from mailprobe.console.language import language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.pages.sign_in import STATUS, gate_of
from mailprobe.console.people import unfit
from mailprobe.console.rooms import rooms_of
from mailprobe.console.saying import clock
from mailprobe.console.texts import text

router = APIRouter(include_in_schema=False)
Me = Annotated[Visitor, Depends(signed_in())]
# Each names those that stand behind it as well: the first that is found counts (RFC 9110 section 10.1.5)
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


@dataclass(frozen=True, slots=True)
class Shown:
    number: int
    began: str
    seen: str
    peer: str
    program: str

    @property
    def browser(self) -> str:
        """In short where it names itself as browsers do; else as it says."""
        found = [next((name for mark, name in names if mark in self.program), "") for names in (BROWSERS, SYSTEMS)]
        return ", ".join(one for one in found if one) or self.program


@router.get("/sessions")
async def show(request: Request, visitor: Me) -> Response:
    return await page(request, visitor)


async def page(request: Request, visitor: Visitor, said: str = "", status: int = 200) -> Response:
    rooms = rooms_of(request)
    house = rooms.house()
    found = await house.store.visits.of(visitor.name, visits.lasts(house.config.console), rooms.now()) if visitor.visit else ()
    language, now = language_of(request), rooms.now()
    rows = [
        Shown(one.number, clock(one.began_at, language, now), clock(one.seen_at, language, now), one.peer, one.program)
        for one in found
    ]
    guest = visits.is_guest(visitor.name)
    return paper(request, "sessions.html", visitor, status, visits=rows, said=said, guest=guest)


@router.post("/sessions/{number}/end")
async def end(request: Request, visitor: Me, number: int) -> Response:
    if visitor.visit:
        await rooms_of(request).house().store.visits.end_one(visitor.name, number)
    return RedirectResponse("/sessions", 303)


@router.post("/sessions/end-others")
async def end_others(request: Request, visitor: Me) -> Response:
    rooms = rooms_of(request)
    if visitor.visit:
        house = rooms.house()
        for one in await house.store.visits.of(visitor.name, visits.lasts(house.config.console), rooms.now()):
            if one.number != visitor.visit:
                await house.store.visits.end_one(visitor.name, one.number)
    return RedirectResponse("/sessions", 303)


@router.post("/sessions/password")
async def change_password(
    request: Request,
    visitor: Me,
    old: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Whoever holds a session does not know the password yet: it is asked for, at the pace of a sign-in."""
    language, gate = language_of(request), gate_of(request)
    if not visitor.visit or visits.is_guest(visitor.name):
        return await page(request, visitor)
    wrong = "unlike" if password != again else unfit(visitor.name, password)
    if wrong:
        return await page(request, visitor, text(f"unfit.{wrong}", language), 422)
    refusal = await gate.admit(visitor.name, old, visits.peer_of(request))
    if refusal is not None:
        said = text(f"door.{refusal.reason.value}", language, seconds=f"{refusal.again_in:.0f}")
        return await page(request, visitor, said, STATUS[refusal.reason])
    rooms = rooms_of(request)
    await request.app.state.trail.note(visitor, "password", visitor.name, "")
    await rooms.house().store.people.set_secret(visitor.name, await gate.passwords.hashed(password), rooms.now())
    answer = RedirectResponse("/", 303)
    await visits.begin(request, answer, rooms, visitor.name)
    return answer
