"""Signing in elsewhere, in a real browser: there and back past our own policy, with a provider that others have written.

It is Authlib's server behind a form: nothing of it is ours, so what we take for OpenID Connect is not only our own idea of it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Browser, Page

from mailprobe.config import Oidc
from mailprobe.console.listening import listening
from mailprobe.secret import Secret, SecretRef
from tests.e2e.console.browsing import Window, window
from tests.unit.console.given import Given, given

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = (
    User(sub="7", claims={"preferred_username": "Sato", "realm_access": {"roles": ["mail-desk", "mail-leads"]}}),
    User(sub="8", claims={"preferred_username": "Suzuki", "realm_access": {"roles": ["canteen"]}}),
)


@dataclass(frozen=True)
class Houses:
    """url: of the console; issuer: of the provider."""

    url: str
    issuer: str
    here: Given


@contextlib.asynccontextmanager
async def houses() -> AsyncIterator[Houses]:
    with run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        issuer = f"http://localhost:{server.server_port}"
        oidc = Oidc(
            issuer=issuer,
            client_id="mailprobe",
            client_secret=SecretRef.of_value(Secret("s3cret")),
            claim="realm_access.roles",
            roles=(("mail-desk", "operator"), ("mail-leads", "supervisor")),
        )
        async with given(oidc=oidc) as here, listening(here.app, "127.0.0.1:0") as (host, port):
            here.now[0] = time.time()
            yield Houses(f"http://{host}:{port}", issuer, here)


async def go(agent: Window, houses: Houses, who: str, wanted: str = "/sessions") -> None:
    """From a page that he may not see yet to the provider's, where he says who he is."""
    await agent.page.route("**/pico.min.css", lambda route: route.abort())  # its looks come from elsewhere
    await agent.page.goto(f"{houses.url}{wanted}")
    await agent.page.click("a.button[href^='/oidc/start']")
    await agent.page.wait_for_url(f"{houses.issuer}/**")
    await agent.page.click(f"button[name=sub][value='{who}']")
    await agent.page.wait_for_url(f"{houses.url}/**")


def policed(page: Window) -> list[str]:
    return [one for one in page.complaints if "Content Security Policy" in one or "violates" in one]


async def me(page: Page) -> object:
    return await page.evaluate("() => fetch('/api/v1/me').then(answer => answer.json())")


async def test_there_and_back(browser: Browser) -> None:
    async with houses() as both, window(browser) as agent:
        await go(agent, both, "7")
        assert agent.page.url == f"{both.url}/sessions"
        assert await me(agent.page) == {"name": "oidc:sato", "role": "supervisor"}
        assert await both.here.noted() == [("oidc:sato", "sign_in", "oidc:sato")]
        assert await agent.page.evaluate("() => document.cookie") == ""
        await agent.page.click("details.me summary")
        await agent.page.click("form[action='/sign-out'] button")
        await agent.page.wait_for_url(f"{both.issuer}/oauth2/end_session?**")  # past our own policy for forms
        assert "id_token_hint=" in agent.page.url
        await agent.page.click("form[action$='/end_session/confirm'] button")
        await agent.page.wait_for_url(f"{both.url}/sign-in")
        assert await both.here.store.guests.all() != ()
        assert policed(agent) == []


async def test_who_has_no_role_reads_it_in_his_language(browser: Browser) -> None:
    async with houses() as both, window(browser) as agent:
        await go(agent, both, "8")
        assert "権限がありません" in await agent.text("main")
        assert "code=" not in await agent.page.inner_html("html")
        await agent.page.click(".languages [hreflang=en]")
        assert agent.page.url == f"{both.url}/sign-in?lang=en"
        assert await agent.text("a.button[href^='/oidc/start']") == "Sign in with the company's account"
        assert policed(agent) == []
