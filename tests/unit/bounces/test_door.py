"""Who may come in: limits per address, per network and in all, and who goes when the house is full."""

from dataclasses import dataclass

import pytest

from mailprobe.bounces.door import Bounds, Door, Reason, network_of


@dataclass(eq=False)
class Caller:
    ip: str = "192.0.2.1"
    earned: bool = False
    heard: str = ""
    why: Reason | None = None

    def show_out(self, words: str, reason: Reason | None = None) -> None:
        self.heard, self.why = words, reason


def come(door: Door, *guests: Caller) -> list[bool]:
    said = []
    for guest in guests:
        said.append(door.has_room_for(guest.ip))
        if said[-1]:
            door.enter(guest)
    return said


def test_one_address_has_so_many_places() -> None:
    door = Door(Bounds(per_host=2), 1000)
    first = Caller()
    assert come(door, first, Caller(), Caller(), Caller("192.0.2.2")) == [True, True, False, True]
    door.leave(first)
    door.leave(first)
    assert come(door, Caller(), Caller()) == [True, False]


def test_one_network_has_so_many_places() -> None:
    door = Door(Bounds(per_network=3), 1000)
    assert come(door, *(Caller(f"192.0.2.{n}") for n in range(4)), Caller("192.0.3.1")) == [True, True, True, False, True]
    door = Door(Bounds(per_network=1), 1000)
    assert come(door, *(Caller(f"2001:db8:{n // 2}:{n}::1") for n in range(4))) == [True, False, True, False]


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
    ],
)
def test_networks(ip: str, network: str) -> None:
    assert network_of(ip) == network


def test_in_a_full_house_the_oldest_idle_guest_goes() -> None:
    door = Door(Bounds(most=3), 1000)
    busy, idle, other = Caller("10.0.0.1", earned=True), Caller("10.0.1.1"), Caller("10.0.2.1")
    assert come(door, busy, idle, other, Caller("10.0.3.1")) == [True] * 4
    assert (busy.heard, other.heard, idle.why) == ("", "", Reason.CROWD)
    assert idle.heard.startswith("421 4.7.0 ")
    assert len(door) == 3


def test_who_has_named_one_of_ours_is_never_shown_out() -> None:
    door = Door(Bounds(most=2), 1000)
    guests = [Caller(f"10.0.{n}.1", earned=True) for n in range(3)]
    assert come(door, *guests) == [True, True, False]
    assert [guest.heard for guest in guests] == [""] * 3


@pytest.mark.parametrize(("descriptors", "most"), [(20_000, 500), (1024, 500), (256, 127), (64, 31), (2, 1)])
def test_guests_take_less_than_half_of_the_descriptors(descriptors: int, most: int) -> None:
    assert Door(Bounds(), descriptors).most == most


def test_in_a_crowd_sessions_are_short() -> None:
    door = Door(Bounds(most=4), 1000)
    seen = []
    for n in range(4):
        come(door, Caller(f"10.0.{n}.1"))
        seen.append(door.within)
    assert seen == [60.0, 60.0, 10.0, 10.0]


def test_nothing_is_left_when_all_have_gone() -> None:
    door = Door(Bounds(), 1000)
    guests = [Caller(f"10.0.{n % 3}.{n}") for n in range(20)]
    come(door, *guests)
    for guest in guests:
        door.leave(guest)
    assert (len(door), door._hosts, door._networks) == (0, {}, {})
