"""One check of one scene: the program's own probes and parsers over the servers' bytes, in virtual time, and the judge.

Test mails are the exception: their facts are those of the model (`tests/unit/verdict/world.py`), since a mailbox with folders and
flags would be a second mail server.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from mailprobe.carriers import Carrier
from mailprobe.config import Account, Prober
from mailprobe.daemon import PROBES
from mailprobe.engine import Clock, Order, Watch
from mailprobe.engine.legs import Legs, SignInChain
from mailprobe.evidence import Canary, Evidence, Fact, Line, Lookup, NotAsked, Of, Replied, Returned, Stage, TlsFault, Withheld
from mailprobe.lookup.answer import read_answer
from mailprobe.lookup.recording import recorded
from mailprobe.net.connecting import Net
from mailprobe.net.resolver import Answer, Resolver
from mailprobe.net.stream import CannotSecure, Stream
from mailprobe.net.tls import Tls
from mailprobe.probes import Denied, Granted, Reach
from mailprobe.replies import Us
from mailprobe.secret import Secret, SecretRef
from mailprobe.verdict import Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import History
from mailprobe.verdict.take import take_picture
from tests.unit.verdict.world import NO, NOW, T, Truth, World, account_of, canary_facts, carrier_of, evidence, told_of
from tests.unit.virtual import Time
from tests.world.draw import LEGS, Names, Scene, draw
from tests.world.records import draw_record
from tests.world.servers import Act, ImapTalk, MxTalk, SubmissionTalk, Talk

US = Us(("198.51.100.9", "probe.test", "probe@probe.test"))
PROBER = Prober("probe.test", "probe@probe.test")
SECRET = SecretRef.of_value(Secret("s3cret-of-the-world"))
IMAP, SUBMISSION = "192.0.2.100", "192.0.2.101"
WITHIN = 30.0


def account(world: World) -> Account:
    return replace(account_of(world), secret=SECRET)


def carrier(scene: Scene) -> Carrier:
    made = carrier_of(scene.world)
    controls = tuple(replace(one, secret=SECRET if one.secret is not None else None) for one in made.live_controls)
    return replace(made, live_controls=controls, mx=made.mx if scene.lines.names is Names.CONFIGURED else ())


# ---- the way there ---------------------------------------------------------------------------------------------------


class Wire(Stream):
    """A connection whose other end is a `Talk`."""

    talk: Talk
    pieces: int = 0
    line: bytes = b""
    dead: bool = False

    def begin(self, talk: Talk, pieces: int, implicit: bool) -> None:
        self.talk, self.pieces = talk, pieces
        self.sent_at = self.heard_at = self._clock()
        if not implicit:
            self.say(talk.greet())

    def ends(self) -> tuple[str, str]:
        return self.ip, "198.51.100.9"

    def _write(self, data: bytes) -> None:
        self.sent_at = self._clock()
        *lines, self.line = (self.line + data).split(b"\r\n")
        for line in lines:
            if not self.dead:
                self.say(self.talk.hear(line))

    def say(self, said: list[bytes | Act]) -> None:
        for one in said:
            if isinstance(one, bytes):
                self.arrive(one)
            else:
                self.dead = True
                if one is not Act.HANGS:
                    self.later(lambda act=one: self.gone(act))

    def arrive(self, data: bytes) -> None:
        if not self.pieces:
            self.data_received(data)
            return
        for start in range(0, len(data), self.pieces):
            self.later(lambda part=data[start : start + self.pieces]: self.data_received(part))

    def later(self, deed: Any) -> None:
        if self.pieces:
            asyncio.get_running_loop().call_soon(deed)
        else:
            deed()

    def gone(self, act: Act) -> None:
        if act is Act.RESETS:
            self.connection_lost(ConnectionResetError("reset by peer"))
        else:
            self.eof_received()

    async def secure(
        self, server_name: str, *, ca: Path | None = None, profile: str = "default", verify: bool = True, within: float = 10.0
    ) -> Tls:
        """As the world's certificate and versions are; the octets after it go on in clear, which nobody reads on the way."""
        if self.buffered:
            return await super().secure(server_name)  # refuses: something was said in clear that must not count
        fault = self.fault(profile) if isinstance(self.talk, ImapTalk) and verify else None
        if fault is not None:
            self.close()
            raise CannotSecure(fault, "")
        if isinstance(self.talk, ImapTalk | SubmissionTalk):
            self.say(self.talk.greet())
        return Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", profile, verify, NOW + 1e8)

    def fault(self, profile: str) -> TlsFault | None:
        if self.talk.world.imap == "old_tls":
            return TlsFault.HANDSHAKE if profile == "default" else None
        return TlsFault.EXPIRED if self.talk.world.imap == "bad_certificate" else None


@dataclass(frozen=True, slots=True)
class Ways(Net):
    """The network of one scene. counts: connections so far, by probe."""

    scene: Scene = field(kw_only=True)
    counts: dict[str, int] = field(default_factory=dict)

    def stream(self, label: str, ip: str) -> Stream:
        return Wire(label, ip, self.tap, self.clock)

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        world, lines = self.scene.world, self.scene.lines
        probe = {IMAP: "imap", SUBMISSION: "submission"}.get(ip, "mx")
        if probe in lines.refused:
            raise ConnectionRefusedError(111, "Connection refused")
        host = int(ip.rpartition(".")[2]) - 1
        timeout = {"imap": world.imap == "timeout", "submission": world.submission == "timeout", "mx": host in world.silent}
        if timeout[probe]:
            await asyncio.sleep(1e6)
        number = self.counts.get(probe, 0)
        self.counts[probe] = number + 1
        broken = next((one for one in lines.broken if (one.probe, one.connection) == (probe, number)), None)
        talk: Talk
        if probe == "mx":
            talk = MxTalk(world, lines, broken, host=host)
        else:
            talk = (ImapTalk if probe == "imap" else SubmissionTalk)(world, lines, broken)
        cast(Wire, stream).begin(talk, lines.pieces, implicit=probe != "mx")


class Anywhere:
    def check(self, ip: str, port: int, host: str = "") -> None:
        return None


@dataclass(frozen=True)
class Resolvers:
    """Two resolvers, as the scene has them."""

    scene: Scene

    def answer(self, name: str, rrtype: str, values: tuple[str, ...], second: bool = False) -> Answer:
        names = self.scene.lines.names
        resolver = "192.0.2.54" if second else "192.0.2.53"
        outcome = Lookup.FOUND if values else Lookup.NODATA
        if names is Names.DEAF:
            return Answer(Lookup.TIMEOUT, (), resolver, 5.0, name, rrtype)
        if names is Names.SERVFAIL:
            return Answer(Lookup.SERVFAIL, (), resolver, 0.01, name, rrtype)
        if names is Names.ONE_LIES and not second and rrtype == "MX":
            return Answer(Lookup.NXDOMAIN, (), resolver, 0.01, name, rrtype)
        return Answer(outcome, values, resolver, 0.01, name, rrtype)

    @property
    def exchangers(self) -> tuple[str, ...]:
        return tuple(f"10 mx{host}.mail.test." for host in range(self.scene.world.hosts))

    async def mx(self, domain: str) -> Answer:
        return self.answer(domain, "MX", self.exchangers, second=True)  # who hears of an absence asks the other one

    async def mx_each(self, domain: str) -> tuple[Answer, ...]:
        return tuple(self.answer(domain, "MX", self.exchangers, second) for second in (False, True))

    async def srv(self, domain: str, service: str) -> Answer:
        return self.answer(f"{service}.{domain}", "SRV", ())

    async def txt(self, name: str) -> Answer:
        return self.answer(name, "TXT", ())

    async def ptr(self, ip: str) -> Answer:
        return self.answer(ip, "PTR", ())

    async def addresses(self, host: str) -> tuple[Answer, ...]:
        known = {"imap.mail.test": IMAP, "smtp.mail.test": SUBMISSION}
        known |= {f"mx{number}.mail.test": f"192.0.2.{number + 1}" for number in range(self.scene.world.hosts)}
        found = known.get(host)
        return self.answer(host, "A", (found,) if found else ()), self.answer(host, "AAAA", ())


# ---- what we ourselves remember and may do ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Manners:
    """No gap is in the way, but for the controls that the scene leaves out or has asked before."""

    scene: Scene
    time: Time

    async def session(self, host: str) -> Denied | None:
        return None

    def leave(self, host: str) -> None: ...

    def host(self, place: str) -> int:
        return int(place.partition(":")[0].rpartition(".")[2]) - 1

    async def may_ask(self, of: Of, address: str, host: str) -> Denied | None:
        world = self.scene.world
        left_out = {Of.LIVE: world.no_live, Of.DEAD: world.no_dead}.get(of, ())
        before = of is Of.LIVE and world.live_age > 0
        return Denied(Withheld.NOT_POLITE_YET) if before or self.host(host) in left_out else None

    async def remembered(self, of: Of, address: str, host: str) -> Replied | None:
        world, now = self.scene.world, self.time.wall()
        where: dict[str, Any] = {"at": 0.0, "of": of, "server": host, "ip": "", "stage": Stage.RCPT}
        if of is Of.DEAD and world.dead_old is not None:
            enhanced, text = world.dead_old
            return Replied(**where, code=550, enhanced=enhanced, text=text.format(address), cached_at=now - 3600.0)
        if of is Of.LIVE and 0 < world.live_age <= 600.0:
            return Replied(**where, code=250, enhanced="2.1.5", text="Ok", cached_at=now - world.live_age)
        return None

    async def last_said(self, of: Of, address: str, host: str) -> Replied | None:
        return None

    async def asked(self, of: Of, address: str, host: str) -> None: ...
    async def remember(self, of: Of, address: str, host: str, reply: Replied) -> None: ...


@dataclass(frozen=True)
class Purse:
    """A login budget in which only the refusal that the scene remembers counts."""

    scene: Scene
    time: Time

    async def reserve(self, user: str, host: str, secret: str, stage: Stage = Stage.LOGIN) -> Granted | Denied:
        world = self.scene.world
        if world.remembered_refusal and user in ("taro", T) and world.truth in NO:
            code, text = NO[world.truth]
            return Denied(Withheld.SAME_SECRET_REFUSED, last_at=self.time.wall() - 7200.0, last_words=f"[{code}] {text}")
        return Granted(1)

    async def opened(self, grant: Granted) -> None: ...
    async def give_back(self, grant: Granted) -> None: ...
    async def unanswered(self, grant: Granted) -> None: ...
    async def refused(self, grant: Granted, words: str) -> None: ...
    async def control_good(self, user: str, host: str) -> None: ...
    async def control_good_at(self, user: str, host: str) -> float | None:
        return None


# ---- a run -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What was made of a scene. at: Unix seconds of the judgement."""

    scene: Scene
    evidence: tuple[Evidence, ...]
    verdict: Verdict
    at: float


async def look(scene: Scene, time: Time) -> tuple[Evidence, ...]:
    """Ask everything that the scene has asked, by the engine's own runner."""
    clock = Clock(time.wall, time.steady)

    def reach_for(order: Order, chain: SignInChain, tap: Any) -> Reach:
        net, names = Ways(Anywhere(), tap, time.steady, scene=scene), cast(Resolver, Resolvers(scene))
        manners, purse = Manners(scene, time), Purse(scene, time)
        return Reach(net, names, time.steady, time.wall, purse, manners, chain, scene.lines.pipelining)

    asked = tuple(leg for leg in LEGS if leg in scene.world.legs and leg != "canary")
    order = Order(account(scene.world), carrier(scene), PROBER, asked, WITHIN)
    found = await Legs(PROBES, reach_for, clock).ask(order, Watch(unheard, lambda ended: None))
    held = () if scene.record is None else (recorded(read_answer(scene.record), order.account.id, "directory", time.wall(), 0.1),)
    return (*found, *held, *mails(scene.world, time)) if "canary" in scene.world.legs else (*found, *held)


def unheard(leg: str, fact: Fact) -> None: ...
def untapped(line: Line) -> None: ...


def mails(world: World, time: Time) -> tuple[Evidence, ...]:
    return (moved(replace(evidence("canary", canary_facts(world)), began=time.steady() - 1.0), time.wall() - NOW),)


def moved(one: Evidence, by: float) -> Evidence:
    """The same, so many seconds later: what it tells of Unix time moves with it."""
    facts = one.facts if not any(has_dates(fact) for fact in one.facts) else tuple(moved_fact(fact, by) for fact in one.facts)
    return replace(one, started=one.started + by, facts=facts)


DATES = ("cached_at", "last_at", "sent_at", "returned_at", "found_at")


def has_dates(fact: Fact) -> bool:
    return isinstance(fact, Canary | Returned | NotAsked) or getattr(fact, "cached_at", None) is not None


def moved_fact(fact: Fact, by: float) -> Fact:
    held = {name: value + by for name in DATES if (value := getattr(fact, name, None)) is not None}
    return cast(Fact, replace(cast(Any, fact), **held)) if held else fact


async def check(scene: Scene, time: Time) -> Seen:
    """One run: from the scene to the verdict."""
    found = await look(scene, time)
    world, now = scene.world, time.wall()
    picture = take_picture(
        found,
        account=account(world),
        carrier=carrier(scene),
        told=Observations(canaries=told_of(world).canaries),
        bounces=(),
        history=History(accepted_before=world.truth is not Truth.MISSPELT and world.age > 1000.0),
        now=now,
        us=US,
        network=world.network,
    )
    return Seen(scene, found, judge(picture), now)


def scene_of(seed: str) -> Scene:
    """The scene of a run, by its name: the same again at any time."""
    made = draw(random.Random(seed))  # noqa: S311  it is to be repeated
    record = draw_record(random.Random(f"{seed} record"), made.world.truth)  # noqa: S311
    return replace(made, record=record)
