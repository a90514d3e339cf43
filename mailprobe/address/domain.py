"""The domain of an address: A-labels in lower case for the wire, U-labels for people. IDNA2008 (RFC 5890 to 5893)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

from mailprobe.address.characters import AddressError, Notice, halfwidth, is_invisible
from mailprobe.address.spelling import is_mixed

DOMAIN_OCTETS = 253  # 255 octets in DNS wire form: RFC 1035 section 3.1
LABEL_OCTETS = 63
# RFC 6761, 6762, 7686, 9476: names that no public mail server can have. `test` and `example` are left to labs.
SPECIAL_USE = frozenset({"localhost", "localdomain", "local", "invalid", "onion", "alt"})

LDH = re.compile(r"[a-z0-9-]+")
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@lru_cache(maxsize=4096)  # many accounts, few domains
def parse_domain(text: str, column: int) -> tuple[str, tuple[Notice, ...]]:
    """The domain as A-labels in lower case. `column` is where it starts in the address."""
    if text.startswith("["):
        raise AddressError("MP1224", "address literal not allowed", "give a domain name", column)
    notices = [Notice("MP1228", "mixed script in the domain")] if any(is_mixed(label) for label in text.split(".")) else []
    if text.endswith(".") and len(text) > 1:
        text = text[:-1]
        notices.append(Notice("MP1221", "final dot of the domain left out"))
    labels = text.split(".")
    if not all(labels):
        raise AddressError("MP1220", "empty label", "one dot between labels", column)
    if NUMBER.fullmatch(labels[-1]):
        raise AddressError("MP1225", "domain is numeric", "give a domain name", column)
    domain = ".".join(a_label(label, column) for label in labels)
    if len(domain) > DOMAIN_OCTETS:
        raise AddressError("MP1219", f"domain {len(domain)} > {DOMAIN_OCTETS} octets (RFC 1035 3.1)", "", column)
    refuse_special_use(domain, column)
    return domain, tuple(notices)


def refuse_special_use(domain: str, column: int) -> None:
    last = domain.rpartition(".")[2]
    if last in SPECIAL_USE:
        raise AddressError("MP1226", f'special-use domain "{last}"', "give a public mail domain", column)
    if last == domain:
        raise AddressError("MP1226", "domain without a dot", "give the full domain", column)


def a_label(label: str, column: int) -> str:
    """RFC 5891 section 4, without any mapping but ASCII case and NFC (the standard library's codec changes domains)."""
    text = re.sub("[A-Z]+", lambda found: found[0].lower(), unicodedata.normalize("NFC", label))
    if len(text) > LABEL_OCTETS:  # an A-label is never shorter than its U-label
        raise AddressError("MP1218", f"label {len(text)} > {LABEL_OCTETS} octets", "", column)
    if not text.isascii():
        return encoded_label(text, column)
    wrong = next((char for char in text if not LDH.fullmatch(char)), "")
    if wrong:
        raise AddressError("MP1227", f'"{wrong}" not allowed in a domain', "", column)
    if text.startswith("-") or text.endswith("-"):
        raise AddressError("MP1222", f'label {"starts" if text.startswith("-") else "ends"} with "-"', "", column)
    if text.startswith("xn--"):
        check_punycode(text, column)
    return text


def encoded_label(label: str, column: int) -> str:
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError as error:
        if "too long" in str(error):
            raise AddressError("MP1218", f"label > {LABEL_OCTETS} octets", "", column) from None
        hint = "write it in lower case" if label != label.lower() else "IDNA2008 does not know such a label"
        raise AddressError("MP1227", "not a valid international label", hint, column) from None


def check_punycode(label: str, column: int) -> None:
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        raise AddressError("MP1223", "invalid punycode", "give the domain in its own script", column) from None


def shown_label(label: str) -> str:
    """The U-label where a reader can see all of it, else the A-label."""
    if not label.startswith("xn--"):
        return label
    shown = idna.ulabel(label)
    return label if any(is_invisible(char, unicodedata.category(char)) or halfwidth(char) for char in shown) else shown
