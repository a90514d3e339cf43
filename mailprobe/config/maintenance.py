"""[[maintenance]] -> windows of announced work. A time without its zone would be right in one place and wrong in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailprobe.address import near
from mailprobe.carriers import Carrier
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.reading import MaintenanceSection, Sheet, read_section
from mailprobe.config.shape import Account
from mailprobe.config.units import spoken
from mailprobe.maintenance import LONGEST, Window


def make_windows(
    sheet: Sheet, raw: object, carriers: Mapping[str, Carrier], broken: frozenset[str], accounts: Iterable[Account]
) -> tuple[Window, ...]:
    """Every window; each problem is written to the sheet."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        sheet.problem("MP1008", ("maintenance",), "expected array of tables", "write [[maintenance]]")
        return ()
    groups = {account.group for account in accounts if account.group}
    found: list[Window] = []
    for number, data in enumerate(raw):
        path: KeyPath = ("maintenance", number)
        section = read_section(sheet, MaintenanceSection, data, path)
        if section is not None:
            check_whose(sheet, section, path, (*carriers, *broken), groups)
            check_length(sheet, section, path)
            found.append(Window(section.carrier, section.group, section.begins, section.ends, section.note))
    return tuple(found)


def check_whose(sheet: Sheet, section: MaintenanceSection, path: KeyPath, carriers: Iterable[str], groups: set[str]) -> None:
    if not (section.carrier or section.group):
        sheet.problem("MP2001", path, "names neither a carrier nor a group", 'write carrier = "NAME", group = "NAME", or both')
    if section.carrier and section.carrier not in carriers:
        meant = near(section.carrier, carriers)
        hint = f'nearest "{meant}"' if meant else f"configured: {', '.join(carriers) or 'none'}"
        sheet.problem("MP2001", (*path, "carrier"), f'no carrier "{section.carrier}"', hint)
    if section.group and section.group not in groups:
        meant = near(section.group, groups)
        hint = f'nearest "{meant}"' if meant else "a group is what accounts say in group"
        sheet.warn("MP2001", (*path, "group"), f'no account is in a group "{section.group}"', hint)


def check_length(sheet: Sheet, section: MaintenanceSection, path: KeyPath) -> None:
    if section.ends <= section.begins:
        sheet.problem("MP2003", (*path, "until"), "is not after from", "until is when the work is over")
    elif section.ends - section.begins > LONGEST:
        hint = "alerts are silent meanwhile: write one window for each piece of work"
        sheet.problem("MP2003", (*path, "until"), f"more than {spoken(LONGEST)} after from", hint)
