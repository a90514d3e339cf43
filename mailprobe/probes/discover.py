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


Services = tuple[tuple[str, Channel], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One server, or None: nothing known. `asked`: the SRV answers that were needed to find out."""

    endpoint: Endpoint | None
    asked: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to sign in. None: nothing known. `asked`: the DNS answers that were needed to find out."""

    imap: Endpoint | None
    submission: Endpoint | None
    asked: tuple[Answer, ...] = ()


async def discover(domain: str, carrier: Carrier, resolver: Resolver) -> Servers:
    """Both of the carrier's own servers where they are given; else what DNS says of `domain` (A-labels)."""
    imap, submission = await asyncio.gather(find_imap(domain, carrier, resolver), find_submission(domain, carrier, resolver))
    return Servers(imap.endpoint, submission.endpoint, imap.asked + submission.asked)


async def find_imap(domain: str, carrier: Carrier, resolver: Resolver) -> Found:
    if carrier.imap is not None:
        return Found(carrier.imap)
    return await look_for(domain, IMAP_SERVICES, IMAPS_PORT, resolver)


async def find_submission(domain: str, carrier: Carrier, resolver: Resolver) -> Found:
    if carrier.submission is not None:
        return Found(carrier.submission)
    return await look_for(domain, SUBMISSION_SERVICES, SUBMISSIONS_PORT, resolver)


async def look_for(domain: str, services: Services, port: int, resolver: Resolver) -> Found:
    mx, *said = await asyncio.gather(resolver.mx(domain), *(resolver.srv(domain, service) for service, _ in services))
    return Found(from_srv(domain, services, said) or guess(mx.hosts, port), tuple(said))


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
