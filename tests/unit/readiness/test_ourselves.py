"""PTR, EHLO, A, SPF, port 25, block lists, the clock: what is good, what is not, and what could not be told."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from mailprobe.config import Prober
from mailprobe.evidence import Answered, Connected, Fact, Lookup, NotConnected, Replied, Stage, Unreachable
from mailprobe.readiness import Finding, Result
from mailprobe.readiness.clock import Kernel, ask_kernel, clock_finding, offsets_of
from mailprobe.readiness.identity import (
    Ourselves,
    identity_findings,
    locals_of,
    ourselves,
    port_finding,
    resolver_finding,
    spf_findings,
)
from mailprobe.readiness.lists import look_up, name_at
from tests.unit.readiness.world import Names, evidence

IP, NAME = "192.0.2.10", "probe1.example.net"
PROBER = Prober(NAME, "probe@probe.example.net", "bounce.probe.example.net")
Records = dict[tuple[str, str], tuple[str, ...] | Lookup]
SOUND: Records = {(NAME, "A"): (IP,), (IP, "PTR"): (f"{NAME}.",)}


def said(finding: Finding) -> tuple[Result, str]:
    return finding.result, f"{finding.what} {finding.repair}"


@pytest.mark.parametrize(
    ("change", "result", "words"),
    [
        ({}, Result.GOOD, "agree"),
        ({(IP, "PTR"): ("Probe1.Example.NET.",)}, Result.GOOD, "agree"),
        ({(IP, "PTR"): ("other.example.net.", f"{NAME}.")}, Result.GOOD, "agree"),
        ({(IP, "PTR"): ("host-10.isp.example.",)}, Result.BAD, "10.2.0.192.in-addr.arpa PTR probe1.example.net"),
        ({(IP, "PTR"): Lookup.NXDOMAIN}, Result.BAD, "it has no PTR"),
        ({(IP, "PTR"): Lookup.SERVFAIL}, Result.UNKNOWN, "servfail"),
        ({(NAME, "A"): ("192.0.2.11",)}, Result.BAD, "publish probe1.example.net A 192.0.2.10"),
        ({(NAME, "A"): Lookup.NXDOMAIN}, Result.BAD, "publish probe1.example.net A <our address>"),
        ({(NAME, "A"): Lookup.TIMEOUT}, Result.UNKNOWN, "cannot be asked: timeout"),
    ],
)
async def test_ptr_ehlo_and_address_agree(change: Records, result: Result, words: str) -> None:
    (finding,) = await identity_findings(Names(SOUND | change), PROBER, Ourselves((IP,)))
    assert (finding.result, words in said(finding)[1]) == (result, True)


async def test_behind_a_translation_our_address_is_taken_from_the_name() -> None:
    us = ourselves(("10.0.0.5",), (), (IP,))
    assert us == Ourselves((IP,), translated=True)
    (finding,) = await identity_findings(Names(SOUND), PROBER, us)
    assert (finding.result, "not seen from here" in finding.what) == (Result.GOOD, True)


def test_our_addresses_are_those_that_we_speak_from() -> None:
    assert ourselves(("8.8.8.8", "127.0.0.1", "fe80::1%eth0"), (), (IP,)) == Ourselves(("8.8.8.8",))
    assert ourselves(("127.0.0.1",), ("127.0.0.0/8",), (IP,)) == Ourselves(("127.0.0.1",))
    assert ourselves((), (), ()) == Ourselves((), translated=True)


def test_where_nothing_was_connected_the_routing_table_is_asked() -> None:
    cached = Replied(at=0.0, server="mx:25", ip="192.0.2.7", stage=Stage.RCPT, code=250, enhanced="", text="", cached_at=1.0)
    connected = Connected(at=0.0, server="mx:25", ip="192.0.2.7", took=0.1, local=IP)
    assert locals_of([evidence(cached)], lambda ip: f"to {ip}") == ("to 192.0.2.7",)
    assert locals_of([evidence(cached, connected)], lambda ip: "") == (IP,)
    assert locals_of([evidence(cached)], lambda ip: "") == ()
    assert port_finding([evidence(cached)]).result is Result.GOOD


async def test_spf_of_every_domain_that_we_send_as() -> None:
    records: Records = {
        ("probe.example.net", "TXT"): ("v=spf1 ip4:192.0.2.10 -all",),
        ("bounce.probe.example.net", "TXT"): ("v=spf1 ip4:198.51.100.1 -all",),
    }
    first, second = await spf_findings(Names(records), PROBER, Ourselves((IP, "2001:db8::10")))
    assert (first.result, first.about) == (Result.BAD, "probe.example.net")  # not from the other address
    assert second.repair == 'publish bounce.probe.example.net TXT "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"'
    first, second = await spf_findings(Names(records), PROBER, Ourselves((IP,)))
    assert (first.result, second.result) == (Result.GOOD, Result.BAD)
    nobody = await spf_findings(Names(records), PROBER, Ourselves(()))
    assert {one.result for one in nobody} == {Result.UNKNOWN}
    silent = await spf_findings(Names({("probe.example.net", "TXT"): Lookup.TIMEOUT}), PROBER, Ourselves((IP,)))
    assert [one.result for one in silent] == [Result.UNKNOWN, Result.BAD]


def shut(ip: str, why: Unreachable, port: int = 25) -> Fact:
    return NotConnected(at=0.0, server=f"mx:{port}", ip=ip, why=why)


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ((Connected(at=0.0, server="mx:25", ip="192.0.2.7", took=0.1),), Result.GOOD),
        ((shut("192.0.2.7", Unreachable.TIMEOUT), Connected(at=0.0, server="m2:25", ip="192.0.2.8", took=0.1)), Result.GOOD),
        ((shut("192.0.2.7", Unreachable.TIMEOUT), shut("192.0.2.8", Unreachable.NO_ROUTE)), Result.BAD),
        ((shut("192.0.2.7", Unreachable.TIMEOUT),), Result.UNKNOWN),  # may be theirs
        ((shut("192.0.2.7", Unreachable.TIMEOUT), shut("192.0.2.8", Unreachable.REFUSED)), Result.UNKNOWN),
        ((shut("192.0.2.7", Unreachable.TIMEOUT, 2525), shut("192.0.2.8", Unreachable.TIMEOUT, 2525)), Result.UNKNOWN),
        ((), Result.UNKNOWN),
    ],
)
def test_a_closed_port_is_ours_only_if_several_are_silent(facts: tuple[Fact, ...], result: Result) -> None:
    assert port_finding([evidence(*facts)]).result is result


def test_who_has_a_live_control_is_not_told_to_give_one() -> None:
    """Its MX hosts were looked for, and not found."""
    assert "give a carrier a live control" in port_finding([]).repair
    assert "MX records" in port_finding([evidence()]).repair


def test_one_resolver_is_too_few() -> None:
    assert [resolver_finding(servers).result for servers in ((), ("192.0.2.53",), ("192.0.2.53", "192.0.2.54"))] == [
        Result.BAD,
        Result.BAD,
        Result.GOOD,
    ]


# ---- block lists -----------------------------------------------------------------------------------------------------

TEST = ("2.0.0.127.list.example", "A")
OURS = ("10.2.0.192.list.example", "A")


@pytest.mark.parametrize(
    ("records", "result"),
    [
        ({TEST: ("127.0.0.2",)}, Result.GOOD),
        ({TEST: ("127.0.0.2",), OURS: ("127.0.0.4",)}, Result.BAD),
        ({TEST: ("127.0.0.2", "127.0.0.10"), OURS: ("127.0.0.4", "127.0.0.10")}, Result.BAD),
        ({TEST: ("127.255.255.254",), OURS: ("127.255.255.254",)}, Result.UNKNOWN),  # a public resolver
        ({TEST: ("127.255.255.255",)}, Result.UNKNOWN),  # too many questions
        ({TEST: ("127.0.0.2",), OURS: ("127.255.255.252",)}, Result.UNKNOWN),
        ({TEST: ("127.0.0.2",), OURS: Lookup.SERVFAIL}, Result.UNKNOWN),
        ({}, Result.UNKNOWN),  # the list is dead: nothing is listed, not even its test entry
        ({TEST: ("203.0.113.80",), OURS: ("203.0.113.80",)}, Result.UNKNOWN),  # a resolver that answers everything
        ({TEST: Lookup.TIMEOUT}, Result.UNKNOWN),
    ],
)
async def test_a_list_is_believed_while_its_test_entry_is_listed(records: Records, result: Result) -> None:
    (finding,) = await look_up(Names(records), (IP,), ("list.example",))
    assert (finding.about, finding.result) == ("list.example", result)


def test_the_name_of_an_address_at_a_list() -> None:
    assert name_at("192.0.2.99", "list.example") == "99.2.0.192.list.example"
    assert name_at("2001:db8::1", "l.example") == "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.l.example"


# ---- the clock -------------------------------------------------------------------------------------------------------

NOW = 1_700_000_000.0


def greeting(server: str, ahead: float, form: str = "{}") -> Fact:
    date = format_datetime(datetime.fromtimestamp(NOW + 5.0 + ahead, UTC))
    text = form.format(date)
    return Replied(at=5.0, server=server, ip="", stage=Stage.GREETING, code=220, enhanced="", text=text)


@pytest.mark.parametrize("form", ["mx ESMTP Sendmail 8.17; {}", "mx ESMTP Exim 4.96 {}"])
def test_the_date_of_a_greeting(form: str) -> None:
    assert offsets_of([evidence(greeting("mx:25", 90.0, form), started=NOW)]) == {"mx:25": 90.0}


def test_only_a_greeting_tells_the_time_and_only_a_date_is_one() -> None:
    other = Answered(at=5.0, server="i", ip="", stage=Stage.LOGIN, status="OK", code="", text="1 Jan 2020 00:00:00 +0000")
    assert offsets_of([evidence(greeting("mx:25", 0.0, "mx ESMTP Postfix"), other)]) == {}
    assert offsets_of([evidence(greeting("mx:25", 0.0, "99 Jan 2020 99:00:00 +0000"))]) == {}


@pytest.mark.parametrize(
    ("offsets", "kernel", "result"),
    [
        ({"a": 3.0}, None, Result.GOOD),
        ({"a": 3.0, "b": 4000.0, "c": -1.0}, Kernel(False, 16.0), Result.GOOD),
        ({"a": 3600.0, "b": 3601.0}, Kernel(True, 0.01), Result.BAD),
        ({"a": -3600.0, "b": -3601.0}, None, Result.BAD),
        ({"a": 3600.0}, Kernel(True, 0.01), Result.UNKNOWN),
        ({}, Kernel(True, 0.01), Result.GOOD),
        ({}, Kernel(False, 16.0), Result.UNKNOWN),
        ({}, None, Result.UNKNOWN),
    ],
)
def test_what_is_said_of_the_clock(offsets: dict[str, float], kernel: Kernel | None, result: Result) -> None:
    finding = clock_finding(offsets, kernel)
    assert finding.result is result
    if result is Result.BAD:
        assert ("behind" in finding.what) is (offsets["a"] > 0)


def test_the_kernel_can_be_asked() -> None:
    said = ask_kernel()
    assert said is None or 0 <= said.error < 1e6
    assert time.time() > NOW
