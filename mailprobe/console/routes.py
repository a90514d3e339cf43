"""Every route of the console, one router per noun."""

from __future__ import annotations

from fastapi import APIRouter

from mailprobe.console.api import accounts, addresses, bounces, cards, incidents, maintenance, openapi, services, wrong_verdicts
from mailprobe.console.api import audit as api_audit
from mailprobe.console.api import checks as api_checks
from mailprobe.console.api import staff as api_staff
from mailprobe.console.pages import audit, checks, duty, fleet, home, looks, oidc, people, sessions, sign_in, wrong

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
    accounts.router,
    bounces.router,
    maintenance.router,
)
PAGES: tuple[APIRouter, ...] = (
    sign_in.router,
    oidc.router,
    sessions.router,
    checks.router,
    fleet.router,
    duty.router,
    looks.router,
    wrong.router,
    people.router,
    audit.router,
    home.router,
)
ROUTERS: tuple[APIRouter, ...] = (*API, *PAGES)
