"""What `mailprobe init` must be told. From a TOML file, strict, with every error at its line and column."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from mailprobe.address import Address
from mailprobe.carriers.load import preset
from mailprobe.config import ConfigError
from mailprobe.config.meaning import CARRIER_NAME, own_domain
from mailprobe.config.reading import Section, Selector, Sheet, read_section
from mailprobe.config.toml import read_text, read_toml
from mailprobe.config.units import (
    BASE,
    AddressField,
    DomainName,
    ImapServer,
    MxServer,
    NetworkText,
    ResolverText,
    SecretField,
    Sender,
    SubmissionServer,
    Template,
    domain_of,
    listen_of,
    refuse,
    text_of,
)

LISTEN = "0.0.0.0:25"
CONSOLE = "127.0.0.1:8025"
UNGUESSABLE = 10  # octets of a dead control's name
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that a person may take for another when it is read over the phone


def host_of(value: object) -> str:
    """A host name as others look it up: at least two labels."""
    text = domain_of(value)
    if "." not in text or text.startswith("*."):
        refuse("MP1039", f'not the full name of a host: "{text}"', "write it like probe1.example.net")
    return text


def ip_of(value: object) -> str:
    text = text_of(value)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        refuse("MP1036", "not an IP address", 'write it like "192.0.2.10"')


def listen_or_nothing(value: object) -> str:
    return "" if value == "" else listen_of(value)


Door = Annotated[str, PlainValidator(listen_or_nothing)]
Host = Annotated[str, PlainValidator(host_of)]
OurIp = Annotated[str, PlainValidator(ip_of)]


class ControlAnswer(Section):
    address: AddressField
    secret: SecretField | None = None


class CarrierAnswer(Section):
    relation: Literal["own", "foreign"] = "foreign"
    domains: Annotated[list[DomainName], Field(min_length=1)] | None = None
    mx: list[MxServer] | None = None
    imap: ImapServer | None = None
    submission: SubmissionServer | None = None
    username: Template | None = None
    tls_ca: str | None = None
    live_control: ControlAnswer | None = None
    dead_control: AddressField | None = None


class ProberAnswer(Section):
    """The top of the file."""

    name: Host
    addresses: list[OurIp] = Field(default_factory=list)
    mail_from: Sender | None = None
    bounce_domain: DomainName | None = None
    receive: Door = LISTEN
    http: Door = CONSOLE
    dkim: Selector | None = None
    language: Literal["ja", "en"] = "en"
    allow_networks: list[NetworkText] = Field(default_factory=list)
    resolvers: list[ResolverText] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CarrierPart:
    """One carrier, in the words of the answers; '' and () are what was not said. `dead` is '' for a foreign carrier, where
    nobody of ours can reserve anything."""

    name: str
    relation: str
    domains: tuple[str, ...]
    mx: tuple[str, ...] = ()
    imap: str = ""
    submission: str = ""
    username: str = ""
    tls_ca: str = ""
    live: str = ""
    live_secret: str = ""
    dead: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that was said or follows from it. addresses: ours as others see them; receive, http and dkim may be ''."""

    name: str
    mail_from: str
    bounce_domain: str
    carriers: tuple[CarrierPart, ...]
    addresses: tuple[str, ...] = ()
    receive: str = LISTEN
    http: str = CONSOLE
    dkim: str = ""
    language: str = "en"
    allow_networks: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()


def parent_of(name: str) -> str:
    """example.net of probe1.example.net, and of example.net."""
    labels = name.split(".")
    return ".".join(labels[1:] if len(labels) > 2 else labels)


def default_sender(name: str) -> str:
    return f"probe@probe.{parent_of(name)}"


def default_bounce_domain(mail_from: str) -> str:
    return f"bounce.{mail_from.rpartition('@')[2]}"


def unguessable(domain: str) -> str:
    """An address that nobody has, nobody will choose and nobody can guess."""
    word = "".join(secrets.choice(LETTERS) for _ in range(2 * UNGUESSABLE))
    return f"mailprobe-nobody-{word}@{domain}"


def read_answers(path: Path, into: Path) -> Answers:
    """The answers of a file; secret references are relative to `into`. Raises ConfigError with every problem."""
    raw, places = read_toml(read_text(path), str(path))
    sheet = Sheet(str(path), places, {BASE: into})
    carriers = raw.pop("carriers", None)
    top = read_section(sheet, ProberAnswer, raw, ())
    parts = read_carriers(sheet, carriers)
    if top is not None:
        check_top(sheet, top)
    if sheet.problems or top is None:
        raise ConfigError(tuple(sheet.problems))
    mail_from = top.mail_from or default_sender(top.name)
    return Answers(
        name=top.name,
        mail_from=mail_from,
        bounce_domain=top.bounce_domain or default_bounce_domain(mail_from),
        carriers=parts,
        addresses=tuple(top.addresses),
        receive=top.receive,
        http=top.http,
        dkim=top.dkim or "",
        language=top.language,
        allow_networks=tuple(top.allow_networks),
        resolvers=tuple(top.resolvers),
    )


def check_top(sheet: Sheet, top: ProberAnswer) -> None:
    mail_from = top.mail_from or default_sender(top.name)
    if not own_domain(mail_from.rpartition("@")[2], top.name):
        hint = f"others judge us by both: use a domain below {parent_of(top.name)}"
        sheet.problem("MP1027", ("mail_from",), f'outside the domain of "{top.name}"', hint)
    if top.bounce_domain == mail_from.rpartition("@")[2]:
        hint = f'a domain of its own: "{default_bounce_domain(mail_from)}"'
        sheet.problem("MP1810", ("bounce_domain",), "the domain of mail_from as well", hint)


def read_carriers(sheet: Sheet, raw: object) -> tuple[CarrierPart, ...]:
    if not isinstance(raw, dict) or not raw:
        sheet.problem("MP1033", ("carriers",), "no carrier", 'write [carriers.NAME] with domains = ["mail.example"]')
        return ()
    return tuple(part for name, data in raw.items() if (part := read_carrier(sheet, name, data)) is not None)


def read_carrier(sheet: Sheet, name: str, raw: object) -> CarrierPart | None:
    path = ("carriers", name)
    if not CARRIER_NAME.fullmatch(name):
        sheet.problem("MP1039", path, "not a carrier's name", "letters, digits, _ and -, like [carriers.example]")
        return None
    section = read_section(sheet, CarrierAnswer, raw, path)
    if section is None or not isinstance(raw, dict):
        return None
    domains = tuple(section.domains or domains_of(name))
    if not domains:
        sheet.problem("MP1033", path, "domains is missing", 'write domains = ["mail.example"]')
        return None
    control = section.live_control
    if section.relation == "own" and control is None:
        hint = 'live_control = { address = "a known good mailbox", secret = "file:live.secret" }'
        sheet.problem("MP1047", path, "own, but without a live control: nothing would be certain", hint)
    check_domain(sheet, control.address if control else None, domains, (*path, "live_control", "address"))
    check_domain(sheet, section.dead_control, domains, (*path, "dead_control"))
    made = unguessable(domains[0].removeprefix("*.")) if section.relation == "own" else ""
    live = raw.get("live_control", {})
    return CarrierPart(
        name=name,
        relation=section.relation,
        domains=tuple(section.domains or ()),
        mx=tuple(raw.get("mx", ())),
        imap=raw.get("imap", ""),
        submission=raw.get("submission", ""),
        username=section.username or "",
        tls_ca=section.tls_ca or "",
        live=live.get("address", ""),
        live_secret=live.get("secret", ""),
        dead=raw.get("dead_control", made),
    )


def domains_of(name: str) -> tuple[str, ...]:
    """Those of a shipped carrier of this name."""
    shipped = preset(name)
    return shipped.domains if shipped is not None else ()


def check_domain(sheet: Sheet, address: Address | None, domains: tuple[str, ...], path: tuple[str, ...]) -> None:
    """A control of another domain says nothing of this one's directory."""
    if address is not None and address.domain not in domains:
        sheet.problem("MP1037", path, f"not of the carrier's domains: {address.domain}", f"one of {', '.join(domains[:8])}")
