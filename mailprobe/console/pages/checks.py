"""The check page, "My checks" and a ticket's page. Each is a shell without a mailbox in it: the API notes who looks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse

from mailprobe.console.door import Role, Visitor, may
from mailprobe.console.language import Language
from mailprobe.console.shell import page

router = APIRouter(include_in_schema=False)
Operator = Annotated[Visitor, Depends(may(Role.OPERATOR))]


@router.get("/", response_class=HTMLResponse)
async def show_field(visitor: Operator, language: Language) -> HTMLResponse:
    return page("check.html", language, visitor, here="check", which="")


@router.get("/checks", response_class=HTMLResponse)
async def show_mine(visitor: Operator, language: Language) -> HTMLResponse:
    return page("mine.html", language, visitor, here="mine")


@router.get("/checks/{check}", response_class=HTMLResponse)
async def show_check(check: str, visitor: Operator, language: Language) -> HTMLResponse:
    return page("check.html", language, visitor, here="check", which=check)


@router.get("/checks/{check}/ticket", response_class=HTMLResponse)
async def show_ticket(check: str, visitor: Operator, language: Language) -> HTMLResponse:
    return page("ticket.html", language, visitor, here="ticket")
