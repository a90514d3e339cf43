"""One setup = a post office in some state and a configuration; here it becomes a mailprobe.toml, and the program is run.

`check` runs the program's own entry point in one of a few worker processes, which saves its start (as long as the check
itself); `run_alone` starts it as a user does; `check_inside` asks the rooms behind the command line, many at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailprobe.cli import main
from mailprobe.config import account_for, load
from mailprobe.daemon import open_house
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.verdict import Verdict
from mailprobe.verdict.observed import parse as parse_observed
from tests.e2e.real.ill_servers import IllServers
from tests.e2e.real.postoffice import DOMAIN, PostOffice

LIVE = f"u000001@{DOMAIN}"
DEAD = f"nobody-7f3a@{DOMAIN}"
NOBODY = "127.0.0.9:1"  # nobody listens there
WORKERS = 3
AT_ONCE = 12


@dataclass(frozen=True)
class Lab:
    """Everything that a check can meet, and who runs it."""

    office: PostOffice
    ill: IllServers
    workers: ProcessPoolExecutor


@dataclass(frozen=True)
class Answer:
    """What the program printed: the exit code, and the object of --json."""

    exit_code: int
    output: str
    errors: str

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.output)
        assert isinstance(found, dict)
        return found

    @property
    def verdict(self) -> dict[str, Any]:
        report = self.report
        assert "verdict" in report, (report, self.errors)
        return dict(report["verdict"])

    @property
    def code(self) -> str:
        return str(self.verdict["code"])

    @property
    def status(self) -> str:
        return str(self.verdict["status"])

    @property
    def notes(self) -> set[str]:
        return {note["code"] for note in self.verdict["notes"]}

    def facts(self, probe: str) -> list[dict[str, Any]]:
        return [fact for one in self.report["probes"] if one["probe"] == probe for fact in one["facts"]]


@dataclass(frozen=True)
class Setup:
    """The part of mailprobe.toml that a scenario changes; '' and () mean the post office's own server, None leaves it out."""

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
    master: str | None = None
    resolvers: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    bounce: bytes = b""
    only: str = ""
    within: float = 20.0


def write_config(office: PostOffice, setup: Setup, folder: Path) -> Path:
    """mailprobe.toml for one setup, with a store of its own."""
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
    if setup.master is not None:
        lines.append('master_user = { name = "master", secret = "env:MASTER_SECRET", form = "authzid" }')
    return lines


def account_lines(setup: Setup) -> list[str]:
    if not setup.enrolled:
        return []
    secret = ['secret = "env:TARGET_SECRET"'] if setup.secret is not None else []
    return ["[[accounts]]", 'id = "target"', f'address = "{setup.address}"', *secret]


def environment(setup: Setup) -> dict[str, str]:
    secrets = {"LIVE_SECRET": setup.live_secret, "TARGET_SECRET": setup.secret, "MASTER_SECRET": setup.master}
    return {name: value for name, value in secrets.items() if value is not None}


def command(office: PostOffice, setup: Setup, folder: Path, *more: str) -> list[str]:
    """The words of the command line; `more` takes the place of `--json --lang en`."""
    words = ["check", setup.address, "--config", str(write_config(office, setup, folder)), *(more or ("--json", "--lang", "en"))]
    words += [word for one in setup.told for word in ("--observed", one)]
    words += ["--only", setup.only] if setup.only else []
    if setup.bounce:
        (folder / "bounce.eml").write_bytes(setup.bounce)
        words += ["--bounce", str(folder / "bounce.eml")]
    return [*words, "--within", str(setup.within)]


# ---- three ways to ask -----------------------------------------------------------------------------------------------


def workers() -> ProcessPoolExecutor:
    """Processes that have the program loaded. Spawned, because a fork would hold what the tests hold."""
    return ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn"))


def check(lab: Lab, setup: Setup, folder: Path, *more: str) -> Answer:
    """The program's entry point, in a worker."""
    answer = lab.workers.submit(run_main, command(lab.office, setup, folder, *more), environment(setup)).result(120)
    assert "Traceback" not in answer.errors, answer.errors
    return answer


def run_main(words: list[str], secrets: dict[str, str]) -> Answer:
    """What a worker does: nothing of one run is left for the next."""
    output, errors = io.StringIO(), io.StringIO()
    code: object = 0
    os.environ.update(secrets)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            main(words)
    except SystemExit as end:
        code = end.code
    finally:
        for name in secrets:
            del os.environ[name]
    return Answer(code if isinstance(code, int) else 0, output.getvalue(), errors.getvalue())


def start_alone(
    words: list[str], secrets: dict[str, str], folder: Path, *before: str, ahead: float = 0.0
) -> subprocess.Popen[str]:
    """The program in a process of its own, as a user starts it; in a folder of its own, so that no configuration lies about.
    ahead: seconds that the machine's clock on the wall is ahead for it."""
    program = ["mailprobe"] if not ahead else ["tests.e2e.real.ahead", str(ahead)]
    here = str(Path(__file__).parents[3])
    env = {**os.environ, **secrets, "PYTHONPATH": here, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*before, sys.executable, "-m", *program, *words],
        env=env,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_alone(words: list[str], secrets: dict[str, str], folder: Path, within: float = 90.0, *, ahead: float = 0.0) -> Answer:
    started = start_alone(words, secrets, folder, ahead=ahead)
    output, errors = started.communicate(timeout=within)
    assert "Traceback" not in errors, errors
    return Answer(started.returncode, output, errors)


def verdicts(setups: list[tuple[Setup, Path]]) -> list[Verdict]:
    """What a worker does for many at once; each with its configuration. Their secrets must be the same."""
    for setup, _ in setups:
        os.environ.update(environment(setup))
    return asyncio.run(ask_all(setups))


async def ask_all(setups: list[tuple[Setup, Path]]) -> list[Verdict]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(setup: Setup, path: Path) -> Verdict:
        async with turns:
            return (await check_inside(setup, path)).verdict

    return await asyncio.gather(*(in_turn(*one) for one in setups))


async def check_inside(setup: Setup, path: Path) -> Check:
    """The same check without the command line."""
    config = load(path)
    question = Question(
        account=account_for(config, setup.address),
        told=parse_observed(setup.told, now=time.time()),
        only=tuple(setup.only.split(",")) if setup.only else (),
        within=setup.within,
    )
    async with open_house(config) as house:
        return await house.check(question, Listener())
