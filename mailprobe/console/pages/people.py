"""People and tokens, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.console.api.staff import staff_of
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.language import language_of
from mailprobe.console.pages.paper import paper
from mailprobe.console.people import Unfit
from mailprobe.console.rooms import rooms_of
from mailprobe.console.saying import clock
from mailprobe.console.staff import TOKEN_ROLES, NoToken
from mailprobe.console.texts import text
from mailprobe.store.people import Change

router = APIRouter(include_in_schema=False)

Admin = Annotated[Visitor, Depends(may(Role.ADMIN))]
Field = Annotated[str, Form(max_length=256)]
WORDS = {Change.TAKEN: "unfit.taken", Change.LAST: "people.last", Change.UNKNOWN: "people.unknown"}


@dataclass(frozen=True, slots=True)
class ShownPerson:
    name: str
    role: str
    since: str


@dataclass(frozen=True, slots=True)
class ShownToken:
    number: int
    name: str
    role: str
    ends: str
    used: str


@router.get("/people")
async def show(request: Request, visitor: Admin) -> Response:
    return await page(request, visitor)


async def page(request: Request, visitor: Visitor, said: str = "", token: str = "", status: int = 200) -> Response:
    store, language, now = staff_of(request).store(), language_of(request), rooms_of(request).now()

    def spoken(at: float) -> str:
        return clock(at, language, now)

    people = [ShownPerson(one.name, one.role, spoken(one.made_at)) for one in await store.people.all()]
    tokens = [
        ShownToken(one.number, one.name, one.role, spoken(one.ends_at), spoken(one.used_at) if one.used_at else "-")
        for one in await store.tokens.all()
    ]
    guests = [ShownPerson(one.name, one.role, spoken(one.came_at)) for one in await store.guests.all()]
    given: dict[str, Any] = {"people": people, "guests": guests, "tokens": tokens, "all_roles": [one.value for one in Role]}
    token_roles = [one.value for one in TOKEN_ROLES]
    return paper(request, "people.html", visitor, status, here="people", said=said, token=token, token_roles=token_roles, **given)


@router.post("/people")
async def add(
    request: Request, visitor: Admin, role: Annotated[Role, Form()], name: Field = "", password: Field = ""
) -> Response:
    return await after(request, visitor, await staff_of(request).add(visitor, name, role, password or None))


@router.post("/people/role")
async def set_role(request: Request, visitor: Admin, role: Annotated[Role, Form()], name: Field = "") -> Response:
    return await after(request, visitor, await staff_of(request).set_role(visitor, name, role))


@router.post("/people/sign-out")
async def end_sessions(request: Request, visitor: Admin, name: Field = "") -> Response:
    await staff_of(request).end_sessions(visitor, name)
    return RedirectResponse("/people", 303)


@router.post("/people/remove")
async def remove(request: Request, visitor: Admin, name: Field = "") -> Response:
    return await after(request, visitor, await staff_of(request).remove(visitor, name))


@router.post("/people/guests/remove")
async def remove_guest(request: Request, visitor: Admin, name: Field = "") -> Response:
    return await after(request, visitor, await staff_of(request).remove_guest(visitor, name))


@router.post("/people/tokens")
async def make_token(
    request: Request, visitor: Admin, role: Annotated[Role, Form()], days: Annotated[int, Form()] = 90, name: Field = ""
) -> Response:
    made = await staff_of(request).make_token(visitor, name, role, days)
    if isinstance(made, NoToken):
        return await page(request, visitor, text(f"people.{made.value}", language_of(request)), status=422)
    return await page(request, visitor, token=made.value)


@router.post("/people/tokens/remove")
async def remove_token(request: Request, visitor: Admin, number: Annotated[int, Form(ge=1, lt=1 << 62)]) -> Response:
    return await after(request, visitor, await staff_of(request).remove_token(visitor, number))


async def after(request: Request, visitor: Visitor, outcome: Change | Unfit) -> Response:
    """The list anew, or what was wrong."""
    if outcome is Change.DONE:
        return RedirectResponse("/people", 303)
    key = f"unfit.{outcome.value}" if isinstance(outcome, Unfit) else WORDS[outcome]
    return await page(request, visitor, text(key, language_of(request)), status=422)
