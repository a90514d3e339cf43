"""[carriers.X.lookup] -> how the carrier's own systems are asked of a mailbox. The URL may hold a token: it is never shown."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from mailprobe.carriers import LOOKUP_COUNTS_FOR, Carrier, Lookup
from mailprobe.config.meaning import authority, check_secret
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.reading import LookupSection, Sheet, read_section

PLACE = re.compile(r"\{(address|local)\}")
BRACES = re.compile(r"[{}]")
LONGEST = 30.0  # seconds: an agent waits


def with_lookups(sheet: Sheet, raw: object, carriers: dict[str, Carrier]) -> dict[str, Carrier]:
    """The carriers that are sound, each with what its own section says. Of what kind its values are was looked at before."""
    sections = raw if isinstance(raw, dict) else {}
    return {name: with_lookup(sheet, one, sections.get(name)) for name, one in carriers.items()}


def with_lookup(sheet: Sheet, carrier: Carrier, raw: object) -> Carrier:
    written = raw.get("lookup") if isinstance(raw, dict) else None
    path: KeyPath = ("carriers", carrier.name, "lookup")
    section = read_section(sheet, LookupSection, written, path) if written is not None else None
    return carrier if section is None else replace(carrier, lookup=make_lookup(sheet, section, path))


def make_lookup(sheet: Sheet, section: LookupSection, path: KeyPath) -> Lookup | None:
    """None after its problems were written to the sheet."""
    if (section.url is None) == (section.command is None):
        sheet.problem("MP2650", path, "give either url or command", "one way of asking is enough")
        return None
    before = len(sheet.problems)
    if section.url is not None:
        check_url(sheet, section.url, (*path, "url"))
    else:
        check_command(sheet, section, path)
    within = 5.0 if section.within is None else section.within
    if within > LONGEST:
        sheet.problem("MP2654", (*path, "within"), f"longer than {LONGEST:.0f}s", "an agent waits for it")
    check_secret(sheet, section.secret, (*path, "secret"))
    ca = authority(sheet, section.tls_ca, (*path, "tls_ca"))
    if len(sheet.problems) > before:
        return None
    counts_for = LOOKUP_COUNTS_FOR if section.counts_for is None else section.counts_for
    return Lookup(section.url or "", tuple(section.command or ()), section.secret, ca, within, section.title or "", counts_for)


def check_url(sheet: Sheet, url: str, path: KeyPath) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme != "https" or not host or BRACES.search(parts.netloc):
        hint = 'like "https://crm.example.net/mailboxes/{address}": the address has no place in the host'
        sheet.problem("MP2651", path, "is no https URL of one host", hint)
    elif not PLACE.search(url):
        sheet.problem("MP2652", path, "has no place for the address", "write {address}, or {local} and {domain}")


def check_command(sheet: Sheet, section: LookupSection, path: KeyPath) -> None:
    words = section.command or []
    if not words[0].startswith("/"):
        sheet.problem("MP2653", (*path, "command"), "does not begin with a whole path", "like /usr/local/bin/lookup")
    if not any(PLACE.search(word) for word in words[1:]):
        hint = 'write "{address}" as an argument: no shell comes between'
        sheet.problem("MP2652", (*path, "command"), "has no place for the address", hint)
    if section.secret is not None or section.tls_ca is not None:
        sheet.problem("MP2655", path, "secret and tls_ca are for a url", "let the program read its own")
