"""A configuration file -> its raw TOML table and where each key stands, or what is wrong with the text itself."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path

from mailprobe.config.places import Places, find_places
from mailprobe.config.problems import ConfigError, Problem, cut

NO_INPUT, IO_ERROR = 66, 74  # sysexits.h
SPOT = re.compile(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
TWICE = re.compile(r"overwrite|twice|mutate|duplicate|expand", re.IGNORECASE)
UNCLOSED = "Illegal character '\\n'"  # what tomllib says of it
DELICATE = re.compile(r"secret|passw|token|pwd", re.IGNORECASE)


def read_text(path: Path) -> str:
    """The file as text; raises ConfigError MP1010 or MP1011."""
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise failure("MP1011", str(path), "not a regular file", "give a TOML file", IO_ERROR)
        data = path.read_bytes()
    except OSError as error:
        raise failure("MP1011", str(path), f"cannot read: {error.strerror}", "give the path of a TOML file", NO_INPUT) from None
    if data.startswith(b"\xef\xbb\xbf"):
        raise failure("MP1010", f"{path}:1", "starts with a byte order mark", "save it as UTF-8 without BOM")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"not UTF-8: byte 0x{data[error.start]:02x} at line {line}"
        raise failure("MP1010", f"{path}:{line}", what, "save it as UTF-8") from None


def failure(code: str, where: str, what: str, hint: str, exit_code: int = 78) -> ConfigError:
    return ConfigError((Problem(code, where, what, hint),), exit_code)


def read_toml(text: str, file: str) -> tuple[dict[str, object], Places]:
    """The raw table; raises ConfigError MP1002 (a key twice), MP1003 (syntax), MP1009 (nested too deep)."""
    try:
        return tomllib.loads(text), find_places(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((syntax_problem(str(error), text, file),)) from None
    except RecursionError:
        raise failure("MP1009", file, "nested too deep", "a configuration needs four levels") from None


def syntax_problem(message: str, text: str, file: str) -> Problem:
    lines = text.replace("\r\n", "\n").split("\n")
    found = SPOT.fullmatch(message)
    what = found[1] if found else message
    line, column = (int(found[2]), int(found[3])) if found and found[2] else (len(lines), 1)
    where, shown = f"{file}:{line}:{column}", masked(lines[min(line, len(lines)) - 1])
    if what == UNCLOSED:
        what = "a string that is not closed"
    if TWICE.search(what):
        again = find_places("\n".join(lines[:line])).again
        also = f"also at line {again[-1][1]}" if again else "each key and table once"
        return Problem("MP1002", where, f"duplicate key: {shown}", also)
    return Problem("MP1003", where, f"{what}: {shown}", "TOML: strings in quotes, one key = value per line")


def masked(line: str) -> str:
    """The line as it may be shown: whatever may hold a secret ends at its first `=`."""
    return f"{cut(line.partition('=')[0].strip())} = ***" if DELICATE.search(line) else cut(line.strip())
