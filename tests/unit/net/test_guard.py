"""The table of where we may connect, and what the configuration may open."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.net.guard import Forbidden, Guard

F = Forbidden
ADDRESSES = [
    ("8.8.8.8", None),
    ("1.1.1.1", None),
    ("100.63.255.255", None),
    ("100.128.0.0", None),
    ("172.15.255.255", None),
    ("172.32.0.0", None),
    ("198.17.255.255", None),
    ("223.255.255.255", None),
    ("2606:4700:4700::1111", None),
    ("2a00:1450:4001::1a", None),
    ("64:ff9b::808:808", None),
    ("2002:808:808::1", None),
    ("::ffff:8.8.8.8", None),
    ("127.0.0.1", F.THIS_HOST),
    ("127.255.255.255", F.THIS_HOST),
    ("0.0.0.0", F.THIS_HOST),  # noqa: S104 - an address to refuse, not to bind
    ("0.1.2.3", F.THIS_HOST),
    ("::", F.THIS_HOST),
    ("::1", F.THIS_HOST),
    ("10.0.0.1", F.PRIVATE),
    ("172.16.0.1", F.PRIVATE),
    ("172.31.255.255", F.PRIVATE),
    ("192.168.1.1", F.PRIVATE),
    ("100.64.0.1", F.PRIVATE),
    ("fc00::1", F.PRIVATE),
    ("fdff::1", F.PRIVATE),
    ("fec0::1", F.PRIVATE),
    ("169.254.1.1", F.LINK_LOCAL),
    ("fe80::1", F.LINK_LOCAL),
    ("fe80::1%eth0", F.LINK_LOCAL),
    ("febf::1", F.LINK_LOCAL),
    ("169.254.169.254", F.METADATA),
    ("100.100.100.200", F.METADATA),
    ("168.63.129.16", F.METADATA),
    ("fd00:ec2::254", F.METADATA),
    ("224.0.0.1", F.MULTICAST),
    ("239.255.255.255", F.MULTICAST),
    ("255.255.255.255", F.MULTICAST),
    ("ff02::1", F.MULTICAST),
    ("192.0.0.8", F.SPECIAL),
    ("192.0.2.1", F.SPECIAL),
    ("198.51.100.1", F.SPECIAL),
    ("203.0.113.1", F.SPECIAL),
    ("198.18.0.1", F.SPECIAL),
    ("198.19.255.255", F.SPECIAL),
    ("240.0.0.1", F.SPECIAL),
    ("192.88.99.1", F.TUNNEL),
    ("2001:db8::1", F.SPECIAL),
    ("3fff::1", F.SPECIAL),
    ("2001:10::1", F.SPECIAL),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", F.TUNNEL),
    ("64:ff9b:1::7f00:1", F.TUNNEL),
    ("64:ff9b::7f00:1", F.THIS_HOST),
    ("64:ff9b::a9fe:a9fe", F.METADATA),
    ("2002:7f00:1::", F.THIS_HOST),
    ("2002:a00:1::1", F.PRIVATE),
    ("::127.0.0.1", F.THIS_HOST),
    ("::ffff:127.0.0.1", F.THIS_HOST),
    ("::ffff:10.1.2.3", F.PRIVATE),
    ("::ffff:0:127.0.0.1", F.NOT_GLOBAL),
    ("2a00:1450::5efe:7f00:1", F.THIS_HOST),
    ("2a00:1450::200:5efe:a00:1", F.PRIVATE),
    ("100::1", F.NOT_GLOBAL),
    ("5f00::1", F.NOT_GLOBAL),
    ("4000::1", F.NOT_GLOBAL),
    ("127.1", F.NOT_AN_ADDRESS),
    ("0x7f000001", F.NOT_AN_ADDRESS),
    ("2130706433", F.NOT_AN_ADDRESS),
    ("0177.0.0.1", F.NOT_AN_ADDRESS),
    ("localhost", F.NOT_AN_ADDRESS),
    ("", F.NOT_AN_ADDRESS),
]


@pytest.mark.parametrize(("ip", "why"), ADDRESSES)
def test_each_address_of_the_table(ip: str, why: Forbidden | None) -> None:
    assert Guard().check(ip, 25) is why


@pytest.mark.parametrize("port", [25, 465, 587, 143, 993])
def test_mail_ports_are_open(port: int) -> None:
    assert Guard().check("8.8.8.8", port) is None


@pytest.mark.parametrize("port", [22, 53, 80, 110, 443, 2525, 4222, 6379, 8025])
def test_other_ports_are_not(port: int) -> None:
    assert Guard().check("8.8.8.8", port) is F.PORT


def test_allowed_networks_open_address_and_port() -> None:
    guard = Guard(allow_networks=("127.0.0.0/8", "fd12::/16"))
    assert guard.check("127.0.0.1", 1993) is None
    assert guard.check("::ffff:127.0.0.1", 1993) is None
    assert guard.check("fd12::7", 2525) is None
    assert guard.check("10.0.0.1", 25) is F.PRIVATE
    assert guard.check("::1", 25) is F.THIS_HOST


def test_an_allowed_network_does_not_open_its_tunnelled_forms() -> None:
    guard = Guard(allow_networks=("127.0.0.0/8",))
    assert guard.check("64:ff9b::7f00:1", 25) is F.THIS_HOST
    assert guard.check("2002:7f00:1::", 25) is F.THIS_HOST


def test_a_written_literal_is_allowed_at_its_port_only() -> None:
    guard = Guard(written={("10.1.1.1", 2525), ("fd00:0::1", 993)})
    assert guard.check("10.1.1.1", 2525) is None
    assert guard.check("10.1.1.1", 25) is F.PRIVATE
    assert guard.check("10.1.1.2", 2525) is F.PRIVATE
    assert guard.check("fd00::1", 993) is None


def test_a_written_host_is_allowed_wherever_it_points() -> None:
    guard = Guard(written=frozenset({("IMAP.mail.test", 1993)}))
    assert guard.check("10.1.1.1", 1993, "imap.mail.test.") is None
    assert guard.check("10.1.1.1", 1993, "other.mail.test") is F.PRIVATE
    assert guard.check("10.1.1.1", 1993) is F.PRIVATE
    assert guard.check("10.1.1.1", 993, "imap.mail.test") is F.PRIVATE


def test_a_network_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Guard(allow_networks=("nowhere",))


def test_inner_is_what_the_prober_allows() -> None:
    guard = Guard(allow_networks=("10.0.0.0/8",))
    assert guard.is_inner("10.9.9.9")
    assert not guard.is_inner("8.8.8.8")
    assert not guard.is_inner("mx.example")


@given(st.ip_addresses(v=4))
def test_every_wrapping_is_judged_like_the_address_inside(inner: ipaddress.IPv4Address) -> None:
    number, guard = int(inner), Guard()
    plain = guard.check(str(inner), 25)
    nat64 = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    assert [guard.check(str(wrapped), 25) for wrapped in (nat64, six_to_four, mapped)] == [plain] * 3


@given(st.text(max_size=40), st.integers(0, 65535))
def test_no_text_raises(ip: str, port: int) -> None:
    assert Guard().check(ip, port) is None or isinstance(Guard().check(ip, port), Forbidden)
