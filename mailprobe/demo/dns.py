"""A name server for the small carriers: it knows their zones and refuses every other question."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from mailprobe.demo.faults import Place

TTL = 60
Records = Mapping[str, Mapping[str, tuple[str, ...]]]  # name -> type -> values in presentation form


class NameServer(asyncio.DatagramProtocol):
    """`zones`: the domains it answers for; names in them that have no record do not exist (NXDOMAIN)."""

    def __init__(self, zones: tuple[str, ...], records: Records) -> None:
        self.zones = tuple(dns.name.from_text(zone) for zone in zones)
        self.records = {dns.name.from_text(name): kinds for name, kinds in records.items()}
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            answer = self.answer(dns.message.from_wire(data))
        except dns.exception.DNSException:
            return  # not a question: nobody waits for an answer
        if self.transport is not None:
            self.transport.sendto(answer.to_wire(), addr)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0] if query.question else None
        if question is None or not any(question.name.is_subdomain(zone) for zone in self.zones):
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        known = self.records.get(question.name)
        if known is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        values = known.get(dns.rdatatype.to_text(question.rdtype), ())
        if values:
            reply.answer.append(dns.rrset.from_text_list(question.name, TTL, "IN", question.rdtype, list(values)))
        return reply


@contextlib.asynccontextmanager
async def naming(zones: tuple[str, ...], records: Records, host: str = "127.0.0.1") -> AsyncIterator[Place]:
    """A name server on UDP, as long as the block lasts."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: NameServer(zones, records), (host, 0))
    try:
        yield Place(host, transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
