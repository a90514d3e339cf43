"""The routing table's answer; nothing is sent."""

from mailprobe.net.route import local_address


def test_loopback_is_reached_from_loopback() -> None:
    assert local_address("127.0.0.1") == "127.0.0.1"


def test_no_route_is_no_address() -> None:
    assert local_address("not an address") == ""
