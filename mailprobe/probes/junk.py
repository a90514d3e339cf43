"""Which folders a test mail may have come into, in the order in which they are looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from mailprobe.evidence import Folder
from mailprobe.probes.imap_folders import INBOX, usable
from mailprobe.wire.imap_data import Listed

MOST = 50  # folders besides INBOX
CLOSED = frozenset({"\\noselect", "\\nonexistent"})
# RFC 6154: nothing is delivered there, or it shows mail of other folders once more
PASSED_OVER = frozenset({"\\sent", "\\drafts", "\\flagged", "\\important"})
LAST = frozenset({"\\archive", "\\trash", "\\all"})
# Where no folder is marked \Junk: the last part of names in use, lower case; the last is Japanese in modified UTF-7
NAMES = frozenset({"junk", "spam", "junk mail", "junk e-mail", "junk email", "bulk", "bulk mail", "&j,dg0tdhmpww6w-"})


def in_order(listed: Iterable[Listed]) -> tuple[tuple[str, Folder], ...]:
    """Junk first, then the others; INBOX is not among them."""
    folders = [one for one in listed if one.name != INBOX and not CLOSED & set(one.attributes) and usable(one.name)]
    junk = [one for one in folders if "\\junk" in one.attributes] or [one for one in folders if _last_part(one.name) in NAMES]
    others = [one for one in folders if one not in junk and not PASSED_OVER & set(one.attributes)]
    others.sort(key=lambda one: bool(LAST & set(one.attributes)))
    ordered = [(one.name, Folder.JUNK) for one in junk] + [(one.name, Folder.OTHER) for one in others]
    return tuple(dict.fromkeys(ordered))[:MOST]


def _last_part(name: str) -> str:
    return name.replace(".", "/").rpartition("/")[2].lower()
