"""Everything is written into a folder of its own first, tried there, and put into place last: all of it, or nothing.

A name that is taken is never written over. The key that signs test mails is used on if there is one: another would make every
test mail that is under way a forgery. mailprobe.toml comes last; without it nothing has been set up.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mailprobe.config import Config, ConfigError, Problem, load
from mailprobe.secret import SecretError, parse_ref
from mailprobe.setup.answers import Answers
from mailprobe.setup.draft import CONFIG, DKIM_KEY, RESERVE, TOKEN_KEY, ZONE, config_of, reserve_of
from mailprobe.setup.zone import zone_of

CANNOT_CREATE, CONFIG_ERROR = 73, 78  # sysexits.h
KEY_OCTETS = 32
RSA_BITS = 2048  # RFC 8301 section 3.2


@dataclass(frozen=True, slots=True)
class File:
    """One file to be written. Secrets are for us alone."""

    name: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class SetUp:
    """What was written, in order; kept: what was there and is used. reserve: the text to send, '' if there is none."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    reserve: str
    config: Config


def set_up(answers: Answers, into: Path, typed: Iterable[File] = ()) -> SetUp:
    """Write everything, or raise ConfigError and leave `into` as it was. typed: secrets that somebody typed, as files."""
    wanted = [*typed, *files_of(answers)]
    kept = kept_key(into)
    files = [one for one in wanted if not (kept and one.name == TOKEN_KEY)]
    refuse_taken(into, files)
    try:
        with tempfile.TemporaryDirectory(prefix=".mailprobe-init-", dir=into) as folder:
            stage = Path(folder)
            for one in files:
                write(stage / one.name, one)
            config = put(stage, into, [one.name for one in files])
    except OSError as error:
        raise cannot(into, error) from None
    return SetUp(tuple(into / one.name for one in files), kept, reserve_of(answers), config)


def refuse_early(into: Path) -> None:
    """What would stop us after the last answer stops us before the first question. Raises ConfigError."""
    kept_key(into)
    refuse_taken(into, [File(CONFIG, ""), File(ZONE, "")])
    try:
        with tempfile.TemporaryDirectory(prefix=".mailprobe-init-", dir=into):
            pass
    except OSError as error:
        raise cannot(into, error) from None


def files_of(answers: Answers) -> list[File]:
    """In the order in which they are put into place."""
    private, public = dkim_pair() if answers.dkim else ("", "")
    reserve = reserve_of(answers)
    return [
        File(TOKEN_KEY, secrets.token_hex(KEY_OCTETS) + "\n", 0o600),
        *((File(DKIM_KEY, private, 0o600),) if private else ()),
        File(ZONE, zone_of(answers, public)),
        *((File(RESERVE, reserve),) if reserve else ()),
        File(CONFIG, config_of(answers)),
    ]


def dkim_pair() -> tuple[str, str]:
    """A private key in PEM, and its public half as DNS wants it (RFC 6376 section 3.6.1)."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), base64.b64encode(public).decode()


def kept_key(into: Path) -> tuple[Path, ...]:
    """The token key of before, if there is one that can be used. Raises ConfigError for one that cannot."""
    path = into / TOKEN_KEY
    if not os.path.lexists(path):
        return ()
    try:
        octets = parse_ref(f"file:{path.absolute()}").read_at_once().reveal().encode()
    except SecretError as error:
        raise ConfigError((Problem(error.code, str(path), error.what, error.hint),), CONFIG_ERROR) from None
    if len(octets) < KEY_OCTETS:
        hint = "move it away: init makes a new one, and test mails under way can no longer come back"
        raise ConfigError((Problem("MP1811", str(path), "no key that can sign", hint),), CONFIG_ERROR)
    return (path,)


def refuse_taken(into: Path, files: Iterable[File]) -> None:
    if not into.is_dir():
        raise ConfigError((Problem("MP1812", str(into), "no such folder", "make it first, or name another"),), CANNOT_CREATE)
    taken = [into / one.name for one in files if os.path.lexists(into / one.name)]
    if taken:
        hint = "nothing was written; move it away, or set up in another folder with --into"
        raise ConfigError(tuple(Problem("MP1811", str(one), "is there already", hint) for one in taken), CANNOT_CREATE)


def write(path: Path, one: File) -> None:
    """With its mode from the first octet on, and durable."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(one.text)
        stream.flush()
        os.fsync(stream.fileno())
    path.chmod(one.mode)


def put(stage: Path, into: Path, names: list[str]) -> Config:
    """Each under its name, by a link, which fails where the name has been taken meanwhile; mailprobe.toml last, when it has
    been read with everything beside it. Whatever goes wrong, what was put is taken back."""
    done: list[Path] = []
    try:
        for name in names:
            if name == CONFIG:
                config = tried(stage, into)
            os.link(stage / name, into / name)
            done.append(into / name)
        durable(into)
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    return config


def tried(stage: Path, into: Path) -> Config:
    """The configuration as it will be read; raises ConfigError. Its places are named as they will stand."""
    try:
        config = load(stage / CONFIG, base=into)
    except ConfigError as error:
        raise ConfigError(renamed(error.problems, stage, into), error.exit_code) from None
    return replace(config, source=into / CONFIG, warnings=renamed(config.warnings, stage, into))


def renamed(problems: Iterable[Problem], stage: Path, into: Path) -> tuple[Problem, ...]:
    return tuple(replace(one, where=one.where.replace(str(stage), str(into))) for one in problems)


def durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot(into: Path, error: OSError) -> ConfigError:
    what = f"cannot be written: {error.strerror}"
    hint = "nothing was written; check the folder, its owner and the disk"
    return ConfigError((Problem("MP1812", str(into), what, hint),), CANNOT_CREATE)
