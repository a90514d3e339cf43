"""Which of the watched accounts are shown: filtered, searched and cut into pages. Everybody else has a turn between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from mailprobe.metrics import AccountRow
from mailprobe.verdict import Status

SLICE = 4000  # rows that are looked at in one go: a few milliseconds
PER_PAGE = 50
MOST_PER_PAGE = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """'' or None: whatever. search: a part of the id, in any case. page: from 1."""

    carrier: str = ""
    group: str = ""
    status: Status | None = None
    search: str = ""
    page: int = 1
    per_page: int = PER_PAGE


@dataclass(frozen=True, slots=True)
class Found:
    """rows: of the page asked for; total: how many there are on all pages; page: the one shown, the last one where there are not
    so many."""

    rows: tuple[AccountRow, ...]
    total: int
    page: int
    pages: int


async def choose(rows: Mapping[str, AccountRow], wish: Wish, now: float) -> Found:
    left, fitting = iter(tuple(rows.values())), []
    while some := list(islice(left, SLICE)):
        fitting += [row for row in some if fits(row, wish, now)]
        await asyncio.sleep(0)
    size = max(1, min(wish.per_page, MOST_PER_PAGE))
    pages = max(1, -(-len(fitting) // size))
    page = min(max(1, wish.page), pages)
    return Found(tuple(fitting[(page - 1) * size : page * size]), len(fitting), page, pages)


def fits(row: AccountRow, wish: Wish, now: float) -> bool:
    return (
        wish.carrier in ("", row.carrier)
        and wish.group in ("", row.group)
        and (not wish.search or wish.search.lower() in row.account.lower())
        and wish.status in (None, row.status_at(now))
    )
