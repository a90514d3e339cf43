"""Secret references (env: file: cred: exec: prompt:) and a value that never prints.

A configuration names where a secret is kept; the value is read when it is needed and leaves its box only by `.reveal()`.
Python cannot wipe a str from memory: keep the box for as short as possible.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import shlex
import stat
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

SCHEMES = ("env", "file", "cred", "exec", "prompt")
PLACEHOLDERS = frozenset({"changeme", "change-me", "change_me", "your-password", "<secret>"})
MASK = "***"
EXEC_SECONDS = 20.0
SECRET_OCTETS = 65536  # a token is a few kilobytes; whatever is longer is not a secret


class SecretError(Exception):
    """A secret cannot be had. Never holds the value; `what` may name the place."""

    exit_code = 78

    def __init__(self, code: str, what: str, hint: str = "") -> None:
        super().__init__(f"{code} {what}")
        self.code = code
        self.what = what
        self.hint = hint


class Secret:
    """A value that prints, formats, and represents itself as `***`, and refuses to be copied out by pickle or json."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself: for the line that goes to the server, nowhere else."""
        return self.__value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        """In constant time, so that a comparison tells nothing of the value."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(octets(self), octets(other))

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret has no hash: its value must not become a key")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not copied or pickled")


def octets(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept; not the secret. scheme: env file cred exec prompt.

    `place`: variable name, absolute path, credential name, command line, or a label for `prompt`. `given` holds a value
    that somebody typed for this run only.
    """

    scheme: str
    place: str
    given: Secret | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_value(cls, secret: Secret, label: str = "given") -> SecretRef:
        """A secret that was typed for this run; it is on no disk and in no configuration."""
        return cls("prompt", label, secret)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"

    async def read(self, *, lines: bool = False) -> Secret:
        """The value, read now; raises SecretError MP1011 to MP1015. Files and commands never block the event loop. A value of
        more than one line is refused unless `lines` (a PEM key has them)."""
        if self.scheme == "prompt":
            return self.prompted(lines=lines)
        if self.scheme == "env":
            return boxed(from_environment(self.place), str(self), lines=lines)
        if self.scheme == "exec":
            return boxed(await from_command(self.place), str(self), lines=lines)
        path = credential_path(self.place) if self.scheme == "cred" else Path(self.place)
        return boxed(await asyncio.to_thread(from_file, path), str(self), lines=lines)

    def read_at_once(self) -> Secret:
        """The same without an event loop, for what must be known before there is one. SecretError for exec and prompt."""
        if self.scheme == "env":
            return boxed(from_environment(self.place), str(self))
        if self.scheme not in ("file", "cred"):
            raise SecretError("MP1013", f"{self.scheme}: cannot be used here", "use env:, file: or cred:")
        return boxed(from_file(credential_path(self.place) if self.scheme == "cred" else Path(self.place)), str(self))

    def trouble(self) -> SecretError | None:
        """What can be told without reading the value: a variable that is not set, a file that is absent or open to others."""
        try:
            if self.scheme == "env":
                from_environment(self.place)
            elif self.scheme in ("file", "cred"):
                check_private(credential_path(self.place) if self.scheme == "cred" else Path(self.place))
        except SecretError as error:
            return error
        return None

    def prompted(self, *, lines: bool = False) -> Secret:
        if self.given is None:
            raise SecretError("MP1015", "no secret was typed", "use --ask-secret, or another kind of reference")
        return boxed(self.given.reveal(), str(self), lines=lines)


def parse_ref(text: str, *, base: Path | None = None) -> SecretRef:
    """`env:NAME`, `file:PATH`, `cred:NAME`, `exec:COMMAND ARGS` or `prompt:`; relative paths are against `base`.

    Raises SecretError MP1013 for anything else, because it may be the password itself: the text is never repeated.
    """
    scheme, colon, place = text.partition(":")
    if not text.strip() or text.strip().lower() in PLACEHOLDERS:
        raise SecretError("MP1014", "a placeholder, not a secret reference", "write env:NAME, file:PATH or cred:NAME")
    if not colon or scheme not in SCHEMES or any(ord(char) < 32 or ord(char) == 127 for char in place):
        raise SecretError("MP1013", "not a credential reference", "never write a password here: env:NAME, file:PATH, cred:NAME")
    if scheme != "prompt" and not place.strip():
        raise SecretError("MP1014", f"{scheme}: names nothing", f"write {scheme}:NAME")
    check_place(scheme, place)
    if scheme == "file" and base is not None:
        place = str(base / place)
    return shared(scheme, place)


@lru_cache(1000)
def shared(scheme: str, place: str) -> SecretRef:
    """The same object for what is equal: a hundred thousand accounts may have one secret, that of a master user."""
    return SecretRef(sys.intern(scheme), place)


def check_place(scheme: str, place: str) -> None:
    if scheme == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", place):
        raise SecretError("MP1013", "not the name of an environment variable", "env:NAME, with letters, digits and _")
    if scheme == "cred" and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*", place):
        raise SecretError("MP1013", "not the name of a credential", "cred:NAME, as in LoadCredential=NAME:PATH")
    if scheme == "exec":
        command_words(place)


def boxed(value: str, place: str, *, lines: bool = False) -> Secret:
    """Strip exactly one line end, refuse what cannot be meant."""
    value = value.removesuffix("\r\n" if value.endswith("\r\n") else "\n")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise SecretError("MP1010", f"{place} is not UTF-8 (value not shown)", "store the secret as UTF-8 text")
    if re.search(r"\0" if lines else r"[\r\n\0]", value):
        raise SecretError("MP1014", f"{place} holds more than one line (value not shown)", "put the secret there, alone")
    if not value:
        raise SecretError("MP1014", f"{place} is empty", "put the secret there")
    if value.strip().lower() in PLACEHOLDERS:
        raise SecretError("MP1014", f"{place} holds a placeholder (value not shown)", "put the real secret there")
    return Secret(value)


def from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretError("MP1015", f"environment variable {name} is not set", "set it, or use file: or cred:")
    return value


def credential_path(name: str) -> Path:
    """systemd.exec(5), LoadCredential=: one directory per service, readable by it alone."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise SecretError("MP1015", f"cred:{name}: $CREDENTIALS_DIRECTORY is not set", "add LoadCredential= to the unit")
    return Path(directory) / name


def from_file(path: Path) -> str:
    """The mode is asked of the opened file, so that nobody can change it in between."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SecretError("MP1011", f"cannot read {path}: {error.strerror}", "check the path and its owner") from None
    try:
        return decoded(private_bytes(descriptor, path), str(path))
    finally:
        os.close(descriptor)


def private_bytes(descriptor: int, path: Path) -> bytes:
    check_status(os.fstat(descriptor), path)
    with open(descriptor, "rb", closefd=False) as stream:
        return stream.read(SECRET_OCTETS + 1)


def check_private(path: Path) -> None:
    try:
        check_status(path.stat(), path)
    except OSError as error:
        raise SecretError("MP1011", f"cannot read {path}: {error.strerror}", "check the path and its owner") from None


def check_status(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretError("MP1011", f"{path} is not a regular file", "give a file that holds only the secret")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise SecretError("MP1012", f"{path} has mode {mode:04o}: must be 0600 or less", f"chmod 600 {path}")


def command_words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        words = []
    if not words:
        raise SecretError("MP1013", "exec: is not a command line", "close every quote; no shell is used")
    return words


async def from_command(line: str) -> str:
    """What the command prints; without a shell, and its errors are not repeated, because they may quote the secret."""
    program, *arguments = command_words(line)
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(program, *arguments, stdin=nowhere, stdout=pipe, stderr=nowhere)
    except OSError as error:
        raise SecretError("MP1011", f"cannot run {program}: {error.strerror}", "check the command of exec:") from None
    output = await output_of(process, program)
    if process.returncode != 0:
        raise SecretError("MP1011", f"{program} ended with {process.returncode}", "run it by hand to see why")
    return decoded(output, program)


async def output_of(process: asyncio.subprocess.Process, program: str) -> bytes:
    """All that it prints within EXEC_SECONDS; however we leave, no process stays behind."""
    try:
        async with asyncio.timeout(EXEC_SECONDS):
            output, _ = await process.communicate()
            return output
    except TimeoutError:
        raise SecretError("MP1011", f"{program} gave no answer in {EXEC_SECONDS:.0f} s", "run it by hand to see why") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def decoded(value: bytes, place: str) -> str:
    if len(value) > SECRET_OCTETS:
        raise SecretError("MP1014", f"{place} is longer than {SECRET_OCTETS} octets", "give a place that holds only the secret")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError("MP1010", f"{place} is not UTF-8 (value not shown)", "store the secret as UTF-8 text") from None
