"""Asked of a program of the house: an argument list, never a shell; nothing to read, little to write, and no longer than said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec

from mailprobe.carriers import Lookup
from mailprobe.config import Account
from mailprobe.config.units import filled
from mailprobe.lookup.answer import MOST, Answer, Unanswered, read_answer

PASSED = ("PATH", "LANG", "TZ", "HOME")  # of our own environment: secrets of ours are not the program's


async def ask_command(lookup: Lookup, account: Account) -> Answer | Unanswered:
    words = arguments(lookup.command, account)
    if words is None:
        return Unanswered.NOT_ASKED
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    try:
        process = await create_subprocess_exec(
            *words, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True
        )
    except (OSError, ValueError):
        return Unanswered.FAILED
    try:
        async with asyncio.timeout(lookup.within):
            return await ended(process)
    except TimeoutError:
        return Unanswered.TIMEOUT
    finally:
        await stop(process)


async def ended(process: Process) -> Answer | Unanswered:
    raw = await some(process)
    if len(raw) > MOST:
        return Unanswered.TOO_BIG
    return Unanswered.FAILED if await process.wait() else read_answer(raw)


async def some(process: Process) -> bytes:
    """All that it writes, or so much that it is too much."""
    raw = b""
    while process.stdout is not None and len(raw) <= MOST:
        piece = await process.stdout.read(MOST)
        if not piece:
            break
        raw += piece
    return raw


async def stop(process: Process) -> None:
    """The program and whatever it has started: they are a group of their own, which may outlive the program itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.returncode is None:
        await asyncio.shield(process.wait())


def arguments(command: tuple[str, ...], account: Account) -> tuple[str, ...] | None:
    """The words with the address in them; None where it could be taken for an option."""
    words = tuple(filled(word, account.address) for word in command)
    options = [word for word, source in zip(words, command, strict=True) if word.startswith("-") and source.startswith("{")]
    return None if options else words
