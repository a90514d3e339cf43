"""[store] -> where everything is kept, and how long what the probes saw is."""

from __future__ import annotations

import re
from pathlib import Path

from mailprobe.config.reading import Sheet, StoreSection, read_section
from mailprobe.config.shape import Keep
from mailprobe.config.units import BASE, spoken

STORES = re.compile(r"sqlite:///?.*", re.DOTALL)
FILE, MEMORY = "sqlite:///", ":memory:"
LEAST = 86_400.0  # seconds: what a day's counts and readings rest on


def make_store(sheet: Sheet, raw: object) -> tuple[str, Keep]:
    """The URL ('' for the usual place) and the times; what is wrong is written to the sheet."""
    section = read_section(sheet, StoreSection, raw, ("store",))
    if section is None:
        return "", Keep()
    if section.url and not STORES.fullmatch(section.url):
        hint = "sqlite:///FILE, or leave url out"
        sheet.problem("MP1042", ("store", "url"), "only SQLite is supported as a store (value not shown)", hint)
    if section.keep_results < LEAST:
        what = f"minimum {spoken(LEAST)}, got {spoken(section.keep_results)}"
        sheet.problem("MP2201", ("store", "keep_results"), what, 'write it like "90d"')
    if section.keep_transcripts > section.keep_results:
        what = f"{spoken(section.keep_transcripts)} is longer than the results are kept: {spoken(section.keep_results)}"
        sheet.problem("MP2202", ("store", "keep_transcripts"), what, "a transcript goes with its result: lengthen keep_results")
    return beside_the_file(sheet, section.url), Keep(section.keep_results, section.keep_transcripts)


def beside_the_file(sheet: Sheet, url: str) -> str:
    """A path that is not absolute starts at the configuration's folder, like every other in it: daemon and commands, started
    where they may be, share one store and with it one budget."""
    base, name = sheet.context.get(BASE), url.removeprefix(FILE)
    if not url.startswith(FILE) or not isinstance(base, Path) or not name or name == MEMORY or name.startswith("/"):
        return url
    return f"{FILE}{(base / name).absolute()}"
