"""Every key of a configuration as a page: names, kinds and defaults are read off the sections, so that they cannot be wrong;
what each means stands in `reference.toml`."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterator, Mapping
from importlib.resources import files

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mailprobe.config import ACTORS, reading, units
from mailprobe.config.units import spoken

MADE_BY = "mailprobe config keys > docs/configuration.md"
SECTIONS: dict[str, type[BaseModel] | None] = {
    "prober": reading.ProberSection,
    "prober.dkim": reading.DkimSection,
    "carriers.NAME": reading.CarrierSection,
    "carriers.NAME.live_controls": reading.ControlSection,
    "carriers.NAME.limits": reading.LimitsSection,
    "carriers.NAME.master_user": reading.MasterSection,
    "carriers.NAME.lookup": reading.LookupSection,
    "accounts": reading.AccountSection,
    "accounts.submission": reading.SubmissionSection,
    "accounts_from": reading.ManySection,
    "http": reading.HttpSection,
    "http.metrics_login": reading.MetricsLoginSection,
    "bounces": reading.BouncesSection,
    "bounces.imap": reading.BounceMailboxSection,
    "store": reading.StoreSection,
    "engine": reading.EngineSection,
    "actors": None,  # its keys are whoever may have to act
    "maintenance": reading.MaintenanceSection,
    "notify": reading.NotifySection,
    "console": reading.ConsoleSection,
    "console.oidc": reading.OidcSection,
    "cards": None,  # its keys are the cards' parts
}
REPEATED = frozenset({"accounts", "maintenance", "carriers.NAME.live_controls"})
KINDS: tuple[tuple[object, str], ...] = (
    (units.Seconds, "time"),
    (units.Every, "time, or table"),
    (units.SecretField, "secret reference"),
    (units.AddressField, "address"),
    (units.Sender, "address"),
    (units.DomainName, "domain"),
    (units.ImapServer, "server"),
    (units.SubmissionServer, "server"),
    (units.MxServer, "server"),
    (units.Relay, "server"),
    (units.Listen, "host:port"),
    (units.NetworkText, "network"),
    (units.ResolverText, "IP address"),
    (units.Instant, "date and time"),
    (units.ProbeName, "dns, mx, submission, imap or canary"),
    (units.Template, "template"),
    (units.Webhook, "URL"),
    (units.WebAddress, "URL"),
    (bool, "true or false"),
    (int, "number"),
)
HEAD = f"""# Configuration

Every key of `mailprobe.toml`. Made by `{MADE_BY}`; a test holds it to the program.

A time is written like `"5m"` (ms, s, m, h, d). A secret reference is `env:NAME`, `file:PATH`, `cred:NAME`, `exec:PROGRAM` or
`prompt:`, never a password. A path that is not absolute starts at the folder of the file. **needed** is what has no default in
its section. A file of five lines works: only `[carriers.NAME]`, or an account of a known carrier, must be there.
"""


def reference() -> str:
    """The page, in Markdown."""
    meanings = tomllib.loads((files("mailprobe") / "config" / "reference.toml").read_text("utf-8"))
    return "\n".join((HEAD, *(part(name, model, meanings[name]) for name, model in SECTIONS.items())))


def part(name: str, model: type[BaseModel] | None, meanings: Mapping[str, str]) -> str:
    """One section: what it is for, and a row a key. A key without a meaning is an error of ours."""
    title = f"[[{name}]]" if name in REPEATED else f"[{name}]"
    lines = [f"## `{title}`", "", meanings[""], ""]
    if model is not None:
        lines += ["| key | kind | left out | |", "|---|---|---|---|"]
        lines += [row(key, kind, default, meanings[key]) for key, kind, default in keys(model)]
    if name == "actors":
        lines += [f"Its keys, each a string: {', '.join(f'`{one}`' for one in ACTORS)}."]
    return "\n".join((*lines, ""))


def row(key: str, kind: str, default: str, meaning: str) -> str:
    return f"| `{key}` | {kind.replace('|', '/')} | {default} | {meaning} |"


def keys(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """(key, kind, default) in the order in which they are written down."""
    hints = typing.get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        yield field.alias or name, kind_of(hints[name]), default_of(field, hints[name])


def kind_of(hint: object) -> str:
    """A type as whoever writes the file would say it."""
    for known, said in KINDS:
        if hint == known:
            return said
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return kind_of(inner[0])
    if origin is typing.Literal:
        return ", ".join(f"`{one}`" for one in inner if one)
    if origin is list:
        return "tables" if is_section(inner[0]) else f"list: {kind_of(inner[0])}"
    if origin is dict or is_section(hint):
        return "table"
    if origin is not None:  # what may be left out: T | None
        return kind_of(next(one for one in inner if one is not type(None)))
    return "string"


def is_section(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def default_of(field: FieldInfo, hint: object) -> str:
    """'' where nothing is the default."""
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True)
    if value in (None, "", [], {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if hint == units.Seconds:
        return f"`{spoken(value)}`"
    return f"`{value}`" if not isinstance(value, list) else ", ".join(f"`{one}`" for one in value)
