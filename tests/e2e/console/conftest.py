"""One browser for every test of the pages; they share its event loop, too."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.console.browsing import CHROMIUM, Console, chromium, console_on_the_demo

REQUIRED = os.environ.get("MAILPROBE_REQUIRE_SERVERS") == "yes"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if shutil.which(CHROMIUM) is None and not REQUIRED:
        pytest.skip("Chromium is not installed")
    async with chromium() as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def console() -> AsyncIterator[Console]:
    async with console_on_the_demo() as one:
        yield one
