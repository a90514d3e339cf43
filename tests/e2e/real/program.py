"""mailprobe with test mails as its user has it: one configuration, one store, and a process for each command."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.e2e.real.lab import Answer, run_alone, start_alone
from tests.e2e.real.postoffice import greets

SECRETS = {"SECRET": "secret"}
Found = TypeVar("Found")
STARTS_WITHIN = 120.0  # seconds: five of a processor's, on a machine that runs many tests at once
LIMITS = 'rcpt_gap = "1s", canary_gap = "1s"'
KEY = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Program:
    """mailprobe as its user has it: one configuration, one store, a process for each command."""

    folder: Path

    def check(self, address: str, *more: str, ahead: float = 0.0) -> Answer:
        """ahead: seconds that the clock on the wall is ahead, as if so much time had passed."""
        words = ["check", address, "--config", str(self.folder / "mailprobe.toml"), "--json", "--lang", "en", *more]
        return run_alone(words, SECRETS, self.folder, ahead=ahead)

    @contextlib.contextmanager
    def serving(self, port: int | None = None) -> Iterator[None]:
        """The daemon, with its receiver up where it has one."""
        words = ["serve", "--config", str(self.folder / "mailprobe.toml")]
        daemon = start_alone(words, SECRETS, self.folder)
        try:
            if port is not None:
                greets("127.0.0.1", port, b"220", STARTS_WITHIN)
            yield
        finally:
            daemon.send_signal(signal.SIGTERM)
            _, said = daemon.communicate(timeout=15)
            assert daemon.returncode == 0, said
            assert "Traceback" not in said, said
            assert "taro" not in said.lower(), said  # nobody's address in a log


def configured(
    folder: Path, carrier: list[str], accounts: list[str], bounces: int, prober: Sequence[str] = (), limits: str = LIMITS
) -> Program:
    """bounces: the receiver's port; prober: more lines about ourselves. The gap between two RCPTs of an address is also the
    pace of whatever is waited for in trouble."""
    (folder / "token.key").write_text(KEY)
    (folder / "token.key").chmod(0o600)
    lines = [
        "[prober]",
        'name = "probe1.probe.test"',
        'mail_from = "probe@probe.test"',
        'bounce_domain = "bounce.probe.test"',
        'token_keys = ["file:token.key"]',
        'allow_networks = ["127.0.0.0/8", "::1/128"]',
        *prober,
        "[store]",
        f'url = "sqlite:///{folder}/mailprobe.db"',
        "[bounces]",
        f'listen = "127.0.0.1:{bounces}"',
        "[carriers.lab]",
        'relation = "own"',
        'username = "{local}"',
        f"limits = {{ {limits} }}",
        *carrier,
    ]
    for account in accounts:
        lines += ["[[accounts]]", account]
    (folder / "mailprobe.toml").write_text("\n".join(lines) + "\n")
    return Program(folder)


def canaries(answer: Answer) -> list[dict[str, object]]:
    return [fact for fact in answer.facts("canary") if fact["fact"] == "canary" and fact["of"] == "target"]


def eventually(ask: Callable[[], Found], is_it: Callable[[Found], bool], within: float = 60.0) -> Found:
    """What was asked for, as soon as it is so; else the last answer."""
    until = time.monotonic() + within
    while True:
        found = ask()
        if is_it(found) or time.monotonic() > until:
            return found
        time.sleep(0.5)
