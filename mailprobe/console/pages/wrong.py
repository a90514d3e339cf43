"""Results that agents called wrong, for supervisors: how often by what was said, and each as a case to take away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.language import Language
from mailprobe.console.pages.paper import fleet_paper, title_of
from mailprobe.console.rooms import rooms_of
from mailprobe.console.saying import moment
from mailprobe.console.texts import text
from mailprobe.verdict import Code
from mailprobe.verdict.labels import title

router = APIRouter(include_in_schema=False)
Supervisor = Annotated[Visitor, Depends(may(Role.SUPERVISOR))]


@router.get("/wrong-verdicts", response_class=HTMLResponse)
async def show_wrong(request: Request, visitor: Supervisor, language: Language) -> HTMLResponse:
    """By number only: nothing here says whose mailbox it was."""
    rooms = rooms_of(request)
    now, table = rooms.now(), rooms.house().store.calls
    counts = [(said(code, language), count) for code, count in await table.counted_wrong()]
    checks = [
        {
            "id": one.id,
            "number": one.number,
            "said": said(one.code, language),
            "carrier": title_of(rooms, one.carrier),
            "started": moment(one.started, language, now),
        }
        for one in await table.wrong_ones()
    ]
    ordered = sorted(counts, key=lambda one: -one[1])
    return fleet_paper(request, visitor, "fleet_wrong.html", "wrong-verdicts", counts=ordered, checks=checks)


def said(code: str, language: str) -> str:
    """The finding as the page showed it; one of a newer program by its code."""
    if not code:
        return text("wrong.unsaid", language)
    return title(Code(code), language) if code in tuple(Code) else code
