"""Writing the assets into an operator's folder: all of them or none, and never over what he changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mailprobe.assets import CONSOLE, files
from mailprobe.config.problems import ConfigError, Problem

MANIFEST = ".mailprobe-assets.json"  # what the last export wrote, so that the next one knows what was changed since
FORBIDDEN = "\"'\\{}$# \n\r\t"  # what would end a string of YAML or JSON, or begin a template, a variable or a comment
USAGE, CANNOT_CREATE = 64, 73  # sysexits.h


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did, as paths below its folder."""

    written: tuple[str, ...]
    same: tuple[str, ...]
    removed: tuple[str, ...]  # of an earlier version, and no longer part of this one


def export(to: Path, version: str, *, console: str = CONSOLE, runbooks: str = "", force: bool = False) -> Exported:
    """Write rules, dashboards and examples below `to`, which is made where it does not exist.

    Raises ConfigError: an address that is none (exit code 64), a file that was changed since the last export and is not
    to be overwritten, or that cannot be written (73).
    """
    wanted = files(address("--console", console), address("--runbooks", runbooks) if runbooks else "")
    try:
        known = manifest(to)
        present = {name: digest((to / name).read_bytes()) for name in {*wanted, *known} if (to / name).is_file()}
        if not force:
            refuse_changed(to, wanted, present, known)
        return put(to, version, wanted, present, known)
    except OSError as error:
        where = str(error.filename or to)
        problem = Problem("MP1703", where, f"cannot be written: {error.strerror}", "name a folder that you may write to")
        raise ConfigError((problem,), CANNOT_CREATE) from error


def address(option: str, url: str) -> str:
    """An address as it may stand in YAML, JSON and a template: no quotes, no braces, no slash at its end."""
    if any(char in url for char in FORBIDDEN) or not is_web(url):
        raise ConfigError((Problem("MP1701", option, f'"{url}" is not an http or https address'),), USAGE)
    return url.rstrip("/")


def is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that enclose no address
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest(to: Path) -> dict[str, str]:
    """Path -> digest as the last export left it; nothing where there was none, or it cannot be understood."""
    try:
        found = json.loads((to / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {name: value for name, value in found.items() if within(to, name)}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def within(to: Path, name: str) -> bool:
    """No path of a manifest leads out of its folder."""
    return (to / name).resolve().is_relative_to(to.resolve())


def refuse_changed(to: Path, wanted: dict[str, bytes], present: dict[str, str], known: dict[str, str]) -> None:
    changed = [
        name for name, content in wanted.items() if name in present and present[name] not in (digest(content), known.get(name))
    ]
    if changed:
        hint = "keep your changes in files of your own, or overwrite them with --force"
        ours, foreign = "was changed since it was exported", "is there, and was not exported"
        problems = (Problem("MP1702", str(to / name), ours if name in known else foreign, hint) for name in changed)
        raise ConfigError(tuple(problems), CANNOT_CREATE)


def put(to: Path, version: str, wanted: dict[str, bytes], present: dict[str, str], known: dict[str, str]) -> Exported:
    new = {name: content for name, content in wanted.items() if present.get(name) != digest(content)}
    for name, content in new.items():
        write(to / name, content)
    gone = sorted(name for name in known if name not in wanted and present.get(name) == known[name])
    for name in gone:
        (to / name).unlink()
    left = {"version": version, "files": {name: digest(content) for name, content in wanted.items()}}
    write(to / MANIFEST, (json.dumps(left, indent=1) + "\n").encode())
    return Exported(tuple(new), tuple(sorted({*wanted} - {*new})), tuple(gone))


def write(path: Path, content: bytes) -> None:
    """Whole or not at all: Prometheus and Grafana may read at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.new")
    half.write_bytes(content)
    half.replace(path)
