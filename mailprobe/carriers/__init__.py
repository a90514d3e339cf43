"""What is known of one mail provider, as data: where its servers are, how one signs in, what its replies mean.

One TOML file per carrier beside this file (the presets), each field with the grade of its source. What is not known
stays empty: a secret is never sent to a host that somebody guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mailprobe.address import Address
from mailprobe.secret import SecretRef


class Relation(StrEnum):
    """`own`: ours to test. `foreign`: somebody else's, to be treated with the foreign limits."""

    OWN = "own"
    FOREIGN = "foreign"


class Channel(StrEnum):
    """How TLS starts. There is no clear-text channel for a secret."""

    IMPLICIT = "implicit"  # imaps, smtps: RFC 8314
    STARTTLS = "starttls"  # imap, smtp with STARTTLS required
    CLEAR = "clear"  # SMTP to an MX: opportunistic


class Origin(StrEnum):
    """Who told us about a server; GUESSED (derived from MX or from SRV outside the domain) never gets a secret."""

    CONFIGURED = "configured"
    PRESET = "preset"
    SRV = "srv"
    GUESSED = "guessed"


class AuthForm(StrEnum):
    PASSWORD = "password"  # noqa: S105 - the name of a form, not a password
    XOAUTH2 = "xoauth2"
    OAUTHBEARER = "oauthbearer"


class MasterForm(StrEnum):
    AUTHZID = "authzid"  # SASL PLAIN authorization identity, RFC 4616
    SEPARATOR = "separator"  # user*master


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server to talk to. `host` is a name or an address literal without brackets."""

    host: str
    port: int
    channel: Channel
    origin: Origin = Origin.CONFIGURED

    @property
    def label(self) -> str:
        """`host:port`, IPv6 in brackets: the `server` of every fact."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LiveControl:
    """A known good account of the carrier. Without a secret it serves acceptance only."""

    address: Address
    username: str
    submission_username: str
    secret: SecretRef | None


LOOKUP_COUNTS_FOR = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Lookup:
    """How the carrier's own systems are asked about one mailbox, read-only: one of url (https, with {address} {local} {domain} in
    its path or query) and command (an argument list, the same in its words). secret: a bearer token for the url; ca: beside the
    system's; within: seconds; title: what they are called, the carrier's own title where that is ''. counts_for:
    seconds that the servers may be asked after it and the contract that it named still counts."""

    url: str = field(default="", repr=False)
    command: tuple[str, ...] = ()
    secret: SecretRef | None = None
    ca: Path | None = None
    within: float = 5.0
    title: str = ""
    counts_for: float = LOOKUP_COUNTS_FOR


@dataclass(frozen=True, slots=True)
class MasterUser:
    name: str
    secret: SecretRef
    form: MasterForm
    separator: str = "*"


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes us harmless; seconds and counts. Defaults by relation."""

    rcpt_gap: float
    sessions: int
    session_gap: float
    canary_gap: float
    dead_gap: float
    refused_logins: int = 2  # per user@host in 24 h


OWN_LIMITS = Limits(rcpt_gap=60.0, sessions=5, session_gap=0.0, canary_gap=300.0, dead_gap=3600.0)
FOREIGN_LIMITS = Limits(rcpt_gap=21600.0, sessions=1, session_gap=30.0, canary_gap=21600.0, dead_gap=86400.0)


@dataclass(frozen=True, slots=True)
class ReplyRule:
    """One known text of this carrier: `contains` is a lower-case substring; `phases` empty means any. `means` is a
    ReplyClass value; `grade` the quality of the source (A B C S T K)."""

    contains: str
    means: str
    phases: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()  # prefixes of '550 5.1.1', e.g. '550', '5.7.'
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Carrier:
    """One provider. Empty tuples and None mean: not known."""

    name: str
    title: str
    relation: Relation
    domains: tuple[str, ...]  # A-labels, lower case; `*.zone` stands for every name below it. Ask `load.carrier_of`
    mx: tuple[Endpoint, ...] = ()  # empty: looked up
    mx_suffixes: tuple[str, ...] = ()  # hosts whose replies are read with this carrier's rules
    imap: Endpoint | None = None
    submission: Endpoint | None = None
    tls_ca: Path | None = None
    tls_profiles: tuple[tuple[str, str], ...] = ()  # exact host -> profile name
    username: str = "{address}"  # template of {address} {local} {domain}; empty: not known, each account says its own
    submission_username: str = "{address}"
    one_secret: bool = True
    auth: AuthForm = AuthForm.PASSWORD
    live_controls: tuple[LiveControl, ...] = ()
    dead_control: Address | None = None
    limits: Limits = FOREIGN_LIMITS
    master_user: MasterUser | None = None
    lookup: Lookup | None = None
    legacy_dots: bool = False  # a..b@ and a.@ exist there
    replies: tuple[ReplyRule, ...] = ()
    sign_in_replies: tuple[ReplyRule, ...] = ()
    say: tuple[tuple[str, str], ...] = ()  # 'code.language' -> text that overrides our wording
    cards: tuple[tuple[str, str], ...] = ()  # 'legal.say.ja' -> text that overrides the console's card
    grades: tuple[tuple[str, str], ...] = ()  # field -> grade
    notes: tuple[str, ...] = ()
