"""What the daemon on duty feeds its metrics with."""

from __future__ import annotations

import time

from mailprobe.bounces.door import Bounds, Door, Reason
from mailprobe.bounces.receiver import Received, Receiver
from mailprobe.bounces.recipients import Ours
from mailprobe.bounces.token import Signer
from mailprobe.config import Keep
from mailprobe.daemon import open_house
from mailprobe.metrics.exposition import PLAIN
from mailprobe.serve.duty import count_rejected, opened, retention
from mailprobe.serve.shift import new_shift
from mailprobe.serve.watching import Watching
from mailprobe.store.retention import Retention
from tests.unit.serve.scene import config


async def kept(received: Received) -> None: ...


def receiver() -> Receiver:
    bounds, ours = Bounds(), Ours("probe.test", "bounce.probe.test", "probe@probe.test")
    return Receiver(ours, Signer([b"0123456789abcdef" * 4]), kept, bounds, Door(bounds, 1024), None, time.time)


def shown(watching: Watching, start: str) -> list[str]:
    text = b"".join(watching.metrics.exposition(PLAIN)).decode()
    return [line for line in text.splitlines() if line.startswith(start)]


async def test_what_the_receiver_turns_away_is_counted_once() -> None:
    async with open_house(config()) as house:
        watching = await opened(new_shift(house))
        assert 'mailprobe_bounces_rejected_total{reason="relay"} 0.0' in shown(watching, "mailprobe_bounces_rejected_total")
        watching.shift.receiver = receiver()
        for path in ("somebody@elsewhere.test", "b-forged@bounce.probe.test", "who@bounce.probe.test"):
            watching.shift.receiver.judge(path)
        for _ in range(2):
            count_rejected(watching)
        told = shown(watching, "mailprobe_bounces_rejected_total")
        counted = {Reason(line.split('"')[1]): float(line.split()[-1]) for line in told}
        assert counted[Reason.RELAY] == 1
        assert sum(counted.values()) == 3
        watching.shift.receiver.judge("other@elsewhere.test")
        count_rejected(watching)
        assert 'mailprobe_bounces_rejected_total{reason="relay"} 2.0' in shown(watching, "mailprobe_bounces_rejected_total")


async def test_how_long_the_store_takes_is_told() -> None:
    async with open_house(config()) as house:
        watching = await opened(new_shift(house))
        await house.store.beat(time.time())
        (line,) = shown(watching, "mailprobe_store_commit_seconds ")
        assert float(line.split()[-1]) > 0


def test_results_are_kept_as_long_as_is_configured() -> None:
    assert retention(config(keep=Keep(results=30.0, transcripts=2.0))) == Retention(2.0, 30.0, 30.0)
