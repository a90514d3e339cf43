"""[console.oidc] -> the house whose word counts for who somebody is, and what he may do here."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from urllib.parse import urlsplit

from mailprobe.config.meaning import authority, check_secret
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.reading import OidcSection, Sheet
from mailprobe.config.shape import Oidc

WHERE: KeyPath = ("console", "oidc")
BACK = "/oidc/back"  # where a browser comes back to; the issuer has to know it


def make_oidc(sheet: Sheet, section: OidcSection | None, networks: Iterable[str]) -> Oidc | None:
    if section is None:
        return None
    if importlib.util.find_spec("joserfc") is None:
        sheet.problem("MP1049", WHERE, "the extra [oidc] is not installed", 'install "mailprobe[oidc]"')
    check_secret(sheet, section.client_secret, (*WHERE, "client_secret"))
    check_ways_in(sheet, section)
    return Oidc(
        issuer=section.issuer,
        client_id=section.client_id,
        client_secret=section.client_secret,
        scopes=tuple(section.scopes),
        claim=section.claim,
        roles=tuple(section.roles.items()),
        name_claim=section.name_claim or "",
        label=section.label,
        redirect_uri=section.redirect_uri or "",
        sign_out=section.sign_out,
        networks=tuple(networks),
        ca=authority(sheet, section.tls_ca, (*WHERE, "tls_ca")),
    )


def check_ways_in(sheet: Sheet, section: OidcSection) -> None:
    """What would come up and let nobody in."""
    if not section.roles:
        hint = 'write [console.oidc.roles] with lines like "mail-desk" = "operator"'
        sheet.problem("MP2423", (*WHERE, "roles"), f"nobody has a role: no value of {section.claim} is named", hint)
    if "openid" not in section.scopes:  # OpenID Connect Core 1.0 section 3.1.2.1
        hint = 'write scopes = ["openid", "profile"]'
        sheet.problem("MP2423", (*WHERE, "scopes"), 'without "openid" nobody says who it is', hint)
    if section.redirect_uri and urlsplit(section.redirect_uri).path != BACK:
        sheet.problem("MP2423", (*WHERE, "redirect_uri"), f"does not end in {BACK}", f'like "https://console.example.net{BACK}"')
