"""Every route of the console, one router per noun."""

from __future__ import annotations

from fastapi import APIRouter

from mailprobe.console.pages import home, sessions, sign_in

ROUTERS: tuple[APIRouter, ...] = (sign_in.router, sessions.router, home.router)
