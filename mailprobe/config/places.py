"""Where each key of a TOML text stands: key path -> line and column. For text that tomllib has accepted."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s=.\[\]"'#,{}]+)[ \t]*""")
TEXT = re.compile(r'"{3}(?:[^\\]|\\.)*?"{3,5}|\'{3}.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
BARE = re.compile(r"[^,\]}\n#]*")


@dataclass(slots=True)
class Places:
    """`at`: where a key was first written. `again`: keys that were written twice, with their first line."""

    at: dict[Path, tuple[int, int]] = field(default_factory=dict)
    again: list[tuple[Path, int]] = field(default_factory=list)

    def nearest(self, path: Path) -> tuple[int, int] | None:
        """Where the key stands, or the table that should hold it."""
        while path and path not in self.at:
            path = path[:-1]
        return self.at.get(path)


def find_places(text: str) -> Places:
    """Every key, table, array element and inline key. Stops at whatever is no TOML."""
    reader = Reader(text)
    reader.read()
    return reader.places


class Reader:
    """One pass over the text. `table` is the table that the last header opened."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self.pos = 0
        self.table: Path = ()
        self.elements: dict[Path, int] = {}
        self.places = Places()

    def read(self) -> None:
        while self.skip() < len(self.text):
            before = self.pos
            if self.text[self.pos] == "[":
                self.header()
            else:
                self.pair(self.table)
            if self.pos == before:
                return

    def skip(self) -> int:
        found = GAP.match(self.text, self.pos)
        self.pos = found.end() if found else self.pos
        return self.pos

    def note(self, path: Path, pos: int, *, once: bool) -> None:
        line = bisect_right(self.starts, pos)
        if once and path in self.places.at:
            self.places.again.append((path, self.places.at[path][0]))
        self.places.at.setdefault(path, (line, pos - self.starts[line - 1] + 1))

    def header(self) -> None:
        start, many = self.pos, self.text.startswith("[[", self.pos)
        self.pos += 2 if many else 1
        keys = self.keys()
        self.pos += 2 if many else 1
        for depth in range(1, len(keys)):
            self.note(self.resolved(keys[:depth]), start, once=False)
        if many:
            array = (*self.resolved(keys[:-1]), *keys[-1:])
            self.elements[array] = self.elements.get(array, -1) + 1
            self.note(array, start, once=False)
            self.table = (*array, self.elements[array])
        else:
            self.table = self.resolved(keys)
        self.note(self.table, start, once=not many)

    def resolved(self, keys: tuple[str, ...]) -> Path:
        """An array of tables is meant by its last element: TOML 1.0, Array of Tables."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.elements:
                path = (*path, self.elements[path])
        return path

    def keys(self) -> tuple[str, ...]:
        found: list[str] = []
        while (match := KEY.match(self.text, self.pos)) is not None:
            found.append(unquoted(match[1]))
            self.pos = match.end()
            if not self.text.startswith(".", self.pos):
                break
            self.pos += 1
        return tuple(found)

    def pair(self, table: Path) -> None:
        start = self.pos
        keys = self.keys()
        for depth in range(1, len(keys)):
            self.note((*table, *keys[:depth]), start, once=False)
        path = (*table, *keys)
        self.note(path, start, once=True)
        if self.text.startswith("=", self.pos):
            self.pos += 1
            self.value(path)

    def value(self, path: Path) -> None:
        while self.text.startswith((" ", "\t"), self.pos):
            self.pos += 1
        opening = self.text[self.pos : self.pos + 1]
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline(path)
        else:
            match = TEXT.match(self.text, self.pos) or BARE.match(self.text, self.pos)
            self.pos = match.end() if match else len(self.text)

    def array(self, path: Path) -> None:
        self.pos += 1
        index = 0
        while self.skip() < len(self.text) and self.text[self.pos] != "]":
            before = self.pos
            self.note((*path, index), self.pos, once=False)
            self.value((*path, index))
            index += 1
            self.separator()
            if self.pos == before:
                return
        self.pos += 1

    def inline(self, path: Path) -> None:
        self.pos += 1
        while self.skip() < len(self.text) and self.text[self.pos] != "}":
            before = self.pos
            self.pair(path)
            self.separator()
            if self.pos == before:
                return
        self.pos += 1

    def separator(self) -> None:
        if self.skip() < len(self.text) and self.text[self.pos] == ",":
            self.pos += 1


def unquoted(key: str) -> str:
    if key.startswith('"'):
        return re.sub(r"\\(.)", r"\1", key[1:-1])
    return key[1:-1] if key.startswith("'") else key
