"""[console]: who may come in, and [http] where he comes from: nobody signs in over a line that others can read."""

from __future__ import annotations

from collections.abc import Iterable

from mailprobe.config.oidc import make_oidc
from mailprobe.config.reading import ConsoleSection, HttpSection, Sheet, read_section
from mailprobe.config.shape import Console
from mailprobe.config.units import is_this_host, spoken

SHORTEST = 60.0  # seconds that a session lasts at least


def make_console(sheet: Sheet, raw: object, http: HttpSection | None, networks: Iterable[str] = ()) -> Console:
    """The defaults where something is wrong: the sheet says what."""
    section = read_section(sheet, ConsoleSection, raw, ("console",))
    if section is None:
        return Console()
    check_lasts(sheet, section)
    check_proxies(sheet, section)
    if http is not None:
        check_line(sheet, section, http)
    return Console(
        session_idle=section.session_idle,
        session_most=section.session_most,
        trusted_proxies=tuple(section.trusted_proxies),
        user_header=section.user_header or "",
        role_header=section.role_header or "",
        roles=tuple(section.roles.items()),
        consent=section.consent,
        oidc=make_oidc(sheet, section.oidc, networks),
    )


def check_lasts(sheet: Sheet, section: ConsoleSection) -> None:
    for key, value in (("session_idle", section.session_idle), ("session_most", section.session_most)):
        if value < SHORTEST:
            sheet.problem("MP2416", ("console", key), f"minimum {spoken(SHORTEST)}, got {spoken(value)}", 'write it like "15m"')
    if section.session_idle > section.session_most:
        hint = f'nearest legal session_idle: "{spoken(section.session_most)}"'
        sheet.problem("MP2416", ("console", "session_idle"), "longer than session_most", hint)


def check_proxies(sheet: Sheet, section: ConsoleSection) -> None:
    """A header counts only from who is trusted to set it, and whoever is trusted must set one."""
    if section.user_header and not section.trusted_proxies:
        hint = 'write trusted_proxies = ["127.0.0.1/32"]: from anybody else the header is not read'
        sheet.problem("MP2415", ("console", "user_header"), "no proxy is trusted to say who asks", hint)
    if section.role_header and not section.user_header:
        sheet.problem("MP2415", ("console", "role_header"), "a role without a user", "write user_header as well")
    if section.roles and not section.role_header:
        sheet.problem("MP2415", ("console", "roles"), "no header says a role", "write role_header as well")


def check_line(sheet: Sheet, section: ConsoleSection, http: HttpSection) -> None:
    """Passwords and customers' addresses go over this line: TLS, loopback, or a proxy that has TLS."""
    if http.listen and not (http.certificate or section.trusted_proxies or is_loopback(http.listen)):
        hint = (
            "write [http] certificate and key, or listen on 127.0.0.1, or name the proxy in [console] trusted_proxies; "
            "metrics alone: metrics_listen"
        )
        sheet.problem("MP2402", ("http", "listen"), "the console would be served without TLS beyond this host", hint)


def is_loopback(listen: str) -> bool:
    return is_this_host(listen.rpartition(":")[0].strip("[]"))
