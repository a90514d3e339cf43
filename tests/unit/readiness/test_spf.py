"""SPF of our own domains, with the answers of RFC 7208 and its errors; what is not evaluated is never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Lookup
from mailprobe.readiness.spf import Spf, spf_of
from tests.unit.readiness.world import Names

IP = "192.0.2.10"
HOSTS: dict[tuple[str, str], tuple[str, ...] | Lookup] = {
    ("mx.example.net", "A"): (IP,),
    ("near.example.net", "A"): ("192.0.2.200",),
    ("six.example.net", "AAAA"): ("2001:db8::10",),
    ("example.net", "MX"): ("10 mx.example.net.",),
    ("example.net", "A"): ("198.51.100.1",),
    ("silent.example.net", "A"): Lookup.TIMEOUT,
    ("pass.example.net", "TXT"): ("v=spf1 ip4:192.0.2.0/24 -all",),
    ("fail.example.net", "TXT"): ("v=spf1 -all",),
    ("text.example.net", "TXT"): ("hello",),
    ("loop.example.net", "TXT"): ("v=spf1 include:loop.example.net -all",),
    ("chain.example.net", "TXT"): ("v=spf1 redirect=chain.example.net",),
}


async def result(record: str | tuple[str, ...] | Lookup, ip: str = IP) -> Spf:
    value = (record,) if isinstance(record, str) and not isinstance(record, Lookup) else record
    return (await spf_of(Names(HOSTS | {("example.net", "TXT"): value}), ip, "example.net"))[0]


CASES = [
    ("v=spf1 ip4:192.0.2.10 -all", Spf.PASS),
    ("v=spf1 ip4:192.0.2.0/28 -all", Spf.PASS),
    ("V=SPF1 IP4:192.0.2.10 -ALL", Spf.PASS),
    ("v=spf1 ip4:192.0.2.11 -all", Spf.FAIL),
    ("v=spf1 ip4:192.0.2.11 ~all", Spf.SOFTFAIL),
    ("v=spf1 ip4:192.0.2.11 ?all", Spf.NEUTRAL),
    ("v=spf1 ip4:192.0.2.11", Spf.NEUTRAL),
    ("v=spf1 -ip4:192.0.2.10 +all", Spf.FAIL),
    ("v=spf1 ip6:2001:db8::/32 -all", Spf.FAIL),
    ("v=spf1 a -all", Spf.FAIL),
    ("v=spf1 a:mx.example.net -all", Spf.PASS),
    ("v=spf1 a:near.example.net/24 -all", Spf.PASS),
    ("v=spf1 a:near.example.net/28 -all", Spf.FAIL),
    ("v=spf1 a:near.example.net/24//64 -all", Spf.PASS),
    ("v=spf1 a:near.example.net//64 -all", Spf.FAIL),
    ("v=spf1 mx -all", Spf.PASS),
    ("v=spf1 include:pass.example.net -all", Spf.PASS),
    ("v=spf1 include:fail.example.net -all", Spf.FAIL),
    ("v=spf1 include:absent.example.net -all", Spf.PERMERROR),
    ("v=spf1 redirect=pass.example.net", Spf.PASS),
    ("v=spf1 redirect=absent.example.net", Spf.PERMERROR),
    ("v=spf1 redirect=pass.example.net -all", Spf.FAIL),
    ("v=spf1 exists:mx.example.net -all", Spf.PASS),
    ("v=spf1 exists:absent.example.net -all", Spf.FAIL),
    ("v=spf1 a:silent.example.net -all", Spf.TEMPERROR),
    ("v=spf1 a:absent.example.net -all", Spf.FAIL),
    ("v=spf1 include:loop.example.net -all", Spf.PERMERROR),
    ("v=spf1 redirect=chain.example.net", Spf.PERMERROR),
    ("v=spf1 exists:%{i}.example.net -all", Spf.UNTOLD),
    ("v=spf1 ptr -all", Spf.UNTOLD),
    ("v=spf1 ip4:192.0.2.10 ptr -all", Spf.PASS),
    ("v=spf1 exp=why.example.net ip4:192.0.2.10 -all", Spf.PASS),
    ("v=spf1 nonsense -all", Spf.PERMERROR),
    ("v=spf1 ip4:nonsense -all", Spf.PERMERROR),
    ("v=spf1 a:/ -all", Spf.PERMERROR),
    ("v=spf10 -all", Spf.NONE),
    ("hello", Spf.NONE),
    (Lookup.NXDOMAIN, Spf.NONE),
    (Lookup.SERVFAIL, Spf.TEMPERROR),
    (("v=spf1 -all", "v=spf1 +all"), Spf.PERMERROR),
    (("hello", "v=spf1 +all"), Spf.PASS),
    ("v=spf1 " + " ".join(f"a:h{n}.example.net" for n in range(11)) + " +all", Spf.PERMERROR),
]


@pytest.mark.parametrize(("record", "expected"), CASES)
async def test_what_a_record_says_of_our_address(record: str | tuple[str, ...] | Lookup, expected: Spf) -> None:
    assert await result(record) is expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip6:2001:db8::/32 -all", Spf.PASS),
        ("v=spf1 a:six.example.net -all", Spf.PASS),
        ("v=spf1 a:six.example.net//32 -all", Spf.PASS),
        ("v=spf1 ip4:192.0.2.10 -all", Spf.FAIL),
    ],
)
async def test_the_same_for_ipv6(record: str, expected: Spf) -> None:
    assert await result(record, "2001:db8::10") is expected


@given(st.lists(st.sampled_from(["a", "mx", ":", "/", "//", "=", "%", "-", "all", "ip4", "9", " ", "é", "include"]), max_size=12))
async def test_no_record_makes_it_fall_over(parts: list[str]) -> None:
    assert await result(f"v=spf1 {''.join(parts)}") in Spf
