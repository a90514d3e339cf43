"""People and tokens, for administrators; and what is mine, for everybody who is signed in."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field, SecretStr

from mailprobe.console import visits
from mailprobe.console.api.problems import Refused
from mailprobe.console.api.times import rfc3339
from mailprobe.console.door import Role, Visitor, may, signed_in
from mailprobe.console.people import Unfit
from mailprobe.console.rooms import rooms_of
from mailprobe.console.staff import NoToken, Staff
from mailprobe.console.texts import text
from mailprobe.store.people import Change

router = APIRouter(prefix="/api/v1", tags=["people"])

Admin = Annotated[Visitor, Depends(may(Role.ADMIN))]
Me = Annotated[Visitor, Depends(signed_in())]
Name = Annotated[str, Path(min_length=1, max_length=256)]
Number = Annotated[int, Path(ge=1, lt=1 << 62)]


class Who(BaseModel):
    name: str
    role: Role


class PersonOut(BaseModel):
    """comes_from: issuer for whom the company's sign-in has let in; of him it is known when he last did, of others since when he
    is here."""

    name: str
    role: Role
    comes_from: Literal["here", "issuer"] = "here"
    since: str | None = None
    last_sign_in: str | None = None
    has_password: bool = False


class NewPerson(BaseModel):
    """Without a password: signs in at the proxy only."""

    name: str = Field(max_length=256)
    role: Role
    password: SecretStr | None = Field(default=None, max_length=256)


class NewRole(BaseModel):
    role: Role


class NewPassword(BaseModel):
    password: SecretStr = Field(max_length=256)


class SessionOut(BaseModel):
    id: int
    began: str
    seen: str
    peer: str
    program: str
    this: bool


class TokenOut(BaseModel):
    id: int
    name: str
    role: Role
    made_by: str
    made: str
    ends: str
    used: str | None


class WantedToken(BaseModel):
    name: str = Field(max_length=64)
    role: Role
    days: int = Field(default=90, ge=1, le=365)


class MadeToken(BaseModel):
    """token: shown this once."""

    token: str
    ends: str


class Done(BaseModel):
    done: bool = True


@router.get("/me")
async def me(visitor: Me) -> Who:
    return Who(name=visitor.name, role=visitor.role)


@router.get("/sessions")
async def list_sessions(request: Request, visitor: Me) -> list[SessionOut]:
    if not visitor.visit:
        return []
    rooms = rooms_of(request)
    house = rooms.house()
    return [
        SessionOut(
            id=one.number,
            began=rfc3339(one.began_at),
            seen=rfc3339(one.seen_at),
            peer=one.peer,
            program=one.program,
            this=one.number == visitor.visit,
        )
        for one in await house.store.visits.of(visitor.name, visits.lasts(house.config.console), rooms.now())
    ]


@router.delete("/sessions/{number}")
async def end_session(request: Request, visitor: Me, number: Number) -> Done:
    """One of mine."""
    rooms = rooms_of(request)
    if not visitor.visit or await rooms.house().store.visits.end_one(visitor.name, number) is not Change.DONE:
        raise Refused(404, "MP2405", "no session of yours has this id", where="number")
    return Done()


@router.get("/people")
async def list_people(request: Request, visitor: Admin) -> list[PersonOut]:
    """Those who have a place here, then those who came on the issuer's word."""
    store = staff_of(request).store()
    people = [
        PersonOut(name=one.name, role=Role(one.role), since=rfc3339(one.made_at), has_password=one.has_password)
        for one in await store.people.all()
    ]
    guests = [
        PersonOut(name=one.name, role=Role(one.role), comes_from="issuer", last_sign_in=rfc3339(one.came_at))
        for one in await store.guests.all()
    ]
    return people + guests


@router.post("/people", status_code=201)
async def add_person(request: Request, visitor: Admin, new: NewPerson) -> Done:
    password = None if new.password is None else new.password.get_secret_value()
    return told(await staff_of(request).add(visitor, new.name, new.role, password))


@router.put("/people/{name}/role")
async def set_role(request: Request, visitor: Admin, name: Name, new: NewRole) -> Done:
    """His sessions end."""
    return told(await staff_of(request).set_role(visitor, name, new.role))


@router.put("/people/{name}/password")
async def set_password(request: Request, visitor: Admin, name: Name, new: NewPassword) -> Done:
    """His sessions end."""
    return told(await staff_of(request).set_password(visitor, name, new.password.get_secret_value()))


@router.delete("/people/{name}/sessions")
async def end_sessions(request: Request, visitor: Admin, name: Name) -> Done:
    """Also of whom the issuer has let in; he may come again as long as it does."""
    await staff_of(request).end_sessions(visitor, name)
    return Done()


@router.delete("/people/{name}")
async def remove_person(request: Request, visitor: Admin, name: Name) -> Done:
    return told(await staff_of(request).remove(visitor, name))


@router.get("/tokens")
async def list_tokens(request: Request, visitor: Admin) -> list[TokenOut]:
    return [
        TokenOut(
            id=one.number,
            name=one.name,
            role=Role(one.role),
            made_by=one.made_by,
            made=rfc3339(one.made_at),
            ends=rfc3339(one.ends_at),
            used=rfc3339(one.used_at) if one.used_at is not None else None,
        )
        for one in await staff_of(request).store().tokens.all()
    ]


@router.post("/tokens", status_code=201)
async def make_token(request: Request, visitor: Admin, wanted: WantedToken) -> MadeToken:
    made = await staff_of(request).make_token(visitor, wanted.name, wanted.role, wanted.days)
    if isinstance(made, NoToken):
        raise Refused(409 if made is NoToken.TAKEN else 422, "MP2412", text(f"people.{made.value}", "en"), where="token")
    return MadeToken(token=made.value, ends=rfc3339(made.ends_at))


@router.delete("/tokens/{number}")
async def remove_token(request: Request, visitor: Admin, number: Number) -> Done:
    return told(await staff_of(request).remove_token(visitor, number))


def told(outcome: Change | Unfit) -> Done:
    """Raises Refused for whatever is not done."""
    if isinstance(outcome, Unfit):
        raise Refused(422, "MP2411", text(f"unfit.{outcome.value}", "en"), where="name" if outcome is Unfit.NAME else "password")
    if outcome is Change.TAKEN:
        raise Refused(409, "MP2412", text("unfit.taken", "en"), where="name")
    if outcome is Change.LAST:
        raise Refused(409, "MP2413", text("people.last", "en"), where="name")
    if outcome is not Change.DONE:
        raise Refused(404, "MP2405", text("people.unknown", "en"), where="name")
    return Done()


def staff_of(request: Request) -> Staff:
    staff: Staff = request.app.state.staff
    return staff
