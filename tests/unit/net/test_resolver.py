"""Questions to resolvers that say everything a resolver can say; no network."""

import asyncio
import ipaddress
from typing import cast

import dns.exception
import dns.message
import dns.rcode
import dns.zonefile
import pytest

from mailprobe.evidence import Lookup
from mailprobe.net.resolver import Answer, Nameserver, Resolver, parse_nameserver

FIRST, SECOND = "192.0.2.53", "192.0.2.54:5353"


class Zone:
    """Resolvers that answer from a table: (resolver, name, type) or (name, type) -> what they do. Time passes as told."""

    def __init__(self, table: dict[tuple[str, ...], object]) -> None:
        self.table = table
        self.now = 100.0
        self.asked: list[tuple[str, str, str]] = []

    def clock(self) -> float:
        return self.now

    async def exchange(self, query: dns.message.Message, server: Nameserver, within: float) -> dns.message.Message:
        name, rrtype = query.question[0].name.to_text(omit_final_dot=True), query.question[0].to_text().split()[-1]
        self.asked.append((server.label, name, rrtype))
        said = self.table.get((server.label, name, rrtype), self.table.get((name, rrtype), dns.rcode.NXDOMAIN))
        if said == "silence":
            self.now += within
            raise dns.exception.Timeout
        if said == "standstill":  # ours, once
            self.table[(name, rrtype)] = FOUND
            self.now += 20.0
            raise dns.exception.Timeout
        if isinstance(said, Exception):
            raise said
        self.now += 0.01
        reply = dns.message.make_response(query)
        if isinstance(said, dns.rcode.Rcode):
            reply.set_rcode(said)
        else:
            lines = "\n".join(str(line) for line in said)  # type: ignore[attr-defined]  # the table holds nothing else
            sets = dns.zonefile.read_rrsets(lines, rdclass=None, default_ttl=60, origin=".")
            reply.answer = [rrset for rrset in sets if rrset.rdtype.name != "SOA"]
            reply.authority = [rrset for rrset in sets if rrset.rdtype.name == "SOA"]
        return dns.message.from_wire(reply.to_wire(max_size=65535))


def resolver(zone: Zone, *servers: str) -> Resolver:
    return Resolver(servers or (FIRST, SECOND), zone.exchange, zone.clock)


async def test_mx_is_sorted_by_preference_then_name() -> None:
    zone = Zone(
        {("d.test", "MX"): ["d.test. 60 IN MX 20 B.d.test.", "d.test. 60 IN MX 5 z.d.test.", "d.test. 60 IN MX 20 a.d.test."]}
    )
    answer = await resolver(zone).mx("d.test")
    assert answer.outcome is Lookup.FOUND
    assert answer.values == ("5 z.d.test.", "20 a.d.test.", "20 b.d.test.")
    assert answer.hosts == ("z.d.test", "a.d.test", "b.d.test")
    assert (answer.resolver, answer.name, answer.rrtype) == (FIRST, "d.test", "MX")
    assert answer.took == pytest.approx(0.01)


async def test_only_twenty_of_a_thousand_mx_are_used() -> None:
    zone = Zone({("d.test", "MX"): [f"d.test. 60 IN MX {n} m{n}.d.test." for n in range(1000)]})
    assert len((await resolver(zone).mx("d.test")).values) == 20


@pytest.mark.parametrize(
    ("records", "outcome", "hosts"),
    [
        (["0 ."], Lookup.NULL_MX, ()),
        (["0 .", "10 mx.d.test."], Lookup.FOUND, ("mx.d.test",)),
        (["10 ."], Lookup.NODATA, ()),
        (["10 192.0.2.1.", "20 mx.d.test."], Lookup.FOUND, ("mx.d.test",)),
    ],
)
async def test_null_mx_and_mx_that_are_no_hosts(records: list[str], outcome: Lookup, hosts: tuple[str, ...]) -> None:
    zone = Zone({("d.test", "MX"): [f"d.test. 60 IN MX {record}" for record in records]})
    answer = await resolver(zone, FIRST).mx("d.test")
    assert (answer.outcome, answer.hosts) == (outcome, hosts)


FOUND = ["d.test. 60 IN MX 10 mx.d.test."]
NONSENSE = cast(Exception, getattr(dns.exception, "FormError")())  # noqa: B009 - dnspython's exceptions are untyped
TWICE = [
    (dns.rcode.NXDOMAIN, dns.rcode.NXDOMAIN, Lookup.NXDOMAIN),
    (dns.rcode.NXDOMAIN, FOUND, Lookup.FOUND),
    (dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, Lookup.SERVFAIL),
    (dns.rcode.NXDOMAIN, "silence", Lookup.TIMEOUT),
    ([], [], Lookup.NODATA),
    ([], FOUND, Lookup.FOUND),
    (dns.rcode.SERVFAIL, FOUND, Lookup.FOUND),
    (dns.rcode.REFUSED, FOUND, Lookup.FOUND),
    ("silence", FOUND, Lookup.FOUND),
    (OSError("no route"), FOUND, Lookup.FOUND),
    (dns.rcode.SERVFAIL, dns.rcode.SERVFAIL, Lookup.SERVFAIL),
    (dns.rcode.REFUSED, dns.rcode.REFUSED, Lookup.REFUSED),
    (dns.rcode.SERVFAIL, "silence", Lookup.SERVFAIL),
    ("silence", dns.rcode.REFUSED, Lookup.REFUSED),
    ("silence", "silence", Lookup.TIMEOUT),
    (dns.rcode.FORMERR, dns.rcode.NOTIMP, Lookup.ERROR),
    (EOFError(), NONSENSE, Lookup.ERROR),
    (dns.rcode.SERVFAIL, dns.rcode.NXDOMAIN, Lookup.SERVFAIL),
]


@pytest.mark.parametrize(("first", "second", "outcome"), TWICE)
async def test_two_resolvers(first: object, second: object, outcome: Lookup) -> None:
    zone = Zone({(FIRST, "d.test", "MX"): first, (SECOND, "d.test", "MX"): second})
    assert (await resolver(zone).mx("d.test")).outcome is outcome


async def test_one_question_ends_within_five_seconds() -> None:
    zone = Zone({("d.test", "MX"): "silence"})
    answer = await resolver(zone, "192.0.2.1", "192.0.2.2", "192.0.2.3").mx("d.test")
    assert answer.outcome is Lookup.TIMEOUT
    assert zone.now - 100.0 <= 5.0


async def test_that_we_stood_still_is_no_silence_of_theirs() -> None:
    """A stopped process, a machine under load: the answer may have been there all the while."""
    zone = Zone({("d.test", "MX"): "standstill"})
    answer = await resolver(zone, FIRST).mx("d.test")
    assert (answer.outcome, len(zone.asked)) == (Lookup.FOUND, 2)


async def test_one_silent_resolver_is_asked_twice_and_one_that_failed_once() -> None:
    zone = Zone({("a.test", "MX"): "silence", ("b.test", "MX"): dns.rcode.SERVFAIL})
    await resolver(zone, FIRST).mx("a.test")
    await resolver(zone, FIRST).mx("b.test")
    assert [name for _, name, _ in zone.asked] == ["a.test", "a.test", "b.test"]


async def test_each_resolver_speaks_for_itself() -> None:
    zone = Zone({(FIRST, "d.test", "MX"): FOUND})
    answers = await resolver(zone, FIRST, SECOND, "192.0.2.55").mx_each("d.test")
    assert [(answer.resolver, answer.outcome) for answer in answers] == [(FIRST, Lookup.FOUND), (SECOND, Lookup.NXDOMAIN)]


async def test_addresses_are_two_answers() -> None:
    zone = Zone({("h.test", "A"): ["h.test. 60 IN A 192.0.2.9"], ("h.test", "AAAA"): []})
    a, aaaa = await resolver(zone).addresses("h.test")
    assert (a.rrtype, a.outcome, a.values) == ("A", Lookup.FOUND, ("192.0.2.9",))
    assert (aaaa.rrtype, aaaa.outcome) == ("AAAA", Lookup.NODATA)
    assert {server for server, _, _ in zone.asked} == {FIRST}


async def test_a_host_without_any_address_is_asked_of_a_second_resolver() -> None:
    zone = Zone({(SECOND, "h.test", "A"): ["h.test. 60 IN A 192.0.2.9"]})
    a, aaaa = await resolver(zone).addresses("h.test")
    assert (a.values, a.resolver, aaaa.outcome) == (("192.0.2.9",), SECOND, Lookup.NXDOMAIN)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("192.0.2.1", [("A", ("192.0.2.1",))]),
        ("2001:db8::1", [("AAAA", ("2001:db8::1",))]),
        ("localhost", [("A", ("127.0.0.1",)), ("AAAA", ("::1",))]),
        ("MX.Localhost.", [("A", ("127.0.0.1",)), ("AAAA", ("::1",))]),
    ],
)
async def test_what_needs_no_question(host: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    zone = Zone({})
    assert [(answer.rrtype, answer.values) for answer in await resolver(zone).addresses(host)] == found
    assert zone.asked == []


async def test_cname_chain_in_one_answer() -> None:
    zone = Zone({("h.test", "A"): ["h.test. 60 IN CNAME i.test.", "i.test. 60 IN CNAME j.test.", "j.test. 60 IN A 192.0.2.9"]})
    assert (await resolver(zone).addresses("h.test"))[0].values == ("192.0.2.9",)


async def test_cname_chain_that_the_resolver_leaves_to_us() -> None:
    zone = Zone({("h.test", "A"): ["h.test. 60 IN CNAME i.test."], ("i.test", "A"): ["i.test. 60 IN A 192.0.2.9"]})
    assert (await resolver(zone).addresses("h.test"))[0].values == ("192.0.2.9",)


async def test_cname_to_a_name_without_that_record() -> None:
    soa = ". 60 IN SOA a. b. 1 2 3 4 5"
    zone = Zone({("h.test", "A"): ["h.test. 60 IN CNAME i.test.", soa]})
    answer = (await resolver(zone, FIRST).addresses("h.test"))[0]
    assert answer.outcome is Lookup.NODATA
    assert [name for _, name, rrtype in zone.asked if rrtype == "A"] == ["h.test"]


@pytest.mark.parametrize(
    "table",
    [
        {("h.test", "A"): ["h.test. 60 IN CNAME h.test."]},
        {("h.test", "A"): ["h.test. 60 IN CNAME i.test."], ("i.test", "A"): ["i.test. 60 IN CNAME h.test."]},
        {(f"{n}.h.test", "A"): [f"{n}.h.test. 60 IN CNAME {n + 1}.h.test."] for n in range(50)}
        | {("h.test", "A"): ["h.test. 60 IN CNAME 0.h.test."]},
    ],
)
async def test_cname_loops_end_as_error(table: dict[tuple[str, ...], object]) -> None:
    zone = Zone(table)
    assert (await resolver(zone, FIRST).addresses("h.test"))[0].outcome is Lookup.ERROR
    assert len(zone.asked) <= 12


async def test_srv_txt_and_ptr() -> None:
    zone = Zone(
        {
            ("_imaps._tcp.d.test", "SRV"): [
                "_imaps._tcp.d.test. 60 IN SRV 10 1 993 b.d.test.",
                "_imaps._tcp.d.test. 60 IN SRV 0 1 993 c.d.test.",
                "_imaps._tcp.d.test. 60 IN SRV 0 9 993 d.d.test.",
            ],
            ("d.test", "TXT"): ['d.test. 60 IN TXT "v=spf1 " "-all"', 'd.test. 60 IN TXT "a\\027[2Jb"'],
            ("9.2.0.192.in-addr.arpa", "PTR"): ["9.2.0.192.in-addr.arpa. 60 IN PTR Probe1.d.test."],
        }
    )
    asking = resolver(zone)
    assert (await asking.srv("d.test", "_imaps._tcp")).values == ("0 9 993 d.d.test.", "0 1 993 c.d.test.", "10 1 993 b.d.test.")
    assert set((await asking.txt("d.test")).values) == {"v=spf1 -all", "a?[2Jb"}
    assert (await asking.ptr("192.0.2.9")).values == ("probe1.d.test.",)
    assert (await asking.ptr("nowhere")).outcome is Lookup.ERROR


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".test", "日本.test", ".".join(["a" * 50] * 6)])
async def test_names_that_cannot_be_asked(name: str) -> None:
    zone = Zone({})
    assert (await resolver(zone).mx(name)).outcome is Lookup.ERROR
    assert zone.asked == []


async def test_without_any_resolver_the_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailprobe.net.resolver.of_system", lambda: ())
    asking = Resolver((), Zone({}).exchange)
    assert await asking.mx("d.test") == Answer(Lookup.ERROR, name="d.test", rrtype="MX")
    assert [answer.outcome for answer in await asking.mx_each("d.test")] == [Lookup.ERROR]


async def test_cancellation_leaves_nothing_behind() -> None:
    never: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()

    async def hang(query: dns.message.Message, server: Nameserver, within: float) -> dns.message.Message:
        return await never

    task = asyncio.create_task(Resolver((FIRST, SECOND), hang).mx_each("d.test"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("text", "ip", "port", "label"),
    [
        ("192.0.2.1", "192.0.2.1", 53, "192.0.2.1"),
        ("192.0.2.1:5353", "192.0.2.1", 5353, "192.0.2.1:5353"),
        ("2001:db8::1", "2001:db8::1", 53, "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1", 53, "2001:db8::1"),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353, "[2001:db8::1]:5353"),
    ],
)
def test_resolvers_as_written(text: str, ip: str, port: int, label: str) -> None:
    server = parse_nameserver(text)
    assert (server, server.label) == (Nameserver(ip, port), label)


@pytest.mark.parametrize(
    "text", ["", "dns.test", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:x", "[192.0.2.1", ":53"]
)
def test_resolvers_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="resolver"):
        parse_nameserver(text)


def test_the_systems_resolvers_are_addresses() -> None:
    assert all(ipaddress.ip_address(server.ip) for server in Resolver().servers)
