"""One scenario = a post office in some state, a configuration, one `mailprobe check --json`, and what it must say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.real.postoffice import DOMAIN, PostOffice

LIVE = f"u000001@{DOMAIN}"
DEAD = f"nobody-7f3a@{DOMAIN}"


@dataclass(frozen=True)
class Answer:
    """What the program printed: the exit code, and the object of --json."""

    exit_code: int
    report: dict[str, Any]
    errors: str

    @property
    def code(self) -> str:
        return str(self.report["verdict"]["code"])

    @property
    def status(self) -> str:
        return str(self.report["verdict"]["status"])

    def facts(self, probe: str) -> list[dict[str, Any]]:
        return [fact for one in self.report["probes"] if one["probe"] == probe for fact in one["facts"]]


@dataclass(frozen=True)
class Setup:
    """The part of mailprobe.toml that a scenario changes. `mx`, `imap`, `submission`: None leaves the key out."""

    address: str = f"u000002@{DOMAIN}"
    domain: str = DOMAIN
    mx: tuple[str, ...] | None = ()
    imap: str | None = ""
    submission: str | None = ""
    secret: str | None = "secret"
    live: str | None = LIVE
    live_secret: str | None = "secret"
    dead: str | None = DEAD
    enrolled: bool = True
    master: bool = False
    resolvers: tuple[str, ...] = ()
    extra: str = ""
    account_extra: str = ""
    told: tuple[str, ...] = ()
    only: str = ""
    environment: dict[str, str] = field(default_factory=dict)


def write_config(office: PostOffice, setup: Setup, folder: Path) -> Path:
    """mailprobe.toml for one scenario, with a store of its own."""
    path = folder / "mailprobe.toml"
    path.write_text("\n".join([*prober_lines(office, setup, folder), *carrier_lines(office, setup), *account_lines(setup)]))
    return path


def prober_lines(office: PostOffice, setup: Setup, folder: Path) -> list[str]:
    resolvers = setup.resolvers or (f"127.0.0.1:{office.dns}", f"127.0.0.2:{office.dns}")
    return [
        "[prober]",
        'name = "probe.example.net"',
        'mail_from = "probe@probe.example.net"',
        'allow_networks = ["127.0.0.0/8", "::1/128"]',
        f"resolvers = {json.dumps(resolvers)}",
        "[store]",
        f'url = "sqlite:///{folder}/mailprobe.db"',
    ]


def carrier_lines(office: PostOffice, setup: Setup) -> list[str]:
    lines = [
        "[carriers.lab]",
        'relation = "own"',
        f"domains = {json.dumps([setup.domain])}",
        'username = "{local}"',
        f'tls_ca = "{office.base}/tls/ca.pem"',
        'limits = { rcpt_gap = "0s", sessions = 5, canary_gap = "0s" }',
    ]
    if setup.mx is not None:
        lines.append(f"mx = {json.dumps(setup.mx or (office.at('mx'),))}")
    if setup.imap is not None:
        lines.append(f'imap = "{setup.imap or office.imaps_url}"')
    if setup.submission is not None:
        lines.append(f'submission = "{setup.submission or office.submissions_url}"')
    if setup.live is not None:
        secret = ', secret = "env:LIVE_SECRET"' if setup.live_secret is not None else ""
        lines.append(f'live_controls = [{{ address = "{setup.live}"{secret} }}]')
    if setup.dead is not None:
        lines.append(f'dead_control = "{setup.dead}"')
    if setup.master:
        lines.append('master_user = { name = "master", secret = "env:MASTER_SECRET", form = "authzid" }')
    return [*lines, setup.extra]


def account_lines(setup: Setup) -> list[str]:
    if not setup.enrolled:
        return []
    secret = ['secret = "env:TARGET_SECRET"'] if setup.secret is not None else []
    return ["[[accounts]]", 'id = "target"', f'address = "{setup.address}"', *secret, setup.account_extra]


def check(office: PostOffice, setup: Setup, folder: Path, *more: str) -> Answer:
    """Run the program as a user would, in a process of its own."""
    config = write_config(office, setup, folder)
    told = [word for one in setup.told for word in ("--observed", one)]
    only = ["--only", setup.only] if setup.only else []
    command = ["check", setup.address, "--config", str(config), "--json", "--lang", "en", *told, *only, *more]
    return run_mailprobe(command, environment(setup))


def environment(setup: Setup) -> dict[str, str]:
    secrets = {"LIVE_SECRET": setup.live_secret, "TARGET_SECRET": setup.secret, "MASTER_SECRET": "masterpw"}
    return {**{name: value for name, value in secrets.items() if value is not None}, **setup.environment}


def run_mailprobe(command: list[str], env: dict[str, str], within: float = 90.0) -> Answer:
    done = subprocess.run(
        [sys.executable, "-m", "mailprobe", *command],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr)
