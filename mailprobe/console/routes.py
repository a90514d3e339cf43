"""Every route of the console, one router per noun."""

from __future__ import annotations

from fastapi import APIRouter

from mailprobe.console.api import addresses, checks, openapi, wrong_verdicts
from mailprobe.console.api import audit as api_audit
from mailprobe.console.api import staff as api_staff
from mailprobe.console.pages import audit, home, people, sessions, sign_in

API: tuple[APIRouter, ...] = (
    openapi.router,
    api_staff.router,
    api_audit.router,
    addresses.router,
    checks.router,
    wrong_verdicts.router,
)
PAGES: tuple[APIRouter, ...] = (sign_in.router, sessions.router, people.router, audit.router, home.router)
ROUTERS: tuple[APIRouter, ...] = (*API, *PAGES)
