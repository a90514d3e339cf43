"""Every route of the console, one router per noun."""

from __future__ import annotations

from fastapi import APIRouter

from mailprobe.console.api import addresses, cards, incidents, openapi, services, wrong_verdicts
from mailprobe.console.api import audit as api_audit
from mailprobe.console.api import checks as api_checks
from mailprobe.console.api import staff as api_staff
from mailprobe.console.pages import audit, checks, home, people, sessions, sign_in

API: tuple[APIRouter, ...] = (
    openapi.router,
    api_staff.router,
    api_audit.router,
    addresses.router,
    api_checks.router,
    wrong_verdicts.router,
    cards.router,
    services.router,
    incidents.router,
)
PAGES: tuple[APIRouter, ...] = (sign_in.router, sessions.router, checks.router, people.router, audit.router, home.router)
ROUTERS: tuple[APIRouter, ...] = (*API, *PAGES)
