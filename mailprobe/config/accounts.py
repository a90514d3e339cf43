"""Accounts: written one by one, or made for one ad-hoc check. `many.py` reads them by the thousand."""

from __future__ import annotations

import hashlib
import math
import re
import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from mailprobe.address import Address, near
from mailprobe.carriers import Carrier, Relation
from mailprobe.carriers.load import carrier_of, presets
from mailprobe.config.meaning import check_secret, is_lab
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.problems import cut
from mailprobe.config.reading import AccountSection, Sheet, read_section
from mailprobe.config.shape import PROBES, Account, Contract, Prober
from mailprobe.config.units import filled, spoken

ACCOUNT_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
OWN_EVERY = 300.0
LAB_MINIMUM, MINIMUM = 1.0, 60.0
Shared = TypeVar("Shared", bound=Hashable)


@dataclass(slots=True)
class Roll:
    """The accounts so far, and what they need to be told apart."""

    prober: Prober
    carriers: dict[str, Carrier]
    broken: frozenset[str]
    accounts: list[Account] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)  # id -> where
    keys: dict[str, str] = field(default_factory=dict)  # mailbox -> where
    looks: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # id -> file:line:col of its schedule


def make_accounts(sheet: Sheet, raw: object, roll: Roll) -> None:
    """[[accounts]], onto the roll; every problem is written to the sheet."""
    if raw is not None and not isinstance(raw, list):
        sheet.problem("MP1008", ("accounts",), "expected array of tables", "write [[accounts]]")
        raw = []
    for number, data in enumerate(raw or ()):
        path: KeyPath = ("accounts", number)
        section = read_section(sheet, AccountSection, data, path)
        if section is not None:
            add_account(sheet, roll, section, path)


def add_account(sheet: Sheet, roll: Roll, section: AccountSection, path: KeyPath) -> None:
    carrier = home_of(sheet, roll, section, path)
    if carrier is None:
        return
    account = make_account(roll.prober, carrier, section)
    where = sheet.line(path)
    check_id(sheet, roll, account, where, (*path, "id"))
    check_twice(sheet, roll, account, where, (*path, "address"))
    check_every(sheet, roll, account, (*path, "every"))
    if section.secret is not None and not account.username:
        sheet.problem("MP1038", path, f'how one signs in at "{carrier.name}" is not known', "give username")
    check_secret(sheet, section.secret, (*path, "secret"))
    check_secret(sheet, section.submission.secret, (*path, "submission", "secret"))
    for notice in account.address.notices:
        sheet.warn(notice.code, (*path, "address"), notice.what)
    roll.accounts.append(account)
    roll.places.setdefault(account.id, sheet.where((*path, "every")))


def home_of(sheet: Sheet, roll: Roll, section: AccountSection, path: KeyPath) -> Carrier | None:
    """The carrier named, or whose domain it is, or a preset's: then it joins the configuration, as a foreign one."""
    name, domain = section.carrier, section.address.domain
    found = carrier_of(domain, roll.carriers.values()) if name is None else roll.carriers.get(name)
    if found is None:
        found = carrier_of(domain, presets().values()) if name is None else presets().get(name)
        if found is not None and found.name in roll.broken:
            return None
        if found is not None:
            found = roll.carriers.setdefault(found.name, found)
    if found is None and name is not None and name not in roll.broken:
        meant = near(name, [*roll.carriers, *presets()])
        sheet.problem("MP1040", (*path, "carrier"), f'no carrier "{cut(name)}"', f"did you mean {meant}?" if meant else "")
    elif found is None and name is None and not roll.broken:
        sheet.problem("MP1040", (*path, "address"), *no_carrier(domain, roll.carriers))
    return found


def no_carrier(domain: str, carriers: Mapping[str, Carrier]) -> tuple[str, str]:
    """What is said of a domain that is nobody's, with the one that was probably meant."""
    known = domains_of(carriers)
    shipped = carrier_of(domain, presets().values())
    if shipped is not None:
        return f"no carrier for {cut(domain)}", f"it is {shipped.title}'s: write [carriers.{shipped.name}] to check it"
    meant = near(domain, known) or meant_preset(domain)
    if meant:
        return f"no carrier for {cut(domain)}", f"did you mean {meant}?"
    return f"no carrier for {cut(domain)}", f"configured: {', '.join(known[:8])}" if known else "write [carriers.NAME]"


def domains_of(carriers: Mapping[str, Carrier]) -> list[str]:
    return [one.removeprefix("*.") for carrier in carriers.values() for one in carrier.domains]


def meant_preset(domain: str) -> str | None:
    """The domain of a shipped preset that this one was probably meant to be."""
    return near(domain, domains_of(presets()))


def make_account(prober: Prober, carrier: Carrier, section: AccountSection) -> Account:
    address, submission = section.address, section.submission
    probes = tuple(dict.fromkeys(section.probes)) if section.probes else PROBES
    same_form = carrier.submission_username == carrier.username
    outgoing = submission.username or (section.username if section.username and same_form else carrier.submission_username)
    username = shared_with(address.local, filled(section.username or carrier.username, address))
    return Account(
        id=section.id or derived_id(prober, address),
        address=address,
        carrier=carrier.name,
        username=username,
        submission_username=shared_with(username, filled(outgoing, address)),
        secret=section.secret,
        submission_secret=submission.secret,
        group=sys.intern(section.group),
        contract=Contract(section.contract),
        every=shared(with_canary(section.every or default_every(carrier), carrier, probes)),
        probes=shared(probes),
    )


def shared_with(known: str, text: str) -> str:
    return known if text == known else text


@lru_cache(1000)
def shared(value: Shared) -> Shared:
    """The same object for what is equal: a hundred thousand accounts have few tables and groups."""
    return value


def with_canary(every: tuple[tuple[str, float], ...], carrier: Carrier, probes: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """A canary that has no interval of its own goes in the first slot that the limits allow, not in every one."""
    table = dict(every)
    if "canary" not in probes or "canary" in table:
        return every
    return (*every, ("canary", table[""] * max(1, math.ceil(2 * carrier.limits.canary_gap / table[""]))))


def default_every(carrier: Carrier) -> tuple[tuple[str, float], ...]:
    """Half of the RCPT budget belongs to the schedule: twice the gap."""
    base = max(OWN_EVERY, 2 * carrier.limits.rcpt_gap) if carrier.relation is Relation.OWN else 2 * carrier.limits.rcpt_gap
    return (("", max(base, MINIMUM)),)


def derived_id(prober: Prober, address: Address) -> str:
    """A stable label that does not tell the address; keyed by our name, so that two sites' labels differ."""
    return "acct_" + hashlib.blake2b(address.key.encode(), key=prober.name.encode()[:64], digest_size=8).hexdigest()


def ad_hoc_account(prober: Prober, carrier: Carrier, address: Address) -> Account:
    """An account for one check, not enrolled and without a secret."""
    return Account(
        id=derived_id(prober, address),
        address=address,
        carrier=carrier.name,
        username=filled(carrier.username, address),
        submission_username=filled(carrier.submission_username, address),
        enrolled=False,
    )


def check_id(sheet: Sheet, roll: Roll, account: Account, where: str, path: KeyPath) -> None:
    if not ACCOUNT_ID.fullmatch(account.id):
        hint = "it becomes a public label: letters, digits, _ . -, and never the address"
        sheet.problem("MP1039", path, f'not an account\'s id: "{cut(account.id)}"', hint)
    elif account.id in roll.ids:
        sheet.problem("MP1025", path, f'account "{account.id}" twice', f"also at {roll.ids[account.id]}")
    roll.ids.setdefault(account.id, where)


def check_twice(sheet: Sheet, roll: Roll, account: Account, where: str, path: KeyPath) -> None:
    address = account.address
    first, look = roll.keys.get(address.key), roll.looks.get(address.looks)
    if first is not None:
        sheet.problem("MP1242", path, f"same mailbox twice ({first} and {where})", "leave one out")
    elif look is not None:
        sheet.warn("MP1229", path, f"looks equal to another account ({look})", "make sure that both mailboxes exist")
    roll.keys.setdefault(address.key, where)
    roll.looks.setdefault(address.looks, where)


def check_every(sheet: Sheet, roll: Roll, account: Account, path: KeyPath) -> None:
    lab = is_lab(roll.carriers[account.carrier], roll.prober.allow_networks)
    least = LAB_MINIMUM if lab else MINIMUM
    shortest = min((seconds for _, seconds in account.every), default=least)
    if shortest < least:
        hint = "" if lab else "shorter ones need every endpoint of the carrier in allow_networks"
        sheet.problem("MP1006", path, f"minimum {least:g}s, got {spoken(shortest)}", hint)
