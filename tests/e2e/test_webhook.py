"""Events on their way to a real HTTP server that fails in every way, and then takes them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mailprobe.demo.tls import Authority
from mailprobe.net.post import Post, Unsent
from mailprobe.notify.deliver import Gaps, Messenger, keep_telling
from mailprobe.notify.events import StatusChanged, letter
from mailprobe.notify.sign import ID, SIGNATURE, TIMESTAMP, Trust, verify
from mailprobe.store import Store, open_store

SECRET = "whsec_" + "A" * 32
HANG, RESET = "hang", "reset"


@dataclass
class Behaviour:
    """What the server does with the next requests, then 204; what it heard and took, in order."""

    plan: list[int | str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    trust: list[Trust] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    elsewhere: int = 0


def handler(one: Behaviour) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            if self.path != "/hook?token=x":
                one.elsewhere += 1
            given = {name.lower(): value for name, value in self.headers.items()}
            one.trust.append(verify(SECRET, given, body, time.time()))
            one.heard.append(given[ID])
            one.stamps.append(given[TIMESTAMP] + given[SIGNATURE])
            self.act(one.plan.pop(0) if one.plan else 204, given[ID])

        do_GET = do_POST

        def act(self, what: int | str, key: str) -> None:
            if what == HANG:
                one.let_go.wait(20.0)
                self.close_connection = True
                return
            if what == RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            status = int(what)
            if status < 300:
                one.taken.append(key)
            self.send_response(status)
            if status == 302:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    return Handler


@contextlib.contextmanager
def hook(one: Behaviour, authority: Authority | None = None) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(one))
    if authority is not None:
        server.socket = authority.context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if authority else 'http'}://127.0.0.1:{server.server_address[1]}/hook?token=x"
    finally:
        one.let_go.set()
        server.shutdown()
        server.server_close()


@contextlib.asynccontextmanager
async def telling(store: Store, url: str, within: float = 0.3) -> AsyncIterator[asyncio.Event]:
    async def secret() -> str:
        return SECRET

    post, woken = Post(url, within=within), asyncio.Event()
    messenger = Messenger(store.outbox, post, secret, time.time, Gaps(0.01, 0.05))
    task = asyncio.create_task(keep_telling(messenger, woken))
    try:
        yield woken
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await post.close()


def changed(number: int) -> StatusChanged:
    return StatusChanged(f"a{number}", "lab", "", "ok", "down", "store_lost", "mail_ops", "high", time.time())


async def emptied(store: Store) -> None:
    async with asyncio.timeout(20):
        while await store.outbox.count():  # noqa: ASYNC110  whoever empties it is the thing under test
            await asyncio.sleep(0.02)


async def test_every_event_gets_there_in_order_whatever_the_server_does(tmp_path: Path) -> None:
    one = Behaviour([500, HANG, RESET, 302, 429, 404, 204, 503, RESET, 204])
    events = [letter(changed(number)) for number in range(5)]
    async with open_store(f"sqlite:///{tmp_path}/m.db") as store:
        with hook(one) as url:
            async with telling(store, url) as woken:
                await store.outbox.put(events)
                woken.set()
                await emptied(store)
    assert one.taken == [event.id for event in events]
    assert one.heard == [events[0].id] * 7 + [events[1].id] * 3 + [event.id for event in events[2:]]
    assert set(one.trust) == {Trust.GENUINE}
    assert one.elsewhere == 0


async def test_a_server_that_is_not_there_yet_and_a_process_that_ends_in_between(tmp_path: Path) -> None:
    one, events = Behaviour(), [letter(changed(number)) for number in range(3)]
    place = f"sqlite:///{tmp_path}/m.db"
    async with open_store(place) as store:
        await store.outbox.put(events)
        async with telling(store, f"http://127.0.0.1:{closed_port()}/hook?token=x"):
            await asyncio.sleep(0.1)
        assert await store.outbox.count() == 3
    async with open_store(place) as store:
        with hook(one) as url:
            async with telling(store, url):
                await emptied(store)
    assert one.taken == [event.id for event in events]


async def test_one_that_was_taken_without_our_hearing_of_it_comes_again_under_the_same_id(tmp_path: Path) -> None:
    """At least once: the receiver has it, the answer is lost."""
    one, event = Behaviour([HANG]), letter(changed(0))
    async with open_store("sqlite://") as store:
        with hook(one) as url:
            async with telling(store, url):
                await store.outbox.put([event])
                await emptied(store)
    assert one.heard == [event.id] * 2
    assert one.taken == [event.id]


async def test_a_hanging_server_does_not_hold_up_the_daemon(tmp_path: Path) -> None:
    one = Behaviour([HANG] * 50)
    async with open_store("sqlite://") as store:
        with hook(one) as url:
            async with telling(store, url, within=5.0):
                await store.outbox.put([letter(changed(0))])
                while not one.heard:  # noqa: ASYNC110  the server is a thread
                    await asyncio.sleep(0.01)
                began = time.monotonic()
                for number in range(50):
                    await store.outbox.put([letter(changed(number))])
                assert time.monotonic() - began < 2.0
                assert await store.outbox.count() == 51
            assert time.monotonic() - began < 4.0  # and it can be ended at once


async def test_certificates_are_verified(tmp_path: Path) -> None:
    authority, one = Authority(tmp_path, ("127.0.0.1",)), Behaviour()
    given = {ID: "evt_1", TIMESTAMP: "1", SIGNATURE: "v1,x"}
    with hook(one, authority) as url:
        stranger, friend = Post(url, within=5.0), Post(url, authority.ca, within=5.0)
        assert await stranger.send(b"{}", given) is Unsent.UNTRUSTED
        assert one.heard == []
        assert await friend.send(b"{}", given) == 204
        await stranger.close()
        await friend.close()


@pytest.mark.parametrize(("what", "why"), [(HANG, Unsent.TIMEOUT), (RESET, Unsent.BROKE)])
async def test_why_there_is_no_answer(what: str, why: Unsent) -> None:
    one = Behaviour([what])
    with hook(one) as url:
        post = Post(url, within=0.2)
        said = await post.send(b"{}", {ID: "evt_1", TIMESTAMP: "1", SIGNATURE: "v1,x"})
        assert said is why
        await post.close()
    gone = Post(f"http://127.0.0.1:{closed_port()}/", within=1.0)
    assert await gone.send(b"", {}) is Unsent.UNREACHABLE
    await gone.close()


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
