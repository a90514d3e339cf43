"""Where everybody begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.pages.paper import paper

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request, visitor: Annotated[Visitor, Depends(may(Role.VIEWER, Role.AUDITOR))]) -> Response:
    return paper(request, "home.html", visitor)
