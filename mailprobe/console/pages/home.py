"""Where everybody begins: who operates, at the field; an auditor, at the trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.pages.paper import paper

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request, visitor: Annotated[Visitor, Depends(may(Role.VIEWER, Role.AUDITOR))]) -> Response:
    if visitor.has(Role.OPERATOR):
        return paper(request, "check.html", visitor, here="check", which="")
    if visitor.role is Role.AUDITOR:
        return RedirectResponse("/audit", 303)
    return paper(request, "home.html", visitor)
