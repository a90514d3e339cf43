"""The probes against the whole catalogue of hostile servers: they end in time, name what broke, and give no secret away."""

import asyncio
import ssl
import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailprobe.carriers import Channel, Endpoint
from mailprobe.config import Account
from mailprobe.demo import hostile
from mailprobe.demo.faults import Place, Script, listening, scripted
from mailprobe.demo.tls import Authority, Certificate
from mailprobe.engine import Order, Watch
from mailprobe.engine.embedded import Embedded
from mailprobe.evidence import Broken, End, Evidence, NotConnected, NotSecured, TlsFault
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Net
from mailprobe.probes import Probe, Reach, imap, mx, submission
from tests.unit import given
from tests.unit.probes.world import KEPT, SECRET, Anywhere, Politeness, Purse

PROBES: dict[str, Probe] = {"imap": imap.probe, "mx": mx.probe, "submission": submission.probe}
WITHIN = 0.5  # seconds that a probe gets
GRACE = 1.0  # seconds that it may take to come back from there
MEMORY = 4 << 20  # octets


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, ("127.0.0.1",))


def account() -> Account:
    return given.account(secret=KEPT, username="u", submission_username="u")


async def ask(name: str, place: Place, channel: Channel, ca: Path) -> Evidence:
    """One probe against one server."""
    endpoint = Endpoint(place.host, place.port, channel)
    carrier = given.carrier(mx=(endpoint,), imap=endpoint, submission=endpoint, tls_ca=ca)
    engine = Embedded(
        PROBES,
        lambda order, chain, tap: Reach(
            Net(Anywhere(), tap), Resolver(("127.0.0.1:9",)), time.monotonic, time.time, Purse(), Politeness(), chain
        ),
    )
    order = Order(account(), carrier, given.prober(), (name,), WITHIN, "here")
    return (await engine.live(order, Watch(lambda leg, fact: None, lambda evidence: None)))[0]


def unharmed(evidence: Evidence, took: float) -> None:
    """In time, not our fault, and nothing kept or shown that should not be."""
    assert evidence.ending.kind in (End.FINISHED, End.OUT_OF_TIME), evidence.ending
    assert took < WITHIN + GRACE
    assert SECRET not in repr(evidence)
    shown = "".join(line.text for line in evidence.transcript)
    assert shown.isprintable()


async def attack(
    name: str, script: Script, channel: Channel, ca: Path, tls: ssl.SSLContext | None = None
) -> tuple[Evidence, bytes]:
    async with listening(scripted(script), tls=tls, remember=True) as place:
        began = time.monotonic()
        evidence = await ask(name, place, channel, ca)
        unharmed(evidence, time.monotonic() - began)
        return evidence, place.heard


def says_what_broke(evidence: Evidence) -> bool:
    return any(isinstance(fact, Broken | NotSecured | NotConnected) for fact in evidence.facts)


# after these the server has said its word, and nothing is broken that would matter
ANSWERED = {"imap control_characters", "mx greeting_554", "mx greeting_421", "mx busy_at_rcpt"}


@pytest.mark.parametrize("mode", hostile.IMAP)
async def test_imap(mode: str, authority: Authority) -> None:
    evidence, _ = await attack("imap", hostile.IMAP[mode], Channel.IMPLICIT, authority.ca, authority.context())
    assert says_what_broke(evidence) is (f"imap {mode}" not in ANSWERED)


@pytest.mark.parametrize("mode", hostile.SMTP)
async def test_mx(mode: str, authority: Authority) -> None:
    evidence, _ = await attack("mx", hostile.SMTP[mode], Channel.CLEAR, authority.ca)
    assert says_what_broke(evidence) is (f"mx {mode}" not in ANSWERED)


@pytest.mark.parametrize("mode", hostile.SILENT)
@pytest.mark.parametrize("name", ["imap", "submission"])
async def test_a_port_that_does_not_speak_tls(name: str, mode: str, authority: Authority) -> None:
    evidence, heard = await attack(name, hostile.SILENT[mode], Channel.IMPLICIT, authority.ca)
    assert any(isinstance(fact, NotSecured) for fact in evidence.facts)
    assert SECRET.encode() not in heard


def starttls_modes(name: str, context: ssl.SSLContext) -> Mapping[str, Script]:
    return hostile.imap_starttls(context) if name == "imap" else hostile.smtp_starttls(context)


@pytest.mark.parametrize("mode", ["not_offered", "refused", "injected", "stall", "noise_for_tls", "reset_for_tls"])
@pytest.mark.parametrize("name", ["imap", "submission"])
async def test_no_secret_without_tls(name: str, mode: str, authority: Authority) -> None:
    script = starttls_modes(name, authority.context())[mode]
    evidence, heard = await attack(name, script, Channel.STARTTLS, authority.ca)
    reasons = [fact.why for fact in evidence.facts if isinstance(fact, NotSecured)]
    assert reasons
    assert (TlsFault.INJECTION in reasons) is (mode == "injected")
    assert b"LOGIN" not in heard
    assert b"AUTH" not in heard


async def test_preauth_in_clear_ends_the_session(authority: Authority) -> None:
    script = hostile.imap_starttls(authority.context())["preauth_in_clear"]
    evidence, heard = await attack("imap", script, Channel.STARTTLS, authority.ca)
    assert [fact.why for fact in evidence.facts if isinstance(fact, NotSecured)] == [TlsFault.PREAUTH]
    assert heard == b""


BAD = [kind for kind in Certificate if kind not in (Certificate.GOOD, Certificate.OLD)]


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", ["imap", "submission"])
async def test_no_secret_for_a_bad_certificate(name: str, kind: Certificate, authority: Authority) -> None:
    script = hostile.IMAP["hang_at_login"] if name == "imap" else hostile.SMTP["hang_at_ehlo"]
    evidence, heard = await attack(name, script, Channel.IMPLICIT, authority.ca, authority.context(kind))
    expected = {Certificate.UNKNOWN_CA: "untrusted"}.get(kind, kind.value)
    assert [fact.why.value for fact in evidence.facts if isinstance(fact, NotSecured)] == [expected]
    assert heard == b""


async def test_a_flood_costs_no_memory(authority: Authority) -> None:
    """Every flood at once, after one to warm up: what stays behind is small, and so is the peak of one."""
    floods = [mode for mode in hostile.IMAP if "endless" in mode or "flood" in mode]
    await attack("imap", hostile.IMAP[floods[0]], Channel.IMPLICIT, authority.ca, authority.context())
    tracemalloc.start()
    try:
        for mode in floods:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            await attack("imap", hostile.IMAP[mode], Channel.IMPLICIT, authority.ca, authority.context())
            await asyncio.sleep(0)
            assert tracemalloc.get_traced_memory()[1] - before < MEMORY, mode
    finally:
        tracemalloc.stop()
