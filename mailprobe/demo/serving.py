"""`mailprobe demo`: carrier, daemon and console in one process, with a month behind them, until Ctrl-C.

The carrier is another one at each start, so nothing is remembered of the last; what the store holds of the month before is
written at the start.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import secrets
import sys
import time
from collections.abc import AsyncIterator

from rich.padding import Padding
from rich.text import Text

from mailprobe.check import run_loop
from mailprobe.config import Config, ConfigError, Problem
from mailprobe.console.door import Role
from mailprobe.console.people import Passwords
from mailprobe.daemon import open_house
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.entrance import GUEST, entrance
from mailprobe.demo.guide import lines
from mailprobe.demo.history import earlier_mails
from mailprobe.demo.house import Demo, open_demo
from mailprobe.demo.mailboxes import SCENARIOS, setups
from mailprobe.demo.past import remember
from mailprobe.log import listen
from mailprobe.serve import Shift, serve
from mailprobe.serve.duty import Duty
from mailprobe.terminal import console, language_or_default

KEY_OCTETS = 24
EVERY = 120.0  # seconds: whoever looks on sees something happen
READY = {
    "ja": "ブラウザーで開く（サインイン済み）",
    "en": "Open this in a browser (signed in)",
}
END = {"ja": "終わりは Ctrl-C です。", "en": "Ctrl-C ends it."}


def serve_demo(http: str, language: str, *, quiet: bool) -> None:
    """http: where console and metrics listen, `host:port`. quiet: for a person at a terminal: no log. Nothing of the demo itself
    leaves loopback."""
    if quiet:
        logging.getLogger().addHandler(logging.NullHandler())  # else Python shows warnings that nobody listens to
    else:
        listen()
    run_loop(stay_up(http, language_or_default(language)))


async def stay_up(http: str, language: str) -> None:
    """Prints the link that is signed in once it can be opened. Raises ConfigError for an address not to be had."""
    key = secrets.token_urlsafe(KEY_OCTETS)
    async with demo_with_a_past(http, language) as (demo, config):

        def begun(shift: Shift) -> None:
            answer_to(demo, shift)
            shift.guests = (entrance(key),)

        def served(duty: Duty) -> None:
            if duty.console is not None:
                show(f"http://{duty.console[0]}:{duty.console[1]}/demo?key={key}", demo, language)

        await serve(config, begun, served)


@contextlib.asynccontextmanager
async def demo_with_a_past(http: str, language: str) -> AsyncIterator[tuple[Demo, Config]]:
    """The carriers, and a configuration whose store knows the month before and who may come in."""
    async with open_demo((*SCENARIOS, *DELIVERIES)) as demo:
        served = dataclasses.replace(demo.config.http, listen=http)
        often = tuple(dataclasses.replace(one, every=(("", EVERY),)) for one in demo.config.accounts)
        carriers = {one.name: dataclasses.replace(demo.config.carriers[one.name], title=one.title("ja")) for one in setups()}
        named = carriers if language == "ja" else demo.config.carriers
        config = dataclasses.replace(demo.config, http=served, bounces_listen="127.0.0.1:0", accounts=often, carriers=named)
        async with open_house(config) as house:
            if house.signs is None:
                raise ConfigError((Problem("MP1112", "prober", "nothing signs the senders of test mails", ""),))
            now = time.time()
            await remember(demo, house.store, house.signs.sender, now)
            for case in demo.cases:
                for record in earlier_mails(demo, case, house.store.canaries.subject_of, house.signs, now):
                    await house.store.canaries.plan(record, lambda past: None)
            # a password that nobody knows: he comes in by the link
            await house.store.people.add(GUEST, Role.ADMIN, await Passwords().hashed(secrets.token_urlsafe(KEY_OCTETS)), now)
        yield demo, config


def answer_to(demo: Demo, shift: Shift) -> None:
    """The demo's servers send their bounces to the daemon's receiver."""
    if shift.receiver is not None:
        demo.send_back_to(*shift.receiver.listening[0])


def show(url: str, demo: Demo, language: str) -> None:
    """For the person at the terminal."""
    out = console()
    print(f"{READY.get(language, READY['en'])}:\n  {url}\n", flush=True)  # whole, however narrow the window
    for line in (*lines(language, dict(demo.config.carriers)), "", END.get(language, END["en"])):
        words = line.lstrip()
        out.print(Padding(Text(words), (0, 0, 0, len(line) - len(words))) if words else "")
    sys.stdout.flush()
