"""`mailprobe demo --serve`: the demo's carrier stays up, and the daemon watches its ill mailboxes until it is told to end."""

from __future__ import annotations

import dataclasses

from mailprobe.check import run_loop
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.house import Demo, open_demo
from mailprobe.demo.mailboxes import SCENARIOS
from mailprobe.log import listen
from mailprobe.serve import Shift, serve


def serve_demo(http: str) -> None:
    """http: where console and metrics listen, `host:port`. Nothing of the demo itself leaves loopback."""
    listen()
    run_loop(stay_up(http))


async def stay_up(http: str) -> None:
    """All in one process. The carrier is another one at each start, so nothing is remembered of the last."""
    async with open_demo((*SCENARIOS, *DELIVERIES)) as demo:
        config = dataclasses.replace(
            demo.config, http=dataclasses.replace(demo.config.http, listen=http), bounces_listen="127.0.0.1:0"
        )
        await serve(config, lambda shift: answer_to(demo, shift))


def answer_to(demo: Demo, shift: Shift) -> None:
    """The demo's servers send their bounces to the daemon's receiver."""
    if shift.receiver is not None:
        demo.send_back_to(*shift.receiver.listening[0])
