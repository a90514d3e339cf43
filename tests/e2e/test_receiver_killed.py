"""The receiver is killed at any moment: whatever it has answered with 250 is in the store, whole."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.e2e.receiver_client import Client, send, signed

SEEDS = 100 if settings.get_current_profile_name() == "full" else 3
SENDERS = 6
RECEIVER = """
import asyncio, sys
from mailprobe.store import open_store
from tests.e2e.receiver_client import house
async def main():
    async with open_store(sys.argv[1]) as store, house(store.bounces.keep) as receiver:
        print(*receiver.listening[0], flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def bounce(name: str) -> bytes:
    """One that no other is like."""
    return f"Subject: Undelivered {name}\r\n\r\nThe bounce {name}.\r\n".encode()


async def keeps_sending(host: str, port: int, number: int, taken: set[str]) -> None:
    """Until the other end is gone; `taken`: what was answered with 250."""
    reader, writer = await asyncio.open_connection(host, port)
    one, count = Client(reader, writer), 0
    with contextlib.suppress(OSError, TimeoutError):
        await one.reply()
        await one.say(b"EHLO mx.mail.test")
        while True:
            name, count = f"{number}-{count}", count + 1
            said = await send(one, bounce(name), signed(f"{number:032x}"))
            if not said:
                break
            if said.startswith(b"250 "):
                taken.add(name)
    writer.close()


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_nothing_that_was_answered_with_250_is_lost_by_a_kill(tmp_path: Path, seed: int) -> None:
    url, root = f"sqlite:///{tmp_path}/m.db", Path(__file__).parents[2]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", RECEIVER, url, stdout=pipe, cwd=root)
    assert child.stdout is not None
    host, port = (await asyncio.wait_for(child.stdout.readline(), 60.0)).decode().split()
    taken: set[str] = set()
    senders = [asyncio.create_task(keeps_sending(host, int(port), number, taken)) for number in range(SENDERS)]
    async with asyncio.timeout(60.0):
        while not taken:  # noqa: ASYNC110  it is answered by another process
            await asyncio.sleep(0.005)
    await asyncio.sleep(random.Random(seed).uniform(0.0, 0.4))  # noqa: S311  repeatable, not secret
    child.send_signal(signal.SIGKILL)
    await child.wait()
    await asyncio.gather(*senders)
    kept = everything_in(tmp_path / "m.db")
    assert taken <= kept.keys()
    assert all(bounce(name) in raw for name, raw in kept.items())


def everything_in(place: Path) -> dict[str, bytes]:
    """By the name that each bears."""
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        mails = [row[0] for row in raw.execute("SELECT raw FROM inbox")]
    raw.close()
    return {mail.partition(b"Undelivered ")[2].partition(b"\r")[0].decode(): mail for mail in mails}
