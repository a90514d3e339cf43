"""`/api/v1/accounts`: the watched mailboxes, by their ids and without addresses; and `/api/v1/verdicts`: what was said of one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel

from mailprobe.console.api.problems import Refused
from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.fleet.listing import MOST_PER_PAGE, PER_PAGE, Wish, choose
from mailprobe.console.fleet.looking import Looked, look, said_of
from mailprobe.console.fleet.returned import Bounce
from mailprobe.console.language import Language
from mailprobe.console.rooms import rooms_of
from mailprobe.console.services import rows_of
from mailprobe.metrics import AccountRow
from mailprobe.report import utc, utc_or_none
from mailprobe.store.verdicts import Said
from mailprobe.verdict import Code, Status, Verdict
from mailprobe.verdict.labels import label, title

router = APIRouter(prefix="/api/v1", tags=["accounts"])
Viewer = Annotated[Visitor, Depends(may(Role.VIEWER))]
Short = Annotated[str, Query(max_length=80)]
Id = Annotated[str, Path(min_length=1, max_length=200)]


class AccountOut(BaseModel):
    """title: the verdict behind the status, in words. since: when the status began; known_at: when anything was told last."""

    id: str
    carrier: str
    group: str
    status: Status
    status_text: str
    code: Code | None
    title: str
    since: str | None
    known_at: str | None


class AccountsOut(BaseModel):
    accounts: list[AccountOut]
    total: int
    page: int
    pages: int


class StretchOut(BaseModel):
    status: Status
    begins: str
    ends: str


class SaidOut(BaseModel):
    """One verdict. said_at: when it was said first, seen_at: when the same was said last. code: null for one
    of a newer program."""

    code: Code | None
    title: str
    status: Status | None
    actor: str
    confidence: str
    live: bool
    said_at: str
    seen_at: str


class TripOut(BaseModel):
    """One test mail. took_s: seconds until it was found, null where it was not."""

    number: str
    state: str
    sent_at: str | None
    took_s: float | None


class BounceOut(BaseModel):
    """One thing that came back; account and carrier are '' for a mailbox that is not watched any more."""

    account: str
    carrier: str
    kind: str
    cls: str
    speaks_of: str
    hard: bool
    stage: str
    code: int
    enhanced: str
    text: str
    at: str


class WholeOut(BaseModel):
    """stretches: the status over thirty days, oldest first; the rest the newest first."""

    account: AccountOut
    stretches: list[StretchOut]
    verdicts: list[SaidOut]
    round_trips: list[TripOut]
    bounces: list[BounceOut]


class VerdictsOut(BaseModel):
    verdicts: list[SaidOut]


@router.get("/accounts")
async def list_accounts(
    request: Request,
    visitor: Viewer,
    language: Language,
    carrier: Short = "",
    group: Short = "",
    status: Status | None = None,
    q: Annotated[str, Query(max_length=80, description="a part of the id; never an address")] = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
    per_page: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = PER_PAGE,
) -> AccountsOut:
    rooms = rooms_of(request)
    if "@" in q:
        raise Refused(422, "MP2606", "Addresses are not looked for here", where="q", hint="search a part of the account's id")
    now = rooms.now()
    found = await choose(await rows_of(rooms, now), Wish(carrier, group, status, q, page, per_page), now)
    shown = [account_out(row, language, now) for row in found.rows]
    return AccountsOut(accounts=shown, total=found.total, page=found.page, pages=found.pages)


@router.get("/accounts/{account}")
async def one_account(account: Id, request: Request, visitor: Viewer, language: Language) -> WholeOut:
    """One mailbox's thirty days. Who looks is noted."""
    rooms = rooms_of(request)
    return whole(await looked_at(account, request, visitor), language, rooms.now())


@router.get("/verdicts", tags=["verdicts"])
async def list_verdicts(
    request: Request, visitor: Viewer, language: Language, account: Annotated[str, Query(min_length=1, max_length=200)]
) -> VerdictsOut:
    """What was said of one watched account, the newest first. Who looks is noted."""
    rooms = rooms_of(request)
    await noted(account, request, visitor)
    return VerdictsOut(verdicts=[said(one, language) for one in await said_of(rooms, account)])


async def noted(account: str, request: Request, visitor: Visitor) -> None:
    """That somebody looks at this account; whatever is no id of a watched one, and might be an address, is not written down."""
    rooms = rooms_of(request)
    if account not in await rows_of(rooms, rooms.now()):
        raise absent()
    await request.app.state.trail.note(visitor, "look", account, "")


async def looked_at(account: str, request: Request, visitor: Visitor) -> Looked:
    """One account, noted before. Raises Refused."""
    await noted(account, request, visitor)
    rooms = rooms_of(request)
    looked = await look(rooms, account, rooms.now())
    if looked is None:
        raise absent()
    return looked


def account_out(row: AccountRow, language: str, now: float) -> AccountOut:
    status = row.status_at(now)
    return AccountOut(
        id=row.account,
        carrier=row.carrier,
        group=row.group,
        status=status,
        status_text=label("status", status.value, language),
        code=row.code,
        title=title(row.code, language) if row.code is not None else "",
        since=utc(row.since) if row.since else None,
        known_at=utc_or_none(row.known_at),
    )


def whole(looked: Looked, language: str, now: float) -> WholeOut:
    return WholeOut(
        account=account_out(looked.row, language, now),
        stretches=[StretchOut(status=one.status, begins=utc(one.begins), ends=utc(one.ends)) for one in looked.stretches],
        verdicts=[said(one, language) for one in looked.said],
        round_trips=[
            TripOut(number=one.number, state=one.state, sent_at=utc_or_none(one.sent_at), took_s=one.took) for one in looked.trips
        ],
        bounces=[bounce_out(one) for one in looked.bounces],
    )


def said(one: Said, language: str) -> SaidOut:
    verdict = one.verdict if isinstance(one.verdict, Verdict) else None
    return SaidOut(
        code=verdict.code if verdict else None,
        title=title(verdict.code, language) if verdict else "",
        status=verdict.status if verdict else None,
        actor=verdict.actor.value if verdict else "",
        confidence=verdict.confidence.value if verdict else "",
        live=one.live,
        said_at=utc(one.said_at),
        seen_at=utc(one.seen_at),
    )


def bounce_out(one: Bounce) -> BounceOut:
    back = one.returned
    return BounceOut(
        account=one.account,
        carrier=one.carrier,
        kind=back.kind,
        cls=one.cls,
        speaks_of=one.speaks_of,
        hard=one.hard,
        stage=back.stage,
        code=back.code,
        enhanced=back.enhanced,
        text=back.text,
        at=utc(back.returned_at),
    )


def absent() -> Refused:
    return Refused(404, "MP2607", "There is no such watched account", hint="give the id of a configured one")
