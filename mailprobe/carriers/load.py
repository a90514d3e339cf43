"""The shipped presets: one TOML file per carrier in this directory -> Carrier. Strict, because it is our own data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from mailprobe.carriers import AuthForm, Carrier, Origin, Relation, ReplyRule
from mailprobe.carriers.endpoint import read_imap, read_submission

GRADES = ("A", "B", "C", "S", "T", "K")
TLS_PROFILES = ("static_rsa", "legacy_renegotiation", "old")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PresetRule(Strict):
    """One known text; see ReplyRule."""

    contains: str
    means: str
    grade: str
    phases: list[str] = Field(default_factory=list)
    codes: list[str] = Field(default_factory=list)


class Preset(Strict):
    """The file's fields. A field that is left out is not known; MX hosts are never preset, they are looked up."""

    title: str
    domains: list[str]
    mx_suffixes: list[str] = Field(default_factory=list)
    imap: str = ""
    submission: str = ""
    username: str = ""
    submission_username: str = ""
    one_secret: bool = False
    auth: str = "password"
    legacy_dots: bool = False
    tls_profiles: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    grades: dict[str, str] = Field(default_factory=dict)
    replies: list[PresetRule] = Field(default_factory=list)
    sign_in_replies: list[PresetRule] = Field(default_factory=list)


@cache
def presets() -> Mapping[str, Carrier]:
    """Every shipped carrier by name. All are `foreign`: whose carrier it is, only a configuration can say."""
    files = sorted(resources.files("mailprobe.carriers").iterdir(), key=lambda entry: entry.name)
    texts = {entry.name.removesuffix(".toml"): entry.read_text("utf-8") for entry in files if entry.name.endswith(".toml")}
    return {name: carrier_from(name, Preset.model_validate(tomllib.loads(text))) for name, text in texts.items()}


def preset(name: str) -> Carrier | None:
    """The shipped carrier of this name, or None."""
    return presets().get(name)


def carrier_from(name: str, data: Preset) -> Carrier:
    return Carrier(
        name=name,
        title=data.title,
        relation=Relation.FOREIGN,
        domains=tuple(data.domains),
        mx_suffixes=tuple(data.mx_suffixes),
        imap=read_imap(data.imap, Origin.PRESET) if data.imap else None,
        submission=read_submission(data.submission, Origin.PRESET) if data.submission else None,
        tls_profiles=tuple(sorted(data.tls_profiles.items())),
        username=data.username,
        submission_username=data.submission_username or data.username,
        one_secret=data.one_secret,
        auth=AuthForm(data.auth),
        legacy_dots=data.legacy_dots,
        replies=tuple(rule_from(rule) for rule in data.replies),
        sign_in_replies=tuple(rule_from(rule) for rule in data.sign_in_replies),
        grades=tuple(sorted(data.grades.items())),
        notes=tuple(data.notes),
    )


def rule_from(rule: PresetRule) -> ReplyRule:
    return ReplyRule(rule.contains, rule.means, tuple(rule.phases), tuple(rule.codes), rule.grade)


def carrier_of(domain: str, carriers: Iterable[Carrier]) -> Carrier | None:
    """Whose domain (A-labels, lower case) it is: the exact name first, else the longest `*.zone` above it."""
    found: tuple[int, Carrier] | None = None
    for carrier in carriers:
        for one in carrier.domains:
            if one == domain:
                return carrier
            if one.startswith("*.") and domain.endswith(one[1:]) and (found is None or len(one) > found[0]):
                found = (len(one), carrier)
    return found[1] if found else None
