"""The clock, and stores of one program or of two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailprobe.store import Store, open_store
from tests.unit.limits.given import Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store("sqlite://") as opened:
        yield opened


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    """Two programs' stores on one file."""
    url = f"sqlite:///{tmp_path / 'm.db'}"
    async with open_store(url) as one, open_store(url) as other:
        yield one, other
