"""Every probe against every way of misbehaving, at every step of the dialogue.

Whatever a server does, the probe ends in time, a fact names the step and the trouble and keeps the server's words, memory stays
small, nothing is left behind, and no octet of a secret goes where name and chain have not been proven.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailprobe.carriers import Channel, Endpoint
from mailprobe.demo import hostile
from mailprobe.demo.faults import (
    Flood,
    Script,
    listening,
    relay,
    scripted,
)
from mailprobe.demo.tls import Authority, Certificate
from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded
from mailprobe.evidence import (
    Answered,
    Broken,
    End,
    Evidence,
    Fact,
    NotConnected,
    NotSecured,
    Replied,
    Secured,
    Stage,
    TlsFault,
)
from mailprobe.net.connecting import Net
from mailprobe.net.resolver import Resolver
from mailprobe.probes import Probe, Reach, imap, mx, submission
from tests.e2e.misbehaviour import CASES, CHUNK, CLEAR, HONEST, IMPLICIT, PARTING, PREAUTH, STARTTLS, Case, script
from tests.unit import given
from tests.unit.probes.world import KEPT, SECRET, Anywhere, Politeness, Purse

PROBES: dict[str, Probe] = {"imap": imap.probe, "mx": mx.probe, "submission": submission.probe}
WITHIN = (0.4, 4.0, 20.0)  # seconds that a probe gets: loopback answers in a hundredth of that, but a busy machine may not
GRACE = 5.0  # seconds that it may take to come back from there
MEMORY = 4 << 20  # octets of memory that one hostile server may cost, the server's own in the same process included
PLAIN = base64.b64encode(f"\0u\0{SECRET}".encode())


@dataclass
class Cost:
    """What the process holds: taken before and after."""

    descriptors: int = field(default_factory=lambda: len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - counts, and needs no paths
    tasks: int = field(default_factory=lambda: len(asyncio.all_tasks()))


def memory(what: str) -> int:
    """Octets: VmRSS is what the process holds now, VmHWM the most it has held."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(what))
    return int(line.split()[1]) << 10


def forget_most() -> int:
    """From now on VmHWM counts anew. Returns what is held now."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


async def settled(before: Cost) -> Cost:
    """Closed sockets leave the loop a few turns later."""
    for _ in range(round(GRACE / 0.005)):
        if Cost() == before:
            break
        await asyncio.sleep(0.005)
    return Cost()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), ("127.0.0.1",))


async def ask(name: str, host: str, port: int, channel: Channel, ca: Path, within: float = WITHIN[-1]) -> Evidence:
    """One probe against one server."""
    endpoint = Endpoint(host, port, channel if name != "mx" else CLEAR)
    carrier = given.carrier(mx=(endpoint,), imap=endpoint, submission=endpoint, tls_ca=ca, one_secret=True)
    account = given.account(secret=KEPT, username="u", submission_username="u")
    clocks = (time.monotonic, time.time)

    def reach(order: Order, chain: object, tap: Callable[..., None]) -> Reach:
        return Reach(Net(Anywhere(), tap), Resolver(("127.0.0.1:9",)), *clocks, Purse(), Politeness(), chain)  # type: ignore[arg-type]  # the engine's own

    order = Order(account, carrier, given.prober(), (name,), within, "here")
    return (await Embedded(PROBES, reach).live(order, Watch(lambda leg, fact: None, lambda evidence: None)))[0]


Wish = Callable[[Evidence], object]  # true of the evidence that is to be seen


def too_late(evidence: Evidence) -> bool:
    """Whether its time was over before all was seen."""
    return "out_of_time" in repr(evidence) or "timeout" in repr(evidence)


async def attack(
    name: str, play: Script, channel: Channel, authority: Authority, wish: Wish, kind: Certificate = Certificate.GOOD
) -> tuple[Evidence, bytes]:
    """As `once`. With more time where it was over before the probe saw what it came for: the machine was busy, and nothing is
    learnt of the probe. Who does not see it within the longest does not see it."""
    for within in WITHIN:
        evidence, heard = await once(name, play, channel, authority, within, kind)
        if wish(evidence) or not too_late(evidence):
            break
    return evidence, heard


async def once(
    name: str, play: Script, channel: Channel, authority: Authority, within: float, kind: Certificate
) -> tuple[Evidence, bytes]:
    """Run it, and see that it was harmless: in time, nothing left over, little memory, no secret in what is kept."""
    before = Cost()
    held = forget_most()
    tls = authority.context(kind) if channel is IMPLICIT else None
    async with listening(scripted(play), tls=tls, remember=True) as place:
        began = time.monotonic()
        evidence = await ask(name, place.host, place.port, channel, authority.ca, within)
        assert time.monotonic() - began < within + GRACE
        heard = place.heard
    assert memory("VmHWM") - held < MEMORY
    assert await settled(before) == before
    assert evidence.ending.kind in (End.FINISHED, End.OUT_OF_TIME), evidence.ending
    kept = repr(evidence)
    assert SECRET not in kept
    assert PLAIN.decode() not in kept
    assert all(line.text.isprintable() for line in evidence.transcript)
    return evidence, heard


@pytest.fixture(autouse=True, scope="module")
def warm(authority: Authority) -> None:
    """The first of everything costs memory that is not the server's doing: caches, certificates, buffers that are kept."""

    async def served() -> None:
        for (name, channel), talk in HONEST.items():
            flood = script(talk, 0, (Flood(CHUNK),), authority.context())
            for play in (script(talk, len(talk), (), authority.context()), flood):
                tls = authority.context() if channel is IMPLICIT else None
                async with listening(scripted(play), tls=tls) as place:
                    await ask(name, place.host, place.port, channel, authority.ca, WITHIN[0])

    asyncio.run(served())


def words_of(fact: Fact) -> str:
    return fact.words if isinstance(fact, Broken) else fact.text if isinstance(fact, Replied | Answered) else ""


def fits(fact: Fact, case: Case) -> bool:
    """Does this fact name the step and the trouble, with the server's words?"""
    if isinstance(fact, NotSecured):  # IMAP's NO to STARTTLS, or PREAUTH in clear
        known = fact.why is TlsFault.REFUSED if case.way.replies else case.way is PREAUTH and fact.why is TlsFault.PREAUTH
        return known and case.way.words in fact.detail
    if case.way.words not in words_of(fact) or getattr(fact, "stage", None) is not case.stage:
        return False
    if case.way.replies:
        return isinstance(fact, Replied | Answered)
    return isinstance(fact, Broken) and fact.why in case.way.why


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_server_that_turns_bad(case: Case, authority: Authority) -> None:
    talk = HONEST[case.name, case.channel]
    play = script(talk, case.step, case.way.does, authority.context())

    def shown(evidence: Evidence) -> bool:
        return case.stage in PARTING or any(fits(fact, case) for fact in evidence.facts)

    evidence, heard = await attack(case.name, play, case.channel, authority, shown)
    assert shown(evidence), evidence.facts[-3:]
    if case.channel is STARTTLS and case.step <= [stage for stage, _ in talk].index(Stage.STARTTLS):
        assert_no_secret(heard)


@pytest.mark.parametrize(("name", "channel"), HONEST)
async def test_the_honest_server_is_honest(name: str, channel: Channel, authority: Authority) -> None:
    talk = HONEST[name, channel]
    whole = script(talk, len(talk), (), authority.context())
    evidence, heard = await attack(name, whole, channel, authority, lambda evidence: not too_late(evidence))
    assert evidence.ending.kind is End.FINISHED
    assert not [fact for fact in evidence.facts if isinstance(fact, Broken | NotSecured | NotConnected)]
    assert (SECRET.encode() in heard or PLAIN in heard) is (name != "mx")


def assert_no_secret(heard: bytes) -> None:
    assert not [word for word in (SECRET.encode(), PLAIN, PLAIN[8:-8], b"LOGIN", b"AUTH") if word in heard]


@pytest.mark.parametrize("mode", hostile.SILENT)
@pytest.mark.parametrize("name", ["imap", "submission"])
async def test_a_port_that_does_not_speak_tls(name: str, mode: str, authority: Authority) -> None:
    before = Cost()
    for within in WITHIN:
        async with listening(scripted(hostile.SILENT[mode]), remember=True) as place:
            began = time.monotonic()
            evidence = await ask(name, place.host, place.port, IMPLICIT, authority.ca, within)
            assert time.monotonic() - began < within + GRACE
            heard = place.heard
        assert await settled(before) == before
        assert_no_secret(heard)
        if not_secured(evidence) in SILENT_WHY[mode] or not too_late(evidence):
            break
    assert not_secured(evidence) in SILENT_WHY[mode], evidence.facts


def not_secured(evidence: Evidence) -> list[TlsFault]:
    return [fact.why for fact in evidence.facts if isinstance(fact, NotSecured)]


SILENT_WHY = {
    "silence": ([TlsFault.TIMEOUT],),
    "close_at_once": ([TlsFault.RESET], [TlsFault.HANDSHAKE]),
    "reset_at_once": ([TlsFault.RESET],),
    "http": ([TlsFault.HANDSHAKE],),
    "noise": ([TlsFault.HANDSHAKE],),
    "endless_line": ([TlsFault.HANDSHAKE],),
}
STARTTLS_WHY = {
    "not_offered": {TlsFault.NOT_OFFERED},
    "refused": {TlsFault.REFUSED},
    "injected": {TlsFault.INJECTION},
    "stall": {TlsFault.TIMEOUT},
    "noise_for_tls": {TlsFault.HANDSHAKE},
    "reset_for_tls": {TlsFault.RESET},
    "preauth_in_clear": {TlsFault.PREAUTH},
}


def around_starttls(name: str, context: ssl.SSLContext) -> Mapping[str, Script]:
    return hostile.imap_starttls(context) if name == "imap" else hostile.smtp_starttls(context)


@pytest.mark.parametrize("mode", STARTTLS_WHY)
@pytest.mark.parametrize("name", PROBES)
async def test_no_secret_without_tls(name: str, mode: str, authority: Authority) -> None:
    play = around_starttls(name, authority.context()).get(mode)
    if play is None:
        assert (name, mode) != ("imap", mode)  # PREAUTH is a word of IMAP only
        return
    whys: set[TlsFault] = set() if name == "mx" and mode == "not_offered" else STARTTLS_WHY[mode]
    evidence, heard = await attack(name, play, STARTTLS, authority, lambda evidence: set(not_secured(evidence)) == whys)
    assert set(not_secured(evidence)) == whys
    assert_no_secret(heard)


@pytest.mark.parametrize("name", ["imap", "submission"])
async def test_what_was_injected_is_kept(name: str, authority: Authority) -> None:
    play = around_starttls(name, authority.context())["injected"]
    evidence, _ = await attack(name, play, STARTTLS, authority, not_secured)
    assert ["said in clear" in fact.detail for fact in evidence.facts if isinstance(fact, NotSecured)] == [True]


BAD = [kind for kind in Certificate if kind not in (Certificate.GOOD, Certificate.OLD)]
CALLED = {Certificate.UNKNOWN_CA: "untrusted"}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize(("name", "channel"), [one for one in HONEST if one[0] != "mx"])
async def test_no_secret_for_a_bad_certificate(name: str, channel: Channel, kind: Certificate, authority: Authority) -> None:
    talk = HONEST[name, channel]
    whole = script(talk, len(talk), (), authority.context(kind))
    evidence, heard = await attack(name, whole, channel, authority, not_secured, kind)
    assert not_secured(evidence) == [CALLED.get(kind, kind.value)]
    assert_no_secret(heard)


@pytest.mark.parametrize("kind", BAD)
async def test_mail_is_brought_even_behind_a_bad_certificate_and_that_is_said(kind: Certificate, authority: Authority) -> None:
    """RFC 7435: any TLS is better than none between mail servers; what it was worth is a fact."""
    talk = HONEST["mx", STARTTLS]
    whole = script(talk, len(talk), (), authority.context(kind))
    evidence, _ = await attack("mx", whole, STARTTLS, authority, accepted)
    assert [fact.verified for fact in evidence.facts if isinstance(fact, Secured)] == [False]
    assert accepted(evidence) == [250]


def accepted(evidence: Evidence) -> list[int]:
    return [fact.code for fact in evidence.facts if isinstance(fact, Replied) and fact.stage is Stage.RCPT]


async def test_an_old_server_is_recognised_and_gets_no_secret(authority: Authority) -> None:
    for name in ("imap", "submission"):
        talk = HONEST[name, IMPLICIT]
        whole = script(talk, len(talk), (), authority.context())
        evidence, heard = await attack(name, whole, IMPLICIT, authority, not_secured, Certificate.OLD)
        assert not_secured(evidence) == [TlsFault.OLD_SERVER]
        assert_no_secret(heard)


OCTETS = (0, 1, 2, 5, 6, 40, 127, 300, 700, 1100, 1400)


@pytest.mark.parametrize("octets", OCTETS)
@pytest.mark.parametrize(("name", "channel"), HONEST)
async def test_a_connection_that_is_reset_after_so_many_octets(
    name: str, channel: Channel, octets: int, authority: Authority
) -> None:
    """Somewhere in the greeting, the TLS handshake or the dialogue behind it."""
    talk, before = HONEST[name, channel], Cost()
    tls = authority.context() if channel is IMPLICIT else None
    whole = scripted(script(talk, len(talk), (), authority.context()))
    async with listening(whole, tls=tls) as place, listening(relay(place.host, place.port, reset_after=octets)) as middle:
        began = time.monotonic()
        evidence = await ask(name, middle.host, middle.port, channel, authority.ca)
        assert time.monotonic() - began < GRACE
    assert await settled(before) == before
    assert evidence.ending.kind is End.FINISHED
    total = sum(len(said) for _, said in talk)
    if octets < total:
        assert [fact for fact in evidence.facts if isinstance(fact, Broken | NotSecured | NotConnected)]


async def test_many_at_once_cost_no_more_than_each(authority: Authority) -> None:
    """All floods of a protocol side by side: nothing is shared that would grow."""
    floods = [case for case in CASES if any(isinstance(one, Flood) for one in case.way.does) and case.step == 0]
    before, held = Cost(), memory("VmRSS")
    async with asyncio.TaskGroup() as group:
        for case in floods:
            group.create_task(one_of_many(case, authority))
    assert memory("VmRSS") - held < MEMORY * len(floods) / 2
    assert await settled(before) == before


async def one_of_many(case: Case, authority: Authority) -> None:
    play = script(HONEST[case.name, case.channel], case.step, case.way.does, authority.context())
    tls = authority.context() if case.channel is IMPLICIT else None
    async with listening(scripted(play), tls=tls) as place:
        evidence = await ask(case.name, place.host, place.port, case.channel, authority.ca, WITHIN[0])
    assert evidence.ending.kind in (End.FINISHED, End.OUT_OF_TIME)


def test_the_catalogue_is_large_enough() -> None:
    modes = {case.way.name for case in CASES} | {*hostile.SILENT, *STARTTLS_WHY, *(kind.value for kind in BAD)}
    assert len(modes) >= 24
    assert {(case.name, case.channel) for case in CASES} == set(HONEST)
