"""Signing in on another house's word: there, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.config.oidc import BACK
from mailprobe.console import party, visits
from mailprobe.console.api.problems import Refused
from mailprobe.console.door import Role, Visitor, anybody
from mailprobe.console.pages.sign_in import home_of
from mailprobe.console.party import Known, RelyingParty
from mailprobe.console.rooms import rooms_of
from mailprobe.oidc.trouble import UNPROVEN, Trouble

router = APIRouter(include_in_schema=False)
Anyone = Annotated[Visitor | None, Depends(anybody())]

LONGEST = 4096  # characters of a code
STALE = Refused(400, "MP2425", "this sign-in was not begun in this browser, was too slow, or was used already")


@router.get("/oidc/start")
async def start(request: Request, visitor: Anyone, next: str = "/") -> Response:
    relying = party_of(request)
    issuer = relying.issuer()
    begun = relying.begin(request, issuer.settings, next) if issuer is not None else None
    if issuer is None or begun is None:
        return RedirectResponse("/sign-in", 303)
    way, cookie = begun
    there = await issuer.address_for(way.going)
    if isinstance(there, Trouble):
        raise refusal(relying, there)
    answer = RedirectResponse(there, 303)
    party.keep(request, answer, cookie)
    return answer


@router.get(BACK)
async def back(
    request: Request,
    visitor: Anyone,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=LONGEST)] = "",
    iss: Annotated[str | None, Query(max_length=2000)] = None,
    error: str = "",
) -> Response:
    """Nothing of what was asked is shown or written down: the code is a secret until it was used."""
    relying = party_of(request)
    issuer = relying.issuer()
    if issuer is None:
        return RedirectResponse("/sign-in", 303)
    way = relying.take_up(request, issuer.settings, state)
    if way is None:
        raise STALE
    if error or not code:
        raise Refused(403, "MP2426", "the issuer has not signed anybody in")
    if wait := relying.wait(request):
        raise Refused(429, "MP2409", "too many at once", again_in=wait)
    known = await relying.who(issuer, way, code, iss)
    if isinstance(known, Trouble):
        raise refusal(relying, known)
    return await come_in(request, known, issuer.settings.issuer, way.next)


async def come_in(request: Request, known: Known, issuer: str, next: str) -> Response:
    """Noted before he is in, as every sign-in is; also who came for nothing: the issuer knows him, and his name is his own."""
    rooms, trail = rooms_of(request), request.app.state.trail
    guests, why = rooms.house().store.guests, f"subject {known.subject}"
    if known.role is None:
        await trail.note(Visitor(known.name, Role.VIEWER), "sign_in_refused", known.name, why)
        await guests.turned(known.name, issuer, known.subject)
        raise Refused(403, "MP2427", "the account is known, but has no role here", hint=known.name)  # for whom he asks
    await trail.note(Visitor(known.name, known.role), "sign_in", known.name, why)
    await guests.came(known.name, known.role.value, issuer, known.subject, rooms.now())
    answer = RedirectResponse(home_of(known.role, next), 303)
    await visits.begin(request, answer, rooms, known.name)
    party.drop(request, answer)
    party.keep_hint(request, answer, known.hint)
    return answer


def refusal(relying: RelyingParty, trouble: Trouble) -> Refused:
    """Whose fault it is: the browser's way was too long, the proof is none, or the issuer cannot be asked."""
    if trouble is Trouble.STALE:
        return STALE
    relying.write_down(trouble)
    if trouble in UNPROVEN or trouble is Trouble.OTHER_ISSUER:
        return Refused(502, "MP2428", "what the issuer says does not prove who it is")
    return Refused(502, "MP2424", "the issuer cannot be asked at the moment", again_in=30.0)


def party_of(request: Request) -> RelyingParty:
    relying: RelyingParty = request.app.state.party
    return relying
