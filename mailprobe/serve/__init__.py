"""`mailprobe serve`: the daemon at work. Accounts are watched, bounces received (or fetched) and taken in, test mails looked
after, Prometheus and the webhook told.

shift.py      what runs side by side; life.py the signals, the orderly end and the signs of life
duty.py       the schedule on duty: scheduling.py hands it to the engine, repairs.py its guests; watching.py keeps and judges
              its results, seen.py and newest.py hold what is known of each account; outcome.py,
              counting.py and tally.py count
looks.py      what a server in trouble showed, for all accounts behind it; deciding.py: the second look that all wait for
fitness.py    whether we ourselves are fit to judge; controls.py: what is known of the carriers' controls
pages.py      what is served over HTTP; reception.py, looking.py, announced.py: bounces, test mails, announced work
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from mailprobe.bounces.token import Signer
from mailprobe.check import configured
from mailprobe.config import Config, ConfigError, Problem, load
from mailprobe.daemon import House, open_house, signer_of
from mailprobe.engine import CANARY
from mailprobe.log import Event, listen, tell
from mailprobe.net.systemd import Systemd, from_environment, handed_over
from mailprobe.reload import Reloader
from mailprobe.serve.duty import Duty, on_duty
from mailprobe.serve.life import Signals, give_signs_of_life, heard
from mailprobe.serve.shift import Shift, at_work, on_shift
from mailprobe.store import StoreError
from mailprobe.store.alone import alone

__all__ = ["Shift", "at_work", "configured_for_serving", "ended_by", "on_shift", "serve"]

USAGE, SOFTWARE = 64, 70  # sysexits.h
BOUNCES = "bounces"  # FileDescriptorName= of the receiver's socket


def configured_for_serving(named: Path | None) -> Config:
    """The configuration, and the log on standard error. Raises ConfigError."""
    path = named or configured()
    if path is None:
        hint = "name one with --config FILE, or write mailprobe.toml"
        raise ConfigError((Problem("MP1113", "--config", "there is no configuration to serve", hint),), USAGE)
    config = load(path)
    listen()
    for warning in config.warnings:
        tell(Event.CONFIG_WARNING, code=warning.code, where=warning.where.rpartition("/")[2])
    return config


@contextlib.contextmanager
def unwrapped() -> Iterator[None]:
    """An error that was foreseen, without the groups that it came up through: whoever started us reads its words."""
    try:
        yield
    except BaseExceptionGroup as group:
        first = leaves(group)[0]
        unforeseen = group.split((ConfigError, StoreError))[1]
        raise (group if unforeseen is not None else first) from None


def leaves(error: BaseException) -> list[BaseException]:
    """What went wrong, of however many tasks."""
    return [leaf for one in error.exceptions for leaf in leaves(one)] if isinstance(error, BaseExceptionGroup) else [error]


def ended_by(fault: Exception) -> int:
    """The daemon ends by a fault of its own: told like everything else in the log, whose words might quote anybody. The exit
    code."""
    for one in leaves(fault):
        tell(Event.DAEMON_FAULT, error=one)
    return SOFTWARE


def unheard(at_work: Shift | Duty) -> None: ...


async def serve(config: Config, begun: Callable[[Shift], None] = unheard, served: Callable[[Duty], None] = unheard) -> None:
    """Until SIGTERM or SIGINT; SIGHUP reloads. begun: told before the first account is asked; served: once the pages are. Raises
    ConfigError for what cannot be served (a port not to be had, a bad key), and StoreError."""
    systemd = from_environment()
    with unwrapped(), heard(Signals()) as signals:
        async with open_house(config) as house:
            with alone(house.store.database.place):
                async with on_shift(house, await signer(house), handed_over().get(BOUNCES)) as shift:
                    begun(shift)
                    async with on_duty(shift) as duty:
                        served(duty)
                        async with supervised(systemd, signals, shift.reloader, house):
                            await signals.ending.wait()
                        systemd.stopping()
                        tell(Event.ENDING)
                        if not await shift.drain(signals.hurried):
                            tell(Event.DRAINED)


async def signer(house: House) -> Signer | None:
    """None where no test mail is sent and no bounce expected: then nothing need be signed. Else raises ConfigError."""
    config = house.config
    canaries = any(CANARY in account.probes for account in config.accounts)
    if house.signs is None and (config.bounces_listen or config.bounces_imap or config.prober.bounce_domain or canaries):
        await signer_of(house.config)  # says what is wrong with a key that cannot be used
        hint = "set prober.bounce_domain and prober.token_keys"
        raise ConfigError((Problem("MP1112", "prober", "nothing signs the senders of test mails", hint),), USAGE)
    return house.signs


@contextlib.asynccontextmanager
async def supervised(systemd: Systemd, signals: Signals, reloader: Reloader, house: House) -> AsyncIterator[None]:
    """Ready, alive, and ready again after each reload."""
    tasks = [
        asyncio.create_task(give_signs_of_life(systemd, house.store.outbox.count)),
        asyncio.create_task(reload_when_asked(systemd, signals, reloader)),
    ]
    systemd.ready(status_of(reloader.config))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def reload_when_asked(systemd: Systemd, signals: Signals, reloader: Reloader) -> None:
    while True:
        await signals.reload.wait()
        signals.reload.clear()
        systemd.reloading()
        await reloader.reload()
        systemd.ready(status_of(reloader.config))


def status_of(config: Config) -> str:
    return f"{len(config.accounts)} accounts at {len(config.carriers)} carriers"
