"""`mailprobe check`: one question from the command line, asked, watched and shown."""

from __future__ import annotations

import asyncio
import gc
import getpass
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from mailprobe.config import Account, Config, ConfigError, Problem, account_for, format_problem, from_nothing, load
from mailprobe.config.problems import cut
from mailprobe.daemon import open_house
from mailprobe.engine import CANARY, LEGS
from mailprobe.question import Listener, Question
from mailprobe.report import Check, check_json
from mailprobe.secret import Secret, SecretRef
from mailprobe.terminal import Progress, language_or_default, print_check
from mailprobe.verdict import Status
from mailprobe.verdict.observed import ObservedError, check_numbers
from mailprobe.verdict.observed import parse as parse_observed
from mailprobe.verdict.wording import say

EXIT = {Status.OK: 0, Status.DEGRADED: 1, Status.DOWN: 2, Status.UNKNOWN: 3}  # the monitoring plugins' convention
USAGE, NO_INPUT = 64, 66  # sysexits.h
MOST_BOUNCE = 1 << 20
PLACES = (Path("mailprobe.toml"), Path("/etc/mailprobe/mailprobe.toml"))


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of the command line. within: seconds for any one probe."""

    target: str
    config: Path | None = None
    as_json: bool = False
    language: str = ""
    only: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    bounces: tuple[Path, ...] = ()
    ask_secret: bool = False
    canary: bool = False
    consent: str = ""
    ticket: str = ""
    within: float = 30.0


def ask(asked: Asked) -> int:
    """Carry the check through and show it; the exit code tells the status. Raises ConfigError and its kin."""
    config, account = find(asked)
    typed = () if account.enrolled else account.address.notices
    for warning in (*config.warnings, *(Problem(one.code, "address", one.what) for one in typed)):
        print(format_problem(warning, "note"), file=sys.stderr)
    question = Question(
        account=with_typed_secret(account) if asked.ask_secret else account,
        told=parse_observed(asked.observed, now=time.time()),
        observed=asked.observed,
        bounces=tuple(read_file(path) for path in asked.bounces),
        only=known_probes(asked.only),
        within=asked.within,
        canary=asked.canary,
        consent=consent_of(asked),
        operator=whoever_asks(),
        ticket=asked.ticket,
    )
    language = language_or_default(asked.language, config.prober.language)
    check = run_loop(carry(config, question, language, as_json=asked.as_json))
    carrier = config.carriers[account.carrier]
    spoken = say(check.verdict, language, carrier=carrier, actors=config.actors)
    if asked.as_json:
        print(json.dumps(check_json(check, spoken), ensure_ascii=False))
    else:
        print_check(check, spoken, carrier, language)
    return EXIT[check.verdict.status]


def run_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """On uvloop where there is one: half the CPU of a check is the event loop."""
    seldom_collected()
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.run(work)
    return uvloop.run(work)


def seldom_collected() -> None:
    """A check makes many short-lived values and hardly a cycle: to look for cycles at every 700th cost a check 4 % of its CPU,
    and a full search held a daemon of many accounts up for 100 ms. What the program itself consists of is never searched."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def carry(config: Config, question: Question, language: str, *, as_json: bool) -> Check:
    """The check itself. Ctrl-C ends every leg at once; what is known by then is still judged and shown."""
    async with open_house(config) as house:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, house.engine.stop)
        try:
            problems = check_numbers(question.told, await house.numbers(question.account))
            if problems:
                raise ObservedError(problems)
            if as_json:
                return await house.check(question, Listener())
            legs, _ = await house.legs_of(question)
            with Progress(question.account, legs, language) as progress:
                return await house.check(question, progress.listener())
        finally:
            loop.remove_signal_handler(signal.SIGINT)


def find(asked: Asked) -> tuple[Config, Account]:
    """The configuration and the account in question; without a file, what can be done for an address alone."""
    path = asked.config or configured()
    if path is not None:
        config = load(path)
        return config, account_for(config, asked.target)
    from mailprobe.config import read_address

    config = from_nothing(read_address(asked.target))
    return config, account_for(config, asked.target)


def configured() -> Path | None:
    """The file meant when none is named: $MAILPROBE_CONFIG, ./mailprobe.toml, /etc/mailprobe/mailprobe.toml."""
    named = os.environ.get("MAILPROBE_CONFIG")
    if named:
        return Path(named)
    return next((path for path in PLACES if path.is_file()), None)


def named_or_found(named: Path | None, command: str) -> Path:
    """The configuration that was named, or the one that `check` would use; raises ConfigError."""
    found = named or configured()
    if found is None:
        how = "name a file" if command == "config check" else "name one with --config"
        what, hint = "no configuration found", f"{how}, or write {' or '.join(str(one) for one in PLACES)}"
        raise ConfigError((Problem("MP1011", command, what, hint),), NO_INPUT)
    return found


def consent_of(asked: Asked) -> str:
    """Who agreed to a test mail, as it is written down: --canary itself is the word of whoever types it."""
    if not (asked.canary or CANARY in asked.only):
        return ""
    return asked.consent or f"stated with --canary by {whoever_asks()}"


def whoever_asks() -> str:
    """The user of this host; a container may have none by name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def known_probes(only: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in only if name not in (*LEGS, CANARY)]
    if unknown:
        problem = Problem("MP1102", "--only", f'no probe "{cut(unknown[0])}"', f"known: {', '.join((*LEGS, CANARY))}")
        raise ConfigError((problem,), USAGE)
    return only


def with_typed_secret(account: Account) -> Account:
    """Ask without echo; the value lives in this process only."""
    if not sys.stdin.isatty():
        hint = "run it in a terminal, or name a secret reference in the configuration"
        raise ConfigError((Problem("MP1103", "--ask-secret", "there is no terminal to ask at", hint),), USAGE)
    typed = getpass.getpass(f"Mail password of {account.address.display}: ")
    if not typed:
        problem = Problem("MP1014", "--ask-secret", "nothing was typed", "leave --ask-secret out to go without")
        raise ConfigError((problem,), USAGE)
    return replace(account, secret=SecretRef.of_value(Secret(typed)))


def read_file(path: Path) -> bytes:
    """A bounce as a file, at most 1 MiB of it; `-` is standard input."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(MOST_BOUNCE)
        with path.open("rb") as file:
            return file.read(MOST_BOUNCE)
    except OSError as error:
        problem = Problem("MP1104", f"--bounce {path}", f"cannot be read: {error.strerror}", "name a file with the returned mail")
        raise ConfigError((problem,), NO_INPUT) from None
