"""mailprobe.toml -> a frozen Config. Strict: every error at once, each with place and hint."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mailprobe.address import Address
from mailprobe.carriers import Carrier
from mailprobe.secret import SecretRef


class Contract(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input. `where` is file:line:col, file:line, or the key's path."""

    code: str  # MPnnnn
    where: str
    what: str
    hint: str = ""


class ConfigError(Exception):
    """The configuration cannot be used. exit_code is from sysexits.h (78, or 66/74 for the file itself)."""

    def __init__(self, problems: tuple[Problem, ...], exit_code: int = 78) -> None:
        super().__init__(f"{len(problems)} problem(s) in the configuration")
        self.problems = problems
        self.exit_code = exit_code


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


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox that is watched or checked. `id` is the metrics label and never the address."""

    id: str
    address: Address
    carrier: str  # a key of Config.carriers
    username: str
    submission_username: str
    secret: SecretRef | None = None
    submission_secret: SecretRef | None = None  # None: the same as secret if the carrier uses one secret
    group: str = ""
    contract: Contract = Contract.UNKNOWN
    every: tuple[tuple[str, float], ...] = ()  # probe -> seconds; '' is the base
    probes: tuple[str, ...] = ("dns", "mx", "submission", "imap")
    enrolled: bool = True  # False: an ad-hoc check


@dataclass(frozen=True, slots=True)
class Engine:
    nats: str = ""
    vantage: str = "here"
    network: str = ""  # inside | outside the carrier's network; '': not said


@dataclass(frozen=True, slots=True)
class Config:
    prober: Prober
    carriers: dict[str, Carrier]
    accounts: tuple[Account, ...] = ()
    store_url: str = ""
    engine: Engine = field(default_factory=Engine)
    actors: tuple[tuple[str, str], ...] = ()
    http_listen: str = ""
    bounces_listen: str = ""
    source: Path | None = None
    warnings: tuple[Problem, ...] = ()
