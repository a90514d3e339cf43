"""mailprobe.toml -> a frozen Config. Strict: every error at once, each with place and hint.

`load` reads a file, `from_nothing` does without one, `account_for` finds (or makes, for one check) the account somebody named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mailprobe.address import Address, AddressError, is_legacy_dot_domain, near, parse
from mailprobe.carriers import Carrier, Relation
from mailprobe.carriers.load import carrier_of, presets
from mailprobe.config.accounts import Roll, ad_hoc_account, make_accounts, meant_preset, no_carrier
from mailprobe.config.certificate import read_certificate
from mailprobe.config.console import make_console
from mailprobe.config.forecast import Forecast, forecast, is_strict, overloads
from mailprobe.config.lookup import with_lookups
from mailprobe.config.maintenance import make_windows
from mailprobe.config.many import add_many
from mailprobe.config.meaning import authority, check_secret, is_lab, make_carriers, make_prober
from mailprobe.config.notify import make_notify
from mailprobe.config.places import Places
from mailprobe.config.problems import ConfigError, NoCarrier, Problem, cut, format_problem, visible
from mailprobe.config.query import AWAY
from mailprobe.config.reading import (
    SECTIONS,
    BouncesSection,
    CardsSection,
    EngineSection,
    HttpSection,
    ManySection,
    ProberSection,
    Sheet,
    read_section,
    unknown_key,
)
from mailprobe.config.shape import (
    Account,
    BounceMailbox,
    Config,
    Console,
    Contract,
    Dkim,
    Engine,
    Http,
    Keep,
    Notify,
    Oidc,
    Prober,
    Told,
)
from mailprobe.config.store import make_store
from mailprobe.config.toml import read_text, read_toml
from mailprobe.config.units import BASE, LEGACY_DOTS, spoken

__all__ = [
    "Account",
    "BounceMailbox",
    "Config",
    "ConfigError",
    "Console",
    "Contract",
    "Dkim",
    "Engine",
    "Forecast",
    "Http",
    "Keep",
    "NoCarrier",
    "Notify",
    "Oidc",
    "Prober",
    "Problem",
    "Told",
    "account_for",
    "ad_hoc",
    "forecast",
    "format_problem",
    "from_nothing",
    "load",
    "read_address",
    "visible",
]

ACTORS = ("provisioning", "mail_ops", "identity", "customer", "sender", "handset_support", "prober", "nobody")
# Stands for a broken [prober], so that nothing else complains of networks that may well be written there.
UNREAD = Prober("", "", allow_networks=("0.0.0.0/0", "::/0"))
DATA_ERROR, UNAVAILABLE, CONFIG_ERROR = 65, 69, 78  # sysexits.h
MOST_OVERLOADS = 20


def load(path: Path, *, csv: Path | None = None, base: Path | None = None) -> Config:
    """Read and check the file; raises ConfigError with every problem. What may be lived with is in `Config.warnings`.
    csv: the accounts of this file instead of those that [accounts_from] names; base: whose relative paths they are, if not the
    file's own folder."""
    raw, places = read_toml(read_text(path), str(path))
    many = raw.get("accounts_from")
    if csv is not None and isinstance(many, dict):
        many["csv"] = str(csv.absolute())
    sheet = Sheet(str(path), places, {BASE: base or path.parent, LEGACY_DOTS: legacy_dots_in(raw)})
    config = assemble(sheet, raw, path)
    if config is None or sheet.problems:
        raise ConfigError(tuple(sheet.problems), exit_code_of(sheet.problems))
    return config


def exit_code_of(problems: Iterable[Problem]) -> int:
    """A database that cannot be asked may be there in a moment, and whoever starts us then is to try again; all else is not
    better the next time."""
    return UNAVAILABLE if {problem.code for problem in problems} == {AWAY} else CONFIG_ERROR


def legacy_dots_in(raw: Mapping[str, object]) -> Callable[[str], bool]:
    """Domains of the carriers that say `legacy_dots = true`, besides the known ones."""
    carriers = raw.get("carriers")
    tables = [one for one in carriers.values() if isinstance(one, dict)] if isinstance(carriers, dict) else []
    lists = [one.get("domains") for one in tables if one.get("legacy_dots") is True]
    said = frozenset(domain for domains in lists if isinstance(domains, list) for domain in domains if isinstance(domain, str))
    return lambda domain: domain in said or is_legacy_dot_domain(domain)


def assemble(sheet: Sheet, raw: dict[str, object], path: Path) -> Config | None:
    for key in raw:
        if key not in SECTIONS:
            sheet.problem(*unknown_key((key,), dict.fromkeys(SECTIONS)))
    prober_section = read_section(sheet, ProberSection, raw.get("prober"), ("prober",))
    prober = make_prober(sheet, prober_section) if prober_section else UNREAD
    carriers, broken = make_carriers(sheet, raw.get("carriers"), prober.allow_networks)
    carriers = with_lookups(sheet, raw.get("carriers"), carriers)
    roll = Roll(prober, carriers, broken)
    make_accounts(sheet, raw.get("accounts"), roll)
    many = read_section(sheet, ManySection, raw.get("accounts_from"), ("accounts_from",))
    if many is not None:
        add_many(sheet, roll, many)
    accounts = tuple(roll.accounts)
    check_schedule(sheet, roll, raw)
    http = read_section(sheet, HttpSection, raw.get("http"), ("http",))
    bounces = read_section(sheet, BouncesSection, raw.get("bounces"), ("bounces",))
    console = make_console(sheet, raw.get("console"), http, prober.allow_networks)
    engine = read_section(sheet, EngineSection, raw.get("engine"), ("engine",))
    if engine and engine.nats:
        hint = "this version does everything in this one process: leave it out"
        sheet.warn("MP1031", ("engine", "nats"), "is not used", hint)
    windows = make_windows(sheet, raw.get("maintenance"), carriers, broken, accounts)
    notify = make_notify(sheet, raw.get("notify"), prober.allow_networks)
    cards = read_section(sheet, CardsSection, raw.get("cards"), ("cards",))
    (store_url, keep), actors = make_store(sheet, raw.get("store")), read_actors(sheet, raw.get("actors"))
    if not (carriers or broken or accounts or sheet.problems):
        sheet.problem("MP1024", (), "no carriers and no accounts", "write [carriers.NAME], or [[accounts]] of a known carrier")
    if not (http and bounces and engine):
        return None
    certificate, private_key = read_certificate(sheet, "bounces", bounces.certificate, bounces.key)
    return Config(
        prober=prober,
        carriers=carriers,
        accounts=accounts,
        store_url=store_url,
        keep=keep,
        engine=Engine(engine.nats, engine.vantage, engine.network),
        actors=actors,
        http=http_of(sheet, http),
        console=console,
        bounces_listen=bounces.listen,
        bounces_imap=mailbox_of(sheet, bounces),
        bounces_certificate=certificate,
        bounces_key=private_key,
        maintenance=windows,
        notify=notify,
        cards=tuple(cards.root.items()) if cards else (),
        source=path,
        warnings=tuple(sheet.warnings),
    )


def http_of(sheet: Sheet, http: HttpSection) -> Http:
    login = http.metrics_login
    check_secret(sheet, login.secret if login else None, ("http", "metrics_login", "secret"))
    check_secret(sheet, http.live_token, ("http", "live_token"))
    certificate, key = read_certificate(sheet, "http", http.certificate, http.key)
    return Http(
        listen=http.listen,
        metrics_listen=http.metrics_listen,
        metrics_accounts=http.metrics_accounts,
        metrics_username=login.username if login else "",
        metrics_secret=login.secret if login else None,
        live_token=http.live_token,
        certificate=certificate,
        key=key,
    )


def mailbox_of(sheet: Sheet, bounces: BouncesSection) -> BounceMailbox | None:
    if bounces.imap is None:
        return None
    check_secret(sheet, bounces.imap.secret, ("bounces", "imap", "secret"))
    ca = authority(sheet, bounces.imap.tls_ca, ("bounces", "imap", "tls_ca"))
    return BounceMailbox(bounces.imap.server, bounces.imap.username, bounces.imap.secret, ca)


def read_actors(sheet: Sheet, raw: object) -> tuple[tuple[str, str], ...]:
    """Whose desk it is, in the operator's words."""
    if raw is None:
        return ()
    if not isinstance(raw, dict):
        sheet.problem("MP1008", ("actors",), "expected table", 'write [actors], then provisioning = "desk"')
        return ()
    for key, desk in raw.items():
        if key not in ACTORS:
            sheet.problem(*unknown_key(("actors", key), dict.fromkeys(ACTORS)))
        elif not isinstance(desk, str):
            sheet.problem("MP1008", ("actors", key), "expected string", "quote it")
    return tuple((key, desk) for key, desk in raw.items() if isinstance(desk, str))


def check_schedule(sheet: Sheet, roll: Roll, raw: Mapping[str, object]) -> None:
    """Refuse what the limits cannot serve, with the arithmetic and the nearest legal value."""
    for name, carrier in roll.carriers.items():
        strict = is_strict(carrier, is_lab(carrier, roll.prober.allow_networks), gives_rcpt_gap(raw, name))
        found = overloads(carrier, [account for account in roll.accounts if account.carrier == name])
        for one in found[:MOST_OVERLOADS]:
            where = roll.places.get(one.account) or sheet.where(("carriers", name))
            whose = f'account "{one.account}"' if one.account else f'carrier "{name}"'
            problem = Problem("MP1041", where, f"{whose}: {one.what}", f'nearest legal every: "{spoken(one.legal)}"')
            (sheet.problems if strict else sheet.warnings).append(problem)
        if len(found) > MOST_OVERLOADS:
            sheet.problem(
                "MP1041", ("carriers", name), f"{len(found) - MOST_OVERLOADS} more accounts ask too often", "mend these first"
            )


def gives_rcpt_gap(raw: Mapping[str, object], name: str) -> bool:
    here: object = raw
    for key in ("carriers", name, "limits"):
        here = here.get(key) if isinstance(here, dict) else None
    return isinstance(here, dict) and "rcpt_gap" in here


def from_nothing(address: Address) -> Config:
    """No file: the shipped preset of the domain if there is one, foreign limits, and names taken from this host."""
    sheet = Sheet("no configuration", Places(), {})
    prober = make_prober(sheet, ProberSection())
    carrier = carrier_of(address.domain, presets().values())
    if carrier is None:
        carrier = Carrier(name=address.domain, title=address.domain, relation=Relation.FOREIGN, domains=(address.domain,))
        meant = meant_preset(address.domain)
        hint = f"did you mean {meant}?" if meant else "write [carriers.NAME]"
        sheet.warn("MP1048", (), f"nothing is known of {address.domain}: its servers are looked up in DNS", hint)
    hint = "a file with live_controls and a dead_control gives certainty"
    sheet.warn("MP1048", (), "no controls, and the limits for foreign carriers: one RCPT of the address itself", hint)
    return Config(prober=prober, carriers={carrier.name: carrier}, warnings=tuple(sheet.warnings))


def account_for(config: Config, text: str) -> Account:
    """The account of this id or address; for another address of a carrier's domain one for this check only.

    Raises ConfigError with exit code 65: no such id, not an address (MP12nn), or NoCarrier.
    """
    by_id = next((account for account in config.accounts if account.id == text), None)
    if by_id is not None:
        return by_id
    if text not in ("", "<>") and "@" not in text and "＠" not in text:
        meant = near(text, [account.id for account in config.accounts])
        hint = f"did you mean {meant}?" if meant else "give an account's id, or an address"
        raise ConfigError((Problem("MP1105", "", f'no account "{cut(text)}"', hint),), DATA_ERROR)
    return ad_hoc(config, read_address(text, config.carriers.values()))


def read_address(text: str, carriers: Iterable[Carrier] = ()) -> Address:
    """One address as somebody typed it; raises ConfigError with the column."""
    legacy = frozenset(domain for carrier in carriers if carrier.legacy_dots for domain in carrier.domains)
    try:
        return parse(text, legacy_dots=lambda domain: domain in legacy or is_legacy_dot_domain(domain))
    except AddressError as error:
        problem = Problem(error.code, f"address:{error.column}", f'"{cut(text)}": {error.what}', error.hint)
        raise ConfigError((problem,), error.exit_code) from None


def ad_hoc(config: Config, address: Address) -> Account:
    """The enrolled account of this address, else one for this check only (enrolled=False); raises NoCarrier."""
    for account in config.accounts:
        if account.address.key == address.key:
            return account
    carrier = carrier_of(address.domain, config.carriers.values())
    if carrier is None:
        what, hint = no_carrier(address.domain, config.carriers)
        raise NoCarrier((Problem("MP1040", "", what, hint),), DATA_ERROR)
    return ad_hoc_account(config.prober, carrier, address)
