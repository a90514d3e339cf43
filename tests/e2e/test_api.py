"""The API against its own description: whatever is asked, no answer is one that it does not know, and none is a 5xx."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mailprobe.config import Config
from mailprobe.console.door import Role, Visitor
from mailprobe.console.people import Passwords
from mailprobe.console.staff import NewToken, Staff
from mailprobe.console.trail import Trail
from mailprobe.console.visits import PLAIN_COOKIE
from mailprobe.daemon import open_house
from mailprobe.store.visits import Lasts
from tests.e2e.test_console import served, written

EXAMPLES = 15  # of each operation and role; more with a profile of one's own
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ROLES = (Role.VIEWER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN)
Keys = dict[Role, dict[str, str]]  # the headers that somebody of this role shows
Operation = APIOperation[Any, Any, Any, Any]


async def keys(config: Config) -> Keys:
    """Tokens; an administrator has a session, for no token makes people."""
    async with open_house(config) as house:
        store = house.store
        staff = Staff(lambda: store, Trail(lambda: store, time.time), Passwords(), time.time)
        made = {role: await staff.make_token(Visitor("test", Role.ADMIN), role.value, role, 1) for role in ROLES[:-1]}
        await staff.add(Visitor("test", Role.ADMIN), "root", Role.ADMIN, "correct-horse-7")
        await store.visits.begin("a-session", "root", "127.0.0.1", "", Lasts(3600.0, 3600.0), time.time())
    shown = {role: {"Authorization": f"Bearer {one.value}"} for role, one in made.items() if isinstance(one, NewToken)}
    return shown | {Role.ADMIN: {"Cookie": f"{PLAIN_COOKIE}=a-session", "Sec-Fetch-Site": "same-origin"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Keys]]:
    """A daemon in a thread of its own: its address, and what opens it for each role."""
    config = written(tmp_path_factory.mktemp("api"), 'listen = "127.0.0.1:FREE"')
    made = asyncio.run(keys(config))
    port, ready, loop = [0], threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with served(config) as port[0]:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(60)
    yield f"http://127.0.0.1:{port[0]}", made
    loop.call_soon_threadsafe(over.set)
    thread.join()


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_is_unknown_to_the_description(server: tuple[str, Keys], role: Role) -> None:
    url, made = server
    headers = made[role]
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json", headers=headers)
    asked = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        asked += 1
        try_out(result.ok(), headers)
    assert asked >= 14


def try_out(operation: Operation, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
    )
    def one(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    one()
