"""Servers that nobody named: the preset, then SRV (RFC 6186, RFC 8314), then the MX's host as a guess.

A guess is there to be looked at (does it answer, is its certificate good); it never gets a secret.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from mailprobe.carriers import Carrier, Channel, Endpoint, Origin
from mailprobe.evidence import Lookup
from mailprobe.net.resolver import Answer, Resolver

# RFC 8314 section 5.1: TLS from the first byte is preferred over STARTTLS
IMAP_SERVICES = (("_imaps._tcp", Channel.IMPLICIT), ("_imap._tcp", Channel.STARTTLS))
SUBMISSION_SERVICES = (("_submissions._tcp", Channel.IMPLICIT), ("_submission._tcp", Channel.STARTTLS))
IMAPS_PORT = 993
SUBMISSIONS_PORT = 465  # RFC 8314 section 7.3


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to sign in. None: nothing known. `asked`: the DNS answers that were needed to find out."""

    imap: Endpoint | None
    submission: Endpoint | None
    asked: tuple[Answer, ...] = ()


async def discover(domain: str, carrier: Carrier, resolver: Resolver) -> Servers:
    """The carrier's own servers where they are given; else what DNS says of `domain` (A-labels)."""
    if carrier.imap is not None and carrier.submission is not None:
        return Servers(carrier.imap, carrier.submission)
    wanted = [*(IMAP_SERVICES if carrier.imap is None else ()), *(SUBMISSION_SERVICES if carrier.submission is None else ())]
    answers = await asyncio.gather(resolver.mx(domain), *(resolver.srv(domain, service) for service, _ in wanted))
    mx, said = answers[0], answers[1:]
    return Servers(
        carrier.imap or from_srv(domain, IMAP_SERVICES, said) or guess(mx.hosts, IMAPS_PORT),
        carrier.submission or from_srv(domain, SUBMISSION_SERVICES, said) or guess(mx.hosts, SUBMISSIONS_PORT),
        tuple(said),
    )


def from_srv(domain: str, services: Iterable[tuple[str, Channel]], said: Iterable[Answer]) -> Endpoint | None:
    """The best target of the best service that is offered."""
    by_name = {answer.name.lower(): answer for answer in said if answer.outcome is Lookup.FOUND}
    for service, channel in services:
        answer = by_name.get(f"{service}.{domain}")
        for value in answer.values if answer is not None else ():
            found = target(value, domain, channel)
            if found is not None:
                return found
    return None


def target(value: str, domain: str, channel: Channel) -> Endpoint | None:
    """One SRV value, `priority weight port host.`; None where the host is the root: not offered (RFC 6186 section 3.4)."""
    port, host = value.split()[2:4]
    host = host.rstrip(".")
    if not host:
        return None
    # RFC 6186 section 6: unsigned DNS may lead anywhere; a host outside the domain is no place for a secret
    inside = host == domain or host.endswith(f".{domain}")
    return Endpoint(host, int(port), channel, Origin.SRV if inside else Origin.GUESSED)


def guess(hosts: tuple[str, ...], port: int) -> Endpoint | None:
    return Endpoint(hosts[0], port, Channel.IMPLICIT, Origin.GUESSED) if hosts else None
