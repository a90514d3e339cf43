"""Values of a configuration: durations, servers, networks, addresses, secret references, templates. Each refuses with a code."""

from __future__ import annotations

import datetime
import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

from pydantic import BeforeValidator, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from mailprobe.address import Address, AddressError, is_legacy_dot_domain, parse
from mailprobe.address.domain import parse_domain
from mailprobe.carriers import Endpoint
from mailprobe.carriers.endpoint import EndpointError, read_imap, read_mx, read_submission
from mailprobe.config.problems import cut
from mailprobe.config.shape import CARD_PARTS, CARDS
from mailprobe.secret import SecretError, SecretRef, parse_ref

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
FORM = 'a number with ms, s, m, h or d, like "5m"'
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)")
TEMPLATE_KEYS = ("address", "local", "domain")
MOST_REMARK = 200
MOST_CARD = 400
WIDEST = {4: 8, 6: 7}  # private ranges are no wider: 10.0.0.0/8, fc00::/7
TOML_NAMES = {str: "string", bool: "boolean", int: "integer", float: "float", list: "array", dict: "table"}

BASE = "base"  # keys of the validation context
LEGACY_DOTS = "legacy_dots"


def refuse(code: str, what: str, hint: str = "") -> NoReturn:
    raise PydanticCustomError(code, "{what}", {"what": what, "hint": hint})


def toml_name(value: object) -> str:
    return TOML_NAMES.get(type(value), "date or time")


def text_of(value: object) -> str:
    if not isinstance(value, str):
        refuse("MP1008", f"expected string, TOML gives {toml_name(value)}", "quote it")
    return value


def seconds_of(value: object) -> float:
    """`"5m"` -> 300.0. Zero is for gaps; who needs more says so."""
    if isinstance(value, float) and not math.isfinite(value):
        refuse("MP1005", f"no duration: {value}", FORM)
    if isinstance(value, int | float) and not isinstance(value, bool):
        refuse("MP1005", f"unit missing: {value}", f'write "{value}s" or "{value}m"')
    text = text_of(value).strip()
    if re.fullmatch(r"\d+", text):
        refuse("MP1005", f'unit missing: "{cut(text)}"', f'write "{text[:9]}s" or "{text[:9]}m"')
    if text.startswith("-"):
        refuse("MP1006", f'negative: "{cut(text)}"', 'write it like "5m"')
    found = DURATION.fullmatch(text)
    if found is None:
        refuse("MP1005", f'no duration: "{cut(text)}"', FORM)
    return float(found[1]) * UNITS[found[2]]


def spoken(seconds: float) -> str:
    """300.0 -> `5m`: the shortest exact form."""
    for unit in ("d", "h", "m"):
        if seconds >= UNITS[unit] and seconds % UNITS[unit] == 0:
            return f"{seconds / UNITS[unit]:.0f}{unit}"
    return f"{seconds:g}s"


def every_of(value: object) -> tuple[tuple[str, float], ...]:
    """A base for all probes, or a table per probe; '' is the base, and every other a multiple of it."""
    if not isinstance(value, dict):
        return (("", positive(seconds_of(value))),)
    table = {str(probe): positive(seconds_of(one)) for probe, one in value.items()}
    for probe in table:
        probe_of(probe)
    base = min(table.values(), default=0.0)
    if not table:
        refuse("MP1033", "an empty table", 'write every = "5m"')
    for probe, one in table.items():
        if round(one / base, 6) % 1:
            legal = spoken(base * (one // base + 1))
            refuse("MP1034", f"{probe} = {spoken(one)} is no multiple of the shortest, {spoken(base)}", f'nearest: "{legal}"')
    return (("", base), *table.items())


def positive(seconds: float) -> float:
    if seconds <= 0:
        refuse("MP1006", "minimum 60s, got 0s", 'write it like "5m"')
    return seconds


def probe_of(name: object) -> str:
    known = ("dns", "mx", "submission", "imap", "canary")
    if name not in known:
        refuse("MP1042", f'unknown probe "{cut(str(name))}"', f"one of {', '.join(known)}")
    return str(name)


def endpoint_with(read: Callable[[str], Endpoint]) -> Callable[[object], Endpoint]:
    def checked(value: object) -> Endpoint:
        try:
            return read(text_of(value))
        except EndpointError as error:
            refuse(error.code, error.what, error.hint)

    return checked


def relay_of(value: object) -> str:
    """`smtp://host:25`; kept as written."""
    endpoint_with(read_submission)(value)
    return text_of(value)


def listen_of(value: object) -> str:
    """`host:port` to listen on; the port is written out."""
    text = text_of(value)
    endpoint = endpoint_with(read_mx)(text)
    if not text.rstrip("]").endswith(f":{endpoint.port}"):
        refuse("MP1004", f'no port in "{cut(text)}"', 'write it like "127.0.0.1:8025"')
    return endpoint.label


def network_of(value: object) -> str:
    text = text_of(value)
    try:
        network = ipaddress.ip_network(text, strict=True)
    except ValueError:
        refuse("MP1036", f'not a network: "{cut(text)}"', 'write it like "192.0.2.0/24", with no host bits set')
    if network.prefixlen < WIDEST[network.version]:
        refuse("MP1030", f'too wide: "{text}"', "name the inner networks one by one")
    return str(network)


def resolver_of(value: object) -> str:
    text = text_of(value)
    endpoint = endpoint_with(read_mx)(text)
    try:
        ipaddress.ip_address(endpoint.host)
    except ValueError:
        refuse("MP1036", f'not an IP address: "{cut(text)}"', 'write it like "192.0.2.53" or "192.0.2.53:5353"')
    return text


def address_of(value: object, info: ValidationInfo) -> Address:
    context = info.context or {}
    try:
        return parse(text_of(value), legacy_dots=context.get(LEGACY_DOTS, is_legacy_dot_domain))
    except AddressError as error:
        refuse(error.code, f'address "{cut(str(value))}": {error.what}', error.hint)


def sender_of(value: object) -> str:
    """MAIL FROM is a real address, never `<>`: an MX may refuse or limit the null sender outside bounces."""
    try:
        return parse(text_of(value)).wire.decode()
    except AddressError as error:
        refuse(error.code, f'address "{cut(str(value))}": {error.what}', error.hint)


def domain_of(value: object) -> str:
    """A domain as A-labels; `*.zone` stands for every name below the zone."""
    text = text_of(value)
    try:
        return ("*." if text.startswith("*.") else "") + parse_domain(text.removeprefix("*."), 1)[0]
    except AddressError as error:
        refuse(error.code, f'domain "{cut(text)}": {error.what}', error.hint)


def secret_of(value: object, info: ValidationInfo) -> SecretRef:
    base: Path | None = (info.context or {}).get(BASE)
    try:
        return parse_ref(text_of(value), base=base)
    except SecretError as error:
        refuse(error.code, error.what, error.hint)


def instant_of(value: object) -> float:
    """A TOML date-time with its offset, or the same in quotes (RFC 3339) -> Unix seconds."""
    hint = "with its zone, like 2026-12-01T02:00:00+09:00"
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.strip())
        except ValueError:
            refuse("MP2002", f'not a time: "{cut(str(value))}"', hint)
    if not isinstance(value, datetime.datetime):
        refuse("MP2002", f"expected date and time together, TOML gives {toml_name(value)}", hint)
    if value.tzinfo is None:
        refuse("MP2002", f"time zone missing: {value.isoformat()}", hint)
    try:
        return value.timestamp()
    except (OverflowError, ValueError):
        refuse("MP2002", "no such time", hint)


def remark_of(value: object) -> str:
    """Words for people that are stored and shown: one line, without anybody's address."""
    text = text_of(value)
    if len(text) > MOST_REMARK or not text.isprintable():
        refuse("MP2004", f"must be one line of at most {MOST_REMARK} characters", "leave the rest to the ticket")
    if "@" in text or "＠" in text:
        refuse("MP2004", "holds an @ (value not shown)", "no address here: name a ticket or an account's id")
    return text


def dotted_keys(value: object) -> object:
    """`legal.say.ja = "..."` and `[cards.legal]` are tables within tables to TOML: {'legal.say.ja': '...'}."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, object] = {}
    for key, inner in value.items():
        within = dotted_keys(inner)
        flat |= {f"{key}.{rest}": text for rest, text in within.items()} if isinstance(within, dict) else {key: inner}
    return flat


def card_key_of(value: object) -> str:
    """'legal.say.ja': which card, which part of it, in which language."""
    card, _, rest = text_of(value).partition(".")
    part, _, language = rest.partition(".")
    if card not in CARDS or part not in CARD_PARTS or language not in ("ja", "en"):
        known = f"{', '.join(CARDS)} with {', '.join(CARD_PARTS)} and ja or en"
        refuse("MP1008", f'not a part of a card: "{cut(text_of(value))}"', f'write legal.say.ja = "..."; there are {known}')
    return text_of(value)


def card_text_of(value: object) -> str:
    """A few sentences, to be read aloud."""
    text = text_of(value)
    if not 0 < len(text) <= MOST_CARD or not text.isprintable():
        refuse("MP1008", f"must be one line of 1 to {MOST_CARD} characters", "a card is short: two sentences")
    return text


def webhook_of(value: object) -> str:
    """An http or https URL, which is never repeated: there may be a token in it."""
    text = text_of(value)
    try:
        url = urlsplit(text)
        sound = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0 and not url.fragment
    except ValueError:
        sound = False
    if not sound or not text.isprintable() or " " in text:
        refuse("MP2011", "not the URL of a webhook (value not shown)", 'write it like "https://hooks.example.net/mailprobe"')
    if "@" in url.netloc:
        refuse("MP2011", "holds a user or password (value not shown)", "events are signed with secret: leave them out")
    return text


def web_address_of(value: object) -> str:
    """An https URL without a query, or http where nobody comes between: on this host itself."""
    text = text_of(value)
    try:
        url = urlsplit(text)
        near = url.scheme == "http" and is_this_host(url.hostname or "")
        sound = (url.scheme == "https" or near) and bool(url.hostname) and url.port != 0
    except ValueError:
        sound = False
    if not sound or not re.fullmatch(r"[!-~]+", text) or re.search(r"[?#@\\]", text):
        refuse("MP2422", f'not an https address: "{cut(text)}"', 'like "https://login.example.net"; http on 127.0.0.1 only')
    return text


def is_this_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def template_of(value: object) -> str:
    """A user name made of {address} {local} {domain}."""
    text = text_of(value)
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", text) if name not in TEMPLATE_KEYS]
    if unknown or re.sub(r"\{[a-z]+\}", "", text).strip("{}") != re.sub(r"\{[a-z]+\}", "", text):
        refuse("MP1038", f'template "{cut(text)}" holds something unknown', "only {address}, {local} and {domain}")
    if not text or not text.isprintable():
        refuse("MP1038", "an empty or unprintable user name", "only {address}, {local} and {domain}")
    return text


def filled(template: str, address: Address) -> str:
    """The user name for an address, with the local part as the mailbox is called (unquoted). '' stays ''."""
    values = {"address": f"{address.content}@{address.domain}", "local": address.content, "domain": address.domain}
    return re.sub(r"\{(address|local|domain)\}", lambda found: values[found[1]], template)


Seconds = Annotated[float, PlainValidator(seconds_of)]
Every = Annotated[tuple[tuple[str, float], ...], PlainValidator(every_of)]
ProbeName = Annotated[str, PlainValidator(probe_of)]
ImapServer = Annotated[Endpoint, PlainValidator(endpoint_with(read_imap))]
SubmissionServer = Annotated[Endpoint, PlainValidator(endpoint_with(read_submission))]
MxServer = Annotated[Endpoint, PlainValidator(endpoint_with(read_mx))]
Relay = Annotated[str, PlainValidator(relay_of)]
Listen = Annotated[str, PlainValidator(listen_of)]
NetworkText = Annotated[str, PlainValidator(network_of)]
ResolverText = Annotated[str, PlainValidator(resolver_of)]
AddressField = Annotated[Address, PlainValidator(address_of)]
Sender = Annotated[str, PlainValidator(sender_of)]
DomainName = Annotated[str, PlainValidator(domain_of)]
SecretField = Annotated[SecretRef, PlainValidator(secret_of)]
Instant = Annotated[float, PlainValidator(instant_of)]
Remark = Annotated[str, PlainValidator(remark_of)]
CardKey = Annotated[str, PlainValidator(card_key_of)]
CardText = Annotated[str, PlainValidator(card_text_of)]
Cards = Annotated[dict[CardKey, CardText], BeforeValidator(dotted_keys)]
Webhook = Annotated[str, PlainValidator(webhook_of)]
WebAddress = Annotated[str, PlainValidator(web_address_of)]
Template = Annotated[str, PlainValidator(template_of)]
