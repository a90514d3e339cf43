"""Sections -> Prober and Carriers, with the checks that need more than one field."""

from __future__ import annotations

import dataclasses
import importlib.util
import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from mailprobe.address import Address
from mailprobe.carriers import (
    FOREIGN_LIMITS,
    OWN_LIMITS,
    AuthForm,
    Carrier,
    Limits,
    LiveControl,
    MasterForm,
    MasterUser,
    Relation,
)
from mailprobe.carriers.load import carrier_of, preset
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.reading import (
    CarrierSection,
    ControlSection,
    DkimSection,
    LimitsSection,
    MasterSection,
    ProberSection,
    Sheet,
    read_section,
)
from mailprobe.config.shape import BLOCK_LISTS, Dkim, Prober
from mailprobe.config.units import filled, spoken
from mailprobe.secret import SecretRef

CARRIER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def make_prober(sheet: Sheet, section: ProberSection) -> Prober:
    """Absent names are taken from this host, and said so: other servers judge us by them."""
    name = section.name or socket.getfqdn()
    if section.name is None:
        sheet.warn("MP1045", ("prober",), f'no name: using this host\'s, "{name}"', "set prober.name to the PTR of our address")
    mail_from = section.mail_from or f"probe@{name}"
    if section.mail_from is None:
        sheet.warn(
            "MP1045", ("prober",), f'no mail_from: using "{mail_from}"', "set prober.mail_from to an address that accepts mail"
        )
    elif not own_domain(mail_from.rpartition("@")[2], name):
        sheet.warn(
            "MP1027", ("prober", "mail_from"), f'"{mail_from}" is outside the domain of "{name}"', "use a domain of ours with SPF"
        )
    check_token_keys(sheet, section.token_keys)
    for number, ref in enumerate(section.token_keys):
        check_secret(sheet, ref, ("prober", "token_keys", number))
    return Prober(
        name=name,
        mail_from=mail_from,
        bounce_domain=section.bounce_domain or "",
        token_keys=tuple(section.token_keys),
        allow_networks=tuple(section.allow_networks),
        resolvers=tuple(section.resolvers),
        relay=section.relay or "",
        language=section.language,
        dkim=make_dkim(sheet, section.dkim),
        block_lists=BLOCK_LISTS if section.block_lists is None else tuple(section.block_lists),
    )


def make_dkim(sheet: Sheet, section: DkimSection | None) -> Dkim | None:
    if section is None:
        return None
    check_secret(sheet, section.key, ("prober", "dkim", "key"))
    if importlib.util.find_spec("dkim") is None:
        sheet.problem("MP1049", ("prober", "dkim"), "the extra [dkim] is not installed", 'install "mailprobe[dkim]"')
    return Dkim(section.selector, section.key)


def own_domain(domain: str, name: str) -> bool:
    """probe1.example.net and probe.example.net have one parent."""
    labels = name.lower().rstrip(".").split(".")
    parent = ".".join(labels[1:] if len(labels) > 2 else labels)
    return domain == parent or domain.endswith(f".{parent}")


def check_token_keys(sheet: Sheet, keys: list[SecretRef]) -> None:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            sheet.problem("MP1017", ("prober", "token_keys", number), "the same key twice", "first signs, all verify")


def check_secret(sheet: Sheet, ref: SecretRef | None, path: KeyPath) -> None:
    """A secret that others may read stops us; one that is not there yet only stops what needs it."""
    trouble = None if ref is None else ref.trouble()
    if trouble is None:
        return
    tell = sheet.problem if trouble.code == "MP1012" else sheet.warn
    tell(trouble.code, path, trouble.what, trouble.hint)


def make_carriers(sheet: Sheet, raw: object, networks: tuple[str, ...]) -> tuple[dict[str, Carrier], frozenset[str]]:
    """Every carrier that is sound, and the names of those that are not (so that nothing complains twice)."""
    carriers: dict[str, Carrier] = {}
    broken: set[str] = set()
    if not isinstance(raw, dict):
        if raw is not None:
            sheet.problem("MP1008", ("carriers",), "expected table", "write [carriers.NAME]")
        return carriers, frozenset()
    for name, data in raw.items():
        carrier = make_carrier(sheet, name, data, networks)
        if carrier is None:
            broken.add(name)
        else:
            carriers[name] = carrier
    check_domains(sheet, carriers)
    return carriers, frozenset(broken)


def make_carrier(sheet: Sheet, name: str, raw: object, networks: tuple[str, ...]) -> Carrier | None:
    path: KeyPath = ("carriers", name)
    if not CARRIER_NAME.fullmatch(name):
        sheet.problem("MP1039", path, f'not a carrier\'s name: "{name}"', "letters, digits, _ and -, like [carriers.example]")
        return None
    section = read_section(sheet, CarrierSection, raw, path)
    if section is None:
        return None
    base = preset(name)
    if base is None and not section.domains:
        sheet.problem(
            "MP1033", path, "domains is missing", 'write domains = ["example.jp"]; only a preset\'s name may leave it out'
        )
        return None
    before = len(sheet.problems)
    start = base or Carrier(name=name, title=name, relation=Relation.FOREIGN, domains=())
    carrier = with_people(
        sheet, with_limits(sheet, overridden(sheet, start, section, path), section.limits, networks, path), section, path
    )
    return carrier if len(sheet.problems) == before else None


def overridden(sheet: Sheet, base: Carrier, section: CarrierSection, path: KeyPath) -> Carrier:
    """What the section says, over what the preset knows."""
    return dataclasses.replace(
        base,
        title=section.title or base.title,
        relation=Relation(section.relation) if section.relation else base.relation,
        domains=tuple(section.domains) if section.domains else base.domains,
        mx=tuple(section.mx) if section.mx else base.mx,
        mx_suffixes=tuple(section.mx_suffixes) if section.mx_suffixes else base.mx_suffixes,
        imap=section.imap or base.imap,
        submission=section.submission or base.submission,
        tls_ca=authority(sheet, section.tls_ca, (*path, "tls_ca")),
        tls_profiles=tuple(section.tls_profiles.items()) if section.tls_profiles else base.tls_profiles,
        username=section.username or base.username,
        submission_username=section.submission_username or section.username or base.submission_username,
        one_secret=base.one_secret if section.one_secret is None else section.one_secret,
        auth=AuthForm(section.auth) if section.auth else base.auth,
        legacy_dots=base.legacy_dots if section.legacy_dots is None else section.legacy_dots,
        say=tuple(section.say.items()),
        cards=tuple(section.cards.items()),
    )


def authority(sheet: Sheet, text: str | None, path: KeyPath) -> Path | None:
    """A PEM file, relative to the configuration."""
    if text is None:
        return None
    base = sheet.context.get("base")
    file = base / text if isinstance(base, Path) else Path(text)
    if not file.is_file():
        sheet.problem("MP1011", path, f"cannot read {file}", "give a PEM file, relative to this configuration")
    return file


def with_limits(sheet: Sheet, carrier: Carrier, section: LimitsSection, networks: tuple[str, ...], path: KeyPath) -> Carrier:
    """A carrier may tighten its column; only a lab, with every endpoint in allow_networks, may loosen it."""
    column = OWN_LIMITS if carrier.relation is Relation.OWN else FOREIGN_LIMITS
    given = section.model_dump(exclude_none=True)
    if not is_lab(carrier, networks):
        for key, value in given.items():
            check_limit(sheet, carrier, key, value, getattr(column, key), (*path, "limits", key))
    limits: Limits = dataclasses.replace(column, **given)
    return dataclasses.replace(carrier, limits=limits)


def check_limit(sheet: Sheet, carrier: Carrier, key: str, value: float, allowed: float, path: KeyPath) -> None:
    gap = key.endswith("_gap")
    if value >= allowed if gap else value <= allowed:
        return
    shown, bound = (spoken(value), f"at least {spoken(allowed)}") if gap else (f"{value}", f"at most {allowed}")
    mine = '; relation = "own" has wider ones' if carrier.relation is Relation.FOREIGN else ""
    hint = f"looser limits need every endpoint in allow_networks{mine}"
    sheet.problem("MP1035", path, f"{shown} is looser than {carrier.relation} carriers allow: {bound}", hint)


def is_lab(carrier: Carrier, networks: Iterable[str]) -> bool:
    """Whether every endpoint is written as an address in allow_networks: nothing of it is looked up anywhere."""
    ends = [*carrier.mx, *(end for end in (carrier.imap, carrier.submission) if end is not None)]
    inner = [ipaddress.ip_network(network) for network in networks]
    return bool(carrier.mx) and all(any(is_inside(end.host, network) for network in inner) for end in ends)


def is_inside(host: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False


def with_people(sheet: Sheet, carrier: Carrier, section: CarrierSection, path: KeyPath) -> Carrier:
    """Controls and the master user."""
    controls = tuple(
        make_control(sheet, carrier, control, (*path, "live_controls", number))
        for number, control in enumerate(section.live_controls)
    )
    dead = section.dead_control
    if dead is not None:
        check_home(sheet, carrier, dead, (*path, "dead_control"))
        if dead.key in [control.address.key for control in controls]:
            sheet.problem("MP1025", (*path, "dead_control"), "is a live control as well", "reserve an address that never existed")
    if carrier.relation is Relation.OWN and not controls:
        sheet.warn(
            "MP1047", path, "own, but without a live control", "no verdict can be certain without live_controls and dead_control"
        )
    return dataclasses.replace(
        carrier,
        live_controls=controls,
        dead_control=dead,
        master_user=make_master(sheet, section.master_user, (*path, "master_user")),
    )


def make_control(sheet: Sheet, carrier: Carrier, section: ControlSection, path: KeyPath) -> LiveControl:
    check_home(sheet, carrier, section.address, (*path, "address"))
    check_secret(sheet, section.secret, (*path, "secret"))
    username = filled(section.username or carrier.username, section.address)
    if section.secret is not None and not username:
        sheet.problem("MP1038", path, f'how one signs in at "{carrier.name}" is not known', "give username")
    submission = filled(section.submission_username or section.username or carrier.submission_username, section.address)
    return LiveControl(section.address, username, submission, section.secret)


def check_home(sheet: Sheet, carrier: Carrier, address: Address, path: KeyPath) -> None:
    if carrier_of(address.domain, (carrier,)) is None:
        sheet.problem(
            "MP1037", path, f'"{address.domain}" is not a domain of "{carrier.name}"', f"one of {', '.join(carrier.domains)}"
        )


def make_master(sheet: Sheet, section: MasterSection | None, path: KeyPath) -> MasterUser | None:
    if section is None:
        return None
    check_secret(sheet, section.secret, (*path, "secret"))
    return MasterUser(section.name, section.secret, MasterForm(section.form), section.separator)


def check_domains(sheet: Sheet, carriers: Mapping[str, Carrier]) -> None:
    seen: dict[str, str] = {}
    for name, carrier in carriers.items():
        for domain in carrier.domains:
            other = seen.setdefault(domain, name)
            if other != name:
                where: KeyPath = ("carriers", name, "domains")
                sheet.problem(
                    "MP1046", where, f'"{domain}" belongs to "{other}" as well', f"also at {sheet.line(('carriers', other))}"
                )
