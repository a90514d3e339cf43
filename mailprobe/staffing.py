"""`mailprobe users ...`, `audit verify` and `erase`: what an administrator does at the host itself, noted like all else."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mailprobe.check import named_or_found, whoever_asks
from mailprobe.config import Config, ConfigError, Problem, load
from mailprobe.config.problems import cut, visible
from mailprobe.console.api.times import rfc3339
from mailprobe.console.door import Role, Visitor
from mailprobe.console.erasing import whose
from mailprobe.console.first import new_first_link
from mailprobe.console.people import Passwords, Unfit
from mailprobe.console.staff import NoToken, Staff
from mailprobe.console.texts import text
from mailprobe.console.trail import Trail
from mailprobe.store import Store, open_store
from mailprobe.store.people import Change

T = TypeVar("T")

USAGE, DATA_ERROR = 64, 65  # sysexits.h
TAMPERED = 1
WORDS = {
    Change.TAKEN: ("MP2412", "unfit.taken"),
    Change.LAST: ("MP2413", "people.last"),
    Change.UNKNOWN: ("MP2405", "people.unknown"),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, and who sits before it."""

    store: Store
    staff: Staff
    by: Visitor


def at_desk(named: Path | None, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do it over the store of the configuration. Raises ConfigError and StoreError."""
    return asyncio.run(worked(found(named), work))


async def worked(config: Config, work: Callable[[Desk], Awaitable[T]]) -> T:
    async with desk(config) as opened:
        return await work(opened)


@contextlib.asynccontextmanager
async def desk(config: Config) -> AsyncIterator[Desk]:
    async with open_store(config.store_url) as store:
        trail = Trail(lambda: store, time.time)
        staff = Staff(lambda: store, trail, Passwords(), time.time)
        yield Desk(store, staff, Visitor(f"host:{whoever_asks()}", Role.ADMIN))


def found(named: Path | None) -> Config:
    return load(named_or_found(named, "--config"))


def add(config: Path | None, name: str, role: str, *, password: bool) -> None:
    secret, whom = typed_password() if password else None, role_of(role)
    told(at_desk(config, lambda desk: desk.staff.add(desk.by, name, whom, secret)), name)


def set_password(config: Path | None, name: str) -> None:
    secret = typed_password()
    told(at_desk(config, lambda desk: desk.staff.set_password(desk.by, name, secret)), name)


def set_role(config: Path | None, name: str, role: str) -> None:
    whom = role_of(role)
    told(at_desk(config, lambda desk: desk.staff.set_role(desk.by, name, whom)), name)


def remove(config: Path | None, name: str) -> None:
    told(at_desk(config, lambda desk: desk.staff.remove(desk.by, name)), name)


def sign_out(config: Path | None, name: str) -> None:
    """Everywhere where he is signed in; also a guest of the issuer's."""
    ended = at_desk(config, lambda desk: desk.staff.end_sessions(desk.by, name))
    print(f"{ended} session{'' if ended == 1 else 's'} ended")


def make_token(config: Path | None, name: str, role: str, days: int) -> None:
    """The token alone on standard output, this once."""
    whom = role_of(role)
    made = at_desk(config, lambda desk: desk.staff.make_token(desk.by, name, whom, days))
    if isinstance(made, NoToken):
        raise ConfigError((Problem("MP2412", f"token {cut(name)}", text(f"people.{made.value}", "en")),), DATA_ERROR)
    print(made.value)
    print(f"note: shown this once, and good until {rfc3339(made.ends_at)}", file=sys.stderr)


def remove_token(config: Path | None, number: int) -> None:
    told(at_desk(config, lambda desk: desk.staff.remove_token(desk.by, number)), str(number))


def print_all(config: Path | None, *, as_json: bool) -> None:
    """Everybody who may sign in, then whom the issuer has let in, then the tokens."""

    async def listed(desk: Desk) -> list[dict[str, object]]:
        people: list[dict[str, object]] = [
            {"person": one.name, "role": one.role, "from": "here", "since": rfc3339(one.made_at), "password": one.has_password}
            for one in await desk.store.people.all()
        ]
        guests: list[dict[str, object]] = [
            {"person": one.name, "role": one.role, "from": "issuer", "last_sign_in": rfc3339(one.came_at)}
            for one in await desk.store.guests.all()
        ]
        tokens: list[dict[str, object]] = [
            {"token": one.name, "id": one.number, "role": one.role, "ends": rfc3339(one.ends_at), "made_by": one.made_by}
            for one in await desk.store.tokens.all()
        ]
        return people + guests + tokens

    rows = at_desk(config, listed)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if as_json else visible("  ".join(f"{key}={row[key]}" for key in row)))
    if not rows:
        print("note: nobody yet; mailprobe users link makes the first administrator's link", file=sys.stderr)


def print_link(config: Path | None) -> None:
    """Where the first administrator is made: a path, to be put after the console's address."""
    link = at_desk(config, lambda desk: new_first_link(desk.store, time.time()))
    if not link:
        hint = "an administrator adds others; at this host: mailprobe users add"
        raise ConfigError((Problem("MP2414", "users link", "somebody can sign in already", hint),), DATA_ERROR)
    print(link)


def verify(config: Path | None) -> int:
    """Exit code 0: every row of the trail is as it was written; 1: the first that is not is named."""

    async def verified(desk: Desk) -> tuple[int, str]:
        fault = await desk.store.audit.verify()
        rows = await desk.store.audit.count()
        return (0, f"{rows} rows, each as it was written") if fault is None else (TAMPERED, f"row {fault.number} {fault.what}")

    code, said = at_desk(config, verified)
    print(said)
    return code


def erase(config: Path | None, targets: list[str], why: str) -> None:
    """Forget a customer: his account's id, his address, or both."""
    settings = found(config)
    ids, addresses = [one for one in targets if not is_address(one)], [one for one in targets if is_address(one)]
    if len(ids) > 1 or len(addresses) > 1:
        raise ConfigError((Problem("MP2421", "erase", "more than one customer", "give one id, one address, or both"),), USAGE)
    whom = whose(settings, "".join(ids), "".join(addresses))

    async def erased(desk: Desk) -> str:
        await desk.staff.trail.note(desk.by, "erase", whom.account, why)
        done = await desk.store.erase(whom)
        left = "" if done.clean else "; the rest leaves the store's side file at its next checkpoint"
        return f"{done.rows} rows erased{left}"

    print(asyncio.run(worked(settings, erased)))


def is_address(target: str) -> bool:
    return "@" in target or "\uff20" in target


def role_of(name: str) -> Role:
    if name not in list(Role):
        raise ConfigError((Problem("MP2411", "--role", f'no such role: "{cut(name)}"', f"one of {', '.join(Role)}"),), USAGE)
    return Role(name)


def typed_password() -> str:
    """Typed twice at a terminal; else one line of standard input. Never an option: others see those."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != first:
        raise ConfigError((Problem("MP2411", "password", text("unfit.unlike", "en")),), DATA_ERROR)
    return first


def told(outcome: Change | Unfit, whom: str) -> None:
    """Raises ConfigError for whatever is not done."""
    if outcome is Change.DONE:
        print("done")
        return
    if isinstance(outcome, Unfit):
        raise ConfigError((Problem("MP2411", cut(whom), text(f"unfit.{outcome.value}", "en")),), DATA_ERROR)
    code, key = WORDS[outcome]
    raise ConfigError((Problem(code, cut(whom), text(key, "en")),), DATA_ERROR)
