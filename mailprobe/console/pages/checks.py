"""One check, "My checks" and a ticket's page. Each is a shell without a mailbox in it: the API notes who looks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.pages.paper import paper

router = APIRouter(prefix="/checks", include_in_schema=False)
Operator = Annotated[Visitor, Depends(may(Role.OPERATOR))]


@router.get("")
async def show_mine(request: Request, visitor: Operator) -> Response:
    return paper(request, "mine.html", visitor, here="mine")


@router.get("/{which}")
async def show_check(request: Request, which: str, visitor: Operator) -> Response:
    return paper(request, "check.html", visitor, here="check", which=which)


@router.get("/{which}/ticket")
async def show_ticket(request: Request, which: str, visitor: Operator) -> Response:
    return paper(request, "ticket.html", visitor, here="ticket")
