"""One section of the file -> a strict pydantic model, or every problem in it, with code, key path, line and hint."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, ValidationError
from pydantic_core import ErrorDetails

from mailprobe.address import near
from mailprobe.config.places import Path, Places
from mailprobe.config.problems import Problem, cut, visible
from mailprobe.config.shape import Keep
from mailprobe.config.units import (
    AddressField,
    Cards,
    DomainName,
    Every,
    ImapServer,
    Instant,
    Listen,
    MxServer,
    NetworkText,
    ProbeName,
    Relay,
    Remark,
    ResolverText,
    Seconds,
    SecretField,
    Sender,
    SubmissionServer,
    Template,
    WebAddress,
    Webhook,
    refuse,
    toml_name,
)

# What other programs call it.
OTHER_WORDS = {"interval": "every", "user": "username", "email": "address"}
MOST_GROUP = 100
PASSWORD_KEYS = frozenset({"password", "passwd", "pass", "pw", "pwd", "imap_password", "smtp_password"})


def name_of(value: str) -> str:
    """EHLO name, vantage, id: one printable word."""
    if not value or not value.isprintable() or " " in value:
        refuse("MP1039", f'not a name: "{cut(value)}"', "one word of letters, digits, dots, hyphens")
    return value


def group_of(value: str) -> str:
    """It becomes a label, and is shown in tables and on pages."""
    if visible(value) != value or len(value) > MOST_GROUP:
        refuse("MP1039", f'not a group: "{cut(value)}"', f"at most {MOST_GROUP} characters, each of them to be seen")
    return value


def selector_of(value: str) -> str:
    """RFC 6376 section 3.1: labels of a domain name."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*", value):
        refuse("MP1039", f'not a selector: "{cut(value)}"', "the label below _domainkey, like mp1")
    return value


def header_of(value: str) -> str:
    """RFC 9110 section 5.1: a field name is a token."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", value):
        refuse("MP1039", f'not the name of a header: "{cut(value)}"', "like X-Forwarded-User")
    return value.lower()


def scope_of(value: str) -> str:
    """RFC 6749 section 3.3."""
    if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}", value):
        refuse("MP1039", f'not a scope: "{cut(value)}"', "one word, like profile")
    return value


Name = Annotated[str, AfterValidator(name_of)]
Group = Annotated[str, AfterValidator(group_of)]
Scope = Annotated[str, AfterValidator(scope_of)]
HeaderName = Annotated[str, AfterValidator(header_of)]
Selector = Annotated[str, AfterValidator(selector_of)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class DkimSection(Section):
    selector: Selector
    key: SecretField


class ProberSection(Section):
    name: Name | None = None
    mail_from: Sender | None = None
    bounce_domain: DomainName | None = None
    token_keys: list[SecretField] = Field(default_factory=list)
    allow_networks: list[NetworkText] = Field(default_factory=list)
    resolvers: list[ResolverText] = Field(default_factory=list)
    relay: Relay | None = None
    dkim: DkimSection | None = None
    block_lists: list[DomainName] | None = None
    language: Literal["ja", "en"] = "en"


class ControlSection(Section):
    address: AddressField
    secret: SecretField | None = None
    username: Template | None = None
    submission_username: Template | None = None


class MasterSection(Section):
    name: str
    secret: SecretField
    form: Literal["authzid", "separator"] = "authzid"
    separator: str = "*"


class LimitsSection(Section):
    rcpt_gap: Seconds | None = None
    sessions: Annotated[int, Field(ge=1)] | None = None
    session_gap: Seconds | None = None
    canary_gap: Seconds | None = None
    dead_gap: Seconds | None = None
    refused_logins: Annotated[int, Field(ge=1)] | None = None


class LookupSection(Section):
    title: str | None = None
    url: str | None = None
    command: Annotated[list[str], Field(min_length=1)] | None = None
    secret: SecretField | None = None
    tls_ca: str | None = None
    within: Seconds | None = None
    counts_for: Seconds | None = None


class CarrierSection(Section):
    title: str | None = None
    relation: Literal["own", "foreign"] | None = None
    domains: Annotated[list[DomainName], Field(min_length=1)] | None = None
    mx: list[MxServer] | None = None
    mx_suffixes: list[DomainName] | None = None
    imap: ImapServer | None = None
    submission: SubmissionServer | None = None
    tls_ca: str | None = None
    tls_profiles: dict[str, Literal["static_rsa", "legacy_renegotiation", "old"]] | None = None
    username: Template | None = None
    submission_username: Template | None = None
    one_secret: bool | None = None
    auth: Literal["password", "xoauth2", "oauthbearer"] | None = None
    live_controls: list[ControlSection] = Field(default_factory=list)
    dead_control: AddressField | None = None
    limits: LimitsSection = Field(default_factory=LimitsSection)
    master_user: MasterSection | None = None
    lookup: LookupSection | None = None
    legacy_dots: bool | None = None
    say: dict[str, str] = Field(default_factory=dict)
    cards: Cards = Field(default_factory=dict)


class SubmissionSection(Section):
    username: Template | None = None
    secret: SecretField | None = None


class AccountSection(Section):
    id: Name | None = None
    address: AddressField
    carrier: str | None = None
    group: Group = ""
    secret: SecretField | None = None
    username: Template | None = None
    submission: SubmissionSection = Field(default_factory=SubmissionSection)
    contract: Literal["active", "closed", "unknown"] = "unknown"
    every: Every | None = None
    probes: Annotated[list[ProbeName], Field(min_length=1)] | None = None


class ManySection(Section):
    csv: str | None = None
    sql: str | None = None
    url: str | None = None  # of the database, or a secret reference to it
    secret_template: str | None = None


class MetricsLoginSection(Section):
    username: Annotated[str, Field(min_length=1)]
    secret: SecretField


class HttpSection(Section):
    listen: Listen = ""
    metrics_listen: Listen = ""
    metrics_accounts: Annotated[int, Field(ge=0)] = 10_000
    metrics_login: MetricsLoginSection | None = None
    live_token: SecretField | None = None
    certificate: str | None = None
    key: str | None = None


RoleName = Literal["viewer", "operator", "supervisor", "admin", "auditor"]


class OidcSection(Section):
    issuer: WebAddress
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretField
    scopes: list[Scope] = ["openid", "profile"]
    claim: Annotated[str, Field(min_length=1)] = "roles"
    roles: dict[str, RoleName] = {}
    name_claim: Annotated[str, Field(min_length=1)] | None = None
    label: Remark = ""
    redirect_uri: WebAddress | None = None
    sign_out: bool = True
    tls_ca: str | None = None


class ConsoleSection(Section):
    session_idle: Seconds = 900.0
    session_most: Seconds = 28_800.0
    trusted_proxies: list[NetworkText] = []
    user_header: HeaderName | None = None
    role_header: HeaderName | None = None
    roles: dict[str, RoleName] = {}
    consent: Literal["nobody", "foreign", "everybody"] = "nobody"
    oidc: OidcSection | None = None


class BounceMailboxSection(Section):
    server: ImapServer
    username: str
    secret: SecretField
    tls_ca: str | None = None


class BouncesSection(Section):
    listen: Listen = ""
    imap: BounceMailboxSection | None = None
    certificate: str | None = None
    key: str | None = None


class StoreSection(Section):
    url: str = ""
    keep_results: Seconds = Keep().results
    keep_transcripts: Seconds = Keep().transcripts


class EngineSection(Section):
    nats: str = ""
    vantage: Name = "here"
    network: Literal["", "inside", "outside"] = ""


class MaintenanceSection(Section):
    carrier: str = ""
    group: str = ""
    begins: Instant = Field(alias="from")
    ends: Instant = Field(alias="until")
    note: Remark = ""


class NotifySection(Section):
    url: Webhook
    secret: SecretField
    events: Annotated[list[Literal["status_changed", "verdict_revised", "prober_trouble"]], Field(min_length=1)] | None = None
    tls_ca: str | None = None


class CardsSection(RootModel[Cards]):
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


SECTIONS = (
    *("prober", "carriers", "accounts", "accounts_from", "http", "bounces", "store", "engine", "actors"),
    *("maintenance", "notify", "console", "cards"),
)
Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Sheet:
    """The file being read: its name, where its keys stand, and every problem so far."""

    file: str
    places: Places
    context: dict[str, object]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def where(self, path: Path) -> str:
        spot = self.places.nearest(path)
        return f"{self.file}:{spot[0]}:{spot[1]}" if spot else self.file

    def line(self, path: Path) -> str:
        spot = self.places.nearest(path)
        return f"line {spot[0]}" if spot else self.file

    def problem(self, code: str, path: Path, what: str, hint: str = "") -> None:
        self.problems.append(Problem(code, self.where(path), f"{dotted(path)}: {what}" if path else what, hint))

    def warn(self, code: str, path: Path, what: str, hint: str = "") -> None:
        self.warnings.append(Problem(code, self.where(path), f"{dotted(path)}: {what}" if path else what, hint))


def dotted(path: Path) -> str:
    """('accounts', 0, 'every') -> `accounts[0].every`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{cut(part)}" for part in path)
    return text.removeprefix(".")


def read_section(sheet: Sheet, model: type[Model], raw: object, path: Path) -> Model | None:
    """The section, or None after its problems were written down. Absent sections are empty ones."""
    try:
        return model.model_validate({} if raw is None else raw, context=sheet.context)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            loc = tuple(part for part in one["loc"] if part != "[key]")
            sheet.problem(*problem_from(one, model, (*path, *loc), loc))
        return None


def problem_from(error: ErrorDetails, model: type[BaseModel], path: Path, loc: Path) -> tuple[str, Path, str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith("MP"):
        return kind, path, str(context["what"]), str(context["hint"])
    if kind == "extra_forbidden":
        return unknown_key(path, fields_at(model, loc))
    if kind == "missing":
        return "MP1033", path, "required key is missing", ""
    if kind == "literal_error":
        given = error["input"] if isinstance(error["input"], str) else toml_name(error["input"])
        return "MP1042", path, f'unknown value "{cut(given)}"', f"expected {context['expected']}"
    if kind == "greater_than_equal":
        return "MP1042", path, f"must be {context['ge']} or more", ""
    if kind in ("too_short", "string_too_short"):
        return "MP1042", path, "must not be empty", "leave it out instead"
    return "MP1008", path, f"expected {expected(kind)}, TOML gives {toml_name(error['input'])}", ""


def expected(kind: str) -> str:
    kinds = {"model_type": "table", "model_attributes_type": "table", "dict_type": "table", "list_type": "array"}
    return {**kinds, "int_type": "integer", "bool_type": "boolean", "string_type": "string"}.get(kind, kind.partition("_")[0])


def unknown_key(path: Path, known: Mapping[str, object]) -> tuple[str, Path, str, str]:
    """A password written into the file is told apart from a slip; the value is never shown."""
    key = str(path[-1])
    if key.lower() in PASSWORD_KEYS:
        return (
            "MP1013",
            path,
            "no password in this file",
            'use a credential reference: secret = "env:NAME", "file:PATH" or "cred:NAME"',
        )
    meant = next((one for other, one in OTHER_WORDS.items() if one in known and near(key, [other])), None)
    meant = meant or near(key, known) or closest_start(key, known)
    return "MP1001", path, f'unknown key "{cut(key)}"', f'nearest "{meant}"' if meant else f"known: {', '.join(known)}"


def closest_start(key: str, known: Mapping[str, object]) -> str | None:
    return next((one for one in known if len(key) > 2 and (one.startswith(key) or key.startswith(one))), None)


def fields_at(model: type[BaseModel], loc: Path) -> Mapping[str, object]:
    """The keys that exist where an unknown one was written, as the file spells them."""
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = next(models_in(model.model_fields[part].annotation), model)
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from models_in(inner)
