"""`mailprobe accounts import` and `list`: who is watched. A file is taken whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.cells import cell_len

from mailprobe.config import Account, Config, ConfigError, Problem, load
from mailprobe.config.problems import cut, visible
from mailprobe.config.toml import read_text, read_toml
from mailprobe.config.units import spoken

NO_INPUT, CANNOT_CREATE, CONFIG = 66, 73, 78  # sysexits.h
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Change:
    """What an import makes of the watched accounts, by id."""

    accounts: int
    added: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]

    def __str__(self) -> str:
        more = f"{len(self.added)} new, {len(self.gone)} gone, {len(self.changed)} changed"
        return f"{self.accounts} accounts: {more}"


def import_accounts(config: Path, file: str, *, dry_run: bool) -> tuple[Change, Config]:
    """Check a CSV file against the configuration, and put it where [accounts_from] names it; the configuration as it will be.
    Raises ConfigError with every problem; then nothing has changed. `file`: a path, or `-`."""
    target = target_of(config)
    octets = octets_of(file)
    with tempfile.TemporaryDirectory(prefix="mailprobe-") as folder:
        copy = Path(folder) / "accounts.csv"
        copy.write_bytes(octets)
        named = "standard input" if file == STDIN else file
        try:
            after = load(config, csv=copy)
        except ConfigError as error:
            raise ConfigError(tuple(renamed(one, str(copy), named) for one in error.problems), error.exit_code) from None
        after = replace(after, warnings=tuple(renamed(one, str(copy), named) for one in after.warnings))
    change = change_of(known(config), after.accounts)
    if not dry_run:
        replace_whole(target, octets)
    return change, after


def target_of(config: Path) -> Path:
    """The file that [accounts_from] names."""
    raw, _ = read_toml(read_text(config), str(config))
    many = raw.get("accounts_from")
    name = many.get("csv") if isinstance(many, dict) else None
    if not isinstance(name, str) or not name:
        what = "the configuration takes no accounts from a CSV file"
        raise ConfigError((Problem("MP1804", str(config), what, 'write [accounts_from] and csv = "accounts.csv"'),), CONFIG)
    return (config.parent / name).resolve()  # a link stays one


def octets_of(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        what = f"cannot read {cut(file)}: {getattr(error, 'strerror', None) or 'no name of a file'}"
        raise ConfigError((Problem("MP1011", "accounts import", what, "give a CSV file, or -"),), NO_INPUT) from None


def renamed(problem: Problem, copy: str, name: str) -> Problem:
    """The same, naming the file that the user knows."""
    said = (text.replace(copy, name) for text in (problem.where, problem.what, problem.hint))
    return Problem(problem.code, *said)


def known(config: Path) -> tuple[Account, ...]:
    """The accounts of now; none where there is no file yet, or where this import mends it."""
    try:
        return load(config).accounts
    except ConfigError:
        return ()


def change_of(before: Iterable[Account], after: Iterable[Account]) -> Change:
    old, new = ({account.id: account for account in accounts} for accounts in (before, after))
    return Change(
        accounts=len(new),
        added=tuple(one for one in new if one not in old),
        gone=tuple(one for one in old if one not in new),
        changed=tuple(one for one in new if one in old and new[one] != old[one]),
    )


def replace_whole(target: Path, octets: bytes) -> None:
    """Written beside it, made durable, then renamed: a reader sees the old file or the new one. Mode and owner stay; a new
    file is ours alone to read, because it holds addresses."""
    handle, name = -1, ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(octets)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, name)
            owner = target.stat()
            os.chown(name, owner.st_uid, owner.st_gid)
        Path(name).replace(target)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        what = f"cannot be written: {error.strerror}"
        hint = "nothing was changed; check the folder, its owner and the disk"
        raise ConfigError((Problem("MP1805", str(target), what, hint),), CANNOT_CREATE) from None


def row_of(account: Account, *, addresses: bool) -> dict[str, str]:
    """One line of the list; the address only where it is asked for."""
    every = dict(account.every)
    base = spoken(every.pop("")) if "" in every else ""
    own = " ".join(f"{probe}={spoken(seconds)}" for probe, seconds in every.items() if probe in account.probes)
    row = {
        "id": account.id,
        "carrier": account.carrier,
        "group": account.group,
        "probes": " ".join(account.probes),
        "every": own or base,
    }
    return row | {"address": account.address.display} if addresses else row


def print_list(config: Config, *, addresses: bool, as_json: bool) -> None:
    """The watched accounts, one a line: columns, or JSON."""
    rows = [row_of(account, addresses=addresses) for account in config.accounts]
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    columns = ("id", *(("address",) if addresses else ()), "carrier", "group", "probes", "every")
    shown = [{name: visible(row[name]) for name in columns} for row in (dict(zip(columns, columns, strict=True)), *rows)]
    widths = {name: max(cell_len(row[name]) for row in shown) for name in columns}
    for row in shown:
        print("  ".join(padded(row[name], widths[name]) for name in columns).rstrip())


def padded(text: str, width: int) -> str:
    """In columns of a terminal, of which a Japanese character takes two."""
    return text + " " * (width - cell_len(text))
