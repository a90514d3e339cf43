"""The dns probe and discovery, over a table of answers."""

from typing import cast

import pytest

from mailprobe.address import Address
from mailprobe.carriers import Carrier, Channel, Endpoint, Origin, Relation
from mailprobe.config import Account, Prober
from mailprobe.evidence import Fact, LookedUp, Lookup, Purpose
from mailprobe.net.resolver import Answer, Resolver
from mailprobe.probes import Reach, Target
from mailprobe.probes import dns as dns_probe
from mailprobe.probes.discover import discover

Table = dict[tuple[str, str], tuple[str, ...] | Lookup]
FIRST, SECOND = "192.0.2.53", "192.0.2.54"


class Names:
    """A resolver that answers from a table; what is not there does not exist. The second resolver has a table of its own."""

    def __init__(self, table: Table, second: Table | None = None) -> None:
        self.table = table
        self.second = table if second is None else second
        self.asked: list[tuple[str, str]] = []

    def answer(self, name: str, rrtype: str, label: str = FIRST) -> Answer:
        self.asked.append((name, rrtype))
        said = (self.table if label == FIRST else self.second).get((name, rrtype), Lookup.NXDOMAIN)
        if isinstance(said, Lookup):
            return Answer(said, (), label, 0.01, name, rrtype)
        return Answer(Lookup.NULL_MX if said == ("0 .",) else Lookup.FOUND, said, label, 0.01, name, rrtype)

    async def mx(self, domain: str) -> Answer:
        return self.answer(domain, "MX")

    async def mx_each(self, domain: str) -> tuple[Answer, ...]:
        return self.answer(domain, "MX"), self.answer(domain, "MX", SECOND)

    async def addresses(self, host: str) -> tuple[Answer, ...]:
        return self.answer(host, "A"), self.answer(host, "AAAA")

    async def srv(self, domain: str, service: str) -> Answer:
        return self.answer(f"{service}.{domain}", "SRV")

    async def txt(self, name: str) -> Answer:
        return self.answer(name, "TXT")

    async def ptr(self, ip: str) -> Answer:
        return self.answer(ip, "PTR")


def carrier(**given: object) -> Carrier:
    return Carrier("example", "Example", Relation.OWN, ("d.test",), **given)  # type: ignore[arg-type]  # fields by name


def target(of: Carrier) -> Target:
    account = Account("tanaka", Address("tanaka", "d.test"), "example", "tanaka", "tanaka")
    return Target(account, of, Prober("probe1.p.test", "probe@p.test"))


async def facts(names: Names, of: Carrier) -> list[LookedUp]:
    noted: list[Fact] = []
    reach = Reach(None, cast(Resolver, names), lambda: 7.0, lambda: 0.0, None, None, None)  # type: ignore[arg-type]  # untouched
    await dns_probe.probe(target(of), reach, noted.append)
    assert all(isinstance(fact, LookedUp) and fact.at == 7.0 for fact in noted)
    return cast(list[LookedUp], noted)


def brief(noted: list[LookedUp], purpose: Purpose) -> list[tuple[str, str, Lookup]]:
    return [(fact.server, fact.rrtype, fact.outcome) for fact in noted if fact.purpose is purpose]


IMAP = Endpoint("imap.d.test", 993, Channel.IMPLICIT)
SMTP = Endpoint("smtp.d.test", 465, Channel.IMPLICIT)
GIVEN = carrier(imap=IMAP, submission=SMTP)


@pytest.fixture(autouse=True)
def route(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's routing table is not part of the question."""
    monkeypatch.setattr(dns_probe, "local_address", lambda ip: "127.0.0.1" if ip.startswith("127.") else "8.8.4.4")


async def test_mx_is_asked_of_each_resolver_and_their_hosts_of_one() -> None:
    names = Names({("d.test", "MX"): ("10 mx1.d.test.", "20 mx2.d.test."), ("mx1.d.test", "A"): ("8.8.8.8",)})
    noted = await facts(names, GIVEN)
    assert [(fact.resolver, fact.outcome) for fact in noted if fact.purpose is Purpose.MX] == [
        (FIRST, Lookup.FOUND),
        (SECOND, Lookup.FOUND),
    ]
    assert set(brief(noted, Purpose.HOST)) == {
        ("mx1.d.test", "A", Lookup.FOUND),
        ("mx1.d.test", "AAAA", Lookup.NXDOMAIN),
        ("mx2.d.test", "A", Lookup.NXDOMAIN),
        ("mx2.d.test", "AAAA", Lookup.NXDOMAIN),
        ("imap.d.test", "A", Lookup.NXDOMAIN),
        ("imap.d.test", "AAAA", Lookup.NXDOMAIN),
        ("smtp.d.test", "A", Lookup.NXDOMAIN),
        ("smtp.d.test", "AAAA", Lookup.NXDOMAIN),
    }


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        (Lookup.NODATA, Lookup.NODATA, True),  # implicit MX
        (Lookup.NODATA, Lookup.SERVFAIL, True),
        (Lookup.NXDOMAIN, Lookup.NXDOMAIN, False),
        (Lookup.SERVFAIL, Lookup.TIMEOUT, False),
        (("0 .",), ("0 .",), False),
        (Lookup.NODATA, ("10 mx.d.test.",), False),
    ],
)
async def test_the_domain_is_its_own_mail_host_only_without_any_mx(
    first: tuple[str, ...] | Lookup, second: tuple[str, ...] | Lookup, asked: bool
) -> None:
    noted = await facts(Names({("d.test", "MX"): first}, {("d.test", "MX"): second}), GIVEN)
    assert (("d.test", "A", Lookup.NXDOMAIN) in brief(noted, Purpose.HOST)) is asked
    assert len(brief(noted, Purpose.MX)) == 2


async def test_what_the_second_resolver_alone_knows_is_followed() -> None:
    noted = await facts(Names({}, {("d.test", "MX"): ("10 mx.d.test.",)}), GIVEN)
    assert ("mx.d.test", "A", Lookup.NXDOMAIN) in brief(noted, Purpose.HOST)


async def test_a_lab_of_literals_asks_nothing_at_all() -> None:
    here = Endpoint("127.0.0.1", 2525, Channel.CLEAR)
    names = Names({})
    assert await facts(names, carrier(mx=(here,), imap=here, submission=here)) == []
    assert names.asked == []


async def test_configured_mx_hosts_need_no_mx_question() -> None:
    names = Names({("mx.d.test", "A"): ("8.8.8.8",)})
    noted = await facts(names, carrier(mx=(Endpoint("mx.d.test", 25, Channel.CLEAR),), imap=IMAP, submission=SMTP))
    assert brief(noted, Purpose.MX) == []
    assert ("d.test", "MX") not in names.asked


async def test_ourselves_as_a_mail_host_sees_us() -> None:
    table: Table = {
        ("d.test", "MX"): ("10 mx.d.test.",),
        ("mx.d.test", "A"): ("8.8.8.8",),
        ("8.8.4.4", "PTR"): ("probe1.p.test.",),
        ("probe1.p.test", "A"): ("8.8.4.4",),
        ("p.test", "TXT"): ("v=spf1 a -all",),
    }
    noted = await facts(Names(table), GIVEN)
    assert brief(noted, Purpose.OWN_PTR) == [("8.8.4.4", "PTR", Lookup.FOUND)]
    assert brief(noted, Purpose.OWN_SPF) == [("p.test", "TXT", Lookup.FOUND)]
    assert set(brief(noted, Purpose.OWN_ADDRESS)) == {
        ("probe1.p.test", "A", Lookup.FOUND),
        ("probe1.p.test", "AAAA", Lookup.NXDOMAIN),
    }
    assert len(brief(noted, Purpose.OWN_ADDRESS)) == 2


async def test_a_private_address_of_ours_has_no_name_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_probe, "local_address", lambda ip: "10.0.0.7")
    noted = await facts(Names({("d.test", "MX"): ("10 m.test.",), ("m.test", "A"): ("8.8.8.8",)}), GIVEN)
    assert brief(noted, Purpose.OWN_PTR) == []
    assert len(brief(noted, Purpose.OWN_SPF)) == 1


async def test_servers_that_are_given_are_not_looked_for() -> None:
    names = Names({})
    servers = await discover("d.test", GIVEN, cast(Resolver, names))
    assert (servers.imap, servers.submission, servers.asked, names.asked) == (IMAP, SMTP, (), [])


SRV = [
    ({("_imaps._tcp.d.test", "SRV"): ("0 1 993 imap.d.test.",)}, ("imap.d.test", 993, Channel.IMPLICIT, Origin.SRV)),
    ({("_imaps._tcp.d.test", "SRV"): ("0 1 993 imap.evil.test.",)}, ("imap.evil.test", 993, Channel.IMPLICIT, Origin.GUESSED)),
    ({("_imaps._tcp.d.test", "SRV"): ("0 1 993 evild.test.",)}, ("evild.test", 993, Channel.IMPLICIT, Origin.GUESSED)),
    ({("_imap._tcp.d.test", "SRV"): ("0 1 143 d.test.",)}, ("d.test", 143, Channel.STARTTLS, Origin.SRV)),
    (
        {("_imap._tcp.d.test", "SRV"): ("0 1 143 a.d.test.",), ("_imaps._tcp.d.test", "SRV"): ("5 1 993 b.d.test.",)},
        ("b.d.test", 993, Channel.IMPLICIT, Origin.SRV),
    ),
    (
        {("_imap._tcp.d.test", "SRV"): ("0 1 143 a.d.test.",), ("_imaps._tcp.d.test", "SRV"): ("0 0 0 .",)},
        ("a.d.test", 143, Channel.STARTTLS, Origin.SRV),
    ),
    ({("d.test", "MX"): ("10 mx.d.test.",)}, ("mx.d.test", 993, Channel.IMPLICIT, Origin.GUESSED)),
]


@pytest.mark.parametrize(("table", "found"), SRV)
async def test_servers_from_dns(table: Table, found: tuple[str, int, Channel, Origin]) -> None:
    servers = await discover("d.test", carrier(submission=SMTP), cast(Resolver, Names(table)))
    assert servers.imap == Endpoint(*found)
    assert servers.submission == SMTP
    assert {answer.name for answer in servers.asked} == {"_imaps._tcp.d.test", "_imap._tcp.d.test"}


async def test_nothing_is_known_where_dns_knows_nothing() -> None:
    servers = await discover("d.test", carrier(), cast(Resolver, Names({("d.test", "MX"): ("0 .",)})))
    assert (servers.imap, servers.submission) == (None, None)


async def test_submission_from_dns_and_the_answers_are_noted() -> None:
    table: Table = {("_submissions._tcp.d.test", "SRV"): ("0 1 465 smtp.d.test.",), ("smtp.d.test", "A"): ("8.8.8.8",)}
    noted = await facts(Names(table), carrier(imap=IMAP))
    assert brief(noted, Purpose.SERVICE) == [
        ("_submissions._tcp.d.test", "SRV", Lookup.FOUND),
        ("_submission._tcp.d.test", "SRV", Lookup.NXDOMAIN),
    ]
    assert ("smtp.d.test", "A", Lookup.FOUND) in brief(noted, Purpose.HOST)
