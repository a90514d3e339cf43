"""The frozen shape of a configuration: what every other room reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mailprobe.address import Address
from mailprobe.carriers import Carrier, Endpoint
from mailprobe.config.problems import Problem
from mailprobe.maintenance import Window
from mailprobe.secret import SecretRef

PROBES = ("dns", "mx", "submission", "imap")  # the default; `canary` is asked for by name


# The cards for what a caller says, and the parts of one.
CARDS = ("legal", "compensation", "consumer_centre", "forever", "pc")
CARD_PARTS = ("title", "say", "never", "handover")

BLOCK_LISTS = ("zen.spamhaus.org", "bl.spamcop.net")


class Contract(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Dkim:
    """How test mails are signed (RFC 6376), for the domain of mail_from. key: an RSA key, PEM."""

    selector: str
    key: SecretRef


@dataclass(frozen=True, slots=True)
class Prober:
    """Who we say we are. name = EHLO = PTR = A; networks as CIDR strings."""

    name: str
    mail_from: str  # never '<>'
    bounce_domain: str = ""
    token_keys: tuple[SecretRef, ...] = ()
    allow_networks: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()  # 'ip' or 'ip:port' ('[v6]:port'); empty: the system's
    relay: str = ""
    language: str = "en"
    dkim: Dkim | None = None
    block_lists: tuple[str, ...] = BLOCK_LISTS  # zones that are asked about our own address; empty: none


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox that is watched or checked. `id` is the metrics label and never the address."""

    id: str
    address: Address
    carrier: str  # a key of Config.carriers
    username: str  # empty: the carrier's form is not known and no secret is kept for it
    submission_username: str
    secret: SecretRef | None = None
    submission_secret: SecretRef | None = None  # None: the same as secret if the carrier uses one secret
    group: str = ""
    contract: Contract = Contract.UNKNOWN
    every: tuple[tuple[str, float], ...] = ()  # probe -> seconds; '' is the base
    probes: tuple[str, ...] = PROBES
    enrolled: bool = True  # False: an ad-hoc check


@dataclass(frozen=True, slots=True)
class BounceMailbox:
    """Where bounces are fetched instead of received. ca: beside the system's, for a certificate of one's own house."""

    server: Endpoint
    username: str
    secret: SecretRef
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Http:
    """Where and to whom the console, the API and the metrics are served. metrics_listen: an address of their own for
    /metrics, /probe and /sd. metrics_accounts: so many accounts have series of their own. live_token: opens
    /probe?live=1. certificate: with the key in the same file where there is no other."""

    listen: str = ""
    metrics_listen: str = ""
    metrics_accounts: int = 10_000
    metrics_username: str = ""
    metrics_secret: SecretRef | None = None
    live_token: SecretRef | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what the probes saw stays in the store, seconds. Verdicts go with the results."""

    results: float = 90 * 86_400.0
    transcripts: float = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Oidc:
    """Whom another house signs in (OpenID Connect). claim: where it is said what somebody is, as a path of keys; roles: what
    that is called there -> our name of it. name_claim '': preferred_username, else sub. redirect_uri '': the address that his
    browser has for us. sign_out: who signs out here is signed out there, too. networks: CIDR strings of inner networks in which
    the issuer may have further hosts. ca: beside the system's."""

    issuer: str
    client_id: str
    client_secret: SecretRef
    scopes: tuple[str, ...] = ("openid", "profile")
    claim: str = "roles"
    roles: tuple[tuple[str, str], ...] = ()
    name_claim: str = ""
    label: str = ""
    redirect_uri: str = ""
    sign_out: bool = True
    networks: tuple[str, ...] = ()
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Console:
    """How people come in, and whom they ask first. session_idle, session_most: seconds. trusted_proxies: networks as CIDR
    strings, whose user_header (and role_header) say who asks; roles: what a proxy calls a role -> our name of it; empty: it uses
    our names."""

    session_idle: float = 900.0
    session_most: float = 28_800.0
    trusted_proxies: tuple[str, ...] = ()
    user_header: str = ""
    role_header: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    consent: str = "nobody"  # whose is noted before a check, of those who are not enrolled: nobody | foreign | everybody
    oidc: Oidc | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    nats: str = ""
    vantage: str = "here"
    network: str = ""  # inside | outside the carrier's network; '': not said


class Told(StrEnum):
    """What a webhook may be told of."""

    STATUS_CHANGED = "status_changed"
    VERDICT_REVISED = "verdict_revised"
    PROBER_TROUBLE = "prober_trouble"


@dataclass(frozen=True, slots=True)
class Notify:
    """A webhook. url may hold a token and is shown nowhere; ca: beside the system's."""

    url: str = field(repr=False)
    secret: SecretRef
    events: tuple[Told, ...] = tuple(Told)
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was configured. `carriers` holds the written ones and the presets that accounts need."""

    prober: Prober
    carriers: dict[str, Carrier]
    accounts: tuple[Account, ...] = ()
    store_url: str = ""
    keep: Keep = field(default_factory=Keep)
    engine: Engine = field(default_factory=Engine)
    actors: tuple[tuple[str, str], ...] = ()
    http: Http = field(default_factory=Http)
    console: Console = field(default_factory=Console)
    bounces_listen: str = ""
    bounces_imap: BounceMailbox | None = None
    bounces_certificate: Path | None = None  # for STARTTLS; with the key in the same file where there is no other
    bounces_key: Path | None = None
    maintenance: tuple[Window, ...] = ()
    notify: Notify | None = None
    cards: tuple[tuple[str, str], ...] = ()  # 'legal.say.ja' -> what an agent is given to say
    source: Path | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def http_listen(self) -> str:
        return self.http.listen
