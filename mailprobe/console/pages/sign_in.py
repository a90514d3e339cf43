"""Coming in and going out: sign-in, sign-out, the page that makes the first administrator. All of it works without scripts."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.config import Oidc
from mailprobe.console import party, visits
from mailprobe.console.door import Role, Visitor, anybody
from mailprobe.console.language import language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.people import Gate, Turned, name_of, unfit
from mailprobe.console.rooms import rooms_of
from mailprobe.console.texts import text
from mailprobe.store.people import Change

router = APIRouter(include_in_schema=False)

STATUS = {Turned.WRONG: 401, Turned.TOO_MANY: 429, Turned.BUSY: 503}
HERE = re.compile(r"/(?:[A-Za-z0-9_.~-][A-Za-z0-9_.~/-]*)?")  # a page of ours: no other host, and nothing that is read as one
Anyone = Annotated[Visitor | None, Depends(anybody())]


@router.get("/sign-in")
async def show(request: Request, visitor: Anyone, next: str = "/") -> Response:
    if visitor is not None:
        return RedirectResponse(home_of(visitor.role, next), 303)
    return paper(request, "sign_in.html", said="", name="", next=next, oidc=oidc_of(request))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    visitor: Anyone,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    rooms, gate = rooms_of(request), gate_of(request)
    whom = name_of(name)
    refusal = await gate.admit(whom, password, visits.peer_of(request))
    if refusal is not None:
        said = text(f"door.{refusal.reason.value}", language_of(request), seconds=f"{refusal.again_in:.0f}")
        at = "/sign-in?" + urlencode({"next": next})
        oidc, status = oidc_of(request), STATUS[refusal.reason]
        page = paper(request, "sign_in.html", status=status, at=at, said=said, name=name[:64], next=next, oidc=oidc)
        if refusal.again_in:
            page.headers["Retry-After"] = f"{refusal.again_in:.0f}"
        return page
    person = await rooms.house().store.people.of(whom)
    role = Role(person.role) if person is not None else Role.VIEWER
    await request.app.state.trail.note(Visitor(whom, role), "sign_in", whom, "")
    answer = RedirectResponse(home_of(role, next), 303)
    await visits.begin(request, answer, rooms, whom)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, visitor: Anyone) -> Response:
    """Whom another house has signed in signs out there, too: by a page, since a browser that posts a form here is sent nowhere
    else (`form-action`, Content Security Policy Level 3 section 6.4.1). His session here is over before anybody is asked."""
    await visits.end(request, rooms_of(request))
    there = await way_out(request, visitor)
    answer: Response = (
        paper(request, "signed_out.html", at="/sign-in", there=there) if there else RedirectResponse("/sign-in", 303)
    )
    visits.drop(request, answer)
    party.drop_hint(request, answer)
    return answer


async def way_out(request: Request, visitor: Visitor | None) -> str:
    """'' for who has a password here. Whose session is over already may be signed in there still."""
    if not (visits.is_guest(visitor.name) if visitor is not None else party.hint_of(request)):
        return ""
    relying: party.RelyingParty = request.app.state.party
    return await relying.way_out(request)


@router.get("/first-admin")
async def show_first(request: Request, visitor: Anyone, key: str = "") -> Response:
    rooms = rooms_of(request)
    opens = await rooms.house().store.people.link_opens(key, rooms.now())
    said = "" if opens else text("first.closed", language_of(request))
    status = 200 if opens else 410
    return paper(request, "first_admin.html", status=status, at=first_at(key), said=said, opens=opens, key=key, name="")


@router.post("/first-admin")
async def make_first(
    request: Request,
    visitor: Anyone,
    key: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    rooms, whom, language = rooms_of(request), name_of(name), language_of(request)
    people, now = rooms.house().store.people, rooms.now()
    if not await people.link_opens(key, now):
        return await show_first(request, visitor, key)
    wrong = "unlike" if password != again else unfit(whom, password)
    if wrong:
        said = text(f"unfit.{wrong}", language)
        return paper(request, "first_admin.html", status=422, at=first_at(key), said=said, opens=True, key=key, name=name[:64])
    secret = await gate_of(request).passwords.hashed(password)
    if await people.add_first(key, whom, Role.ADMIN.value, secret, now) is not Change.DONE:
        return await show_first(request, visitor, key)
    await request.app.state.trail.note(Visitor(whom, Role.ADMIN), "first_admin", whom, "")
    answer = RedirectResponse("/", 303)
    await visits.begin(request, answer, rooms, whom)
    return answer


def first_at(key: str) -> str:
    """The page that this key opens: to have it in another language must not lose the key."""
    return "/first-admin?" + urlencode({"key": key})


def home_of(role: Role, next: str) -> str:
    """Where he goes: the page that he wanted, if it is one of ours; an auditor has one page."""
    if next != "/" and HERE.fullmatch(next):
        return next
    return "/audit" if role is Role.AUDITOR else "/"


def oidc_of(request: Request) -> Oidc | None:
    """Who else signs people in."""
    return rooms_of(request).house().config.console.oidc


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate
