"""What is wrong with an input, and how it is said: a code, a place, a reason and a hint. Never a traceback, never a secret."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

INPUT_CHARS = 80  # of any input that is repeated
PART_CHARS = 600


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input. `where` is file:line:col, file:line, or the key's path."""

    code: str  # MPnnnn
    where: str
    what: str
    hint: str = ""


class ConfigError(Exception):
    """The configuration cannot be used. exit_code is from sysexits.h (78, or 66/74 for the file itself)."""

    def __init__(self, problems: tuple[Problem, ...], exit_code: int = 78) -> None:
        super().__init__(f"{len(problems)} problem(s) in the configuration")
        self.problems = problems
        self.exit_code = exit_code


class NoCarrier(ConfigError):
    """An address of a domain that is no configured carrier's; exit code 65."""


def format_problem(problem: Problem, severity: str = "error") -> str:
    """`error[MPnnnn] where: what (hint)` in one line, control characters escaped, quoted inputs cut at 80 characters."""
    what = re.sub(rf'"([^"]{{{INPUT_CHARS}}})[^"]+"', r'"\1…"', problem.what)
    hint = f" ({problem.hint[:PART_CHARS]})" if problem.hint else ""
    where = f" {problem.where[:PART_CHARS]}:" if problem.where else ""
    return visible(f"{severity}[{problem.code}]{where} {what[:PART_CHARS]}{hint}")


def visible(text: str) -> str:
    """Terminal escapes, line breaks, bidi controls and lone surrogates as \\xNN or \\uNNNN."""
    return "".join(
        char if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co") else escaped(char) for char in text
    )


def escaped(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def cut(text: str) -> str:
    """An input as it may be repeated."""
    return text if len(text) <= INPUT_CHARS else text[:INPUT_CHARS] + "…"
