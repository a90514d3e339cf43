"""What was seen of ourselves, and what it means: tables with a given now."""

from __future__ import annotations

import pytest

from mailprobe.evidence import Lookup
from mailprobe.prober import Check, Remark, State, findings
from mailprobe.prober.findings import Door, Flip, Heard, Pair, SignsIn
from mailprobe.prober.names import ListSays, Seen, Spf, Told, block_list, list_name, name, spf
from mailprobe.verdict.picture import Control
from mailprobe.verdict.picture import Prober as AtTheDoor

NOW = 1_800_000_000.0
GOOD, BAD, UNSURE, NONE = State
A, B = "192.0.2.53", "192.0.2.54"

RESOLVERS = [
    ("one answers", [Heard(A, Lookup.FOUND)], GOOD),
    ("there is no such name", [Heard(A, Lookup.NXDOMAIN)], GOOD),
    ("silence", [Heard(A, Lookup.TIMEOUT), Heard(A, Lookup.TIMEOUT)], BAD),
    ("SERVFAIL and silence", [Heard(A, Lookup.SERVFAIL), Heard(B, Lookup.TIMEOUT)], BAD),
    ("a carrier's DNS is broken, ours is not", [Heard(A, Lookup.SERVFAIL), Heard(A, Lookup.FOUND)], GOOD),
    ("one of two", [Heard(A, Lookup.TIMEOUT), Heard(B, Lookup.NODATA)], GOOD),
    ("nothing to ask", [], NONE),
]


@pytest.mark.parametrize(("heard", "want"), [row[1:] for row in RESOLVERS], ids=[row[0] for row in RESOLVERS])
def test_resolver(heard: list[Heard], want: State) -> None:
    assert findings.resolver(heard, NOW).state is want


def test_a_silent_second_resolver_is_mentioned() -> None:
    found = findings.resolver([Heard(A, Lookup.TIMEOUT), Heard(B, Lookup.FOUND)], NOW)
    assert (found.what, dict(found.words)) == (Remark.SOME_RESOLVERS_SILENT, {"silent": "1", "asked": "2"})


def door(carrier: str, reached: bool, ago: float = 10.0, host: str = "") -> Door:
    return Door(carrier, host or f"mx.{carrier}", reached, NOW - ago)


DOORS = [
    ("nothing asked", [], UNSURE),
    ("one reached", [door("a", True), door("b", False)], GOOD),
    ("one carrier silent", [door("a", False), door("a", False, host="mx2.a")], UNSURE),
    ("two carriers silent", [door("a", False), door("b", False)], BAD),
    ("reached long ago", [door("a", True, 700), door("a", False), door("b", False)], BAD),
    ("silent long ago", [door("a", False, 700), door("b", False)], UNSURE),
]


@pytest.mark.parametrize(("doors", "want"), [row[1:] for row in DOORS], ids=[row[0] for row in DOORS])
def test_port_25(doors: list[Door], want: State) -> None:
    assert findings.port_25(doors, NOW).state is want


@pytest.mark.parametrize(
    ("said", "want"),
    [
        (AtTheDoor.FINE, GOOD),
        (AtTheDoor.BLOCKED, BAD),
        (AtTheDoor.MISCONFIGURED, BAD),
        (AtTheDoor.PORT_CLOSED, UNSURE),
        (AtTheDoor.UNKNOWN, UNSURE),
    ],
)
def test_turned_away(said: AtTheDoor, want: State) -> None:
    found = findings.turned_away("lab", said, NOW)
    assert (found.state, found.subject) == (want, "lab")


IN, OUT, GONE, NO = Control.GOOD, Control.REFUSED, Control.UNREACHABLE, Control.ABSENT
CONTROLS = [
    ("all in", {"a": IN, "b": Control.GOOD_BY_MASTER}, {"a": GOOD, "b": GOOD}),
    ("one carrier's fails", {"a": IN, "b": GONE}, {"a": GOOD, "b": UNSURE}),
    ("all fail at once", {"a": OUT, "b": GONE}, {"a": BAD, "b": BAD}),
    ("the only one fails", {"a": GONE}, {"a": UNSURE}),
    ("the only one that there is fails", {"a": GONE, "b": NO}, {"a": UNSURE, "b": NONE}),
    ("none", {"a": NO, "b": Control.UNASKED}, {"a": NONE, "b": NONE}),
]


@pytest.mark.parametrize(("seen", "want"), [row[1:] for row in CONTROLS], ids=[row[0] for row in CONTROLS])
def test_controls(seen: dict[str, Control], want: dict[str, State]) -> None:
    assert {one.subject: one.state for one in findings.controls(seen, NOW)} == want


Y, N, X = SignsIn
WITNESS = [
    ("never compared", [], NONE),
    ("ours signs in", [Pair(Y, X)], GOOD),
    ("ours fails once", [Pair(N, Y)], NONE),
    ("ours fails twice", [Pair(N, Y), Pair(N, Y)], BAD),
    ("ours fails, then both", [Pair(N, Y), Pair(N, N)], NONE),
    ("both fail twice", [Pair(N, N), Pair(N, N)], NONE),
    ("there is no witness", [Pair(N, X), Pair(N, X)], NONE),
    ("and mended", [Pair(N, Y), Pair(N, Y), Pair(Y, X)], GOOD),
    ("mended in between", [Pair(N, Y), Pair(Y, X), Pair(N, Y)], NONE),
]


@pytest.mark.parametrize(("pairs", "want"), [row[1:] for row in WITNESS], ids=[row[0] for row in WITNESS])
def test_witness(pairs: list[Pair], want: State) -> None:
    assert findings.witness("lab", pairs, NOW).state is want


def flips(carrier: str, count: int, ago: float = 60.0) -> list[Flip]:
    return [Flip(f"{carrier}{n}", carrier, NOW - ago) for n in range(count)]


MASS = [
    ("quiet", [], GOOD),
    ("one carrier down", flips("a", 100), GOOD),
    ("two carriers down", flips("a", 100) + flips("b", 90), GOOD),
    ("three carriers at once", flips("a", 31) + flips("b", 40) + flips("c", 4), BAD),
    ("just not a third", flips("a", 30) + flips("b", 40) + flips("c", 4), GOOD),
    ("three, but not at once", flips("a", 31, 400) + flips("b", 40) + flips("c", 4), GOOD),
    ("the same account again and again", flips("a", 2) * 50 + flips("b", 40) + flips("c", 4), GOOD),
]


@pytest.mark.parametrize(("seen", "want"), [row[1:] for row in MASS], ids=[row[0] for row in MASS])
def test_mass(seen: list[Flip], want: State) -> None:
    assert findings.mass(seen, {"a": 100, "b": 100, "c": 10, "d": 50}, NOW).state is want


def test_mass_needs_three_carriers() -> None:
    assert findings.mass(flips("a", 100), {"a": 100, "b": 100}, NOW).state is NONE


# ---- names -----------------------------------------------------------------------------------------------------------

IP = "8.8.4.4"  # stands for a public address of ours; nothing is asked
NOT_THERE, LOST = Told(Lookup.NXDOMAIN), Told(Lookup.TIMEOUT)


def found(*values: str) -> Told:
    return Told(Lookup.FOUND, values)


SPF = found("v=spf1 ip4:8.8.4.0/24 -all")
RIGHT = {"addresses": found(IP), "names": found("Probe.example.net."), "texts": SPF}
NAMES = [
    ("all in order", IP, {}, GOOD),
    ("an inner address", "10.0.0.5", {}, NONE),
    ("loopback", "127.0.0.1", {}, NONE),
    ("no route", "", {}, NONE),
    ("no PTR", IP, {"names": NOT_THERE}, BAD),
    ("another PTR", IP, {"names": found("cable-4711.example.org.")}, BAD),
    ("EHLO name without address", IP, {"addresses": NOT_THERE}, BAD),
    ("EHLO name of another host", IP, {"addresses": found("192.0.2.9")}, BAD),
    ("several addresses, ours among them", IP, {"addresses": found("192.0.2.9", IP)}, GOOD),
    ("no SPF", IP, {"texts": found("google-site-verification=1")}, BAD),
    ("two SPF", IP, {"texts": found("v=spf1 -all", "v=spf1 +all")}, BAD),
    ("SPF forbids", IP, {"texts": found("v=spf1 ip4:192.0.2.0/24 -all")}, BAD),
    ("SPF by include", IP, {"texts": found("v=spf1 include:_spf.example.net -all")}, GOOD),
    ("PTR not answered", IP, {"names": LOST}, UNSURE),
    ("PTR not answered, and SPF wrong", IP, {"names": LOST, "texts": found("v=spf1 -all")}, BAD),
]


@pytest.mark.parametrize(("ip", "given", "want"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_name(ip: str, given: dict[str, Told], want: State) -> None:
    assert name(Seen(ip, "probe.example.net", **{**RIGHT, **given}), NOW).state is want


@pytest.mark.parametrize(
    ("record", "want"),
    [
        ("v=spf1 ip4:8.8.4.4 -all", Spf.PERMITS),
        ("v=spf1 ip4:8.8.4.0/24 ~all", Spf.PERMITS),
        ("v=spf1 IP4:8.8.4.4 -ALL", Spf.PERMITS),
        ("v=spf1 -ip4:8.8.4.4 +all", Spf.FORBIDS),
        ("v=spf1 ip6:2001:db8::/32 -all", Spf.FORBIDS),
        ("v=spf1 ip4:192.0.2.1 ~all", Spf.FORBIDS),
        ("v=spf1 ip4:192.0.2.1 ?all", Spf.UNDECIDED),
        ("v=spf1 mx -all", Spf.UNDECIDED),
        ("v=spf1 ip4:192.0.2.1 redirect=_spf.example.net", Spf.UNDECIDED),
        ("v=spf1", Spf.UNDECIDED),
        ("v=spf1 ip4:nonsense -all", Spf.FORBIDS),
    ],
)
def test_spf(record: str, want: Spf) -> None:
    assert spf(record, IP) is want


TEST_ENTRY = found("127.0.0.2")
LISTS = [
    ("not listed", NOT_THERE, TEST_ENTRY, NOT_THERE, GOOD),
    ("listed", found("127.0.0.4", "127.0.0.10"), TEST_ENTRY, NOT_THERE, BAD),
    ("an open resolver asked", found("127.255.255.254"), found("127.255.255.254"), NOT_THERE, UNSURE),
    ("too many questions", found("127.255.255.255"), TEST_ENTRY, NOT_THERE, UNSURE),
    ("a typo in the zone", NOT_THERE, found("127.255.255.252"), NOT_THERE, UNSURE),
    ("the list is dead", NOT_THERE, NOT_THERE, NOT_THERE, UNSURE),
    ("the list names everybody", found("127.0.0.2"), TEST_ENTRY, found("127.0.0.2"), UNSURE),
    ("the resolver invents addresses", found("203.0.113.7"), found("203.0.113.7"), NOT_THERE, UNSURE),
    ("no answer", LOST, TEST_ENTRY, NOT_THERE, UNSURE),
    ("SERVFAIL", Told(Lookup.SERVFAIL), TEST_ENTRY, NOT_THERE, UNSURE),
]


@pytest.mark.parametrize(("ours", "always", "never", "want"), [row[1:] for row in LISTS], ids=[row[0] for row in LISTS])
def test_block_list(ours: Told, always: Told, never: Told, want: State) -> None:
    finding = block_list("list.example.net", ListSays(ours, always, never), NOW)
    assert (finding.check, finding.state, finding.subject) == (Check.BLOCK_LIST, want, "list.example.net")


def test_the_name_that_a_list_is_asked_for() -> None:
    assert list_name("192.0.2.99", "bl.test") == "99.2.0.192.bl.test"
    assert list_name("2001:db8::1", "bl.test").startswith("1.0.0.0.0.0.0.0.")
