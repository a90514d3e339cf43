"""How soon an agent sees something, and what an open page costs: `python -m tests.bench.console` on the demo's carriers.

first_lit: from the POST to the first view with a station in it. verdict: from the last fact to the view that says it. stream:
resident octets per open page, 500 of them; lag: how late the loop is while they are open and one call changes every second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.e2e.console.operating import Operating, operating

ROUNDS = 20
PAGES = 500
WATCH = 10.0  # seconds
STEP = 0.01

HOLD = """
import asyncio, sys
async def main(port, path, pages):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(f"GET {path} HTTP/1.1\\r\\nhost: x\\r\\nx-name: sato\\r\\n\\r\\n".encode())
        await reader.readuntil(b"event: view")
        return asyncio.create_task(drain(reader)), writer
    async def drain(reader):
        while await reader.read(65536): pass
    held = [await one() for _ in range(pages)]
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


async def timed(desk: Operating) -> tuple[float, float]:
    """Seconds to the first lit station, and from the last fact to the verdict."""
    began = time.time()
    begun = await desk.start("lost-entry", observed=["portal_ok"])
    lit = said = 0.0
    async for name, data in desk.events(begun):
        if name != "view":
            continue
        view = json.loads(data)
        if not lit and any(one["state"] in ("waiting", "running") for one in view["stations"]):
            lit = time.time() - began
        if not said and view["top"]["state"] == "settled" and view["ended"]:
            said = time.time()
    evidence = desk.desk.calls.whole[begun["id"]].evidence
    return lit, said - max(one.started + one.took for one in evidence)


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def lateness(seconds: float) -> list[float]:
    """How late the loop wakes, seconds each."""
    found, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        await asyncio.sleep(STEP)
        found.append(time.monotonic() - began - STEP)
    return sorted(found)


@contextlib.asynccontextmanager
async def open_pages(desk: Operating, path: str) -> AsyncIterator[None]:
    """In a process of their own, so that only our side of them is weighed."""
    port = str(desk.http.base_url.port)
    pipe = asyncio.subprocess.PIPE
    held = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, port, path, str(PAGES), stdin=pipe, stdout=pipe)
    assert held.stdout is not None
    assert held.stdin is not None
    assert await held.stdout.readline() == b"open\n"
    yield
    held.stdin.close()
    await held.wait()


async def changing(desk: Operating, which: str) -> None:
    while True:
        await asyncio.sleep(1.0)
        desk.desk.calls.whole[which].touch()


async def main() -> None:
    async with operating() as desk:
        times = [await timed(desk) for _ in range(ROUNDS)]
        lit, said = [one for one, _ in times], [one for _, one in times]
        view = await desk.checked("healthy")
        await desk.http.post(f"/api/v1/checks/{view['id']}/watch", json={"hours": 1, "reason": "bench"})
        alone = await lateness(WATCH)
        before = resident()
        async with open_pages(desk, f"/api/v1/checks/{view['id']}/events?lang=ja"):
            after = resident()
            change = asyncio.create_task(changing(desk, view["id"]))
            crowded = await lateness(WATCH)
            later = resident()
            change.cancel()
    print(
        json.dumps(
            {
                "first_lit_ms": round(statistics.median(lit) * 1000, 1),
                "first_lit_worst_ms": round(max(lit) * 1000, 1),
                "verdict_ms": round(statistics.median(said) * 1000, 1),
                "verdict_worst_ms": round(max(said) * 1000, 1),
                "stream_octets": (after - before) // PAGES,
                "stream_octets_while_changing": (later - before) // PAGES,
                "lag_p99_ms_alone": round(alone[int(len(alone) * 0.99)] * 1000, 1),
                "lag_p99_ms_with_pages": round(crowded[int(len(crowded) * 0.99)] * 1000, 1),
                "late_over_100ms_alone": sum(one > 0.1 for one in alone) / len(alone),
                "late_over_100ms_with_pages": sum(one > 0.1 for one in crowded) / len(crowded),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
